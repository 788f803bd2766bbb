"""Work of the libraries on a stream: computed on the host when the stream gets there."""

from __future__ import annotations

import atexit
import functools
import traceback
from collections.abc import Callable

from anyroc.cabi import callback
from anyroc.gpu.memory import ALIGNMENT, address_space, round_up
from anyroc.hip import calls, faults, stream
from anyroc.hip.error import Error, name


class BadMemory(Exception):
    """Memory that no kernel could use either."""


def enqueue(function: str, handle: int, work: Callable[[], None]) -> None:
    """Put work on the stream of a handle, on behalf of a library's function.

    Work that follows on the stream waits for it. What it raises becomes the device's error, as a
    fault in a kernel of the library would.
    """
    chosen = stream.of(handle)
    _finish_at_exit()
    guarded = functools.partial(_guarded, function, work)
    made = callback.once if chosen.capture is None else callback.repeatedly
    chosen.submit().callback(*made(guarded))


def synchronize(handle: int) -> None:
    """Wait for the stream of a handle, as functions do that answer the caller itself."""
    stream.of(handle).synchronize()


def check(address: int, size: int) -> int:
    """Return the address of `size` bytes that work may use; raises BadMemory.

    Kernels may use what an allocation is rounded up to, and so may work.
    """
    space = address_space()
    if size > 0 and not space.host_admitted:
        begun = address // ALIGNMENT * ALIGNMENT
        found = space.find(address) or space.find(begun) or space.find_host(address)
        if found is None or address + size > round_up(found.end, ALIGNMENT):
            raise BadMemory(f"{size} bytes at {address:#x} are not memory of the device")
    return address


@functools.cache
def _finish_at_exit() -> None:
    atexit.register(stream.finish_everything)


def _guarded(function: str, work: Callable[[], None]) -> None:
    if calls.device_error():
        return
    try:
        work()
    except BaseException as error:
        code = Error.IllegalAddress if isinstance(error, BadMemory) else Error.LaunchFailure
        frames = traceback.extract_tb(error.__traceback__)
        where = (
            "" if code is Error.IllegalAddress else f" ({frames[-1].name}: {type(error).__name__})"
        )
        calls.set_device_error(code)
        faults.say(f"{function}: {error}{where}\n  HIP returns {name(code)} from now on")
