"""Factorizations, linear systems, eigenvalues and singular values, by the host's LAPACK.

The functions of rocSOLVER, and those that hipBLAS has, are LAPACK's with a handle in front, without
its work space. Pivots and `info` have 32 bits. Where there is no solution `info` tells.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from anyroc.cabi import arrays, fortran, memory
from anyroc.cabi.arrays import Array
from anyroc.libs import work

if TYPE_CHECKING:
    from anyroc.libs.blas import Call

_KINDS = {
    "s": (np.float32, np.float32),
    "d": (np.float64, np.float64),
    "c": (np.complex64, np.float32),
    "z": (np.complex128, np.float64),
}
"""The type of elements and that of real numbers, by the letter."""


class Problem:
    """One problem of a call, whose type is that of the letter."""

    pivot_kind: Any = np.int32

    def __init__(self, call: Call, index: int, letter: str = "") -> None:
        self._call = call
        self.index = index
        self.letter = letter or call.signature.base[0]
        self.kind, self.real = _KINDS[self.letter]
        self.is_complex = self.letter in "cz"

    def __getitem__(self, name: str) -> int:
        return self._call.values[name]

    def has(self, name: str) -> bool:
        """Tell whether the call has an argument that is not null."""
        return bool(self._call.values.get(name))

    def word(self, name: str) -> str:
        """Return an enumeration as LAPACK's letter."""
        return self._call.letters[name]

    def matrix(self, name: str, rows: int, columns: int) -> Array:
        """Return a matrix as it lies in memory."""
        leading = max(self[f"ld{name.lower()}"], 1)
        count = (columns - 1) * leading + rows if rows > 0 and columns > 0 else 0
        place = self._place(name, count, leading * columns, np.dtype(self.kind).itemsize)
        return arrays.matrix(place, rows, columns, leading, self.kind)

    def vector(self, name: str, count: int, kind: Any = None) -> Array:
        """Return a vector."""
        kind = np.dtype(kind or self.kind)
        return arrays.at(self._place(name, count, count, kind.itemsize), count, kind)

    def _place(self, name: str, count: int, apart: int, size: int) -> int:
        """Return where an array is; where the call has no stride, problems lie `apart` elements."""
        signature = self._call.signature
        if name in signature.strides or name in signature.by_pointers:
            return self._call.place(name, self.index, count)
        place = self[name] + self.index * apart * size
        return work.check(place, count * size)

    def call(self, name: str, *arguments: Any, workspace: tuple[str, ...] = ()) -> int:
        """Call LAPACK's routine and return its info.

        Arrays are passed by address. `workspace` names what stands before info: "work" (its size
        is asked for), "real N" and "integer N" (N elements).
        """
        library = fortran.library()
        kind = np.int64 if library.integer_size == 8 else np.int32
        info = np.zeros(1, kind)
        made = [_passed(argument) for argument in arguments]
        if not workspace:
            library.call(self.letter + name, *made, _passed(info))
            return int(info[0])
        size = -1
        for _ in range(2):
            buffers: list[Array] = []
            words: list[fortran.Argument] = []
            for entry in workspace:
                what, _, count = entry.partition(" ")
                if what == "work":
                    buffers.append(np.zeros(max(size, 1), self.kind))
                    words += [_passed(buffers[-1]), size]
                    work_place = buffers[-1]
                else:
                    entry_kind = self.real if what == "real" else kind
                    buffers.append(np.zeros(max(int(count), 1), entry_kind))
                    words.append(_passed(buffers[-1]))
            library.call(self.letter + name, *made, *words, _passed(info))
            size = int(work_place[0].real) if size < 0 else size
        return int(info[0])

    def finish(self, info: int) -> None:
        """Store info: that of the device where the call has two, of which the host's is 0 then."""
        two = "deviceInfo" in self._call.values
        if two and self.has("info"):
            memory.put_i32(self["info"], 0)
        name = "deviceInfo" if two else "info"
        if self.has(name):
            place = self[name] + 4 * self.index
            if two or not self._call.signature.function.startswith("hipblas"):
                work.check(place, 4)
            memory.put_i32(place, info)


def _passed(argument: Any) -> fortran.Argument:
    if isinstance(argument, np.ndarray):
        return fortran.place(argument.ctypes.data)
    passed: fortran.Argument = argument
    return passed


def answer_at_once(call: Call) -> None:
    """Wait, for some of hipBLAS's functions have their `info` in host memory."""
    work.synchronize(call.handle.stream)


def _getrf(p: Problem) -> None:
    m, n = p["m"] if p.has("m") else p["n"], p["n"]
    a = p.matrix("A", m, n)
    if not p.has("ipiv"):
        p.finish(_factor_without_pivots(a))
        return
    pivots = np.zeros(min(m, n), integers())
    info = p.call("getrf", m, n, a, p["lda"], pivots)
    p.vector("ipiv", min(m, n), p.pivot_kind)[...] = pivots
    p.finish(info)


def _factor_without_pivots(a: Array) -> int:
    """Make L and U of a matrix in its place; return the number of the first pivot that is 0."""
    info = 0
    for k in range(min(a.shape)):
        if a[k, k] == 0:
            info = info or k + 1
            continue
        a[k + 1 :, k] /= a[k, k]
        a[k + 1 :, k + 1 :] -= np.outer(a[k + 1 :, k], a[k, k + 1 :])
    return info


def integers() -> Any:
    """Return the type of LAPACK's integers."""
    return np.int64 if fortran.library().integer_size == 8 else np.int32


def _pivots(p: Problem) -> Array:
    if not p.has("ipiv"):
        return np.arange(1, p["n"] + 1, dtype=integers())
    return p.vector("ipiv", p["n"], p.pivot_kind).astype(integers())


