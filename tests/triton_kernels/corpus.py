"""The kernels with their sizes, and what PyTorch makes of the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pointwise
import products
import torch
import triton

__all__ = ["CASES", "KNOWN", "Case", "run"]

KNOWN = (
    (
        "gfx9[45]*",
        "atomic m?? i32 *",
        "Triton's code joins the atomics of a wave by v_max_u32 or v_min_u32, also if signed",
    ),
)
"""Patterns of GPUs and of cases that give what Triton's machine code says, which is not PyTorch's
answer."""

Tensors = tuple[torch.Tensor, ...]
Result = tuple[Tensors, Tensors]


@dataclass(frozen=True)
class Case:
    """``run(config)`` gives (what the kernel made, what PyTorch makes), which may be apart by
    ``limit``, relative and absolute; ``configs`` are numbers of warps and whatever else the kernel
    is given."""

    name: str
    configs: tuple[dict[str, Any], ...]
    run: Callable[..., Result]
    limit: float = 1e-5


def _random(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator).to(dtype)


def _whole(low: int, high: int, *shape: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(low, high, shape, generator=generator, dtype=torch.int32)


FLAT: tuple[dict[str, Any], ...] = (
    {"num_warps": 1, "BLOCK": 128},
    {"num_warps": 4, "BLOCK": 1024},
    {"num_warps": 8, "BLOCK": 512, "num_stages": 3},
)
ROWS: tuple[dict[str, Any], ...] = (
    {"num_warps": 1, "columns": 100},
    {"num_warps": 4, "columns": 1000, "num_stages": 1},
    {"num_warps": 8, "columns": 513},
)
SORTS: tuple[dict[str, Any], ...] = (
    {"num_warps": 1, "BLOCK": 64},
    {"num_warps": 4, "BLOCK": 256},
    {"num_warps": 8, "BLOCK": 512},
)
POINTWISE: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "add": lambda a, b: a + b,
    "fused": lambda a, b: a * b + a - b * 0.5,
    "relu": lambda a, b: torch.where(a > 0, a, b * 0.01),
    "gelu": lambda a, b: torch.nn.functional.gelu(a) + b,
    "silu": lambda a, b: torch.nn.functional.silu(a) * b,
    "tanh": lambda a, b: torch.tanh(a) + b,
    "powers": lambda a, b: (
        torch.exp2(a) + torch.log2(b.abs() + 1) + a.abs().sqrt() + torch.rsqrt(b.abs() + 1)
    ),
    "circle": lambda a, b: torch.sin(a) * torch.cos(b),
    "clamp": lambda a, b: a.clamp(-0.5, 0.5) + b.floor() + a.ceil(),
    "divide": lambda a, b: a / b,
}
WHOLE: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "bits": lambda a, b: ((a << 3) ^ (b >> 2)) | (a & b),
    "quotients": lambda a, b: (
        torch.div(a, (b & 15) + 1, rounding_mode="trunc") * 3 + torch.fmod(a, (b & 7) + 1)
    ),
}


def _pointwise(op: str, dtype: torch.dtype) -> Callable[..., Result]:
    def run(BLOCK: int, **options: Any) -> Result:
        n = 3000
        if dtype == torch.int32:
            a, b = _whole(-9999, 9999, n), _whole(0, 9999, n, seed=1)
            want = WHOLE[op](a, b)
        else:
            a, b = _random(n, dtype=dtype), _random(n, seed=1, dtype=dtype)
            want = POINTWISE[op](a.float(), b.float()).to(dtype)
        out = torch.empty_like(a)
        grid = (triton.cdiv(n, BLOCK),)
        pointwise.elementwise[grid](a, b, out, n, OP=op, BLOCK=BLOCK, **options)
        return (out,), (want,)

    return run


def _convert(source: torch.dtype, to: torch.dtype) -> Callable[..., Result]:
    def run(BLOCK: int, **options: Any) -> Result:
        x = (_random(3000) * 50).to(source)
        out = torch.empty(3000, dtype=to)
        pointwise.convert[(triton.cdiv(3000, BLOCK),)](x, out, 3000, BLOCK=BLOCK, **options)
        return (out.double(),), (x.to(to).double(),)

    return run


REDUCED: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "sum": lambda x: x.sum(1),
    "max": lambda x: x.amax(1),
    "argmax": lambda x: x.argmax(1).float(),
    "variance": lambda x: x.var(1, correction=0),
}


def _by_row(op: str) -> Callable[..., Result]:
    def run(columns: int, **options: Any) -> Result:
        x, w, b = _random(9, columns), _random(columns, seed=1), _random(columns, seed=2)
        if op in REDUCED:
            want = REDUCED[op](x)
        elif op == "layer_norm":
            want = torch.nn.functional.layer_norm(x, (columns,), w, b)
        elif op == "rms_norm":
            want = torch.nn.functional.rms_norm(x, (columns,), w, 1e-6)
        else:
            want = getattr(torch, op)(x, 1)
        out = torch.empty_like(want)
        block = triton.next_power_of_2(columns)
        pointwise.rows[(9,)](x, w, b, out, columns, OP=op, BLOCK=block, **options)
        return (out,), (want,)

    return run


def _norm_backward(columns: int, **options: Any) -> Result:
    x, w, b = (_random(*s, seed=n) for n, s in enumerate(((9, columns), (columns,), (columns,))))
    g = _random(9, columns, seed=3)
    leaves = [v.clone().requires_grad_() for v in (x, w, b)]
    torch.nn.functional.layer_norm(leaves[0], (columns,), *leaves[1:]).backward(g)
    dx, dw, db = torch.empty_like(x), torch.zeros_like(w), torch.zeros_like(b)
    block = triton.next_power_of_2(columns)
    pointwise.norm_backward[(9,)](x, w, g, dx, dw, db, columns, BLOCK=block, **options)
    return (dx, dw, db), tuple(v.grad for v in leaves)  # type: ignore[misc]


def _cross_entropy(columns: int, **options: Any) -> Result:
    x, labels = _random(9, columns), _whole(0, columns, 9)
    out = torch.empty(9)
    block = triton.next_power_of_2(columns)
    pointwise.cross_entropy[(9,)](x, labels, out, columns, BLOCK=block, **options)
    return (out,), (torch.nn.functional.cross_entropy(x, labels.long(), reduction="none"),)


def _rotary(HALF: int, **options: Any) -> Result:
    x, angles = _random(12, 2 * HALF), _random(12, HALF, seed=1)
    out = torch.empty_like(x)
    pointwise.rotary[(12,)](x, angles.cos(), angles.sin(), out, 2 * HALF, HALF=HALF, **options)
    a, b = x[:, :HALF], x[:, HALF:]
    c, s = angles.cos(), angles.sin()
    return (out,), (torch.cat((a * c - b * s, a * s + b * c), 1),)


def _embed(columns: int, **options: Any) -> Result:
    table, places = _random(50, columns), _whole(0, 50, 20)
    out = torch.empty(20, columns)
    block = triton.next_power_of_2(columns)
    pointwise.embed[(20,)](table, places, out, columns, BLOCK=block, **options)
    return (out,), (table[places.long()],)


def _transpose(M: int, N: int, **options: Any) -> Result:
    x = _random(70, 90)
    out = torch.empty(90, 70)
    grid = (triton.cdiv(70, M), triton.cdiv(90, N))
    pointwise.transpose[grid](x, out, 70, 90, M=M, N=N, **options)
    return (out,), (x.T.contiguous(),)


def _sort(down: bool) -> Callable[..., Result]:
    def run(BLOCK: int, **options: Any) -> Result:
        x = _random(3, BLOCK)
        out = torch.empty_like(x)
        pointwise.sort_rows[(3,)](x, out, BLOCK=BLOCK, DOWN=down, **options)
        return (out,), (x.sort(1, descending=down).values,)

    return run


SCANS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "cumsum": lambda x: x.cumsum(1),
    "cumprod": lambda x: x.cumprod(1),
    "backwards": lambda x: x.flip(1).cumsum(1).flip(1),
    "cummax": lambda x: x.cummax(1).values,
}


def _scan(op: str) -> Callable[..., Result]:
    def run(BLOCK: int, **options: Any) -> Result:
        x = _random(3, BLOCK)
        x = 1 + x / 100 if op == "cumprod" else x
        out = torch.empty_like(x)
        pointwise.scan_rows[(3,)](x, out, OP=op, BLOCK=BLOCK, **options)
        return (out,), (SCANS[op](x.double()).float(),)

    return run


def _histogram(BLOCK: int, **options: Any) -> Result:
    x, out = _whole(0, 64, 3000), torch.zeros(64, dtype=torch.int32)
    grid = (triton.cdiv(3000, BLOCK),)
    pointwise.histogram[grid](x, out, 3000, BINS=64, BLOCK=BLOCK, **options)
    return (out,), (torch.bincount(x, minlength=64).int(),)


def _gather(BLOCK: int, **options: Any) -> Result:
    x, places = _random(3, BLOCK), _whole(0, BLOCK, 3, BLOCK)
    out = torch.empty_like(x)
    pointwise.gather[(3,)](x, places, out, BLOCK=BLOCK, **options)
    return (out,), (x.gather(1, places.long()),)


def _atomics(op: str, dtype: torch.dtype) -> Callable[..., Result]:
    def run(BLOCK: int, **options: Any) -> Result:
        n, places = 3000, _whole(0, 20, 3000)
        x = _whole(-999, 999, n, seed=1) if dtype == torch.int32 else _random(n, seed=1)
        out = torch.zeros(20, dtype=dtype)
        grid = (triton.cdiv(n, BLOCK),)
        pointwise.atomics[grid](x, places, out, n, OP=op, BLOCK=BLOCK, **options)
        if op in ("xor", "or"):
            want = torch.zeros_like(out)
            for place, v in zip(places.tolist(), x.tolist(), strict=True):
                want[place] = want[place] ^ v if op == "xor" else want[place] | v
        else:
            how = {"add": "sum", "max": "amax", "min": "amin"}[op]
            want = torch.zeros_like(out).scatter_reduce(0, places.long(), x, how)
        return (out,), (want,)

    return run


def philox(seed: int, counts: torch.Tensor) -> torch.Tensor:
    """Philox 4x32-10 of a counter's lowest word, as four columns of int64."""
    low, mask = 0xFFFFFFFF, (1 << 32) - 1
    c = [counts.long(), *(torch.zeros_like(counts, dtype=torch.int64) for _ in range(3))]
    key = [seed & low, seed >> 32]
    for _ in range(10):
        words = []
        for factor, v in ((0xD2511F53, c[0]), (0xCD9E8D57, c[2])):
            below, above = factor * (v & 0xFFFF), factor * (v >> 16)
            whole_low = (below + ((above & 0xFFFF) << 16)) & mask
            carry = (below + ((above & 0xFFFF) << 16)) >> 32
            words.append(((above >> 16) + carry & mask, whole_low))
        (high_a, low_a), (high_b, low_b) = words
        c = [high_b ^ c[1] ^ key[0], low_b, high_a ^ c[3] ^ key[1], low_a]
        key = [key[0] + 0x9E3779B9 & low, key[1] + 0xBB67AE85 & low]
    return torch.stack(c, 1)


