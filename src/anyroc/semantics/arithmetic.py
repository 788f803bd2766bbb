"""Sums, products and conversions of floats in the environment that MODE sets.

In the usual environment these are the functions of :mod:`anyroc.semantics.floats`.  Rounding in a
direction starts from the result to nearest and steps to its neighbour where the exact result lies
on the wanted side.  What is needed of the exact result is only on which side of the rounded one it
is: F16 and F32 are computed in F64, where a product is exact and a sum has an exact error; for F64
see :func:`_side_of_product` and :func:`_side_of_fma`.
"""

from __future__ import annotations

from typing import NamedTuple

from anyroc.semantics import floats
from anyroc.semantics.environment import (
    Environment,
    Width,
    both,
    choose,
    either,
    environment,
)
from anyroc.semantics.floats import (
    INFINITY,
    frexp_exponent,
    magnitude,
    mantissa,
    raw,
    sign_bit,
)
from anyroc.semantics.values import (
    BF16,
    F16,
    F32,
    F64,
    Type,
    Value,
    bits,
    convert,
    copysign,
    fabs,
    fma,
    select,
)

__all__ = [
    "add", "divided", "finite_half", "fused", "multiply", "multiply_then_add", "narrow", "scale",
    "subtract", "to_float",
]  # fmt: skip


class Exact(NamedTuple):
    """A number as the sum of two F64 values, the second below the first's last place."""

    high: Value
    low: Value | None = None


def _two_sum(a: Value, b: Value) -> Exact:
    """Their sum; not for ones that overflow."""
    s = a + b
    t = s - a
    return Exact(s, (a - (s - t)) + (b - t))


def _sides(nearest: Value, exact: Exact) -> tuple[Value, Value]:
    """Whether the exact number is below, above the rounded one."""
    reached = convert(nearest, F64)
    below, above = exact.high < reached, exact.high > reached
    if exact.low is None:
        return below, above
    same = exact.high == reached
    return below | (same & (exact.low < 0.0)), above | (same & (exact.low > 0.0))


def _step(nearest: Value, below: Value, above: Value, width: Width) -> Value:
    """The neighbour of ``nearest`` in the direction that is chosen, if the exact number lies
    there."""
    word = raw(nearest)
    negative = bits(word, nearest.type.signed) < 0
    rises = both(above, either(width.up, both(width.zero, negative)))
    falls = both(below, either(width.down, both(width.zero, ~negative)))
    outward = either(both(rises, ~negative), both(falls, negative))
    inward = either(both(rises, negative), both(falls, ~negative))
    word = choose(inward, word - 1, choose(outward, word + 1, word))
    return bits(word, nearest.type)


def finite_half(v: Value, *operands: Value) -> Value:
    """An F16 with FP16_OVFL's limit where the operands are finite."""
    env = environment(v)
    return v if env is None else _finite_half(v, env, _finite(*operands))


def _finite_half(v: Value, env: Environment, true: Value) -> Value:
    """FP16_OVFL: an F16 that overflowed is the greatest finite one; ``true``: where infinities are
    none."""
    if v.type is not F16 or env.finite_half is False:
        return v
    overflowed = both((magnitude(v) == INFINITY[16]) & true, env.finite_half)
    limit = bits(sign_bit(v) | 0x7BFF, F16)
    return choose(overflowed, limit, v)


def _finite(*values: Value) -> Value:
    """Whether all are finite."""
    result = magnitude(values[0]) < INFINITY[values[0].type.bits]
    for v in values[1:]:
        result = result & (magnitude(v) < INFINITY[v.type.bits])
    return result


def _negative_zero(result: Value, exact_zero: Value, negative: Value, width: Width) -> Value:
    """Rounding down, a sum of exactly zero is -0 unless both its terms are +0."""
    minus = both(exact_zero & negative, width.down)
    return choose(minus, bits(raw(result).const(1 << (result.type.bits - 1)), result.type), result)


def _is_negative(v: Value) -> Value:
    return bits(raw(v), v.type.signed) < 0


def add(a: Value, b: Value) -> Value:
    """``a + b``."""
    env = environment(a)
    nearest = floats.add(a, b)
    if env is None:
        return nearest
    width = env.of(a.type)
    result = nearest
    if width.directed:
        if a.type is F64:
            below, above = _side_of_sum(nearest, a, b)
        else:
            exact = _two_sum(convert(a, F64), convert(b, F64))
            below, above = _sides(nearest, exact)
        result = _step(nearest, below, above, width)
        zero = (nearest == 0.0) & ~(below | above)
        result = _negative_zero(result, zero, _is_negative(a) | _is_negative(b), width)
    return _finite_half(result, env, _finite(a, b))


def subtract(a: Value, b: Value) -> Value:
    """``a - b``."""
    return floats.subtract(a, b) if environment(a) is None else add(a, -b)


def multiply(a: Value, b: Value) -> Value:
    """``a * b``."""
    env = environment(a)
    nearest = floats.multiply(a, b)
    if env is None:
        return nearest
    width = env.of(a.type)
    result = nearest
    if width.directed:
        if a.type is F64:
            below, above = _side_of_product(nearest, a, b)
        else:
            below, above = _sides(nearest, Exact(convert(a, F64) * convert(b, F64)))
        result = _step(nearest, below, above, width)
    return _finite_half(result, env, _finite(a, b))


