"""Plans of graphs: what C needs to launch them without Python.

A graph whose nodes are kernels, copies and fills of memory that HIP knows gets one when it is
launched a second time without a change.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anyroc.cabi import memory
from anyroc.cabi.fast import Step
from anyroc.gpu.binding import Block
from anyroc.hip import calls
from anyroc.hip.error import Error, HipError

if TYPE_CHECKING:
    from anyroc.hip.function import Function

_LAUNCH, _BLOCK = 0, 1

Dim = tuple[int, int, int]


@dataclass(frozen=True)
class Launch:
    """A launch of a kernel with its arguments."""

    function: Function
    grid: Dim
    block: Dim
    shared: int
    arguments: bytes

    def step(self, device: int) -> tuple[Step, object] | None:
        """Return what C launches it by on a device, and what that refers to; None: it cannot."""
        fast = self.function.quick(self.block, device)
        if fast is None:
            return None
        kept = memory.Buffer(self.arguments)
        made = Step(
            kind=_LAUNCH,
            shared=self.shared,
            kernel=fast.address,
            arguments=kept.address,
            size=len(self.arguments),
            grid=self.grid,
            shape=self.block,
        )
        return made, (fast, kept)


@dataclass(frozen=True)
class Transfer:
    """A copy or a fill."""

    block: Block

    def step(self, _: int) -> tuple[Step, object] | None:
        """Return what C puts on a queue; see `Launch.step`."""
        return Step(kind=_BLOCK, block=self.block), None


Part = Launch | Transfer


def copied(to: int, source: int, size: int) -> Transfer:
    """Return a linear copy."""
    return Transfer(Block(to=to, source=source, width=size, height=1, depth=1))


def filled(to: int, pattern: bytes, width: int, height: int, depth: int, *steps: int) -> Transfer:
    """Return a fill, of the arguments of `Queue.fill_block`."""
    pitch, slice_ = steps
    block = Block(to=to, width=width, height=height, depth=depth, to_pitch=pitch, to_slice=slice_)
    block.fill, block.unit = 1, len(pattern)
    block.pattern = int.from_bytes(pattern, "little")
    return Transfer(block)


class Record:
    """What C knows of an executable graph."""

    def __init__(self) -> None:
        self._address = calls.begin_graph()
        if not self._address:
            raise HipError(Error.OutOfMemory)
        self.handle = calls.graph_handle(self._address)
        self._steps: object = None
        self._age = 0  # of the graph and what it consists of when it was launched last

    def launched(self, parts: Iterable[Part] | None, device: int) -> None:
        """Note a launch of something that consists of `parts`, if C can do all of it.

        The second without a change leaves the next ones to C.
        """
        age = calls.plans_age()
        if self._age != age:
            self._age = age
            return
        made = [] if parts is None else [part.step(device) for part in parts]
        known = [step for step in made if step is not None]
        if parts is None or len(known) < len(made):
            return
        steps = (Step * max(len(known), 1))(*(step for step, _ in known))
        calls.plan_graph(self._address, ctypes.addressof(steps), len(known), age)
        self._steps = steps, known

    def end(self) -> None:
        """Make the handle invalid."""
        calls.end_graph(self._address)
