"""Compiled optimisers: the parameters after some steps, as eager PyTorch has them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import torch

import anyroc.torch

OPTIMISERS: dict[str, Callable[[Any], torch.optim.Optimizer]] = {
    "AdamW": lambda p: torch.optim.AdamW(p, lr=1e-2, weight_decay=0.1),
    "AdamW amsgrad": lambda p: torch.optim.AdamW(p, lr=1e-2, amsgrad=True),
    "SGD momentum": lambda p: torch.optim.SGD(p, lr=1e-2, momentum=0.9, nesterov=True),
    "RMSprop": lambda p: torch.optim.RMSprop(p, lr=1e-3),
    "Adagrad": lambda p: torch.optim.Adagrad(p, lr=1e-2),
    "NAdam": lambda p: torch.optim.NAdam(p, lr=1e-3),
}
STEPS = 3


def trained(make: Callable[[Any], torch.optim.Optimizer], compiled: bool) -> list[torch.Tensor]:
    """Return the parameters after some steps with given gradients."""
    generator = torch.Generator().manual_seed(3)
    shapes = ((17, 9), (300,), (4, 5, 6))
    parameters = [torch.nn.Parameter(torch.randn(shape, generator=generator)) for shape in shapes]
    optimiser = make(parameters)
    step: Callable[[], Any] = optimiser.step
    if compiled:
        torch._dynamo.reset()
        step = torch.compile(optimiser.step, backend="anyroc")
    for _ in range(STEPS):
        for parameter in parameters:
            parameter.grad = torch.randn(parameter.shape, generator=generator)
        step()
    return [parameter.detach() for parameter in parameters]


def main() -> int:
    bad = 0
    for name, make in OPTIMISERS.items():
        expected = trained(make, compiled=False)
        anyroc.torch.reset()
        found = trained(make, compiled=True)
        report = anyroc.torch.report()
        error = max((a - b).abs().max().item() for a, b in zip(expected, found, strict=True))
        fine = error < 1e-5 and bool(report.kernels)
        bad += not fine
        launches = sum(row.launches for row in report.kernels)
        print(f"{'ok' if fine else 'FAILED':7}{name:16} error {error:.2e}, {launches} launches")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
