"""Vector instructions on integers and bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from oracles.rule import rule, signed

Function = Callable[..., Any]


def byte(v: int, n: int) -> int:
    return v >> 8 * n & 255


def fields(v: int, bits: int, is_signed: bool) -> list[int]:
    """A dword's fields, low first."""
    every = [v >> n & (1 << bits) - 1 for n in range(0, 32, bits)]
    return [signed(f, bits) for f in every] if is_signed else every


def held(v: int, low: int, high: int) -> int:
    return max(low, min(high, v))


def median(*v: int) -> int:
    return sorted(v)[1]


def ones(n: int) -> int:
    return (1 << n) - 1


def leading(a: int, bits: int = 32) -> int:
    """Zeros before the first one, -1 where there is none."""
    return bits - a.bit_length() if a else -1


def trailing(a: int) -> int:
    return (a & -a).bit_length() - 1


def field(a: int, offset: int, width: int, is_signed: bool) -> int:
    v = a >> offset & ones(width)
    return signed(v, width) if is_signed and width else v


rule(
    "v_mov_b32 v_accvgpr_read_b32 v_accvgpr_write_b32 v_accvgpr_mov_b32", "u32 -> u32", lambda a: a
)
rule("v_mov_b16", "u16 -> u16", lambda a: a)
rule("v_mov_b64", "u64 -> u64", lambda a: a)
rule("v_swap_b32", "u32 u32 -> u32 u32", lambda a, b: (a, b))
rule("v_swap_b16", "u16 u16 -> u16 u16", lambda a, b: (a, b))
for _bits in (16, 32):
    _t = f"u{_bits}"
    rule(f"v_cndmask_b{_bits}", f"{_t} {_t} mask -> {_t}", lambda a, b, m: b if m else a)
    rule(f"v_and_b{_bits}", f"{_t} {_t} -> {_t}", lambda a, b: a & b)
    rule(f"v_or_b{_bits}", f"{_t} {_t} -> {_t}", lambda a, b: a | b)
    rule(f"v_xor_b{_bits}", f"{_t} {_t} -> {_t}", lambda a, b: a ^ b)
    rule(f"v_not_b{_bits}", f"{_t} -> {_t}", lambda a: ~a)

    def _truth(a: int, b: int, c: int, table: int, bits: int = _bits) -> int:
        rows = [(a >> n & 1) << 2 | (b >> n & 1) << 1 | c >> n & 1 for n in range(bits)]
        return sum((table >> row & 1) << n for n, row in enumerate(rows))

    rule(f"v_bitop3_b{_bits}", f"{_t} {_t} {_t} truth -> {_t}", _truth)

