"""gfx1250's functions of BF16 and its small floats, against exact fractions and NumPy in F64."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from anyroc.semantics.core import OPERATIONS, Op
from anyroc.semantics.numpy_backend import evaluate
from semantics_support.exact import BF16, F16, SMALL, decode, encode
from semantics_support.small_floats import narrowed

EXACT = {
    "exp": np.exp2,
    "log": np.log2,
    "rcp": lambda x: 1 / x,
    "rsq": lambda x: 1 / np.sqrt(x),
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "sin": lambda x: np.sin(2 * np.pi * x),
    "cos": lambda x: np.cos(2 * np.pi * x),
}


def every_normal_bf16() -> np.ndarray:
    codes = np.arange(1 << 16, dtype=np.uint32)
    exponents = codes >> 7 & 255
    return codes[(exponents > 1) & (exponents < 254)].astype(np.uint16)


def value_of(codes: np.ndarray) -> np.ndarray:
    return (codes.astype(np.uint32) << 16).view(np.float32).astype(np.float64)


@pytest.mark.parametrize("name", EXACT)
def test_functions_of_every_bf16(name: str) -> None:
    codes = every_normal_bf16()
    x = value_of(codes)
    with np.errstate(all="ignore"):
        want = EXACT[name](x)
    limits = 2.0**-120, 2.0**120
    kept = np.isfinite(want) & (np.abs(want) < limits[1])
    entry = OPERATIONS[f"v_{name}_bf16"]
    assert isinstance(entry, Op)
    if name in ("sin", "cos"):
        kept &= np.abs(x) < 256
    else:
        kept &= np.abs(want) > limits[0]
    got = value_of(evaluate(entry.name, codes[kept])[0].view(np.uint16))
    error = np.abs(got - want[kept])
    if name in ("sin", "cos"):
        assert entry.fidelity.absolute >= error.max()
    else:
        unit = np.exp2(np.floor(np.log2(np.abs(want[kept]))) - 7)
        assert entry.fidelity.ulp >= (error / unit).max()


def test_hyperbolic_tangent() -> None:
    rng = np.random.default_rng(5)
    x = np.concatenate([rng.normal(0, 2, 20000), np.exp2(rng.uniform(-60, 7, 20000))])
    x = x.astype(np.float32)
    want = np.tanh(x.astype(np.float64))
    got = evaluate("v_tanh_f32", x)[0].astype(np.float64)
    entry = OPERATIONS["v_tanh_f32"]
    assert isinstance(entry, Op)
    unit = np.spacing(np.abs(want.astype(np.float32))).astype(np.float64)
    assert entry.fidelity.ulp >= (np.abs(got - want) / unit).max()
    odd = np.array([math.inf, -math.inf, math.nan, 0.0, -0.0], np.float32)
    found = evaluate("v_tanh_f32", odd)[0]
    np.testing.assert_array_equal(np.tanh(odd), found)
    np.testing.assert_array_equal(np.signbit(odd[3:]), np.signbit(found[3:]))


@pytest.mark.parametrize("name", ["fp8", "bf8"])
def test_bytes_to_f16(name: str) -> None:
    codes = np.arange(256, dtype=np.uint32)
    wanted = [decode(int(code), SMALL[name]) for code in codes]
    for byte, op_sel in enumerate((0, 2, 1, 3)):  # the first bit is worth two
        words = codes << (8 * byte)
        got = evaluate(f"v_cvt_f16_{name}", words, np.full(256, op_sel, np.uint32))[0]
        for code, want in zip(got.view(np.uint16).tolist(), wanted, strict=True):
            value = decode(code, F16)
            assert want == value or (want != want and value != value)
    pairs = (codes | (codes[::-1] << 8)).astype(np.uint16)
    low, high = evaluate(f"v_cvt_pk_f16_{name}", pairs)[0]
    single = evaluate(f"v_cvt_f16_{name}", codes, np.zeros(256, np.uint32))[0].view(np.uint16)
    np.testing.assert_array_equal(single, low.view(np.uint16))
    np.testing.assert_array_equal(single[::-1], high.view(np.uint16))


@pytest.mark.parametrize("name", ["fp8", "bf8"])
def test_f16_to_bytes(name: str) -> None:
    codes = np.arange(0, 1 << 16, 7, dtype=np.uint16)
    codes = codes[(codes & 0x7C00) != 0x7C00]
    halves = codes.view(np.float16)
    got = evaluate(f"v_cvt_pk_{name}_f16", (halves, halves[::-1].copy()))[0].view(np.uint16)
    want = [narrowed(int(code), "f16", 1.0, name) for code in codes]
    assert want == (got & 0xFF).tolist()
    assert want[::-1] == (got >> 8).tolist()


@pytest.mark.parametrize("source", ["f32", "f16", "bf16"])
@pytest.mark.parametrize(
    ("name", "count", "width"),
    [("fp8", 8, 8), ("bf8", 8, 8), ("fp4", 8, 4), ("fp6", 16, 6), ("bf6", 16, 6)],
)
def test_scaled_elements_lie_in_order(source: str, name: str, count: int, width: int) -> None:
    rng = np.random.default_rng(len(name) + count)
    scale = np.float32(0.25)
    bits = {"f32": 32, "f16": 16, "bf16": 16}[source]
    single = rng.normal(0, 1.5, (count, 50)).astype(np.float32)
    if source == "f32":
        codes = single.view(np.uint32)
        given = tuple(single)
    elif source == "f16":
        codes = single.astype(np.float16).view(np.uint16)
        given = tuple(codes.view(np.float16))
    else:
        codes = (single.view(np.uint32) >> 16).astype(np.uint16)
        given = tuple(codes)
    result = evaluate(f"v_cvt_scalef32_pk{count}_{name}_{source}", given, np.full(50, scale))[0]
    words = result if isinstance(result, tuple) else (result,)
    assert count * width // 32 == len(words) and bits == 8 * codes.itemsize
    for lane in range(50):
        packed = sum(int(word[lane]) << 32 * index for index, word in enumerate(words))
        want = [narrowed(int(code), source, float(scale), name) for code in codes[:, lane]]
        assert want == [packed >> width * n & ((1 << width) - 1) for n in range(count)]


def test_saturated_nibbles() -> None:
    rng = np.random.default_rng(9)
    rows = rng.integers(0, 256, (200, 4))
    words = np.array([sum(int(b) << 8 * n for n, b in enumerate(row)) for row in rows], np.uint32)
    signed = evaluate("v_sat_pk4_i4_i8", words)[0]
    unsigned = evaluate("v_sat_pk4_u4_u8", words)[0]
    for row, s, u in zip(rows.tolist(), signed.tolist(), unsigned.tolist(), strict=True):
        numbers = [b - 256 if b > 127 else b for b in row]
        held = [min(max(n, -8), 7) & 15 for n in numbers]
        assert sum(n << 4 * at for at, n in enumerate(held)) == s
        assert sum(min(b, 15) << 4 * at for at, b in enumerate(row)) == u


@pytest.mark.parametrize("name", ["min", "max"])
def test_packed_bf16_extremes(name: str) -> None:
    values = [-2.5, -0.0, 0.0, 1.0, 3.0, math.inf, -math.inf, math.nan]
    codes = [encode(Fraction(v) if math.isfinite(v) else v, BF16) for v in values]
    codes[1] = 0x8000
    pairs = [(a, b) for a in codes for b in codes]
    a, b = (np.array(side, np.uint16) for side in zip(*pairs, strict=True))
    got = evaluate(f"v_pk_{name}_num_bf16", a, b)[0].view(np.uint16)
    pick = min if name == "min" else max
    for (x, y), code in zip(pairs, got.tolist(), strict=True):
        one, other = (float(value_of(np.array([c], np.uint16))[0]) for c in (x, y))
        if math.isnan(one) or math.isnan(other):
            left = other if math.isnan(one) else one
            found = float(value_of(np.array([code], np.uint16))[0])
            assert found == left or (math.isnan(left) and math.isnan(found))
            continue
        want = pick((v, math.copysign(1, v)) for v in (one, other))  # -0 is less than 0
        found = float(value_of(np.array([code], np.uint16))[0])
        assert want == (found, math.copysign(1, found))
