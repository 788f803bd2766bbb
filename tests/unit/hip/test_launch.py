"""Modules and launches: arguments in both forms, sizes, limits, attributes, occupancy."""

import ctypes
import struct
from pathlib import Path
from typing import Any

import pytest

from anyroc.compiler import compile_device
from anyroc.isa.targets import target

INVALID_VALUE, INVALID_CONFIGURATION, INVALID_IMAGE, FILE_NOT_FOUND = 1, 9, 200, 301
INVALID_HANDLE, NOT_FOUND, NO_BINARY = 400, 500, 209
ONE = (1, 1, 1)


@pytest.fixture
def module(api: Any, code_object: bytes) -> Any:
    handle = ctypes.c_void_p()
    assert 0 == api.hipModuleLoadData(ctypes.byref(handle), code_object)
    yield handle
    assert 0 == api.hipModuleUnload(handle)


def function(api: Any, module: Any, name: bytes) -> int:
    found = ctypes.c_void_p()
    assert 0 == api.hipModuleGetFunction(ctypes.byref(found), module, name)
    return found.value or 0


def pointers(*values: Any) -> Any:
    """Return `kernelParams` for ctypes values, which it keeps alive."""
    array = (ctypes.c_void_p * len(values))(*(ctypes.addressof(value) for value in values))
    array.values = values
    return array


