"""What gfx1250 adds to RDNA4's instructions (AMD's "CDNA5" Instruction Set Architecture, 2026)."""

from __future__ import annotations

from collections.abc import Callable

from anyroc.semantics.arithmetic import add, fused, multiply
from anyroc.semantics.core import access, control, op
from anyroc.semantics.floats import MIN_MAX
from anyroc.semantics.scaled import packed_codes
from anyroc.semantics.values import I64, U32, U64, Value, convert, maximum, minimum, select
from anyroc.semantics.vector import truth_table

op("v_add_nc_u64", "u64 u64 -> u64")(lambda a, b: a + b)
op("v_sub_nc_u64", "u64 u64 -> u64")(lambda a, b: a - b)
op("v_mul_u64", "u64 u64 -> u64")(lambda a, b: a * b)
op("v_mad_u32", "u32 u32 u32 -> u32")(lambda a, b, c: a * b + c)
op("v_mad_nc_u64_u32", "u32 u32 u64 -> u64")(lambda a, b, c: convert(a, U64) * convert(b, U64) + c)
op("v_mad_nc_i64_i32", "i32 i32 i64 -> i64")(lambda a, b, c: convert(a, I64) * convert(b, I64) + c)
op("v_bitop2_b32", "b32 b32 bitop3 -> b32")(lambda a, b, table: truth_table(a, b, a ^ a, table))
op("v_fmamk_f64", "f64 f64 f64 -> f64")(fused)
op("v_fmaak_f64", "f64 f64 f64 -> f64")(fused)


def _then(
    first: Callable[[Value, Value], Value], second: Callable[[Value, Value], Value]
) -> Callable[[Value, Value, Value], Value]:
    return lambda a, b, c: second(first(a, b), c)


def _sum(a: Value, b: Value) -> Value:
    """The sum, held to what its type can be, whatever the clamp bit says."""
    total = a + b
    if not a.type.is_signed:
        return select(total < a, total.const((1 << a.type.bits) - 1), total)
    most = (1 << (a.type.bits - 1)) - 1
    held = select(a < 0, total.const(-most - 1), total.const(most))
    return select(((a ^ total) & (b ^ total)) < 0, held, total)


for _name, _body in (("min", minimum), ("max", maximum)):
    for _t in ("u64", "i64"):
        op(f"v_{_name}_{_t}", f"{_t} {_t} -> {_t}")(_body)
    for _t in ("u32", "i32"):
        op(f"v_add_{_name}_{_t}", f"{_t} {_t} {_t} -> {_t}")(_then(_sum, _body))
    for _t in ("u16", "i16"):
        _three = f"{_t} {_t} {_t} -> {_t}"
        op(f"v_pk_add_{_name}_{_t}", _three, packed=2)(_then(_sum, _body))
        op(f"v_pk_{_name}3_{_t}", _three, packed=2)(_then(_body, _body))
    _number = MIN_MAX[f"{_name}_num"]
    op(f"v_pk_{_name}3_num_f16", "f16 f16 f16 -> f16", packed=2)(_then(_number, _number))


def _looked_up(low: Value, high: Value, indices: Value, width: int, overlap: int) -> list[Value]:
    """Sixteen elements of a table, whose first half is in ``low``; ``high`` repeats ``overlap``
    bits of that before the rest."""
    found = []
    for at in range(16):
        index = (indices >> (4 * at)) & 15
        below = low >> (index * width)
        above = high >> (index * width - (64 - overlap))
        found.append(convert(select(index < 8, below, above), U32) & ((1 << width) - 1))
    return found


@op("v_perm_pk16_b4_u4", "b32 b32 b64 -> b32x2")
def _(high: Value, low: Value, indices: Value) -> tuple[Value, ...]:
    table = convert(low, U64) | (convert(high, U64) << 32)
    return packed_codes(_looked_up(table, table >> 32, indices, 4, 32), 4)


@op("v_perm_pk16_b6_u4", "b32 b64 b64 -> b32x3")
def _(high: Value, low: Value, indices: Value) -> tuple[Value, ...]:
    above = (low >> 32) | (convert(high, U64) << 32)
    return packed_codes(_looked_up(low, above, indices, 6, 32), 6)


@op("v_perm_pk16_b8_u4", "b64 b64 b64 -> b32x4")
def _(high: Value, low: Value, indices: Value) -> tuple[Value, ...]:
    return packed_codes(_looked_up(low, high, indices, 8, 0), 8)


op("v_pk_add_bf16", "bf16 bf16 -> bf16", packed=2)(add)
op("v_pk_mul_bf16", "bf16 bf16 -> bf16", packed=2)(multiply)
op("v_pk_fma_bf16", "bf16 bf16 bf16 -> bf16", packed=2)(fused)

control("s_wait_xcnt s_wait_asynccnt s_wait_tensorcnt s_setprio_inc_wg s_monitor_sleep", "nop")
control("flat_prefetch_b8 global_prefetch_b8", "nop")
control("s_get_shader_cycles_u64", "cycles")
# What it changes, the numbers of registers, is known when instructions are decoded.
control("s_set_vgpr_msb", "nop")

for _suffix, _count in (("b32", 1), ("b64", 2), ("b128", 4)):
    # Monitoring and sharing in a cluster change when, not what.
    access(f"global_load_monitor_{_suffix}", "global", "load", "u32", _count)
    access(f"flat_load_monitor_{_suffix}", "flat", "load", "u32", _count)
    access(f"cluster_load_{_suffix}", "global", "load", "u32", _count)
for _space in ("global", "flat", "buffer"):
    for _name in ("min_num_f64", "max_num_f64"):
        access(f"{_space}_atomic_{_name}", _space, "atomic", "f64", atomic=_name)

for _suffix, _element, _count in (("b8", "u8", 1), ("b32", "u32", 1), ("b64", "u32", 2),
                                  ("b128", "u32", 4)):  # fmt: skip
    for _prefix in ("global", "cluster"):
        access(f"{_prefix}_load_async_to_lds_{_suffix}", "global", "load", _element, _count,
               form="async")  # fmt: skip
    access(f"global_store_async_from_lds_{_suffix}", "global", "store", _element, _count,
           form="async")  # fmt: skip
for _name, _count, _bits, _span in (("tr4_b64", 2, 4, 16), ("tr6_b96", 3, 6, 16),
                                    ("tr8_b64", 2, 8, 8), ("tr16_b128", 4, 16, 8)):  # fmt: skip
    access(f"global_load_{_name}", "global", "load", "u32", _count, transpose=_bits, span=_span)
    # From LDS the rows of bytes lie in lanes 0 to 3 and 8 to 11, and in the others.
    access(f"ds_load_{_name}", "lds", "load", "u32", _count, transpose=_bits, span=_span,
           split=_bits == 8)  # fmt: skip
