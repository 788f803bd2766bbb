"""Programs with loops, divergence, calls and pauses: translated code = NumPy reference."""

from __future__ import annotations

import random

import numpy as np
import pytest

import anyroc.semantics  # noqa: F401  (registers the instructions)
from anyroc.isa.targets import target
from translate_support.compare import differences
from translate_support.machine import BAD_PC, FORMS, RETURN, State, form_of, run
from translate_support.programs import Program, follow
from translate_support.reference import Reference
from translate_support.targets import CONFIGURATIONS, ISA


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("name", "wave_size"), CONFIGURATIONS)
def test_programs_as_the_reference(name: str, wave_size: int, seed: int, form: str) -> None:
    """With enough budget, with one that a few branches spend, and with none."""
    program = Program(ISA[name], wave_size, random.Random(seed))
    program.fill(3, 2)
    code = program.finish()
    initial = State.random(np.random.default_rng(seed), wave_size)
    initial.vgpr[56:64] = 1  # what divergent loops count by
    initial.sgpr[RETURN : RETURN + 2] = 0x10, 0
    if seed % 2:
        initial.enabled = (1 << wave_size) - 1
    expected = initial.copy()
    follow(Reference(expected, target(name)), code, ISA[name])
    kernel = form_of(form, name, wave_size, code)
    for budget in (1 << 40, 3, 0):
        state = initial.copy()
        assert run(kernel, state, budget=budget, calls=100_000) == BAD_PC
        assert differences(state, expected) == []
