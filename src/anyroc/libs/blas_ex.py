"""The functions of rocBLAS and hipBLAS whose formats are arguments: gemm_ex and its kin."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from anyroc.cabi import arrays
from anyroc.cabi.arrays import Array
from anyroc.cabi.table import Function
from anyroc.libs import formats, gemm, work
from anyroc.libs.blas import LETTERS, Status
from anyroc.libs.formats import Format
from anyroc.libs.handle import handles
from anyroc.libs.status import StatusError

_GEMM = re.compile(r"(hipblas|rocblas_)gemm_?(StridedBatched|strided_batched|Batched|batched)?_?ex"
                   r"(WithFlags)?", re.IGNORECASE)  # fmt: skip
_VECTOR = re.compile(r"(hipblas|rocblas_)(axpy|dotc|dot|nrm2|scal)_?ex", re.IGNORECASE)


def body(row: Function, status: Status) -> Callable[..., None] | None:
    """Return the body of a function, None if it is none of these."""
    names = [_plain(argument.name) for argument in row.arguments[1:]]
    if found := _GEMM.fullmatch(row.name):
        kind = (found[2] or "").lower()
        return _gemm_body(row.name, names, kind, status)
    if found := _VECTOR.fullmatch(row.name):
        return _vector_body(row.name, names, found[2].lower(), status)
    return None


def _plain(name: str) -> str:
    """Return an argument's name without what the two libraries spell differently."""
    return name.lower().replace("_", "")


def _format(number: int, status: Status) -> Format:
    form = formats.BY_NUMBER.get(number)
    if form is None:
        raise StatusError(status.invalid_value)
    return form


def _gemm_body(function: str, names: list[str], kind: str, status: Status) -> Callable[..., None]:
    by_pointers = kind == "batched"

    def call(handle: int, *values: int) -> None:
        if handle not in handles:
            raise StatusError(status.invalid_handle)
        found = handles[handle]
        given = dict(zip(names, values, strict=True))

        def matrix(name: str) -> gemm.Matrix:
            return gemm.Matrix(
                given[name],
                _format(given[f"{name}type"], status),
                given[f"ld{name}"],
                given.get(f"stride{name}", 0),
                by_pointers,
            )

        c = matrix("c")
        d = matrix("d") if "d" in given else c
        form = gemm.scale_format(given["computetype"], d.format)
        letters = tuple(LETTERS.get(given[name], "") for name in ("transa", "transb"))
        if form is None or not all(letters):
            raise StatusError(status.invalid_value)
        sizes = given["m"], given["n"], given["k"]
        batch = given.get("batchcount", 1)
        if min(*sizes, batch) < 0:
            raise StatusError(status.invalid_size)
        if not given["alpha"] or not given["beta"]:
            raise StatusError(status.invalid_pointer)
        on_host = found.scalars_on_host
        product = gemm.Product(
            (letters[0], letters[1]),
            sizes,
            gemm.Scalar.of(given["alpha"], form, on_host=on_host),
            matrix("a"),
            matrix("b"),
            gemm.Scalar.of(given["beta"], form, on_host=on_host),
            c,
            d,
            batch,
        )
        work.enqueue(function, found.stream, product.compute)

    return call


@dataclass(frozen=True)
class _Vector:
    address: int
    count: int
    increment: int
    form: Format

    def stored(self) -> Array:
        """Return the vector as it lies in memory; raises BadMemory."""
        if self.count > 0:
            extent = 1 + (self.count - 1) * abs(self.increment)
            work.check(self.address, extent * self.form.size)
        return arrays.vector(self.address, self.count, self.increment, self.form.stored)

    def wide(self) -> Array:
        """Return the vector's numbers."""
        return self.form.load(self.stored())


def _vector_body(
    function: str, names: list[str], operation: str, status: Status
) -> Callable[..., None]:
    def call(handle: int, *values: int) -> None:
        if handle not in handles:
            raise StatusError(status.invalid_handle)
        found = handles[handle]
        given = dict(zip(names, values, strict=True))
        x, y = (
            _Vector(given[v], given["n"], given[f"inc{v}"], _format(given[f"{v}type"], status))
            if v in given
            else None
            for v in "xy"
        )
        assert x is not None
        on_host = found.scalars_on_host
        if operation in ("axpy", "scal"):
            form = _format(given["alphatype"], status)
            alpha = gemm.Scalar.of(given["alpha"], form, on_host=on_host)
            target = y or x

            def change() -> None:
                scaled = alpha.value * x.wide()
                target.form.store(target.stored(), scaled if y is None else scaled + y.wide())

            work.enqueue(function, found.stream, change)
            return
        place, kind = given["result"], _format(given["resulttype"], status)

        def reduce() -> None:
            if not on_host:
                work.check(place, kind.size)
            value = _reduced(operation, x, y)
            kind.store(arrays.at(place, 1, kind.stored), np.asarray([value]))

        work.enqueue(function, found.stream, reduce)
        if on_host:
            work.synchronize(found.stream)

    return call


def _reduced(operation: str, x: _Vector, y: _Vector | None) -> complex:
    if y is None:
        return float(np.sqrt(np.sum(np.abs(x.wide().astype(np.complex128)) ** 2)))
    product = np.vdot if operation == "dotc" else np.dot
    return (
        complex(product(x.wide(), y.wide()))
        if x.form.name[0] == "c"
        else float(product(x.wide(), y.wide()))
    )
