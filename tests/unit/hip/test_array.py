"""Arrays: making them, what can be asked of them, copies to, from and between them."""

from __future__ import annotations

import ctypes
import struct
from typing import Any

import pytest

INVALID_VALUE, INVALID_HANDLE, DESTROYED = 1, 400, 709
H2D, D2H, D2D = 1, 2, 3
FLOAT2 = struct.pack("@5i", 32, 32, 0, 0, 2)
ON_HOST, IN_ARRAY = 1, 10


def made(api: Any, width: int, height: int, channels: bytes = FLOAT2) -> int:
    array = ctypes.c_void_p()
    assert 0 == api.hipMallocArray(ctypes.byref(array), channels, width, height, 0)
    return array.value or 0


def made_3d(api: Any, *extent: int, flags: int = 0) -> int:
    array = ctypes.c_void_p()
    assert 0 == api.hipMalloc3DArray(ctypes.byref(array), FLOAT2, extent, flags)
    return array.value or 0


def test_an_array_says_what_it_is(api: Any) -> None:
    array = made_3d(api, 5, 4, 3)
    channels, flags = ctypes.create_string_buffer(20), ctypes.c_uint(9)
    extent = ctypes.create_string_buffer(24)
    assert 0 == api.hipArrayGetInfo(channels, extent, ctypes.byref(flags), array)
    assert (FLOAT2, (5, 4, 3), 0) == (channels.raw, struct.unpack("@3Q", extent), flags.value)
    described = ctypes.create_string_buffer(40)
    assert 0 == api.hipArray3DGetDescriptor(described, array)
    assert (5, 4, 3, 0x20, 2, 0) == struct.unpack("@3QiII4x", described)
    assert INVALID_VALUE == api.hipArrayGetDescriptor(described, array)
    assert 0 == api.hipFreeArray(array)
    assert DESTROYED == api.hipFreeArray(array)
    assert INVALID_HANDLE == api.hipGetChannelDesc(channels, array)


@pytest.mark.parametrize(
    "channels",
    [(8, 8, 8, 0, 0), (32, 16, 0, 0, 0), (0, 0, 0, 0, 0), (64, 0, 0, 0, 0), (8, 0, 0, 0, 2)],
)
def test_formats_that_do_not_exist(api: Any, channels: tuple[int, ...]) -> None:
    array = ctypes.c_void_p()
    form = struct.pack("@5i", *channels)
    assert INVALID_VALUE == api.hipMallocArray(ctypes.byref(array), form, 4, 4, 0)


def test_rows_go_in_and_come_out(api: Any) -> None:
    array, rows = made(api, 6, 5), bytes(range(240))
    assert 0 == api.hipMemcpy2DToArray(array, 0, 0, rows, 48, 48, 5, H2D)
    back = ctypes.create_string_buffer(2 * 40)
    assert 0 == api.hipMemcpy2DFromArray(back, 40, array, 8, 2, 24, 2, D2H)
    assert rows[104:128] == back.raw[:24]
    assert rows[152:176] == back.raw[40:64]
    assert INVALID_VALUE == api.hipMemcpy2DFromArray(back, 48, array, 8, 2, 48, 2, D2H)
    assert INVALID_VALUE == api.hipMemcpy2DFromArray(back, 40, array, 0, 4, 24, 2, D2H)
    other = made(api, 6, 5)
    assert 0 == api.hipMemcpy2DArrayToArray(other, 0, 0, array, 8, 1, 40, 4, D2D)
    assert 0 == api.hipMemcpyAtoH(back, other, 4, 36)
    assert rows[60:96] == back.raw[:36]
    assert 0 == api.hipMemcpyFromArray(back, array, 40, 0, 16, D2H)
    assert rows[40:56] == back.raw[:16]


def test_boxes_of_arrays_are_counted_in_elements(api: Any) -> None:
    array, data = made_3d(api, 4, 3, 2), bytes(range(192))
    kept = ctypes.create_string_buffer(data)
    source = struct.pack("@Q3Q4Q", 0, 0, 0, 0, ctypes.addressof(kept), 32, 32, 3)
    whole = source + struct.pack("@Q3Q4Q", array, 0, 0, 0, 0, 0, 0, 0)
    assert 0 == api.hipMemcpy3D(whole + struct.pack("@3Qi4x", 4, 3, 2, H2D))
    back = ctypes.create_string_buffer(16)
    part = struct.pack("@Q3Q4Q", array, 1, 2, 1, 0, 0, 0, 0)
    part += struct.pack("@Q3Q4Q", 0, 0, 0, 0, ctypes.addressof(back), 16, 16, 1)
    assert 0 == api.hipMemcpy3D(part + struct.pack("@3Qi4x", 2, 1, 1, D2H))
    assert data[168:184] == back.raw


def test_the_driver_s_copies(api: Any) -> None:
    array, back = made(api, 4, 2), ctypes.create_string_buffer(64)
    kept = ctypes.create_string_buffer(bytes(range(64)))
    host = (0, 0, ON_HOST, ctypes.addressof(kept), 0, 0, 32)
    there = (0, 0, IN_ARRAY, 0, 0, array, 0)
    layout = struct.Struct("@QQi4xQQQQ QQi4xQQQQ QQ")
    assert 0 == api.hipMemcpyParam2D(layout.pack(*host, *there, 32, 2))
    host = (0, 0, ON_HOST, ctypes.addressof(back), 0, 0, 32)
    there = (8, 1, IN_ARRAY, 0, 0, array, 0)
    assert 0 == api.hipMemcpyParam2D(layout.pack(*there, *host, 16, 1))
    assert bytes(range(40, 56)) == back.raw[:16]


def test_levels_are_half_as_big_each(api: Any) -> None:
    mipmap, level = ctypes.c_void_p(), ctypes.c_void_p()
    assert 0 == api.hipMallocMipmappedArray(ctypes.byref(mipmap), FLOAT2, (8, 4, 0), 3, 0)
    assert 0 == api.hipGetMipmappedArrayLevel(ctypes.byref(level), mipmap, 2)
    extent = ctypes.create_string_buffer(24)
    assert 0 == api.hipArrayGetInfo(None, extent, None, level)
    assert (2, 1, 0) == struct.unpack("@3Q", extent)
    assert INVALID_VALUE == api.hipGetMipmappedArrayLevel(ctypes.byref(level), mipmap, 3)
    assert 0 == api.hipFreeMipmappedArray(mipmap)
    assert 709 == api.hipFreeMipmappedArray(mipmap)  # hipErrorContextIsDestroyed
