"""Ask LLVM which instructions each GPU has and which bits each of them takes.

``python -m anyroc.isa.tables.probe`` disassembles every row of every table in every variant, then
again with one bit flipped at a time, and writes ``probed.txt`` for the generator to merge. AMD's
documents give operands and opcodes; which of clamp, omod, abs, neg, op_sel, DPP and SDWA an
instruction accepts, and which of its bits may hold anything, is known to LLVM's tables only.

Asks the newest libLLVM, first with register halves (``v0.l``) where a GPU has them, and Debian's
LLVM 19 for what the newest no longer knows; needs both (see ``llvm_library``).

A line is: family, format, opcode, mnemonic, the ISAs that have the row and for which the line
holds, then per variant the bits (hex) that must be zero and those that do nothing, as
``variant:refused/ignored``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from anyroc.isa.formats import Format, formats
from anyroc.isa.modifiers import IMAGES, field_mask, required_bits, used_mask
from anyroc.isa.tables import FAMILY, OperandSpec, Row, generate, parse
from anyroc.isa.tables.llvm_mc import NEWER, disassemble

# Per family, the GPUs to ask: ISA -> LLVM name.
TARGETS = {
    "cdna": {"cdna3": "gfx942", "cdna4": "gfx950", "cdna2": "gfx90a"},
    "rdna3": {"rdna3_5": "gfx1151", "rdna3": "gfx1100"},
    "rdna4": {"rdna4": "gfx1201", "cdna5": "gfx1250"},
}
_MODIFIERS = frozenset((
    "clamp", "omod", "abs", "neg", "neg_hi", "op_sel", "op_sel_hi", "op_sel_hi2", "src0_neg",
    "src0_abs", "src1_neg", "src1_abs", "src0_sext", "src1_sext", "s0", "s1", "sd", "bound_ctrl",
    "fi", "cbsz", "abid", "blgp", "acc", "acc_cd", "gds", "glc", "slc", "dlc", "sc0", "sc1", "nt",
    "nv", "scope", "th", "lds", "tfe", "offen", "idxen", "imm", "soffset_en", "sve",
))  # fmt: skip
_Key = tuple[str, int, str]
"""Format, opcode and mnemonic of a row."""
_Variant = tuple[str, int, str, str]
"""The same and the name of a variant's format."""

_GDS_ONLY = ("ds_ordered_count", "ds_add_gs_reg_rtn", "ds_sub_gs_reg_rtn")
_UNSPOKEN = {("cdna2", "buffer_wbl2"): 0xC000}
"""Bits that LLVM's text leaves out although they count: compilers set the cache policy."""
_MARKERS = {"sdwa": 249, "dpp": 250, "dpp8": 233}


@dataclass
class Probe:
    """A row in one variant with operands that LLVM may accept."""

    row: Row
    family: str
    variant: str
    format: Format
    raw: int
    tail: bytes

    def bytes(self, flipped: int = 0) -> bytes:
        """The encoding, some bits flipped."""
        return (self.raw ^ flipped).to_bytes(self.format.bytes, "little") + self.tail

    def modifiers(self) -> int:
        """The bits that may modify what the instruction does."""
        return sum(
            field_mask(self.format, name)
            for name in self.format.fields
            if name in _MODIFIERS or (name == "src1_sel" and self.row.format == "VOP1")
        )

    def bits(self) -> list[int]:
        """The bits to flip: modifiers, and what nothing is known to use."""
        used = used_mask(self.row, self.format, self.family)
        used |= field_mask(self.format, "op") | required_bits(self.row, self.format, self.family)[0]
        flipped = self.modifiers() | ~used
        return [1 << bit for bit in range(self.format.bits) if flipped >> bit & 1]


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
    return Probe(row, family, variant, format_, raw, tail)


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
    if row.format == "VOP3" and row.mnemonic.startswith("v_cmpx_") and family != "cdna":
        values["vdst"] = 126
    if row.format == "VOP3P":
        values |= {"op_sel_hi": 3, "op_sel_hi2": 1}
    if "_gws_" in row.mnemonic or row.mnemonic in _GDS_ONLY:
        values["gds"] = 1
    if row.format in IMAGES:
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
        if row.format in ("VOPD", "VOPD3", "LDSDIR"):
            continue
        for name in layouts:
            if name.partition(".")[0] == row.format:
                kinds = ("v", "s", "c", "vs", "vc")
                yield row, name, [_probe(isa, row, name, kind[-1]) for kind in kinds]