def ints(data: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(data) // 4}i", data))


def test_arguments_by_pointers(api: Any, module: Any) -> None:
    a, b, total = (api.malloc(400) for _ in range(3))
    api.write(a, struct.pack("<100i", *range(100)))
    api.write(b, struct.pack("<100i", *range(0, 1000, 10)))
    arguments = pointers(*map(ctypes.c_uint64, (a, b, total)), ctypes.c_int(100))
    add = function(api, module, b"add")
    assert 0 == api.hipModuleLaunchKernel(add, 2, 1, 1, 64, 1, 1, 0, None, arguments, None)
    assert [11 * i + 100 for i in range(100)] == ints(api.read(total, 400))
    for pointer in (a, b, total):
        api.hipFree(pointer)


@pytest.mark.parametrize("packed", [False, True])
def test_arguments_of_mixed_sizes(api: Any, module: Any, packed: bool) -> None:
    out = api.malloc(16)
    mixed = function(api, module, b"mixed")
    if packed:
        block = ctypes.create_string_buffer(struct.pack("@bdhlfQ", -3, 0.5, -7, 1 << 40, 0.25, out))
        size = ctypes.c_size_t(len(block.raw) - 1)
        extra = (ctypes.c_void_p * 5)(1, ctypes.addressof(block), 2, ctypes.addressof(size), 3)
        code = api.hipModuleLaunchKernel(mixed, *ONE, *ONE, 0, None, None, extra)
    else:
        arguments = pointers(
            *(ctypes.c_int8(-3), ctypes.c_double(0.5), ctypes.c_int16(-7)),
            *(ctypes.c_int64(1 << 40), ctypes.c_float(0.25), ctypes.c_uint64(out)),
        )
        code = api.hipModuleLaunchKernel(mixed, *ONE, *ONE, 0, None, arguments, None)
    assert 0 == code
    assert (-2.5, float((1 << 40) - 7) + 0.25) == pytest.approx(
        struct.unpack("<2d", api.read(out, 16))
    )
    api.hipFree(out)


def test_every_block_and_thread_has_its_place(api: Any, module: Any) -> None:
    grid, block = (3, 2, 2), (5, 3, 2)
    size = 12 * 30
    out = api.malloc(4 * size)
    arguments = pointers(ctypes.c_uint64(out))
    ids = function(api, module, b"ids")
    assert 0 == api.hipModuleLaunchKernel(ids, *grid, *block, 0, None, arguments, None)
    expected = [block * 1000 + thread for block in range(12) for thread in range(30)]
    assert expected == ints(api.read(out, 4 * size))
    api.hipFree(out)


@pytest.mark.parametrize(
    "threads, block, expected", [((100, 1, 1), (64, 1, 1), 100), ((7, 5, 3), (4, 4, 2), 105)]
)
def test_ext_launches_count_threads_not_blocks(
    api: Any, module: Any, threads: Any, block: Any, expected: int
) -> None:
    count = api.malloc(4)
    api.hipMemset(count, 0, 4)
    start, stop, elapsed = api.event(), api.event(), ctypes.c_float(-1)
    launch = function(api, module, b"count_threads")
    arguments = pointers(ctypes.c_uint64(count))
    code = api.hipExtModuleLaunchKernel(
        *(launch, *threads, *block, 0, None, arguments, None, start, stop, 0)
    )
    assert 0 == code
    assert [expected] == ints(api.read(count, 4))
    assert 0 == api.hipEventElapsedTime(ctypes.byref(elapsed), start, stop)
    assert elapsed.value >= 0
    api.hipFree(count)


def test_kernels_for_uniform_workgroups_get_no_others(api: Any) -> None:
    handle = ctypes.c_void_p()
    code = compile_device(Path(__file__).with_name("kernels.hip"), target=target("gfx942"))
    assert 0 == api.hipModuleLoadData(ctypes.byref(handle), code)
    launch = function(api, handle, b"double_shared")
    rest = (0, None, None, None, None, None, 0)
    assert 0 == api.hipExtModuleLaunchKernel(launch, 4, 1, 1, 2, 1, 1, *rest)
    assert 0 == api.hipExtModuleLaunchKernel(launch, 1, 1, 1, 2, 1, 1, *rest)
    assert INVALID_VALUE == api.hipExtModuleLaunchKernel(launch, 3, 1, 1, 2, 1, 1, *rest)
    assert INVALID_VALUE == api.hipExtModuleLaunchKernel(launch, 1, 1, 1, 2048, 1, 1, *rest)
    assert 0 == api.hipModuleUnload(handle)


def test_dynamic_shared_memory(api: Any, module: Any) -> None:
    out = api.malloc(4)
    launch = function(api, module, b"shared_sum")
    arguments = pointers(ctypes.c_uint64(out))
    assert 0 == api.hipModuleLaunchKernel(launch, *ONE, 256, 1, 1, 1024, None, arguments, None)
    assert [sum(range(256))] == ints(api.read(out, 4))
    too_much = 64 * 1024 + 4
    code = api.hipModuleLaunchKernel(launch, *ONE, 256, 1, 1, too_much, None, arguments, None)
    assert INVALID_VALUE == code
    api.hipFree(out)


@pytest.mark.parametrize(
    "grid, block, expected",
    [
        ((0, 1, 1), ONE, INVALID_VALUE),
        (ONE, (0, 1, 1), INVALID_VALUE),
        (ONE, (1025, 1, 1), INVALID_VALUE),
        (ONE, (64, 4, 4), 0),
        (ONE, (64, 8, 4), INVALID_VALUE),
        ((1, 65537, 1), ONE, INVALID_VALUE),
        (((1 << 31), 1, 1), (2, 1, 1), INVALID_VALUE),
    ],
)
def test_sizes_are_checked(api: Any, module: Any, grid: Any, block: Any, expected: int) -> None:
    count = api.malloc(4)
    launch = function(api, module, b"count_threads")
    arguments = pointers(ctypes.c_uint64(count))
    assert expected == api.hipModuleLaunchKernel(launch, *grid, *block, 0, None, arguments, None)
    api.hipDeviceSynchronize()
    api.hipFree(count)


def test_launch_bounds_bind(api: Any, module: Any) -> None:
    out = api.malloc(4)
    arguments = pointers(ctypes.c_uint64(out))
    launch = function(api, module, b"bounded")
    assert 0 == api.hipModuleLaunchKernel(launch, *ONE, 128, 1, 1, 0, None, arguments, None)
    code = api.hipModuleLaunchKernel(launch, *ONE, 129, 1, 1, 0, None, arguments, None)
    assert INVALID_CONFIGURATION == code
    api.hipFree(out)


def test_misuse_of_launches(api: Any, module: Any) -> None:
    launch = function(api, module, b"count_threads")
    rest = (*ONE, *ONE, 0, None)
    assert INVALID_HANDLE == api.hipModuleLaunchKernel(None, *rest, None, None)
    assert INVALID_HANDLE == api.hipModuleLaunchKernel(0x1234, *rest, None, None)
    assert INVALID_VALUE == api.hipModuleLaunchKernel(launch, *rest, None, None)
    both = pointers(ctypes.c_uint64(0))
    assert INVALID_VALUE == api.hipModuleLaunchKernel(launch, *rest, both, both)


def test_variables_of_modules(api: Any, module: Any) -> None:
    address, size = ctypes.c_void_p(), ctypes.c_size_t()
    out = ctypes.byref(address)
    assert 0 == api.hipModuleGetGlobal(out, ctypes.byref(size), module, b"bias")
    assert 4 == size.value
    assert [100] == ints(api.read(address.value, 4))
    assert NOT_FOUND == api.hipModuleGetGlobal(out, ctypes.byref(size), module, b"nothing")
    assert 0 == api.hipModuleGetGlobal(out, ctypes.byref(size), module, b"table")
    api.write(address.value, struct.pack("<4i", 1, 2, 3, 4))
    result = api.malloc(16)
    launch = function(api, module, b"read_table")
    arguments = pointers(ctypes.c_uint64(result))
    assert 0 == api.hipModuleLaunchKernel(launch, *ONE, 4, 1, 1, 0, None, arguments, None)
    assert [1, 2, 3, 4] == ints(api.read(result, 16))
    api.hipFree(result)


def test_managed_variables_of_modules_are_the_hosts_too(api: Any, code_object: bytes) -> None:
    handle, address, size = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_size_t()
    assert 0 == api.hipModuleLoadData(ctypes.byref(handle), code_object)
    out = ctypes.byref(address)
    assert 0 == api.hipModuleGetGlobal(out, ctypes.byref(size), handle, b"shared")
    assert 8 == size.value
    ctypes.cast(address, ctypes.POINTER(ctypes.c_int))[1] = 7
    launch = function(api, handle, b"double_shared")
    assert 0 == api.hipModuleLaunchKernel(launch, *ONE, 2, 1, 1, 0, None, None, None)
    assert 0 == api.hipDeviceSynchronize()
    assert [10, 14] == ints(ctypes.string_at(address.value or 0, 8))
    assert 0 == api.hipModuleUnload(handle)


def test_functions_that_are_not_there(api: Any, module: Any) -> None:
    out = ctypes.c_void_p()
    assert NOT_FOUND == api.hipModuleGetFunction(ctypes.byref(out), module, b"nothing")
    assert INVALID_VALUE == api.hipModuleGetFunction(ctypes.byref(out), module, b"")


def test_unloading_ends_functions(api: Any, code_object: bytes) -> None:
    handle = ctypes.c_void_p()
    assert 0 == api.hipModuleLoadData(ctypes.byref(handle), code_object)
    launch = function(api, handle, b"count_threads")
    assert 0 == api.hipModuleUnload(handle)
    assert NOT_FOUND == api.hipModuleUnload(handle)
    assert INVALID_HANDLE == api.hipModuleUnload(None)
    code = api.hipModuleLaunchKernel(launch, *ONE, *ONE, 0, None, None, None)
    assert INVALID_HANDLE == code


def test_files_and_images(api: Any, code_object: bytes, tmp_path: Path, capfd: Any) -> None:
    handle = ctypes.c_void_p()
    out = ctypes.byref(handle)
    good, bad = tmp_path / "good.co", tmp_path / "bad.co"
    good.write_bytes(code_object)
    bad.write_bytes(code_object[:100])
    assert 0 == api.hipModuleLoad(out, bytes(good))
    assert 0 == api.hipModuleUnload(handle)
    assert INVALID_IMAGE == api.hipModuleLoad(out, bytes(bad))
    assert FILE_NOT_FOUND == api.hipModuleLoad(out, bytes(tmp_path / "nothing"))
    assert INVALID_IMAGE == api.hipModuleLoadData(out, b"garbage that is no code object" * 9)
    assert "Traceback" not in capfd.readouterr().err


def test_code_for_another_target_is_refused(api: Any, capfd: Any) -> None:
    from anyroc.compiler import bundle

    image = bundle.write({"gfx90a": b"\x7fELF" + b"\0" * 200})
    handle = ctypes.c_void_p()
    assert NO_BINARY == api.hipModuleLoadData(ctypes.byref(handle), image)
    assert "gfx90a" in capfd.readouterr().err


def test_attributes_of_functions(api: Any, module: Any) -> None:
    value = ctypes.c_int()
    for name, attribute, expected in [(b"bounded", 0, 128), (b"add", 0, 1024), (b"add", 1, 0)]:
        launch = function(api, module, name)
        assert 0 == api.hipFuncGetAttribute(ctypes.byref(value), attribute, launch)
        assert expected == value.value
    launch = function(api, module, b"add")
    assert INVALID_VALUE == api.hipFuncGetAttribute(ctypes.byref(value), 10, launch)
    assert b"add" == ctypes.string_at(api.hipKernelNameRef(launch))


@pytest.mark.parametrize(
    "threads, shared, expected", [(64, 0, 32), (1024, 0, 2), (64, 32768, 2), (256, 65536, 1)]
)
def test_occupancy(api: Any, module: Any, threads: int, shared: int, expected: int) -> None:
    blocks = ctypes.c_int()
    launch = function(api, module, b"add")
    out = ctypes.byref(blocks)
    assert 0 == api.hipModuleOccupancyMaxActiveBlocksPerMultiprocessor(out, launch, threads, shared)
    assert expected == blocks.value


def test_a_block_size_is_suggested(api: Any, module: Any) -> None:
    grid, block = ctypes.c_int(), ctypes.c_int()
    launch = function(api, module, b"bounded")
    outs = (ctypes.byref(grid), ctypes.byref(block))
    assert 0 == api.hipModuleOccupancyMaxPotentialBlockSize(*outs, launch, 0, 0)
    assert 128 == block.value
    assert grid.value % 304 == 0


def test_launches_run_beside_the_host(api: Any, module: Any) -> None:
    flag, out = ctypes.c_void_p(), api.malloc(4)
    assert 0 == api.hipHostMalloc(ctypes.byref(flag), 4, 0)
    ctypes.memset(flag.value or 0, 0, 4)
    stream = api.stream()
    arguments = pointers(ctypes.c_uint64(flag.value or 0), ctypes.c_uint64(out))
    launch = function(api, module, b"wait_for")
    assert 0 == api.hipModuleLaunchKernel(launch, *ONE, *ONE, 0, stream, arguments, None)
    assert 600 == api.hipStreamQuery(stream)
    ctypes.c_int.from_address(flag.value or 0).value = 77
    assert 0 == api.hipStreamSynchronize(stream)
    assert [77] == ints(api.read(out, 4))
    api.hipStreamDestroy(stream)
