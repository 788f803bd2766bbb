"""Scalar instructions on integers; SCC says whether the result is not 0 unless said otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from oracles.integers import leading, ones, trailing
from oracles.rule import rule, signed

Function = Callable[..., Any]


def nonzero(names: str, signature: str, bits: int, function: Function) -> None:
    """A rule whose SCC tells a result that is not 0."""

    def both(*v: int) -> tuple[int, bool]:
        result = int(function(*v)) & ones(bits)
        return result, result != 0

    rule(names, signature + " scc", both)


def carried(v: int) -> tuple[int, bool]:
    return v, not 0 <= v < 1 << 32


def overflown(v: int) -> tuple[int, bool]:
    return v, not -(1 << 31) <= v < 1 << 31


rule("s_mov_b32", "u32 -> u32", lambda a: a)
rule("s_mov_b64", "u64 -> u64", lambda a: a)
rule("s_movk_i32", "i32 -> i32", lambda a: a)
rule("s_cmovk_i32", "i32 i32 scc -> i32", lambda a, old, scc: a if scc else old)

LOGIC: dict[str, Callable[[int, int], int]] = {
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "nand": lambda a, b: ~(a & b),
    "nor": lambda a, b: ~(a | b),
    "xnor": lambda a, b: ~(a ^ b),
    "and_not1": lambda a, b: a & ~b,
    "or_not1": lambda a, b: a | ~b,
    "and_not0": lambda a, b: ~a & b,
    "or_not0": lambda a, b: ~a | b,
}
"""Of an operand and another, or EXEC."""


def _saving(f: Callable[[int, int], int], bits: int, name: str) -> None:
    t = f"u{bits}"

    def new(a: int, mask: int) -> int:
        return f(a, mask) & ones(bits)

    if not name.endswith("not0"):
        nonzero(f"s_{name}_b{bits}", f"{t} {t} -> {t}", bits, f)

    def exec_after(a: int, mask: int) -> int:
        return mask & ~ones(bits) | new(a, mask)

    rule(
        f"s_{name}_saveexec_b{bits}", f"{t} exec -> {t} exec scc",
        lambda a, mask: (mask & ones(bits), exec_after(a, mask), new(a, mask) != 0),
    )  # fmt: skip
    if name in ("and_not0", "and_not1"):
        rule(
            f"s_{name}_wrexec_b{bits}", f"{t} exec -> {t} exec scc",
            lambda a, mask: (new(a, mask), exec_after(a, mask), new(a, mask) != 0),
        )  # fmt: skip


def _quads(a: int, bits: int, unit: int, step: int) -> int:
    """``unit`` for each four bits of which one is set, ``step`` bits apart."""
    some = [a >> n & 15 != 0 for n in range(0, bits, 4)]
    return sum(unit * bit << step * n for n, bit in enumerate(some))


def _field(a: int, spec: int, bits: int, is_signed: bool) -> int:
    width = spec >> 16 & 127
    v = a >> spec % bits & ones(width)
    return signed(v, width) if is_signed and width else v


for _bits in (32, 64):
    _t, _i = f"u{_bits}", f"i{_bits}"
    for _name, _f in LOGIC.items():
        _saving(_f, _bits, _name)
    rule(f"s_cmov_b{_bits}", f"{_t} {_t} scc -> {_t}", lambda a, old, scc: a if scc else old)
    rule(f"s_cselect_b{_bits}", f"{_t} {_t} scc -> {_t}", lambda a, b, scc: a if scc else b)
    nonzero(f"s_not_b{_bits}", f"{_t} -> {_t}", _bits, lambda a: ~a)
    nonzero(f"s_lshl_b{_bits}", f"{_t} u32 -> {_t}", _bits, lambda a, n, b=_bits: a << n % b)
    nonzero(f"s_lshr_b{_bits}", f"{_t} u32 -> {_t}", _bits, lambda a, n, b=_bits: a >> n % b)
    nonzero(f"s_ashr_i{_bits}", f"{_i} u32 -> {_t}", _bits, lambda a, n, b=_bits: a >> n % b)
    nonzero(f"s_bcnt1_i32_b{_bits}", f"{_t} -> u32", 32, int.bit_count)
    nonzero(f"s_bcnt0_i32_b{_bits}", f"{_t} -> u32", 32, lambda a, b=_bits: b - a.bit_count())
    rule(f"s_brev_b{_bits}", f"{_t} -> {_t}", lambda a, b=_bits: int(f"{a:0{b}b}"[::-1], 2))
    rule(f"s_bitset0_b{_bits}", f"u32 {_t} -> {_t}", lambda n, v, b=_bits: v & ~(1 << n % b))
    rule(f"s_bitset1_b{_bits}", f"u32 {_t} -> {_t}", lambda n, v, b=_bits: v | 1 << n % b)
    rule(f"s_bitcmp0_b{_bits}", f"{_t} u32 -> scc", lambda a, n, b=_bits: not a >> n % b & 1)
    rule(f"s_bitcmp1_b{_bits}", f"{_t} u32 -> scc", lambda a, n, b=_bits: a >> n % b & 1)
    rule(f"s_ctz_i32_b{_bits}", f"{_t} -> u32", trailing)
    rule(f"s_ff0_i32_b{_bits}", f"{_t} -> u32", lambda a, b=_bits: trailing(a ^ ones(b)))
    rule(f"s_clz_i32_u{_bits}", f"{_t} -> u32", lambda a, b=_bits: leading(a, b))
    rule(f"s_bfm_b{_bits}", f"u32 u32 -> {_t}", lambda w, n, b=_bits: ones(w % b) << n % b)
    nonzero(
        f"s_bfe_u{_bits}", f"{_t} u32 -> {_t}", _bits,
        lambda a, s, b=_bits: _field(a, s, b, False),
    )  # fmt: skip
    nonzero(
        f"s_bfe_i{_bits}", f"{_i} u32 -> {_t}", _bits,
        lambda a, s, b=_bits: _field(a, s, b, True),
    )  # fmt: skip
    nonzero(f"s_wqm_b{_bits}", f"{_t} -> {_t}", _bits, lambda a, b=_bits: _quads(a, b, 15, 4))
    nonzero(f"s_quadmask_b{_bits}", f"{_t} -> {_t}", _bits, lambda a, b=_bits: _quads(a, b, 1, 1))
rule("s_cls_i32", "i32 -> u32", lambda a: leading(a ^ a >> 31))
rule("s_cls_i32_i64", "i64 -> u32", lambda a: leading(a ^ a >> 63, 64))
rule("s_sext_i32_i8", "u32 -> u32", lambda a: signed(a, 8))
rule("s_sext_i32_i16", "u32 -> u32", lambda a: signed(a, 16))
nonzero("s_abs_i32", "i32 -> u32", 32, abs)
nonzero("s_absdiff_i32", "i32 i32 -> u32", 32, lambda a, b: abs(signed(a - b, 32)))
rule(
    "s_bitreplicate_b64_b32", "u32 -> u64",
    lambda a: sum((a >> n & 1) * 3 << 2 * n for n in range(32)),
)  # fmt: skip

rule("s_add_co_u32", "u32 u32 -> u32 scc", lambda a, b: carried(a + b))
rule("s_sub_co_u32", "u32 u32 -> u32 scc", lambda a, b: carried(a - b))
rule("s_add_co_ci_u32", "u32 u32 scc -> u32 scc", lambda a, b, c: carried(a + b + c))
rule("s_sub_co_ci_u32", "u32 u32 scc -> u32 scc", lambda a, b, c: carried(a - b - c))
rule("s_add_co_i32", "i32 i32 -> i32 scc", lambda a, b: overflown(a + b))
rule("s_addk_co_i32", "i32 i32 -> i32 scc", lambda a, b: overflown(a + b))
rule("s_sub_co_i32", "i32 i32 -> i32 scc", lambda a, b: overflown(a - b))
rule("s_add_nc_u64", "u64 u64 -> u64", lambda a, b: a + b)
rule("s_sub_nc_u64", "u64 u64 -> u64", lambda a, b: a - b)
rule("s_mul_u64", "u64 u64 -> u64", lambda a, b: a * b)
rule("s_mul_i32 s_mulk_i32", "i32 i32 -> i32", lambda a, b: a * b)
rule("s_mul_hi_u32", "u32 u32 -> u32", lambda a, b: a * b >> 32)
rule("s_mul_hi_i32", "i32 i32 -> i32", lambda a, b: a * b >> 32)
for _n in (1, 2, 3, 4):
    rule(f"s_lshl{_n}_add_u32", "u32 u32 -> u32 scc", lambda a, b, n=_n: carried((a << n) + b))
for _t in ("i32", "u32"):
    rule(f"s_min_{_t}", f"{_t} {_t} -> {_t} scc", lambda a, b: (min(a, b), a < b))
    rule(f"s_max_{_t}", f"{_t} {_t} -> {_t} scc", lambda a, b: (max(a, b), a >= b))
for _name, _first, _second in (("ll", 0, 0), ("lh", 0, 16), ("hh", 16, 16), ("hl", 16, 0)):
    rule(
        f"s_pack_{_name}_b32_b16", "u32 u32 -> u32",
        lambda a, b, m=_first, n=_second: a >> m & 65535 | (b >> n & 65535) << 16,
    )  # fmt: skip
