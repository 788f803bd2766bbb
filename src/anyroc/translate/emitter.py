"""A kernel as one LLVM function over a wave.

Blocks are emitted in address order.  Within a block, scalar instructions are emitted where they
stand; vector and memory instructions are queued in a
:class:`~anyroc.translate.sequence.LaneQueue`, which is emitted where something needs its results.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from anyroc.hooks import BlockSite, Instrument, MemorySite
from anyroc.isa.instruction import Instruction, Operand
from anyroc.semantics.core import Access, Control, Cross, Matrix, Op, Slot
from anyroc.semantics.lane import DPP_ROW_MASKED, dpp_source, swizzle_source
from anyroc.semantics.values import BOOL, U32, U64, Value
from anyroc.translate import hotloop, layout, shapes
from anyroc.translate.cfg import SCALARS, Block, Graph
from anyroc.translate.lanes import CHUNK, TEMPORARY, encoded_slots
from anyroc.translate.llvm import CodeBuilder
from anyroc.translate.memory import MemoryEmitter
from anyroc.translate.operands import (
    Unsupported,
    field_value,
    row_of,
    scalar_source,
)
from anyroc.translate.registers import ScalarFile
from anyroc.translate.scalar import run_scalar, scalar_argument
from anyroc.translate.sequence import LaneQueue

__all__ = ["emit_kernel"]

_INDEX_ROW = TEMPORARY
_MOVED_ROW = TEMPORARY + 1


@dataclass(frozen=True)
class Emitted:
    """LLVM modules as text: the kernel, and its hot loops ("" if it has none)."""

    ir: str
    hot: str


def emit_kernel(graph: Graph, name: str, instruments: Sequence[Instrument] = ()) -> Emitted:
    """The LLVM modules of a kernel: a function ``i32 name(ptr wave)``."""
    emitter = _Emitter(graph, name, instruments)
    ir = emitter.module()
    hot = [*emitter.hot_declarations.values(), *emitter.hot_loops] if emitter.hot_loops else []
    return Emitted(ir, "\n".join(hot))


def _is_scalar(inst: Instruction) -> bool:
    return inst.format.startswith("SOP")


class _Emitter:
    def __init__(self, graph: Graph, name: str, instruments: Sequence[Instrument]) -> None:
        self.graph = graph
        self.name = name
        self.instruments = instruments
        self.code = CodeBuilder()
        self.memory = MemoryEmitter(self.code, graph.wave_size, graph.accum_offset, graph.target)
        self.memory.kernarg = graph.kernarg
        self.resume_ids: dict[int, int] = {}
        self.tables: list[str] = []
        self.indirect = False
        self.hot_loops: list[str] = []
        self.hot_declarations: dict[str, str] = {}
        self.block_claims = shapes.at_blocks(graph)

    def module(self) -> str:
        graph = self.graph
        ordered = sorted(graph.blocks)
        resumable = [a for a in ordered if graph.blocks[a].resumable]
        self.resume_ids = {a: i + 1 for i, a in enumerate(resumable)}
        for address in ordered:
            self._block(graph.blocks[address])
        head = ["entry:", *self.code.allocas]
        head += [
            f"%vgpr.at = getelementptr i8, ptr %wave, i64 {layout.VGPR}",
            "%vgpr = load ptr, ptr %vgpr.at",
            f"%resume.at = getelementptr i8, ptr %wave, i64 {layout.RESUME}",
        ]
        if self.indirect:
            head.append(f"%jump.at = getelementptr i8, ptr %wave, i64 {layout.FAULT_ADDRESS}")
        if resumable or self.indirect:
            cases = " ".join(f"i32 {i}, label %b{a:x}" for a, i in self.resume_ids.items())
            if self.indirect:
                cases += f" i32 {len(resumable) + 1}, label %dispatch.now"
            head.append("%resume = load i32, ptr %resume.at")
            head.append(f"switch i32 %resume, label %b{graph.entry:x} [ {cases} ]")
        else:
            head.append(f"br label %b{graph.entry:x}")
        lines = head + self.code.lines
        if self.indirect:
            lines += self._dispatcher()
        parts = [*self.tables, *self.code.declarations.values(), *self.memory.functions.values()]
        body = "\n".join(lines)
        return "\n".join(parts) + f"\ndefine i32 @{self.name}(ptr noalias %wave) {{\n{body}\n}}\n"

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

    # Blocks and queues.

    def _start_block_state(self, block: Block) -> None:
        self.block = block
        self.scalars = ScalarFile(self.code, self.graph.wave_size)
        self.queue = LaneQueue(self.code, self.scalars, self.memory, self.graph)
        self.full = block.full
        self.claims = self.block_claims[block.start]
        self.live = (0, 0)

    def _block(self, block: Block) -> None:
        self._start_block_state(block)
        self.code.start(f"b{block.start:x}")
        if not self.instruments:
            hot = hotloop.plan(self.graph, block, len(self.hot_loops))
            if hot is not None:
                self._call_hot_loop(hot, block)
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

    def _call_hot_loop(self, hot: hotloop.HotLoop, block: Block) -> None:
        """Runs a loop as its own function, group after group of the wave's chunks."""
        code = self.code
        self.hot_loops.append(hot.text(self.hot_declarations))
        code.declare(hot.name, "i32", "ptr", "ptr", "i1")
        spent = "0"
        for number in range(hot.calls):
            at = code.emit(f"getelementptr i8, ptr %vgpr, i64 {number * hot.group * 4 * CHUNK}")
            last = "true" if number == hot.calls - 1 else "false"
            spent = code.emit(f"call i32 @{hot.name}(ptr %wave, ptr {at}, i1 {last})")
        done = code.emit(f"icmp eq i32 {spent}, 0")
        follow = block.successors[1]
        code.do(f"br i1 {done}, label %b{follow:x}, label %spent{block.start:x}")
        code.start(f"spent{block.start:x}")
        code.do(f"store i32 {self.resume_ids[block.start]}, ptr %resume.at")
        code.do(f"ret i32 {layout.YIELD}")

    def _finish(self, inst: Instruction) -> None:
        """Ends a block that falls through; control instructions end theirs themselves."""
        if inst.parts or not isinstance(self.graph.operation(inst), Control) or self.block_open:
            self._flush()
            self._store_scalars()
            self.code.do(f"br label %b{self.block.successors[0]:x}")

    def _store_scalars(self) -> None:
        """Puts scalar registers that later blocks read where they live."""
        self.scalars.store(self.block.live_out >> SCALARS)

    @property
    def block_open(self) -> bool:
        """Whether the current LLVM block still lacks its terminator."""
        return not self.code.lines[-1].startswith(("br ", "ret ", "switch "))

    def _flush(self) -> None:
        """Emits what is queued."""
        self.queue.flush(layout.EXEC in self.full)

    def _queue_vector(
        self, parts: list[tuple[Instruction, Op]], uses: int, defs: int, allowed: Any = None
    ) -> None:
        self.queue.claims = self.claims
        self.queue.add_vector(parts, uses, defs, self.live, allowed)

    def _touches_pending_masks(self, inst: Instruction) -> bool:
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

    # Instructions.

    def _instruction(self, inst: Instruction) -> None:
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
            self._cross(inst, entry)
        elif isinstance(entry, Matrix):
            self._matrix(inst, entry)
        else:
            self._control(inst, entry)

    def _scalar(self, inst: Instruction, op: Op) -> None:
        implicit = {s.role for s in (*op.sources, *op.results)}
        if self._touches_pending_masks(inst) or (
            self.queue.written_masks and implicit & {"exec", "vcc"}
        ):
            self._flush()
        if self.graph.exec_effect(inst):
            self._flush()
        run_scalar(inst, op, self.scalars)

    def _vector(self, inst: Instruction, parts: list[tuple[Instruction, Op]]) -> None:
        if all(o.kind == "s" for part, _ in parts for o in part.dst) and self._scalar_float(
            inst, parts
        ):
            return
        for part, op in parts:
            self._before_vector(part, op)
        allowed = None
        if any(self._fetches_disabled(part) for part, _ in parts):
            self._flush()
        if len(parts) == 1 and self._whole_wave_dpp(inst):
            plain, allowed = self._move_by_dpp(inst)
            parts = [(plain, parts[0][1])]
        if self.graph.exec_effect(inst):  # lanes that it disables keep what they have
            active, inactive = self.live
            self.live = active | inactive, inactive
        self._queue_vector(parts, self.graph.uses(inst), self.graph.defs(inst), allowed)
        if any(op.writes_exec for _, op in parts) or any(
            o.kind == "s" and o.index in (layout.EXEC, layout.EXEC + 1) for o in inst.dst
        ):
            self._flush()

    def _scalar_float(self, inst: Instruction, parts: list[tuple[Instruction, Op]]) -> bool:
        """Vector encodings with a scalar result that is no mask (RDNA4's v_s_* functions)."""
        op = parts[0][1]
        if any(s.role != "operand" for s in op.results):
            return False
        self._scalar(inst, op)
        return True

    def _before_vector(self, inst: Instruction, op: Op) -> None:
        """Empties the queues where a source is not yet there: a pending mask read as data."""
        masks = self.queue.written_masks
        if not masks:
            return
        width = self.graph.wave_size // 32
        encoded = encoded_slots(op.sources)
        for slot, operand in zip(encoded, inst.src, strict=False):
            if operand.kind == "special" and str(operand.value) in ("vccz", "execz"):
                self._flush()
            if operand.kind != "s" or slot.role == "mask":
                continue
            span = range(operand.index, operand.index + operand.count)
            if any(m + k in span for m in masks for k in range(width)):
                self._flush()
                return

    def _fetches_disabled(self, inst: Instruction) -> bool:
        """DPP8 that reads disabled lanes of a register whose new value is still queued."""
        mods = inst.mods
        if not (mods.dpp8 and mods.fi and inst.src[0].kind in "va"):
            return False
        return self.queue.writes(row_of(inst.src[0], self.graph.accum_offset))

    def _whole_wave_dpp(self, inst: Instruction) -> bool:
        """Whether DPP leaves the row, or must see disabled lanes of a row that is still pending."""
        dpp = inst.mods.dpp
        if dpp is None or inst.src[0].kind not in "va":
            return False
        size = self.graph.wave_size
        table = [dpp_source(dpp.ctrl, lane, size) for lane in range(size)]
        if any(s is not None and s // CHUNK != lane // CHUNK for lane, s in enumerate(table)):
            return True
        return dpp.fi and self.queue.writes(row_of(inst.src[0], self.graph.accum_offset))

    def _move_by_dpp(self, inst: Instruction) -> tuple[Instruction, Any]:
        """Moves DPP's source row by a helper: the instruction without DPP, and the lanes it may
        write."""
        dpp, size, code = inst.mods.dpp, self.graph.wave_size, self.code
        assert dpp is not None
        self._flush()
        self.scalars.store_exec()
        table = self._table([dpp_source(dpp.ctrl, lane, size) for lane in range(size)])
        source = self._row_pointer(row_of(inst.src[0], self.graph.accum_offset))
        code.declare("anyroc_gather_row", "i64", "ptr", "ptr", "ptr", "ptr", "i32")
        valid: Any = code.emit(
            f"call i64 @anyroc_gather_row(ptr %wave, ptr {self._row_pointer(_MOVED_ROW)},"
            f" ptr {source}, ptr {table}, i32 {int(dpp.fi)})"
        )
        rows = dpp.row_mask & DPP_ROW_MASKED.get(dpp.ctrl, 15)
        static = sum(
            1 << lane
            for lane in range(size)
            if rows >> (lane // 16) & 1 and dpp.bank_mask >> (lane // 4 % 4) & 1
        )
        ops = self.scalars.ops
        allowed = static if dpp.bound_ctrl else ops.binary("and", U64, valid, static)
        if size == 32:
            allowed = ops.convert(U64, U32, allowed)
        moved = inst.src[0]
        if moved.count != 1:
            raise Unsupported(inst, "64-bit DPP across rows")
        first = Operand("v", _MOVED_ROW, 1, neg=moved.neg, abs=moved.abs)
        plain = replace(inst, src=(first, *inst.src[1:]), mods=replace(inst.mods, dpp=None))
        return plain, allowed

    def _access(self, inst: Instruction, access: Access) -> None:
        if access.space in ("scalar", "scalar_buffer"):
            if (
                self._touches_pending_masks(inst)
                or self.graph.exec_effect(inst)
                or self.queue.stores()
            ):
                self._flush()
            self.memory.scalar_load(inst, access, self.scalars)
            return
        if self._touches_pending_masks(inst):
            self._flush()
        self._instrument_access(inst, access)
        self.queue.claims = self.claims
        uses, defs = self.graph.uses(inst), self.graph.defs(inst)
        self.queue.add_access(inst, access, uses, defs, self.live)

    # Across lanes.

    def _row_pointer(self, row: int) -> str:
        if row >= TEMPORARY:
            return self.code.temporary(row - TEMPORARY)
        return self.memory.row_address(row)

    def _cross(self, inst: Instruction, cross: Cross) -> None:
        encoded = list(inst.src)
        moved = encoded[cross.row]
        self._flush()
        self.scalars.store_exec()
        if cross.kind in ("read_first", "read_lane"):
            self._read_lane(inst, cross, moved)
        elif cross.kind == "write_lane":
            self._write_lane(inst, cross, moved)
        elif cross.kind == "swizzle":
            self._swizzle(inst, moved)
        elif cross.kind in ("gather", "gather_any", "scatter"):
            self._permute(inst, cross, moved)
        else:
            raise Unsupported(inst, f"cross-lane kind {cross.kind}")

    def _lane_number(self, inst: Instruction, cross: Cross, skip: int) -> Any:
        operands = iter([o for i, o in enumerate(inst.src) if i != skip])
        slots = [s for i, s in enumerate(cross.sources) if i != cross.row]
        arguments = [scalar_argument(inst, slot, operands, self.scalars) for slot in slots]
        lane = cross.body(*arguments)
        masked = lane & (self.graph.wave_size - 1)
        return self.scalars.ops.convert(U32, U64, masked.raw)

    def _read_lane(self, inst: Instruction, cross: Cross, moved: Operand) -> None:
        ops, code = self.scalars.ops, self.code
        dst = inst.dst[0].index
        if moved.kind not in "va":
            self.scalars.write32(dst, scalar_source(moved, 32, self.scalars).raw)
            return
        if cross.kind == "read_first":
            mask = self.scalars.read_mask(layout.EXEC)
            width = ops.type(self.scalars.mask_type)
            name = f"llvm.cttz.{width}"
            code.declare(name, width, width, "i1")
            first = code.emit(f"call {width} @{name}({width} {ops.text(U64, mask)}, i1 false)")
            lane: Any = code.emit(f"and {width} {first}, {self.graph.wave_size - 1}")
            if width == "i32":
                lane = code.emit(f"zext i32 {lane} to i64")
        else:
            lane = self._lane_number(inst, cross, cross.row)
        row = self._row_pointer(row_of(moved, self.graph.accum_offset))
        at = code.emit(f"getelementptr i32, ptr {row}, i64 {ops.text(U64, lane)}")
        self.scalars.write32(dst, code.emit(f"load i32, ptr {at}"))

    def _write_lane(self, inst: Instruction, cross: Cross, moved: Operand) -> None:
        ops, code = self.scalars.ops, self.code
        value = scalar_source(moved, 32, self.scalars).raw
        lane = self._lane_number(inst, cross, cross.row)
        row = self._row_pointer(row_of(inst.dst[0], self.graph.accum_offset))
        at = code.emit(f"getelementptr i32, ptr {row}, i64 {ops.text(U64, lane)}")
        code.do(f"store i32 {ops.text(U32, value)}, ptr {at}")

    def _table(self, entries: list[int | None]) -> str:
        name = f"@table{len(self.tables)}"
        values = ", ".join(f"i8 {-1 if e is None else e}" for e in entries)
        self.tables.append(f"{name} = private constant [{len(entries)} x i8] [{values}]")
        return name

    def _swizzle(self, inst: Instruction, moved: Operand) -> None:
        offset = field_value(inst, "offset") or 0
        size = self.graph.wave_size
        table = self._table([swizzle_source(offset, lane) for lane in range(size)])
        source = self._row_pointer(row_of(moved, self.graph.accum_offset))
        temporary = self._row_pointer(_MOVED_ROW)
        self.code.declare("anyroc_gather_row", "i64", "ptr", "ptr", "ptr", "ptr", "i32")
        self.code.emit(
            f"call i64 @anyroc_gather_row(ptr %wave, ptr {temporary}, ptr {source},"
            f" ptr {table}, i32 0)"
        )
        self._copy_row(inst, _MOVED_ROW)

    def _copy_row(self, inst: Instruction, row: int) -> None:
        """Moves a scratch row to the destination, enabled lanes only."""
        move = Op("move", (Slot("operand", U32),), (Slot("operand", U32),), lambda a: a)
        copy = replace(inst, src=(Operand("v", row),), mods=type(inst.mods)())
        self._queue_vector([(copy, move)], 1 << row, self.graph.defs(inst))
        self._flush()

    def _permute(self, inst: Instruction, cross: Cross, moved: Operand) -> None:
        slots = tuple(
            s for i, s in enumerate(cross.sources) if i != cross.row and s.role != "offset"
        )
        offset = field_value(inst, "offset") or 0
        positions = [s for i, s in enumerate(cross.sources) if i != cross.row]

        def index(*arguments: Value) -> Value:
            values = iter(arguments)
            like = arguments[0]
            return cross.body(
                *[like.const(offset) if s.role == "offset" else next(values) for s in positions]
            )

        op = Op("index", slots, (Slot("operand", U32),), index)
        others = tuple(o for i, o in enumerate(inst.src) if i != cross.row)
        pseudo = replace(inst, src=others, dst=(Operand("v", _INDEX_ROW),), mods=type(inst.mods)())
        self._queue_vector([(pseudo, op)], self.graph.uses(inst), 1 << _INDEX_ROW)
        self._flush()
        code = self.code
        if moved.kind in "va":
            source = self._row_pointer(row_of(moved, self.graph.accum_offset))
        else:
            raise Unsupported(inst, "a scalar that moves across lanes")
        target = self._row_pointer(row_of(inst.dst[0], self.graph.accum_offset))
        table = self._row_pointer(_INDEX_ROW)
        if cross.kind == "scatter":
            code.declare("anyroc_permute_scatter", "void", "ptr", "ptr", "ptr", "ptr")
            code.do(
                f"call void @anyroc_permute_scatter(ptr %wave, ptr {target}, ptr {source},"
                f" ptr {table})"
            )
            return
        code.declare("anyroc_permute_gather", "void", "ptr", "ptr", "ptr", "ptr", "i32", "i32")
        is_lds = inst.format == "DS"
        fetch = cross.kind == "gather_any" and (is_lds or bool(inst.mods.op_sel[0]))
        keep = not is_lds and not inst.mods.op_sel[1]
        code.do(
            f"call void @anyroc_permute_gather(ptr %wave, ptr {target}, ptr {source}, ptr {table},"
            f" i32 {int(fetch)}, i32 {int(keep)})"
        )

    def _matrix(self, inst: Instruction, matrix: Matrix) -> None:
        self._flush()
        self.scalars.store_exec()
        code = self.code
        rows, constant = [], 0
        for operand in inst.src[:3]:
            if operand.kind in "va":
                rows.append(self._row_pointer(row_of(operand, self.graph.accum_offset)))
            elif operand.kind == "const":
                rows.append("null")
                constant = int(operand.value) & 0xFFFFFFFF
            else:
                raise Unsupported(inst, "a scalar matrix operand")
        target = self._row_pointer(row_of(inst.dst[0], self.graph.accum_offset))
        mods = inst.mods
        if inst.format == "MAI":
            packed = mods.cbsz | mods.abid << 3 | mods.blgp << 7
        else:
            packed = sum(
                bool(bit) << i
                for i, bit in enumerate(
                    (*mods.neg_lo[:3], *mods.neg_hi[:3], mods.clamp, *mods.op_sel[:3])
                )
            )
        name = f"anyroc_{matrix.helper}"
        code.declare(name, "void", "ptr", "ptr", "ptr", "ptr", "ptr", "i32", "i32")
        code.do(
            f"call void @{name}(ptr %wave, ptr {target}, ptr {rows[0]}, ptr {rows[1]},"
            f" ptr {rows[2]},"
            f" i32 {constant}, i32 {packed})"
        )

    # Control.

    def _control(self, inst: Instruction, entry: Control) -> None:
        kind = entry.kind
        if kind == "nop":
            return
        if kind in ("denorm_mode", "round_mode"):
            self._mode(inst, 4 if kind == "denorm_mode" else 0)
            return
        if kind in ("getpc", "getreg", "clock", "setreg"):
            getattr(self, f"_{kind}")(inst)
            return
        if kind == "gpr_idx":
            self._index_mode(inst, entry.argument)
            return
        self._flush()
        if kind == "movrel":
            self._move_relative(inst)
            return
        if kind == "end":
            self.code.do(f"ret i32 {layout.END}")
            return
        if kind == "branch":
            self._branch(inst, entry.argument)
        elif kind in ("barrier", "sleep"):
            self._leave(inst, layout.BARRIER if kind == "barrier" else layout.YIELD)
        elif kind == "trap":
            self._trap(inst)
        elif kind in ("setpc", "swappc", "call"):
            self._jump(inst, kind)
        else:
            raise Unsupported(inst, f"control kind {kind}")

    def _leave(self, inst: Instruction, status: int) -> None:
        self.scalars.store()
        follow = self.block.successors[0]
        self.code.do(f"store i32 {self.resume_ids[follow]}, ptr %resume.at")
        self.code.do(f"ret i32 {status}")

    def _trap(self, inst: Instruction) -> None:
        number = inst.mods.simm16 & 0xFF
        if number == 3 and self.block.successors:  # a debug trap does nothing without a debugger
            self.scalars.store()
            self.code.do(f"br label %b{self.block.successors[0]:x}")
            return
        self.memory.note_position(inst)
        self.code.do(f"store i32 {number}, ptr {self.scalars.address(layout.TRAP_ID)}")
        self.scalars.store()
        self.code.do(f"ret i32 {layout.TRAP}")

    def _condition(self, argument: str) -> Any:
        scalars = self.scalars
        if argument in ("scc0", "scc1"):
            value, negate = scalars.read_scc(), argument == "scc0"
            text = scalars.ops.text(BOOL, value)
            return self.code.emit(f"xor i1 {text}, true") if negate else text
        register = layout.VCC if argument.startswith("vcc") else layout.EXEC
        name = "eq" if argument.endswith("z") and not argument.endswith("nz") else "ne"
        return scalars.ops.compare(name, scalars.mask_type, scalars.read_mask(register), 0)

    def _branch(self, inst: Instruction, argument: str) -> None:
        target = inst.branch_target
        condition = self._condition(argument) if argument else None
        self._store_scalars()
        label = f"%b{target:x}"
        backward = target <= self.block.start
        if backward:
            label = f"%back{inst.offset:x}"
        if condition is None:
            self.code.do(f"br label {label}")
        else:
            follow = self.block.successors[1]
            self.code.do(f"br i1 {condition}, label {label}, label %b{follow:x}")
        if backward:
            self._back_edge(inst, target)

    def _back_edge(self, inst: Instruction, target: int) -> None:
        """A backward branch: counts down the budget, so that no wave runs forever unasked."""
        code = self.code
        at = f"{inst.offset:x}"
        code.start(f"back{at}")
        budget = code.emit(f"getelementptr i8, ptr %wave, i64 {layout.BUDGET}")
        left = code.emit(f"sub i64 {code.emit(f'load i64, ptr {budget}')}, 1")
        code.do(f"store i64 {left}, ptr {budget}")
        spent = code.emit(f"icmp slt i64 {left}, 0")
        code.do(f"br i1 {spent}, label %spent{at}, label %b{target:x}")
        code.start(f"spent{at}")
        code.do(f"store i32 {self.resume_ids[target]}, ptr %resume.at")
        code.do(f"ret i32 {layout.YIELD}")

    def _jump(self, inst: Instruction, kind: str) -> None:
        scalars, ops = self.scalars, self.scalars.ops
        known = inst.branch_target if kind == "call" else self.graph.known_jumps.get(inst.offset)
        target = scalars.read64(inst.src[0].index) if known is None else None
        if kind != "setpc":
            follow = inst.offset + inst.size
            scalars.write64(inst.dst[0].index, scalars.code_address(follow))
        if known is not None:
            scalars.store()
            backward = known <= self.block.start
            self.code.do(f"br label %{f'back{inst.offset:x}' if backward else f'b{known:x}'}")
            if backward:
                self._back_edge(inst, known)
            return
        self.indirect = True
        relative = ops.binary("sub", U64, target, scalars.code_address(0))
        scalars.store()
        self.memory.note_position(inst)
        self.code.do(f"store i64 {ops.text(U64, relative)}, ptr %jump.at")
        self.code.do("br label %dispatch")

    def _index_mode(self, inst: Instruction, action: str) -> None:
        """M0[7:0] is the index, M0[15:12] says what it is added to."""
        if action == "off":
            return
        ops, old = self.scalars.ops, self.scalars.read32(layout.M0)
        keep = 0xFFFFFFFF
        value: Any = 0
        if action in ("on", "idx"):
            keep ^= 0xFF
            index = scalar_source(inst.src[0], 32, self.scalars).raw
            value = ops.binary("and", U32, index, 0xFF)
        if action in ("on", "mode"):
            keep ^= 0xF000
            mode = inst.mods.imm if action == "on" else inst.mods.simm16
            value = ops.binary("or", U32, value, (mode & 15) << 12)
        kept = ops.binary("and", U32, old, keep)
        self.scalars.write32(layout.M0, ops.binary("or", U32, kept, value))

    def _move_relative(self, inst: Instruction) -> None:
        """A move whose source, target or both are counted from M0."""
        form = inst.op.removeprefix("v_mov").removesuffix("_b32")
        if form not in ("rels", "reld", "relsd") or inst.parts:
            raise Unsupported(inst, "this form of relative register")
        scalars, ops, graph = self.scalars, self.scalars.ops, self.graph
        scalars.store_exec()
        index: Any = scalars.read32(layout.M0)
        if graph.target.has_agprs:
            index = ops.binary("and", U32, index, 0xFF)
        target: Any = row_of(inst.dst[0], graph.accum_offset)
        if form != "rels":
            target = ops.binary("add", U32, index, target)
        source: Any = -1
        scalar: Any = 0
        if inst.src[0].kind in ("v", "a"):
            row: Any = row_of(inst.src[0], graph.accum_offset)
            if form != "reld":
                row = ops.binary("add", U32, index, row)
            source = ops.convert(U32, U64, row)
        else:
            scalar = scalar_source(inst.src[0], 32, scalars).raw
        self.code.declare("anyroc_move_relative", "void", "ptr", "i32", "i64", "i32", "i32")
        self.code.do(
            f"call void @anyroc_move_relative(ptr %wave, i32 {ops.text(U32, target)},"
            f" i64 {ops.text(U64, source)}, i32 {ops.text(U32, scalar)}, i32 {graph.rows})"
        )

    def _getpc(self, inst: Instruction) -> None:
        self.scalars.write64(inst.dst[0].index, self.scalars.code_address(inst.offset + inst.size))

    def _clock(self, inst: Instruction) -> None:
        self.code.declare("anyroc_clock", "i64")
        now = self.code.emit("call i64 @anyroc_clock()")
        if inst.dst[0].count == 2:
            self.scalars.write64(inst.dst[0].index, now)
        else:
            self.scalars.write32(inst.dst[0].index, self.scalars.ops.convert(U64, U32, now))

    def _register_field(self, inst: Instruction) -> tuple[int, int, int]:
        word = inst.mods.simm16 & 0xFFFF
        return word & 63, word >> 6 & 31, (word >> 11) + 1

    def _getreg(self, inst: Instruction) -> None:
        number, offset, size = self._register_field(inst)
        ops = self.scalars.ops
        value: Any = 0
        if number == 1:
            value = self.scalars.load_mode()
        elif number == 29:
            self.code.declare("anyroc_clock", "i64")
            value = ops.convert(U64, U32, self.code.emit("call i64 @anyroc_clock()"))
        moved = ops.binary("lshr", U32, value, offset)
        mask = (1 << size) - 1
        self.scalars.write32(inst.dst[0].index, ops.binary("and", U32, moved, mask))

    def _setreg(self, inst: Instruction) -> None:
        number, offset, size = self._register_field(inst)
        if number != 1:
            return
        ops = self.scalars.ops
        mask = ((1 << size) - 1) << offset
        source = scalar_source(inst.src[0], 32, self.scalars).raw
        placed = ops.binary("and", U32, ops.binary("shl", U32, source, offset), mask)
        kept = ops.binary("and", U32, self.scalars.load_mode(), 0xFFFFFFFF ^ mask)
        self.scalars.store_mode(ops.binary("or", U32, kept, placed))

    def _mode(self, inst: Instruction, shift: int) -> None:
        """s_round_mode and s_denorm_mode set MODE[3:0] and MODE[7:4]."""
        ops = self.scalars.ops
        kept = ops.binary("and", U32, self.scalars.load_mode(), 0xFFFFFFFF ^ (15 << shift))
        self.scalars.store_mode(ops.binary("or", U32, kept, (inst.mods.simm16 & 15) << shift))

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
