"""Devices: how many, what they say of themselves, which one a thread uses."""

import ctypes
import os
import struct
import subprocess
import sys
import threading
from typing import Any

import pytest

from anyroc.hip import properties
from anyroc.isa.targets import TARGETS, target

INVALID_VALUE, INVALID_DEVICE, UNSUPPORTED_LIMIT = 1, 101, 215

# Offsets of fields in AMD's structures.
R0600 = {"totalGlobalMem": (288, "Q"), "warpSize": (308, "i"), "maxThreadsPerBlock": (320, "i")}
R0600 |= {"clockRate": (348, "i"), "major": (360, "i"), "multiProcessorCount": (388, "i")}
R0600 |= {"maxGridSize": (336, "3i"), "managedMemory": (652, "i"), "isLargeBar": (1464, "i")}
R0600 |= {"concurrentKernels": (576, "i"), "maxSharedMemoryPerMultiProcessor": (1416, "Q")}
R0000 = {"totalGlobalMem": (256, "Q"), "warpSize": (276, "i"), "maxThreadsPerBlock": (280, "i")}
R0000 |= {"clockRate": (308, "i"), "major": (328, "i"), "multiProcessorCount": (336, "i")}
R0000 |= {"maxGridSize": (296, "3i"), "managedMemory": (772, "i"), "isLargeBar": (764, "i")}
R0000 |= {"concurrentKernels": (360, "i"), "maxSharedMemoryPerMultiProcessor": (376, "Q")}


@pytest.mark.parametrize(
    "layout, size, arch_name, fields",
    [(properties.R0600, 1472, 1160, R0600), (properties.R0000, 792, 396, R0000)],
)
@pytest.mark.parametrize("name", sorted(TARGETS))
def test_both_layouts_hold_the_values_at_amds_offsets(
    layout: properties.Layout, size: int, arch_name: int, fields: Any, name: str
) -> None:
    values = properties.properties(target(name), 0, 1 << 34)
    packed = layout.pack(values)
    assert size == layout.size == len(packed)
    assert name.encode() + b"\0" == packed[arch_name : arch_name + len(name) + 1]
    for field, (offset, code) in fields.items():
        expected = values[field] if isinstance(values[field], tuple) else (values[field],)
        assert expected == struct.unpack_from(f"@{code}", packed, offset), field


@pytest.mark.parametrize(
    "name, warp, units, threads, capability",
    [
        ("gfx942", 64, 304, 2048, (9, 4)),
        ("gfx1151", 32, 20, 2048, (11, 5)),
        ("gfx1201", 32, 32, 2048, (12, 0)),
    ],
)
def test_values_are_true_for_the_target(
    name: str, warp: int, units: int, threads: int, capability: tuple[int, int]
) -> None:
    values = properties.properties(target(name), 0, 1 << 34)
    assert warp == values["warpSize"]
    assert units == values["multiProcessorCount"]
    assert threads == values["maxThreadsPerMultiProcessor"]
    assert capability == (values["major"], values["minor"])


@pytest.mark.parametrize(
    "number, expected",
    [
        (87, 64),
        (63, 304),
        (56, 1024),
        (26, 1024),
        (29, (1 << 31) - 1),
        (23, 9),
        (61, 4),
        (10017, 100000),
    ],
)
def test_attributes_have_amds_numbers(api: Any, number: int, expected: int) -> None:
    value = ctypes.c_int()
    assert 0 == api.hipDeviceGetAttribute(ctypes.byref(value), number, 0)
    assert expected == value.value


@pytest.mark.parametrize("number", [64, 92, 9999, -1])
def test_attributes_that_do_not_exist_are_refused(api: Any, number: int) -> None:
    value = ctypes.c_int()
    assert INVALID_VALUE == api.hipDeviceGetAttribute(ctypes.byref(value), number, 0)


def test_properties_come_in_both_layouts(api: Any) -> None:
    for function, arch_name in [
        (api.hipGetDevicePropertiesR0600, 1160),
        (api.hipGetDevicePropertiesR0000, 396),
        (api.hipGetDeviceProperties, 396),
    ]:
        buffer = ctypes.create_string_buffer(1472)
        assert 0 == function(buffer, 0)
        assert buffer.raw[arch_name:].startswith(b"gfx942\0")
        assert INVALID_DEVICE == function(buffer, 1)


@pytest.mark.parametrize(
    "symbol, version, flags, expected",
    [
        (b"hipGetDeviceProperties", 70125424, 0, "hipGetDevicePropertiesR0600"),
        (b"hipGetDeviceProperties", 50000000, 0, "hipGetDeviceProperties"),
        (b"hipMalloc", 70125424, 0, "hipMalloc"),
        (b"hipMemcpyAsync", 70125424, 2, "hipMemcpyAsync_spt"),
    ],
)
def test_get_proc_address(api: Any, symbol: bytes, version: int, flags: int, expected: str) -> None:
    from anyroc.hip import calls

    found, status = ctypes.c_void_p(), ctypes.c_int(-1)
    arguments = (ctypes.byref(found), version, flags, ctypes.byref(status))
    assert 0 == api.hipGetProcAddress(symbol, *arguments)
    assert calls.library().address(expected) == found.value
    assert 0 == status.value


