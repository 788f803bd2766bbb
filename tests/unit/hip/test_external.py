"""External memory and semaphores, and pools that are shared: by descriptors of this process."""

from __future__ import annotations

import ctypes
import os
import select
import struct
from typing import Any

import pytest

SIZE = 1 << 16
INVALID, NOT_SUPPORTED = 1, 801


def pointer_from(call: Any, *arguments: Any) -> int:
    """Return what a function that succeeds writes to its first argument."""
    out = ctypes.c_void_p()
    assert 0 == call(ctypes.byref(out), *arguments)
    return out.value or 0


def handle(kind: int, fd: int, size: int) -> bytes:
    return struct.pack("@i4xi12xQI64x", kind, fd, size, 0)


def imported(api: Any, fd: int) -> int:
    return pointer_from(api.hipImportExternalMemory, handle(1, fd, SIZE))


def test_a_mapped_buffer_is_the_files_memory(api: Any) -> None:
    fd = os.memfd_create("shared")
    os.write(fd, bytes(range(256)) * (SIZE // 256))
    other = os.dup(fd)
    memory = imported(api, fd)
    part = struct.pack("@QQI68x", 4100, 512, 0)
    place = pointer_from(api.hipExternalMemoryGetMappedBuffer, memory, part)
    back = ctypes.create_string_buffer(512)
    assert 0 == api.hipMemcpy(back, place, 512, 2)
    assert (bytes(range(4, 256)) + bytes(range(256)) + bytes(range(4))) == back.raw
    assert 0 == api.hipMemset(place, 7, 512)
    assert 0 == api.hipDestroyExternalMemory(memory)
    assert b"\x03" + b"\x07" * 512 + b"\x04" == os.pread(other, 514, 4099)
    os.close(other)


def test_memory_that_is_too_small_or_of_another_kind_is_refused(api: Any) -> None:
    fd = os.memfd_create("small")
    os.ftruncate(fd, 100)
    out = ctypes.c_void_p()
    import_ = api.hipImportExternalMemory
    assert INVALID == import_(ctypes.byref(out), handle(1, fd, SIZE))
    assert INVALID == import_(ctypes.byref(out), handle(1, 987654, SIZE))
    assert INVALID == import_(ctypes.byref(out), handle(99, fd, 100))
    assert NOT_SUPPORTED == import_(ctypes.byref(out), handle(4, fd, 100))
    memory = pointer_from(import_, handle(1, fd, 100))
    beyond = struct.pack("@QQI68x", 64, 64, 0)
    assert INVALID == api.hipExternalMemoryGetMappedBuffer(ctypes.byref(out), memory, beyond)
    assert 0 == api.hipDestroyExternalMemory(memory)
    assert INVALID == api.hipDestroyExternalMemory(memory)


@pytest.fixture
def semaphore(api: Any) -> Any:
    fd = _eventfd()
    found = pointer_from(api.hipImportExternalSemaphore, struct.pack("@i4xi12xI68x", 1, fd, 0))
    yield fd, struct.pack("@Q", found), bytes(144)
    assert 0 == api.hipDestroyExternalSemaphore(found)


def _eventfd() -> int:
    """Return an eventfd that counts down by one."""
    fd = ctypes.CDLL(None).eventfd(0, 1)
    assert fd >= 0
    return int(fd)


def readable(fd: int) -> bool:
    return bool(select.select([fd], [], [], 0)[0])


def test_a_stream_waits_for_a_semaphore_and_signals_one(api: Any, semaphore: Any) -> None:
    fd, handles, details = semaphore
    stream, place = api.stream(1), api.malloc(4)
    assert 0 == api.hipMemset(place, 0, 4)
    assert 0 == api.hipWaitExternalSemaphoresAsync(handles, details, 1, stream)
    assert 0 == api.hipMemsetAsync(place, 1, 4, stream)
    assert 600 == api.hipStreamQuery(stream)  # hipErrorNotReady
    os.write(fd, (1).to_bytes(8, "little"))
    assert 0 == api.hipStreamSynchronize(stream)
    assert b"\1" * 4 == ctypes.string_at(place, 4)
    assert not readable(fd)
    assert 0 == api.hipSignalExternalSemaphoresAsync(handles, details, 1, stream)
    assert 0 == api.hipStreamSynchronize(stream)
    assert readable(fd)
    assert 0 == api.hipStreamDestroy(stream)
    assert 0 == api.hipFree(place)


def test_graphs_signal_and_wait(api: Any, semaphore: Any) -> None:
    fd, handles, details = semaphore
    buffers = ctypes.create_string_buffer(handles), ctypes.create_string_buffer(details)
    parameters = struct.pack("@QQI4x", *map(ctypes.addressof, buffers), 1)
    graph = pointer_from(api.hipGraphCreate, 0)
    first = pointer_from(api.hipGraphAddExternalSemaphoresSignalNode, graph, None, 0, parameters)
    before = struct.pack("@Q", first)
    second = pointer_from(api.hipGraphAddExternalSemaphoresWaitNode, graph, before, 1, parameters)
    assert 0 == api.hipGraphExternalSemaphoresWaitNodeSetParams(second, parameters)
    assert INVALID == api.hipGraphExternalSemaphoresWaitNodeSetParams(first, parameters)
    read = ctypes.create_string_buffer(24)
    assert 0 == api.hipGraphExternalSemaphoresSignalNodeGetParams(first, read)
    assert 1 == struct.unpack("@QQI4x", read.raw)[2]
    made = pointer_from(api.hipGraphInstantiate, graph, None, None, 0)
    for _ in range(3):
        assert 0 == api.hipGraphLaunch(made, None)
    assert 0 == api.hipDeviceSynchronize()
    assert not readable(fd)
    assert 0 == api.hipGraphExecDestroy(made)
    assert 0 == api.hipGraphDestroy(graph)


def test_only_an_eventfd_is_a_semaphore(api: Any) -> None:
    fd = os.memfd_create("none")
    out = ctypes.c_void_p()
    description = struct.pack("@i4xi12xI68x", 1, fd, 0)
    assert NOT_SUPPORTED == api.hipImportExternalSemaphore(ctypes.byref(out), description)
    os.close(fd)


def test_a_pools_descriptor_tells_who_may_reach_it(api: Any) -> None:
    stream = api.stream()
    properties = struct.pack("@4iQQ56x", 1, 1, 1, 0, 0, 0)
    pool = pointer_from(api.hipMemPoolCreate, properties)
    fd = ctypes.c_int()
    assert 0 == api.hipMemPoolExportToShareableHandle(ctypes.byref(fd), pool, 1, 0)
    twin = pointer_from(api.hipMemPoolImportFromShareableHandle, fd.value, 1, 0)
    location, flags = struct.pack("@2i", 1, 0), ctypes.c_int()
    assert 0 == api.hipMemPoolGetAccess(ctypes.byref(flags), twin, location)
    assert 3 == flags.value
    place = pointer_from(api.hipMallocFromPoolAsync, 256, pool, stream)
    data = ctypes.create_string_buffer(64)
    assert 0 == api.hipMemPoolExportPointer(data, place)
    assert place == pointer_from(api.hipMemPoolImportPointer, twin, data)
    assert 0 == api.hipFreeAsync(place, stream)
    assert 0 == api.hipStreamSynchronize(stream)
    closed = pointer_from(api.hipMemPoolCreate, struct.pack("@4iQQ56x", 1, 0, 1, 0, 0, 0))
    assert INVALID == api.hipMemPoolExportToShareableHandle(ctypes.byref(fd), closed, 1, 0)
    for made in (pool, twin, closed):
        assert 0 == api.hipMemPoolDestroy(made)
    assert 0 == api.hipStreamDestroy(stream)
    os.close(fd.value)
