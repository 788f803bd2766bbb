"""Floating-point arithmetic as AMD's ALUs do it, shared by scalar and vector instructions.

F16 arithmetic is computed in F32 and rounded once more: 24 bits of precision hold enough for that
to be exact for sums, products, quotients and roots (2 * 11 + 2 <= 24); fused multiply-add needs
:func:`fma_half`.
"""

from __future__ import annotations

from collections.abc import Callable

from anyroc.semantics.environment import choose, environment
from anyroc.semantics.values import (
    BF16,
    F32,
    F64,
    I32,
    U16,
    U32,
    Type,
    Value,
    bits,
    convert,
    fabs,
    fma,
    host_instruction,
    is_nan,
    select,
)

QUIET = {16: 1 << 9, 32: 1 << 22, 64: 1 << 51}
INFINITY = {16: 0x7C00, 32: 0x7F800000, 64: 0x7FF0000000000000}
MANTISSA_BITS = {16: 10, 32: 23, 64: 52}
EXPONENT_BIAS = {16: 15, 32: 127, 64: 1023}


def raw(v: Value) -> Value:
    """The bits of ``v`` as an unsigned integer."""
    return bits(v, v.type.unsigned)


def magnitude(v: Value) -> Value:
    """The bits of ``v`` without its sign."""
    return raw(v) & ((1 << (v.type.bits - 1)) - 1)


def sign_bit(v: Value) -> Value:
    """The bits of ``v`` with only its sign."""
    return raw(v) & (1 << (v.type.bits - 1))


def exponent(v: Value) -> Value:
    """The biased exponent field, as an unsigned integer of ``v``'s width."""
    return magnitude(v) >> MANTISSA_BITS[v.type.bits]


def quiet(v: Value) -> Value:
    """``v`` with a NaN made quiet."""
    return select(is_nan(v), bits(raw(v) | QUIET[v.type.bits], v.type), v)


def is_signaling(v: Value) -> Value:
    """Whether ``v`` is a signaling NaN."""
    width = v.type.bits
    first = 2 * INFINITY[width] + 1
    return ((raw(v) << 1) - first) < (2 * QUIET[width] - 1)


def wide(v: Value) -> Value:
    """A 16-bit float as F32."""
    return convert(v, F32)


def bf16(v: Value) -> Value:
    """F32 rounded to nearest even BF16, denormals kept, NaNs quieted."""
    u = raw(v)
    rounded = (u + 0x7FFF + ((u >> 16) & 1)) >> 16
    return bits(convert(select(is_nan(v), (u >> 16) | 0x40, rounded), U16), BF16)


def unrounded_sum(a: Value, b: Value) -> Value:
    """``a + b`` in F32 rounded to odd, so that one more rounding to fewer bits is exact."""
    s = a + b
    t = s - a
    error = (a - (s - t)) + (b - t)
    lost = fabs(error) > 0.0
    even = (raw(s) & 1) == 0
    away = select(bits(raw(error) ^ raw(s), I32) < 0, s.const(-1, U32), s.const(1, U32))
    return select(lost & even, bits(raw(s) + away, F32), s)


def fma_half(a: Value, b: Value, c: Value) -> Value:
    """``a * b + c`` of 16-bit floats with one rounding."""
    return narrow(unrounded_sum(wide(a) * wide(b), wide(c)), a.type)


def narrow(v: Value, t: Type) -> Value:
    """F32 rounded to a 16-bit float type."""
    return bf16(v) if t is BF16 else convert(v, t)


def add(a: Value, b: Value) -> Value:
    """``a + b``, rounded once."""
    return narrow(wide(a) + wide(b), a.type) if a.type.bits == 16 else a + b


def subtract(a: Value, b: Value) -> Value:
    """``a - b``, rounded once."""
    return narrow(wide(a) - wide(b), a.type) if a.type.bits == 16 else a - b


def multiply(a: Value, b: Value) -> Value:
    """``a * b``, rounded once."""
    return narrow(wide(a) * wide(b), a.type) if a.type.bits == 16 else a * b


def fused(a: Value, b: Value, c: Value) -> Value:
    """``a * b + c``, rounded once."""
    return fma_half(a, b, c) if a.type.bits == 16 else fma(a, b, c)


def multiply_then_add(a: Value, b: Value, c: Value) -> Value:
    """With a rounding after each step."""
    return add(multiply(a, b), c)


def lesser(a: Value, b: Value) -> Value:
    """The smaller of two numbers, -0 below +0."""
    return select(a == b, bits(raw(a) | raw(b), a.type), select(a < b, a, b))


def greater(a: Value, b: Value) -> Value:
    """The greater of two numbers, +0 above -0."""
    return select(a == b, bits(raw(a) & raw(b), a.type), select(a > b, a, b))


Binary = Callable[[Value, Value], Value]


def number_of(pick: Binary) -> Binary:
    """RDNA4's ``_num``: a number wins over any NaN; of two NaNs the first, quieted."""

    def body(a: Value, b: Value) -> Value:
        return select(is_nan(b), quiet(a), pick(a, b))

    return body


