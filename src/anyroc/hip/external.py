"""External memory and semaphores: what another API or process has made and names by a descriptor.

Memory is a file that can be mapped, which is how drivers on the CPU export theirs. A semaphore is
an eventfd: signalling adds one, waiting takes one. Other kinds of handles are not supported.
"""

from __future__ import annotations

import ctypes
import os
import struct
from dataclasses import dataclass, field

from anyroc.cabi import memory
from anyroc.gpu.memory import PAGE, OutOfMemory, address_space
from anyroc.gpu.shared import Pages
from anyroc.hip.device import Gpu, current
from anyroc.hip.error import Error, HipError, require
from anyroc.hip.graph import Work
from anyroc.hip.state import Handles
from anyroc.hip.stream import Stream, of

_MEMORY = struct.Struct("@i4xi12xQI")  # type, descriptor, size, flags
_BUFFER = struct.Struct("@QQI")
_SEMAPHORE = struct.Struct("@i4xi12xI")
NODE = struct.Struct("@QQI4x")
"""hipExternalSemaphoreSignalNodeParams and its twin for waiting."""

_OPAQUE_FD = 1
_KNOWN = range(1, 11)
_PARAMETERS = 144  # bytes of hipExternalSemaphoreSignalParams and its twin for waiting


@dataclass
class _Memory:
    """A hipExternalMemory_t: pages, and where they are mapped."""

    gpu: Gpu
    pages: Pages
    size: int
    mapped: list[tuple[int, int, int]] = field(default_factory=list)  # pointer, base, span


_memories: Handles[_Memory] = Handles(Error.InvalidValue)
_semaphores: Handles[int] = Handles(Error.InvalidValue)  # descriptors


def hipImportExternalMemory(out: int, description: int) -> None:
    require(out and description)
    kind, fd, size, flags = memory.unpack(_MEMORY, description)
    require(kind in _KNOWN and size and flags in (0, 1))
    if kind != _OPAQUE_FD:
        raise HipError(Error.NotSupported)
    require(_length(fd) >= size)
    memory.put_u64(out, _memories.add(_Memory(current(), Pages(fd), size)))


def _length(fd: int) -> int:
    try:
        return os.fstat(fd).st_size
    except OSError:
        return 0


def hipExternalMemoryGetMappedBuffer(out: int, external: int, description: int) -> None:
    require(out and external and description)
    found = _memories[external]
    offset, size, flags = memory.unpack(_BUFFER, description)
    require(size and flags == 0 and offset + size <= found.size)
    first = offset // PAGE * PAGE
    span = -(-(offset + size - first) // PAGE) * PAGE
    space = address_space()
    base = space.reserve(span)
    try:
        found.pages.map(base, span, first)
    except OutOfMemory:
        space.unreserve(base, span)
        raise HipError(Error.MapFailed) from None
    pointer = base + offset - first
    space.attach(pointer, size, "shared", found.gpu.memory)
    found.mapped.append((pointer, base, span))
    memory.put_u64(out, pointer)


def hipDestroyExternalMemory(external: int) -> None:
    require(external)
    found = _memories.remove(external)
    found.gpu.synchronize()
    space = address_space()
    for pointer, base, span in found.mapped:
        space.detach(pointer)
        space.unreserve(base, span)
    found.pages.close()


def hipImportExternalSemaphore(out: int, description: int) -> None:
    require(out and description)
    kind, fd, flags = memory.unpack(_SEMAPHORE, description)
    require(kind in _KNOWN and flags == 0)
    if kind != _OPAQUE_FD or not _is_eventfd(fd):
        raise HipError(Error.NotSupported)
    memory.put_u64(out, _semaphores.add(fd))


def _is_eventfd(fd: int) -> bool:
    try:
        return "eventfd" in os.readlink(f"/proc/self/fd/{fd}")  # noqa: PTH115 - no path there
    except OSError:
        return False


def hipDestroyExternalSemaphore(semaphore: int) -> None:
    require(semaphore)
    os.close(_semaphores.remove(semaphore))


def _signal(fd: int) -> None:
    os.write(fd, (1).to_bytes(8, "little"))


def _wait(fd: int) -> None:
    taken = int.from_bytes(os.read(fd, 8), "little")
    if taken > 1:  # not of the kind that counts down by one: give the rest back
        os.write(fd, (taken - 1).to_bytes(8, "little"))


_CALLS = {
    wait: ctypes.CFUNCTYPE(None, ctypes.c_size_t)(body)
    for wait, body in ((False, _signal), (True, _wait))
}


def work(parameters: int, *, wait: bool) -> Work:
    """Return the work that a hipExternalSemaphore{Signal,Wait}NodeParams describes."""
    require(parameters)
    semaphores, details, count = memory.unpack(NODE, parameters)
    handles = _handles(semaphores, details, count)
    kept = (
        memory.Buffer(struct.pack(f"@{count}Q", *handles)),
        memory.Buffer(memory.read(details, _PARAMETERS * count)),
    )
    raw = NODE.pack(kept[0].address, kept[1].address, count)
    return Work(lambda stream: _put(stream, handles, wait=wait), raw, kept)


def _handles(semaphores: int, details: int, count: int) -> list[int]:
    require(semaphores and details and count)
    handles = list(struct.unpack(f"@{count}Q", memory.read(semaphores, 8 * count)))
    require(all(handle in _semaphores for handle in handles))
    return handles


def _put(stream: Stream, handles: list[int], *, wait: bool) -> None:
    queue = stream.submit()
    address = ctypes.cast(_CALLS[wait], ctypes.c_void_p).value or 0
    for handle in handles:
        queue.callback(address, _semaphores[handle])


def hipSignalExternalSemaphoresAsync(
    semaphores: int, details: int, count: int, stream: int
) -> None:
    _put(of(stream), _handles(semaphores, details, count), wait=False)


def hipWaitExternalSemaphoresAsync(semaphores: int, details: int, count: int, stream: int) -> None:
    _put(of(stream), _handles(semaphores, details, count), wait=True)
