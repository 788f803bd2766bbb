"""Shortcuts to run C wave functions on a device."""

from __future__ import annotations

import ctypes
import struct
from dataclasses import dataclass
from typing import Any

from anyroc.gpu.device import Device
from anyroc.gpu.kernel import LoadedKernel
from anyroc.gpu.queue import Queue
from anyroc.isa.targets import target
from code_objects import KernelSpec, code_object


@dataclass
class Bench:
    """A device with a queue, and shortcuts to run C wave functions on it."""

    device: Device
    queue: Queue

    def kernel(self, name: str, **spec: Any) -> LoadedKernel:
        spec.setdefault("args", [{".offset": 0, ".size": 64, ".value_kind": "by_value"}])
        spec.setdefault("kernarg_size", 64)
        image = code_object([KernelSpec(name, **spec)], target=self.device.target.name)
        return self.device.load(image).kernel(name)

    def buffer(self, words: int) -> int:
        return self.device.memory.alloc(4 * words)

    def words(self, address: int, count: int) -> list[int]:
        return list((ctypes.c_uint32 * count).from_address(address))

    def start(
        self, kernel: LoadedKernel, groups: int, block: int, *arguments: int, lds: int = 0
    ) -> None:
        data = struct.pack(f"<{len(arguments)}Q", *arguments)
        self.queue.launch(kernel, (groups, 1, 1), (block, 1, 1), lds, data)

    def block(self, groups: int = 1, waves: int = 1) -> int:
        """Keep the queue busy until `open` is called with the result."""
        gate = self.buffer(1)
        self.start(self.kernel("gate"), groups, 64 * waves, gate)
        return gate

    def open(self, gate: int) -> None:
        ctypes.c_uint32.from_address(gate).value = 1

    def run(
        self, kernel: LoadedKernel, groups: int, block: int, *arguments: int, lds: int = 0
    ) -> None:
        self.start(kernel, groups, block, *arguments, lds=lds)
        self.queue.synchronize()
        assert self.queue.fault is None


def make_bench(name: str) -> Bench:
    device = Device(0, target(name))
    return Bench(device, device.create_queue())
