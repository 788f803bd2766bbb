"""Allocation, copies and fills, with the errors of their misuse."""

import ctypes
import mmap
import struct
import threading
from typing import Any

import pytest

INVALID_VALUE, OUT_OF_MEMORY, PITCH, DIRECTION = 1, 2, 12, 21
ALREADY_REGISTERED, NOT_REGISTERED = 712, 713
ASKING = 3  # the state of the library in which Python answers every call
H2D, D2H, D2D, DEFAULT = 1, 2, 3, 4


def pattern(size: int) -> bytes:
    return bytes(index * 7 % 251 for index in range(size))


@pytest.mark.parametrize("size", [1, 255, 256, 4096, 1 << 20])
def test_what_is_written_is_read_back(api: Any, size: int) -> None:
    first, second = api.malloc(size), api.malloc(size)
    assert first % 256 == second % 256 == 0
    api.write(first, pattern(size))
    assert 0 == api.hipMemcpy(second, first, size, D2D)
    assert pattern(size) == api.read(second, size)
    assert 0 == api.hipFree(first) == api.hipFree(second)


def test_zero_bytes_are_no_memory_and_no_error(api: Any) -> None:
    pointer = ctypes.c_void_p(1)
    assert 0 == api.hipMalloc(ctypes.byref(pointer), 0)
    assert pointer.value is None
    assert 0 == api.hipFree(None)
    assert 0 == api.hipHostFree(None)
    assert 0 == api.hipMemcpy(None, None, 0, H2D)


def test_freeing_twice_or_something_else_is_refused(api: Any) -> None:
    device, host = api.malloc(64), ctypes.c_void_p()
    assert 0 == api.hipHostMalloc(ctypes.byref(host), 64, 0)
    assert INVALID_VALUE == api.hipFree(device + 16)
    assert INVALID_VALUE == api.hipHostFree(device)
    assert 0 == api.hipFree(device)
    assert INVALID_VALUE == api.hipFree(device)
    assert 0 == api.hipHostFree(host)
    assert INVALID_VALUE == api.hipHostFree(host)
    assert 0 == api.hipHostMalloc(ctypes.byref(host), 64, 0)
    assert 0 == api.hipFree(host)  # as hip-tests do it
    assert INVALID_VALUE == api.hipFree(host)


def test_host_memory_is_coherent_or_not(api: Any) -> None:
    host = ctypes.c_void_p()
    assert INVALID_VALUE == api.hipHostMalloc(ctypes.byref(host), 64, 0xC0000000)
    assert host.value is None


def test_what_a_program_wants_of_memory_can_be_asked(api: Any) -> None:
    device, managed = api.malloc(64), ctypes.c_void_p()
    wanted, answer = ctypes.c_uint(1), ctypes.c_bool()
    assert 0 == api.hipPointerGetAttribute(ctypes.byref(answer), 6, device)
    assert not answer.value
    assert 0 == api.hipPointerSetAttribute(ctypes.byref(wanted), 6, device)
    assert 0 == api.hipPointerGetAttribute(ctypes.byref(answer), 6, device)
    assert answer.value
    assert 0 == api.hipMallocManaged(ctypes.byref(managed), 4096, 1)
    for advice, coarse in ((100, 1), (101, 0)):
        grain = ctypes.c_int(-1)
        assert 0 == api.hipMemAdvise(managed, 4096, advice, 0)
        assert 0 == api.hipMemRangeGetAttribute(ctypes.byref(grain), 4, 100, managed, 4096)
        assert coarse == grain.value
    assert 0 == api.hipFree(device) == api.hipFree(managed)


def test_memory_is_not_attached_to_the_null_stream_alone(api: Any) -> None:
    managed, stream = ctypes.c_void_p(), api.stream()
    assert 0 == api.hipMallocManaged(ctypes.byref(managed), 4096, 1)
    assert INVALID_VALUE == api.hipStreamAttachMemAsync(None, managed, 0, 4)
    assert 0 == api.hipStreamAttachMemAsync(stream, managed, 0, 4)
    assert 0 == api.hipStreamAttachMemAsync(None, managed, 0, 1)
    assert 0 == api.hipStreamDestroy(stream) == api.hipFree(managed)


