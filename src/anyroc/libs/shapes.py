"""How big the matrices and vectors of BLAS's functions are, from the functions' other arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

Letters = Mapping[str, str]
Values = Mapping[str, int]
Shape = tuple[int, int]

_SIZES = ("m", "n", "k", "kl", "ku")
_OPERATION = re.compile(r"(?:is|id|ic|iz|cs|zd|sc|dz|bf|[sdczh])?(?P<name>\w+)")
_OPERATIONS = (
    *("gemm", "symm", "hemm", "syrk", "herk", "syr2k", "her2k", "syrkx", "herkx", "trmm", "trsm"),
    *("trtri", "geam", "dgmm", "gemv", "gbmv", "ger", "geru", "gerc", "symv", "hemv", "sbmv"),
    *("hbmv", "spmv", "hpmv", "syr", "her", "spr", "hpr", "syr2", "her2", "spr2", "hpr2", "trmv"),
    *("trsv", "tbmv", "tbsv", "tpmv", "tpsv", "rotg", "rotmg", "rotm", "rot", "dotu", "dotc"),
    *("dot", "axpy", "scal", "copy", "swap", "nrm2", "asum", "amax", "amin"),
)


def operation(base: str) -> str:
    """Return the name of a BLAS function without the letters of its types: sgemm is gemm."""
    return next((name for name in _LONGEST_FIRST if base.endswith(name)), base)


_LONGEST_FIRST = sorted(_OPERATIONS, key=len, reverse=True)


def _turned(rows: int, columns: int, letter: str) -> Shape:
    """Return the shape of a matrix that is read as `rows` by `columns`, maybe transposed."""
    return (rows, columns) if letter == "N" else (columns, rows)


def _gemm(letters: Letters, v: Values) -> dict[str, Shape]:
    a = _turned(v["m"], v["k"], letters["transA"])
    b = _turned(v["k"], v["n"], letters["transB"])
    return {"A": a, "B": b, "C": (v["m"], v["n"])}


def _geam(letters: Letters, v: Values) -> dict[str, Shape]:
    a = _turned(v["m"], v["n"], letters["transA"])
    return {"A": a, "B": _turned(v["m"], v["n"], letters["transB"]), "C": (v["m"], v["n"])}


def _sided(letters: Letters, v: Values) -> dict[str, Shape]:
    size = v["m"] if letters["side"] == "L" else v["n"]
    return {"A": (size, size), "B": (v["m"], v["n"]), "C": (v["m"], v["n"])}


def _ranked(letters: Letters, v: Values) -> dict[str, Shape]:
    factor = _turned(v["n"], v["k"], letters["transA"])
    return {"A": factor, "B": factor, "C": (v["n"], v["n"])}


def _rectangle(_letters: Letters, v: Values) -> dict[str, Shape]:
    return {"A": (v["m"], v["n"]), "C": (v["m"], v["n"])}


def _square(_letters: Letters, v: Values) -> dict[str, Shape]:
    return {"A": (v["n"], v["n"]), "invA": (v["n"], v["n"])}


def _band(_letters: Letters, v: Values) -> dict[str, Shape]:
    return {"A": (v["k"] + 1, v["n"])}


def _general_band(_letters: Letters, v: Values) -> dict[str, Shape]:
    return {"A": (v["kl"] + v["ku"] + 1, v["n"])}


def _packed(_letters: Letters, v: Values) -> dict[str, Shape]:
    return {"A": (v["n"] * (v["n"] + 1) // 2, 1)}


def _each(names: str, shapes: Callable[[Letters, Values], dict[str, Shape]]) -> dict[str, _Shapes]:
    return dict.fromkeys(names.split(), shapes)


_Shapes = Callable[[Letters, Values], dict[str, Shape]]
_MATRICES: dict[str, _Shapes] = {
    "gemm": _gemm,
    "geam": _geam,
    "gbmv": _general_band,
    **_each("symm hemm trmm trsm", _sided),
    **_each("syrk herk syr2k her2k syrkx herkx", _ranked),
    **_each("gemv ger geru gerc dgmm", _rectangle),
    **_each("symv hemv syr her syr2 her2 trmv trsv trtri", _square),
    **_each("sbmv hbmv tbmv tbsv", _band),
    **_each("spmv hpmv spr hpr spr2 hpr2 tpmv tpsv", _packed),
}


def matrices(base: str, letters: Letters, values: Values) -> dict[str, Shape]:
    """Return (rows, columns) of the matrices as they lie in memory."""
    shapes = _MATRICES.get(operation(base))
    return shapes(letters, values) if shapes else {}


def vector_length(base: str, letters: Letters, values: Values, name: str) -> int:
    """Return the number of elements of a vector."""
    kind = operation(base)
    if kind in ("gemv", "gbmv"):
        return values["n"] if (name == "x") == (letters["transA"] == "N") else values["m"]
    if kind in ("ger", "geru", "gerc"):
        return values["m"] if name == "x" else values["n"]
    if kind == "dgmm":
        return values["m"] if letters["side"] == "L" else values["n"]
    return values["n"]


def elements(base: str, letters: Letters, values: Values, name: str) -> int:
    """Return how many elements an array spans in memory."""
    if f"inc{name}" in values:
        count = vector_length(base, letters, values, name)
        return 1 + (count - 1) * abs(values[f"inc{name}"]) if count > 0 else 0
    shape = matrices(base, letters, values).get(name)
    if shape is None:
        return 5 if name == "param" else 1
    rows, columns = shape
    if rows <= 0 or columns <= 0:
        return 0
    return (columns - 1) * values.get(leading(name), rows) + rows


def leading(name: str) -> str:
    """Return the name of the leading dimension of a matrix."""
    return f"ld{name}" if name == "invA" else f"ld{name.lower()}"


def sizes_fit(base: str, letters: Letters, values: Values) -> bool:
    """Tell whether no size is negative and every leading dimension holds a column."""
    if any(values.get(name, 0) < 0 for name in _SIZES):
        return False
    shapes = matrices(base, letters, values)
    return all(
        values.get(leading(name), max(rows, 1)) >= max(rows, 1)
        for name, (rows, _) in shapes.items()
        if name in values
    )
