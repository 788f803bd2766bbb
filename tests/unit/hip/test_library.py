"""Libraries of kernels, and launches on several devices by one call."""

from __future__ import annotations

import ctypes
import struct
from typing import Any

INVALID_VALUE, INVALID_HANDLE, NOT_FOUND, FILE_NOT_FOUND = 1, 400, 500, 301
NOTHING = (None, None, 0, None, None, 0)


def test_a_library_gives_kernels_by_name(api: Any, code_object: bytes) -> None:
    library, kernel, count = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_uint()
    assert 0 == api.hipLibraryLoadData(ctypes.byref(library), code_object, *NOTHING)
    assert 0 == api.hipLibraryGetKernelCount(ctypes.byref(count), library)
    assert 10 == count.value
    assert 0 == api.hipLibraryGetKernel(ctypes.byref(kernel), library, b"count_threads")
    place = api.malloc(4)
    api.write(place, bytes(4))
    value = ctypes.c_uint64(place)
    pointers = (ctypes.c_void_p * 1)(ctypes.addressof(value))
    launched = api.hipModuleLaunchKernel(kernel, 2, 1, 1, 32, 1, 1, 0, None, pointers, None)
    assert 0 == launched
    assert 64 == int.from_bytes(api.read(place, 4), "little")
    assert NOT_FOUND == api.hipLibraryGetKernel(ctypes.byref(kernel), library, b"nobody")
    assert 0 == api.hipLibraryUnload(library)
    assert INVALID_HANDLE == api.hipLibraryUnload(library)
    missing = api.hipLibraryLoadFromFile(ctypes.byref(library), b"/nowhere", *NOTHING)
    assert FILE_NOT_FOUND == missing


def test_a_launch_on_several_devices(api: Any, code_object: bytes) -> None:
    module, kernel = ctypes.c_void_p(), ctypes.c_void_p()
    assert 0 == api.hipModuleLoadData(ctypes.byref(module), code_object)
    assert 0 == api.hipModuleGetFunction(ctypes.byref(kernel), module, b"count_threads")
    place, stream = api.malloc(4), api.stream()
    api.write(place, bytes(4))
    value = ctypes.c_uint64(place)
    pointers = (ctypes.c_void_p * 1)(ctypes.addressof(value))
    one = struct.pack(
        *("@Q3I3II4xQQ", kernel.value, 3, 1, 1, 16, 1, 1, 0, stream, ctypes.addressof(pointers))
    )
    start = api.hipModuleLaunchCooperativeKernelMultiDevice
    assert 0 == start(one, 1, 0)
    assert 0 == api.hipStreamSynchronize(stream)
    assert 48 == int.from_bytes(api.read(place, 4), "little")
    assert INVALID_VALUE == start(one + one, 2, 0)
    assert 0 == api.hipModuleUnload(module)
    assert 0 == api.hipStreamDestroy(stream)


def test_a_mask_of_compute_units_is_remembered(api: Any) -> None:
    stream, mask = ctypes.c_void_p(), (ctypes.c_uint32 * 10)(0xF0F0)
    found = (ctypes.c_uint32 * 10)()
    assert 0 == api.hipExtStreamCreateWithCUMask(ctypes.byref(stream), 1, mask)
    assert 0 == api.hipExtStreamGetCUMask(stream, 10, found)
    assert [0xF0F0, 0] == list(found[:2])
    assert 0 == api.hipExtStreamGetCUMask(None, 10, found)
    assert [0xFFFFFFFF] * 9 == list(found[:9])
    assert 0 == api.hipStreamDestroy(stream)
