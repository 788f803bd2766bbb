"""Kernels that go element by element or row by row."""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def elementwise(x, y, out, n, OP: tl.constexpr, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    a, b = tl.load(x + at, mask=inside), tl.load(y + at, mask=inside)
    if OP == "add":
        v = a + b
    elif OP == "fused":
        v = a * b + a - b * 0.5
    elif OP == "relu":
        v = tl.where(a > 0, a, b * 0.01)
    elif OP == "gelu":
        v = a * 0.5 * (1.0 + tl.erf(a * 0.7071067811865476)) + b
    elif OP == "silu":
        v = a / (1.0 + tl.exp(-a)) * b
    elif OP == "tanh":
        v = 2.0 / (1.0 + tl.exp(-2.0 * a)) - 1.0 + b
    elif OP == "powers":
        v = tl.exp2(a) + tl.log2(tl.abs(b) + 1.0) + tl.sqrt(tl.abs(a)) + tl.rsqrt(tl.abs(b) + 1.0)
    elif OP == "circle":
        v = tl.sin(a) * tl.cos(b)
    elif OP == "clamp":
        v = tl.minimum(tl.maximum(a, -0.5), 0.5) + tl.floor(b) + tl.ceil(a)
    elif OP == "divide":
        v = tl.math.div_rn(a, b)
    elif OP == "bits":
        v = ((a << 3) ^ (b >> 2)) | (a & b)
    else:
        v = (a // ((b & 15) + 1)) * 3 + a % ((b & 7) + 1)
    tl.store(out + at, v.to(out.dtype.element_ty), mask=inside)


@triton.jit
def convert(x, out, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    v = tl.load(x + at, mask=at < n)
    tl.store(out + at, v.to(out.dtype.element_ty), mask=at < n)


@triton.jit
def rows(x, w, b, out, columns, OP: tl.constexpr, BLOCK: tl.constexpr):
    """A result for each row of a matrix."""
    row, at = tl.program_id(0), tl.arange(0, BLOCK)
    inside = at < columns
    low = -float("inf") if OP == "softmax" or OP == "log_softmax" or OP == "max" else 0.0
    v = tl.load(x + row * columns + at, mask=inside, other=low).to(tl.float32)
    if OP == "sum":
        tl.store(out + row, tl.sum(v, 0))
    elif OP == "max":
        tl.store(out + row, tl.max(v, 0))
    elif OP == "argmax":
        tl.store(out + row, tl.argmax(tl.where(inside, v, -float("inf")), 0).to(tl.float32))
    elif OP == "variance":
        mean = tl.sum(v, 0) / columns
        away = tl.where(inside, v - mean, 0.0)
        tl.store(out + row, tl.sum(away * away, 0) / columns)
    elif OP == "softmax":
        powers = tl.exp(v - tl.max(v, 0))
        tl.store(out + row * columns + at, powers / tl.sum(powers, 0), mask=inside)
    elif OP == "log_softmax":
        less = v - tl.max(v, 0)
        tl.store(out + row * columns + at, less - tl.log(tl.sum(tl.exp(less), 0)), mask=inside)
    elif OP == "layer_norm":
        mean = tl.sum(v, 0) / columns
        away = tl.where(inside, v - mean, 0.0)
        scale = 1.0 / tl.sqrt(tl.sum(away * away, 0) / columns + 1e-5)
        weight, bias = tl.load(w + at, mask=inside), tl.load(b + at, mask=inside)
        tl.store(out + row * columns + at, away * scale * weight + bias, mask=inside)
    else:
        scale = tl.rsqrt(tl.sum(v * v, 0) / columns + 1e-6)
        weight = tl.load(w + at, mask=inside)
        tl.store(out + row * columns + at, v * scale * weight, mask=inside)


@triton.jit
def norm_backward(x, w, g, dx, dw, db, columns, BLOCK: tl.constexpr):
    """Gradients of a layer norm; those of weight and bias by atomic additions."""
    row, at = tl.program_id(0), tl.arange(0, BLOCK)
    inside = at < columns
    v = tl.load(x + row * columns + at, mask=inside, other=0.0)
    grad = tl.load(g + row * columns + at, mask=inside, other=0.0)
    weight = tl.load(w + at, mask=inside, other=0.0)
    mean = tl.sum(v, 0) / columns
    away = tl.where(inside, v - mean, 0.0)
    scale = 1.0 / tl.sqrt(tl.sum(away * away, 0) / columns + 1e-5)
    normal = away * scale
    inner = grad * weight
    first, second = tl.sum(inner, 0) / columns, tl.sum(inner * normal, 0) / columns
    tl.store(dx + row * columns + at, (inner - first - normal * second) * scale, mask=inside)
    tl.atomic_add(dw + at, grad * normal, mask=inside)
    tl.atomic_add(db + at, grad, mask=inside)


@triton.jit
def cross_entropy(x, labels, out, columns, BLOCK: tl.constexpr):
    row, at = tl.program_id(0), tl.arange(0, BLOCK)
    v = tl.load(x + row * columns + at, mask=at < columns, other=-float("inf"))
    top = tl.max(v, 0)
    total = top + tl.log(tl.sum(tl.exp(v - top), 0))
    tl.store(out + row, total - tl.load(x + row * columns + tl.load(labels + row)))


@triton.jit
def rotary(x, cosine, sine, out, width, HALF: tl.constexpr):
    """Rotary position embedding: pairs of halves turn."""
    row, at = tl.program_id(0), tl.arange(0, HALF)
    a, b = tl.load(x + row * width + at), tl.load(x + row * width + HALF + at)
    c, s = tl.load(cosine + row * HALF + at), tl.load(sine + row * HALF + at)
    tl.store(out + row * width + at, a * c - b * s)
    tl.store(out + row * width + HALF + at, a * s + b * c)


@triton.jit
def embed(table, places, out, width, BLOCK: tl.constexpr):
    row, at = tl.program_id(0), tl.arange(0, BLOCK)
    v = tl.load(table + tl.load(places + row) * width + at, mask=at < width)
    tl.store(out + row * width + at, v, mask=at < width)


@triton.jit
def transpose(x, out, m, n, M: tl.constexpr, N: tl.constexpr):
    rows = tl.program_id(0) * M + tl.arange(0, M)
    columns = tl.program_id(1) * N + tl.arange(0, N)
    inside = (rows[:, None] < m) & (columns[None, :] < n)
    v = tl.load(x + rows[:, None] * n + columns[None, :], mask=inside)
    tl.store(out + columns[:, None] * m + rows[None, :], v.T, mask=inside.T)


@triton.jit
def sort_rows(x, out, BLOCK: tl.constexpr, DOWN: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + at, tl.sort(tl.load(x + at), descending=DOWN))


@triton.jit
def _most(a, b):
    return tl.maximum(a, b)


@triton.jit
def scan_rows(x, out, OP: tl.constexpr, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    v = tl.load(x + at)
    if OP == "cumsum":
        v = tl.cumsum(v, 0)
    elif OP == "cumprod":
        v = tl.cumprod(v, 0)
    elif OP == "backwards":
        v = tl.cumsum(v, 0, reverse=True)
    else:
        v = tl.associative_scan(v, 0, _most)
    tl.store(out + at, v)


@triton.jit
def histogram(x, out, n, BINS: tl.constexpr, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    v = tl.load(x + at, mask=at < n, other=0)
    tl.atomic_add(out + tl.arange(0, BINS), tl.histogram(v, BINS, mask=at < n))


@triton.jit
def gather(x, places, out, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + at, tl.gather(tl.load(x + at), tl.load(places + at), 0))


@triton.jit
def atomics(x, places, out, n, OP: tl.constexpr, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    v, to = tl.load(x + at, mask=inside), tl.load(places + at, mask=inside)
    if OP == "add":
        tl.atomic_add(out + to, v, mask=inside)
    elif OP == "max":
        tl.atomic_max(out + to, v, mask=inside)
    elif OP == "min":
        tl.atomic_min(out + to, v, mask=inside)
    elif OP == "xor":
        tl.atomic_xor(out + to, v, mask=inside)
    else:
        tl.atomic_or(out + to, v, mask=inside)


@triton.jit
def random_numbers(seed, out, n, OP: tl.constexpr, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    if OP == "philox":
        a, b, c, d = tl.randint4x(seed, at)
        tl.store(out + 4 * at, a, mask=at < n)
        tl.store(out + 4 * at + 1, b, mask=at < n)
        tl.store(out + 4 * at + 2, c, mask=at < n)
        tl.store(out + 4 * at + 3, d, mask=at < n)
    else:
        tl.store(out + at, tl.rand(seed, at), mask=at < n)


@triton.jit
def dropout(x, out, n, seed, chance, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    v = tl.load(x + at, mask=at < n)
    kept = tl.rand(seed, at) > chance
    tl.store(out + at, tl.where(kept, v / (1 - chance), 0.0), mask=at < n)
