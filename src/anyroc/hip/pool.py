"""Stream-ordered allocation: memory that is freed when the stream gets there."""

from __future__ import annotations

import os
import struct

from anyroc.cabi import memory
from anyroc.gpu.shared import Pages
from anyroc.hip import calls, graphmemory
from anyroc.hip.alloc import allocate, find, freeing
from anyroc.hip.device import gpu, gpus
from anyroc.hip.error import Error, HipError, require
from anyroc.hip.graph import MEM_ALLOC, MEM_FREE
from anyroc.hip.state import Handles
from anyroc.hip.stream import of

_ACCESS = struct.Struct("<i255i")  # the pool's device, then each device's hipMemAccessFlags
ACCESS_SIZE = _ACCESS.size
"""Bytes of what tells who may reach a pool."""

_READ_WRITE = 3
_ON_DEVICE = 1  # hipMemLocationTypeDevice
_LOCATION = struct.Struct("@2i")
_DESCRIPTOR = struct.Struct("@3i")


class Pool:
    """A hipMemPool_t: its attributes; memory goes back to the device at once when it is freed.

    `handle_types` are those that it can be shared by; `most` is how many bytes it may hold, 0: as
    many as the device. Who may reach it stands in a file once it is
    shared, so that all processes that have it see changes.
    """

    def __init__(self, device: int, handle_types: int = 0, most: int = 0) -> None:
        self.device = device
        self.most = most
        self._live: list[tuple[int, int, int]] = []  # address, number, size: of a limited pool
        self.handle_types = handle_types
        self.attributes = {1: 1, 2: 1, 3: 1, 4: 0}
        self._access = {device: _READ_WRITE}
        self._shared: Pages | None = None

    @classmethod
    def imported(cls, shared: Pages) -> Pool:
        """Return the pool that another process, or this one, has shared by a file."""
        device, *_ = _ACCESS.unpack(os.pread(shared.fd, ACCESS_SIZE, 0))
        pool = cls(gpu(device).index)
        pool._shared = shared
        return pool

    def require_room(self, size: int) -> None:
        """Refuse an allocation beyond the pool's limit, if it has one."""
        if self.most:
            known = [(find(base), number, extent) for base, number, extent in self._live]
            self._live = [
                (found.base, number, extent)
                for found, number, extent in known
                if found is not None and found.number == number
            ]
            used = sum(extent for _, _, extent in self._live)
            require(used + size <= self.most, Error.OutOfMemory)

    def note(self, address: int) -> None:
        """Count an allocation against the pool's limit."""
        found = find(address) if self.most else None
        if found is not None:
            self._live.append((found.base, found.number, found.size))

    def share(self) -> Pages:
        """Return the file that tells who may reach it."""
        if self._shared is None:
            self._shared = Pages.make(ACCESS_SIZE)
            flags = [self._access.get(device, 0) for device in range(255)]
            os.pwrite(self._shared.fd, _ACCESS.pack(self.device, *flags), 0)
        return self._shared

    def allow(self, device: int, flags: int) -> None:
        """Let a device reach the pool's memory or not."""
        self._access[device] = flags
        if self._shared is not None:
            os.pwrite(self._shared.fd, struct.pack("<i", flags), 4 * (device + 1))

    def access(self, device: int) -> int:
        """Return the hipMemAccessFlags of a device."""
        if self._shared is not None:
            raw = os.pread(self._shared.fd, 4, 4 * (device + 1))
            return int.from_bytes(raw, "little")
        return self._access.get(device, 0)

    def close(self) -> None:
        """Give up its file; who has imported it keeps it."""
        if self._shared is not None:
            self._shared.close()


pools: Handles[Pool] = Handles(Error.InvalidValue)
_defaults: dict[int, int] = {}
_chosen: dict[int, int] = {}


def add(made: Pool) -> int:
    """Return the handle of a new pool."""
    handle = pools.add(made)
    if not made.most:
        calls.know_pool(handle, True)
    return handle