def _philox(BLOCK: int, **options: Any) -> Result:
    n, seed = 2000, 0x123456789AB
    out = torch.empty(n, 4, dtype=torch.int32)
    grid = (triton.cdiv(n, BLOCK),)
    pointwise.random_numbers[grid](seed, out, n, OP="philox", BLOCK=BLOCK, **options)
    return (out.long() & 0xFFFFFFFF,), (philox(seed, torch.arange(n)),)


def _uniform(seed: int, n: int) -> torch.Tensor:
    """tl.rand's numbers: the first word of Philox as a fraction of 2**31, from above."""
    word = philox(seed, torch.arange(n))[:, 0]
    signed = torch.where(word >> 31 == 1, (1 << 32) - word - 1, word)
    return (signed.double() * 4.6566127342e-10).float()


def _rand(BLOCK: int, **options: Any) -> Result:
    out = torch.empty(2000)
    grid = (triton.cdiv(2000, BLOCK),)
    pointwise.random_numbers[grid](77, out, 2000, OP="rand", BLOCK=BLOCK, **options)
    return (out,), (_uniform(77, 2000),)


def _dropout(BLOCK: int, **options: Any) -> Result:
    x = _random(2000)
    out = torch.empty_like(x)
    grid = (triton.cdiv(2000, BLOCK),)
    pointwise.dropout[grid](x, out, 2000, 5, 0.3, BLOCK=BLOCK, **options)
    return (out,), (torch.where(_uniform(5, 2000) > 0.3, x / 0.7, 0.0),)


