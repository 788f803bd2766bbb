"""Array code under every promise that a launch can make: translated code = NumPy reference."""

from __future__ import annotations

import random

import numpy as np
import pytest

import anyroc.semantics  # noqa: F401  (registers the instructions)
from anyroc.isa.targets import target
from anyroc.translate.jit import NativeKernel, optimise
from translate_support.arrays import ArrayProgram, prepare_arrays
from translate_support.compare import differences
from translate_support.machine import BAD_PC, RETURN, State, kernel_of, run
from translate_support.memory import Buffer, MemoryReference
from translate_support.programs import follow
from translate_support.targets import CONFIGURATIONS, ISA

PROMISES = [
    {},
    {"starts_full": True},
    {"linear": True},
    {"starts_full": True, "linear": True},
    {"starts_full": True, "rows": True},
]


@pytest.fixture(scope="module")
def buffer() -> Buffer:
    return Buffer()


def versions(kernel: NativeKernel) -> list[NativeKernel]:
    """The kernel as it is at first, and as it becomes when it proves hot."""
    better = optimise(kernel)
    return [kernel] if better is None else [kernel, better]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("name", "wave_size"), CONFIGURATIONS)
def test_arrays_as_the_reference(name: str, wave_size: int, seed: int, buffer: Buffer) -> None:
    program = ArrayProgram(ISA[name], wave_size, random.Random(seed))
    program.fill(3, 3)
    code = program.finish()
    initial = State.random(np.random.default_rng(seed), wave_size)
    prepare_arrays(initial, buffer, np.random.default_rng(seed), seed)
    initial.sgpr[RETURN : RETURN + 2] = 0x10, 0
    memory = buffer.bytes.copy()
    for promises in PROMISES:
        whole = "starts_full" in promises
        initial.enabled = (1 << (wave_size if whole else wave_size - 5)) - 1
        buffer.bytes[:] = memory
        expected = initial.copy()
        reference = MemoryReference(expected, target(name), buffer)
        follow(reference, code, ISA[name])
        for kernel in versions(kernel_of(name, wave_size, code, **promises)):
            buffer.bytes[:] = memory
            state = initial.copy()
            assert run(kernel, state) == BAD_PC
            assert differences(state, expected) == [], promises
            assert (buffer.bytes == reference.image).all(), promises
