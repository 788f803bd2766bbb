"""What LAPACK computes for hipSOLVER beyond what rocSOLVER's functions are (`lapack`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from anyroc.cabi import arrays, memory
from anyroc.cabi.arrays import Array
from anyroc.libs import lapack, work
from anyroc.libs.lapack import Problem

_FIRST_TYPE = 210  # of generalised problems: HIPSOLVER_EIG_TYPE_1 is 211


def _job(p: Problem, name: str) -> str:
    return chr(p[name]).upper()


def _named(p: Problem, real: str, hermitian: str) -> str:
    return hermitian if p.is_complex else real


def _orgbr(p: Problem) -> None:
    sizes = p["m"], p["n"], p["k"]
    word = "Q" if p.word("side") == "L" else "P"
    count = min(p["m"], p["k"]) if word == "Q" else min(p["n"], p["k"])
    a, tau = p.matrix("A", p["m"], p["n"]), p.vector("ipiv", count)
    name = _named(p, "orgbr", "ungbr")
    p.finish(p.call(name, word, *sizes, a, p["lda"], tau, workspace=("work",)))


def _orgtr(p: Problem) -> None:
    n = p["n"]
    a, tau = p.matrix("A", n, n), p.vector("ipiv", max(n - 1, 0))
    name = _named(p, "orgtr", "ungtr")
    p.finish(p.call(name, p.word("uplo"), n, a, p["lda"], tau, workspace=("work",)))


def _ormtr(p: Problem) -> None:
    m, n = p["m"], p["n"]
    order = m if p.word("side") == "L" else n
    a, tau = p.matrix("A", order, order), p.vector("ipiv", max(order - 1, 0))
    words = p.word("side"), p.word("uplo"), p.word("transA")
    name = _named(p, "ormtr", "unmtr")
    c = p.matrix("C", m, n)
    arguments = (*words, m, n, a, p["lda"], tau, c, p["ldc"])
    p.finish(p.call(name, *arguments, workspace=("work",)))


def _sytrd(p: Problem) -> None:
    n = p["n"]
    a, tau = p.matrix("A", n, n), p.vector("ipiv", max(n - 1, 0))
    d, e = p.vector("D", n, p.real), p.vector("E", max(n - 1, 0), p.real)
    name = _named(p, "sytrd", "hetrd")
    arguments = (p.word("uplo"), n, a, p["lda"], d, e, tau)
    p.finish(p.call(name, *arguments, workspace=("work",)))


def _sytrf(p: Problem) -> None:
    n = p["n"]
    pivots = np.zeros(n, lapack.integers())
    arguments = (p.word("uplo"), n, p.matrix("A", n, n), p["lda"], pivots)
    info = p.call("sytrf", *arguments, workspace=("work",))
    p.vector("ipiv", n, np.int32)[...] = pivots
    p.finish(info)


def _eigenvalues(p: Problem, values: Array) -> int:
    """Compute the eigenvalues, of one matrix or of two; return info."""
    n = p["n"]
    a = p.matrix("A", n, n)
    words = p.word("evect"), p.word("uplo")
    extra = ("work", f"real {3 * n}") if p.is_complex else ("work",)
    if not p.has("itype"):
        name = _named(p, "syev", "heev")
        return p.call(name, *words, n, a, p["lda"], values, workspace=extra)
    b = p.matrix("B", n, n)
    arguments = (p["itype"] - _FIRST_TYPE, *words, n, a, p["lda"], b, p["ldb"], values)
    return p.call(_named(p, "sygv", "hegv"), *arguments, workspace=extra)


def _all_eigenvalues(p: Problem) -> None:
    name = "W" if p.has("W") else "D"
    p.finish(_eigenvalues(p, p.vector(name, p["n"], p.real)))


def _some_eigenvalues(p: Problem) -> None:
    """Compute all and keep those that were asked for, with their vectors, in front."""
    n = p["n"]
    values = np.zeros(n, p.real)
    info = _eigenvalues(p, values)
    word = p.word("range")
    chosen = np.ones(n, bool)
    if word == "V":
        chosen = (values > p["vl"]) & (values <= p["vu"])
    elif word == "I":
        chosen[: p["il"] - 1] = chosen[p["iu"] :] = False
    count = int(chosen.sum())
    p.vector("W", n, p.real)[:count] = values[chosen]
    if p.word("evect") == "V":
        a = p.matrix("A", n, n)
        a[:, :count] = a[:, chosen]
    memory.put_i32(p["nev"], count)
    p.finish(info)


def _gesvd(p: Problem) -> None:
    left, right = _job(p, "jobu"), _job(p, "jobv")
    m, n = p["m"], p["n"]
    least = min(m, n)
    u, ldu = _optional(p, "U", m, {"A": m, "S": least}.get(left, 0))
    v, ldv = _optional(p, "V", {"A": n, "S": least}.get(right, 0), n)
    a, s = p.matrix("A", m, n), p.vector("S", least, p.real)
    extra = ("work", f"real {5 * least}") if p.is_complex else ("work",)
    arguments = (left, right, m, n, a, p["lda"], s, u, ldu, v, ldv)
    p.finish(p.call("gesvd", *arguments, workspace=extra))


def _optional(p: Problem, name: str, rows: int, columns: int) -> tuple[Array, int]:
    """Return a matrix and its leading dimension, a small one where there are no elements."""
    if rows and columns:
        return p.matrix(name, rows, columns), p[f"ld{name.lower()}"]
    return np.zeros(1, p.kind), 1


def _decompose(p: Problem, a: Array, *, full: bool) -> tuple[int, Array, Array, Array]:
    """Return info, U, the singular values and V transposed of a matrix, which stays as it is."""
    m, n = a.shape
    least = min(m, n)
    kept, s = np.array(a, order="F"), np.zeros(least, p.real)
    u = np.zeros((m, m if full else least), p.kind, order="F")
    v = np.zeros((n if full else least, n), p.kind, order="F")
    extra = ("work", f"real {5 * least}") if p.is_complex else ("work",)
    word = "A" if full else "S"
    arguments = (word, word, m, n, kept, max(m, 1), s, u, max(m, 1), v, max(v.shape[0], 1))
    return p.call("gesvd", *arguments, workspace=extra), u, s, v


def _gesvdj(p: Problem) -> None:
    m, n = p["m"], p["n"]
    full = not p.has("econ")
    info, u, s, v = _decompose(p, p.matrix("A", m, n), full=full)
    p.vector("S", min(m, n), p.real)[...] = s
    if p.word("evect") == "V":
        p.matrix("U", *u.shape)[...] = u
        p.matrix("V", n, v.shape[0])[...] = v.conj().T
    p.finish(info)


def _gesvda(p: Problem) -> None:
    """Compute the `rank` greatest singular values; the residual is what the others amount to."""
    m, n, rank = p["m"], p["n"], p["rank"]
    a = p.matrix("A", m, n)
    info, u, s, v = _decompose(p, a, full=False)
    u, s, v = u[:, :rank], s[:rank], v[:rank]
    p.vector("S", rank, p.real)[...] = s
    if p.word("evect") == "V":
        p.matrix("U", m, rank)[...] = u
        p.matrix("V", n, rank)[...] = v.conj().T
    if p.has("hRnrmF"):
        memory.put_f64(p["hRnrmF"] + 8 * p.index, float(np.linalg.norm(a - (u * s) @ v)))
    p.finish(info)


def _gesv(p: Problem) -> None:
    n, count = p["n"], p["nrhs"]
    a, b = np.array(p.matrix("A", n, n), order="F"), np.array(p.matrix("B", n, count), order="F")
    pivots = np.zeros(n, lapack.integers())
    info = p.call("gesv", n, count, a, max(n, 1), pivots, b, max(n, 1))
    if p.has("ipiv"):
        p.vector("ipiv", n, np.int32)[...] = pivots
    p.matrix("A", n, n)[...] = a
    p.matrix("X", n, count)[...] = b
    _no_iterations(p, info)


def _gels(p: Problem) -> None:
    m, n, count = p["m"], p["n"], p["nrhs"]
    a = np.array(p.matrix("A", m, n), order="F")
    b = np.zeros((max(m, n), count), p.kind, order="F")
    b[:m] = p.matrix("B", m, count)
    arguments = ("N", m, n, count, a, max(m, 1), b, max(m, n, 1))
    info = p.call("gels", *arguments, workspace=("work",))
    p.matrix("X", n, count)[...] = b[:n]
    _no_iterations(p, info)


def _no_iterations(p: Problem, info: int) -> None:
    """Finish what is computed in full precision: nothing was refined."""
    if p.has("niters"):
        memory.put_i32(p["niters"], 0)
    p.finish(info)


@dataclass(frozen=True)
class SparseSystem:
    """A symmetric system in CSR form whose indices count from `base`."""

    base: int
    rows: Array
    columns: Array
    values: Array
    right: Array

    def solve(self, tolerance: float) -> tuple[Array, int]:
        """Return the solution, and the first pivot that is not above `tolerance`, or -1.

        The pivots are those of Cholesky's factorization; the matrix is made dense for it.
        """
        n = len(self.right)
        dense = np.zeros((n, n), self.values.dtype)
        dense[np.repeat(np.arange(n), np.diff(self.rows)), self.columns - self.base] = self.values
        rest = dense.copy()
        for k in range(n):
            if not rest[k, k] > tolerance:
                return np.zeros(n, dense.dtype), k
            rest[k + 1 :, k + 1 :] -= np.outer(rest[k + 1 :, k] / rest[k, k], rest[k, k + 1 :])
        return np.linalg.solve(dense, self.right), -1


def elements(address: int, count: int, kind: Any, *, on_host: bool) -> Array:
    """Return an array of a sparse system, in the device's memory or the host's."""
    size = count * np.dtype(kind).itemsize
    return arrays.at(address if on_host else work.check(address, size), count, kind)


FUNCTIONS: dict[str, Callable[[Problem], None]] = {
    **{name: body for name, body in lapack.FUNCTIONS.items() if name not in ("gesvd", "gels")},
    **dict.fromkeys(("orgbr", "ungbr"), _orgbr),
    **dict.fromkeys(("orgtr", "ungtr"), _orgtr),
    **dict.fromkeys(("ormtr", "unmtr"), _ormtr),
    **dict.fromkeys(("sytrd", "hetrd"), _sytrd),
    **dict.fromkeys(("syevd", "heevd", "syevj", "heevj"), _all_eigenvalues),
    **dict.fromkeys(("sygvd", "hegvd", "sygvj", "hegvj"), _all_eigenvalues),
    **dict.fromkeys(("syevdx", "heevdx", "sygvdx", "hegvdx"), _some_eigenvalues),
    "sytrf": _sytrf,
    "gesvd": _gesvd,
    "gesvdj": _gesvdj,
    "gesvda": _gesvda,
    "gesv": _gesv,
    "gels": _gels,
}
"""By a routine's name without the letter of its type."""
