"""Vector integer instructions: arithmetic, carries, shifts, bit fields, bytes."""

from __future__ import annotations

from collections.abc import Callable

from anyroc.semantics.core import op
from anyroc.semantics.scalar import bit_index, sign_run
from anyroc.semantics.values import (
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    Value,
    bitreverse,
    bits,
    convert,
    count_leading_zeros,
    count_trailing_zeros,
    funnel_shift_right,
    host_instruction,
    maximum,
    minimum,
    mul_high,
    popcount,
    select,
)

op("v_mov_b32 v_accvgpr_read_b32 v_accvgpr_write_b32 v_accvgpr_mov_b32", "b32 -> b32")(lambda a: a)
op("v_mov_b16", "b16 -> b16")(lambda a: a)
op("v_mov_b64", "u64 -> u64")(lambda a: a)
op("v_cndmask_b32", "b32 b32 mask -> b32")(lambda a, b, m: select(m, b, a))
op("v_cndmask_b16", "b16 b16 mask -> b16")(lambda a, b, m: select(m, b, a))
op("v_swap_b32", "b32 b32 -> b32 b32")(lambda a, old: (a, old))
op("v_swap_b16", "b16 b16 -> b16 b16")(lambda a, old: (a, old))

Body = Callable[..., Value]

for _t in ("b32", "b16"):
    op(f"v_and_{_t}", f"{_t} {_t} -> {_t}")(lambda a, b: a & b)
    op(f"v_or_{_t}", f"{_t} {_t} -> {_t}")(lambda a, b: a | b)
    op(f"v_xor_{_t}", f"{_t} {_t} -> {_t}")(lambda a, b: a ^ b)
    op(f"v_not_{_t}", f"{_t} -> {_t}")(lambda a: ~a)
op("v_xnor_b32", "b32 b32 -> b32")(lambda a, b: ~(a ^ b))
op("v_and_or_b32", "b32 b32 b32 -> b32")(lambda a, b, c: (a & b) | c)
op("v_or3_b32", "b32 b32 b32 -> b32")(lambda a, b, c: a | b | c)
op("v_xor3_b32", "b32 b32 b32 -> b32")(lambda a, b, c: a ^ b ^ c)
op("v_bfi_b32", "b32 b32 b32 -> b32")(lambda a, b, c: (a & b) | (~a & c))


def truth_table(a: Value, b: Value, c: Value, table: Value) -> Value:
    """Bit 4a + 2b + c of ``table``, for each bit of the operands."""
    result = a.const(0)
    for index in range(8):
        chosen = select(((table >> index) & 1) != 0, ~a.const(0), a.const(0))
        term = (a if index & 4 else ~a) & (b if index & 2 else ~b) & (c if index & 1 else ~c)
        result = result | (term & chosen)
    return result


for _t in ("b32", "b16"):
    op(f"v_bitop3_{_t}", f"{_t} {_t} {_t} bitop3 -> {_t}")(truth_table)

for _t in ("u32", "i32", "u16", "i16"):
    op(f"v_add_nc_{_t}", f"{_t} {_t} -> {_t}")(lambda a, b: a + b)
    op(f"v_sub_nc_{_t}", f"{_t} {_t} -> {_t}")(lambda a, b: a - b)
    if _t[0] == "u":
        op(f"v_subrev_nc_{_t}", f"{_t} {_t} -> {_t}")(lambda a, b: b - a)
    op(f"v_min_{_t}", f"{_t} {_t} -> {_t}")(minimum)
    op(f"v_max_{_t}", f"{_t} {_t} -> {_t}")(maximum)
    _three = f"{_t} {_t} {_t} -> {_t}"
    op(f"v_min3_{_t}", _three)(lambda a, b, c: minimum(minimum(a, b), c))
    op(f"v_max3_{_t}", _three)(lambda a, b, c: maximum(maximum(a, b), c))
    op(f"v_med3_{_t}", _three)(lambda a, b, c: maximum(minimum(a, b), minimum(maximum(a, b), c)))
    if _t[1:] == "32":
        op(f"v_maxmin_{_t}", _three)(lambda a, b, c: minimum(maximum(a, b), c))
        op(f"v_minmax_{_t}", _three)(lambda a, b, c: maximum(minimum(a, b), c))
