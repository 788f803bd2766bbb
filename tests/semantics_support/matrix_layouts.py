"""Where matrix instructions keep the elements of A, B and D, by formula.

A place is (register, first bit, lane).  ``digest`` sums a whole layout up; tests/cases/
matrix_layouts.json holds the digests of what AMD's matrix instruction calculator prints.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

Place = tuple[int, int, int]

BITS = {"f64": 64, "f32": 32, "xf32": 32, "i32": 32, "f16": 16, "bf16": 16, "i8": 8, "iu8": 8,
        "fp8": 8, "bf8": 8, "iu4": 4}  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """One matrix instruction in one wave size; ``generation`` is cdna, gfx11 or gfx12."""

    generation: str
    wave: int
    m: int
    n: int
    k: int
    blocks: int
    a: str
    b: str
    d: str
    sparse: bool

    def _field(self, index: int, bits: int, lane: int) -> Place:
        at = index * bits
        return at // 32, at % 32, lane

    def _input(self, block: int, row: int, k: int, bits: int) -> Place:
        """Element (row, k) of A, or (k, column) of B, uncompressed."""
        if bits == 64:
            return 0, 0, 16 * k + 4 * block + row
        if self.blocks > 1:
            return self._field(k, bits, self.m * block + row)
        if self.generation == "gfx11":
            return self._field(k, bits, row)
        return self._spread(row, k, self.k, bits)

    def _spread(self, row: int, k: int, total: int, bits: int) -> Place:
        """One block's ``total`` elements of a row, over the lanes that share it."""
        groups = self.wave // self.m
        if groups * 8 > total and bits == 4:
            groups = total // 8  # a register is filled before another lane is used
        each = total // groups
        group, index = k // each, k % each
        if self.generation == "gfx12" and bits == 16 and self.wave == 32:
            unit = each // 2  # the lanes take turns
            group = k // unit % 2
            index = k // unit // 2 * unit + k % unit
        elif self.generation == "gfx12" and bits != 16 and groups == 4:
            group = (0, 2, 1, 3)[group]
        return self._field(index, bits, self.m * group + row)

    def b_place(self, block: int, column: int, k: int) -> Place:
        return self._input(block, column, k, BITS[self.b])

    def a_place(self, block: int, row: int, k: int) -> Place:
        """For sparse shapes ``k`` counts the kept elements, two of each four."""
        if not self.sparse:
            return self._input(block, row, k, BITS[self.a])
        return self._spread(row, k, self.k // 2, BITS[self.a])

    def d_place(self, block: int, row: int, column: int) -> Place:
        if self.d == "f64":
            if self.m == 4:
                return 0, 0, 16 * row + 4 * block + column
            return 2 * (row // 4), 0, 16 * (row % 4) + column
        if self.generation == "cdna":
            return self._mfma_place(block, row, column)
        groups = self.wave // 16
        if self.generation == "gfx11":
            return row // groups, 0, 16 * (row % groups) + column
        each = 16 // groups
        group = row // each if self.wave == 32 else (0, 2, 1, 3)[row // each]
        register = row % each
        if BITS[self.d] == 16:
            return register // 2, 16 * (register % 2), 16 * group + column
        return register, 0, 16 * group + column

    def _mfma_place(self, block: int, row: int, column: int) -> Place:
        if self.m == 4:
            return row, 0, 4 * block + column
        registers = self.m * self.n // 64
        if self.m == 32:
            return block * registers + row // 8 * 4 + row % 4, 0, row // 4 % 2 * 32 + column
        return block * registers + row % 4, 0, row // 4 * 16 + column

    def places(self, matrix: str) -> Iterator[tuple[int, int, int, Place]]:
        """(block, row, column, place) over A, B or D."""
        k = self.k // 2 if self.sparse else self.k
        for block in range(self.blocks):
            if matrix == "A":
                yield from (
                    (block, r, c, self.a_place(block, r, c))
                    for r in range(self.m)
                    for c in range(k)
                )
            elif matrix == "B":
                yield from (
                    (block, r, c, self.b_place(block, c, r))
                    for r in range(self.k)
                    for c in range(self.n)
                )
            else:
                yield from (
                    (block, r, c, self.d_place(block, r, c))
                    for r in range(self.m)
                    for c in range(self.n)
                )


def shape(name: str, generation: str, wave: int) -> Shape:
    """The shape that an instruction's name (``v_mfma_f32_32x32x4_2b_f16``) stands for."""
    match = re.fullmatch(
        r"v_(s?mfmac?|s?wmmac?)_(\w+?)_(\d+)x(\d+)x(\d+)_(?:(\d+)b_)?(\w+?)",
        name.replace("_fnuz", ""),
    )
    assert match, name
    kind, d, m, n, k, blocks, formats = match.groups()
    a, _, b = formats.partition("_")
    return Shape(
        generation, wave, int(m), int(n), int(k), int(blocks or 1), a, b or a, d,
        kind in ("smfmac", "swmmac"),
    )  # fmt: skip


def digest(places: Iterator[tuple[int, int, int, Place]]) -> str:
    text = "\n".join(
        f"{block} {row} {column} v{register}.{bit} lane {lane}"
        for block, row, column, (register, bit, lane) in sorted(places)
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]
