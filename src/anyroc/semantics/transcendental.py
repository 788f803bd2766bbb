"""Reciprocals, roots, exponentials, logarithms and circular functions.

AMD documents 1 ULP for the F32 forms and leaves the bits open.  Quotients and roots here are the
host's, correctly rounded; the rest are polynomials, whose coefficients are minimax fits (their
errors are given) and whose measured bounds the tests hold.  F16 forms are computed in F32 and
rounded.

The F32 forms of all but sine and cosine flush denormals, whatever MODE says, as documented.
"""

from __future__ import annotations

from collections.abc import Callable

from anyroc.semantics.arithmetic import finite_half
from anyroc.semantics.core import Fidelity, op, within
from anyroc.semantics.environment import flush
from anyroc.semantics.floats import INFINITY, narrow, raw, scale, wide
from anyroc.semantics.values import (
    F32,
    F64,
    I32,
    U32,
    U64,
    Value,
    bits,
    convert,
    fabs,
    fma,
    is_nan,
    round_even,
    select,
    sqrt,
)

Unary = Callable[[Value], Value]

# 2**x on [-1/2, 1/2], relative error 2**-29.
_EXP2 = (
    1.0, 0.6931472057363331, 0.24022646891194166, 0.055503287785143435, 0.009618488897953099,
    0.0013399930789647324, 0.0001534582738150001,
)  # fmt: skip
# log2(1 + r) / r on [sqrt(1/2) - 1, sqrt(2) - 1], relative error 2**-30.5.
_LOG2 = (
    1.442695041799541, -0.7213475156641203, 0.4808978892658068, -0.3606741487539602,
    0.28857616978034756, -0.24046722792738637, 0.20504357162108602, -0.17890846791768136,
    0.17205605408910954, -0.1690643761693088, 0.09703673308032272,
)  # fmt: skip
# sin(2 pi x) / x in powers of x * x on [-1/4, 1/4], relative error 2**-35.
_SIN = (
    6.283185307046695, -41.341702096929964, 81.60522369064773, -76.70417027647167,
    42.0077975984936, -14.38139379647578,
)  # fmt: skip

# Adding it leaves the nearest integer in the low bits of the sum.
_TO_INTEGER = 12582912.0


def _polynomial(x: Value, coefficients: tuple[float, ...]) -> Value:
    result = x.const(coefficients[-1])
    for c in reversed(coefficients[:-1]):
        result = fma(result, x, c)
    return result


def _split(v: float) -> tuple[float, float]:
    """``v`` as a number of at most 12 bits, and the rest."""
    high = float(round(v * 512)) / 512
    return high, v - high


def _infinity(v: Value) -> Value:
    return bits(v.const(INFINITY[v.type.bits], v.type.unsigned), v.type)


def exp2(x: Value) -> Value:
    """2**x in F32; results below the normal range are 0."""
    shifted = x + _TO_INTEGER
    fraction = x - (shifted - _TO_INTEGER)
    power = bits(raw(_polynomial(fraction, _EXP2)) + (raw(shifted) << 23), F32)
    power = select(x >= 128.0, _infinity(x), power)
    power = select(x < -126.0, x.const(0.0), power)
    return select(is_nan(x), x + x, power)


_ROOT_HALF = 0x3F3504F3


def log2(x: Value) -> Value:
    """The logarithm of a normal F32 to base 2; smaller ones count as 0."""
    offset = raw(x) - _ROOT_HALF
    exponent = convert(bits(offset, I32) >> 23, F32)
    r = bits((offset & 0x7FFFFF) + _ROOT_HALF, F32) - 1.0
    high, low = _split(_LOG2[0])
    tail = fma(_polynomial(r, _LOG2[1:]), r, low)
    result = exponent + fma(r, high, r * tail)
    result = select(x == _infinity(x), x, result)
    nan = bits(x.const(0xFFC00000, U32), F32)
    result = select(x < 0.0, nan, result)
    result = select(fabs(x) < 2.0**-126, -_infinity(x), result)
    return select(is_nan(x), x + x, result)


def _sin_quarter(x: Value) -> Value:
    """sin(2 pi x) for x in [-1/4, 1/4]."""
    square = x * x
    high, low = _split(_SIN[0])
    tail = fma(_polynomial(square, _SIN[1:]), square, low)
    return fma(x, high, x * tail)


def sin_turns(x: Value) -> Value:
    """sin(2 pi x); NaN for infinities."""
    turn = x - round_even(x)
    size = fabs(turn)
    folded = select(turn < 0.0, size - 0.5, 0.5 - size)  # never -0
    return select(x == 0.0, x, _sin_quarter(select(size > 0.25, folded, turn)))


def cos_turns(x: Value) -> Value:
    """cos(2 pi x); NaN for infinities."""
    turn = x - round_even(x)
    return _sin_quarter(0.25 - select(turn < 0.0, -turn, turn))  # keeping the sign of a NaN


def reciprocal(x: Value) -> Value:
    """1 / x."""
    return 1.0 / x


