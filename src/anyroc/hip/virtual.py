"""Virtual memory management: addresses and pages are had apart, and mapped by the program."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass

from anyroc.cabi import memory
from anyroc.gpu.memory import OutOfMemory, address_space
from anyroc.gpu.shared import Pages, protect
from anyroc.hip.alloc import find
from anyroc.hip.device import current, gpu
from anyroc.hip.error import Error, HipError, require
from anyroc.hip.state import Handles, lock

_PROPERTIES = struct.Struct("@iiiiQBBH4x")
_LOCATION = struct.Struct("@ii")
_ACCESS = struct.Struct("@iii")

GRANULARITY = 2 << 20
"""Bytes of which sizes and addresses are multiples."""

_PINNED, _ON_DEVICE, _POSIX_DESCRIPTOR = 1, 1, 1
_NO_ACCESS, _READ, _READ_WRITE = 0, 1, 3


@dataclass(eq=False)
class Physical:
    """A hipMemGenericAllocationHandle_t: pages, which live as long as handle or mapping."""

    pages: Pages
    device: int
    kind: int
    references: int = 1

    def drop(self) -> None:
        """Give up one reference."""
        self.references -= 1
        if not self.references:
            self.pages.close()
            gpu(self.device).memory.count(-self.pages.size)


@dataclass(eq=False)
class Mapping:
    """Pages that appear at an address."""

    address: int
    size: int
    offset: int
    physical: Physical
    access: int = _NO_ACCESS


_physical: Handles[Physical] = Handles(Error.InvalidValue)
_reservations: dict[int, int] = {}  # sizes by address
_mappings: dict[int, Mapping] = {}


def _checked(properties: int) -> tuple[int, int]:
    """Return (device, kind of shareable handle) of a hipMemAllocationProp."""
    require(properties)
    kind, shareable, place, device, *_ = memory.unpack(_PROPERTIES, properties)
    require(kind == _PINNED and place == _ON_DEVICE)
    require(shareable in (0, _POSIX_DESCRIPTOR), Error.NotSupported)
    return gpu(device).index, shareable


def hipMemGetAllocationGranularity(out: int, properties: int, option: int) -> None:
    require(out and option in (0, 1))
    _checked(properties)
    memory.put_u64(out, GRANULARITY)


def hipMemAddressReserve(out: int, size: int, alignment: int, wanted: int, flags: int) -> None:
    require(out and flags == 0)
    require(size and size % GRANULARITY == 0 and alignment & (alignment - 1) == 0)
    address = address_space().reserve(size, max(alignment, GRANULARITY))
    with lock:
        _reservations[address] = size
    memory.put_u64(out, address)


def hipMemAddressFree(address: int, size: int) -> None:
    require(address and size)
    with lock:
        require(_reservations.get(address) == size)
        require(not any(address <= place < address + size for place in _mappings))
        del _reservations[address]
    address_space().unreserve(address, size)


def hipMemCreate(out: int, size: int, properties: int, flags: int) -> None:
    require(out and flags == 0 and size and size % GRANULARITY == 0)
    device, kind = _checked(properties)
    gpu(device).memory.count(size)
    try:
        pages = Pages.make(size)
    except OutOfMemory:
        gpu(device).memory.count(-size)
        raise
    memory.put_u64(out, _physical.add(Physical(pages, device, kind)))


def hipMemRelease(handle: int) -> None:
    require(handle)
    _physical.remove(handle).drop()


def hipMemMap(address: int, size: int, offset: int, handle: int, flags: int) -> None:
    require(address and size and flags == 0 and offset % GRANULARITY == 0)
    require(size % GRANULARITY == 0 and address % GRANULARITY == 0)
    found = _physical[handle]
    require(offset + size <= found.pages.size)
    with lock:
        inside = (
            place <= address and address + size <= place + extent
            for place, extent in _reservations.items()
        )
        require(any(inside))
        require(not any(_overlap(other, address, size) for other in _mappings.values()))
        found.pages.map(address, size, offset)
        protect(address, size, usable=False)
        address_space().attach(address, size, "mapped", gpu(found.device).memory)
        found.references += 1
        _mappings[address] = Mapping(address, size, offset, found)


def _overlap(mapping: Mapping, address: int, size: int) -> bool:
    return mapping.address < address + size and address < mapping.address + mapping.size


def _between(address: int, size: int) -> list[Mapping]:
    """Return the mappings that fill a range without gaps."""
    found = sorted(
        (other for other in _mappings.values() if _overlap(other, address, size)),
        key=lambda mapping: mapping.address,
    )
    require(found and found[0].address == address)
    require(sum(mapping.size for mapping in found) == size)
    return found


def hipMemUnmap(address: int, size: int) -> None:
    require(address and size)
    current().synchronize()
    with lock:
        for mapping in _between(address, size):
            del _mappings[mapping.address]
            address_space().detach(mapping.address)
            mapping.physical.drop()


def hipMemSetAccess(address: int, size: int, descriptors: int, count: int) -> None:
    require(address and size and descriptors and count)
    with lock:
        mappings = _between(address, size)
        for position in range(count):
            place, device, access = memory.unpack(_ACCESS, descriptors + position * _ACCESS.size)
            require(place == _ON_DEVICE and access in (_NO_ACCESS, _READ, _READ_WRITE))
            gpu(device)
            for mapping in mappings:
                protect(mapping.address, mapping.size, usable=access != _NO_ACCESS)
                mapping.access = access


def hipMemGetAccess(out: int, location: int, address: int) -> None:
    require(out and location and address)
    place, device = memory.unpack(_LOCATION, location)
    require(place == _ON_DEVICE)
    gpu(device)
    mapping = _mapping_at(address)
    memory.put_u64(out, mapping.access)


def _mapping_at(address: int) -> Mapping:
    allocation = find(address)
    require(allocation is not None and allocation.base in _mappings)
    assert allocation is not None
    return _mappings[allocation.base]


def hipMemRetainAllocationHandle(out: int, address: int) -> None:
    require(out and address)
    with lock:
        found = _mapping_at(address).physical
        found.references += 1
        memory.put_u64(out, _physical.add(found))


def hipMemGetAllocationPropertiesFromHandle(out: int, handle: int) -> None:
    require(out)
    found = _physical[handle]
    packed = _PROPERTIES.pack(_PINNED, found.kind, _ON_DEVICE, found.device, 0, 0, 0, 0)
    memory.write(out, packed)


def hipMemExportToShareableHandle(out: int, handle: int, kind: int, flags: int) -> None:
    require(out and flags == 0)
    require(kind == _POSIX_DESCRIPTOR)
    memory.put_i32(out, os.dup(_physical[handle].pages.fd))


def hipMemImportFromShareableHandle(out: int, descriptor: int, kind: int) -> None:
    require(out and kind == _POSIX_DESCRIPTOR)
    try:
        pages = Pages(os.dup(descriptor))
    except OSError:
        raise HipError(Error.InvalidValue) from None
    device = current()
    device.memory.count(pages.size)
    memory.put_u64(out, _physical.add(Physical(pages, device.index, _POSIX_DESCRIPTOR)))
