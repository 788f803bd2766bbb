"""Moves between registers whose numbers M0 takes part in."""

from __future__ import annotations

from typing import Any

from anyroc.isa.instruction import Instruction
from anyroc.semantics.values import U32, U64
from anyroc.translate import layout
from anyroc.translate.block import BlockState
from anyroc.translate.operands import row_of, scalar_source

__all__ = ["RelativeMoves"]

_SCALARS = 106
"""Scalar registers that a number may reach; beyond, reads give s0 and writes do nothing."""


class RelativeMoves(BlockState):
    """Emits v_movrel, v_swaprel, s_movrel and what CDNA's index mode makes of moves."""

    def move_relative(self, inst: Instruction) -> None:
        """A move whose source, target or both are counted from M0."""
        self.flush()
        name = inst.op.partition("_")[2].removeprefix("mov").rpartition("_")[0]
        if inst.op.startswith("s_"):
            self._scalar_move(inst, name)
            return
        graph, ops = self.graph, self.scalars.ops
        self.scalars.store_exec()
        source_index, target_index = self._indices(name)
        target: Any = row_of(inst.dst[0], graph.accum_offset)
        target = ops.binary("add", U32, target_index, target)
        source: Any = -1
        scalar: Any = 0
        if inst.src[0].kind in ("v", "a"):
            row: Any = row_of(inst.src[0], graph.accum_offset)
            source = ops.convert(U32, U64, ops.binary("add", U32, source_index, row))
        else:
            scalar = scalar_source(inst.src[0], 32, self.scalars).raw
        helper = "anyroc_swap_relative" if name == "swaprel" else "anyroc_move_relative"
        self.code.declare(helper, "void", "ptr", "i32", "i64", "i32", "i32")
        self.code.do(
            f"call void @{helper}(ptr %wave, i32 {ops.text(U32, target)},"
            f" i64 {ops.text(U64, source)}, i32 {ops.text(U32, scalar)}, i32 {graph.rows})"
        )

    def _indices(self, name: str) -> tuple[Any, Any]:
        """What is added to the numbers of the source and of the target."""
        ops, m0 = self.scalars.ops, self.scalars.read32(layout.M0)
        if name in ("relsd_2", "swaprel"):
            upper = ops.binary("lshr", U32, m0, 16)
            return ops.binary("and", U32, m0, 0x3FF), ops.binary("and", U32, upper, 0x3FF)
        if self.graph.target.has_agprs and name in ("rels", "reld", "relsd"):
            m0 = ops.binary("and", U32, m0, 0xFF)  # the index mode's part
        return m0 if "s" in name[3:] else 0, m0 if "d" in name[3:] else 0

    def _scalar_move(self, inst: Instruction, name: str) -> None:
        """By way of the wave's memory, where the registers lie side by side."""
        scalars, ops = self.scalars, self.scalars.ops
        wide = inst.op.endswith("b64")
        kind = "i64" if wide else "i32"
        m0 = scalars.read32(layout.M0)
        source, target = self._indices("relsd_2") if name == "relsd_2" else (m0, m0)
        if "s" in name[3:]:
            scalars.store()
            number = ops.binary("add", U32, source, inst.src[0].index)
            inside = ops.compare("ult", U32, number, _SCALARS)
            address = self._address(ops.select(U32, inside, number, 0))
            value: Any = self.code.emit(f"load {kind}, ptr {address}, align 4")
        else:
            value = scalar_source(inst.src[0], 64 if wide else 32, scalars).raw
        if "d" not in name[3:]:
            write = scalars.write64 if wide else scalars.write32
            write(inst.dst[0].index, value)
            return
        scalars.store()
        number = ops.binary("add", U32, target, inst.dst[0].index)
        inside = ops.compare("ult", U32, number, _SCALARS)
        address = self._address(ops.select(U32, inside, number, 0))
        old = self.code.emit(f"load {kind}, ptr {address}, align 4")
        text = ops.text(U64 if wide else U32, value)
        kept = self.code.emit(f"select i1 {inside}, {kind} {text}, {kind} {old}")
        self.code.do(f"store {kind} {kept}, ptr {address}, align 4")
        scalars.forget(0, _SCALARS)

    def _address(self, number: Any) -> str:
        offset = self.scalars.ops.binary("shl", U32, number, 2)
        return self.code.emit(f"getelementptr i8, ptr %wave, i32 {offset}")
