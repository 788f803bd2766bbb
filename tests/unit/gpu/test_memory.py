"""Device memory: alignment, accounting, guards, reuse, exhaustion."""

from __future__ import annotations

import random
import threading
from itertools import pairwise

import pytest

from anyroc.gpu import binding
from anyroc.gpu.device import Device
from anyroc.gpu.memory import (
    ALIGNMENT,
    BadAddress,
    Memory,
    OutOfMemory,
    address_space,
    gaps,
)
from anyroc.gpu.queue import BadCopy, Queue
from anyroc.isa.targets import target as get_target

GIB = 1 << 30


@pytest.fixture
def memory() -> Memory:
    return Memory(7, 4 * GIB)


def test_allocations_are_aligned_zero_and_apart(memory: Memory) -> None:
    made = [memory.alloc(size) for size in (1, 255, 256, 257, 4096, 5000, 3 << 20)]
    assert all(address % ALIGNMENT == 0 for address in made)
    assert bytes(5000) == binding.read_memory(made[5], 5000)
    for address in made:
        binding.write_memory(address, b"\1")
        memory.free(address)
    assert 0 == memory.used


@pytest.mark.parametrize("align", [256, 4096, 65536, 2 << 20])
def test_alignment_on_request(memory: Memory, align: int) -> None:
    address = memory.alloc(100, align=align)
    assert 0 == address % align
    memory.free(address)


def test_accounting_is_exact_and_by_kind(memory: Memory) -> None:
    device, managed = memory.alloc(1000), memory.alloc(10, "managed")
    host, internal = memory.alloc(5000, "host"), memory.alloc(5000, "internal")
    assert (1010, 4 * GIB - 1010) == (memory.used, memory.available)
    for address in (device, managed, host, internal):
        memory.free(address)
    assert 0 == memory.used


def test_the_capacity_is_a_limit(memory: Memory) -> None:
    half = memory.alloc(2 * GIB)
    with pytest.raises(OutOfMemory, match="bytes free"):
        memory.alloc(2 * GIB + 1)
    rest = memory.alloc(2 * GIB)
    assert 0 == memory.available
    memory.free(half)
    assert 2 * GIB == memory.available
    memory.free(rest)


def test_find_and_nearest(memory: Memory) -> None:
    address = memory.alloc(1000)
    found = memory.find(address + 999)
    assert found is not None
    assert (address, 1000, "device", 7) == (found.base, found.size, found.kind, found.device)
    assert memory.find(address + 1000) is None
    assert memory.find(address - 1) is None
    near = memory.nearest(address + 1200)
    assert near is not None and address == near.base
    memory.free(address)
    assert memory.find(address) is None


def test_wrong_frees_are_refused_and_explained(memory: Memory) -> None:
    address = memory.alloc(1000)
    with pytest.raises(BadAddress, match="100 bytes inside 1000 bytes of device memory"):
        memory.free(address + 100)
    memory.free(address)
    with pytest.raises(BadAddress, match="is not allocated"):
        memory.free(address)
    with pytest.raises(BadAddress, match="greater than 0"):
        memory.alloc(0)
    assert 0 == memory.used


def test_a_device_frees_anothers_memory(memory: Memory) -> None:
    other = Memory(8, GIB)
    address = memory.alloc(100)
    other.free(address)
    assert (0, 0) == (memory.used, other.used)


def test_memory_returns_to_where_it_was_counted(memory: Memory) -> None:
    address = memory.alloc(100)
    another = Memory(memory.device, GIB)
    memory.free(address)
    assert (0, 0) == (memory.used, another.used)


def test_freed_addresses_do_not_come_back_soon(memory: Memory) -> None:
    seen = set()
    for _ in range(1000):
        address = memory.alloc(4096)
        assert address not in seen
        seen.add(address)
        memory.free(address)


@pytest.mark.parametrize("size", [100, 4096, 16_384, 100_000, 8 << 20])
def test_freed_memory_cannot_be_copied(memory: Memory, size: int) -> None:
    queue, target = Queue(Device(7, get_target("gfx942"))), memory.alloc(4)
    freed = memory.alloc(size)
    queue.copy_now(target, freed, 4)
    memory.free(freed)
    with pytest.raises(BadCopy):
        queue.copy_now(target, freed, 4)
    queue.close()
    memory.free(target)


@pytest.mark.parametrize("size", [100, 16_384, 20_000])
def test_new_memory_reads_as_zero(memory: Memory, size: int) -> None:
    seen = set()
    for _ in range(3000):
        address = memory.alloc(size)
        assert bytes(size) == binding.read_memory(address, size)
        binding.fill_memory(address, 0x5A, size)
        seen.add(address)
        memory.free(address)
    assert 3000 == len(seen)


def test_numbers_are_never_used_again(memory: Memory) -> None:
    seen = set()
    for _ in range(2000):
        address = memory.alloc(64)
        found = memory.find(address)
        assert found is not None
        seen.add(found.number)
        memory.free(address)
    assert 2000 == len(seen)


def test_some_frees_are_pythons(memory: Memory) -> None:
    space, runtime = address_space(), binding.runtime()
    address = memory.alloc(64)
    space.mark(address, told=True)
    states = binding.TOLD | binding.RELEASED
    assert binding.NOT_READY == runtime.anyroc_memory_free(address, binding.EVERY_KIND, states)
    assert binding.BAD_ADDRESS == runtime.anyroc_memory_free(address, 1 << 2, states)
    memory.free(address)
    assert memory.find(address) is None


