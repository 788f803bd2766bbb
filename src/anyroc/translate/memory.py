"""Memory instructions as calls of the native helpers (native/memops.c, buffers.c), and atomics.

A helper serves the whole wave.  The scalar parts of an address are captured where the instruction
stands; the call itself may be emitted later, behind vector instructions that do not depend on it.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, replace
from typing import Any

from anyroc.isa.instruction import Instruction, Operand
from anyroc.isa.targets import Target
from anyroc.semantics.core import ATOMICS, Access
from anyroc.semantics.values import U32, U64
from anyroc.translate import layout, typed
from anyroc.translate.atomics import AtomicFunctions
from anyroc.translate.llvm import CodeBuilder
from anyroc.translate.operands import Unsupported, row_of, scalar_source
from anyroc.translate.registers import ScalarFile

__all__ = ["Address", "MemoryEmitter"]

_LANES = "@lane.offsets"
_DIRECT = "%direct"
_SCALED = "%scaled"


@dataclass(frozen=True)
class Address:
    """``base`` (an i64) plus what ``row`` holds per lane, 32 or 64 bits by ``space``.

    ``table``: in place of a row, the name of a constant table of the lanes' offsets. ``scaled``:
    in place of a row, the rows of what each lane adds to ``origin``: so many times the row.
    """

    space: str
    base: Any
    row: int | None
    table: str = ""
    scale: int = 0
    origin: str = "0"


@dataclass(frozen=True)
class _Buffer:
    """A buffer's address: its descriptor's halves, index and offset rows, and scalar offset."""

    low: str
    high: str
    index: int | None
    offset: int | None
    soffset: str
    imm: int


class MemoryEmitter:
    """Turns memory instructions into closures that emit their calls.

    ``functions``: texts of functions and constants that the module needs, by name; ``shared``:
    names of functions that exist already.
    """

    def __init__(
        self,
        code: CodeBuilder,
        wave_size: int,
        accum_offset: int,
        target: Target,
        shared: Container[str] = (),
    ) -> None:
        self.code = code
        self.wave_size = wave_size
        self.accum_offset = accum_offset
        self.target = target
        self.kernarg: tuple[int, int] | None = None
        """The scalar register that points at the kernel's arguments throughout, and their bytes."""
        self.functions: dict[str, str] = {}
        self._atomics = AtomicFunctions(code, wave_size, self.functions, shared)
        self._rooms: set[str] = set()

    def row_address(self, row: int | None) -> str:
        """The address of a VGPR row."""
        if row is None:
            return "null"
        return self.code.emit(f"getelementptr i8, ptr %vgpr, i64 {row * self.wave_size * 4}")

    def room(self, name: str, rows: int) -> str:
        """Scratch rows of the function."""
        if name not in self._rooms:
            self._rooms.add(name)
            self.code.allocas.append(f"{name} = alloca [{64 * rows} x i32], align 64")
        return name

    def note_position(self, inst: Instruction) -> None:
        """Records which instruction is at work, for fault reports."""
        at = self.code.emit(f"getelementptr i8, ptr %wave, i64 {layout.PC}")
        self.code.do(f"store i32 {inst.offset & 0xFFFFFFFF}, ptr {at}")

    def capture(self, inst: Instruction, access: Access, scalars: ScalarFile) -> Callable[[], None]:
        """What emits the access; addresses are taken from ``scalars`` as they are now."""
        if inst.mods.gds:
            raise Unsupported(inst, "global data share")
        emit = self._captured(inst, access, scalars)
        return typed.with_residency(self, inst, emit) if inst.mods.tfe else emit

    def _captured(
        self, inst: Instruction, access: Access, scalars: ScalarFile
    ) -> Callable[[], None]:
        if access.form in ("append", "consume"):
            return typed.capture_count(self, inst, access, scalars)
        if access.form == "async":
            return typed.capture_transfer(self, inst, access, scalars)
        if access.form and inst.mods.lds:
            raise Unsupported(inst, "a typed buffer that goes to LDS")
        if access.form:
            return typed.capture_formatted(self, inst, access, scalars)
        if access.stride:
            return self._capture_pair(inst, access)
        if access.kind == "atomic":
            return self._capture_atomic(inst, access, scalars)
        if access.to_lds or inst.mods.lds:
            return self._capture_direct(inst, access, scalars)
        if access.transpose:
            return typed.capture_transposed(self, inst, access, scalars)
        data = inst.dst[0] if access.kind == "load" else self.data(inst)
        row = row_of(data, self.accum_offset)
        if access.space != "buffer":
            address = self._address(inst, access, scalars)
            if not address.table and not address.scale:
                return self._plain_call(inst, access, address, row)
        transfer = self.transfer(inst, access, scalars)

        def emit() -> None:
            self.note_position(inst)
            transfer(self.row_address(row))

        return emit

    def _plain_call(
        self, inst: Instruction, access: Access, address: Address, row: int
    ) -> Callable[[], None]:
        """The common case in one line: rows by their offsets, the position as an argument."""
        name = f"anyroc_{address.space}_{access.kind}_{self.form(access)}_at"
        vaddr = -1 if address.row is None else self._row_offset(address.row)

        def emit() -> None:
            self.code.declare(name, "void", "ptr", "i32", "i32", "i64", "i32")
            self.code.do(
                f"call void @{name}(ptr %wave, i32 {self._row_offset(row)}, i32 {vaddr},"
                f" i64 {address.base}, i32 {inst.offset & 0xFFFFFFFF})"
            )

        return emit

    def _row_offset(self, row: int) -> int:
        return row * self.wave_size * 4

    def transfer(
        self, inst: Instruction, access: Access, scalars: ScalarFile
    ) -> Callable[[str], None]:
        """What emits a load or store, given the address of the rows that hold its data."""
        form = f"{access.kind}_{self.form(access)}"
        if access.space == "buffer":
            buffer = self.buffer(inst, scalars)
            return lambda rows: self._buffer_call(form, access, buffer, rows)
        address = self._address(inst, access, scalars)
        return lambda rows: self.call(f"anyroc_{address.space}_{form}", address, rows)

    def data(self, inst: Instruction) -> Operand:
        """The registers that an instruction stores."""
        for role in ("vdata", "data0", "data"):
            found = inst.operand(role)
            if found is not None and found.kind in "va":
                return found
        raise Unsupported(inst, "it names no data register")

    def call(self, name: str, address: Address, rows: str) -> None:
        self.code.declare(name, "void", "ptr", "ptr", "ptr", "i64")
        vaddr = address.table or self._lane_part(address)
        self.code.do(f"call void @{name}(ptr %wave, ptr {rows}, ptr {vaddr}, i64 {address.base})")

    def lds_call(self, kind: str, access: Access, row: int, offset: int, rows: str) -> None:
        """Moves data between ``rows`` and LDS; register ``row`` holds the addresses."""
        form = self.form(replace(access, kind=kind))
        self.call(f"anyroc_lds_{kind}_{form}", Address("lds", offset, row), rows)

    def _lane_part(self, address: Address) -> str:
        """The rows that hold what differs between lanes."""
        row = self.row_address(address.row)
        if not address.scale:
            return row
        rows = self.room(_SCALED, 2)
        name = "anyroc_scale_addresses"
        self.code.declare(name, "void", "ptr", "ptr", "ptr", "i32", "i64")
        self.code.do(
            f"call void @{name}(ptr %wave, ptr {rows}, ptr {row}, i32 {address.scale},"
            f" i64 {address.origin})"
        )
        return rows

    @staticmethod
    def form(access: Access) -> str:
        element = access.element
        if element.bits >= 32:
            return f"b{element.bits * access.count}"
        form = ("i" if element.is_signed and access.kind == "load" else "u") + str(element.bits)
        if access.half and not (access.kind == "store" and access.half == "lo"):
            if element.bits == 16:
                form = "u16"
            form += f"_{access.half}"
        return form

    def plain_address(
        self, inst: Instruction, access: Access, scalars: ScalarFile
    ) -> Address | None:
        """Where a simple load or store goes, None for anything else."""
        if access.space not in ("global", "lds") or access.kind == "atomic" or access.to_lds:
            return None
        if access.half or access.lane_offset or access.transpose or access.form or inst.mods.gds:
            return None
        if access.stride and access.space != "lds":
            return None
        if self.target.signed_lane_offsets and access.space != "lds":
            return None
        return self._address(inst, access, scalars)

    def _address(self, inst: Instruction, access: Access, scalars: ScalarFile) -> Address:
        mods, ops = inst.mods, scalars.ops
        vaddr, saddr = inst.operand("vaddr"), inst.operand("saddr")
        row = row_of(vaddr, self.accum_offset) if vaddr and vaddr.kind in "va" else None
        offset = mods.offset & 0xFFFFFFFFFFFFFFFF
        has_scalar = saddr is not None and saddr.kind == "s" and saddr.index != layout.NULL
        if access.space == "lds":
            base: Any = (mods.offset or mods.offset0 | mods.offset1 << 8) & 0xFFFF
            if access.lane_offset:
                m0 = ops.binary("and", U32, scalars.read32(layout.M0), self.target.lds_mask)
                base = ops.text(U64, ops.binary("add", U64, ops.convert(U32, U64, m0), base))
                return Address("lds", base, None, self._lane_offsets())
            return Address("lds", base, row)
        if access.space == "scratch":
            base = offset
            if has_scalar:
                assert saddr is not None
                scalar = ops.convert(U32, U64, scalars.read32(saddr.index))
                base = ops.binary("add", U64, scalar, offset)
            scale = self._scale(inst, access) if row is not None else 0
            return Address("scratch", ops.text(U64, base), row, scale=scale if scale > 1 else 0)
        if access.lane_offset:
            base = scalars.read64(saddr.index) if has_scalar and saddr else 0
            base = ops.text(U64, ops.binary("add", U64, base, offset))
            return Address("global32", base, None, self._lane_offsets())
        if has_scalar and saddr and row is not None and self.target.signed_lane_offsets:
            space = "global64" if access.space == "global" else "flat"
            origin = ops.text(U64, scalars.read64(saddr.index))
            scale = self._scale(inst, access)
            return Address(space, offset, row, scale=scale, origin=origin)
        if access.space == "global" and has_scalar:
            assert saddr is not None
            base = ops.binary("add", U64, scalars.read64(saddr.index), offset)
            return Address("global32", ops.text(U64, base), row)
        if row is None:
            raise Unsupported(inst, "an address without registers")
        if access.space == "flat" and has_scalar:
            raise Unsupported(inst, "flat access with a scalar base")
        return Address("global64" if access.space == "global" else "flat", offset, row)

    @staticmethod
    def _scale(inst: Instruction, access: Access) -> int:
        """What an instruction multiplies its lanes' offsets by: 1 or the size of its data."""
        scaled = dict(inst.mods.extra).get("scale_offset")
        return access.element.bits * access.count // 8 if scaled else 1

    def _lane_offsets(self) -> str:
        words = ", ".join(f"i32 {4 * i}" for i in range(64))
        self.functions[_LANES] = f"{_LANES} = private constant [64 x i32] [{words}], align 64"
        return _LANES

    # Pairs of LDS addresses.

    def _capture_pair(self, inst: Instruction, access: Access) -> Callable[[], None]:
        vaddr = inst.operand("vaddr")
        assert vaddr is not None
        words = access.element.bits * access.count // 32
        kind = "exchange" if access.kind == "atomic" else access.kind
        name = f"anyroc_lds_{kind}_2addr_b{32 * words}"
        rows = []
        if inst.dst:
            row = row_of(inst.dst[0], self.accum_offset)
            rows += [row, row + words]
        for role in ("data0", "data1"):
            data = inst.operand(role)
            if data is not None and data.kind in "va":
                rows.append(row_of(data, self.accum_offset))
        offsets = inst.mods.offset0 * access.stride, inst.mods.offset1 * access.stride
        rows.append(row_of(vaddr, self.accum_offset))
        if kind != "exchange":
            return self._pair_call(f"{name}_at", inst, rows, offsets)

        def emit() -> None:
            self.note_position(inst)
            self.code.declare(name, "void", *["ptr"] * (1 + len(rows)), "i32", "i32")
            where = [self.row_address(row) for row in rows]
            self.code.do(
                f"call void @{name}(ptr %wave, {', '.join(f'ptr {w}' for w in where)},"
                f" i32 {offsets[0]}, i32 {offsets[1]})"
            )

        return emit

    def _pair_call(
        self, name: str, inst: Instruction, rows: list[int], offsets: tuple[int, int]
    ) -> Callable[[], None]:
        where = ", ".join(f"i32 {n}" for n in (*map(self._row_offset, rows), *offsets))

        def emit() -> None:
            self.code.declare(name, "void", "ptr", *["i32"] * 6)
            self.code.do(f"call void @{name}(ptr %wave, {where}, i32 {inst.offset & 0xFFFFFFFF})")

        return emit

    # Buffers.

    def buffer(self, inst: Instruction, scalars: ScalarFile) -> _Buffer:
        """Where a buffer instruction goes."""
        mods, ops = inst.mods, scalars.ops
        srsrc, soffset = inst.operand("srsrc"), inst.operand("soffset")
        vaddr = inst.operand("vaddr")
        assert srsrc is not None
        rows = []
        if vaddr is not None and vaddr.kind in "va":
            first = row_of(vaddr, self.accum_offset)
            rows = list(range(first, first + vaddr.count))
        scalar: Any = 0
        if soffset is not None:
            scalar = scalar_source(soffset, 32, scalars).raw
        return _Buffer(
            ops.text(U64, scalars.read64(srsrc.index)),
            ops.text(U64, scalars.read64(srsrc.index + 2)),
            rows.pop(0) if mods.idxen else None,
            rows.pop(0) if mods.offen else None,
            ops.text(U32, scalar),
            mods.offset & 0xFFFFFFFF,
        )

    def _buffer_arguments(self, access: Access, buffer: _Buffer) -> str:
        dwords = access.element.bits * access.count // 32
        size, count = (4, dwords) if dwords else (access.element.bits // 8, 1)
        if access.kind == "atomic":
            size, count = 4 * dwords, 1
        keeps = {"": 0, "lo": 1, "hi": 2}[access.half]
        writes = access.kind == "store"
        shape = size | count << 8 | writes << 16 | keeps << 17
        shape |= self.target.buffer_bounds << 20
        return f"i32 {shape}, {self.buffer_place(buffer)}"

    def buffer_place(self, buffer: _Buffer) -> str:
        """The arguments that say where a buffer access goes."""
        index, offset = self.row_address(buffer.index), self.row_address(buffer.offset)
        return (
            f"ptr {index}, ptr {offset}, i64 {buffer.low}, i64 {buffer.high},"
            f" i32 {buffer.soffset}, i32 {buffer.imm}"
        )

    def _buffer_call(self, form: str, access: Access, buffer: _Buffer, rows: str) -> None:
        arguments = self._buffer_arguments(access, buffer)
        by_address, by_offset = (f"anyroc_global{bits}_{form}" for bits in (64, 32))
        for name in (by_address, by_offset):
            self.code.declare(name, "void", "ptr", "ptr", "ptr", "i64")
        types = ["ptr", "ptr", "ptr", "ptr", "i32", "ptr", "ptr", "i64", "i64", "i32", "i32"]
        name = "anyroc_buffer_access"
        if not self.target.architected_flat_scratch:
            name += "_scratch"
            scratch = f"anyroc_scratch_{form}"
            self.code.declare(scratch, "void", "ptr", "ptr", "ptr", "i64")
            types.append("ptr")
            arguments += f", ptr @{scratch}"
        self.code.declare(name, "void", *types)
        self.code.do(
            f"call void @{name}(ptr %wave, ptr {rows}, ptr @{by_address},"
            f" ptr @{by_offset}, {arguments})"
        )

    # Loads that go straight to LDS.

    def _capture_direct(
        self, inst: Instruction, access: Access, scalars: ScalarFile
    ) -> Callable[[], None]:
        if access.kind != "load":
            raise Unsupported(inst, "a store from LDS")
        ops = scalars.ops
        transfer = self.transfer(inst, access, scalars)
        words = max(access.element.bits * access.count // 32, 1)
        m0 = ops.binary("and", U32, scalars.read32(layout.M0), self.target.lds_mask)
        base = ops.text(U32, ops.binary("add", U32, m0, inst.mods.offset & 0xFFFFFFFF))

        def emit() -> None:
            self.note_position(inst)
            rows = self.room(_DIRECT, 4)
            transfer(rows)
            self.code.declare("anyroc_lds_scatter", "void", "ptr", "ptr", "i32", "i32")
            self.code.do(
                f"call void @anyroc_lds_scatter(ptr %wave, ptr {rows}, i32 {base}, i32 {words})"
            )

        return emit

    # Scalar loads happen at once.

    def scalar_load(self, inst: Instruction, access: Access, scalars: ScalarFile) -> None:
        """A load into scalar registers."""
        if access.kind != "load":
            raise Unsupported(inst, "a scalar access that is no load")
        base, soffset = inst.operand("sbase"), inst.operand("soffset")
        assert base is not None
        ops = scalars.ops
        offset: Any = inst.mods.offset & 0xFFFFFFFFFFFFFFFF
        if soffset is not None and soffset.kind != "none":
            part = scalar_source(soffset, 32, scalars).raw
            wide = ops.convert(U32, U64, part)
            if dict(inst.mods.extra).get("scale_offset"):
                wide = ops.binary("mul", U64, wide, access.size)
            offset = ops.binary("add", U64, wide, offset)
        if access.space == "scalar":
            address = ops.binary("add", U64, scalars.read64(base.index), offset)
            self._scalar_memory(inst, access, scalars, ops.text(U64, address))
        else:
            halves = scalars.read64(base.index), scalars.read64(base.index + 2)
            where = [f"i64 {ops.text(U64, value)}" for value in (*halves, offset)]
            self._scalar_buffer(inst, access, scalars, where)

    def _is_argument(self, inst: Instruction, size: int) -> bool:
        """Whether a scalar load reads the kernel's arguments and so needs no check."""
        base, soffset, offset = inst.operand("sbase"), inst.operand("soffset"), inst.mods.offset
        if self.kernarg is None or base is None or base.index != self.kernarg[0]:
            return False
        if soffset is not None and soffset.kind != "none":
            return False
        return offset % 4 == 0 and 0 <= offset <= self.kernarg[1] - size

    def _scalar_memory(
        self, inst: Instruction, access: Access, scalars: ScalarFile, address: str
    ) -> None:
        """The helper says where, inline code loads."""
        code, index = self.code, inst.dst[0].index
        if self._is_argument(inst, access.size):
            where = code.emit(f"inttoptr i64 {address} to ptr")
        else:
            code.declare("anyroc_scalar_address", "ptr", "ptr", "i64", "i32", "i32")
            where = code.emit(
                f"call ptr @anyroc_scalar_address(ptr %wave, i64 {address},"
                f" i32 {access.size}, i32 {inst.offset & 0xFFFFFFFF})"
            )
        if access.element.bits < 32:
            narrow = f"i{access.element.bits}"
            word = "sext" if access.element.is_signed else "zext"
            value = code.emit(f"load {narrow}, ptr {where}, align 1")
            scalars.write32(index, code.emit(f"{word} {narrow} {value} to i32"))
            return
        words = access.size // 4
        if words > 4:
            name = "llvm.memcpy.p0.p0.i64"
            code.declare(name, "void", "ptr", "ptr", "i64", "i1")
            to = scalars.address(4 * index)
            code.do(f"call void @{name}(ptr {to}, ptr {where}, i64 {4 * words}, i1 false)")
            scalars.forget(index, words)
            return
        for i in range(0, words, 2):
            at = code.emit(f"getelementptr i8, ptr {where}, i64 {4 * i}") if i else where
            if i + 1 < words:
                scalars.write64(index + i, code.emit(f"load i64, ptr {at}, align 4"))
            else:
                scalars.write32(index + i, code.emit(f"load i32, ptr {at}, align 4"))

    def _scalar_buffer(
        self, inst: Instruction, access: Access, scalars: ScalarFile, where: list[str]
    ) -> None:
        self.note_position(inst)
        index, bits = inst.dst[0].index, access.element.bits
        arguments = ", ".join(["ptr %wave", *where])
        if bits < 32:
            name = "anyroc_scalar_buffer_narrow"
            self.code.declare(name, "i32", "ptr", "i64", "i64", "i64", "i32", "i32")
            rest = f"i32 {bits // 8}, i32 {self.target.buffer_bounds}"
            word = self.code.emit(f"call i32 @{name}({arguments}, {rest})")
            if access.element.is_signed:
                part = self.code.emit(f"trunc i32 {word} to i{bits}")
                word = self.code.emit(f"sext i{bits} {part} to i32")
            scalars.write32(index, word)
            return
        name, words = "anyroc_scalar_buffer_load", access.size // 4
        self.code.declare(name, "void", "ptr", "i64", "i64", "i64", "i32", "i32", "i32")
        rest = f"i32 {index}, i32 {words}, i32 {self.target.buffer_bounds}"
        self.code.do(f"call void @{name}({arguments}, {rest})")
        scalars.forget(index, words)

    # Atomics.

    def _capture_atomic(
        self, inst: Instruction, access: Access, scalars: ScalarFile
    ) -> Callable[[], None]:
        atomic = ATOMICS[access.atomic]
        words = access.element.bits * access.count // 32
        data = self.data(inst)
        rows = [row_of(data, self.accum_offset)]
        if atomic.operands == 2:
            second = inst.operand("data1")
            separate = second is not None and second.kind in "va"
            rows.append(
                row_of(second, self.accum_offset) if separate and second else rows[0] + words
            )
        result = row_of(inst.dst[0], self.accum_offset) if inst.dst else None
        if access.space == "buffer":
            buffer = self.buffer(inst, scalars)
            name = self._atomics.function(atomic, "global64", words)
            return lambda: self._buffer_atomic(inst, access, buffer, name, [result, *rows])
        address = self._address(inst, access, scalars)
        name = self._atomics.function(atomic, address.space, words)

        def emit() -> None:
            self.note_position(inst)
            where = [self.row_address(result), self._lane_part(address)]
            where += [self.row_address(row) for row in rows]
            arguments = ", ".join(f"ptr {w}" for w in where)
            self.code.do(f"call void @{name}(ptr %wave, {arguments}, i64 {address.base})")

        return emit

    def _buffer_atomic(
        self, inst: Instruction, access: Access, buffer: _Buffer, name: str, rows: list[int | None]
    ) -> None:
        self.note_position(inst)
        at = self.room("%buffer.at", 2)
        arguments = self._buffer_arguments(access, buffer)
        enter, leave = "anyroc_buffer_enter", "anyroc_buffer_leave"
        self.code.declare(
            enter, "i64", "ptr", "ptr", "i32", "ptr", "ptr", "i64", "i64", "i32", "i32"
        )
        self.code.declare(leave, "void", "ptr", "i64", "ptr", "i32")
        kept = self.code.emit(f"call i64 @{enter}(ptr %wave, ptr {at}, {arguments})")
        where = [self.row_address(row) for row in rows]
        places = ", ".join(f"ptr {w}" for w in (where[0], at, *where[1:]))
        self.code.do(f"call void @{name}(ptr %wave, {places}, i64 0)")
        words = access.element.bits * access.count // 32
        self.code.do(f"call void @{leave}(ptr %wave, i64 {kept}, ptr {where[0]}, i32 {words})")
