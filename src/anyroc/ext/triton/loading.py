"""Kernels that Triton compiled, loaded on a device: what Triton calls a driver's `utils`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from anyroc.ext.triton import devices, record
from anyroc.hip import image
from anyroc.hip import properties as hip
from anyroc.hip.module import LoadedModule
from anyroc.hip.state import Handles
from anyroc.hip.stream import Stream, of
from anyroc.translate.codeobject import CodeObject

if TYPE_CHECKING:
    from anyroc.hip.function import Function

NULL_STREAM = 0
_WORD = 4


@dataclass
class Kernel:
    """A kernel on a device; `handle` is what Triton knows it by, `stream` the null stream.

    `memory` is how many bytes of it the device has.
    """

    function: Function
    module: LoadedModule
    device: int
    stream: Stream
    memory: int
    handle: int = 0
    launches: int = 0
    programs: int = 0
    bytes: int = 0


_kernels: Handles[Kernel] = Handles()


def kernels() -> list[Kernel]:
    """Return every kernel that is loaded."""
    return _kernels.values()


def kernel(handle: int) -> Kernel:
    """Return the kernel that Triton knows by a number."""
    return _kernels[handle]


def properties(device: int) -> dict[str, Any]:
    """Return what Triton asks of a device, from what HIP says of it."""
    target = devices.all_targets()[device]
    known = hip.properties(target, device, target.memory_bytes)
    names = {
        "max_shared_mem": "sharedMemPerBlock",
        "max_num_regs": "regsPerBlock",
        "multiprocessor_count": "multiProcessorCount",
        "sm_clock_rate": "clockRate",
        "mem_clock_rate": "memoryClockRate",
        "mem_bus_width": "memoryBusWidth",
        "warpSize": "warpSize",
        "max_threads_per_sm": "maxThreadsPerMultiProcessor",
        "cooperativeLaunch": "cooperativeLaunch",
    }
    return {"arch": target.name, **{ours: known[theirs] for ours, theirs in names.items()}}


class Utils:
    """Triton's way to the runtime, over the software GPU itself."""

    def get_device_properties(self, device: int | None) -> dict[str, Any]:
        """Return the properties of a device; None, the index of PyTorch's "cpu", is the current."""
        return properties(devices.current() if device is None else device)

    def load_binary(
        self, name: str, binary: bytes, shared: int, device: int
    ) -> tuple[int, int, int, int, int]:
        """Load a code object; return module, function, registers, spilled words, most threads.

        Code for another target than the device's, compiled under `devices.use`, stays on a device
        of its own target.
        """
        target = CodeObject.parse(bytes(binary)).target_name
        if target != devices.all_targets()[device].name:
            with devices.use(target) as device:
                pass
        gpu = devices.gpu(device)
        module = LoadedModule(gpu, image.load(gpu, bytes(binary)))
        function = module.function(name)
        with devices.use(device):
            memory = devices.current_target().memory_bytes
            loaded = Kernel(function, module, device, of(NULL_STREAM), memory)
        loaded.handle = _kernels.add(loaded)
        limits = function.kernel.struct
        registers, spilled = function.kernel.kernel.vgpr_count, limits.scratch_size // _WORD
        return loaded.handle, loaded.handle, registers, spilled, limits.max_block

    def unload_module(self, module: int) -> None:
        """Give back the memory of a loaded code object."""
        if module in _kernels:
            gone = _kernels.remove(module)
            record.retire(gone)
            gone.module.unload()


def stream_of(kernel: Kernel, handle: int) -> Stream:
    """Return the stream that a launch names, on the device of its kernel."""
    if handle == NULL_STREAM:
        return kernel.stream
    with devices.use(kernel.device):
        return of(handle)
