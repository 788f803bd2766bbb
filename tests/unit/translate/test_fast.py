"""Linear, whole and partial waves compute the same, in quick code and in optimised code."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from anyroc.compiler import Options, compile_device
from anyroc.gpu.device import Device
from anyroc.isa.targets import target
from anyroc.native import library

SOURCE = Path(__file__).parent / "kernels" / "fast.cu"
CONFIGURATIONS = [("gfx942", 64), ("gfx1151", 32), ("gfx1201", 64)]
BLOCKS = [(64, 1), (128, 2), (32, 2), (16, 16), (48, 1), (20, 3), (256, 1), (512, 1)]
LEVELS = ["0", "2"]
N = 1000


@dataclass
class Machine:
    """A device with the kernels loaded, and arrays in its memory."""

    device: Device
    module: object
    owned: list[int]

    def put(self, array: np.ndarray, spare: int = 0) -> int:
        address = self.device.memory.alloc(array.nbytes + spare)
        self.owned.append(address)
        ctypes.memmove(address, array.ctypes.data, array.nbytes)
        return address

    def get(self, address: int, like: np.ndarray) -> np.ndarray:
        result = np.empty_like(like)
        ctypes.memmove(result.ctypes.data, address, result.nbytes)
        return result

    def run(
        self, name: str, block: tuple[int, int], form: str, *args: object, grid: int = 0
    ) -> None:
        size = block[0] * block[1]
        queue = self.device.default_queue
        queue.launch(
            self.module.kernel(name),  # type: ignore[attr-defined]
            (grid or -(-N // size), 1, 1),
            (*block, 1),
            0,
            struct.pack(form, *args),
        )
        queue.synchronize()
        fault = queue.fault
        assert fault is None, fault.text


@pytest.fixture(
    scope="module",
    params=[(*c, level) for c in CONFIGURATIONS for level in LEVELS],
    ids=lambda c: f"{c[0]}-w{c[1]}-O{c[2]}",
)
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    name, wave, level = request.param
    gpu = target(name)
    option = None if wave == gpu.default_wave_size else wave
    device = Device(0, gpu)
    code = compile_device(SOURCE, target=gpu, options=Options(wave_size=option))
    machine = Machine(device, device.load(code), [])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANYROC_OPT", level)
        yield machine
    for address in machine.owned:
        device.memory.free(address)


def _ints(count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(-(2**20), 2**20, count, dtype=np.int32)


@pytest.mark.parametrize("block", BLOCKS, ids=str)
class TestBlocks:
    """Each kernel under blocks that make waves linear, whole, or neither."""

    def test_add(self, machine: Machine, block: tuple[int, int]) -> None:
        a, b, c = _ints(N), _ints(N, 2), np.full(N + 64, 7, np.int32)
        at = machine.put(c)
        machine.run("add", block, "<i4xQQQ", N, machine.put(a), machine.put(b), at)
        expected = np.concatenate([a + b, c[N:]])
        np.testing.assert_array_equal(expected, machine.get(at, c))

    def test_in_place(self, machine: Machine, block: tuple[int, int]) -> None:
        a, b = _ints(N), _ints(N, 2)
        at = machine.put(a)
        machine.run("add", block, "<i4xQQQ", N, at, machine.put(b), at)
        np.testing.assert_array_equal(a + b, machine.get(at, a))

    def test_misaligned(self, machine: Machine, block: tuple[int, int]) -> None:
        raw, b, c = np.frombuffer(_ints(N + 1).tobytes(), np.uint8), _ints(N), np.zeros(N, np.int32)
        at, start = machine.put(c), machine.put(raw)
        machine.run("add", block, "<i4xQQQ", N, start + 1, machine.put(b), at)
        a = np.frombuffer(raw[1 : 1 + 4 * N].tobytes(), np.int32)
        np.testing.assert_array_equal(a + b, machine.get(at, c))

    def test_around_zero(self, machine: Machine, block: tuple[int, int]) -> None:
        a, c = _ints(N + 2), np.zeros(N, np.int32)
        at, middle = machine.put(c), machine.put(a) + 4 * (N // 2)
        machine.run("around_zero", block, "<i4xQQ", N, middle, at)
        i = np.arange(N) - N // 2
        np.testing.assert_array_equal(a[N // 2 + i] * 3 + a[N // 2 - i], machine.get(at, c))

    def test_reversed(self, machine: Machine, block: tuple[int, int]) -> None:
        a, c = _ints(2 * N), np.zeros(N, np.int32)
        at = machine.put(c)
        machine.run("reversed", block, "<i4xQQ", N, machine.put(a), at)
        np.testing.assert_array_equal(a[N - 1 :: -1][:N] - a[::2], machine.get(at, c))

    def test_bytes(self, machine: Machine, block: tuple[int, int]) -> None:
        rng = np.random.default_rng(3)
        a = rng.integers(0, 256, N, dtype=np.uint8)
        b = rng.integers(-(2**15), 2**15, N, dtype=np.int16)
        c = np.zeros(N, np.int16)
        at = machine.put(c)
        machine.run("bytes", block, "<i4xQQQ", N, machine.put(a), machine.put(b), at)
        expected = (a.astype(np.int32) - b).astype(np.int16)
        np.testing.assert_array_equal(expected, machine.get(at, c))

    def test_quads(self, machine: Machine, block: tuple[int, int]) -> None:
        a, c = _ints(4 * N).reshape(N, 4), np.zeros((N, 4), np.int32)
        at = machine.put(c)
        machine.run("quads", block, "<i4xQQ", N, machine.put(a), at)
        np.testing.assert_array_equal(a[:, ::-1] + np.arange(4), machine.get(at, c))

    def test_blur(self, machine: Machine, block: tuple[int, int]) -> None:
        a, c = _ints(N), np.zeros(N, np.int32)
        at = machine.put(c)
        machine.run("blur", block, "<i4xQQ", N, machine.put(a), at)
        expected = c.copy()
        expected[1:-1] = a[:-2] + 2 * a[1:-1] + a[2:]
        np.testing.assert_array_equal(expected, machine.get(at, c))

    def test_grid_stride_loop(self, machine: Machine, block: tuple[int, int]) -> None:
        c, factor = _ints(N), np.array([3], np.int32)
        at = machine.put(c)
        machine.run("scale", block, "<i4xQQ", N, machine.put(factor), at, grid=2)
        np.testing.assert_array_equal(c * 3 + np.arange(N), machine.get(at, c))

    def test_lds(self, machine: Machine, block: tuple[int, int]) -> None:
        size = block[0] * block[1]
        a, c = _ints(N), np.zeros(N, np.int32)
        at = machine.put(c)
        machine.run("through_lds", block, "<i4xQQ", N, machine.put(a), at)
        padded = np.zeros(-(-N // size) * size, np.int32)
        padded[:N] = a
        mirrored = padded.reshape(-1, size)[:, ::-1].reshape(-1)
        np.testing.assert_array_equal(mirrored[:N] + a, machine.get(at, c))

    def test_divergent_loop(self, machine: Machine, block: tuple[int, int]) -> None:
        c = np.full(N, -1, np.int32)
        at = machine.put(c)
        machine.run("collatz", block, "<iiQ", N, 90, at)
        expected = [_collatz(i + 1, 90) for i in range(N)]
        np.testing.assert_array_equal(expected, machine.get(at, c))

    def test_uniform_loop(self, machine: Machine, block: tuple[int, int]) -> None:
        c = np.zeros(N, np.float32)
        at = machine.put(c)
        machine.run("chain", block, "<iiQ", N, 37, at)
        x, y = np.arange(N, dtype=np.float32), np.ones(N, np.float32)
        for _ in range(37):
            x, y = _fma(x, 0.5, 3), _fma(y, 0.25, 1)
        np.testing.assert_array_equal(x + y, machine.get(at, c))


def _collatz(v: int, most: int) -> int:
    steps = 0
    while v != 1 and steps < most:
        v = 3 * v + 1 if v & 1 else v // 2
        steps += 1
    return steps


def _fma(a: np.ndarray, b: float, c: float) -> np.ndarray:
    """One rounding: these products are exact in double precision."""
    return (a.astype(np.float64) * b + c).astype(np.float32)


@pytest.mark.parametrize("distance", [-65, -64, -17, -16, -1, 0, 1, 15, 16, 63, 64, 100])
def test_overlapping_copy(machine: Machine, distance: int) -> None:
    """A wave loads all lanes before it stores any."""
    wave = machine.module.kernel("shift").kernel.wave_size  # type: ignore[attr-defined]
    c = _ints(wave + 256)
    at = machine.put(c)
    machine.run("shift", (wave, 1), "<Qi", at + 4 * 128, distance, grid=1)
    expected = c.copy()
    expected[128 + distance : 128 + distance + wave] = c[128 : 128 + wave]
    np.testing.assert_array_equal(expected, machine.get(at, c))


def test_long_loop_yields(machine: Machine) -> None:
    """More trips than a wave's budget: the loop is left and entered again, registers and all."""
    c = np.zeros(N, np.float32)
    at = machine.put(c)
    machine.run("chain", (64, 1), "<iiQ", N, 3_000_000, at, grid=1)
    x = np.arange(N, dtype=np.float32)
    for _ in range(200):  # by then both have settled
        x = _fma(x, 0.5, 3)
    y = np.float32(1)
    for _ in range(200):
        y = np.float32(np.float64(y) * 0.25 + 1)
    np.testing.assert_array_equal((x + y)[:64], machine.get(at, c)[:64])


