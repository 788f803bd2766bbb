"""Sharing device memory and events with other processes of the same user.

A handle names a process and one of its file descriptors; another process opens that through /proc.
Memory whose handle is asked for moves into pages that can be shared, at the address where it is.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from anyroc.cabi import memory
from anyroc.gpu.memory import PAGE, address_space
from anyroc.gpu.shared import Pages
from anyroc.hip.alloc import find, freeing, owner_of
from anyroc.hip.device import current
from anyroc.hip.error import Error, HipError, require
from anyroc.hip.event import SharedEvent, event_of, share
from anyroc.hip.state import lock

_HANDLE = struct.Struct("@4sIIIQQQ24x")  # kind, process, descriptor, device, offset, size, number
_MEMORY, _EVENT = b"mem\0", b"evt\0"
_LAZY_PEER_ACCESS = 1


@dataclass
class _Opened:
    """Memory of another process that is mapped here."""

    handle: bytes
    base: int
    pointer: int
    span: int
    users: int = 1


_exported: dict[int, Pages] = {}  # by the address of the first of the pages
_numbers: dict[int, int] = {}  # of allocations whose handles were given out, by address
_opened: list[_Opened] = []


@freeing.add
def _forget(address: int) -> None:
    """Stop sharing memory that is freed; who has it open keeps it."""
    if _numbers.pop(address, None) is None:
        return
    start, size = address_space().home(address)
    inside = [base for base in _numbers if start <= base < start + size]
    with lock:
        pages = None if inside else _exported.pop(start, None)
    if pages is not None:
        pages.close()


def _shared(base: int) -> tuple[Pages, int]:
    """Return pages that can be shared and hold an allocation, and their address."""
    space = address_space()
    start, size = space.home(base)
    pages = _exported.get(start)
    if pages is None or not _same(pages, start):
        if pages is not None:
            pages.close()
        pages = _exported[start] = Pages.make(size)
        pages.write(start, size)
        pages.map(start, size)
    return pages, start


def _same(pages: Pages, start: int) -> bool:
    """Tell whether pages that were shared before are still those at an address."""
    inode = str(os.fstat(pages.fd).st_ino)
    first = f"{start:x}"
    with Path("/proc/self/maps").open(encoding="utf-8") as maps:
        for line in maps:
            fields = line.split()
            if fields[0].partition("-")[0] == first:
                return fields[4] == inode
    return False


def hipIpcGetMemHandle(out: int, pointer: int) -> None:
    require(out and pointer)
    allocation = find(pointer)
    if allocation is None or allocation.kind != "device":
        raise HipError(Error.InvalidValue)
    owner = owner_of(allocation)
    owner.synchronize()
    with lock:
        address_space().mark(allocation.base, told=True)
        pages, start = _shared(allocation.base)
        number = _numbers.setdefault(allocation.base, int.from_bytes(os.urandom(8), "little"))
    size = allocation.end - pointer
    place = (os.getpid(), pages.fd, owner.index, pointer - start, size, number)
    memory.write(out, _HANDLE.pack(_MEMORY, *place))


def hipIpcOpenMemHandle(out: int, handle: int, flags: int) -> None:
    require(out and flags == _LAZY_PEER_ACCESS)
    raw = memory.read(handle, _HANDLE.size)
    kind, process, descriptor, _, offset, size, _ = _HANDLE.unpack(raw)
    require(kind == _MEMORY)
    require(process != os.getpid(), Error.InvalidContext)
    with lock:
        for known in _opened:
            if known.handle == raw:
                known.users += 1
                memory.put_u64(out, known.pointer)
                return
        with _pages_of(process, descriptor) as pages:
            require(offset + size <= pages.size)
            first = offset // PAGE * PAGE
            span = -(-(offset + size - first) // PAGE) * PAGE
            space = address_space()
            base = space.reserve(span)
            pages.map(base, span, first)
            pointer = base + offset - first
            space.attach(pointer, size, "shared", current().memory)
        _opened.append(_Opened(raw, base, pointer, span))
    memory.put_u64(out, pointer)


def own_memory(handle: int) -> int:
    """Return the address of the memory that a handle of this very process names, or 0."""
    kind, process, *_, size, number = memory.unpack(_HANDLE, handle)
    require(kind == _MEMORY)
    if process != os.getpid():
        return 0
    base = next((base for base, known in _numbers.items() if known == number), 0)
    allocation = find(base) if base else None
    if allocation is None:
        raise HipError(Error.InvalidValue)
    return int(allocation.end - size)


@contextmanager
def _pages_of(process: int, descriptor: int) -> Iterator[Pages]:
    """Open the pages of another process for a while."""
    try:
        fd = os.open(f"/proc/{process}/fd/{descriptor}", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        raise HipError(Error.InvalidHandle) from None
    pages = Pages(fd)
    try:
        yield pages
    finally:
        pages.close()


def hipIpcCloseMemHandle(pointer: int) -> None:
    require(pointer)
    with lock:
        known = next((opened for opened in _opened if opened.pointer == pointer), None)
        if known is None:
            raise HipError(Error.InvalidValue)
        known.users -= 1
        if known.users:
            return
        _opened.remove(known)
    current().synchronize()
    space = address_space()
    space.detach(known.pointer)
    space.unreserve(known.base, known.span)


def hipIpcGetEventHandle(out: int, event: int) -> None:
    require(out)
    require(event)
    found = event_of(event)
    require(isinstance(found, SharedEvent))
    assert isinstance(found, SharedEvent)
    place = (os.getpid(), found.pages.fd, 0, 0, found.pages.size, 0)
    memory.write(out, _HANDLE.pack(_EVENT, *place))


def hipIpcOpenEventHandle(out: int, handle: int) -> None:
    require(out)
    kind, process, descriptor, *_ = memory.unpack(_HANDLE, handle)
    require(kind == _EVENT)
    require(process != os.getpid(), Error.InvalidContext)
    try:
        fd = os.open(f"/proc/{process}/fd/{descriptor}", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        raise HipError(Error.InvalidHandle) from None
    memory.put_u64(out, share(Pages(fd)))
