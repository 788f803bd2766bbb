"""Every fragment, forward and backward: equal to eager, and all that counts done by the device."""

from __future__ import annotations

import sys
import time
from typing import Any

import blocks  # noqa: F401 (registers its own)
import torch
from fragments import FRAGMENTS, Fragment

import anyroc.torch

TOLERANCES = {torch.float16: 2e-2, torch.bfloat16: 1e-1, torch.float32: 2e-4, torch.float64: 1e-7}
"""Absolute and relative, by dtype."""


def leaves(value: Any) -> list[torch.Tensor]:
    """Return the tensors of a result."""
    if isinstance(value, torch.Tensor):
        return [value]
    return [tensor for part in value for tensor in leaves(part)]


def parameters(call: Any) -> list[torch.Tensor]:
    """Return what a callable trains: a module's parameters, or those of a function's closure."""
    if isinstance(call, torch.nn.Module):
        return list(call.parameters())
    cells = [cell.cell_contents for cell in call.__closure__ or ()]
    modules = [content for content in cells if isinstance(content, torch.nn.Module)]
    return [parameter for module in modules for parameter in module.parameters()]


def run(case: Fragment, compiled: bool) -> list[torch.Tensor]:
    """Return a fragment's outputs and, behind them, its gradients."""
    torch.manual_seed(0)
    call, inputs = case.make()
    if compiled:
        torch._dynamo.reset()
        call_ = torch.compile(
            call, backend="anyroc", dynamic=case.dynamic or None, options=case.options or None
        )
    else:
        call_ = call
    outputs = leaves(call_(*inputs))
    if case.gradient:
        generator = torch.Generator().manual_seed(1)
        weights = [torch.randn(o.shape, generator=generator).to(o.dtype) for o in outputs]
        torch.autograd.backward(outputs, weights)
        wanted = [*inputs, *parameters(call)]
        outputs += [tensor.grad for tensor in wanted if tensor.grad is not None]
    return [output.detach() for output in outputs]


def check(case: Fragment) -> str:
    """Return what is wrong with a fragment, or ""."""
    expected = run(case, compiled=False)
    anyroc.torch.reset()
    found = run(case, compiled=True)
    report = anyroc.torch.report()
    if len(expected) != len(found):
        return f"{len(found)} tensors instead of {len(expected)}"
    for position, (want, have) in enumerate(zip(expected, found, strict=True)):
        limit = case.tolerance * TOLERANCES.get(want.dtype, 0)
        if want.dtype != have.dtype or not torch.allclose(want, have, limit, limit, equal_nan=True):
            error = (want.double() - have.double()).abs().max().item()
            return f"tensor {position} ({want.dtype}) is off by {error:.3g}"
    names = {row.name.removeprefix("aten::") for row in report.external}
    strangers = {name for name in names if name not in case.external and name not in HARMLESS}
    if strangers:
        return f"done outside the device: {', '.join(sorted(strangers))}"
    if not report.kernels:
        return "nothing ran on the device"
    return f"Dynamo broke the graph: {next(iter(report.breaks))}" if report.breaks else ""


HARMLESS = {"clone", "copy_", "_local_scalar_dense"}
"""Copies of inputs that are to be changed, and the value of a tensor of one element."""


def main() -> int:
    wanted = sys.argv[1:]
    cases = [case for case in FRAGMENTS if not wanted or case.name in wanted]
    bad = 0
    for case in cases:
        begun = time.monotonic()
        try:
            problem = check(case)
        except Exception as error:
            problem = f"{type(error).__name__}: {str(error).strip().splitlines()[0][:300]}"
        bad += bool(problem)
        verdict, seconds = "FAILED" if problem else "ok", time.monotonic() - begun
        print(f"{verdict:7}{case.name:28}{seconds:6.1f} s  {problem}", flush=True)
    print(
        f"{len(cases) - bad} of {len(cases)} fragments as eager PyTorch on {anyroc.torch.target()}"
    )
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
