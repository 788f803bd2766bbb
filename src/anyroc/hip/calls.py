"""The library itself: its C variables and its C helpers."""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable
from pathlib import Path

from anyroc.cabi import memory
from anyroc.cabi.library import Library
from anyroc.hip.error import Error, name

POINTER = "void *"
_CONFIGURATION = struct.Struct("@6IQQ")


_loaded: list[Library] = []


def load(path: Path | None = None) -> Library:
    """Load libamdhip64.so into this process: the one at `path`, or the one of this anyroc."""
    made = Library("hip", path)
    add_error = made.function("anyroc_add_error", "void", "int", POINTER, POINTER)
    for error in sorted(Error, key=lambda error: error is Error.Unknown):
        add_error(error, memory.c_string(name(error)), memory.c_string(error.text))
    _loaded.append(made)
    return made


def loaded() -> bool:
    """Tell whether the library has been loaded."""
    return bool(_loaded)


def library() -> Library:
    """Return libamdhip64.so, loaded into this process."""
    return _loaded[0] if _loaded else load()


def device_error() -> int:
    """Return the error that a fault made stick, or 0."""
    return int(library().integer("device_error").value)


def set_device_error(code: int) -> None:
    """Let every HIP function return `code` from now on; 0 ends that."""
    library().integer("device_error").value = code


@functools.cache
def _helper(name: str, result: str, *arguments: str) -> Callable[..., int]:
    helper: Callable[..., int] = library().function(name, result, *arguments)
    return helper


def value_wait(address: int, value: int, mask: int, flags: int, size: int) -> tuple[int, int]:
    """Return (function, argument) for a queue, which wait until memory compares with a value."""
    numbers = ("uint64_t", "uint64_t", "unsigned", "unsigned")
    make = _helper("anyroc_value_wait", POINTER, POINTER, *numbers)
    return library().address_of("anyroc_await_value"), make(address, value, mask, flags, size)


def stream_callback(function: int, stream: int, user_data: int) -> tuple[int, int]:
    """Return (function, argument) for a queue, which call `function(stream, status, user_data)`."""
    make = _helper("anyroc_stream_callback", POINTER, POINTER, POINTER, POINTER)
    return library().address_of("anyroc_call_back"), make(function, stream, user_data)


def pop_configuration() -> tuple[int, ...] | None:
    """Return grid, block, shared memory and stream that the calling thread pushed last."""
    room = memory.Buffer(bytes(_CONFIGURATION.size))
    grid, block, shared, stream = (room.address + offset for offset in (0, 12, 24, 32))
    pop = _helper("__hipPopCallConfiguration", "int", *[POINTER] * 4)
    if pop(grid, block, shared, stream) != Error.Success:
        return None
    return _CONFIGURATION.unpack(memory.read(room.address, _CONFIGURATION.size))


class FastTable:
    """What C knows by handle; see `anyroc.cabi.fast`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._keys: set[int] = set()

    def __setitem__(self, handle: int, address: int) -> None:
        self._set(handle, address)
        self._keys.add(handle)

    def forget(self, handle: int) -> None:
        """Let what a handle stands for be launched through Python, or not at all."""
        if handle in self._keys:
            self._keys.remove(handle)
            self._set(handle, 0)

    def clear(self) -> None:
        """Forget everything."""
        for handle in list(self._keys):
            self.forget(handle)

    def _set(self, handle: int, address: int) -> None:
        table = _helper(f"anyroc_fast_{self._name}", POINTER)()
        _helper("anyroc_fast_set", "void", *[POINTER] * 3)(table, handle, address)


fast_streams = FastTable("streams")
fast_kernels = FastTable("kernels")


def set_launch(address: int) -> None:
    """Tell C what launches a kernel."""
    _helper("anyroc_set_launch", "void", POINTER)(address)


def call(function: int, argument: int) -> None:
    """Call the C function `void (*)(void *)` at an address."""
    _helper("anyroc_call", "void", POINTER, POINTER)(function, argument)