for _t in ("u16", "i16"):
    op(f"v_mad_{_t} v_mad_legacy_{_t}", f"{_t} {_t} {_t} -> {_t}")(lambda a, b, c: a * b + c)

for _t in ("u16", "i16"):
    _two, _three = f"{_t} {_t} -> {_t}", f"{_t} {_t} {_t} -> {_t}"
    op(f"v_pk_add_{_t}", _two, packed=2)(lambda a, b: a + b)
    op(f"v_pk_sub_{_t}", _two, packed=2)(lambda a, b: a - b)
    op(f"v_pk_min_{_t}", _two, packed=2)(minimum)
    op(f"v_pk_max_{_t}", _two, packed=2)(maximum)
    op(f"v_pk_mad_{_t}", _three, packed=2)(lambda a, b, c: a * b + c)
op("v_pk_mul_lo_u16", "u16 u16 -> u16", packed=2)(lambda a, b: a * b)
op("v_pk_lshlrev_b16", "u16 u16 -> u16", packed=2)(lambda n, a: a << n)
op("v_pk_lshrrev_b16", "u16 u16 -> u16", packed=2)(lambda n, a: a >> n)
op("v_pk_ashrrev_i16", "u16 i16 -> i16", packed=2)(lambda n, a: a >> n)


@op("v_pk_mov_b32", "b32x2 b32x2 op_sel -> b32x2")
def _(a: tuple[Value, ...], b: tuple[Value, ...], op_sel: Value) -> tuple[Value, Value]:
    low = select((op_sel & 1) != 0, a[1], a[0])
    return low, select((op_sel & 2) != 0, b[1], b[0])


@op("v_add_co_u32", "u32 u32 -> u32 mask")
def _(a: Value, b: Value) -> tuple[Value, Value]:
    d = a + b
    return d, d < a


@op("v_add_co_ci_u32", "u32 u32 mask -> u32 mask")
def _(a: Value, b: Value, carry: Value) -> tuple[Value, Value]:
    s = a + b
    d = s + convert(carry, s.type)
    return d, (s < a) | (d < s)


def _subtract_with_borrow(a: Value, b: Value, borrow: Value) -> tuple[Value, Value]:
    d = a - b - convert(borrow, a.type)
    return d, (a < b) | ((a == b) & borrow)


op("v_sub_co_u32", "u32 u32 -> u32 mask")(lambda a, b: (a - b, a < b))
op("v_subrev_co_u32", "u32 u32 -> u32 mask")(lambda a, b: (b - a, b < a))
op("v_sub_co_ci_u32", "u32 u32 mask -> u32 mask")(_subtract_with_borrow)
op("v_subrev_co_ci_u32", "u32 u32 mask -> u32 mask")(
    lambda a, b, borrow: _subtract_with_borrow(b, a, borrow)
)


@op("v_mad_co_u64_u32", "u32 u32 u64 -> u64 mask")
def _(a: Value, b: Value, c: Value) -> tuple[Value, Value]:
    d = convert(a, U64) * convert(b, U64) + c
    return d, d < c


@op("v_mad_co_i64_i32", "i32 i32 i64 -> i64 mask")
def _(a: Value, b: Value, c: Value) -> tuple[Value, Value]:
    # Bit 64 of the 65-bit sum: its sign, which overflow takes from the 64-bit one.
    product = convert(a, I64) * convert(b, I64)
    d = product + c
    overflow = (product ^ d) & (c ^ d)
    return d, (d ^ overflow) < 0


op("v_mul_lo_u32", "u32 u32 -> u32")(lambda a, b: a * b)
op("v_mul_hi_u32", "u32 u32 -> u32")(mul_high)
op("v_mul_hi_i32", "i32 i32 -> i32")(mul_high)
op("v_mul_lo_u16", "u16 u16 -> u16")(lambda a, b: a * b)


def _low24(a: Value) -> Value:
    """The low 24 bits, extended as the type says."""
    return (a << 8) >> 8


