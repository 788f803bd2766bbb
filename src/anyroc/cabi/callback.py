"""Python functions that C calls later, on a thread of its own, with one pointer."""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Callable

Work = Callable[[], None]

_numbers = itertools.count(1)
_waiting: dict[int, tuple[Work, bool]] = {}


def _run(number: int) -> None:
    work, again = _waiting[number]
    try:
        work()
    finally:
        if not again:
            del _waiting[number]


_entry = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(_run)


def once(work: Work) -> tuple[int, int]:
    """Return (function, argument) for C to call `work` with, one time. `work` must not raise."""
    return _made(work, again=False)


def repeatedly(work: Work) -> tuple[int, int]:
    """Return (function, argument) for C to call `work` with at any time. `work` must not raise."""
    return _made(work, again=True)


def _made(work: Work, *, again: bool) -> tuple[int, int]:
    number = next(_numbers)
    _waiting[number] = (work, again)
    return ctypes.cast(_entry, ctypes.c_void_p).value or 0, number
