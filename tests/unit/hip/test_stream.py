"""Streams and events: order, waiting, timing, callbacks, and the life of handles."""

import ctypes
import threading
import time
from typing import Any

import pytest

INVALID_VALUE, INVALID_HANDLE, NOT_READY, DESTROYED = 1, 400, 600, 709
LEGACY, PER_THREAD, NON_BLOCKING = 1, 2, 1
UNSUPPORTED_IN_CAPTURE, INVALIDATED, WRONG_THREAD = 900, 901, 908

HOST_FUNCTION = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
STREAM_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


class Gate:
    """Host work on a stream that waits until the test opens it."""

    def __init__(self, api: Any, stream: int | None) -> None:
        self._opened = threading.Event()
        self._function = HOST_FUNCTION(lambda _: self._opened.wait(20) and None)
        assert 0 == api.hipLaunchHostFunc(stream, self._function, None)

    def open(self) -> None:
        self._opened.set()


def test_a_busy_stream_is_not_ready(api: Any) -> None:
    stream = api.stream()
    gate = Gate(api, stream)
    assert NOT_READY == api.hipStreamQuery(stream)
    assert 0 == api.hipGetLastError()
    gate.open()
    assert 0 == api.hipStreamSynchronize(stream)
    assert 0 == api.hipStreamQuery(stream)
    assert 0 == api.hipStreamDestroy(stream)


def test_destroyed_streams_are_told(api: Any) -> None:
    stream = api.stream()
    assert 0 == api.hipStreamDestroy(stream)
    assert DESTROYED == api.hipStreamDestroy(stream)
    assert DESTROYED == api.hipStreamSynchronize(stream)
    assert INVALID_HANDLE == api.hipStreamDestroy(None)


def test_destroying_a_busy_stream_finishes_its_work(api: Any) -> None:
    stream, pointer = api.stream(), api.malloc(64)
    gate = Gate(api, stream)
    assert 0 == api.hipMemsetAsync(pointer, 9, 64, stream)
    threading.Timer(0.05, gate.open).start()
    assert 0 == api.hipStreamDestroy(stream)
    assert b"\t" * 64 == api.read(pointer, 64)
    api.hipFree(pointer)


@pytest.mark.parametrize("special", [None, LEGACY, PER_THREAD])
def test_special_streams_work(api: Any, special: int | None) -> None:
    pointer = api.malloc(16)
    assert 0 == api.hipMemsetAsync(pointer, 3, 16, special)
    assert 0 == api.hipStreamSynchronize(special)
    assert b"\3" * 16 == api.read(pointer, 16)
    api.hipFree(pointer)


@pytest.mark.parametrize("flags, waits", [(0, True), (NON_BLOCKING, False)])
def test_the_null_stream_waits_for_blocking_streams(api: Any, flags: int, waits: bool) -> None:
    stream, event = api.stream(flags), api.event()
    gate = Gate(api, stream)
    assert 0 == api.hipEventRecord(event, None)
    time.sleep(0.05)
    assert (NOT_READY if waits else 0) == api.hipEventQuery(event)
    gate.open()
    assert 0 == api.hipEventSynchronize(event)
    api.hipStreamDestroy(stream)


@pytest.mark.parametrize("flags, waits", [(0, True), (NON_BLOCKING, False)])
def test_blocking_streams_wait_for_the_null_stream(api: Any, flags: int, waits: bool) -> None:
    stream, event = api.stream(flags), api.event()
    gate = Gate(api, None)
    assert 0 == api.hipEventRecord(event, stream)
    time.sleep(0.05)
    assert (NOT_READY if waits else 0) == api.hipEventQuery(event)
    gate.open()
    assert 0 == api.hipDeviceSynchronize()
    api.hipStreamDestroy(stream)


def test_a_stream_waits_for_another_streams_event(api: Any) -> None:
    first, second = api.stream(NON_BLOCKING), api.stream(NON_BLOCKING)
    middle, last = api.event(), api.event()
    gate = Gate(api, first)
    assert 0 == api.hipEventRecord(middle, first)
    assert 0 == api.hipStreamWaitEvent(second, middle, 0)
    assert 0 == api.hipEventRecord(last, second)
    time.sleep(0.05)
    assert NOT_READY == api.hipEventQuery(last)
    gate.open()
    assert 0 == api.hipEventSynchronize(last)
    for stream in (first, second):
        api.hipStreamDestroy(stream)


