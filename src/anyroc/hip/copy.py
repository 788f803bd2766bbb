"""Copies: linear, in two and three dimensions, between host and devices.

Every address is valid on the host and on every device, so the direction that the caller names is
checked and otherwise not needed.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from anyroc.cabi import memory
from anyroc.gpu.binding import Block
from anyroc.gpu.memory import address_space
from anyroc.hip.alloc import end_of, find
from anyroc.hip.array import array_of
from anyroc.hip.device import gpu
from anyroc.hip.error import Error, HipError, require
from anyroc.hip.stream import Stream, of

_HOST_TO_HOST = 0
HOST_TO_DEVICE, DEVICE_TO_HOST, DEVICE_TO_DEVICE, DEFAULT = 1, 2, 3, 4
_KINDS = {_HOST_TO_HOST, HOST_TO_DEVICE, DEVICE_TO_HOST, DEVICE_TO_DEVICE, DEFAULT, 1024}

_HOST, _DEVICE, _MANAGED, _ARRAY, _UNIFIED = 1, 2, 3, 10, 11
_PARAM_2D = struct.Struct("@QQi4xQQQQ QQi4xQQQQ QQ")
DRIVER_PARAMETERS_3D = struct.Struct("@QQQQi4xQQQQQ QQQQi4xQQQQQ QQQ")
PARAMETERS_3D = struct.Struct("@Q3Q4Q Q3Q4Q 3Qi4x")
_PEER_3D = struct.Struct("@Q3Q4Qi4x Q3Q4Qi4x 3Q")
_OPERAND = struct.Struct("@i4xQQQQ")
_EXTENT = struct.Struct("@3Q")
_BATCH_3D_SIZE = 112
_POINTER_OPERAND, _ARRAY_OPERAND = 1, 2


@dataclass(frozen=True)
class Box:
    """A copy of `depth` slices of `height` rows of `width` bytes; pitches and slices in bytes."""

    to: int
    source: int
    width: int
    height: int
    depth: int = 1
    to_pitch: int = 0
    source_pitch: int = 0
    to_slice: int = 0
    source_slice: int = 0


def linear(to: int, source: int, size: int, kind: int, stream: Stream, *, wait: bool) -> None:
    """Copy `size` bytes, and with `wait` return only when that is done.

    Host memory that HIP knows nothing of is the program's again when the call returns: it is read
    or written by then, whether `wait` is set or not.
    """
    if not size:
        return
    require(to and source)
    require_kind(kind)
    to_known = require_room(to, size)
    source_known = require_room(source, size)
    if stream.capture is None and not (wait or (to_known and source_known)):
        if to_known and not stream.queue.query():
            stream.copy_staged(to, source, size)
            return
        wait = True
    queue = stream.submit()
    if wait:
        queue.copy_now(to, source, size)
        stream.finish()
    else:
        queue.copy(to, source, size)


def require_kind(kind: int) -> None:
    """Refuse what is no hipMemcpyKind."""
    require(kind in _KINDS, Error.InvalidMemcpyDirection)


def require_direction(to: int, source: int, size: int, kind: int) -> None:
    """Refuse a copy whose kind is not that of its ends, where one is memory HIP does not know."""
    if require_room(to, size) & require_room(source, size):
        return
    to_is_device, source_is_device = (_is_device(address) for address in (to, source))
    if kind in (DEVICE_TO_DEVICE, HOST_TO_DEVICE):
        require(to_is_device is not False)
    if kind in (DEVICE_TO_DEVICE, DEVICE_TO_HOST):
        require(source_is_device is not False)
    if kind in (_HOST_TO_HOST, DEVICE_TO_HOST):
        require(to_is_device is not True)
    if kind in (_HOST_TO_HOST, HOST_TO_DEVICE):
        require(source_is_device is not True)


def _is_device(address: int) -> bool | None:
    """Tell whether an address is the device's alone (True), the host's (False), or both's."""
    allocation = find(address)
    if allocation is None:
        return False if not address_space().holds(address) else None
    return True if allocation.kind in ("device", "mapped", "shared") else None


def parameters_1d(to: int, source: int, size: int, kind: int) -> bytes:
    """Return the hipMemcpy3DParms of a linear copy."""
    ends = (0, 0, 0, 0, source, size, size, 1), (0, 0, 0, 0, to, size, size, 1)
    return PARAMETERS_3D.pack(*ends[0], *ends[1], size, 1, 1, kind)


