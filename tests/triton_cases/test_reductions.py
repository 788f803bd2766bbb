"""Lanes that work together: reductions, scans, sorting, histograms, norms."""

from __future__ import annotations

import numpy as np
import pytest
import triton
import triton.language as tl

from triton_support import Array


@triton.jit
def reduce_kernel(x, out, M: tl.constexpr, N: tl.constexpr, AXIS: tl.constexpr, OP: tl.constexpr):
    rows, columns = tl.arange(0, M), tl.arange(0, N)
    block = tl.load(x + rows[:, None] * N + columns[None, :])
    if OP == "sum":
        made = tl.sum(block, AXIS)
    elif OP == "max":
        made = tl.max(block, AXIS)
    elif OP == "min":
        made = tl.min(block, AXIS)
    elif OP == "argmax":
        made = tl.argmax(block, AXIS)
    elif OP == "argmin":
        made = tl.argmin(block, AXIS)
    else:
        made = tl.xor_sum(block, AXIS)
    tl.store(out + (columns if AXIS == 0 else rows), made)


REDUCTIONS = {
    "sum": np.sum, "max": np.max, "min": np.min, "argmax": np.argmax, "argmin": np.argmin,
    "xor": np.bitwise_xor.reduce,
}  # fmt: skip


@pytest.mark.parametrize("warps", [1, 4])
@pytest.mark.parametrize(
    "kind, name, axis",
    [
        ("float32", "sum", 0), ("float32", "sum", 1), ("float16", "max", 1), ("float64", "min", 0),
        ("int8", "max", 0), ("int64", "sum", 1), ("uint32", "min", 1), ("float32", "argmax", 1),
        ("int16", "argmin", 0), ("int32", "xor", 1),
    ],
)  # fmt: skip
def test_reductions(target: str, kind: str, name: str, axis: int, warps: int) -> None:
    x = np.random.default_rng(4).uniform(0, 120, (32, 64)).astype(kind)
    expected = REDUCTIONS[name](x, axis=axis)
    expected = expected.astype(np.int32 if name.startswith("arg") else kind)
    out = np.zeros(expected.shape, expected.dtype)
    reduce_kernel[(1,)](Array(x), Array(out), 32, 64, axis, name, num_warps=warps)
    np.testing.assert_allclose(out, expected, rtol=1e-6 if kind == "float32" else 0)


@triton.jit
def multiply(a, b):
    return a * b


@triton.jit
def linear(a0, b0, a1, b1):
    return a0 * a1, b0 * a1 + b1


@triton.jit
def scan_kernel(x, y, sums, products, states, M: tl.constexpr, N: tl.constexpr):
    at = tl.arange(0, M)[:, None] * N + tl.arange(0, N)[None, :]
    a, b = tl.load(x + at), tl.load(y + at)
    tl.store(sums + at, tl.cumsum(a, 1, reverse=True))
    tl.store(products + at, tl.associative_scan(a, 0, multiply))
    _, state = tl.associative_scan((a, b), 1, linear)
    tl.store(states + at, state)


def test_scans(target: str) -> None:
    generator = np.random.default_rng(5)
    x = generator.uniform(0.5, 1.2, (16, 128)).astype(np.float32)
    y = generator.standard_normal((16, 128)).astype(np.float32)
    sums, products, states = (np.zeros_like(x) for _ in range(3))
    scan_kernel[(1,)](Array(x), Array(y), Array(sums), Array(products), Array(states), 16, 128)
    expected, state = np.zeros_like(x), np.zeros(16)
    for column in range(128):
        state = state * x[:, column] + y[:, column]
        expected[:, column] = state
    np.testing.assert_allclose(sums, x[:, ::-1].cumsum(1)[:, ::-1], rtol=2e-6)
    np.testing.assert_allclose(products, x.cumprod(0), rtol=2e-6)
    np.testing.assert_allclose(states, expected, rtol=1e-4, atol=1e-4)


