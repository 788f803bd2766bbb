"""Sharing memory pools: a descriptor stands for a pool, 64 bytes for memory of it.

The descriptor's file tells which devices may reach the pool; who has imported it reads that there.
Memory itself goes the way of `hipIpcGetMemHandle`.
"""

from __future__ import annotations

import os

from anyroc.cabi import memory
from anyroc.gpu.shared import Pages
from anyroc.hip import ipc
from anyroc.hip.alloc import find
from anyroc.hip.error import Error, HipError, require
from anyroc.hip.pool import ACCESS_SIZE, Pool, add, pools

_FILE_DESCRIPTOR = 1  # hipMemHandleTypePosixFileDescriptor


def hipMemPoolExportToShareableHandle(out: int, pool: int, kind: int, flags: int) -> None:
    require(out and pool in pools and kind == _FILE_DESCRIPTOR and flags == 0)
    found = pools[pool]
    require(found.handle_types & _FILE_DESCRIPTOR)
    memory.put_i32(out, os.dup(found.share().fd))


def hipMemPoolImportFromShareableHandle(out: int, handle: int, kind: int, flags: int) -> None:
    require(out and handle and kind == _FILE_DESCRIPTOR and flags == 0)
    try:
        shared = Pages(os.dup(handle & 0x7FFFFFFF))
    except OSError:
        raise HipError(Error.InvalidValue) from None
    if shared.size != ACCESS_SIZE:
        shared.close()
        raise HipError(Error.InvalidValue)
    memory.put_u64(out, add(Pool.imported(shared)))


def hipMemPoolExportPointer(out: int, pointer: int) -> None:
    require(out and pointer)
    found = find(pointer)
    require(found is not None and found.base == pointer)
    ipc.hipIpcGetMemHandle(out, pointer)


def hipMemPoolImportPointer(out: int, pool: int, data: int) -> None:
    require(out and data and pool in pools)
    own = ipc.own_memory(data)
    if own:
        memory.put_u64(out, own)
    else:
        ipc.hipIpcOpenMemHandle(out, data, 1)
