"""Checks of virtual memory: addresses, physical memory, the one mapped at the other."""

from __future__ import annotations

import ctypes
import struct

from anyroc.conformance.api import Api, Failed, same
from anyroc.conformance.registry import check

_PINNED, _DEVICE, _READ_WRITE = 1, 1, 3
_PROPERTIES = struct.Struct("@iiiiQ8s")  # type, handle types, kind and number of the place, flags
_ACCESS = struct.Struct("@iii")


@check
def memory_is_mapped_at_reserved_addresses(api: Api) -> None:
    """What is created is mapped, made accessible, used and unmapped."""
    properties = _PROPERTIES.pack(_PINNED, 0, _DEVICE, 0, 0, bytes(8))
    grain = ctypes.c_size_t()
    api.offered("hipMemGetAllocationGranularity", properties, 0)
    api.good("hipMemGetAllocationGranularity", ctypes.byref(grain), properties, 0)
    if grain.value < 4096 or grain.value & (grain.value - 1):
        raise Failed(f"a granularity of {grain.value}")
    size = 2 * grain.value
    handle = api.offered("hipMemCreate", grain.value, properties, 0)
    place = api.made("hipMemAddressReserve", size, 0, None, 0)
    for half in range(2):
        api.good("hipMemMap", place + half * grain.value, grain.value, 0, handle, 0)
    access = _ACCESS.pack(_DEVICE, 0, _READ_WRITE)
    api.good("hipMemSetAccess", place, size, access, 1)
    api.write(place, b"mapped twice")
    same(b"mapped twice", api.read(place + grain.value, 12), "bytes at the second address")
    api.good("hipMemUnmap", place, size)
    api.good("hipMemRelease", handle)
    api.good("hipMemAddressFree", place, size)
