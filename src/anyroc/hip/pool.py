"""Stream-ordered allocation: memory that is freed when the stream gets there, and its pools."""

from __future__ import annotations

import os
import struct

from anyroc.cabi import memory
from anyroc.gpu.shared import Pages
from anyroc.hip import calls, graphmemory
from anyroc.hip.alloc import allocate, find, freed
from anyroc.hip.device import gpu, gpus
from anyroc.hip.error import Error, HipError, require
from anyroc.hip.graph import MEM_ALLOC, MEM_FREE
from anyroc.hip.state import Handles
from anyroc.hip.stream import Stream, known, of

_ACCESS = struct.Struct("<i255i")  # the pool's device, then each device's hipMemAccessFlags
ACCESS_SIZE = _ACCESS.size
"""Bytes of what tells who may reach a pool."""

_THRESHOLD, _RESERVED_HIGH, _USED_HIGH = 4, 6, 8
_NUMBERS = {
    _THRESHOLD: "threshold",
    5: "reserved",
    _RESERVED_HIGH: "reserved_high",
    7: "used",
    _USED_HIGH: "used_high",
}
"""The attributes of 64 bits (hipMemPoolAttr)."""

_READ_WRITE = 3
_ON_DEVICE = 1  # hipMemLocationTypeDevice
_LOCATION = struct.Struct("@2i")
_DESCRIPTOR = struct.Struct("@3i")


class Pool:
    """A hipMemPool_t, whose memory C has (`record`): see cabi/hip_pools.c.

    `handle_types` are those that it can be shared by; `most` is how many bytes it may hold, 0: as
    many as the device. Who may reach it stands in a file once it is
    shared, so that all processes that have it see changes.
    """

    def __init__(self, device: int, handle_types: int = 0, most: int = 0) -> None:
        self.device = device
        self.record = calls.make_pool(device, most)
        self.handle_types = handle_types
        self._access = {device: _READ_WRITE}
        self._shared: Pages | None = None

    @classmethod
    def imported(cls, shared: Pages) -> Pool:
        """Return the pool that another process, or this one, has shared by a file."""
        device, *_ = _ACCESS.unpack(os.pread(shared.fd, ACCESS_SIZE, 0))
        pool = cls(gpu(device).index)
        pool._shared = shared
        return pool

    def allocate(self, size: int, stream: Stream) -> int:
        """Return memory for what comes next on a stream, waiting for deferred frees if need be."""
        address = calls.pool_alloc(self.record, stream.record, size)
        if not address:
            gpu(self.device).synchronize()
            calls.trim_pools(self.device)
            address = calls.pool_alloc(self.record, stream.record, size)
        require(address, Error.OutOfMemory)
        return address

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
    handle = int(made.record.handle)
    pools[handle] = made
    return handle


def _default(device: int) -> int:
    if device not in _defaults:
        _defaults[device] = add(Pool(gpu(device).index))
    return _defaults[device]


def _current(device: int) -> int:
    """Return the handle of the pool that hipMallocAsync allocates from."""
    handle = _chosen.get(device) or _default(device)
    calls.choose_pool(device, pools[handle].record)
    return handle


def _stream(handle: int) -> Stream:
    """Return the stream of a handle; what is none these functions call an invalid handle."""
    require(known(handle), Error.InvalidHandle)
    return of(handle)


def hipMallocAsync(out: int, size: int, stream: int) -> None:
    require(out)
    hipMallocFromPoolAsync(out, size, _current(_stream(stream).gpu.index), stream)


def hipMallocFromPoolAsync(out: int, size: int, pool: int, stream: int) -> None:
    require(pool in pools and out)
    chosen, source = _stream(stream), pools[pool]
    if not size:
        memory.put_u64(out, 0)
    elif chosen.capture is None:
        memory.put_u64(out, source.allocate(size, chosen))
    else:
        address = allocate(gpu(source.device), size)
        memory.put_u64(out, address)
        chosen.capture.add(chosen, MEM_ALLOC, graphmemory.allocated(address))


def hipFreeAsync(address: int, stream: int) -> None:
    require(address)
    chosen = _stream(stream)
    allocation = find(address)
    if allocation is None or allocation.base != address or allocation.kind != "device":
        raise HipError(Error.InvalidValue)
    require(not allocation.released)
    if chosen.capture is not None:
        chosen.capture.add(chosen, MEM_FREE, graphmemory.release(address))
        return
    if not freed(address) and not calls.pool_free(address, chosen.record):
        chosen.release(address)


def hipDeviceGetDefaultMemPool(out: int, device: int) -> None:
    require(out)
    memory.put_u64(out, _default(device))


def hipDeviceGetMemPool(out: int, device: int) -> None:
    require(out)
    require(0 <= device < len(gpus()))  # where others say InvalidDevice
    memory.put_u64(out, _current(device))


def hipDeviceSetMemPool(device: int, pool: int) -> None:
    require(0 <= device < len(gpus()) and pools[pool].device == device)
    _chosen[device] = pool
    calls.forget_answers()
    _current(device)


def hipMemPoolCreate(out: int, properties: int) -> None:
    require(out and properties)
    require(memory.get_i32(properties) == 1)  # hipMemAllocationTypePinned
    kind, device = memory.unpack(_LOCATION, properties + 8)
    require(kind == _ON_DEVICE and 0 <= device < len(gpus()))
    most = memory.get_u64(properties + 24)
    memory.put_u64(out, add(Pool(device, memory.get_i32(properties + 4), most)))


def hipMemPoolDestroy(pool: int) -> None:
    require(pool not in _defaults.values())
    ended = pools.remove(pool)
    if _chosen.get(ended.device) == pool:
        del _chosen[ended.device]
        calls.forget_answers()
    ended.close()
    calls.end_pool(ended.record)


def hipMemPoolTrimTo(pool: int, size: int) -> None:
    found = pools[pool]
    calls.trim_pools(found.device, found.record, size)


def hipMemPoolSetAttribute(pool: int, attribute: int, value: int) -> None:
    record = pools[pool].record
    require(value)
    if 1 <= attribute <= len(record.options):
        record.options[attribute - 1] = memory.get_i32(value)
    elif attribute == _THRESHOLD:
        record.threshold = memory.get_u64(value)
    else:  # the highest numbers so far can begin anew, nothing else
        require(attribute in (_RESERVED_HIGH, _USED_HIGH) and memory.get_u64(value) == 0)
        setattr(record, _NUMBERS[attribute], 0)


def hipMemPoolGetAttribute(pool: int, attribute: int, value: int) -> None:
    record = pools[pool].record
    require(value)
    if 1 <= attribute <= len(record.options):
        memory.put_i32(value, record.options[attribute - 1])
    else:
        require(attribute in _NUMBERS)
        memory.put_u64(value, getattr(record, _NUMBERS[attribute]))


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
    require(kind == _ON_DEVICE and 0 <= device < len(gpus()))
    memory.put_i32(flags, pools[pool].access(device))
