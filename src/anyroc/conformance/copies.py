"""Checks of copies and fills."""

from __future__ import annotations

import ctypes
import os

from anyroc.conformance.api import (
    DEFAULT,
    DEVICE_TO_DEVICE,
    DEVICE_TO_HOST,
    HOST_TO_DEVICE,
    INVALID_VALUE,
    Api,
    same,
)
from anyroc.conformance.registry import check

_INVALID_PITCH = 12


@check
def there_and_back(api: Api) -> None:
    """What is copied to the device comes back."""
    for size in (1, 63, 4096, 5_000_001):
        data, place = os.urandom(size), api.made("hipMalloc", size)
        api.write(place, data)
        same(True, data == api.read(place, size), f"{size} bytes")
        api.good("hipFree", place)


@check
def between_allocations(api: Api) -> None:
    """Device to device, with the direction named or not."""
    data = os.urandom(1000)
    first, second = api.made("hipMalloc", 1000), api.made("hipMalloc", 1000)
    api.write(first, data)
    for kind in (DEVICE_TO_DEVICE, DEFAULT):
        api.good("hipMemset", second, 0, 1000)
        api.good("hipMemcpy", second, first, 1000, kind)
        same(True, data == api.read(second, 1000), f"copy of kind {kind}")
    for place in (first, second):
        api.good("hipFree", place)


@check
def two_dimensions(api: Api) -> None:
    """A copy of rows keeps to its box."""
    rows, back = os.urandom(160), ctypes.create_string_buffer(b"\xee" * 160, 160)
    place = api.made("hipMalloc", 10 * 32)
    api.good("hipMemcpy2D", place, 32, rows, 16, 10, 10, HOST_TO_DEVICE)
    api.good("hipMemcpy2D", back, 16, place, 32, 10, 10, DEVICE_TO_HOST)
    for row in range(10):
        expected = rows[16 * row : 16 * row + 10] + b"\xee" * 6
        same(expected, back.raw[16 * row : 16 * row + 16], f"row {row}")
    api.expect(_INVALID_PITCH, "hipMemcpy2D", place, 8, rows, 16, 10, 4, HOST_TO_DEVICE)
    api.good("hipFree", place)


@check
def fills(api: Api) -> None:
    """Bytes, halves and words."""
    place = api.made("hipMalloc", 64)
    for name, value, count, expected in (
        ("hipMemset", 0x1FF, 64, b"\xff" * 64),
        ("hipMemsetD8", 7, 64, b"\7" * 64),
        ("hipMemsetD16", 0x1234, 32, b"\x34\x12" * 32),
        ("hipMemsetD32", 0x12345678, 16, b"\x78\x56\x34\x12" * 16),
    ):
        api.good(name, place, value, count)
        same(expected, api.read(place, 64), name)
    api.good("hipFree", place)


@check
def nowhere(api: Api) -> None:
    """Null pointers are refused, nothing can be copied anywhere."""
    place = api.made("hipMalloc", 64)
    api.expect(INVALID_VALUE, "hipMemcpy", None, place, 64, DEVICE_TO_HOST)
    api.expect(INVALID_VALUE, "hipMemset", None, 0, 64)
    api.good("hipMemcpy", place, place, 0, DEVICE_TO_DEVICE)
    api.good("hipFree", place)
