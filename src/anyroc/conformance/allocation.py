"""Checks of allocation: device, host, managed and pitched memory, pointers."""

from __future__ import annotations

import ctypes
import itertools

from anyroc.conformance.api import INVALID_VALUE, OUT_OF_MEMORY, SUCCESS, Api, Failed, same
from anyroc.conformance.registry import check

_HOST, _DEVICE = 1, 2
_MANAGED_MEMORY = 24  # hipDeviceAttribute_t
_NOT_REGISTERED = 713


def _free(api: Api) -> int:
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    api.good("hipMemGetInfo", ctypes.byref(free), ctypes.byref(total))
    return free.value


@check
def memory_is_taken_and_given_back(api: Api) -> None:
    """Free memory shrinks by an allocation and grows by a free."""
    size = 64 << 20
    before = _free(api)
    place = api.made("hipMalloc", size)
    if before - _free(api) < size:
        raise Failed("free memory did not shrink")
    api.good("hipFree", place)
    if abs(before - _free(api)) > size // 2:  # others may use the device as well
        raise Failed("free memory did not grow again")


@check
def alignment(api: Api) -> None:
    """Allocations begin at multiples of 256 bytes."""
    places = [api.made("hipMalloc", size) for size in (1, 100, 257, 4097)]
    same([0] * 4, [place % 256 for place in places], "addresses modulo 256")
    for place in places:
        api.good("hipFree", place)


@check
def nothing_and_null(api: Api) -> None:
    """No bytes make a null pointer, which may be freed."""
    same(0, api.made("hipMalloc", 0), "an allocation of 0 bytes")
    api.good("hipFree", None)


@check
def too_much(api: Api) -> None:
    """More than there is cannot be had."""
    out = ctypes.c_void_p()
    api.expect(OUT_OF_MEMORY, "hipMalloc", ctypes.byref(out), 1 << 50)


@check
def double_free(api: Api) -> None:
    """Memory is freed once."""
    place = api.made("hipMalloc", 4096)
    api.good("hipFree", place)
    api.expect(INVALID_VALUE, "hipFree", place)


@check
def pinned_memory(api: Api) -> None:
    """Pinned memory is the host's and the device's."""
    place = api.made("hipHostMalloc", 4096, 0)
    ctypes.memset(place, 0x61, 4096)
    device = api.made("hipHostGetDevicePointer", place, 0)
    same(b"a" * 16, api.read(device, 16), "pinned bytes seen by the device")
    api.good("hipHostFree", place)


@check
def managed_memory(api: Api) -> None:
    """Managed memory is written by the device and read by the host."""
    api.need(_MANAGED_MEMORY, "managed memory")
    place = api.offered("hipMallocManaged", 4096, 1)
    api.good("hipMemset", place, 0x62, 4096)
    api.good("hipDeviceSynchronize")
    same(b"b" * 16, ctypes.string_at(place, 16), "managed bytes")
    api.good("hipFree", place)


@check
def pitch(api: Api) -> None:
    """Rows of pitched memory are apart by at least their width."""
    pitch = ctypes.c_size_t()
    place = api.made("hipMallocPitch", ctypes.byref(pitch), 100, 10)
    if pitch.value < 100:
        raise Failed(f"a pitch of {pitch.value} for 100 bytes")
    api.good("hipMemset2D", place, pitch.value, 7, 100, 10)
    same(b"\7" * 100, api.read(place + 9 * pitch.value, 100), "the last row")
    api.good("hipFree", place)


@check
def address_ranges(api: Api) -> None:
    """A pointer into an allocation leads to its start and size."""
    place = api.made("hipMalloc", 1000)
    base, size = ctypes.c_void_p(), ctypes.c_size_t()
    api.good("hipMemGetAddressRange", ctypes.byref(base), ctypes.byref(size), place + 500)
    same(place, base.value, "start")
    if not 1000 <= size.value < 1 << 21:
        raise Failed(f"a size of {size.value} for 1000 bytes")
    api.good("hipFree", place)


@check
def pointers_tell_what_they_are(api: Api) -> None:
    """hipPointerGetAttributes knows device, pinned and managed memory, and what is none of them."""
    device, pinned = api.made("hipMalloc", 4096), api.made("hipHostMalloc", 4096, 0)
    room = (ctypes.c_uint64 * 8)()
    for place, kind in ((device, _DEVICE), (device + 100, _DEVICE), (pinned, _HOST)):
        api.good("hipPointerGetAttributes", room, place)
        same((kind, place), (room[0] & 0xFFFFFFFF, room[1]), "kind and device pointer")
    plain = ctypes.create_string_buffer(64)
    if api.hipPointerGetAttributes(room, plain) == SUCCESS:
        same(0, room[0] & 0xFFFFFFFF, "kind of memory that HIP does not know")
    api.hipGetLastError()
    api.good("hipFree", device)
    api.good("hipHostFree", pinned)


@check
def registered_memory(api: Api) -> None:
    """Memory of the host can be registered for the device, once."""
    plain = ctypes.create_string_buffer(8192)
    address = -(-ctypes.addressof(plain) // 4096) * 4096
    ctypes.memset(address, 0x63, 4096)
    api.good("hipHostRegister", address, 4096, 0)
    device = api.made("hipHostGetDevicePointer", address, 0)
    same(b"c" * 16, api.read(device, 16), "registered bytes seen by the device")
    api.good("hipHostUnregister", address)
    api.expect(_NOT_REGISTERED, "hipHostUnregister", address)


@check
def many_small_allocations(api: Api) -> None:
    """Thousands of allocations do not overlap."""
    places = [api.made("hipMalloc", 512) for _ in range(4000)]
    ordered = sorted(places)
    if any(second - first < 512 for first, second in itertools.pairwise(ordered)):
        raise Failed("two allocations overlap")
    for place in places:
        api.good("hipFree", place)
