"""Floating-point arithmetic instructions, vector and scalar."""

from __future__ import annotations

from collections.abc import Callable

from anyroc.semantics import floats
from anyroc.semantics.arithmetic import (
    add,
    divided,
    fused,
    multiply,
    multiply_then_add,
    narrow,
    scale,
    subtract,
)
from anyroc.semantics.core import op, unspecified
from anyroc.semantics.environment import choose, environment
from anyroc.semantics.floats import (
    INFINITY,
    MANTISSA_BITS,
    MIN_MAX,
    QUIET,
    magnitude,
    raw,
    wide,
)
from anyroc.semantics.values import (
    BF16,
    F16,
    F32,
    I16,
    I32,
    U32,
    Value,
    bits,
    ceil,
    convert,
    fabs,
    floor,
    fma,
    round_even,
    select,
    trunc,
)

FLOATS = ("f16", "f32", "f64")

for _t in FLOATS:
    _one, _two, _three = f"{_t} -> {_t}", f"{_t} {_t} -> {_t}", f"{_t} {_t} {_t} -> {_t}"
    op(f"v_add_{_t}", _two)(add)
    op(f"v_mul_{_t}", _two)(multiply)
    op(f"v_fma_{_t} v_fmac_{_t}", _three)(fused)
    if _t != "f64":
        op(f"v_sub_{_t}", _two)(subtract)
        op(f"v_subrev_{_t}", _two)(lambda a, b: subtract(b, a))
        op(f"v_fmaak_{_t} v_fmamk_{_t}", _three)(fused)
        op(f"s_add_{_t}", _two)(add)
        op(f"s_sub_{_t}", _two)(subtract)
        op(f"s_mul_{_t}", _two)(multiply)
        op(f"s_fmac_{_t}", _three)(fused)
    for _name, _body in MIN_MAX.items():
        op(f"v_{_name}_{_t}", _two)(_body)
        if _t != "f64":
            op(f"s_{_name}_{_t}", _two)(_body)
op("s_fmaak_f32 s_fmamk_f32", "f32 f32 f32 -> f32")(fused)
op("v_fma_legacy_f16", "f16 f16 f16 -> f16")(fused)
op("v_mac_f16 v_mad_f16 v_mad_legacy_f16 v_madak_f16 v_madmk_f16", "f16 f16 f16 -> f16")(
    multiply_then_add
)

Ternary = Callable[[Value, Value, Value], Value]


def _then(first: str, second: str) -> Ternary:
    f, g = MIN_MAX[first], MIN_MAX[second]
    return lambda a, b, c: g(f(a, b), c)


def _median(low: str) -> Ternary:
    return lambda a, b, c: floats.median(a, b, c, MIN_MAX[low])


for _t in ("f16", "f32"):
    _three = f"{_t} {_t} {_t} -> {_t}"
    for _n in ("", "_num"):
        _min, _max = "min" + _n, "max" + _n
        op(f"v_min3{_n}_{_t}", _three)(_then(_min, _min))
        op(f"v_max3{_n}_{_t}", _three)(_then(_max, _max))
        op(f"v_maxmin{_n}_{_t}", _three)(_then(_max, _min))
        op(f"v_minmax{_n}_{_t}", _three)(_then(_min, _max))
        op(f"v_med3{_n}_{_t}", _three)(_median(_min))
    op(f"v_minimum3_{_t}", _three)(_then("minimum", "minimum"))
    op(f"v_maximum3_{_t}", _three)(_then("maximum", "maximum"))
    op(f"v_minimummaximum_{_t}", _three)(_then("minimum", "maximum"))
    op(f"v_maximumminimum_{_t}", _three)(_then("maximum", "minimum"))

for _t in ("f16", "f32"):
    op(f"v_pk_add_{_t}", f"{_t} {_t} -> {_t}", packed=2)(add)
    op(f"v_pk_mul_{_t}", f"{_t} {_t} -> {_t}", packed=2)(multiply)
    op(f"v_pk_fma_{_t}", f"{_t} {_t} {_t} -> {_t}", packed=2)(fused)
