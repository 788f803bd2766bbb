"""Streams: queues of work, the order that HIP promises between them, and their special handles.

A blocking stream and the legacy default stream (the null stream) wait for each other: work on the
null stream starts when all work given to blocking streams before it is done, and the other way
round. Streams made with hipStreamNonBlocking keep out of this.
"""

from __future__ import annotations

import contextlib
import struct
import sys
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from anyroc.cabi import memory, stdio
from anyroc.gpu.binding import FAULTED, NOT_READY, OK
from anyroc.gpu.queue import launch_error
from anyroc.hip import calls, faults, printf
from anyroc.hip.device import Gpu, current, gpus, resetting
from anyroc.hip.error import Error, HipError, require
from anyroc.hip.hostcall import Service
from anyroc.hip.state import Hooks, lock, thread

if TYPE_CHECKING:
    from anyroc.gpu.kernel import LoadedKernel
    from anyroc.gpu.queue import Dim, Queue
    from anyroc.hip.capture import Capture

LEGACY, PER_THREAD = 1, 2
"""The handles hipStreamLegacy and hipStreamPerThread."""

NON_BLOCKING = 1
LOWEST_PRIORITY, HIGHEST_PRIORITY = 1, -1

_ATTRIBUTES = {1, 3, 8, 9, 10}  # hipLaunchAttributeID: those that streams have
_ATTRIBUTE_SIZE = 64
_SINGLE = 4  # hipMemAttachSingle: to one stream
_MOST_STAGED = 256 << 20
_BARRIER, _MEETING = 48, 8
_PRINTF_BUFFER = 64 << 20  # address space; a page takes memory when something is printed into it


@dataclass(frozen=True)
class MultiGrid:
    """One grid's place among those that a launch on several devices has begun.

    `meeting` is the address of their barrier, `number` the grid's place among `count`, `before` the
    work-items of those before it, `threads` those of all.
    """

    meeting: int
    number: int
    count: int
    before: int
    threads: int


begun = Hooks()
"""Called with a stream and a mode: C has begun a capture, which the stream is to have."""


