"""Lane-local vector instructions as one loop over chunks of 16 lanes.

Inside the loop a chunk's registers are SSA values: loaded once, and stored at the end where
something later wants them.  Lanes that EXEC disables compute too; only what is stored and what
becomes a mask is limited to the enabled ones, and not even that for registers whose value in
disabled lanes nobody will read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from anyroc.semantics.values import BOOL
from anyroc.translate.lane_items import VectorItem, masks_written
from anyroc.translate.lane_results import LaneResults
from anyroc.translate.lane_sources import TEMPORARY
from anyroc.translate.llvm import CodeBuilder
from anyroc.translate.vectors import CHUNK

__all__ = ["LaneLoop", "renamed_lines"]

_LOOP_COST = 12
"""Lines that a loop costs beside its body: below that, the body is repeated per chunk instead."""
_NAME = re.compile(r"%[\w.]+")


class LaneLoop(LaneResults):
    """Emits vector items as one loop over the wave's chunks."""

    def emit(
        self,
        into: CodeBuilder,
        items: Sequence[VectorItem],
        slots: dict[int, str],
        masks: set[int],
        live: int,
    ) -> None:
        """The whole loop.  ``slots`` are the stack slots of lane masks; ``masks`` are the ones that
        something outside the loop reads."""
        self.inactive = items[-1].inactive
        written = self.preload_masks(into, items, slots) & masks
        for item in items:
            self.run(item)
        self.finish(slots, written, live)
        self.place(into)

    def preload_masks(
        self, into: CodeBuilder, items: Sequence[VectorItem], slots: dict[int, str]
    ) -> set[int]:
        """Reads masks that an earlier loop left in a slot; gives those that these items write."""
        written: set[int] = set()
        if not slots:
            return written
        mask_type = self.scalars.ops.type(self.scalars.mask_type)
        for item in items:
            for lanes in item.parts:
                for source in lanes.sources:
                    if source.kind == "mask" and source.raw is None:
                        index = source.index
                        if index not in written and ("slot", index) not in self._masks:
                            raw = into.emit(f"load {mask_type}, ptr {slots[index]}")
                            self._masks["slot", index] = raw
            for lanes in item.parts:
                written.update(masks_written(lanes.inst, lanes.op))
        return written

    def run(self, item: VectorItem) -> None:
        """One instruction, in the loop."""
        results = [self._run(lanes) for lanes in item.parts]
        for lanes, values in zip(item.parts, results, strict=True):
            self._write(lanes, values)

    def finish(self, slots: dict[int, str], written: set[int], live: int) -> None:
        """Stores what is live and completes the masks: the body's end."""
        self._registers.store(live | -1 << TEMPORARY)
        mask_type = self.scalars.ops.type(self.scalars.mask_type)
        self._gathered = []
        for index in sorted(written):
            before, after = f"%mask{self.id}.{index}", f"%more{self.id}.{index}"
            bits = self.mask_bits(self._masks[index], mask_type)
            self.code.do(f"{after} = or {mask_type} {before}, {bits}")
            self._gathered.append((slots[index], mask_type, before, after))

    def place(self, into: CodeBuilder) -> None:
        """Puts the body where it runs: as a loop, or once per chunk if it is short."""
        number, body = self.id, self.code.lines
        head = f"%chunk{number} = getelementptr i8, ptr %vgpr, i64 %offset{number}"
        copies = self.wave_size // CHUNK
        if (copies - 1) * len(body) <= _LOOP_COST and not self._gathered:
            for offset in range(0, self.row_bytes, 4 * CHUNK):
                into.lines += self._unrolled([head, *body], offset)
            return
        before = into.current
        into.do(f"br label %loop{number}")
        into.start(f"loop{number}")
        into.do(f"%offset{number} = phi i64 [ 0, %{before} ], [ %next{number}, %loop{number} ]")
        for _, t, mask, more in self._gathered:
            into.do(f"{mask} = phi {t} [ 0, %{before} ], [ {more}, %loop{number} ]")
        into.do(f"%shift{number} = lshr i64 %offset{number}, 2")
        into.do(head)
        into.lines += body
        into.do(f"%next{number} = add i64 %offset{number}, {4 * CHUNK}")
        into.do(f"%done{number} = icmp eq i64 %next{number}, {self.row_bytes}")
        into.do(f"br i1 %done{number}, label %after{number}, label %loop{number}")
        into.start(f"after{number}")
        for slot, t, _, more in self._gathered:
            into.do(f"store {t} {more}, ptr {slot}")

    def _unrolled(self, body: list[str], offset: int) -> list[str]:
        """The body for the chunk at one offset, its own names made this chunk's."""
        names = {
            f"%offset{self.id}": str(offset),
            f"%shift{self.id}": str(offset // 4),
        }
        return renamed_lines(body, f".{offset}", names)

    def mask_bits(self, mask: Any, mask_type: str) -> str:
        """The chunk's booleans, disabled lanes 0, at their place in a lane mask."""
        code = self.code
        text = self.ops.text(BOOL, mask)
        exec_mask = self.exec_chunk()
        if exec_mask is not None:
            text = code.emit(f"and <{CHUNK} x i1> {text}, {exec_mask}")
        word = code.emit(f"bitcast <{CHUNK} x i1> {text} to i{CHUNK}")
        wide = code.emit(f"zext i{CHUNK} {word} to {mask_type}")
        return code.emit(f"shl {mask_type} {wide}, {self._shift(mask_type)}")


def renamed_lines(lines: list[str], suffix: str, names: dict[str, str] | None = None) -> list[str]:
    """A copy of straight-line code, the names that it defines made different by a suffix.

    ``names``: what other names become.
    """
    table = dict(names or {})
    for line in lines:
        name, equals, _ = line.partition(" = ")
        if equals:
            table[name] = name + suffix
    return [_NAME.sub(lambda m: table.get(m[0], m[0]), line) for line in lines]
