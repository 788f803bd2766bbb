"""Vector integer instructions against Python's integers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from anyroc.semantics.core import OPERATIONS, Op
from anyroc.semantics.numpy_backend import evaluate
from semantics_support.operands import codes, crossed, width

Integers = Callable[..., object]
M32, M64 = (1 << 32) - 1, (1 << 64) - 1


def signed(v: int, bits: int) -> int:
    v &= (1 << bits) - 1
    return v - (1 << bits) if v >> (bits - 1) else v


def byte(v: int, n: int) -> int:
    return v >> (8 * n) & 255


def sad(a: int, b: int, masked: bool = False) -> int:
    return sum(abs(byte(a, n) - byte(b, n)) for n in range(4) if not masked or byte(b, n))


def perm_byte(data: int, s: int) -> int:
    if s >= 13:
        return 255
    if s == 12:
        return 0
    if s >= 8:
        return 255 * (data >> (16 * (s - 8) + 15) & 1)
    return byte(data, s)


def perm(a: int, b: int, s: int) -> int:
    return sum(perm_byte(a << 32 | b, byte(s, n)) << (8 * n) for n in range(4))


def median(*v: int) -> int:
    return sorted(v)[1]


def clz(a: int) -> int:
    return 32 - a.bit_length() if a else -1


def ctz(a: int) -> int:
    return (a & -a).bit_length() - 1


def cls(a: int) -> int:
    return clz(a ^ (-1 if a < 0 else 0))


def bfe_i(a: int, offset: int, w: int) -> int:
    w &= 31
    return signed((a >> (offset & 31)) & ((1 << w) - 1), w) if w else 0


def fields(v: int, bits: int, is_signed: bool) -> list[int]:
    every = [v >> n & ((1 << bits) - 1) for n in range(0, 32, bits)]
    return [signed(f, bits) for f in every] if is_signed else every


def dot(bits: int, is_signed: bool) -> Integers:
    return lambda a, b, c: (
        c
        + sum(
            x * y
            for x, y in zip(fields(a, bits, is_signed), fields(b, bits, is_signed), strict=True)
        )
    )


def held(v: int, low: int, high: int) -> int:
    return max(low, min(high, v))


def low24(v: int, is_signed: bool) -> int:
    return signed(v, 24) if is_signed else v & 0xFFFFFF


U, UU, UUU = ("u32",), ("u32",) * 2, ("u32",) * 3
II, III = ("i32",) * 2, ("i32",) * 3

# Name: operand types, the result as an integer (taken modulo its width).
CASES: dict[str, tuple[tuple[str, ...], Integers]] = {
    "v_mov_b32": (U, lambda a: a),
    "v_and_b32": (UU, lambda a, b: a & b),
    "v_or_b32": (UU, lambda a, b: a | b),
    "v_xor_b32": (UU, lambda a, b: a ^ b),
    "v_xnor_b32": (UU, lambda a, b: ~(a ^ b)),
    "v_not_b32": (U, lambda a: ~a),
    "v_and_or_b32": (UUU, lambda a, b, c: a & b | c),
    "v_or3_b32": (UUU, lambda a, b, c: a | b | c),
    "v_xor3_b32": (UUU, lambda a, b, c: a ^ b ^ c),
    "v_bfi_b32": (UUU, lambda a, b, c: b & a | c & ~a),
    "v_add_nc_u32": (UU, lambda a, b: a + b),
    "v_sub_nc_u32": (UU, lambda a, b: a - b),
    "v_subrev_nc_u32": (UU, lambda a, b: b - a),
    "v_add_nc_u16": (("u16",) * 2, lambda a, b: a + b),
    "v_sub_nc_i16": (("i16",) * 2, lambda a, b: a - b),
    "v_min_u32": (UU, min),
    "v_max_u32": (UU, max),
    "v_min_i32": (II, min),
    "v_max_i32": (II, max),
    "v_min_i16": (("i16",) * 2, min),
    "v_max_u16": (("u16",) * 2, max),
    "v_min3_u32": (UUU, min),
    "v_max3_i32": (III, max),
    "v_med3_i32": (III, median),
    "v_med3_u16": (("u16",) * 3, median),
    "v_maxmin_i32": (III, lambda a, b, c: min(max(a, b), c)),
    "v_minmax_u32": (UUU, lambda a, b, c: max(min(a, b), c)),
    "v_mul_lo_u32": (UU, lambda a, b: a * b),
    "v_mul_hi_u32": (UU, lambda a, b: a * b >> 32),
    "v_mul_hi_i32": (II, lambda a, b: a * b >> 32),
    "v_mul_lo_u16": (("u16",) * 2, lambda a, b: a * b),
    "v_mul_u32_u24": (UU, lambda a, b: low24(a, False) * low24(b, False)),
    "v_mul_i32_i24": (II, lambda a, b: low24(a, True) * low24(b, True)),
    "v_mul_hi_u32_u24": (UU, lambda a, b: low24(a, False) * low24(b, False) >> 32),
    "v_mul_hi_i32_i24": (II, lambda a, b: low24(a, True) * low24(b, True) >> 32),
    "v_mad_u32_u24": (UUU, lambda a, b, c: low24(a, False) * low24(b, False) + c),
    "v_mad_i32_i24": (III, lambda a, b, c: low24(a, True) * low24(b, True) + c),
    "v_mad_u32_u16": (("u16", "u16", "u32"), lambda a, b, c: a * b + c),
    "v_mad_i32_i16": (("i16", "i16", "i32"), lambda a, b, c: a * b + c),
    "v_mad_u16": (("u16",) * 3, lambda a, b, c: a * b + c),
    "v_add3_u32": (UUU, lambda a, b, c: a + b + c),
    "v_xad_u32": (UUU, lambda a, b, c: (a ^ b) + c),
    "v_lshl_add_u32": (UUU, lambda a, n, c: (a << (n & 31)) + c),
    "v_lshl_add_u64": (("u64", "u32", "u64"), lambda a, n, c: (a << (n & 7)) + c),
    "v_add_lshl_u32": (UUU, lambda a, b, n: (a + b) << (n & 31)),
    "v_lshl_or_b32": (UUU, lambda a, n, c: a << (n & 31) | c),
    "v_lshlrev_b32": (UU, lambda n, a: a << (n & 31)),
    "v_lshrrev_b32": (UU, lambda n, a: a >> (n & 31)),
    "v_ashrrev_i32": (("u32", "i32"), lambda n, a: a >> (n & 31)),
    "v_lshlrev_b64": (("u32", "u64"), lambda n, a: a << (n & 63)),
    "v_lshrrev_b64": (("u32", "u64"), lambda n, a: a >> (n & 63)),
    "v_ashrrev_i64": (("u32", "i64"), lambda n, a: a >> (n & 63)),
    "v_lshlrev_b16": (("u16",) * 2, lambda n, a: a << (n & 15)),
    "v_lshrrev_b16": (("u16",) * 2, lambda n, a: a >> (n & 15)),
    "v_ashrrev_i16": (("u16", "i16"), lambda n, a: a >> (n & 15)),
    "v_bfrev_b32": (U, lambda a: int(f"{a:032b}"[::-1], 2)),
    "v_bcnt_u32_b32": (UU, lambda a, b: a.bit_count() + b),
    "v_clz_i32_u32": (U, clz),
    "v_ctz_i32_b32": (U, ctz),
    "v_cls_i32": (("i32",), cls),
    "v_bfm_b32": (UU, lambda w, n: ((1 << (w & 31)) - 1) << (n & 31)),
    "v_bfe_u32": (UUU, lambda a, n, w: a >> (n & 31) & ((1 << (w & 31)) - 1)),
    "v_bfe_i32": (("i32", "u32", "u32"), bfe_i),
    "v_alignbit_b32": (UUU, lambda a, b, n: (a << 32 | b) >> (n & 31)),
    "v_alignbyte_b32": (UUU, lambda a, b, n: (a << 32 | b) >> 8 * (n & 3)),
    "v_perm_b32": (UUU, perm),
    "v_lerp_u8": (UUU, lambda a, b, c: sum(
        (byte(a, n) + byte(b, n) + (byte(c, n) & 1)) // 2 << (8 * n) for n in range(4))),
    "v_sad_u8": (UUU, lambda a, b, c: c + sad(a, b)),
    "v_msad_u8": (UUU, lambda a, b, c: c + sad(a, b, masked=True)),
    "v_sad_hi_u8": (UUU, lambda a, b, c: c + (sad(a, b) << 16)),
    "v_sad_u16": (UUU, lambda a, b, c: c + sum(
        abs((a >> n & 0xFFFF) - (b >> n & 0xFFFF)) for n in (0, 16))),
    "v_sad_u32": (UUU, lambda a, b, c: c + abs(a - b)),
    "v_prng_b32": (U, lambda a: a << 1 ^ (197 if a >> 31 else 0)),
    "v_dot8_i32_i4": (III, dot(4, True)),
    "v_dot8_u32_u4": (UUU, dot(4, False)),
    "v_cvt_i32_i16": (("i16",), lambda a: a),
    "v_cvt_u32_u16": (("u16",), lambda a: a),
    "v_pk_add_i16": (("i16",) * 2, lambda a, b: a + b),
    "v_pk_mad_u16": (("u16",) * 3, lambda a, b, c: a * b + c),
    "v_pk_ashrrev_i16": (("u16", "i16"), lambda n, a: a >> (n & 15)),
    "v_pk_max_i16": (("i16",) * 2, max),
}  # fmt: skip


def integers(column: np.ndarray, type_: str) -> list[int]:
    values = [int(v) for v in column]
    return [signed(v, width(type_)) for v in values] if type_[0] == "i" else values


@pytest.mark.parametrize("name", CASES)
def test_like_python_integers(name: str) -> None:
    types, expected = CASES[name]
    columns = crossed(types)
    operation = OPERATIONS[name]
    assert isinstance(operation, Op)
    bits = operation.results[0].type.bits
    rows = zip(*(integers(c, t) for c, t in zip(columns, types, strict=True)), strict=False)
    want = [int(expected(*row)) & ((1 << bits) - 1) for row in rows]  # type: ignore[call-overload]
    (got,) = evaluate(operation, *columns)
    assert want == [int(v) & ((1 << bits) - 1) for v in got]


CARRIES: dict[str, tuple[tuple[str, ...], Callable[..., tuple[int, bool]]]] = {
    "v_add_co_u32": (UU, lambda a, b: (a + b, a + b > M32)),
    "v_sub_co_u32": (UU, lambda a, b: (a - b, a < b)),
    "v_subrev_co_u32": (UU, lambda a, b: (b - a, b < a)),
    "v_add_co_ci_u32": ((*UU, "bool"), lambda a, b, c: (a + b + c, a + b + c > M32)),
    "v_sub_co_ci_u32": ((*UU, "bool"), lambda a, b, c: (a - b - c, a < b + c)),
    "v_subrev_co_ci_u32": ((*UU, "bool"), lambda a, b, c: (b - a - c, b < a + c)),
    "v_mad_co_u64_u32": (("u32", "u32", "u64"), lambda a, b, c: (a * b + c, a * b + c > M64)),
    "v_mad_co_i64_i32": (("i32", "i32", "i64"), lambda a, b, c: (a * b + c, a * b + c < 0)),
}


@pytest.mark.parametrize("name", CARRIES)
def test_carries(name: str) -> None:
    types, expected = CARRIES[name]
    columns = crossed(types)
    rows = list(zip(*(integers(c, t) for c, t in zip(columns, types, strict=True)), strict=False))
    value, carry = evaluate(name, *columns)
    mask = M64 if "64" in name else M32
    assert [expected(*row)[0] & mask for row in rows] == [int(v) & mask for v in value]
    assert [expected(*row)[1] for row in rows] == carry.tolist()


def test_selection_by_a_mask() -> None:
    a, b, mask = codes("u32", 64), codes("u32", 64, 1), codes("bool", 64)
    (got,) = evaluate("v_cndmask_b32", a, b, mask)
    assert [int(y if m else x) for x, y, m in zip(a, b, mask, strict=True)] == got.tolist()


@pytest.mark.parametrize("table", [0x00, 0x96, 0xE8, 0xCA, 0x01, 0x80, 0xFF])
def test_truth_tables(table: int) -> None:
    a, b, c = (codes("u32", 50, n) for n in range(3))
    (got,) = evaluate("v_bitop3_b32", a, b, c, np.uint32(table))
    for x, y, z, d in zip(a.tolist(), b.tolist(), c.tolist(), got.tolist(), strict=True):
        bits = [
            table >> ((x >> n & 1) << 2 | (y >> n & 1) << 1 | (z >> n & 1)) & 1 for n in range(32)
        ]
        assert sum(bit << n for n, bit in enumerate(bits)) == d


def halves(column: np.ndarray, bits: int) -> list[np.ndarray]:
    """A dword's fields as arrays, low first."""
    word = np.dtype(f"u{bits // 8}")
    return [(column >> n).astype(word) for n in range(0, 32, bits)]


