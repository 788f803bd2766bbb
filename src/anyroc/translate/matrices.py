"""Matrix instructions that are emitted together.

Kernels issue them in runs: several tiles of the result, each the sum of several products, with
operands that several tiles share.  One call for all (native/matrix_run.c) unpacks an operand
once and keeps a tile's sums in the host's registers.  A run gathers here until something reads or
changes its registers; matrix instructions take no heed of EXEC, so its changes do not matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from anyroc.isa.instruction import Instruction
from anyroc.semantics.core import Matrix
from anyroc.translate.operands import row_of

__all__ = ["MatrixRun", "Product", "product_of"]

_MOST_OPERANDS = 16
_MOST_WIDE_OPERANDS = 8
"""A's in a run, and B's: MOST_OPERANDS of native/matrix_run.c; fewer of those that take more than
four registers, as they share the host's first-level cache."""


@dataclass(frozen=True)
class Product:
    """One instruction of a run: the first VGPRs of D, A and B, and which rows these are.

    ``from_zero``: D does not add to what it holds.
    """

    matrix: Matrix
    modifiers: int
    d: int
    a: int
    b: int
    from_zero: bool
    tile: int
    operands: int


def product_of(inst: Instruction, matrix: Matrix, modifiers: int, accum: int) -> Product | None:
    """An instruction as part of a run; None if it cannot be: a C apart from D, an overlap."""
    if not matrix.runs or inst.format != "MAI" or (modifiers and matrix.a != "f8f6f4"):
        return None
    a, b, c, d = (*inst.src[:3], inst.dst[0])
    if a.kind not in "va" or b.kind not in "va":
        return None
    d_row, a_row, b_row = (row_of(operand, accum) for operand in (d, a, b))
    from_zero = c.kind == "const" and int(c.value) == 0
    if not from_zero and (c.kind not in "va" or row_of(c, accum) != d_row):
        return None
    tile = (1 << d.count) - 1 << d_row
    operands = (1 << a.count) - 1 << a_row | (1 << b.count) - 1 << b_row
    if tile & operands:
        return None
    return Product(matrix, modifiers, d_row, a_row, b_row, from_zero, tile, operands)


@dataclass
class MatrixRun:
    """The run at hand, with the rows that it writes and those of its A's and B's."""

    products: list[Product] = field(default_factory=list)
    tiles: int = 0
    operands: int = 0

    def meets(self, uses: int, defs: int) -> bool:
        """Whether an instruction that uses and sets these rows has to wait for the run."""
        return bool(uses & self.tiles or defs & (self.tiles | self.operands))

    def takes(self, product: Product) -> bool:
        """Whether the run can go on with a product."""
        if not self.products:
            return True
        first = self.products[0]
        if (first.matrix, first.modifiers) != (product.matrix, product.modifiers):
            return False
        if product.operands & self.tiles or product.tile & self.operands:
            return False
        begins = all(other.d != product.d for other in self.products)
        if product.tile & self.tiles if begins else product.from_zero:
            return False
        most = _MOST_OPERANDS if product.matrix.a_rows <= 4 else _MOST_WIDE_OPERANDS
        return all(
            len({*known, new}) <= most
            for known, new in (
                ((p.a for p in self.products), product.a),
                ((p.b for p in self.products), product.b),
            )
        )

    def add(self, product: Product) -> None:
        """Goes on with a product that it takes."""
        self.products.append(product)
        self.tiles |= product.tile
        self.operands |= product.operands

    def plan(self) -> list[int]:
        """The plan that native/matrix_run.c describes."""
        a_rows, b_rows = _once(p.a for p in self.products), _once(p.b for p in self.products)
        tiles = _once(p.d for p in self.products)
        plan = [len(a_rows), len(b_rows), len(tiles), *a_rows, *b_rows]
        for d in tiles:
            parts = [p for p in self.products if p.d == d]
            plan += [d, parts[0].from_zero, len(parts)]
            for part in parts:
                plan += [a_rows.index(part.a), b_rows.index(part.b)]
        return plan


def _once(rows: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(rows))
