"""Memory pools: what is used again when, and what they count."""

from __future__ import annotations

import ctypes
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

INVALID_VALUE, INVALID_HANDLE = 1, 400
FOLLOW_EVENTS, OPPORTUNISTIC = 1, 2
THRESHOLD, RESERVED, RESERVED_HIGH, USED, USED_HIGH = range(4, 9)
SIZE = 1 << 20


class Pool:
    """A pool, two streams that keep out of each other's way, and what is put on them."""

    def __init__(self, api: Any) -> None:
        self.api = api
        handle = ctypes.c_void_p()
        assert 0 == api.hipMemPoolCreate(
            ctypes.byref(handle), struct.pack("@iiiiQQ56x", 1, 0, 1, 0, 0, 0)
        )
        self.handle = handle.value
        self.first, self.second = api.stream(1), api.stream(1)
        self.opened = threading.Event()
        self._wait = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(lambda _: self.opened.wait(20) and 0)

    def alloc(self, stream: int, size: int = SIZE) -> int:
        place = ctypes.c_void_p()
        code = self.api.hipMallocFromPoolAsync(ctypes.byref(place), size, self.handle, stream)
        assert 0 == code
        return place.value or 0

    def free(self, address: int, stream: int) -> None:
        assert 0 == self.api.hipFreeAsync(address, stream)

    def keep_busy(self, stream: int) -> None:
        """Let the stream's work go on until `opened` is set."""
        assert 0 == self.api.hipLaunchHostFunc(stream, self._wait, None)

    def synchronize(self, stream: int) -> None:
        self.opened.set()
        assert 0 == self.api.hipStreamSynchronize(stream)

    def __getitem__(self, attribute: int) -> int:
        value = ctypes.c_uint64()
        out = ctypes.byref(value)
        assert 0 == self.api.hipMemPoolGetAttribute(self.handle, attribute, out)
        return value.value

    def __setitem__(self, attribute: int, value: int) -> None:
        place = ctypes.byref(ctypes.c_uint64(value))
        assert 0 == self.api.hipMemPoolSetAttribute(self.handle, attribute, place)


@pytest.fixture
def pool(api: Any) -> Iterator[Pool]:
    made = Pool(api)
    yield made
    made.opened.set()
    for stream in (made.first, made.second):
        assert 0 == api.hipStreamSynchronize(stream) == api.hipStreamDestroy(stream)
    api.hipMemPoolDestroy(made.handle)


