"""hipSPARSE against dense matrices."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

N, T = 0, 1
F64 = 1
INT32 = 2


@dataclass
class Matrix:
    """A sparse matrix on the device by compressed rows."""

    dense: np.ndarray
    starts: ctypes.c_void_p
    columns: ctypes.c_void_p
    values: ctypes.c_void_p

    @property
    def count(self) -> int:
        return int(np.count_nonzero(self.dense))


class Sparse:
    """hipSPARSE with a handle and a matrix description."""

    def __init__(self, api: Any, device: Any) -> None:
        self.api, self.device = api, device
        self.handle, self.plain = ctypes.c_void_p(), ctypes.c_void_p()
        assert 0 == api.hipsparseCreate(ctypes.byref(self.handle))
        assert 0 == api.hipsparseCreateMatDescr(ctypes.byref(self.plain))

    def __getattr__(self, name: str) -> Callable[..., None]:
        def call(*arguments: Any) -> None:
            assert 0 == getattr(self.api, f"hipsparse{name}")(self.handle, *arguments), name

        return call

    def matrix(self, rows: int, columns: int, seed: int = 0) -> Matrix:
        rng = np.random.default_rng([seed, rows, columns])
        dense = rng.integers(-4, 5, (rows, columns)) * (rng.random((rows, columns)) < 0.4)
        return self.put(dense.astype(np.float64))

    def put(self, dense: np.ndarray) -> Matrix:
        rows, columns = np.nonzero(dense)
        starts = np.searchsorted(rows, np.arange(len(dense) + 1)).astype(np.int32)
        places = starts, columns.astype(np.int32), dense[rows, columns]
        return Matrix(dense, *(self.device.put(array) for array in places))

    def empty(self, rows: int, count: int) -> tuple[ctypes.c_void_p, ...]:
        return tuple(self.device.empty(size) for size in (4 * rows + 4, 4 * count, 8 * count))

    def dense(self, shape: tuple[int, int], places: Any, count: int) -> np.ndarray:
        starts, columns, values = (
            self.device.get(place, np.empty(size, kind))
            for place, size, kind in zip(
                places, (shape[0] + 1, count, count), (np.int32, np.int32, np.float64), strict=True
            )
        )
        made = np.zeros(shape)
        for row in range(shape[0]):
            here = slice(starts[row], starts[row + 1])
            assert sorted(columns[here]) == list(columns[here])
            made[row, columns[here]] = values[here]
        return made


@pytest.fixture
def sparse(api: Callable[[str], Any], device: Any) -> Iterator[Sparse]:
    made = Sparse(api("hipsparse"), device)
    yield made
    assert 0 == made.api.hipsparseDestroy(made.handle)


def number(value: float) -> Any:
    return ctypes.byref(ctypes.c_double(value))


@pytest.mark.parametrize("operation", [N, T])
def test_products_with_vectors(sparse: Sparse, operation: int) -> None:
    a = sparse.matrix(6, 5)
    factor = a.dense if operation == N else a.dense.T
    x, y = np.arange(1.0, factor.shape[1] + 1), np.ones(factor.shape[0])
    px, py = sparse.device.put(x), sparse.device.put(y)
    arguments = a.values, a.starts, a.columns
    sparse.Dcsrmv(
        *(operation, 6, 5, a.count, number(2), sparse.plain, *arguments, px, number(3), py)
    )
    assert (2 * factor @ x + 3).tolist() == sparse.device.get(py, y).tolist()


def test_sums_of_matrices(sparse: Sparse) -> None:
    a, b = sparse.matrix(6, 5), sparse.matrix(6, 5, seed=1)
    total, plain = ctypes.c_int(), sparse.plain
    starts, columns, values = sparse.empty(6, a.count + b.count)
    sparse.Xcsrgeam2Nnz(
        *(6, 5, plain, a.count, a.starts, a.columns, plain, b.count, b.starts, b.columns),
        *(plain, starts, ctypes.byref(total), None),
    )
    assert np.count_nonzero((a.dense != 0) | (b.dense != 0)) == total.value
    sparse.Dcsrgeam2(
        *(6, 5, number(2), plain, a.count, a.values, a.starts, a.columns),
        *(number(-1), plain, b.count, b.values, b.starts, b.columns),
        *(plain, values, starts, columns, None),
    )
    found = sparse.dense((6, 5), (starts, columns, values), total.value)
    assert (2 * a.dense - b.dense).tolist() == found.tolist()


def test_products_of_matrices(sparse: Sparse) -> None:
    a, b = sparse.matrix(6, 5), sparse.matrix(5, 7, seed=1)
    total, plain = ctypes.c_int(), sparse.plain
    starts, columns, values = sparse.empty(6, 42)
    left, right = (plain, a.count), (plain, b.count)
    sparse.XcsrgemmNnz(
        *(N, N, 6, 7, 5, *left, a.starts, a.columns, *right, b.starts, b.columns),
        *(plain, starts, ctypes.byref(total)),
    )
    sparse.Dcsrgemm(
        *(N, N, 6, 7, 5, *left, a.values, a.starts, a.columns),
        *(*right, b.values, b.starts, b.columns, plain, values, starts, columns),
    )
    found = sparse.dense((6, 7), (starts, columns, values), total.value)
    assert (a.dense @ b.dense).tolist() == found.tolist()


def test_other_formats(sparse: Sparse) -> None:
    a = sparse.matrix(6, 5)
    starts, rows, values = sparse.empty(5, a.count)
    sparse.Dcsr2csc(6, 5, a.count, a.values, a.starts, a.columns, values, rows, starts, 1, 0)
    found = sparse.dense((5, 6), (starts, rows, values), a.count)
    assert a.dense.T.tolist() == found.tolist()
    whole = sparse.device.empty(240)
    sparse.Dcsr2dense(6, 5, sparse.plain, a.values, a.starts, a.columns, whole, 6)
    assert a.dense.tolist() == sparse.device.get(whole, a.dense).tolist()
    coo = sparse.device.empty(4 * a.count)
    sparse.Xcsr2coo(a.starts, a.count, 6, coo, 0)
    like = np.empty(a.count, np.int32)
    assert np.nonzero(a.dense)[0].tolist() == sparse.device.get(coo, like).tolist()


def test_sorting_keeps_the_permutation(sparse: Sparse) -> None:
    rows, columns = np.array([2, 0, 1, 0, 2], np.int32), np.array([1, 2, 0, 1, 0], np.int32)
    places = [sparse.device.put(array) for array in (rows, columns)]
    permutation = sparse.device.empty(20)
    sparse.CreateIdentityPermutation(5, permutation)
    sparse.XcoosortByRow(3, 3, 5, *places, permutation, None)
    order = np.lexsort((columns, rows))
    found = [sparse.device.get(place, rows).tolist() for place in (*places, permutation)]
    assert [rows[order].tolist(), columns[order].tolist(), order.tolist()] == found


def test_descriptions_may_go_before_the_work_is_done(sparse: Sparse) -> None:
    a = sparse.matrix(40, 40)
    whole, description = sparse.device.empty(12800), ctypes.c_void_p()
    assert 0 == sparse.api.hipsparseCreateMatDescr(ctypes.byref(description))
    for _ in range(20):
        sparse.Dcsr2dense(40, 40, description, a.values, a.starts, a.columns, whole, 40)
    assert 0 == sparse.api.hipsparseDestroyMatDescr(description)
    assert a.dense.tolist() == sparse.device.get(whole, a.dense).tolist()


def test_the_generic_interface(sparse: Sparse) -> None:
    a, b = sparse.matrix(6, 5), np.arange(10.0).reshape(5, 2)
    api, out = sparse.api, [ctypes.c_void_p() for _ in range(3)]
    kinds = INT32, INT32, 0, F64
    places = a.starts, a.columns, a.values
    assert 0 == api.hipsparseCreateCsr(ctypes.byref(out[0]), 6, 5, a.count, *places, *kinds)
    pc = sparse.device.put(np.ones((6, 2)))
    row_major = 2
    by_rows = sparse.device.put(b.T)  # the columns of the transpose are the rows
    assert 0 == api.hipsparseCreateDnMat(ctypes.byref(out[1]), 5, 2, 2, by_rows, F64, row_major)
    assert 0 == api.hipsparseCreateDnMat(ctypes.byref(out[2]), 6, 2, 6, pc, F64, 1)
    sparse.SpMM(N, N, number(1), out[0], out[1], number(2), out[2], F64, 0, None)
    assert (a.dense @ b + 2).tolist() == sparse.device.get(pc, np.ones((6, 2))).tolist()
    sizes = [ctypes.c_int64() for _ in range(3)]
    assert 0 == api.hipsparseSpMatGetSize(out[0], *(ctypes.byref(size) for size in sizes))
    assert [6, 5, a.count] == [size.value for size in sizes]


@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("operation", [N, T])
def test_triangular_systems(sparse: Sparse, lower: bool, operation: int) -> None:
    rng = np.random.default_rng(2)
    whole = rng.integers(1, 4, (5, 5)) + 10 * np.eye(5)
    a = sparse.put(whole)
    assert 0 == sparse.api.hipsparseSetMatFillMode(sparse.plain, 0 if lower else 1)
    right = rng.random((5, 2))
    place = sparse.device.put(right)
    sparse.Dcsrsm2_solve(
        *(0, operation, N, 5, 2, 25, number(3), sparse.plain, a.values, a.starts, a.columns),
        *(place, 5, None, 0, None),
    )
    triangle = np.tril(whole) if lower else np.triu(whole)
    factor = triangle if operation == N else triangle.T
    expected = np.linalg.solve(factor, 3 * right)
    np.testing.assert_allclose(sparse.device.get(place, right), expected, rtol=1e-12)