class Stream:
    """A stream of one device.

    One that the program destroys may be kept by C, which makes it again under another handle.
    Other threads may be waiting for a stream while one destroys it, so its queue ends with the last
    reference.
    """

    def __init__(
        self, gpu: Gpu, *, flags: int = 0, priority: int = 0, legacy: bool = False
    ) -> None:
        self.gpu = gpu
        self.legacy = legacy
        self.lock = threading.RLock()  # held where new work must not come between query and effect
        self.attributes: dict[int, bytes] = {}  # hints, which are kept and have no effect
        self._capture: Capture | None = None
        self._printf = self._barrier = self._meeting = 0
        self.units: bytes = b""  # a mask of compute units, which is kept and has no effect
        self._hostcalls: Service | None = None
        self._staged_size = 0  # bytes of host memory that copies under way have been read into
        bury()
        self.queue: Queue = gpu.device.create_queue()
        self.record = calls.StreamRecord(
            self.queue.handle, gpu.index, legacy=legacy, flags=flags, priority=priority
        )
        with lock:
            gpu.streams.append(self)

    @property
    def flags(self) -> int:
        """Those of its creation."""
        return int(self.record.fields.flags)

    @property
    def priority(self) -> int:
        """That of its creation."""
        return int(self.record.fields.priority)

    @property
    def blocking(self) -> bool:
        """Whether it is ordered with the legacy stream."""
        return bool(self.record.fields.blocking)

    @property
    def capture(self) -> Capture | None:
        """The capture that it takes part in."""
        if self._capture is None and self.record.fields.begun:
            with self.lock:
                if self._capture is None:
                    begun(self, self.record.fields.begun - 1)
        return self._capture

    @capture.setter
    def capture(self, capture: Capture | None) -> None:
        self._capture = capture
        self.record.capture(capture is not None)

    def submit(self) -> Queue:
        """Return the queue for one more piece of work, ordered behind what HIP says comes first.

        While the stream is being captured that is something that takes a queue's calls.
        """
        if self.capture is not None:
            return cast("Queue", self.capture.recorder(self))
        require(self.record.order() == Error.Success, Error.StreamCaptureImplicit)
        return self.queue

    def run(
        self,
        kernel: LoadedKernel,
        grid: Dim,
        block: Dim,
        shared: int,
        arguments: bytes,
        *,
        brief: bool,
    ) -> bool:
        """Launch a kernel that asks for nothing special and wait; return whether there is a fault.

        It is as `submit().launch(…)` and `queue.synchronize()`, in one call of C. The stream must
        not be captured. A kernel that is `brief` is run by the calling thread if it can be.
        """
        shape = kernel.shape(block)
        if shape not in kernel.natives:
            kernel.prepare(shape)
        result = self.record.run(kernel.address, grid, block, shared, arguments, brief=brief)
        if result == NOT_READY:  # a signal came
            return self.queue.synchronize()
        if result not in (OK, FAULTED):
            raise launch_error(result, kernel, grid, block, shared)
        return result == FAULTED

    def _group(self) -> list[Stream]:
        """Return the streams whose work waiting for this one means to wait for."""
        if self.legacy and len(self.gpu.streams) > 1:
            return [self, *(other for other in list(self.gpu.streams) if other.blocking)]
        return [self]

    def finish(self) -> None:
        """Deliver what the work that is done has printed and met."""
        settle(self._group())

    def query(self) -> bool:
        """Tell whether all work is done; raise what it met."""
        self.require_running()
        group = self._group()
        done = all(stream.queue.query() for stream in group)
        settle(group)
        return done

    def synchronize(self) -> None:
        """Wait until all work is done, print what it printed, raise what it met."""
        self.require_running()
        group = self._group()
        for stream in group:
            if not stream.queue.query():
                stream.queue.synchronize()
        calls.settle_pools(self.gpu.index)
        settle(group)

    def require_running(self) -> None:
        """Refuse a call that waits for the stream while it is being captured."""
        if self.capture is not None:
            raise self.capture.refuse()

    def copy_staged(self, to: int, source: int, size: int) -> None:
        """Put a copy on the queue whose source is read now."""
        with self.lock:
            if self.queue.query():
                self._staged_size = 0
        if self._staged_size + size > _MOST_STAGED:
            self.synchronize()
        place = self.gpu.memory.alloc(size, "internal")
        memory.move(place, source, size)
        with self.lock:
            queue = self.submit()
            queue.copy(to, place, size)
            queue.free(place)
            self._staged_size += size

    def release(self, address: int) -> None:
        """Free memory once the stream's work so far is done."""
        self.submit().free(address)

    def _tell(self) -> None:
        """Tell C what Python has to see to when the stream's work is done."""
        self.record.talks(self._printf, self._hostcalls is not None)

    def outcome(self) -> Error:
        """If the stream is idle, print what kernels have printed; return what one has met."""
        state = self.queue.poll()
        if state == NOT_READY:
            return Error.Success
        asserted = False
        if self._printf or self._hostcalls:
            with self.lock, self.record.quiet():
                asserted = self.queue.query() and self._collect()
        fault = self.queue.fault if state == FAULTED else None
        if fault is None:
            return Error.Success
        return faults.report(self.gpu, fault, asserted=asserted)

    def deliver(self) -> str:
        """Print what kernels that are done have printed; return an assertion that failed, or ""."""
        text = b""
        with self.lock, self.record.quiet():
            self._collect()
            if self._hostcalls is not None:
                text, self._hostcalls.assertion = self._hostcalls.assertion, b""
        stdio.flush()
        return text.decode(errors="replace").strip()

    def _collect(self) -> bool:
        """Print what was printed; tell whether an assertion failed."""
        drained = bool(self._printf and printf.drain(self._printf))
        return drained or bool(self._hostcalls and self._hostcalls.assertion)

    def meeting_point(self) -> int:
        """Return the address of what several grids meet at in `multi_grid.sync()`."""
        if not self._meeting:
            self._meeting = self.gpu.memory.alloc(_MEETING, "internal")
        memory.write(self._meeting, bytes(_MEETING))
        return self._meeting

    def grid_barrier(self, workgroups: int, threads: int, grids: MultiGrid | None = None) -> int:
        """Return the address of what the blocks of the next launch meet at in `grid.sync()`.

        The layout is that of the device libraries' `mg_info`: address of the barrier of several
        grids (u64), number of the grid and count of grids (u32 each), work-items before this grid
        and in all (u64 each), the barrier of this grid (two u32), its number of workgroups (u32).
        """
        if not self._barrier:
            self._barrier = self.gpu.memory.alloc(_BARRIER, "internal")
        found = grids or MultiGrid(0, 0, 1, 0, threads)
        place = found.number | found.count << 32
        values = (found.meeting, place, found.before, found.threads, 0, workgroups)
        for offset, value in enumerate(values):
            self.queue.fill(self._barrier + 8 * offset, struct.pack("<Q", value), 1)
        # When all have met it is as it was: the next such launch can use it.
        self.record.barrier(0 if grids else self._barrier, workgroups, threads)
        return self._barrier

    def forget_barrier(self) -> None:
        """Have the barrier made anew: a kernel has ended while its blocks were meeting."""
        self.record.barrier(0)

    def printf_buffer(self) -> int:
        """Return the address of the buffer that kernels on this stream print into."""
        with self.lock:  # of the threads that come first all must get the same one
            if not self._printf:
                place = self.gpu.memory.alloc(_PRINTF_BUFFER, "internal")
                memory.write(place, printf.empty_header(_PRINTF_BUFFER))
                self._printf = place
                self._tell()
        if memory.get_i32(self._printf) > _PRINTF_BUFFER // 2:
            self.synchronize()
        return self._printf

    def host_calls(self) -> Service:
        """Return what answers the calls to the host of kernels on this stream."""
        with self.lock:
            if self._hostcalls is None:
                self._hostcalls = Service(self.gpu.memory)
                self._tell()
            return self._hostcalls

    def destroy(self) -> None:
        """Finish the stream's work and take no more."""
        with lock:
            if self in self.gpu.streams:
                self.gpu.streams.remove(self)
        self.record.end()
        self.queue.synchronize()
        with self.lock, self.record.quiet():
            self._collect()

    def __del__(self) -> None:
        # This may run anywhere, also in a thread that holds a lock which closing a queue takes.
        if sys is not None and not sys.is_finalizing():
            places = [*filter(None, (self._printf, self._barrier, self._meeting))]
            _ended.append((self.queue, self.record, self._hostcalls, places))


