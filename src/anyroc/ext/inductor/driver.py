"""The driver of both entry points: the methods that Triton calls."""

from __future__ import annotations

import functools
from typing import Any

from triton.backends import compiler
from triton.backends import driver as base

from anyroc.errors import BadInput

_C_TYPES = {
    "i1": "int8_t", "i8": "int8_t", "i16": "int16_t", "i32": "int32_t", "i64": "int64_t",
    "u1": "uint8_t", "u8": "uint8_t", "u16": "uint16_t", "u32": "uint32_t", "u64": "uint64_t",
    "fp16": "double", "bf16": "double", "fp32": "double", "f32": "double", "fp64": "double",
}  # fmt: skip
"""C types of the values of a launch, by Triton's names."""


@functools.cache
def _devices() -> Any:
    """Import the devices when one is asked for: whoever imports Triton imports this module."""
    from anyroc.ext.triton import devices

    return devices


class CpuDriver(base.DriverBase):
    """The software GPU, as the driver for tensors of the device "cpu"."""

    @classmethod
    def is_active(cls) -> bool:
        """Whether it takes kernels that name no device: that is for the entry point `anyroc`."""
        return False

    @functools.cached_property
    def utils(self) -> Any:
        """What loads code objects."""
        from anyroc.ext.triton import native

        return native.utils()

    @functools.cached_property
    def launcher_cls(self) -> Any:
        """What launches kernels."""
        from anyroc.ext.triton import native

        return native.launcher()

    def map_python_to_cpp_type(self, ty: str) -> str:
        """Return the C type for a Triton type."""
        if ty.startswith("*"):
            return "hipDeviceptr_t"
        if ty not in _C_TYPES:
            raise BadInput(f"{ty} is not the type of an argument")
        return _C_TYPES[ty]

    def get_current_device(self) -> int:
        """Return the number of the thread's device."""
        current: int = _devices().current()
        return current

    def set_current_device(self, device: int | str) -> None:
        """Choose the thread's device by its number or by the name of its target."""
        _devices().choose(device)

    def get_current_stream(self, device: int | None = None) -> int:
        """Return the handle of the stream that launches go to: the null stream."""
        return 0

    def get_device_capability(self, device: int | None = None) -> tuple[int, int]:
        """Return the two numbers that HIP calls the compute capability."""
        index = _devices().current() if device is None else device
        capability: tuple[int, int] = _devices().all_targets()[index].capability
        return capability

    def get_current_target(self) -> compiler.GPUTarget:
        """Return what kernels are compiled for."""
        target = _devices().current_target()
        return compiler.GPUTarget("hip", target.name, target.default_wave_size)

    def get_active_torch_device(self) -> Any:
        """Return the device that tensors are on."""
        import torch

        return torch.device("cpu")

    def get_device_interface(self) -> Any:
        """Return events, streams and waiting, as `torch.cuda` has them."""
        from anyroc.ext.triton import events

        return events.Interface()

    def get_benchmarker(self) -> Any:
        """Return what measures a kernel for autotuning."""
        from anyroc.ext.triton import benchmark

        return benchmark.run_once

    def get_empty_cache_for_benchmark(self) -> Any:
        """Return what `clear_cache` is given: there is no cache to clear."""
        return None

    def clear_cache(self, cache: Any) -> None:
        """Do nothing: the software GPU has no cache."""

    def allocate_default_profile_scratch(self, size: int, alignment: int, stream: Any) -> Any:
        """Return zeroed memory for profiling data."""
        from anyroc.ext.triton import launcher

        return launcher.default_scratch(size)

    def assemble_tensormap_to_arg(self, tensormaps_info: Any, args: Any) -> Any:
        """Return the arguments as they are."""
        return args