def test_elapsed_time(api: Any) -> None:
    first, last, silent = api.event(), api.event(), api.event(2)
    milliseconds = ctypes.c_float()
    out = ctypes.byref(milliseconds)
    assert INVALID_HANDLE == api.hipEventElapsedTime(out, first, last)
    api.hipEventRecord(first, None)
    gate = Gate(api, None)
    api.hipEventRecord(last, None)
    assert NOT_READY == api.hipEventElapsedTime(out, first, last)
    time.sleep(0.03)
    gate.open()
    api.hipEventSynchronize(last)
    assert 0 == api.hipEventElapsedTime(out, first, last)
    assert 25 < milliseconds.value < 5000
    api.hipEventRecord(silent, None)
    api.hipDeviceSynchronize()
    assert INVALID_HANDLE == api.hipEventElapsedTime(out, first, silent)


def test_events_never_recorded_are_complete(api: Any) -> None:
    event = api.event()
    assert 0 == api.hipEventQuery(event)
    assert 0 == api.hipEventSynchronize(event)
    assert 0 == api.hipStreamWaitEvent(None, event, 0)


def test_unknown_flags_are_refused(api: Any) -> None:
    out = ctypes.c_void_p()
    assert INVALID_VALUE == api.hipEventCreateWithFlags(ctypes.byref(out), 0x8)
    assert INVALID_VALUE == api.hipStreamCreateWithFlags(ctypes.byref(out), 2)


def test_callbacks_get_their_stream_and_data(api: Any) -> None:
    seen: list[tuple[int | None, int, int | None]] = []
    stream = api.stream()
    callback = STREAM_CALLBACK(lambda *arguments: seen.append(arguments))
    assert 0 == api.hipStreamAddCallback(stream, callback, 0x1234, 0)
    assert 0 == api.hipStreamSynchronize(stream)
    assert [(stream, 0, 0x1234)] == seen
    api.hipStreamDestroy(stream)


def test_priorities_and_devices_of_streams(api: Any) -> None:
    least, greatest, priority = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
    assert 0 == api.hipDeviceGetStreamPriorityRange(ctypes.byref(least), ctypes.byref(greatest))
    assert least.value > greatest.value
    out = ctypes.c_void_p()
    assert 0 == api.hipStreamCreateWithPriority(ctypes.byref(out), NON_BLOCKING, -9)
    assert 0 == api.hipStreamGetPriority(out, ctypes.byref(priority))
    assert greatest.value == priority.value
    flags = ctypes.c_uint()
    assert 0 == api.hipStreamGetFlags(out, ctypes.byref(flags))
    assert NON_BLOCKING == flags.value
    assert 0 == api.hipGetStreamDeviceId(out)
    api.hipStreamDestroy(out)


def test_the_per_thread_functions_use_the_threads_own_stream(api: Any) -> None:
    pointer, event = api.malloc(16), api.event()
    gate = Gate(api, None)
    other = api.stream(NON_BLOCKING)
    assert 0 == api.hipMemsetAsync_spt(pointer, 5, 16, None)
    assert 0 == api.hipEventRecord_spt(event, None)
    time.sleep(0.02)
    # The thread's own stream is a blocking one: it waits for the null stream as well.
    assert NOT_READY == api.hipEventQuery(event)
    gate.open()
    assert 0 == api.hipStreamSynchronize_spt(None)
    assert b"\5" * 16 == api.read(pointer, 16)
    api.hipStreamDestroy(other)
    api.hipFree(pointer)


