"""Scalar instructions: one value per wave, with SCC as the implied result and operand."""

from __future__ import annotations

from collections.abc import Callable

from anyroc.semantics.core import op
from anyroc.semantics.values import (
    I8,
    I16,
    I32,
    U8,
    U16,
    U32,
    U64,
    Value,
    bitreverse,
    bits,
    convert,
    count_leading_zeros,
    count_trailing_zeros,
    mul_high,
    popcount,
    select,
)

Binary = Callable[[Value, Value], Value]

op("s_mov_b32", "b32 -> b32")(lambda a: a)
op("s_mov_b64", "b64 -> b64")(lambda a: a)
op("s_movk_i32", "i32 -> i32")(lambda a: a)
for _name, _type in (("s_cmov_b32", "b32"), ("s_cmov_b64", "b64"), ("s_cmovk_i32", "i32")):
    op(_name, f"{_type} {_type} scc -> {_type}")(lambda a, old, scc: select(scc, a, old))
for _width in (32, 64):
    op(f"s_cselect_b{_width}", f"b{_width} b{_width} scc -> b{_width}")(
        lambda a, b, scc: select(scc, a, b)
    )

LOGIC: dict[str, Binary] = {
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "and_not1": lambda a, b: a & ~b,
    "or_not1": lambda a, b: a | ~b,
    "nand": lambda a, b: ~(a & b),
    "nor": lambda a, b: ~(a | b),
    "xnor": lambda a, b: ~(a ^ b),
    "and_not0": lambda a, b: ~a & b,
    "or_not0": lambda a, b: ~a | b,
}


def _logic(f: Binary, width: int, name: str) -> None:
    w = f"b{width}"

    def save(a: Value, mask: Value) -> tuple[Value, Value, Value]:
        new = f(a, mask)
        return mask, new, new != 0

    def write(a: Value, mask: Value) -> tuple[Value, Value, Value]:
        new = f(a, mask)
        return new, new, new != 0

    def plain(a: Value, b: Value) -> tuple[Value, Value]:
        d = f(a, b)
        return d, d != 0

    op(f"s_{name}_saveexec_{w}", f"{w} exec{width} -> {w} exec{width} scc")(save)
    if name in ("and_not0", "and_not1"):
        op(f"s_{name}_wrexec_{w}", f"{w} exec{width} -> {w} exec{width} scc")(write)
    if not name.endswith("not0"):
        op(f"s_{name}_{w}", f"{w} {w} -> {w} scc")(plain)


for _name, _f in LOGIC.items():
    for _width in (32, 64):
        _logic(_f, _width, _name)


def with_scc(names: str, signature: str) -> Callable[[Callable[..., Value]], None]:
    """Registers a body whose SCC says that the result is not zero."""

    def register(body: Callable[..., Value]) -> None:
        def both(*args: Value) -> tuple[Value, Value]:
            d = body(*args)
            return d, d != 0

        op(names, signature + " scc")(both)

    return register


for _w in (32, 64):
    with_scc(f"s_not_b{_w}", f"b{_w} -> b{_w}")(lambda a: ~a)
    with_scc(f"s_lshl_b{_w}", f"b{_w} u32 -> b{_w}")(lambda a, n: a << n)
    with_scc(f"s_lshr_b{_w}", f"b{_w} u32 -> b{_w}")(lambda a, n: a >> n)
    with_scc(f"s_ashr_i{_w}", f"i{_w} u32 -> i{_w}")(lambda a, n: a >> n)
    with_scc(f"s_bcnt1_i32_b{_w}", f"b{_w} -> b32")(lambda a: convert(popcount(a), U32))
    with_scc(f"s_bcnt0_i32_b{_w}", f"b{_w} -> b32")(lambda a: convert(popcount(~a), U32))
    op(f"s_brev_b{_w}", f"b{_w} -> b{_w}")(bitreverse)
    op(f"s_bitset0_b{_w}", f"u32 b{_w} -> b{_w}")(lambda n, old: old & ~(old.const(1) << n))
    op(f"s_bitset1_b{_w}", f"u32 b{_w} -> b{_w}")(lambda n, old: old | (old.const(1) << n))
    op(f"s_bitcmp0_b{_w}", f"b{_w} u32 -> scc")(lambda a, n: ((a >> n) & 1) == 0)
    op(f"s_bitcmp1_b{_w}", f"b{_w} u32 -> scc")(lambda a, n: ((a >> n) & 1) != 0)

