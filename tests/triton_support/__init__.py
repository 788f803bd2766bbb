"""Triton without PyTorch: NumPy arrays as the arguments of kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

TARGETS = ("gfx942", "gfx1201")
"""A GPU of each family: waves of 64 lanes and MFMA, waves of 32 and WMMA."""


class Storage:
    """The memory of an array, as PyTorch tells of it."""

    def __init__(self, values: NDArray[Any]) -> None:
        self._values = values

    def data_ptr(self) -> int:
        return int(self._values.ctypes.data)

    def nbytes(self) -> int:
        return int(self._values.nbytes)


class Array:
    """What Triton wants of a tensor: its type and its address.

    `kind` names the type where NumPy has none: "bfloat16" for an array of uint16, say.
    """

    def __init__(self, values: NDArray[Any], kind: str | None = None) -> None:
        self.values = np.ascontiguousarray(values)
        self.dtype = kind or self.values.dtype

    def data_ptr(self) -> int:
        return int(self.values.ctypes.data)

    @property
    def nbytes(self) -> int:
        return int(self.values.nbytes)

    def untyped_storage(self) -> Storage:
        return Storage(self.values)


def bfloat16(values: NDArray[Any]) -> NDArray[np.uint16]:
    """Round float32 to bfloat16, to nearest even, as its bits."""
    bits = np.asarray(values, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def from_bfloat16(bits: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Return the float32 values of bfloat16 bits."""
    return (bits.astype(np.uint32) << 16).view(np.float32)
