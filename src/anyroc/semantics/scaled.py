"""gfx950's conversions to and from floats of 8, 6 and 4 bits with a scale, and stochastic rounding.

A scale is the exponent of an F32: the small float stands for 2**(exponent - 127) times its value,
NaN where the exponent is 255.  What the documents leave open (NaN in formats that have none, the
bits of the noise that count) is as in the host functions of AMD's HIP headers
(``amd_hip_ocp_host.hpp``).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

from anyroc.semantics.convert import Small, from_small, merged, to_small, to_small_stochastic
from anyroc.semantics.core import op
from anyroc.semantics.floats import bf16, magnitude, raw, sign_bit, wide
from anyroc.semantics.values import F16, F32, I32, U32, Value, bits, convert, select

__all__ = [
    "FORMATS", "down", "down_stochastic", "next_noise", "packed_codes", "stochastic_bf16",
    "stochastic_f16", "unpacked_codes", "up",
]  # fmt: skip

FORMATS: dict[str, Small] = {
    "fp8": Small(3, 7, False, 0x7E, 0x7F, 0x7F, signed_nan=True, clamps=True),
    "bf8": Small(2, 15, False, 0x7B, 0x7C, 0x7E, signed_nan=True, clamps=True),
    "fp6": Small(3, 1, False, 0x1F, 0x1F, 0x1F, bits=6, signed_nan=True),
    "bf6": Small(2, 3, False, 0x1F, 0x1F, 0x1F, bits=6, signed_nan=True),
    "fp4": Small(1, 1, False, 7, 7, 7, bits=4, signed_nan=True),
}
_FRACTION = {"f32": 23, "f16": 10, "bf16": 7}


def _exponent(scale: Value) -> Value:
    return magnitude(scale) >> 23


def _power(exponent: Value) -> Value:
    """2**(exponent - 127), NaN for 255."""
    power = select(exponent == 0, exponent.const(0x00400000), exponent << 23)
    return bits(select(exponent == 255, exponent.const(0x7FC00000), power), F32)


def _inverse(exponent: Value) -> Value:
    """2**(127 - exponent), NaN for 255."""
    power = select(exponent == 254, exponent.const(0x00400000), (254 - exponent) << 23)
    return bits(select(exponent == 255, exponent.const(0x7FC00000), power), F32)


def down(a: Value, scale: Value, f: Small) -> Value:
    """A float as the code of the nearest scaled small one."""
    a = a if a.type is F32 else wide(a)
    return _keep_sign(to_small(a * _inverse(_exponent(scale)), f), a, f)


def down_stochastic(a: Value, noise: Value, scale: Value, f: Small, source: str) -> Value:
    """The same, rounded up with the probability that ``noise`` stands for: as many of its top bits
    count as the source has fraction bits that the result has not."""
    a = a if a.type is F32 else wide(a)
    noise = noise & (0xFFFFFFFF ^ ((1 << (32 - _FRACTION[source] + f.fraction)) - 1))
    scaled = a * _inverse(_exponent(scale))
    return _keep_sign(to_small_stochastic(scaled, noise, f), a, f)


def _keep_sign(code: Value, a: Value, f: Small) -> Value:
    """The code with the sign of what was converted, which a NaN scale does not have."""
    return (code & (f.sign - 1)) | (sign_bit(a) >> (32 - f.bits))


def up(code: Value, scale: Value, f: Small, to: str) -> Value:
    """A scaled small float as a wide one."""
    value = from_small(code, f) * _power(_exponent(scale))
    return value if to == "f32" else bf16(value) if to == "bf16" else convert(value, F16)


def next_noise(noise: Value) -> Value:
    """The noise for the next element: what v_prng_b32 makes of it."""
    return (noise << 1) ^ select((noise >> 31) != 0, noise.const(197), noise.const(0))


def _half(op_sel: Value) -> Value:
    """Where the chosen 16 bits of the destination begin."""
    return ((op_sel >> 3) & 1) << 4


def _byte(op_sel: Value) -> Value:
    """Where the chosen byte of the destination begins."""
    return ((op_sel >> 2) & 3) << 3


def _chosen(op_sel: Value) -> Value:
    """Where the chosen byte of the source begins."""
    return (op_sel & 3) << 3


def _pair(codes: list[Value]) -> Value:
    """Two codes of 8 bits, low first."""
    return codes[0] | (codes[1] << 8)


def _to_bytes(name: str, f: Small, source: str) -> None:
    """A pair into half a register, one element into a byte."""

    def narrow(elements: tuple[Value, ...], scale: Value, old: Value, op_sel: Value) -> Value:
        codes = [down(a, scale, f) for a in elements]
        return merged(old, _pair(codes), _half(op_sel), 16)

    def stochastic(a: Value, noise: Value, scale: Value, old: Value, op_sel: Value) -> Value:
        code = down_stochastic(a, noise, scale, f, source)
        return merged(old, code, _byte(op_sel), 8)

    key = f"v_cvt_scalef32_pk_{name}_{source}"
    if source == "f32":
        op(key, "f32 f32 f32 b32 op_sel -> b32")(lambda a, b, *rest: narrow((a, b), *rest))
    else:
        op(key, f"{source}x2 f32 b32 op_sel -> b32")(narrow)
    op(f"v_cvt_scalef32_sr_{name}_{source}", f"{source} u32 f32 b32 op_sel -> b32")(stochastic)


def _from_bytes(name: str, f: Small) -> None:
    def pair(to: str) -> Callable[..., tuple[Value, ...]]:
        def body(a: Value, scale: Value, op_sel: Value) -> tuple[Value, ...]:
            half = a >> ((op_sel & 1) << 4)
            return tuple(up((half >> n) & 0xFF, scale, f, to) for n in (0, 8))

        return body

    for to in _FRACTION:
        op(f"v_cvt_scalef32_pk_{to}_{name}", f"b32 f32 op_sel -> {to}x2")(pair(to))

    @op(f"v_cvt_scalef32_f32_{name}", "b32 f32 op_sel -> f32")
    def single(a: Value, scale: Value, op_sel: Value) -> Value:
        return up((a >> _chosen(op_sel)) & 0xFF, scale, f, "f32")

    @op(f"v_cvt_scalef32_f16_{name}", "b32 f32 b32 op_sel -> b32")
    def half(a: Value, scale: Value, old: Value, op_sel: Value) -> Value:
        code = raw(up((a >> _chosen(op_sel)) & 0xFF, scale, f, "f16"))
        return merged(old, convert(code, U32), _half(op_sel), 16)


def _nibbles(f: Small, source: str) -> None:
    """A pair of 4-bit floats in a byte."""

    def narrow(elements: tuple[Value, ...], scale: Value, old: Value, op_sel: Value) -> Value:
        codes = [down(a, scale, f) for a in elements]
        return merged(old, codes[0] | (codes[1] << 4), _byte(op_sel), 8)

    def stochastic(
        elements: tuple[Value, ...], noise: Value, scale: Value, old: Value, op_sel: Value
    ) -> Value:
        low = down_stochastic(elements[0], noise, scale, f, source)
        high = down_stochastic(elements[1], next_noise(noise), scale, f, source)
        return merged(old, low | (high << 4), _byte(op_sel), 8)

    def widen(a: Value, scale: Value, op_sel: Value) -> tuple[Value, ...]:
        byte = a >> _chosen(op_sel)
        return tuple(up((byte >> n) & 15, scale, f, source) for n in (0, 4))

    key = f"v_cvt_scalef32_pk_fp4_{source}"
    if source == "f32":
        op(key, "f32 f32 f32 b32 op_sel -> b32")(lambda a, b, *rest: narrow((a, b), *rest))
    else:
        op(key, f"{source}x2 f32 b32 op_sel -> b32")(narrow)
    signature = f"{source}x2 u32 f32 b32 op_sel -> b32"
    op(f"v_cvt_scalef32_sr_pk_fp4_{source}", signature)(stochastic)
    op(f"v_cvt_scalef32_pk_{source}_fp4", f"b32 f32 op_sel -> {source}x2")(widen)


def packed_codes(codes: list[Value], width: int = 6) -> tuple[Value, ...]:
    """Codes of ``width`` bits, low first, as whole dwords."""
    words: list[Value] = [codes[0].const(0)] * (len(codes) * width // 32)
    for index, code in enumerate(codes):
        at, shift = divmod(width * index, 32)
        words[at] = words[at] | (code << shift)
        if shift > 32 - width:
            words[at + 1] = words[at + 1] | (code >> (32 - shift))
    return tuple(words)


def unpacked_codes(words: tuple[Value, ...], width: int = 6) -> list[Value]:
    """The codes of ``width`` bits in dwords, low first."""
    codes = []
    for index in range(32 * len(words) // width):
        at, shift = divmod(width * index, 32)
        code = words[at] >> shift
        if shift > 32 - width:
            code = code | (words[at + 1] << (32 - shift))
        codes.append(code & ((1 << width) - 1))
    return codes


def _sixes(name: str, f: Small, source: str) -> None:
    """32 floats of 6 bits in six registers."""

    def narrow(elements: tuple[Value, ...], scale: Value) -> tuple[Value, ...]:
        return packed_codes([down(a, scale, f) for a in elements])

    def stochastic(elements: tuple[Value, ...], noise: Value, scale: Value) -> tuple[Value, ...]:
        codes = []
        for a in elements:
            codes.append(down_stochastic(a, noise, scale, f, source))
            noise = next_noise(noise)
        return packed_codes(codes)

    def widen(words: tuple[Value, ...], scale: Value) -> tuple[Value, ...]:
        return tuple(up(code, scale, f, source) for code in unpacked_codes(words))

    if source == "f32":  # two operands whose elements alternate
        op(f"v_cvt_scalef32_2xpk16_{name}_f32", "f32x16 f32x16 f32 -> b32x6")(
            lambda a, b, scale: narrow(tuple(chain(*zip(a, b, strict=True))), scale)
        )
    else:
        op(f"v_cvt_scalef32_pk32_{name}_{source}", f"{source}x32 f32 -> b32x6")(narrow)
    signature = f"{source}x32 u32 f32 -> b32x6"
    op(f"v_cvt_scalef32_sr_pk32_{name}_{source}", signature)(stochastic)
    op(f"v_cvt_scalef32_pk32_{source}_{name}", f"b32x6 f32 -> {source}x32")(widen)


def _rounded_stochastically(a: Value, noise: Value, bits_lost: int) -> Value:
    """The magnitude of an F32 without its last bits, rounded up as the top bits of noise say."""
    return (magnitude(a) + (noise >> (32 - bits_lost))) >> bits_lost


def stochastic_bf16(a: Value, noise: Value) -> Value:
    """F32 as the code of a BF16, rounded up as the top bits of ``noise`` say."""
    code = _rounded_stochastically(a, noise, 16)
    code = select(magnitude(a) >= 0x7F800000, convert(raw(bf16(a)), U32) & 0x7FFF, code)
    return code | (sign_bit(a) >> 16)


def stochastic_f16(a: Value, noise: Value) -> Value:
    """F32 as the code of an F16, rounded up as the top bits of ``noise`` say.

    Denormal results lose more bits: the noise begins below the last that stays.
    """
    m = magnitude(a)
    below = (127 - 14) - (m >> 23)
    shift = select(bits(below, I32) > 0, below, below.const(0))
    shift = select(shift > 24, shift.const(24), shift)
    fraction = ((m & 0x7FFFFF) | 0x800000) >> shift
    denormal = (fraction + (noise >> 19)) >> 13
    normal = _rounded_stochastically(a, noise, 13) - (112 << 10)
    code = select(bits(below, I32) > 0, denormal, normal)
    code = select(code > 0x7C00, code.const(0x7C00), code)
    nearest = convert(raw(convert(a, F16)), U32) & 0x7FFF
    code = select(m >= 0x7F800000, nearest, code)
    return code | (sign_bit(a) >> 16)


for _t, _rounded in (("bf16", stochastic_bf16), ("f16", stochastic_f16)):
    op(f"v_cvt_sr_{_t}_f32", "f32 u32 b32 op_sel -> b32")(
        lambda a, noise, old, op_sel, f=_rounded: merged(old, f(a, noise), _half(op_sel), 16)
    )


for _source in _FRACTION:
    for _name in ("fp8", "bf8"):
        _to_bytes(_name, FORMATS[_name], _source)
    for _name in ("fp6", "bf6"):
        _sixes(_name, FORMATS[_name], _source)
    _nibbles(FORMATS["fp4"], _source)
for _name in ("fp8", "bf8"):
    _from_bytes(_name, FORMATS[_name])
