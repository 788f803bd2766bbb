"""A GPT of 6 layers, 384 wide, trains 100 steps under torch.compile: its losses are the CPU's."""

from __future__ import annotations

import os
import statistics
import sys

import models

import anyroc.torch

STEPS = int(os.environ.get("ANYROC_GPT_STEPS", "100"))
TOLERANCE = 2e-3
"""Of the loss. Rounding differs from the first step on, and training makes differences grow."""


def main() -> int:
    shape = models.Shape()
    expected, plain = models.train(shape, STEPS)
    anyroc.torch.reset()
    found, compiled = models.train(shape, STEPS, backend="anyroc")
    errors = [abs(a - b) for a, b in zip(expected, found, strict=True)]
    late = slice(min(5, STEPS - 1), None)  # after compiling and translating
    slow = statistics.median(compiled[late]) / statistics.median(plain[late])
    report = anyroc.torch.report()
    print(report)
    print(f"loss {found[0]:.4f} to {found[-1]:.4f}, eager {expected[0]:.4f} to {expected[-1]:.4f}")
    print(f"largest difference {max(errors):.2e} in {STEPS} steps on {anyroc.torch.target()}")
    milliseconds = statistics.median(compiled[late]) * 1e3
    print(f"a step takes {milliseconds:.0f} ms, {slow:.1f} times eager PyTorch's")
    strangers = {row.name for row in report.external} - EXTERNAL
    if strangers:
        print(f"FAILED done outside the device: {', '.join(sorted(strangers))}")
    return bool(strangers) or max(errors) > TOLERANCE or found[-1] > 0.8 * found[0]


EXTERNAL = {
    f"aten::{name}" for name in ("mm", "addmm", "bmm", "_local_scalar_dense", "clone", "copy_")
}


if __name__ == "__main__":
    sys.exit(main())
