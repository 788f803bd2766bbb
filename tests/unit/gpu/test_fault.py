"""Faults: a wave is left, the process lives, and the report says what happened."""

from __future__ import annotations

import faulthandler
import subprocess
import sys
import textwrap
from types import SimpleNamespace
from typing import Any

import pytest

from anyroc.gpu import binding
from anyroc.gpu import fault as faults
from anyroc.gpu.fault import Fault
from anyroc.isa.decode import decode
from gpu_bench import Bench

READ, WRITE = 1, 2


def fault_of(bench: Bench, name: str, *arguments: int, groups: int = 1, **spec: object) -> Fault:
    bench.start(bench.kernel(name, **spec), groups, 64, *arguments)
    bench.queue.synchronize()
    fault = bench.queue.fault
    assert fault is not None
    bench.queue.clear_fault()
    return fault


@pytest.mark.parametrize(("kind", "name"), [(READ, "read"), (WRITE, "write")])
@pytest.mark.parametrize("offset", [-16, 4096, 4096 * 1000])
def test_an_access_outside_any_allocation(bench: Bench, kind: int, name: str, offset: int) -> None:
    memory = bench.device.memory.alloc(4096)
    fault = fault_of(bench, "touch", memory + offset, kind, 5, groups=9)
    assert (name, memory + offset, (5, 0, 0), 0x1008) == (
        fault.kind,
        fault.address,
        fault.group,
        fault.pc,
    )
    assert fault.nearest is not None and memory == fault.nearest.base
    assert "kernel touch: illegal" in fault.text
    assert f"nearest allocation: 4096 bytes of device memory at {memory:#x}" in fault.text
    assert "workgroup (5, 0, 0)" in fault.text


@pytest.mark.parametrize("size", [4, 100, 256, 1000, 5000, 1 << 20])
def test_the_first_aligned_byte_past_an_allocation_faults(bench: Bench, size: int) -> None:
    memory = bench.device.memory.alloc(size)
    end = memory + -(-size // 256) * 256
    assert end == fault_of(bench, "touch", end, READ, 0).address


def test_null_and_host_memory_fault(bench: Bench) -> None:
    assert 0 == fault_of(bench, "touch", 0, READ, 0).address


def test_use_after_free_faults(bench: Bench) -> None:
    memory = bench.device.memory.alloc(1 << 16)
    bench.run(bench.kernel("touch"), 1, 64, memory, WRITE, 0)
    bench.device.memory.free(memory)
    for _ in range(10):
        bench.device.memory.alloc(1 << 16)
    assert memory == fault_of(bench, "touch", memory, READ, 0).address


def test_a_reported_fault_keeps_lane_and_size(bench: Bench) -> None:
    memory = bench.device.memory.alloc(64)
    fault = fault_of(bench, "report", memory + 999)
    assert ("atomic", 3, 8, 0x1004) == (fault.kind, fault.lane, fault.size, fault.pc)
    assert "lane 3 of wave 0" in fault.text
    assert "illegal atomic access of 8 bytes" in fault.text


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("trap", "trap", "s_trap 2"),
        ("jump", "bad_pc", "jump to 0x1234"),
        ("unknown", "status", "unknown status 77"),
        ("divide", "arithmetic", "arithmetic"),
        ("illegal", "arithmetic", "arithmetic"),
    ],
)
def test_other_ways_to_stop(bench: Bench, name: str, kind: str, text: str) -> None:
    fault = fault_of(bench, name)
    assert kind == fault.kind
    assert text in fault.text


def test_a_stack_overflow_of_native_code_is_a_fault(bench: Bench) -> None:
    assert fault_of(bench, "overflow").kind in ("read", "write")


def test_one_fault_among_many_workgroups_stops_the_launch(bench: Bench) -> None:
    memory = bench.device.memory.alloc(64)
    fault = fault_of(bench, "touch", memory + (1 << 30), WRITE, 3, groups=100_000)
    assert (3, 0, 0) == fault.group


def test_faults_are_sticky_until_cleared(bench: Bench) -> None:
    out = bench.buffer(64)
    bench.start(bench.kernel("trap"), 1, 64)
    bench.start(bench.kernel("store"), 1, 64, out, 64)
    bench.queue.fill(out, b"\7", 256)
    bench.queue.synchronize()
    assert [0] * 64 == bench.words(out, 64)
    first = bench.queue.fault
    assert first is not None and "trap" == first.kind
    bench.queue.clear_fault()
    assert bench.queue.fault is None
    bench.run(bench.kernel("store"), 1, 64, out, 64)
    assert list(range(64)) == bench.words(out, 64)


