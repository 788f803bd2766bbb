"""Every instruction with a body, with random modifiers: translated code = NumPy reference."""

from __future__ import annotations

import random

import numpy as np
import pytest

import anyroc.semantics  # noqa: F401  (registers the instructions)
from anyroc.isa.disasm import format_instruction
from anyroc.isa.instruction import Instruction
from anyroc.isa.tables import Row, table
from anyroc.isa.targets import target
from anyroc.semantics.core import OPERATIONS, Cross, Op
from anyroc.translate.library import listed
from translate_support.compare import differences
from translate_support.encode import Generator
from translate_support.machine import BAD_PC, FORMS, State, form_of, run
from translate_support.reference import Reference
from translate_support.targets import CONFIGURATIONS, ISA

BATCH = 60


def encodings_to_try(
    isa: str, generator: Generator, known: frozenset[str] = frozenset()
) -> list[tuple[Row, str]]:
    """Every row with a body, with each of its variants, but for known operations."""
    return [
        (row, variant)
        for row in table(isa)
        if row.op not in known
        and isinstance(OPERATIONS.get(row.op), Op | Cross)
        and row.format.startswith(("VOP", "SOP", "DS", "VINTERP"))
        and row.format != "VOPD"
        for variant in generator.variants(row)
    ]


def batches(
    isa: str, wave_size: int, seed: int, known: frozenset[str] = frozenset()
) -> list[list[tuple[Instruction, bytes]]]:
    """Instructions in groups within which no VGPR is written twice."""
    rng = random.Random(seed)
    generator = Generator(isa, wave_size, rng)
    todo = encodings_to_try(isa, generator, known)
    rng.shuffle(todo)
    result: list[list[tuple[Instruction, bytes]]] = [[]]
    for row, variant in todo:
        made = generator.instruction(row, variant)
        if made is None or len(result[-1]) == BATCH:
            generator.used.clear()
            result.append([])
            made = generator.instruction(row, variant)
        if made is not None:
            result[-1].append((made, generator.code))
    return [batch for batch in result if batch]


def check(
    form: str, name: str, wave_size: int, batch: list[tuple[Instruction, bytes]], seed: int
) -> list[str]:
    rng = np.random.default_rng(seed)
    state = State.random(rng, wave_size)
    state.enabled = int(rng.integers(1 << 32)) << 32 | int(rng.integers(1 << 32))
    expected = state.copy()
    reference = Reference(expected, target(name))
    reference.run([inst for inst, _ in batch])
    code = b"".join(part for _, part in batch)
    status = run(form_of(form, name, wave_size, code), state)
    assert status == BAD_PC
    return differences(state, expected, reference.float_rows)


def check_all(
    form: str, name: str, wave_size: int, made: list[list[tuple[Instruction, bytes]]]
) -> None:
    for seed, batch in enumerate(made):
        if check(form, name, wave_size, batch, seed):
            alone = {
                format_instruction(inst, target(name)): found
                for inst, code in batch
                if (found := check(form, name, wave_size, [(inst, code)], seed))
            }
            assert not alone, alone
            together = check(form, name, wave_size, batch, seed)
            raise AssertionError(f"only together: {together}")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("name", "wave_size"), CONFIGURATIONS)
def test_instructions_as_the_reference(name: str, wave_size: int, form: str) -> None:
    check_all(form, name, wave_size, batches(ISA[name], wave_size, wave_size))


@pytest.mark.parametrize(("name", "wave_size"), CONFIGURATIONS)
def test_routines_as_the_reference(name: str, wave_size: int) -> None:
    """The list of common instructions, in groups within which nothing written is used again."""
    groups: list[list[tuple[Instruction, bytes]]] = []
    touched: set[tuple[str, int]] = set()
    for inst, code in listed(ISA[name], wave_size):
        written = {(o.kind, o.index + i) for o in inst.dst for i in range(o.count)}
        read = {(o.kind, o.index + i) for o in inst.src for i in range(o.count)}
        if not groups or len(groups[-1]) == BATCH or touched & (written | read):
            groups.append([])
            touched = set()
        groups[-1].append((inst, code))
        touched |= written
    assert sum(map(len, groups)) > 20
    check_all("quick", name, wave_size, groups)


def test_most_rows_get_an_instruction() -> None:
    generator = Generator("cdna3", 64, random.Random(0))
    rows = {row.op for row, _ in encodings_to_try("cdna3", generator)}
    tried = {inst.op for batch in batches("cdna3", 64, 64) for inst, _ in batch}
    assert len(tried) > 0.97 * len(rows), sorted(rows - tried)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("name", "kin"), [("gfx90a", "cdna3"), ("gfx950", "cdna3")])
def test_instructions_that_kin_lack(name: str, kin: str, form: str) -> None:
    known = frozenset(row.op for row in table(kin))
    made = [batch for seed in range(4) for batch in batches(ISA[name], 64, seed, known)]
    check_all(form, name, 64, made)