@pytest.mark.parametrize(
    "name, bits, is_signed",
    [("v_dot2_i32_i16", 16, True), ("v_dot2_u32_u16", 16, False),
     ("v_dot4_i32_i8", 8, True), ("v_dot4_u32_u8", 8, False)],
)  # fmt: skip
def test_dot_products(name: str, bits: int, is_signed: bool) -> None:
    a, b, c = crossed(UUU)
    (got,) = evaluate(name, halves(a, bits), halves(b, bits), c)
    rows = zip(a.tolist(), b.tolist(), c.tolist(), strict=True)
    want = [int(dot(bits, is_signed)(*row)) & M32 for row in rows]  # type: ignore[call-overload]
    assert want == [int(v) & M32 for v in got]


def test_dot_product_of_chosen_signs() -> None:
    a, b = [np.array([v]) for v in (-1, 2, -3, 4)], [np.array([v]) for v in (200, 255, 0, 1)]
    (got,) = evaluate("v_dot4_i32_iu8", a, b, np.array([10]))
    assert [10 - 200 + 510 + 4] == got.tolist()


def test_packing_with_saturation() -> None:
    a, b = crossed(II)
    low, high = evaluate("v_cvt_pk_i16_i32", a, b)[0]
    assert [held(v, -32768, 32767) for v in integers(a, "i32")] == low.tolist()
    assert [held(v, -32768, 32767) for v in integers(b, "i32")] == high.tolist()
    low, _ = evaluate("v_cvt_pk_u16_u32", a, b)[0]
    assert [held(v, 0, 65535) for v in a.tolist()] == low.tolist()
    x, y = crossed(("i16", "i16"))
    pair = evaluate("v_sat_pk_u8_i16", (x, y))[0]  # 16 bits, so that op_sel chooses a half
    assert [held(v, 0, 255) for v in integers(x, "i16")] == (pair & 0xFF).tolist()
    assert [held(v, 0, 255) for v in integers(y, "i16")] == (pair >> 8).tolist()


