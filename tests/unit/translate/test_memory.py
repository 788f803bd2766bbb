"""Every memory instruction at good addresses of every kind: translated code = NumPy reference,
which knows of an instruction what its name says."""

from __future__ import annotations

import random

import numpy as np
import pytest

import anyroc.semantics  # noqa: F401  (registers the instructions)
from anyroc.isa.disasm import format_instruction
from anyroc.isa.instruction import Instruction
from anyroc.isa.tables import table
from anyroc.isa.targets import target
from anyroc.semantics.core import OPERATIONS
from oracles.accesses import reach
from translate_support.compare import differences
from translate_support.machine import BAD_PC, FORMS, State, form_of, run
from translate_support.memory import Buffer, MemoryReference, MemoryStream, prepare
from translate_support.targets import CONFIGURATIONS

FORMATS = ("DS", "GLOBAL", "FLAT", "SCRATCH", "MUBUF", "SMEM")
BATCH = 40


@pytest.fixture(scope="module")
def buffer() -> Buffer:
    return Buffer()


def instructions(name: str, wave_size: int, seed: int) -> list[tuple[Instruction, bytes]]:
    """Two instructions of every row that accesses memory, shuffled."""
    rng = random.Random(seed)
    stream = MemoryStream(target(name).isa, wave_size, rng)
    made = []
    for row in table(target(name).isa):
        # Typed and transposing ones are tested by semantics/programs/*.hip.
        if row.format in FORMATS and row.op in OPERATIONS and reach(row.op) is not None:
            for _ in range(2):
                inst = stream.instruction(row)
                assert inst is not None, row.op
                made.append((inst, stream.code))
    rng.shuffle(made)
    return made


def check(
    form: str,
    name: str,
    wave_size: int,
    code: list[tuple[Instruction, bytes]],
    buffer: Buffer,
    seed: int,
) -> list[str]:
    rng = np.random.default_rng(seed)
    state = State.random(rng, wave_size)
    prepare(state, buffer, rng, target(name).counts_buffer_bytes)
    state.enabled = int(rng.integers(1 << 32)) << 32 | int(rng.integers(1 << 32))
    if seed % 2:
        state.enabled = (1 << wave_size) - 1
    expected = state.copy()
    reference = MemoryReference(expected, target(name), buffer)
    reference.run([inst for inst, _ in code])
    text = b"".join(part for _, part in code)
    assert run(form_of(form, name, wave_size, text), state) == BAD_PC
    found = differences(state, expected)
    places = np.nonzero(buffer.bytes != reference.image)[0]
    return found + ([f"memory at {places[:4].tolist()}"] if len(places) else [])


KIN = [("gfx90a", 64), ("gfx950", 64), ("gfx1100", 32), ("gfx1200", 64), ("gfx1250", 32)]


@pytest.mark.parametrize(
    ("name", "wave_size", "form"),
    [(*both, form) for both in CONFIGURATIONS for form in FORMS] + [(*kin, "quick") for kin in KIN],
)
def test_accesses_as_the_reference(name: str, wave_size: int, form: str, buffer: Buffer) -> None:
    made = instructions(name, wave_size, wave_size)
    for seed, start in enumerate(range(0, len(made), BATCH)):
        batch = made[start : start + BATCH]
        found = check(form, name, wave_size, batch, buffer, seed)
        if found:
            alone = [
                format_instruction(inst, target(name))
                for inst, code in batch
                if check(form, name, wave_size, [(inst, code)], buffer, seed)
            ]
            raise AssertionError(f"{alone or 'only together'}: {found}")
