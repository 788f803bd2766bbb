"""Comparisons of every type and relation, against Python's."""

from __future__ import annotations

import math

import pytest

from anyroc.semantics.core import OPERATIONS, Op
from anyroc.semantics.numpy_backend import evaluate
from semantics_support.exact import FORMATS, decode
from semantics_support.operands import crossed, width

RELATIONS = {
    "f": "",
    "lt": "<",
    "eq": "=",
    "le": "<=",
    "gt": ">",
    "lg": "<>",
    "ne": "<>",
    "ge": ">=",
    "o": "<=>",
    "u": "?",
    "nge": "<?",
    "nlg": "=?",
    "ngt": "<=?",
    "nle": ">?",
    "neq": "<>?",
    "nlt": ">=?",
    "t": "<=>?",
}
"""Which of less, equal, greater and unordered satisfy the relation."""


def outcome(a: object, b: object) -> str:
    if any(isinstance(v, float) and math.isnan(v) for v in (a, b)):
        return "?"
    return "<" if a < b else ">" if a > b else "="  # type: ignore[operator]


def value(code: int, t: str) -> object:
    if t in FORMATS:
        return decode(code, FORMATS[t])
    top = 1 << (width(t) - 1)
    return code - 2 * top if t[0] == "i" and code >= top else code


NAMES = [
    name
    for name, operation in OPERATIONS.items()
    if isinstance(operation, Op)
    and name.split("_")[1] in ("cmp", "cmpx", "cmpk")
    and name.split("_")[2] != "class"
]


@pytest.mark.parametrize("name", NAMES)
def test_like_python(name: str) -> None:
    relation, t = name.split("_")[2:]
    a, b = crossed((t, t), extra=100)
    pairs = zip(a.tolist(), b.tolist(), strict=True)
    want = [outcome(value(x, t), value(y, t)) in RELATIONS[relation] for x, y in pairs]
    (got,) = evaluate(name, a, b)
    assert want == [bool(v) for v in got.tolist() * (len(want) // len(got))]


def test_counts_and_masks() -> None:
    assert 246 == len(NAMES)
    for name in NAMES:
        operation = OPERATIONS[name]
        assert isinstance(operation, Op)
        assert operation.writes_exec == name.startswith("v_cmpx")
        assert [s.role for s in operation.results] == ["scc" if name[0] == "s" else "mask"]
