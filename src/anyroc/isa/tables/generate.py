"""Write the instruction tables from published facts and our errata.

``python -m anyroc.isa.tables.generate [--check]`` reads the opcode numbers, operand widths and
operand kinds that the ``tinygrad`` package (``runtime/autogen/amd``) extracted from AMD's
machine-readable ISA documents, applies ``errata.py``, ``renames.py`` and ``probed.txt``, and writes ``cdna.py``,
``rdna3.py`` and ``rdna4.py`` beside this file. ``--check`` writes nothing and fails when a table
on disk differs from what would be written.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from anyroc.isa.tables import FAMILY, errata
from anyroc.isa.tables.renames import semantic_key

FAMILIES = ("cdna", "rdna3", "rdna4")

# The facts' name of an encoding -> ours.
_FORMATS = {
    "DSOp": "DS", "FLATOp": "FLAT", "VFLATOp": "FLAT", "GLOBALOp": "GLOBAL", "VGLOBALOp": "GLOBAL",
    "SCRATCHOp": "SCRATCH", "VSCRATCHOp": "SCRATCH", "MUBUFOp": "MUBUF", "VBUFFEROp": "MUBUF",
    "MTBUFOp": "MTBUF", "MIMGOp": "MIMG", "VIMAGEOp": "VIMAGE", "VSAMPLEOp": "VSAMPLE",
    "EXPOp": "EXP", "VEXPORTOp": "EXP", "LDSDIROp": "LDSDIR", "VDSDIROp": "LDSDIR",
    "SMEMOp": "SMEM", "SOP1Op": "SOP1", "SOP2Op": "SOP2", "SOPCOp": "SOPC", "SOPKOp": "SOPK",
    "SOPPOp": "SOPP", "VOP1Op": "VOP1", "VOP2Op": "VOP2", "VOP3Op": "VOP3", "VOP3POp": "VOP3P",
    "VOP3SDOp": "VOP3SD", "VOP3PX2Op": "VOP3PX2", "VOPCOp": "VOPC", "VOPDOp": "VOPD",
    "VINTERPOp": "VINTERP",
}  # fmt: skip

# Our name of a field where the facts' name differs between ISAs.
_FIELDS = {
    "vsrc0": "src0", "vsrc1": "src1", "vsrc2": "src2", "vsrc3": "src3", "srcy0": "src0", "vsrcy1": "src1", "vdsty": "vdst",
    "addr": "vaddr", "data": "vdata", "vsrc": "vdata", "rsrc": "srsrc", "samp": "ssamp",
}  # fmt: skip
_SOURCE_ORDER = (
    "ssrc0", "ssrc1", "vaddr", "sbase", "data0", "data1", "vdata", "sdata",
    "saddr", "srsrc", "ssamp", "soffset", "src0", "src1", "src2", "src3", "scale_src0", "scale_src1",
)  # fmt: skip
_SCALAR_REGISTER = ("SREG", "SDST", "SDST_NULL", "SREG_NOVCC", "SREG_M0", "SREG_M0_INL")
_ELEMENT_BITS = {
    "F64": 64, "I64": 64, "U64": 64, "B64": 64, "F32": 32, "I32": 32, "U32": 32, "B32": 32,
    "F16": 16, "BF16": 16, "I16": 16, "U16": 16, "B16": 16, "FP8": 8, "BF8": 8, "I8": 8, "U8": 8,
    "B8": 8, "IU8": 8, "FP6": 6, "BF6": 6, "FP4": 4, "IU4": 4, "I4": 4, "U4": 4,
}  # fmt: skip


@dataclass
class Row:
    """One instruction in one encoding, as written to a table."""

    format: str
    opcode: int
    mnemonic: str
    dst: list[str] = field(default_factory=list)
    src: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        key = semantic_key(self.mnemonic)
        columns = (
            self.format,
            str(self.opcode),
            self.mnemonic,
            "=" if key == self.mnemonic else key,
            ",".join(self.dst) or "-",
            ",".join(self.src) or "-",
            *self.flags,
        )
        return " ".join(columns)


def value_type(kind: str, bits: int) -> str:
    """Our name of a value type: an element, or ``pk<N>_<element>`` for N of them.

    A trailing ``/2`` marks matrix fragments that need half the registers in wave64.
    """
    if kind.startswith("NUM_M64"):
        return "mask"
    if kind.startswith("WMMA_INDEX"):
        return "b32"
    element = kind.rsplit("_", 1)[-1]
    halved = ""
    if kind.startswith("WMMA_"):
        halved = "/2" if "DC" in kind or "16X" in kind else ""
    if element not in _ELEMENT_BITS or not kind.startswith(("NUM_", "WMMA_")):
        return f"b{bits}"
    count = bits // _ELEMENT_BITS[element]
    name = element.lower()
    return f"pk{count}_{name}{halved}" if count > 1 else name + halved


def _operand_class(format_: str, name: str, kind: str) -> str:
    matrix = {"src0": "ma", "src1": "mb", "src2": "mc", "vdst": "md"}
    if format_ in ("MAI", "VOP3PX2") and name in matrix and "ACCVGPR" in kind:
        return matrix[name]
    if kind in ("VGPR_OR_ACCVGPR", "SRC_VGPR_OR_ACCVGPR"):
        return "va"
    if kind in ("ACCVGPR", "SRC_ACCVGPR"):
        return "a"
    if kind.startswith(("SENDMSG", "SIMM")):
        return "imm"
    if name in ("sbase", "srsrc", "ssamp", "soffset"):
        return name
    if kind == "EXEC":
        return "exec"
    if kind in _SCALAR_REGISTER:
        return "s"
    if kind.startswith("SSRC") or kind == "SREG_LITERAL":
        return "ss"
    if kind in ("SRC_VGPR", "VGPR_OR_LDS"):
        return "v"
    if kind == "VGPR":
        narrow = name == "src1" and format_ in ("VOP2", "VOPC", "VOPD")
        wide = name.startswith("src") and format_ in ("VOP3", "VOP3P", "VOP3SD") and not narrow
        return "src" if wide else "v"
    if kind.startswith("SRC"):
        return "src"
    raise ValueError(f"no operand class for {format_} {name} {kind}")


def _facts(family: str) -> Iterator[tuple[str, int, str, dict[str, tuple[str, int, str]]]]:
    """(format, opcode, mnemonic, {field: (value kind, bits, operand kind)}) of a family."""
    base = f"tinygrad.runtime.autogen.amd.{family}"
    enums = importlib.import_module(base + ".enum")
    operands = importlib.import_module(base + ".operands").OPERANDS
    for class_name, format_ in _FORMATS.items():
        enum_class = getattr(enums, class_name, None)
        if not (isinstance(enum_class, type) and issubclass(enum_class, Enum)):
            continue
        for member in enum_class:
            mnemonic = member.name.lower().removesuffix("_e32").removesuffix("_e64")
            fields = {
                _FIELDS.get(name, name): (kind.name[4:], bits, operand.name[4:])
                for name, (kind, bits, operand) in operands.get(member, {}).items()
            }
            yield format_, int(member.value), mnemonic, fields


def _is_mask(row: Row, name: str, operand: str) -> bool:
    """Whether a scalar operand of a vector instruction holds a bit per lane."""
    if row.format == "VOP3SD":
        return name == "sdst" or (name == "src2" and operand == "SREG")
    if row.format != "VOP3":
        return False
    compare = name == "vdst" and row.mnemonic.startswith("v_cmp")
    return compare or (name == "src2" and operand == "SREG")


def make_row(
    format_: str, opcode: int, mnemonic: str, fields: dict[str, tuple[str, int, str]]
) -> Row:
    """The table row of one instruction, its operands in canonical order."""
    if format_ == "MUBUF" and mnemonic.startswith("tbuffer"):
        format_ = "MTBUF"
    if format_ == "VOP3P" and mnemonic.startswith(("v_mfma", "v_smfmac")):
        format_ = "MAI"
    row = Row(format_, opcode, mnemonic)
    specs: dict[str, str] = {}
    for name, (kind, bits, operand) in fields.items():
        if name in ("simm16", "attr", "ioffset", "tgt"):
            row.flags.append(f"{name}={operand.lower()}" if name == "simm16" else name)
            continue
        type_ = "mask" if _is_mask(row, name, operand) else value_type(kind, bits)
        specs[name] = f"{name}:{_operand_class(format_, name, operand)}:{type_}"
    for name in ("vdst", "sdst"):
        if name in specs:
            row.dst.append(specs.pop(name))
    loads = {
        "SMEM": ("sdata", "load" in mnemonic or "time" in mnemonic),
        "MUBUF": ("vdata", "load" in mnemonic),
        "MTBUF": ("vdata", "load" in mnemonic),
        **dict.fromkeys(("MIMG", "VIMAGE", "VSAMPLE"), ("vdata", "store" not in mnemonic)),
    }
    name, is_destination = loads.get(format_, ("", False))
    if is_destination and name in specs:
        row.dst.append(specs.pop(name))
    row.src = [specs[name] for name in _SOURCE_ORDER if name in specs]
    return row


def documented(family: str) -> list[Row]:
    """The rows of a family that AMD documents, errata applied, and those that errata add."""
    result = []
    for format_, opcode, mnemonic, fields in _facts(family):
        mnemonic = errata.MNEMONICS[family].get(mnemonic, mnemonic)
        if errata.is_removed(family, format_, mnemonic):
            continue
        row = make_row(format_, opcode, mnemonic, fields)
        errata.apply(family, row)
        result.append(row)
    return result + [_parse(line) for line in errata.added_rows(family)]


def rows(family: str) -> list[Row]:
    """All rows of a family, in the order of formats and opcodes."""
    result = documented(family)
    if family == "rdna4":
        result += [_parse(line) for line in _discovered()]
    order = list(dict.fromkeys(_FORMATS.values()))
    order.insert(order.index("VOP3P"), "MAI")
    order.insert(order.index("VOPD") + 1, "VOPD3")
    return sorted(result, key=lambda row: (order.index(row.format), row.opcode, row.mnemonic))


def _discovered() -> list[str]:
    """What ``discovered.txt`` says of gfx1250."""
    path = Path(__file__).with_name("discovered.txt")
    return path.read_text().splitlines() if path.exists() else []


def _probed(family: str) -> dict[tuple[str, int, str], list[tuple[list[str], list[str]]]]:
    """What ``probed.txt`` says of each row: ISAs that have it, with their limits."""
    found: dict[tuple[str, int, str], list[tuple[list[str], list[str]]]] = {}
    for line in Path(__file__).with_name("probed.txt").read_text().splitlines():
        owner, format_, opcode, mnemonic, isas, *limits = line.split()
        if owner == family:
            key = format_, int(opcode), mnemonic
            found.setdefault(key, []).append((isas.split(","), limits))
    return found


def _add_limits(family: str, table: list[Row]) -> list[str]:
    """Flag the rows with their ISAs and limits; returns the distinct limits."""
    probed = _probed(family)
    isas = [isa for isa, owner in FAMILY.items() if owner == family]
    limits: dict[str, int] = {}
    for row in table:
        entries = probed.get((row.format, row.opcode, row.mnemonic), [])
        if not any(flag.startswith("@") for flag in row.flags):
            have = [isa for owners, _ in entries for isa in owners]
            having = errata.isas_of(family, row.mnemonic, have, isas)
            if having != isas:
                row.flags.append("@" + ",".join(having))
        for index, (owners, words) in enumerate(entries):
            numbers = (str(limits.setdefault(word, len(limits))) for word in words)
            whose = "@" + ",".join(owners) if index else ""
            row.flags.append(f"m{whose}={','.join(numbers)}")
    return list(limits)


def _parse(line: str) -> Row:
    format_, opcode, mnemonic, dst, src, *flags = line.split()
    return Row(
        format_,
        int(opcode),
        mnemonic,
        [] if dst == "-" else dst.split(","),
        [] if src == "-" else src.split(","),
        flags,
    )


def module_text(family: str) -> str:
    """The source of a family's table module."""
    table = rows(family)
    limits = "\n".join(_add_limits(family, table))
    lines = "\n".join(map(str, table))
    return (
        f'"""Instructions of the {family} family; generated by generate.py, do not edit."""\n\n'
        f'LIMITS = """\\\n{limits}\n"""\n\nROWS = """\\\n{lines}\n"""\n'
    )


def main(arguments: list[str]) -> int:
    """Write the tables, or with ``--check`` say which differ."""
    stale = []
    for family in FAMILIES:
        path = Path(__file__).with_name(f"{family}.py")
        text = module_text(family)
        if path.exists() and path.read_text() == text:
            continue
        stale.append(path.name)
        if "--check" not in arguments:
            path.write_text(text)
    if "--check" in arguments and stale:
        print(f"stale tables: {', '.join(stale)}; run python -m anyroc.isa.tables.generate")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
