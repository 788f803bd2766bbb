"""Floating-point arithmetic: exact, then rounded once; minima and maxima by each one's rules."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from oracles.rule import float_rule, fraction, number, rule
from semantics_support import exact
from semantics_support.exact import FORMATS, SMALL, Format, Number, is_nan, negative

FLOATS = ("f16", "f32", "f64")
_ZERO = Fraction(0)


def negated(v: Number) -> Number:
    if v != 0:
        return -v
    return _ZERO if negative(v) else -0.0


def _difference(a: Number, b: Number) -> Number:
    return exact.add(a, negated(b))


ARITHMETIC: dict[str, tuple[int, Callable[..., Number]]] = {
    "add": (2, exact.add),
    "sub": (2, _difference),
    "subrev": (2, lambda a, b: _difference(b, a)),
    "mul": (2, exact.multiply),
    "fma": (3, exact.fma),
    "fmac": (3, exact.fma),
    "fmaak": (3, exact.fma),
    "fmamk": (3, exact.fma),
}
for _t in FLOATS:
    for _name, (_count, _f) in ARITHMETIC.items():
        float_rule(f"v_{_name}_{_t}", _t, _count, _f)
        if _t != "f64" and _name not in ("subrev", "fma"):
            float_rule(f"s_{_name}_{_t}", _t, _count, _f)
float_rule("v_fma_legacy_f16", "f16", 3, exact.fma)


def _flushed(v: Number, t: str) -> Number:
    """Denormals as zeros."""
    if isinstance(v, float) or abs(v) >= Fraction(2) ** (1 - FORMATS[t].bias):
        return v
    return -0.0 if v < 0 else _ZERO


def _in_two_steps(t: str) -> Callable[[int, int, int], int]:
    """The product is rounded before the sum; the F32 form neither takes nor gives denormals."""

    def kept(v: Number) -> Number:
        return _flushed(v, t) if t == "f32" else v

    def bits(a: int, b: int, c: int) -> int:
        x, y, z = (kept(number(v, t)) for v in (a, b, c))
        product = kept(number(fraction(exact.multiply(x, y), t), t))
        return fraction(kept(number(fraction(exact.add(product, z), t), t)), t)

    return bits


for _t in ("f16", "f32"):
    rule(
        f"v_mac_{_t} v_mad_{_t} v_mad_legacy_{_t} v_madak_{_t} v_madmk_{_t}",
        f"{_t} {_t} {_t} -> {_t}", _in_two_steps(_t),
    )  # fmt: skip


def _zero_wins(a: Number, b: Number) -> bool:
    return a == 0 or b == 0


float_rule(
    "v_mul_dx9_zero_f32", "f32", 2,
    lambda a, b: _ZERO if _zero_wins(a, b) else exact.multiply(a, b),
)  # fmt: skip
float_rule(
    "v_fma_dx9_zero_f32 v_fmac_dx9_zero_f32", "f32", 3,
    lambda a, b, c: exact.add(_ZERO, c) if _zero_wins(a, b) else exact.fma(a, b, c),
)  # fmt: skip


def _mullit(a: int, b: int, c: int) -> int:
    """a * b, unless b is the least float or less or NaN, or c is not positive."""
    least = 0xFF7FFFFF
    x, y = number(b, "f32"), number(c, "f32")
    if y > 0 and x > number(least, "f32"):
        return fraction(exact.multiply(number(a, "f32"), x), "f32")
    return least


rule("v_mullit_f32", "f32 f32 f32 -> f32", _mullit)


def signaling(c: int, t: str) -> bool:
    return is_nan(c, FORMATS[t]) and not c >> (FORMATS[t].fraction - 1) & 1


def quieted(c: int, t: str) -> int:
    return c | 1 << (FORMATS[t].fraction - 1)


def extreme(a: int, b: int, t: str, largest: bool) -> int:
    """The greater or the lesser of two numbers, -0 below +0."""

    def key(c: int) -> tuple[Any, bool]:
        v = number(c, t)
        return v, not negative(v)

    return max(a, b, key=key) if largest else min(a, b, key=key)


def min_max(name: str, a: int, b: int, t: str) -> int:
    """``min``, ``max`` in IEEE mode: a signaling NaN wins, quieted, a quiet one loses; ``min_num``:
    any NaN loses; ``minimum``: any NaN wins."""
    f, largest = FORMATS[t], name.startswith("max")
    nan_a, nan_b = is_nan(a, f), is_nan(b, f)
    if not nan_a and not nan_b:
        return extreme(a, b, t, largest)
    if not name.endswith("_num"):
        for c in (a, b):
            if signaling(c, t):
                return quieted(c, t)
    if name.endswith("imum"):
        return a if nan_a else b
    if nan_a and nan_b:
        return quieted(a, t)
    return b if nan_a else a


def median(suffix: str, a: int, b: int, c: int, t: str) -> int:
    """The one in the middle; the minimum of all three if one is NaN."""
    if any(is_nan(v, FORMATS[t]) for v in (a, b, c)):
        return min_max("min" + suffix, min_max("min" + suffix, a, b, t), c, t)
    low = extreme(a, b, t, False)
    return extreme(low, extreme(extreme(a, b, t, True), c, t, False), t, True)


def _then(first: str, second: str, t: str) -> Callable[[int, int, int], int]:
    return lambda a, b, c: min_max(second, min_max(first, a, b, t), c, t)


THREE = {
    "min3": ("min", "min"), "max3": ("max", "max"), "maxmin": ("max", "min"),
    "minmax": ("min", "max"), "min3_num": ("min_num", "min_num"),
    "max3_num": ("max_num", "max_num"), "maxmin_num": ("max_num", "min_num"),
    "minmax_num": ("min_num", "max_num"), "minimum3": ("minimum", "minimum"),
    "maximum3": ("maximum", "maximum"), "minimummaximum": ("minimum", "maximum"),
    "maximumminimum": ("maximum", "minimum"),
}  # fmt: skip
MIN_MAX = ("min", "max", "min_num", "max_num", "minimum", "maximum")
for _t in FLOATS:
    for _name in MIN_MAX:
        _pair = lambda a, b, name=_name, t=_t: min_max(name, a, b, t)  # noqa: E731
        rule(f"v_{_name}_{_t}", f"{_t} {_t} -> {_t}", _pair)
        if _t != "f64":
            rule(f"s_{_name}_{_t}", f"{_t} {_t} -> {_t}", _pair)
for _t in ("f16", "f32"):
    for _name, _steps in THREE.items():
        rule(f"v_{_name}_{_t}", f"{_t} {_t} {_t} -> {_t}", _then(*_steps, _t))
    for _suffix in ("", "_num"):
        rule(
            f"v_med3{_suffix}_{_t}", f"{_t} {_t} {_t} -> {_t}",
            lambda a, b, c, suffix=_suffix, t=_t: median(suffix, a, b, c, t),
        )  # fmt: skip


def _packed(name: str, t: str, count: int, one: Callable[..., int]) -> None:
    """The same of the low elements and of the high ones."""
    rule(
        name, " ".join([f"{t}x2"] * count) + f" -> {t}x2",
        lambda *v: [one(*parts) for parts in zip(*v, strict=True)],
    )  # fmt: skip


def _rounded(f: Callable[..., Number], t: str) -> Callable[..., int]:
    return lambda *v: fraction(f(*(number(c, t) for c in v)), t)


for _t in ("f16", "f32"):
    for _name in ("add", "mul", "fma"):
        _count, _f = ARITHMETIC[_name]
        _packed(f"v_pk_{_name}_{_t}", _t, _count, _rounded(_f, _t))
_packed("v_pk_fmac_f16", "f16", 3, _rounded(exact.fma, "f16"))
for _name in MIN_MAX:
    _packed(f"v_pk_{_name}_f16", "f16", 2, lambda a, b, name=_name: min_max(name, a, b, "f16"))
for _name in ("minimum3", "maximum3"):
    _packed(f"v_pk_{_name}_f16", "f16", 3, _then(*THREE[_name], "f16"))

ROUNDING: dict[str, Callable[[Fraction], int]] = {
    "trunc": math.trunc, "ceil": math.ceil, "floor": math.floor, "rndne": round,
}  # fmt: skip


def whole(code: int, t: str, to: Callable[[Fraction], int]) -> int:
    """A float rounded to an integral one, whose sign stays."""
    f, v = FORMATS[t], number(code, t)
    if isinstance(v, float):
        return exact.encode(v, f)
    return exact.encode(Fraction(to(v)), f, negative_zero=code >> (f.bits - 1) == 1)


def fract(code: int, t: str) -> int:
    """What is left beyond the next lower integer, and always less than 1."""
    f, v = FORMATS[t], number(code, t)
    if isinstance(v, float) and v != 0:
        return f.quiet
    below = exact.encode(1 - Fraction(1, 2 << f.fraction), f)
    part = Fraction(v) - math.floor(v)
    return min(exact.encode(part, f), below)


def taken_apart(code: int, t: str) -> tuple[int, int]:
    """The significand in [1/2, 1) and the power of two that goes with it."""
    v = number(code, t)
    if isinstance(v, float) or v == 0:
        return (quieted(code, t) if is_nan(code, FORMATS[t]) else code), 0
    power = v.numerator.bit_length() - v.denominator.bit_length()
    power += abs(v) >= Fraction(2) ** power
    return fraction(v / Fraction(2) ** power, t), power


def scaled(code: int, power: int, t: str) -> int:
    """A float times a power of two, rounded once, whose sign stays."""
    f, v = FORMATS[t], number(code, t)
    if isinstance(v, float):
        return exact.encode(v, f)
    power = max(-5000, min(5000, power))
    below = code >> (f.bits - 1) == 1
    return exact.encode(v * Fraction(2) ** power, f, negative_zero=below)


for _t in FLOATS:
    for _name, _to in ROUNDING.items():
        _whole = lambda a, t=_t, to=_to: whole(a, t, to)  # noqa: E731
        rule(f"v_{_name}_{_t}", f"{_t} -> {_t}", _whole)
        if _t != "f64":
            rule(f"s_{_name}_{_t}", f"{_t} -> {_t}", _whole)
    rule(f"v_fract_{_t}", f"{_t} -> {_t}", lambda a, t=_t: fract(a, t))
    rule(f"v_frexp_mant_{_t}", f"{_t} -> {_t}", lambda a, t=_t: taken_apart(a, t)[0])
    _i = "i16" if _t == "f16" else "i32"
    rule(f"v_frexp_exp_{_i}_{_t}", f"{_t} -> {_i}", lambda a, t=_t: taken_apart(a, t)[1])
    rule(f"v_ldexp_{_t}", f"{_t} {_i} -> {_t}", lambda a, n, t=_t: scaled(a, n, t))


def quotient(n: int, d: int, t: str) -> int:
    """IEEE's quotient of two floats."""
    f, a, b = FORMATS[t], number(n, t), number(d, t)
    sign = (n ^ d) >> (f.bits - 1) << (f.bits - 1)
    infinite = [isinstance(v, float) and math.isinf(v) for v in (a, b)]
    if is_nan(n, f) or is_nan(d, f) or (a == 0 and b == 0) or all(infinite):
        return f.quiet
    if b == 0 or infinite[0]:
        return f.infinity | sign
    if a == 0 or infinite[1]:
        return sign
    return fraction(Fraction(a) / Fraction(b), t) & ~(1 << (f.bits - 1)) | sign


