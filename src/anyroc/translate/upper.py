"""Vector registers from v256 on: gfx1250's mode that holds the upper bits of register numbers.

AMD's "CDNA5" Instruction Set Architecture, 3.3.2.3: ``s_set_vgpr_msb`` says for each of four places
in an instruction which 256 registers its numbers mean, until it says otherwise.
"""

from __future__ import annotations

from dataclasses import replace

from anyroc.isa.instruction import Instruction, Operand
from anyroc.isa.tables import OperandSpec

__all__ = ["SETS_UPPER_BITS", "selected", "with_upper_bits"]

SETS_UPPER_BITS = "s_set_vgpr_msb"
_DST = 3
_PLACES = {
    "src0": 0, "vaddr": 0, "src1": 1, "data0": 1, "vdata": 1, "src2": 2, "data1": 2, "vdst": _DST,
}  # fmt: skip


def selected(inst: Instruction) -> int:
    """What the instruction that sets the mode sets it to."""
    return inst.mods.simm16 & 0xFF


def with_upper_bits(inst: Instruction, mode: int) -> Instruction:
    """The instruction with the registers that it names in a mode."""
    if inst.parts:
        return replace(inst, parts=tuple(with_upper_bits(part, mode) for part in inst.parts))

    def moved(operands: tuple[Operand, ...], specs: tuple[OperandSpec, ...]) -> tuple[Operand, ...]:
        return tuple(
            replace(operand, index=operand.index + 256 * _upper(inst, spec, mode))
            if operand.kind == "v"
            else operand
            for operand, spec in zip(operands, specs, strict=False)
        )

    return replace(inst, dst=moved(inst.dst, inst.row.dst), src=moved(inst.src, inst.row.src))


def _upper(inst: Instruction, spec: OperandSpec, mode: int) -> int:
    place = _PLACES.get(spec.field, 0)
    if inst.format in ("MUBUF", "MTBUF") and spec.field == "vdata":
        place = _DST
    if "fmamk" in inst.op and spec.field == "src1":
        place = 2
    return mode >> 2 * place & 3
