"""RCCL, as far as programs call it that could use several GPUs and do not: its version, its errors.

Communicators are not implemented.
"""

from __future__ import annotations

from anyroc.cabi import memory
from anyroc.libs.status import failing

SUCCESS, UNHANDLED, SYSTEM_ERROR, INTERNAL_ERROR, INVALID_ARGUMENT, INVALID_USAGE = range(6)
VERSION = 22703

failure = failing(invalid=INVALID_ARGUMENT, memory=SYSTEM_ERROR, internal=INTERNAL_ERROR)

_TEXTS = (
    *("no error", "unhandled cuda error", "unhandled system error", "internal error"),
    *("invalid argument", "invalid usage", "remote process exited or there was a network error"),
)


def ncclGetErrorString(result: int) -> int:
    known = 0 <= result < len(_TEXTS)
    return memory.c_string(_TEXTS[result] if known else "unknown result code")


def ncclGetLastError(communicator: int) -> int:
    return memory.c_string("")


def ncclGetVersion(out: int) -> None:
    memory.put_i32(out, VERSION)


def ncclGroupStart() -> None:
    pass


def ncclGroupEnd() -> None:
    pass
