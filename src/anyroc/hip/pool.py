"""Stream-ordered allocation: memory that is freed when the stream gets there."""

from __future__ import annotations

from anyroc.cabi import memory
from anyroc.hip import graphmemory
from anyroc.hip.alloc import allocate, find, freeing
from anyroc.hip.device import current, gpu
from anyroc.hip.error import Error, HipError, require
from anyroc.hip.graph import MEM_ALLOC, MEM_FREE
from anyroc.hip.state import Handles
from anyroc.hip.stream import of


class Pool:
    """A hipMemPool_t: its attributes; memory goes back to the device at once when it is freed."""

    def __init__(self, device: int) -> None:
        self.device = device
        self.attributes = {1: 1, 2: 1, 3: 1, 4: 0}


_pools: Handles[Pool] = Handles(Error.InvalidValue)
_defaults: dict[int, int] = {}
_chosen: dict[int, int] = {}


def _default(device: int) -> int:
    if device not in _defaults:
        _defaults[device] = _pools.add(Pool(gpu(device).index))
    return _defaults[device]


def hipMallocAsync(out: int, size: int, stream: int) -> None:
    require(out)
    chosen = of(stream)
    address = allocate(chosen.gpu, size)
    memory.put_u64(out, address)
    if chosen.capture is not None:
        chosen.capture.add(chosen, MEM_ALLOC, graphmemory.allocated(address))


def hipMallocFromPoolAsync(out: int, size: int, pool: int, stream: int) -> None:
    require(pool in _pools)
    hipMallocAsync(out, size, stream)


def hipFreeAsync(address: int, stream: int) -> None:
    require(address)
    chosen = of(stream)
    allocation = find(address)
    if allocation is None or allocation.base != address or allocation.kind != "device":
        raise HipError(Error.InvalidValue)
    require(not any(stream.releases(address) for stream in list(chosen.gpu.streams)))
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
    memory.put_u64(out, _chosen.get(gpu(device).index) or _default(device))


def hipDeviceSetMemPool(device: int, pool: int) -> None:
    require(_pools[pool].device == gpu(device).index)
    _chosen[device] = pool


def hipMemPoolCreate(out: int, properties: int) -> None:
    require(out and properties)
    require(memory.get_i32(properties) == 1)  # hipMemAllocationTypePinned
    memory.put_u64(out, _pools.add(Pool(gpu(memory.get_i32(properties + 12)).index)))


def hipMemPoolDestroy(pool: int) -> None:
    require(pool not in _defaults.values())
    _pools.remove(pool)


def hipMemPoolTrimTo(pool: int, size: int) -> None:
    require(pool in _pools)


def hipMemPoolSetAttribute(pool: int, attribute: int, value: int) -> None:
    require(value and 1 <= attribute <= 8)
    attributes = _pools[pool].attributes
    if attribute == 4:
        attributes[attribute] = memory.get_u64(value)
    elif attribute < 4:
        attributes[attribute] = memory.get_i32(value)


def hipMemPoolGetAttribute(pool: int, attribute: int, value: int) -> None:
    require(value and 1 <= attribute <= 8)
    found = _pools[pool]
    if attribute < 4:
        memory.put_i32(value, found.attributes[attribute])
    elif attribute == 4:
        memory.put_u64(value, found.attributes[attribute])
    else:
        memory.put_u64(value, gpu(found.device).memory.used)


def hipMemPoolSetAccess(pool: int, descriptors: int, count: int) -> None:
    require(pool in _pools and (descriptors or not count))


def hipMemPoolGetAccess(flags: int, pool: int, location: int) -> None:
    require(flags and location and pool in _pools)
    memory.put_i32(flags, 3)  # read and write
    current()
