"""One model compiled for one GPU after the other, in a process and in several: each runs its own
code, and what processes keep on disk of a graph is for one GPU."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

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
    with tempfile.TemporaryDirectory() as folder:
        found_again = [_from_disk(gpu, folder) for gpu in ("gfx942", "gfx1201", "gfx942")]
    fine = found_again == ["0", "0", "1"]
    print(f"{'ok' if fine else 'FAILED':7}graphs found on disk: {', '.join(found_again)}")
    return bool(bad) or not fine


PROCESS = """
import torch
from torch._dynamo.utils import counters
torch.compile(lambda x: torch.softmax(x.sin(), -1), backend="anyroc")(torch.ones(4, 100))
print(counters["inductor"]["fxgraph_cache_hit"])
"""


def _from_disk(gpu: str, folder: str) -> str:
    """Compile in a process of its own; return how many graphs it found in the folder."""
    environment = {**os.environ, "ANYROC_TARGET": gpu, "TORCHINDUCTOR_CACHE_DIR": folder}
    command = [sys.executable, "-W", "ignore", "-c", PROCESS]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.stdout.strip() or done.stderr[-300:]


if __name__ == "__main__":
    sys.exit(main())
