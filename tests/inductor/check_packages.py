"""liger-kernel and fla-core as PyPI has them: forward and backward as PyTorch computes them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as fn

import anyroc.torch

Check = Callable[[], tuple[Any, Any]]
CHECKS: dict[str, Check] = {}
FP32, TF32 = 1e-4, 5e-3
"""Errors relative to the largest value; products in blocks are of 10-bit mantissas on gfx942."""


def check(make: Check) -> Check:
    """Register what returns two functions of the same tensors, theirs and PyTorch's, and those."""
    CHECKS[make.__name__] = make
    return make


def leaf(*shape: int) -> torch.Tensor:
    return torch.randn(shape, requires_grad=True)


@check
def liger_rms_norm() -> Any:
    from liger_kernel.ops.rms_norm import LigerRMSNormFunction

    def theirs(x: Any, w: Any) -> Any:
        return LigerRMSNormFunction.apply(x, w, 1e-6)

    return theirs, lambda x, w: fn.rms_norm(x, (96,), w, 1e-6), (leaf(4, 10, 96), leaf(96))


@check
def liger_layer_norm() -> Any:
    from liger_kernel.ops.layer_norm import LigerLayerNormFunction

    def theirs(x: Any, w: Any, b: Any) -> Any:
        return LigerLayerNormFunction.apply(x, w, b, 1e-6)

    inputs = leaf(4, 10, 128), leaf(128), leaf(128)
    return theirs, lambda x, w, b: fn.layer_norm(x, (128,), w, b, 1e-6), inputs


@check
def liger_swiglu() -> Any:
    from liger_kernel.ops.swiglu import LigerSiLUMulFunction

    return LigerSiLUMulFunction.apply, lambda a, b: fn.silu(a) * b, (leaf(3, 7, 80), leaf(3, 7, 80))


@check
def liger_geglu() -> Any:
    from liger_kernel.ops.geglu import LigerGELUMulFunction

    def plain(a: Any, b: Any) -> Any:
        return fn.gelu(a, approximate="tanh") * b

    return LigerGELUMulFunction.apply, plain, (leaf(3, 7, 80), leaf(3, 7, 80))


@check
def liger_softmax() -> Any:
    from liger_kernel.ops.softmax import LigerSoftmaxFunction

    return LigerSoftmaxFunction.apply, lambda x: torch.softmax(x, -1), (leaf(20, 300),)


@check
def liger_rope() -> Any:
    from liger_kernel.ops.rope import LigerRopeFunction

    turns = torch.arange(9.0)[:, None] * 0.3 ** torch.arange(8.0)
    cos, sin = (table.repeat(1, 2)[None] for table in (turns.cos(), turns.sin()))

    def theirs(q: Any, k: Any) -> Any:
        parts = LigerRopeFunction.apply(q.clone(), k.clone(), cos, sin)
        return torch.cat([part.flatten() for part in parts])

    def turned(x: Any) -> Any:
        left, right = x.chunk(2, -1)
        return x * cos[:, None] + torch.cat([-right, left], -1) * sin[:, None]

    def plain(q: Any, k: Any) -> Any:
        return torch.cat([turned(q).flatten(), turned(k).flatten()])

    return theirs, plain, (leaf(2, 4, 9, 16), leaf(2, 2, 9, 16))


@check
def liger_kl_divergence() -> Any:
    from liger_kernel.ops.kl_div import LigerKLDivLossFunction

    goal = torch.softmax(torch.randn(12, 40), -1)

    def theirs(x: Any) -> Any:
        logs = torch.log_softmax(x, -1)
        return LigerKLDivLossFunction.apply(logs, goal, "batchmean", False, 1e-10)

    def plain(x: Any) -> Any:
        return fn.kl_div(torch.log_softmax(x, -1), goal, reduction="batchmean")

    return theirs, plain, (leaf(12, 40),)


def _linear_attention(q: Any, k: Any, v: Any, decay: Any = None) -> Any:
    """Attention by the recurrence over time; shapes (batch, time, heads, width)."""
    batch, time_, heads, width = q.shape
    state = torch.zeros(batch, heads, width, v.shape[-1])
    rows = []
    for t in range(time_):
        if decay is not None:
            state = state * decay[:, t, :, None, None].exp()
        state = state + k[:, t, :, :, None] * v[:, t, :, None, :]
        rows.append((q[:, t, :, :, None] * state).sum(-2) * width**-0.5)
    return torch.stack(rows, 1)


@check
def fla_fused_recurrent_gla() -> Any:
    from fla.ops.simple_gla import fused_recurrent_simple_gla

    gates = fn.logsigmoid(torch.randn(2, 20, 3))
    inputs = leaf(2, 20, 3, 16), leaf(2, 20, 3, 16), leaf(2, 20, 3, 16)
    return (
        lambda q, k, v: fused_recurrent_simple_gla(q, k, v, g=gates)[0],
        lambda q, k, v: _linear_attention(q, k, v, gates),
        inputs,
    )


@check
def fla_chunk_linear_attention() -> Any:
    from fla.ops.linear_attn import chunk_linear_attn

    inputs = leaf(1, 128, 2, 32), leaf(1, 128, 2, 32), leaf(1, 128, 2, 32)
    return lambda q, k, v: chunk_linear_attn(q, k, v, normalize=False)[0], _linear_attention, inputs


@check
def fla_rms_norm() -> Any:
    from fla.modules import RMSNorm

    norm = RMSNorm(64)
    return norm, lambda x: fn.rms_norm(x, (64,), norm.weight, 1e-5), (leaf(3, 20, 64),)


def main() -> int:
    bad = 0
    wanted = sys.argv[1:] or list(CHECKS)
    for name in wanted:
        make = CHECKS[name]
        torch.manual_seed(0)
        begun = time.monotonic()
        try:
            theirs, plain, inputs = make()
            results = []
            launches = 0
            for call in (plain, theirs):  # theirs may write gradients over its inputs
                anyroc.torch.reset()
                for tensor in inputs:
                    tensor.grad = None
                output = call(*inputs)
                output.backward(torch.linspace(-1, 1, output.numel()).view(output.shape))
                results.append([output.detach(), *(tensor.grad for tensor in inputs)])
                launches = max(launches, len(anyroc.torch.report().kernels))
            error = max(
                ((a - b).abs().max() / a.abs().max()).item() for a, b in zip(*results, strict=True)
            )
            limit = TF32 if "chunk" in name else FP32
            problem = "" if error < limit and launches else f"error {error:.2e}, {launches} kernels"
        except Exception as caught:
            problem = f"{type(caught).__name__}: {str(caught).strip().splitlines()[0][:300]}"
        bad += bool(problem)
        verdict, seconds = "FAILED" if problem else "ok", time.monotonic() - begun
        print(f"{verdict:7}{name:28}{seconds:6.1f} s  {problem}", flush=True)
    print(f"{len(wanted) - bad} of {len(wanted)} as PyTorch on {anyroc.torch.target()}")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
