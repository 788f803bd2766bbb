"""Checks of many threads: each with its own objects, or with the same."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable

from anyroc.conformance.api import Api, Failed, same
from anyroc.conformance.modules import pointers
from anyroc.conformance.registry import check


def _together(count: int, work: Callable[[int], None]) -> None:
    """Run `work(number)` in as many threads; the first failure is the check's."""
    failures: list[Exception] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise Failed(f"{len(failures)} of {count} threads: {failures[0]}")


@check
def each_with_a_stream_of_its_own(api: Api) -> None:
    """Threads make streams, events and memory, use and end them."""

    def work(number: int) -> None:
        stream, event = api.made("hipStreamCreateWithFlags", 1), api.made("hipEventCreate")
        place, value = api.made("hipMalloc", 4096), number % 256
        for _ in range(10):
            api.good("hipMemsetAsync", place, value, 4096, stream)
            api.good("hipEventRecord", event, stream)
        api.good("hipEventSynchronize", event)
        same(bytes([value]) * 64, api.read(place + 4000, 64), "bytes")
        api.good("hipFree", place)
        api.good("hipEventDestroy", event)
        api.good("hipStreamDestroy", stream)

    _together(64, work)


@check
def all_on_one_stream(api: Api) -> None:
    """Launches of several threads on one stream all run."""
    module = api.made("hipModuleLoadData", api.code_object)
    kernel = api.made("hipModuleGetFunction", module, b"count")
    stream, place = api.made("hipStreamCreate"), api.made("hipMalloc", 4)
    api.good("hipMemset", place, 0, 4)

    def work(_: int) -> None:
        arguments = pointers(ctypes.c_uint64(place))
        for _ in range(50):
            one = (kernel, 1, 1, 1, 64, 1, 1)
            api.good("hipModuleLaunchKernel", *one, 0, stream, arguments, None)

    _together(8, work)
    api.good("hipStreamSynchronize", stream)
    same(8 * 50 * 64, int.from_bytes(api.read(place, 4), "little"), "work-items that ran")
    api.good("hipFree", place)
    api.good("hipStreamDestroy", stream)
    api.good("hipModuleUnload", module)
