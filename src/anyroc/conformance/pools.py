"""Checks of memory in stream order: allocation, pools, reuse."""

from __future__ import annotations

import ctypes
import struct

from anyroc.conformance.api import Api, same
from anyroc.conformance.registry import check

_POOLS = 88  # hipDeviceAttribute_t
_RELEASE_THRESHOLD = 4
_PINNED, _DEVICE = 1, 1
_PROPERTIES = struct.Struct("@iiiiQQ56x")  # type, handles, kind and number of the place, size


@check
def stream_ordered_allocation(api: Api) -> None:
    """Memory of hipMallocAsync can be used on its stream at once."""
    api.need(_POOLS, "memory pools")
    stream = api.made("hipStreamCreate")
    place = api.made("hipMallocAsync", 4096, stream)
    api.good("hipMemsetAsync", place, 3, 4096, stream)
    buffer = ctypes.create_string_buffer(16)
    api.good("hipMemcpyAsync", buffer, place, 16, 2, stream)
    api.good("hipFreeAsync", place, stream)
    api.good("hipStreamSynchronize", stream)
    same(b"\3" * 16, buffer.raw, "bytes")
    api.good("hipStreamDestroy", stream)


@check
def a_pool_of_the_program_s_own(api: Api) -> None:
    """A pool gives memory on a stream, keeps an attribute, and ends."""
    api.need(_POOLS, "memory pools")
    properties = _PROPERTIES.pack(_PINNED, 0, _DEVICE, 0, 0, 0)
    pool = api.offered("hipMemPoolCreate", properties)
    limit = ctypes.c_uint64(1 << 20)
    api.good("hipMemPoolSetAttribute", pool, _RELEASE_THRESHOLD, ctypes.byref(limit))
    found = ctypes.c_uint64()
    api.good("hipMemPoolGetAttribute", pool, _RELEASE_THRESHOLD, ctypes.byref(found))
    same(1 << 20, found.value, "the release threshold")
    stream = api.made("hipStreamCreate")
    place = api.made("hipMallocFromPoolAsync", 4096, pool, stream)
    api.good("hipMemsetAsync", place, 5, 4096, stream)
    buffer = ctypes.create_string_buffer(16)
    api.good("hipMemcpyAsync", buffer, place, 16, 2, stream)
    api.good("hipFreeAsync", place, stream)
    api.good("hipStreamSynchronize", stream)
    same(b"\5" * 16, buffer.raw, "bytes")
    api.good("hipStreamDestroy", stream)
    api.good("hipMemPoolDestroy", pool)


@check
def freed_memory_is_used_again_in_order(api: Api) -> None:
    """Allocating and freeing on a stream does not use up memory."""
    api.need(_POOLS, "memory pools")
    stream = api.made("hipStreamCreate")
    for value in range(200):
        place = api.made("hipMallocAsync", 8 << 20, stream)
        api.good("hipMemsetAsync", place, value % 256, 4096, stream)
        api.good("hipFreeAsync", place, stream)
    api.good("hipStreamSynchronize", stream)
    api.good("hipStreamDestroy", stream)