DWORDS: dict[str, Function] = {
    "v_xnor_b32": lambda a, b: ~(a ^ b),
    "v_and_or_b32": lambda a, b, c: a & b | c,
    "v_or3_b32": lambda a, b, c: a | b | c,
    "v_xor3_b32": lambda a, b, c: a ^ b ^ c,
    "v_bfi_b32": lambda a, b, c: a & b | ~a & c,
    "v_mul_lo_u32": lambda a, b: a * b,
    "v_mul_hi_u32": lambda a, b: a * b >> 32,
    "v_mul_u32_u24": lambda a, b: (a & ones(24)) * (b & ones(24)),
    "v_mul_hi_u32_u24": lambda a, b: (a & ones(24)) * (b & ones(24)) >> 32,
    "v_mad_u32_u24": lambda a, b, c: (a & ones(24)) * (b & ones(24)) + c,
    "v_mul_i32_i24": lambda a, b: signed(a, 24) * signed(b, 24),
    "v_mul_hi_i32_i24": lambda a, b: signed(a, 24) * signed(b, 24) >> 32,
    "v_mad_i32_i24": lambda a, b, c: signed(a, 24) * signed(b, 24) + c,
    "v_mul_hi_i32": lambda a, b: signed(a, 32) * signed(b, 32) >> 32,
    "v_add3_u32": lambda a, b, c: a + b + c,
    "v_xad_u32": lambda a, b, c: (a ^ b) + c,
    "v_lshl_add_u32": lambda a, n, c: (a << n % 32) + c,
    "v_add_lshl_u32": lambda a, b, n: a + b << n % 32,
    "v_lshl_or_b32": lambda a, n, c: a << n % 32 | c,
    "v_lshlrev_b32": lambda n, a: a << n % 32,
    "v_lshrrev_b32": lambda n, a: a >> n % 32,
    "v_ashrrev_i32": lambda n, a: signed(a, 32) >> n % 32,
    "v_bfrev_b32": lambda a: int(f"{a:032b}"[::-1], 2),
    "v_bcnt_u32_b32": lambda a, b: a.bit_count() + b,
    "v_clz_i32_u32": leading,
    "v_ctz_i32_b32": trailing,
    "v_cls_i32": lambda a: leading(a ^ (ones(32) if a >> 31 else 0)),
    "v_bfm_b32": lambda w, n: ones(w % 32) << n % 32,
    "v_bfe_u32": lambda a, n, w: field(a, n % 32, w % 32, False),
    "v_bfe_i32": lambda a, n, w: field(signed(a, 32), n % 32, w % 32, True),
    "v_alignbit_b32": lambda a, b, n: (a << 32 | b) >> n % 32,
    "v_alignbyte_b32": lambda a, b, n: (a << 32 | b) >> 8 * (n % 4),
    "v_sad_u32": lambda a, b, c: abs(a - b) + c,
    "v_prng_b32": lambda a: a << 1 ^ (197 if a >> 31 else 0),
}
for _name, _function in DWORDS.items():
    _count = _function.__code__.co_argcount - len(_function.__defaults__ or ())
    rule(_name, "u32 " * _count + "-> u32", _function)

for _t in ("u32", "i32", "u16", "i16"):
    _one, _two, _three = f"-> {_t}", f"{_t} {_t} -> {_t}", f"{_t} {_t} {_t} -> {_t}"
    rule(f"v_add_nc_{_t}", _two, lambda a, b: a + b)
    rule(f"v_sub_nc_{_t}", _two, lambda a, b: a - b)
    if _t[0] == "u":
        rule(f"v_subrev_nc_{_t}", _two, lambda a, b: b - a)
    rule(f"v_min_{_t}", _two, min)
    rule(f"v_max_{_t}", _two, max)
    rule(f"v_min3_{_t}", _three, min)
    rule(f"v_max3_{_t}", _three, max)
    rule(f"v_med3_{_t}", _three, median)
    if _t[1:] == "32":
        rule(f"v_maxmin_{_t}", _three, lambda a, b, c: min(max(a, b), c))
        rule(f"v_minmax_{_t}", _three, lambda a, b, c: max(min(a, b), c))
    else:
        rule(f"v_mad_{_t} v_mad_legacy_{_t}", _three, lambda a, b, c: a * b + c)
rule("v_mul_lo_u16", "u16 u16 -> u16", lambda a, b: a * b)
rule("v_lshlrev_b16", "u16 u16 -> u16", lambda n, a: a << n % 16)
rule("v_lshrrev_b16", "u16 u16 -> u16", lambda n, a: a >> n % 16)
rule("v_ashrrev_i16", "u16 i16 -> i16", lambda n, a: a >> n % 16)
rule("v_mad_u32_u16", "u16 u16 u32 -> u32", lambda a, b, c: a * b + c)
rule("v_mad_i32_i16", "i16 i16 i32 -> i32", lambda a, b, c: a * b + c)
rule("v_lshlrev_b64", "u32 u64 -> u64", lambda n, a: a << n % 64)
rule("v_lshrrev_b64", "u32 u64 -> u64", lambda n, a: a >> n % 64)
rule("v_ashrrev_i64", "u32 i64 -> i64", lambda n, a: a >> n % 64)
rule("v_lshl_add_u64", "u64 u32 u64 -> u64", lambda a, n, c: (a << n % 8) + c)
rule("v_cvt_i32_i16", "i16 -> i32", lambda a: a)
rule("v_cvt_u32_u16", "u16 -> u32", lambda a: a)


