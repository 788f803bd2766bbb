"""hipSPARSE's generic interface: descriptors of operands, and what works on them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from anyroc.cabi import arrays, memory
from anyroc.cabi.arrays import Array
from anyroc.hip.state import Handles
from anyroc.libs import formats, work
from anyroc.libs.gemm import Scalar
from anyroc.libs.handle import Handle, handles
from anyroc.libs.sparse import Coordinates, from_dense
from anyroc.libs.status import StatusError, require

NOT_INITIALIZED, INVALID_VALUE, NOT_SUPPORTED = 1, 3, 10
CSR, CSC, COO = 1, 2, 3
_OPERATIONS = "NTC"
ROW_MAJOR, COLUMN_MAJOR = 2, 1
_INDICES: dict[int, np.dtype[Any]] = {2: np.dtype(np.int32), 3: np.dtype(np.int64)}


@dataclass
class Sparse:
    """A sparse matrix: `starts` are the rows' (columns' in CSC), or all row indices in COO."""

    format: int
    shape: tuple[int, int]
    count: int
    starts: int
    indices: int
    values: int
    start_type: int
    index_type: int
    base: int
    value_type: int
    attributes: dict[int, int] = field(default_factory=dict)

    def _array(self, address: int, count: int, kind: np.dtype[Any]) -> Array:
        return arrays.at(work.check(address, count * kind.itemsize), count, kind)

    def outer(self) -> Array:
        """Return `starts` as they lie in memory."""
        rows = self.shape[1] if self.format == CSC else self.shape[0]
        count = self.count if self.format == COO else rows + 1
        return self._array(self.starts, count, _INDICES[self.start_type])

    def inner(self) -> Array:
        """Return the column indices (row indices in CSC) as they lie in memory."""
        return self._array(self.indices, self.count, _INDICES[self.index_type])

    def elements(self) -> Array:
        """Return the values as they lie in memory."""
        kind = np.dtype(formats.BY_NUMBER[self.value_type].stored)
        return self._array(self.values, self.count, kind)

    def coordinates(self) -> Coordinates:
        """Return the matrix."""
        values = formats.BY_NUMBER[self.value_type].load(self.elements())
        inner, outer = self.inner() - self.base, self.outer() - self.base
        if self.format == COO:
            return Coordinates(self.shape, outer.astype(np.int64), inner.astype(np.int64), values)
        if self.format == CSR:
            return Coordinates.from_compressed(self.shape, outer, inner, values)
        return Coordinates.from_compressed(self.shape[::-1], outer, inner, values).turned("T")

    def fill(self, matrix: Coordinates) -> None:
        """Store a matrix that has as many elements as there is room for."""
        ordered = (matrix.turned("T") if self.format == CSC else matrix).sorted()
        outer = ordered.rows if self.format == COO else ordered.starts()
        self.outer()[...] = outer + self.base
        self.inner()[...] = ordered.columns + self.base
        formats.BY_NUMBER[self.value_type].store(self.elements(), ordered.values)


@dataclass
class Dense:
    """A dense matrix, or a vector (one column)."""

    shape: tuple[int, int]
    leading: int
    values: int
    value_type: int
    order: int = COLUMN_MAJOR

    @property
    def form(self) -> formats.Format:
        """The format of its numbers."""
        return formats.BY_NUMBER[self.value_type]

    def stored(self) -> Array:
        """Return the matrix as it lies in memory."""
        rows, columns = self.shape if self.order == COLUMN_MAJOR else self.shape[::-1]
        extent = (columns - 1) * self.leading + rows if rows and columns else 0
        work.check(self.values, extent * self.form.size)
        made = arrays.matrix(self.values, rows, columns, self.leading, self.form.stored)
        return made if self.order == COLUMN_MAJOR else made.T


matrices: Handles[Sparse] = Handles()
denses: Handles[Dense] = Handles()


def sparse(handle: int) -> Sparse:
    """Return a sparse operand; raises StatusError."""
    require(handle in matrices, INVALID_VALUE)
    return matrices[handle]


def dense(handle: int) -> Dense:
    """Return a dense operand; raises StatusError."""
    require(handle in denses, INVALID_VALUE)
    return denses[handle]


def handle_of(number: int) -> Handle:
    """Return what a handle stands for; raises StatusError."""
    require(number in handles, NOT_INITIALIZED)
    return handles[number]


def _kinds(value_type: int, *index_types: int) -> None:
    require(value_type in formats.BY_NUMBER, NOT_SUPPORTED)
    require(all(kind in _INDICES for kind in index_types), NOT_SUPPORTED)


def _create_compressed(
    form: int,
    out: int,
    rows: int,
    columns: int,
    count: int,
    starts: int,
    indices: int,
    values: int,
    start_type: int,
    index_type: int,
    base: int,
    value_type: int,
) -> None:
    _kinds(value_type, start_type, index_type)
    require(min(rows, columns, count) >= 0 and out, INVALID_VALUE)
    kinds = start_type, index_type, base, value_type
    made = Sparse(form, (rows, columns), count, starts, indices, values, *kinds)
    memory.put_u64(out, matrices.add(made))


def _create_coo(
    out: int,
    rows: int,
    columns: int,
    count: int,
    row_indices: int,
    column_indices: int,
    values: int,
    index_type: int,
    base: int,
    value_type: int,
) -> None:
    places = row_indices, column_indices, values
    kinds = index_type, index_type, base, value_type
    _create_compressed(COO, out, rows, columns, count, *places, *kinds)


def _create_vector(out: int, size: int, values: int, value_type: int) -> None:
    _kinds(value_type)
    memory.put_u64(out, denses.add(Dense((size, 1), size, values, value_type)))


def _create_matrix(
    out: int, rows: int, columns: int, leading: int, values: int, value_type: int, order: int
) -> None:
    _kinds(value_type)
    require(order in (ROW_MAJOR, COLUMN_MAJOR), INVALID_VALUE)
    made = Dense((rows, columns), leading, values, value_type, order)
    memory.put_u64(out, denses.add(made))


def _destroy_sparse(handle: int) -> None:
    sparse(handle)
    matrices.remove(handle)


def _destroy_dense(handle: int) -> None:
    dense(handle)
    denses.remove(handle)


def _put(places: tuple[int, ...], values: tuple[int, ...], ints: int) -> None:
    """Store numbers; the last `ints` of them have 32 bits."""
    for index, (place, value) in enumerate(zip(places, values, strict=True)):
        if place:
            wide = index < len(places) - ints
            (memory.put_u64 if wide else memory.put_i32)(place, value)


def _get_compressed(handle: int, *places: int) -> None:
    m = sparse(handle)
    numbers = *m.shape, m.count, m.starts, m.indices, m.values
    _put(places, (*numbers, m.start_type, m.index_type, m.base, m.value_type), 4)


def _get_coo(handle: int, *places: int) -> None:
    m = sparse(handle)
    numbers = *m.shape, m.count, m.starts, m.indices, m.values
    _put(places, (*numbers, m.index_type, m.base, m.value_type), 3)


def _get_size(handle: int, *places: int) -> None:
    m = sparse(handle)
    _put(places, (*m.shape, m.count), 0)


def _get_format(handle: int, out: int) -> None:
    memory.put_i32(out, sparse(handle).format)


def _get_base(handle: int, out: int) -> None:
    memory.put_i32(out, sparse(handle).base)


def _get_values(handle: int, out: int) -> None:
    memory.put_u64(out, sparse(handle).values)


def _set_values(handle: int, values: int) -> None:
    sparse(handle).values = values


def _set_pointers(handle: int, starts: int, indices: int, values: int) -> None:
    m = sparse(handle)
    m.starts, m.indices, m.values = starts, indices, values


def _set_attribute(handle: int, attribute: int, data: int, size: int) -> None:
    require(data and size == 4, INVALID_VALUE)
    sparse(handle).attributes[attribute] = memory.get_i32(data)


def _get_vector(handle: int, *places: int) -> None:
    d = dense(handle)
    _put(places, (d.shape[0], d.values, d.value_type), 1)


def _get_matrix(handle: int, *places: int) -> None:
    d = dense(handle)
    _put(places, (*d.shape, d.leading, d.values, d.value_type, d.order), 2)


def _get_dense_values(handle: int, out: int) -> None:
    memory.put_u64(out, dense(handle).values)


def _set_dense_values(handle: int, values: int) -> None:
    dense(handle).values = values


def _no_buffer(*arguments: int) -> None:
    memory.put_u64(arguments[-1], 0)


def letter(operation: int) -> str:
    """Return a hipsparseOperation_t as BLAS's letter; raises StatusError."""
    require(0 <= operation < len(_OPERATIONS), INVALID_VALUE)
    return _OPERATIONS[operation]


