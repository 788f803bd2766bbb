"""Conversions between formats of numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from oracles.integers import byte, held, ones
from oracles.rule import fraction, number, rule, signed
from semantics_support import exact
from semantics_support.exact import FORMATS, SMALL, Format, Number, encode, is_nan


def between(source: str, target: str) -> Callable[[int], int]:
    return lambda a: fraction(number(a, source), target)


for _target, _source in (
    ("f16", "f32"), ("f32", "f16"), ("f32", "f64"), ("f64", "f32"), ("f32", "bf16"),
):  # fmt: skip
    _names = f"v_cvt_{_target}_{_source} s_cvt_{_target}_{_source}"
    rule(_names, f"{_source} -> {_target}", between(_source, _target))
rule("s_cvt_hi_f32_f16", "u32 -> f32", lambda a: fraction(number(a >> 16, "f16"), "f32"))
for _target, _source in (
    ("f32", "i32"), ("f32", "u32"), ("f64", "i32"), ("f64", "u32"), ("f16", "i16"), ("f16", "u16"),
):  # fmt: skip
    rule(
        f"v_cvt_{_target}_{_source} s_cvt_{_target}_{_source}", f"{_source} -> {_target}",
        lambda a, t=_target: fraction(Fraction(a), t),
    )  # fmt: skip


def saturated(v: Number, t: str, to: Callable[[Fraction], int]) -> int:
    """A number as an integer of a type: NaN is 0."""
    bits = int(t[1:])
    low, high = (-(1 << bits - 1), ones(bits - 1)) if t[0] == "i" else (0, ones(bits))
    if isinstance(v, float) and v != 0:
        return 0 if math.isnan(v) else low if v < 0 else high
    return held(to(Fraction(v)), low, high)


for _target, _source in (
    ("i32", "f32"), ("u32", "f32"), ("i32", "f64"), ("u32", "f64"), ("i16", "f16"), ("u16", "f16"),
):  # fmt: skip
    rule(
        f"v_cvt_{_target}_{_source} s_cvt_{_target}_{_source}", f"{_source} -> {_target}",
        lambda a, t=_target, s=_source: saturated(number(a, s), t, math.trunc),
    )  # fmt: skip
rule("v_cvt_floor_i32_f32", "f32 -> i32", lambda a: saturated(number(a, "f32"), "i32", math.floor))


def _half_up(v: Fraction) -> int:
    """floor(v + 0.5), the sum rounded to F32 as the manuals' expression is."""
    return math.floor(Fraction(exact.as_float(number(fraction(v + Fraction(1, 2), "f32"), "f32"))))


rule("v_cvt_nearest_i32_f32", "f32 -> i32", lambda a: saturated(number(a, "f32"), "i32", _half_up))
for _n in range(4):
    rule(
        f"v_cvt_f32_ubyte{_n}", "u32 -> f32",
        lambda a, n=_n: fraction(Fraction(byte(a, n)), "f32"),
    )  # fmt: skip
rule("v_cvt_off_f32_i4", "u32 -> f32", lambda a: fraction(Fraction(signed(a, 4), 16), "f32"))


def toward_zero(code: int) -> int:
    """F32 to F16, cut off."""
    v = number(code, "f32")
    if isinstance(v, float):
        return fraction(v, "f16")
    return encode(v, FORMATS["f16"], negative_zero=code >> 31 == 1, rounding=exact.ZERO)


for _name, _one in (
    ("v_cvt_pk_rtz_f16_f32 s_cvt_pk_rtz_f16_f32", toward_zero),
    ("v_cvt_pk_f16_f32", between("f32", "f16")),
):
    rule(_name, "f32 f32 -> f16x2", lambda a, b, one=_one: (one(a), one(b)))
rule(
    "v_cvt_pk_bf16_f32", "f32 f32 -> bf16x2",
    lambda a, b: tuple(between("f32", "bf16")(v) for v in (a, b)),
)  # fmt: skip
rule("v_pack_b32_f16", "u16 u16 -> u16x2", lambda a, b: (a, b))


