"""Timing for autotuning: how long the kernels of a call take on the software GPU.

A kernel here takes milliseconds where a GPU takes microseconds, and the same time each time, so a
configuration is run twice (the first run translates it) and not thousands of times.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from anyroc.ext.triton import loading


def run_once(
    call: Callable[[], object],
    *,
    quantiles: Sequence[float] | None = None,
    warm: bool = False,
    **_: object,
) -> float | list[float]:
    """Return the milliseconds that a call's kernels are busy; a list if quantiles are asked for.

    They are CPU time, summed over the threads, without compiling and translating, for which there
    is a first call unless it is `warm`. Where the kernels are not known here (those of Triton's own
    launcher) they are wall time.
    """
    if not warm:
        call()
    before, begun = _busy_ns(), time.perf_counter()
    call()
    milliseconds = (_busy_ns() - before) / 1e6 or (time.perf_counter() - begun) * 1e3
    return milliseconds if quantiles is None else [milliseconds] * len(quantiles)


def _busy_ns() -> int:
    return sum(kernel.function.kernel.stats.busy_ns for kernel in loading.kernels())