def parameters_3d(block: Block) -> bytes:
    """Return the hipMemcpy3DParms of the copy of a box."""
    ends = []
    for address, pitch, slice_ in (
        (block.source, block.source_pitch, block.source_slice),
        (block.to, block.to_pitch, block.to_slice),
    ):
        pitch = pitch or block.width
        ends += [0, 0, 0, 0, address, pitch, block.width, slice_ // pitch or block.height]
    return PARAMETERS_3D.pack(*ends, block.width, block.height, block.depth, DEFAULT)


def require_room(address: int, size: int) -> bool:
    """Tell whether a range lies in an allocation; refuse one that begins there and ends behind.

    Refuse also memory of the device that is not allocated, or not any more.
    """
    allocation = find(address)
    if allocation is None:
        require(not address_space().holds(address))
        return False
    require(address + size <= end_of(allocation))
    return True


def require_rooms(copy: Box) -> bool:
    """Tell whether both ends of a copy lie in allocations; refuse as `require_room` does."""
    require(copy.to and copy.source)
    rows = copy.height - 1
    slices = copy.depth - 1
    known = require_room(copy.to, slices * copy.to_slice + rows * copy.to_pitch + copy.width)
    span = slices * copy.source_slice + rows * copy.source_pitch + copy.width
    return require_room(copy.source, span) and known


def box(copy: Box, stream: Stream, *, wait: bool) -> None:
    """Copy a box, and with `wait` return only when that is done; see `linear`."""
    if not (copy.width and copy.height and copy.depth):
        return
    known = require_rooms(copy)
    wait = wait or (not known and stream.capture is None)
    queue = stream.submit()
    queue.copy_block(
        copy.to,
        copy.source,
        copy.width,
        copy.height,
        copy.depth,
        copy.to_pitch,
        copy.source_pitch,
        copy.to_slice,
        copy.source_slice,
        now=wait,
    )
    if wait:
        stream.finish()


def hipMemcpy(to: int, source: int, size: int, kind: int) -> None:
    linear(to, source, size, kind, of(0), wait=True)


def hipMemcpyWithStream(to: int, source: int, size: int, kind: int, stream: int) -> None:
    linear(to, source, size, kind, of(stream), wait=True)


def hipMemcpyAsync(to: int, source: int, size: int, kind: int, stream: int) -> None:
    linear(to, source, size, kind, of(stream), wait=False)


def hipMemcpyHtoD(to: int, source: int, size: int) -> None:
    linear(to, source, size, HOST_TO_DEVICE, of(0), wait=True)


def hipMemcpyDtoH(to: int, source: int, size: int) -> None:
    linear(to, source, size, DEVICE_TO_HOST, of(0), wait=True)


def hipMemcpyDtoD(to: int, source: int, size: int) -> None:
    linear(to, source, size, DEVICE_TO_DEVICE, of(0), wait=True)


def hipMemcpyHtoDAsync(to: int, source: int, size: int, stream: int) -> None:
    linear(to, source, size, HOST_TO_DEVICE, of(stream), wait=False)


def hipMemcpyDtoHAsync(to: int, source: int, size: int, stream: int) -> None:
    linear(to, source, size, DEVICE_TO_HOST, of(stream), wait=False)


def hipMemcpyDtoDAsync(to: int, source: int, size: int, stream: int) -> None:
    linear(to, source, size, DEVICE_TO_DEVICE, of(stream), wait=False)


def hipMemcpyPeer(to: int, to_device: int, source: int, source_device: int, size: int) -> None:
    gpu(to_device), gpu(source_device)
    linear(to, source, size, DEVICE_TO_DEVICE, of(0), wait=True)


def hipMemcpyPeerAsync(
    to: int, to_device: int, source: int, source_device: int, size: int, stream: int
) -> None:
    gpu(to_device), gpu(source_device)
    linear(to, source, size, DEVICE_TO_DEVICE, of(stream), wait=False)


def _copy_2d(
    to: int, to_pitch: int, source: int, source_pitch: int, width: int, height: int, kind: int
) -> Box:
    require_kind(kind)
    if width and height:
        require(to and source)
        require(width <= to_pitch and width <= source_pitch, Error.InvalidPitchValue)
    return Box(to, source, width, height, 1, to_pitch, source_pitch)


def hipMemcpy2D(
    to: int, to_pitch: int, source: int, source_pitch: int, width: int, height: int, kind: int
) -> None:
    copy = _copy_2d(to, to_pitch, source, source_pitch, width, height, kind)
    box(copy, of(0), wait=True)


def hipMemcpy2DAsync(
    to: int,
    to_pitch: int,
    source: int,
    source_pitch: int,
    width: int,
    height: int,
    kind: int,
    stream: int,
) -> None:
    copy = _copy_2d(to, to_pitch, source, source_pitch, width, height, kind)
    box(copy, of(stream), wait=False)


def hipMemcpyBatchAsync(
    to: int,
    source: int,
    sizes: int,
    count: int,
    attributes: int,
    indices: int,
    attribute_count: int,
    failed: int,
    stream: int,
) -> None:
    chosen = of(stream)
    require(to and source and sizes and count)
    for position in range(count):
        place = 8 * position
        size = memory.get_u64(sizes + place)
        ends = memory.get_u64(to + place), memory.get_u64(source + place)
        try:
            linear(*ends, size, DEFAULT, chosen, wait=False)
        except HipError:
            if failed:
                memory.put_u64(failed, position)
            raise


@dataclass(frozen=True)
class End:
    """One end of a copy of a box: where it begins, and how far its rows and slices are apart."""

    address: int
    pitch: int
    slice: int


def between(to: End, source: End, width: int, height: int, depth: int) -> Box:
    """Return the copy of a box, `width` bytes wide, from one end to the other."""
    return Box(
        *(to.address, source.address, width, height, depth),
        *(to.pitch, source.pitch, to.slice, source.slice),
    )


def _linear_end(
    base: int, pitch: int, rows: int, corner: tuple[int, int, int], width: int, height: int
) -> End:
    x, y, z = corner
    slice_ = pitch * (rows or height)
    return End(base + z * slice_ + y * pitch + x, pitch, slice_)


def _driver_end(
    kind: int,
    places: tuple[int, int, int],
    corner: tuple[int, int, int],
    pitch: int,
    rows: int,
    size: tuple[int, int, int],
) -> End:
    """Return the end that host address, device address or array, by their kind, are of."""
    require(kind in (_HOST, _DEVICE, _MANAGED, _ARRAY, _UNIFIED))
    host, device, array = places
    width, height, _ = size
    if kind == _ARRAY:
        found = array_of(array)
        return End(found.place(*corner, *size), found.pitch, found.slice)
    pitch = pitch or width
    require(width <= pitch)
    base = host if kind == _HOST else device
    require(base)
    return _linear_end(base, pitch, rows, corner, width, height)


def _param_2d(address: int) -> Box:
    require(address)
    values = memory.unpack(_PARAM_2D, address)
    sx, sy, s_kind, s_host, s_device, s_array, s_pitch = values[:7]
    dx, dy, d_kind, d_host, d_device, d_array, d_pitch, width, height = values[7:]
    if not (width and height):
        return Box(0, 0, 0, 0)
    size = width, height, 1
    source = _driver_end(s_kind, (s_host, s_device, s_array), (sx, sy, 0), s_pitch, 0, size)
    to = _driver_end(d_kind, (d_host, d_device, d_array), (dx, dy, 0), d_pitch, 0, size)
    return between(to, source, width, height, 1)


def hipMemcpyParam2D(parameters: int) -> None:
    box(_param_2d(parameters), of(0), wait=True)


hipDrvMemcpy2DUnaligned = hipMemcpyParam2D


def hipMemcpyParam2DAsync(parameters: int, stream: int) -> None:
    box(_param_2d(parameters), of(stream), wait=False)


def _runtime_end(
    array: int,
    corner: tuple[int, int, int],
    pitched: tuple[int, int, int, int],
    size: tuple[int, int, int],
) -> End:
    """Return the end that an array or a hipPitchedPtr is; an array's corner is in elements."""
    base, pitch, row, rows = pitched
    width, height, _ = size
    require(bool(array) != bool(base))
    if array:
        found = array_of(array)
        x, y, z = corner
        return End(found.place(x * found.format.size, y, z, *size), found.pitch, found.slice)
    require(row <= pitch, Error.InvalidPitchValue)
    require(width + corner[0] <= pitch)
    return _linear_end(base, pitch, rows, corner, width, height)


def box_of(address: int) -> Box:
    """Return the copy that a hipMemcpy3DParms describes."""
    require(address)
    values = memory.unpack(PARAMETERS_3D, address)
    require_kind(values[19])
    return _runtime_box(values[:8], values[8:16], values[16:19])


def _runtime_box(source: tuple[int, ...], to: tuple[int, ...], extent: tuple[int, int, int]) -> Box:
    """Return the copy between two ends that are array, corner and hipPitchedPtr each.

    Where an array takes part the extent is in its elements.
    """
    arrays = [array_of(end[0]) for end in (source, to) if end[0]]
    sizes = {array.format.size for array in arrays}
    require(len(sizes) <= 1)
    width, height, depth = extent
    width *= sizes.pop() if sizes else 1
    size = width, height, depth
    if not all(size):
        return Box(0, 0, 0, 0)
    first, second = (
        _runtime_end(end[0], (end[1], end[2], end[3]), (end[4], end[5], end[6], end[7]), size)
        for end in (to, source)
    )
    return between(first, second, *size)


def hipMemcpy3D(parameters: int) -> None:
    box(box_of(parameters), of(0), wait=True)


def hipMemcpy3DAsync(parameters: int, stream: int) -> None:
    box(box_of(parameters), of(stream), wait=False)


def driver_box_of(address: int) -> Box:
    """Return the copy that a HIP_MEMCPY3D describes."""
    require(address)
    values = memory.unpack(DRIVER_PARAMETERS_3D, address)
    sx, sy, sz, _, s_kind, s_host, s_device, s_array, s_pitch, s_rows = values[:10]
    dx, dy, dz, _, d_kind, d_host, d_device, d_array, d_pitch, d_rows = values[10:20]
    width, height, depth = size = values[20:]
    if not all(size):
        return Box(0, 0, 0, 0)
    source = _driver_end(s_kind, (s_host, s_device, s_array), (sx, sy, sz), s_pitch, s_rows, size)
    to = _driver_end(d_kind, (d_host, d_device, d_array), (dx, dy, dz), d_pitch, d_rows, size)
    return between(to, source, width, height, depth)


def hipDrvMemcpy3D(parameters: int) -> None:
    box(driver_box_of(parameters), of(0), wait=True)


def hipDrvMemcpy3DAsync(parameters: int, stream: int) -> None:
    box(driver_box_of(parameters), of(stream), wait=False)


def _peer_box(parameters: int) -> Box:
    """Return the copy that a hipMemcpy3DPeerParms describes."""
    require(parameters)
    values = memory.unpack(_PEER_3D, parameters)
    gpu(values[8]), gpu(values[17])
    return _runtime_box(values[:8], values[9:17], values[18:])


def hipMemcpy3DPeer(parameters: int) -> None:
    box(_peer_box(parameters), of(0), wait=True)


def hipMemcpy3DPeerAsync(parameters: int, stream: int) -> None:
    box(_peer_box(parameters), of(stream), wait=False)


def _operand(address: int, size: tuple[int, int, int]) -> tuple[int, ...]:
    """Return array, corner and hipPitchedPtr of a hipMemcpy3DOperand."""
    kind, first, second, third, fourth = memory.unpack(_OPERAND, address)
    require(kind in (_POINTER_OPERAND, _ARRAY_OPERAND))
    if kind == _ARRAY_OPERAND:
        return first, second, third, fourth, 0, 0, 0, 0
    pitch = second or size[0]
    return 0, 0, 0, 0, first, pitch, pitch, third or size[1]


def hipMemcpy3DBatchAsync(
    count: int, operations: int, failed: int, flags: int, stream: int
) -> None:
    chosen = of(stream)
    require(count and operations and flags == 0)
    for position in range(count):
        place = operations + position * _BATCH_3D_SIZE
        try:
            extent = memory.unpack(_EXTENT, place + 2 * _OPERAND.size)
            size = extent[0], extent[1], extent[2]
            source, to = _operand(place, size), _operand(place + _OPERAND.size, size)
            box(_runtime_box(source, to, size), chosen, wait=False)
        except HipError:
            if failed:
                memory.put_u64(failed, position)
            raise
