"""Ask LLVM which instructions each GPU has and which modifier bits each of them takes.

``python -m anyroc.isa.tables.probe`` disassembles every row of every table in every variant, then
again with one modifier bit flipped at a time, and writes ``probed.txt`` for the generator to merge.
Needs Debian's llvm-19, and a newer libLLVM for gfx950. AMD's documents give operands and opcodes; which of clamp, omod, abs, neg,
op_sel, DPP and SDWA an instruction accepts is known to LLVM's tables only.

A line is: family, format, opcode, mnemonic, the ISAs that have the row, then per variant the bits (hex) that
must be zero and those that do nothing, as ``variant:refused/ignored``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from anyroc.isa.formats import Format, formats
from anyroc.isa.modifiers import required_bits
from anyroc.isa.tables import FAMILY, OperandSpec, Row, generate, parse
from anyroc.isa.tables.llvm_mc import disassemble

# Per family, the GPUs to ask: ISA -> LLVM name. The first that has a row says what it takes.
TARGETS = {
    "cdna": {"cdna3": "gfx942", "cdna4": "gfx950", "cdna2": "gfx90a"},
    "rdna3": {"rdna3_5": "gfx1151", "rdna3": "gfx1100"},
    "rdna4": {"rdna4": "gfx1201"},
}
_MODIFIERS = frozenset((
    "clamp", "omod", "abs", "neg", "neg_hi", "op_sel", "op_sel_hi", "op_sel_hi2", "src0_neg",
    "src0_abs", "src1_neg", "src1_abs", "src0_sext", "src1_sext", "s0", "s1", "sd", "bound_ctrl",
    "fi", "cbsz", "abid", "blgp", "acc", "acc_cd", "gds", "glc", "slc", "dlc", "sc0", "sc1", "nt",
    "nv", "scope", "th", "lds", "tfe", "offen", "idxen", "imm", "soffset_en", "sve",
))  # fmt: skip
_Key = tuple[str, int, str]
"""Format, opcode and mnemonic of a row."""

_GDS_ONLY = ("ds_ordered_count", "ds_add_gs_reg_rtn", "ds_sub_gs_reg_rtn")
_MARKERS = {"sdwa": 249, "dpp": 250, "dpp8": 233}


@dataclass
class Probe:
    """A row in one variant with operands that LLVM may accept."""

    row: Row
    variant: str
    format: Format
    raw: int
    tail: bytes

    def bytes(self, flipped: int = 0) -> bytes:
        """The encoding, some bits flipped."""
        return (self.raw ^ flipped).to_bytes(self.format.bytes, "little") + self.tail

    def bits(self) -> list[int]:
        """The modifier bits to flip."""
        return [
            1 << bit
            for name, (low, width) in self.format.fields.items()
            if name in _MODIFIERS or (name == "src1_sel" and self.row.format == "VOP1")
            for bit in range(low, low + width)
        ]


def _value(spec: OperandSpec, width: int, index: int, kind: str, family: str) -> int:
    scalar = 4 * index + 8
    if spec.kind in ("v", "a", "va", "ma", "mb", "mc", "md"):
        return 8 * index | (256 if width == 9 else 0)
    if spec.kind == "src":
        return {"v": 256 + 8 * index, "s": scalar, "c": 128}[kind if index else kind[0]]
    if spec.kind == "imm":
        return 128 if family != "cdna" and spec.field == "ssrc0" else 0
    if spec.kind in ("srsrc", "sbase", "ssamp"):
        return 2 * index + 2 if width < 9 else scalar
    return scalar


def _is_named(text: str | None, row: Row) -> bool:
    """Whether a text is of the row's instruction, not of another one with the same opcode."""
    if text is None:
        return False
    name = re.sub(r"(_e32|_e64|_sdwa|_dpp|_e64_dpp)+$", "", text.split(" ", 1)[0])
    return name == row.mnemonic


def _probe(isa: str, row: Row, name: str, kind: str) -> Probe:
    layouts = formats(isa)
    format_, variant = layouts[name], name.partition(".")[2]
    family = FAMILY[isa]
    raw = format_.put(format_.match, "op", row.opcode) if "op" in format_.fields else format_.match
    specs = [spec for spec in (*row.dst, *row.src) if spec.field in format_.fields]
    for index, spec in enumerate(specs):
        width = format_.fields[spec.field][1]
        value = _value(spec, width, index, kind, family)
        raw = format_.put(raw, spec.field, value)
    if variant:
        low = layouts[row.format].fields["src0"][0]
        raw = raw & ~(0x1FF << low) | _MARKERS[variant] << low
    raw |= required_bits(row, format_, family)[1]
    for field, value in _constants(row, format_, family, variant).items():
        if field in format_.fields:
            raw = format_.put(raw, field, value)
    tail = bytes(4) if any(spec.kind == "k" for spec in row.src) else b""
    return Probe(row, variant, format_, raw, tail)


