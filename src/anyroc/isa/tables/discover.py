"""Rows that no document lists: gfx1250's, found by asking LLVM about every opcode.

``python -m anyroc.isa.tables.discover`` disassembles every opcode of RDNA4's encodings for gfx1250,
whose encodings they are, and writes ``discovered.txt`` for the generator: the rows that RDNA4 has
not. The text of an instruction says how many registers each operand has; the element types are
those that its name names. Needs a shared libLLVM (see ``llvm_library``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from anyroc.isa.formats import Format, formats
from anyroc.isa.tables import Row, generate, opcode_space, parse
from anyroc.isa.tables.llvm_mc import disassemble

GPU, FAMILY, ISA = "gfx1250", "rdna4", "cdna5"

_SKIPPED = ("MAI", "VOP3SD", "VOPD", "EXP", "LDSDIR", "VIMAGE", "VSAMPLE", "VINTERP", "MTBUF")
_REGISTERS = {
    "src0": 256, "src1": 264, "src2": 272, "vaddr": 4, "data0": 8, "data1": 16, "vdst": 24,
    "vdata": 8, "saddr": 124, "sdst": 8, "sdata": 8, "ssrc0": 4, "ssrc1": 12, "sbase": 4,
    "srsrc": 8, "soffset": 124,
}  # fmt: skip
# Other values to try, as some instructions take no such operand, or only scalars or wide tuples.
_VARIATIONS: tuple[dict[str, int], ...] = (
    {},
    {"src2": 0},
    {"src1": 0, "src2": 0, "data1": 0, "data0": 0, "vdata": 0},
    {"data1": 0},
    {"src1": 8, "src2": 12},
    {"src1": 8, "src2": 0},
    {"src0": 4, "vdst": 8, "ssrc0": 128, "vdata": 8, "vaddr": 0},
    {"src2": 288, "vdst": 64, "op_sel_hi": 3, "op_sel_hi2": 1},
    {"vaddr": 0, "data0": 0},
    {"vdst": 0, "vaddr": 0, "vdata": 0},
)
_TAILS = (b"", b"\x01\x02\x03\x04", b"\x01\x02\x03\x04\x05\x06\x07\x08")
_VECTOR_SOURCE = re.compile(r"v_cvt_scale|v_sat_pk4_|v_permlane_")
_ELEMENT = re.compile(r"(?:b?f|[iub]|iu|fp|bf)\d+")
_REGISTER = re.compile(r"([avs])(?:(\d+)|\[(\d+):(\d+)\])|(null|off)|(-?0x[0-9a-f]+|-?\d+)|vcc_lo")


@dataclass(frozen=True)
class Found:
    """What LLVM says of an opcode: the mnemonic, and the operands as register file and dwords."""

    format: str
    opcode: int
    mnemonic: str
    operands: tuple[tuple[str, int], ...]
    literal: int


def _encodings(format_: Format, opcode: int) -> Iterator[bytes]:
    for variation in _VARIATIONS:
        raw = format_.put(format_.match, "op", opcode)
        for name, value in (_REGISTERS | variation).items():
            if name in format_.fields:
                width = format_.fields[name][1]
                raw = format_.put(raw, name, value & ((1 << width) - 1))
        for tail in _TAILS:
            yield raw.to_bytes(format_.bytes, "little") + tail


def _operand(text: str) -> tuple[str, int]:
    match = _REGISTER.match(text)
    if match is None or match[5] or match[6]:
        return "", 0
    if not match[1]:
        return "s", 1
    return match[1], 1 if match[2] else int(match[4]) - int(match[3]) + 1


def found() -> Iterator[Found]:
    """Every opcode of RDNA4's encodings that gfx1250 has."""
    layouts = formats(FAMILY)
    codes, owners = [], []
    for name, format_ in layouts.items():
        if "." in name or name in _SKIPPED or "op" not in format_.fields:
            continue
        for opcode in range(1 << format_.fields["op"][1]):
            for code in _encodings(format_, opcode):
                codes.append(code)
                owners.append((name, opcode, len(code) - format_.bytes))
    seen = set()
    texts = disassemble(GPU, codes, wave_size=32, newest=True)
    for (name, opcode, literal), text in zip(owners, texts, strict=True):
        if text is None or (name, opcode) in seen:
            continue
        seen.add((name, opcode))
        mnemonic, _, rest = text.partition(" ")
        mnemonic = re.sub("_e(32|64)$", "", mnemonic)
        operands = tuple(_operand(part.strip()) for part in rest.split(",") if rest)
        yield Found(name, opcode, mnemonic, operands, literal)