def test_a_pool_has_a_limit_and_may_be_destroyed_while_it_is_chosen(api: Any) -> None:
    pool, place, found, default = (ctypes.c_void_p() for _ in range(4))
    properties = struct.pack("@iiiiQQ56x", 1, 0, 1, 0, 0, 1024)
    assert 0 == api.hipMemPoolCreate(ctypes.byref(pool), properties)
    for _ in range(2):
        assert 0 == api.hipMallocFromPoolAsync(ctypes.byref(place), 1024, pool, None)
        more = api.hipMallocFromPoolAsync(ctypes.byref(ctypes.c_void_p()), 1, pool, None)
        assert OUT_OF_MEMORY == more
        assert 0 == api.hipFreeAsync(place, None) == api.hipStreamSynchronize(None)
    assert 0 == api.hipDeviceGetMemPool(ctypes.byref(found), 0)
    assert pool.value != found.value
    assert 0 == api.hipDeviceSetMemPool(0, pool)
    assert 0 == api.hipDeviceGetMemPool(ctypes.byref(found), 0)
    assert pool.value == found.value
    assert 0 == api.hipMemPoolDestroy(pool)
    assert 0 == api.hipDeviceGetMemPool(ctypes.byref(found), 0)
    assert 0 == api.hipDeviceGetDefaultMemPool(ctypes.byref(default), 0)
    assert default.value == found.value


def test_attributes_of_a_pointer_are_as_wide_as_in_amd_s_library(api: Any) -> None:
    place, room = api.malloc(1234), (ctypes.c_uint32 * 2)(7, 7)
    for attribute in (7, 12):  # identifier and size of the allocation
        assert 0 == api.hipPointerGetAttribute(room, attribute, place)
        assert 7 == room[1]
    assert 1234 == room[0]
    assert (0, 0) == (api.hipPointerGetAttribute(room, 16, place), room[0])  # no flags
    assert (801, INVALID_VALUE) == tuple(
        api.hipPointerGetAttribute(room, attribute, place) for attribute in (17, 18)
    )
    assert 0 == api.hipFree(place)


def test_several_attributes_of_a_pointer_that_hip_does_not_know(api: Any) -> None:
    host, rooms = ctypes.create_string_buffer(16), (ctypes.c_uint64 * 3)(7, 7, 7)
    out = (ctypes.c_void_p * 3)(*(ctypes.addressof(rooms) + 8 * number for number in range(3)))
    wanted = (ctypes.c_int * 3)(3, 9, 12)  # device pointer, device, size
    assert 0 == api.hipDrvPointerGetAttributes(3, wanted, out, host)
    assert [0, (1 << 32) - 2, 0] == list(rooms)


def test_what_is_not_mapped_is_not_registered(api: Any) -> None:
    with mmap.mmap(-1, 1 << 16) as pages:
        place = ctypes.addressof(ctypes.c_char.from_buffer(pages))
        assert INVALID_VALUE == api.hipHostRegister(place + 8, 1 << 40, 0)
        assert 0 == api.hipHostRegister(place + 8, 1 << 15, 0)
        assert 0 == api.hipHostUnregister(place + 8)


def test_a_signal_has_eight_bytes(api: Any) -> None:
    place = ctypes.c_void_p()
    for size, expected in ((8, 0), (4, INVALID_VALUE), (16, INVALID_VALUE), (0, INVALID_VALUE)):
        assert expected == api.hipExtMallocWithFlags(ctypes.byref(place), size, 2)
    assert 0 == api.hipFree(place)


def test_memory_is_counted_to_the_byte(api: Any) -> None:
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    assert 0 == api.hipMemGetInfo(ctypes.byref(free), ctypes.byref(total))
    before = free.value
    pointer = api.malloc(12345)
    api.hipMemGetInfo(ctypes.byref(free), ctypes.byref(total))
    assert before - 12345 == free.value
    assert OUT_OF_MEMORY == api.hipMalloc(ctypes.byref(ctypes.c_void_p()), free.value + 1)
    assert 0 == api.hipFree(pointer)
    api.hipMemGetInfo(ctypes.byref(free), ctypes.byref(total))
    assert before == free.value


