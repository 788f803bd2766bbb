"""Queues and events: order, overlap, copies, callbacks, fork, many launches."""

from __future__ import annotations

import ctypes
import os
import resource
import struct
import threading
import time

import pytest

from anyroc.gpu import binding
from anyroc.gpu.queue import BadCopy, Event
from gpu_bench import Bench


def test_a_queue_keeps_its_order(bench: Bench) -> None:
    value = bench.device.memory.alloc(8)
    kernel = bench.kernel("chain")
    expected = 0
    for step in range(5000):
        bench.start(kernel, 1, 64, value, step)
        expected = (expected * 3 + step) % 2**64
    bench.queue.synchronize()
    assert expected == int.from_bytes(binding.read_memory(value, 8), "little")


def value_at(address: int) -> int:
    return int.from_bytes(binding.read_memory(address, 8), "little")


def test_launches_return_before_the_kernel_ends(bench: Bench) -> None:
    gate = bench.block()
    assert not bench.queue.query()
    bench.open(gate)
    bench.queue.synchronize()
    assert bench.queue.query()


def test_an_event_orders_queues_and_measures(bench: Bench) -> None:
    second = Bench(bench.device, bench.device.create_queue())
    value = bench.device.memory.alloc(8)
    begin, end = Event(), Event()
    assert begin.query() and not begin.recorded and begin.time_ns is None
    bench.queue.record(begin)
    gate = bench.block()
    bench.start(bench.kernel("chain"), 1, 64, value, 5)
    bench.queue.record(end)
    second.queue.wait(end)
    second.start(second.kernel("chain"), 1, 64, value, 1)
    time.sleep(0.02)
    assert not end.query()
    assert 0 == value_at(value)
    bench.open(gate)
    second.queue.synchronize()
    assert end.query() and end.recorded
    assert 16 == value_at(value)
    assert begin.time_ns is not None and end.time_ns is not None
    assert end.time_ns - begin.time_ns > 10_000_000


def test_a_wait_holds_for_the_record_it_saw(bench: Bench) -> None:
    """Recording the event anew afterwards neither prolongs nor shortens the wait."""
    second = Bench(bench.device, bench.device.create_queue())
    value = bench.device.memory.alloc(8)
    chain = bench.kernel("chain")
    event = Event()
    first_gate = bench.block()
    bench.start(chain, 1, 64, value, 7)
    bench.queue.record(event)
    second.queue.wait(event)
    second.start(chain, 1, 64, value, 1)
    second_gate = bench.block()
    bench.queue.record(event)
    bench.open(first_gate)
    second.queue.synchronize()
    assert not event.query()
    assert 22 == value_at(value)
    bench.open(second_gate)
    event.synchronize()
    assert event.query()


def test_kernels_that_wait_for_another_queue_leave_it_room(bench: Bench) -> None:
    """More waiting workgroups than workers, on several queues, and copies to be done too."""
    queues = [Bench(bench.device, bench.device.create_queue()) for _ in range(4)]
    gates = [one.block(groups=8) for one in queues]
    out, source = bench.buffer(64), bench.buffer(64)
    bench.run(bench.kernel("store"), 1, 64, source, 64)
    for gate in gates:
        bench.queue.copy(out, source, 256)
        bench.queue.copy(gate, out + 4, 4)
    bench.device.synchronize()
    assert [1] * 4 == [bench.words(gate, 1)[0] for gate in gates]


def test_events_may_go_while_a_queue_waits(bench: Bench) -> None:
    second = bench.device.create_queue()
    event = Event()
    gate = bench.block()
    bench.queue.record(event)
    second.wait(event)
    del event
    bench.open(gate)
    second.synchronize()


def test_a_crowd_of_queues(bench: Bench) -> None:
    chain = bench.kernel("chain")
    crowd = [Bench(bench.device, bench.device.create_queue()) for _ in range(50)]
    values = [bench.device.memory.alloc(8) for _ in crowd]
    for step in range(100):
        for one, value in zip(crowd, values, strict=True):
            one.start(chain, 1, 64, value, step)
    bench.device.synchronize()
    expected = 0
    for step in range(100):
        expected = (expected * 3 + step) % 2**64
    for value in values:
        assert expected == int.from_bytes(binding.read_memory(value, 8), "little")


