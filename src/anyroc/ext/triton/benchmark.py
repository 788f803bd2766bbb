"""Timing for autotuning: how long the kernels of a call take on the software GPU.

A kernel here takes milliseconds where a GPU takes microseconds, and the same time each time, so a
configuration is run twice (the first run translates it) and not thousands of times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from anyroc.ext.triton import loading


def run_once(
    call: Callable[[], object], *, quantiles: Sequence[float] | None = None, **_: object
) -> float | list[float]:
    """Return the milliseconds that a call's kernels are busy; a list if quantiles are asked for.

    They are CPU time, summed over the threads, without compiling and translating.
    """
    call()
    before = _busy_ns()
    call()
    milliseconds = (_busy_ns() - before) / 1e6
    return milliseconds if quantiles is None else [milliseconds] * len(quantiles)


def _busy_ns() -> int:
    return sum(kernel.function.kernel.stats.busy_ns for kernel in loading.kernels())