def _compute_format(number: int) -> formats.Format:
    form = formats.BY_NUMBER.get(number)
    if form is None:
        raise StatusError(NOT_SUPPORTED)
    return form


def _product(
    function: str,
    handle: int,
    letters: tuple[str, str],
    operands: tuple[int, int, int, int, int],
    compute_type: int,
) -> None:
    """C = alpha op(A) op(B) + beta C."""
    found = handle_of(handle)
    alpha, a, b, beta, c = operands
    left, right, target = replace(sparse(a)), replace(dense(b)), replace(dense(c))
    form = _compute_format(compute_type)
    on_host = found.scalars_on_host
    factors = [Scalar.of(place, form, on_host=on_host) for place in (alpha, beta)]

    def compute() -> None:
        values = right.form.load(right.stored())
        values = values.T.conj() if letters[1] == "C" else values.T if letters[1] == "T" else values
        made = factors[0].value * left.coordinates().turned(letters[0]).times(values)
        out, scale = target.stored(), factors[1].value
        if scale != 0:
            made = made + scale * target.form.load(out)
        target.form.store(out, made)

    work.enqueue(function, found.stream, compute)


def _spmv(
    handle: int, operation: int, alpha: int, a: int, x: int, beta: int, y: int, *rest: int
) -> None:
    letters = letter(operation), "N"
    _product("hipsparseSpMV", handle, letters, (alpha, a, x, beta, y), rest[0])