op("v_mul_u32_u24", "u32 u32 -> u32")(lambda a, b: _low24(a) * _low24(b))
op("v_mul_i32_i24", "i32 i32 -> i32")(lambda a, b: _low24(a) * _low24(b))
op("v_mul_hi_u32_u24", "u32 u32 -> u32")(lambda a, b: mul_high(_low24(a), _low24(b)))
op("v_mul_hi_i32_i24", "i32 i32 -> i32")(lambda a, b: mul_high(_low24(a), _low24(b)))
op("v_mad_u32_u24", "u32 u32 u32 -> u32")(lambda a, b, c: _low24(a) * _low24(b) + c)
op("v_mad_i32_i24", "i32 i32 i32 -> i32")(lambda a, b, c: _low24(a) * _low24(b) + c)
op("v_mad_u32_u16", "u16 u16 u32 -> u32")(
    lambda a, b, c: convert(a, c.type) * convert(b, c.type) + c
)
op("v_mad_i32_i16", "i16 i16 i32 -> i32")(
    lambda a, b, c: convert(a, c.type) * convert(b, c.type) + c
)

op("v_add3_u32", "u32 u32 u32 -> u32")(lambda a, b, c: a + b + c)
op("v_xad_u32", "u32 u32 u32 -> u32")(lambda a, b, c: (a ^ b) + c)
op("v_lshl_add_u32", "u32 u32 u32 -> u32")(lambda a, n, c: (a << n) + c)
op("v_lshl_add_u64", "u64 u32 u64 -> u64")(lambda a, n, c: (a << (n & 7)) + c)
op("v_add_lshl_u32", "u32 u32 u32 -> u32")(lambda a, b, n: (a + b) << n)
op("v_lshl_or_b32", "u32 u32 u32 -> u32")(lambda a, n, c: (a << n) | c)
for _w in ("32", "64"):
    op(f"v_lshlrev_b{_w}", f"u32 u{_w} -> u{_w}")(lambda n, a: a << n)
    op(f"v_lshrrev_b{_w}", f"u32 u{_w} -> u{_w}")(lambda n, a: a >> n)
    op(f"v_ashrrev_i{_w}", f"u32 i{_w} -> i{_w}")(lambda n, a: a >> n)
op("v_lshlrev_b16", "u16 u16 -> u16")(lambda n, a: a << n)
op("v_lshrrev_b16", "u16 u16 -> u16")(lambda n, a: a >> n)
op("v_ashrrev_i16", "u16 i16 -> i16")(lambda n, a: a >> n)

op("v_bfrev_b32", "b32 -> b32")(bitreverse)
op("v_bcnt_u32_b32", "b32 u32 -> u32")(lambda a, b: popcount(a) + b)
op("v_clz_i32_u32", "u32 -> u32")(lambda a: bit_index(count_leading_zeros(a), 32))
op("v_ctz_i32_b32", "u32 -> u32")(lambda a: bit_index(count_trailing_zeros(a), 32))
op("v_cls_i32", "i32 -> u32")(sign_run)
op("v_bfm_b32", "u32 u32 -> u32")(lambda width, n: ((width.const(1) << width) - 1) << n)


@op("v_bfe_u32", "u32 u32 u32 -> u32")
def _(a: Value, offset: Value, width: Value) -> Value:
    return (a >> offset) & ((a.const(1) << width) - 1)


@op("v_bfe_i32", "i32 u32 u32 -> i32")
def _(a: Value, offset: Value, width: Value) -> Value:
    n = width & 31
    spare = 32 - n
    return select(n == 0, a.const(0), ((a >> offset) << spare) >> spare)


op("v_alignbit_b32", "u32 u32 u32 -> u32")(funnel_shift_right)
op("v_alignbyte_b32", "u32 u32 u32 -> u32")(
    lambda high, low, n: funnel_shift_right(high, low, (n & 3) << 3)
)


def byte(a: Value, index: int) -> Value:
    """Byte ``index`` of a dword, as a dword."""
    return (a >> (8 * index)) & 0xFF


def _byte_masks(v: Value) -> Value:
    """0xFF in each byte whose upper bit is set, 0 in the others."""
    flags = (v >> 7) & 0x01010101
    return (flags << 8) - flags


