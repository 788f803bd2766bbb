"""What gfx1250 adds, by AMD's "CDNA5" Instruction Set Architecture, 15.14 and 15.11."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from oracles.floats import min_max
from oracles.integers import byte, held, ones
from oracles.rule import fraction, number, rule, signed
from semantics_support import exact
from semantics_support.exact import Number

Function = Callable[..., int]


def _packed(name: str, t: str, count: int, function: Function) -> None:
    sources = " ".join([f"{t}x2"] * count)
    rule(name, f"{sources} -> {t}x2", lambda *v: tuple(map(function, *v)))


def _held_sum(t: str, pick: Function) -> Function:
    """The sum is held to its type, then compared."""
    bits = int(t[1:])
    low, high = (-(1 << bits - 1), ones(bits - 1)) if t[0] == "i" else (0, ones(bits))
    return lambda a, b, c: pick(held(a + b, low, high), c)


for _pick in (min, max):
    for _t in ("i32", "u32"):
        _name = f"v_add_{_pick.__name__}_{_t}"
        rule(_name, f"{_t} {_t} {_t} -> {_t}", _held_sum(_t, _pick))
    for _t in ("i16", "u16"):
        _packed(f"v_pk_add_{_pick.__name__}_{_t}", _t, 3, _held_sum(_t, _pick))
        _packed(f"v_pk_{_pick.__name__}3_{_t}", _t, 3, _pick)
    for _t in ("i64", "u64"):
        rule(f"v_{_pick.__name__}_{_t}", f"{_t} {_t} -> {_t}", _pick)
    _number = f"{_pick.__name__}_num"
    _packed(
        f"v_pk_{_pick.__name__}3_num_f16", "f16", 3,
        lambda a, b, c, n=_number: min_max(n, min_max(n, a, b, "f16"), c, "f16"),
    )  # fmt: skip
rule("v_add_nc_u64", "u64 u64 -> u64", lambda a, b: a + b)
rule("v_sub_nc_u64", "u64 u64 -> u64", lambda a, b: a - b)
rule("v_mul_u64", "u64 u64 -> u64", lambda a, b: a * b)
rule("v_mad_u32", "u32 u32 u32 -> u32", lambda a, b, c: a * b + c)
rule("v_mad_nc_u64_u32", "u32 u32 u64 -> u64", lambda a, b, c: a * b + c)
rule("v_mad_nc_i64_i32", "i32 i32 i64 -> i64", lambda a, b, c: a * b + c)


def _two(a: int, b: int, table: int) -> int:
    """The four entries of the table whose third input is 0."""
    terms = (~a & ~b, ~a & b, a & ~b, a & b)
    return sum(term & ones(32) for n, term in enumerate(terms) if table >> 2 * n & 1)


rule("v_bitop2_b32", "u32 u32 truth -> u32", _two)


def _table(width: int, low: int) -> Function:
    """Sixteen entries of a table whose high part is the first operand."""

    def body(a: int, b: int, indices: int) -> int:
        entries = a << 32 * low | b
        found = [entries >> width * (indices >> 4 * n & 15) & ones(width) for n in range(16)]
        return sum(entry << width * n for n, entry in enumerate(found))

    return body


def _dwords(function: Function, count: int) -> Callable[..., tuple[int, ...]]:
    return lambda *v: tuple(function(*v) >> 32 * n & ones(32) for n in range(count))


rule("v_perm_pk16_b4_u4", "u32 u32 u64 -> u32x2", _dwords(_table(4, 1), 2))
rule("v_perm_pk16_b6_u4", "u32 u64 u64 -> u32x3", _dwords(_table(6, 2), 3))
rule("v_perm_pk16_b8_u4", "u64 u64 u64 -> u32x4", _dwords(_table(8, 2), 4))


def _index(a: int, width: int, lane: int) -> int | None:
    if width & width - 1 or not width:
        return None
    return lane // width * width + (a & 63 & width - 1) << 2


rule("v_permlane_idx_gen_b32", "u32 u32 lane -> u32", _index)
rule(
    "v_sat_pk4_i4_i8", "u32 -> u16",
    lambda a: sum((held(signed(byte(a, n), 8), -8, 7) & 15) << 4 * n for n in range(4)),
)  # fmt: skip
rule(
    "v_sat_pk4_u4_u8", "u32 -> u16",
    lambda a: sum(min(byte(a, n), 15) << 4 * n for n in range(4)),
)  # fmt: skip


def _rounded(function: Callable[..., Number]) -> Function:
    return lambda *v: fraction(function(*(number(x, "bf16") for x in v)), "bf16")


_packed("v_pk_add_bf16", "bf16", 2, _rounded(exact.add))
_packed("v_pk_mul_bf16", "bf16", 2, _rounded(exact.multiply))
_packed("v_pk_fma_bf16", "bf16", 3, _rounded(exact.fma))
for _name in ("min_num", "max_num"):
    _packed(f"v_pk_{_name}_bf16", "bf16", 2, lambda a, b, n=_name: min_max(n, a, b, "bf16"))


def _mixed(words: tuple[int, ...], op_sel: int, op_sel_hi: int) -> Number:
    values = []
    for n, word in enumerate(words):
        half = word >> 16 * (op_sel >> n & 1) & 0xFFFF
        values.append(number(half, "bf16") if op_sel_hi >> n & 1 else number(word, "f32"))
    return exact.fma(*values)


rule(
    "v_fma_mix_f32_bf16", "u32 u32 u32 op_sel op_sel_hi -> f32",
    lambda a, b, c, s, h: fraction(_mixed((a, b, c), s, h), "f32"),
)  # fmt: skip
rule(
    "v_fma_mixlo_bf16 v_fma_mixhi_bf16", "u32 u32 u32 op_sel op_sel_hi -> bf16",
    lambda a, b, c, s, h: fraction(number(fraction(_mixed((a, b, c), s, h), "f32"), "f32"), "bf16"),
)  # fmt: skip
for _name in ("fp8", "bf8"):
    _f = exact.SMALL[_name]
    rule(
        f"v_cvt_f16_{_name}", "u32 op_sel -> f16",
        lambda a, s, f=_f: fraction(exact.decode(byte(a, (s & 1) * 2 + (s >> 1 & 1)), f), "f16"),
    )  # fmt: skip


def _tangent(t: str) -> Function:
    return lambda a: fraction(_bounded(number(a, t)), t)


def _bounded(v: Number) -> Number:
    if v == 0 or (isinstance(v, float) and math.isnan(v)):
        return v
    return Fraction(math.tanh(v))


rule("v_tanh_f32", "f32 -> f32", _tangent("f32"), ulp=3)
rule("v_tanh_f16", "f16 -> f16", _tangent("f16"), ulp=1)
rule("v_tanh_bf16", "bf16 -> bf16", _tangent("bf16"), ulp=1)

_SMALL = ("fp8", "bf8", "fp6", "bf6", "fp4")
_WIDE = ("f32", "f16", "bf16")
_COUNTS = {name: 16 if name.endswith("6") and name != "bf16" else 8 for name in _SMALL}
SEPARATE = frozenset(
    {f"v_{name}_bf16" for name in ("exp", "log", "rcp", "rsq", "sqrt", "sin", "cos")}
    | {f"v_cvt_pk_{name}_f16" for name in ("fp8", "bf8")}
    | {f"v_cvt_pk_f16_{name}" for name in ("fp8", "bf8")}
    | {f"v_cvt_sr_{name}_f16" for name in ("fp8", "bf8")}
    | {f"v_cvt_sr_pk_{name}_f32" for name in ("f16", "bf16")}
    | {f"v_cvt_scalef32_pk{_COUNTS[n]}_{n}_{t}" for n in _SMALL for t in _WIDE}
    | {f"v_cvt_scalef32_sr_pk{_COUNTS[n]}_{n}_{t}" for n in _SMALL for t in _WIDE}
    | {f"v_cvt_scale_pk{_COUNTS[n]}_{t}_{n}" for n in _SMALL for t in _WIDE}
)
"""What unit/semantics/test_cdna5.py and unit/translate/test_gfx1250.py check."""
MOVES = frozenset(
    {"s_add_pc_i64", "s_set_vgpr_msb"}
    | {f"v_permlane_{name}_b32" for name in ("bcast", "up", "down", "xor")}
    | {
        f"{space}_{kind}_async_{way}_lds_b{bits}"
        for space, kind, way in (
            ("global", "load", "to"),
            ("cluster", "load", "to"),
            ("global", "store", "from"),
        )
        for bits in (8, 32, 64, 128)
    }
    | {
        f"{space}_load_{name}"
        for space in ("global", "ds")
        for name in ("tr4_b64", "tr6_b96", "tr8_b64", "tr16_b128")
    }
)
"""What unit/translate/test_gfx1250.py checks beside arithmetic."""
SPARSE = frozenset(
    {f"v_swmmac_{d}_16x16x64_{d}" for d in ("f16", "bf16")}
    | {f"v_swmmac_f32_16x16x64_{a}" for a in ("f16", "bf16")}
    | {
        f"v_swmmac_{d}_16x16x128_{a}_{b}"
        for d in ("f32", "f16")
        for a in ("fp8", "bf8")
        for b in ("fp8", "bf8")
    }
    | {"v_swmmac_i32_16x16x128_iu8"}
)
"""Its sparse matrices, whose layouts are there, too."""
