"""How tools observe kernels: instruments whose code is compiled in, or absent.

An instrument is asked, while a kernel is translated, what to count at each site; the answer becomes
code.  A kernel translated with instruments is another entry of the cache, so without one nothing is
tested, branched over or paid for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from anyroc.isa.instruction import Instruction

__all__ = ["BlockSite", "Instrument", "MemorySite", "active", "register", "unregister"]


@dataclass(frozen=True)
class BlockSite:
    """A basic block: its address and the instructions that run each time it is entered."""

    address: int
    instructions: tuple[Instruction, ...]


@dataclass(frozen=True)
class MemorySite:
    """A memory instruction: ``size`` bytes per enabled lane."""

    instruction: Instruction
    space: str
    kind: str
    size: int


class Instrument(Protocol):
    """A tool's part in translation.

    ``key`` names the instrument and its version: it enters the cache key.  ``counters`` is how
    many 64-bit counters a launch needs; ``block`` and ``access`` give pairs of a counter's index
    and what to add: per entry of the block, or per enabled lane of the access.
    """

    key: str
    counters: int

    def block(self, site: BlockSite) -> Iterable[tuple[int, int]]: ...

    def access(self, site: MemorySite) -> Iterable[tuple[int, int]]: ...


_active: list[Instrument] = []


def active() -> tuple[Instrument, ...]:
    """The instruments that kernels are translated with now."""
    return tuple(_active)


def register(instrument: Instrument) -> None:
    """Kernels launched from here on are observed by ``instrument``."""
    _active.append(instrument)


def unregister(instrument: Instrument) -> None:
    """Ends what :func:`register` began."""
    _active.remove(instrument)
