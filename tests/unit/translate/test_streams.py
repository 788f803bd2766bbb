"""Straight-line code whose instructions feed each other: translated code = NumPy reference."""

from __future__ import annotations

import random

import numpy as np
import pytest

import anyroc.semantics  # noqa: F401  (registers the instructions)
from anyroc.isa.disasm import format_instruction
from anyroc.isa.instruction import Instruction
from anyroc.isa.targets import target
from translate_support.compare import differences
from translate_support.machine import BAD_PC, FORMS, State, form_of, kernel_of, run
from translate_support.reference import Reference
from translate_support.streams import Stream
from translate_support.targets import CONFIGURATIONS, ISA

Code = list[tuple[Instruction, bytes]]


def check(form: str, name: str, initial: State, code: Code) -> list[str]:
    state, expected = initial.copy(), initial.copy()
    Reference(expected, target(name)).run([inst for inst, _ in code])
    full = initial.enabled == (1 << initial.wave_size) - 1
    text = b"".join(part for _, part in code)
    kernel = form_of(form, name, initial.wave_size, text, starts_full=full)
    assert run(kernel, state) == BAD_PC
    return differences(state, expected)


def shrink(form: str, name: str, initial: State, code: Code) -> Code:
    """The same difference with as few instructions as leaving out some finds."""
    step = len(code) // 2
    while step:
        at = 0
        while at < len(code):
            shorter = code[:at] + code[at + step :]
            if check(form, name, initial, shorter):
                code = shorter
            else:
                at += step
        step //= 2
    return code


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("name", "wave_size"), CONFIGURATIONS)
def test_streams_as_the_reference(name: str, wave_size: int, seed: int, form: str) -> None:
    code = Stream(ISA[name], wave_size, random.Random(seed)).make(80)
    initial = State.random(np.random.default_rng(seed), wave_size)
    if seed % 2:
        initial.enabled = (1 << wave_size) - 1
    if check(form, name, initial, code):
        least = shrink(form, name, initial, code)
        listing = [format_instruction(inst, target(name)) for inst, _ in least]
        raise AssertionError(f"{listing}: {check(form, name, initial, least)}")


def halves(state: State) -> list[State]:
    """The two waves of 32 lanes that a wave of 64 is made of."""
    result = []
    for half in range(2):
        part = State(32, state.sgpr.copy(), state.vgpr[:, 32 * half : 32 * half + 32].copy())
        part.scc = state.scc
        for low in (106, 126):
            part.sgpr[low], part.sgpr[low + 1] = state.sgpr[low + half], 0
        result.append(part)
    return result


@pytest.mark.parametrize("name", ["gfx1151", "gfx1201"])
def test_two_waves_of_32_are_one_of_64(name: str) -> None:
    """For lane-local instructions that read no lane masks but VCC and EXEC."""
    rng = random.Random(5)
    stream = Stream(ISA[name], 64, rng)
    local = [
        (inst, code)
        for inst, code in stream.make(1200)
        if inst.format.startswith(("VOP1", "VOP2", "VOP3")) and lane_local(inst)
    ]
    whole = State.random(np.random.default_rng(5), 64)
    parts = halves(whole)
    code = b"".join(part for _, part in local)
    assert len(local) > 120
    assert run(kernel_of(name, 64, code), whole) == BAD_PC
    for half, part in enumerate(parts):
        assert run(kernel_of(name, 32, code), part) == BAD_PC
        assert (part.vgpr == whole.vgpr[:, 32 * half : 32 * half + 32]).all()


def lane_local(inst: Instruction) -> bool:
    mods = inst.mods
    vectors = all(o.kind in ("v", "const") for o in (*inst.src, *inst.dst))
    name = inst.op
    return vectors and not (mods.dpp or "permlane" in name or "lane" in name or "mbcnt" in name)
