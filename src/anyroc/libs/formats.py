"""The formats of numbers that matrices are stored in: how NumPy holds and computes with them."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from anyroc.cabi.arrays import Array


@dataclass(frozen=True)
class Format:
    """A format: `stored` is what lies in memory, `wide` what one computes with."""

    name: str
    stored: Any
    wide: Any

    @property
    def size(self) -> int:
        """The bytes of a number."""
        return int(np.dtype(self.stored).itemsize)

    def load(self, array: Array) -> Array:
        """Return what an array of stored numbers holds, in the wide type; not a copy if alike."""
        if self.name == "bf16":
            return (array.astype(np.uint32) << 16).view(np.float32)
        if self.name.startswith("f8"):
            return _bytes_to_floats(self.name)[array]
        return array.astype(self.wide, copy=False)

    def store(self, to: Array, values: Array) -> None:
        """Store numbers, rounded to nearest even where they do not fit."""
        if self.name == "bf16":
            to[...] = _to_bf16(values)
        elif self.name.startswith("f8"):
            to[...] = _to_f8(self.name, values)
        elif np.issubdtype(self.stored, np.integer):
            to[...] = _to_integer(values, self.stored)
        else:
            with np.errstate(over="ignore"):
                to[...] = values


def _to_bf16(values: Array) -> Array:
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16
    quiet = bits >> 16 | 0x40
    is_nan = (bits & 0x7FFFFFFF) > 0x7F800000
    return np.where(is_nan, quiet, rounded).astype(np.uint16)


def _to_integer(values: Array, kind: DTypeLike) -> Array:
    if np.dtype(kind).itemsize > 1:
        return values.astype(np.int64).astype(kind)
    limits = np.iinfo(np.dtype(kind))
    return np.clip(np.rint(values), limits.min, limits.max).astype(kind)


_F8 = {
    "f8_e4m3": (4, 3, 7, "fn"),
    "f8_e5m2": (5, 2, 15, "ieee"),
    "f8_e4m3_fnuz": (4, 3, 8, "fnuz"),
    "f8_e5m2_fnuz": (5, 2, 16, "fnuz"),
}
"""Exponent bits, mantissa bits, bias, what becomes of infinity and NaN (OCP's and AMD's forms)."""


@functools.cache
def _bytes_to_floats(name: str) -> Array:
    """Return the value of each of the 256 bytes."""
    exponents, mantissas, bias, special = _F8[name]
    byte = np.arange(256)
    sign = np.where(byte >> 7, -1.0, 1.0)
    exponent = byte >> mantissas & (1 << exponents) - 1
    mantissa = byte & (1 << mantissas) - 1
    power = np.where(exponent == 0, 1, exponent) - bias - mantissas
    value = sign * (mantissa + np.where(exponent == 0, 0, 1 << mantissas)) * 2.0**power
    if special == "fnuz":
        value[0x80] = np.nan
    elif special == "fn":
        value[[0x7F, 0xFF]] = np.nan
    else:
        top = exponent == (1 << exponents) - 1
        value[top] = np.where(mantissa[top] == 0, sign[top] * np.inf, np.nan)
    return value.astype(np.float32)


def _to_f8(name: str, values: Array) -> Array:
    """Round to the nearest, ties to even; what is too large becomes the largest."""
    table = _bytes_to_floats(name)[:128]
    finite = np.flatnonzero(np.isfinite(table))
    known = table[finite].astype(np.float64)
    size = np.abs(values.astype(np.float64))
    above = np.clip(np.searchsorted(known, size), 1, len(known) - 1)
    low, high = known[above - 1], known[above]
    middle = (low + high) / 2
    up = (size > middle) | ((size == middle) & (above % 2 == 0))
    code = finite[np.where(up, above, above - 1)]
    negative = np.signbit(values) & ~((code == 0) & name.endswith("fnuz"))
    made = code | np.where(negative, 0x80, 0)
    quiet = 0x80 if name.endswith("fnuz") else 0x7F
    return np.where(np.isnan(values), quiet, made).astype(np.uint8)


F16 = Format("f16", np.float16, np.float32)
BF16 = Format("bf16", np.uint16, np.float32)
F32 = Format("f32", np.float32, np.float32)
F64 = Format("f64", np.float64, np.float64)
C32 = Format("c32", np.complex64, np.complex64)
C64 = Format("c64", np.complex128, np.complex128)
I8 = Format("i8", np.int8, np.float64)
U8 = Format("u8", np.uint8, np.float64)
I32 = Format("i32", np.int32, np.float64)
E4M3, E5M2, E4M3_FNUZ, E5M2_FNUZ = (Format(name, np.uint8, np.float32) for name in _F8)

BY_TYPE = {
    "float": F32,
    "double": F64,
    "hipFloatComplex": C32,
    "hipDoubleComplex": C64,
    "hipblasHalf": F16,
    "rocblas_half": F16,
    "hipblasBfloat16": BF16,
    "rocblas_bfloat16": BF16,
}
"""By the type that a C declaration names."""

BY_NUMBER = {
    0: F32, 1: F64, 2: F16, 3: I8, 4: C32, 5: C64, 8: U8, 10: I32, 14: BF16,
    28: E4M3, 29: E5M2, 1000: E4M3_FNUZ, 1001: E5M2_FNUZ,
    150: F16, 151: F32, 152: F64, 154: C32, 155: C64, 160: I8, 161: U8, 162: I32, 168: BF16,
    170: E4M3_FNUZ, 171: E5M2_FNUZ,
}  # fmt: skip
"""By hipDataType, and by rocblas_datatype and the former hipblasDatatype_t."""
