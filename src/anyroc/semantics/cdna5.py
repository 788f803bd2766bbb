"""What gfx1250 adds to RDNA4's instructions, as far as LLVM's names and operands say what it is."""

from __future__ import annotations

from collections.abc import Callable

from anyroc.semantics.arithmetic import add, fused, multiply
from anyroc.semantics.core import access, control, op
from anyroc.semantics.floats import MIN_MAX
from anyroc.semantics.values import I64, U64, Value, convert, maximum, minimum
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
    return a + b


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

op("v_pk_add_bf16", "bf16 bf16 -> bf16", packed=2)(add)
op("v_pk_mul_bf16", "bf16 bf16 -> bf16", packed=2)(multiply)
op("v_pk_fma_bf16", "bf16 bf16 bf16 -> bf16", packed=2)(fused)

control("s_wait_xcnt s_wait_asynccnt s_wait_tensorcnt s_setprio_inc_wg s_monitor_sleep", "nop")
control("flat_prefetch_b8 global_prefetch_b8", "nop")
control("s_get_shader_cycles_u64", "cycles")

for _suffix, _count in (("b32", 1), ("b64", 2), ("b128", 4)):
    # Monitoring and sharing in a cluster change when, not what.
    access(f"global_load_monitor_{_suffix}", "global", "load", "u32", _count)
    access(f"flat_load_monitor_{_suffix}", "flat", "load", "u32", _count)
    access(f"cluster_load_{_suffix}", "global", "load", "u32", _count)
for _space in ("global", "flat", "buffer"):
    for _name in ("min_num_f64", "max_num_f64"):
        access(f"{_space}_atomic_{_name}", _space, "atomic", "f64", atomic=_name)
