"""Managed memory: advice, prefetches, and what is remembered of them.

The host and all devices share every page, so that nothing needs to move; programs may ask what they
said before.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from anyroc.cabi import memory
from anyroc.gpu.memory import Allocation, address_space
from anyroc.hip.alloc import find
from anyroc.hip.device import gpus
from anyroc.hip.error import Error, HipError, require
from anyroc.hip.stream import of

CPU, NOWHERE = -1, -2
"""hipCpuDeviceId and hipInvalidDeviceId."""

SET_READ_MOSTLY, UNSET_READ_MOSTLY, SET_PREFERRED, UNSET_PREFERRED = 1, 2, 3, 4
SET_ACCESSED_BY, UNSET_ACCESSED_BY = 5, 6
_SET_COARSE, _UNSET_COARSE = 100, 101
_READ_MOSTLY, _PREFERRED, _ACCESSED_BY, _LAST_PREFETCH, _COHERENCY = 1, 2, 3, 4, 100
_DEVICE_LOCATION, _HOST_LOCATION = 1, 2


@dataclass
class Advice:
    """What a program has said of an allocation."""

    read_mostly: bool = False
    preferred: int = NOWHERE
    accessed_by: list[int] = field(default_factory=list)
    coarse: bool = False


_advice: dict[int, Advice] = {}  # by the allocation's number


def _holding(address: int, size: int) -> Allocation:
    """Return the managed allocation that a range lies in."""
    require(address and size)
    allocation = find(address)
    if allocation is None or allocation.kind != "managed" or address + size > allocation.end:
        raise HipError(Error.InvalidValue)
    return allocation


def _of(address: int, size: int) -> Advice:
    """Return what is known of the managed allocation that a range lies in."""
    return _advice.setdefault(_holding(address, size).number, Advice())


def _require_device(device: int) -> None:
    require(CPU <= device < len(gpus()), Error.InvalidDevice)


def _device_of(kind: int, number: int) -> int:
    """Return the device that a hipMemLocation names."""
    require(kind in (_DEVICE_LOCATION, _HOST_LOCATION))
    return number if kind == _DEVICE_LOCATION else CPU


def hipMemPrefetchAsync(address: int, size: int, device: int, stream: int) -> None:
    allocation = _holding(address, size)
    _require_device(device)
    of(stream)
    address_space().prefetch(allocation.base, device)


def hipMemPrefetchAsync_v2(
    address: int, size: int, kind: int, number: int, flags: int, stream: int
) -> None:
    require(flags == 0)
    hipMemPrefetchAsync(address, size, _device_of(kind, number), stream)


def hipMemAdvise(address: int, size: int, advice: int, device: int) -> None:
    known = _of(address, size)
    if advice in (SET_READ_MOSTLY, UNSET_READ_MOSTLY):
        known.read_mostly = advice == SET_READ_MOSTLY
    elif advice == UNSET_PREFERRED:
        known.preferred = NOWHERE
    elif advice == SET_PREFERRED:
        _require_device(device)
        known.preferred = device
    elif advice in (SET_ACCESSED_BY, UNSET_ACCESSED_BY):
        _require_device(device)
        known.accessed_by = [other for other in known.accessed_by if other != device]
        known.accessed_by += [device] if advice == SET_ACCESSED_BY else []
    else:
        require(advice in (_SET_COARSE, _UNSET_COARSE))
        known.coarse = advice == _SET_COARSE


def hipMemAdvise_v2(address: int, size: int, advice: int, kind: int, number: int) -> None:
    hipMemAdvise(address, size, advice, _device_of(kind, number))


def hipMemRangeGetAttribute(out: int, room: int, attribute: int, address: int, size: int) -> None:
    require(out and room and room % 4 == 0)
    known = _of(address, size)
    if attribute == _ACCESSED_BY:
        count = room // 4
        devices = (known.accessed_by + [NOWHERE] * count)[:count]
        memory.write(out, struct.pack(f"<{count}i", *devices))
        return
    require(room == 4)
    values = {
        _READ_MOSTLY: int(known.read_mostly),
        _PREFERRED: known.preferred,
        _LAST_PREFETCH: _holding(address, size).prefetched,
        _COHERENCY: int(known.coarse),
    }
    require(attribute in values)
    memory.put_i32(out, values[attribute])


def hipMemRangeGetAttributes(
    out: int, rooms: int, attributes: int, count: int, address: int, size: int
) -> None:
    require(out and rooms and attributes and count)
    for position in range(count):
        hipMemRangeGetAttribute(
            memory.get_u64(out + 8 * position),
            memory.get_u64(rooms + 8 * position),
            memory.get_i32(attributes + 4 * position),
            address,
            size,
        )
