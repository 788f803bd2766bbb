"""Translated instructions give what a Radeon gave.

The numbers were captured on a gfx1200 and published with the tests of the amdgpu-sim project
(yoshou/amdgpu-sim, tests/isa); what they show beyond AMD's documents: which NaN comes
out, and that zeros of sines of whole turns are positive.
"""

from __future__ import annotations

import numpy as np
import pytest

from anyroc.isa.tables import table
from translate_support.encode import encode
from translate_support.machine import BAD_PC, State, kernel_of, run

SINGLE = """0 80000000 3f800000 bf800000 7f800000 ff800000 7fc00000 7fa00000 1 807fffff 800000
    7f7fffff 3f000000 3fc00000 40000000 c0200000 40490fdb"""
FROM_SINGLE = {
    "v_ceil_f32": """0 80000000 3f800000 bf800000 7f800000 ff800000 7fc00000 7fe00000 3f800000
        80000000 3f800000 7f7fffff 3f800000 40000000 40000000 c0000000 40800000""",
    "v_floor_f32": """0 80000000 3f800000 bf800000 7f800000 ff800000 7fc00000 7fe00000 0 bf800000 0
        7f7fffff 0 3f800000 40000000 c0400000 40400000""",
    "v_rndne_f32": """0 80000000 3f800000 bf800000 7f800000 ff800000 7fc00000 7fe00000 0 80000000 0
        7f7fffff 0 40000000 40000000 c0000000 40400000""",
    "v_trunc_f32": """0 80000000 3f800000 bf800000 7f800000 ff800000 7fc00000 7fe00000 0 80000000 0
        7f7fffff 0 3f800000 40000000 c0000000 40400000""",
    "v_cos_f32": """3f800000 3f800000 3f800000 3f800000 ffc00000 ffc00000 7fc00000 7fe00000 3f800000
        3f800000 3f800000 3f800000 bf800000 bf800000 3f800000 bf800000 3f2132cb""",
    "v_sin_f32": """0 80000000 0 0 ffc00000 ffc00000 7fc00000 7fe00000 6 81c90fd3 1c90fd5 0 0 0 0 0
        3f46dfe0""",
    "v_exp_f32": """3f800000 3f800000 40000000 3f000000 7f800000 0 7fc00000 7fe00000 3f800000
        3f800000 3f800000 7f800000 3fb504f3 403504f3 40800000 3e3504f3 410d331c""",
    "v_log_f32": """ff800000 ff800000 0 ffc00000 7f800000 ffc00000 7fc00000 7fe00000 ff800000
        ff800000 c2fc0000 42ffffff bf800000 3f15c01a 3f800000 ffc00000 3fd3643a""",
    "v_rcp_f32": """7f800000 ff800000 3f800000 bf800000 0 80000000 7fc00000 7fe00000 7f800000
        ff800000 7e800000 0 40000000 3f2aaaaa 3f000000 becccccd 3ea2f983""",
    "v_rcp_iflag_f32": """7f800000 ff800000 3f800000 bf800000 0 80000000 7fc00000 7fe00000 7f800000
        ff800000 7e800000 0 40000000 3f2aaaaa 3f000000 becccccd 3ea2f983""",
    "v_rsq_f32": """7f800000 ff800000 3f800000 ffc00000 0 ffc00000 7fc00000 7fe00000 7f800000
        ff800000 5f000000 1f800000 3fb504f3 3f5105ec 3f3504f3 ffc00000 3f106eba""",
    "v_sqrt_f32": """0 80000000 3f800000 ffc00000 7f800000 ffc00000 7fc00000 7fe00000 0 80000000
        20000000 5f7fffff 3f3504f3 3f9cc470 3fb504f3 ffc00000 3fe2dfc5""",
    "v_cvt_f16_f32": """0 8000 3c00 bc00 7c00 fc00 7e00 7f00 0 8000 0 7c00 3800 3e00 4000 c100
        4248""",
    "v_cvt_f64_f32": """0 8000000000000000 3ff0000000000000 bff0000000000000 7ff0000000000000
        fff0000000000000 7ff8000000000000 7ffc000000000000 36a0000000000000 b80fffffc0000000
        3810000000000000 47efffffe0000000 3fe0000000000000 3ff8000000000000 4000000000000000
        c004000000000000 400921fb60000000""",
    "v_cvt_i32_f32": "0 0 1 ffffffff 7fffffff 80000000 0 0 0 0 0 7fffffff 0 1 2 fffffffe 3",
    "v_cvt_u32_f32": "0 0 1 0 ffffffff 0 0 0 0 0 0 ffffffff 0 1 2 0 3",
    "v_frexp_exp_i32_f32": "0 0 1 1 0 0 0 0 ffffff6c ffffff82 ffffff83 80 0 1 2 2 2",
    "v_frexp_mant_f32": """0 80000000 3f000000 bf000000 7f800000 ff800000 7fc00000 7fe00000 3f000000
        bf7ffffe 3f000000 3f7fffff 3f000000 3f400000 3f000000 bf200000 3f490fdb""",
}
DOUBLE = """0 8000000000000000 3ff0000000000000 bff0000000000000 7ff0000000000000 fff0000000000000
    7ff8000000000000 7ff4000000000000 1 800fffffffffffff 10000000000000 7fefffffffffffff
    3fe0000000000000 3ff8000000000000 4000000000000000 c004000000000000 400921fb54442d18"""
