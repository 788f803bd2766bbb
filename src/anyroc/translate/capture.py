"""Capturing the operands of vector instructions where they stand in program order."""

from __future__ import annotations

from anyroc.isa.instruction import Instruction, Operand
from anyroc.semantics.core import ENCODED, Op, Slot
from anyroc.translate import layout
from anyroc.translate.cfg import Graph
from anyroc.translate.operands import (
    Source,
    Unsupported,
    field_value,
    row_of,
    scalar_source,
)
from anyroc.translate.registers import ScalarFile

__all__ = ["capture"]


def capture(
    inst: Instruction, op: Op, scalars: ScalarFile, graph: Graph, pending: set[int]
) -> list[Source]:
    """The operands of a vector instruction as they are now; ``pending``: masks yet to come."""
    result = []
    operands = iter(inst.src)
    for slot in op.sources:
        if slot.role in ENCODED:
            operand = next(operands, None)
            if operand is None:
                raise Unsupported(inst, "fewer operands than its semantics take")
            result.append(_operand(slot, operand, op.packed, scalars, graph, pending))
        else:
            result.append(_implicit(inst, slot, scalars, graph, pending))
    return result


def _operand(
    slot: Slot,
    operand: Operand,
    packed: int,
    scalars: ScalarFile,
    graph: Graph,
    pending: set[int],
) -> Source:
    if slot.role == "mask":
        if operand.kind == "s" and operand.index in pending:
            return Source("mask", None, index=operand.index)
        if operand.kind == "const":
            value = int(operand.value) & ((1 << graph.wave_size) - 1)
            return Source("mask", value)
        return Source("mask", scalars.read_mask(operand.index))
    if operand.kind in "va":
        return Source("row", row_of(operand, graph.accum_offset))
    width = 64 if slot.type.bits * slot.count * packed > 32 else 32
    return scalar_source(operand, width, scalars)


def _implicit(
    inst: Instruction, slot: Slot, scalars: ScalarFile, graph: Graph, pending: set[int]
) -> Source:
    if slot.role == "vcc":
        if layout.VCC in pending:
            return Source("mask", None, index=layout.VCC)
        return Source("mask", scalars.read_mask(layout.VCC))
    if slot.role == "m0":
        return Source("scalar", scalars.read32(layout.M0))
    if slot.role == "mode":
        return Source("scalar", scalars.load_mode())
    if slot.role == "lane":
        return Source("lane", None)
    if slot.role == "span":
        return Source("const", min(graph.wave_size, graph.target.permute_span))
    if slot.role == "scc":
        return Source("bool", scalars.read_scc())
    value = field_value(inst, slot.role)
    if value is None:
        raise Unsupported(inst, f"it reads {slot.role}")
    return Source("const", value)