def test_searches_during_changes(memory: Memory) -> None:
    """What stays is found at every moment, while tables grow, split, join and shrink."""
    kept = [memory.alloc(100) for _ in range(50)]
    ended = threading.Event()
    missed: list[int] = []

    def search() -> None:
        while not ended.is_set():
            missed.extend(
                base
                for base in kept
                if (found := memory.find(base + 99)) is None or found.base != base
            )

    def change(seed: int) -> None:
        generator = random.Random(seed)
        for _ in range(10):
            made = [memory.alloc(generator.choice([10, 5000, 70_000])) for _ in range(300)]
            generator.shuffle(made)
            for address in made:
                memory.free(address)

    reader = threading.Thread(target=search)
    writers = [threading.Thread(target=change, args=(seed,)) for seed in range(3)]
    reader.start()
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    ended.set()
    reader.join()
    assert [] == missed
    for address in kept:
        memory.free(address)
    assert 0 == memory.used


def test_many_small_allocations(memory: Memory) -> None:
    """More than the system has mappings: the later ones share pages."""
    made = [memory.alloc(64) for _ in range(40_000)]
    assert 40_000 == len(set(made))
    for number, address in enumerate(made):
        binding.write_memory(address, number.to_bytes(4, "little"))
    for number, address in enumerate(made):
        assert number.to_bytes(4, "little") == binding.read_memory(address, 4)
    assert 64 * 40_000 == memory.used
    random.Random(1).shuffle(made)
    for address in made:
        memory.free(address)
    assert 0 == memory.used


def test_random_traffic_keeps_the_books(memory: Memory) -> None:
    space = address_space()
    before = space.free_addresses()
    generator = random.Random(2)
    live: dict[int, int] = {}
    for _ in range(3000):
        if live and generator.random() < 0.5:
            address = generator.choice(list(live))
            memory.free(address)
            del live[address]
        else:
            size = int(2 ** generator.uniform(0, 22))
            live[memory.alloc(size)] = size
    assert sum(live.values()) == memory.used
    spans = sorted((address, size) for address, size in live.items())
    for (first, size), (second, _) in pairwise(spans):
        assert first + size <= second
    for address in live:
        memory.free(address)
    assert before == space.free_addresses()


def test_addresses_are_cut_in_turn_and_merged_again() -> None:
    runtime = binding.runtime()
    addresses = runtime.anyroc_addresses_make(0x1000, 0x3000)

    def take(size: int, align: int) -> int:
        start: int = runtime.anyroc_addresses_take(addresses, size, align)
        return start

    assert [0x1000, 0x2000] == [take(0x1000, 0x1000) for _ in range(2)]
    runtime.anyroc_addresses_give(addresses, 0x1000, 0x1000)
    assert 0x3000 == take(0x1000, 0x1000)
    assert 0x1000 == take(0x800, 0x1000)
    assert not take(0x1000, 0x1000)
    assert [(0x1800, 0x800)] == gaps(addresses)
    for start, size in ((0x2000, 0x1000), (0x1000, 0x800), (0x3000, 0x1000)):
        runtime.anyroc_addresses_give(addresses, start, size)
    assert [(0x1000, 0x3000)] == gaps(addresses)


def test_addresses_of_many_pieces() -> None:
    """Pieces come and go at random, as against a plain list of which bytes are free."""
    runtime, units, generator = binding.runtime(), 4096, random.Random(3)
    addresses = runtime.anyroc_addresses_make(units, units)
    free = [True] * units
    taken: dict[int, int] = {}
    for _ in range(20_000):
        if generator.random() < 0.5:
            size, align = generator.choice([1, 1, 2, 3, 7]), generator.choice([1, 1, 2, 8])
            start = runtime.anyroc_addresses_take(addresses, size, align)
            if start:
                assert 0 == start % align
                assert all(free[start - units : start - units + size])
                free[start - units : start - units + size] = [False] * size
                taken[start] = size
        elif taken:
            start = generator.choice(list(taken))
            size = taken.pop(start)
            runtime.anyroc_addresses_give(addresses, start, size)
            free[start - units : start - units + size] = [True] * size
    edges = [0, *(at for at in range(1, units) if free[at] != free[at - 1]), units]
    expected = [(units + low, high - low) for low, high in pairwise(edges) if free[low]]
    assert expected == gaps(addresses)


def test_threads_share_the_allocator(memory: Memory) -> None:
    def traffic() -> None:
        for _ in range(300):
            memory.free(memory.alloc(1000))

    threads = [threading.Thread(target=traffic) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0 == memory.used


def test_poison_fills_new_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANYROC_POISON", "1")
    memory = Memory(9, GIB)
    address = memory.alloc(100)
    assert b"\xa5" * 100 == binding.read_memory(address, 100)
    memory.free(address)


def test_registered_ranges_do_not_overlap(memory: Memory) -> None:
    memory.register_host(0x7000_0000, 0x1000)
    with pytest.raises(BadAddress, match="already registered"):
        memory.register_host(0x7000_0800, 0x1000)
    found = memory.find(0x7000_0FFF)
    assert found is not None and "registered" == found.kind
    memory.unregister_host(0x7000_0000)
    with pytest.raises(BadAddress, match="not registered"):
        memory.unregister_host(0x7000_0000)
