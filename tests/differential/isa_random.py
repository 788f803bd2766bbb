"""Random encodings made from the tables, valid more often than not.

``encodings`` goes through all rows of a table; ``noise`` gives bytes of which nothing is known but
that some have an encoding's fixed bits. Both are the same for the same seed.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from anyroc.isa.formats import Format, formats
from anyroc.isa.modifiers import MARKERS, required_bits
from anyroc.isa.tables import FAMILY, OperandSpec, Row, table

Numbers = NDArray[np.uint32]

_FLAGS_OFTEN_ZERO = 0.85
_FREE = frozenset(("simm16", "offset", "offset0", "offset1", "dpp_ctrl", "dpp8", "format"))
_SCALARS = np.array([*range(106), 106, 126, 124, 125] + 2 * list(range(0, 104, 4)), np.uint32)
_CONSTANTS = np.array([*range(128, 209), *range(240, 249)], np.uint32)
_LITERAL = 255
_NO_LITERALS = ("VOP3", "VOP3P", "VOP3SD", "MAI", "VOP3PX2")
WINDOW = 20
"""Bytes of which one piece of noise consists: no instruction is longer."""


class _Maker:
    """Draws columns of field values, ``count`` instructions at a time."""

    def __init__(self, isa: str, seed: int, count: int) -> None:
        self.isa = isa
        self.cdna = FAMILY[isa] == "cdna"
        self.rng = np.random.default_rng(seed)
        self.count = count

    def some(self, share: float) -> NDArray[np.bool_]:
        return self.rng.random(self.count) < share

    def bits(self, width: int) -> Numbers:
        return self.rng.integers(0, 1 << width, self.count, np.uint32)

    def register(self, width: int) -> Numbers:
        value = self.bits(width)
        return np.where(self.some(0.5), value, value & ~np.uint32(3))

    def source(self, width: int, literals: bool = True) -> Numbers:
        """Registers, inline constants, a literal now and then, rarely anything."""
        kinds = self.rng.choice(
            5,
            self.count,
            p=(0.45, 0.25, 0.2, 0.05, 0.05) if literals else (0.5, 0.25, 0.2, 0, 0.05),
        )
        vector = self.rng.integers(256, 512, self.count, np.uint32)
        vector = np.where(self.some(0.5), vector, vector & ~np.uint32(1))
        value = np.choose(
            kinds,
            (
                vector,
                self.rng.choice(_SCALARS, self.count),
                self.rng.choice(_CONSTANTS, self.count),
                np.full(self.count, _LITERAL, np.uint32),
                self.bits(min(width, 9)),
            ),
        )
        return value.astype(np.uint32) & np.uint32((1 << width) - 1)

    def operand(self, spec: OperandSpec, width: int, row: Row) -> Numbers:
        if spec.kind in ("src", "ss", "ma", "mb", "mc") and width >= 8:
            value = self.source(width, not (self.cdna and row.format in _NO_LITERALS))
            return value | np.uint32(256) if spec.kind in ("ma", "mb") and width == 9 else value
        if spec.kind in ("v", "a") and width == 9:
            return np.uint32(256) | self.register(8)
        return self.register(width)

    def field(self, name: str, width: int, format_: Format, row: Row) -> Numbers | None:
        """What is in a field that holds no operand; None for zero."""
        if name in _FREE:
            return np.where(self.some(1 / 3), np.uint32(0), self.bits(width))
        if name in ("op_sel_hi", "op_sel_hi2"):
            return np.where(self.some(0.6), np.uint32((1 << width) - 1), self.bits(width))
        if name == "sdst" and format_.name == "VOPC.sdwa":
            return self.bits(width)
        if name == "saddr" or _is_unused_operand(name):
            return None
        return np.where(self.some(_FLAGS_OFTEN_ZERO), np.uint32(0), self.bits(width))

    def fill(self, format_: Format, row: Row) -> tuple[list[int], dict[str, Numbers]]:
        """Instructions as numbers, without literals, and their fields."""
        specs = {spec.field: spec for spec in (*row.dst, *row.src)}
        columns: dict[str, Numbers] = {}
        for name, (_, width) in format_.fields.items():
            if name in ("op", "marker"):
                continue
            spec = specs.get(name)
            values = self.operand(spec, width, row) if spec else None
            if values is None:
                values = self.field(name, width, format_, row)
            if values is not None:
                columns[name] = values
        cdna = "sc0" in format_.fields
        if "saddr" in format_.fields:
            off = np.uint32(0x7F if cdna else 124)
            absent = self.some(0.4 if "saddr" in specs else 0.0)
            if row.format == "FLAT" and not cdna and "saddr" not in specs:
                absent[:] = True
            columns["saddr"] = np.where(absent, off, columns.get("saddr", np.uint32(0)))
        raw = np.full(self.count, format_.match, object)
        if "op" in format_.fields:
            raw |= row.opcode << format_.fields["op"][0]
        for name, values in columns.items():
            raw |= values.astype(object) << format_.fields[name][0]
        if row.format == "VOP3PX2":
            fixed, value = required_bits(row, format_, FAMILY[self.isa])
            raw = raw & ~fixed | value
        return raw.tolist(), columns

    def tails(self, wanted: NDArray[np.bool_], size: int = 4) -> list[bytes]:
        """The literal of each instruction that has one."""
        values = np.choose(
            self.rng.integers(0, 4, self.count),
            (
                np.zeros(self.count, np.uint64),
                np.ones(self.count, np.uint64),
                np.full(self.count, (1 << 8 * size) - 1, np.uint64),
                self.rng.integers(0, 1 << 8 * size, self.count, np.uint64)
                if size < 8
                else self.rng.integers(0, 1 << 63, self.count, np.uint64),
            ),
        )
        return [
            int(value).to_bytes(size, "little") if want else b""
            for value, want in zip(values.tolist(), wanted.tolist(), strict=True)
        ]


def _is_unused_operand(name: str) -> bool:
    return (
        name.startswith(("src", "ssrc", "v", "data", "s"))
        and not (
            name.startswith(("src0_", "src1_", "sc", "slc", "sve")) or name in ("s0", "s1", "sd")
        )
    ) or name == "low_soffset"


def encodings(isa: str, per_row: int, seed: int) -> Iterator[tuple[Row, bytes]]:
    """``per_row`` encodings of each row of an ISA's table, half as many of each variant."""
    layouts = formats(isa)
    whole, half = _Maker(isa, seed, per_row), _Maker(isa, seed + 1, max(1, per_row // 2))
    for row in table(isa):
        if row.format.startswith("VOPD"):
            continue
        for name in layouts:
            base, _, variant = name.partition(".")
            if base == row.format:
                maker = half if variant else whole
                yield from _one(maker, layouts, name, row)
    for name in ("VOPD", "VOPD3"):
        if name in layouts:
            yield from _pairs(whole, isa, layouts[name])


def _one(
    maker: _Maker, layouts: dict[str, Format], name: str, row: Row
) -> Iterator[tuple[Row, bytes]]:
    format_ = layouts[name]
    raws, columns = maker.fill(format_, row)
    variant = name.partition(".")[2]
    if variant:
        low = layouts[row.format].fields["src0"][0]
        for raw, other in zip(raws, maker.some(0.5).tolist(), strict=True):
            marker = MARKERS[variant] + (variant == "dpp8" and other)
            code = raw & ~(0x1FF << low) | marker << low
            yield row, code.to_bytes(format_.bytes, "little")
        return
    for raw, tail in zip(raws, _literals(maker, row, columns), strict=True):
        yield row, raw.to_bytes(format_.bytes, "little") + tail


def _literals(maker: _Maker, row: Row, columns: dict[str, Numbers]) -> list[bytes]:
    """The literals that instructions ask for: a constant of the row, or a source that names one."""
    wants = np.full(maker.count, any(spec.kind == "k" for spec in row.src))
    for spec in (*row.dst, *row.src):
        if spec.kind in ("src", "ss") and spec.field in columns:
            wants |= columns[spec.field] == _LITERAL
            if spec.field == "src0":
                wants |= np.isin(columns["src0"], list(MARKERS.values()))
    return maker.tails(wants)


def _pairs(maker: _Maker, isa: str, format_: Format) -> Iterator[tuple[Row, bytes]]:
    rows = [row for row in table(isa) if row.format == format_.name]
    for x in (row for row in rows if row.opcode < 1 << format_.fields["opx"][1]):
        for y in rows:
            columns = {
                name: maker.source(9) if width == 9 else maker.bits(width)
                for name, (_, width) in format_.fields.items()
            }
            columns["opx"] = np.full(maker.count, x.opcode, np.uint32)
            columns["opy"] = np.full(maker.count, y.opcode, np.uint32)
            raw = np.full(maker.count, format_.match, object)
            for name, values in columns.items():
                raw |= values.astype(object) << format_.fields[name][0]
            wants = (columns["srcx0"] == _LITERAL) | (columns["srcy0"] == _LITERAL)
            wants |= any(spec.kind == "k" for row in (x, y) for spec in row.src)
            for code, tail in zip(raw.tolist(), maker.tails(wants), strict=True):
                yield y, code.to_bytes(format_.bytes, "little") + tail


def noise(isa: str, count: int, seed: int) -> list[bytes]:
    """Random bytes, most of them with the fixed bits of some encoding."""
    rng = np.random.default_rng(seed)
    layouts = [format_ for format_ in formats(isa).values() if "." not in format_.name]
    words = rng.integers(0, 1 << 32, (count, WINDOW // 4), np.uint32)
    chosen = rng.integers(0, len(layouts) + 2, count)
    for index, format_ in enumerate(layouts):
        of = chosen == index
        words[of, 0] = words[of, 0] & np.uint32(~format_.mask & 0xFFFFFFFF) | np.uint32(
            format_.match & 0xFFFFFFFF
        )
    return [line.tobytes() for line in words]
