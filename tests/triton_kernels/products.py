"""Matrix products and flash attention, forward and backward."""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def matmul(
    a, b, c, m, n, k,
    M: tl.constexpr, N: tl.constexpr, K: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    rows = tl.program_id(0) * M + tl.arange(0, M)
    columns = tl.program_id(1) * N + tl.arange(0, N)
    whole: tl.constexpr = c.dtype.element_ty == tl.int32
    nothing: tl.constexpr = 0 if whole else 0.0
    total = tl.zeros((M, N), tl.int32 if whole else tl.float32)
    for start in tl.range(0, k, K, num_stages=STAGES):
        inner = start + tl.arange(0, K)
        left = tl.load(
            a + rows[:, None] * k + inner[None, :],
            mask=(rows[:, None] < m) & (inner[None, :] < k), other=nothing,
        )  # fmt: skip
        right = tl.load(
            b + inner[:, None] * n + columns[None, :],
            mask=(inner[:, None] < k) & (columns[None, :] < n), other=nothing,
        )  # fmt: skip
        total = tl.dot(left, right, total, input_precision="ieee", out_dtype=total.dtype)
    inside = (rows[:, None] < m) & (columns[None, :] < n)
    tl.store(c + rows[:, None] * n + columns[None, :], total.to(c.dtype.element_ty), mask=inside)


@triton.jit
def attention(
    q, k, v, out, sums, length, scale, CAUSAL: tl.constexpr, M: tl.constexpr, N: tl.constexpr,
    WIDTH: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """``sums`` gets the logarithm of each row's weight, which the backward pass needs."""
    rows, wide = tl.program_id(0) * M + tl.arange(0, M), tl.arange(0, WIDTH)
    base = tl.program_id(1) * length * WIDTH
    here = base + rows[:, None] * WIDTH + wide[None, :]
    query = tl.load(q + here, mask=rows[:, None] < length, other=0.0)
    most = tl.full((M,), -float("inf"), tl.float32)
    weight = tl.zeros((M,), tl.float32)
    total = tl.zeros((M, WIDTH), tl.float32)
    end = tl.minimum((tl.program_id(0) + 1) * M, length) if CAUSAL else length
    for start in tl.range(0, end, N, num_stages=STAGES):
        columns = start + tl.arange(0, N)
        there = base + columns[:, None] * WIDTH + wide[None, :]
        key = tl.load(k + there, mask=columns[:, None] < length, other=0.0)
        score = tl.dot(query, key.T) * scale
        seen = (columns < length)[None, :]
        if CAUSAL:
            seen = seen & (rows[:, None] >= columns[None, :])
        score = tl.where(seen, score, -1e30)
        above = tl.maximum(most, tl.max(score, 1))
        powers = tl.exp(score - above[:, None])
        shrink = tl.exp(most - above)
        value = tl.load(v + there, mask=columns[:, None] < length, other=0.0)
        total = tl.dot(powers.to(value.dtype), value, total * shrink[:, None])
        weight = weight * shrink + tl.sum(powers, 1)
        most = above
    total = total / weight[:, None]
    tl.store(out + here, total.to(out.dtype.element_ty), mask=rows[:, None] < length)
    tl.store(sums + tl.program_id(1) * length + rows, most + tl.log(weight), mask=rows < length)


@triton.jit
def attention_backward(
    q, k, v, out, g, sums, dq, dk, dv, length, scale, CAUSAL: tl.constexpr,
    M: tl.constexpr, N: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    """A block of keys: their gradients, and by atomic additions that of the queries."""
    columns, wide = tl.program_id(0) * N + tl.arange(0, N), tl.arange(0, WIDTH)
    base, lines = tl.program_id(1) * length * WIDTH, tl.program_id(1) * length
    there = base + columns[:, None] * WIDTH + wide[None, :]
    key = tl.load(k + there, mask=columns[:, None] < length, other=0.0)
    value = tl.load(v + there, mask=columns[:, None] < length, other=0.0)
    d_key = tl.zeros((N, WIDTH), tl.float32)
    d_value = tl.zeros((N, WIDTH), tl.float32)
    for start in range(0, length, M):
        rows = start + tl.arange(0, M)
        here = base + rows[:, None] * WIDTH + wide[None, :]
        known = rows < length
        query = tl.load(q + here, mask=known[:, None], other=0.0)
        grad = tl.load(g + here, mask=known[:, None], other=0.0)
        result = tl.load(out + here, mask=known[:, None], other=0.0)
        delta = tl.sum(result.to(tl.float32) * grad.to(tl.float32), 1)
        logs = tl.load(sums + lines + rows, mask=known, other=0.0)
        score = tl.dot(query, key.T) * scale
        seen = (columns < length)[None, :] & known[:, None]
        if CAUSAL:
            seen = seen & (rows[:, None] >= columns[None, :])
        powers = tl.where(seen, tl.exp(score - logs[:, None]), 0.0)
        d_value = tl.dot(powers.to(grad.dtype).T, grad, d_value)
        inner = tl.dot(grad, value.T)
        d_score = (powers * (inner - delta[:, None]) * scale).to(query.dtype)
        d_key = tl.dot(d_score.T, query, d_key)
        tl.atomic_add(dq + here, tl.dot(d_score, key), mask=known[:, None])
    tl.store(dk + there, d_key, mask=columns[:, None] < length)
    tl.store(dv + there, d_value, mask=columns[:, None] < length)
