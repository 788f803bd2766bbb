"""Device memory: one reserved range of addresses, shared by all devices of the process.

Device addresses are host addresses. Each allocation has pages of its own that end at its end (as
far as alignment permits) with unmapped addresses behind, so that an overrun faults early; freed
pages are unmapped at once and their addresses come into use again as late as possible, so that a
use after free faults too. Since the system limits how many mappings a process has, small
allocations beyond some thousands share pages.
"""

from __future__ import annotations

import ctypes
import os
import threading
from bisect import bisect_right, insort
from dataclasses import dataclass, field
from functools import cache

from anyroc.errors import AnyrocError
from anyroc.gpu import binding
from anyroc.gpu.addresses import Addresses, round_up

PAGE = 4096
ALIGNMENT = 256
"""Bytes to which every allocation is aligned, as hipMalloc promises."""

_HUGE_PAGE = 2 << 20
_WIDEST_GUARD = 64 << 20  # unmapped addresses behind an allocation
_GUARDED_LIMIT = 12_000  # allocations with pages of their own; each takes two mappings of 65 530
_SLAB = 1 << 20
_SLAB_LARGEST = 64 << 10  # larger ones always have pages of their own
_POISON = 0xA5
_USER_END = 1 << 47
"""Where the addresses end that the system gives a process."""

_COUNTED = ("device", "managed")
KINDS = ("device", "managed", "host", "internal", "mapped", "shared")
"""The kinds of allocations, in the order in which C numbers them."""


class OutOfMemory(AnyrocError):
    """The device has no room for an allocation."""


class BadAddress(AnyrocError):
    """An address that is not the start of an allocation."""


@dataclass(frozen=True, slots=True)
class Allocation:
    """A live allocation: `size` bytes from `base`; `kind` and `device` as given to `alloc`."""

    base: int
    size: int
    kind: str
    device: int

    @property
    def end(self) -> int:
        """The first address behind it."""
        return self.base + self.size

    def __str__(self) -> str:
        return f"{self.size} bytes of {self.kind} memory at {self.base:#x}"


@dataclass(slots=True)
class _Pages:
    """Pages that belong to one allocation, and the unused addresses behind them."""

    addresses: Addresses
    start: int
    size: int


@dataclass(slots=True)
class _Slab:
    """Pages cut into slots of one size."""

    pages: _Pages
    slot: int
    free: list[int] = field(default_factory=list)
    live: int = 0