def test_a_stream_uses_again_what_it_is_about_to_free(pool: Pool) -> None:
    place = pool.alloc(pool.first)
    pool.keep_busy(pool.first)
    pool.free(place, pool.first)
    assert INVALID_VALUE == pool.api.hipFreeAsync(place, pool.first)
    assert place != pool.alloc(pool.second)  # which may be there before the first is done
    assert place == pool.alloc(pool.first, SIZE - 1000)
    assert SIZE * 2 == pool[USED] == pool[RESERVED]
    assert place != pool.alloc(pool.first)  # it is in use
    pool.free(place, pool.first)
    assert place != pool.alloc(pool.first, SIZE // 2)  # too large for so little


@pytest.mark.parametrize("follow", [True, False])
def test_a_stream_uses_again_what_was_freed_before_an_event(pool: Pool, follow: bool) -> None:
    place, event = pool.alloc(pool.first), pool.api.event()
    pool[FOLLOW_EVENTS] = follow
    pool.keep_busy(pool.first)
    assert 0 == pool.api.hipEventRecord(event, pool.first)
    assert 0 == pool.api.hipStreamWaitEvent(pool.second, event, 0)
    pool.free(place, pool.first)
    assert place != pool.alloc(pool.second)  # freed behind the event
    assert 0 == pool.api.hipEventRecord(event, pool.first)
    assert 0 == pool.api.hipStreamWaitEvent(pool.second, event, 0)
    assert follow == (place == pool.alloc(pool.second))
    pool.opened.set()
    assert 0 == pool.api.hipEventDestroy(event)


@pytest.mark.parametrize("allowed", [True, False])
def test_a_stream_uses_again_what_nobody_needs_any_more(pool: Pool, allowed: bool) -> None:
    place, done = pool.alloc(pool.first), pool.api.event()
    pool[OPPORTUNISTIC] = allowed
    pool.keep_busy(pool.first)
    pool.free(place, pool.first)
    assert 0 == pool.api.hipEventRecord(done, pool.first)
    pool.opened.set()
    assert 0 == pool.api.hipEventSynchronize(done) == pool.api.hipEventDestroy(done)
    assert allowed == (place == pool.alloc(pool.second))


def test_a_pool_gives_back_what_is_beyond_its_threshold(pool: Pool) -> None:
    kept, place = pool.alloc(pool.first, 4096), pool.alloc(pool.first)
    pool[THRESHOLD] = 1 << 40
    pool.keep_busy(pool.first)
    pool.free(place, pool.first)
    assert 0 == pool.api.hipMemPoolTrimTo(pool.handle, 0)
    assert (4096, SIZE + 4096) == (pool[USED], pool[RESERVED])  # its stream is not done
    pool.synchronize(pool.first)
    assert SIZE + 4096 == pool[RESERVED]
    assert 0 == pool.api.hipMemPoolTrimTo(pool.handle, SIZE)
    assert 4096 == pool[RESERVED]
    pool[THRESHOLD] = 0
    pool.free(pool.alloc(pool.first), pool.first)
    assert SIZE + 4096 == pool[RESERVED]
    pool.synchronize(pool.first)
    assert 4096 == pool[RESERVED]
    assert 0 == pool.api.hipFree(kept)
    assert 0 == pool[RESERVED] == pool[USED]
    assert (SIZE + 4096, SIZE + 4096) == (pool[USED_HIGH], pool[RESERVED_HIGH])
    pool[USED_HIGH] = pool[RESERVED_HIGH] = 0
    assert (0, 0) == (pool[USED_HIGH], pool[RESERVED_HIGH])


def test_some_attributes_are_not_set(pool: Pool) -> None:
    set_attribute: Callable[..., int] = pool.api.hipMemPoolSetAttribute
    one, zero = (ctypes.byref(ctypes.c_uint64(value)) for value in (1, 0))
    for attribute in (RESERVED_HIGH, USED_HIGH):
        assert INVALID_VALUE == set_attribute(pool.handle, attribute, one)
    for attribute in (RESERVED, USED, 0, 9):
        assert INVALID_VALUE == set_attribute(pool.handle, attribute, zero)


def test_a_device_without_room_takes_what_its_pools_keep(api: Any, pool: Pool) -> None:
    free = ctypes.c_size_t()
    pool[THRESHOLD] = 1 << 60
    assert 0 == api.hipMemGetInfo(ctypes.byref(free), None)
    most = free.value
    pool.free(pool.alloc(pool.first, most // 2), pool.first)
    assert 0 == api.hipFree(api.malloc(most - most // 4))
    assert 0 == pool[RESERVED]
    assert pool.alloc(pool.first, most // 2)
    pool[THRESHOLD] = 0


def test_memory_outlives_its_pool(api: Any, pool: Pool) -> None:
    place, freed, free = pool.alloc(pool.first), pool.alloc(pool.first), ctypes.c_size_t()
    pool.free(freed, pool.first)
    assert 0 == api.hipMemPoolDestroy(pool.handle)
    assert INVALID_VALUE == api.hipMemPoolTrimTo(pool.handle, 0)
    assert INVALID_VALUE == api.hipFree(freed)
    assert 0 == api.hipMemsetAsync(place, 1, SIZE, pool.first)
    pool.free(place, pool.first)
    pool.synchronize(pool.first)
    assert 0 == api.hipMemGetInfo(ctypes.byref(free), None)
    assert INVALID_VALUE == api.hipFree(place)


def test_what_is_no_stream_is_an_invalid_handle(api: Any, pool: Pool) -> None:
    place, out = pool.alloc(pool.first), ctypes.c_void_p()
    for stream in (0x77, (1 << 64) - 1):
        assert INVALID_HANDLE == api.hipFreeAsync(place, stream)
        assert INVALID_HANDLE == api.hipMallocAsync(ctypes.byref(out), 64, stream)
        from_pool = api.hipMallocFromPoolAsync(ctypes.byref(out), 64, pool.handle, stream)
        assert INVALID_HANDLE == from_pool


def test_pools_are_on_devices_that_there_are(api: Any, pool: Pool) -> None:
    out, flags = ctypes.c_void_p(), ctypes.c_int()
    for kind, device, expected in ((1, 0, 0), (1, 99, 1), (1, -1, 1), (0, 0, 1)):
        properties = struct.pack("@iiiiQQ56x", 1, 0, kind, device, 0, 0)
        assert expected == api.hipMemPoolCreate(ctypes.byref(out), properties)
        place = struct.pack("@2i", kind, device)
        assert expected == api.hipMemPoolGetAccess(ctypes.byref(flags), pool.handle, place)