def ieee_2008(pick: Binary) -> Binary:
    """Up to RDNA3.5: in IEEE mode a signaling NaN gives its quiet form, a quiet one loses to a
    number; else every NaN loses to the other operand."""

    def body(a: Value, b: Value) -> Value:
        env = environment(a)
        if env is not None and env.ieee is not True:
            plain = select(is_nan(b), a, select(is_nan(a), b, pick(a, b)))
            return choose(env.ieee, in_ieee_mode(a, b), plain)
        return in_ieee_mode(a, b)

    def in_ieee_mode(a: Value, b: Value) -> Value:
        if a.raw is b.raw:  # compilers' way to quiet a NaN
            return quiet(a)
        direct = host_instruction("max" if pick is greater else "min", a, b)
        if direct is not None:
            return direct
        first = is_signaling(a)
        signaling = first | is_signaling(b)
        nan = bits(raw(select(first, a, b)) | QUIET[a.type.bits], a.type)
        return select(signaling, nan, select(is_nan(b), a, pick(a, b)))

    return body


def propagating(pick: Binary) -> Binary:
    """IEEE 754-2019 minimum and maximum: any NaN wins, signaling ones first."""

    def body(a: Value, b: Value) -> Value:
        first = is_nan(a) & (is_signaling(a) | ~is_signaling(b))
        nan = select(first, a, b)
        return select(is_nan(a) | is_nan(b), quiet(nan), pick(a, b))

    return body


MIN_MAX: dict[str, Binary] = {
    "min": ieee_2008(lesser),
    "max": ieee_2008(greater),
    "min_num": number_of(lesser),
    "max_num": number_of(greater),
    "minimum": propagating(lesser),
    "maximum": propagating(greater),
}
"""By the infix of the instruction's name."""


def median(a: Value, b: Value, c: Value, low: Binary) -> Value:
    """Of three numbers the middle one; with a NaN among them the least by ``low``."""
    top = greater(greater(a, b), c)
    middle = select(top == a, greater(b, c), select(top == b, greater(a, c), greater(a, b)))
    nan = is_nan(a) | is_nan(b) | is_nan(c)
    return select(nan, low(low(a, b), c), middle)


def clamp_int(n: Value, low: int, high: int) -> Value:
    """A signed integer held to [low, high]."""
    above = select(n < low, n.const(low), n)
    return select(above > high, n.const(high), above)


def power_of_two(n: Value, t: Type) -> Value:
    """2**n in ``t`` for a signed integer of its width within the normal exponents."""
    return bits((bits(n, t.unsigned) + EXPONENT_BIAS[t.bits]) << MANTISSA_BITS[t.bits], t)


def scale(v: Value, n: Value) -> Value:
    """``v * 2**n`` with one rounding, ``n`` an I32."""
    direct = host_instruction("ldexp", v, n)
    if direct is not None:
        return direct
    if v.type.bits == 16:
        return narrow(wide(v) * power_of_two(clamp_int(n, -60, 60), F32), v.type)
    if v.type is F32:
        factor = power_of_two(convert(clamp_int(n, -400, 400), F64.signed), F64)
        return convert(convert(v, F64) * factor, F32)
    rest = convert(clamp_int(n, -2200, 2200), F64.signed)
    factors = []
    for _ in range(3):
        step = clamp_int(rest, -1022, 1023)
        rest = rest - step
        factors.append(power_of_two(step, F64))
    return ((v * factors[2]) * factors[1]) * factors[0]


def below_one(v: Value) -> Value:
    """``v``, or the greatest number below 1 where ``v`` is 1 or more."""
    last = {16: 0x3BFF, 32: 0x3F7FFFFF, 64: 0x3FEFFFFFFFFFFFFF}[v.type.bits]
    return select(v >= 1.0, bits(v.const(last, v.type.unsigned), v.type), v)


def mantissa(v: Value) -> Value:
    """frexp's fraction: in [0.5, 1) with the sign; zeros, infinities and NaNs as they are."""
    width = v.type.bits
    field = MANTISSA_BITS[width]
    scaled, _ = _normalized(v)
    half = (EXPONENT_BIAS[width] - 1) << field
    fraction = bits((raw(scaled) & ~(INFINITY[width])) | half, v.type)
    special = (magnitude(v) == 0) | (magnitude(v) >= INFINITY[width])
    return select(special, quiet(v), fraction)


def frexp_exponent(v: Value) -> Value:
    """frexp's exponent as an I32: 0 for zeros, infinities and NaNs."""
    width = v.type.bits
    scaled, shift = _normalized(v)
    e = convert(exponent(scaled), U32)
    n = bits(e - (EXPONENT_BIAS[width] - 1) - shift, I32)
    special = (magnitude(v) == 0) | (magnitude(v) >= INFINITY[width])
    return select(special, n.const(0), n)


def _normalized(v: Value) -> tuple[Value, Value]:
    """``v`` with a denormal scaled into the normal range, and the power of two used (U32)."""
    shift = MANTISSA_BITS[v.type.bits] + 1
    small = exponent(v) == 0
    up = multiply(v, v.const(2.0**shift))
    return select(small, up, v), select(small, v.const(shift, U32), v.const(0, U32))


def classify(v: Value, mask: Value) -> Value:
    """v_cmp_class: whether the class of ``v`` is among the ten of ``mask`` (U32)."""
    width = v.type.bits
    m = magnitude(v)
    infinity, tiny = INFINITY[width], 1 << MANTISSA_BITS[width]
    # Numbers: 0 for zero, 1 denormal, 2 normal, 3 infinity: bit 6 + n of the mask, or 5 - n if
    # negative.
    rank = convert(m != 0, U32) + convert(m >= tiny, U32) + convert(m >= infinity, U32)
    negative = convert(bits(raw(v), v.type.signed) >> (width - 1), I32)
    number = (rank ^ bits(negative, U32)) + 6
    quiet_bit = convert(raw(v) >> (MANTISSA_BITS[width] - 1), U32) & 1
    index = select(m > infinity, quiet_bit, number)
    return ((mask >> index) & 1) != 0
