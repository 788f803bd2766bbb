"""Copies to, from and between arrays."""

from __future__ import annotations

from anyroc.hip.array import array_of
from anyroc.hip.copy import Box, box, linear, require_kind
from anyroc.hip.error import Error, require
from anyroc.hip.stream import Stream, of

_DEFAULT = 4


def _to(
    array: int,
    x: int,
    y: int,
    source: int,
    pitch: int,
    width: int,
    height: int,
    kind: int,
    stream: Stream,
    *,
    wait: bool,
) -> None:
    found = array_of(array)
    require_kind(kind)
    require(source)
    require(height <= 1 or width <= pitch, Error.InvalidPitchValue)
    place = found.place(x, y, 0, width, height)
    box(Box(place, source, width, height, 1, found.pitch, pitch), stream, wait=wait)


def _from(
    to: int,
    pitch: int,
    array: int,
    x: int,
    y: int,
    width: int,
    height: int,
    kind: int,
    stream: Stream,
    *,
    wait: bool,
) -> None:
    found = array_of(array)
    require_kind(kind)
    require(to)
    require(height <= 1 or width <= pitch, Error.InvalidPitchValue)
    place = found.place(x, y, 0, width, height)
    box(Box(to, place, width, height, 1, pitch, found.pitch), stream, wait=wait)


def hipMemcpy2DToArray(
    array: int, x: int, y: int, source: int, pitch: int, width: int, height: int, kind: int
) -> None:
    _to(array, x, y, source, pitch, width, height, kind, of(0), wait=True)


def hipMemcpy2DToArrayAsync(
    array: int,
    x: int,
    y: int,
    source: int,
    pitch: int,
    width: int,
    height: int,
    kind: int,
    stream: int,
) -> None:
    _to(array, x, y, source, pitch, width, height, kind, of(stream), wait=False)


def hipMemcpy2DFromArray(
    to: int, pitch: int, array: int, x: int, y: int, width: int, height: int, kind: int
) -> None:
    _from(to, pitch, array, x, y, width, height, kind, of(0), wait=True)


def hipMemcpy2DFromArrayAsync(
    to: int, pitch: int, array: int, x: int, y: int, width: int, height: int, kind: int, stream: int
) -> None:
    _from(to, pitch, array, x, y, width, height, kind, of(stream), wait=False)


def hipMemcpy2DArrayToArray(
    to: int,
    to_x: int,
    to_y: int,
    source: int,
    source_x: int,
    source_y: int,
    width: int,
    height: int,
    kind: int,
) -> None:
    first, second = array_of(to), array_of(source)
    require_kind(kind)
    place = first.place(to_x, to_y, 0, width, height)
    start = second.place(source_x, source_y, 0, width, height)
    box(Box(place, start, width, height, 1, first.pitch, second.pitch), of(0), wait=True)


def _rest(array: int, x: int, y: int, size: int) -> int:
    """Return the address of bytes that begin in a row and may go on in those behind it."""
    found = array_of(array)
    start = y * found.pitch + x
    require(x <= found.pitch and start + size <= found.slice)
    return found.base + start


def hipMemcpyToArray(array: int, x: int, y: int, source: int, size: int, kind: int) -> None:
    linear(_rest(array, x, y, size), source, size, kind, of(0), wait=True)


def hipMemcpyFromArray(to: int, array: int, x: int, y: int, size: int, kind: int) -> None:
    linear(to, _rest(array, x, y, size), size, kind, of(0), wait=True)


def hipMemcpyAtoH(to: int, array: int, offset: int, size: int) -> None:
    linear(to, array_of(array).bytes_at(offset, size), size, _DEFAULT, of(0), wait=True)


def hipMemcpyAtoHAsync(to: int, array: int, offset: int, size: int, stream: int) -> None:
    linear(to, array_of(array).bytes_at(offset, size), size, _DEFAULT, of(stream), wait=False)


def hipMemcpyHtoA(array: int, offset: int, source: int, size: int) -> None:
    linear(array_of(array).bytes_at(offset, size), source, size, _DEFAULT, of(0), wait=True)


def hipMemcpyHtoAAsync(array: int, offset: int, source: int, size: int, stream: int) -> None:
    linear(array_of(array).bytes_at(offset, size), source, size, _DEFAULT, of(stream), wait=False)


hipMemcpyAtoD = hipMemcpyAtoH
hipMemcpyDtoA = hipMemcpyHtoA


def hipMemcpyAtoA(to: int, to_offset: int, source: int, offset: int, size: int) -> None:
    place = array_of(to).bytes_at(to_offset, size)
    linear(place, array_of(source).bytes_at(offset, size), size, _DEFAULT, of(0), wait=True)