op("s_sext_i32_i8", "b32 -> i32")(lambda a: convert(bits(convert(a, U8), I8), I32))
op("s_sext_i32_i16", "b32 -> i32")(lambda a: convert(bits(convert(a, U16), I16), I32))
with_scc("s_abs_i32", "i32 -> i32")(lambda a: select(a < 0, -a, a))


@with_scc("s_absdiff_i32", "i32 i32 -> i32")
def _(a: Value, b: Value) -> Value:
    d = a - b
    return select(d < 0, -d, d)


def bit_index(found: Value, width: int) -> Value:
    """A bit's number as a dword, or -1 where a count ran to ``width``."""
    n = convert(found, U32)
    return select(n == width, n.const(-1), n)


def sign_run(a: Value) -> Value:
    """How many leading bits equal the sign; -1 if all do."""
    width = a.type.bits
    unlike = bits(a ^ (a >> (width - 1)), a.type.unsigned)
    return bit_index(count_leading_zeros(unlike), width)


for _w in (32, 64):
    op(f"s_ctz_i32_b{_w}", f"b{_w} -> b32")(
        lambda a: bit_index(count_trailing_zeros(a), a.type.bits)
    )
    op(f"s_ff0_i32_b{_w}", f"b{_w} -> b32")(
        lambda a: bit_index(count_trailing_zeros(~a), a.type.bits)
    )
for _name, _type in (("s_clz_i32_u32", "b32"), ("s_clz_i32_u64", "b64")):
    op(_name, f"{_type} -> b32")(lambda a: bit_index(count_leading_zeros(a), a.type.bits))
op("s_cls_i32", "i32 -> b32")(sign_run)
op("s_cls_i32_i64", "i64 -> b32")(sign_run)


@op("s_add_co_u32", "u32 u32 -> u32 scc")
def _(a: Value, b: Value) -> tuple[Value, Value]:
    d = a + b
    return d, d < a


@op("s_sub_co_u32", "u32 u32 -> u32 scc")
def _(a: Value, b: Value) -> tuple[Value, Value]:
    return a - b, a < b


@op("s_add_co_ci_u32", "u32 u32 scc -> u32 scc")
def _(a: Value, b: Value, scc: Value) -> tuple[Value, Value]:
    wide = convert(a, U64) + convert(b, U64) + convert(scc, U64)
    return convert(wide, U32), (wide >> 32) != 0


@op("s_sub_co_ci_u32", "u32 u32 scc -> u32 scc")
def _(a: Value, b: Value, scc: Value) -> tuple[Value, Value]:
    wide = convert(a, U64) - convert(b, U64) - convert(scc, U64)
    return convert(wide, U32), (wide >> 32) != 0


@op("s_add_co_i32 s_addk_co_i32", "i32 i32 -> i32 scc")
def _(a: Value, b: Value) -> tuple[Value, Value]:
    d = a + b
    return d, ((a ^ d) & (b ^ d)) < 0


@op("s_sub_co_i32", "i32 i32 -> i32 scc")
def _(a: Value, b: Value) -> tuple[Value, Value]:
    d = a - b
    return d, ((a ^ b) & (a ^ d)) < 0


op("s_add_nc_u64", "u64 u64 -> u64")(lambda a, b: a + b)
op("s_sub_nc_u64", "u64 u64 -> u64")(lambda a, b: a - b)
op("s_mul_u64", "u64 u64 -> u64")(lambda a, b: a * b)
op("s_mul_i32 s_mulk_i32", "i32 i32 -> i32")(lambda a, b: a * b)
op("s_mul_hi_u32", "u32 u32 -> u32")(mul_high)
op("s_mul_hi_i32", "i32 i32 -> i32")(mul_high)

