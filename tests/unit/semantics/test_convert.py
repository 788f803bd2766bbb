"""Conversions against exact fractions: rounding, saturation, NaN, every 8-bit float."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from anyroc.semantics.numpy_backend import evaluate
from semantics_support import exact
from semantics_support.exact import FORMATS, SMALL, Format, decode, encode, is_nan
from semantics_support.operands import codes, crossed, width


def near_ties(target: Format, count: int = 1500) -> np.ndarray:
    """F32 values on and beside the midpoints between neighbours of a narrower format."""
    rng = np.random.default_rng(9)
    picks = rng.integers(0, target.top, count).tolist()
    values = []
    for n, c in enumerate(picks):
        middle = (exact.magnitude_of(c, target) + exact.magnitude_of(c + 1, target)) / 2
        code = encode(middle, FORMATS["f32"]) + (n % 5 - 2)
        values.append(code | (n & 1) << 31)
    return np.array(values, np.uint32)


def check(want: list[int], got: np.ndarray, f: Format, inputs: list[int]) -> None:
    raw = got.view(f"u{f.bits // 8}").tolist()
    for w, g, c in zip(want, raw, inputs, strict=True):
        assert (is_nan(w, f) and is_nan(g, f)) or w == g, f"{c:#x}: expected {w:#x}, got {g:#x}"


FLOAT_TO_FLOAT = [
    ("v_cvt_f16_f32", "f32", "f16"), ("v_cvt_f32_f16", "f16", "f32"),
    ("v_cvt_f32_f64", "f64", "f32"), ("v_cvt_f64_f32", "f32", "f64"),
    ("v_cvt_f32_bf16", "bf16", "f32"), ("s_cvt_f16_f32", "f32", "f16"),
]  # fmt: skip


@pytest.mark.parametrize("name, source, target", FLOAT_TO_FLOAT)
def test_between_float_formats(name: str, source: str, target: str) -> None:
    (column,) = crossed((source,), extra=2000)
    if (source, target) == ("f32", "f16"):
        column = np.concatenate([column, near_ties(FORMATS["f16"])])
    want = [encode(decode(c, FORMATS[source]), FORMATS[target]) for c in column.tolist()]
    check(want, evaluate(name, column)[0], FORMATS[target], column.tolist())


def integer(v: exact.Number, low: int, high: int, rule: Callable[[Fraction], int]) -> int:
    if isinstance(v, float) and v != 0:
        return 0 if math.isnan(v) else low if v < 0 else high
    return max(low, min(high, rule(Fraction(v))))


FLOAT_TO_INTEGER: dict[str, tuple[str, str, Callable[[Fraction], int]]] = {
    "v_cvt_i32_f32": ("f32", "i32", math.trunc),
    "v_cvt_u32_f32": ("f32", "u32", math.trunc),
    "v_cvt_i32_f64": ("f64", "i32", math.trunc),
    "v_cvt_u32_f64": ("f64", "u32", math.trunc),
    "v_cvt_i16_f16": ("f16", "i16", math.trunc),
    "v_cvt_u16_f16": ("f16", "u16", math.trunc),
    "v_cvt_floor_i32_f32": ("f32", "i32", math.floor),
    "s_cvt_i32_f32": ("f32", "i32", math.trunc),
}


@pytest.mark.parametrize("name", FLOAT_TO_INTEGER)
def test_to_integers_saturates(name: str) -> None:
    source, target, rule = FLOAT_TO_INTEGER[name]
    f, bits = FORMATS[source], width(target)
    low, high = (
        (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if target[0] == "i" else (0, (1 << bits) - 1)
    )
    limits = [encode(Fraction(v + d), f) for v in (low, high) for d in (-1, 0, 1)]
    (column,) = crossed((source,), extra=1000)
    column = np.concatenate([column, np.array(limits, column.dtype)])
    want = [integer(decode(c, f), low, high, rule) for c in column.tolist()]
    assert want == evaluate(name, column)[0].tolist()


def test_to_the_nearest_integer_rounds_halves_up() -> None:
    x = np.float32([-1.5, -0.5, -0.25, 0.5, 1.5, 2.5, 1e10, np.nan])
    want = [-1, 0, 0, 1, 2, 3, 2147483647, 0]
    assert want == evaluate("v_cvt_nearest_i32_f32", x)[0].tolist()


@pytest.mark.parametrize(
    "name, source, target",
    [("v_cvt_f32_i32", "i32", "f32"), ("v_cvt_f32_u32", "u32", "f32"),
     ("v_cvt_f64_i32", "i32", "f64"), ("v_cvt_f64_u32", "u32", "f64"),
     ("v_cvt_f16_i16", "i16", "f16"), ("v_cvt_f16_u16", "u16", "f16"),
     ("s_cvt_f32_u32", "u32", "f32")],
)  # fmt: skip
def test_from_integers(name: str, source: str, target: str) -> None:
    (column,) = crossed((source,), extra=1000)
    signed = column.view(f"i{width(source) // 8}") if source[0] == "i" else column
    want = [encode(Fraction(v), FORMATS[target]) for v in signed.tolist()]
    check(want, evaluate(name, column)[0], FORMATS[target], column.tolist())


def toward_zero(c: int) -> int:
    v, half = decode(c, FORMATS["f32"]), FORMATS["f16"]
    if isinstance(v, float):
        return encode(v, half)
    code = encode(v, half) & 0x7FFF
    if code > half.top or exact.magnitude_of(code, half) > abs(v):
        code -= 1
    return code | (0x8000 if c >> 31 else 0)


def test_packing_toward_zero() -> None:
    column = np.concatenate([crossed(("f32",), extra=2000)[0], near_ties(FORMATS["f16"])])
    first, second = evaluate("v_cvt_pk_rtz_f16_f32", column, column[::-1].copy())[0]
    want = [toward_zero(c) for c in column.tolist()]
    check(want, first, FORMATS["f16"], column.tolist())
    check(want[::-1], second, FORMATS["f16"], column[::-1].tolist())


def test_packing_to_bfloat16() -> None:
    column = np.concatenate([crossed(("f32",), extra=2000)[0], near_ties(FORMATS["bf16"])])
    first, _ = evaluate("v_cvt_pk_bf16_f32", column, column)[0]
    want = [encode(decode(c, FORMATS["f32"]), FORMATS["bf16"]) for c in column.tolist()]
    check(want, first, FORMATS["bf16"], column.tolist())


@pytest.mark.parametrize("kind", SMALL)
def test_every_small_float_widens(kind: str) -> None:
    short, _, variant = kind.partition("_")
    end = "_fnuz" if variant else ""
    column = np.arange(256, dtype=np.uint32)
    words = column | (255 - column) << 8 | column << 16 | (255 - column) << 24
    want = [encode(decode(c, SMALL[kind]), FORMATS["f32"]) for c in range(256)]
    for op_sel, codes_ in ((0, want), (2, want[::-1]), (1, want), (3, want[::-1])):
        got = evaluate(f"v_cvt_f32_{short}{end}", words, np.uint32(op_sel))[0]
        check(codes_, got, FORMATS["f32"], list(range(256)))
    for op_sel in (0, 1):
        pairs = np.uint32(0xABCD) << (16 - 16 * op_sel) | (words & 0xFFFF) << (16 * op_sel)
        low, high = evaluate(f"v_cvt_pk_f32_{short}{end}", pairs, np.uint32(op_sel))[0]
        check(want, low, FORMATS["f32"], list(range(256)))
        check(want[::-1], high, FORMATS["f32"], list(range(256)))


@pytest.mark.parametrize("kind", SMALL)
def test_rounding_to_small_floats(kind: str) -> None:
    short, _, variant = kind.partition("_")
    name = f"v_cvt_pk_{short}_f32" + ("_fnuz" if variant else "")
    f = SMALL[kind]
    column = np.concatenate([crossed(("f32",), extra=1000)[0], near_ties(f)])
    want = [encode(decode(c, FORMATS["f32"]), f) for c in column.tolist()]
    old = np.uint32(0x12345678)
    low = evaluate(name, column, column[::-1].copy(), old, np.uint32(0))[0]
    high = evaluate(name, column, column[::-1].copy(), old, np.uint32(8))[0]
    check(want, low.astype(np.uint8), f, column.tolist())
    check(want[::-1], (low >> 8).astype(np.uint8), f, column[::-1].tolist())
    assert (low >> 16 == 0x1234).all() and (high & 0xFFFF == 0x5678).all()
    assert (low & 0xFFFF).tolist() == (high >> 16).tolist()


@pytest.mark.parametrize("kind", SMALL)
def test_stochastic_rounding(kind: str) -> None:
    """Without noise it truncates; with all of it every inexact value goes up; on average it is
    fair."""
    short, _, variant = kind.partition("_")
    name = f"v_cvt_sr_{short}_f32" + ("_fnuz" if variant else "")
    f = SMALL[kind]
    codes_ = np.random.default_rng(1).integers(1, f.top - 1, 300).tolist()
    low = [exact.magnitude_of(c, f) for c in codes_]
    step = [exact.magnitude_of(c + 1, f) - v for c, v in zip(codes_, low, strict=True)]
    quarter = np.float32([float(v + s / 4) for v, s in zip(low, step, strict=True)])
    old, noise = np.uint32(0x11223344), np.zeros(300, np.uint32)

    def rounded(x: np.ndarray, bits: np.ndarray, byte: int = 0) -> list[int]:
        got = evaluate(name, x, bits, old, np.uint32(byte << 2))[0]
        keep = np.uint32(~(0xFF << 8 * byte) & 0xFFFFFFFF)
        assert (got & keep == old & keep).all()
        return (got >> np.uint32(8 * byte) & 0xFF).tolist()

    assert codes_ == rounded(quarter, noise)
    assert [c + 1 for c in codes_] == rounded(quarter, ~noise, 3)
    exactly = np.float32([float(v) for v in low])
    assert codes_ == [c & 0x7F for c in rounded(-exactly, ~noise, 2)]
    draws = np.random.default_rng(2).integers(0, 1 << 32, 300, dtype=np.uint32)
    ups = np.array(rounded(quarter, draws, 1)) - codes_
    assert 0.15 < ups.mean() < 0.35


def test_bytes_and_offsets_as_floats() -> None:
    column = codes("u32", 100)
    for n in range(4):
        want = [float(v >> (8 * n) & 255) for v in column.tolist()]
        assert want == evaluate(f"v_cvt_f32_ubyte{n}", column)[0].tolist()
    nibbles = np.arange(16, dtype=np.int32)
    want = [n / 16 for n in (0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1)]
    assert want == evaluate("v_cvt_off_f32_i4", nibbles)[0].tolist()


def test_normalized_integers() -> None:
    x = np.float32([0, 1, -1, 0.5, 2, -2, np.nan, np.inf])
    first, _ = evaluate("v_cvt_pk_norm_i16_f32", x, x)[0]
    assert [0, 32767, -32767, 16384, 32767, -32767, 0, 32767] == first.tolist()
    first, _ = evaluate("v_cvt_pk_norm_u16_f32", x, x)[0]
    assert [0, 65535, 0, 32768, 65535, 0, 0, 65535] == first.tolist()
    assert [16384] == evaluate("v_cvt_norm_i16_f16", np.float16([0.5]))[0].tolist()


def test_a_byte_goes_into_its_place() -> None:
    old = np.full(4, 0x11223344, np.uint32)
    x = np.float32([7.9, 300, -5, np.nan])
    got = evaluate("v_cvt_pk_u8_f32", x, np.arange(4, dtype=np.uint32), old)[0]
    assert [0x11223307, 0x1122FF44, 0x11003344, 0x00223344] == got.tolist()


@pytest.mark.parametrize("a", ["fp8", "bf8"])
@pytest.mark.parametrize("b", ["fp8", "bf8"])
def test_dot_products_of_small_floats(a: str, b: str) -> None:
    x, y = codes("u32", 300) & 0x7B7B7B7B, codes("u32", 300, 1) & 0x7B7B7B7B
    x, y = x & 0x5F5F5F5F, y & 0x5F5F5F5F
    got = evaluate(f"v_dot4_f32_{a}_{b}", x, y, np.zeros(300, np.float32))[0]
    for v, w, g in zip(x.tolist(), y.tolist(), got.tolist(), strict=True):
        total = sum(
            Fraction(decode(v >> n & 255, SMALL[a])) * Fraction(decode(w >> n & 255, SMALL[b]))
            for n in (0, 8, 16, 24)
        )
        assert abs(float(total) - g) <= 4 * 2.0**-24 * float(abs(total))
