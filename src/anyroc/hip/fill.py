"""Filling memory: hipMemset and its relatives."""

from __future__ import annotations

import struct

from anyroc.cabi import memory
from anyroc.gpu.binding import Block
from anyroc.hip.alloc import end_of, find
from anyroc.hip.error import Error, HipError, require
from anyroc.hip.stream import Stream, of

_FORMATS = {1: "<B", 2: "<H", 4: "<I"}

PARAMETERS = struct.Struct("@QQIIQQ")
"""hipMemsetParams: address, pitch, value, bytes of an element, elements in a row, rows."""


def _linear(to: int, value: int, unit: int, count: int, stream: Stream) -> None:
    """Store `count` elements of `unit` bytes; HIP's memsets of device memory do not wait."""
    if not count:
        return
    require_allocated(to, unit * count)
    stream.submit().fill(to, pattern(value, unit), count)
    _settle(to, stream)


def rows(
    to: int, pitch: int, value: int, unit: int, width: int, height: int, stream: Stream
) -> None:
    """Fill `height` rows of `width` elements, `pitch` bytes apart."""
    if width and height:
        require(pitch >= width * unit)
        require_allocated(to, pitch * (height - 1) + width * unit)
        stream.submit().fill_block(to, pattern(value, unit), width * unit, height, 1, pitch, 0)
        _settle(to, stream)


def pattern(value: int, unit: int) -> bytes:
    """Return the `unit` bytes that a fill repeats."""
    return struct.pack(_FORMATS[unit], value & ((1 << 8 * unit) - 1))


def require_allocated(to: int, size: int) -> None:
    """Refuse a fill of what is not one allocation."""
    require(to)
    allocation = find(to)
    if allocation is None or to + size > end_of(allocation):
        raise HipError(Error.InvalidValue)


def _settle(to: int, stream: Stream) -> None:
    """Wait for a fill of host memory: the program may read it when the call returns."""
    allocation = find(to)
    if (
        stream.capture is None
        and allocation is not None
        and allocation.kind in ("host", "registered")
    ):
        stream.synchronize()


def hipMemset(to: int, value: int, size: int) -> None:
    _linear(to, value, 1, size, of(0))


def hipMemsetAsync(to: int, value: int, size: int, stream: int) -> None:
    _linear(to, value, 1, size, of(stream))


def hipMemsetD8(to: int, value: int, count: int) -> None:
    _linear(to, value, 1, count, of(0))


def hipMemsetD8Async(to: int, value: int, count: int, stream: int) -> None:
    _linear(to, value, 1, count, of(stream))


def hipMemsetD16(to: int, value: int, count: int) -> None:
    _linear(to, value, 2, count, of(0))


def hipMemsetD16Async(to: int, value: int, count: int, stream: int) -> None:
    _linear(to, value, 2, count, of(stream))


def hipMemsetD32(to: int, value: int, count: int) -> None:
    _linear(to, value, 4, count, of(0))


def hipMemsetD32Async(to: int, value: int, count: int, stream: int) -> None:
    _linear(to, value, 4, count, of(stream))


def hipMemset2D(to: int, pitch: int, value: int, width: int, height: int) -> None:
    rows(to, pitch, value, 1, width, height, of(0))


def hipMemset2DAsync(to: int, pitch: int, value: int, width: int, height: int, stream: int) -> None:
    rows(to, pitch, value, 1, width, height, of(stream))


def hipMemsetD2D8(to: int, pitch: int, value: int, width: int, height: int) -> None:
    rows(to, pitch, value, 1, width, height, of(0))


def hipMemsetD2D8Async(
    to: int, pitch: int, value: int, width: int, height: int, stream: int
) -> None:
    rows(to, pitch, value, 1, width, height, of(stream))


def hipMemsetD2D16(to: int, pitch: int, value: int, width: int, height: int) -> None:
    rows(to, pitch, value, 2, width, height, of(0))


def hipMemsetD2D16Async(
    to: int, pitch: int, value: int, width: int, height: int, stream: int
) -> None:
    rows(to, pitch, value, 2, width, height, of(stream))


def hipMemsetD2D32(to: int, pitch: int, value: int, width: int, height: int) -> None:
    rows(to, pitch, value, 4, width, height, of(0))


def hipMemsetD2D32Async(
    to: int, pitch: int, value: int, width: int, height: int, stream: int
) -> None:
    rows(to, pitch, value, 4, width, height, of(stream))


def _slices(pitched: int, value: int, extent: int, stream: Stream) -> None:
    to, pitch, _, rows = struct.unpack("<4Q", memory.read(pitched, 32))
    width, height, depth = struct.unpack("<3Q", memory.read(extent, 24))
    if width and height and depth:
        rows = rows or height
        require(pitch >= width and rows >= height)
        require_allocated(to, (rows * (depth - 1) + height - 1) * pitch + width)
        stream.submit().fill_block(to, pattern(value, 1), width, height, depth, pitch, pitch * rows)
        _settle(to, stream)


def hipMemset3D(pitched: int, value: int, extent: int) -> None:
    _slices(pitched, value, extent, of(0))


def hipMemset3DAsync(pitched: int, value: int, extent: int, stream: int) -> None:
    _slices(pitched, value, extent, of(stream))


def parameters(block: Block) -> bytes:
    """Return the hipMemsetParams of a fill."""
    size = block.width // block.unit, block.height * block.depth
    return PARAMETERS.pack(block.to, block.to_pitch, block.pattern, block.unit, *size)