def _at_least(selectors: Value, code: int) -> Value:
    """0xFF in each byte that is ``code`` (at most 128) or more."""
    return _byte_masks(((selectors & 0x7F7F7F7F) + (0x80 - code) * 0x01010101) | selectors)


@op("v_perm_b32", "b32 b32 b32 -> b32")
def _(high: Value, low: Value, selectors: Value) -> Value:
    picked = host_instruction("bytes", selectors, low, high)
    # Codes from 8 on: the sign of the upper byte of each half-word, low first; 0; then 0xFF.
    uppers = host_instruction("bytes", ((selectors & 0x03030303) << 1) | 0x01010101, low, high)
    if picked is None or uppers is None:
        return _permuted(high, low, selectors)
    constant = _at_least(selectors, 12)
    picked = (picked & ~_at_least(selectors, 8)) | (_byte_masks(uppers) & _at_least(selectors, 8))
    return (picked & ~constant) | _at_least(selectors, 13)


def _permuted(high: Value, low: Value, selectors: Value) -> Value:
    """The same, byte by byte."""
    both = (convert(high, U64) << 32) | convert(low, U64)
    result = selectors.const(0)
    for index in range(4):
        s = byte(selectors, index)
        data = convert(both >> (convert(s & 7, U64) << 3), U32) & 0xFF
        signs = convert(both >> (((convert(s & 3, U64)) << 4) | 15), U32) & 1
        chosen = select(s < 8, data, signs * 0xFF)
        chosen = select(s == 12, s.const(0), chosen)
        chosen = select(s > 12, s.const(0xFF), chosen)
        result = result | (chosen << (8 * index))
    return result


@op("v_lerp_u8", "b32 b32 b32 -> b32")
def _(a: Value, b: Value, rounding: Value) -> Value:
    # Per byte (a + b + (rounding & 1)) >> 1 without letting carries cross.
    r = rounding & 0x01010101
    half = ((a >> 1) & 0x7F7F7F7F) + ((b >> 1) & 0x7F7F7F7F)
    odd = ((a & b) | ((a | b) & r)) & 0x01010101
    return half + odd


def _difference(a: Value, b: Value) -> Value:
    return select(a > b, a - b, b - a)


def _sad_u8(a: Value, b: Value, c: Value) -> Value:
    for index in range(4):
        c = c + _difference(byte(a, index), byte(b, index))
    return c


def _msad_u8(a: Value, b: Value, c: Value) -> Value:
    for index in range(4):
        y = byte(b, index)
        c = c + select(y == 0, y.const(0), _difference(byte(a, index), y))
    return c


op("v_sad_u8", "b32 b32 u32 -> u32")(_sad_u8)
op("v_msad_u8", "b32 b32 u32 -> u32")(_msad_u8)
op("v_sad_hi_u8", "b32 b32 u32 -> u32")(lambda a, b, c: (_sad_u8(a, b, a.const(0)) << 16) + c)
op("v_sad_u32", "u32 u32 u32 -> u32")(lambda a, b, c: _difference(a, b) + c)


@op("v_sad_u16", "b32 b32 u32 -> u32")
def _(a: Value, b: Value, c: Value) -> Value:
    return _difference(a & 0xFFFF, b & 0xFFFF) + _difference(a >> 16, b >> 16) + c


def _windows(a: Value) -> list[Value]:
    """The four dwords that start at bytes 0 to 3 of a qword."""
    return [convert(a >> (8 * index), U32) for index in range(4)]


def _quad_sad(sad: Body) -> Callable[..., tuple[Value, ...]]:
    def body(a: Value, b: Value, sums: tuple[Value, ...]) -> tuple[Value, ...]:
        t = sums[0].type
        pairs = zip(_windows(a), sums, strict=True)
        return tuple(convert(sad(w, b, convert(c, U32)), t) for w, c in pairs)

    return body


op("v_qsad_pk_u16_u8", "b64 b32 u16x4 -> u16x4")(_quad_sad(_sad_u8))
op("v_mqsad_pk_u16_u8", "b64 b32 u16x4 -> u16x4")(_quad_sad(_msad_u8))
op("v_mqsad_u32_u8", "b64 b32 u32x4 -> u32x4")(_quad_sad(_msad_u8))