def normalized(v: Number, t: str) -> int:
    """A number in [-1, 1] or [0, 1] as a fraction of the integer's greatest value; the product is
    rounded to F32 first."""
    if isinstance(v, float) and math.isnan(v):
        return 0
    least = -1 if t[0] == "i" else 0
    inside = Fraction(held(v, least, 1))  # type: ignore[arg-type]
    product = number(fraction(inside * (32767 if t[0] == "i" else 65535), "f32"), "f32")
    return round(Fraction(product))


for _t in ("i16", "u16"):
    rule(f"v_cvt_norm_{_t}_f16", f"f16 -> {_t}", lambda a, t=_t: normalized(number(a, "f16"), t))
    for _f in ("f16", "f32"):
        rule(
            f"v_cvt_pk_norm_{_t}_{_f}", f"{_f} {_f} -> {_t}x2",
            lambda a, b, t=_t, f=_f: tuple(normalized(number(v, f), t) for v in (a, b)),
        )  # fmt: skip
    rule(
        f"v_cvt_pk_{_t}_f32", f"f32 f32 -> {_t}x2",
        lambda a, b, t=_t: tuple(saturated(number(v, "f32"), t, math.trunc) for v in (a, b)),
    )  # fmt: skip
rule(
    "v_cvt_pk_u8_f32", "f32 u32 u32 -> u32",
    lambda a, n, old: (
        old & ~(255 << 8 * (n % 4)) | saturated(number(a, "f32"), "u8", math.trunc) << 8 * (n % 4)
    ),
)  # fmt: skip


def small(code: int, f: Format) -> int:
    """An 8-bit float as F32."""
    return fraction(exact.decode(code, f), "f32")


def narrowed(code: int, f: Format) -> int:
    """F32 as the nearest 8-bit float."""
    return encode(number(code, "f32"), f)


def stochastic(code: int, noise: int, f: Format) -> int:
    """F32 as an 8-bit float: the top bits of the noise are added below the last place that stays,
    and what then lies below it is cut off."""
    v = number(code, "f32")
    if isinstance(v, float):
        return encode(v, f)
    power = abs(v).numerator.bit_length() - abs(v).denominator.bit_length() if v else 0
    power -= Fraction(2) ** power > abs(v)
    unit = Fraction(2) ** (max(power, 1 - f.bias) - f.fraction)
    drop = 23 - f.fraction
    # Bits of the source that lie further down than the noise reaches are lost before.
    grain = unit / (1 << drop)
    steps = math.floor(abs(v) / grain) + (noise >> (32 - drop))
    magnitude = (steps >> drop) * unit
    return encode(-magnitude if v < 0 else magnitude, f, negative_zero=code >> 31 == 1)


def codes_of(code: int, f: Format) -> list[int]:
    """A code, or all NaNs if it is one: which one comes of a NaN is not documented."""
    return [v for v in range(256) if is_nan(v, f)] if is_nan(code, f) else [code]


for _name, _f in SMALL.items():
    _short, _, _variant = _name.partition("_")
    _end = "_fnuz" if _variant else ""
    rule(
        f"v_cvt_f32_{_short}{_end}", "u32 op_sel -> f32",
        lambda a, s, f=_f: small(byte(a, (s & 1) << 1 | s >> 1 & 1), f),
    )  # fmt: skip
    rule(
        f"v_cvt_pk_f32_{_short}{_end}", "u32 op_sel -> f32x2",
        lambda a, s, f=_f: (small(byte(a, 2 * (s & 1)), f), small(byte(a, 2 * (s & 1) + 1), f)),
    )  # fmt: skip

    def _pair(a: int, b: int, old: int, s: int, f: Format = _f) -> frozenset[int]:
        at = 16 * (s >> 3 & 1)
        return frozenset(
            old & ~(0xFFFF << at) | (low | high << 8) << at
            for low in codes_of(narrowed(a, f), f)
            for high in codes_of(narrowed(b, f), f)
        )

    def _noisy(a: int, noise: int, old: int, s: int, f: Format = _f) -> frozenset[int]:
        at = 8 * (s >> 2 & 3)
        return frozenset(
            old & ~(0xFF << at) | code << at for code in codes_of(stochastic(a, noise, f), f)
        )

    rule(f"v_cvt_pk_{_short}_f32{_end}", "f32 f32 u32 op_sel -> u32", _pair)
    rule(f"v_cvt_sr_{_short}_f32{_end}", "f32 u32 u32 op_sel -> u32", _noisy)
