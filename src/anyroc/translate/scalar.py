"""Scalar instructions: their operands, bodies and results, once per wave."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from anyroc.isa.instruction import Instruction, Operand
from anyroc.semantics.core import ENCODED, Op, Slot
from anyroc.semantics.environment import clamp, scaled
from anyroc.semantics.values import BOOL, U32, U64, Value, bits, convert
from anyroc.translate import layout
from anyroc.translate.operands import (
    Unsupported,
    apply_modifiers,
    elements,
    field_value,
    scalar_source,
)
from anyroc.translate.registers import ScalarFile

__all__ = ["run_scalar", "scalar_argument"]


def run_scalar(inst: Instruction, op: Op, scalars: ScalarFile) -> None:
    """Computes an instruction's results from scalar registers into scalar registers."""
    operands = iter(inst.src)
    arguments = [scalar_argument(inst, slot, operands, scalars) for slot in op.sources]
    result = op.body(*arguments)
    values = list(result) if len(op.results) > 1 else [result]
    targets = iter(inst.dst)
    for slot, value in zip(op.results, values, strict=True):
        _result(inst, op, slot, value, targets, scalars)


def scalar_argument(
    inst: Instruction, slot: Slot, operands: Iterator[Operand], scalars: ScalarFile
) -> Any:
    """The value of one source slot; ``operands`` are the encoded operands not yet taken."""
    ops = scalars.ops
    if slot.role == "scc":
        return Value(ops, BOOL, scalars.read_scc())
    if slot.role == "exec":
        raw = scalars.read64(layout.EXEC) if slot.type is U64 else scalars.read32(layout.EXEC)
        return Value(ops, slot.type, raw)
    if slot.role == "m0":
        return Value(ops, U32, scalars.read32(layout.M0))
    if slot.role == "mode":
        return Value(ops, U32, scalars.load_mode())
    if slot.role == "vcc":
        return Value(ops, scalars.mask_type, scalars.read_mask(layout.VCC))
    if slot.role == "pc":
        return Value(ops, U64, scalars.code_address(inst.offset + inst.size))
    if slot.role not in ENCODED:
        field = field_value(inst, slot.role)
        if field is None:
            raise Unsupported(inst, f"it reads {slot.role}")
        return Value(ops, slot.type, field)
    operand = next(operands, None)
    if operand is None:
        raise Unsupported(inst, "fewer operands than its semantics take")
    width = 64 if slot.type.bits * slot.count > 32 else 32
    source = scalar_source(operand, width, scalars)
    if slot.count > 1:
        word = Value(ops, U64 if width == 64 else U32, source.raw)
        words = [word] if width == 32 else [convert(word, U32), convert(word >> 32, U32)]
        return tuple(elements(words, slot.type, slot.count))
    value = Value(ops, U64 if width == 64 else U32, source.raw)
    if slot.type.bits < 32:
        value = convert(value, slot.type.unsigned)
    value = bits(value, slot.type)
    return apply_modifiers(value, operand.neg, operand.abs)


def _result(
    inst: Instruction,
    op: Op,
    slot: Slot,
    value: Any,
    targets: Iterator[Operand],
    scalars: ScalarFile,
) -> None:
    if isinstance(value, tuple):
        low, high = (convert(bits(v, v.type.unsigned), U32) for v in value)
        value = low | (high << 16)
    if slot.role == "scc":
        scalars.write_scc(value.raw)
        return
    if slot.role == "exec":
        index = layout.EXEC
    elif slot.role == "vcc":
        index = layout.VCC
    elif slot.role == "m0":
        index = layout.M0
    else:
        operand = next(targets)
        if operand.kind == "none":
            return
        if operand.kind in "va":
            raise Unsupported(inst, "a vector destination of a scalar operation")
        index = operand.index
    if value.type.is_float and op.modified:
        if inst.mods.omod:  # only GPUs without the IEEE bit have it here, where it always counts
            value = scaled(value, inst.mods.omod)
        if inst.mods.clamp:
            value = clamp(value)
    if value.type.bits == 64:
        scalars.write64(index, bits(value, U64).raw)
    else:
        word = (
            convert(bits(value, value.type.unsigned), U32)
            if value.type.bits < 32
            else bits(value, U32)
        )
        scalars.write32(index, word.raw)
