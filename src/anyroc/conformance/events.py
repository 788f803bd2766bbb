"""Checks of events: completion, order between streams, time."""

from __future__ import annotations

import ctypes
import threading

from anyroc.conformance.api import NOT_READY, SUCCESS, Api, Failed, same
from anyroc.conformance.registry import check

_INVALID_HANDLE = 400
_NON_BLOCKING, _NO_TIMING = 1, 2
_FUNCTION = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


@check
def an_event_is_done_when_the_work_before_it_is(api: Api) -> None:
    """hipEventQuery and hipEventSynchronize."""
    stream, event = api.made("hipStreamCreateWithFlags", _NON_BLOCKING), api.made("hipEventCreate")
    same(SUCCESS, api.hipEventQuery(event), "an event that was never recorded")
    opened = threading.Event()
    gate = _FUNCTION(lambda _: opened.wait(20) and None)
    api.good("hipLaunchHostFunc", stream, gate, None)
    api.good("hipEventRecord", event, stream)
    same(NOT_READY, api.hipEventQuery(event), "an event behind work")
    opened.set()
    api.good("hipEventSynchronize", event)
    same(SUCCESS, api.hipEventQuery(event), "the event after waiting")
    api.good("hipEventDestroy", event)
    api.good("hipStreamDestroy", stream)


@check
def a_stream_waits_for_another_s_event(api: Api) -> None:
    """hipStreamWaitEvent orders streams that do not wait for each other otherwise."""
    first = api.made("hipStreamCreateWithFlags", _NON_BLOCKING)
    second = api.made("hipStreamCreateWithFlags", _NON_BLOCKING)
    event, place = api.made("hipEventCreate"), api.made("hipMalloc", 64)
    opened = threading.Event()
    gate = _FUNCTION(lambda _: opened.wait(20) and None)
    api.good("hipLaunchHostFunc", first, gate, None)
    api.good("hipMemsetAsync", place, 1, 64, first)
    api.good("hipEventRecord", event, first)
    api.good("hipStreamWaitEvent", second, event, 0)
    api.good("hipMemsetAsync", place, 2, 64, second)
    same(NOT_READY, api.hipStreamQuery(second), "the waiting stream")
    opened.set()
    api.good("hipStreamSynchronize", second)
    same(b"\2" * 64, api.read(place, 64), "bytes")
    for stream in (first, second):
        api.good("hipStreamDestroy", stream)
    api.good("hipEventDestroy", event)
    api.good("hipFree", place)


@check
def time_passes(api: Api) -> None:
    """The time between two events is not negative; without timing there is none."""
    before, after = api.made("hipEventCreate"), api.made("hipEventCreate")
    place, elapsed = api.made("hipMalloc", 1 << 24), ctypes.c_float(-1)
    api.good("hipEventRecord", before, None)
    api.good("hipMemset", place, 0, 1 << 24)
    api.good("hipEventRecord", after, None)
    api.good("hipEventSynchronize", after)
    api.good("hipEventElapsedTime", ctypes.byref(elapsed), before, after)
    if elapsed.value < 0:
        raise Failed(f"{elapsed.value} ms")
    timeless = api.made("hipEventCreateWithFlags", _NO_TIMING)
    api.good("hipEventRecord", timeless, None)
    api.good("hipEventSynchronize", timeless)
    api.expect(_INVALID_HANDLE, "hipEventElapsedTime", ctypes.byref(elapsed), before, timeless)
    for event in (before, after, timeless):
        api.good("hipEventDestroy", event)
    api.good("hipFree", place)
