"""hipBLAS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from anyroc.cabi import memory, table
from anyroc.libs import blas, blas_ex
from anyroc.libs.handle import Handle, handles
from anyroc.libs.status import StatusError, failing
from anyroc.libs.transfers import Transfers

SUCCESS = 0
NOT_INITIALIZED = 1
ALLOC_FAILED = 2
INVALID_VALUE = 3
INTERNAL_ERROR = 6
NOT_SUPPORTED = 7
HANDLE_IS_NULLPTR = 9
INVALID_ENUM = 10

STATUS = blas.Status(NOT_INITIALIZED, INVALID_VALUE, INVALID_VALUE, INVALID_ENUM)
_NAMES = (
    *("SUCCESS", "NOT_INITIALIZED", "ALLOC_FAILED", "INVALID_VALUE", "MAPPING_ERROR"),
    *("EXECUTION_FAILED", "INTERNAL_ERROR", "NOT_SUPPORTED", "ARCH_MISMATCH"),
    *("HANDLE_IS_NULLPTR", "INVALID_ENUM", "UNKNOWN"),
)

failure = failing(invalid=INVALID_VALUE, memory=ALLOC_FAILED, internal=INTERNAL_ERROR)


def bodies() -> dict[str, Callable[..., Any]]:
    """Return the functions that compute."""
    found: dict[str, Callable[..., Any]] = {}
    for row in table.load("hipblas").functions:
        if row.section != "helper":
            body = blas_ex.body(row, STATUS) or blas.body(row, STATUS)
            if body is not None:
                found[row.name] = body
    return found


_transfers = Transfers(INVALID_VALUE)
hipblasSetVector = hipblasGetVector = _transfers.vector
hipblasSetVectorAsync = hipblasGetVectorAsync = _transfers.vector
hipblasSetMatrix = hipblasGetMatrix = _transfers.matrix
hipblasSetMatrixAsync = hipblasGetMatrixAsync = _transfers.matrix


def _handle(number: int) -> Handle:
    if not number:
        raise StatusError(HANDLE_IS_NULLPTR)
    if number not in handles:
        raise StatusError(NOT_INITIALIZED)
    return handles[number]


def hipblasCreate(out: int) -> None:
    memory.put_u64(out, handles.add(Handle()))


def hipblasDestroy(handle: int) -> None:
    _handle(handle)
    handles.remove(handle)


def hipblasSetStream(handle: int, stream: int) -> None:
    _handle(handle).set_stream(stream)


def hipblasGetStream(handle: int, out: int) -> None:
    memory.put_u64(out, _handle(handle).stream)


def hipblasSetPointerMode(handle: int, mode: int) -> None:
    _handle(handle).pointer_mode = mode


def hipblasGetPointerMode(handle: int, out: int) -> None:
    memory.put_i32(out, _handle(handle).pointer_mode)


def hipblasSetAtomicsMode(handle: int, mode: int) -> None:
    _handle(handle).settings["atomics"] = mode


def hipblasGetAtomicsMode(handle: int, out: int) -> None:
    memory.put_i32(out, _handle(handle).settings.get("atomics", 1))


def hipblasSetMathMode(handle: int, mode: int) -> None:
    _handle(handle).settings["math"] = mode


def hipblasGetMathMode(handle: int, out: int) -> None:
    memory.put_i32(out, _handle(handle).settings.get("math", 0))


def hipblasStatusToString(status: int) -> int:
    known = 0 <= status < len(_NAMES)
    return memory.c_string(f"HIPBLAS_STATUS_{_NAMES[status] if known else 'UNKNOWN'}")
