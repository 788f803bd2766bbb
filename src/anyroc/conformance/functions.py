"""Checks of what can be asked of kernels: attributes, occupancy."""

from __future__ import annotations

import ctypes

from anyroc.conformance.api import Api, Failed, same
from anyroc.conformance.registry import check

_THREADS_PER_BLOCK, _SHARED_SIZE, _REGISTERS = 0, 1, 4


def _kernel(api: Api, name: bytes) -> tuple[int, int]:
    module = api.made("hipModuleLoadData", api.code_object)
    return module, api.made("hipModuleGetFunction", module, name)


@check
def attributes(api: Api) -> None:
    """A kernel tells of its limits and of what it uses."""
    module, kernel = _kernel(api, b"shared_sum")
    for attribute, least, most in (
        (_THREADS_PER_BLOCK, 64, 1024),
        (_SHARED_SIZE, 0, 0),
        (_REGISTERS, 1, 1024),
    ):
        found = api.number("hipFuncGetAttribute", attribute, kernel)
        if not least <= found <= most:
            raise Failed(f"attribute {attribute} is {found}, expected {least} to {most}")
    api.good("hipModuleUnload", module)


@check
def occupancy(api: Api) -> None:
    """More shared memory means no more blocks on a multiprocessor."""
    module, kernel = _kernel(api, b"shared_sum")
    blocks = []
    for shared in (0, 16 << 10, 60 << 10):
        name = "hipModuleOccupancyMaxActiveBlocksPerMultiprocessor"
        blocks.append(api.number(name, kernel, 256, shared))
    same(sorted(blocks, reverse=True), blocks, "blocks by shared memory")
    if blocks[-1] < 1:
        raise Failed("a block with 60 KiB of shared memory does not fit")
    grid, block = ctypes.c_int(), ctypes.c_int()
    name = "hipModuleOccupancyMaxPotentialBlockSize"
    api.good(name, ctypes.byref(grid), ctypes.byref(block), kernel, 0, 0)
    if grid.value < 1 or not 64 <= block.value <= 1024:
        raise Failed(f"a grid of {grid.value} blocks of {block.value}")
    api.good("hipModuleUnload", module)
