"""Matrix products: all types, pipelined loops, batches, flash attention."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import triton
import triton.language as tl

from triton_kernels.products import attention
from triton_support import Array, bfloat16, from_bfloat16


@triton.jit
def matmul_kernel(
    a, b, c, m, n, k,
    M: tl.constexpr, N: tl.constexpr, K: tl.constexpr,
    STAGES: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    rows = tl.program_id(0) * M + tl.arange(0, M)
    columns = tl.program_id(1) * N + tl.arange(0, N)
    total = tl.zeros((M, N), tl.int32 if c.dtype.element_ty == tl.int32 else tl.float32)
    for start in tl.range(0, k, K, num_stages=STAGES):
        inner = start + tl.arange(0, K)
        left = tl.load(
            a + rows[:, None] * k + inner[None, :],
            mask=(rows[:, None] < m) & (inner[None, :] < k), other=0,
        )  # fmt: skip
        right = tl.load(
            b + inner[:, None] * n + columns[None, :],
            mask=(inner[:, None] < k) & (columns[None, :] < n), other=0,
        )  # fmt: skip
        total = tl.dot(left, right, total, input_precision=PRECISION, out_dtype=total.dtype)
    inside = (rows[:, None] < m) & (columns[None, :] < n)
    tl.store(c + rows[:, None] * n + columns[None, :], total, mask=inside)


def operands(kind: str, shape: tuple[int, int], seed: int) -> tuple[Array, Any]:
    """Return an argument and its values."""
    generator = np.random.default_rng(seed)
    if kind == "int8":
        whole = generator.integers(-9, 9, shape, np.int8)
        return Array(whole), whole.astype(np.int64)
    values = generator.standard_normal(shape).astype(np.float32)
    if kind == "bfloat16":
        bits = bfloat16(values)
        return Array(bits, kind), from_bfloat16(bits)
    values = values.astype(kind)
    return Array(values), values.astype(np.float64)


@pytest.mark.parametrize(
    "kind, precision, shape, warps, stages",
    [
        ("float16", "ieee", (64, 64, 64), 4, 2),
        ("float16", "ieee", (50, 70, 90), 4, 1),
        ("float16", "ieee", (32, 96, 200), 8, 3),
        ("bfloat16", "ieee", (64, 32, 64), 2, 2),
        ("bfloat16", "ieee", (33, 65, 129), 4, 2),
        ("float32", "ieee", (40, 40, 40), 4, 2),
        ("float32", "tf32", (64, 64, 32), 4, 2),
        ("int8", "ieee", (64, 48, 96), 4, 2),
    ],
)
def test_products(
    target: str,
    kind: str,
    precision: str,
    shape: tuple[int, int, int],
    warps: int,
    stages: int,
) -> None:
    m, n, k = shape
    if precision == "tf32" and target != "gfx942":
        pytest.skip("this GPU has no TF32")
    (a, left), (b, right) = operands(kind, (m, k), 1), operands(kind, (k, n), 2)
    out = np.zeros((m, n), np.int32 if kind == "int8" else np.float32)
    grid = (triton.cdiv(m, 32), triton.cdiv(n, 32))
    matmul_kernel[grid](a, b, Array(out), m, n, k, 32, 32, 32, stages, precision, num_warps=warps)
    limit = 2e-2 if precision == "tf32" else 1e-4 * (kind != "int8")
    np.testing.assert_allclose(out, left @ right, rtol=limit, atol=limit)


@triton.jit
def batch_kernel(a, b, c, B: tl.constexpr, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr):
    batch = tl.arange(0, B)[:, None, None]
    rows, columns, inner = tl.arange(0, M), tl.arange(0, N), tl.arange(0, K)
    left = tl.load(a + (batch * M + rows[None, :, None]) * K + inner[None, None, :])
    right = tl.load(b + (batch * K + inner[None, :, None]) * N + columns[None, None, :])
    at = (batch * M + rows[None, :, None]) * N + columns[None, None, :]
    tl.store(c + at, tl.dot(left, right))


def test_a_batch_of_products(target: str) -> None:
    generator = np.random.default_rng(3)
    a = generator.standard_normal((4, 32, 16)).astype(np.float16)
    b = generator.standard_normal((4, 16, 32)).astype(np.float16)
    out = np.zeros((4, 32, 32), np.float32)
    batch_kernel[(1,)](Array(a), Array(b), Array(out), 4, 32, 32, 16)
    np.testing.assert_allclose(out, a.astype(np.float64) @ b.astype(np.float64), 1e-4, 1e-4)


@pytest.mark.parametrize("causal, length", [(False, 96), (True, 100)])
def test_flash_attention(target: str, causal: bool, length: int) -> None:
    generator = np.random.default_rng(4)
    shape = (2, length, 32)
    q, k, v = (generator.standard_normal(shape).astype(np.float16) for _ in range(3))
    out = np.zeros(shape, np.float16)
    grid = (triton.cdiv(length, 32), 2)
    sums = np.zeros(shape[:2], np.float32)
    arrays = map(Array, (q, k, v, out, sums))
    attention[grid](*arrays, length, 32**-0.5, causal, 32, 32, 32, STAGES=1)
    score = q.astype(np.float64) @ k.astype(np.float64).swapaxes(1, 2) * 32**-0.5
    if causal:
        score = np.where(np.tri(length, dtype=bool), score, -np.inf)
    powers = np.exp(score - score.max(-1, keepdims=True))
    expected = powers / powers.sum(-1, keepdims=True) @ v.astype(np.float64)
    np.testing.assert_allclose(out, expected, rtol=4e-3, atol=4e-3)
    logarithms = score.max(-1) + np.log(powers.sum(-1))
    np.testing.assert_allclose(sums, logarithms, rtol=1e-3, atol=1e-3)
