"""One model compiled for one GPU after the other in a process: each runs its own code."""

from __future__ import annotations

import sys

import torch

import anyroc.torch

GPUS = ("gfx942", "gfx1151", "gfx942", "gfx1201")


def main() -> int:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.GELU(), torch.nn.LayerNorm(16))
    x = torch.randn(5, 8, requires_grad=True)
    expected = model(x)
    bad = 0
    for gpu in GPUS:
        torch._dynamo.reset()
        anyroc.torch.reset()
        with anyroc.torch.use(gpu):
            compiled = torch.compile(model, backend="anyroc")
            first = compiled(x)
            first.sum().backward()
        second = compiled(x)  # outside the block the kernels stay where they are
        found = {row.target for row in anyroc.torch.report().kernels}
        error = max((result - expected).abs().max().item() for result in (first, second))
        fine = error < 1e-5 and found == {gpu}
        bad += not fine
        print(f"{'ok' if fine else 'FAILED':7}{gpu}: error {error:.1e}, kernels ran on {found}")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