def _saturated_byte(v: Value, low: int, high: int) -> Value:
    held = maximum(minimum(v, high), low)
    return convert(bits(held, held.type.unsigned), U8)


@op("v_sat_pk_u8_i16", "i16x2 -> u16")
def _(pair: tuple[Value, ...]) -> Value:
    low, high = (convert(_saturated_byte(v, 0, 255), U16) for v in pair)
    return low | (high << 8)


def _shifted_bytes(name: str, low: int, high: int) -> None:
    @op(name, "i32 i32 u32 b32 op_sel -> b32")
    def body(a: Value, b: Value, n: Value, old: Value, op_sel: Value) -> Value:
        """A pair of saturated bytes into half a register, whose other half stays."""
        first, second = (convert(_saturated_byte(v >> n, low, high), U32) for v in (a, b))
        upper = ((op_sel >> 3) & 1) != 0
        pair = first | (second << 8)
        return select(upper, (old & 0xFFFF) | (pair << 16), (old & 0xFFFF0000) | pair)


_shifted_bytes("v_ashr_pk_i8_i32", -128, 127)
_shifted_bytes("v_ashr_pk_u8_i32", 0, 255)
op("v_prng_b32", "b32 -> b32")(
    lambda a: (a << 1) ^ select((a >> 31) != 0, a.const(197), a.const(0))
)


@op("v_mbcnt_lo_u32_b32", "b32 u32 lane -> u32")
def _(mask: Value, base: Value, lane: Value) -> Value:
    below = select(lane > 31, lane.const(-1), (lane.const(1) << lane) - 1)
    return popcount(mask & below) + base


@op("v_mbcnt_hi_u32_b32", "b32 u32 lane -> u32")
def _(mask: Value, base: Value, lane: Value) -> Value:
    below = select(lane > 31, (lane.const(1) << lane) - 1, lane.const(0))
    return popcount(mask & below) + base


def _dot(a: tuple[Value, ...], b: tuple[Value, ...], c: Value) -> Value:
    for x, y in zip(a, b, strict=True):
        c = c + convert(x, c.type) * convert(y, c.type)
    return c


op("v_dot2_i32_i16 v_dot2c_i32_i16", "i16x2 i16x2 i32 -> i32")(_dot)
op("v_dot2_u32_u16", "u16x2 u16x2 u32 -> u32")(_dot)
op("v_dot4_i32_i8 v_dot4c_i32_i8", "i8x4 i8x4 i32 -> i32")(_dot)
op("v_dot4_u32_u8", "u8x4 u8x4 u32 -> u32")(_dot)
op("v_dot4_i32_iu8", "iu8x4 iu8x4 i32 -> i32")(_dot)
op("v_dot8_i32_iu4", "iu4x8 iu4x8 i32 -> i32")(_dot)


def _nibbles(a: Value) -> tuple[Value, ...]:
    return tuple((a << (28 - 4 * index)) >> 28 for index in range(8))


op("v_dot8_i32_i4 v_dot8c_i32_i4", "i32 i32 i32 -> i32")(
    lambda a, b, c: _dot(_nibbles(a), _nibbles(b), c)
)
op("v_dot8_u32_u4", "u32 u32 u32 -> u32")(lambda a, b, c: _dot(_nibbles(a), _nibbles(b), c))

op("v_cvt_i32_i16", "i16 -> i32")(lambda a: convert(a, I32))
op("v_cvt_u32_u16", "u16 -> u32")(lambda a: convert(a, U32))


def _pack_saturated(low: int, high: int, t: str) -> Callable[[Value, Value], tuple[Value, Value]]:
    half = U16 if t == "u" else I16

    def body(a: Value, b: Value) -> tuple[Value, Value]:
        x, y = (minimum(v, high) if t == "u" else maximum(minimum(v, high), low) for v in (a, b))
        return convert(x, half), convert(y, half)

    return body


op("v_cvt_pk_u16_u32", "u32 u32 -> u16x2")(_pack_saturated(0, 65535, "u"))
op("v_cvt_pk_i16_i32", "i32 i32 -> i16x2")(_pack_saturated(-32768, 32767, "i"))