def _default(device: int) -> int:
    if device not in _defaults:
        _defaults[device] = add(Pool(gpu(device).index))
    return _defaults[device]


def hipMallocAsync(out: int, size: int, stream: int) -> None:
    require(out)
    chosen = of(stream)
    address = allocate(chosen.gpu, size)
    memory.put_u64(out, address)
    if chosen.capture is not None:
        chosen.capture.add(chosen, MEM_ALLOC, graphmemory.allocated(address))


def hipMallocFromPoolAsync(out: int, size: int, pool: int, stream: int) -> None:
    require(pool in pools and out)
    pools[pool].require_room(size)
    hipMallocAsync(out, size, stream)
    pools[pool].note(memory.get_u64(out))


def hipFreeAsync(address: int, stream: int) -> None:
    require(address)
    chosen = of(stream)
    allocation = find(address)
    if allocation is None or allocation.base != address or allocation.kind != "device":
        raise HipError(Error.InvalidValue)
    require(not allocation.released)
    if chosen.capture is not None:
        chosen.capture.add(chosen, MEM_FREE, graphmemory.release(address))
        return
    freeing(address)
    chosen.release(address)


def hipDeviceGetDefaultMemPool(out: int, device: int) -> None:
    require(out)
    memory.put_u64(out, _default(device))


def hipDeviceGetMemPool(out: int, device: int) -> None:
    require(out)
    require(0 <= device < len(gpus()))  # where others say InvalidDevice
    memory.put_u64(out, _chosen.get(device) or _default(device))


def hipDeviceSetMemPool(device: int, pool: int) -> None:
    require(0 <= device < len(gpus()) and pools[pool].device == device)
    _chosen[device] = pool


def hipMemPoolCreate(out: int, properties: int) -> None:
    require(out and properties)
    require(memory.get_i32(properties) == 1)  # hipMemAllocationTypePinned
    device = gpu(memory.get_i32(properties + 12)).index
    most = memory.get_u64(properties + 24)
    memory.put_u64(out, add(Pool(device, memory.get_i32(properties + 4), most)))


def hipMemPoolDestroy(pool: int) -> None:
    require(pool not in _defaults.values())
    ended = pools.remove(pool)
    if _chosen.get(ended.device) == pool:
        del _chosen[ended.device]
    ended.close()
    calls.know_pool(pool, False)


def hipMemPoolTrimTo(pool: int, size: int) -> None:
    require(pool in pools)


def hipMemPoolSetAttribute(pool: int, attribute: int, value: int) -> None:
    require(value and 1 <= attribute <= 8)
    attributes = pools[pool].attributes
    if attribute == 4:
        attributes[attribute] = memory.get_u64(value)
    elif attribute < 4:
        attributes[attribute] = memory.get_i32(value)


def hipMemPoolGetAttribute(pool: int, attribute: int, value: int) -> None:
    require(value and 1 <= attribute <= 8)
    found = pools[pool]
    if attribute < 4:
        memory.put_i32(value, found.attributes[attribute])
    elif attribute == 4:
        memory.put_u64(value, found.attributes[attribute])
    else:
        memory.put_u64(value, gpu(found.device).memory.used)


def hipMemPoolSetAccess(pool: int, descriptors: int, count: int) -> None:
    require(pool in pools and (descriptors or not count))
    found = pools[pool]
    for place in range(descriptors, descriptors + count * _DESCRIPTOR.size, _DESCRIPTOR.size):
        kind, device, flags = memory.unpack(_DESCRIPTOR, place)
        require(kind == _ON_DEVICE and flags in (0, 1, _READ_WRITE))
        require(gpu(device).index != found.device or flags, Error.InvalidDevice)
        found.allow(device, flags)


def hipMemPoolGetAccess(flags: int, pool: int, location: int) -> None:
    require(flags and location and pool in pools)
    kind, device = memory.unpack(_LOCATION, location)
    require(kind == _ON_DEVICE)
    memory.put_i32(flags, pools[pool].access(gpu(device).index))
