"""From the bits of an operand field to an Operand.

One ``OperandTable`` per kind, type, size and role maps field values to operands and remembers
them, so that equal operands are the same object and decoding is mostly dictionary lookups.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from anyroc.isa.instruction import EXEC, M0, NULL, VCC, Operand

LITERAL = Operand("literal")
"""Stands for "the constant after the instruction" until that is read."""

LITERAL64 = Operand("literal64")
"""The same of 64 bits: gfx1250's."""

# 0.5, -0.5, 1, -1, 2, -2, 4, -4, 1 / (2 pi)
_HALF = (0x3800, 0xB800, 0x3C00, 0xBC00, 0x4000, 0xC000, 0x4400, 0xC400, 0x3118)
_BFLOAT = (0x3F00, 0xBF00, 0x3F80, 0xBF80, 0x4000, 0xC000, 0x4080, 0xC080, 0x3E22)
_SINGLE = (
    0x3F000000, 0xBF000000, 0x3F800000, 0xBF800000, 0x40000000, 0xC0000000, 0x40800000, 0xC0800000,
    0x3E22F983,
)  # fmt: skip
_DOUBLE = (
    *(high << 32 for high in (0x3FE00000, 0xBFE00000, 0x3FF00000, 0xBFF00000)),
    *(high << 32 for high in (0x40000000, 0xC0000000, 0x40100000, 0xC0100000)),
    0x3FC45F306DC9C882,
)

_SPECIAL = {
    235: "shared_base",
    236: "shared_limit",
    237: "private_base",
    238: "private_limit",
    239: "pops_exiting_wave_id",
    251: "vccz",
    252: "execz",
    253: "scc",
    254: "lds_direct",
}

_SCRATCH_BASE = {230: "flat_scratch_base_lo", 231: "flat_scratch_base_hi"}


def element_type(type_: str) -> str:
    """``f16`` of ``pk8_f16``."""
    return type_.partition("_")[2] if type_.startswith("pk") else type_


class BadField(ValueError):
    """A field value that names no operand."""


class OperandTable(dict[int, Operand]):
    """Operands by field value, made when first asked for."""

    def __init__(self, make: Callable[[int], Operand]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, value: int) -> Operand:
        operand = self[value] = self._make(value)
        return operand


def inline_float(code: int, type_: str, bits: int) -> int:
    """The bits of inline constant ``code`` (240 to 248) as an operand of a type.

    16-bit integers get the half's bits, packed ones the single's; every element of a matrix is the
    constant in the element's own type.
    """
    index = code - 240
    element = element_type(type_)
    if element == "f64":
        return _DOUBLE[index]
    if element == "bf16":
        return _BFLOAT[index]
    if element == "f16" or bits == 16:
        return _HALF[index]
    if bits == 64 and type_ not in ("pk2_f32", "pk2_b32"):
        return _DOUBLE[index]
    return _SINGLE[index]


def inline_integer(value: int, bits: int) -> int:
    """The bits of an inline integer: sign-extended to the operand's width."""
    return value & ((1 << max(bits, 16)) - 1)


def literal_bits(value: int, type_: str, bits: int) -> int:
    """A 32-bit literal as an operand: the high half of a double, else extended by its sign."""
    if bits == 16:
        return value & 0xFFFF
    if bits != 64 or type_ in ("pk2_f32", "pk2_b32"):
        return value
    if type_ == "f64":
        return value << 32
    if type_ == "i64" and value >> 31:
        return value | 0xFFFFFFFF00000000
    return value


def scalar_index(field: int, family: str) -> int:
    """The unified number of a scalar register field."""
    if family != "cdna" and field in (124, 125):
        return NULL if field == 124 else M0
    return field


