"""Stream memory operations: writing a value when the stream gets there, waiting for one."""

from __future__ import annotations

from anyroc.cabi import memory
from anyroc.hip import calls
from anyroc.hip.error import require
from anyroc.hip.graph import HOST, Work
from anyroc.hip.stream import Stream, of

GREATER_OR_EQUAL, EQUAL, AND, NOR = range(4)
"""What a wait compares: masked memory with the value."""

_WAIT_32, _WRITE_32, _WAIT_64, _WRITE_64 = 1, 2, 4, 5

OPERATION_SIZE = 48
"""Bytes of a hipStreamBatchMemOpParams."""


def _write(chosen: Stream, address: int, value: int, size: int) -> None:
    require(address and address % size == 0)
    chosen.submit().fill(address, value.to_bytes(size, "little"), 1)


def _wait(chosen: Stream, address: int, value: int, flags: int, mask: int, size: int) -> None:
    require(address and address % size == 0)
    require(flags in (GREATER_OR_EQUAL, EQUAL, AND, NOR))
    if chosen.capture is not None:
        # What waits is used up by waiting once.
        chosen.capture.add(
            chosen, HOST, Work(lambda stream: _wait(stream, address, value, flags, mask, size))
        )
        return
    chosen.submit().callback(*calls.value_wait(address, value, mask, flags, size))


def hipStreamWriteValue32(stream: int, address: int, value: int, flags: int) -> None:
    _write(of(stream), address, value, 4)


def hipStreamWriteValue64(stream: int, address: int, value: int, flags: int) -> None:
    _write(of(stream), address, value, 8)


def hipStreamWaitValue32(stream: int, address: int, value: int, flags: int, mask: int) -> None:
    _wait(of(stream), address, value, flags, mask, 4)


def hipStreamWaitValue64(stream: int, address: int, value: int, flags: int, mask: int) -> None:
    _wait(of(stream), address, value, flags, mask, 8)


def batch(stream: Stream, count: int, operations: int, flags: int) -> None:
    """Put an array of operations on a stream."""
    require(operations and count and flags == 0)
    for position in range(count):
        entry = operations + OPERATION_SIZE * position
        kind = memory.get_i32(entry)
        address, value = memory.get_u64(entry + 8), memory.get_u64(entry + 16)
        option = memory.get_i32(entry + 24)
        require(kind in (_WAIT_32, _WRITE_32, _WAIT_64, _WRITE_64))
        size = 4 if kind in (_WAIT_32, _WRITE_32) else 8
        everything = (1 << 8 * size) - 1
        if kind in (_WRITE_32, _WRITE_64):
            _write(stream, address, value & everything, size)
        else:
            _wait(stream, address, value & everything, option, everything, size)


def hipStreamBatchMemOp(stream: int, count: int, operations: int, flags: int) -> None:
    batch(of(stream), count, operations, flags)
