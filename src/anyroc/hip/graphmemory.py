"""Memory that graphs allocate and free when they run.

An allocation has its address from when its node is made, and its pages with it. Running the node
begins its use; the node that frees it, or the program that does so outside the graph, ends it. The
memory is kept for the next run for as long as there is a node.
"""

from __future__ import annotations

import struct
import sys
from collections import Counter, deque
from dataclasses import dataclass

from anyroc.cabi import memory
from anyroc.gpu.memory import address_space
from anyroc.hip import graph
from anyroc.hip.alloc import allocate, find, freeing, keepers, owner_of
from anyroc.hip.device import Gpu, gpu, gpus, resetting
from anyroc.hip.error import Error, HipError, require
from anyroc.hip.graph import Action, Work
from anyroc.hip.stream import Stream

PARAMETERS = struct.Struct("@iiiiQQ56xQQQQ")
"""hipMemAllocNodeParams: the pool's properties, access descriptors, their count, size, address."""

_PINNED, _ON_DEVICE = 1, 1
_ACCESS_SIZE = 12
_POINTER = struct.Struct("@Q")
_USED, _USED_HIGH, _RESERVED, _RESERVED_HIGH = range(4)


@dataclass
class Usage:
    """How many bytes graphs use and hold of a device, now and at most so far."""

    used: int = 0
    used_high: int = 0
    reserved: int = 0
    reserved_high: int = 0

    def take(self, size: int) -> None:
        """Begin the use of an allocation."""
        self.used += size
        self.used_high = max(self.used_high, self.used)
        self.reserved = max(self.reserved, self.used)
        self.reserved_high = max(self.reserved_high, self.reserved)


_usage: dict[int, Usage] = {}
_live: dict[int, tuple[Usage, int]] = {}  # allocations in use, by address: whose, and their sizes


@resetting.add
def _forget(chosen: Gpu) -> None:
    _usage.pop(chosen.index, None)


def usage(device: int) -> Usage:
    """Return the account of a device; raises InvalidDevice."""
    return _usage.setdefault(gpu(device).index, Usage())


def allocation(parameters: int) -> Work:
    """Return the work that a hipMemAllocNodeParams describes; its address is stored there."""
    require(parameters)
    values = list(memory.unpack(PARAMETERS, parameters))
    kind, _, place, device = values[:4]
    descriptors, count, size = values[6:9]
    require(kind == _PINNED and place == _ON_DEVICE and size and (descriptors or not count))
    require(0 <= device < len(gpus()))
    chosen = gpu(device)
    for position in range(count):
        require(memory.get_i32(descriptors + position * _ACCESS_SIZE) == _ON_DEVICE)
    _collect()
    address = allocate(chosen, size)
    memory.put_u64(parameters + PARAMETERS.size - 8, address)
    return allocated(address, memory.read(parameters, PARAMETERS.size))


def allocated(address: int, parameters: bytes = b"") -> Work:
    """Return the work of beginning the use of an allocation, which ends with that work."""
    found = find(address)
    number = found.number if found is not None else 0
    return Work(begin(address), parameters, (_Pages(address, number),))


class _Pages:
    """The memory of an allocation, for as long as a node can run it.

    It may end anywhere, also in a thread that holds locks.
    """

    def __init__(self, address: int, number: int) -> None:
        self._place = address, number
        _nodes[address] += 1

    def __del__(self) -> None:
        if sys is not None and not sys.is_finalizing():
            _nodes[self._place[0]] -= 1
            _ended.append(self._place)


_nodes: Counter[int] = Counter()  # that can run, by the addresses of their allocations
_ended: deque[tuple[int, int]] = deque()


@graph.destroyed.add
def _collect() -> None:
    """Free what no node can use any more, unless the program has it in use."""
    while _ended:
        address, number = _ended.popleft()
        if _nodes[address]:
            continue
        del _nodes[address]
        found = find(address)
        if found is not None and found.number == number and address not in _live:
            owner_of(found).memory.free(address)


def begin(address: int) -> Action:
    """Return what begins the use of an allocation."""

    def action(_: Stream) -> None:
        found = find(address)
        if found is None:
            raise HipError(Error.InvalidValue)
        if address not in _live:
            address_space().mark(address, told=True)
            account = usage(owner_of(found).index)
            _live[address] = (account, found.size)
            account.take(found.size)

    return action


def release(address: int) -> Work:
    """Return the work of ending the use of an allocation."""
    found = find(address)
    require(found is not None and found.base == address)

    def action(_: Stream) -> None:
        forget(address)

    return Work(action, _POINTER.pack(address))


def _keeps(address: int) -> bool:
    """Whether a node can use again what the program frees; InvalidValue if it is not in use."""
    require(not _nodes.get(address) or address in _live)
    return bool(_nodes.get(address))


keepers.append(_keeps)


@freeing.add
def forget(address: int) -> None:
    """End the use of an allocation, if it is one of a graph."""
    account, size = _live.pop(address, (None, 0))
    if account is not None:
        account.used -= size
        account.reserved = account.used  # as AMD's library tells it, though the pages stay


def hipDeviceGetGraphMemAttribute(device: int, attribute: int, out: int) -> None:
    account = usage(device)
    require(out and _USED <= attribute <= _RESERVED_HIGH)
    numbers = (account.used, account.used_high, account.reserved, account.reserved_high)
    memory.put_u64(out, numbers[attribute])


def hipDeviceSetGraphMemAttribute(device: int, attribute: int, value: int) -> None:
    account = usage(device)
    require(value and attribute in (_USED_HIGH, _RESERVED_HIGH) and memory.get_u64(value) == 0)
    if attribute == _USED_HIGH:
        account.used_high = account.used
    else:
        account.reserved_high = account.reserved


def hipDeviceGraphMemTrim(device: int) -> None:
    account = usage(device)
    account.reserved = account.used
