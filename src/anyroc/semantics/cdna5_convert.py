"""gfx1250's functions of BF16, and its conversions to and from floats of 8, 6 and 4 bits.

AMD's "CDNA5" Instruction Set Architecture, 7.6 and 15.14.
"""

from __future__ import annotations

from collections.abc import Callable

from anyroc.semantics.convert import (
    SMALL,
    Small,
    from_small,
    merged,
    to_small,
    to_small_stochastic,
)
from anyroc.semantics.core import op, unspecified, within
from anyroc.semantics.floats import MIN_MAX, bf16, wide
from anyroc.semantics.scaled import (
    FORMATS,
    down,
    down_stochastic,
    next_noise,
    packed_codes,
    stochastic_bf16,
    stochastic_f16,
    unpacked_codes,
    up,
)
from anyroc.semantics.transcendental import BOUNDS, FUNCTIONS, exp2
from anyroc.semantics.values import (
    F16,
    F32,
    I8,
    I32,
    U16,
    Value,
    bits,
    convert,
    fabs,
    is_nan,
    maximum,
    minimum,
    select,
)

_UNDOCUMENTED = "AMD documents no bound"

for _name, _f in FUNCTIONS.items():
    _circular = _name in ("sin", "cos")
    _bound = within(absolute=2.0**-8.9) if _circular else within(0.51, note=_UNDOCUMENTED)
    assert _name in BOUNDS
    op(f"v_{_name}_bf16", "bf16 -> bf16", fidelity=_bound)(lambda x, f=_f: bf16(f(wide(x))))


def tanh(x: Value) -> Value:
    """The hyperbolic tangent of an F32.

    Below 1 the seventh convergent of Lambert's continued fraction, above 1 - 2 / (e**2x + 1).
    """
    square = x * x
    above = ((square + 378.0) * square + 17325.0) * square + 135135.0
    below = ((square * 28.0 + 3150.0) * square + 62370.0) * square + 135135.0
    size = fabs(x)
    large = 1.0 - 2.0 / (exp2(size * 2.8853900817779268) + 1.0)
    signed = select(x < 0.0, -large, large)
    result = select(size < 1.0, x * (above / below), signed)
    return select(is_nan(x), x + x, result)


op("v_tanh_f32", "f32 -> f32", fidelity=within(3.0, note=_UNDOCUMENTED))(tanh)
op("v_tanh_f16", "f16 -> f16", fidelity=within(0.51, note=_UNDOCUMENTED))(
    lambda x: convert(tanh(wide(x)), F16)
)
op("v_tanh_bf16", "bf16 -> bf16", fidelity=within(0.51, note=_UNDOCUMENTED))(
    lambda x: bf16(tanh(wide(x)))
)

for _name in ("min", "max"):
    op(f"v_pk_{_name}_num_bf16", "bf16 bf16 -> bf16", packed=2)(
        lambda a, b, pick=MIN_MAX[f"{_name}_num"]: bf16(pick(wide(a), wide(b)))
    )


def _bytes(name: str, f: Small) -> None:
    """Conversions between F16 and one format of 8 bits."""

    @op(f"v_cvt_f16_{name}", "b32 op_sel -> f16")
    def one(a: Value, op_sel: Value) -> Value:
        byte = ((op_sel & 1) << 1) | ((op_sel >> 1) & 1)
        return convert(from_small((a >> (byte << 3)) & 0xFF, f), F16)

    @op(f"v_cvt_pk_f16_{name}", "b16 -> f16x2")
    def widened(a: Value) -> tuple[Value, ...]:
        pair = convert(a, I32.unsigned)
        return tuple(convert(from_small((pair >> n) & 0xFF, f), F16) for n in (0, 8))

    @op(f"v_cvt_pk_{name}_f16", "f16x2 -> b16")
    def narrowed(pair: tuple[Value, ...]) -> Value:
        low, high = (to_small(wide(a), f) for a in pair)
        return convert(low | (high << 8), U16)

    @op(f"v_cvt_sr_{name}_f16", "f16 u32 b32 op_sel -> b32")
    def stochastic(a: Value, noise: Value, old: Value, op_sel: Value) -> Value:
        dropped = noise & (0xFFFFFFFF ^ ((1 << (22 + f.fraction)) - 1))
        code = to_small_stochastic(wide(a), dropped, f)
        return merged(old, code, ((op_sel >> 2) & 3) << 3, 8)


