"""gfx950's conversions to and from scaled floats of 8, 6 and 4 bits, and stochastic rounding."""

from __future__ import annotations

import math
from fractions import Fraction

from oracles.rule import fraction, number, rule
from semantics_support.exact import FORMATS, Format, Number, encode, magnitude_of

SMALL = {
    "fp8": Format(4, 3, 7, finite=True),
    "bf8": Format(5, 2, 15),
    "fp6": Format(2, 3, 1),
    "bf6": Format(3, 2, 3),
    "fp4": Format(2, 1, 1),
}
TOP = {"fp8": 0x7E, "bf8": 0x7B, "fp6": 0x1F, "bf6": 0x1F, "fp4": 7}
"""The code of the greatest number."""
OVER = {"fp8": 0x7F, "bf8": 0x7C}
NAN = {"fp8": 0x7F, "bf8": 0x7E}


def _scale(code: int) -> Fraction | None:
    """The power of two in a scale's exponent, None for NaN and infinity."""
    exponent = code >> 23 & 255
    return None if exponent == 255 else Fraction(2) ** (exponent - 127)


def _places(v: Fraction, f: Format) -> Fraction:
    """The distance between the format's numbers around one."""
    power = v.numerator.bit_length() - v.denominator.bit_length() if v else -999
    power -= bool(v) and Fraction(2) ** power > v
    return Fraction(2) ** (max(power, 1 - f.bias) - f.fraction)


def _code(v: Fraction, name: str) -> int:
    """The code of a number of the format, or of one beyond its greatest."""
    f = SMALL[name]
    if v > magnitude_of(TOP[name], f):
        return OVER.get(name, TOP[name])
    return next(code for code in range(TOP[name] + 1) if magnitude_of(code, f) == v)


def down(code: int, t: str, scale: int, name: str, noise: int | None = None) -> int:
    """A float divided by the scale, as a small one: the nearest, or by chance."""
    f, v, by = SMALL[name], number(code, t), _scale(scale)
    sign = code >> (FORMATS[t].bits - 1) << (f.bits - 1)
    if by is None or (isinstance(v, float) and math.isnan(v)):
        return sign | NAN.get(name, TOP[name])
    if isinstance(v, float) and math.isinf(v):
        return sign | OVER.get(name, TOP[name])
    magnitude = abs(Fraction(v)) / by
    unit = _places(magnitude, f)
    if noise is None:
        return sign | _code(round(magnitude / unit) * unit, name)
    drop = FORMATS[t].fraction - f.fraction
    steps = math.floor(magnitude / unit * (1 << drop)) + (noise >> (32 - drop))
    return sign | _code((steps >> drop) * unit, name)


def up(code: int, scale: int, name: str, t: str) -> int:
    """A small float times the scale."""
    f, by = SMALL[name], _scale(scale)
    sign, magnitude = code >> (f.bits - 1), code & (1 << (f.bits - 1)) - 1
    v: Number
    if by is None or (
        magnitude > TOP[name] and magnitude != OVER.get("bf8" if name == "bf8" else "", -1)
    ):
        v = math.nan
    elif magnitude > TOP[name]:
        v = math.inf
    else:
        v = magnitude_of(magnitude, f) * by
    return fraction(v, t) | (0 if v != v else sign << (FORMATS[t].bits - 1))


def advanced(noise: int) -> int:
    """The noise of the next element, as v_prng_b32 makes it."""
    return (noise << 1 ^ (197 if noise >> 31 else 0)) & 0xFFFFFFFF


def _put(old: int, code: int, at: int, width: int) -> int:
    return old & ~((1 << width) - 1 << at) | code << at


def _half(s: int) -> int:
    return 16 * (s >> 3 & 1)


def _byte(s: int) -> int:
    return 8 * (s >> 2 & 3)


def _joined(codes: list[int], width: int) -> int:
    return sum(code << width * n for n, code in enumerate(codes))


def _words(value: int) -> list[int]:
    return [value >> 32 * n & 0xFFFFFFFF for n in range(6)]


def _sixes(words: list[int]) -> list[int]:
    whole = _joined(words, 32)
    return [whole >> 6 * n & 63 for n in range(32)]


def _pairs(t: str) -> str:
    return "f32 f32" if t == "f32" else f"{t}x2"


def _elements(operands: tuple) -> tuple[list[int], tuple]:
    """The two elements of a conversion's first operands, and the operands that follow."""
    if isinstance(operands[0], list):
        return operands[0], operands[1:]
    return list(operands[:2]), operands[2:]


