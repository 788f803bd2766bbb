"""Instructions that steer: each does to registers and to the wave's way what its manual says, and
those that only wait or hint do nothing to them."""

from __future__ import annotations

import numpy as np
import pytest

from anyroc.isa.tables import Row, table
from anyroc.isa.targets import target
from anyroc.semantics.core import OPERATIONS, Control
from oracles import cdna5
from oracles.control import DO_NOTHING
from translate_support.compare import differences
from translate_support.encode import encode
from translate_support.machine import BAD_PC, ENTRY, FORMS, State, form_of, run

CONFIGURATIONS = [
    ("gfx90a", 64), ("gfx942", 64), ("gfx950", 64), ("gfx1100", 64), ("gfx1151", 32),
    ("gfx1200", 64), ("gfx1201", 32), ("gfx1250", 32),
]  # fmt: skip
ENDED = 0
"""The status of a wave that came to s_endpgm."""


def fresh(size: int, seed: int = 0) -> State:
    return State.random(np.random.default_rng(seed), size)


def rows(name: str) -> list[Row]:
    return [row for row in table(target(name).isa) if row.op in DO_NOTHING]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("name", "size"), CONFIGURATIONS)
def test_waits_and_hints_do_nothing(name: str, size: int, form: str) -> None:
    isa, code, expected = target(name).isa, b"", fresh(size)
    for number, row in enumerate(rows(name)):
        fields = {"saddr": 0x7C} if row.format == "GLOBAL" else {}
        code += encode(isa, row.format, row.op, **fields)
        code += encode(isa, "SOPK", "s_movk_i32", sdst=8 + number % 64, simm16=number)
        expected.sgpr[8 + number % 64] = number
    state = fresh(size)
    assert run(form_of(form, name, size, code), state) == BAD_PC
    assert differences(state, expected) == []
    assert len(rows(name)) > 15


def test_all_that_do_nothing_are_known() -> None:
    nothing = {n for n, e in OPERATIONS.items() if isinstance(e, Control) and e.kind == "nop"}
    known = {row.op for name, _ in CONFIGURATIONS for row in table(target(name).isa)}
    assert not (nothing & known) - DO_NOTHING - cdna5.MOVES


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("name", "size"), CONFIGURATIONS)
def test_branches(name: str, size: int, form: str) -> None:
    """Each condition true and false, forwards over an instruction."""
    isa, every = target(name).isa, (1 << size) - 1
    for scc, vcc, mask in ((0, 0, every), (1, 5, every), (1, 0, 0), (0, every, 1)):
        taken = {
            "s_branch": True, "s_cbranch_scc0": not scc, "s_cbranch_scc1": bool(scc),
            "s_cbranch_vccz": not vcc, "s_cbranch_vccnz": bool(vcc),
            "s_cbranch_execz": not mask, "s_cbranch_execnz": bool(mask),
        }  # fmt: skip
        code, state = b"", fresh(size)
        for number, op in enumerate(taken):
            code += encode(isa, "SOPP", op, simm16=1)
            code += encode(isa, "SOPK", "s_movk_i32", sdst=8 + number, simm16=77)
        state.scc, state.enabled = scc, mask
        state.sgpr[106:108] = vcc & 0xFFFFFFFF, vcc >> 32
        expected = state.copy()
        for number, goes in enumerate(taken.values()):
            if not goes:
                expected.sgpr[8 + number] = 77
        assert run(form_of(form, name, size, code), state) == BAD_PC
        assert differences(state, expected) == [], (scc, vcc, mask)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("name", "size"), CONFIGURATIONS)