_ended: deque[tuple[Queue, calls.StreamRecord, Service | None, list[int]]] = deque()


def bury() -> None:
    """Give back what the streams that are no more have held."""
    while _ended:
        try:
            queue, record, hostcalls, places = _ended.popleft()
        except IndexError:  # another thread was faster
            return
        record.free()
        queue.close()
        for address in places:
            queue.device.memory.free(address)
        if hostcalls is not None:
            hostcalls.close()


_made: dict[int, Stream] = {}  # what programs have made, by the address of C's record


def of(handle: int) -> Stream:
    """Return the stream of a handle, which may be null or one of the special ones."""
    if handle > PER_THREAD:
        return _made_as(handle)
    return default(handle or thread.null_stream)


def _made_as(handle: int) -> Stream:
    """Return the stream that a program has made; raises ContextIsDestroyed."""
    found = _made.get(calls.find_stream(handle))
    if found is None:
        raise HipError(Error.ContextIsDestroyed)
    return found


def by_record(address: int) -> Stream | None:
    """Return the stream whose record is at an address, if there is one."""
    streams = (stream for gpu in gpus() for stream in list(gpu.streams))
    return next((stream for stream in streams if stream.record.address == address), None)


def known(handle: int) -> bool:
    """Tell whether a handle is a stream's."""
    return handle <= PER_THREAD or calls.find_stream(handle) in _made


def default(handle: int) -> Stream:
    """Return the current device's legacy default stream or the calling thread's own stream."""
    gpu = current()
    if handle == LEGACY:
        if gpu.legacy is None:
            with lock:
                gpu.legacy = gpu.legacy or Stream(gpu, legacy=True)
        return gpu.legacy
    if thread.streams is None:
        thread.streams = _ThreadStreams()
    own: Stream | None = thread.streams.get(gpu.index)
    if own is None or not own.record.fields.handle:  # hipDeviceReset has ended it
        own = thread.streams[gpu.index] = Stream(gpu)
        own.record.own()
    return own


class _ThreadStreams(dict[int, Stream]):
    """A thread's own stream on each device, by the device's index; they end with the thread."""

    def __del__(self) -> None:
        if sys is not None and not sys.is_finalizing():
            for stream in self.values():
                stream.destroy()


def settle(streams: Iterable[Stream]) -> None:
    """Deliver what the work of some streams has printed, then raise what one of them has met."""
    faults.hold()
    for code in [stream.outcome() for stream in streams]:
        require(code == Error.Success, code)


def synchronize(gpu: Gpu) -> None:
    """Wait for all work of a device, print what it printed, raise what it met."""
    settle(wait_for(gpu))


def wait_for(gpu: Gpu, *, captured: bool = False) -> list[Stream]:
    """Wait for all work of a device and return its streams, for `settle`.

    While a stream is captured that is refused unless `captured` is set.
    """
    bury()
    streams = list(gpu.streams)
    for stream in streams:
        if not captured:
            stream.require_running()
    for stream in streams:
        if not stream.queue.query():
            stream.queue.synchronize()
    calls.settle_pools(gpu.index)
    return streams


def finish_everything() -> None:
    """Wait for all work of all devices and flush C's streams, as a program does at its end."""
    for gpu in gpus():
        with contextlib.suppress(HipError):
            gpu.synchronize()
    stdio.flush()


