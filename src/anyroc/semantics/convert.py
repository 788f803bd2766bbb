"""Conversions between number formats.

Conversions to integers saturate and turn NaN into 0; conversions to narrower floats round to
nearest even unless the name says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from anyroc.semantics.arithmetic import narrow, to_float
from anyroc.semantics.core import op
from anyroc.semantics.environment import choose, environment
from anyroc.semantics.floats import bf16, magnitude, raw, sign_bit, wide
from anyroc.semantics.values import (
    F16,
    F32,
    I16,
    I32,
    TYPES,
    U8,
    U16,
    U32,
    Type,
    Value,
    bits,
    convert,
    fabs,
    floor,
    is_nan,
    maximum,
    minimum,
    round_even,
    select,
    trunc,
)


def _simple(name: str, source: str, result: str) -> None:
    have, want = TYPES[source], TYPES[result]
    body: Callable[[Value], Value] = lambda a: convert(a, want)  # noqa: E731
    if want.is_float and not have.is_float:
        body = lambda a: to_float(a, want)  # noqa: E731
    elif want.is_float and want.bits < have.bits:
        body = lambda a: narrow(a, want)  # noqa: E731
    op(name, f"{source} -> {result}")(body)


for _target, _source in (
    ("f16", "f32"), ("f32", "f16"), ("f32", "i32"), ("f32", "u32"), ("i32", "f32"), ("u32", "f32"),
):  # fmt: skip
    _simple(f"v_cvt_{_target}_{_source} s_cvt_{_target}_{_source}", _source, _target)
for _target, _source in (
    ("f32", "f64"), ("f64", "f32"), ("f64", "i32"), ("f64", "u32"), ("i32", "f64"), ("u32", "f64"),
    ("f32", "bf16"),
):  # fmt: skip
    _simple(f"v_cvt_{_target}_{_source}", _source, _target)
for _t in ("u16", "i16"):
    op(f"v_cvt_f16_{_t}", f"{_t} -> f16")(lambda a: to_float(a, F16))
    op(f"v_cvt_{_t}_f16", f"f16 -> {_t}")(lambda a, t=TYPES[_t]: convert(wide(a), t))
op("s_cvt_hi_f32_f16", "f16x2 -> f32")(lambda pair: wide(pair[1]))

for _n in range(4):
    op(f"v_cvt_f32_ubyte{_n}", "u32 -> f32")(
        lambda a, shift=8 * _n: convert((a >> shift) & 0xFF, F32)
    )
op("v_cvt_floor_i32_f32", "f32 -> i32")(lambda a: convert(floor(a), I32))
op("v_cvt_nearest_i32_f32", "f32 -> i32")(lambda a: convert(floor(a + 0.5), I32))
op("v_cvt_off_f32_i4", "i32 -> f32")(lambda a: convert((a << 28) >> 28, F32) * 0.0625)


def toward_zero(a: Value) -> Value:
    """F32 to F16, rounding toward zero: nothing but an infinity becomes one."""
    m = fabs(a)
    normal = bits(raw(m) & 0xFFFFE000, F32)
    denormal = trunc(m * 2.0**24) * 2.0**-24
    held = select(m < 2.0**-14, denormal, normal)
    held = select(raw(m) < 0x7F800000, minimum(held, 65504.0), m)
    return convert(bits(raw(held) | sign_bit(a), F32), F16)


def _pair(f: Callable[[Value], Value]) -> Callable[[Value, Value], tuple[Value, Value]]:
    return lambda a, b: (f(a), f(b))


op("v_cvt_pk_rtz_f16_f32 s_cvt_pk_rtz_f16_f32", "f32 f32 -> f16x2")(_pair(toward_zero))
op("v_cvt_pk_f16_f32", "f32 f32 -> f16x2")(_pair(lambda a: narrow(a, F16)))
op("v_cvt_pk_bf16_f32", "f32 f32 -> bf16x2")(_pair(bf16))
op("v_pack_b32_f16", "f16 f16 -> f16x2")(lambda a, b: (a, b))
op("v_cvt_pk_i16_f32", "f32 f32 -> i16x2")(_pair(lambda a: convert(a, I16)))
op("v_cvt_pk_u16_f32", "f32 f32 -> u16x2")(_pair(lambda a: convert(a, U16)))


def _normalized(t: Type) -> Callable[[Value], Value]:
    """A float in [-1, 1] or [0, 1] as a fraction of the integer's greatest value."""
    top = 32767.0 if t.is_signed else 65535.0
    least = -1.0 if t.is_signed else 0.0

    def body(a: Value) -> Value:
        x = wide(a)
        return convert(round_even(maximum(minimum(x, 1.0), least) * top), t)

    return lambda a: select(is_nan(a), a.const(0, t), body(a))