op("v_pk_fmac_f16", "f16 f16 f16 -> f16", packed=2)(fused)
for _name, _body in MIN_MAX.items():
    op(f"v_pk_{_name}_f16", "f16 f16 -> f16", packed=2)(_body)
op("v_pk_minimum3_f16", "f16 f16 f16 -> f16", packed=2)(_then("minimum", "minimum"))
op("v_pk_maximum3_f16", "f16 f16 f16 -> f16", packed=2)(_then("maximum", "maximum"))

op("v_fma_mix_f32", "mix mix mix -> f32")(fused)
op("v_fma_mixlo_f16 v_fma_mixhi_f16", "mix mix mix -> f16")(
    lambda a, b, c: narrow(fused(a, b, c), F16)
)
op("v_fma_mix_f32_bf16", "mix mix mix -> f32")(fused)
op("v_fma_mixlo_bf16 v_fma_mixhi_bf16", "mix mix mix -> bf16")(
    lambda a, b, c: narrow(fused(a, b, c), BF16)
)


def _zero_wins(a: Value, b: Value, product: Value, otherwise: Value) -> Value:
    """Direct3D 9's rule: zero times anything is zero."""
    return select((a == 0.0) | (b == 0.0), otherwise, product)


op("v_mul_dx9_zero_f32", "f32 f32 -> f32")(
    lambda a, b: _zero_wins(a, b, multiply(a, b), a.const(0.0))
)
op("v_fma_dx9_zero_f32 v_fmac_dx9_zero_f32", "f32 f32 f32 -> f32")(
    lambda a, b, c: _zero_wins(a, b, fused(a, b, c), c)
)


@op("v_mullit_f32", "f32 f32 f32 -> f32")
def _(a: Value, b: Value, c: Value) -> Value:
    least = bits(a.const(0xFF7FFFFF, U32), F32)
    keep = (b > least) & (c > 0.0)
    return select(keep, multiply(a, b), least)


Unary = Callable[[Value], Value]


def _through_f32(f: Unary) -> Unary:
    return lambda a: narrow(f(wide(a)), a.type) if a.type.bits == 16 else f(a)


ROUNDINGS: dict[str, Unary] = {
    "trunc": _through_f32(trunc),
    "ceil": _through_f32(ceil),
    "rndne": _through_f32(round_even),
    "floor": _through_f32(floor),
}
for _t in FLOATS:
    for _name, _round in ROUNDINGS.items():
        op(f"v_{_name}_{_t}", f"{_t} -> {_t}")(_round)
        if _t != "f64":
            op(f"s_{_name}_{_t}", f"{_t} -> {_t}")(_round)
    op(f"v_frexp_mant_{_t}", f"{_t} -> {_t}")(floats.mantissa)


def _fract(a: Value) -> Value:
    # For F16 the difference is exact in F32 and rounded once, which may reach 1.
    if a.type is F16:
        difference = narrow(wide(a) - floor(wide(a)), F16)
    else:
        difference = subtract(a, floor(a))
    return floats.below_one(difference)


for _t in FLOATS:
    op(f"v_fract_{_t}", f"{_t} -> {_t}")(_fract)

op("v_frexp_exp_i32_f32", "f32 -> i32")(floats.frexp_exponent)
op("v_frexp_exp_i32_f64", "f64 -> i32")(floats.frexp_exponent)
op("v_frexp_exp_i16_f16", "f16 -> i16")(lambda a: convert(floats.frexp_exponent(a), I16))
op("v_ldexp_f32", "f32 i32 -> f32")(scale)
op("v_ldexp_f64", "f64 i32 -> f64")(scale)
op("v_ldexp_f16", "f16 i16 -> f16")(lambda a, n: scale(a, convert(n, I32)))


_UNDERFLOW = {32: -150, 64: -1075}
"""By width: the distance of the operands' exponents below which a quotient counts as too small."""


