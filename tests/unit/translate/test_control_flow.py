"""Programs with loops, divergence, calls and pauses: translated code = NumPy reference."""

from __future__ import annotations

import random

import numpy as np
import pytest

import anyroc.semantics  # noqa: F401  (registers the instructions)
from anyroc.isa.targets import target
from translate_support.compare import differences
from translate_support.encode import encode
from translate_support.machine import BAD_PC, ENTRY, FORMS, RETURN, State, form_of, run
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


@pytest.mark.parametrize("name", ["gfx942", "gfx1151", "gfx1201"])
def test_a_register_may_hold_a_lane_mask_first_and_an_address_then(name: str) -> None:
    """The mask is pending until vector instructions are emitted, which may be after s_getpc."""
    isa, record = ISA[name], target(name)
    wave_size = record.default_wave_size
    state = State.random(np.random.default_rng(1), wave_size)
    code = encode(isa, "VOP3", "v_cmp_eq_u32", vdst=8, src0=256, src1=256)
    code += encode(isa, "SOP1", "s_getpc_b64", sdst=8)
    here = ENTRY + len(code)
    code += encode(isa, "VOP1", "v_not_b32", vdst=9, src0=256)
    code += encode(isa, "SOP2", "s_add_co_u32", sdst=20, ssrc0=8, ssrc1=128)
    code += encode(isa, "SOP1", "s_mov_b32", sdst=21, ssrc0=9)
    assert BAD_PC == run(form_of("full", name, wave_size, code), state)
    assert here == int(state.sgpr[8]) | int(state.sgpr[9]) << 32
    assert here == int(state.sgpr[20]) | int(state.sgpr[21]) << 32
