"""Operands of vector instructions: what is captured when one is met, and how a chunk of lanes
reads it.

Scalars are captured as SSA values where the instruction stands in program order, so that the chunk
loop that runs it may come later.  Vector registers are read inside the loop.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from anyroc.isa.instruction import Instruction, Operand
from anyroc.semantics.core import Op
from anyroc.semantics.values import (
    BOOL,
    TYPES,
    U8,
    U16,
    U32,
    U64,
    Type,
    Value,
    bits,
    convert,
    fabs,
    select,
)
from anyroc.translate import layout
from anyroc.translate.registers import ScalarFile

__all__ = [
    "RELU", "Source", "Unsupported", "apply_modifiers", "elements",
    "field_value", "integer_fields", "narrow", "row_of",
    "saturate", "saturates", "scalar_source", "sdwa_select", "special",
]  # fmt: skip

SATURATING = (
    "v_add_", "v_sub_", "v_subrev_", "v_mad_", "v_pk_add_", "v_pk_sub_", "v_pk_mad_", "v_dot",
)  # fmt: skip
"""Names of integer operations whose result clamp limits; others ignore it."""
RELU = re.compile(r"v_(pk_)?add_(min|max)_[iu]|v_pk_(min|max)3_[iu]")
"""Names of those whose result clamp makes 0 where it is negative."""


def saturates(op: Op) -> bool:
    """Whether clamp holds an integer operation's result to what its type can be."""
    return op.name.startswith(SATURATING) and not RELU.match(op.name)


class Unsupported(Exception):
    """An instruction, or a form of one, that is not implemented."""

    def __init__(self, inst: Instruction, why: str) -> None:
        super().__init__(f"{inst.mnemonic}: {why}")
        self.inst = inst
        self.why = why


@dataclass(frozen=True)
class Source:
    """A captured operand: ``kind`` is ``row`` (``raw``: first row), ``scalar`` (an SSA value of 32
    or 64 bits), ``const`` (bits), or ``mask`` (a lane mask as an SSA value, or None for one that
    is pending under scalar register ``index``)."""

    kind: str
    raw: Any
    bits: int = 32
    index: int = -1


def row_of(operand: Operand, accum_offset: int) -> int:
    """The VGPR row of a vector register: accumulation registers lie behind the others."""
    return operand.index + (accum_offset if operand.kind == "a" else 0)


def field_value(inst: Instruction, role: str) -> int | None:
    """A field that an instruction's body reads as a constant; None if ``role`` is no field."""
    mods = inst.mods
    if role in ("op_sel", "op_sel_hi", "neg_lo"):
        flags: tuple[bool, ...] = getattr(mods, role)
        return sum(bool(flag) << i for i, flag in enumerate(flags))
    if role == "offset":
        return mods.offset or mods.offset0 | mods.offset1 << 8
    if role == "simm16":
        return mods.simm16 & 0xFFFF
    return dict(mods.extra).get(role)


def integer_fields(word: Value, count: int, signed: bool) -> tuple[Value, ...]:
    """The ``count`` integers that a dword is made of, extended to I32."""
    width = 32 // count
    i32 = TYPES["i32"]
    if signed:
        moved = [bits(word << (32 - width - i * width), i32) for i in range(count)]
        return tuple(part >> (32 - width) for part in moved)
    return tuple(bits((word >> (i * width)) & ((1 << width) - 1), i32) for i in range(count))


def special(name: str, scalars: ScalarFile, width: int) -> Source:
    """The value of an operand that is no register; NotImplementedError for what nobody has."""
    word = U64 if width == 64 else U32
    if name == "scc":
        return Source("scalar", scalars.ops.convert(BOOL, word, scalars.read_scc()), width)
    if name in ("vccz", "execz"):
        mask = scalars.read_mask(layout.VCC if name == "vccz" else layout.EXEC)
        zero = scalars.ops.compare("eq", scalars.mask_type, mask, 0)
        return Source("scalar", scalars.ops.convert(BOOL, word, zero), width)
    bases = {
        "shared_base": layout.SHARED_BASE,
        "shared_limit": layout.SHARED_BASE | 0xFFFFFFFF,
        "private_base": layout.PRIVATE_BASE,
        "private_limit": layout.PRIVATE_BASE | 0xFFFFFFFF,
        "flat_scratch_base_lo": layout.LANE_SCRATCH_BASE,
        "flat_scratch_base_hi": layout.LANE_SCRATCH_BASE,
    }
    key = name.removeprefix("src_")
    if key in bases:
        value = bases[key]
        half = value & 0xFFFFFFFF if key.endswith("_lo") else value >> 32
        return Source("const", value if width == 64 else half, width)
    raise NotImplementedError(f"the operand {name}")


def scalar_source(operand: Operand, width: int, scalars: ScalarFile) -> Source:
    """Captures a scalar or constant operand of ``width`` bits (64, or 32 for anything narrower)."""
    if operand.kind == "const":
        return Source("const", int(operand.value), width)
    if operand.kind == "s":
        raw = scalars.read64(operand.index) if width == 64 else scalars.read32(operand.index)
        return Source("scalar", raw, width)
    if operand.kind == "none":
        return Source("const", 0, width)
    return special(str(operand.value), scalars, width)


def apply_modifiers(value: Value, neg: bool, absolute: bool) -> Value:
    """Sign modifiers; on integers they act on the sign bit, as the hardware's operand path does."""
    if not (neg or absolute):
        return value
    t = value.type
    if t.is_float:
        if absolute:
            value = fabs(value)
        return -value if neg else value
    sign = 1 << (t.bits - 1)
    word = bits(value, t.unsigned)
    if absolute:
        word = word & (sign - 1)
    if neg:
        word = word ^ sign
    return bits(word, t)


def narrow(word: Value, t: Type, high: bool) -> Value:
    """A 16- or 8-bit element of a dword."""
    part = convert(word >> 16 if high else word, TYPES[f"u{t.bits}"])
    return bits(part, t)


def elements(words: list[Value], t: Type, count: int) -> list[Value]:
    """The elements of an operand of several, low first; ``words`` are its dwords."""
    result = []
    for i in range(count):
        at = i * t.bits
        if t.bits == 32:
            result.append(bits(words[i], t))
        elif t.bits == 64:
            result.append(
                bits((convert(words[2 * i + 1], U64) << 32) | convert(words[2 * i], U64), t)
            )
        elif t.bits == 4:
            part = convert((words[at // 32] >> at % 32) & 15, U8)
            result.append(bits(part, TYPES["u8"]))
        else:
            part = convert(words[at // 32] >> at % 32, TYPES[f"u{t.bits}"])
            result.append(bits(part, t))
    return result


def sdwa_select(word: Value, selector: int, sign_extend: bool) -> Value:
    """SDWA source selection: 0-3 a byte, 4-5 a half, 6 the dword."""
    if selector == 6:
        return word
    narrow_type = U8 if selector < 4 else U16
    at = 8 * selector if selector < 4 else 16 * (selector - 4)
    part = convert(word >> at, narrow_type)
    if sign_extend:
        return bits(convert(bits(part, narrow_type.signed), TYPES["i32"]), U32)
    return convert(part, U32)


def saturate(value: Value, t: Type) -> Value:
    """Clamps an integer computed in 64 bits to the range of ``t``."""
    signed = t.is_signed
    wide = bits(value, TYPES["i64"])
    low = -(1 << (t.bits - 1)) if signed else 0
    high = (1 << (t.bits - 1 if signed else t.bits)) - 1
    wide = select(wide < low, low, wide)
    wide = select(wide > high, high, wide)
    return convert(wide, t)
