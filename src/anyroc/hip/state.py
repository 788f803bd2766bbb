"""What the functions of HIP share: the devices, each thread's place, the handles given out."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from anyroc.cabi.fast import MOST_CONTEXTS, ThreadFields
from anyroc.hip import calls
from anyroc.hip.error import Error, HipError

T = TypeVar("T")


class Thread(threading.local):
    """What HIP keeps per host thread.

    `null_stream` is the handle that a null stream
    stands for: the legacy default stream, or the thread's own one inside the `_spt` functions.
    """

    def __init__(self) -> None:
        self._fields: ThreadFields | None = None
        self.null_stream = 1
        self.streams: Any = None  # the thread's own stream on each device, by the device's index
        self.capture_mode = 0
        self.configured: list[Any] = []  # hipConfigureCall's launches that are still to be started

    @property
    def fields(self) -> ThreadFields:
        """What C has of the thread."""
        if self._fields is None:
            self._fields = ThreadFields.from_address(calls.this_thread())
        return self._fields

    @property
    def device(self) -> int:
        """The index of the current device."""
        return int(self.fields.device)

    @device.setter
    def device(self, index: int) -> None:
        self.fields.device = index

    @property
    def contexts(self) -> list[int]:
        """The devices whose contexts the program has pushed; set it to change it."""
        return list(self.fields.contexts[: self.fields.depth])

    @contexts.setter
    def contexts(self, devices: list[int]) -> None:
        if len(devices) > MOST_CONTEXTS:
            raise HipError(Error.OutOfMemory)
        self.fields.contexts[: len(devices)] = devices
        self.fields.depth = len(devices)


thread = Thread()
lock = threading.RLock()


class Handles(Generic[T]):
    """Objects that C programs know by an opaque pointer.

    A handle is a number that was never given out before, so that one whose object is destroyed is
    known to be invalid; it lies in no mapped page, so that a program that looks behind it faults.
    """

    _numbers = itertools.count(0x1000, 16)

    def __init__(self, invalid: Error = Error.InvalidHandle) -> None:
        self._objects: dict[int, T] = {}
        self._invalid = invalid

    def add(self, value: T) -> int:
        """Return a new handle for `value`."""
        handle = next(self._numbers)
        self._objects[handle] = value
        return handle

    def __setitem__(self, handle: int, value: T) -> None:
        self._objects[handle] = value

    def __getitem__(self, handle: int) -> T:
        try:
            return self._objects[handle]
        except KeyError:
            raise HipError(self._invalid) from None

    def __contains__(self, handle: int) -> bool:
        return handle in self._objects

    def remove(self, handle: int) -> T:
        """Make the handle invalid and return what it stood for."""
        value = self[handle]
        del self._objects[handle]
        return value

    def items(self) -> list[tuple[int, T]]:
        """Return every live handle with its object."""
        return list(self._objects.items())

    def values(self) -> list[T]:
        """Return every live object."""
        return list(self._objects.values())


class Hooks:
    """Functions to call, in order, when something happens (a device is reset, say)."""

    def __init__(self) -> None:
        self._functions: list[Callable[..., None]] = []

    def add(self, function: Callable[..., None]) -> Callable[..., None]:
        """Register a function; usable as a decorator."""
        self._functions.append(function)
        return function

    def __call__(self, *arguments: Any) -> None:
        for function in self._functions:
            function(*arguments)
