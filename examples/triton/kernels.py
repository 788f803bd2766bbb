"""Kernels in Triton: addition, softmax, matrix product, flash attention."""

from __future__ import annotations

import torch
import triton
import triton.language as tl


@triton.jit
def add_kernel(x, y, out, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    tl.store(out + at, tl.load(x + at, mask=inside) + tl.load(y + at, mask=inside), mask=inside)


def add(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    out = torch.empty_like(x)
    add_kernel[(triton.cdiv(x.numel(), 1024),)](x, y, out, x.numel(), BLOCK=1024)
    return out


@triton.jit
def softmax_kernel(x, out, stride, columns, BLOCK: tl.constexpr):
    row, at = tl.program_id(0), tl.arange(0, BLOCK)
    values = tl.load(x + row * stride + at, mask=at < columns, other=-float("inf"))
    powers = tl.exp(values - tl.max(values, 0))
    tl.store(out + row * stride + at, powers / tl.sum(powers, 0), mask=at < columns)


def softmax(x: torch.Tensor) -> torch.Tensor:
    rows, columns = x.shape
    out = torch.empty_like(x)
    block = triton.next_power_of_2(columns)
    softmax_kernel[(rows,)](x, out, x.stride(0), columns, BLOCK=block)
    return out


@triton.jit
def matmul_kernel(
    a, b, c, m, n, k,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
):  # fmt: skip
    rows = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    columns = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    inner = tl.arange(0, BLOCK_K)
    total = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    for start in range(0, k, BLOCK_K):
        left = tl.load(
            a + rows[:, None] * k + (start + inner)[None, :],
            mask=(rows[:, None] < m) & (start + inner[None, :] < k), other=0.0,
        )  # fmt: skip
        right = tl.load(
            b + (start + inner)[:, None] * n + columns[None, :],
            mask=(start + inner[:, None] < k) & (columns[None, :] < n), other=0.0,
        )  # fmt: skip
        total = tl.dot(left, right, total)
    inside = (rows[:, None] < m) & (columns[None, :] < n)
    tl.store(c + rows[:, None] * n + columns[None, :], total.to(c.dtype.element_ty), mask=inside)


def matmul(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    (m, k), n = a.shape, b.shape[1]
    c = torch.empty(m, n, dtype=a.dtype)
    grid = (triton.cdiv(m, 128), triton.cdiv(n, 128))
    matmul_kernel[grid](a, b, c, m, n, k, BLOCK_M=128, BLOCK_N=128, BLOCK_K=32)
    return c


@triton.jit
def attention_kernel(
    q, k, v, out, length, scale,
    WIDTH: tl.constexpr, BLOCK_Q: tl.constexpr, BLOCK_K: tl.constexpr, CAUSAL: tl.constexpr,
):  # fmt: skip
    """A block of queries of one head; keys go by in blocks, the softmax is kept up to date."""
    base = tl.program_id(1) * length * WIDTH
    rows = tl.program_id(0) * BLOCK_Q + tl.arange(0, BLOCK_Q)
    wide = tl.arange(0, WIDTH)
    queries = tl.load(
        q + base + rows[:, None] * WIDTH + wide[None, :], mask=rows[:, None] < length, other=0.0
    )
    largest = tl.full((BLOCK_Q,), -float("inf"), tl.float32)
    weight = tl.zeros((BLOCK_Q,), tl.float32)
    total = tl.zeros((BLOCK_Q, WIDTH), tl.float32)
    end = tl.minimum(length, (tl.program_id(0) + 1) * BLOCK_Q) if CAUSAL else length
    for start in range(0, end, BLOCK_K):
        at = start + tl.arange(0, BLOCK_K)
        keys = tl.load(
            k + base + at[None, :] * WIDTH + wide[:, None], mask=at[None, :] < length, other=0.0
        )
        scores = tl.dot(queries, keys) * scale
        seen = at[None, :] < length
        if CAUSAL:
            seen = seen & (at[None, :] <= rows[:, None])
        scores = tl.where(seen, scores, -1e30)
        now = tl.maximum(largest, tl.max(scores, 1))
        shrink = tl.exp(largest - now)
        powers = tl.exp(scores - now[:, None])
        values = tl.load(
            v + base + at[:, None] * WIDTH + wide[None, :], mask=at[:, None] < length, other=0.0
        )
        total = tl.dot(powers.to(values.dtype), values, total * shrink[:, None])
        weight = weight * shrink + tl.sum(powers, 1)
        largest = now
    result = total / weight[:, None]
    tl.store(
        out + base + rows[:, None] * WIDTH + wide[None, :],
        result.to(out.dtype.element_ty), mask=rows[:, None] < length,
    )  # fmt: skip


def attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, *, causal: bool = False
) -> torch.Tensor:
    """Attention of (batch, heads, length, width) tensors; the width is a power of two ≥ 16."""
    batch, heads, length, width = q.shape
    out = torch.empty_like(q)
    grid = (triton.cdiv(length, 128), batch * heads)
    attention_kernel[grid](
        q, k, v, out, length, width**-0.5, WIDTH=width, BLOCK_Q=128, BLOCK_K=64, CAUSAL=causal
    )  # fmt: skip
    return out