def _exponent(code: int, t: str) -> int:
    f = FORMATS[t]
    return code >> f.fraction & (1 << f.exponent) - 1


def _over(n: Number, d: Number) -> Fraction:
    """A quotient; 1, which is not denormal, if an operand is infinite or NaN."""
    return Fraction(1) if isinstance(n, float) or isinstance(d, float) else n / d


def _div_scale(t: str) -> Callable[[int, int, int], tuple[int, bool]]:
    """The manuals' steps: S0 is the denominator S1 or the numerator S2."""
    f = FORMATS[t]
    by, far, small = {"f32": (64, 96, 23), "f64": (128, 768, 53)}[t]

    def denormal(v: Fraction) -> bool:
        return 0 < abs(v) < Fraction(2) ** (1 - f.bias)

    def step(s0: int, s1: int, s2: int) -> tuple[int, bool]:
        d, n = number(s1, t), number(s2, t)
        up, down = scaled(s0, by, t), scaled(s0, -by, t)
        if d == 0 or n == 0:
            return f.quiet, False
        if _exponent(s2, t) - _exponent(s1, t) >= far:
            return (up if s0 == s1 else s0), True
        if isinstance(d, Fraction) and denormal(d):
            return up, False
        reciprocal, ratio = _over(Fraction(1), d), _over(n, d)
        if denormal(reciprocal) and denormal(ratio):
            return (up if s0 == s1 else s0), True
        if denormal(reciprocal):
            return down, False
        if denormal(ratio):
            return (up if s0 == s2 else s0), True
        return (up if _exponent(s2, t) <= small else s0), False

    return step


