"""Reading and writing the memory that a C caller's pointers name.

Addresses are integers. Nothing here checks more than for null: the caller of a C function vouches
for its pointers.
"""

from __future__ import annotations

import ctypes
import functools
import struct
from collections.abc import Sequence
from typing import Any

PAGE = 4096


class NullPointer(ValueError):
    """A pointer that must name something is null."""


def put_u64(address: int, value: int) -> None:
    """Store a 64-bit integer or a pointer."""
    _cell(ctypes.c_uint64, address).value = value


def put_i32(address: int, value: int) -> None:
    """Store an int."""
    _cell(ctypes.c_int32, address).value = value


def put_f32(address: int, value: float) -> None:
    """Store a float."""
    _cell(ctypes.c_float, address).value = value


def put_f64(address: int, value: float) -> None:
    """Store a double."""
    _cell(ctypes.c_double, address).value = value


def get_u64(address: int) -> int:
    """Load a 64-bit integer or a pointer."""
    return int(_cell(ctypes.c_uint64, address).value)


def get_i32(address: int) -> int:
    """Load an int."""
    return int(_cell(ctypes.c_int32, address).value)


def _cell(c_type: Any, address: int) -> Any:
    if not address:
        raise NullPointer
    return c_type.from_address(address)


def read(address: int, size: int) -> bytes:
    """Return a copy of `size` bytes."""
    if not address and size:
        raise NullPointer
    return ctypes.string_at(address, size)


def view(address: int, size: int) -> memoryview:
    """Return the bytes at an address as they lie there, without a copy."""
    if not address and size:
        raise NullPointer
    return memoryview((ctypes.c_char * size).from_address(address)).cast("B")


def write(address: int, data: bytes) -> None:
    """Store bytes."""
    if not address and data:
        raise NullPointer
    ctypes.memmove(address, data, len(data))


def move(to: int, source: int, size: int) -> None:
    """Copy bytes from one place to another."""
    ctypes.memmove(to, source, size)


def read_string(address: int) -> bytes:
    """Return the bytes before the null that ends a C string."""
    if not address:
        raise NullPointer
    return ctypes.string_at(address)


def address_of(data: bytes) -> int:
    """Return the address of the content of a bytes object, valid as long as that lives."""
    return ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0


class Buffer:
    """Bytes at an address, for as long as this object lives."""

    def __init__(self, data: bytes) -> None:
        self._buffer = ctypes.create_string_buffer(data, max(len(data), 1))
        self.address = ctypes.addressof(self._buffer)


class Block:
    """Host memory with a content, which lives as long as this object."""

    def __init__(self, data: bytes) -> None:
        self._buffer = ctypes.create_string_buffer(data, len(data))
        self.address = ctypes.addressof(self._buffer)


def array_of(values: Sequence[int]) -> int:
    """Return the address of an array of 64-bit integers, which lives until the next call."""
    _arrays[:] = [(ctypes.c_uint64 * max(len(values), 1))(*values)]
    return ctypes.addressof(_arrays[0])


def write_string(address: int, text: bytes, size: int) -> None:
    """Store as much of a string as fits into `size` bytes with its final null."""
    if size > 0:
        write(address, text[: size - 1] + b"\0")


def unpack(layout: struct.Struct, address: int) -> tuple[Any, ...]:
    """Load a C structure."""
    return layout.unpack(read(address, layout.size))


@functools.cache
def c_string(text: str) -> int:
    """Return the address of a C string that lives as long as the process."""
    buffer = ctypes.create_string_buffer(text.encode())
    _kept.append(buffer)
    return ctypes.addressof(buffer)


_kept: list[Any] = []
_arrays: list[Any] = []


_msync = ctypes.CDLL(None, use_errno=True).msync
_msync.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
_ASYNCHRONOUSLY = 1  # which means no work


def mapped(address: int, size: int) -> bool:
    """Tell whether all pages of a range are there."""
    start = address & -PAGE
    return bool(_msync(start, address + size - start, _ASYNCHRONOUSLY) == 0)
