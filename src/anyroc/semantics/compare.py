"""Comparisons: v_cmp, v_cmpx, s_cmp and s_cmpk of every type, made from two tables."""

from __future__ import annotations

from collections.abc import Callable

from anyroc.semantics.core import op
from anyroc.semantics.floats import classify
from anyroc.semantics.values import BOOL, Value, is_nan

Relation = Callable[[Value, Value], Value]

INTEGER: dict[str, Relation] = {
    "f": lambda a, _: a.const(0, BOOL),
    "lt": lambda a, b: a < b,
    "eq": lambda a, b: a == b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ne": lambda a, b: a != b,
    "ge": lambda a, b: a >= b,
    "t": lambda a, _: a.const(1, BOOL),
}

FLOATING: dict[str, Relation] = {
    "f": INTEGER["f"],
    "lt": lambda a, b: a < b,
    "eq": lambda a, b: a == b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "lg": lambda a, b: (a < b) | (a > b),
    "ge": lambda a, b: a >= b,
    "o": lambda a, b: ~(is_nan(a) | is_nan(b)),
    "u": lambda a, b: is_nan(a) | is_nan(b),
    "nge": lambda a, b: ~(a >= b),
    "nlg": lambda a, b: ~((a < b) | (a > b)),
    "ngt": lambda a, b: ~(a > b),
    "nle": lambda a, b: ~(a <= b),
    "neq": lambda a, b: a != b,
    "nlt": lambda a, b: ~(a < b),
    "t": INTEGER["t"],
}


def _vector(relation: str, type_: str, body: Relation) -> None:
    op(f"v_cmp_{relation}_{type_}", f"{type_} {type_} -> mask")(body)
    op(f"v_cmpx_{relation}_{type_}", f"{type_} {type_} -> mask", writes_exec=True)(body)


for _type in ("f16", "f32", "f64"):
    for _name, _body in FLOATING.items():
        _vector(_name, _type, _body)
    op(f"v_cmp_class_{_type}", f"{_type} u32 -> mask")(classify)
    op(f"v_cmpx_class_{_type}", f"{_type} u32 -> mask", writes_exec=True)(classify)
for _type in ("i16", "u16", "i32", "u32", "i64", "u64"):
    for _name, _body in INTEGER.items():
        _vector(_name, _type, _body)

for _type in ("i32", "u32"):
    for _name in ("eq", "ne", "gt", "ge", "lt", "le"):
        _key = "lg" if _name == "ne" else _name
        op(f"s_cmp_{_key}_{_type} s_cmpk_{_key}_{_type}", f"{_type} {_type} -> scc")(INTEGER[_name])
op("s_cmp_eq_u64", "u64 u64 -> scc")(INTEGER["eq"])
op("s_cmp_lg_u64", "u64 u64 -> scc")(INTEGER["ne"])
for _type in ("f16", "f32"):
    for _name, _body in FLOATING.items():
        if _name not in ("f", "t"):
            op(f"s_cmp_{_name}_{_type}", f"{_type} {_type} -> scc")(_body)