@pytest.mark.parametrize("offset", [0, 4096 - 128, 4096 - 4])
def test_partial_wave_at_the_end_of_memory(machine: Machine, offset: int) -> None:
    """Lanes that are off touch nothing, however close the end of an allocation is."""
    memory = machine.device.memory
    at = memory.alloc(4096)
    try:
        count = (4096 - offset) // 4
        words = _ints(1024)
        ctypes.memmove(at, words.ctypes.data, 4096)
        start = at + offset
        machine.run("add", (64, 1), "<i4xQQQ", min(count, 64), start, start, start, grid=1)
        result = machine.get(at, words)
        expected = words.copy()
        first = offset // 4
        expected[first : first + min(count, 64)] *= 2
        np.testing.assert_array_equal(expected, result)
    finally:
        memory.free(at)


class TestLoops:
    """Innermost loops that load and store."""

    @pytest.mark.parametrize("block", BLOCKS, ids=str)
    def test_product(self, machine: Machine, block: tuple[int, int]) -> None:
        depth, rows = 37, -(-N // 16)
        a, b = _ints(rows * depth) % 100, _ints(depth * 16, 2) % 100
        c = np.zeros(N, np.int32)
        at = machine.put(c)
        machine.run("product", block, "<iiQQQ", N, depth, machine.put(a), machine.put(b), at)
        expected = (a.reshape(rows, depth) @ b.reshape(depth, 16)).reshape(-1)[:N]
        np.testing.assert_array_equal(expected, machine.get(at, c))

    @pytest.mark.parametrize("block", BLOCKS, ids=str)
    def test_strided_sum(self, machine: Machine, block: tuple[int, int]) -> None:
        a, threads = _ints(N), 3 * block[0] * block[1]
        c = np.zeros(threads, np.int32)
        at = machine.put(c)
        machine.run("strided_sum", block, "<i4xQQ", N, machine.put(a), at, grid=3)
        padded = np.concatenate([a, np.zeros(-N % threads, np.int32)])
        expected = padded.reshape(-1, threads).sum(0, dtype=np.int32)
        np.testing.assert_array_equal(expected, machine.get(at, c))

    @pytest.mark.parametrize("block", BLOCKS, ids=str)
    def test_running(self, machine: Machine, block: tuple[int, int]) -> None:
        steps, rows = 9, _ints(9 * N)
        at = machine.put(rows)
        machine.run("running", block, "<iiQ", N, steps, at)
        expected = rows.reshape(steps, N).copy()
        for k in range(1, steps):
            expected[k] = 3 * expected[k - 1] + k
        np.testing.assert_array_equal(expected, machine.get(at, rows).reshape(steps, N))

    @pytest.mark.parametrize("block", BLOCKS, ids=str)
    def test_trips_of_each_lane(self, machine: Machine, block: tuple[int, int]) -> None:
        a, counts, c = _ints(20 * N), _ints(N, 3) % 21, np.zeros(N, np.int32)
        at = machine.put(c)
        machine.run("own_count", block, "<i4xQQQ", N, machine.put(counts), machine.put(a), at)
        k = np.arange(20, dtype=np.int32)[:, None]
        terms = np.where(k < counts, a.reshape(20, N) ^ k, 0)
        np.testing.assert_array_equal(terms.sum(0, dtype=np.int32) - 1, machine.get(at, c))

    def test_beyond_lds(self, machine: Machine) -> None:
        """Trips that leave LDS part of the way are done otherwise: what is not there reads as 0."""
        c, trips, queue = np.zeros(64, np.int32), 40, machine.device.default_queue
        at = machine.put(c)
        kernel = machine.module.kernel("beyond_lds")  # type: ignore[attr-defined]
        queue.launch(kernel, (1, 1, 1), (64, 1, 1), 64 * 4, struct.pack("<i4xQ", trips, at))
        queue.synchronize()
        assert queue.fault is None
        shared = np.zeros(64 + 16 * trips, np.int64)
        shared[:64] = np.arange(64) + 1
        expected = np.zeros(64, np.int64)
        for k in range(trips):
            expected = (3 * expected + shared[16 * k : 16 * k + 64]) & 0xFFFFFFFF
        np.testing.assert_array_equal(expected.astype(np.uint32).view(np.int32), machine.get(at, c))

    def test_more_trips_than_the_budget(self, machine: Machine) -> None:
        """The loop is left and entered again, registers and all."""
        a, c, trips = _ints(24 * 5000 + 64), np.zeros(64, np.int32), 5000
        at = machine.put(c)
        machine.run("wide_steps", (64, 1), "<IiQQ", 0, trips, machine.put(a), at, grid=1)
        expected = np.zeros(64, np.int64)
        for k in range(trips):
            expected = (5 * expected + a[24 * k : 24 * k + 64]) & 0xFFFFFFFF
        np.testing.assert_array_equal(expected.astype(np.uint32).view(np.int32), machine.get(at, c))


@pytest.mark.parametrize("grid", [(1, 1, 1), (3, 1, 1), (7, 5, 3), (130, 2, 1)], ids=str)
def test_gangs_of_several_workgroups(machine: Machine, grid: tuple[int, int, int]) -> None:
    """Gangs go on along x; rows, layers and the workgroup that passes the end are themselves."""
    groups = grid[0] * grid[1] * grid[2]
    a, kernel = _ints(256 * groups), machine.module.kernel("add_in_layers")  # type: ignore[attr-defined]
    for n in (256 * groups, 256 * groups - 200, 300):
        c = np.full(256 * groups, -1, np.int32)
        at = machine.put(c)
        arguments = struct.pack("<i4xQQ", n, machine.put(a), at)
        machine.device.default_queue.launch(kernel, grid, (256, 1, 1), 0, arguments)
        machine.device.default_queue.synchronize()
        expected = np.where(np.arange(256 * groups) < n, a + np.arange(256 * groups) // 256, -1)
        np.testing.assert_array_equal(expected.astype(np.int32), machine.get(at, c))


@pytest.mark.parametrize("block", [256, 512])
@pytest.mark.parametrize("good", [0, 5])
def test_fault_of_a_gang(machine: Machine, block: int, good: int) -> None:
    """Waves that one stands for fault as themselves: address, wave and workgroup are right.

    ``good``: workgroups before the first that faults, whose memory is the last of the device's.
    """
    add = machine.module.kernel("add")  # type: ignore[attr-defined]
    a = _ints(16 * block)
    nowhere = ctypes.c_uint64.in_dll(library(), "anyroc_range_base").value
    nowhere += ctypes.c_uint64.in_dll(library(), "anyroc_range_size").value - 2**20
    before = [ctypes.c_uint64(nowhere - 2**16), ctypes.c_uint64(2**16)]
    assert library().anyroc_range_commit(*before) == 0
    queue = machine.device.default_queue
    c = nowhere - 4 * block * good
    arguments = struct.pack("<i4xQQQ", 16 * block, machine.put(a), machine.put(a), c)
    queue.launch(add, (16, 1, 1), (block, 1, 1), 0, arguments)
    queue.synchronize()
    fault = queue.fault
    assert fault is not None
    queue.clear_fault()
    assert library().anyroc_range_decommit(*before) == 0
    item = (fault.address - c) // 4
    assert fault.kind == "write"
    assert good * block <= item < 16 * block
    assert fault.group == (item // block, 0, 0)
    assert fault.wave == item % block // add.kernel.wave_size
