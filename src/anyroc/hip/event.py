"""Events: points in a stream's work that can be waited for and timed."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

from anyroc.cabi import memory
from anyroc.gpu import queue
from anyroc.gpu.memory import PAGE, address_space
from anyroc.gpu.shared import Pages
from anyroc.hip import calls
from anyroc.hip.device import current
from anyroc.hip.error import Error, HipError, require
from anyroc.hip.state import Handles, lock
from anyroc.hip.stream import Stream, known, of

if TYPE_CHECKING:
    from anyroc.hip.capture import Capture
    from anyroc.hip.graph import Node

_DISABLE_TIMING = 0x2
INTERPROCESS = 0x4
_RELEASES = 0x40000000 | 0x80000000  # to the device, to the system: one or the other
_ALL_BITS = (1 << 64) - 1
_POLL = 20e-6  # seconds between looks at a page that another process writes
_KNOWN_FLAGS = 0x1 | _DISABLE_TIMING | INTERPROCESS | 0x20000000 | 0x40000000 | 0x80000000


class Event:
    """What a hipEvent_t stands for."""

    def __init__(self, flags: int) -> None:
        self.timed = not flags & _DISABLE_TIMING
        self.event = queue.Event()
        self._stream: Callable[[], Stream | None] = lambda: None  # where it was recorded last
        self._captured: tuple[Capture, list[Node]] | None = None

    def record(self, stream: Stream) -> None:
        """Record it behind the stream's work so far."""
        capture = stream.capture
        self._captured = None if capture is None else (capture, list(capture.frontiers[stream]))
        if capture is None:
            stream.submit().record(self.event)
            self._stream = weakref.ref(stream)

    def hold(self, stream: Stream) -> None:
        """Let the stream's work from now on wait for the event."""
        if self._captured is not None:
            capture, nodes = self._captured
            require(capture.origin.capture is capture, Error.CapturedEvent)
            capture.join(stream, nodes)
        else:
            require(stream.capture is None, Error.StreamCaptureIsolation)
            stream.submit().wait(self.event)

    def query(self) -> bool:
        """Tell whether the work before it is done."""
        return self.event.query()

    def wait(self) -> None:
        """Wait for the work before it."""
        self.event.synchronize()

    def finish(self) -> None:
        """Deliver what the work before the event has printed, raise what it met."""
        require(self._captured is None, Error.CapturedEvent)
        stream = self._stream()
        if stream is not None:
            stream.finish()


class SharedEvent(Event):
    """An event that several processes know.

    A page that they share has two numbers: how often it was recorded, and the greatest of those
    records that streams have come to.
    """

    def __init__(self, flags: int, pages: Pages | None = None) -> None:
        super().__init__(flags | _DISABLE_TIMING)
        self.pages = Pages.make(PAGE) if pages is None else pages
        self._place = address_space().reserve(PAGE)
        self.pages.map(self._place, PAGE)
        address_space().attach(self._place, PAGE, "internal", current().memory)

    def record(self, stream: Stream) -> None:
        require(stream.capture is None, Error.StreamCaptureUnsupported)
        with lock:
            number = memory.get_u64(self._place) + 1
            memory.put_u64(self._place, number)
            stream.submit().fill(self._place + 8, number.to_bytes(8, "little"), 1)
        self._stream = weakref.ref(stream)

    def hold(self, stream: Stream) -> None:
        require(stream.capture is None, Error.StreamCaptureIsolation)
        wanted = memory.get_u64(self._place)
        stream.submit().callback(*calls.value_wait(self._place + 8, wanted, _ALL_BITS, 0, 8))

    def query(self) -> bool:
        return memory.get_u64(self._place + 8) >= memory.get_u64(self._place)

    def wait(self) -> None:
        wanted = memory.get_u64(self._place)
        while memory.get_u64(self._place + 8) < wanted and not calls.device_error():
            time.sleep(_POLL)

    def close(self) -> None:
        """Give the page up."""
        address_space().detach(self._place)
        address_space().unreserve(self._place, PAGE)
        self.pages.close()


_events: Handles[Event] = Handles(Error.InvalidHandle)


def add_event(event: Event) -> int:
    """Return a handle for an event."""
    return _events.add(event)


def event_of(handle: int) -> Event:
    """Return the event of a handle."""
    return _events[handle]


def record_if(event: int, stream: int) -> None:
    """Record an event that may be null."""
    if event:
        _events[event].record(of(stream))


def hipEventCreateWithFlags(out: int, flags: int) -> None:
    require(out)
    flags &= 0xFFFFFFFF
    require(flags & ~_KNOWN_FLAGS == 0)
    require(flags & _RELEASES != _RELEASES)
    if flags & INTERPROCESS:
        require(flags & _DISABLE_TIMING)
        memory.put_u64(out, _events.add(SharedEvent(flags)))
        return
    memory.put_u64(out, _events.add(Event(flags)))


def hipEventCreate(out: int) -> None:
    hipEventCreateWithFlags(out, 0)


def hipEventDestroy(event: int) -> None:
    require(event, Error.InvalidHandle)
    require(event in _events, Error.ContextIsDestroyed)
    ended = _events.remove(event)
    if isinstance(ended, SharedEvent):
        ended.wait()
        ended.close()


def hipEventRecord(event: int, stream: int) -> None:
    _events[event].record(of(stream))


def hipEventRecordWithFlags(event: int, stream: int, flags: int) -> None:
    require(flags in (0, 1))
    _events[event].record(of(stream))


def hipEventQuery(event: int) -> int:
    found = _events[event]
    if not found.query():
        return Error.NotReady
    found.finish()
    return Error.Success


def hipEventSynchronize(event: int) -> None:
    found = _events[event]
    found.wait()
    found.finish()


def hipEventElapsedTime(out: int, start: int, stop: int) -> None:
    require(out)
    first, last = _events[start], _events[stop]
    if not (first.timed and last.timed and first.event.recorded and last.event.recorded):
        raise HipError(Error.InvalidHandle)
    begin, end = first.event.time_ns, last.event.time_ns
    if begin is None or end is None:
        raise HipError(Error.NotReady)
    memory.put_f32(out, (end - begin) / 1e6)


def hipStreamWaitEvent(stream: int, event: int, flags: int) -> None:
    require(known(stream), Error.InvalidHandle)
    waiting = of(stream)
    require(event, Error.InvalidHandle)
    require(flags in (0, 1))
    _events[event].hold(waiting)