for _t in ("i16", "u16"):
    _f = _normalized(TYPES[_t])
    op(f"v_cvt_norm_{_t}_f16", f"f16 -> {_t}")(_f)
    op(f"v_cvt_pk_norm_{_t}_f32", f"f32 f32 -> {_t}x2")(_pair(_f))
    op(f"v_cvt_pk_norm_{_t}_f16", f"f16 f16 -> {_t}x2")(_pair(_f))


@op("v_cvt_pk_u8_f32", "f32 u32 u32 -> u32")
def _(a: Value, index: Value, old: Value) -> Value:
    """Puts ``a``, held to 0..255, into one byte of ``old``."""
    shift = (index & 3) << 3
    byte = convert(convert(a, U8), U32)
    return (old & ~(shift.const(0xFF) << shift)) | (byte << shift)


@dataclass(frozen=True)
class Small:
    """A float of 8 ``bits`` or fewer: ``fnuz`` has one NaN (0x80), no infinities and no -0 and is
    gfx942's; the other kind is OCP's.  ``limit`` is the greatest finite code, ``over`` the code
    that overflow gives; ``signed_nan``: a NaN keeps its sign; ``clamps``: with FP16_OVFL an
    infinity becomes the limit too, as gfx950 does it and gfx12 does not."""

    fraction: int
    bias: int
    fnuz: bool
    limit: int
    over: int
    nan: int
    bits: int = 8
    signed_nan: bool = False
    clamps: bool = False

    @property
    def sign(self) -> int:
        """The bit of the sign."""
        return 1 << (self.bits - 1)


SMALL: dict[str, Small] = {
    "fp8": Small(3, 7, False, 0x7E, 0x7F, 0x7F),
    "bf8": Small(2, 15, False, 0x7B, 0x7C, 0x7F),
    "fp8_fnuz": Small(3, 8, True, 0x7F, 0x80, 0x80),
    "bf8_fnuz": Small(2, 16, True, 0x7F, 0x80, 0x80),
}


def from_small(code: Value, f: Small) -> Value:
    """The F32 of a small float (its code a U32)."""
    m = code & (f.sign - 1)
    scaled = bits(m << (23 - f.fraction), F32) * 2.0 ** (127 - f.bias)
    result = bits(raw(scaled) | ((code & f.sign) << (32 - f.bits)), F32)
    if f.bits < 8:
        return result
    nan = bits(code.const(0x7FC00000), F32)
    if f.fnuz:
        return select(code == 0x80, nan, result)
    if f.over == f.nan:
        return select(m == 0x7F, nan, result)
    infinity = bits(code.const(0x7F800000) | ((code & 0x80) << 24), F32)
    return select(m > 0x7C, nan, select(m == 0x7C, infinity, result))


def _overflow(code: Value, f: Small) -> Value:
    """What a number beyond the limit becomes: with FP16_OVFL the limit."""
    env = environment(code)
    if env is None:
        return code.const(f.over)
    return choose(env.finite_half, code.const(f.limit), code.const(f.over))


def _finish(code: Value, a: Value, f: Small) -> Value:
    """The code of a rounded magnitude, with ``a``'s sign and its NaN or infinity."""
    sign = sign_bit(a) >> (32 - f.bits)
    code = select(code > f.limit, _overflow(code, f), code)
    infinity = _overflow(code, f) if f.clamps else code.const(f.over)
    code = select(magnitude(a) >= 0x7F800000, infinity, code)
    if f.fnuz:
        code = select((code == 0) | (code == 0x80), code, code | sign)
    else:
        code = code | sign
    nan = sign | f.nan if f.signed_nan else code.const(f.nan)
    return select(is_nan(a), nan, code)


