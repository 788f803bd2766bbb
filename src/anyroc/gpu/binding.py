"""The C runtime's structures and functions through ctypes; native/runtime.h is the original."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, byref, c_char_p, c_int, c_int32, c_int64, c_uint32, c_uint64, c_void_p
from functools import cache
from typing import Any

from anyroc import native

OK, NOT_READY, FAULTED, NO_MEMORY = 0, 1, 2, 3
BLOCK_TOO_LARGE, LDS_TOO_LARGE, EMPTY_GRID, BAD_ADDRESS, ARGS_TOO_LARGE = 4, 5, 6, 7, 8
NO_ROOM, NO_ADDRESSES = 9, 10

TOLD, RELEASED, SYNCHRONOUS = 4, 8, 32
"""Bits of an allocation's state: Python is to be told before it is freed; a queue will free it; the
program wants copies of it to be synchronous, as it may say and ask."""

ANY, FULL, LINEAR, ROWS = 0, 1, 2, 3
"""What translated code may take for granted of a launch: nothing; that all waves start with all
lanes; that moreover the lanes of a wave are consecutive in x, or runs of 16 of them."""

NO_SGPR = 0xFF
NO_LANE = 0xFFFFFFFF
SHARED_APERTURE = 0x00010000
PRIVATE_APERTURE = 0x00020000

HIDDEN_KINDS = {
    "hidden_block_count_x": 1,
    "hidden_block_count_y": 2,
    "hidden_block_count_z": 3,
    "hidden_group_size_x": 4,
    "hidden_group_size_y": 5,
    "hidden_group_size_z": 6,
    "hidden_remainder_x": 7,
    "hidden_remainder_y": 8,
    "hidden_remainder_z": 9,
    "hidden_grid_dims": 10,
    "hidden_dynamic_lds_size": 11,
    "hidden_queue_ptr": 12,
    "hidden_printf_buffer": 16,
    "hidden_hostcall_buffer": 17,
    "hidden_heap_v1": 18,
    "hidden_multigrid_sync_arg": 19,
}
"""Hidden arguments that the runtime computes per launch; others are constants."""

HIDDEN_CONSTANTS = {
    "hidden_private_base": PRIVATE_APERTURE,
    "hidden_shared_base": SHARED_APERTURE,
}


class Wave(ctypes.Structure):
    """struct anyroc_wave."""

    _fields_ = (
        ("sgpr", c_uint32 * 128),
        ("scc", c_uint32),
        ("mode", c_uint32),
        ("resume", c_uint32),
        ("pc", c_uint32),
        ("budget", c_int64),
        ("vgpr", c_void_p),
        ("lds", c_void_p),
        ("lds_size", c_uint32),
        ("wave_size", c_uint32),
        ("scratch", c_void_p),
        ("scratch_size", c_uint32),
        ("wave_id", c_uint32),
        ("code_base", c_uint64),
        ("counters", c_void_p),
        ("group", c_void_p),
        ("fault_address", c_uint64),
        ("fault_lane", c_uint32),
        ("fault_kind", c_uint32),
        ("fault_size", c_uint32),
        ("trap_id", c_uint32),
        ("gang_wanted", c_uint32),
        ("gang_at", c_uint32),
        ("gang_done", c_uint32),
        ("gang_number", c_uint32),
        ("gang_ahead", c_uint64),
    )


class Hidden(ctypes.Structure):
    """struct anyroc_hidden."""

    _fields_ = (
        ("offset", c_uint32),
        ("size", c_uint32),
        ("kind", c_uint32),
        ("reserved", c_uint32),
        ("value", c_uint64),
    )


class Param(ctypes.Structure):
    """struct anyroc_param."""

    _fields_ = (("offset", c_uint32), ("size", c_uint32))


class Extra(ctypes.Structure):
    """struct anyroc_extra."""

    _fields_ = (
        ("tail", c_uint32 * 3),
        ("cooperative", c_uint32),
        ("buffers", c_uint64 * 4),
    )


class Kernel(ctypes.Structure):
    """struct anyroc_kernel."""

    _fields_ = (
        ("entry", c_void_p * 4),
        ("code_base", c_uint64),
        ("kernel_object", c_uint64),
        ("wave_size", c_uint32),
        ("vgpr_rows", c_uint32),
        ("lds_size", c_uint32),
        ("scratch_size", c_uint32),
        ("mode", c_uint32),
        ("max_block", c_uint32),
        ("max_lds", c_uint32),
        ("kernarg_size", c_uint32),
        ("user_sgprs", c_uint32),
        ("packed_ids", c_uint32),
        ("id_dims", c_uint32),
        ("ids_in_ttmp", c_uint32),
        ("preload_sgpr", c_uint32),
        ("preload_count", c_uint32),
        ("preload_offset", c_uint32),
        ("needs_no_ids", c_uint32),
        ("sgpr_dispatch_ptr", ctypes.c_uint8),
        ("sgpr_queue_ptr", ctypes.c_uint8),
        ("sgpr_kernarg_ptr", ctypes.c_uint8),
        ("sgpr_dispatch_id", ctypes.c_uint8),
        ("sgpr_scratch_size", ctypes.c_uint8),
        ("sgpr_group_x", ctypes.c_uint8),
        ("sgpr_group_y", ctypes.c_uint8),
        ("sgpr_group_z", ctypes.c_uint8),
        ("sgpr_scratch_buffer", ctypes.c_uint8),
        ("sgpr_scratch_offset", ctypes.c_uint8),
        ("reserved", ctypes.c_uint8 * 2),
        ("hidden_count", c_uint32),
        ("param_count", c_uint32),
        ("hidden", POINTER(Hidden)),
        ("params", POINTER(Param)),
        ("counter_count", c_uint32),
        ("improvable", c_uint32),
        ("counters", POINTER(c_uint64)),
        ("launches", c_uint64),
        ("waves", c_uint64),
        ("busy_ns", c_uint64),
        ("group_ns", c_uint64),
        ("shape_ns", c_uint64 * 4),
    )


class FaultRecord(ctypes.Structure):
    """struct anyroc_fault_record."""

    _fields_ = (
        ("kind", c_uint32),
        ("lane", c_uint32),
        ("size", c_uint32),
        ("trap_id", c_uint32),
        ("address", c_uint64),
        ("kernel", c_void_p),
        ("group", c_uint32 * 3),
        ("wave_id", c_uint32),
        ("pc", c_uint32),
        ("status", c_uint32),
        ("vgprs", c_void_p),
        ("vgpr_size", c_uint64),
        ("wave", Wave),
    )


class Block(ctypes.Structure):
    """struct anyroc_block."""

    _fields_ = (
        ("to", c_uint64),
        ("source", c_uint64),
        ("width", c_uint64),
        ("height", c_uint64),
        ("depth", c_uint64),
        ("to_pitch", c_uint64),
        ("source_pitch", c_uint64),
        ("to_slice", c_uint64),
        ("source_slice", c_uint64),
        ("pattern", c_uint64),
        ("unit", c_uint32),
        ("fill", c_uint32),
    )


EVERY_KIND = 0x3F
"""Allocations of all kinds, a bit each."""


class Allocation(ctypes.Structure):
    """struct anyroc_allocation."""

    _fields_ = (
        ("base", c_uint64),
        ("size", c_uint64),
        ("kind", c_uint32),
        ("device", c_uint32),
        ("flags", c_uint32),
        ("state", c_uint32),
        ("start", c_uint64),
        ("span", c_uint64),
        ("pages", c_uint64),
        ("number", c_uint64),
        ("memory", c_void_p),
        ("slab", c_void_p),
        ("prefetched", c_int32),
        ("reserved", c_int32),
    )


class Options(ctypes.Structure):
    """struct anyroc_options."""

    _fields_ = (
        ("threads", c_uint32),
        ("poison", c_uint32),
        ("seed", c_uint64),
        ("step_limit", c_uint64),
    )


_DIM = (c_uint32,) * 3
_PROTOTYPES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "anyroc_memory_begin": (c_int, ()),
    "anyroc_memory_make": (c_void_p, (c_uint32, c_uint64, c_uint32)),
    "anyroc_memory_count": (c_int, (c_void_p, c_uint64, c_uint32)),
    "anyroc_memory_alloc": (
        c_int,
        (c_void_p, c_uint64, c_uint32, c_uint64, c_uint32, POINTER(c_uint64)),
    ),
    "anyroc_memory_free": (c_int, (c_uint64, c_uint32, c_uint32)),
    "anyroc_memory_reserve": (c_uint64, (c_uint64, c_uint64)),
    "anyroc_memory_unreserve": (None, (c_uint64, c_uint64)),
    "anyroc_memory_attach": (c_int, (c_void_p, c_uint64, c_uint64, c_uint32)),
    "anyroc_memory_detach": (c_int, (c_uint64,)),
    "anyroc_memory_home": (c_int, (c_uint64, POINTER(c_uint64), POINTER(c_uint64))),
    "anyroc_memory_addresses": (c_void_p, ()),
    "anyroc_addresses_make": (c_void_p, (c_uint64, c_uint64)),
    "anyroc_addresses_take": (c_uint64, (c_void_p, c_uint64, c_uint64)),
    "anyroc_addresses_give": (None, (c_void_p, c_uint64, c_uint64)),
    "anyroc_addresses_gaps": (c_uint64, (c_void_p, c_void_p, c_uint64)),
    "anyroc_allocation_find": (c_int, (c_uint64, POINTER(Allocation))),
    "anyroc_allocation_nearest": (c_int, (c_uint64, POINTER(Allocation))),
    "anyroc_allocation_mark": (c_int, (c_uint64, c_uint32, c_uint32)),
    "anyroc_allocation_prefetch": (c_int, (c_uint64, c_int32)),
    "anyroc_allocations": (c_uint64, (c_void_p, c_uint64)),
    "anyroc_queue_free": (c_int, (c_void_p, c_uint64, c_uint32, c_uint32)),
    "anyroc_host_register": (c_int, (c_uint64, c_uint64, c_uint32)),
    "anyroc_host_unregister": (c_int, (c_uint64,)),
    "anyroc_host_find": (
        c_int,
        (c_uint64, POINTER(c_uint64), POINTER(c_uint64), POINTER(c_uint32)),
    ),
    "anyroc_queue_create": (c_void_p, (c_uint64, c_uint64)),
    "anyroc_queue_destroy": (None, (c_void_p,)),
    "anyroc_queue_query": (c_int, (c_void_p,)),
    "anyroc_queue_submitted": (c_uint64, (c_void_p,)),
    "anyroc_queue_waiter_runs": (None, (c_void_p,)),
    "anyroc_queue_wait": (c_int, (c_void_p, c_uint64, c_int64)),
    "anyroc_queue_fault": (c_int, (c_void_p, POINTER(FaultRecord), c_void_p, c_uint64)),
    "anyroc_queue_clear_fault": (None, (c_void_p,)),
    "anyroc_queue_call": (c_int, (c_void_p, c_void_p, c_void_p)),
    "anyroc_queue_block": (c_int, (c_void_p, POINTER(Block))),
    "anyroc_queue_block_now": (c_int, (c_void_p, POINTER(Block))),
    "anyroc_queue_copy_now": (c_int, (c_void_p, c_uint64, c_uint64, c_uint64)),
    "anyroc_hot_start": (None, ()),
    "anyroc_hot_guard": (None, ()),
    "anyroc_hot_wait": (c_int, (POINTER(c_void_p), POINTER(c_uint32))),
    "anyroc_hot_done": (None, ()),
    "anyroc_hot_stop": (None, ()),
    "anyroc_stop": (None, (c_uint32,)),
    "anyroc_event_create": (c_void_p, ()),
    "anyroc_event_destroy": (None, (c_void_p,)),
    "anyroc_event_record": (c_int, (c_void_p, c_void_p)),
    "anyroc_event_stream_wait": (c_int, (c_void_p, c_void_p)),
    "anyroc_event_query": (c_int, (c_void_p,)),
    "anyroc_event_wait": (c_int, (c_void_p, c_int64)),
    "anyroc_event_time": (c_int, (c_void_p, POINTER(c_uint64), POINTER(c_uint32))),
    "anyroc_launch": (
        c_int,
        (c_void_p, c_void_p, *_DIM, *_DIM, c_uint32, c_char_p, c_uint64, c_void_p, c_void_p),
    ),
}


MOST_VGPR_BYTES = 512 * 64 * 4


def fault_of(queue: int) -> tuple[FaultRecord, bytes] | None:
    """Return a queue's fault and the vector registers of its wave, None if it has no fault."""
    record, vgprs = FaultRecord(), ctypes.create_string_buffer(MOST_VGPR_BYTES)
    if runtime().anyroc_queue_fault(queue, byref(record), vgprs, MOST_VGPR_BYTES) == OK:
        return None
    return record, vgprs.raw[: record.vgpr_size]