def test_memory_is_freed_also_when_the_call_tells_of_an_earlier_error(
    api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from anyroc.hip import alloc, calls
    from anyroc.hip.error import Error, HipError

    def tell(_: Any) -> None:
        raise HipError(Error.LaunchFailure)

    pointer = api.malloc(100)
    with monkeypatch.context() as patch:
        patch.setattr(alloc, "settle", tell)
        patch.setattr(calls.library().integer("state"), "value", ASKING)
        assert 719 == api.hipFree(pointer)
    assert INVALID_VALUE == api.hipFree(pointer)


@pytest.mark.parametrize(
    "to, source, size, kind, expected",
    [
        ("device", "host", 65, H2D, INVALID_VALUE),
        ("host", "device", 65, D2H, INVALID_VALUE),
        ("null", "device", 8, D2H, INVALID_VALUE),
        ("device", "null", 8, H2D, INVALID_VALUE),
        ("device", "host", 8, 7, DIRECTION),
        ("device", "host", 64, DEFAULT, 0),
    ],
)
def test_copies_are_checked(
    api: Any, to: str, source: str, size: int, kind: int, expected: int
) -> None:
    host = ctypes.create_string_buffer(128)
    places = {"device": api.malloc(64), "host": ctypes.addressof(host), "null": None}
    assert expected == api.hipMemcpy(places[to], places[source], size, kind)
    assert expected == api.hipMemcpyAsync(places[to], places[source], size, kind, None)
    assert 0 == api.hipDeviceSynchronize()
    api.hipFree(places["device"])


def test_two_dimensional_copies_keep_to_their_box(api: Any) -> None:
    pointer, pitch = ctypes.c_void_p(), ctypes.c_size_t()
    assert 0 == api.hipMallocPitch(ctypes.byref(pointer), ctypes.byref(pitch), 10, 4)
    assert pitch.value % 256 == 0
    assert 0 == api.hipMemset2D(pointer, pitch.value, 0xEE, pitch.value, 4)
    rows = pattern(4 * 16)
    assert 0 == api.hipMemcpy2D(pointer, pitch.value, rows, 16, 10, 4, H2D)
    back = api.read(pointer.value, pitch.value * 4)
    for row in range(4):
        start = row * pitch.value
        assert rows[row * 16 : row * 16 + 10] + b"\xee" == back[start : start + 11]
    assert PITCH == api.hipMemcpy2D(pointer, 8, rows, 16, 10, 4, H2D)
    assert DIRECTION == api.hipMemcpy2D(pointer, pitch.value, rows, 16, 10, 4, 9)
    assert 0 == api.hipFree(pointer)


def test_three_dimensional_copies(api: Any) -> None:
    pitched = (ctypes.c_uint64 * 4)()
    assert 0 == api.hipMalloc3D(pitched, (8, 3, 2))
    base, pitch, width, height = pitched
    assert (8, 3) == (width, height)
    source = ctypes.create_string_buffer(pattern(8 * 3 * 2))
    # hipMemcpy3DParms: array, position and pitched pointer of both ends, extent, kind
    parameters = struct.pack(
        "@Q3Q4Q Q3Q4Q 3Qi4x",
        *(0, 0, 0, 0, ctypes.addressof(source), 8, 8, 3),
        *(0, 0, 0, 0, base, pitch, 8, 3),
        *(8, 3, 2, H2D),
    )
    assert 160 == len(parameters)
    assert 0 == api.hipMemcpy3D(parameters)
    back = api.read(base, pitch * 6)
    for row in range(6):
        assert source.raw[row * 8 : row * 8 + 8] == back[row * pitch : row * pitch + 8]
    assert 0 == api.hipMemset3D((base, pitch, 8, 3), 0x55, (8, 3, 1))
    back = api.read(base, pitch * 6)
    assert b"\x55" * 8 == back[2 * pitch : 2 * pitch + 8]
    assert source.raw[24:32] == back[3 * pitch : 3 * pitch + 8]
    api.hipFree(base)


@pytest.mark.parametrize(
    "function, value, count, expected",
    [
        ("hipMemset", 0x1FF, 5, b"\xff" * 5),
        ("hipMemsetD8", 0x12, 3, b"\x12" * 3),
        ("hipMemsetD16", 0x1234, 3, b"\x34\x12" * 3),
        ("hipMemsetD32", 0x12345678, 2, b"\x78\x56\x34\x12" * 2),
    ],
)
def test_fills(api: Any, function: str, value: int, count: int, expected: bytes) -> None:
    pointer = api.malloc(64)
    api.hipMemset(pointer, 0, 64)
    assert 0 == getattr(api, function)(pointer, value, count)
    assert expected + b"\0" == api.read(pointer, len(expected) + 1)
    assert 0 == getattr(api, function + "Async")(pointer + 32, value, count, None)
    assert expected + b"\0" == api.read(pointer + 32, len(expected) + 1)
    assert INVALID_VALUE == getattr(api, function)(pointer, value, 65)
    assert INVALID_VALUE == getattr(api, function)(None, value, 1)
    assert 0 == api.hipFree(pointer)
    assert INVALID_VALUE == getattr(api, function)(pointer, value, 1)


def test_host_and_managed_memory_are_the_hosts_too(api: Any) -> None:
    host, managed, device = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
    assert 0 == api.hipHostMalloc(ctypes.byref(host), 64, 2)
    assert 0 == api.hipMallocManaged(ctypes.byref(managed), 64, 1)
    for pointer in (host.value, managed.value):
        assert pointer is not None
        ctypes.memset(pointer, 0x41, 64)
        assert b"A" * 64 == api.read(pointer, 64)
    assert 0 == api.hipHostGetDevicePointer(ctypes.byref(device), host, 0)
    assert host.value == device.value
    flags = ctypes.c_uint()
    assert 0 == api.hipHostGetFlags(ctypes.byref(flags), host)
    assert 2 == flags.value
    assert INVALID_VALUE == api.hipMallocManaged(ctypes.byref(managed), 64, 9)
    api.hipHostFree(host)
    api.hipFree(managed)


def test_pointers_are_known_by_kind(api: Any) -> None:
    host, managed = ctypes.c_void_p(), ctypes.c_void_p()
    device = api.malloc(64)
    api.hipHostMalloc(ctypes.byref(host), 64, 0)
    api.hipMallocManaged(ctypes.byref(managed), 64, 1)
    local = ctypes.create_string_buffer(64)
    cases = [(device + 8, 2, 0), (host.value, 1, 0), (managed.value, 3, 0)]
    cases += [(ctypes.addressof(local), 0, -2)]
    for pointer, kind, number in cases:
        out = ctypes.create_string_buffer(32)
        assert 0 == api.hipPointerGetAttributes(out, pointer)
        assert (kind, number) == struct.unpack_from("<ii", out.raw)
    base, size = ctypes.c_void_p(), ctypes.c_size_t()
    assert 0 == api.hipMemGetAddressRange(ctypes.byref(base), ctypes.byref(size), device + 63)
    assert (device, 64) == (base.value, size.value)
    for pointer in (device, managed):
        api.hipFree(pointer)
    api.hipHostFree(host)


def test_host_memory_is_registered_until_it_is_registered_anew(api: Any) -> None:
    """As when the program has freed it and got the same address again."""
    buffer = ctypes.create_string_buffer(8192)
    address = ctypes.addressof(buffer)
    assert 0 == api.hipHostRegister(address, 4096, 0)
    assert ALREADY_REGISTERED == api.hipHostRegister(address + 64, 8000, 0)
    assert 0 == api.hipHostRegister(address, 8192, 0)
    assert 0 == api.hipHostUnregister(address)
    assert NOT_REGISTERED == api.hipHostUnregister(address)


def test_stream_ordered_allocation(api: Any) -> None:
    pointer, stream = ctypes.c_void_p(), api.stream(1)
    assert 0 == api.hipMallocAsync(ctypes.byref(pointer), 256, stream)
    assert 0 == api.hipMemsetAsync(pointer, 7, 256, stream)
    assert 0 == api.hipStreamSynchronize(stream)
    assert b"\7" * 256 == api.read(pointer.value, 256)
    assert 0 == api.hipFreeAsync(pointer, stream)
    assert INVALID_VALUE == api.hipFreeAsync(pointer, stream)
    api.hipStreamDestroy(stream)


def test_a_stream_frees_when_it_gets_there(api: Any) -> None:
    opened = threading.Event()
    wait = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(lambda _: opened.wait(20) and None)
    pointer, stream, free = ctypes.c_void_p(), api.stream(1), ctypes.c_size_t()
    assert 0 == api.hipDeviceSynchronize()  # pools give back what other tests have freed
    api.hipMemGetInfo(ctypes.byref(free), None)
    before = free.value
    assert 0 == api.hipMallocAsync(ctypes.byref(pointer), 4096, stream)
    assert 0 == api.hipLaunchHostFunc(stream, wait, None)
    assert 0 == api.hipMemsetAsync(pointer, 1, 4096, stream)
    assert 0 == api.hipFreeAsync(pointer, stream)
    assert INVALID_VALUE == api.hipFreeAsync(pointer, stream)
    assert INVALID_VALUE == api.hipFree(pointer)
    api.hipMemGetInfo(ctypes.byref(free), None)
    assert before - 4096 == free.value
    opened.set()
    assert 0 == api.hipStreamSynchronize(stream)
    api.hipMemGetInfo(ctypes.byref(free), None)
    assert before == free.value
    api.hipStreamDestroy(stream)


def test_a_copy_of_freed_memory_is_refused_also_on_a_busy_stream(api: Any) -> None:
    opened = threading.Event()
    wait = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(lambda _: opened.wait(20) and None)
    stream, to, freed = api.stream(1), api.malloc(64), api.malloc(64)
    assert 0 == api.hipFree(freed)
    assert 0 == api.hipLaunchHostFunc(stream, wait, None)
    assert INVALID_VALUE == api.hipMemcpyAsync(to, freed, 64, D2D, stream)
    assert INVALID_VALUE == api.hipMemcpyAsync(freed, to, 64, D2D, stream)
    assert INVALID_VALUE == api.hipMemcpy2DAsync(to, 8, freed, 8, 8, 8, D2D, stream)
    opened.set()
    assert 0 == api.hipStreamDestroy(stream)


def test_a_fill_of_nothing_is_no_error_also_where_nothing_is(api: Any) -> None:
    for bits in ("", "D8", "D16", "D32"):
        assert 0 == getattr(api, f"hipMemset{bits}")(None, 1, 0)
        assert 0 == getattr(api, f"hipMemset{bits}Async")(None, 1, 0, None)
        assert INVALID_VALUE == getattr(api, f"hipMemset{bits}")(None, 1, 4)


def test_advice_on_managed_memory_is_remembered(api: Any) -> None:
    managed, device = ctypes.c_void_p(), api.malloc(64)
    api.hipMallocManaged(ctypes.byref(managed), 4096, 1)

    def ask(attribute: int) -> int:
        value = ctypes.c_int(99)
        code = api.hipMemRangeGetAttribute(ctypes.byref(value), 4, attribute, managed, 4096)
        assert 0 == code
        return value.value

    assert [0, -2, -2, -2] == [ask(attribute) for attribute in (1, 2, 3, 4)]
    for advice in (1, 3, 5):
        assert 0 == api.hipMemAdvise(managed, 4096, advice, 0)
    assert 0 == api.hipMemPrefetchAsync(managed, 4096, -1, None)
    assert [1, 0, 0, -1] == [ask(attribute) for attribute in (1, 2, 3, 4)]
    for advice in (2, 4, 6):
        assert 0 == api.hipMemAdvise(managed, 4096, advice, 0)
    assert [0, -2, -2] == [ask(attribute) for attribute in (1, 2, 3)]
    assert 101 == api.hipMemPrefetchAsync(managed, 4096, 7, None)
    assert INVALID_VALUE == api.hipMemAdvise(managed, 4097, 1, 0)
    assert INVALID_VALUE == api.hipMemAdvise(device, 64, 1, 0)
    api.hipFree(managed)
    api.hipFree(device)
