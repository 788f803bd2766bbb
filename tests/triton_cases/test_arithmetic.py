"""One operation per lane: operators of all types, conversions, functions, random numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import triton
import triton.language as tl

from triton_support import Array, bfloat16, from_bfloat16

SIZE = 300


@triton.jit
def binary_kernel(x, y, out, n, OP: tl.constexpr, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    a = tl.load(x + at, mask=at < n, other=1)
    b = tl.load(y + at, mask=at < n, other=1)
    if OP == "+":
        c = a + b
    elif OP == "-":
        c = a - b
    elif OP == "*":
        c = a * b
    elif OP == "/":
        c = a / b
    elif OP == "//":
        c = a // b
    elif OP == "%":
        c = a % b
    elif OP == "<<":
        c = a << b
    elif OP == ">>":
        c = a >> b
    elif OP == "&":
        c = a & b
    elif OP == "|":
        c = a | b
    elif OP == "^":
        c = a ^ b
    elif OP == "<":
        c = a < b
    elif OP == "==":
        c = a == b
    else:
        c = tl.where(a > b, a, -b)
    tl.store(out + at, c, mask=at < n)


def truncated(a: Any, b: Any) -> Any:
    """Divide as C does: towards zero."""
    quotient = np.abs(a.astype(np.int64)) // np.abs(b.astype(np.int64))
    return (quotient * np.sign(a) * np.sign(b)).astype(a.dtype)


BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": truncated,
    "%": lambda a, b: a - truncated(a, b) * b,
    "<<": lambda a, b: a << b,
    ">>": lambda a, b: a >> b,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "<": lambda a, b: a < b,
    "==": lambda a, b: a == b,
    "where": lambda a, b: np.where(a > b, a, -b),
}
CASES = [
    ("int8", "+"), ("uint8", "*"), ("int16", "-"), ("int32", "*"), ("int64", "*"), ("uint64", "-"),
    ("int8", "//"), ("int32", "//"), ("int64", "%"), ("int32", "%"), ("uint16", ">>"),
    ("int16", ">>"), ("int64", "<<"), ("uint32", "^"), ("int32", "&"), ("int8", "|"),
    ("int64", "<"), ("uint32", "<"), ("int16", "=="), ("int32", "where"),
    ("float16", "+"), ("float16", "/"), ("float32", "*"), ("float32", "/"), ("float64", "/"),
    ("float64", "-"), ("float32", "<"), ("float16", "where"),
]  # fmt: skip


@pytest.mark.parametrize("kind, operator", CASES)
def test_operators(target: str, kind: str, operator: str) -> None:
    generator = np.random.default_rng(1)
    if kind.startswith("float"):
        x, y = (generator.standard_normal(SIZE).astype(kind) for _ in range(2))
    else:
        limits = np.iinfo(kind)
        x = generator.integers(limits.min, limits.max, SIZE, kind, endpoint=True)
        y = generator.integers(limits.min, limits.max, SIZE, kind, endpoint=True)
        y[y == 0] = 3
        x[:9] = y[:9]
        if operator in ("<<", ">>"):
            y = generator.integers(0, limits.bits, SIZE, kind)
        if operator in ("//", "%"):
            y[y == -1 if limits.min < 0 else 0] = 7  # the least number divided by -1 is no number
    with np.errstate(over="ignore"):
        expected = BINARY[operator](x, y)
    out = np.zeros_like(expected)
    binary_kernel[(triton.cdiv(SIZE, 128),)](Array(x), Array(y), Array(out), SIZE, operator, 128)
    limit = {"float16": 2e-3, "float32": 3e-7}.get(kind, 0) if operator == "/" else 0
    np.testing.assert_allclose(out, expected, rtol=limit, atol=0)


@triton.jit
def unary_kernel(x, out, n, OP: tl.constexpr, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    a = tl.load(x + at, mask=at < n, other=1)
    tl.store(out + at, getattr(tl, OP)(a), mask=at < n)


UNARY = {
    "exp": np.exp, "exp2": np.exp2, "log": np.log, "log2": np.log2, "sqrt": np.sqrt, "sin": np.sin,
    "cos": np.cos, "floor": np.floor, "ceil": np.ceil, "abs": np.abs,
    "rsqrt": lambda a: 1 / np.sqrt(a), "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
}  # fmt: skip


@pytest.mark.parametrize("name", UNARY)
def test_functions(target: str, name: str) -> None:
    x = np.linspace(0.01, 20, SIZE).astype(np.float32)
    out = np.zeros_like(x)
    unary_kernel[(3,)](Array(x), Array(out), SIZE, name, 128)
    np.testing.assert_allclose(out, UNARY[name](x.astype(np.float64)), rtol=3e-6, atol=2e-6)


@triton.jit
def cast_kernel(x, out, n, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    value = tl.load(x + at, mask=at < n)
    tl.store(out + at, value.to(out.dtype.element_ty), mask=at < n)


@pytest.mark.parametrize(
    "source, result",
    [
        ("float32", "float16"), ("float32", "int8"), ("float32", "uint32"), ("float64", "float32"),
        ("float16", "float64"), ("int64", "float32"), ("int16", "int64"), ("uint8", "float16"),
        ("int32", "float64"), ("int64", "int8"),
    ],
)  # fmt: skip
def test_conversions(target: str, source: str, result: str) -> None:
    generator = np.random.default_rng(2)
    low = 0 if "u" in source + result else -100
    x = generator.uniform(low, 100, SIZE).astype(source)
    out = np.zeros(SIZE, result)
    cast_kernel[(1,)](Array(x), Array(out), SIZE, 512)
    np.testing.assert_array_equal(out, x.astype(result))


def test_bfloat16_both_ways(target: str) -> None:
    x = np.random.default_rng(3).standard_normal(SIZE).astype(np.float32) * 1000
    bits, back = np.zeros(SIZE, np.uint16), np.zeros(SIZE, np.float32)
    cast_kernel[(1,)](Array(x), Array(bits, "bfloat16"), SIZE, 512)
    np.testing.assert_array_equal(bits, bfloat16(x))
    cast_kernel[(1,)](Array(bits, "bfloat16"), Array(back), SIZE, 512)
    np.testing.assert_array_equal(back, from_bfloat16(bits))


def test_float8_to_float32(target: str) -> None:
    bits = np.arange(256, dtype=np.uint8)
    out = np.zeros(256, np.float32)
    cast_kernel[(1,)](Array(bits, "float8_e5m2"), Array(out), 256, 256)
    expected = (bits.astype(np.uint16) << 8).view(np.float16).astype(np.float32)
    np.testing.assert_array_equal(out, expected)


@triton.jit
def random_kernel(bits, uniform, seed, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(bits + at, tl.randint(seed, at))
    tl.store(uniform + at, tl.rand(seed, at))


def philox(seed: int, counters: Any) -> Any:
    """Return the first word of Philox 4×32-10 (Salmon et al. 2011) for each counter."""
    mask, low, high = np.uint64(0xFFFFFFFF), np.uint64(seed & 0xFFFFFFFF), np.uint64(seed >> 32)
    c = [counters.astype(np.uint64), *(np.zeros(len(counters), np.uint64) for _ in range(3))]
    shift = np.uint64(32)
    for _ in range(10):
        first, second = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [(second >> shift) ^ c[1] ^ low, second & mask, (first >> shift) ^ c[3] ^ high,
             first & mask]  # fmt: skip
        low, high = (low + np.uint64(0x9E3779B9)) & mask, (high + np.uint64(0xBB67AE85)) & mask
    return c[0].astype(np.uint32)


def test_random_numbers_are_philox(target: str) -> None:
    bits, uniform = np.zeros(1024, np.int32), np.zeros(1024, np.float32)
    seed = 0x1234_5678_9ABC
    random_kernel[(2,)](Array(bits), Array(uniform), seed, 512)
    np.testing.assert_array_equal(bits.view(np.uint32), philox(seed, np.arange(1024)))
    assert 0 <= uniform.min() < 0.01 and 0.99 < uniform.max() < 1
    assert 0.45 < uniform.mean() < 0.55
