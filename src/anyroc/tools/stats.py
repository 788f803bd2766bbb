"""What kernels did: instructions by class, bytes moved, waves, time.

The first tool on the instrumentation hooks. Per basic block it adds what the block holds, once per
wave that enters it; per memory access it adds the bytes of the lanes that take part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from anyroc import hooks
from anyroc.hooks import BlockSite, MemorySite
from anyroc.isa.instruction import Instruction
from anyroc.semantics.core import OPERATIONS, Access

CLASSES = (
    "vector", "matrix", "scalar", "branch", "memory", "scalar memory", "LDS", "wait and other",
)  # fmt: skip
"""What instructions are counted as. Dual-issued halves of one instruction count as two."""

BYTES = ("read", "written", "LDS read", "LDS written")
"""What bytes are counted as; an atomic reads and writes."""

_MATRIX = ("v_mfma", "v_smfmac", "v_wmma", "v_swmmac")
_BY_FORMAT = {
    "SOP1": "scalar", "SOP2": "scalar", "SOPC": "scalar", "SOPK": "scalar", "SMEM": "scalar memory",
    "DS": "LDS", "GLOBAL": "memory", "FLAT": "memory", "SCRATCH": "memory", "MUBUF": "memory",
    "MTBUF": "memory",
}  # fmt: skip


class ObservedKernel(Protocol):
    """A loaded kernel, as far as this tool looks at it."""

    @property
    def name(self) -> str: ...

    @property
    def counters(self) -> list[int]: ...

    @property
    def stats(self) -> Totals: ...


class Totals(Protocol):
    """What a kernel did that needs no instrument."""

    @property
    def launches(self) -> int: ...

    @property
    def waves(self) -> int: ...

    @property
    def busy_ns(self) -> int: ...


@dataclass
class KernelStats:
    """What the launches of one kernel did, all devices taken together.

    `instructions` counts one for each wave that executes it, by class; `moved` is in bytes;
    `seconds` is CPU time summed over the threads.
    """

    name: str
    launches: int = 0
    waves: int = 0
    seconds: float = 0.0
    instructions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CLASSES, 0))
    moved: dict[str, int] = field(default_factory=lambda: dict.fromkeys(BYTES, 0))


class Stats:
    """The instrument; `rows` gives what it has seen."""

    key = "stats-1"
    counters = len(CLASSES) + len(BYTES)

    def __init__(self) -> None:
        self._kernels: list[ObservedKernel] = []

    def block(self, site: BlockSite) -> Iterable[tuple[int, int]]:
        """Count the instructions of a block by class, and the bytes that scalar loads read."""
        counts = dict.fromkeys(range(self.counters), 0)
        for instruction in site.instructions:
            for part in instruction.parts or (instruction,):
                counts[CLASSES.index(class_of(part))] += 1
            counts[_byte_counter("read")] += _scalar_bytes(instruction)
        return [(counter, count) for counter, count in counts.items() if count]

    def access(self, site: MemorySite) -> Iterable[tuple[int, int]]:
        """Count the bytes that each lane moves."""
        if site.space in ("scalar", "scalar_buffer"):
            return []
        prefix = "LDS " if site.space == "lds" else ""
        kinds = {"load": ("read",), "store": ("written",), "atomic": ("read", "written")}
        return [(_byte_counter(prefix + kind), site.size) for kind in kinds[site.kind]]

    def prepared(self, kernel: ObservedKernel) -> None:
        """Note a kernel that was translated with this instrument."""
        self._kernels.append(kernel)

    def rows(self) -> list[KernelStats]:
        """Return a row per kernel that was launched, the one that took most time first."""
        rows: dict[str, KernelStats] = {}
        for kernel in self._kernels:
            totals = kernel.stats
            if not totals.launches:
                continue
            row = rows.setdefault(kernel.name, KernelStats(kernel.name))
            row.launches += totals.launches
            row.waves += totals.waves
            row.seconds += totals.busy_ns / 1e9
            counted = kernel.counters
            for name, count in zip(CLASSES, counted, strict=False):
                row.instructions[name] += count
            for name, count in zip(BYTES, counted[len(CLASSES) :], strict=False):
                row.moved[name] += count
        return sorted(rows.values(), key=lambda row: -row.seconds)


@contextmanager
def collect() -> Iterator[Stats]:
    """Observe the kernels that are launched in the body of the `with` statement."""
    instrument = Stats()
    hooks.register(instrument)
    try:
        yield instrument
    finally:
        hooks.unregister(instrument)


def class_of(instruction: Instruction) -> str:
    """Return the class, one of `CLASSES`, of an instruction."""
    if instruction.op.startswith(_MATRIX):
        return "matrix"
    if instruction.op.startswith(("s_branch", "s_cbranch", "s_setpc", "s_swappc", "s_call")):
        return "branch"
    if instruction.format.startswith("V"):
        return "vector"
    return _BY_FORMAT.get(instruction.format, "wait and other")


def _byte_counter(name: str) -> int:
    return len(CLASSES) + BYTES.index(name)


def _scalar_bytes(instruction: Instruction) -> int:
    operation = OPERATIONS.get(instruction.op)
    if isinstance(operation, Access) and operation.space in ("scalar", "scalar_buffer"):
        return operation.size
    return 0
