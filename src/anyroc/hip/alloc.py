"""Allocation: device, host, managed and pitched memory, and what is known of a pointer."""

from __future__ import annotations

import struct
from collections.abc import Callable

from anyroc.cabi import memory
from anyroc.gpu.memory import Allocation, BadAddress, OutOfMemory, address_space
from anyroc.hip import calls
from anyroc.hip.device import Gpu, current, gpus, resetting
from anyroc.hip.error import Error, HipError, require
from anyroc.hip.registration import is_managed_variable
from anyroc.hip.state import Hooks
from anyroc.hip.stream import settle, wait_for

PITCH = 256
"""Rows of pitched memory start at multiples of this many bytes."""

_MEMORY_TYPES = {"host": 1, "registered": 1, "device": 2, "managed": 3}
_UNREGISTERED, _NO_DEVICE = 0, -2
_ATTRIBUTES = struct.Struct("@iiQQiI")

_WORD = 0xFFFFFFFF
"""As in AMD's library a size and an identifier are 32 bits, though CUDA's are 64."""

_UNSUPPORTED = {1, 5, 10, 14, 15, 17}
"""Attributes of pointers: context, tokens, sharing, kinds of handles, RDMA, pool."""

_UNKNOWN = {
    **dict.fromkeys((2, 7, 12, 16), bytes(4)),
    **dict.fromkeys((3, 4, 11), bytes(8)),
    **dict.fromkeys((6, 8, 13), bytes(1)),
    9: _NO_DEVICE.to_bytes(4, "little", signed=True),
}
"""What attributes of memory are that HIP does not know."""

_HOST_FLAGS = 0xF0000007
_COHERENCY = 0xC0000000  # coherent and not coherent: one of them
_MAPPED = 2
_ATTACH_GLOBAL, _ATTACH_HOST = 1, 2
_EXT_FLAGS = {0, 1, 2, 3}  # default, fine grained, signal memory, uncached
_SIGNAL, _SIGNAL_SIZE = 2, 8

freeing = Hooks()
"""Called with the address of an allocation that the program frees."""

keepers: list[Callable[[int], bool]] = []
"""Asked before that: whether the memory is kept for whoever will use it again."""


def allocate(gpu: Gpu, size: int, kind: str = "device", flags: int = 0) -> int:
    """Return new memory of a device, waiting for its streams' deferred frees if need be."""
    if not size:
        return 0
    try:
        return gpu.memory.alloc(size, kind, flags=flags)
    except OutOfMemory:
        gpu.synchronize()
        calls.trim_pools(gpu.index)
        return gpu.memory.alloc(size, kind, flags=flags)


def _alloc(out: int, size: int, kind: str, flags: int = 0) -> None:
    require(out)
    memory.put_u64(out, allocate(current(), size, kind, flags))


def _free(address: int, kinds: tuple[str, ...]) -> None:
    """Free an allocation of one of the kinds once its device is done with all it has to do."""
    if not address:
        return
    allocation = find(address)
    if allocation is None or allocation.base != address or allocation.kind not in kinds:
        raise HipError(Error.InvalidValue)
    require(not allocation.released)
    owner = owner_of(allocation)
    streams = wait_for(owner, captured=True)
    if freed(address):
        pass
    elif calls.pool_free(address):
        calls.settle_pools(owner.index)
    else:
        owner.memory.free(address)
    settle(streams)  # what earlier work has met is told now, but the memory is free all the same


def freed(address: int) -> bool:
    """Tell everybody that the program frees an allocation; return whether somebody keeps it."""
    kept = any(keeps(address) for keeps in keepers)
    freeing(address)
    return kept


def find(address: int) -> Allocation | None:
    """Return the allocation or the registered host range that an address lies in."""
    return current().memory.find(address)


def end_of(allocation: Allocation) -> int:
    """Return the first address behind an allocation and what is mapped right behind it."""
    end = allocation.end
    while allocation.kind == "mapped":
        following = find(end)
        if following is None or following.kind != "mapped":
            break
        allocation, end = following, following.end
    return end


def owner_of(allocation: Allocation) -> Gpu:
    """Return the device that an allocation belongs to; registered host memory is everybody's."""
    owners = (gpu for gpu in gpus() if gpu.device.index == allocation.device)
    return next(owners, None) or current()


@resetting.add
def _free_all(gpu: Gpu) -> None:
    calls.forget_pools(gpu.index)
    for allocation in address_space().allocations():
        if (
            allocation.device == gpu.device.index
            and allocation.kind in ("device", "managed")
            and not is_managed_variable(allocation.base)
        ):
            gpu.memory.free(allocation.base)


def hipMalloc(out: int, size: int) -> None:
    _alloc(out, size, "device")


def hipExtMallocWithFlags(out: int, size: int, flags: int) -> None:
    require(flags in _EXT_FLAGS and (flags != _SIGNAL or size == _SIGNAL_SIZE))
    _alloc(out, size, "device")


def hipMallocManaged(out: int, size: int, flags: int) -> None:
    require(out and size)
    require(flags in (_ATTACH_GLOBAL, _ATTACH_HOST))
    _alloc(out, size, "managed")


def hipFree(address: int) -> None:
    _free(address, ("device", "managed", "host"))


def hipHostMalloc(out: int, size: int, flags: int) -> None:
    require(out)
    require(flags & ~_HOST_FLAGS == 0 and flags & _COHERENCY != _COHERENCY)
    _alloc(out, size, "host", flags)


hipHostAlloc = hipHostMalloc


def hipMallocHost(out: int, size: int) -> None:
    hipHostMalloc(out, size, 0)


hipMemAllocHost = hipMallocHost


def hipHostFree(address: int) -> None:
    _free(address, ("host",))


hipFreeHost = hipHostFree