def _packed(names: str, signature: str, function: Function) -> None:
    """The same of the low halves and of the high ones."""
    sources, _, result = signature.partition(" -> ")
    pairs = " ".join(f"{t}x2" for t in sources.split()) + f" -> {result}x2"
    rule(names, pairs, lambda *v: [function(*low) for low in zip(*v, strict=True)])


for _t in ("u16", "i16"):
    _packed(f"v_pk_add_{_t}", f"{_t} {_t} -> {_t}", lambda a, b: a + b)
    _packed(f"v_pk_sub_{_t}", f"{_t} {_t} -> {_t}", lambda a, b: a - b)
    _packed(f"v_pk_min_{_t}", f"{_t} {_t} -> {_t}", min)
    _packed(f"v_pk_max_{_t}", f"{_t} {_t} -> {_t}", max)
    _packed(f"v_pk_mad_{_t}", f"{_t} {_t} {_t} -> {_t}", lambda a, b, c: a * b + c)
_packed("v_pk_mul_lo_u16", "u16 u16 -> u16", lambda a, b: a * b)
_packed("v_pk_lshlrev_b16", "u16 u16 -> u16", lambda n, a: a << n % 16)
_packed("v_pk_lshrrev_b16", "u16 u16 -> u16", lambda n, a: a >> n % 16)
_packed("v_pk_ashrrev_i16", "u16 i16 -> i16", lambda n, a: a >> n % 16)
rule(
    "v_pk_mov_b32", "u32x2 u32x2 op_sel -> u32x2",
    lambda a, b, s: (a[s & 1], b[s >> 1 & 1]),
)  # fmt: skip

_CARRY = "u32 u32 -> u32 mask"
_CARRY_IN = "u32 u32 mask -> u32 mask"
rule("v_add_co_u32", _CARRY, lambda a, b: (a + b, a + b >> 32))
rule("v_sub_co_u32", _CARRY, lambda a, b: (a - b, a < b))
rule("v_subrev_co_u32", _CARRY, lambda a, b: (b - a, b < a))
rule("v_add_co_ci_u32", _CARRY_IN, lambda a, b, c: (a + b + c, a + b + c >> 32))
rule("v_sub_co_ci_u32", _CARRY_IN, lambda a, b, c: (a - b - c, a - b - c < 0))
rule("v_subrev_co_ci_u32", _CARRY_IN, lambda a, b, c: (b - a - c, b - a - c < 0))
rule(
    "v_mad_co_u64_u32", "u32 u32 u64 -> u64 mask",
    lambda a, b, c: (a * b + c, a * b + c >> 64),
)  # fmt: skip
rule(
    "v_mad_co_i64_i32", "i32 i32 i64 -> i64 mask",
    lambda a, b, c: (a * b + c, a * b + c >> 64 & 1),
)  # fmt: skip


def _chosen(a: int, b: int, selector: int) -> int:
    """A byte of v_perm_b32: of the eight, a sign, or a constant."""
    both = a << 32 | b
    if selector >= 13:
        return 255
    if selector == 12:
        return 0
    if selector >= 8:
        return 255 * (both >> 16 * (selector - 8) + 15 & 1)
    return byte(both, selector)


rule(
    "v_perm_b32", "u32 u32 u32 -> u32",
    lambda a, b, s: sum(_chosen(a, b, byte(s, n)) << 8 * n for n in range(4)),
)  # fmt: skip
rule(
    "v_lerp_u8", "u32 u32 u32 -> u32",
    lambda a, b, c: sum(
        byte(a, n) + byte(b, n) + (byte(c, n) & 1) >> 1 << 8 * n for n in range(4)
    ),
)  # fmt: skip


