"""What emitting a basic block works with, shared by the parts that emit its instructions."""

from __future__ import annotations

from typing import Any

from anyroc.isa.instruction import Instruction
from anyroc.semantics.core import Op
from anyroc.translate import layout
from anyroc.translate.cfg import SCALARS, Block, Graph
from anyroc.translate.lane_sources import TEMPORARY
from anyroc.translate.llvm import CodeBuilder
from anyroc.translate.matrices import MatrixRun
from anyroc.translate.memory import MemoryEmitter
from anyroc.translate.registers import ScalarFile
from anyroc.translate.routines import Routines
from anyroc.translate.sequence import LaneQueue
from anyroc.translate.shapes import Claims

__all__ = ["BlockState"]


class BlockState:
    """The kernel's code so far, and the state of the block at hand.

    ``routines``: what quick code may call, None for the full form; ``full``: scalar registers known
    to hold full masks; ``claims``: affine rows; ``live``: rows needed after the current instruction
    by enabled and by disabled lanes.
    """

    def __init__(self, graph: Graph, routines: Routines | None) -> None:
        self.graph = graph
        self.routines = routines
        self.code = CodeBuilder()
        self.memory = MemoryEmitter(
            self.code,
            graph.wave_size,
            graph.accum_offset,
            graph.target,
            routines.symbols if routines is not None else (),
        )
        self.memory.kernarg = graph.kernarg
        self.resume_ids: dict[int, int] = {}
        self.tables: list[str] = []
        self.indirect = False
        self.start_block(graph.blocks[graph.entry], {})

    def start_block(self, block: Block, claims: Claims) -> None:
        """Forgets the block before."""
        self.block = block
        self.scalars = ScalarFile(self.code, self.graph.wave_size)
        self.queue = LaneQueue(self.code, self.scalars, self.memory, self.graph)
        self.run = MatrixRun()
        self.full = block.full
        self.claims = claims
        self.live = (0, 0)

    def store_scalars(self) -> None:
        """Puts scalar registers that later blocks read where they live."""
        self.scalars.store(self.block.live_out >> SCALARS)

    @property
    def block_open(self) -> bool:
        """Whether the current LLVM block still lacks its terminator."""
        return not self.code.lines[-1].startswith(("br ", "ret ", "switch "))

    def flush(self) -> None:
        """Emits what is queued."""
        self.queue.flush(layout.EXEC in self.full)

    def queue_vector(
        self, parts: list[tuple[Instruction, Op]], uses: int, defs: int, allowed: Any = None
    ) -> None:
        """Queues a vector instruction at this point of the block."""
        self.queue.claims = self.claims
        self.queue.add_vector(parts, uses, defs, self.live, allowed)

    def row_pointer(self, row: int) -> str:
        """The address of a VGPR row or a scratch row."""
        if row >= TEMPORARY:
            return self.code.temporary(row - TEMPORARY)
        return self.memory.row_address(row)

    def table(self, entries: list[int | None]) -> str:
        """A constant of lane numbers, -1 for none."""
        name = f"@table{len(self.tables)}"
        values = ", ".join(f"i8 {-1 if e is None else e}" for e in entries)
        self.tables.append(f"{name} = private constant [{len(entries)} x i8] [{values}]")
        return name

    def words(self, values: list[int]) -> str:
        """A constant of 16-bit words."""
        name = f"@table{len(self.tables)}"
        texts = ", ".join(f"i16 {int(value)}" for value in values)
        self.tables.append(f"{name} = private constant [{len(values)} x i16] [{texts}]")
        return name

    def touches_pending_masks(self, inst: Instruction) -> bool:
        """Whether an instruction names a scalar register whose lane mask is still pending."""
        masks = self.queue.written_masks
        if not masks:
            return False
        width = self.graph.wave_size // 32
        touched = {
            i
            for o in (*inst.src, *inst.dst)
            if o.kind == "s"
            for i in range(o.index, o.index + max(o.count, 1))
        }
        if any(o.kind == "special" for o in inst.src):
            touched |= {layout.VCC, layout.EXEC}
        return any(m + k in touched for m in masks for k in range(width))