@dataclass(frozen=True)
class _Voice:
    """An LLVM in one of its syntaxes."""

    newest: bool
    halves: bool

    def texts(self, target: str, wave_size: int, codes: list[bytes]) -> list[str | None]:
        return disassemble(
            target, codes, wave_size=wave_size, newest=self.newest, halves=self.halves
        )


def _voices(target: str) -> list[_Voice]:
    found = [_Voice(True, False)]
    if not target.startswith("gfx9"):
        found.insert(0, _Voice(True, True))
    if target not in NEWER:
        found.append(_Voice(False, False))
    return found


def _accepted(isa: str, target: str, wave_size: int, voice: _Voice) -> dict[_Variant, Probe]:
    """By row and variant, a probe that the target takes."""
    found: dict[_Variant, Probe] = {}
    candidates = list(_candidates(isa))
    codes = [probe.bytes() for _, _, probes in candidates for probe in probes]
    texts = iter(voice.texts(target, wave_size, codes))
    for row, name, probes in candidates:
        answers = [next(texts) for _ in probes]
        good = [p for p, text in zip(probes, answers, strict=True) if _is_named(text, row)]
        if good:
            found[row.format, row.opcode, row.mnemonic, name] = good[0]
    return found


def _bits(target: str, wave_size: int, probes: list[Probe], voice: _Voice) -> list[tuple[int, int]]:
    """The refused and the ignored bits of each probe."""
    flips = [(0, *probe.bits()) for probe in probes]
    codes = [probe.bytes(bit) for probe, bits in zip(probes, flips, strict=True) for bit in bits]
    texts = iter(voice.texts(target, wave_size, codes))
    masks = []
    for _, *bits in flips:
        plain = next(texts)
        refused = ignored = 0
        for bit in bits:
            text = next(texts)
            refused |= bit if text is None else 0
            ignored |= bit if text == plain else 0
        masks.append((refused, ignored))
    return masks


def _limits(isa: str, target: str) -> dict[_Variant, tuple[int, int]]:
    """By row and variant, the refused and the ignored bits.

    Refused is what every LLVM and wave size refuses; ignored what has an effect for none of them.
    """
    refusals: dict[_Variant, int] = {}
    effects: dict[_Variant, int] = {}
    flipped: dict[_Variant, int] = {}
    sizes = (64,) if FAMILY[isa] == "cdna" else (32,) if target in NEWER else (32, 64)
    for voice in _voices(target):
        accepted = _accepted(isa, target, sizes[0], voice)
        if not voice.newest:
            accepted = {key: probe for key, probe in accepted.items() if key not in flipped}
        for size in sizes:
            masks = _bits(target, size, list(accepted.values()), voice)
            for (key, probe), (refused, ignored) in zip(accepted.items(), masks, strict=True):
                flipped[key] = every = sum(probe.bits())
                refusals[key] = refusals.get(key, every) & refused
                effects[key] = effects.get(key, 0) | (every & ~(refused | ignored))
    return {
        key: (refusals[key], every & ~(effects[key] | refusals[key]))
        for key, every in flipped.items()
    }


def lines() -> Iterator[str]:
    """The lines of ``probed.txt``."""
    for family, targets in TARGETS.items():
        found: dict[_Key, dict[str, list[str]]] = {}
        for isa, gpu in targets.items():
            for (format_, opcode, mnemonic, name), masks in _limits(isa, gpu).items():
                words = found.setdefault((format_, opcode, mnemonic), {}).setdefault(isa, [])
                ignored = masks[1] & ~_UNSPOKEN.get((isa, mnemonic), 0)
                words.append(f"{name.partition('.')[2] or 'base'}:{masks[0]:x}/{ignored:x}")
        for (format_, opcode, mnemonic), by_isa in found.items():
            owners: dict[str, list[str]] = {}
            for isa, words in by_isa.items():
                owners.setdefault(" ".join(sorted(words)), []).append(isa)
            for text, isas in owners.items():
                yield f"{family} {format_} {opcode} {mnemonic} {','.join(isas)} {text}"


def main() -> None:
    """Write ``probed.txt`` beside this file."""
    path = Path(__file__).with_name("probed.txt")
    path.write_text("".join(f"{line}\n" for line in lines()))


if __name__ == "__main__":
    main()