def test_a_hundred_foreign_threads(api: Any) -> None:
    failures: list[int] = []

    def work() -> None:
        stream, pointer = api.stream(), api.malloc(256)
        failures.append(api.hipMemsetAsync(pointer, 1, 256, stream))
        failures.append(api.hipStreamSynchronize(stream))
        failures.append(api.hipFree(pointer))
        failures.append(api.hipStreamDestroy(stream))

    threads = [threading.Thread(target=work) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [0] * 400 == failures


@pytest.mark.parametrize(
    "flags, before, value, after",
    [(0, 4, 5, 5), (0, 4, 5, 9), (1, 4, 5, 5), (2, 0b1000, 0b0110, 0b0100), (3, 0xFFFFFFFF, 1, 6)],
)
def test_streams_wait_for_values(api: Any, flags: int, before: int, value: int, after: int) -> None:
    place, stream = ctypes.c_void_p(), api.stream(NON_BLOCKING)
    assert 0 == api.hipHostMalloc(ctypes.byref(place), 8, 0)
    cell = ctypes.c_uint32.from_address(place.value or 0)
    cell.value = before
    assert 0 == api.hipStreamWaitValue32(stream, place, value, flags, 0xFFFFFFFF)
    time.sleep(0.02)
    assert NOT_READY == api.hipStreamQuery(stream)
    other = api.stream(NON_BLOCKING)
    assert 0 == api.hipStreamWriteValue32(other, place, after, 0)
    assert 0 == api.hipStreamSynchronize(stream)
    assert after == cell.value
    for made in (stream, other):
        api.hipStreamDestroy(made)
    api.hipHostFree(place)


def test_hints_of_streams_are_kept(api: Any) -> None:
    stream, twin = api.stream(), api.stream()
    value, back = ctypes.create_string_buffer(bytes(range(64)), 64), ctypes.create_string_buffer(64)
    assert 0 == api.hipStreamSetAttribute(stream, 3, value)
    assert 0 == api.hipStreamCopyAttributes(twin, stream)
    assert 0 == api.hipStreamGetAttribute(twin, 3, back)
    assert value.raw == back.raw
    assert INVALID_VALUE == api.hipStreamSetAttribute(stream, 77, value)
    for made in (stream, twin):
        api.hipStreamDestroy(made)


def test_pageable_memory_is_the_programs_again_at_once(api: Any) -> None:
    stream, device = api.stream(NON_BLOCKING), api.malloc(64)
    source = ctypes.create_string_buffer(b"a" * 64, 64)
    gate = Gate(api, stream)
    assert 0 == api.hipMemcpyAsync(device, source, 64, 1, stream)
    ctypes.memset(source, 0, 64)
    assert NOT_READY == api.hipStreamQuery(stream)
    gate.open()
    back = ctypes.create_string_buffer(64)
    assert 0 == api.hipMemcpyAsync(back, device, 64, 2, stream)
    assert b"a" * 64 == back.raw
    assert 0 == api.hipStreamDestroy(stream)


def test_pinned_memory_is_read_when_the_stream_gets_there(api: Any) -> None:
    stream, device, pinned = api.stream(NON_BLOCKING), api.malloc(64), ctypes.c_void_p()
    assert 0 == api.hipHostMalloc(ctypes.byref(pinned), 64, 0)
    ctypes.memset(pinned.value or 0, 0x61, 64)
    gate = Gate(api, stream)
    assert 0 == api.hipMemcpyAsync(device, pinned, 64, 1, stream)
    ctypes.memset(pinned.value or 0, 0x62, 64)
    gate.open()
    assert 0 == api.hipStreamSynchronize(stream)
    assert b"b" * 64 == api.read(device, 64)
    assert 0 == api.hipStreamDestroy(stream)
    api.hipHostFree(pinned)


def test_the_streams_of_threads_end_with_them(api: Any) -> None:
    from anyroc.hip.device import gpus

    api.hipDeviceSynchronize()
    before = len(gpus()[0].streams)

    def work() -> None:
        pointer = api.malloc(64)
        assert 0 == api.hipMemsetAsync(pointer, 1, 64, PER_THREAD)
        assert 0 == api.hipFree(pointer)

    for _ in range(5):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert before == len(gpus()[0].streams)


def test_a_stream_may_end_while_its_thread_holds_locks(api: Any) -> None:
    """As when the garbage collector runs in the middle of something."""
    from anyroc.hip import stream
    from anyroc.hip.device import current

    made = [stream.Stream(current())]
    queue = made[0].queue
    made[0].destroy()

    def end() -> None:
        with current().device._lock:
            made.clear()

    thread = threading.Thread(target=end, daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    assert queue in current().device.queues
    stream.bury()
    assert queue not in current().device.queues


def test_a_stream_destroyed_by_many_threads_is_destroyed_once(api: Any) -> None:
    pointer = api.malloc(64)

    def destroy(stream: int, codes: list[int]) -> None:
        codes.append(api.hipStreamDestroy(stream))

    for _ in range(200):
        codes: list[int] = []
        stream = api.stream(1)
        assert 0 == api.hipMemsetAsync(pointer, 1, 64, stream)
        threads = [threading.Thread(target=destroy, args=(stream, codes)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert 1 == codes.count(0)
    assert 0 == api.hipFree(pointer)


def test_a_stream_made_after_another_was_destroyed_is_new(api: Any) -> None:
    flags, capturing = ctypes.c_uint(), ctypes.c_int(7)
    old = api.stream(1)
    assert 0 == api.hipStreamDestroy(old)
    made = [api.stream() for _ in range(3)]
    assert 4 == len({old, *made})
    for stream in made:
        assert 0 == api.hipStreamGetFlags(stream, ctypes.byref(flags))
        assert 0 == flags.value
        assert 0 == api.hipStreamIsCapturing(stream, ctypes.byref(capturing))
        assert 0 == capturing.value
    assert 0 == api.hipDeviceReset()
    assert 0 != api.hipStreamQuery(made[0])
    assert 0 == api.hipStreamDestroy(api.stream())


def test_the_null_stream_while_another_is_captured(api: Any) -> None:
    """Nobody may ask it then; and HIP tells no flags of it at all."""
    stream, graph = ctypes.c_void_p(), ctypes.c_void_p()
    status, flags = ctypes.c_int(-1), ctypes.c_uint(7)
    implicit, invalid = 906, 1
    assert 0 == api.hipStreamCreate(ctypes.byref(stream))
    assert 0 == api.hipStreamIsCapturing(None, ctypes.byref(status))
    assert 0 == status.value
    assert 0 == api.hipStreamBeginCapture(stream, 0)
    assert implicit == api.hipStreamIsCapturing(None, ctypes.byref(status))
    assert implicit == api.hipStreamGetCaptureInfo(None, ctypes.byref(status), None)
    assert 0 == api.hipStreamEndCapture(stream, ctypes.byref(graph))
    assert 0 == api.hipStreamGetCaptureInfo(None, ctypes.byref(status), None)
    assert invalid == api.hipStreamGetFlags(None, ctypes.byref(flags))
    assert 7 == flags.value
    assert 0 == api.hipGraphDestroy(graph)
    assert 0 == api.hipStreamDestroy(stream)


def test_the_threads_own_stream_is_a_new_one_after_a_reset(api: Any) -> None:
    from anyroc.hip.device import gpus

    pointer = api.malloc(64)
    assert 0 == api.hipMemsetAsync(pointer, 1, 64, PER_THREAD)
    assert 0 == api.hipDeviceReset()
    before = len(gpus()[0].streams)
    pointer = api.malloc(64)
    assert 0 == api.hipMemsetAsync(pointer, 2, 64, PER_THREAD)
    assert 0 == api.hipStreamSynchronize(PER_THREAD)
    assert before + 1 == len(gpus()[0].streams)
    assert bytes([2]) * 64 == api.read(pointer, 64)
    assert 0 == api.hipFree(pointer)


@pytest.mark.parametrize("mode", [0, 1, 2])
def test_memory_is_not_allocated_while_a_stream_is_captured(api: Any, mode: int) -> None:
    """Unless the capture is relaxed or the thread, or another thread is at work (mode 1)."""
    stream, place, graph, kept = api.stream(), ctypes.c_void_p(), ctypes.c_void_p(), api.malloc(8)
    relaxed, codes = ctypes.c_int(2), []
    assert 0 == api.hipStreamBeginCapture(stream, mode)
    assert 0 == api.hipThreadExchangeStreamCaptureMode(ctypes.byref(relaxed))
    assert 0 == api.hipMalloc(ctypes.byref(place), 64) == api.hipFree(place)
    assert 0 == api.hipThreadExchangeStreamCaptureMode(ctypes.byref(relaxed))
    other = threading.Thread(target=lambda: codes.append(api.hipMalloc(ctypes.byref(place), 64)))
    other.start()
    other.join()
    assert [UNSUPPORTED_IN_CAPTURE if mode == 0 else 0] == codes
    refused = 0 if mode == 2 else UNSUPPORTED_IN_CAPTURE
    idle = api.stream(NON_BLOCKING)
    assert refused == api.hipStreamSynchronize(idle) == api.hipStreamQuery(idle)
    assert refused == api.hipFree(kept)
    assert refused == api.hipHostMalloc(ctypes.byref(place), 64, 0)
    ended = api.hipStreamEndCapture(stream, ctypes.byref(graph))
    assert (0 if mode == 2 else INVALIDATED) == ended
    assert 0 == api.hipMalloc(ctypes.byref(place), 64) == api.hipFree(place)
    assert 0 == api.hipStreamBeginCapture(stream, mode) == api.hipStreamDestroy(stream)
    assert 0 == api.hipMalloc(ctypes.byref(place), 64) == api.hipFree(place)


def test_a_capture_ends_in_the_thread_in_which_it_began(api: Any) -> None:
    stream, graph, codes = api.stream(), ctypes.c_void_p(), []
    for mode, expected in ((0, WRONG_THREAD), (2, 0)):
        assert 0 == api.hipStreamBeginCapture(stream, mode)
        end = threading.Thread(
            target=lambda: codes.append(api.hipStreamEndCapture(stream, ctypes.byref(graph)))
        )
        end.start()
        end.join()
        assert expected == codes.pop()
        if expected:
            assert 0 == api.hipStreamEndCapture(stream, ctypes.byref(graph))
    assert 0 == api.hipStreamDestroy(stream)


def test_what_a_program_leaves_behind_need_not_join(api: Any) -> None:
    stream, graph, count = api.stream(), ctypes.c_void_p(), ctypes.c_size_t()
    place = api.malloc(8)
    assert 0 == api.hipStreamBeginCapture(stream, 0)
    assert 0 == api.hipMemsetAsync(place, 1, 8, stream)
    assert 0 == api.hipStreamUpdateCaptureDependencies(stream, None, 0, 1)
    assert 0 == api.hipMemsetAsync(place, 2, 4, stream)
    assert 0 == api.hipStreamEndCapture(stream, ctypes.byref(graph))
    assert 0 == api.hipGraphGetRootNodes(graph, None, ctypes.byref(count))
    assert 2 == count.value
    assert 0 == api.hipGraphDestroy(graph) == api.hipStreamDestroy(stream) == api.hipFree(place)