def _div_fmas(t: str) -> Callable[[int, int, int, int], int | None]:
    """What was scaled is scaled back, up where the addend is 2 or more; rounded once.  Of sums that
    overflow before they are scaled down nothing is said."""
    by = {"f32": 64, "f64": 128}[t]

    def step(a: int, b: int, c: int, undo: int) -> int | None:
        total = exact.fma(number(a, t), number(b, t), number(c, t))
        if undo and isinstance(total, Fraction):
            if isinstance(number(fraction(total, t), t), float) and total:
                return None
            up = _exponent(c, t) > FORMATS[t].bias
            total *= Fraction(2) ** (by if up else -by)
        return fraction(total, t)

    return step


_UNDERFLOW = {"f16": -999, "f32": -150, "f64": -1075}


def _div_fixup(t: str) -> Callable[[int, int, int], int]:
    """The sign of the operands over the approximate quotient, or IEEE's special ones; 0 where the
    exponents are far apart, infinity (but for F16) where the approximation has run over."""
    f = FORMATS[t]

    def step(q: int, d: int, n: int) -> int:
        special = quotient(n, d, t)
        ordinary = all(not isinstance(number(v, t), float) and number(v, t) != 0 for v in (d, n))
        sign = (n ^ d) >> (f.bits - 1) << (f.bits - 1)
        if ordinary and _exponent(n, t) - _exponent(d, t) < _UNDERFLOW[t]:
            return sign
        if ordinary and t != "f16" and _exponent(q, t) == (1 << f.exponent) - 1:
            return f.infinity | sign
        return q & ~(1 << (f.bits - 1)) | sign if ordinary else special

    return step


