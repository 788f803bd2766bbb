"""The library itself: its C variables and its C helpers."""

from __future__ import annotations

import ctypes
import functools
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from anyroc import native
from anyroc.cabi import memory
from anyroc.cabi.fast import EventRecord, FastKernel, PoolRecord, StreamFields
from anyroc.cabi.library import Library
from anyroc.errors import AnyrocError
from anyroc.hip.error import Error, HipError, name

POINTER = "void *"
_CONFIGURATION = struct.Struct("@6IQQ")


_loaded: list[Library] = []
_lock = threading.Lock()


def library(path: Path | None = None) -> Library:
    """Return libamdhip64.so, loaded into this process: the one at `path`, or this anyroc's."""
    with _lock:
        if not _loaded:
            made = Library("hip", path)
            add_error = made.function("anyroc_add_error", "void", "int", POINTER, POINTER)
            for error in sorted(Error, key=lambda error: error is Error.Unknown):
                add_error(error, memory.c_string(name(error)), memory.c_string(error.text))
            _loaded.append(made)
    return _loaded[0]


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


def set_kernel(name: int, fast: FastKernel | None) -> None:
    """Let C launch what a program calls `name`, or (None) leave it to Python."""
    _helper("anyroc_set_kernel", "void", *[POINTER] * 2)(name, fast.address if fast else 0)


def forget_answers() -> None:
    """Have C ask again what it has asked Python before: an answer may have changed."""
    _helper("anyroc_forget_answers", "void")()


def add_device(index: int, number: int, memory: int) -> None:
    """Tell C of a device: what allocations call it, where its memory is accounted for."""
    use_gpu()
    _helper("anyroc_add_device", "void", "unsigned", "unsigned", POINTER)(index, number, memory)
    forget_answers()


def this_thread() -> int:
    """Return the address of what C has of the calling thread."""
    return _helper("anyroc_this_thread", POINTER)()


def attend(change: int) -> None:
    """Tell C that one reason more (1) or less (-1) is there to leave everything to Python."""
    _helper("anyroc_attend", "void", "int")(change)


def forbidding() -> bool:
    """Tell whether a capture forbids calls that may wait for streams."""
    return bool(library().integer("forbidding").value)


@functools.cache
def use_gpu() -> None:
    """Tell C where the software GPU's functions are."""
    if not _helper("anyroc_use_gpu", "int", POINTER)(native.library()._handle):
        raise AnyrocError("the native runtime is another version than libamdhip64.so")


class StreamRecord:
    """What C knows of a stream."""

    def __init__(self, queue: int, device: int, *, legacy: bool, flags: int, priority: int) -> None:
        use_gpu()
        begin = _helper("anyroc_stream_begin", POINTER, POINTER, *["unsigned"] * 3, "int")
        self.address = begin(queue, device, legacy, flags, priority)
        if not self.address:
            raise HipError(Error.OutOfMemory)
        self.handle: int = _helper("anyroc_stream_handle", "uint64_t", POINTER)(self.address)
        self.fields = StreamFields.from_address(self.address)
        self._order = _helper("anyroc_stream_order", "int", POINTER)
        numbers = ["unsigned"] * 7
        self._run = _helper(
            *("anyroc_run", "int", POINTER, POINTER, *numbers, "const char *", "size_t", "int")
        )

    def order(self) -> int:
        """Let what comes next wait for what HIP says is before it; return an error or 0."""
        return self._order(self.address)

    def run(
        self,
        kernel: int,
        grid: tuple[int, int, int],
        block: tuple[int, int, int],
        shared: int,
        arguments: bytes,
        *,
        brief: bool,
    ) -> int:
        """Launch a kernel and wait; return what the queue's launch or else its wait does.

        A kernel that is `brief` is run by the calling thread if it can be.
        """
        size = len(arguments)
        return self._run(self.address, kernel, *grid, *block, shared, arguments, size, brief)

    def own(self) -> None:
        """Make it the calling thread's own stream on its device."""
        _helper("anyroc_own_stream", "void", POINTER)(self.address)

    def capture(self, capturing: bool) -> None:
        """Leave all calls that name the stream to Python, or do not any more."""
        _helper("anyroc_stream_capture", "void", POINTER, "unsigned")(self.address, capturing)

    def forbid(self) -> None:
        """Forbid calls that may wait for streams until the stream is not captured any more."""
        _helper("anyroc_stream_forbid", "void", POINTER)(self.address)

    def special(self) -> None:
        """Leave the stream's end to Python."""
        _helper("anyroc_stream_special", "void", POINTER)(self.address)

    def talks(self, printf: int, hosts: bool) -> None:
        """Tell C what kernels of the stream print into, or 0, and whether they call the host."""
        _helper("anyroc_stream_talks", "void", *[POINTER] * 2, "unsigned")(
            self.address, printf, hosts
        )

    def barrier(self, address: int, blocks: int = 0, threads: int = 0) -> None:
        """Tell C where the blocks of cooperative launches of a size meet; address 0: nowhere."""
        numbers = ("uint64_t", "unsigned", "uint64_t")
        _helper("anyroc_stream_barrier", "void", POINTER, *numbers)(
            self.address, address, blocks, threads
        )

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Keep C from launching kernels that print, and cooperative ones, in the block."""
        drain = _helper("anyroc_stream_drain", "void", POINTER, "unsigned")
        drain(self.address, 1)
        try:
            yield
        finally:
            drain(self.address, 0)

    def end(self, handle: int = 0) -> bool:
        """Make the handle invalid, and wait for the threads that use the stream just now.

        Return whether there was something to do, with `handle` whether it was the stream's.
        """
        return bool(_helper("anyroc_stream_end", "int", POINTER, "uint64_t")(self.address, handle))

    def free(self) -> None:
        """Give the record back."""
        _helper("anyroc_stream_free", "void", POINTER)(self.address)


def find_stream(handle: int) -> int:
    """Return the address of the record of the stream that a handle names, or 0."""
    return _helper("anyroc_stream_find", POINTER, "uint64_t")(handle)


def forget_stock(device: int) -> None:
    """Have C forget the streams that were destroyed and that it would make again."""
    _helper("anyroc_forget_stock", "void", "unsigned")(device)


def make_pool(device: int, most: int) -> PoolRecord:
    """Return what C has of a new memory pool of at most `most` bytes (0: any number)."""
    address = _helper("anyroc_pool_begin", POINTER, "unsigned", "uint64_t")(device, most)
    if not address:
        raise HipError(Error.OutOfMemory)
    return PoolRecord.from_address(address)


def end_pool(pool: PoolRecord) -> None:
    """Make a pool's handle invalid; its record ends with the last of its memory."""
    _helper("anyroc_pool_end", "void", POINTER)(ctypes.addressof(pool))


