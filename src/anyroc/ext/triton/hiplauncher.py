"""Triton's own launcher, in C, over our libamdhip64: the way that a real GPU is driven."""

from __future__ import annotations

import functools
from typing import Any

from triton import knobs
from triton.backends.amd import driver as amd

from anyroc import hip
from anyroc.ext.triton import faults, tensors
from anyroc.hip import calls
from anyroc.hip.stream import of


@functools.cache
def utils() -> Any:
    """Return Triton's utilities for HIP, built for our library; needs a C compiler."""
    tensors.checks()
    hip.bind()
    knobs.amd.libhip_path = str(calls.library().path)
    return amd.HIPUtils()


class Launcher(amd.HIPLauncher):
    """Launches as on a GPU, then waits, so that readers of CPU tensors see what was written."""

    def __call__(self, grid_x: int, grid_y: int, grid_z: int, stream: int, *arguments: Any) -> None:
        """Launch the kernel and wait for it; KernelFault when it failed."""
        super().__call__(grid_x, grid_y, grid_z, stream, *arguments)
        chosen = of(stream)
        if chosen.queue.synchronize():
            raise faults.taken(chosen)
        chosen.deliver()