PRODUCTS: tuple[dict[str, Any], ...] = (
    {"num_warps": 4, "size": (64, 64, 64), "tile": (32, 32, 32), "STAGES": 1},
    {"num_warps": 4, "size": (100, 70, 130), "tile": (64, 32, 32), "STAGES": 2},
    {"num_warps": 8, "size": (128, 64, 200), "tile": (64, 64, 64), "STAGES": 3},
    {"num_warps": 2, "size": (33, 48, 64), "tile": (16, 16, 64), "STAGES": 2},
)


def small_float(target: str) -> torch.dtype:
    """The 8-bit float of a GPU's matrix instructions, or one that is widened."""
    if target == "gfx942":
        return torch.float8_e4m3fnuz
    return torch.float8_e4m3fn if target in ("gfx950", "gfx1200", "gfx1201") else torch.float8_e5m2


def _matmul(kind: str) -> Callable[..., Result]:
    def run(
        size: tuple[int, int, int], tile: tuple[int, int, int], target: str, **options: Any
    ) -> Result:
        (m, n, k), (M, N, K) = size, tile
        dtype = small_float(target) if kind == "fp8" else getattr(torch, kind)
        if kind == "int8":
            a, b = (_whole(-90, 90, *s, seed=i).to(dtype) for i, s in enumerate(((m, k), (k, n))))
            want = (a.double() @ b.double()).int()
        else:
            a, b = (_random(*s, seed=i, dtype=dtype) for i, s in enumerate(((m, k), (k, n))))
            want = (a.double() @ b.double()).float()
        out = torch.empty_like(want)
        grid = (triton.cdiv(m, M), triton.cdiv(n, N))
        products.matmul[grid](a, b, out, m, n, k, M=M, N=N, K=K, **options)
        return (out,), (want,)

    return run