def test_other_queues_go_on(bench: Bench) -> None:
    other = bench.device.create_queue()
    bench.start(bench.kernel("trap"), 1, 64)
    bench.queue.synchronize()
    out = bench.buffer(64)
    second = Bench(bench.device, other)
    second.run(second.kernel("store"), 1, 64, out, 64)
    assert list(range(64)) == bench.words(out, 64)


def test_a_thousand_faults_in_a_row(bench: Bench) -> None:
    kernel = bench.kernel("touch")
    memory = bench.device.memory.alloc(4096)
    for _ in range(1000):
        bench.start(kernel, 4, 256, memory + 8192, WRITE, 2)
        bench.queue.synchronize()
        assert bench.queue.fault is not None
        bench.queue.clear_fault()


def test_registered_host_memory_may_be_read(bench: Bench) -> None:
    """The check of addresses outside the range is generated code's; here only its slow path."""
    check = binding.runtime().anyroc_host_range_ok
    space = bench.device.memory
    ranges = [(0x10000 * n, 0x8000) for n in range(1, 200)]
    for address, size in reversed(ranges):
        space.register_host(address, size)
    for address, size in ranges:
        assert check(address, 4) and check(address + size - 4, 4)
        assert not check(address + size - 2, 4)
        assert not check(address - 4, 4)
    for address, _ in ranges:
        space.unregister_host(address)
    assert not check(ranges[5][0], 4)


def test_an_endless_kernel_stops_at_the_step_limit(bench: Bench) -> None:
    options = binding.options()
    options.step_limit = 100_000
    try:
        assert "stopped" == fault_of(bench, "endless", groups=3).kind
    finally:
        options.step_limit = 0


def test_an_endless_kernel_can_be_stopped(bench: Bench) -> None:
    bench.start(bench.kernel("endless"), 50, 256)
    assert not bench.queue.query()
    bench.device.stop()
    fault = bench.queue.fault
    assert fault is not None and "stopped" == fault.kind
    assert bench.queue.query()
    bench.queue.clear_fault()
    out = bench.buffer(64)
    bench.run(bench.kernel("store"), 1, 64, out, 64)


def test_a_copy_to_nowhere_is_a_fault(bench: Bench) -> None:
    memory = bench.device.memory.alloc(4096)
    bench.queue.copy(memory + 4096, memory, 64)
    bench.queue.synchronize()
    fault = bench.queue.fault
    assert fault is not None and "copy" == fault.kind
    assert "a copy writes memory that is not there" in fault.text


HOST_CRASH = """
    import ctypes, sys
    from anyroc.gpu.device import devices
    queue = devices()[0].default_queue
    memory = queue.device.memory.alloc(4096)
    queue.copy(memory, memory + 64, 64)
    queue.synchronize()
    {extra}
    sys.stdout.write("ready\\n"); sys.stdout.flush()
    ctypes.string_at(8)
"""


@pytest.mark.parametrize(
    ("extra", "expected"),
    [("", ""), ("import faulthandler; faulthandler.enable()", "Fatal Python error")],
)
def test_the_hosts_own_faults_stay_the_hosts(extra: str, expected: str) -> None:
    script = textwrap.dedent(HOST_CRASH).format(extra=extra)
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (-11, "ready\n") == (result.returncode, result.stdout)
    assert expected in result.stderr


def test_handlers_taken_by_somebody_else_are_taken_back(bench: Bench) -> None:
    was_enabled = faulthandler.is_enabled()
    faulthandler.disable()
    faulthandler.enable()
    try:
        assert "read" == fault_of(bench, "touch", 64, READ, 0).kind
    finally:
        if not was_enabled:
            faulthandler.disable()


def test_registers_that_a_kernel_did_not_ask_for_explain_no_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    load = decode("cdna3", bytes.fromhex("008050dc0c007f01"), wave_size=64)  # from v[12:13]
    monkeypatch.setattr(faults, "instruction_at", lambda *_: load)
    record: Any = SimpleNamespace(pc=0, address=0, wave=SimpleNamespace(sgpr=[0] * 126 + [1, 0]))
    kernel: Any = SimpleNamespace(wave_size=64)
    row = 4 * 64
    assert faults._lane(record, kernel, bytes(14 * row)) == 0
    assert faults._lane(record, kernel, bytes(13 * row)) is None