def reciprocal_root(x: Value) -> Value:
    """1 / sqrt(x), with a Newton step for what the root's own rounding lost."""
    y = 1.0 / sqrt(x)
    square = x * y
    error = fma(-square, y, 1.0) - fma(x, y, -square) * y
    return select(is_nan(error), y, fma(y * 0.5, error, y))


FUNCTIONS: dict[str, Unary] = {
    "exp": exp2,
    "log": log2,
    "rcp": reciprocal,
    "rsq": reciprocal_root,
    "sqrt": sqrt,
    "sin": sin_turns,
    "cos": cos_turns,
}


def _half(f: Unary) -> Unary:
    """To nearest whatever MODE says; FP16_OVFL keeps it finite, also where the operand is zero."""
    return lambda x: finite_half(narrow(f(wide(x)), x.type), x)


def _flushing(f: Unary) -> Unary:
    """Exponentials and logarithms do it themselves, and of roots only the operand is ever small."""
    if f in (exp2, log2):
        return f
    if f is reciprocal:
        return lambda x: flush(f(flush(x, True)), True)
    return lambda x: f(flush(x, True))


BOUNDS: dict[str, tuple[Fidelity, Fidelity]] = {
    "exp": (within(0.95, note="AMD documents 1 ulp"), within(0.51)),
    "log": (within(0.95, note="AMD documents 1 ulp"), within(0.5)),
    "rcp": (within(0.5, note="AMD documents 1 ulp"), within(0.5)),
    "rsq": (within(0.51, note="AMD documents 1 ulp"), within(0.5)),
    "sqrt": (within(0.5, note="AMD documents 1 ulp"), within(0.5)),
    "sin": (within(absolute=2.0**-22.8), within(absolute=2.0**-12)),
    "cos": (within(absolute=2.0**-22.8), within(absolute=2.0**-12)),
}
"""By function, for F32 and for F16: no error is greater, as
tests/differential/transcendental_bounds.py finds."""
_ULP_F64 = "AMD documents 2**29 ulp"

for _name, _f in FUNCTIONS.items():
    _single, _double = BOUNDS[_name]
    _body = _f if _name in ("sin", "cos") else _flushing(_f)
    op(f"v_{_name}_f32", "f32 -> f32", fidelity=_single)(_body)
    op(f"v_{_name}_f16", "f16 -> f16", fidelity=_double)(_half(_f))
    if _name not in ("sin", "cos"):
        op(f"v_s_{_name}_f32", "f32 -> f32", fidelity=_single)(_body)
        op(f"v_s_{_name}_f16", "f16 -> f16", fidelity=_double)(_half(_f))
op("v_rcp_iflag_f32", "f32 -> f32", fidelity=BOUNDS["rcp"][0])(_flushing(reciprocal))
op("v_exp_legacy_f32", "f32 -> f32", fidelity=BOUNDS["exp"][0])(exp2)
op("v_log_legacy_f32", "f32 -> f32", fidelity=BOUNDS["log"][0])(log2)
op("v_rcp_f64", "f64 -> f64", fidelity=within(0.5, note=_ULP_F64))(reciprocal)
op("v_rsq_f64", "f64 -> f64", fidelity=within(1.0, note=_ULP_F64))(reciprocal_root)
op("v_sqrt_f64", "f64 -> f64", fidelity=within(0.5, note=_ULP_F64))(sqrt)

# 2/pi's first 1201 bits after the point, in 64-bit words, first bits first.
_TWO_OVER_PI = (
    0xA2F9836E4E441529, 0xFC2757D1F534DDC0, 0xDB6295993C439041, 0xFE5163ABDEBBC561,
    0xB7246E3A424DD2E0, 0x06492EEA09D1921C, 0xFE1DEB1CB129A73E, 0xE88235F52EBB4484,
    0xE99C7026B45F7E41, 0x3991D639835339F4, 0x9C845F8BBDF9283B, 0x1FF897FFDE05980F,
    0xEF2F118B5A0A6D1F, 0x6D367ECF27CB09B7, 0x4F463F669E5FEA2D, 0x7527BAC7EBE5F17B,
    0x3D0739F78A5292EA, 0x6BFB5FB11F8D5D08, 0x56033046FC7B0000, 0x0000000000000000,
    0,
)  # fmt: skip


@op("v_trig_preop_f64", "f64 u32 -> f64")
def _(x: Value, segment: Value) -> Value:
    """53 bits of 2/pi, at the place where the argument's exponent and ``segment`` point."""
    e = convert((raw(x) >> 52) & 0x7FF, U32)
    beyond = select(e > 1077, e - 1077, e.const(0))
    shift = (segment & 31) * 53 + beyond
    high = low = x.const(0, U64)
    for index in range(len(_TWO_OVER_PI) - 1):
        here = (shift >> 6) == index
        high = select(here, high.const(_TWO_OVER_PI[index]), high)
        low = select(here, low.const(_TWO_OVER_PI[index + 1]), low)
    n = convert(shift & 63, U64)
    window = (high << n) | ((low >> 1) >> (63 - n))
    power = bits(shift.const(-53) - shift, I32)
    power = select(e >= 1968, power + 128, power)
    return scale(convert(window >> 11, F64), power)
