"""The bodies and the table agree on what there is."""

from __future__ import annotations

import inspect

from anyroc import hip
from anyroc.cabi import source, table
from anyroc.cabi.source import spread
from anyroc.hip.launch import Spread


def test_every_body_has_a_row() -> None:
    names = {function.name for function in table.load("hip").functions}
    assert set() == set(hip.bodies()) - names


def test_what_counts_as_implemented_is_what_is_bound() -> None:
    names = {function.name for function in table.load("hip").functions}
    assert set(hip.bodies()) | (source.c_bodies("hip") & names) == hip.implemented()


def test_bodies_take_what_their_rows_say() -> None:
    hip_table = table.load("hip")
    for name, body in hip.bodies().items():
        count = 0
        for argument in hip_table[name].arguments:
            passing = hip_table.passing(argument.type)
            count += passing.count if spread(passing) else 1
        written = inspect.unwrap(body)
        if isinstance(written, Spread):
            assert count == written.count, name
        else:
            assert count == len(inspect.signature(written).parameters), name


def test_nearly_all_of_what_programs_use_has_a_body() -> None:
    have = hip.implemented()
    names = {function.name for function in table.load("hip").functions}
    for program, functions in hip.used().items():
        assert not set(functions) - names, program
        assert 0.95 <= len(have.intersection(functions)) / len(functions), program


def test_coverage_lists_the_whole_table_in_order() -> None:
    rows = hip.coverage()
    assert [function.name for function in table.load("hip").functions] == [row.name for row in rows]
    by_name = {row.name: row for row in rows}
    assert by_name["hipMalloc"].implemented
    assert "cudaMalloc" in by_name["hipMalloc"].cuda
    assert not by_name["hipGLGetDevices"].implemented
