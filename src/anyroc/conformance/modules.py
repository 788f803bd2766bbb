"""Checks of modules and launches: arguments in both forms, variables, limits."""

from __future__ import annotations

import ctypes
import struct
from typing import Any

from anyroc.conformance.api import Api, Failed, same
from anyroc.conformance.registry import check

_NOT_FOUND = 500
_POINTER, _SIZE, _END = 1, 2, 3


def _module(api: Api) -> int:
    return api.made("hipModuleLoadData", api.code_object)


def pointers(*values: Any) -> Any:
    """Return `kernelParams` for ctypes values, which it keeps alive."""
    array: Any = (ctypes.c_void_p * len(values))(*(ctypes.addressof(value) for value in values))
    array.values = values
    return array


@check
def arguments_by_pointers(api: Api) -> None:
    """`kernelParams`."""
    module = _module(api)
    kernel = api.made("hipModuleGetFunction", module, b"add")
    places = [api.made("hipMalloc", 400) for _ in range(3)]
    api.write(places[0], struct.pack("<100i", *range(100)))
    api.write(places[1], struct.pack("<100i", *range(0, 1000, 10)))
    arguments = pointers(*map(ctypes.c_uint64, places), ctypes.c_int(100))
    api.good("hipModuleLaunchKernel", kernel, 2, 1, 1, 64, 1, 1, 0, None, arguments, None)
    found = struct.unpack("<100i", api.read(places[2], 400))
    same([11 * i + 100 for i in range(100)], list(found), "sums")
    for place in places:
        api.good("hipFree", place)
    api.good("hipModuleUnload", module)


@check
def arguments_in_a_block(api: Api) -> None:
    """`extra`, with arguments of mixed sizes."""
    module, out = _module(api), api.made("hipMalloc", 16)
    kernel = api.made("hipModuleGetFunction", module, b"mixed")
    data = struct.pack("@bdhlfQ", -3, 0.5, -7, 1 << 40, 0.25, out)
    block, size = ctypes.create_string_buffer(data, len(data)), ctypes.c_size_t(len(data))
    ends = (_POINTER, ctypes.addressof(block), _SIZE, ctypes.addressof(size), _END)
    extra = (ctypes.c_void_p * 5)(*ends)
    api.good("hipModuleLaunchKernel", kernel, 1, 1, 1, 1, 1, 1, 0, None, None, extra)
    first, second = struct.unpack("<2d", api.read(out, 16))
    # Of the sum of short, long and float only a float's precision is left.
    same((-2.5, float(1 << 40)), (first, second), "results")
    api.good("hipFree", out)
    api.good("hipModuleUnload", module)


@check
def dynamic_shared_memory(api: Api) -> None:
    """A launch gives a block shared memory."""
    module, out = _module(api), api.made("hipMalloc", 4)
    kernel = api.made("hipModuleGetFunction", module, b"shared_sum")
    arguments = pointers(ctypes.c_uint64(out))
    api.good("hipModuleLaunchKernel", kernel, 1, 1, 1, 256, 1, 1, 1024, None, arguments, None)
    same(sum(range(256)), int.from_bytes(api.read(out, 4), "little"), "sum")
    api.good("hipFree", out)
    api.good("hipModuleUnload", module)


@check
def variables(api: Api) -> None:
    """A variable of a module can be read and written."""
    module = _module(api)
    place, size = ctypes.c_void_p(), ctypes.c_size_t()
    name = ctypes.byref(place), ctypes.byref(size), module, b"bias"
    api.good("hipModuleGetGlobal", *name)
    same(4, size.value, "size")
    same(100, int.from_bytes(api.read(place.value or 0, 4), "little"), "initial value")
    api.write(place.value or 0, struct.pack("<i", 7))
    same(7, int.from_bytes(api.read(place.value or 0, 4), "little"), "value")
    api.good("hipModuleUnload", module)


@check
def what_is_not_there(api: Api) -> None:
    """Unknown names and damaged images are refused."""
    module, out = _module(api), ctypes.c_void_p()
    api.expect(_NOT_FOUND, "hipModuleGetFunction", ctypes.byref(out), module, b"nobody")
    api.good("hipModuleUnload", module)
    if api.hipModuleLoadData(ctypes.byref(out), b"\x7fELF" + bytes(200)) == 0:
        raise Failed("a damaged image was loaded")


@check
def blocks_that_are_too_large(api: Api) -> None:
    """A launch beyond the limits is refused."""
    module, out = _module(api), api.made("hipMalloc", 4)
    kernel = api.made("hipModuleGetFunction", module, b"shared_sum")
    arguments = pointers(ctypes.c_uint64(out))
    size = 2048
    if not api.hipModuleLaunchKernel(kernel, 1, 1, 1, size, 1, 1, 0, None, arguments, None):
        raise Failed(f"a block of {size} was launched")
    if not api.hipModuleLaunchKernel(kernel, 0, 1, 1, 64, 1, 1, 0, None, arguments, None):
        raise Failed("an empty grid was launched")
    api.good("hipFree", out)
    api.good("hipModuleUnload", module)


@check
def launches_do_not_wait(api: Api) -> None:
    """A kernel runs beside the host: it waits for what the host writes after the launch."""
    module = _module(api)
    kernel = api.made("hipModuleGetFunction", module, b"wait_for")
    flag, out = api.made("hipHostMalloc", 4, 0), api.made("hipMalloc", 4)
    ctypes.memset(flag, 0, 4)
    stream = api.made("hipStreamCreateWithFlags", 1)
    arguments = pointers(ctypes.c_uint64(flag), ctypes.c_uint64(out))
    api.good("hipModuleLaunchKernel", kernel, 1, 1, 1, 1, 1, 1, 0, stream, arguments, None)
    ctypes.memset(flag, 1, 4)
    api.good("hipStreamSynchronize", stream)
    same(1, int.from_bytes(api.read(out, 4), "little"), "result")
    api.good("hipStreamDestroy", stream)
    api.good("hipFree", out)
    api.good("hipHostFree", flag)
    api.good("hipModuleUnload", module)
