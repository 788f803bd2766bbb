"""roctx: a program's marks and ranges, which there is nothing to show here. Ranges are counted."""

from __future__ import annotations

import itertools
import threading

from anyroc.libs.status import failing

failure = failing(invalid=-1, memory=-1, internal=-1)

VERSION = (4, 1)

_numbers = itertools.count(1)


class _Thread(threading.local):
    depth = 0


_thread = _Thread()


def roctx_version_major() -> int:
    return VERSION[0]


def roctx_version_minor() -> int:
    return VERSION[1]


def roctxMarkA(message: bytes | None) -> None:
    pass


def roctxRangePushA(message: bytes | None) -> int:
    _thread.depth += 1
    return _thread.depth - 1


def roctxRangePop() -> int:
    if not _thread.depth:
        return -1
    _thread.depth -= 1
    return _thread.depth


def roctxRangeStartA(message: bytes | None) -> int:
    return next(_numbers)


def roctxRangeStop(number: int) -> None:
    pass
