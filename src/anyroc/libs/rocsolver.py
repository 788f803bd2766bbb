"""rocSOLVER; its handles are rocBLAS's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from anyroc.cabi import memory, table
from anyroc.libs import blas, rocblas
from anyroc.libs.status import StatusError

VERSION = b"3.30.0"

failure = rocblas.failure


def bodies() -> dict[str, Callable[..., Any]]:
    """Return the functions that compute."""
    rows = table.load("rocsolver").functions
    found = {row.name: blas.body(row, rocblas.STATUS) for row in rows if row.section != "helper"}
    return {name: body for name, body in found.items() if body is not None}


def rocsolver_get_version_string(out: int, size: int) -> None:
    if not out or size <= len(VERSION):
        raise StatusError(rocblas.INVALID_SIZE)
    memory.write_string(out, VERSION, size)


def rocsolver_get_version_string_size(out: int) -> None:
    memory.put_u64(out, len(VERSION) + 1)