for _t in ("f32", "f64"):
    rule(f"v_div_scale_{_t}", f"{_t} {_t} {_t} -> {_t} mask", _div_scale(_t))
    rule(f"v_div_fmas_{_t}", f"{_t} {_t} {_t} vcc -> {_t}", _div_fmas(_t))
for _t in FLOATS:
    rule(f"v_div_fixup_{_t}", f"{_t} {_t} {_t} -> {_t}", _div_fixup(_t))
rule("v_div_fixup_legacy_f16", "f16 f16 f16 -> f16", _div_fixup("f16"))


def _face(x: Number, y: Number, z: Number) -> tuple[int, Number, Number, Number]:
    """A cube map's face number, S, T and the major axis."""
    if abs(z) >= abs(x) and abs(z) >= abs(y):
        return (5, negated(x), negated(y), z) if z < 0 else (4, x, negated(y), z)
    if abs(y) >= abs(x):
        return (3, x, negated(z), y) if y < 0 else (2, x, z, y)
    return (1, z, negated(y), x) if x < 0 else (0, negated(z), negated(y), x)


float_rule("v_cubeid_f32", "f32", 3, lambda *v: Fraction(_face(*v)[0]), finite=True)
float_rule("v_cubesc_f32", "f32", 3, lambda *v: _face(*v)[1], finite=True)
float_rule("v_cubetc_f32", "f32", 3, lambda *v: _face(*v)[2], finite=True)
float_rule(
    "v_cubema_f32", "f32", 3, lambda *v: exact.multiply(Fraction(2), _face(*v)[3]), finite=True
)


