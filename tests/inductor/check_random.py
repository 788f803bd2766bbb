"""Random numbers in compiled code: a seed's meaning, the distribution, and dropout's gradient."""

from __future__ import annotations

import sys
from typing import Any

import torch

import anyroc.torch


def compiled(function: Any, **options: Any) -> Any:
    torch._dynamo.reset()
    return torch.compile(function, backend="anyroc", options=options or None)


def main() -> int:
    problems = []

    draw = compiled(lambda a: torch.rand_like(a) + torch.randn_like(a) * 0)
    like = torch.empty(20_000)
    first = [draw(like) for seed in (7, 8, 7) if torch.manual_seed(seed)]
    if not torch.equal(first[0], first[2]) or torch.equal(first[0], first[1]):
        problems.append("the same seed does not give the same numbers, or another one does")
    again = draw(like)
    if torch.equal(again, first[2]):
        problems.append("a second call gives the first one's numbers")
    if abs(first[0].mean().item() - 0.5) > 0.01 or not 0 <= first[0].min() <= first[0].max() < 1:
        problems.append("rand is not uniform on [0, 1)")

    normal = compiled(lambda a: torch.randn_like(a) + 0)
    torch.manual_seed(1)
    numbers = normal(like)
    if abs(numbers.mean().item()) > 0.03 or abs(numbers.std().item() - 1) > 0.03:
        problems.append("randn is not of mean 0 and deviation 1")

    # With this setting Inductor takes eager PyTorch's generator, number by number.
    def eager(a: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.dropout(a, 0.5) + torch.rand_like(a)

    exact = compiled(eager, fallback_random=True)
    torch.manual_seed(5)
    expected = eager(torch.ones(500))
    torch.manual_seed(5)
    if not torch.equal(expected, exact(torch.ones(500))):
        problems.append("with fallback_random the numbers are not eager PyTorch's")

    dropout = compiled(lambda a: torch.nn.functional.dropout(a, 0.25))
    values = torch.ones(10_000, requires_grad=True)
    torch.manual_seed(2)
    result = dropout(values)
    result.sum().backward()
    kept = (result != 0).float().mean().item()
    if abs(kept - 0.75) > 0.02 or values.grad is None or not torch.equal(values.grad, result):
        problems.append("dropout's gradient is not its mask")

    for problem in problems:
        print(f"FAILED {problem}")
    print(f"random numbers on {anyroc.torch.target()}: {len(problems)} problems")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