def sad(a: int, b: int, masked: bool = False) -> int:
    """The sum of the bytes' distances; ``masked``: without those where b is 0."""
    return sum(abs(byte(a, n) - byte(b, n)) for n in range(4) if byte(b, n) or not masked)


rule("v_sad_u8", "u32 u32 u32 -> u32", lambda a, b, c: sad(a, b) + c)
rule("v_msad_u8", "u32 u32 u32 -> u32", lambda a, b, c: sad(a, b, True) + c)
rule("v_sad_hi_u8", "u32 u32 u32 -> u32", lambda a, b, c: (sad(a, b) << 16) + c)
rule(
    "v_sad_u16", "u32 u32 u32 -> u32",
    lambda a, b, c: abs((a & 65535) - (b & 65535)) + abs((a >> 16) - (b >> 16)) + c,
)  # fmt: skip
for _name, _masked, _sums in (
    ("v_qsad_pk_u16_u8", False, "u16x4"),
    ("v_mqsad_pk_u16_u8", True, "u16x4"),
    ("v_mqsad_u32_u8", True, "u32x4"),
):
    rule(
        _name, f"u64 u32 {_sums} -> {_sums}",
        lambda a, b, c, masked=_masked: [sad(a >> 8 * n, b, masked) + c[n] for n in range(4)],
    )  # fmt: skip
rule(
    "v_sat_pk_u8_i16", "i16x2 -> u16",
    lambda a: held(a[0], 0, 255) | held(a[1], 0, 255) << 8,
)  # fmt: skip
for _name, _low, _high in (("v_ashr_pk_i8_i32", -128, 127), ("v_ashr_pk_u8_i32", 0, 255)):
    rule(
        _name, "i32 i32 u32 -> u16",
        lambda a, b, n, low=_low, high=_high: (
            held(a >> n % 32, low, high) & 255 | (held(b >> n % 32, low, high) & 255) << 8
        ),
    )  # fmt: skip
for _t, _low, _high in (("i", -32768, 32767), ("u", 0, 65535)):
    rule(
        f"v_cvt_pk_{_t}16_{_t}32", f"{_t}32 {_t}32 -> u16x2",
        lambda a, b, low=_low, high=_high: (held(a, low, high), held(b, low, high)),
    )  # fmt: skip
rule(
    "v_mbcnt_lo_u32_b32", "u32 u32 lane -> u32",
    lambda mask, c, lane: (mask & ones(min(lane, 32))).bit_count() + c,
)  # fmt: skip
rule(
    "v_mbcnt_hi_u32_b32", "u32 u32 lane -> u32",
    lambda mask, c, lane: (mask & ones(max(lane - 32, 0))).bit_count() + c,
)  # fmt: skip


def dot(a: int, b: int, c: int, bits: int, signs: tuple[bool, bool]) -> int:
    """The sum of the products of two dwords' fields, and ``c``."""
    pairs = zip(fields(a, bits, signs[0]), fields(b, bits, signs[1]), strict=True)
    return c + sum(x * y for x, y in pairs)


for _name, _bits, _signed in (
    ("v_dot2_i32_i16 v_dot2c_i32_i16", 16, True),
    ("v_dot2_u32_u16", 16, False),
    ("v_dot4_i32_i8 v_dot4c_i32_i8", 8, True),
    ("v_dot4_u32_u8", 8, False),
    ("v_dot8_i32_i4 v_dot8c_i32_i4", 4, True),
    ("v_dot8_u32_u4", 4, False),
):
    rule(
        _name, "u32 u32 u32 -> u32",
        lambda a, b, c, bits=_bits, s=_signed: dot(a, b, c, bits, (s, s)),
    )  # fmt: skip
for _name, _bits in (("v_dot4_i32_iu8", 8), ("v_dot8_i32_iu4", 4)):
    rule(
        _name, "u32 u32 u32 neg_lo -> u32",
        lambda a, b, c, neg, bits=_bits: dot(a, b, c, bits, (bool(neg & 1), bool(neg & 2))),
    )  # fmt: skip
