"""Comparisons, vector and scalar, and classes of floats."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from oracles.rule import number, rule
from semantics_support.exact import FORMATS

FLOATING = {
    "f": "", "lt": "<", "eq": "=", "le": "<=", "gt": ">", "lg": "<>", "ge": ">=", "o": "<=>",
    "u": "?", "nge": "<?", "nlg": "=?", "ngt": "<=?", "nle": ">?", "neq": "<>?", "nlt": ">=?",
    "t": "<=>?",
}  # fmt: skip
"""Which of less, equal, greater and unordered satisfy a relation."""

INTEGER = {"f": "", "lt": "<", "eq": "=", "le": "<=", "gt": ">", "ne": "<>", "ge": ">=", "t": "<=>"}


def outcome(a: Any, b: Any) -> str:
    if any(isinstance(v, float) and math.isnan(v) for v in (a, b)):
        return "?"
    return "<" if a < b else ">" if a > b else "="


def relation(t: str, accepted: str) -> Callable[[int, int], bool]:
    """Whether two operands of a type compare as accepted."""
    if t in FORMATS:
        return lambda a, b: outcome(number(a, t), number(b, t)) in (*accepted,)
    return lambda a, b: outcome(a, b) in (*accepted,)


for _t in ("f16", "f32", "f64", "i16", "u16", "i32", "u32", "i64", "u64"):
    for _name, _accepted in (FLOATING if _t[0] == "f" else INTEGER).items():
        _check = relation(_t, _accepted)
        rule(f"v_cmp_{_name}_{_t}", f"{_t} {_t} -> mask", _check)
        rule(f"v_cmpx_{_name}_{_t}", f"{_t} {_t} -> mask", _check)
        _scalar = "lg" if _name == "ne" else _name
        if _name in ("f", "t") or _t in ("f64", "i16", "u16", "i64"):
            continue
        if _t == "u64" and _scalar not in ("eq", "lg"):
            continue
        rule(f"s_cmp_{_scalar}_{_t}", f"{_t} {_t} -> scc", _check)
        if _t in ("i32", "u32"):
            rule(f"s_cmpk_{_scalar}_{_t}", f"{_t} {_t} -> scc", _check)

CLASSES = ("snan", "qnan", "-inf", "-norm", "-den", "-0", "+0", "+den", "+norm", "+inf")
"""By bit of the class mask."""


def kind(code: int, t: str) -> str:
    """The class of a float's bits."""
    f = FORMATS[t]
    sign, magnitude = "-" if code >> (f.bits - 1) else "+", code & (1 << (f.bits - 1)) - 1
    if magnitude > f.infinity:
        return "qnan" if code >> (f.fraction - 1) & 1 else "snan"
    if magnitude == f.infinity:
        return sign + "inf"
    if magnitude >> f.fraction:
        return sign + "norm"
    return sign + ("den" if magnitude else "0")


for _t in ("f16", "f32", "f64"):
    rule(
        f"v_cmp_class_{_t} v_cmpx_class_{_t}", f"{_t} u32 -> mask",
        lambda a, mask, t=_t: mask >> CLASSES.index(kind(a, t)) & 1,
    )  # fmt: skip
