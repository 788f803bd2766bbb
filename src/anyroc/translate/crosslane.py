"""Instructions that move data across lanes or between registers chosen at run time, and matrices.

All of them need their operands in memory: the queue is emptied first, and native helpers or plain
loads do the work.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from anyroc.isa.instruction import Instruction, Operand
from anyroc.semantics.core import Cross, Matrix, Op, Slot
from anyroc.semantics.lane import dpp_source, swizzle_source
from anyroc.semantics.values import U32, U64, Value
from anyroc.translate import layout
from anyroc.translate.block import BlockState
from anyroc.translate.lane_sources import TEMPORARY
from anyroc.translate.matrices import MatrixRun, product_of
from anyroc.translate.operands import Unsupported, field_value, row_of, scalar_source
from anyroc.translate.scalar import scalar_argument
from anyroc.translate.vectors import CHUNK

__all__ = ["CrossLane"]

_INDEX_ROW = TEMPORARY
_MOVED_ROW = TEMPORARY + 1


class CrossLane(BlockState):
    """Emits what lane loops cannot do."""

    def fetches_disabled(self, inst: Instruction) -> bool:
        """DPP8 that reads disabled lanes of a register whose new value is still queued."""
        mods = inst.mods
        if not (mods.dpp8 and mods.fi and inst.src[0].kind in "va"):
            return False
        return self.queue.writes(row_of(inst.src[0], self.graph.accum_offset))

    def whole_wave_dpp(self, inst: Instruction) -> bool:
        """Whether DPP leaves the row, or must see disabled lanes of a row that is still pending."""
        dpp = inst.mods.dpp
        if dpp is None or inst.src[0].kind not in "va":
            return False
        size = self.graph.wave_size
        table = [dpp_source(dpp.ctrl, lane, size) for lane in range(size)]
        if any(s is not None and s // CHUNK != lane // CHUNK for lane, s in enumerate(table)):
            return True
        return dpp.fi and self.queue.writes(row_of(inst.src[0], self.graph.accum_offset))

    def move_by_dpp(self, inst: Instruction) -> tuple[Instruction, Any]:
        """Moves DPP's source row by a helper: the instruction without DPP, and the lanes it may
        write."""
        dpp, size, code = inst.mods.dpp, self.graph.wave_size, self.code
        assert dpp is not None
        self.flush()
        self.scalars.store_exec()
        table = self.table([dpp_source(dpp.ctrl, lane, size) for lane in range(size)])
        source = self.row_pointer(row_of(inst.src[0], self.graph.accum_offset))
        code.declare("anyroc_gather_row", "i64", "ptr", "ptr", "ptr", "ptr", "i32")
        valid: Any = code.emit(
            f"call i64 @anyroc_gather_row(ptr %wave, ptr {self.row_pointer(_MOVED_ROW)},"
            f" ptr {source}, ptr {table}, i32 {int(dpp.fi)})"
        )
        static = sum(
            1 << lane
            for lane in range(size)
            if dpp.row_mask >> (lane // 16) & 1 and dpp.bank_mask >> (lane // 4 % 4) & 1
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

    def move_second(self, inst: Instruction, op: Op) -> Instruction:
        """Moves the second source, whose lanes are not those that read it, enabled or not."""
        moved, size = inst.src[1], self.graph.wave_size
        if op.second is None or moved.kind not in "va":
            return inst
        self.flush()
        self.scalars.store_exec()
        chosen = field_value(inst, "op_sel") or 0
        table = self.table([op.second(chosen, lane) for lane in range(size)])
        source = self.row_pointer(row_of(moved, self.graph.accum_offset))
        self.code.declare("anyroc_gather_row", "i64", "ptr", "ptr", "ptr", "ptr", "i32")
        self.code.emit(
            f"call i64 @anyroc_gather_row(ptr %wave, ptr {self.row_pointer(_MOVED_ROW)},"
            f" ptr {source}, ptr {table}, i32 1)"
        )
        return replace(inst, src=(inst.src[0], Operand("v", _MOVED_ROW), *inst.src[2:]))

    def cross(self, inst: Instruction, cross: Cross) -> None:
        """A cross-lane operation."""
        moved = inst.src[cross.row]
        if cross.kind == "exchange" and self.graph.wave_size == 32:
            return
        if cross.kind in ("gather", "gather_any", "gather_all", "exchange", "scatter"):
            self._permute(inst, cross, moved)
            return
        reads = cross.kind in ("read_first", "read_lane")
        if not reads or self._is_pending(inst, moved):
            self.flush()
        self.scalars.store_exec()
        if cross.kind in ("read_first", "read_lane"):
            self._read_lane(inst, cross, moved)
        elif cross.kind == "write_lane":
            self._write_lane(inst, cross, moved)
        elif cross.kind == "swizzle":
            self._swizzle(inst, moved)
        elif cross.kind == "swap":
            self._swap(inst, cross.body())
        else:
            raise Unsupported(inst, f"cross-lane kind {cross.kind}")

    def _is_pending(self, inst: Instruction, moved: Operand) -> bool:
        """Whether the queue still holds something that a scalar read of one lane depends on."""
        if self.touches_pending_masks(inst):
            return True
        return moved.kind in "va" and self.queue.writes(row_of(moved, self.graph.accum_offset))

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
        row = self.row_pointer(row_of(moved, self.graph.accum_offset))
        at = code.emit(f"getelementptr i32, ptr {row}, i64 {ops.text(U64, lane)}")
        self.scalars.write32(dst, code.emit(f"load i32, ptr {at}"))

    def _write_lane(self, inst: Instruction, cross: Cross, moved: Operand) -> None:
        ops, code = self.scalars.ops, self.code
        value = scalar_source(moved, 32, self.scalars).raw
        lane = self._lane_number(inst, cross, cross.row)
        row = self.row_pointer(row_of(inst.dst[0], self.graph.accum_offset))
        at = code.emit(f"getelementptr i32, ptr {row}, i64 {ops.text(U64, lane)}")
        code.do(f"store i32 {ops.text(U32, value)}, ptr {at}")

    def _swizzle(self, inst: Instruction, moved: Operand) -> None:
        offset = field_value(inst, "offset") or 0
        size = self.graph.wave_size
        table = self.table([swizzle_source(offset, lane) for lane in range(size)])
        source = self.row_pointer(row_of(moved, self.graph.accum_offset))
        temporary = self.row_pointer(_MOVED_ROW)
        self.code.declare("anyroc_gather_row", "i64", "ptr", "ptr", "ptr", "ptr", "i32")
        self.code.emit(
            f"call i64 @anyroc_gather_row(ptr %wave, ptr {temporary}, ptr {source},"
            f" ptr {table}, i32 0)"
        )
        self._copy_row(inst, _MOVED_ROW)

    def _swap(self, inst: Instruction, distance: int) -> None:
        """Lanes of two registers that change places."""
        rows = [self.row_pointer(row_of(operand, self.graph.accum_offset)) for operand in inst.dst]
        fetch, bound = inst.mods.op_sel[:2]
        self.code.declare("anyroc_swap_lanes", "void", "ptr", "ptr", "ptr", "i32", "i32", "i32")
        self.code.do(
            f"call void @anyroc_swap_lanes(ptr %wave, ptr {rows[0]}, ptr {rows[1]},"
            f" i32 {distance}, i32 {int(fetch)}, i32 {int(not bound)})"
        )

    def _copy_row(self, inst: Instruction, row: int) -> None:
        """Moves a scratch row to the destination, enabled lanes only."""
        move = Op("move", (Slot("operand", U32),), (Slot("operand", U32),), lambda a: a)
        copy = replace(inst, src=(Operand("v", row),), mods=type(inst.mods)())
        self.queue_vector([(copy, move)], 1 << row, self.graph.defs(inst))
        self.flush()

    def _permute(self, inst: Instruction, cross: Cross, moved: Operand) -> None:
        positions = [s for i, s in enumerate(cross.sources) if i != cross.row]
        known = {"offset": field_value(inst, "offset") or 0}
        if self.graph.target.permute_span >= self.graph.wave_size and any(
            s.role == "span" for s in positions
        ):
            known["lane"] = 0  # it would choose among spans, and there is one
        slots = tuple(s for s in positions if s.role not in known)

        def index(*arguments: Value) -> Value:
            values = iter(arguments)
            like = arguments[0]
            result: Value = cross.body(
                *[like.const(known[s.role]) if s.role in known else next(values) for s in positions]
            )
            return result

        op = Op("index", slots, (Slot("operand", U32),), index)
        others = tuple(o for i, o in enumerate(inst.src) if i != cross.row)
        pseudo = replace(inst, src=others, dst=(Operand("v", _INDEX_ROW),), mods=type(inst.mods)())
        if self.touches_pending_masks(inst):
            self.flush()
        uses = self.graph.uses(inst)
        active, inactive = self.live
        self.live = active | uses, inactive | uses  # the helper reads rows in all lanes
        self.queue_vector([(pseudo, op)], uses, 1 << _INDEX_ROW)
        self.flush()
        self.scalars.store_exec()
        code = self.code
        if moved.kind in "va":
            source = self.row_pointer(row_of(moved, self.graph.accum_offset))
        else:
            raise Unsupported(inst, "a scalar that moves across lanes")
        target = self.row_pointer(row_of(inst.dst[0], self.graph.accum_offset))
        table = self.row_pointer(_INDEX_ROW)
        if cross.kind == "scatter":
            code.declare("anyroc_permute_scatter", "void", "ptr", "ptr", "ptr", "ptr")
            code.do(
                f"call void @anyroc_permute_scatter(ptr %wave, ptr {target}, ptr {source},"
                f" ptr {table})"
            )
            return
        code.declare("anyroc_permute_gather", "void", "ptr", "ptr", "ptr", "ptr", "i32", "i32")
        is_lds = inst.format == "DS"
        chosen = cross.kind == "gather_any" and (is_lds or bool(inst.mods.op_sel[0]))
        fetch = chosen or cross.kind in ("gather_all", "exchange")
        keep = not is_lds and not inst.mods.op_sel[1]
        code.do(
            f"call void @anyroc_permute_gather(ptr %wave, ptr {target}, ptr {source}, ptr {table},"
            f" i32 {int(fetch)}, i32 {int(keep)})"
        )

    def matrix(self, inst: Instruction, matrix: Matrix) -> None:
        """A matrix multiplication: it joins the run at hand, or is done at once by its helper."""
        uses, defs = self.graph.uses(inst), self.graph.defs(inst)
        if self.routines is not None or self.queue.meets(uses, defs):
            self.flush()
        product = None
        if self.routines is None:
            packed = self._matrix_modifiers(inst)
            product = product_of(inst, matrix, packed, self.graph.accum_offset)
        if product is None or not self.run.takes(product):
            self.finish_run()
        if product is None:
            self._multiply(inst, matrix)
        else:
            self.run.add(product)

    def finish_run(self) -> None:
        """Emits the matrices that wait."""
        run, code = self.run, self.code
        if not run.products:
            return
        name = f"anyroc_mfma_run_{run.products[0].matrix.helper.removeprefix('mfma_')}"
        plan = self.words(run.plan())
        code.declare(name, "void", "ptr", "ptr", "i32")
        code.do(f"call void @{name}(ptr %vgpr, ptr {plan}, i32 {run.products[0].modifiers})")
        self.run = MatrixRun()

    def _matrix_modifiers(self, inst: Instruction) -> int:
        """The modifiers as the helpers take them (native/matrix.c)."""
        mods = inst.mods
        if inst.format == "MAI":
            return mods.cbsz | mods.abid << 3 | mods.blgp << 7
        if inst.format == "VOP3PX2":
            packed = mods.cbsz | mods.blgp << 7
            for at in range(2):
                packed |= (mods.op_sel[at] | mods.op_sel_hi[at] << 1) << (10 + 2 * at)
            return packed
        bits = (*mods.neg_lo[:3], *mods.neg_hi[:3], mods.clamp, *mods.op_sel[:3])
        return sum(bool(bit) << i for i, bit in enumerate(bits))

    def _multiply(self, inst: Instruction, matrix: Matrix) -> None:
        self.scalars.store_exec()
        code = self.code
        rows, constant = [], 0
        for operand in inst.src[:3]:
            if operand.kind in "va":
                rows.append(self.row_pointer(row_of(operand, self.graph.accum_offset)))
            elif operand.kind == "const":
                rows.append("null")
                constant = int(operand.value)
            else:
                raise Unsupported(inst, "a scalar matrix operand")
        target = self.row_pointer(row_of(inst.dst[0], self.graph.accum_offset))
        scales = self._scales(inst.src[3:]) if inst.format == "VOP3PX2" else ""
        name = f"anyroc_{matrix.helper}"
        types = ["ptr", "ptr", "i32", "i32"] if scales else []
        code.declare(name, "void", *["ptr"] * 5, "i64", "i32", *types)
        code.do(
            f"call void @{name}(ptr %wave, ptr {target}, ptr {rows[0]}, ptr {rows[1]},"
            f" ptr {rows[2]},"
            f" i64 {constant}, i32 {self._matrix_modifiers(inst)}{scales})"
        )

    def _scales(self, operands: tuple[Operand, ...]) -> str:
        """The arguments for a scaled matrix's scales: rows, then what stands in for absent rows."""
        rows, constants = [], []
        for operand in operands:
            if operand.kind in "va":
                rows.append(self.row_pointer(row_of(operand, self.graph.accum_offset)))
                constants.append("0")
            else:
                rows.append("null")
                raw = scalar_source(operand, 32, self.scalars).raw
                constants.append(str(self.scalars.ops.text(U32, raw)))
        pointers = "".join(f", ptr {row}" for row in rows)
        return pointers + "".join(f", i32 {value}" for value in constants)
