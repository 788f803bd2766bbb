"""The registry against the instruction tables: names, operands, what is missing."""

from __future__ import annotations

import re

import pytest

from anyroc.isa.tables import FAMILY, Row, table
from anyroc.semantics.core import OPERATIONS, Op, op
from anyroc.semantics.coverage import BY_DECISION, coverage, decision

ROWS: dict[str, list[Row]] = {}
for _isa in FAMILY:
    for _row in table(_isa):
        ROWS.setdefault(_row.op, []).append(_row)


def test_every_key_is_some_isas() -> None:
    unknown = [k for k in OPERATIONS if k not in ROWS]
    assert [] == unknown


@pytest.mark.parametrize("isa", FAMILY)
def test_nothing_else_is_missing_but_by_decision(isa: str) -> None:
    # gfx1250's own are known from LLVM alone, which says less than what all of them do.
    own = {row.op for row in table("cdna5") if "@cdna5" in row.flags} if isa == "cdna5" else set()
    assert [] == sorted(set(coverage(isa).missing) - own)


def test_decisions_are_about_something() -> None:
    for pattern, reason in BY_DECISION:
        hits = [k for k in ROWS if re.fullmatch(pattern, k)]
        assert hits and reason, pattern
        assert [] == [k for k in hits if k in OPERATIONS]
    assert decision("v_add_f32") is None


WIDTHS = {"mask": 1, "fp8": 8, "bf8": 8, "b24": 32, "iu8": 8, "iu4": 4, "i4": 4, "u4": 4}


def dwords(type_: str) -> int:
    """How many dwords an operand of a table's type takes at least."""
    count, _, name = type_.rpartition("_")
    number = int(count.removeprefix("pk") or 1) if count else 1
    bits = WIDTHS.get(name) or int(re.sub(r"\D", "", name))
    return -(-number * bits // 32)


def slots(entry: Op, which: str) -> list[str]:
    """The encoded operands of a body, as types of the tables' kind."""
    names = {"mask": "mask", "integer": "u32"}
    return [
        names.get(s.role, f"pk{s.count}_u{s.type.bits}")
        for s in getattr(entry, which)
        if s.role in ("operand", "mask", "mix", "integer")
    ]


# Bodies that take or give a part of what the table says, in a way that the emitter knows.
PARTIAL = re.compile(
    r"v_s_\w+_f16|v_cvt_\w*(fp8|bf8)\w*|v_sat_pk_u8_i16|v_cvt_pkaccum_u8_f32|v_perm_b32|s_cvt_\w+"
)


@pytest.mark.parametrize("key", [k for k, e in OPERATIONS.items() if isinstance(e, Op)])
def test_operands_fit_the_tables(key: str) -> None:
    entry = OPERATIONS[key]
    assert isinstance(entry, Op)
    for row in ROWS.get(key, []):
        for which, specs in (("sources", row.src), ("results", row.dst)):
            mine = slots(entry, which)
            theirs = [spec.type for spec in specs]
            if entry.writes_exec and which == "results":
                theirs = theirs[-1:]  # gfx9 writes the same mask to an SGPR pair as well
            assert len(theirs) == len(mine), (row, which)
            for want, got in zip(theirs, mine, strict=True):
                assert (want == "mask") == (got == "mask"), (row, which)
                if want != "mask" and not PARTIAL.fullmatch(key) and entry.packed == 1:
                    assert dwords(want) == dwords(got), (row, which)


def test_a_name_is_registered_once() -> None:
    with pytest.raises(ValueError, match="v_add_f32 is registered twice"):
        op("v_add_f32", "f32 f32 -> f32")(lambda a, b: a + b)
