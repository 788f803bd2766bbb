"""gfx1250's functions of BF16, and its conversions to and from floats of 8, 6 and 4 bits.

No document says what they do: names, operands and LLVM's builtins say what they convert, and their
elements are taken to lie in order, low first. Left out is what these do not settle: the scales that
``scale_sel`` chooses among, and which bits of the noise count for which element.
"""

from __future__ import annotations

from collections.abc import Callable

from anyroc.semantics.convert import SMALL, Small, from_small, to_small
from anyroc.semantics.core import op, unspecified, within
from anyroc.semantics.floats import MIN_MAX, bf16, wide
from anyroc.semantics.scaled import FORMATS, down, packed_codes
from anyroc.semantics.transcendental import BOUNDS, FUNCTIONS, exp2
from anyroc.semantics.values import (
    F16,
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


def _scaled(name: str, f: Small, source: str, count: int) -> None:
    """``count`` elements over one scale, an F32 whose exponent counts, in order in registers."""

    def body(elements: tuple[Value, ...], scale: Value) -> tuple[Value, ...]:
        return packed_codes([down(a, scale, f) for a in elements], f.bits)

    dwords = count * f.bits // 32
    result = f"b32x{dwords}" if dwords > 1 else "b32"
    choice = unspecified("the order of the elements is taken to be that of the registers")
    op(
        f"v_cvt_scalef32_pk{count}_{name}_{source}",
        f"{source}x{count} f32 -> {result}",
        fidelity=choice,
    )(body if dwords > 1 else lambda elements, scale: body(elements, scale)[0])


for _name in ("fp8", "bf8"):
    _bytes(_name, SMALL[_name])
for _source in ("f32", "f16", "bf16"):
    for _name in ("fp8", "bf8", "fp4"):
        _scaled(_name, FORMATS[_name], _source, 8)
    for _name in ("fp6", "bf6"):
        _scaled(_name, FORMATS[_name], _source, 16)


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