@triton.jit
def order_kernel(x, index, sorted_, best, flipped, counts, gathered, N: tl.constexpr):
    at = tl.arange(0, N)
    values = tl.load(x + at)
    tl.store(sorted_ + at, tl.sort(values))
    tl.store(best + tl.arange(0, 8), tl.topk(values, 8))
    tl.store(flipped + at, tl.flip(values))
    tl.store(counts + tl.arange(0, 16), tl.histogram(values, 16))
    tl.store(gathered + at, tl.gather(values, tl.load(index + at), 0))


def test_sort_topk_flip_histogram_gather(target: str) -> None:
    generator = np.random.default_rng(6)
    x = generator.integers(0, 16, 256, np.int32)
    index = generator.integers(0, 256, 256, np.int32)
    sorted_, flipped, gathered = (np.zeros_like(x) for _ in range(3))
    best, counts = np.zeros(8, np.int32), np.zeros(16, np.int32)
    arrays = (x, index, sorted_, best, flipped, counts, gathered)
    order_kernel[(1,)](*map(Array, arrays), 256)
    np.testing.assert_array_equal(sorted_, np.sort(x))
    np.testing.assert_array_equal(best, np.sort(x)[::-1][:8])
    np.testing.assert_array_equal(flipped, x[::-1])
    np.testing.assert_array_equal(counts, np.bincount(x, minlength=16))
    np.testing.assert_array_equal(gathered, x[index])


@triton.jit
def softmax_kernel(x, out, columns, BLOCK: tl.constexpr):
    row, at = tl.program_id(0), tl.arange(0, BLOCK)
    values = tl.load(x + row * columns + at, mask=at < columns, other=-float("inf"))
    powers = tl.exp(values - tl.max(values, 0))
    tl.store(out + row * columns + at, powers / tl.sum(powers, 0), mask=at < columns)


@pytest.mark.parametrize("columns", [7, 100, 1000])
def test_softmax(target: str, columns: int) -> None:
    x = np.random.default_rng(7).standard_normal((5, columns)).astype(np.float32) * 10
    out = np.zeros_like(x)
    softmax_kernel[(5,)](Array(x), Array(out), columns, triton.next_power_of_2(columns))
    powers = np.exp(x.astype(np.float64) - x.max(1, keepdims=True))
    np.testing.assert_allclose(out, powers / powers.sum(1, keepdims=True), rtol=2e-5, atol=1e-7)


@triton.jit
def norm_kernel(x, weight, bias, out, columns, epsilon, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    total = tl.zeros((BLOCK,), tl.float32)
    squares = tl.zeros((BLOCK,), tl.float32)
    for start in range(0, columns, BLOCK):
        at = start + tl.arange(0, BLOCK)
        values = tl.load(x + row * columns + at, mask=at < columns, other=0.0).to(tl.float32)
        total += values
        squares += values * values
    mean = tl.sum(total) / columns
    scale = tl.rsqrt(tl.sum(squares) / columns - mean * mean + epsilon)
    for start in range(0, columns, BLOCK):
        at = start + tl.arange(0, BLOCK)
        values = tl.load(x + row * columns + at, mask=at < columns).to(tl.float32)
        w = tl.load(weight + at, mask=at < columns)
        b = tl.load(bias + at, mask=at < columns)
        tl.store(out + row * columns + at, (values - mean) * scale * w + b, mask=at < columns)


def test_layer_norm_in_half_precision(target: str) -> None:
    generator = np.random.default_rng(8)
    x = (generator.standard_normal((6, 700)) + 1).astype(np.float16)
    weight, bias = (generator.standard_normal(700).astype(np.float32) for _ in range(2))
    out = np.zeros((6, 700), np.float16)
    norm_kernel[(6,)](Array(x), Array(weight), Array(bias), Array(out), 700, 1e-5, 256)
    wide = x.astype(np.float64)
    expected = (wide - wide.mean(1, keepdims=True)) / np.sqrt(wide.var(1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(out, expected * weight + bias, rtol=2e-3, atol=2e-3)