FROM_DOUBLE = {
    "v_cvt_f32_f64": """0 80000000 3f800000 bf800000 7f800000 ff800000 7fc00000 7fe00000 0 80000000
        0 7f800000 3f000000 3fc00000 40000000 c0200000 40490fdb""",
    "v_cvt_i32_f64": "0 0 1 ffffffff 7fffffff 80000000 0 0 0 0 0 7fffffff 0 1 2 fffffffe 3",
    "v_cvt_u32_f64": "0 0 1 0 ffffffff 0 0 0 0 0 0 ffffffff 0 1 2 0 3",
    "v_frexp_exp_i32_f64": "0 0 1 1 0 0 0 0 fffffbcf fffffc02 fffffc03 400 0 1 2 2 2",
    "v_floor_f64": """0 8000000000000000 3ff0000000000000 bff0000000000000 7ff0000000000000
        fff0000000000000 7ff8000000000000 7ffc000000000000 0 bff0000000000000 0 7fefffffffffffff 0
        3ff0000000000000 4000000000000000 c008000000000000 4008000000000000""",
    "v_fract_f64": """0 0 0 0 fff8000000000000 fff8000000000000 7ff8000000000000 7ffc000000000000 1
        3fefffffffffffff 10000000000000 0 3fe0000000000000 3fe0000000000000 0 3fe0000000000000
        3fc21fb54442d180""",
    "v_rcp_f64": """7ff0000000000000 fff0000000000000 3ff0000000000000 bff0000000000000 0
        8000000000000000 7ff8000000000000 7ffc000000000000 7ff0000000000000 ffd000000af80000
        7fd0000000000000 4000000000001 4000000000000000 3fe5555554000000 3fe0000000000000
        bfd999999c000000 3fd45f306c400000""",
    "v_sqrt_f64": """0 8000000000000000 3ff0000004000000 fff8000000000000 7ff0000000000000
        fff8000000000000 7ff8000000000000 7ffc000000000000 1e60000004000000 fff8000000000000
        2000000004000000 5feffffffc080000 3fe6a09e64000000 3ff3988e14000000 3ff6a09e64000000
        fff8000000000000 3ffc5bf895180000""",
}
TOLERANCE = {
    **dict.fromkeys(("exp_f32", "log_f32", "rcp_f32", "rcp_iflag_f32", "rsq_f32", "sqrt_f32"), 1),
    **dict.fromkeys(("sin_f32", "cos_f32"), 6),
    **dict.fromkeys(("rcp_f64", "sqrt_f64"), 1 << 29),
}
"""In units of the last place, for finite numbers: AMD's; for sine and cosine none is documented."""


def words(text: str) -> np.ndarray:
    return np.array([int(word, 16) for word in text.split()], np.uint64)