def fused(a: Value, b: Value, c: Value) -> Value:
    """``a * b + c``, rounded once."""
    env = environment(a)
    nearest = floats.fused(a, b, c)
    if env is None:
        return nearest
    width = env.of(a.type)
    result = nearest
    if width.directed:
        if a.type is F64:
            below, above = _side_of_fma(nearest, a, b, c)
        else:
            exact = _two_sum(convert(a, F64) * convert(b, F64), convert(c, F64))
            below, above = _sides(nearest, exact)
        result = _step(nearest, below, above, width)
        zero = (nearest == 0.0) & ~(below | above)
        product = _is_negative(a) ^ _is_negative(b)
        result = _negative_zero(result, zero, product | _is_negative(c), width)
    return _finite_half(result, env, _finite(a, b, c))


def multiply_then_add(a: Value, b: Value, c: Value) -> Value:
    """With a rounding after each step."""
    return add(multiply(a, b), c)


def narrow(v: Value, t: Type) -> Value:
    """A float rounded to a narrower type, by the rounding of F64 and F16: that of the conversions
    from F64 and to F16."""
    env = environment(v)
    nearest = floats.narrow(v, t) if t.bits == 16 else convert(v, t)
    if env is None or t is BF16:
        return nearest
    result = nearest
    if env.double.directed:
        below, above = _sides(nearest, Exact(convert(v, F64)))
        result = _step(nearest, below, above, env.double)
    return _finite_half(result, env, _finite(v))


def to_float(v: Value, t: Type) -> Value:
    """An integer of up to 32 bits as a float."""
    env = environment(v)
    if t is F16:
        wide = convert(v, F32)
        return narrow(wide, F16)
    nearest = convert(v, t)
    if env is None or t is F64 or not env.of(t).directed:
        return nearest
    below, above = _sides(nearest, Exact(convert(v, F64)))
    return _step(nearest, below, above, env.of(t))


def scale(v: Value, n: Value) -> Value:
    """``v * 2**n``, ``n`` an I32."""
    env = environment(v)
    nearest = floats.scale(v, n)
    if env is None:
        return nearest
    width = env.of(v.type)
    result = nearest
    if width.directed:
        # It rounded if scaling back gives something else; what scales back stays in range.
        back = floats.scale(nearest, -n)
        infinite = magnitude(nearest) == INFINITY[v.type.bits]
        vanished, outside = nearest == 0.0, infinite & _finite(v)
        below = (back > v) | (vanished & (v < 0.0)) | (outside & (v > 0.0))
        above = (back < v) | (vanished & (v > 0.0)) | (outside & (v < 0.0))
        result = _step(nearest, below, above, width)
    return _finite_half(result, env, _finite(v))


def divided(quotient: Value, inexact: Value) -> Value:
    """A quotient that is zero or infinite: in the direction that is chosen where ``inexact`` says
    that its operands are finite and it is only out of range."""
    env = environment(quotient)
    if env is None:
        return quotient
    width = env.of(quotient.type)
    result = quotient
    if width.directed:
        # An infinity is too large, a zero too small.
        shrinks = (magnitude(quotient) == INFINITY[quotient.type.bits]) ^ _is_negative(quotient)
        result = _step(quotient, inexact & shrinks, inexact & ~shrinks, width)
    return _finite_half(result, env, inexact)


# On which side of the rounded result the exact one lies, for F64.


def _by_sign(residue: Value) -> tuple[Value, Value]:
    return residue < 0.0, residue > 0.0


def _side_of_sum(nearest: Value, a: Value, b: Value) -> tuple[Value, Value]:
    swap = fabs(b) > fabs(a)
    large, small = select(swap, b, a), select(swap, a, b)
    return _by_sign(small - (nearest - large))


def _side_of_product(nearest: Value, a: Value, b: Value) -> tuple[Value, Value]:
    """A product's error is representable unless it is tiny: then the smaller factor is scaled."""
    swap = fabs(b) > fabs(a)
    large, small = select(swap, b, a), select(swap, a, b)
    factor = select(fabs(nearest) < 2.0**-800, a.const(2.0**600), a.const(1.0))
    residue = fma(small * factor, large, -(nearest * factor))
    vanished = (nearest == 0.0) & (a != 0.0) & (b != 0.0)
    return _by_sign(select(vanished, copysign(a.const(1.0), nearest), residue))


def _side_of_fma(nearest: Value, a: Value, b: Value, c: Value) -> tuple[Value, Value]:
    """With everything scaled so that the product is about 1: there its error is representable, and
    what an addend that is far smaller or larger does is known from its sign alone."""
    product_exponent = frexp_exponent(a) + frexp_exponent(b)
    x, y = mantissa(a), mantissa(b)
    high = x * y
    low = fma(x, y, -high)
    distance = frexp_exponent(c) - product_exponent
    tiny = copysign(c.const(2.0**-1000), c)
    down = -product_exponent
    addend = select((distance < -1000) & (c != 0.0), tiny, floats.scale(c, down))
    total, rest = _two_sum(high, addend)
    assert rest is not None
    remainder = total - floats.scale(nearest, down)
    v, w = _two_sum(rest, low)
    assert w is not None
    s, t = _two_sum(remainder, v)
    assert t is not None
    # An infinite remainder has no error.
    residue = select(fabs(remainder) == _infinite(c), remainder, s + (t + w))
    residue = select((distance > 900) & (c != 0.0), high, residue)
    sums = _finite(a, b, c) & (a != 0.0) & (b != 0.0)
    residue = select(sums, residue, c.const(0.0))
    return _by_sign(residue)


def _infinite(v: Value) -> Value:
    return bits(v.const(INFINITY[v.type.bits], v.type.unsigned), v.type)
