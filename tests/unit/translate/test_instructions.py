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
from translate_support.compare import differences
from translate_support.encode import Generator
from translate_support.machine import BAD_PC, State, kernel_of, run
from translate_support.reference import Reference
from translate_support.targets import CONFIGURATIONS, ISA

BATCH = 60


def encodings_to_try(isa: str, generator: Generator) -> list[tuple[Row, str]]:
    """Every row with a body, with each of its variants."""
    return [
        (row, variant)
        for row in table(isa)
        if isinstance(OPERATIONS.get(row.op), Op | Cross)
        and row.format.startswith(("VOP", "SOP", "DS", "VINTERP"))
        and row.format != "VOPD"
        for variant in generator.variants(row)
    ]


def batches(isa: str, wave_size: int, seed: int) -> list[list[tuple[Instruction, bytes]]]:
    """Instructions in groups within which no VGPR is written twice."""
    rng = random.Random(seed)
    generator = Generator(isa, wave_size, rng)
    todo = encodings_to_try(isa, generator)
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
    name: str, wave_size: int, batch: list[tuple[Instruction, bytes]], seed: int
) -> list[str]:
    rng = np.random.default_rng(seed)
    state = State.random(rng, wave_size)
    state.enabled = int(rng.integers(1 << 32)) << 32 | int(rng.integers(1 << 32))
    expected = state.copy()
    reference = Reference(expected, target(name))
    reference.run([inst for inst, _ in batch])
    status = run(kernel_of(name, wave_size, b"".join(code for _, code in batch)), state)
    assert status == BAD_PC
    return differences(state, expected, reference.float_rows)


@pytest.mark.parametrize(("name", "wave_size"), CONFIGURATIONS)
def test_instructions_as_the_reference(name: str, wave_size: int) -> None:
    for seed, batch in enumerate(batches(ISA[name], wave_size, wave_size)):
        if check(name, wave_size, batch, seed):
            alone = {
                format_instruction(inst, target(name)): found
                for inst, code in batch
                if (found := check(name, wave_size, [(inst, code)], seed))
            }
            assert not alone, alone
            raise AssertionError(f"only together: {check(name, wave_size, batch, seed)}")


def test_most_rows_get_an_instruction() -> None:
    generator = Generator("cdna3", 64, random.Random(0))
    rows = {row.op for row, _ in encodings_to_try("cdna3", generator)}
    tried = {inst.op for batch in batches("cdna3", 64, 64) for inst, _ in batch}
    assert len(tried) > 0.97 * len(rows), sorted(rows - tried)
