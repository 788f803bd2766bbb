"""NumPy arrays over memory that C programs name: matrices by columns, vectors with increments."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

Array = np.ndarray[Any, np.dtype[Any]]


def at(address: int, count: int, dtype: DTypeLike) -> Array:
    """Return `count` elements from an address on, which reads and writes go to."""
    kind = np.dtype(dtype)
    if count <= 0:
        return np.empty(0, kind)
    memory = (ctypes.c_char * (count * kind.itemsize)).from_address(address)
    return np.frombuffer(memoryview(memory), kind)


def matrix(address: int, rows: int, columns: int, leading: int, dtype: DTypeLike) -> Array:
    """Return a matrix whose columns lie `leading` elements apart."""
    if rows <= 0 or columns <= 0:
        return np.empty((max(rows, 0), max(columns, 0)), dtype)
    flat = at(address, (columns - 1) * leading + rows, dtype)
    size = flat.itemsize
    return np.lib.stride_tricks.as_strided(flat, (rows, columns), (size, leading * size))


def vector(address: int, count: int, increment: int, dtype: DTypeLike) -> Array:
    """Return a vector as BLAS has it: with a negative increment it is read from its end."""
    if count <= 0:
        return np.empty(0, dtype)
    flat = at(address, 1 + (count - 1) * abs(increment), dtype)
    if increment == 0:
        return np.broadcast_to(flat[:1], (count,))
    return flat[:: abs(increment)][:: 1 if increment > 0 else -1]


def block(
    address: int, shape: tuple[int, ...], strides: tuple[int, ...], dtype: DTypeLike
) -> Array:
    """Return an array whose strides are given in elements."""
    if not all(size > 0 for size in shape):
        return np.empty(shape, dtype)
    extent = 1 + sum((size - 1) * step for size, step in zip(shape, strides, strict=True))
    flat = at(address, extent, dtype)
    steps = tuple(step * flat.itemsize for step in strides)
    return np.lib.stride_tricks.as_strided(flat, shape, steps)