@pytest.mark.parametrize("name, masked", [("v_qsad_pk_u16_u8", False), ("v_mqsad_pk_u16_u8", True)])
def test_quad_sums_of_differences(name: str, masked: bool) -> None:
    a, b = codes("u64", 200), codes("u32", 200)
    sums = [codes("u16", 200, n) for n in range(4)]
    got = evaluate(name, a, b, sums)[0]
    for n in range(4):
        rows = zip(a.tolist(), b.tolist(), sums[n].tolist(), strict=True)
        want = [sad(x >> (8 * n), y, masked) + c & 0xFFFF for x, y, c in rows]
        assert want == got[n].tolist()


def test_counting_the_lanes_below() -> None:
    lanes = np.arange(64, dtype=np.uint32)
    low, high = np.full(64, 0xDEADBEEF, np.uint32), np.full(64, 0x12345678, np.uint32)
    (partial,) = evaluate("v_mbcnt_lo_u32_b32", low, np.full(64, 7, np.uint32), lanes)
    (got,) = evaluate("v_mbcnt_hi_u32_b32", high, partial, lanes)
    mask = 0x12345678DEADBEEF
    assert [7 + (mask & ((1 << n) - 1)).bit_count() for n in range(64)] == got.tolist()


def test_swap_and_pair_moves() -> None:
    a, b = codes("u32", 9), codes("u32", 9, 1)
    new, source = evaluate("v_swap_b32", a, b)
    assert a.tolist() == new.tolist() and b.tolist() == source.tolist()
    (pair,) = evaluate("v_pk_mov_b32", (a, b), (b, a), np.uint32(1))
    assert b.tolist() == pair[0].tolist() and b.tolist() == pair[1].tolist()