@cache
def operand_table(
    kind: str, type_: str, bits: int, count: int, role: str, family: str
) -> OperandTable:
    """The table for one class of operand; see ``OperandSpec`` for the kinds."""

    aligned = family in ("cdna", "cdna5") and not kind.endswith("_any")

    def vgpr(value: int) -> Operand:
        index = value & 0xFF
        if index + count > 256:
            raise BadField(f"v[{index}:{index + count - 1}] is past the last register")
        if count > 1 and index & 1 and aligned:
            raise BadField(f"v[{index}:{index + count - 1}] begins at an odd register")
        return Operand("v", index, count, role=role)

    def agpr(value: int) -> Operand:
        return replace(vgpr(value), kind="a")

    def only_vgpr(value: int) -> Operand:
        if value < 256:
            raise BadField(f"source {value} is not a vector register")
        return vgpr(value)

    def only_agpr(value: int) -> Operand:
        return replace(only_vgpr(value), kind="a")

    def scalar(value: int) -> Operand:
        index = scalar_index(value, family)
        if index in (M0, NULL):
            if index == M0 and count > 1:
                raise BadField(f"m0 is no {count}-register operand")
            return Operand("s", index, count, role=role)
        first_special = 102 if family == "cdna" else VCC
        if count > 1 and (index < first_special or 108 <= index < M0):
            index &= ~1 if count == 2 else ~3  # the low bits of a misaligned tuple are ignored
        last = index + count - 1
        crosses = index < first_special <= last or index < M0 <= last or last > EXEC + 1
        special = first_special <= index < 108 or index >= EXEC
        if crosses or (special and count > 1 and (index & 1 or count > 2)):
            raise BadField(f"scalar registers {index} to {last} are no operand")
        return Operand("s", index, count, role=role)

    def vgpr_half(value: int) -> Operand:
        return Operand("v", value & 0x7F, count, role=role)

    def only_vgpr_half(value: int) -> Operand:
        return vgpr_half(only_vgpr(value).index)

    def source_half(value: int) -> Operand:
        return vgpr_half(value) if value >= 256 else source(value)

    def constant16(value: int) -> Operand:
        signed = type_ == "i32" and value >> 15
        return Operand("const", value=value | 0xFFFF0000 if signed else value, role=role)

    def source(value: int) -> Operand:
        if value >= 256:
            return vgpr(value)
        if value < 128:
            return scalar(value)
        dwords = (max(bits, 1) + 31) // 32
        if value <= 208:
            number = value - 128 if value <= 192 else 192 - value
            pair = type_ in ("pk2_f32", "pk2_b32")
            double = element_type(type_) == "f64" or (bits == 64 and not pair)
            width = 64 if double else 16 if bits == 16 else 32
            return Operand("const", count=dwords, value=inline_integer(number, width), role=role)
        if 240 <= value <= 248:
            return Operand("const", count=dwords, value=inline_float(value, type_, bits), role=role)
        if value == 255:
            return LITERAL
        if value == 254 and family == "cdna5":
            return LITERAL64
        if value in _SCRATCH_BASE and family == "cdna5":
            return Operand("special", value, count, _SCRATCH_BASE[value], role=role)
        if value in _SPECIAL and (value != 254 or family == "cdna"):
            return Operand("special", value, count, _SPECIAL[value], role=role)
        raise BadField(f"source {value} does not exist")

    def addend(value: int) -> Operand:
        if value < 128:
            raise BadField("a matrix takes no scalar register")
        return source(value)

    def scalar_source(value: int) -> Operand:
        if value >= 256:
            raise BadField(f"source {value} is not scalar")
        return source(value)

    makers: dict[str, Callable[[int], Operand]] = {
        "v": vgpr,
        "a": agpr,
        "v_any": vgpr,
        "a_any": agpr,
        "v9": only_vgpr,
        "a9": only_agpr,
        "v16": vgpr_half,
        "v169": only_vgpr_half,
        "src16": source_half,
        "k16": constant16,
        "k": lambda _: LITERAL64 if bits == 64 else LITERAL,
        "s": scalar,
        "ss": scalar_source,
        "src_v": addend,
        "src_a": lambda value: replace(vgpr(value), kind="a") if value >= 256 else addend(value),
        "imm": lambda _: Operand("none", count=0, role=role),
        "src": addend if bits > 64 else source,  # only matrices have such wide ones
        "sbase": lambda value: scalar(value << 1),
        "srsrc": lambda value: scalar(value << 2),
        "vcc": lambda _: Operand("s", VCC, count, role=role),
        "exec": lambda _: Operand("s", EXEC, count, role=role),
        "none": lambda _: Operand("none", count=0, role=role),
    }
    return OperandTable(makers[kind])