def _type(element: str, dwords: int) -> str:
    """So many registers of an element."""
    bits = int(re.sub(r"\D", "", element))
    count = max(1, 32 * dwords // bits)
    if bits > 32 * dwords:
        return f"b{32 * dwords}"
    return f"pk{count}_{element}" if count > 1 else element


def _elements(mnemonic: str) -> list[str]:
    return [part for part in mnemonic.split("_") if _ELEMENT.fullmatch(part)]


def _narrow(mnemonic: str, element: str, dwords: int) -> str:
    """A type where a name without ``pk`` means one element in its register."""
    bits = int(re.sub(r"\D", "", element))
    packed = "pk" in mnemonic or "wmma" in mnemonic or "swmmac" in mnemonic
    if not packed and bits < 32 and dwords == 1:
        return element
    return _type(element, dwords)


def _vector_row(it: Found) -> str:
    """The row of a VOP instruction."""
    elements = _elements(it.mnemonic) or ["b32"]
    pairs = [pair for pair in it.operands if pair[0]]
    fields = ["vdst", "src0", "src1", "src2"]
    specs = []
    matrix = "wmma" in it.mnemonic or "swmmac" in it.mnemonic
    converts = "_cvt_" in it.mnemonic
    for index, (file, dwords) in enumerate(pairs[:4]):
        if matrix:
            element = (elements[0], elements[-2] if len(elements) > 2 else elements[-1],
                       elements[-1], elements[0])[index]  # fmt: skip
            if "bf16f32" in it.mnemonic:
                element = ("bf16", "bf16", "bf16", "f32")[index]
            if index == 3 and "swmmac" in it.mnemonic:
                element = "b32"
        elif converts:
            element = elements[0] if index == 0 else elements[-1] if index == 1 else "b32"
            pair = it.mnemonic.startswith(("v_cvt_pk_", "v_cvt_sr_pk_"))
            if pair and elements[-1] == "f32" and index == 2:
                element = "f32"
        else:
            wide = len(elements) == 2 and index in (1, 2)
            element = elements[1] if wide else elements[0]
        only_vector = index == 0 or (matrix and index < 3) or it.mnemonic.endswith("_swap_b32")
        only_vector |= index == 1 and _VECTOR_SOURCE.match(it.mnemonic) is not None
        kind = "s" if file == "s" else "v" if only_vector else "src"
        if it.format in ("VOP2", "VOPC") and index == 2:
            kind = "v"
        if "permlane" in it.mnemonic and index > 1:
            kind = "ss"
        specs.append(f"{fields[index]}:{kind}:{_narrow(it.mnemonic, element, dwords)}")
    if it.literal and len(pairs) == 3:
        literal = f"literal:k:{elements[0]}"
        specs.insert(2 if "fmamk" in it.mnemonic else 3, literal)
    if it.mnemonic.startswith("v_ashr_pk_"):
        specs[0] = specs[0].replace("pk4", "pk2")
        specs[3] = "src2:src:u32"
    if it.mnemonic.startswith("v_sat_pk4_"):  # four nibbles are half a register
        specs[0] = specs[0].replace("pk8", "pk4")
    if re.fullmatch("v_cvt_pk_(fp8|bf8)_f16", it.mnemonic):
        specs[0] = specs[0].replace("pk4", "pk2")
    if re.fullmatch("v_cvt_pk_f16_(fp8|bf8)", it.mnemonic):
        specs[1] = specs[1].replace("pk4", "pk2")
    if it.mnemonic.startswith("v_fma_mix"):  # a float or half a register, as op_sel_hi says
        specs[1:] = [re.sub(r":\w+$", ":b32", spec) for spec in specs[1:]]
    if re.match(r"v_fmac_|v_swmmac_|v_ashr_pk_|v_cvt_sr_(fp8|bf8)_f16", it.mnemonic):
        specs.append(specs[0] + "!")
    dst = specs[:1]
    if it.mnemonic.endswith("_swap_b32"):
        dst.append(specs[1] + "!")
        specs.append(specs[0] + "!")
    return _row(it, dst, specs[1:])


def _memory_row(it: Found) -> str:
    """The row of a memory instruction."""
    name, data = it.mnemonic, [dwords for file, dwords in it.operands if file == "v"]
    if it.format == "DS":
        dst = [f"vdst:v:b{32 * data[0]}"] if "rtn" in name or "load" in name else []
        rest = data[len(dst) :]
        src = [f"vaddr:v:b{32 * rest[0]}"] if rest else []
        src += [f"data{index}:v:{_element(name, n)}" for index, n in enumerate(rest[1:])]
        return _row(it, dst, src)
    address = "vaddr:v:b64"
    scalar = [] if it.format == "FLAT" else ["saddr:s:b64"]
    if it.format == "MUBUF":
        value = f"vdata:v:{_element(name, data[0])}"
        return _row(it, [], [address, value, "srsrc:srsrc:b128", "soffset:soffset:b32"])
    if "atomic" in name:
        value = _element(name, data[-1])
        return _row(it, [f"vdst:v:{value}"], [address, f"vdata:v:{value}", *scalar])
    if name == "tensor_stop":
        return _row(it, [], [])
    if name == "tensor_save":
        return _row(it, [], scalar)
    if "prefetch" in name:
        return _row(it, [], [address, *scalar])
    if "async_to_lds" in name:
        return _row(it, [], ["vdst:v:b32", address, *scalar])
    if "async_from_lds" in name:
        return _row(it, [], [address, "vdata:v:b32", *scalar])
    return _row(it, [f"vdst:v:b{32 * data[0]}"], [address, *scalar])


def _element(name: str, dwords: int) -> str:
    elements = _elements(name)
    bits = int(re.sub(r"\D", "", elements[-1])) if elements else 0
    return elements[-1] if bits == 32 * dwords else f"b{32 * dwords}"


def _scalar_row(it: Found) -> str:
    files = [f"b{32 * dwords}" for _, dwords in it.operands]
    if it.format == "SOPP":
        return _row(it, [], [], "simm16=simm16" if it.operands else "")
    if it.format == "SOPK":
        return _row(it, [f"sdst:s:{files[0]}"], [], "simm16=label")
    if re.search("set_pc|rfe|add_pc|wakeup", it.mnemonic):
        kind = "s" if re.search("set_pc|rfe", it.mnemonic) else "ss"
        return _row(it, [], [f"ssrc0:{kind}:{files[0]}"])
    source = [f"ssrc0:ss:{files[1]}"] if len(files) > 1 else []
    return _row(it, [f"sdst:s:{files[0]}"], source)


def _row(it: Found, dst: list[str], src: list[str], flag: str = "") -> str:
    columns = (it.format, it.opcode, it.mnemonic, ",".join(dst) or "-", ",".join(src) or "-")
    return " ".join(map(str, columns)) + (f" {flag}" if flag else "") + f" @{ISA}"


def _overlaps(it: Found) -> bool:
    """Whether the opcode belongs to another encoding that these bits are as well."""
    prefixes = {"SOP2": "s_", "SOPK": "s_", "VOP2": "v_"}
    limits = {"SOP2": 96, "SOPK": 29, "VOP2": 62}
    return it.format in prefixes and it.opcode >= limits[it.format]


def lines() -> Iterator[str]:
    """The lines of ``discovered.txt``."""
    known: dict[tuple[str, int], Row] = {}
    for documented in generate.documented(FAMILY):
        one = parse(str(documented), FAMILY)
        known[opcode_space(one.format, FAMILY), one.opcode] = one
    there = {(it.format, it.opcode): it for it in found() if not _overlaps(it)}
    for key, it in there.items():
        row = known.get(key)
        if row is None or row.mnemonic != it.mnemonic:
            if it.format.startswith("VOP"):
                yield _vector_row(it)
            elif it.format.startswith("SOP"):
                yield _scalar_row(it)
            else:
                yield _memory_row(it)


def main() -> None:
    """Write ``discovered.txt`` beside this file."""
    path = Path(__file__).with_name("discovered.txt")
    path.write_text("".join(f"{line}\n" for line in lines()))


if __name__ == "__main__":
    main()
