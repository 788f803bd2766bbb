"""Device variables by their host shadows: `__device__`, `__constant__`, `__managed__`."""

from __future__ import annotations

from anyroc.cabi import memory
from anyroc.hip import copy
from anyroc.hip.device import current
from anyroc.hip.error import Error, require
from anyroc.hip.registration import variable
from anyroc.hip.stream import Stream, of


def place(symbol: int, offset: int, size: int) -> int:
    """Return the device address of `size` bytes at an offset in a variable."""
    require(symbol, Error.InvalidSymbol)
    address, extent = variable(current(), symbol)
    require(offset + size <= extent)
    return address + offset


def _to(
    symbol: int, source: int, size: int, offset: int, kind: int, stream: Stream, *, wait: bool
) -> None:
    require(source)
    require(
        kind in (copy.HOST_TO_DEVICE, copy.DEVICE_TO_DEVICE, copy.DEFAULT),
        Error.InvalidMemcpyDirection,
    )
    copy.linear(place(symbol, offset, size), source, size, kind, stream, wait=wait)


def _from(
    to: int, symbol: int, size: int, offset: int, kind: int, stream: Stream, *, wait: bool
) -> None:
    require(to)
    require(
        kind in (copy.DEVICE_TO_HOST, copy.DEVICE_TO_DEVICE, copy.DEFAULT),
        Error.InvalidMemcpyDirection,
    )
    copy.linear(to, place(symbol, offset, size), size, kind, stream, wait=wait)


def hipMemcpyToSymbol(symbol: int, source: int, size: int, offset: int, kind: int) -> None:
    _to(symbol, source, size, offset, kind, of(0), wait=True)


def hipMemcpyToSymbolAsync(
    symbol: int, source: int, size: int, offset: int, kind: int, stream: int
) -> None:
    _to(symbol, source, size, offset, kind, of(stream), wait=False)


def hipMemcpyFromSymbol(to: int, symbol: int, size: int, offset: int, kind: int) -> None:
    _from(to, symbol, size, offset, kind, of(0), wait=True)


def hipMemcpyFromSymbolAsync(
    to: int, symbol: int, size: int, offset: int, kind: int, stream: int
) -> None:
    _from(to, symbol, size, offset, kind, of(stream), wait=False)


def hipGetSymbolAddress(out: int, symbol: int) -> None:
    require(out)
    require(symbol, Error.InvalidSymbol)
    memory.put_u64(out, variable(current(), symbol)[0])


def hipGetSymbolSize(out: int, symbol: int) -> None:
    require(out)
    require(symbol, Error.InvalidSymbol)
    memory.put_u64(out, variable(current(), symbol)[1])
