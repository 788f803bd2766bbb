"""What the kernels of this process did, also those whose code is gone by now."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anyroc.ext.triton.loading import Kernel

_lock = threading.Lock()


@dataclass
class Row:
    """The launches of one kernel on one target.

    `seconds` is CPU time summed over threads; `bytes` the size of the tensors that were passed.
    """

    name: str
    target: str
    launches: int = 0
    programs: int = 0
    seconds: float = 0.0
    bytes: int = 0

    def add(self, other: Row, sign: int = 1) -> None:
        """Add (or take away) another row's numbers."""
        self.launches += sign * other.launches
        self.programs += sign * other.programs
        self.seconds += sign * other.seconds
        self.bytes += sign * other.bytes


Rows = dict[tuple[str, str], Row]

_gone: list[Row] = []


def row_of(kernel: Kernel) -> Row:
    """Return what a loaded kernel has done."""
    loaded = kernel.function.kernel
    seconds = loaded.stats.busy_ns / 1e9
    target = loaded.module.device.target.name
    return Row(loaded.name, target, kernel.launches, kernel.programs, seconds, kernel.bytes)


def retire(kernel: Kernel) -> None:
    """Keep the numbers of a kernel that is about to be unloaded."""
    with _lock:
        _gone.append(row_of(kernel))


def rows(kernels: Iterable[Kernel]) -> Rows:
    """Return a row per name and target, of the given kernels and those that are gone."""
    found: Rows = {}
    with _lock:
        every = [*_gone, *map(row_of, kernels)]
    for row in every:
        if row.launches:
            found.setdefault((row.name, row.target), Row(row.name, row.target)).add(row)
    return found


def size_of(values: Iterable[Any]) -> int:
    """Return the bytes of the tensors among some arguments, as far as they tell."""
    try:
        return sum(getattr(value, "nbytes", 0) for value in values)
    except TypeError:
        return 0