def to_small(a: Value, f: Small) -> Value:
    """F32 rounded to the nearest even small float: its code as a U32."""
    drop = 23 - f.fraction
    m = magnitude(a)
    nearest = (m + ((1 << (drop - 1)) - 1) + ((m >> drop) & 1)) >> drop
    normal = nearest - ((127 - f.bias) << f.fraction)
    # Below the normal numbers: adding 2**23 units in the last place rounds there.
    unit = 2.0 ** (1 - f.bias - f.fraction + 23)
    denormal = raw(fabs(a) + unit) - raw(a.const(unit))
    return _finish(select(fabs(a) < 2.0 ** (1 - f.bias), denormal, normal), a, f)


def to_small_stochastic(a: Value, noise: Value, f: Small) -> Value:
    """F32 rounded up with the probability that the top bits of ``noise`` stand for."""
    drop = 23 - f.fraction
    m = magnitude(a)
    e = m >> 23
    fraction = (m & 0x7FFFFF) | select(e == 0, m.const(0), m.const(0x800000))
    below = (127 + 1 - f.bias) - select(e == 0, e.const(1), e)
    shift = select(bits(below, I32) > 0, below, below.const(0))
    shift = select(shift > 31, shift.const(31), shift)
    sum_ = (fraction >> shift) + (noise >> (32 - drop))
    rounded = sum_ >> drop
    # The implicit one adds to the exponent field, which holds one less.
    base = select(bits(below, I32) > 0, below.const(0), (0 - below) << f.fraction)
    return _finish(rounded + base, a, f)


def merged(old: Value, code: Value, shift: Value, width: int) -> Value:
    """``old`` with ``code`` in the ``width`` bits from ``shift`` on."""
    mask = shift.const((1 << width) - 1) << shift
    return (old & ~mask) | (code << shift)


def _small_conversions(name: str, f: Small) -> None:
    short, _, variant = name.partition("_")
    end = "_fnuz" if variant else ""

    @op(f"v_cvt_f32_{short}{end}", "b32 op_sel -> f32")
    def one(a: Value, op_sel: Value) -> Value:
        byte = ((op_sel & 1) << 1) | ((op_sel >> 1) & 1)
        return from_small((a >> (byte << 3)) & 0xFF, f)

    @op(f"v_cvt_pk_f32_{short}{end}", "b32 op_sel -> f32x2")
    def pair(a: Value, op_sel: Value) -> tuple[Value, Value]:
        half = a >> ((op_sel & 1) << 4)
        return from_small(half & 0xFF, f), from_small((half >> 8) & 0xFF, f)

    @op(f"v_cvt_pk_{short}_f32{end}", "f32 f32 b32 op_sel -> b32")
    def packed(a: Value, b: Value, old: Value, op_sel: Value) -> Value:
        code = to_small(a, f) | (to_small(b, f) << 8)
        return merged(old, code, ((op_sel >> 3) & 1) << 4, 16)

    @op(f"v_cvt_sr_{short}_f32{end}", "f32 u32 b32 op_sel -> b32")
    def stochastic(a: Value, noise: Value, old: Value, op_sel: Value) -> Value:
        return merged(old, to_small_stochastic(a, noise, f), ((op_sel >> 2) & 3) << 3, 8)


for _name, _small in SMALL.items():
    _small_conversions(_name, _small)


def _dot4(first: Small, second: Small) -> Callable[[Value, Value, Value], Value]:
    def body(a: Value, b: Value, c: Value) -> Value:
        for shift in (0, 8, 16, 24):
            x = from_small((a >> shift) & 0xFF, first)
            c = c + x * from_small((b >> shift) & 0xFF, second)
        return c

    return body


for _a in ("fp8", "bf8"):
    for _b in ("fp8", "bf8"):
        op(f"v_dot4_f32_{_a}_{_b}", "b32 b32 f32 -> f32")(_dot4(SMALL[_a], SMALL[_b]))