@cache
def runtime() -> ctypes.CDLL:
    """Return the native library with the prototypes of the runtime's functions set."""
    library = native.library()
    for name, (result, arguments) in _PROTOTYPES.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    return library


def options() -> Options:
    """Return the runtime's options; changes take effect with the next launch."""
    return Options.in_dll(native.library(), "anyroc_options")


def range_bounds() -> tuple[int, int]:
    """Return (first address, size) of the reserved device range, (0, 0) before it is reserved."""
    library = native.library()
    base = c_uint64.in_dll(library, "anyroc_range_base").value
    return base, c_uint64.in_dll(library, "anyroc_range_size").value


def set_range_bounds(base: int, size: int) -> None:
    """Let kernels use (first address, size) without further checks, from now on."""
    library = native.library()
    c_uint64.in_dll(library, "anyroc_range_base").value = base
    c_uint64.in_dll(library, "anyroc_range_size").value = size


def read_memory(address: int, size: int) -> bytes:
    """Return bytes of this process's memory; the caller vouches for the address."""
    return ctypes.string_at(address, size)


def write_memory(address: int, data: bytes) -> None:
    """Write bytes to this process's memory; the caller vouches for the address."""
    ctypes.memmove(address, data, len(data))


def fill_memory(address: int, byte: int, size: int) -> None:
    """Set `size` bytes of this process's memory; the caller vouches for the address."""
    ctypes.memset(address, byte, size)


def wait_for_hot() -> tuple[int, int] | None:
    """Wait for a kernel that has proved hot: (address of its structure, shape); None: no more."""
    kernel, shape = c_void_p(), c_uint32()
    if not runtime().anyroc_hot_wait(byref(kernel), byref(shape)):
        return None
    return kernel.value or 0, shape.value


def event_time(handle: int) -> tuple[int | None, bool]:
    """Return (time in ns if complete else None, whether the event was ever recorded)."""
    time, recorded = c_uint64(), c_uint32()
    result = runtime().anyroc_event_time(handle, byref(time), byref(recorded))
    return (time.value if result == OK else None), bool(recorded.value)
