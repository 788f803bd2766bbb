"""Which operands an instruction has, and where, given its modifier bits.

A *shape* is the small number made of the bits that decide it: whether an address has a scalar
part, whether an atomic returns, which registers are accumulators. ``places`` then lists the
operands of a row in that shape.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from anyroc.isa.formats import Format
from anyroc.isa.modifiers import IMAGES
from anyroc.isa.tables import FAMILY, OperandSpec, Row

_MEMORY = frozenset(("FLAT", "GLOBAL", "SCRATCH", "MUBUF", "MTBUF", "DS", "SMEM")) | IMAGES
_OFF = {"cdna": 0x7F, "rdna3": 124, "rdna4": 124}

# Bits of the shape of a memory instruction.
NO_SADDR, RETURNS, ACC, VADDR, OFFEN, IDXEN, LDS, TFE = (1 << bit for bit in range(8))
# Matrix instructions whose operands' formats say how many registers they take: bits behind the
# three that name accumulation registers.
_A_FORMAT, _B_FORMAT = 3, 6
# SMEM: the scalar offset is absent, or (CDNA) encoded in the low bits of the offset field.
NO_SOFFSET, LOW_SOFFSET = 1, 2


@dataclass(frozen=True, slots=True)
class Place:
    """Where an operand is encoded (field, encoding class) and what it is."""

    field: str
    kind: str
    type: str
    bits: int
    count: int
    role: str


def shape(format_name: str, isa: str) -> Callable[[int], int]:
    """The function from the bits of an instruction in a format to its shape."""
    base, _, variant = format_name.partition(".")
    family = FAMILY[isa]
    cdna = family == "cdna"
    if variant == "sdwa":
        return lambda raw: (raw >> 55 & 1) | (raw >> 63 & 1) << 1 | (raw >> 47 & 1) << 2
    if base == "VOP3PX2":
        return lambda raw: _mai_formats(raw >> 64)
    if base in ("MAI", "VOP3P") and cdna:
        return _mai_formats if isa == "cdna4" else _mai
    if base == "DS":
        return (lambda raw: ACC if raw >> 25 & 1 else 0) if cdna else _none
    if base == "SMEM":
        return _smem_cdna if cdna else lambda raw: NO_SOFFSET if raw >> 57 & 0x7F == 124 else 0
    if base in ("FLAT", "GLOBAL", "SCRATCH"):
        if isa == "cdna2":
            return _flat_cdna2
        return {"cdna": _flat_cdna, "rdna3": _flat_rdna3, "rdna4": _flat_rdna4}[family]
    if base in ("MUBUF", "MTBUF"):
        return {"cdna": _buffer_cdna, "rdna3": _buffer_rdna3, "rdna4": _buffer_rdna4}[family]
    return _none


def _none(_: int) -> int:
    return 0


def _mai(raw: int) -> int:
    return (raw >> 59 & 3) | (raw >> 15 & 1) << 2


def _mai_formats(raw: int) -> int:
    return _mai(raw) | (raw >> 8 & 7) << _A_FORMAT | (raw >> 61 & 7) << _B_FORMAT


def _smem_cdna(raw: int) -> int:
    immediate, register = raw >> 17 & 1, raw >> 14 & 1
    if register:
        return 0
    return NO_SOFFSET if immediate else LOW_SOFFSET


def _flat_cdna(raw: int) -> int:
    return (
        (NO_SADDR if raw >> 48 & 0x7F == 0x7F else 0)
        | (RETURNS if raw >> 16 & 1 else 0)
        | (ACC if raw >> 55 & 1 else 0)
        | (VADDR if raw >> 13 & 1 else 0)
    )


def _flat_cdna2(raw: int) -> int:
    """Scratch has a vector or a scalar address; bit 13 sends what is loaded to LDS."""
    base = _flat_cdna(raw) & ~VADDR
    return (
        base | (VADDR if base & NO_SADDR else 0) | (LDS if raw >> 13 & 1 and raw >> 14 & 3 else 0)
    )


def _flat_rdna3(raw: int) -> int:
    return (
        (NO_SADDR if raw >> 48 & 0x7F == 124 else 0)
        | (RETURNS if raw >> 14 & 1 else 0)
        | (VADDR if raw >> 55 & 1 else 0)
    )


def _flat_rdna4(raw: int) -> int:
    return (
        (NO_SADDR if raw & 0x7F == 124 else 0)
        | (RETURNS if raw >> 52 & 1 else 0)
        | (VADDR if raw >> 49 & 1 else 0)
    )


def _buffer_cdna(raw: int) -> int:
    return (
        (OFFEN if raw >> 12 & 1 else 0)
        | (IDXEN if raw >> 13 & 1 else 0)
        | (RETURNS if raw >> 14 & 1 else 0)
        | (LDS if raw >> 16 & 1 and raw >> 26 & 2 == 0 else 0)
        | (ACC if raw >> 55 & 1 else 0)
    )


def _buffer_rdna3(raw: int) -> int:
    return (
        (OFFEN if raw >> 54 & 1 else 0)
        | (IDXEN if raw >> 55 & 1 else 0)
        | (RETURNS if raw >> 14 & 1 else 0)
        | (TFE if raw >> 53 & 1 else 0)
    )


def _buffer_rdna4(raw: int) -> int:
    return (
        (OFFEN if raw >> 62 & 1 else 0)
        | (IDXEN if raw >> 63 & 1 else 0)
        | (RETURNS if raw >> 52 & 1 else 0)
        | (TFE if raw >> 22 & 1 else 0)
        | (NO_SADDR if raw & 0x7F == 124 else 0)
    )


def places(
    row: Row, format_: Format, shape_: int, family: str, wave_size: int
) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
    """Destinations and sources of a row in a shape, in canonical order."""
    dst = [_place(spec, row, format_, shape_, family, wave_size) for spec in row.dst]
    src = [_place(spec, row, format_, shape_, family, wave_size) for spec in row.src]
    if row.format in ("FLAT", "GLOBAL", "SCRATCH"):
        _flat(row, shape_, dst, src)
    elif row.format in ("MUBUF", "MTBUF"):
        _buffer(row, shape_, dst, src)
    elif row.format == "SMEM":
        _smem(shape_, family, src)
    return tuple(dst), tuple(src)


# Their results may begin at any register, which CDNA's tuples may not elsewhere.
_ANY_TRIPLE = re.compile("_load_tr6_b96|_read_b96_tr_b6")


def _place(
    spec: OperandSpec, row: Row, format_: Format, shape_: int, family: str, wave_size: int
) -> Place:
    base, _, variant = format_.name.partition(".")
    if row.mnemonic.endswith("_f8f6f4"):
        spec = _by_format(spec, shape_)
    kind = spec.kind
    field = spec.field
    width = format_.fields.get(field, (0, 0))[1]
    if kind == "va":
        kind = "a" if shape_ & ACC else "v"
    elif kind in ("ma", "mb", "mc", "md"):
        accumulates = shape_ >> {"ma": 0, "mb": 1, "mc": 2, "md": 2}[kind] & 1
        kind = ("src_a" if accumulates else "src_v") if kind == "mc" else "va"[accumulates]
    if variant == "sdwa":
        kind, field, width = _sdwa(kind, field, width, shape_)
    elif variant and field == "src0":
        kind = "v"
    if base in ("VOP1", "VOP2", "VOPC") and family != "cdna" and spec.bits == 16:
        kind = {"v": "v16", "src": "src16"}.get(kind, kind)
    if kind in ("v", "a", "v16") and width == 9:
        kind += "9"
    if kind in ("v", "a") and field == "vdst" and _ANY_TRIPLE.search(row.mnemonic):
        kind += "_any"
    if kind in ("soffset", "ssamp"):
        kind = "ss" if kind == "soffset" else "srsrc"
    if kind == "srsrc" and width == 9:
        kind = "s"
    role = field if row.format in _MEMORY and row.format != "DS" else ""
    if row.format == "DS" and field != "vdst":
        role = field
    return Place(field, kind, spec.type, spec.bits, spec.dwords(wave_size), role)


# Registers of A and B by the format of their elements: 8, 6 or 4 bits.
_FORMAT_DWORDS = (8, 8, 6, 6, 4, 8, 8, 8)


def _by_format(spec: OperandSpec, shape_: int) -> OperandSpec:
    where = {"src0": _A_FORMAT, "src1": _B_FORMAT}.get(spec.field)
    if where is None:
        return spec
    dwords = _FORMAT_DWORDS[shape_ >> where & 7]
    return replace(spec, type=f"pk{dwords}_b32", bits=32 * dwords)


def _sdwa(kind: str, field: str, width: int, shape_: int) -> tuple[str, str, int]:
    if field == "src0":
        return ("src" if shape_ & 1 else "v"), field, width
    if field == "src1":
        return ("src" if shape_ & 2 else "v"), field, width
    if field == "vcc" and shape_ & 4:
        return "s", "sdst", 7
    return kind, field, width


def _flat(row: Row, shape_: int, dst: list[Place], src: list[Place]) -> None:
    if ("atomic" in row.mnemonic and not shape_ & RETURNS) or shape_ & LDS:
        dst.clear()
    for index, place in enumerate(src):
        if place.field == "saddr" and shape_ & NO_SADDR:
            src[index] = replace(place, kind="none")
        elif place.field == "saddr" and row.format == "SCRATCH":
            src[index] = replace(place, bits=32, count=1)
        elif place.field == "vaddr" and row.format == "SCRATCH":
            kind = "v" if shape_ & VADDR else "none"
            src[index] = replace(place, kind=kind, type="b32", bits=32, count=1)
        elif place.field == "vaddr" and not shape_ & NO_SADDR and _scalar_base(row):
            src[index] = replace(place, type="b32", bits=32, count=1)


def _scalar_base(row: Row) -> bool:
    return row.format == "GLOBAL" or any(spec.field == "saddr" for spec in row.src)


def _buffer(row: Row, shape_: int, dst: list[Place], src: list[Place]) -> None:
    if "atomic" in row.mnemonic and shape_ & RETURNS:
        place = next(place for place in src if place.field == "vdata")
        returned = place.count // 2 if "cmpswap" in row.mnemonic else place.count
        dst.append(replace(place, count=returned, bits=32 * returned))
    if shape_ & LDS:
        dst.clear()
    if shape_ & TFE:
        dst[:] = [replace(place, count=place.count + 1) for place in dst]
        src[:] = [
            replace(place, count=place.count + 1) if place.field == "vdata" else place
            for place in src
        ]
    for index, place in enumerate(src):
        if place.field == "vaddr":
            count = bool(shape_ & OFFEN) + bool(shape_ & IDXEN)
            kind = "v" if count else "none"
            src[index] = replace(place, kind=kind, bits=32 * count, count=count)
        elif place.field == "soffset" and shape_ & NO_SADDR:
            src[index] = replace(place, kind="none")


def _smem(shape_: int, family: str, src: list[Place]) -> None:
    for index, place in enumerate(src):
        if place.field == "soffset":
            if shape_ & NO_SOFFSET:
                src[index] = replace(place, kind="none")
            elif shape_ & LOW_SOFFSET and family == "cdna":
                src[index] = replace(place, field="low_soffset", kind="s")
            else:
                src[index] = replace(place, kind="s")
