"""Floating-point formats over exact fractions: an oracle that shares nothing with the package."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Format:
    """``fraction`` and ``exponent`` bits; ``fnuz``/``finite`` are the odd ones among 8-bit
    floats."""

    exponent: int
    fraction: int
    bias: int
    fnuz: bool = False
    finite: bool = False

    @property
    def bits(self) -> int:
        return 1 + self.exponent + self.fraction

    @property
    def infinity(self) -> int:
        return ((1 << self.exponent) - 1) << self.fraction

    @property
    def quiet(self) -> int:
        return self.infinity | 1 << (self.fraction - 1)

    @property
    def top(self) -> int:
        """The greatest finite code."""
        if self.fnuz:
            return (1 << (self.bits - 1)) - 1
        return (1 << (self.bits - 1)) - 2 if self.finite else self.infinity - 1


F16 = Format(5, 10, 15)
BF16 = Format(8, 7, 127)
F32 = Format(8, 23, 127)
F64 = Format(11, 52, 1023)
FORMATS = {"f16": F16, "bf16": BF16, "f32": F32, "f64": F64}
SMALL = {
    "fp8": Format(4, 3, 7, finite=True),
    "bf8": Format(5, 2, 15),
    "fp8_fnuz": Format(4, 3, 8, fnuz=True),
    "bf8_fnuz": Format(5, 2, 16, fnuz=True),
}

Number = Fraction | float
"""A fraction, or an infinity, a NaN or -0.0."""


def decode(code: int, f: Format) -> Number:
    sign = -1 if code >> (f.bits - 1) else 1
    magnitude = code & ((1 << (f.bits - 1)) - 1)
    if f.fnuz:
        if code == 1 << (f.bits - 1):
            return math.nan
    elif f.finite:
        if magnitude == (1 << (f.bits - 1)) - 1:
            return math.nan
    elif magnitude >= f.infinity:
        return math.nan if magnitude > f.infinity else sign * math.inf
    if magnitude == 0:
        return -0.0 if sign < 0 else Fraction(0)
    return sign * magnitude_of(magnitude, f)


def magnitude_of(code: int, f: Format) -> Fraction:
    e, m = code >> f.fraction, code & ((1 << f.fraction) - 1)
    if e == 0:
        return Fraction(m) * Fraction(2) ** (1 - f.bias - f.fraction)
    return (Fraction(m) + (1 << f.fraction)) * Fraction(2) ** (e - f.bias - f.fraction)


NEAREST, UP, DOWN, ZERO = range(4)
"""Directions of rounding, numbered as in MODE."""


def encode(v: Number, f: Format, *, negative_zero: bool = False, rounding: int = NEAREST) -> int:
    """To nearest, ties to even, or in a direction; overflow gives infinity, or NaN where there is
    none, or the greatest number if that is the direction."""
    top = 1 << (f.bits - 1)
    if isinstance(v, float):
        if math.isnan(v):
            return top if f.fnuz else (top - 1 if f.finite else f.quiet)
        if math.isinf(v):
            return _overflow(v < 0, f)
        return 0 if f.fnuz or not negative(v) else top
    below = v < 0 or (v == 0 and negative_zero)
    magnitude = abs(v)
    unit = 1 - f.bias - f.fraction
    if magnitude:
        e = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
        e -= Fraction(2) ** e > magnitude
        unit = max(unit, e - f.fraction)
    steps = magnitude / Fraction(2) ** unit
    if rounding == NEAREST:
        whole = round(steps)  # ties to even
    else:
        outward = rounding == (DOWN if below else UP)
        whole = math.ceil(steps) if outward else math.floor(steps)
    code = (
        whole
        if unit == 1 - f.bias - f.fraction
        else whole + ((unit - (1 - f.bias - f.fraction)) << f.fraction)
    )
    if code > f.top:
        inward = rounding not in (NEAREST, DOWN if below else UP)
        return f.top | (top if below else 0) if inward else _overflow(below, f)
    if f.fnuz and code == 0:
        return 0
    return code | (top if below else 0)


def _overflow(below: bool, f: Format) -> int:
    top = 1 << (f.bits - 1)
    if f.fnuz:
        return top
    return (f.infinity if not f.finite else top - 1) | (top if below else 0)


def is_nan(code: int, f: Format) -> bool:
    v = decode(code, f)
    return isinstance(v, float) and math.isnan(v)


def as_float(v: Number) -> float:
    return v if isinstance(v, float) else float(v)


def add(a: Number, b: Number, rounding: int = NEAREST) -> Number:
    """Exact, with IEEE's signs of zero and specials."""
    if _special(a) or _special(b):
        return _big(a) + _big(b)
    if _plain(a) + _plain(b) != 0:
        return _plain(a) + _plain(b)
    signs = negative(a), negative(b)
    return -0.0 if all(signs) or (rounding == DOWN and any(signs)) else Fraction(0)


def multiply(a: Number, b: Number) -> Number:
    if _special(a) or _special(b):
        return _big(a) * _big(b)
    product = _plain(a) * _plain(b)
    if product == 0:
        return -0.0 if negative(a) != negative(b) else Fraction(0)
    return product


def fma(a: Number, b: Number, c: Number, rounding: int = NEAREST) -> Number:
    return add(multiply(a, b), c, rounding)


def _special(v: Number) -> bool:
    return isinstance(v, float) and not math.isfinite(v)


def _plain(v: Number) -> Fraction:
    return Fraction(0) if isinstance(v, float) else v


def _big(v: Number) -> float:
    """A stand-in for a finite number beside a special one: only its sign and zeroness count."""
    if isinstance(v, float):
        return v
    return 0.0 if v == 0 else -1.0 if v < 0 else 1.0


def negative(v: Number) -> bool:
    """Whether the sign is set, of -0 too."""
    return math.copysign(1, v) < 0 if isinstance(v, float) else v < 0