class AddressSpace:
    """The process's range of device addresses and every allocation in it."""

    def __init__(self) -> None:
        self._runtime = binding.runtime()
        if self._runtime.anyroc_range_reserve(0) != binding.OK:
            raise OutOfMemory(
                "cannot reserve a range of addresses for device memory",
                hint="raise the limit on address space (ulimit -v unlimited)",
            )
        self.base, self.size = binding.range_bounds()
        self._lock = threading.Lock()
        # What programs allocate lies far apart, and far from what only the runtime uses.
        half = self.size // 2 // PAGE * PAGE
        self._addresses = Addresses(self.base, half)
        self._internal = Addresses(self.base + half, self.size - half)
        self._guard = max(min(_WIDEST_GUARD, self.size >> 18), PAGE)
        self._bases: list[int] = []
        self._allocations: dict[int, tuple[Allocation, _Pages | _Slab | None, Memory]] = {}
        self._guarded = 0
        self._slabs: dict[int, list[_Slab]] = {}
        self._hosts: dict[int, int] = {}
        self.host_admitted = False
        """Whether kernels may use all memory of the process."""

    def alloc(self, size: int, kind: str, owner: Memory, align: int) -> Allocation:
        """Make an allocation of `size` > 0 bytes; OutOfMemory if addresses or pages run out."""
        base: int
        home: _Pages | _Slab
        with self._lock:
            if self._guarded >= _GUARDED_LIMIT and size <= _SLAB_LARGEST and align <= ALIGNMENT:
                base, home = self._slot(size)
            else:
                addresses = self._internal if kind == "internal" else self._addresses
                base, home = self._own_pages(size, align, addresses)
            allocation = Allocation(base, size, kind, owner.device)
            self._enter(allocation, home, owner)
        return allocation

    def _enter(self, allocation: Allocation, home: _Pages | _Slab | None, owner: Memory) -> None:
        base, kind = allocation.base, KINDS.index(allocation.kind)
        self._allocations[base] = (allocation, home, owner)
        insort(self._bases, base)
        self._runtime.anyroc_allocation_add(base, allocation.size, kind, allocation.device)

    def _leave(self, base: int) -> None:
        self._runtime.anyroc_allocation_remove(base)
        del self._allocations[base]
        del self._bases[bisect_right(self._bases, base) - 1]

    def free(self, base: int) -> tuple[Allocation, Memory]:
        """End an allocation and return it and whose it was; BadAddress if `base` starts none."""
        with self._lock:
            try:
                allocation, home, owner = self._allocations[base]
            except KeyError:
                raise BadAddress(self._not_allocated(base)) from None
            if home is None:
                raise BadAddress(f"address {base:#x} is mapped, and freed by unmapping it")
            self._leave(base)
            if isinstance(home, _Pages):
                self._guarded -= 1
                self._release(home)
            else:
                self._free_slot(home, base)
        return allocation, owner

    def holds(self, address: int) -> bool:
        """Tell whether an address is one of those that devices use."""
        return 0 <= address - self.base < self.size

    def find(self, address: int) -> Allocation | None:
        """Return the allocation that holds `address`, if any."""
        if not 0 <= address - self.base < self.size:
            return None
        # Without the lock a race with alloc or free can only miss: then look again with it.
        found = self._find(address)
        if found is None:
            with self._lock:
                found = self._find(address)
        return found

    def _find(self, address: int) -> Allocation | None:
        index = bisect_right(self._bases, address) - 1
        if not 0 <= index < len(self._bases):
            return None
        entry = self._allocations.get(self._bases[index])
        if entry is None or not entry[0].base <= address < entry[0].end:
            return None
        return entry[0]

    def nearest(self, address: int) -> Allocation | None:
        """Return the allocation that holds `address`, else the closest that a program made."""
        inside = self.find(address)
        if inside is not None:
            return inside
        with self._lock:
            index = bisect_right(self._bases, address)
            below, above = self._bases[:index][::-1], self._bases[index:]
            around = [self._first_made(below), self._first_made(above)]
        made = [allocation for allocation in around if allocation is not None]
        return min(made, key=lambda a: max(a.base - address, address - a.end), default=None)

    def _first_made(self, bases: list[int]) -> Allocation | None:
        allocations = (self._allocations[base][0] for base in bases)
        return next((a for a in allocations if a.kind != "internal"), None)

    def allocations(self) -> list[Allocation]:
        """Return all live allocations by address."""
        with self._lock:
            return [self._allocations[base][0] for base in self._bases]

    def reserve(self, size: int, align: int = PAGE) -> int:
        """Set addresses aside, in whole pages; OutOfMemory if there are none."""
        with self._lock:
            start = self._addresses.take(round_up(size, PAGE) + self._guard, max(align, PAGE))
        if start is None:
            raise OutOfMemory(f"no {size} bytes of addresses left in the device range")
        return start

    def unreserve(self, start: int, size: int) -> None:
        """Give back what `reserve` set aside, and the pages that are mapped there."""
        with self._lock:
            span = round_up(size, PAGE) + self._guard
            self._runtime.anyroc_range_decommit(start, span)
            self._addresses.give(start, span)

    def attach(self, base: int, size: int, kind: str, owner: Memory) -> None:
        """Make pages that are mapped at set-aside addresses an allocation."""
        with self._lock:
            self._enter(Allocation(base, size, kind, owner.device), None, owner)

    def detach(self, base: int) -> Allocation:
        """End what `attach` made, pages and all; BadAddress if `base` is none."""
        with self._lock:
            entry = self._allocations.get(base)
            if entry is None or entry[1] is not None:
                raise BadAddress(self._not_allocated(base))
            self._leave(base)
            start = base // PAGE * PAGE
            self._runtime.anyroc_range_decommit(start, round_up(entry[0].end, PAGE) - start)
        return entry[0]

    def home(self, base: int) -> tuple[int, int]:
        """Return (start, size) of the pages that an allocation lies in, perhaps among others."""
        with self._lock:
            home = self._allocations[base][1]
            if home is None:
                raise BadAddress(f"address {base:#x} is mapped from elsewhere")
            if isinstance(home, _Slab):
                return home.pages.start, _SLAB
            return home.start, round_up(self._allocations[base][0].end, PAGE) - home.start

    def register_host(self, address: int, size: int) -> None:
        """Let kernels use host memory; BadAddress if it overlaps a range registered before.

        What was registered at the same address is replaced: the program has freed that memory.
        """
        with self._lock:
            if self._hosts.pop(address, None) is not None:
                self._runtime.anyroc_host_unregister(address)
            for start, length in self._hosts.items():
                if address < start + length and start < address + size:
                    raise BadAddress(f"host memory at {address:#x} is already registered")
            if self._runtime.anyroc_host_register(address, size) != binding.OK:
                raise OutOfMemory("no memory to register host memory")
            self._hosts[address] = size

    def unregister_host(self, address: int) -> None:
        """Undo `register_host`; BadAddress if `address` was not registered."""
        with self._lock:
            if self._hosts.pop(address, None) is None:
                raise BadAddress(f"host memory at {address:#x} is not registered")
            self._runtime.anyroc_host_unregister(address)

    def admit_host(self, admitted: bool = True) -> None:
        """Let kernels use all memory of the process, as a GPU with page migration can, or not."""
        self.host_admitted = admitted
        if admitted:
            binding.set_range_bounds(PAGE, _USER_END - PAGE)
        else:
            binding.set_range_bounds(self.base, self.size)

    def find_host(self, address: int) -> Allocation | None:
        """Return the registered host range that holds `address`, if any, as kind "registered"."""
        if not self._hosts:
            return None
        with self._lock:
            for start, size in self._hosts.items():
                if start <= address < start + size:
                    return Allocation(start, size, "registered", -1)
        return None

    def _not_allocated(self, base: int) -> str:
        index = bisect_right(self._bases, base) - 1
        if index >= 0:
            inside = self._allocations[self._bases[index]][0]
            if base < inside.end:
                return f"address {base:#x} is {base - inside.base} bytes inside {inside}"
        return f"address {base:#x} is not allocated (never was, or was freed)"

    def _own_pages(self, size: int, align: int, addresses: Addresses) -> tuple[int, _Pages]:
        rounded = round_up(size, max(align, ALIGNMENT))
        span = round_up(rounded, PAGE)
        pages = self._commit(addresses, span, _HUGE_PAGE if span >= _HUGE_PAGE else align)
        self._guarded += 1
        return pages.start + span - rounded, pages

    def _commit(self, addresses: Addresses, span: int, align: int) -> _Pages:
        """Make `span` bytes usable, with unused addresses behind them."""
        size = span + self._guard
        start = addresses.take(size, max(align, PAGE))
        if start is None:
            size = span + PAGE
            start = addresses.take(size, max(align, PAGE))
        if start is None:
            raise OutOfMemory(f"no {span} bytes of addresses left in the device range")
        if self._runtime.anyroc_range_commit(start, span) != binding.OK:
            addresses.give(start, size)
            raise OutOfMemory(f"the system refuses {span} bytes of memory")
        return _Pages(addresses, start, size)

    def _release(self, pages: _Pages) -> None:
        self._runtime.anyroc_range_decommit(pages.start, pages.size)
        pages.addresses.give(pages.start, pages.size)

    def _slot(self, size: int) -> tuple[int, _Slab]:
        slot = max(ALIGNMENT, 1 << (size - 1).bit_length())
        slabs = self._slabs.setdefault(slot, [])
        if not slabs:
            pages = self._commit(self._addresses, _SLAB, PAGE)
            slots = range(pages.start + _SLAB - slot, pages.start - 1, -slot)
            slabs.append(_Slab(pages, slot, list(slots)))
        slab = slabs[-1]
        slab.live += 1
        base = slab.free.pop()
        if not slab.free:
            slabs.pop()
        return base, slab

    def _free_slot(self, slab: _Slab, base: int) -> None:
        slabs = self._slabs[slab.slot]
        if not slab.free:
            slabs.insert(0, slab)
        slab.free.insert(0, base)
        slab.live -= 1
        if slab.live == 0:
            slabs.remove(slab)
            self._release(slab.pages)


