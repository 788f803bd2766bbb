"""What rocBLAS and hipBLAS have beyond BLAS, on NumPy's arrays, and half precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from anyroc.cabi import arrays, fortran, memory
from anyroc.cabi.arrays import Array
from anyroc.libs import formats, shapes

if TYPE_CHECKING:
    from anyroc.libs.blas import Call


def put(address: int, kind: str, value: float) -> None:
    """Store a result: an int ("i"), a float ("f") or a double ("d")."""
    if kind == "i":
        memory.put_i32(address, int(value))
    elif kind == "f":
        memory.put_f32(address, value)
    else:
        memory.put_f64(address, value)


def _format(call: Call, name: str) -> formats.Format:
    return formats.BY_TYPE[call.signature.types[name]]


def matrix(call: Call, name: str, index: int) -> Array:
    """Return a matrix of a call as it lies in memory."""
    rows, columns = shapes.matrices(call.signature.base, call.letters, call.values)[name]
    leading = call.values.get(shapes.leading(name), rows)
    kind = _format(call, name).stored
    return arrays.matrix(call.place(name, index), rows, columns, max(leading, 1), kind)


def vector(call: Call, name: str, index: int) -> Array:
    """Return a vector of a call as it lies in memory."""
    count = shapes.vector_length(call.signature.base, call.letters, call.values, name)
    step = call.values[f"inc{name}"]
    return arrays.vector(call.place(name, index), count, step, _format(call, name).stored)


def scalar(call: Call, name: str) -> complex:
    """Return alpha or beta."""
    chosen = _format(call, name)
    value: complex = chosen.load(arrays.at(call.values[name], 1, chosen.stored))[0]
    return value


def turned(array: Array, letter: str) -> Array:
    """Return a matrix, its transpose ("T") or its conjugate transpose ("C")."""
    if letter == "N":
        return array
    return array.T.conj() if letter == "C" else array.T


def _trmm(call: Call) -> None:
    """C = alpha op(A) B, or B op(A): BLAS's function does it in B's place."""
    for index in range(call.batch):
        source, target = call.place("B", index), call.place("C", index)
        if source != target:
            matrix(call, "C", index)[...] = matrix(call, "B", index)
        letters = [call.letters[name] for name in ("side", "uplo", "transA", "diag")]
        sizes = call.values["m"], call.values["n"]
        alpha, a = fortran.place(call.values["alpha"]), fortran.place(call.place("A", index))
        lda, ldc = call.values["lda"], call.values["ldc"]
        fortran.library().call(
            call.signature.base, *letters, *sizes, alpha, a, lda, fortran.place(target), ldc
        )


def _geam(call: Call) -> None:
    """C = alpha op(A) + beta op(B); a matrix whose factor is zero is not read."""
    alpha, beta = scalar(call, "alpha"), scalar(call, "beta")
    for index in range(call.batch):
        c = matrix(call, "C", index)
        total = np.zeros_like(c)
        for name, factor in (("A", alpha), ("B", beta)):
            if factor != 0:
                total += factor * turned(matrix(call, name, index), call.letters[f"trans{name}"])
        c[...] = total


def _dgmm(call: Call) -> None:
    """C = A diag(x), or diag(x) A."""
    for index in range(call.batch):
        a, x = matrix(call, "A", index), vector(call, "x", index)
        matrix(call, "C", index)[...] = a * (x if call.letters["side"] == "R" else x[:, None])


def _ranked(call: Call) -> None:
    """C = alpha op(A) op(B)^T + beta C on one triangle; ^H for Hermitian matrices."""
    hermitian = "her" in call.signature.base
    alpha, beta = scalar(call, "alpha"), scalar(call, "beta")
    for index in range(call.batch):
        a, b, c = (matrix(call, name, index) for name in "ABC")
        plain = call.letters["transA"] == "N"
        left, right = (a, b) if plain else (a.T, b.T)
        if hermitian:
            left, right = (left, right.conj()) if plain else (left.conj(), right)
        product = alpha * (left @ right.T)
        made = product if beta == 0 else product + beta * c
        inside = _triangle(c.shape[0], call.letters["uplo"])
        if hermitian:
            np.fill_diagonal(made, made.diagonal().real)
        np.copyto(c, made, where=inside)


def _triangle(size: int, letter: str) -> Array:
    """Return which elements of a square matrix belong to a triangle."""
    whole = np.ones((size, size), bool)
    return np.triu(whole) if letter == "U" else np.tril(whole)


def _trtri(call: Call) -> None:
    """The inverse of a triangular matrix, the other triangle being left alone."""
    for index in range(call.batch):
        a, out = matrix(call, "A", index), matrix(call, "invA", index)
        made = np.array(a, order="F")
        n, info = call.values["n"], np.zeros(1, np.int64)
        letters = call.letters["uplo"], call.letters["diag"]
        place = fortran.place(made.ctypes.data)
        info_place = fortran.place(info.ctypes.data)
        fortran.library().call(call.signature.base, *letters, n, place, max(n, 1), info_place)
        inside = _triangle(n, letters[0])
        np.copyto(out, made, where=inside)


def _dot(call: Call) -> None:
    """The product of two vectors, the first conjugated in `dotc`."""
    chosen = _format(call, "result")
    for index in range(call.batch):
        x, y = (_format(call, name).load(vector(call, name, index)) for name in "xy")
        value = np.vdot(x, y) if call.signature.base.endswith("dotc") else np.dot(x, y)
        chosen.store(arrays.at(call.result(index), 1, chosen.stored), np.asarray([value]))


def _axpy(call: Call) -> None:
    """y = alpha x + y in half precision."""
    chosen = _format(call, "x")
    for index in range(call.batch):
        x, y = vector(call, "x", index), vector(call, "y", index)
        chosen.store(y, scalar(call, "alpha") * chosen.load(x) + chosen.load(y))


def _gemm(call: Call) -> None:
    """C = alpha op(A) op(B) + beta C in half precision, summed in single."""
    chosen = _format(call, "C")
    alpha, beta = (np.float32(scalar(call, name).real) for name in ("alpha", "beta"))
    for index in range(call.batch):
        a, b, c = (matrix(call, name, index) for name in "ABC")
        left = turned(chosen.load(a), call.letters["transA"])
        right = turned(chosen.load(b), call.letters["transB"])
        product = alpha * (left @ right)
        chosen.store(c, product if beta == 0 else product + beta * chosen.load(c))


FUNCTIONS: dict[str, Callable[[Call], None]] = {
    "trmm": _trmm,
    "geam": _geam,
    "dgmm": _dgmm,
    "syrkx": _ranked,
    "herkx": _ranked,
    "trtri": _trtri,
    "cdotu": _dot,
    "cdotc": _dot,
    "zdotu": _dot,
    "zdotc": _dot,
    "hdot": _dot,
    "bfdot": _dot,
    "haxpy": _axpy,
    "hgemm": _gemm,
}
"""By a function's name in BLAS's manner, with or without the letter of its type."""
