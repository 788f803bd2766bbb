"""What scaled floats of 8, 6 and 4 bits are, in exact fractions: a list of every value."""

from __future__ import annotations

import math
from bisect import bisect_right
from fractions import Fraction

import numpy as np

from semantics_support.exact import FORMATS, Format, decode, magnitude_of

SMALL = {
    "fp8": Format(4, 3, 7, finite=True),
    "bf8": Format(5, 2, 15),
    "fp6": Format(2, 3, 1),
    "bf6": Format(3, 2, 3),
    "fp4": Format(2, 1, 1),
}
NAN = {"fp8": 0x7F, "bf8": 0x7E, "fp6": 0x1F, "bf6": 0x1F, "fp4": 7}
OVER = {"fp8": 0x7F, "bf8": 0x7C, "fp6": 0x1F, "bf6": 0x1F, "fp4": 7}
LIMIT = {"fp8": 0x7E, "bf8": 0x7B, "fp6": 0x1F, "bf6": 0x1F, "fp4": 7}
VALUES = {
    name: [magnitude_of(code, f) for code in range(LIMIT[name] + 1)] for name, f in SMALL.items()
}


def exponent(scale: float) -> int | None:
    """The power of two that a scale stands for, None for NaN."""
    field = int(np.float32(scale).view(np.uint32)) >> 23 & 255
    return None if field == 255 else field - 127


def nearest(v: Fraction, name: str) -> int:
    """The code of a magnitude."""
    f, values = SMALL[name], VALUES[name]
    step = values[-1] - values[-2]
    if v >= values[-1] + step / 2 and (v > values[-1] + step / 2 or LIMIT[name] & 1):
        return OVER[name]
    if v >= values[-1]:
        return LIMIT[name]
    below = bisect_right(values, v) - 1
    twice = 2 * v - values[below] - values[below + 1]
    assert f.fraction
    return below + (twice > 0 or (twice == 0 and below & 1))


def narrowed(code: int, source: str, scale: float, name: str) -> int:
    """What a source's bits become."""
    f = SMALL[name]
    sign = (code >> (FORMATS[source].bits - 1)) << (f.bits - 1)
    v, power = decode(code, FORMATS[source]), exponent(scale)
    if power is None or (isinstance(v, float) and math.isnan(v)):
        return sign | NAN[name]
    if isinstance(v, float) and math.isinf(v):
        return sign | OVER[name]
    return sign | nearest(abs(Fraction(v)) / Fraction(2) ** power, name)