def test_jumps_and_calls(name: str, size: int, form: str) -> None:
    """A loop of three rounds, a call by s_call_b64, one by s_swappc_b64, returns by s_setpc_b64."""
    isa = target(name).isa

    def put(register: int, value: int) -> bytes:
        return encode(isa, "SOPK", "s_movk_i32", sdst=register, simm16=value & 0xFFFF)

    loop = put(8, 3) + put(9, 0)
    body = encode(isa, "SOPK", "s_addk_co_i32", sdst=9, simm16=5)
    body += encode(isa, "SOPK", "s_addk_co_i32", sdst=8, simm16=0xFFFF)
    body += encode(isa, "SOPC", "s_cmp_lg_i32", ssrc0=8, ssrc1=128)
    code = (
        loop + body + encode(isa, "SOPP", "s_cbranch_scc1", simm16=-(len(body) // 4 + 1) & 0xFFFF)
    )
    code += encode(isa, "SOPK", "s_call_b64", sdst=10, simm16=1)
    behind_call = ENTRY + len(code)
    skip = encode(isa, "SOPP", "s_branch", simm16=2)
    code += skip + put(12, 1) + encode(isa, "SOP1", "s_setpc_b64", ssrc0=10)
    code += encode(isa, "SOP1", "s_getpc_b64", sdst=14)
    here = ENTRY + len(code)
    code += encode(isa, "SOP2", "s_add_co_u32", sdst=14, ssrc0=14, ssrc1=128 + 16)
    code += encode(isa, "SOP2", "s_add_co_ci_u32", sdst=15, ssrc0=15, ssrc1=128)
    code += encode(isa, "SOP1", "s_swappc_b64", sdst=16, ssrc0=14)
    behind_swap = ENTRY + len(code)
    code += encode(isa, "SOPP", "s_branch", simm16=3)
    code += put(13, 2) + put(18, 9) + encode(isa, "SOP1", "s_setpc_b64", ssrc0=16)
    state = fresh(size)
    state.sgpr[12:14] = 0
    assert run(form_of(form, name, size, code), state) == BAD_PC
    assert [0, 15, behind_call] == state.sgpr[8:11].tolist()
    assert [1, 2, here + 16] == state.sgpr[12:15].tolist()
    assert [behind_swap, 9] == [int(state.sgpr[16]), int(state.sgpr[18])]


@pytest.mark.parametrize(("name", "size"), CONFIGURATIONS)
def test_ends_and_pauses(name: str, size: int) -> None:
    isa = target(name).isa
    known = {row.op: row.format for row in table(isa)}
    for op in ("s_endpgm", "s_endpgm_saved", "s_endpgm_ordered_ps_done"):
        if op in known:
            assert run(form_of("quick", name, size, encode(isa, "SOPP", op)), fresh(size)) == ENDED
    code, expected = b"", fresh(size)
    for op in ("s_sleep", "s_sleep_var", "s_barrier"):
        if op in known:
            code += encode(isa, known[op], op)
    if "s_barrier_wait" in known:
        code += encode(isa, "SOP1", "s_barrier_signal", ssrc0=193)
        code += encode(isa, "SOPP", "s_barrier_wait", simm16=0xFFFF)
    state = fresh(size)
    assert run(form_of("quick", name, size, code), state) == BAD_PC
    assert differences(state, expected) == []


@pytest.mark.parametrize(("name", "size"), CONFIGURATIONS)
def test_traps_stop_the_wave(name: str, size: int) -> None:
    code = encode(target(name).isa, "SOPP", "s_trap", simm16=2)
    assert run(form_of("quick", name, size, code), fresh(size)) not in (BAD_PC, ENDED)


@pytest.mark.parametrize(("name", "size"), CONFIGURATIONS[5:])
def test_a_lone_wave_signals_first(name: str, size: int) -> None:
    isa, state = target(name).isa, fresh(size)
    code = encode(isa, "SOP1", "s_barrier_signal_isfirst", ssrc0=193)
    code += encode(isa, "SOP2", "s_cselect_b32", sdst=8, ssrc0=129, ssrc1=128)
    code += encode(isa, "SOPP", "s_barrier_wait", simm16=0xFFFF)
    state.scc = 0
    assert run(form_of("quick", name, size, code), state) == BAD_PC
    assert state.sgpr[8] == 1


@pytest.mark.parametrize("name", ["gfx90a", "gfx942", "gfx950"])
def test_the_index_of_registers_changes(name: str) -> None:
    """s_set_gpr_idx_idx writes bits 7:0 of M0, s_set_gpr_idx_mode bits 15:12."""
    isa, state = target(name).isa, fresh(64)
    state.sgpr[124], state.sgpr[20] = 0x12345678, 0xABCDEF05
    state.enabled = (1 << 64) - 1
    before = state.copy()
    code = encode(isa, "SOPC", "s_set_gpr_idx_on", ssrc0=128, ssrc1=1)
    code += encode(isa, "SOP1", "s_set_gpr_idx_idx", ssrc0=20)
    code += encode(isa, "VOP1", "v_mov_b32", vdst=40, src0=256 + 8)
    code += encode(isa, "SOPP", "s_set_gpr_idx_mode", simm16=8)
    code += encode(isa, "VOP1", "v_mov_b32", vdst=41, src0=256 + 8)
    code += encode(isa, "SOPP", "s_set_gpr_idx_off")
    assert run(form_of("quick", name, 64, code), state) == BAD_PC
    assert state.sgpr[124] == 0x12348605
    assert before.vgpr[13].tolist() == state.vgpr[40].tolist()
    assert before.vgpr[8].tolist() == state.vgpr[46].tolist()


@pytest.mark.parametrize(("name", "size"), CONFIGURATIONS)
def test_mode(name: str, size: int) -> None:
    """s_getreg_b32 and s_setreg_b32 move bits of MODE, hardware register 1."""
    isa = target(name).isa
    known = {row.op for row in table(isa)}
    whole, rounding, denormals = 1 | 31 << 11, 1 | 3 << 11, 1 | 4 << 6 | 3 << 11

    def get(to: int) -> bytes:
        return encode(isa, "SOPK", "s_getreg_b32", sdst=to, simm16=whole)

    code = get(8) + encode(isa, "SOPK", "s_setreg_b32", sdst=20, simm16=rounding) + get(9)
    code += encode(isa, "SOPK", "s_setreg_imm32_b32", simm16=denormals, literal=5) + get(10)
    wanted = [0x3F0, 0x3F0 & ~15 | 0xA, 0x3F0 & ~0xFF | 0x5A]
    if "s_round_mode" in known:
        code += encode(isa, "SOPP", "s_round_mode", simm16=3) + get(11)
        code += encode(isa, "SOPP", "s_denorm_mode", simm16=12) + get(12)
        wanted += [wanted[-1] & ~15 | 3, wanted[-1] & ~0xFF | 0xC3]
    state = fresh(size)
    state.sgpr[20] = 0xFFFFFFFA
    assert run(form_of("quick", name, size, code), state) == BAD_PC
    kept = 0xFF  # what a kernel can set on all of them
    assert [w & kept for w in wanted] == [int(v) & kept for v in state.sgpr[8 : 8 + len(wanted)]]


@pytest.mark.parametrize(("name", "size"), CONFIGURATIONS)
def test_clocks_do_not_go_back(name: str, size: int) -> None:
    isa = target(name).isa
    known = {row.op for row in table(isa)}
    ticks = [op for op in ("s_memtime", "s_memrealtime") if op in known]
    code = b""
    for op in ticks:
        code += encode(isa, "SMEM", op, sdata=8) + encode(isa, "SMEM", op, sdata=10)
    if not ticks:
        code = encode(isa, "SOP1", "s_sendmsg_rtn_b64", sdst=8, ssrc0=131)
        code += encode(isa, "SOP1", "s_sendmsg_rtn_b64", sdst=10, ssrc0=131)
        code += encode(isa, "SOP1", "s_sendmsg_rtn_b32", sdst=12, ssrc0=131)
    state = fresh(size)
    assert run(form_of("quick", name, size, code), state) == BAD_PC
    first, second = (int(state.sgpr[n]) | int(state.sgpr[n + 1]) << 32 for n in (8, 10))
    assert 0 < first <= second
