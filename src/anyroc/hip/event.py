"""Events: points in a stream's work that can be waited for and timed."""

from __future__ import annotations

import abc
import sys
import time
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

from anyroc.cabi import memory
from anyroc.cabi.fast import EventRecord
from anyroc.gpu import queue
from anyroc.gpu.memory import PAGE, address_space
from anyroc.gpu.shared import Pages
from anyroc.hip import calls
from anyroc.hip.device import current
from anyroc.hip.error import Error, HipError, require
from anyroc.hip.state import Handles, lock
from anyroc.hip.stream import Stream, by_record, known, of

if TYPE_CHECKING:
    from anyroc.hip.capture import Capture
    from anyroc.hip.graph import Node

_DISABLE_TIMING = 0x2
INTERPROCESS = 0x4
_RELEASES = 0x40000000 | 0x80000000  # to the device, to the system: one or the other
_ALL_BITS = (1 << 64) - 1
_POLL = 20e-6  # seconds between looks at a page that another process writes
_KNOWN_FLAGS = 0x1 | _DISABLE_TIMING | INTERPROCESS | 0x20000000 | 0x40000000 | 0x80000000


class Event(abc.ABC):
    """What a hipEvent_t stands for."""

    @abc.abstractmethod
    def record(self, stream: Stream) -> None:
        """Record it behind the stream's work so far."""

    @abc.abstractmethod
    def hold(self, stream: Stream) -> None:
        """Let the stream's work from now on wait for the event."""

    @abc.abstractmethod
    def query(self) -> bool:
        """Tell whether the work before it is done."""

    @abc.abstractmethod
    def wait(self) -> None:
        """Wait for the work before it."""

    def finish(self) -> None:
        """Deliver what the work before the event has printed, raise what it met."""
        stream = self.stream
        if stream is not None:
            stream.finish()

    @property
    @abc.abstractmethod
    def stream(self) -> Stream | None:
        """The stream that it was recorded on last, if that is still there."""

    @abc.abstractmethod
    def close(self) -> None:
        """Do what the end of its handle asks for."""


class OwnEvent(Event):
    """An event of this process, which C has made: see struct event in cabi/hip_events.c."""

    def __init__(self, known: EventRecord) -> None:
        self._known = known
        self._captured: tuple[Capture, list[Node]] | None = None
        self.event = queue.Event(known.event)

    def __del__(self) -> None:
        if sys is not None and not sys.is_finalizing():
            calls.give_event(self._known)

    @property
    def timed(self) -> bool:
        """Whether it takes the time."""
        return bool(self._known.timed)

    def record(self, stream: Stream) -> None:
        capture = stream.capture
        self._captured = None if capture is None else (capture, list(capture.frontiers[stream]))
        self._known.captured = capture is not None
        if capture is None:
            stream.submit().record(self.event)
            self._known.stream = stream.record.address
            self._known.frees = 0

    def hold(self, stream: Stream) -> None:
        if self._captured is not None:
            capture, nodes = self._captured
            require(capture.origin.capture is capture, Error.CapturedEvent)
            capture.join(stream, nodes)
        else:
            require(stream.capture is None, Error.StreamCaptureIsolation)
            stream.submit().wait(self.event)

    def query(self) -> bool:
        return self.event.query()

    def wait(self) -> None:
        self.event.synchronize()

    def finish(self) -> None:
        require(self._captured is None, Error.CapturedEvent)
        super().finish()

    @property
    def stream(self) -> Stream | None:
        return by_record(self._known.stream or 0)

    def close(self) -> None:
        calls.end_event(self._known)


class SharedEvent(Event):
    """An event that several processes know.

    A page that they share has two numbers: how often it was recorded, and the greatest of those
    records that streams have come to.
    """

    def __init__(self, pages: Pages | None = None) -> None:
        self.pages = Pages.make(PAGE) if pages is None else pages
        self._place = address_space().reserve(PAGE)
        self.pages.map(self._place, PAGE)
        address_space().attach(self._place, PAGE, "internal", current().memory)
        self._stream: Callable[[], Stream | None] = lambda: None

    @property
    def stream(self) -> Stream | None:
        return self._stream()

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
        """Give the page up once all records are done."""
        self.wait()
        address_space().detach(self._place)
        address_space().unreserve(self._place, PAGE)
        self.pages.close()


_shared: Handles[SharedEvent] = Handles(Error.InvalidHandle)
_held: dict[int, OwnEvent] = {}  # those of C's events that Python has had to do with


def share(pages: Pages | None = None) -> int:
    """Return the handle of a new event that several processes know, or of one of theirs."""
    return _shared.add(SharedEvent(pages))


def event_of(handle: int) -> Event:
    """Return the event of a handle."""
    with lock:
        found = _held.get(handle)
        if found is None:
            known = calls.hold_event(handle)
            if known is None:
                return _shared[handle]
            found = _held[handle] = OwnEvent(known)
        return found


def record_if(event: int, stream: int) -> None:
    """Record an event that may be null."""
    if event:
        event_of(event).record(of(stream))


def hipEventCreateWithFlags(out: int, flags: int) -> None:
    require(out)
    flags &= 0xFFFFFFFF
    require(flags & ~_KNOWN_FLAGS == 0)
    require(flags & _RELEASES != _RELEASES)
    current()
    if flags & INTERPROCESS:
        require(flags & _DISABLE_TIMING)
        memory.put_u64(out, share())
        return
    made = calls.make_event(flags)
    require(made, Error.OutOfMemory)
    memory.put_u64(out, made)


def hipEventCreate(out: int) -> None:
    hipEventCreateWithFlags(out, 0)


def hipEventDestroy(event: int) -> None:
    require(event, Error.InvalidHandle)
    require(event in _shared or calls.event_known(event), Error.ContextIsDestroyed)
    event_of(event).close()
    if event in _shared:
        _shared.remove(event)
    _held.pop(event, None)


def hipEventRecord(event: int, stream: int) -> None:
    event_of(event).record(of(stream))


def hipEventRecordWithFlags(event: int, stream: int, flags: int) -> None:
    require(flags in (0, 1))
    event_of(event).record(of(stream))


def hipEventQuery(event: int) -> int:
    found = event_of(event)
    if not found.query():
        return Error.NotReady
    found.finish()
    return Error.Success


def hipEventSynchronize(event: int) -> None:
    found = event_of(event)
    found.wait()
    found.finish()


def hipEventElapsedTime(out: int, start: int, stop: int) -> None:
    require(out)
    ends = event_of(start), event_of(stop)
    times = [each.event for each in ends if isinstance(each, OwnEvent) and each.timed]
    if len(times) != len(ends) or not all(each.recorded for each in times):
        raise HipError(Error.InvalidHandle)
    begin, end = (each.time_ns for each in times)
    if begin is None or end is None:
        raise HipError(Error.NotReady)
    memory.put_f32(out, (end - begin) / 1e6)


def hipStreamWaitEvent(stream: int, event: int, flags: int) -> None:
    require(known(stream), Error.InvalidHandle)
    waiting = of(stream)
    require(event, Error.InvalidHandle)
    require(flags in (0, 1))
    event_of(event).hold(waiting)
