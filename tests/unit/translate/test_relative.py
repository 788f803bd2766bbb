"""Registers whose numbers M0 takes part in, against AMD's pseudo-code written once more."""

from __future__ import annotations

import random

import numpy as np
import pytest

from anyroc.isa.targets import target
from translate_support.compare import differences
from translate_support.encode import encode
from translate_support.machine import BAD_PC, FORMS, State, form_of, run
from translate_support.targets import CONFIGURATIONS, ISA

CDNA = [name for name in ISA if target(name).has_agprs]
RDNA = [c for c in CONFIGURATIONS if c[0] not in CDNA]


def random_state(seed: int, wave_size: int, m0: int) -> State:
    state = State.random(np.random.default_rng(seed), wave_size)
    state.sgpr[124] = m0
    return state


def active(state: State) -> np.ndarray:
    return np.array([bool(state.enabled >> i & 1) for i in range(state.wave_size)])


def move(state: State, to: int, value: np.ndarray) -> None:
    state.vgpr[to] = np.where(active(state), value, state.vgpr[to])


def vector(op: str, state: State, dst: int, src: int) -> None:
    m0 = int(state.sgpr[124])
    low, high = m0 & 0x3FF, m0 >> 16 & 0x3FF
    match op:
        case "v_movrels_b32":
            move(state, dst, state.vgpr[src + m0])
        case "v_movreld_b32":
            move(state, dst + m0, state.vgpr[src])
        case "v_movrelsd_b32":
            move(state, dst + m0, state.vgpr[src + m0])
        case "v_movrelsd_2_b32":
            move(state, dst + high, state.vgpr[src + low])
        case "v_swaprel_b32":
            old = state.vgpr[dst + high].copy()
            move(state, dst + high, state.vgpr[src + low])
            move(state, src + low, old)


@pytest.mark.parametrize(("name", "wave_size"), RDNA)
def test_vector_moves(name: str, wave_size: int) -> None:
    rng = random.Random(wave_size)
    for op in ("v_movrels_b32", "v_movreld_b32", "v_movrelsd_b32", "v_movrelsd_2_b32",
               "v_swaprel_b32"):  # fmt: skip
        wide = op in ("v_movrelsd_2_b32", "v_swaprel_b32")
        state = random_state(1, wave_size, rng.randrange(60) | rng.randrange(60) << 16 * wide)
        if not wide:
            state.sgpr[124] &= 63
        expected, code = state.copy(), b""
        for _ in range(12):
            dst, src = rng.randrange(120), rng.randrange(120)
            code += encode(ISA[name], "VOP1", op, vdst=dst, src0=256 + src)
            code += encode(ISA[name], "VOP1", "v_not_b32", vdst=src, src0=256 + dst)
            vector(op, expected, dst, src)
            move(expected, src, ~expected.vgpr[dst])
        assert BAD_PC == run(form_of(rng.choice(FORMS), name, wave_size, code), state)
        assert [] == differences(state, expected), op


def scalar(op: str, sgpr: np.ndarray, dst: int, src: int) -> None:
    m0 = int(sgpr[124])
    count = 2 if op.endswith("b64") else 1
    name = op.removeprefix("s_movrel").rpartition("_")[0]
    source, to = (m0 & 0x3FF, m0 >> 16 & 0x3FF) if name == "sd_2" else (m0, m0)
    value = sgpr[src + (source if "s" in name else 0) :][:count].copy()
    sgpr[dst + (to if "d" in name else 0) :][:count] = value


@pytest.mark.parametrize("name", list(ISA))
def test_scalar_moves(name: str) -> None:
    rng, wave_size = random.Random(name), target(name).default_wave_size
    ops = ["s_movrels_b32", "s_movreld_b32", "s_movrels_b64", "s_movreld_b64"]
    if name not in CDNA:
        ops.append("s_movrelsd_2_b32")
    for op in ops:
        m0 = rng.randrange(20) & ~1
        state = random_state(2, wave_size, m0 | (m0 << 16 if "_2_" in op else 0))
        expected, code = state.copy(), b""
        for _ in range(10):
            dst, src = (2 * rng.randrange(20) for _ in range(2))
            code += encode(ISA[name], "SOP1", op, sdst=dst, ssrc0=src)
            code += encode(ISA[name], "SOP1", "s_not_b32", sdst=src + 1, ssrc0=dst + 1)
            scalar(op, expected.sgpr, dst, src)
            expected.sgpr[src + 1] = ~expected.sgpr[dst + 1]
            expected.scc = int(expected.sgpr[src + 1] != 0)
        assert BAD_PC == run(form_of(rng.choice(FORMS), name, wave_size, code), state)
        assert [] == differences(state, expected), op


@pytest.mark.parametrize("name", CDNA)
def test_index_mode(name: str) -> None:
    """Between s_set_gpr_idx_on and _off, moves count from M0 as the mode says."""
    rng, isa = random.Random(name), ISA[name]
    state = random_state(3, 64, 0x12345678)
    expected, code = state.copy(), b""
    for mode in (1, 8, 9, 1):
        index, dst, src = rng.randrange(60), rng.randrange(120), rng.randrange(120)
        code += encode(isa, "SOPC", "s_set_gpr_idx_on", ssrc0=128 + index, ssrc1=mode)
        code += encode(isa, "VOP1", "v_mov_b32", vdst=dst, src0=256 + src)
        code += encode(isa, "SOPP", "s_set_gpr_idx_off")
        code += encode(isa, "VOP1", "v_not_b32", vdst=src, src0=256 + dst)
        expected.sgpr[124] = int(expected.sgpr[124]) & ~0xF0FF | index | mode << 12
        row = expected.vgpr[src + (index if mode & 1 else 0)]
        move(expected, dst + (index if mode & 8 else 0), row)
        move(expected, src, ~expected.vgpr[dst])
    assert BAD_PC == run(form_of(rng.choice(FORMS), name, 64, code), state)
    assert [] == differences(state, expected)
