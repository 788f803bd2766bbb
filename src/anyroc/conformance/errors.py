"""Checks of the error model: what is remembered, by whom, for how long."""

from __future__ import annotations

import threading

from anyroc.conformance.api import INVALID_VALUE, SUCCESS, Api, Failed, same
from anyroc.conformance.registry import check


@check
def last_error_is_told_once(api: Api) -> None:
    """hipPeekAtLastError keeps it, hipGetLastError forgets it."""
    api.hipGetLastError()
    api.expect(INVALID_VALUE, "hipMalloc", None, 64)
    same(INVALID_VALUE, api.hipPeekAtLastError(), "first look")
    same(INVALID_VALUE, api.hipGetLastError(), "the error")
    same(SUCCESS, api.hipGetLastError(), "after that")


@check
def last_error_is_the_thread_s_own(api: Api) -> None:
    """Another thread does not see it."""
    api.expect(INVALID_VALUE, "hipMalloc", None, 64)
    seen: list[int] = []
    thread = threading.Thread(target=lambda: seen.append(api.hipGetLastError()))
    thread.start()
    thread.join()
    same([SUCCESS], seen, "error of a new thread")
    same(INVALID_VALUE, api.hipGetLastError(), "error of this thread")


@check
def names_and_texts(api: Api) -> None:
    """Errors have the names of the header."""
    same(b"hipSuccess", api.hipGetErrorName(0), "name of 0")
    same(b"hipErrorInvalidValue", api.hipGetErrorName(1), "name of 1")
    same(b"hipErrorOutOfMemory", api.hipGetErrorName(2), "name of 2")
    if not api.hipGetErrorString(1):
        raise Failed("no text")
