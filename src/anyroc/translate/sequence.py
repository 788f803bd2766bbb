"""A run of vector and memory instructions inside a basic block, queued and then emitted together.

Scalar instructions are emitted where they stand; the vector and memory instructions between them
gather here until something needs a result: a scalar read of a lane mask, a change of EXEC, a
cross-lane move, the end of the block.  What is queued becomes

* *lane loops* and helper calls.  A memory access waits behind the loop that computes its address,
  so vector instructions that do not depend on it may still join that loop: loads cluster and loops
  grow;
* where the addresses are known to advance with the lane, also a *fast loop* that does the accesses
  itself (:mod:`anyroc.translate.fast`), taken when its conditions hold."""

from __future__ import annotations

from typing import Any

from anyroc.isa.instruction import Instruction
from anyroc.semantics.core import Access, Op
from anyroc.translate import layout
from anyroc.translate.capture import capture
from anyroc.translate.cfg import SCALARS, Graph
from anyroc.translate.fast import emit_fast
from anyroc.translate.lane_items import AccessItem, Lanes, VectorItem, masks_written
from anyroc.translate.lanes import LaneLoop
from anyroc.translate.llvm import CodeBuilder
from anyroc.translate.memory import MemoryEmitter
from anyroc.translate.registers import ScalarFile
from anyroc.translate.shapes import Claims

__all__ = ["LaneQueue"]


class LaneQueue:
    """The queue of one basic block; ``written_masks``: scalar registers with a result pending."""

    def __init__(
        self, code: CodeBuilder, scalars: ScalarFile, memory: MemoryEmitter, graph: Graph
    ) -> None:
        self.code = code
        self.scalars = scalars
        self.memory = memory
        self.graph = graph
        self.items: list[VectorItem | AccessItem] = []
        self.written_masks: set[int] = set()
        self.claims: Claims = {}

    # Queueing: operands are captured where the instruction stands.

    def add_vector(
        self,
        parts: list[tuple[Instruction, Op]],
        uses: int,
        defs: int,
        live: tuple[int, int],
        allowed: Any = None,
    ) -> None:
        """Queues a vector instruction, of two parts if it is a dual-issue one; ``allowed``: see
        :class:`Lanes`."""
        lanes = []
        for inst, op in parts:
            sources = capture(inst, op, self.scalars, self.graph, self.written_masks)
            lanes.append(Lanes(inst, op, sources, allowed))
        self.items.append(VectorItem(lanes, uses, defs, *live, self.claims))
        for inst, op in parts:
            self.written_masks |= masks_written(inst, op)

    def add_access(
        self, inst: Instruction, access: Access, uses: int, defs: int, live: tuple[int, int]
    ) -> None:
        """Queues a vector memory access."""
        address = self.memory.plain_address(inst, access, self.scalars)
        call = self.memory.capture(inst, access, self.scalars)
        self.items.append(AccessItem(inst, access, address, call, uses, defs, *live, self.claims))

    def writes(self, row: int) -> bool:
        """Whether a queued instruction writes a row."""
        return any(item.defs >> row & 1 for item in self.items)

    def meets(self, uses: int, defs: int) -> bool:
        """Whether an instruction that uses and sets these rows has to wait for what is queued."""
        return any(item.defs & (uses | defs) or item.uses & defs for item in self.items)

    def stores(self) -> bool:
        """Whether a queued instruction writes memory."""
        return any(isinstance(i, AccessItem) and i.access.kind != "load" for i in self.items)

    # Emission.

    def flush(self, exec_full: bool) -> None:
        """Emits what is queued; afterwards every result is where the registers live."""
        if not self.items:
            return
        code, scalars = self.code, self.scalars
        exec_raw = None if exec_full else scalars.read_mask(layout.EXEC)
        if any(isinstance(item, AccessItem) for item in self.items):
            scalars.store_exec()
        mask_type = scalars.ops.type(scalars.mask_type)
        slots = {}
        for index in sorted(self.written_masks):
            slots[index] = f"%mask{code.unique()}"
            code.allocas.append(f"{slots[index]} = alloca {mask_type}")
        for segment in self._segments():
            self.items = segment
            fast = emit_fast(self, slots, exec_raw) if segment[0].claims else None
            self._emit_calls(slots, exec_raw)
            if fast is not None:
                code.do(f"br label %{fast}")
                code.start(fast)
        for index in sorted(self.live_masks()):
            scalars.write_mask(index, code.emit(f"load {mask_type}, ptr {slots[index]}"))
        self.items = []
        self.written_masks = set()

    def _segments(self) -> list[list[VectorItem | AccessItem]]:
        """What may become one fast loop: everything, if addresses are affine over the whole wave.

        Where they are so over a chunk only, chunks are served one after the other; then a store
        stands apart from other accesses, lest it meet those of a later chunk.
        """
        if self.graph.run in (0, self.graph.wave_size):
            return [self.items]
        segments: list[list[VectorItem | AccessItem]] = [[]]
        loads = stores = False
        for item in self.items:
            if isinstance(item, AccessItem):
                store = item.access.kind != "load"
                if stores or (store and loads):
                    segments.append([])
                    loads = stores = False
                loads, stores = loads or not store, stores or store
            segments[-1].append(item)
        return segments

    def live_masks(self) -> set[int]:
        """The masks written that something reads after the queue is emptied."""
        live = self.items[-1].live >> SCALARS
        both = 3 if self.graph.wave_size == 64 else 1
        return {m for m in self.written_masks if m == layout.EXEC or live >> m & both}

    def _new_loop(self, exec_raw: Any) -> LaneLoop:
        graph, body = self.graph, self.code.child()
        return LaneLoop(
            body, self.scalars, graph.target, graph.accum_offset, body.unique(), exec_raw
        )

    def _emit_calls(self, slots: dict[int, str], exec_raw: Any) -> None:
        """Everything by lane loops and helper calls."""
        vectors: list[VectorItem] = []
        accesses: list[AccessItem] = []
        uses = defs = 0
        for item in self.items:
            if isinstance(item, AccessItem):
                accesses.append(item)
                uses |= item.uses
                defs |= item.defs
                live = item.live
                continue
            if item.uses & defs or item.defs & (uses | defs):
                masks = self.written_masks
                self._emit_group(vectors, accesses, slots, masks, exec_raw, live | uses)
                vectors, accesses, uses, defs = [], [], 0, 0
            vectors.append(item)
            live = item.live
        masks = self.live_masks()
        self._emit_group(vectors, accesses, slots, masks, exec_raw, live | uses)

    def _emit_group(
        self,
        vectors: list[VectorItem],
        accesses: list[AccessItem],
        slots: dict[int, str],
        masks: set[int],
        exec_raw: Any,
        live: int,
    ) -> None:
        if vectors:
            self._new_loop(exec_raw).emit(self.code, vectors, slots, masks, live)
        for access in accesses:
            access.call()
