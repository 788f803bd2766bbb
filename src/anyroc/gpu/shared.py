"""Pages that may be mapped at several addresses, in one process or in several.

They belong to a file in memory that has no name; whoever has its descriptor has the pages.
"""

from __future__ import annotations

import ctypes
import mmap
import os
from functools import cache
from typing import Any

from anyroc.gpu.memory import OutOfMemory

_MAP_FIXED = 0x10
_MAP_FAILED = ctypes.c_void_p(-1).value
_NOTHING, _EVERYTHING = 0, mmap.PROT_READ | mmap.PROT_WRITE


class Pages:
    """Pages of a file in memory: `size` bytes; `fd` is its descriptor."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.size = os.fstat(fd).st_size

    @classmethod
    def make(cls, size: int) -> Pages:
        """Return `size` bytes of new pages; OutOfMemory if the system has none."""
        fd = -1
        try:
            fd = os.memfd_create("anyroc", os.MFD_CLOEXEC)
            os.ftruncate(fd, size)
        except OSError as error:
            if fd >= 0:
                os.close(fd)
            raise OutOfMemory(f"the system refuses {size} bytes of shared memory") from error
        return cls(fd)

    def map(self, address: int, size: int, offset: int = 0) -> None:
        """Make `size` bytes from an offset appear at an address; OutOfMemory if that fails."""
        flags = mmap.MAP_SHARED | _MAP_FIXED
        if _libc().mmap(address, size, _EVERYTHING, flags, self.fd, offset) == _MAP_FAILED:
            raise OutOfMemory(f"the system refuses to map {size} bytes")

    def write(self, address: int, size: int) -> None:
        """Fill the pages with what is at an address."""
        view = memoryview((ctypes.c_char * size).from_address(address)).cast("B")
        done = 0
        while done < size:
            done += os.pwrite(self.fd, view[done : done + (1 << 30)], done)

    def close(self) -> None:
        """Give the pages up; where they are mapped they stay."""
        os.close(self.fd)


def protect(address: int, size: int, *, usable: bool) -> None:
    """Let accesses to pages succeed or fault."""
    if _libc().mprotect(address, size, _EVERYTHING if usable else _NOTHING) != 0:
        raise OutOfMemory(f"the system refuses to protect {size} bytes")


@cache
def _libc() -> Any:
    libc = ctypes.CDLL(None)
    word, size = ctypes.c_int, ctypes.c_size_t
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, size, word, word, word, ctypes.c_long]
    libc.mprotect.argtypes = [ctypes.c_void_p, size, word]
    return libc