def _div_fixup(quotient: Value, denominator: Value, numerator: Value) -> Value:
    """The approximate quotient with the right sign, or what IEEE division gives: for operands that
    are zero, infinite or NaN, and where the quotient is so far outside of the range that its
    approximation is meaningless (for overflow that is infinite or NaN; AMD's manuals test the
    denominator, which cannot be meant)."""
    t = quotient.type
    if t.bits == 16:
        result = floats.narrow(wide(numerator) / wide(denominator), t)
    else:
        result = numerator / denominator
    sign = (raw(numerator) ^ raw(denominator)) & (1 << (t.bits - 1))
    signed = bits(magnitude(quotient) | sign, t)
    field = INFINITY[t.bits]
    finite = (numerator != 0.0) & (denominator != 0.0)
    for v in (numerator, denominator):
        finite = finite & (magnitude(v) < field)
    ordinary = finite
    if t.bits in _UNDERFLOW:
        n, d = (bits(raw(v) & field, t.signed) for v in (numerator, denominator))
        below = n - d < _UNDERFLOW[t.bits] * (1 << MANTISSA_BITS[t.bits])
        beyond = finite & ~below & (magnitude(quotient) >= field)
        ordinary = finite & ~below & ~beyond
        result = select(finite & below, bits(sign, t), result)
        result = select(beyond, bits(sign | field, t), result)
    return select(ordinary, signed, divided(result, finite))


for _t in FLOATS:
    op(f"v_div_fixup_{_t}", f"{_t} {_t} {_t} -> {_t}")(_div_fixup)
op("v_div_fixup_legacy_f16", "f16 f16 f16 -> f16")(_div_fixup)

DIVISION = {32: (64, 96, 23, 126), 64: (128, 768, 53, 1022)}
"""By width: the power of two that division scales by; the exponent distance from which the quotient
overflows; the numerator's biased exponent up to which it is tiny; minus the least normal
exponent."""


def _div_scale(a: Value, denominator: Value, numerator: Value) -> tuple[Value, Value]:
    """Scales the numerator or denominator (whichever ``a`` is) of a division so that no step of its
    Newton iteration leaves the normal range; the mask says that v_div_fmas must undo it."""
    t = a.type
    power, big, tiny, least = DIVISION[t.bits]
    one, up, down = a.const(1.0), a.const(2.0**power), a.const(2.0**-power)
    n, d = fabs(numerator), fabs(denominator)
    field = INFINITY[t.bits]
    distance = bits((raw(n) & field) - (raw(d) & field), t.signed)
    huge = distance >= (big << MANTISSA_BITS[t.bits])
    # The quotient is denormal; both sides are scaled so that neither leaves the range.
    low = ((n * 2.0**100) < (d * 2.0 ** (100 - least))) & (raw(d) < field)
    d_denormal = d < 2.0**-least
    is_d = a == denominator

    factor = select(n < 2.0 ** (tiny - least), up, one)
    factor = select(low, select(a == numerator, up, one), factor)
    large = (d > 2.0**least) & (raw(d) < field)
    factor = select(large, select(low & ~is_d, one, down), factor)
    factor = select(d_denormal, up, factor)
    factor = select(huge, select(is_d, up, one), factor)
    zero = (n == 0.0) | (d == 0.0)
    nan = bits(a.const(INFINITY[t.bits] | QUIET[t.bits], t.unsigned), t)
    scaled = ~zero & (huge | (low & ~d_denormal))
    return a * select(zero, nan, factor), scaled


