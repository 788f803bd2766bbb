"""From an image that a program names (a pointer, a file) to a module loaded on a device."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from anyroc.cabi import memory
from anyroc.compiler import bundle
from anyroc.gpu.module import Module
from anyroc.hip import printf

if TYPE_CHECKING:
    from anyroc.hip.device import Gpu

_HEAP = "__anyroc_heap"
"""The variable by which device code finds the heap of `malloc`: its address and its size."""


def at(address: int) -> memoryview:
    """Return the code object or the container of code objects at an address, where it is."""
    size = bundle.extent(lambda offset, count: memory.read(address + offset, count))
    return memory.view(address, size)


def load(gpu: Gpu, image: bytes | memoryview) -> Module:
    """Load the code for a device; raises CodeObjectError, or BadInput where none is for it."""
    chosen = bundle.select(bundle.images(image), gpu.target.name)
    module = gpu.device.load(chosen)
    printf.add_formats(module.code.printf_formats)
    if _HEAP in module.code.symbols:
        place, _ = module.symbol(_HEAP)
        memory.write(place, struct.pack("<QQ", *gpu.heap()))
    return module
