"""What C and Python know together of kernels and events, as cabi/hip_*.c declare it.

C owns an event's structure, Python a kernel's, which C forgets before it ends.
"""

from __future__ import annotations

import ctypes

from anyroc.gpu.binding import Block


class FastKernel(ctypes.Structure):
    """struct fast_kernel: a kernel on a device, and the shapes of launches that it is ready for.

    Of `room_block` work-items with `room_shared` bytes `room` blocks fit on the device at once.
    """

    _fields_ = (
        ("kernel", ctypes.c_void_p),
        ("wave_size", ctypes.c_uint32),
        ("ready", ctypes.c_uint32),
        ("has_arguments", ctypes.c_uint32),
        ("device", ctypes.c_uint32),
        ("prints", ctypes.c_uint32),
        ("room", ctypes.c_uint32),
        ("room_block", ctypes.c_uint32),
        ("room_shared", ctypes.c_uint32),
    )

    @property
    def address(self) -> int:
        """Where it lies."""
        return ctypes.addressof(self)


class EventRecord(ctypes.Structure):
    """struct event.

    `event` is the software GPU's, `stream` the record of the stream that it was recorded on last.
    """

    _fields_ = (
        ("handle", ctypes.c_uint64),
        ("latest", ctypes.c_uint64),
        ("spare", ctypes.c_void_p),
        ("event", ctypes.c_void_p),
        ("stream", ctypes.c_void_p),
        ("timed", ctypes.c_uint8),
        ("held", ctypes.c_uint8),
        ("captured", ctypes.c_uint8),
        ("recorded_on", ctypes.c_uint64),
        ("frees", ctypes.c_uint64),
    )


class PoolRecord(ctypes.Structure):
    """The beginning of struct pool: bytes in use and held, now and at most, and its settings."""

    _fields_ = (
        ("handle", ctypes.c_uint64),
        ("latest", ctypes.c_uint64),
        ("spare", ctypes.c_void_p),
        ("used", ctypes.c_uint64),
        ("used_high", ctypes.c_uint64),
        ("reserved", ctypes.c_uint64),
        ("reserved_high", ctypes.c_uint64),
        ("threshold", ctypes.c_uint64),
        ("most", ctypes.c_uint64),
        ("options", ctypes.c_int32 * 3),
        ("device", ctypes.c_uint32),
    )


class Step(ctypes.Structure):
    """struct step: a part of a graph's plan."""

    _fields_ = (
        ("kind", ctypes.c_uint32),
        ("shared", ctypes.c_uint32),
        ("kernel", ctypes.c_void_p),
        ("arguments", ctypes.c_void_p),
        ("size", ctypes.c_uint64),
        ("grid", ctypes.c_uint32 * 3),
        ("shape", ctypes.c_uint32 * 3),
        ("block", Block),
    )


class StreamFields(ctypes.Structure):
    """The beginning of struct stream."""

    _fields_ = (
        ("handle", ctypes.c_uint64),
        ("latest", ctypes.c_uint64),
        ("spare", ctypes.c_void_p),
        ("queue", ctypes.c_void_p),
        ("next", ctypes.c_void_p),
        ("mark", ctypes.c_void_p),
        ("seen", ctypes.c_uint64),
        ("joined", ctypes.c_uint64),
        ("device", ctypes.c_uint32),
        ("users", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("priority", ctypes.c_int32),
        ("open", ctypes.c_uint8),
        ("legacy", ctypes.c_uint8),
        ("blocking", ctypes.c_uint8),
        ("begun", ctypes.c_uint8),
        ("forbids", ctypes.c_uint8),
        ("begun_by", ctypes.c_uint64),
    )


MOST_CONTEXTS = 64


class ThreadFields(ctypes.Structure):
    """What C has of a thread: its device, and the stack of contexts, named by their devices."""

    _fields_ = (
        ("device", ctypes.c_int),
        ("own_null", ctypes.c_int),
        ("own_stream", ctypes.c_uint64 * 16),
        ("depth", ctypes.c_int),
        ("contexts", ctypes.c_int * MOST_CONTEXTS),
    )
