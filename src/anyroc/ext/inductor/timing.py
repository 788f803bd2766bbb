"""Timing of Inductor's choices: twice is enough where the device is software."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch._inductor.runtime.benchmarking import benchmarker

from anyroc.ext.triton import benchmark, loading


def install() -> None:
    """Let Inductor time calls that launch kernels here as Triton's autotuning does.

    Calls that launch none (templates in C++, say) are timed as before.
    """
    original: Callable[..., float] = benchmarker.benchmark_cpu
    if getattr(original, "_anyroc", False):
        return

    def benchmark_cpu(call: Callable[[], Any], *arguments: Any, **options: Any) -> float:
        before = _launches()
        call()
        if _launches() == before:
            return original(call, *arguments, **options)
        milliseconds = benchmark.run_once(call, warm=True)
        assert isinstance(milliseconds, float)
        return milliseconds

    benchmark_cpu._anyroc = True  # type: ignore[attr-defined]
    benchmarker.benchmark_cpu = benchmark_cpu


def _launches() -> int:
    return sum(kernel.launches for kernel in loading.kernels())
