"""The same machine code here and on tinygrad's emulator of AMD GPUs, which is written in Python.

    python -m bench.emulator --tinygrad PATH [GPU…]

PATH is a checkout of tinygrad, which keeps its emulator with its tests; it needs a clang.
Both sides run the same code object, on the same inputs, and must give the same bits.  Each is
warmed up first: what either spends on translating instructions does not count.  CPU time of one
thread, in work-items per second; ours does more workgroups, so that its time can be measured.
"""

from __future__ import annotations

import argparse
import ctypes
import math
import os
import struct
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

os.environ["ANYROC_THREADS"] = "1"

import numpy as np

from anyroc.compiler import compile_device
from anyroc.gpu.device import Device
from anyroc.isa.targets import target

SOURCE = Path(__file__).with_suffix(".cu")
ARCHITECTURES = {"gfx1100": "rdna3", "gfx1201": "rdna4", "gfx950": "cdna"}
BLOCK = 256
GROUPS = {"theirs": 4, "ours": 256}
BATCH, BATCHES = 0.2, 5  # seconds


def best(call: Callable[[], Any]) -> float:
    """Return the CPU seconds of a call: the least of some batches, the first not counted.

    A batch is long, as the system books the time of threads that run late.
    """
    least = math.inf
    for batch in range(BATCHES + 1):
        calls, begun, start = 0, time.perf_counter(), time.process_time()
        while time.perf_counter() - begun < BATCH or not calls:
            call()
            calls += 1
        spent = (time.process_time() - start) / calls
        least = min(least, spent) if batch else least
    return least


class Kernels:
    """The kernels on a device, with inputs and an output for the larger number of workgroups."""

    def __init__(self, gpu: str) -> None:
        self.device = Device(0, target(gpu))
        self.module = self.device.load(compile_device(SOURCE, target=target(gpu)))
        self.names = sorted(self.module.code.kernels)
        count = BLOCK * max(GROUPS.values())
        generator = np.random.default_rng(0)
        self.arrays = [generator.random(count, np.float32) for _ in range(2)]
        self.arrays.append(np.zeros(count, np.float32))
        self.places = [self.device.memory.alloc(array.nbytes) for array in self.arrays]
        for place, array in zip(self.places, self.arrays, strict=True):
            ctypes.memmove(place, array.ctypes.data, array.nbytes)

    def arguments(self, groups: int) -> bytes:
        return struct.pack("<i4xQQQ", groups * BLOCK, *self.places)

    def result(self, groups: int) -> np.ndarray[Any, Any]:
        """What the kernel wrote, as bits; forgets it."""
        found = np.empty(groups * BLOCK, np.uint32)
        ctypes.memmove(found.ctypes.data, self.places[2], found.nbytes)
        ctypes.memset(self.places[2], 0, self.arrays[2].nbytes)
        return found

    def here(self, name: str, groups: int) -> None:
        queue = self.device.default_queue
        kernel = self.module.kernel(name)
        queue.launch(kernel, (groups, 1, 1), (BLOCK, 1, 1), 0, self.arguments(groups))
        queue.synchronize()
        if queue.fault is not None:
            raise SystemExit(queue.fault.text)

    def there(self, emulator: Any, name: str, groups: int) -> None:
        kernel = self.module.code.kernels[name]
        packed = self.arguments(groups) + bytes(256)
        held = ctypes.create_string_buffer(packed, len(packed))
        emulator.run_asm(
            self.module.base + kernel.entry, kernel.size, groups, 1, 1, BLOCK, 1, 1,
            ctypes.addressof(held), rsrc2=kernel.descriptor.rsrc2,
            arch=ARCHITECTURES[self.device.target.name],
        )  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare with tinygrad's emulator.")
    parser.add_argument("--tinygrad", required=True, help="a checkout of tinygrad")
    parser.add_argument("gpus", nargs="*", metavar="GPU", help=" ".join(ARCHITECTURES))
    given = parser.parse_args()
    sys.path.insert(0, given.tinygrad)
    from test.mockgpu.amd import emu  # type: ignore[import-not-found]

    ratios = []
    for gpu in given.gpus or ["gfx1100"]:
        kernels = Kernels(gpu)
        for name in kernels.names:
            kernels.there(emu, name, 1)
            kernels.result(1)
            theirs = best(partial(kernels.there, emu, name, GROUPS["theirs"]))
            there = kernels.result(GROUPS["theirs"])
            ours = best(partial(kernels.here, name, GROUPS["ours"]))
            here = kernels.result(GROUPS["ours"])[: len(there)]
            if not np.array_equal(here, there):
                print(f"{gpu} {name}: the results differ")
                return 1
            speed = [GROUPS[side] * BLOCK / t for side, t in (("ours", ours), ("theirs", theirs))]
            ratios.append(speed[0] / speed[1])
            print(
                f"{gpu} {name}: {speed[0]:.3g} work-items per second here,"
                f" {speed[1]:.3g} there: {ratios[-1]:,.0f} times"
            )
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    print(f"geometric mean: {mean:,.0f} times")
    return 0


if __name__ == "__main__":
    sys.exit(main())