def hipHostRegister(address: int, size: int, flags: int) -> None:
    require(address and size)
    require(flags & ~0xF == 0 and memory.mapped(address, size))
    known = find(address)
    fresh = known is None or (known.kind, known.base) == ("registered", address)
    require(fresh, Error.HostMemoryAlreadyRegistered)
    try:
        current().memory.register_host(address, size, flags)
    except BadAddress:
        raise HipError(Error.HostMemoryAlreadyRegistered) from None


def hipHostUnregister(address: int) -> None:
    require(address)
    settle(wait_for(current(), captured=True))
    try:
        current().memory.unregister_host(address)
    except BadAddress:
        raise HipError(Error.HostMemoryNotRegistered) from None


def hipHostGetDevicePointer(out: int, address: int, flags: int) -> None:
    require(out and address and flags == 0)
    allocation = find(address)
    require(allocation is not None and allocation.kind in ("host", "registered", "managed"))
    memory.put_u64(out, address)


def hipHostGetFlags(out: int, address: int) -> None:
    require(out and address)
    allocation = find(address)
    require(allocation is not None and allocation.kind in ("host", "registered"))
    assert allocation is not None
    memory.put_i32(out, allocation.flags)


def hipMallocPitch(out: int, pitch: int, width: int, height: int) -> None:
    require(out and pitch)
    row = -(-width // PITCH) * PITCH
    memory.put_u64(pitch, row)
    _alloc(out, row * height, "device")


def hipMemAllocPitch(out: int, pitch: int, width: int, height: int, element: int) -> None:
    require(element in (4, 8, 16))
    require(width and height)
    hipMallocPitch(out, pitch, width, height)


def hipMalloc3D(out: int, extent: int) -> None:
    require(out)
    width, height, depth = struct.unpack("<3Q", memory.read(extent, 24))
    row = -(-width // PITCH) * PITCH
    size = row * height * depth
    address = allocate(current(), size)
    memory.write(out, struct.pack("<4Q", address, row, width, height))


def hipMemGetInfo(free: int, total: int) -> None:
    require(free or total)
    space = current().memory
    if free:
        memory.put_u64(free, space.available)
    if total:
        memory.put_u64(total, space.capacity)


def hipMemGetAddressRange(base: int, size: int, address: int) -> None:
    require(base or size)
    allocation = find(address)
    if allocation is None:
        raise HipError(Error.NotFound)
    if base:
        memory.put_u64(base, allocation.base)
    if size:
        memory.put_u64(size, allocation.size)


def hipMemPtrGetInfo(address: int, size: int) -> None:
    require(size)
    allocation = find(address)
    require(allocation is not None or not address)
    memory.put_u64(size, allocation.size if allocation else 0)


def hipPointerGetAttributes(out: int, address: int) -> None:
    require(out and address)
    allocation = find(address)
    if allocation is None:
        require(not address_space().holds(address))
        memory.write(out, _ATTRIBUTES.pack(_UNREGISTERED, _NO_DEVICE, 0, 0, 0, 0))
        return
    kind = _MEMORY_TYPES.get(allocation.kind, _MEMORY_TYPES["device"])
    device = owner_of(allocation).index
    host = address if kind != _MEMORY_TYPES["device"] else 0
    managed = allocation.kind == "managed"
    values = (kind, device, address, host, managed, allocation.flags)
    memory.write(out, _ATTRIBUTES.pack(*values))


def hipPointerSetAttribute(value: int, attribute: int, address: int) -> None:
    require(value and address and attribute == 6)  # copies are always as synchronous as asked for
    allocation = find(address)
    require(allocation is not None)
    assert allocation is not None
    address_space().mark_synchronous(allocation.base, bool(memory.get_i32(value)))


def hipPointerGetAttribute(out: int, attribute: int, address: int) -> None:
    require(out and address)
    allocation = find(address)
    if allocation is None and attribute == 3 and address_space().host_admitted:
        memory.put_u64(out, address)
        return
    if allocation is None:
        raise HipError(Error.InvalidValue)
    kind = _MEMORY_TYPES.get(allocation.kind, _MEMORY_TYPES["device"])
    if attribute == 2:  # memory type
        memory.put_i32(out, kind)
    elif attribute == 3:  # device pointer
        memory.put_u64(out, address)
    elif attribute == 4:  # host pointer
        memory.put_u64(out, address if kind != _MEMORY_TYPES["device"] else 0)
    elif attribute == 6:  # whether copies of it are to be synchronous
        memory.write(out, bytes([allocation.synchronous]))
    elif attribute == 7:  # identifier of the allocation
        memory.put_i32(out, allocation.number & _WORD)
    elif attribute == 8:  # managed
        memory.write(out, bytes([allocation.kind == "managed"]))
    elif attribute == 9:  # device
        memory.put_i32(out, owner_of(allocation).index)
    elif attribute == 11:  # start of the allocation
        memory.put_u64(out, allocation.base)
    elif attribute == 12:  # its size
        memory.put_i32(out, allocation.size & _WORD)
    elif attribute == 13:  # mapped
        memory.write(out, b"\1")
    elif attribute == 16:  # what it was allocated with
        memory.put_i32(out, allocation.flags)
    else:
        raise HipError(Error.NotSupported if attribute in _UNSUPPORTED else Error.InvalidValue)


def hipDrvPointerGetAttributes(count: int, attributes: int, out: int, address: int) -> None:
    require(count and attributes and out and address)
    for position in range(count):
        attribute = memory.get_i32(attributes + 4 * position)
        place = memory.get_u64(out + 8 * position)
        try:
            hipPointerGetAttribute(place, attribute, address)
        except HipError:
            if place and attribute in _UNKNOWN:
                memory.write(place, _UNKNOWN[attribute])
