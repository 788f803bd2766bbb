"""User objects: what graphs need, with a function that ends it with the last reference."""

from __future__ import annotations

from anyroc.cabi import memory
from anyroc.hip import calls
from anyroc.hip.error import Error, require
from anyroc.hip.graph import graph_of
from anyroc.hip.state import Handles, lock

_NO_DESTRUCTOR_SYNC = 1
_MOVE = 1
_MOST_REFERENCES = (1 << 31) - 1


class UserObject:
    """A counted reference to something of the program's."""

    def __init__(self, pointer: int, destroy: int, references: int) -> None:
        self.pointer = pointer
        self.destroy = destroy
        self.references = references
        self.handle = _objects.add(self)

    def retain(self, count: int) -> None:
        """Add references."""
        with lock:
            self.references += count

    def release(self, count: int) -> None:
        """Give references back; with the last the object ends.

        What gives back more than there are does nothing, as in AMD's library.
        """
        with lock:
            if count > self.references or not self.references:
                return
            self.references -= count
            if self.references:
                return
            _objects.remove(self.handle)
        calls.call(self.destroy, self.pointer)


_objects: Handles[UserObject] = Handles(Error.InvalidValue)


def hipUserObjectCreate(out: int, pointer: int, destroy: int, references: int, flags: int) -> None:
    require(out and destroy and flags == _NO_DESTRUCTOR_SYNC)
    require(0 < references <= _MOST_REFERENCES)
    memory.put_u64(out, UserObject(pointer, destroy, references).handle)


def hipUserObjectRetain(handle: int, count: int) -> None:
    require(handle and 0 < count <= _MOST_REFERENCES)
    if handle in _objects:
        _objects[handle].retain(count)


def hipUserObjectRelease(handle: int, count: int) -> None:
    require(handle and 0 < count <= _MOST_REFERENCES)
    if handle in _objects:  # AMD's library takes what has ended, too
        _objects[handle].release(count)


def hipGraphRetainUserObject(graph: int, handle: int, count: int, flags: int) -> None:
    require(0 < count <= _MOST_REFERENCES and flags in (0, _MOVE))
    require(handle)
    owner = graph_of(graph)
    if handle not in _objects:
        return
    found = _objects[handle]
    if flags != _MOVE:
        found.retain(count)
    owner.objects[found] = owner.objects.get(found, 0) + count


def hipGraphReleaseUserObject(graph: int, handle: int, count: int) -> None:
    require(0 < count <= _MOST_REFERENCES)
    require(handle)
    owner = graph_of(graph)
    if handle not in _objects:
        return
    found = _objects[handle]
    if owner.objects.get(found):
        owner.objects[found] -= min(count, owner.objects[found])
        found.release(count)
