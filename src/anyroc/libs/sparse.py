"""Sparse matrices as coordinates: what hipSPARSE's formats are converted to and computed with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anyroc.cabi.arrays import Array


@dataclass(frozen=True)
class Coordinates:
    """A matrix by the rows, columns (both from 0) and values of its elements, in any order."""

    shape: tuple[int, int]
    rows: Array
    columns: Array
    values: Array

    @classmethod
    def from_compressed(
        cls, shape: tuple[int, int], starts: Array, columns: Array, values: Array
    ) -> Coordinates:
        """Return a matrix whose row r has the elements from starts[r] to starts[r + 1]."""
        counts = np.diff(starts)
        rows = np.repeat(np.arange(shape[0]), counts)
        return cls(shape, rows, columns.astype(np.int64), values)

    def starts(self) -> Array:
        """Return where each row begins, for elements that are sorted by rows."""
        counts = np.bincount(self.rows, minlength=self.shape[0])
        return np.concatenate([[0], np.cumsum(counts)])

    def turned(self, letter: str) -> Coordinates:
        """Return the matrix ("N"), its transpose ("T") or its conjugate transpose ("C")."""
        if letter == "N":
            return self
        values = self.values.conj() if letter == "C" else self.values
        return Coordinates(self.shape[::-1], self.columns, self.rows, values)

    def sorted(self) -> Coordinates:
        """Return the elements by rows, then by columns; those alike stay in their order."""
        order = np.lexsort((self.columns, self.rows))
        return Coordinates(self.shape, self.rows[order], self.columns[order], self.values[order])

    def summed(self) -> Coordinates:
        """Return sorted elements of which no two have the same place: alike ones are added."""
        width = max(self.shape[1], 1)
        places, position = np.unique(self.rows * width + self.columns, return_inverse=True)
        values = np.zeros(len(places), self.values.dtype)
        np.add.at(values, position, self.values)
        return Coordinates(self.shape, places // width, places % width, values)

    def times(self, dense: Array) -> Array:
        """Return the product with a dense matrix or vector."""
        made = np.zeros((self.shape[0], *dense.shape[1:]), np.result_type(self.values, dense))
        values = self.values if dense.ndim == 1 else self.values[:, None]
        np.add.at(made, self.rows, values * dense[self.columns])
        return made

    def plus(self, other: Coordinates) -> Coordinates:
        """Return the sum; elements that cancel stay."""
        return Coordinates(
            self.shape,
            np.concatenate([self.rows, other.rows]),
            np.concatenate([self.columns, other.columns]),
            np.concatenate([self.values, other.values]),
        ).summed()

    def scaled(self, factor: complex) -> Coordinates:
        """Return the matrix times a number."""
        number = self.values.dtype.type(factor)
        return Coordinates(self.shape, self.rows, self.columns, self.values * number)

    def matmul(self, other: Coordinates) -> Coordinates:
        """Return the product with another sparse matrix; elements that cancel stay."""
        right = other.sorted()
        starts = right.starts()
        first, counts = starts[self.columns], np.diff(starts)[self.columns]
        left = np.repeat(np.arange(len(self.rows)), counts)
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        pairs = np.repeat(first, counts) + within
        return Coordinates(
            (self.shape[0], other.shape[1]),
            self.rows[left],
            right.columns[pairs],
            self.values[left] * right.values[pairs],
        ).summed()

    def dense(self) -> Array:
        """Return the matrix with all its zeros."""
        made = np.zeros(self.shape, self.values.dtype)
        np.add.at(made, (self.rows, self.columns), self.values)
        return made

    def solve(self, right: Array, *, lower: bool, unit: bool) -> Array:
        """Solve a triangular system for each column; the other triangle is not looked at."""
        part = self.rows > self.columns if lower else self.rows < self.columns
        diagonal = np.ones(self.shape[0], self.values.dtype)
        if not unit:
            on = self.rows == self.columns
            diagonal[:] = 0
            diagonal[self.rows[on]] = self.values[on]
        inner = Coordinates(
            self.shape, self.rows[part], self.columns[part], self.values[part]
        ).sorted()
        starts, made = inner.starts(), right.copy()
        size = self.shape[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            for row in range(size) if lower else range(size - 1, -1, -1):
                here = slice(starts[row], starts[row + 1])
                made[row] -= inner.values[here] @ made[inner.columns[here]]
                made[row] /= diagonal[row]
        return made


def from_dense(dense: Array) -> Coordinates:
    """Return the elements of a dense matrix that are not zero, by rows."""
    rows, columns = np.nonzero(dense)
    return Coordinates((dense.shape[0], dense.shape[1]), rows, columns, dense[rows, columns])
