"""Products of matrices in any mixture of formats: what the `Ex` functions and hipBLASLt compute.

D = alpha op(A) op(B) + beta C, summed in single precision at least (exactly for 8-bit integers),
and rounded once, to D's format.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from anyroc.cabi import arrays, fortran, memory
from anyroc.cabi.arrays import Array
from anyroc.libs import formats, work
from anyroc.libs.blas_extra import turned
from anyroc.libs.formats import Format

_FORTRAN = {formats.F32: "s", formats.F64: "d", formats.C32: "c", formats.C64: "z"}
_EXACT_IN_SINGLE = 1024
"""Products of bytes of which that many sum up to less than 2^24."""


@dataclass(frozen=True)
class Matrix:
    """A matrix, or a batch of them: `stride` in elements, or an array of addresses.

    `leading` is the distance of columns, or of rows where `by_rows`.
    """

    address: int
    format: Format
    leading: int
    stride: int = 0
    by_pointers: bool = False
    by_rows: bool = False

    def view(self, index: int, rows: int, columns: int) -> Array:
        """Return matrix `index` of the batch as it lies in memory; raises BadMemory."""
        address = self.address + index * self.stride * self.format.size
        if self.by_pointers:
            address = memory.get_u64(work.check(self.address + 8 * index, 8))
        if self.by_rows:
            rows, columns = columns, rows
        if rows > 0 and columns > 0:
            work.check(address, ((columns - 1) * self.leading + rows) * self.format.size)
        found = arrays.matrix(address, rows, columns, self.leading, self.format.stored)
        return found.T if self.by_rows else found


@dataclass(frozen=True)
class Scalar:
    """Alpha or beta: an address, and a copy if it was in host memory."""

    address: int
    format: Format
    kept: memory.Block | None = None

    @classmethod
    def of(cls, address: int, form: Format, *, on_host: bool) -> Scalar:
        """Return a scalar whose memory is the caller's again at once if it is the host's."""
        if not on_host:
            return cls(address, form)
        kept = memory.Block(memory.read(address, form.size))
        return cls(kept.address, form, kept)

    @property
    def value(self) -> complex:
        """The number."""
        if self.kept is None:
            work.check(self.address, self.format.size)
        found: complex = self.format.load(arrays.at(self.address, 1, self.format.stored))[0]
        return found


@dataclass(frozen=True)
class Product:
    """One call; `finish` may change the result before it is rounded."""

    operations: tuple[str, str]
    sizes: tuple[int, int, int]
    alpha: Scalar
    a: Matrix
    b: Matrix
    beta: Scalar
    c: Matrix
    d: Matrix
    batch: int = 1
    scales: tuple[Callable[[], complex | Array], ...] = ()
    finish: Callable[[Array, int], Array] | None = field(default=None)

    def compute(self) -> None:
        """Compute every product of the batch."""
        alpha, beta = self.alpha.value, self.beta.value
        for index in range(self.batch):
            self._one(index, alpha, beta)

    def _one(self, index: int, alpha: complex, beta: complex) -> None:
        m, n, k = self.sizes
        ta, tb = self.operations
        a = self.a.view(index, *((m, k) if ta == "N" else (k, m)))
        b = self.b.view(index, *((k, n) if tb == "N" else (n, k)))
        c = self.c.view(index, m, n) if beta != 0 else None
        d = self.d.view(index, m, n)
        if not m or not n:
            return
        if self._is_blas():
            if c is not None and c.ctypes.data != d.ctypes.data:
                d[...] = c
            self._blas(a, b, d, alpha, beta)
            return
        form = self.a.format
        left, right = turned(form.load(a), ta), turned(self.b.format.load(b), tb)
        if form in (formats.I8, formats.U8) and k <= _EXACT_IN_SINGLE:
            left, right = left.astype(np.float32), right.astype(np.float32)
        total = (left @ right) * _real(alpha)
        for scale in self.scales:
            total = total * scale()
        if c is not None:
            total = total + _real(beta) * self.c.format.load(c)
        if self.finish:
            total = self.finish(total, index)
        self.d.format.store(d, total)

    def _is_blas(self) -> bool:
        matrices = (self.a, self.b, self.c, self.d)
        forms = {matrix.format for matrix in matrices} | {self.alpha.format}
        plain = not self.scales and self.finish is None
        by_columns = not any(matrix.by_rows for matrix in matrices)
        return plain and by_columns and len(forms) == 1 and forms <= set(_FORTRAN)

    def _blas(self, a: Array, b: Array, d: Array, alpha: complex, beta: complex) -> None:
        form = self.d.format
        factors = np.array([alpha, beta], form.stored)
        place = fortran.place
        fortran.library().call(
            f"{_FORTRAN[form]}gemm",
            *self.operations,
            *self.sizes,
            place(factors[:1].ctypes.data),
            place(a.ctypes.data),
            self.a.leading,
            place(b.ctypes.data),
            self.b.leading,
            place(factors[1:].ctypes.data),
            place(d.ctypes.data),
            self.d.leading,
        )


def _real(number: complex) -> complex:
    """Return a number of the narrowest kind, so that it does not widen an array."""
    return float(number.real) if number.imag == 0 else complex(number)


def accumulating(product: Product) -> Product:
    """Return a product whose result replaces its addend."""
    return replace(product, d=product.c)


_COMPUTE = {0: formats.F16, 1: formats.F16, 7: formats.F64, 8: formats.F64, 9: formats.I32}
_COMPUTE |= {10: formats.I32, **dict.fromkeys(range(2, 7), formats.F32)}
_COMPLEX = {formats.F32: formats.C32, formats.F64: formats.C64}


def scale_format(compute: int, result: Format) -> Format | None:
    """Return the format of alpha and beta by hipblasComputeType_t or a datatype's number."""
    form = formats.BY_NUMBER.get(compute) if compute >= 100 else _COMPUTE.get(compute)
    if form is not None and result in (formats.C32, formats.C64):
        return _COMPLEX.get(form, form)
    return form