def results(name: str, instructions: dict[str, str], operands: np.ndarray) -> dict[str, np.ndarray]:
    """What each instruction makes of the operands, as 64-bit words."""
    state = State.random(np.random.default_rng(0), 64)
    state.enabled = (1 << 64) - 1
    count = len(operands)
    state.vgpr[0, :count] = operands & np.uint64(0xFFFFFFFF)
    state.vgpr[1, :count] = operands >> np.uint64(32)
    code = b"".join(
        encode("rdna4", "VOP1", op, vdst=2 + 2 * n, src0=256) for n, op in enumerate(instructions)
    )
    state.vgpr[2:64] = 0
    assert BAD_PC == run(kernel_of(name, 64, code, mode=0xF0), state)
    low, high = (state.vgpr[2 + n : 2 + n + 2 * len(instructions) : 2, :count] for n in (0, 1))
    whole = low.astype(np.uint64) | high.astype(np.uint64) << np.uint64(32)
    return dict(zip(instructions, whole, strict=True))


@pytest.mark.parametrize("operands, expected", [(SINGLE, FROM_SINGLE), (DOUBLE, FROM_DOUBLE)])
def test_conversions_and_functions(operands: str, expected: dict[str, str]) -> None:
    assert set(expected) <= {row.op for row in table("rdna4")}
    wrong = []
    for op, got in results("gfx1200", expected, words(operands)).items():
        sign, infinity = (1 << 63, 0x7FF << 52) if op.endswith("f64") else (1 << 31, 0xFF << 23)
        allowed = TOLERANCE.get(op.removeprefix("v_"), 0)
        for x, w, g in zip(words(operands), words(expected[op]), got, strict=True):
            want, have = int(w), int(g)
            finite = 0 < want % sign < infinity
            if want != have and not (finite and abs(want - have) <= allowed):
                wrong.append(f"{op} of {x:#x}: expected {want:#x}, got {have:#x}")
    assert not wrong, "\n".join(wrong)


def test_output_modifiers_count_while_denormals_are_kept() -> None:
    """Unlike what AMD writes of the generations before; -2.5 + 1.5 and a reciprocal."""
    state = State.random(np.random.default_rng(0), 32)
    state.enabled = 0xFFFFFFFF
    state.sgpr[:3] = 0xC0200000, 0x3FC00000, 0x40800000
    code = b""
    for omod in range(4):
        code += encode("rdna4", "VOP3", "v_add_f32", vdst=omod, src0=0, src1=1, omod=omod)
        code += encode("rdna4", "VOP3", "v_rcp_f32", vdst=4 + omod, src0=2, omod=omod)
    code += encode("rdna4", "VOP3", "v_add_f32", vdst=8, src0=0, src1=1, clamp=1)
    assert BAD_PC == run(kernel_of("gfx1200", 32, code, mode=0xF0), state)
    sums = [0xBF800000, 0xC0000000, 0xC0800000, 0xBF000000]
    reciprocals = [0x3E800000, 0x3F000000, 0x3F800000, 0x3E000000]
    assert [*sums, *reciprocals, 0] == state.vgpr[:9, 0].tolist()


def test_dot_product_ignores_clamp_and_chooses_halves() -> None:
    """Results within 2 units of the last place: the accumulator does not round like F32's."""
    state = State.random(np.random.default_rng(0), 32)
    state.enabled = 0xFFFFFFFF
    state.vgpr[:3] = np.array([0x40003C00, 0x4200C000, 0xB8003800], np.uint32)[:, None]
    cases = (
        (0, 7, 0, 0x407FFF7F), (1, 7, 0, 0x3FFFFEFE), (2, 7, 0, 0x410FFFE0), (7, 7, 0, 0x413FFFE0),
        (0, 0, 0, 0xC0800040), (0, 1, 0, 0xC0C00040), (0, 2, 0, 0x3F7FFDFE), (0, 7, 1, 0x407FFF7F),
    )  # fmt: skip
    code = b"".join(
        encode(
            "rdna4", "VOP3P", "v_dot2_f32_f16", vdst=8 + n, src0=256, src1=257, src2=258,
            op_sel=low, op_sel_hi=high & 3, op_sel_hi2=high >> 2, clamp=clamp,
        )
        for n, (low, high, clamp, _) in enumerate(cases)
    )  # fmt: skip
    assert BAD_PC == run(kernel_of("gfx1200", 32, code, mode=0xF0), state)
    got = state.vgpr[8 : 8 + len(cases), 0].astype(np.int64)
    assert abs(got - np.array([want for *_, want in cases])).max() <= 2
