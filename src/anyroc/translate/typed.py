"""Memory instructions that do more than move dwords: formats, residency, transposes, counters,
transfers past the registers.

Each function gives what emits the instruction, its scalar parts taken from ``scalars`` as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from anyroc.isa.instruction import Instruction
from anyroc.semantics.core import Access
from anyroc.semantics.values import U32
from anyroc.translate import layout
from anyroc.translate.operands import Unsupported, row_of
from anyroc.translate.registers import ScalarFile

if TYPE_CHECKING:
    from anyroc.translate.memory import MemoryEmitter

__all__ = [
    "capture_count", "capture_formatted", "capture_transfer", "capture_transposed",
    "with_residency",
]  # fmt: skip

_TILE = "%direct"
_FROM_DESCRIPTOR = 1 << 7
_UNIFIED = 1 << 8


def with_residency(
    emitter: MemoryEmitter, inst: Instruction, emit: Callable[[], None]
) -> Callable[[], None]:
    """A load that also says (in the register behind its data) that all of it was resident: 0."""
    if not inst.dst:
        return emit
    last = row_of(inst.dst[0], emitter.accum_offset) + inst.dst[0].count - 1

    def both() -> None:
        emit()
        emitter.code.declare("anyroc_clear_row", "void", "ptr", "ptr")
        emitter.code.do(f"call void @anyroc_clear_row(ptr %wave, ptr {emitter.row_address(last)})")

    return both


def capture_transposed(
    emitter: MemoryEmitter, inst: Instruction, access: Access, scalars: ScalarFile
) -> Callable[[], None]:
    """A load of a matrix's rows that gives the lanes its columns."""
    if access.space != "lds" and emitter.wave_size != 32:
        raise Unsupported(inst, "its layout in waves of 64 lanes is not documented")
    transfer = emitter.transfer(inst, access, scalars)
    row = row_of(inst.dst[0], emitter.accum_offset)

    def emit() -> None:
        emitter.note_position(inst)
        rows = emitter.room(_TILE, 4)
        transfer(rows)
        emitter.code.declare("anyroc_transpose", "void", "ptr", "ptr", "ptr", *["i32"] * 3)
        emitter.code.do(
            f"call void @anyroc_transpose(ptr %wave, ptr {emitter.row_address(row)}, ptr {rows},"
            f" i32 {access.transpose}, i32 {access.count}, i32 {access.span | access.split << 8})"
        )

    return emit


def capture_transfer(
    emitter: MemoryEmitter, inst: Instruction, access: Access, scalars: ScalarFile
) -> Callable[[], None]:
    """A copy from memory to LDS or back; a register holds each lane's place in LDS, and the
    instruction's offset counts on both sides."""
    transfer = emitter.transfer(inst, access, scalars)
    place = inst.operand("vdst" if access.kind == "load" else "vdata")
    assert place is not None
    row = row_of(place, emitter.accum_offset)
    offset = inst.mods.offset & 0xFFFFFFFFFFFFFFFF

    def emit() -> None:
        emitter.note_position(inst)
        rows = emitter.room(_TILE, 4)

        if access.kind == "load":
            transfer(rows)
            emitter.lds_call("store", access, row, offset, rows)
        else:
            emitter.lds_call("load", access, row, offset, rows)
            transfer(rows)

    return emit


def capture_count(
    emitter: MemoryEmitter, inst: Instruction, access: Access, scalars: ScalarFile
) -> Callable[[], None]:
    """The number of enabled lanes, added to (or taken from) a dword of LDS that M0 points at."""
    ops = scalars.ops
    m0 = ops.binary("and", U32, scalars.read32(layout.M0), emitter.target.lds_mask)
    offset = inst.mods.offset0 | inst.mods.offset1 << 8
    at = ops.text(U32, ops.binary("add", U32, m0, offset))
    row = row_of(inst.dst[0], emitter.accum_offset)

    def emit() -> None:
        emitter.note_position(inst)
        emitter.code.declare("anyroc_lds_count", "void", "ptr", "ptr", "i32", "i32")
        emitter.code.do(
            f"call void @anyroc_lds_count(ptr %wave, ptr {emitter.row_address(row)}, i32 {at},"
            f" i32 {int(access.form == 'consume')})"
        )

    return emit


def capture_formatted(
    emitter: MemoryEmitter, inst: Instruction, access: Access, scalars: ScalarFile
) -> Callable[[], None]:
    """A buffer access whose elements have a format: the descriptor's, or (MTBUF) the
    instruction's."""
    buffer = emitter.buffer(inst, scalars)
    operand = inst.dst[0] if access.kind == "load" else emitter.data(inst)
    row = row_of(operand, emitter.accum_offset)
    number = inst.mods.format if inst.format == "MTBUF" else _FROM_DESCRIPTOR
    if emitter.target.selects_buffer_bounds:
        number |= _UNIFIED
    halves = {"format": 0, "format_d16": 1, "format_d16_hi": 2}[access.form]
    shape = access.count | (access.kind == "store") << 16 | halves << 17
    shape |= emitter.target.buffer_bounds << 20

    def emit() -> None:
        emitter.note_position(inst)
        where = emitter.buffer_place(buffer)
        types = ["ptr", "ptr", "i32", "i32", "ptr", "ptr", "i64", "i64", "i32", "i32"]
        emitter.code.declare("anyroc_buffer_formatted", "void", *types)
        emitter.code.do(
            f"call void @anyroc_buffer_formatted(ptr %wave, ptr {emitter.row_address(row)},"
            f" i32 {shape}, i32 {number}, {where})"
        )

    return emit