@pytest.mark.parametrize("size", [1, 100, 4096, 5 << 20, 40 << 20])
def test_copies_and_fills(bench: Bench, size: int) -> None:
    memory = bench.device.memory
    first, second = memory.alloc(size), memory.alloc(size)
    data = os.urandom(4096) * (size // 4096 + 1)
    binding.write_memory(first, data[:size])
    bench.queue.copy(second, first, size)
    bench.queue.synchronize()
    assert data[:size] == binding.read_memory(second, size)
    bench.queue.fill(second, b"\x5a", size)
    bench.queue.synchronize()
    assert bytes([0x5A]) * size == binding.read_memory(second, size)
    bench.queue.copy_now(second, first, size)
    assert data[:size] == binding.read_memory(second, size)


@pytest.mark.parametrize("pattern", [b"\1", b"\1\2", b"\1\2\3\4", b"\1\2\3\4\5\6\7\x08"])
@pytest.mark.parametrize("count", [1, 7, 1000, 3_000_000])
def test_fill_patterns(bench: Bench, pattern: bytes, count: int) -> None:
    size = len(pattern) * count
    address = bench.device.memory.alloc(size + 256)
    bench.queue.fill(address, pattern, count)
    bench.queue.synchronize()
    assert pattern * count + bytes(256) == binding.read_memory(address, size + 256)


def test_blocks_with_pitches(bench: Bench) -> None:
    source, to = bench.device.memory.alloc(4000), bench.device.memory.alloc(4000)
    data = bytes(range(200)) * 20
    binding.write_memory(source, data)
    for now in (False, True):
        binding.fill_memory(to, 0, 4000)
        bench.queue.copy_block(to, source, 10, 3, 2, 16, 50, 100, 500, now=now)
        bench.queue.fill_block(to + 1000, b"\7", 10, 3, 2, 16, 100, now=now)
        bench.queue.synchronize()
        expected = bytearray(4000)
        for z in range(2):
            for y in range(3):
                at = z * 100 + y * 16
                expected[at : at + 10] = data[z * 500 + y * 50 :][:10]
                expected[1000 + at : 1010 + at] = b"\7" * 10
        assert bytes(expected) == binding.read_memory(to, 4000)


def test_a_direct_copy_to_nowhere_raises(bench: Bench) -> None:
    address = bench.device.memory.alloc(4096)
    with pytest.raises(BadCopy):
        bench.queue.copy_now(address, address + 8192, 64)
    bench.queue.copy_now(address, address + 64, 64)


def test_callbacks_run_in_order_and_after_faults(bench: Bench, functions: ctypes.CDLL) -> None:
    function = ctypes.cast(functions.test_callback, ctypes.c_void_p).value
    assert function is not None
    seen = (ctypes.c_uint32 * 3)()
    here = ctypes.addressof(seen)
    bench.queue.callback(function, here)
    bench.start(bench.kernel("trap"), 1, 64)
    bench.queue.callback(function, here + 4)
    bench.queue.callback(function, here + 8)
    bench.queue.synchronize()
    assert seen[0] > 0
    assert [0, 1, 2] == [value - seen[0] for value in seen]
    bench.queue.clear_fault()


def test_a_python_callback_does_not_hold_up_other_queues(bench: Bench) -> None:
    release = threading.Event()
    prototype = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
    function = prototype(lambda _: release.wait(10) and None)
    address = ctypes.cast(function, ctypes.c_void_p).value
    assert address is not None
    bench.queue.callback(address)
    second = Bench(bench.device, bench.device.create_queue())
    out = bench.buffer(64)
    second.run(second.kernel("store"), 10, 64, out, 0)
    assert not bench.queue.query()
    release.set()
    bench.queue.synchronize()


@pytest.mark.parametrize(("crowd", "launches"), [(20, 200), (1000, 4)])
def test_threads_share_a_queue(bench: Bench, crowd: int, launches: int) -> None:
    kernel = bench.kernel("count")
    failures = []

    def launch() -> None:
        try:
            for _ in range(launches):
                bench.start(kernel, 3, 64)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=launch) for _ in range(crowd)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bench.queue.synchronize()
    assert [] == failures
    assert [3 * crowd * launches] * 2 == kernel.counters


def test_closing_a_busy_queue_waits(bench: Bench) -> None:
    other = Bench(bench.device, bench.device.create_queue())
    gate = other.block(groups=4)
    opener = threading.Timer(0.02, other.open, [gate])
    opener.start()
    other.queue.close()
    opener.join()
    other.queue.close()
    assert other.queue not in bench.device.queues


def test_a_forked_child_starts_anew(bench: Bench) -> None:
    out = bench.buffer(64)
    kernel = bench.kernel("store")
    bench.run(kernel, 1, 64, out, 64)
    gate = bench.block(groups=2)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            binding.fill_memory(out, 0, 256)
            bench.queue.synchronize()
            bench.run(kernel, 1, 64, out, 64)
            code = 0 if bench.words(out, 64) == list(range(64)) else 2
        finally:
            os._exit(code)
    assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    bench.open(gate)
    bench.queue.synchronize()
    assert bench.queue.fault is None


def test_idle_workers_sleep(bench: Bench) -> None:
    bench.run(bench.kernel("empty"), 100, 64)
    time.sleep(0.01)
    before = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - before < 0.05


def test_a_hundred_thousand_launches_leave_memory_flat(bench: Bench) -> None:
    kernel = bench.kernel("empty")
    arguments = struct.pack("<8Q", *range(8))
    event = Event()

    def launch(count: int) -> int:
        for number in range(count):
            bench.queue.launch(kernel, (1, 1, 1), (64, 1, 1), 0, arguments)
            if number % 100 == 0:
                bench.queue.record(event)
        bench.queue.synchronize()
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    before = launch(10_000)
    after = launch(100_000)
    assert after - before < 2048  # KiB
    assert 110_000 == kernel.stats.launches