def mixed(words: tuple[int, ...], op_sel: int, op_sel_hi: int) -> Number:
    """a * b + c of operands that are F32, or where op_sel_hi says the half that op_sel says."""
    values = []
    for n, word in enumerate(words):
        half = word >> 16 * (op_sel >> n & 1) & 0xFFFF
        values.append(number(half, "f16") if op_sel_hi >> n & 1 else number(word, "f32"))
    return exact.fma(*values)


rule(
    "v_fma_mix_f32", "u32 u32 u32 op_sel op_sel_hi -> f32",
    lambda a, b, c, s, h: fraction(mixed((a, b, c), s, h), "f32"),
)  # fmt: skip


def _mixed_half(a: int, b: int, c: int, s: int, h: int) -> int:
    """Rounded to F32 and then to F16, as a mixed product is."""
    single = fraction(mixed((a, b, c), s, h), "f32")
    return fraction(number(single, "f32"), "f16")


rule("v_fma_mixlo_f16 v_fma_mixhi_f16", "u32 u32 u32 op_sel op_sel_hi -> f16", _mixed_half)


def _sum(terms: list[Number]) -> Number:
    """The exact sum."""
    total: Number = -0.0
    for term in terms:
        total = exact.add(total, term)
    return total


def _dot(
    formats: tuple[Format, Format], to: str, flushed: str = ""
) -> dict[str, Callable[..., Any]]:
    """The sum of the products of two dwords' elements and an addend.

    AMD documents neither order nor rounding: a result may be off by some units in the last place of
    the greatest term.  ``flushed``: denormal elements count as zeros.
    """
    width = formats[0].bits

    def terms(a: int, b: int, c: int) -> list[Number]:
        found = [number(c, to)]
        for n in range(0, 32, width):
            codes = ((v >> n) & (1 << width) - 1 for v in (a, b))
            x, y = (exact.decode(v, f) for v, f in zip(codes, formats, strict=True))
            if flushed:
                x, y = _flushed(x, flushed), _flushed(y, flushed)
            found.append(exact.multiply(x, y))
        return found

    def slack(a: int, b: int, c: int) -> float:
        sizes = [abs(float(v)) for v in terms(a, b, c)]
        finite = [v for v in sizes if math.isfinite(v)]
        least = FORMATS[to]
        return 8 * max(finite, default=0) * 2.0**-least.fraction + 2.0 ** (3 - least.bias)

    def total(*operands: int) -> int | None:
        found = terms(*operands)
        top = abs(float(number(FORMATS[to].infinity - 1, to)))
        if all(map(math.isfinite, found)) and sum(abs(float(v)) for v in found) > top:
            return None  # a partial sum may overflow
        return fraction(_sum(found), to)

    return {"function": total, "slack": slack}


for _t in ("f16", "bf16"):
    _pair_of = (FORMATS[_t], FORMATS[_t])
    _names = [f"v_dot2{middle}_f32_{_t}" for middle in ("", "c", "acc")]
    rule(_names, "u32 u32 f32 -> f32", **_dot(_pair_of, "f32"))
    _names = [f"{name}_flush" for name in _names]
    rule(_names, "u32 u32 f32 -> f32", **_dot(_pair_of, "f32", _t))
    rule(f"v_dot2_{_t}_{_t}", f"u32 u32 {_t} -> {_t}", **_dot(_pair_of, _t))
for _a in ("fp8", "bf8"):
    for _b in ("fp8", "bf8"):
        _names = [f"v_dot4_f32_{_a}_{_b}"]
        rule(_names, "u32 u32 f32 -> f32", **_dot((SMALL[_a], SMALL[_b]), "f32"))
