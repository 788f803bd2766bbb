"""Gives Triton's tests a device "cuda" on a machine without one: CPU tensors in its place.

The tests name their device so on AMD's GPUs too, and ask `torch.cuda` about it. Nothing of Triton
is touched: only what PyTorch would answer on a machine whose PyTorch has the GPU.
"""

from __future__ import annotations

import types
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from anyroc.ext.triton import devices, events, loading
from anyroc.gpu import memory

_WAIT = types.SimpleNamespace(cuda_stream=0, synchronize=lambda: None, record_event=lambda *_: None)


class OnCpu(TorchFunctionMode):
    """Makes what is asked for on "cuda" on the CPU, after the device's work so far."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        devices.gpu(devices.current()).synchronize()  # a library's work may still be under way
        kwargs = dict(kwargs or {})
        if func is torch.Tensor.cuda:
            return args[0]
        if func is torch.Tensor.to or "device" in kwargs:
            args = tuple(_here(value) for value in args)
            kwargs = {name: _here(value) for name, value in kwargs.items()}
            if isinstance(kwargs.get("device"), int):
                kwargs["device"] = "cpu"
        return func(*args, **kwargs)


def _here(value: Any) -> Any:
    if isinstance(value, str) and value.split(":")[0] == "cuda":
        return "cpu"
    if isinstance(value, torch.device) and value.type == "cuda":
        return torch.device("cpu")
    return value


class Properties(types.SimpleNamespace):
    """What `torch.cuda.get_device_properties` answers."""


def _properties(device: Any = None) -> Properties:
    known = loading.properties(devices.current())
    target = devices.current_target()
    major, minor = target.capability
    return Properties(
        name=target.marketing_name,
        major=major,
        minor=minor,
        gcnArchName=target.name,
        warp_size=known["warpSize"],
        multi_processor_count=known["multiprocessor_count"],
        shared_memory_per_block=known["max_shared_mem"],
        total_memory=target.memory_bytes,
    )


def install() -> None:
    """Stand in for `torch.cuda`, for the rest of the process."""
    interface = events.Interface()
    stand_ins = {
        "current_device": interface.current_device,
        "set_device": lambda *_: None,
        "device_count": lambda: 1,
        "synchronize": lambda *_: interface.synchronize(),
        "current_stream": lambda *_: _WAIT,
        "default_stream": lambda *_: _WAIT,
        "Stream": lambda *_, **__: _WAIT,
        "stream": interface.stream,
        "device": interface.stream,
        "Event": events.Event,
        "get_device_properties": _properties,
        "get_device_capability": lambda *_: devices.current_target().capability,
        "get_device_name": lambda *_: devices.current_target().marketing_name,
        "empty_cache": lambda: None,
        "manual_seed": torch.manual_seed,
    }
    for name, value in stand_ins.items():
        setattr(torch.cuda, name, value)
    torch.version.hip = "7.1"
    # A library that is called before the first kernel gets these tensors too.
    memory.address_space().admit_host()
    OnCpu().__enter__()
