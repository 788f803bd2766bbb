"""Checks of devices: their number, properties, attributes, the current one."""

from __future__ import annotations

import ctypes
import struct
import threading

from anyroc.conformance.api import INVALID_VALUE, Api, Failed, same
from anyroc.conformance.registry import check

_INVALID_DEVICE = 101
_WARP_SIZE, _MULTIPROCESSORS, _THREADS_PER_BLOCK = 87, 63, 56
_MEMORY_AT, _WARP_AT = 288, 308


@check
def count(api: Api) -> None:
    """There is a device, and numbers beyond the last are refused."""
    devices = api.number("hipGetDeviceCount")
    if devices < 1:
        raise Failed("no devices")
    api.expect(_INVALID_DEVICE, "hipSetDevice", devices)
    api.expect(_INVALID_DEVICE, "hipSetDevice", -1)
    api.expect(INVALID_VALUE, "hipGetDeviceCount", None)


@check
def current_device_is_the_thread_s_own(api: Api) -> None:
    """A new thread begins with device 0."""
    devices = api.number("hipGetDeviceCount")
    api.good("hipSetDevice", devices - 1)
    seen: list[int] = []
    thread = threading.Thread(target=lambda: seen.append(api.number("hipGetDevice")))
    thread.start()
    thread.join()
    same([0], seen, "device of a new thread")
    same(devices - 1, api.number("hipGetDevice"), "device of this thread")
    api.good("hipSetDevice", 0)


@check
def properties_and_attributes_agree(api: Api) -> None:
    """hipGetDeviceProperties and hipDeviceGetAttribute tell the same."""
    properties = ctypes.create_string_buffer(2048)
    api.good("hipGetDevicePropertiesR0600", properties, 0)
    (memory,) = struct.unpack_from("<Q", properties, _MEMORY_AT)
    (warp,) = struct.unpack_from("<i", properties, _WARP_AT)
    total, free = ctypes.c_size_t(), ctypes.c_size_t()
    api.good("hipMemGetInfo", ctypes.byref(free), ctypes.byref(total))
    same(memory, total.value, "total memory")
    same(warp, api.number("hipDeviceGetAttribute", _WARP_SIZE, 0), "warp size")
    for attribute in (_MULTIPROCESSORS, _THREADS_PER_BLOCK):
        if api.number("hipDeviceGetAttribute", attribute, 0) < 1:
            raise Failed(f"attribute {attribute} is not positive")


@check
def names(api: Api) -> None:
    """A name is cut to its buffer."""
    buffer = ctypes.create_string_buffer(256)
    api.good("hipDeviceGetName", buffer, 256, 0)
    whole = buffer.value
    api.good("hipDeviceGetName", buffer, 4, 0)
    same(whole[:3], buffer.value, "three letters of the name")


@check
def bus_numbers_find_devices(api: Api) -> None:
    """hipDeviceGetByPCIBusId undoes hipDeviceGetPCIBusId."""
    buffer = ctypes.create_string_buffer(64)
    api.good("hipDeviceGetPCIBusId", buffer, 64, 0)
    same(0, api.number("hipDeviceGetByPCIBusId", buffer.value), "device of the bus number")


@check
def versions(api: Api) -> None:
    """Versions are numbers."""
    if api.number("hipRuntimeGetVersion") < 1 or api.number("hipDriverGetVersion") < 1:
        raise Failed("a version is not positive")