@cache
def address_space() -> AddressSpace:
    """Return the process's address space of device memory."""
    return AddressSpace()


class Memory:
    """The memory of one device: `capacity` bytes in the common address space."""

    def __init__(self, device: int, capacity: int) -> None:
        self.device = device
        self.capacity = capacity
        self._account = (ctypes.c_uint64 * 2)(0, capacity)
        self._space = address_space()
        self._lock = threading.Lock()
        self._poison = os.environ.get("ANYROC_POISON", "0") not in ("", "0")

    @property
    def used(self) -> int:
        """Bytes that are allocated."""
        return self._account[0]

    @property
    def account(self) -> int:
        """Where `used` and `capacity` lie for C to read, 64 bits each."""
        return ctypes.addressof(self._account)

    @property
    def available(self) -> int:
        """Bytes that can still be allocated."""
        return self.capacity - self.used

    def alloc(self, size: int, kind: str = "device", align: int = ALIGNMENT) -> int:
        """Allocate `size` > 0 bytes and return their address.

        `kind` is "device", "managed" (both count against the capacity), "host" or "internal".
        Contents are zero, or a pattern under ANYROC_POISON. OutOfMemory when there is no room.
        """
        if size <= 0:
            raise BadAddress(f"an allocation has a size greater than 0, not {size}")
        counted = kind in _COUNTED
        if counted:
            self.count(size)
        try:
            base = self._space.alloc(size, kind, self, align).base
        except OutOfMemory:
            if counted:
                self.count(-size)
            raise
        if self._poison and kind != "internal":
            binding.fill_memory(base, _POISON, size)
        return base

    def free(self, address: int) -> None:
        """Free an allocation at once; BadAddress if `address` is not the start of one.

        Work that still uses the memory faults: wait for it first. The memory may be another
        device's.
        """
        allocation, owner = self._space.free(address)
        if allocation.kind in _COUNTED:
            owner.count(-allocation.size)

    def count(self, size: int) -> None:
        """Count `size` more bytes as used (fewer if negative); OutOfMemory if there are not."""
        with self._lock:
            if size > self.available:
                raise OutOfMemory(
                    f"device {self.device} has {self.available} of {self.capacity} bytes free, "
                    f"{size} are wanted",
                    hint="ANYROC_MEMORY sets how much memory a device has",
                )
            self._account[0] += size

    def find(self, address: int) -> Allocation | None:
        """Return the allocation or registered host range that holds `address`, if any."""
        return self._space.find(address) or self._space.find_host(address)

    def nearest(self, address: int) -> Allocation | None:
        """Return the allocation that holds `address`, else the closest that a program made."""
        return self._space.nearest(address)

    def register_host(self, address: int, size: int) -> None:
        """Let kernels use `size` bytes of host memory; BadAddress if registered already."""
        self._space.register_host(address, size)

    def unregister_host(self, address: int) -> None:
        """Take back `register_host`; BadAddress if `address` was not registered."""
        self._space.unregister_host(address)
