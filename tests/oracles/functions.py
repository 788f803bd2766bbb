"""Reciprocals, roots, exponentials, logarithms and circular functions, within what AMD documents:
one unit in the last place for F32 and F16, 2**29 for F64; for sine and cosine, of which nothing is
documented, within what `anyroc isa fidelity` says."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from oracles.rule import fraction, number, rule
from semantics_support.exact import Number

NAN = math.nan


def _flushed(v: Number, t: str) -> Number:
    """Denormals as zeros, which the F32 functions make of them."""
    if isinstance(v, float) or t != "f32" or abs(v) >= Fraction(2) ** -126:
        return v
    return -0.0 if v < 0 else Fraction(0)


def _root(v: Number) -> Number:
    if isinstance(v, float):
        return v if v == 0 or math.isnan(v) or v > 0 else NAN
    if v < 0:
        return NAN
    shift = 240 + (2 * v.denominator.bit_length() & ~1)
    return Fraction(math.isqrt((v.numerator << shift) // v.denominator), 1 << shift // 2)


def _reciprocal(v: Number) -> Number:
    if v == 0:
        return -math.inf if isinstance(v, float) else math.inf
    if isinstance(v, float):
        return NAN if math.isnan(v) else -0.0 if v < 0 else Fraction(0)
    return 1 / v


def _reciprocal_root(v: Number) -> Number:
    if v == 0:
        return _reciprocal(v)
    return _reciprocal(_root(v))


def _exponential(v: Number) -> Number:
    if isinstance(v, float) and v != 0:
        return Fraction(0) if v == -math.inf else v
    if v > 2000 or v < -2000:
        return math.inf if v > 0 else Fraction(0)
    whole = math.floor(v)
    return Fraction(2.0 ** float(Fraction(v) - whole)) * Fraction(2) ** whole


def _logarithm(v: Number) -> Number:
    if v == 0:
        return -math.inf
    if isinstance(v, float):
        return v if math.isnan(v) or v > 0 else NAN
    if v < 0:
        return NAN
    power = v.numerator.bit_length() - v.denominator.bit_length()
    rest = float(v / Fraction(2) ** power)
    if power and rest > 1.4:  # near 1 there is nothing to add
        power, rest = power + 1, rest / 2
    if not power:
        return Fraction(math.log1p(float(v - 1)) / math.log(2))
    return Fraction(power) + Fraction(math.log2(rest))


def _wave(f: Callable[[float], float]) -> Callable[[Number], Number]:
    def of(v: Number) -> Number:
        if isinstance(v, float) and v != 0:
            return NAN
        turn = Fraction(v) - round(Fraction(v))
        return Fraction(f(2 * math.pi * float(turn)))

    return of


FUNCTIONS: dict[str, Callable[[Number], Number]] = {
    "exp": _exponential,
    "log": _logarithm,
    "rcp": _reciprocal,
    "rsq": _reciprocal_root,
    "sqrt": _root,
}


def _of(f: Callable[[Number], Number], t: str) -> Callable[[int], int]:
    def bits(a: int) -> int:
        return fraction(_flushed(f(_flushed(number(a, t), t)), t), t)

    return bits


for _name, _f in FUNCTIONS.items():
    for _t in ("f16", "f32"):
        rule(f"v_{_name}_{_t} v_s_{_name}_{_t}", f"{_t} -> {_t}", _of(_f, _t), ulp=1)
    if _name in ("rcp", "rsq", "sqrt"):
        rule(f"v_{_name}_f64", "f64 -> f64", _of(_f, "f64"), ulp=2.0**29)
for _name in ("exp", "log"):
    rule(f"v_{_name}_legacy_f32", "f32 -> f32", _of(FUNCTIONS[_name], "f32"), ulp=1)
rule("v_rcp_iflag_f32", "f32 -> f32", _of(_reciprocal, "f32"), ulp=1)
for _name, _f in (("sin", _wave(math.sin)), ("cos", _wave(math.cos))):
    rule(f"v_{_name}_f32", "f32 -> f32", _of(_f, "f32"), absolute=2.0**-22)
    rule(f"v_{_name}_f16", "f16 -> f16", _of(_f, "f16"), absolute=2.0**-11)


def _two_over_pi() -> int:
    """The first 1280 bits of 2/pi after the point, by Machin's formula."""
    one = 1 << 1400

    def arctangent(inverse: int) -> int:
        total, term, n = 0, one // inverse, 1
        while term:
            total += term // n if n % 4 == 1 else -(term // n)
            term, n = term // inverse**2, n + 2
        return total

    pi = 4 * (4 * arctangent(5) - arctangent(239))
    return (2 * one << 1280) // pi


_DIGITS = _two_over_pi()


def _trig_preop(a: int, segment: int) -> int:
    """53 of the first 1201 bits of 2/pi, from where the exponent and the segment point."""
    exponent = a >> 52 & 0x7FF
    shift = 53 * (segment % 32) + max(exponent - 1077, 0)
    kept = _DIGITS >> 1280 - 1201
    window = kept >> 1201 - 53 - shift if shift <= 1201 - 53 else kept << shift - (1201 - 53)
    scale = -53 - shift + (128 if exponent >= 1968 else 0)
    return fraction(Fraction(window & (1 << 53) - 1) * Fraction(2) ** scale, "f64")


rule("v_trig_preop_f64", "f64 u32 -> f64", _trig_preop)