def _getrs(p: Problem) -> None:
    n, count = p["n"], p["nrhs"]
    a, b = p.matrix("A", n, n), p.matrix("B", n, count)
    info = p.call("getrs", p.word("transA"), n, count, a, p["lda"], _pivots(p), b, p["ldb"])
    if p.has("info"):
        memory.put_i32(p["info"], info)


def _getri(p: Problem) -> None:
    n = p["n"]
    a = p.matrix("A", n, n)
    leading = p["lda"]
    if p.has("C"):
        c = p.matrix("C", n, n)
        c[...] = a
        a, leading = c, p["ldc"]
    p.finish(p.call("getri", n, a, leading, _pivots(p), workspace=("work",)))


def _gesv(p: Problem) -> None:
    n, count = p["n"], p["nrhs"]
    pivots = np.zeros(n, integers())
    a, b = p.matrix("A", n, n), p.matrix("B", n, count)
    info = p.call("gesv", n, count, a, p["lda"], pivots, b, p["ldb"])
    p.vector("ipiv", n, p.pivot_kind)[...] = pivots
    p.finish(info)


def _potrf(p: Problem) -> None:
    n = p["n"]
    p.finish(p.call("potrf", p.word("uplo"), n, p.matrix("A", n, n), p["lda"]))


def _potri(p: Problem) -> None:
    n = p["n"]
    p.finish(p.call("potri", p.word("uplo"), n, p.matrix("A", n, n), p["lda"]))


def _potrs(p: Problem) -> None:
    n, count = p["n"], p["nrhs"]
    a, b = p.matrix("A", n, n), p.matrix("B", n, count)
    p.call("potrs", p.word("uplo"), n, count, a, p["lda"], b, p["ldb"])


def _geqrf(p: Problem) -> None:
    m, n = p["m"], p["n"]
    a, tau = p.matrix("A", m, n), p.vector("ipiv", min(m, n))
    info = p.call("geqrf", m, n, a, p["lda"], tau, workspace=("work",))
    if p.has("info"):
        memory.put_i32(p["info"], info)


def _gqr(p: Problem) -> None:
    m, n, k = p["m"], p["n"], p["k"]
    a, tau = p.matrix("A", m, n), p.vector("ipiv", k)
    name = "ungqr" if p.is_complex else "orgqr"
    p.call(name, m, n, k, a, p["lda"], tau, workspace=("work",))


def _mqr(p: Problem) -> None:
    m, n, k = p["m"], p["n"], p["k"]
    rows = m if p.word("side") == "L" else n
    a, tau, c = p.matrix("A", rows, k), p.vector("ipiv", k), p.matrix("C", m, n)
    words = p.word("side"), p.word("transA")
    name = "unmqr" if p.is_complex else "ormqr"
    p.call(name, *words, m, n, k, a, p["lda"], tau, c, p["ldc"], workspace=("work",))


def _gels(p: Problem) -> None:
    m, n, count = p["m"], p["n"], p["nrhs"]
    a, b = p.matrix("A", m, n), p.matrix("B", max(m, n), count)
    word, sizes = p.word("transA"), (m, n, count)
    p.finish(p.call("gels", word, *sizes, a, p["lda"], b, p["ldb"], workspace=("work",)))


def _gebrd(p: Problem) -> None:
    m, n = p["m"], p["n"]
    least = min(m, n)
    d, e = p.vector("D", least, p.real), p.vector("E", max(least - 1, 0), p.real)
    tau = p.vector("tauq", least), p.vector("taup", least)
    p.call("gebrd", m, n, p.matrix("A", m, n), p["lda"], d, e, *tau, workspace=("work",))


def _gesvd(p: Problem) -> None:
    m, n = p["m"], p["n"]
    least = min(m, n)
    left, right = p.word("left_svect"), p.word("right_svect")
    a, s = p.matrix("A", m, n), p.vector("S", least, p.real)
    u = p.matrix("U", m, m if left == "A" else least) if left in "AS" else np.zeros(1, p.kind)
    v = p.matrix("V", n if right == "A" else least, n) if right in "AS" else np.zeros(1, p.kind)
    extra = ("work", f"real {5 * least}") if p.is_complex else ("work",)
    arguments = (a, p["lda"], s, u, max(p["ldu"], 1), v, max(p["ldv"], 1))
    p.finish(p.call("gesvd", left, right, m, n, *arguments, workspace=extra))


def _eigenvalues(p: Problem) -> None:
    n = p["n"]
    name = "W" if p.has("W") else "D"
    values = p.vector(name, n, p.real)
    extra = ("work", f"real {3 * n}") if p.is_complex else ("work",)
    words = p.word("evect"), p.word("uplo")
    routine = "heev" if p.is_complex else "syev"
    a = p.matrix("A", n, n)
    p.finish(p.call(routine, *words, n, a, p["lda"], values, workspace=extra))


FUNCTIONS: dict[str, Callable[[Problem], None]] = {
    "getrf": _getrf,
    "getrs": _getrs,
    "getri": _getri,
    "gesv": _gesv,
    "potrf": _potrf,
    "potri": _potri,
    "potrs": _potrs,
    "geqrf": _geqrf,
    "orgqr": _gqr,
    "ungqr": _gqr,
    "ormqr": _mqr,
    "unmqr": _mqr,
    "gels": _gels,
    "gebrd": _gebrd,
    "gesvd": _gesvd,
    **dict.fromkeys(("syev", "heev", "syevd", "heevd"), _eigenvalues),
}
"""By a routine's name without the letter of its type."""
