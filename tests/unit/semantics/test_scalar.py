"""Scalar instructions against Python's integers, SCC and EXEC included."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from anyroc.semantics.core import OPERATIONS, Op
from anyroc.semantics.numpy_backend import evaluate
from semantics_support.operands import codes, crossed, width

U32, U64, I32, I64, BOOL = "u32", "u64", "i32", "i64", "bool"


def signed(v: int, bits: int) -> int:
    v &= (1 << bits) - 1
    return v - (1 << bits) if v >> (bits - 1) else v


def field(a: int, spec: int, bits: int, is_signed: bool) -> int:
    offset, w = spec & (bits - 1), spec >> 16 & 127
    v = a >> offset & ((1 << w) - 1)
    return signed(v, w) if is_signed and w else v


def low_bit(a: int) -> int:
    return (a & -a).bit_length() - 1


def high_bit(a: int, bits: int) -> int:
    return bits - a.bit_length() if a else -1


def quads(a: int, bits: int, unit: int, step: int) -> int:
    """``unit`` for each four bits of which one is set, ``step`` bits apart."""
    some = [a >> n & 15 != 0 for n in range(0, bits, 4)]
    return sum(unit * bit << (step * n) for n, bit in enumerate(some))


def doubled(a: int) -> int:
    return sum((a >> n & 1) * 3 << (2 * n) for n in range(32))


def carries(v: int) -> tuple[int, bool]:
    return v, not 0 <= v < 1 << 32


def overflows(v: int) -> tuple[int, bool]:
    return v, not -(1 << 31) <= v < 1 << 31


def nonzero(bits: int, f: Callable[..., int]) -> Callable[..., tuple[int, bool]]:
    def both(*args: int) -> tuple[int, bool]:
        v = f(*args)
        return v, v & ((1 << bits) - 1) != 0

    return both


# Name: operand types (SCC last where it is read), and the value, or value and SCC.
CASES: dict[str, tuple[tuple[str, ...], Callable[..., object]]] = {
    "s_mov_b64": ((U64,), lambda a: a),
    "s_movk_i32": ((I32,), lambda a: a),
    "s_cmov_b32": ((U32, U32, BOOL), lambda a, old, scc: a if scc else old),
    "s_cmovk_i32": ((I32, I32, BOOL), lambda a, old, scc: a if scc else old),
    "s_cselect_b64": ((U64, U64, BOOL), lambda a, b, scc: a if scc else b),
    "s_add_co_u32": ((U32, U32), lambda a, b: carries(a + b)),
    "s_sub_co_u32": ((U32, U32), lambda a, b: carries(a - b)),
    "s_add_co_ci_u32": ((U32, U32, BOOL), lambda a, b, c: carries(a + b + c)),
    "s_sub_co_ci_u32": ((U32, U32, BOOL), lambda a, b, c: carries(a - b - c)),
    "s_add_co_i32": ((I32, I32), lambda a, b: overflows(a + b)),
    "s_addk_co_i32": ((I32, I32), lambda a, b: overflows(a + b)),
    "s_sub_co_i32": ((I32, I32), lambda a, b: overflows(a - b)),
    "s_add_nc_u64": ((U64, U64), lambda a, b: a + b),
    "s_sub_nc_u64": ((U64, U64), lambda a, b: a - b),
    "s_mul_u64": ((U64, U64), lambda a, b: a * b),
    "s_mul_i32": ((I32, I32), lambda a, b: a * b),
    "s_mul_hi_u32": ((U32, U32), lambda a, b: a * b >> 32),
    "s_mul_hi_i32": ((I32, I32), lambda a, b: a * b >> 32),
    "s_lshl3_add_u32": ((U32, U32), lambda a, b: ((a << 3) + b, (a << 3) + b >= 1 << 32)),
    "s_min_i32": ((I32, I32), lambda a, b: (min(a, b), a < b)),
    "s_max_u32": ((U32, U32), lambda a, b: (max(a, b), a >= b)),
    "s_abs_i32": ((I32,), nonzero(32, abs)),
    "s_absdiff_i32": ((I32, I32), nonzero(32, lambda a, b: abs(signed(a - b, 32)))),
    "s_not_b64": ((U64,), nonzero(64, lambda a: ~a)),
    "s_lshl_b64": ((U64, U32), nonzero(64, lambda a, n: a << (n & 63))),
    "s_lshr_b32": ((U32, U32), nonzero(32, lambda a, n: a >> (n & 31))),
    "s_ashr_i64": ((I64, U32), nonzero(64, lambda a, n: a >> (n & 63))),
    "s_bfe_u32": ((U32, U32), nonzero(32, lambda a, s: field(a, s, 32, False))),
    "s_bfe_i32": ((I32, U32), nonzero(32, lambda a, s: field(a, s, 32, True))),
    "s_bfe_u64": ((U64, U32), nonzero(64, lambda a, s: field(a, s, 64, False))),
    "s_bfe_i64": ((I64, U32), nonzero(64, lambda a, s: field(a, s, 64, True))),
    "s_bfm_b32": ((U32, U32), lambda w, n: ((1 << (w & 31)) - 1) << (n & 31)),
    "s_bfm_b64": ((U32, U32), lambda w, n: ((1 << (w & 63)) - 1) << (n & 63)),
    "s_bcnt1_i32_b64": ((U64,), nonzero(32, int.bit_count)),
    "s_bcnt0_i32_b32": ((U32,), nonzero(32, lambda a: 32 - a.bit_count())),
    "s_brev_b64": ((U64,), lambda a: int(f"{a:064b}"[::-1], 2)),
    "s_ctz_i32_b64": ((U64,), low_bit),
    "s_ff0_i32_b32": ((U32,), lambda a: low_bit(~a & 0xFFFFFFFF)),
    "s_clz_i32_u32": ((U32,), lambda a: high_bit(a, 32)),
    "s_clz_i32_u64": ((U64,), lambda a: high_bit(a, 64)),
    "s_cls_i32": ((I32,), lambda a: high_bit(a ^ (a >> 31), 32)),
    "s_cls_i32_i64": ((I64,), lambda a: high_bit(a ^ (a >> 63), 64)),
    "s_sext_i32_i8": ((U32,), lambda a: signed(a, 8)),
    "s_sext_i32_i16": ((U32,), lambda a: signed(a, 16)),
    "s_bitset0_b32": ((U32, U32), lambda n, old: old & ~(1 << (n & 31))),
    "s_bitset1_b64": ((U32, U64), lambda n, old: old | 1 << (n & 63)),
    "s_pack_ll_b32_b16": ((U32, U32), lambda a, b: a & 0xFFFF | b << 16),
    "s_pack_lh_b32_b16": ((U32, U32), lambda a, b: a & 0xFFFF | b >> 16 << 16),
    "s_pack_hl_b32_b16": ((U32, U32), lambda a, b: a >> 16 | b << 16),
    "s_pack_hh_b32_b16": ((U32, U32), lambda a, b: a >> 16 | b >> 16 << 16),
    "s_bitreplicate_b64_b32": ((U32,), doubled),
    "s_wqm_b32": ((U32,), nonzero(32, lambda a: quads(a, 32, 15, 4))),
    "s_wqm_b64": ((U64,), nonzero(64, lambda a: quads(a, 64, 15, 4))),
    "s_quadmask_b32": ((U32,), nonzero(32, lambda a: quads(a, 32, 1, 1))),
    "s_quadmask_b64": ((U64,), nonzero(64, lambda a: quads(a, 64, 1, 1))),
}  # fmt: skip


def integers(column: np.ndarray, t: str) -> list[int]:
    values = [int(v) for v in column]
    return [signed(v, width(t)) for v in values] if t[0] == "i" else values


@pytest.mark.parametrize("name", CASES)
def test_like_python_integers(name: str) -> None:
    types, expected = CASES[name]
    columns = crossed(types)
    got = evaluate(name, *columns)
    operation = OPERATIONS[name]
    assert isinstance(operation, Op)
    mask = (1 << operation.results[0].type.bits) - 1
    rows = list(zip(*(integers(c, t) for c, t in zip(columns, types, strict=True)), strict=False))
    want = [expected(*row) for row in rows]
    values = [w[0] if isinstance(w, tuple) else w for w in want]
    assert [int(v) & mask for v in values] == [int(v) & mask for v in got[0]]  # type: ignore[call-overload]
    if isinstance(want[0], tuple):
        assert [w[1] for w in want] == got[1].tolist()  # type: ignore[index]


LOGIC: dict[str, Callable[[int, int], int]] = {
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "nand": lambda a, b: ~(a & b),
    "nor": lambda a, b: ~(a | b),
    "xnor": lambda a, b: ~(a ^ b),
    "and_not1": lambda a, b: a & ~b,
    "or_not1": lambda a, b: a | ~b,
    "and_not0": lambda a, b: ~a & b,
    "or_not0": lambda a, b: ~a | b,
}


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("name", LOGIC)
def test_logic_and_what_it_does_to_exec(name: str, bits: int) -> None:
    t, f, mask = f"u{bits}", LOGIC[name], (1 << bits) - 1
    a, b = crossed((t, t))
    want = [f(x, y) & mask for x, y in zip(a.tolist(), b.tolist(), strict=True)]
    some = [w != 0 for w in want]
    if not name.endswith("not0"):
        value, scc = evaluate(f"s_{name}_b{bits}", a, b)
        assert want == value.tolist() and some == scc.tolist()
    saved, mask_after, scc = evaluate(f"s_{name}_saveexec_b{bits}", a, b)
    assert b.tolist() == saved.tolist()
    assert want == mask_after.tolist() and some == scc.tolist()
    if name in ("and_not0", "and_not1"):
        value, mask_after, scc = evaluate(f"s_{name}_wrexec_b{bits}", a, b)
        assert want == value.tolist() == mask_after.tolist() and some == scc.tolist()


@pytest.mark.parametrize("bits", [32, 64])
def test_bit_tests(bits: int) -> None:
    a, n = crossed((f"u{bits}", U32))
    want = [x >> (k & (bits - 1)) & 1 for x, k in zip(a.tolist(), n.tolist(), strict=True)]
    assert [w == 1 for w in want] == evaluate(f"s_bitcmp1_b{bits}", a, n)[0].tolist()
    assert [w == 0 for w in want] == evaluate(f"s_bitcmp0_b{bits}", a, n)[0].tolist()


def test_float_forms_are_the_vector_ones() -> None:
    a, b, c = (codes("f32", 300, n) for n in range(3))
    for name in ("add", "sub", "mul", "min_num", "max_num", "minimum", "maximum", "min", "max"):
        scalar, vector = (evaluate(f"{p}_{name}_f32", a, b)[0].view(np.uint32) for p in "sv")
        assert vector.tolist() == scalar.tolist()
    for name in ("fmac", "fmaak", "fmamk"):
        scalar, vector = (evaluate(f"{p}_{name}_f32", a, b, c)[0].view(np.uint32) for p in "sv")
        assert vector.tolist() == scalar.tolist()
    halves = codes("f16", 100), codes("f16", 100, 1)
    (wide,) = evaluate("s_cvt_hi_f32_f16", halves)
    assert (
        evaluate("v_cvt_f32_f16", halves[1])[0].view(np.uint32).tolist()
        == wide.view(np.uint32).tolist()
    )