def _spmm(
    handle: int, opa: int, opb: int, alpha: int, a: int, b: int, beta: int, c: int, *rest: int
) -> None:
    letters = letter(opa), letter(opb)
    _product("hipsparseSpMM", handle, letters, (alpha, a, b, beta, c), rest[0])


def _sparse_to_dense(handle: int, a: int, b: int, algorithm: int, buffer: int) -> None:
    source, target = replace(sparse(a)), replace(dense(b))

    def compute() -> None:
        target.form.store(target.stored(), source.coordinates().dense())

    work.enqueue("hipsparseSparseToDense", handle_of(handle).stream, compute)


def _analyse(handle: int, a: int, b: int, algorithm: int, buffer: int) -> None:
    """Count elements, and store where rows begin."""
    source, target = dense(a), sparse(b)
    found = handle_of(handle)

    def count() -> None:
        matrix = from_dense(source.form.load(source.stored()))
        target.count = len(matrix.rows)
        if target.format != COO:
            compressed = matrix.turned("T") if target.format == CSC else matrix
            target.outer()[...] = compressed.starts() + target.base

    work.enqueue("hipsparseDenseToSparse_analysis", found.stream, count)
    work.synchronize(found.stream)


def _convert(handle: int, a: int, b: int, algorithm: int, buffer: int) -> None:
    source, target = replace(dense(a)), replace(sparse(b))

    def convert() -> None:
        target.fill(from_dense(source.form.load(source.stored())))

    work.enqueue("hipsparseDenseToSparse_convert", handle_of(handle).stream, convert)


def _create_solver(out: int) -> None:
    memory.put_u64(out, 1)


def _nothing(*arguments: int) -> None:
    """Do what needs no preparation here."""


def _solve(handle: int, opa: int, opb: int, alpha: int, a: int, b: int, c: int, *rest: int) -> None:
    """Solve op(A) C = alpha op(B) for a triangular A."""
    found = handle_of(handle)
    letters = letter(opa), letter(opb)
    matrix, right, target = replace(sparse(a)), replace(dense(b)), replace(dense(c))
    factor = Scalar.of(alpha, _compute_format(rest[0]), on_host=found.scalars_on_host)

    def compute() -> None:
        values = right.form.load(right.stored())
        values = values if letters[1] == "N" else values.T
        lower = (matrix.attributes.get(0, 0) == 0) == (letters[0] == "N")
        unit = matrix.attributes.get(1, 0) == 1
        coordinates = matrix.coordinates().turned(letters[0])
        made = coordinates.solve(factor.value * values, lower=lower, unit=unit)
        target.form.store(target.stored(), made)

    work.enqueue("hipsparseSpSM_solve", found.stream, compute)


BODIES: dict[str, Callable[..., None]] = {
    "hipsparseCreateCsr": functools.partial(_create_compressed, CSR),
    "hipsparseCreateCsc": functools.partial(_create_compressed, CSC),
    "hipsparseCreateCoo": _create_coo,
    "hipsparseCreateDnVec": _create_vector,
    "hipsparseCreateDnMat": _create_matrix,
    "hipsparseDestroySpMat": _destroy_sparse,
    "hipsparseDestroyDnVec": _destroy_dense,
    "hipsparseDestroyDnMat": _destroy_dense,
    "hipsparseCsrGet": _get_compressed,
    "hipsparseCooGet": _get_coo,
    "hipsparseSpMatGetSize": _get_size,
    "hipsparseSpMatGetFormat": _get_format,
    "hipsparseSpMatGetIndexBase": _get_base,
    "hipsparseSpMatGetValues": _get_values,
    "hipsparseSpMatSetValues": _set_values,
    "hipsparseSpMatSetAttribute": _set_attribute,
    "hipsparseCsrSetPointers": _set_pointers,
    "hipsparseDnVecGet": _get_vector,
    "hipsparseDnVecGetValues": _get_dense_values,
    "hipsparseDnVecSetValues": _set_dense_values,
    "hipsparseDnMatGet": _get_matrix,
    "hipsparseDnMatGetValues": _get_dense_values,
    "hipsparseDnMatSetValues": _set_dense_values,
    "hipsparseSpMV_bufferSize": _no_buffer,
    "hipsparseSpMV": _spmv,
    "hipsparseSpMM_bufferSize": _no_buffer,
    "hipsparseSpMM": _spmm,
    "hipsparseSparseToDense_bufferSize": _no_buffer,
    "hipsparseSparseToDense": _sparse_to_dense,
    "hipsparseDenseToSparse_bufferSize": _no_buffer,
    "hipsparseDenseToSparse_analysis": _analyse,
    "hipsparseDenseToSparse_convert": _convert,
    "hipsparseSpSM_createDescr": _create_solver,
    "hipsparseSpSM_destroyDescr": _nothing,
    "hipsparseSpSM_bufferSize": _no_buffer,
    "hipsparseSpSM_analysis": _nothing,
    "hipsparseSpSM_solve": _solve,
}
