"""Checks of streams: order, waiting, callbacks, destroyed handles."""

from __future__ import annotations

import ctypes
import threading

from anyroc.conformance.api import INVALID_VALUE, NOT_READY, SUCCESS, Api, Failed, same
from anyroc.conformance.registry import check

_NON_BLOCKING = 1
_WAIT_VALUE = 10013  # hipDeviceAttribute_t
_FUNCTION = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class _Gate:
    """Host work on a stream that waits until the check opens it."""

    def __init__(self, api: Api, stream: int | None) -> None:
        self._opened = threading.Event()
        self._function = _FUNCTION(lambda _: self._opened.wait(20) and None)
        api.good("hipLaunchHostFunc", stream, self._function, None)

    def open(self) -> None:
        self._opened.set()


@check
def a_busy_stream_is_not_ready(api: Api) -> None:
    """hipStreamQuery tells whether work is left."""
    stream = api.made("hipStreamCreateWithFlags", _NON_BLOCKING)
    gate = _Gate(api, stream)
    same(NOT_READY, api.hipStreamQuery(stream), "a busy stream")
    gate.open()
    api.good("hipStreamSynchronize", stream)
    same(SUCCESS, api.hipStreamQuery(stream), "an idle stream")
    api.good("hipStreamDestroy", stream)


@check
def work_runs_in_order(api: Api) -> None:
    """Fills on one stream follow each other."""
    stream = api.made("hipStreamCreate")
    place = api.made("hipMalloc", 1 << 20)
    for value in range(20):
        api.good("hipMemsetAsync", place, value, 1 << 20, stream)
    api.good("hipStreamSynchronize", stream)
    same(bytes([19]) * 8, api.read(place + (1 << 20) - 8, 8), "the last bytes")
    api.good("hipFree", place)
    api.good("hipStreamDestroy", stream)


@check
def the_null_stream_waits_for_blocking_streams(api: Api) -> None:
    """A copy on the null stream sees what a blocking stream was given before."""
    stream, place = api.made("hipStreamCreate"), api.made("hipMalloc", 64)
    gate = _Gate(api, stream)
    api.good("hipMemsetAsync", place, 9, 64, stream)
    opener = threading.Timer(0.05, gate.open)
    opener.start()
    same(b"\x09" * 64, api.read(place, 64), "bytes")
    opener.join()
    api.good("hipFree", place)
    api.good("hipStreamDestroy", stream)


@check
def other_streams_do_not_wait(api: Api) -> None:
    """A stream made with hipStreamNonBlocking keeps out of the null stream's order."""
    busy = api.made("hipStreamCreateWithFlags", _NON_BLOCKING)
    gate = _Gate(api, busy)
    place = api.made("hipMalloc", 64)
    api.good("hipMemset", place, 1, 64)
    same(b"\1" * 64, api.read(place, 64), "bytes")
    same(NOT_READY, api.hipStreamQuery(busy), "the busy stream")
    gate.open()
    api.good("hipStreamSynchronize", busy)
    api.good("hipFree", place)
    api.good("hipStreamDestroy", busy)


@check
def callbacks_run_once_and_in_order(api: Api) -> None:
    """Host functions see each other's effects."""
    stream, seen = api.made("hipStreamCreate"), list[int]()
    functions = [_FUNCTION(lambda value: seen.append(value or 0)) for _ in range(10)]
    for number, function in enumerate(functions, 1):
        api.good("hipLaunchHostFunc", stream, function, ctypes.c_void_p(number))
    api.good("hipStreamSynchronize", stream)
    same(list(range(1, 11)), seen, "calls")
    api.good("hipStreamDestroy", stream)


@check
def flags_and_priorities(api: Api) -> None:
    """A stream tells what it was made with."""
    least, greatest = ctypes.c_int(), ctypes.c_int()
    api.good("hipDeviceGetStreamPriorityRange", ctypes.byref(least), ctypes.byref(greatest))
    if least.value < greatest.value:
        raise Failed("the least priority has the smaller number")
    stream = api.made("hipStreamCreateWithPriority", _NON_BLOCKING, greatest.value)
    flags, priority = ctypes.c_uint(), ctypes.c_int()
    api.good("hipStreamGetFlags", stream, ctypes.byref(flags))
    api.good("hipStreamGetPriority", stream, ctypes.byref(priority))
    same((_NON_BLOCKING, greatest.value), (flags.value, priority.value), "flags and priority")
    api.good("hipStreamDestroy", stream)
    out = ctypes.c_void_p()
    api.expect(INVALID_VALUE, "hipStreamCreateWithFlags", ctypes.byref(out), 99)


@check
def values(api: Api) -> None:
    """A stream waits for a value that another writes."""
    api.need(_WAIT_VALUE, "waiting for values")
    api.need(_WAIT_VALUE, "waiting for values")
    first = api.made("hipStreamCreateWithFlags", _NON_BLOCKING)
    second = api.made("hipStreamCreateWithFlags", _NON_BLOCKING)
    place = api.made("hipHostMalloc", 64, 0)
    ctypes.memset(place, 0, 64)
    api.good("hipStreamWaitValue32", first, place, 5, 0, 0xFFFFFFFF)
    same(NOT_READY, api.hipStreamQuery(first), "the waiting stream")
    api.good("hipStreamWriteValue32", second, place, 5, 0)
    api.good("hipStreamSynchronize", first)
    for stream in (first, second):
        api.good("hipStreamDestroy", stream)
    api.good("hipHostFree", place)
