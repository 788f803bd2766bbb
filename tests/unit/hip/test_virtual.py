"""Virtual memory management: reserving addresses, making pages, mapping one at the other."""

from __future__ import annotations

import ctypes
import os
import struct
from typing import Any

import pytest

INVALID_VALUE, OUT_OF_MEMORY = 1, 2
CHUNK = 2 << 20
READ_WRITE = 3


def properties(kind: int = 0) -> bytes:
    return struct.pack("@iiiiQBBH4x", 1, kind, 1, 0, 0, 0, 0, 0)


def created(api: Any, size: int = CHUNK, kind: int = 0) -> int:
    handle = ctypes.c_void_p()
    assert 0 == api.hipMemCreate(ctypes.byref(handle), size, properties(kind), 0)
    return handle.value or 0


def reserved(api: Any, size: int) -> int:
    address = ctypes.c_void_p()
    assert 0 == api.hipMemAddressReserve(ctypes.byref(address), size, 0, None, 0)
    return address.value or 0


def allow(api: Any, address: int, size: int, access: int = READ_WRITE) -> None:
    assert 0 == api.hipMemSetAccess(address, size, struct.pack("@iii", 1, 0, access), 1)


def test_two_pieces_make_one_range(api: Any) -> None:
    granularity = ctypes.c_size_t()
    assert 0 == api.hipMemGetAllocationGranularity(ctypes.byref(granularity), properties(), 0)
    assert CHUNK == granularity.value
    place, pieces = reserved(api, 2 * CHUNK), [created(api), created(api)]
    for number, piece in enumerate(pieces):
        assert 0 == api.hipMemMap(place + number * CHUNK, CHUNK, 0, piece, 0)
    assert INVALID_VALUE == api.hipMemcpy(place, b"early", 5, 1)
    allow(api, place, 2 * CHUNK)
    data = os.urandom(4096)
    api.write(place + CHUNK - 2048, data)
    assert data == api.read(place + CHUNK - 2048, 4096)
    assert INVALID_VALUE == api.hipMemcpy(place + 2 * CHUNK - 8, bytes(16), 16, 1)
    assert INVALID_VALUE == api.hipFree(place)
    assert INVALID_VALUE == api.hipMemAddressFree(place, 2 * CHUNK)
    for piece in pieces:
        assert 0 == api.hipMemRelease(piece)
    assert data == api.read(place + CHUNK - 2048, 4096)
    assert 0 == api.hipMemUnmap(place, 2 * CHUNK)
    assert 0 == api.hipMemAddressFree(place, 2 * CHUNK)
    assert INVALID_VALUE == api.hipMemRelease(pieces[0])


def test_pages_may_appear_twice(api: Any) -> None:
    first, second, piece = reserved(api, CHUNK), reserved(api, CHUNK), created(api)
    for place in (first, second):
        assert 0 == api.hipMemMap(place, CHUNK, 0, piece, 0)
        allow(api, place, CHUNK)
    api.write(first, b"seen twice")
    assert b"seen twice" == api.read(second, 10)
    again = ctypes.c_void_p()
    assert 0 == api.hipMemRetainAllocationHandle(ctypes.byref(again), second)
    for handle in (piece, again.value):
        assert 0 == api.hipMemRelease(handle)
    for place in (first, second):
        assert 0 == api.hipMemUnmap(place, CHUNK)
        assert 0 == api.hipMemAddressFree(place, CHUNK)


def test_pages_count_until_nothing_holds_them(api: Any) -> None:
    free, total = ctypes.c_size_t(), ctypes.c_size_t()

    def available() -> int:
        assert 0 == api.hipMemGetInfo(ctypes.byref(free), ctypes.byref(total))
        return free.value

    before, place, piece = available(), reserved(api, CHUNK), created(api)
    assert before - CHUNK == available()
    assert 0 == api.hipMemMap(place, CHUNK, 0, piece, 0)
    assert 0 == api.hipMemRelease(piece)
    assert before - CHUNK == available()
    assert 0 == api.hipMemUnmap(place, CHUNK)
    assert before == available()
    handle = ctypes.c_void_p()
    size = (total.value // CHUNK + 1) * CHUNK
    assert OUT_OF_MEMORY == api.hipMemCreate(ctypes.byref(handle), size, properties(), 0)
    assert 0 == api.hipMemAddressFree(place, CHUNK)


def test_a_descriptor_brings_the_pages_along(api: Any) -> None:
    piece, place, other = created(api, kind=1), reserved(api, CHUNK), reserved(api, CHUNK)
    descriptor, imported = ctypes.c_int(-1), ctypes.c_void_p()
    assert 0 == api.hipMemExportToShareableHandle(ctypes.byref(descriptor), piece, 1, 0)
    assert 0 == api.hipMemImportFromShareableHandle(ctypes.byref(imported), descriptor.value, 1)
    os.close(descriptor.value)
    for where, handle in ((place, piece), (other, imported.value)):
        assert 0 == api.hipMemMap(where, CHUNK, 0, handle, 0)
        allow(api, where, CHUNK)
    api.write(place, b"shared")
    assert b"shared" == api.read(other, 6)
    found = ctypes.create_string_buffer(32)
    assert 0 == api.hipMemGetAllocationPropertiesFromHandle(found, piece)
    assert properties(1) == found.raw


@pytest.mark.parametrize("size", [0, 4096, CHUNK + 1])
def test_sizes_are_multiples_of_the_granularity(api: Any, size: int) -> None:
    out = ctypes.c_void_p()
    assert INVALID_VALUE == api.hipMemCreate(ctypes.byref(out), size, properties(), 0)
    assert INVALID_VALUE == api.hipMemAddressReserve(ctypes.byref(out), size, 0, None, 0)