ATTENTION: tuple[dict[str, Any], ...] = (
    {"num_warps": 4, "length": 96, "M": 32, "N": 32, "WIDTH": 32, "STAGES": 1},
    {"num_warps": 4, "length": 150, "M": 64, "N": 32, "WIDTH": 64, "STAGES": 2},
    {"num_warps": 8, "length": 128, "M": 128, "N": 64, "WIDTH": 32, "STAGES": 2},
)


def _attended(
    causal: bool, dtype: torch.dtype, length: int, M: int, N: int, WIDTH: int, STAGES: int,
    **options: Any,
) -> tuple[list[torch.Tensor], torch.Tensor, torch.Tensor]:  # fmt: skip
    shape = (2, length, WIDTH)
    q, k, v = (_random(*shape, seed=n, dtype=dtype) for n in range(3))
    out, sums = torch.empty_like(q), torch.empty(2, length)
    products.attention[(triton.cdiv(length, M), 2)](
        q, k, v, out, sums, length, WIDTH**-0.5, CAUSAL=causal, M=M, N=N, WIDTH=WIDTH,
        STAGES=STAGES, **options,
    )  # fmt: skip
    return [q, k, v], out, sums


def _attention(causal: bool, dtype: torch.dtype, backward: bool) -> Callable[..., Result]:
    def run(**config: Any) -> Result:
        given, out, sums = _attended(causal, dtype, **config)
        leaves = [v.double().requires_grad_() for v in given]
        want = torch.nn.functional.scaled_dot_product_attention(*leaves, is_causal=causal)
        if not backward:
            return (out.double(),), (want.detach(),)
        g = _random(*out.shape, seed=9, dtype=dtype)
        want.backward(g.double())
        gradients = [torch.zeros_like(v, dtype=torch.float32) for v in given]
        length, width = config["length"], config["WIDTH"]
        products.attention_backward[(triton.cdiv(length, 32), 2)](
            *given, out, g, sums, *gradients, length, width**-0.5, CAUSAL=causal, M=32, N=32,
            WIDTH=width, num_warps=config["num_warps"],
        )  # fmt: skip
        return tuple(v.double() for v in gradients), tuple(v.grad for v in leaves)  # type: ignore[misc]

    return run


