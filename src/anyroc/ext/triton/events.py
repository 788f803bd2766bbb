"""What Triton and its benchmarks ask of a framework's device: events, streams, waiting."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from anyroc.errors import BadInput
from anyroc.ext.triton import devices
from anyroc.gpu import queue
from anyroc.hip import stream as streams

DEFAULT_STREAM = 0


class Event:
    """A point in the device's work, with the interface of `torch.cuda.Event`."""

    def __init__(
        self, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False
    ) -> None:
        self._event = queue.Event()

    def record(self, stream: Any = None) -> None:
        """Record it behind the work so far."""
        _null_stream().submit().record(self._event)

    def query(self) -> bool:
        """Tell whether the work before it is done."""
        return self._event.query()

    def synchronize(self) -> None:
        """Wait for the work before it."""
        self._event.synchronize()

    def wait(self, stream: Any = None) -> None:
        """Let later work wait for it."""
        _null_stream().submit().wait(self._event)

    def elapsed_time(self, end: Event) -> float:
        """Return the milliseconds from this event to another one; both must be complete."""
        begin_ns, end_ns = self._event.time_ns, end._event.time_ns
        if begin_ns is None or end_ns is None:
            raise BadInput("an event that has not happened yet has no time")
        return (end_ns - begin_ns) / 1e6


class Interface:
    """The device, with as much of the interface of `torch.cuda` as Triton uses."""

    Event = Event

    def current_device(self) -> int:
        return devices.current()

    def set_device(self, device: int | str) -> None:
        devices.choose(device)

    def device_count(self) -> int:
        return len(devices.all_targets())

    def is_available(self) -> bool:
        return True

    def synchronize(self, device: Any = None) -> None:
        """Wait for all work of the device."""
        devices.gpu(devices.current()).synchronize()

    def current_stream(self, device: Any = None) -> int:
        return DEFAULT_STREAM

    def default_stream(self, device: Any = None) -> int:
        return DEFAULT_STREAM

    def stream(self, stream: Any) -> nullcontext[None]:
        """Return a context in which a stream is the current one; there is one only."""
        return nullcontext()


def _null_stream() -> streams.Stream:
    devices.gpu(devices.current())
    return streams.of(DEFAULT_STREAM)
