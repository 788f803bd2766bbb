"""Triton's own launcher, in C, over our libamdhip64: the way that a real GPU is driven."""

from __future__ import annotations

import functools
from typing import Any

from triton import knobs
from triton.backends.amd import driver as amd

from anyroc import hip
from anyroc.ext.triton import devices, faults, tensors
from anyroc.hip import calls
from anyroc.hip.stream import of


@functools.cache
def utils() -> Any:
    """Return Triton's utilities for HIP, built for our library; needs a C compiler."""
    tensors.checks()
    hip.bind()
    knobs.amd.libhip_path = str(calls.library().path)
    made = amd.HIPUtils()
    properties, load = made.get_device_properties, made.load_binary

    # HIP must know a device before it is asked about it: one chosen by its target may be new.
    def get_device_properties(device: int | None) -> Any:
        return properties(devices.gpu(devices.current() if device is None else device).index)

    def load_binary(name: str, binary: bytes, shared: int, device: int) -> Any:
        return load(name, binary, shared, devices.gpu(device).index)

    made.get_device_properties, made.load_binary = get_device_properties, load_binary
    return made


class Launcher(amd.HIPLauncher):
    """Launches as on a GPU, then waits, so that readers of CPU tensors see what was written."""

    def __init__(self, src: Any, metadata: Any) -> None:
        # Asked for a cooperative launch, Triton's takes no driver but its own for AMD's GPUs.
        super().__init__(src, metadata._replace(launch_cooperative_grid=False))
        self.launch_cooperative_grid = metadata.launch_cooperative_grid

    def __call__(self, grid_x: int, grid_y: int, grid_z: int, stream: int, *arguments: Any) -> None:
        """Launch the kernel and wait for it; KernelFault when it failed."""
        super().__call__(grid_x, grid_y, grid_z, stream, *arguments)
        chosen = of(stream)
        if chosen.queue.synchronize():
            raise faults.taken(chosen)
        chosen.deliver()
