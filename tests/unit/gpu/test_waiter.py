"""Commands that are left to the thread that waits for them."""

from __future__ import annotations

import threading

from anyroc.gpu import binding
from gpu_bench import Bench


def value_at(address: int) -> int:
    return int.from_bytes(binding.read_memory(address, 8), "little")


def test_what_is_left_to_the_waiter_keeps_its_place(bench: Bench) -> None:
    value = bench.device.memory.alloc(8)
    kernel = bench.kernel("chain")
    expected = 0
    for step in range(2000):
        if step % 3:
            bench.queue.leave_to_waiter()
        bench.start(kernel, 1, 64, value, step)
        expected = (expected * 3 + step) % 2**64
        if step % 5 != 1:
            bench.queue.synchronize()
            assert expected == value_at(value)
    bench.queue.synchronize()
    assert expected == value_at(value)


def test_nothing_runs_it_before_somebody_waits(bench: Bench) -> None:
    bench.queue.synchronize()
    value = bench.device.memory.alloc(8)
    bench.queue.leave_to_waiter()
    bench.start(bench.kernel("chain"), 1, 64, value, 7)
    assert (False, 0) == (bench.queue.query(), value_at(value))
    bench.queue.synchronize()
    assert 7 == value_at(value)


def test_several_threads_wait_at_once(bench: Bench) -> None:
    kernel = bench.kernel("chain")
    results: list[bool] = []

    def work() -> None:
        queue = bench.device.create_queue()
        own = Bench(bench.device, queue)
        value = bench.device.memory.alloc(8)
        expected = 0
        for step in range(300):
            queue.leave_to_waiter()
            own.start(kernel, 1, 64, value, step)
            queue.synchronize()
            expected = (expected * 3 + step) % 2**64
        results.append(expected == value_at(value))
        queue.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [True] * 4 == results


def test_a_fault_is_the_queue_s_there_too(bench: Bench) -> None:
    kernel = bench.kernel("trap")
    for _ in range(3):
        bench.queue.leave_to_waiter()
        bench.start(kernel, 1, 64)
        assert bench.queue.synchronize()
        fault = bench.queue.fault
        assert fault is not None
        assert "trap" == fault.kind
        bench.queue.clear_fault()
