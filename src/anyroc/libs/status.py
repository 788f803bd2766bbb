"""What the libraries' statuses have in common: from a Python exception to a number."""

from __future__ import annotations

import traceback
from collections.abc import Callable

from anyroc.cabi.memory import NullPointer
from anyroc.errors import AnyrocError
from anyroc.hip import faults
from anyroc.hip.error import HipError


class StatusError(Exception):
    """What a library's function returns instead of success, as the number of its status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = int(status)


def require(condition: object, status: int) -> None:
    """Raise `StatusError(status)` unless the condition holds."""
    if not condition:
        raise StatusError(status)


def failing(*, invalid: int, memory: int, internal: int) -> Callable[[str, BaseException], int]:
    """Return the `failure` of a library from its statuses.

    They are those for a bad pointer, for memory that ran out and for all else. The last is
    explained on stderr, once for each explanation.
    """

    def failure(function: str, error: BaseException) -> int:
        if isinstance(error, StatusError):
            return error.status
        if isinstance(error, NullPointer):
            return invalid
        if isinstance(error, MemoryError):
            return memory
        if isinstance(error, (AnyrocError, HipError)):
            faults.say(f"{function}: {error}")
            return internal
        frames = traceback.extract_tb(error.__traceback__)
        where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "an unknown place"
        kind = type(error).__name__
        faults.say(f"{function} failed inside anyroc: {kind}: {error} ({where})")
        return internal

    return failure