for _n in (1, 2, 3, 4):

    @op(f"s_lshl{_n}_add_u32", "u32 u32 -> u32 scc")
    def _(a: Value, b: Value, n: int = _n) -> tuple[Value, Value]:
        wide = (convert(a, U64) << n) + convert(b, U64)
        return convert(wide, U32), (wide >> 32) != 0


for _t in ("i32", "u32"):

    @op(f"s_min_{_t}", f"{_t} {_t} -> {_t} scc")
    def _(a: Value, b: Value) -> tuple[Value, Value]:
        return select(a < b, a, b), a < b

    @op(f"s_max_{_t}", f"{_t} {_t} -> {_t} scc")
    def _(a: Value, b: Value) -> tuple[Value, Value]:
        return select(a < b, b, a), a >= b


def field_mask(width: Value, t: Value) -> Value:
    """``width`` low ones in ``t``'s type; all of them from ``t``'s width on."""
    ones = ~t.const(0)
    return select(width >= t.type.bits, ones, (t.const(1) << width) - 1)


for _w in (32, 64):

    @with_scc(f"s_bfe_u{_w}", f"u{_w} u32 -> u{_w}")
    def _(a: Value, spec: Value) -> Value:
        return (a >> spec) & field_mask((spec >> 16) & 127, a)

    @with_scc(f"s_bfe_i{_w}", f"i{_w} u32 -> i{_w}")
    def _(a: Value, spec: Value) -> Value:
        n = a.type.bits
        width = (spec >> 16) & 127
        spare = n - select(width > n, width.const(n), width)
        field = ((a >> spec) << spare) >> spare
        return select(width == 0, a.const(0), field)


op("s_bfm_b32", "u32 u32 -> b32")(lambda width, n: ((width.const(1) << width) - 1) << n)
op("s_bfm_b64", "u32 u32 -> b64")(lambda width, n: ((width.const(1, U64) << width) - 1) << n)

op("s_pack_ll_b32_b16", "b32 b32 -> b32")(lambda a, b: (a & 0xFFFF) | (b << 16))
op("s_pack_lh_b32_b16", "b32 b32 -> b32")(lambda a, b: (a & 0xFFFF) | (b & 0xFFFF0000))
op("s_pack_hh_b32_b16", "b32 b32 -> b32")(lambda a, b: (a >> 16) | (b & 0xFFFF0000))
op("s_pack_hl_b32_b16", "b32 b32 -> b32")(lambda a, b: (a >> 16) | (b << 16))


@op("s_bitreplicate_b64_b32", "b32 -> b64")
def _(a: Value) -> Value:
    x = convert(a, U64)
    for shift, mask in (
        (16, 0x0000FFFF0000FFFF),
        (8, 0x00FF00FF00FF00FF),
        (4, 0x0F0F0F0F0F0F0F0F),
        (2, 0x3333333333333333),
        (1, 0x5555555555555555),
    ):
        x = (x | (x << shift)) & mask
    return x | (x << 1)


def _any_of_quad(a: Value) -> Value:
    """Bit 4i says whether any of bits 4i to 4i+3 is set."""
    pairs = a | (a >> 1)
    return (pairs | (pairs >> 2)) & (0x1111111111111111 & ((1 << a.type.bits) - 1))


for _w in (32, 64):
    with_scc(f"s_wqm_b{_w}", f"b{_w} -> b{_w}")(lambda a: _any_of_quad(a) * 15)

    @with_scc(f"s_quadmask_b{_w}", f"b{_w} -> b{_w}")
    def _(a: Value) -> Value:
        x = _any_of_quad(a)
        every = (1 << a.type.bits) - 1
        x = (x | (x >> 3)) & (0x0303030303030303 & every)
        x = (x | (x >> 6)) & (0x000F000F000F000F & every)
        x = (x | (x >> 12)) & (0x000000FF000000FF & every)
        return x if a.type.bits == 32 else (x | (x >> 24)) & 0xFFFF