def choose_pool(device: int, pool: PoolRecord) -> None:
    """Have hipMallocAsync allocate from a pool."""
    _helper("anyroc_pool_choose", "void", "unsigned", POINTER)(device, ctypes.addressof(pool))


def pool_alloc(pool: PoolRecord, stream: StreamRecord, size: int) -> int:
    """Return memory of a pool for what comes next on a stream; 0 when there is no room."""
    place = ctypes.c_uint64()
    numbers = (POINTER, POINTER, "uint64_t", POINTER)
    function = _helper("anyroc_pool_alloc", "int", *numbers)
    places = ctypes.addressof(pool), stream.address, size, ctypes.addressof(place)
    return place.value if function(*places) == Error.Success else 0


def pool_free(address: int, stream: StreamRecord | None = None) -> bool:
    """Give memory back to its pool, behind a stream's work or (None) the device's.

    Return False for what is no pool's, or cannot stay with it.
    """
    function = _helper("anyroc_pool_free", "int", POINTER, "uint64_t")
    result: int = function(stream.address if stream else 0, address)
    return result == Error.Success


def settle_pools(device: int) -> None:
    """Have a device's pools keep no more free memory than they may."""
    _helper("anyroc_pools_settle", "void", "unsigned")(device)


def trim_pools(device: int, pool: PoolRecord | None = None, keep: int = 0) -> None:
    """Give back the memory that no work needs, of a pool or of all, down to `keep` bytes each."""
    address = ctypes.addressof(pool) if pool else 0
    _helper("anyroc_pools_trim", "void", "unsigned", POINTER, "uint64_t")(device, address, keep)


def forget_pools(device: int) -> None:
    """Forget all memory of a device's pools: it is about to be freed."""
    _helper("anyroc_pools_forget", "void", "unsigned")(device)


def begin_graph() -> int:
    """Return the address of the record of a new executable graph, or 0."""
    return _helper("anyroc_graph_begin", POINTER)() or 0


def graph_handle(record: int) -> int:
    """Return the handle of an executable graph."""
    return _helper("anyroc_graph_handle", "uint64_t", POINTER)(record)


def plans_age() -> int:
    """Return a number that grows when what plans of graphs were made of changes."""
    return _helper("anyroc_plans_age", "uint64_t")()


def forget_plans() -> None:
    """Have C ask Python for all launches of graphs that have a plan now."""
    _helper("anyroc_forget_plans", "void")()


def plan_graph(record: int, steps: int, count: int, age: int) -> None:
    """Let C launch a graph by a plan of a certain age; no plan that it had is used by then."""
    numbers = ("unsigned", "uint64_t")
    _helper("anyroc_graph_plan", "void", *[POINTER] * 2, *numbers)(record, steps, count, age)


def end_graph(record: int) -> None:
    """Make an executable graph's handle invalid and give its record back."""
    _helper("anyroc_graph_end", "void", POINTER)(record)


def on_interrupt(function: Callable[[], None]) -> None:
    """Have C call a function when a thread that waits is interrupted from the keyboard."""
    callback = ctypes.CFUNCTYPE(None)(function)
    _kept.append(callback)
    _helper("anyroc_on_interrupt", "void", POINTER)(ctypes.cast(callback, ctypes.c_void_p).value)


_kept: list[Any] = []


def make_event(flags: int) -> int:
    """Return the handle of a new event, or 0."""
    return _helper("anyroc_make_event", "uint64_t", "unsigned")(flags)


def event_known(event: int) -> bool:
    """Tell whether C knows an event."""
    return bool(_helper("anyroc_event_find", POINTER, "uint64_t")(event))


def hold_event(event: int) -> EventRecord | None:
    """Return what C knows of an event, and let it stay until `give_event`."""
    address = _helper("anyroc_event_hold", POINTER, "uint64_t")(event)
    return EventRecord.from_address(address) if address else None


def end_event(record: EventRecord) -> None:
    """Make an event's handle invalid."""
    _helper("anyroc_event_end", "void", POINTER)(ctypes.addressof(record))


def give_event(record: EventRecord) -> None:
    """Give an event's record back."""
    _helper("anyroc_event_give", "void", POINTER)(ctypes.addressof(record))


def call(function: int, argument: int) -> None:
    """Call the C function `void (*)(void *)` at an address."""
    _helper("anyroc_call", "void", POINTER, POINTER)(function, argument)