def _cases() -> Iterator[Case]:
    for op in POINTWISE:
        yield Case(f"{op} f32", FLAT, _pointwise(op, torch.float32))
    yield Case("add f16", FLAT, _pointwise("add", torch.float16), 2e-3)
    yield Case("fused bf16", FLAT, _pointwise("fused", torch.bfloat16), 2e-2)
    for op in WHOLE:
        yield Case(f"{op} i32", FLAT, _pointwise(op, torch.int32), 0)
    for source, to in (
        (torch.float32, torch.float16), (torch.float32, torch.bfloat16),
        (torch.bfloat16, torch.float32), (torch.float32, torch.int32),
    ):  # fmt: skip
        names = f"{source} to {to}".replace("torch.", "")
        yield Case(f"convert {names}", FLAT, _convert(source, to), 0)
    for op in (*REDUCED, "softmax", "log_softmax", "layer_norm", "rms_norm"):
        yield Case(op, ROWS, _by_row(op))
    yield Case("layer_norm backward", ROWS, _norm_backward, 1e-4)
    yield Case("cross_entropy", ROWS, _cross_entropy)
    yield Case("embedding", ROWS, _embed, 0)
    halves = tuple({"num_warps": w, "HALF": h} for w, h in ((1, 32), (4, 128), (8, 64)))
    yield Case("rotary", halves, _rotary)
    tiles = tuple(
        {"num_warps": w, "M": m, "N": n} for w, m, n in ((1, 16, 32), (4, 64, 32), (8, 64, 64))
    )
    yield Case("transpose", tiles, _transpose, 0)
    yield Case("sort", SORTS, _sort(False), 0)
    yield Case("sort downwards", SORTS, _sort(True), 0)
    for op in SCANS:
        yield Case(op, SORTS, _scan(op), 1e-4)
    yield Case("histogram", FLAT, _histogram, 0)
    yield Case("gather", SORTS, _gather, 0)
    for op in ("add", "max", "min", "xor", "or"):
        yield Case(f"atomic {op} i32", FLAT, _atomics(op, torch.int32), 0)
    yield Case("atomic add f32", FLAT, _atomics("add", torch.float32), 1e-4)
    yield Case("philox", FLAT, _philox, 0)
    yield Case("rand", FLAT, _rand, 1e-6)
    yield Case("dropout", FLAT, _dropout)
    for kind, limit in (
        ("float16", 1e-4), ("bfloat16", 1e-4), ("float32", 1e-4), ("fp8", 1e-3), ("int8", 0),
    ):  # fmt: skip
        yield Case(f"matmul {kind}", PRODUCTS, _matmul(kind), limit)
    for dtype, limit in ((torch.float16, 5e-3), (torch.bfloat16, 4e-2)):
        for causal in (False, True):
            name = f"attention {dtype}{' causal' if causal else ''}".replace("torch.", "")
            yield Case(name, ATTENTION, _attention(causal, dtype, False), limit)
            yield Case(f"{name} backward", ATTENTION, _attention(causal, dtype, True), 2 * limit)


CASES = {case.name: case for case in _cases()}


def run(case: Case, config: dict[str, Any], target: str) -> str:
    """What is wrong with a kernel in a configuration on the GPU that is in use; "" if nothing."""
    options = dict(config)
    if case.name.startswith("matmul"):
        options["target"] = target
    got, want = case.run(**options)
    for number, (a, b) in enumerate(zip(got, want, strict=True)):
        if not torch.allclose(a.double(), b.double(), rtol=case.limit, atol=case.limit):
            apart = (a.double() - b.double()).abs().nan_to_num(float("inf"))
            at = int(apart.argmax())
            return (
                f"result {number} at {at}: expected {b.flatten()[at]}, got {a.flatten()[at]}, "
                f"{int((apart > case.limit).sum())} of {a.numel()} differ"
            )
    return ""
