"""Workgroups and waves: initial state, barriers, turns, isolation."""

from __future__ import annotations

import ctypes
import struct
from typing import Any

import pytest

from anyroc.gpu import binding
from anyroc.gpu.queue import LaunchError, launch_extra
from gpu_bench import Bench


def test_every_work_item_runs_once(bench: Bench) -> None:
    kernel = bench.kernel("store")
    for groups, block in [(1, 1), (3, 64), (1000, 65), (7, 1024), (5000, 1)]:
        out = bench.buffer(groups * block)
        bench.run(kernel, groups, block, out, block)
        expected = [item + 1000 * group for group in range(groups) for item in range(block)]
        assert expected == bench.words(out, groups * block)
        bench.device.memory.free(out)


def test_a_noop_kernel_does_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANYROC_NOOP_KERNELS", "1")
    out = bench.buffer(64)
    bench.run(bench.kernel("store"), 1, 64, out, 64)
    assert [0] * 64 == bench.words(out, 64)


def dump(
    bench: Bench, grid: tuple[int, int, int], block: tuple[int, int, int], **spec: Any
) -> list[list[list[int]]]:
    """Run test_dump; rows of 512 dwords by (group, wave)."""
    kernel = bench.kernel("dump", **spec)
    waves = -(-block[0] * block[1] * block[2] // kernel.wave_size)
    groups = grid[0] * grid[1] * grid[2]
    out = bench.buffer(512 * waves * groups)
    ttmp = bench.device.target.workgroup_id_in_ttmp
    arguments = struct.pack("<5Q", out, waves, grid[0], ttmp, grid[1])
    bench.queue.launch(kernel, grid, block, 100, arguments)
    bench.queue.synchronize()
    assert bench.queue.fault is None
    words = bench.words(out, 512 * waves * groups)
    rows = [words[512 * i : 512 * i + 512] for i in range(groups * waves)]
    return [rows[waves * g : waves * (g + 1)] for g in range(groups)]


ALL_IDS = {"rsrc2": 0b111 << 7 | 2 << 11}


def test_initial_registers(any_bench: Bench) -> None:
    grid, block = (3, 2, 2), (7, 5, 3)
    items = [(x, y, z) for z in range(3) for y in range(5) for x in range(7)]
    expected_groups = [(x, y, z) for z in range(2) for y in range(2) for x in range(3)]
    for size in any_bench.device.target.wave_sizes:
        spec = {"wave32": size == 32, "lds": 28, "scratch": 12, "vgpr_units": 2, **ALL_IDS}
        groups = dump(any_bench, grid, block, **spec)
        assert expected_groups == [tuple(waves[0][132:135]) for waves in groups]
        for waves in groups:
            assert items == work_items(waves)
            for row in waves:
                assert (0xF0, size, 128, 12) == (row[128] & 0xF0, *row[129:132])
                assert 0 == row[135]


def work_items(waves: list[list[int]]) -> list[tuple[int, int, int]]:
    """The ids of a workgroup's work-items, as its waves' EXEC and packed VGPR 0 give them."""
    ids = []
    for row in waves:
        exec_ = row[126] | row[127] << 32
        active = exec_.bit_count()
        assert (1 << active) - 1 == exec_
        ids += [(v & 1023, v >> 10 & 1023, v >> 20) for v in row[192 : 192 + active]]
    return ids


def test_only_enabled_work_item_ids_are_packed(bench: Bench) -> None:
    for dims, mask in [(0, 0x3FF), (1, 0xFFFFF)]:
        row = dump(bench, (1, 1, 1), (4, 4, 4), rsrc2=0b111 << 7 | dims << 11)[0][0]
        full = [x | y << 10 | z << 20 for z in range(4) for y in range(4) for x in range(4)]
        assert [value & mask for value in full] == row[192:256]


def test_the_dispatch_packet_and_user_sgprs(bench: Bench) -> None:
    """SGPRs 0-1 hold the arguments here, so the packet is found before them."""
    row = dump(bench, (2, 1, 1), (64, 2, 1), lds=8, **ALL_IDS)[0][0]
    kernarg = row[0] | row[1] << 32
    packet = binding.read_memory(kernarg - 64, 64)
    header = struct.unpack("<HHHHHHIIIIIQQQQ", packet)
    assert (64, 2, 1) == header[2:5]
    assert (128, 2, 1) == header[6:9]
    assert (0, 108, kernarg) == (header[9], header[10], header[12])


def test_hidden_arguments(bench: Bench) -> None:
    kinds = [
        *("block_count_x", "block_count_y", "block_count_z"),
        *("group_size_x", "group_size_y", "group_size_z"),
        *("remainder_x", "remainder_y", "remainder_z"),
        *("grid_dims", "dynamic_lds_size", "private_base", "shared_base", "printf_buffer"),
    ]
    args = [{".offset": 0, ".size": 8, ".value_kind": "global_buffer"}]
    args += [
        {".offset": 8 + 8 * i, ".size": 8, ".value_kind": f"hidden_{kind}"}
        for i, kind in enumerate(kinds)
    ]
    kernel = bench.kernel("empty", args=args, kernarg_size=8 + 8 * len(kinds))
    extra = launch_extra(printf=0xABC, tail=(3, 0, 0))
    bench.queue.launch(kernel, (4, 3, 2), (10, 2, 1), 48, struct.pack("<Q", 99), extra=extra)
    bench.queue.synchronize()
    raw = binding.read_memory(bench.queue.ring + 64, 8 + 8 * len(kinds))
    values = struct.unpack(f"<{1 + len(kinds)}Q", raw)
    assert (99, 3, 3, 2, 10, 2, 1, 3, 0, 0, 3, 48, 0x20000, 0x10000, 0xABC) == values


def test_arguments_through_pointers(bench: Bench) -> None:
    out = bench.buffer(64)
    args = [{".offset": 8 * i, ".size": 8, ".value_kind": "by_value"} for i in range(2)]
    kernel = bench.kernel("store", args=args, kernarg_size=16)
    values = [ctypes.c_uint64(out), ctypes.c_uint64(64)]
    pointers = (ctypes.c_void_p * 2)(*[ctypes.addressof(v) for v in values])
    bench.queue.launch(kernel, (1, 1, 1), (64, 1, 1), parameters=ctypes.addressof(pointers))
    bench.queue.synchronize()
    assert list(range(64)) == bench.words(out, 64)


def test_a_partial_last_workgroup(bench: Bench) -> None:
    out = bench.buffer(100)
    kernel = bench.kernel("store")
    bench.queue.launch(
        kernel,
        (2, 1, 1),
        (70, 1, 1),
        arguments=struct.pack("<2Q", out, 70),
        extra=launch_extra(tail=(5, 1, 1)),
    )
    bench.queue.synchronize()
    expected = list(range(70)) + [1000 + i for i in range(5)] + [0] * 25
    assert expected == bench.words(out, 100)


@pytest.mark.parametrize("block", [2, 64, 256, 1024])
def test_barriers_and_lds(bench: Bench, block: int) -> None:
    out = bench.buffer(50)
    bench.run(bench.kernel("lds_sum", lds=4096), 50, block, out, block, 3)
    base = block * (block - 1) // 2
    assert [base + block * (group + 2) for group in range(50)] == bench.words(out, 50)


def test_ended_waves_count_as_arrived_at_barriers(bench: Bench) -> None:
    out = bench.buffer(8)
    bench.run(bench.kernel("early_end"), 1, 512, out)
    assert [7, 0] * 4 == bench.words(out, 8)


def test_workgroups_that_wait_for_all_others_get_on(bench: Bench) -> None:
    count = bench.buffer(1)
    bench.run(bench.kernel("grid_barrier"), 300, 128, count, 600)
    assert [600] == bench.words(count, 1)


def test_a_cooperative_launch_begins_all_workgroups(bench: Bench) -> None:
    count = bench.buffer(1)
    kernel = bench.kernel("grid_barrier")
    arguments = struct.pack("<2Q", count, 2000)
    extra = launch_extra(cooperative=True)
    bench.queue.launch(kernel, (1000, 1, 1), (128, 1, 1), 0, arguments, extra=extra)
    bench.queue.synchronize()
    assert bench.queue.fault is None
    assert [2000] == bench.words(count, 1)


def test_waves_share_nothing_but_lds(bench: Bench) -> None:
    bad = bench.buffer(1)
    kernel = bench.kernel("isolation", vgpr_units=6, lds=64, scratch=40)
    bench.run(kernel, 200, 1024, bad, 48)
    assert [0] == bench.words(bad, 1)


def test_workgroups_start_in_order(bench: Bench) -> None:
    """A small launch stays on one thread, unless that thread was held up the time before."""
    kernel = bench.kernel("log")
    seen = []
    for _ in range(50):
        log = bench.buffer(101)
        bench.run(kernel, 100, 1, log)
        seen.append(bench.words(log, 101)[1:])
    assert list(range(100)) in seen[1:]
    assert all(list(range(100)) == sorted(order) for order in seen)


@pytest.mark.parametrize("seed", [1, 2, 12345])
def test_a_seed_changes_the_order_and_not_the_result(bench: Bench, seed: int) -> None:
    options = binding.options()
    options.seed = seed
    try:
        log = bench.buffer(1001)
        bench.run(bench.kernel("log"), 1000, 1, log)
        seen = bench.words(log, 1001)[1:]
        assert list(range(1000)) == sorted(seen)
        assert list(range(1000)) != seen
        out = bench.buffer(50)
        bench.run(bench.kernel("lds_sum", lds=4096), 50, 256, out, 256, 2)
        assert [256 * 255 // 2 + 256 * (group + 1) for group in range(50)] == bench.words(out, 50)
    finally:
        options.seed = 0


def test_poison_fills_registers_and_lds(bench: Bench) -> None:
    options = binding.options()
    options.poison = 1
    try:
        out = bench.buffer(1)
        bench.run(bench.kernel("poisoned", lds=64), 1, 64, out)
        assert [1] == bench.words(out, 1)
    finally:
        options.poison = 0


def test_floats_round_to_nearest_and_keep_denormals(bench: Bench) -> None:
    out = bench.buffer(1)
    bench.run(bench.kernel("float"), 1, 64, out)
    assert [1] == bench.words(out, 1)


def test_counters_are_summed_over_threads_and_launches(bench: Bench) -> None:
    kernel = bench.kernel("count")
    bench.run(kernel, 1000, 128)
    bench.run(kernel, 10, 64)
    assert [2010, 2 * 999 * 500 + 45] == kernel.counters
    assert (2, 2010) == (kernel.stats.launches, kernel.stats.waves)


@pytest.mark.parametrize(
    ("grid", "block", "lds", "reason"),
    [
        ((0, 1, 1), (64, 1, 1), 0, "grid"),
        ((1, 1, 1), (0, 1, 1), 0, "grid"),
        ((1, 1, 1), (1025, 1, 1), 0, "block"),
        ((1, 1, 1), (64, 64, 1), 0, "block"),
        ((1, 1, 1), (512, 1, 1), 0, "block"),
        ((1, 1, 1), (64, 1, 1), 65536, "lds"),
        ((2**32 - 1, 2**32 - 1, 2**32 - 1), (64, 1, 1), 0, "grid"),
    ],
)
def test_launches_beyond_a_limit_are_refused(
    bench: Bench,
    grid: tuple[int, int, int],
    block: tuple[int, int, int],
    lds: int,
    reason: str,
) -> None:
    kernel = bench.kernel("empty", lds=16, max_block=256)
    with pytest.raises(LaunchError) as info:
        bench.queue.launch(kernel, grid, block, lds)
    assert reason == info.value.reason


def test_workgroup_ids_have_room_in_their_registers(any_bench: Bench) -> None:
    kernel = any_bench.kernel("empty")
    most = 1 << 16 if any_bench.device.target.isa.startswith("rdna4") else 1 << 17
    any_bench.queue.launch(kernel, (1, most, 1), (1, 1, 1), 0)
    any_bench.queue.synchronize()
    if most == 1 << 16:
        for grid in ((1, most + 1, 1), (1, 1, most + 1)):
            with pytest.raises(LaunchError, match="a grid of"):
                any_bench.queue.launch(kernel, grid, (1, 1, 1), 0)


def test_arguments_larger_than_the_ring_are_refused(bench: Bench) -> None:
    kernel = bench.kernel("empty", kernarg_size=1 << 20)
    with pytest.raises(LaunchError, match="arguments"):
        bench.queue.launch(kernel, (1, 1, 1), (1, 1, 1))


def test_structures_have_the_sizes_of_their_originals(functions: ctypes.CDLL) -> None:
    sizes = (ctypes.c_uint64 * 6).in_dll(binding.runtime(), "anyroc_layout")
    mirrors = [
        binding.Wave,
        binding.Kernel,
        binding.FaultRecord,
        binding.Options,
        binding.Hidden,
        binding.Allocation,
    ]
    assert list(sizes) == [ctypes.sizeof(mirror) for mirror in mirrors]


@pytest.mark.parametrize(
    ("block", "whole", "shape"),
    [
        ((64, 1, 1), True, binding.LINEAR),
        ((128, 2, 1), True, binding.LINEAR),
        ((64, 1, 1), False, binding.ANY),
        ((16, 16, 1), True, binding.ROWS),
        ((32, 4, 1), True, binding.ROWS),
        ((8, 8, 1), True, binding.FULL),
        ((16, 2, 1), True, binding.ANY),
        ((65, 1, 1), True, binding.ANY),
    ],
)
def test_python_and_c_agree_on_the_shape_of_a_launch(
    bench: Bench, block: tuple[int, int, int], whole: bool, shape: int
) -> None:
    kernel = bench.kernel("count")
    assert shape == kernel.shape(block, whole=whole)
    extra = None if whole else launch_extra(tail=(1, 1, 1))
    bench.queue.launch(kernel, (2, 1, 1), block, extra=extra)
    bench.queue.synchronize()
    assert [shape] == [number for number, spent in enumerate(kernel.struct.shape_ns) if spent]
