"""The instruction tables: one generated module per family, one ``Table`` per ISA.

A row names an instruction in one encoding. Its operands are listed in the canonical order in which
semantics see them, the implied ones (VCC of a carry, a destination that is read) included.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from anyroc.isa.tables.renames import VARIANTS

# ISA -> the module that holds its rows. Rows that only some ISAs of a family have carry a
# flag "@isa,isa".
FAMILY = {
    "cdna2": "cdna",
    "cdna3": "cdna",
    "cdna4": "cdna",
    "rdna3": "rdna3",
    "rdna3_5": "rdna3",
    "rdna4": "rdna4",
    "cdna5": "rdna4",
}

# Formats that share the identifying bits and the opcode numbers of another format.
_SHARED_OPCODES = {
    "cdna": {"VOP3SD": "VOP3", "MAI": "VOP3P"},
    "rdna3": {"VOP3SD": "VOP3"},
    "rdna4": {"VOP3SD": "VOP3", "MTBUF": "MUBUF"},
}


def opcode_space(format_: str, family: str) -> str:
    """The format in whose opcode numbering a format takes part."""
    return _SHARED_OPCODES[family].get(format_, format_)


@dataclass(frozen=True, slots=True)
class OperandSpec:
    """Where an operand is encoded and what it holds.

    ``kind`` is the encoding class: ``v`` VGPR, ``a`` AGPR, ``va`` either, by the ACC bit, ``s``
    scalar register, ``ss`` and ``src`` scalar and vector sources, ``k`` literal constant, ``k16``
    16-bit constant, ``vcc``, ``exec``; ``ma`` to ``md`` matrix fragments. ``type`` is ``f32``,
    ``pk2_f16``, ``mask`` (one bit per lane), …; ``hidden`` operands are not written in assembly.
    """

    field: str
    kind: str
    type: str
    bits: int
    halved: bool
    hidden: bool

    def dwords(self, wave_size: int) -> int:
        """Registers the operand occupies."""
        bits = wave_size if self.type == "mask" else self.bits
        count = (bits + 31) // 32
        return max(1, count // 2) if self.halved and wave_size == 64 else count


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One instruction of an ISA in one encoding.

    ``limits`` maps the variants the instruction has ("base", "dpp", "dpp8", "sdwa") to the modifier
    bits that must keep their default and those that do nothing; None where that is not known.
    """

    format: str
    opcode: int
    mnemonic: str
    op: str
    dst: tuple[OperandSpec, ...]
    src: tuple[OperandSpec, ...]
    flags: frozenset[str]
    limits: Mapping[str, tuple[int, int]] | None = None


_BITS = {"mask": 64, "fp8": 8, "bf8": 8}


def type_bits(name: str) -> int:
    """Width of a value type in bits."""
    if name in _BITS:
        return _BITS[name]
    count = 1
    if name.startswith("pk"):
        number, name = name[2:].split("_")
        count = int(number)
    digits = name.lstrip("abcdefghijklmnopqrstuvwxyz")
    return count * int(digits)


@cache
def _spec(text: str) -> OperandSpec:
    field, kind, type_ = text.split(":")
    hidden = type_.endswith("!")
    type_ = type_.removesuffix("!")
    halved = type_.endswith("/2")
    type_ = type_.removesuffix("/2")
    return OperandSpec(field, kind, type_, type_bits(type_), halved, hidden)


def _limits(
    flags: Sequence[str], isa: str, known: Sequence[str]
) -> dict[str, tuple[int, int]] | None:
    """What ``m=1,2`` says, or ``m@isa,isa=1,2`` for some ISAs in its stead."""
    text = ""
    for flag in flags:
        whose, _, numbers = flag.partition("=")
        if whose == "m" or (whose.startswith("m@") and isa in whose[2:].split(",")):
            text = numbers
    if not text:
        return None
    limits = {}
    for number in text.split(","):
        variant, _, masks = known[int(number)].partition(":")
        refused, _, ignored = masks.partition("/")
        limits[variant] = int(refused, 16), int(ignored, 16)
    return limits


def parse(line: str, isa: str, known: Sequence[str] = ()) -> Row:
    """The row of a line of a table; ``known`` are the limits that it counts."""
    format_, opcode, mnemonic, key, dst, src, *flags = line.split(" ")
    op = mnemonic if key == "=" else key
    pattern, suffix = VARIANTS.get(isa, ("", ""))
    if pattern and re.fullmatch(pattern, mnemonic):
        op += suffix
    if isa == "cdna5" and format_ == "FLAT":  # RDNA4's have no scalar address
        src += ",saddr:s:b64"
    return Row(
        format_,
        int(opcode),
        mnemonic,
        op,
        () if dst == "-" else tuple(map(_spec, dst.split(","))),
        () if src == "-" else tuple(map(_spec, src.split(","))),
        frozenset(flags),
        _limits(flags, isa, known),
    )


class Table:
    """The instructions of one ISA, parsed row by row on first use."""

    def __init__(self, isa: str) -> None:
        self.isa = isa
        self.family = FAMILY[isa]
        self._lines: dict[tuple[str, int], str] = {}
        self._rows: dict[tuple[str, int], Row] = {}
        module = importlib.import_module(f"anyroc.isa.tables.{self.family}")
        self._limits: list[str] = module.LIMITS.splitlines()
        for line in module.ROWS.splitlines():
            format_, opcode, _ = line.split(" ", 2)
            at = line.find(" @")
            if at > 0 and isa not in line[at + 2 :].split(" ", 1)[0].split(","):
                continue
            self._lines[opcode_space(format_, self.family), int(opcode)] = line

    def row(self, space: str, opcode: int) -> Row | None:
        """The instruction with this opcode in an opcode space, or None."""
        key = (space, opcode)
        row = self._rows.get(key)
        if row is None and (line := self._lines.get(key)) is not None:
            row = self._rows[key] = parse(line, self.isa, self._limits)
        return row

    def __iter__(self) -> Iterator[Row]:
        for space, opcode in self._lines:
            row = self.row(space, opcode)
            assert row is not None
            yield row

    def __len__(self) -> int:
        return len(self._lines)


@cache
def table(isa: str) -> Table:
    """The instruction table of an ISA (``cdna2`` to ``cdna4``, ``rdna3``, ``rdna3_5``, ``rdna4``)."""
    return Table(isa)
