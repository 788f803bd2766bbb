"""Device memory: one reserved range of addresses, shared by all devices of the process.

Device addresses are host addresses. Each allocation has pages of its own that end at its end (as
far as alignment permits) with unmapped addresses behind, so that an overrun faults early. What is
freed cannot be used by any kernel that starts later, and its addresses come into use again as late
as possible, so that a use after free faults too. Since the system limits how many mappings a
process has, small allocations beyond some thousands share pages.

What is allocated is known to the native library alone (native/memory.c); this is a view of it.
"""

from __future__ import annotations

import os
from ctypes import byref, c_uint32, c_uint64
from dataclasses import dataclass
from functools import cache

from anyroc.errors import AnyrocError
from anyroc.gpu import binding

PAGE = 4096
ALIGNMENT = 256
"""Bytes to which every allocation is aligned, as hipMalloc promises."""

_USER_END = 1 << 47
"""Where the addresses end that the system gives a process."""

KINDS = ("device", "managed", "host", "internal", "mapped", "shared")
"""The kinds of allocations, in the order in which C numbers them."""


class OutOfMemory(AnyrocError):
    """The device has no room for an allocation."""


class BadAddress(AnyrocError):
    """An address that is not the start of an allocation."""


@dataclass(frozen=True, slots=True)
class Allocation:
    """A live allocation: `size` bytes from `base`; `kind` and `device` as given to `alloc`.

    `flags` are the program's, `number` is of no other allocation; a queue is to free it when it is
    `released`; it was `prefetched` to a device, to the host (-1) or not at all (-2);
    copies of it are to be `synchronous`, as they always are.
    """

    base: int
    size: int
    kind: str
    device: int
    flags: int = 0
    number: int = 0
    released: bool = False
    prefetched: int = -2
    synchronous: bool = False

    @property
    def end(self) -> int:
        """The first address behind it."""
        return self.base + self.size

    def __str__(self) -> str:
        return f"{self.size} bytes of {self.kind} memory at {self.base:#x}"