@resetting.add
def _forget(gpu: Gpu) -> None:
    calls.forget_stock(gpu.index)
    for stream in list(gpu.streams):
        if stream is not gpu.legacy:
            stream.destroy()
            _made.pop(stream.record.address, None)


def hipStreamCreateWithPriority(out: int, flags: int, priority: int) -> None:
    require(out)
    require(flags in (0, NON_BLOCKING))
    priority = max(HIGHEST_PRIORITY, min(LOWEST_PRIORITY, priority))
    made = Stream(current(), flags=flags, priority=priority)
    _made[made.record.address] = made
    memory.put_u64(out, made.record.handle)


def hipStreamCreateWithFlags(out: int, flags: int) -> None:
    hipStreamCreateWithPriority(out, flags, 0)


def hipStreamCreate(out: int) -> None:
    hipStreamCreateWithPriority(out, 0, 0)


def hipExtStreamCreateWithCUMask(out: int, words: int, mask: int) -> None:
    require(out and mask and words)
    hipStreamCreateWithPriority(out, 0, 0)
    made = of(memory.get_u64(out))
    made.record.special()
    made.units = memory.read(mask, 4 * words)


def hipExtStreamGetCUMask(stream: int, words: int, out: int) -> None:
    chosen = of(stream)
    units = chosen.gpu.properties["multiProcessorCount"]
    whole = ((1 << units) - 1).to_bytes(-(-units // 32) * 4, "little")
    require(out and 4 * words >= len(whole))
    mask = chosen.units if any(chosen.units) else whole
    memory.write(out, mask[: 4 * words].ljust(4 * words, b"\0"))


def hipStreamDestroy(stream: int) -> None:
    require(stream > PER_THREAD, Error.InvalidHandle)
    ended = _made_as(stream)
    require(ended.record.end(stream), Error.ContextIsDestroyed)
    del _made[ended.record.address]
    ended.destroy()
    del ended
    bury()


def hipStreamSynchronize(stream: int) -> None:
    of(stream).synchronize()


def hipStreamQuery(stream: int) -> int:
    return Error.Success if of(stream).query() else Error.NotReady


def hipStreamGetFlags(stream: int, out: int) -> None:
    require(stream and out)  # as HIP has it; CUDA gives the null stream's
    memory.put_i32(out, of(stream).flags)


def hipStreamGetPriority(stream: int, out: int) -> None:
    require(out)
    memory.put_i32(out, of(stream).priority)


def hipStreamGetDevice(stream: int, out: int) -> None:
    require(out)
    memory.put_i32(out, of(stream).gpu.index)


def hipGetStreamDeviceId(stream: int) -> int:
    return of(stream).gpu.index


def hipStreamGetId(stream: int, out: int) -> None:
    require(out)
    memory.put_u64(out, stream or LEGACY)


def hipStreamSetAttribute(stream: int, attribute: int, value: int) -> None:
    chosen = of(stream)
    require(value and attribute in _ATTRIBUTES)
    chosen.record.special()
    chosen.attributes[attribute] = memory.read(value, _ATTRIBUTE_SIZE)


def hipStreamGetAttribute(stream: int, attribute: int, out: int) -> None:
    chosen = of(stream)
    require(out and attribute in _ATTRIBUTES)
    memory.write(out, chosen.attributes.get(attribute, bytes(_ATTRIBUTE_SIZE)))


def hipStreamCopyAttributes(to: int, source: int) -> None:
    chosen = of(to)
    chosen.record.special()
    chosen.attributes.update(of(source).attributes)


def hipDeviceGetStreamPriorityRange(least: int, greatest: int) -> None:
    if least:
        memory.put_i32(least, LOWEST_PRIORITY)
    if greatest:
        memory.put_i32(greatest, HIGHEST_PRIORITY)


def hipStreamAttachMemAsync(stream: int, address: int, length: int, flags: int) -> None:
    require(address)
    require(flags in (1, 2, _SINGLE) and (stream > LEGACY or flags != _SINGLE))
    chosen = of(stream)
    allocation = chosen.gpu.memory.find(address)
    if allocation is None or allocation.kind != "managed":
        raise HipError(Error.InvalidValue)
    require(length in (0, allocation.size))


def hipLaunchHostFunc(stream: int, function: int, user_data: int) -> None:
    chosen = of(stream)
    require(function)
    chosen.submit().callback(function, user_data)


def hipStreamAddCallback(stream: int, function: int, user_data: int, flags: int) -> None:
    chosen = of(stream)
    require(function and flags == 0)
    chosen.submit().callback(*calls.stream_callback(function, stream, user_data))