def _constants(row: Row, format_: Format, family: str, variant: str) -> dict[str, int]:
    values: dict[str, int] = {}
    if variant == "dpp":
        values |= {"dpp_ctrl": 0x150, "row_mask": 15, "bank_mask": 15}
    if variant == "sdwa":
        values |= {"dst_sel": 6, "src0_sel": 6, "src1_sel": 0 if row.format == "VOP1" else 6}
    if "saddr" in format_.fields:
        off = 0x7F if family == "cdna" else 124
        has = any(spec.field == "saddr" for spec in row.src)
        values["saddr"] = off if has or family != "cdna" else 0
    if row.format == "SCRATCH":
        values["sve"] = 1
    if row.format == "SMEM" and any(spec.field == "soffset" for spec in row.src):
        values |= {"imm": 1} if family == "cdna" else {}
        values["soffset"] = 0 if family == "cdna" else 124
    if row.format == "SMEM" and family != "cdna" and not row.src:
        values["soffset"] = 0
    if row.format == "VOP3P":
        values |= {"op_sel_hi": 3, "op_sel_hi2": 1}
    if "_gws_" in row.mnemonic or row.mnemonic in _GDS_ONLY:
        values["gds"] = 1
    if row.format in ("MIMG", "VIMAGE", "VSAMPLE"):
        values |= {"dmask": 1, "dim": 1}
    return values


def _rows(isa: str) -> Iterator[Row]:
    """All rows of the ISA's family that the ISA may have."""
    for row in generate.rows(FAMILY[isa]):
        owners = next((flag[1:].split(",") for flag in row.flags if flag.startswith("@")), [isa])
        if isa in owners:
            yield parse(str(row), isa)


def _candidates(isa: str) -> Iterator[tuple[Row, str, list[Probe]]]:
    layouts = formats(isa)
    for row in _rows(isa):
        if row.format in ("VOPD", "EXP", "LDSDIR"):
            continue
        for name in layouts:
            if name.partition(".")[0] == row.format:
                kinds = ("v", "s", "c", "vs", "vc")
                yield row, name, [_probe(isa, row, name, kind[-1]) for kind in kinds]


def _accepted(isa: str, target: str, wave_size: int) -> dict[_Key, list[Probe]]:
    """By row, one probe per variant that the target takes."""
    found: dict[_Key, list[Probe]] = {}
    candidates = list(_candidates(isa))
    codes = [probe.bytes() for _, _, probes in candidates for probe in probes]
    texts = iter(disassemble(target, codes, wave_size=wave_size))
    for row, _, probes in candidates:
        answers = [next(texts) for _ in probes]
        good = [p for p, text in zip(probes, answers, strict=True) if _is_named(text, row)]
        if good:
            found.setdefault((row.format, row.opcode, row.mnemonic), []).append(good[0])
    return found


def _bits(target: str, wave_size: int, probes: list[Probe]) -> dict[int, tuple[int, int]]:
    """By probe identity, the refused and the ignored bits."""
    codes, owners = [], []
    for probe in probes:
        for bit in (0, *probe.bits()):
            codes.append(probe.bytes(bit))
            owners.append((probe, bit))
    masks: dict[int, tuple[int, int]] = {}
    plain: str | None = None
    for (probe, bit), text in zip(
        owners, disassemble(target, codes, wave_size=wave_size), strict=True
    ):
        refused, ignored = masks.get(id(probe), (0, 0))
        if bit == 0:
            plain = text
        elif text is None:
            refused |= bit
        elif text == plain:
            ignored |= bit
        masks[id(probe)] = refused, ignored
    return masks


def _common(
    first: dict[int, tuple[int, int]], second: dict[int, tuple[int, int]]
) -> dict[int, tuple[int, int]]:
    """What both wave sizes refuse, and what both ignore."""
    return {
        key: (refused & second[key][0], ignored & second[key][1])
        for key, (refused, ignored) in first.items()
    }


def lines() -> Iterator[str]:
    """The lines of ``probed.txt``."""
    for family, targets in TARGETS.items():
        have: dict[_Key, list[str]] = {}
        say: dict[_Key, list[str]] = {}
        for isa, target in targets.items():
            wave_size = 64 if family == "cdna" else 32
            accepted = _accepted(isa, target, wave_size)
            probes = [probe for found in accepted.values() for probe in found]
            masks = _bits(target, wave_size, probes)
            if family != "cdna":
                masks = _common(masks, _bits(target, 64, probes))
            for key, found in accepted.items():
                have.setdefault(key, []).append(isa)
                words = []
                for probe in found:
                    refused, ignored = masks[id(probe)]
                    words.append(f"{probe.variant or 'base'}:{refused:x}/{ignored:x}")
                say.setdefault(key, words)
        for key, isas in have.items():
            format_, opcode, mnemonic = key
            yield f"{family} {format_} {opcode} {mnemonic} {','.join(isas)} {' '.join(say[key])}"


def main() -> None:
    """Write ``probed.txt`` beside this file."""
    path = Path(__file__).with_name("probed.txt")
    path.write_text("".join(f"{line}\n" for line in lines()))


if __name__ == "__main__":
    main()
