"""Which halves of registers are read and written, where an operand is not just src0 to src2; signs.

The results are written by hand: the reference of the random tests once shared the translator's
mistake, which an independent emulator showed.
"""

from __future__ import annotations

import numpy as np
import pytest

from anyroc.isa.targets import target
from translate_support.encode import encode
from translate_support.machine import BAD_PC, FORMS, State, form_of, run

HIGH, V = 128, 256
ONE, TWO, THREE, FOUR, FIVE = 0x3C00, 0x4000, 0x4200, 0x4400, 0x4500
SEVEN, EIGHT, ELEVEN, SIXTEEN = 0x4700, 0x4800, 0x4980, 0x4C00


def pair(low: int, high: int) -> int:
    return low | high << 16


BEFORE = [pair(ONE, FOUR), pair(TWO, THREE), pair(ONE, TWO), pair(TWO, FIVE)]
CASES = {
    "fmac into the upper half": (
        ("VOP2", "v_fmac_f16", {"vdst": HIGH, "src0": V + 1, "src1": HIGH + 2}),
        {0: pair(ONE, EIGHT)},
    ),
    "fmac into the lower half": (
        ("VOP2", "v_fmac_f16", {"src0": V + HIGH + 1, "src1": HIGH + 3}),
        {0: pair(SIXTEEN, FOUR)},
    ),
    "fmac as VOP3": (
        ("VOP3", "v_fmac_f16", {"src0": V + 1, "src1": V + 2, "op_sel": 0b1001}),
        {0: pair(ONE, SEVEN)},
    ),
    "an added upper half": (
        ("VOP2", "v_fmamk_f16", {"src0": V + 1, "src1": HIGH + 3, "literal": THREE}),
        {0: pair(ELEVEN, FOUR)},
    ),
    "swap": (
        ("VOP1", "v_swap_b16", {"vdst": HIGH, "src0": V + 1}),
        {0: pair(ONE, TWO), 1: pair(FOUR, THREE)},
    ),
    "swap in a register": (
        ("VOP1", "v_swap_b16", {"vdst": HIGH, "src0": V}),
        {0: pair(FOUR, ONE)},
    ),
    "bytes into the upper half": (
        ("VOP1", "v_sat_pk_u8_i16", {"vdst": HIGH, "src0": V + 1}),
        {0: pair(ONE, 0xFFFF)},
    ),
    "bytes into the lower half": (
        ("VOP1", "v_sat_pk_u8_i16", {"src0": V + 1}),
        {0: pair(0xFFFF, FOUR)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("target, isa", [("gfx1100", "rdna3"), ("gfx1201", "rdna4")])
@pytest.mark.parametrize("case", CASES)
def test_halves(case: str, target: str, isa: str, form: str) -> None:
    (layout, name, fields), changed = CASES[case]
    state = State.random(np.random.default_rng(0), 32)
    state.enabled = 0xFFFFFFFF
    state.vgpr[:4] = np.array(BEFORE, np.uint32)[:, None]
    code = encode(isa, layout, name, **fields)
    assert run(form_of(form, target, 32, code), state) == BAD_PC
    expected = [changed.get(n, word) for n, word in enumerate(BEFORE)]
    assert [f"{word:08x}" for word in state.vgpr[:4, 5]] == [f"{word:08x}" for word in expected]


@pytest.mark.parametrize(
    "op, signs, want",
    [
        ("v_dot2_f32_f16", {}, 5.0),
        ("v_dot2_f32_f16", {"neg": 4, "neg_hi": 4}, -5.0),  # how clang negates the addend
        ("v_dot4_f32_fp8_bf8", {}, 5.0),
        ("v_dot4_f32_fp8_bf8", {"neg": 4}, -5.0),
        ("v_dot4_f32_fp8_bf8", {"neg_hi": 4}, 5.0),
        ("v_dot4_f32_fp8_bf8", {"neg": 4, "neg_hi": 4}, -5.0),
    ],
)
def test_negated_addends(op: str, signs: dict[str, int], want: float) -> None:
    state = State.random(np.random.default_rng(0), 32)
    state.enabled = 0xFFFFFFFF
    state.vgpr[0] = state.vgpr[1] = 0
    state.vgpr[2] = np.float32(5).view(np.uint32)
    fields = {"src0": 256, "src1": 257, "src2": 258, "op_sel_hi": 3, "op_sel_hi2": 1}
    code = encode("rdna4", "VOP3P", op, vdst=3, **fields, **signs)
    assert run(form_of("quick", "gfx1200", 32, code), state) == BAD_PC
    assert state.vgpr[3].view(np.float32)[0] == want


@pytest.mark.parametrize("neg, want", [(0, 23.0), (1, -17.0), (3, 23.0), (4, 17.0)])
def test_negated_pairs(neg: int, want: float) -> None:
    """A sign of v_dot2_f16_f16 counts for both halves of a pair, as clang sees it."""
    state = State.random(np.random.default_rng(0), 32)
    state.enabled = 0xFFFFFFFF
    state.vgpr[0], state.vgpr[1], state.vgpr[2] = pair(TWO, FOUR), pair(FOUR, THREE), THREE
    code = encode(
        "rdna3", "VOP3", "v_dot2_f16_f16", vdst=3, src0=V, src1=V + 1, src2=V + 2, neg=neg
    )
    assert run(form_of("quick", "gfx1100", 32, code), state) == BAD_PC
    assert state.vgpr[3].view(np.float16)[0] == want


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["gfx90a", "gfx942", "gfx950"])
def test_inline_constants_are_in_both_halves_of_packed_singles(name: str, form: str) -> None:
    """LLVM writes x * <anything, 0.5> with one constant and no op_sel."""
    state = State.random(np.random.default_rng(0), 64)
    state.enabled = (1 << 64) - 1
    state.vgpr[2:4] = np.array([[3.0], [5.0]], np.float32).view(np.uint32)
    code = encode(
        target(name).isa, "VOP3P", "v_pk_mul_f32", vdst=8, src0=256 + 2, src1=240, op_sel_hi=3,
        op_sel_hi2=1,
    )  # fmt: skip
    assert BAD_PC == run(form_of(form, name, 64, code), state)
    assert [1.5, 2.5] == state.vgpr[8:10, 0].view(np.float32).tolist()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("name", "fields", "want"),
    [
        ("v_fma_mix_f32_bf16", {"op_sel_hi": 0}, 0x42280000),  # 1.5 * 20 + 12, singles
        ("v_fma_mix_f32_bf16", {"op_sel_hi": 3, "op_sel": 2}, 0x41A80000),  # 1.5 * 6 + 12
        ("v_fma_mix_f32_bf16", {"op_sel_hi": 0, "src1": 244}, 0x41700000),  # 1.5 * 2 + 12
        ("v_fma_mix_f32_bf16", {"op_sel_hi": 3, "src1": 244}, 0x41700000),
        ("v_fma_mixlo_bf16", {"op_sel_hi": 0}, 0x12344228),
        ("v_fma_mixhi_bf16", {"op_sel_hi": 0}, 0x42285678),
        ("v_fma_mixlo_bf16", {"op_sel_hi": 0, "neg": 4}, 0x12344190),
    ],
)
def test_mixed_bf16(name: str, fields: dict[str, int], want: int, form: str) -> None:
    state = State.random(np.random.default_rng(0), 32)
    state.enabled = 0xFFFFFFFF
    singles = np.array([1.5, 20, 12], np.float32).view(np.uint32)
    halves = "op_sel_hi" in fields and fields["op_sel_hi"] == 3
    state.vgpr[0] = 0x00003FC0 if halves else singles[0]
    state.vgpr[1] = 0x40C04000 if halves else singles[1]  # 2 below 6
    state.vgpr[2], state.vgpr[3] = singles[2], 0x12345678
    places = {"src0": 256, "src1": 257, "src2": 258} | fields
    code = encode("cdna5", "VOP3P", name, vdst=3, **places)
    assert BAD_PC == run(form_of(form, "gfx1250", 32, code), state)
    assert f"{want:08x}" == f"{state.vgpr[3, 5]:08x}"
