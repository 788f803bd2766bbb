"""A kernel as one LLVM function over a wave.

Blocks are emitted in address order.  Within a block, scalar instructions are emitted where they
stand; vector and memory instructions are queued in a
:class:`~anyroc.translate.sequence.LaneQueue`, which is emitted where something needs its results.
Quick code queues only what has no routine (:mod:`anyroc.translate.routines`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from anyroc.hooks import BlockSite, Instrument, MemorySite
from anyroc.isa.instruction import Instruction
from anyroc.semantics.core import Access, Control, Cross, Matrix, Op
from anyroc.semantics.values import U64
from anyroc.translate import hotloop, layout, shapes
from anyroc.translate.cfg import Block, Graph
from anyroc.translate.control import ControlFlow
from anyroc.translate.crosslane import CrossLane
from anyroc.translate.gang import emit_gang
from anyroc.translate.lane_items import encoded_slots
from anyroc.translate.operands import (
    Unsupported,
)
from anyroc.translate.routines import Routines
from anyroc.translate.scalar import run_scalar
from anyroc.translate.shaped import NotAffine
from anyroc.translate.vectors import CHUNK

__all__ = ["emit_kernel"]


@dataclass(frozen=True)
class Emitted:
    """LLVM modules as text: the kernel, and its hot loops ("" if it has none)."""

    ir: str
    hot: str


def emit_kernel(
    graph: Graph,
    name: str,
    instruments: Sequence[Instrument] = (),
    routines: Routines | None = None,
) -> Emitted:
    """The LLVM modules of a kernel: a function ``i32 name(ptr wave)``.

    ``routines``: what quick code may call; None for code that is to be optimised.
    """
    emitter = _Emitter(graph, name, instruments, routines)
    ir = emitter.module()
    hot = [*emitter.hot_declarations.values(), *emitter.hot_loops] if emitter.hot_loops else []
    return Emitted(ir, "\n".join(hot))


def _is_scalar(inst: Instruction) -> bool:
    return inst.format.startswith("SOP")


class _Emitter(CrossLane, ControlFlow):
    def __init__(
        self,
        graph: Graph,
        name: str,
        instruments: Sequence[Instrument],
        routines: Routines | None,
    ) -> None:
        super().__init__(graph, routines)
        self.name = name
        self.instruments = instruments
        self.hot_loops: list[str] = []
        self.hot_declarations: dict[str, str] = {}

    def module(self) -> str:
        graph = self.graph
        ordered = sorted(graph.blocks)
        resumable = [a for a in ordered if graph.blocks[a].resumable]
        self.resume_ids = {a: i + 1 for i, a in enumerate(resumable)}
        if self.routines is None:
            claims = shapes.at_blocks(graph)
            for address in ordered:
                self._block(graph.blocks[address], claims[address])
        else:
            for address in ordered:
                self._quick_block(graph.blocks[address])
        head = ["entry:", *self.code.allocas]
        head += [
            f"%vgpr.at = getelementptr i8, ptr %wave, i64 {layout.VGPR}",
            "%vgpr = load ptr, ptr %vgpr.at",
            f"%resume.at = getelementptr i8, ptr %wave, i64 {layout.RESUME}",
        ]
        if self.indirect:
            head.append(f"%jump.at = getelementptr i8, ptr %wave, i64 {layout.FAULT_ADDRESS}")
        entry = f"b{graph.entry:x}"
        gang = emit_gang(graph, self.code, entry) if self._may_gang() else None
        first = "gang.check" if gang else entry
        if resumable or self.indirect:
            cases = " ".join(f"i32 {i}, label %b{a:x}" for a, i in self.resume_ids.items())
            if self.indirect:
                cases += f" i32 {len(resumable) + 1}, label %dispatch.now"
            head.append("%resume = load i32, ptr %resume.at")
            head.append(f"switch i32 %resume, label %{first} [ {cases} ]")
        else:
            head.append(f"br label %{first}")
        if gang:
            head += [
                "gang.check:",
                f"%gang.at = getelementptr i8, ptr %wave, i64 {layout.GANG_WANTED}",
                "%gang.word = load i32, ptr %gang.at",
                "%gang.wanted = icmp ne i32 %gang.word, 0",
                f"br i1 %gang.wanted, label %gang.try, label %{entry}",
                "gang.try:",
                *gang,
            ]
        lines = head + self.code.lines
        if self.indirect:
            lines += self._dispatcher()
        parts = [*self.tables, *self.code.declarations.values(), *self.memory.functions.values()]
        body = "\n".join(lines)
        return "\n".join(parts) + f"\ndefine i32 @{self.name}(ptr noalias %wave) {{\n{body}\n}}\n"

    def _may_gang(self) -> bool:
        """Whether a wave may stand for others: nobody counts what each of them does."""
        return self.routines is None and not self.instruments

    def _dispatcher(self) -> list[str]:
        """Where jumps of unknown target arrive: known addresses have a block; others end it."""
        targets = sorted(self.graph.targets | {self.graph.entry})
        cases = " ".join(f"i64 {a}, label %b{a:x}" for a in targets if a in self.graph.blocks)
        return [
            "dispatch:",
            f"%jumps.at = getelementptr i8, ptr %wave, i64 {layout.BUDGET}",
            "%jumps.before = load i64, ptr %jumps.at",
            "%jumps = sub i64 %jumps.before, 1",
            "store i64 %jumps, ptr %jumps.at",
            "%jumps.spent = icmp slt i64 %jumps, 0",
            "br i1 %jumps.spent, label %dispatch.later, label %dispatch.now",
            "dispatch.later:",
            f"store i32 {len(self.resume_ids) + 1}, ptr %resume.at",
            f"ret i32 {layout.YIELD}",
            "dispatch.now:",
            "%wanted = load i64, ptr %jump.at",
            f"switch i64 %wanted, label %lost [ {cases} ]",
            "lost:",
            f"ret i32 {layout.BAD_PC}",
        ]

    def _quick_block(self, block: Block) -> None:
        self.start_block(block, {})
        self.code.start(f"b{block.start:x}")
        self._instrument_block(block)
        self.live = block.live_out, block.inactive_out
        inst = block.instructions[0]
        try:
            for inst in block.instructions:
                self._instruction(inst)
        except NotImplementedError as error:
            raise Unsupported(inst, str(error)) from error
        self._finish(inst)

    def _block(self, block: Block, claims: shapes.Claims) -> None:
        self.start_block(block, claims)
        self.code.start(f"b{block.start:x}")
        if not self.instruments:
            hot = hotloop.plan(self.graph, block, claims, len(self.hot_loops))
            if hot is not None and self._call_hot_loop(hot, block):
                return
        self._instrument_block(block)
        for inst, live in zip(block.instructions, self.graph.live_after(block), strict=True):
            self.live = live
            try:
                self._instruction(inst)
            except NotImplementedError as error:
                raise Unsupported(inst, str(error)) from error
            full = layout.EXEC in self.full
            if self.claims or self.graph.run:
                self.claims = shapes.step(self.claims, self.graph, inst, full, live[1])
            self.full = self.graph.step_full(inst, self.full)
        self._finish(block.instructions[-1])

    def _call_hot_loop(self, hot: hotloop.HotLoop, block: Block) -> bool:
        """Runs a loop as its own function, group after group of the wave's chunks.

        Whether that is all: else the general form follows, for trips that the function leaves.
        """
        code = self.code
        try:
            self.hot_loops.append(hot.text(self.hot_declarations))
        except (NotAffine, Unsupported):
            return False
        code.declare(hot.name, "i32", "ptr", "ptr", "i1")
        spent = "0"
        for number in range(hot.calls):
            at = code.emit(f"getelementptr i8, ptr %vgpr, i64 {number * hot.group * 4 * CHUNK}")
            last = "true" if number == hot.calls - 1 else "false"
            spent = code.emit(f"call i32 @{hot.name}(ptr %wave, ptr {at}, i1 {last})")
        follow, at = block.successors[1], f"{block.start:x}"
        other = f"general{at}" if hot.accesses else f"spent{at}"
        code.do(
            f"switch i32 {spent}, label %{other}"
            f" [ i32 0, label %b{follow:x} i32 1, label %spent{at} ]"
        )
        code.start(f"spent{at}")
        code.do(f"store i32 {self.resume_ids[block.start]}, ptr %resume.at")
        code.do(f"ret i32 {layout.YIELD}")
        if hot.accesses:
            code.start(f"general{at}")
        return not hot.accesses

    def _finish(self, inst: Instruction) -> None:
        """Ends a block that falls through; control instructions end theirs themselves."""
        if inst.parts or not isinstance(self.graph.operation(inst), Control) or self.block_open:
            self.finish_run()
            self.flush()
            self.store_scalars()
            self.code.do(f"br label %b{self.block.successors[0]:x}")

    # Instructions.

    def _waits_for_run(self, inst: Instruction) -> bool:
        """Whether an instruction has to see the results of the matrices that wait."""
        graph = self.graph
        entry = None if inst.parts else graph.operation(inst)
        if isinstance(entry, Matrix):
            return False
        if isinstance(entry, Cross) or (isinstance(entry, Control) and entry.kind != "nop"):
            return True
        return self.run.meets(graph.uses(inst), graph.defs(inst))

    def _instruction(self, inst: Instruction) -> None:
        if self.run.products and self._waits_for_run(inst):
            self.finish_run()
        if inst.parts:
            parts = []
            for part in inst.parts:
                entry = self.graph.operation(part)
                if not isinstance(entry, Op):
                    raise Unsupported(part, "in a dual-issue pair")
                parts.append((part, entry))
            self._vector(inst, parts)
            return
        entry = self.graph.operation(inst)
        if isinstance(entry, Op):
            if _is_scalar(inst) or inst.format == "VOP3_SCALAR":
                self._scalar(inst, entry)
            else:
                self._vector(inst, [(inst, entry)])
        elif isinstance(entry, Access):
            self._access(inst, entry)
        elif isinstance(entry, Cross):
            self.cross(inst, entry)
        elif isinstance(entry, Matrix):
            self.matrix(inst, entry)
        elif entry.kind == "movrel":
            self.move_relative(inst)
        else:
            self.control(inst, entry)

    def _scalar(self, inst: Instruction, op: Op) -> None:
        implicit = {s.role for s in (*op.sources, *op.results)}
        if self.touches_pending_masks(inst) or (
            self.queue.written_masks and implicit & {"exec", "vcc"}
        ):
            self.flush()
        if self.graph.exec_effect(inst):
            self.flush()
        run_scalar(inst, op, self.scalars)

    def _vector(self, inst: Instruction, parts: list[tuple[Instruction, Op]]) -> None:
        if inst.dst and inst.dst[0].kind == "s" and self._scalar_float(inst, parts):
            return
        if parts[0][1].second is not None:
            parts = [(self.move_second(inst, parts[0][1]), parts[0][1])]
        elif self.routines is not None and self._by_routines(self.routines, parts):
            return
        if self.queue.written_masks:
            for part, op in parts:
                self._before_vector(part, op)
        allowed = None
        if inst.mods.dpp8 or inst.mods.dpp:
            if self.fetches_disabled(inst):
                self.flush()
            if self.whole_wave_dpp(inst):
                plain, allowed = self.move_by_dpp(inst)
                parts = [(plain, parts[0][1])]
        effect = self.graph.exec_effect(inst)
        if effect:  # lanes that it disables keep what they have
            active, inactive = self.live
            self.live = active | inactive, inactive
        self.queue_vector(parts, self.graph.uses(inst), self.graph.defs(inst), allowed)
        if effect:
            self.flush()

    def _by_routines(self, routines: Routines, parts: list[tuple[Instruction, Op]]) -> bool:
        """Calls the routine of an instruction, or of both parts of a dual-issue one."""
        calls = []
        for inst, op in parts:
            routine = routines.find(inst, op)
            if routine is None:
                return False
            calls.append((routine, inst))
        if len(parts) > 1:
            first, second = (inst for inst, _ in parts)
            if self.graph.defs(first) & self.graph.uses(second):
                if self.graph.defs(second) & self.graph.uses(first):
                    return False
                calls.reverse()
        self.flush()
        code, scalars = self.code, self.scalars
        texts = [
            (routine.call(inst, self.graph.accum_offset, scalars), routine, inst)
            for routine, inst in calls
        ]
        if any(text is None for text, _, _ in texts):
            return False
        scalars.store_exec()
        for text, routine, inst in texts:
            assert text is not None
            code.declare(routine.symbol, routine.result, *routine.types)
            if routine.mask is None:
                code.do(text)
                continue
            mask = code.emit(text)
            scalars.write_mask(inst.dst[routine.mask].index, mask)
            if routine.op.writes_exec:
                scalars.write_mask(layout.EXEC, mask)
        return True

    def _scalar_float(self, inst: Instruction, parts: list[tuple[Instruction, Op]]) -> bool:
        """Vector encodings with a scalar result that is no mask (RDNA4's v_s_* functions)."""
        op = parts[0][1]
        if len(parts) > 1 or any(s.role != "operand" for s in op.results):
            return False
        self._scalar(inst, op)
        return True

    def _before_vector(self, inst: Instruction, op: Op) -> None:
        """Empties the queues where a source is not yet there: a pending mask read as data."""
        masks = self.queue.written_masks
        width = self.graph.wave_size // 32
        encoded = encoded_slots(op.sources)
        for slot, operand in zip(encoded, inst.src, strict=False):
            if operand.kind == "special" and str(operand.value) in ("vccz", "execz"):
                self.flush()
            if operand.kind != "s" or slot.role == "mask":
                continue
            span = range(operand.index, operand.index + operand.count)
            if any(m + k in span for m in masks for k in range(width)):
                self.flush()
                return

    def _access(self, inst: Instruction, access: Access) -> None:
        if access.space in ("scalar", "scalar_buffer"):
            if (
                self.touches_pending_masks(inst)
                or self.graph.exec_effect(inst)
                or self.queue.stores()
            ):
                self.flush()
            self.memory.scalar_load(inst, access, self.scalars)
            return
        if self.touches_pending_masks(inst):
            self.flush()
        self._instrument_access(inst, access)
        if self.routines is not None:
            self.flush()
            self.scalars.store_exec()
            self.memory.capture(inst, access, self.scalars)()
            return
        self.queue.claims = self.claims
        uses, defs = self.graph.uses(inst), self.graph.defs(inst)
        self.queue.add_access(inst, access, uses, defs, self.live)

    # Instruments.

    def _count(self, counter: int, amount: Any) -> None:
        code = self.code
        table = code.emit(f"load ptr, ptr {self.scalars.address(layout.COUNTERS)}")
        at = code.emit(f"getelementptr i64, ptr {table}, i64 {counter}")
        total = code.emit(f"add i64 {code.emit(f'load i64, ptr {at}')}, {amount}")
        code.do(f"store i64 {total}, ptr {at}")

    def _instrument_block(self, block: Block) -> None:
        for instrument in self.instruments:
            for counter, amount in instrument.block(
                BlockSite(block.start, tuple(block.instructions))
            ):
                self._count(counter, amount)

    def _instrument_access(self, inst: Instruction, access: Access) -> None:
        for instrument in self.instruments:
            site = MemorySite(inst, access.space, access.kind, access.size)
            for counter, per_lane in instrument.access(site):
                self._count(counter, self._active_lanes(per_lane))

    def _active_lanes(self, factor: int) -> Any:
        scalars, ops = self.scalars, self.scalars.ops
        mask = scalars.read_mask(layout.EXEC)
        lanes = ops.unary("ctpop", scalars.mask_type, mask)
        wide = ops.convert(scalars.mask_type, U64, lanes)
        return ops.text(U64, ops.binary("mul", U64, wide, factor))