def _div_fmas(a: Value, b: Value, c: Value, scaled: Value) -> Value:
    """Undoes v_div_scale after the last step, upwards for a large quotient and downwards for a
    small one.

    Downwards the result may be denormal: a sum that rounded to just between two of those goes to
    the side where the exact one is, so that there is one rounding in all.
    """
    t = c.type
    power, _, _, least = DIVISION[t.bits]
    d = fma(a, b, c)
    error = fma(a, b, c - d)
    half_unit = 2.0 ** (power - least - MANTISSA_BITS[t.bits] - 1)
    tie = fabs(d - (d * 2.0**-power) * 2.0**power) == half_unit
    inward = bits(raw(d) ^ raw(error), t.signed) < 0
    step = select(inward, raw(d).const(-1), raw(d).const(1))
    nudged = select(tie & (error != 0.0), bits(raw(d) + step, t), d)
    result = select(fabs(c) >= 2.0, d * 2.0**power, nudged * 2.0**-power)
    result = select(scaled, result, d)
    env = environment(c)
    if env is None or not env.of(t).directed:
        return result
    # Rounding twice in one direction is rounding once.
    factor = select(fabs(c) >= 2.0, c.const(2.0**power), c.const(2.0**-power))
    d = fused(a, b, c)
    d = select(scaled, multiply(d, factor), d)
    return choose(env.of(t).chosen, d, result)


for _t in ("f32", "f64"):
    op(f"v_div_scale_{_t}", f"{_t} {_t} {_t} -> {_t} mask")(_div_scale)
    op(f"v_div_fmas_{_t}", f"{_t} {_t} {_t} mask -> {_t}")(_div_fmas)


def _dot2(a: tuple[Value, ...], b: tuple[Value, ...], c: Value) -> Value:
    """Products exact in F32, added to ``c`` one after the other."""
    for x, y in zip(a, b, strict=True):
        c = fma(wide(x), wide(y), c)
    return c


def _dot2_narrow(a: tuple[Value, ...], b: tuple[Value, ...], c: Value) -> Value:
    return narrow(_dot2(a, b, wide(c)), c.type)


_DOT = unspecified(
    "order and rounding of the sums: here one after the other from the addend on, each fused; clamp"
    " does nothing, as measured on gfx1200"
)
_DOT_NARROW = unspecified("order and rounding of the sums: here in F32, rounded once at the end")
for _t in ("f16", "bf16"):
    _names = f"v_dot2_f32_{_t} v_dot2c_f32_{_t} v_dot2acc_f32_{_t}"
    op(_names, f"{_t}x2 {_t}x2 f32 -> f32", modified=False, fidelity=_DOT)(_dot2)
op("v_dot2_f16_f16", "f16x2 f16x2 f16 -> f16", fidelity=_DOT_NARROW)(_dot2_narrow)
op("v_dot2_bf16_bf16", "bf16x2 bf16x2 bf16 -> bf16", fidelity=_DOT_NARROW)(_dot2_narrow)


def _faces(x: Value, y: Value, z: Value) -> tuple[Value, Value]:
    """Whether z, else y, is the major axis of a cube map's direction."""
    ax, ay, az = fabs(x), fabs(y), fabs(z)
    return (az >= ax) & (az >= ay), ay >= ax


@op("v_cubeid_f32", "f32 f32 f32 -> f32")
def _(x: Value, y: Value, z: Value) -> Value:
    def face(v: Value, number: float) -> Value:
        return select(v < 0.0, v.const(number + 1), v.const(number))

    on_z, on_y = _faces(x, y, z)
    return select(on_z, face(z, 4.0), select(on_y, face(y, 2.0), face(x, 0.0)))


@op("v_cubesc_f32", "f32 f32 f32 -> f32")
def _(x: Value, y: Value, z: Value) -> Value:
    on_z, on_y = _faces(x, y, z)
    side = select(x < 0.0, z, -z)
    return select(on_z, select(z < 0.0, -x, x), select(on_y, x, side))


@op("v_cubetc_f32", "f32 f32 f32 -> f32")
def _(x: Value, y: Value, z: Value) -> Value:
    on_z, on_y = _faces(x, y, z)
    return select(on_z, -y, select(on_y, select(y < 0.0, -z, z), -y))


@op("v_cubema_f32", "f32 f32 f32 -> f32")
def _(x: Value, y: Value, z: Value) -> Value:
    on_z, on_y = _faces(x, y, z)
    return select(on_z, z, select(on_y, y, x)) * 2.0
