"""The C library's standard output of this process, which the host program's own printf shares."""

from __future__ import annotations

import ctypes
import functools
from typing import Any

STDOUT, STDERR = "stdout", "stderr"


def write(stream: str, data: bytes) -> None:
    """Append bytes to the buffer of the C stream called `stream`, in order with what C wrote."""
    libc, files = _libc()
    libc.fwrite(data, 1, len(data), files[stream])


def flush() -> None:
    """Flush every C stream."""
    _libc()[0].fflush(None)


@functools.cache
def _libc() -> tuple[Any, dict[str, Any]]:
    libc = ctypes.CDLL(None)
    libc.fwrite.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p]
    libc.fflush.argtypes = [ctypes.c_void_p]
    return libc, {name: ctypes.c_void_p.in_dll(libc, name) for name in (STDOUT, STDERR)}
