"""rocBLAS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from anyroc.cabi import memory, table
from anyroc.libs import blas, blas_ex
from anyroc.libs.handle import Handle, handles
from anyroc.libs.status import StatusError, failing
from anyroc.libs.transfers import Transfers

(
    SUCCESS,
    INVALID_HANDLE,
    NOT_IMPLEMENTED,
    INVALID_POINTER,
    INVALID_SIZE,
    MEMORY_ERROR,
    INTERNAL_ERROR,
) = range(7)
"""rocblas_status."""
INVALID_VALUE = 11

STATUS = blas.Status(INVALID_HANDLE, INVALID_POINTER, INVALID_SIZE, INVALID_VALUE)
VERSION = b"5.0.0"
_NAMES = {
    SUCCESS: "success",
    INVALID_HANDLE: "invalid handle",
    NOT_IMPLEMENTED: "not implemented",
    INVALID_POINTER: "invalid pointer",
    INVALID_SIZE: "invalid size",
    MEMORY_ERROR: "memory error",
    INTERNAL_ERROR: "internal error",
    INVALID_VALUE: "invalid value",
}

failure = failing(invalid=INVALID_POINTER, memory=MEMORY_ERROR, internal=INTERNAL_ERROR)


def bodies() -> dict[str, Callable[..., Any]]:
    """Return the functions that compute."""
    found: dict[str, Callable[..., Any]] = {}
    for row in table.load("rocblas").functions:
        if row.section != "helper":
            body = blas_ex.body(row, STATUS) or blas.body(row, STATUS)
            if body is not None:
                found[row.name] = body
    return found


_transfers = Transfers(INVALID_SIZE)
rocblas_set_vector = rocblas_get_vector = _transfers.vector
rocblas_set_vector_async = rocblas_get_vector_async = _transfers.vector
rocblas_set_matrix = rocblas_get_matrix = _transfers.matrix
rocblas_set_matrix_async = rocblas_get_matrix_async = _transfers.matrix


def handle_of(number: int) -> Handle:
    """Return what a handle stands for; raises StatusError."""
    if number not in handles:
        raise StatusError(INVALID_HANDLE)
    return handles[number]


def rocblas_create_handle(out: int) -> None:
    memory.put_u64(out, handles.add(Handle()))


def rocblas_destroy_handle(handle: int) -> None:
    handle_of(handle)
    handles.remove(handle)


def rocblas_set_stream(handle: int, stream: int) -> None:
    handle_of(handle).set_stream(stream)


def rocblas_get_stream(handle: int, out: int) -> None:
    memory.put_u64(out, handle_of(handle).stream)


def rocblas_set_pointer_mode(handle: int, mode: int) -> None:
    handle_of(handle).pointer_mode = mode


def rocblas_get_pointer_mode(handle: int, out: int) -> None:
    memory.put_i32(out, handle_of(handle).pointer_mode)


def rocblas_set_atomics_mode(handle: int, mode: int) -> None:
    handle_of(handle).settings["atomics"] = mode


def rocblas_get_atomics_mode(handle: int, out: int) -> None:
    memory.put_i32(out, handle_of(handle).settings.get("atomics", 1))


def rocblas_set_math_mode(handle: int, mode: int) -> None:
    handle_of(handle).settings["math"] = mode


def rocblas_get_math_mode(handle: int, out: int) -> None:
    memory.put_i32(out, handle_of(handle).settings.get("math", 0))


def rocblas_set_workspace(handle: int, address: int, size: int) -> None:
    handle_of(handle)


def rocblas_initialize() -> None:
    pass


def rocblas_status_to_string(status: int) -> int:
    return memory.c_string(f"rocblas_status_{_NAMES.get(status, 'unknown').replace(' ', '_')}")


def rocblas_get_version_string(out: int, size: int) -> None:
    if not out or size <= len(VERSION):
        raise StatusError(INVALID_SIZE)
    memory.write_string(out, VERSION, size)


def rocblas_get_version_string_size(out: int) -> None:
    memory.put_u64(out, len(VERSION) + 1)