def _scaled(name: str, f: Small, source: str, count: int) -> None:
    """``count`` elements over one scale, an F32 whose exponent counts, in order in registers."""

    def body(elements: tuple[Value, ...], scale: Value) -> tuple[Value, ...]:
        return packed_codes([down(a, scale, f) for a in elements], f.bits)

    def stochastic(elements: tuple[Value, ...], noise: Value, scale: Value) -> tuple[Value, ...]:
        """Half of the noise for each element, and new noise for each pair."""
        codes = []
        for at, a in enumerate(elements):
            own = noise & 0xFFFF0000 if at % 2 else noise << 16
            codes.append(down_stochastic(a, own, scale, f, source))
            noise = next_noise(noise) if at % 2 else noise
        return packed_codes(codes, f.bits)

    dwords = count * f.bits // 32
    result = f"b32x{dwords}" if dwords > 1 else "b32"
    op(f"v_cvt_scalef32_pk{count}_{name}_{source}", f"{source}x{count} f32 -> {result}")(
        body if dwords > 1 else lambda elements, scale: body(elements, scale)[0]
    )
    op(
        f"v_cvt_scalef32_sr_pk{count}_{name}_{source}",
        f"{source}x{count} u32 f32 -> {result}",
        fidelity=unspecified("of an element's 16 bits of noise the top ones count"),
    )(stochastic if dwords > 1 else lambda *given: stochastic(*given)[0])


def _lane_of_scale(op_sel: int, lane: int) -> int:
    """Which lane holds the scale of a lane's elements: one of 16, the first or the last."""
    return 16 * (op_sel & 1) + lane % 16


def _lane_of_byte_scale(op_sel: int, lane: int) -> int:
    """The same for elements of 8 bits, which name the lanes another way in blocks of 16."""
    return 16 * (op_sel >> 1 & 1 if op_sel & 8 else op_sel & 1) + lane % 16


def _scale(scales: Value, lane: Value, op_sel: Value, whole_bytes: bool) -> Value:
    """The scale of a lane's elements as the F32 of that exponent."""
    upper = (lane >> 4) & 1
    if whole_bytes:  # blocks of 32 values: the same for all lanes
        block32 = (op_sel & 2) | ((op_sel >> 2) & 1)
        byte = select((op_sel & 8) == 0, block32, (op_sel & 2) | upper)
    else:
        block32 = (op_sel & 2) | upper
        byte = select((op_sel & 4) == 0, block32, ((op_sel >> 1) & 1) | (upper << 1))
    return bits(((scales >> (byte << 3)) & 0xFF) << 23, F32)


def _widened(name: str, f: Small, to: str, count: int) -> None:
    """``count`` elements times a scale that lies in some lane."""
    dwords = count * f.bits // 32

    def body(
        elements: tuple[Value, ...] | Value, scales: Value, lane: Value, op_sel: Value
    ) -> tuple[Value, ...]:
        words = elements if isinstance(elements, tuple) else (elements,)
        scale = _scale(scales, lane, op_sel, f.bits == 8)
        return tuple(up(code, scale, f, to) for code in unpacked_codes(words, f.bits))

    op(
        f"v_cvt_scale_pk{count}_{to}_{name}",
        f"{f'b32x{dwords}' if dwords > 1 else 'b32'} b32 lane op_sel -> {to}x{count}",
        second=_lane_of_byte_scale if f.bits == 8 else _lane_of_scale,
        fidelity=unspecified("AMD and LLVM disagree about the order of the bits of scale_sel"),
    )(body)


for _name in ("fp8", "bf8"):
    _bytes(_name, SMALL[_name])
for _source in ("f32", "f16", "bf16"):
    for _name in ("fp8", "bf8", "fp4", "fp6", "bf6"):
        _count = 16 if FORMATS[_name].bits == 6 else 8
        _scaled(_name, FORMATS[_name], _source, _count)
        _widened(_name, FORMATS[_name], _source, _count)


def _saturated(least: int, most: int, signed: bool) -> Callable[[Value], Value]:
    """Four bytes as four nibbles, each the nearest that there is."""

    def body(a: Value) -> Value:
        result = a.const(0)
        for index in range(4):
            byte = (a >> (8 * index)) & 0xFF
            number = convert(bits(convert(byte, I8.unsigned), I8), I32) if signed else byte
            held = maximum(minimum(number, number.const(most)), number.const(least))
            result = result | ((bits(held, I32.unsigned) & 15) << (4 * index))
        return convert(result, U16)

    return body


op("v_sat_pk4_i4_i8", "b32 -> b16")(_saturated(-8, 7, True))
op("v_sat_pk4_u4_u8", "b32 -> b16")(_saturated(0, 15, False))


def _pair(body: Callable[[Value, Value], Value]) -> Callable[[Value, Value, Value], Value]:
    """Two floats as halves of a register, each with half of the noise."""
    return lambda a, b, noise: body(a, noise << 16) | (body(b, noise & 0xFFFF0000) << 16)


op(
    "v_cvt_sr_pk_bf16_f32",
    "f32 f32 u32 -> b32",
    fidelity=unspecified("NaN stays NaN; the formula could make it an infinity"),
)(_pair(stochastic_bf16))
op(
    "v_cvt_sr_pk_f16_f32",
    "f32 f32 u32 -> b32",
    fidelity=unspecified("of a result's 16 bits of noise the top ones count"),
)(_pair(stochastic_f16))