def test_get_proc_address_of_nothing(api: Any) -> None:
    found, status = ctypes.c_void_p(), ctypes.c_int(-1)
    arguments = (ctypes.byref(found), 70125424, 0, ctypes.byref(status))
    assert INVALID_VALUE == api.hipGetProcAddress(b"hipMakeCoffee", *arguments)
    assert (None, 1) == (found.value, status.value)


def test_names_and_places(api: Any) -> None:
    buffer = ctypes.create_string_buffer(64)
    assert 0 == api.hipDeviceGetName(buffer, 64, 0)
    assert b"AMD Instinct MI300X" == buffer.value
    assert 0 == api.hipDeviceGetName(buffer, 4, 0)
    assert b"AMD" == buffer.value
    assert 0 == api.hipDeviceGetPCIBusId(buffer, 64, 0)
    device = ctypes.c_int(-1)
    assert 0 == api.hipDeviceGetByPCIBusId(ctypes.byref(device), buffer.value)
    assert 0 == device.value
    assert INVALID_DEVICE == api.hipDeviceGetByPCIBusId(ctypes.byref(device), b"0000:ff:00.0")
    for _ in range(2):  # the second answer is C's
        ctypes.memset(buffer, 1, 64)
        assert 0 == api.hipDeviceGetName(buffer, 64, 0)
        assert b"AMD Instinct MI300X\0\1" == buffer.raw[:21]
        ctypes.memset(buffer, 1, 64)
        assert 0 == api.hipDeviceGetName(buffer, 8, 0)
        assert b"AMD Ins\0\1" == buffer.raw[:9]
    ctypes.memset(buffer, 1, 64)
    assert INVALID_VALUE == api.hipDeviceGetPCIBusId(buffer, 6, 0)
    assert b"0000:\0\1\1" == buffer.raw[:8]  # as much as there is room for


def test_limits_and_flags(api: Any) -> None:
    value = ctypes.c_size_t()
    assert 0 == api.hipDeviceSetLimit(2, 1 << 20)
    assert 0 == api.hipDeviceGetLimit(ctypes.byref(value), 2)
    assert 1 << 20 == value.value
    assert UNSUPPORTED_LIMIT == api.hipDeviceGetLimit(ctypes.byref(value), 9)
    assert INVALID_VALUE == api.hipDeviceGetLimit(ctypes.byref(value), 0xFFFF)
    assert INVALID_VALUE == api.hipDeviceSetLimit(0xFFFF, 1)
    flags = ctypes.c_uint()
    assert 0 == api.hipSetDeviceFlags(4)
    assert 0 == api.hipGetDeviceFlags(ctypes.byref(flags))
    assert 4 == flags.value
    assert INVALID_VALUE == api.hipSetDeviceFlags(6)
    assert 0 == api.hipDeviceReset()
    assert 0 == api.hipGetDeviceFlags(ctypes.byref(flags))
    assert 0 == flags.value


def test_pools_of_no_device(api: Any) -> None:
    pool = ctypes.c_void_p()
    assert 0 == api.hipDeviceGetMemPool(ctypes.byref(pool), 0)
    for device in (-1, 64):
        assert INVALID_VALUE == api.hipDeviceGetMemPool(ctypes.byref(pool), device)
        assert INVALID_VALUE == api.hipDeviceSetMemPool(device, pool)
    assert 0 == api.hipDeviceSetMemPool(0, pool)


MANY = """
import ctypes, threading, sys
from anyroc import hip
hip.bind()
from anyroc.hip import calls
library = ctypes.CDLL(str(calls.library().path))
count, device = ctypes.c_int(), ctypes.c_int()
print(library.hipGetDeviceCount(ctypes.byref(count)), count.value)
print(library.hipSetDevice(count.value), library.hipSetDevice(count.value - 1))
def other():
    library.hipGetDevice(ctypes.byref(device))
    print(device.value)
thread = threading.Thread(target=other)
thread.start()
thread.join()
library.hipGetDevice(ctypes.byref(device))
print(device.value)
pointer = ctypes.c_void_p()
print(library.hipMalloc(ctypes.byref(pointer), 64), library.hipFree(pointer))
"""


@pytest.mark.parametrize(
    "environment, expected",
    [
        ({"ANYROC_DEVICES": "gfx942x2,gfx1151"}, "0 3\n101 0\n0\n2\n0 0\n"),
        ({"ANYROC_DEVICES": "gfx942x2", "HIP_VISIBLE_DEVICES": "1"}, "0 1\n101 0\n0\n0\n0 0\n"),
        (
            {"ANYROC_DEVICES": "gfx942x3", "HIP_VISIBLE_DEVICES": "2,0,7,1"},
            "0 2\n101 0\n0\n1\n0 0\n",
        ),
        ({"HIP_VISIBLE_DEVICES": ""}, "100 0\n100 100\n0\n0\n100 0\n"),
    ],
)
def test_the_environment_chooses_the_devices(environment: dict[str, str], expected: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MANY],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=True,
    )
    assert expected == done.stdout, done.stderr


def test_threads_start_with_device_zero_and_keep_their_own(api: Any) -> None:
    seen: list[int] = []

    def other() -> None:
        device = ctypes.c_int(-1)
        assert 0 == api.hipGetDevice(ctypes.byref(device))
        seen.append(device.value)

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert [0] == seen