def _bytes(name: str, t: str) -> None:
    def pair(*operands: int) -> int:
        elements, (scale, old, s) = _elements(operands)
        code = _joined([down(v, t, scale, name) for v in elements], 8)
        return _put(old, code, _half(s), 16)

    def one(a: int, noise: int, scale: int, old: int, s: int) -> int:
        return _put(old, down(a, t, scale, name, noise), _byte(s), 8)

    rule(f"v_cvt_scalef32_pk_{name}_{t}", f"{_pairs(t)} f32 u32 op_sel -> u32", pair)
    rule(f"v_cvt_scalef32_sr_{name}_{t}", f"{t} u32 f32 u32 op_sel -> u32", one)

    def wide(a: int, scale: int, s: int) -> list[int]:
        half = a >> 16 * (s & 1)
        return [up(half >> n & 255, scale, name, t) for n in (0, 8)]

    rule(f"v_cvt_scalef32_pk_{t}_{name}", f"u32 f32 op_sel -> {t}x2", wide)


def _fours(t: str) -> None:
    def pair(*operands: int) -> int:
        elements, (scale, old, s) = _elements(operands)
        return _put(old, _joined([down(v, t, scale, "fp4") for v in elements], 4), _byte(s), 8)

    def noisy(elements: list[int], noise: int, scale: int, old: int, s: int) -> int:
        noises = (noise, advanced(noise))
        codes = [down(v, t, scale, "fp4", n) for v, n in zip(elements, noises, strict=True)]
        return _put(old, _joined(codes, 4), _byte(s), 8)

    def wide(a: int, scale: int, s: int) -> list[int]:
        return [up(a >> 8 * (s & 3) + n & 15, scale, "fp4", t) for n in (0, 4)]

    rule(f"v_cvt_scalef32_pk_fp4_{t}", f"{_pairs(t)} f32 u32 op_sel -> u32", pair)
    rule(f"v_cvt_scalef32_sr_pk_fp4_{t}", f"{t}x2 u32 f32 u32 op_sel -> u32", noisy)
    rule(f"v_cvt_scalef32_pk_{t}_fp4", f"u32 f32 op_sel -> {t}x2", wide)


def _blocks(name: str, t: str) -> None:
    def block(elements: list[int], scale: int) -> list[int]:
        return _words(_joined([down(v, t, scale, name) for v in elements], 6))

    def noisy(elements: list[int], noise: int, scale: int) -> list[int]:
        codes = []
        for v in elements:
            codes.append(down(v, t, scale, name, noise))
            noise = advanced(noise)
        return _words(_joined(codes, 6))

    if t == "f32":  # the elements of two operands alternate
        rule(
            f"v_cvt_scalef32_2xpk16_{name}_f32", "f32x16 f32x16 f32 -> u32x6",
            lambda a, b, scale: block([v for both in zip(a, b, strict=True) for v in both], scale),
        )  # fmt: skip
    else:
        rule(f"v_cvt_scalef32_pk32_{name}_{t}", f"{t}x32 f32 -> u32x6", block)
    rule(f"v_cvt_scalef32_sr_pk32_{name}_{t}", f"{t}x32 u32 f32 -> u32x6", noisy)
    rule(
        f"v_cvt_scalef32_pk32_{t}_{name}", f"u32x6 f32 -> {t}x32",
        lambda words, scale: [up(code, scale, name, t) for code in _sixes(words)],
    )  # fmt: skip


for _t in ("f32", "f16", "bf16"):
    for _name in ("fp8", "bf8"):
        _bytes(_name, _t)
    for _name in ("fp6", "bf6"):
        _blocks(_name, _t)
    _fours(_t)
for _name in ("fp8", "bf8"):
    rule(
        f"v_cvt_scalef32_f32_{_name}", "u32 f32 op_sel -> f32",
        lambda a, scale, s, name=_name: up(a >> 8 * (s & 3) & 255, scale, name, "f32"),
    )  # fmt: skip
    rule(
        f"v_cvt_scalef32_f16_{_name}", "u32 f32 u32 op_sel -> u32",
        lambda a, scale, old, s, name=_name: _put(
            old, up(a >> 8 * (s & 3) & 255, scale, name, "f16"), _half(s), 16
        ),
    )  # fmt: skip


def _by_chance(t: str) -> None:
    """F32 to 16 bits: the noise's top bits are added below the last place that stays."""
    f = FORMATS[t]
    drop = 23 - f.fraction

    def half(a: int, noise: int, *_: int) -> int:
        v, sign = number(a, "f32"), a >> 31 << 15
        if isinstance(v, float):
            return encode(v, f) | (sign if v == 0 else 0)
        magnitude = abs(v)
        unit = _places(magnitude, f)
        steps = math.floor(magnitude / unit * (1 << drop)) + (noise >> (32 - drop))
        return encode((steps >> drop) * unit, f) | sign

    rule(f"v_cvt_sr_{t}_f32", f"f32 u32 {t} op_sel -> {t}", half)


_by_chance("f16")
_by_chance("bf16")