def round_up(value: int, unit: int) -> int:
    """Return the smallest multiple of `unit` that is not less than `value`."""
    return -(-value // unit) * unit


def _allocation(record: binding.Allocation) -> Allocation:
    return Allocation(
        *(record.base, record.size, KINDS[record.kind], record.device, record.flags),
        number=record.number,
        released=bool(record.state & binding.RELEASED),
        prefetched=record.prefetched,
        synchronous=bool(record.state & binding.SYNCHRONOUS),
    )


class AddressSpace:
    """The process's range of device addresses and every allocation in it."""

    def __init__(self) -> None:
        self._runtime = binding.runtime()
        if self._runtime.anyroc_memory_begin() != binding.OK:
            raise OutOfMemory(
                "cannot reserve a range of addresses for device memory",
                hint="raise the limit on address space (ulimit -v unlimited)",
            )
        self.base, self.size = binding.range_bounds()
        self.host_admitted = False
        """Whether kernels may use all memory of the process."""

    def free(self, base: int) -> None:
        """End an allocation; BadAddress if `base` starts none."""
        if self._runtime.anyroc_memory_free(base, binding.EVERY_KIND, 0) != binding.OK:
            found = self.find(base)
            if found is not None and found.base == base:
                raise BadAddress(f"address {base:#x} is mapped, and freed by unmapping it")
            raise BadAddress(_not_allocated(base, found))

    def mark(self, base: int, *, told: bool) -> None:
        """Have all frees of an allocation go by Python, or not any more."""
        self._runtime.anyroc_allocation_mark(base, binding.TOLD, told)

    def mark_synchronous(self, base: int, wanted: bool) -> None:
        """Note whether a program wants copies of an allocation to be synchronous."""
        self._runtime.anyroc_allocation_mark(base, binding.SYNCHRONOUS, wanted)

    def prefetch(self, base: int, device: int) -> None:
        """Note where a program wants an allocation's contents."""
        self._runtime.anyroc_allocation_prefetch(base, device)

    def holds(self, address: int) -> bool:
        """Tell whether an address is one of those that devices use."""
        return 0 <= address - self.base < self.size

    def find(self, address: int) -> Allocation | None:
        """Return the allocation that holds `address`, if any."""
        if not 0 <= address - self.base < self.size:
            return None
        record = binding.Allocation()
        if not self._runtime.anyroc_allocation_find(address, byref(record)):
            return None
        return _allocation(record)

    def nearest(self, address: int) -> Allocation | None:
        """Return the allocation that holds `address`, else the closest that a program made."""
        inside = self.find(address)
        if inside is not None:
            return inside
        record = binding.Allocation()
        if not self._runtime.anyroc_allocation_nearest(address, byref(record)):
            return None
        return _allocation(record)

    def allocations(self) -> list[Allocation]:
        """Return all live allocations by address."""
        count = 0
        while True:
            room = count
            records = (binding.Allocation * room)()
            count = self._runtime.anyroc_allocations(records, room)
            if count <= room:
                return [_allocation(record) for record in records[:count]]

    def free_addresses(self) -> list[tuple[int, int]]:
        """Return (start, size) of the addresses that programs' allocations will be cut from."""
        return gaps(self._runtime.anyroc_memory_addresses())

    def reserve(self, size: int, align: int = PAGE) -> int:
        """Set addresses aside, in whole pages; OutOfMemory if there are none."""
        start: int = self._runtime.anyroc_memory_reserve(size, max(align, PAGE))
        if not start:
            raise OutOfMemory(f"no {size} bytes of addresses left in the device range")
        return start

    def unreserve(self, start: int, size: int) -> None:
        """Give back what `reserve` set aside, and the pages that are mapped there."""
        self._runtime.anyroc_memory_unreserve(start, size)

    def attach(self, base: int, size: int, kind: str, owner: Memory) -> None:
        """Make pages that are mapped at set-aside addresses an allocation."""
        number = KINDS.index(kind)
        if self._runtime.anyroc_memory_attach(owner.account, base, size, number) != binding.OK:
            raise OutOfMemory("no memory to note an allocation")

    def detach(self, base: int) -> None:
        """End what `attach` made, pages and all; BadAddress if `base` is none."""
        if self._runtime.anyroc_memory_detach(base) != binding.OK:
            raise BadAddress(_not_allocated(base, self.find(base)))

    def home(self, base: int) -> tuple[int, int]:
        """Return (start, size) of the pages that an allocation lies in, perhaps among others.

        The caller may map other pages there.
        """
        start, size = c_uint64(), c_uint64()
        if self._runtime.anyroc_memory_home(base, byref(start), byref(size)) != binding.OK:
            raise BadAddress(f"address {base:#x} is mapped from elsewhere")
        return start.value, size.value

    def register_host(self, address: int, size: int, flags: int = 0) -> None:
        """Let kernels use host memory; BadAddress if it overlaps a range registered before.

        What was registered at the same address is replaced: the program has freed that memory.
        """
        result = self._runtime.anyroc_host_register(address, size, flags)
        if result == binding.BAD_ADDRESS:
            raise BadAddress(f"host memory at {address:#x} is already registered")
        if result != binding.OK:
            raise OutOfMemory("no memory to register host memory")

    def unregister_host(self, address: int) -> None:
        """Undo `register_host`; BadAddress if `address` was not registered."""
        if self._runtime.anyroc_host_unregister(address) != binding.OK:
            raise BadAddress(f"host memory at {address:#x} is not registered")

    def admit_host(self, admitted: bool = True) -> None:
        """Let kernels use all memory of the process, as a GPU with page migration can, or not."""
        self.host_admitted = admitted
        if admitted:
            binding.set_range_bounds(PAGE, _USER_END - PAGE)
        else:
            binding.set_range_bounds(self.base, self.size)

    def find_host(self, address: int) -> Allocation | None:
        """Return the registered host range that holds `address`, if any, as kind "registered"."""
        base, size, flags = c_uint64(), c_uint64(), c_uint32()
        if not self._runtime.anyroc_host_find(address, byref(base), byref(size), byref(flags)):
            return None
        return Allocation(base.value, size.value, "registered", -1, flags.value)


def _not_allocated(base: int, found: Allocation | None) -> str:
    if found is not None:
        return f"address {base:#x} is {base - found.base} bytes inside {found}"
    return f"address {base:#x} is not allocated (never was, or was freed)"


def gaps(addresses: int) -> list[tuple[int, int]]:
    """Return (start, size) of the gaps of a C structure of free addresses, by start."""
    count, numbers = 0, (c_uint64 * 0)()
    while 2 * count >= len(numbers):
        numbers = (c_uint64 * (2 * count + 2))()
        count = binding.runtime().anyroc_addresses_gaps(addresses, numbers, count + 1)
    return [(numbers[2 * index], numbers[2 * index + 1]) for index in range(count)]


@cache
def address_space() -> AddressSpace:
    """Return the process's address space of device memory."""
    return AddressSpace()


class Memory:
    """The memory of one device: `capacity` bytes in the common address space."""

    def __init__(self, device: int, capacity: int) -> None:
        self.device = device
        self.capacity = capacity
        self._space = address_space()
        self._runtime = binding.runtime()
        poison = os.environ.get("ANYROC_POISON", "0") not in ("", "0")
        self.account: int = self._runtime.anyroc_memory_make(device, capacity, poison)
        """Where C keeps the books: the bytes in use and the capacity, 64 bits each, first."""
        if not self.account:
            raise MemoryError
        self._used = c_uint64.from_address(self.account)

    @property
    def used(self) -> int:
        """Bytes that are allocated."""
        return self._used.value

    @property
    def available(self) -> int:
        """Bytes that can still be allocated."""
        return self.capacity - self.used

    def alloc(self, size: int, kind: str = "device", align: int = ALIGNMENT, flags: int = 0) -> int:
        """Allocate `size` > 0 bytes and return their address.

        `kind` is "device", "managed" (both count against the capacity), "host" or "internal".
        Contents are zero, or a pattern under ANYROC_POISON. OutOfMemory when there is no room.
        """
        if size <= 0:
            raise BadAddress(f"an allocation has a size greater than 0, not {size}")
        base, number = c_uint64(), KINDS.index(kind)
        # What C cannot count there is no room for.
        wanted = min(size, (1 << 64) - 1)
        result = self._runtime.anyroc_memory_alloc(
            self.account, wanted, number, align, flags, byref(base)
        )
        if result == binding.NO_ROOM:
            raise self._no_room(size)
        if result == binding.NO_ADDRESSES:
            raise OutOfMemory(f"no {size} bytes of addresses left in the device range")
        if result != binding.OK:
            raise OutOfMemory(f"the system refuses {size} bytes of memory")
        return base.value

    def free(self, address: int) -> None:
        """Free an allocation at once; BadAddress if `address` is not the start of one.

        Work that still uses the memory faults: wait for it first. The memory may be another
        device's.
        """
        self._space.free(address)

    def count(self, size: int) -> None:
        """Count `size` more bytes as used (fewer if negative); OutOfMemory if there are not."""
        if self._runtime.anyroc_memory_count(self.account, abs(size), size < 0) != binding.OK:
            raise self._no_room(size)

    def _no_room(self, size: int) -> OutOfMemory:
        return OutOfMemory(
            f"device {self.device} has {self.available} of {self.capacity} bytes free, "
            f"{size} are wanted",
            hint="ANYROC_MEMORY sets how much memory a device has",
        )

    def find(self, address: int) -> Allocation | None:
        """Return the allocation or registered host range that holds `address`, if any."""
        return self._space.find(address) or self._space.find_host(address)

    def nearest(self, address: int) -> Allocation | None:
        """Return the allocation that holds `address`, else the closest that a program made."""
        return self._space.nearest(address)

    def register_host(self, address: int, size: int, flags: int = 0) -> None:
        """Let kernels use `size` bytes of host memory; BadAddress if registered already."""
        self._space.register_host(address, size, flags)

    def unregister_host(self, address: int) -> None:
        """Take back `register_host`; BadAddress if `address` was not registered."""
        self._space.unregister_host(address)
