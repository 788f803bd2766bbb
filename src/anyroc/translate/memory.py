"""Memory instructions as calls of the native helpers (native/memops.c), and atomics.

A helper serves the whole wave.  The scalar parts of an address are captured where the instruction stands;
the call itself may be emitted later, behind vector instructions that do not depend on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from anyroc.isa.instruction import Instruction, Operand
from anyroc.semantics.core import ATOMICS, Access, Atomic
from anyroc.semantics.values import U32, U64, Type, Value, bits, convert
from anyroc.translate import layout
from anyroc.translate.llvm import CodeBuilder, LLVMBackend, llvm_type
from anyroc.translate.operands import Unsupported, row_of, scalar_source
from anyroc.translate.registers import ScalarFile

__all__ = ["Address", "MemoryEmitter"]

_SPACES = {"global64": 0, "global32": 1, "flat": 2, "scratch": 3, "lds": 4}


@dataclass(frozen=True)
class Address:
    """``base`` (an i64) plus what ``row`` holds per lane, 32 or 64 bits by ``space``."""

    space: str
    base: Any
    row: int | None


class MemoryEmitter:
    """Turns memory instructions into closures that emit their calls."""

    def __init__(self, code: CodeBuilder, wave_size: int, accum_offset: int) -> None:
        self.code = code
        self.wave_size = wave_size
        self.accum_offset = accum_offset
        self.functions: dict[str, str] = {}

    def row_address(self, row: int | None) -> str:
        """The address of a VGPR row."""
        if row is None:
            return "null"
        return self.code.emit(f"getelementptr i8, ptr %vgpr, i64 {row * self.wave_size * 4}")

    def note_position(self, inst: Instruction) -> None:
        """Records which instruction is at work, for fault reports."""
        at = self.code.emit(f"getelementptr i8, ptr %wave, i64 {layout.PC}")
        self.code.do(f"store i32 {inst.offset & 0xFFFFFFFF}, ptr {at}")

    def capture(self, inst: Instruction, access: Access, scalars: ScalarFile) -> Callable[[], None]:
        """What emits the access; addresses are taken from ``scalars`` as they are now."""
        if access.space == "buffer":
            return self._capture_buffer(inst, access, scalars)
        if access.stride:
            return self._capture_pair(inst, access)
        address = self._address(inst, access, scalars)
        if access.kind == "atomic":
            return self._capture_atomic(inst, access, address)
        data = inst.dst[0] if access.kind == "load" else self._data(inst)
        row = row_of(data, self.accum_offset)
        name = f"anyroc_{address.space}_{access.kind}_{self._form(access)}"

        def emit() -> None:
            self.note_position(inst)
            self._call(name, address, row)

        return emit

    def _data(self, inst: Instruction) -> Operand:
        for role in ("vdata", "data0", "data"):
            found = inst.operand(role)
            if found is not None and found.kind in "va":
                return found
        raise Unsupported(inst, "it names no data register")

    def _call(self, name: str, address: Address, row: int) -> None:
        self.code.declare(name, "void", "ptr", "ptr", "ptr", "i64")
        rows, vaddr = self.row_address(row), self.row_address(address.row)
        self.code.do(f"call void @{name}(ptr %wave, ptr {rows}, ptr {vaddr}, i64 {address.base})")

    @staticmethod
    def _form(access: Access) -> str:
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
        if access.space not in ("global", "lds") or access.kind == "atomic":
            return None
        if access.stride or access.half or access.lane_offset:
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
                raise Unsupported(inst, "per-lane addressing through M0")
            return Address("lds", base, row)
        if access.space == "scratch":
            base = offset
            if has_scalar:
                assert saddr is not None
                scalar = ops.convert(U32, U64, scalars.read32(saddr.index))
                base = ops.binary("add", U64, scalar, offset)
            return Address("scratch", ops.text(U64, base), row)
        if access.space == "global" and has_scalar:
            assert saddr is not None
            base = ops.binary("add", U64, scalars.read64(saddr.index), offset)
            return Address("global32", ops.text(U64, base), row)
        if row is None:
            raise Unsupported(inst, "an address without registers")
        if access.space == "flat" and has_scalar:
            raise Unsupported(inst, "flat access with a scalar base")
        return Address("global64" if access.space == "global" else "flat", offset, row)

    def _capture_pair(self, inst: Instruction, access: Access) -> Callable[[], None]:
        vaddr = inst.operand("vaddr")
        assert vaddr is not None
        words = access.element.bits * access.count // 32
        write = access.kind == "store"
        name = f"anyroc_lds_{access.kind}_2addr_b{32 * words}"
        if write:
            first, second = inst.operand("data0"), inst.operand("data1")
            assert first is not None and second is not None
            rows = row_of(first, self.accum_offset), row_of(second, self.accum_offset)
        else:
            row = row_of(inst.dst[0], self.accum_offset)
            rows = row, row + words
        offsets = inst.mods.offset0 * access.stride, inst.mods.offset1 * access.stride

        def emit() -> None:
            self.note_position(inst)
            self.code.declare(name, "void", "ptr", "ptr", "ptr", "ptr", "i32", "i32")
            first_row, second_row = self.row_address(rows[0]), self.row_address(rows[1])
            at = self.row_address(row_of(vaddr, self.accum_offset))
            self.code.do(
                f"call void @{name}(ptr %wave, ptr {first_row}, ptr {second_row}, ptr {at},"
                f" i32 {offsets[0]}, i32 {offsets[1]})"
            )

        return emit

    def _capture_buffer(
        self, inst: Instruction, access: Access, scalars: ScalarFile
    ) -> Callable[[], None]:
        raise Unsupported(inst, "buffer addressing")

    # Scalar loads happen at once.

    def scalar_load(self, inst: Instruction, access: Access, scalars: ScalarFile) -> None:
        """Loads into scalar registers, at once: the helper says where, inline code loads."""
        if access.space != "scalar" or access.kind != "load":
            raise Unsupported(inst, "scalar buffer access")
        base, soffset = inst.operand("sbase"), inst.operand("soffset")
        assert base is not None
        ops, code = scalars.ops, self.code
        address = ops.binary(
            "add", U64, scalars.read64(base.index), inst.mods.offset & 0xFFFFFFFFFFFFFFFF
        )
        if soffset is not None and soffset.kind != "none":
            part = scalar_source(soffset, 32, scalars).raw
            address = ops.binary("add", U64, ops.convert(U32, U64, part), address)
        code.declare("anyroc_scalar_address", "ptr", "ptr", "i64", "i32", "i32")
        where = code.emit(
            f"call ptr @anyroc_scalar_address(ptr %wave, i64 {ops.text(U64, address)},"
            f" i32 {access.size}, i32 {inst.offset & 0xFFFFFFFF})"
        )
        index = inst.dst[0].index
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

    # Atomics: a function per operation and space, generated from the operation's body.

    def _capture_atomic(
        self, inst: Instruction, access: Access, address: Address
    ) -> Callable[[], None]:
        atomic = ATOMICS[access.atomic]
        words = access.element.bits * access.count // 32
        data = self._data(inst)
        rows = [row_of(data, self.accum_offset)]
        if atomic.operands == 2:
            second = inst.operand("data1")
            separate = second is not None and second.kind in "va"
            rows.append(
                row_of(second, self.accum_offset) if separate and second else rows[0] + words
            )
        result = row_of(inst.dst[0], self.accum_offset) if inst.dst else None
        name = self._atomic_function(atomic, address.space, words)

        def emit() -> None:
            self.note_position(inst)
            where = [self.row_address(r) for r in (result, address.row, *rows)]
            arguments = ", ".join(f"ptr {w}" for w in where)
            self.code.do(f"call void @{name}(ptr %wave, {arguments}, i64 {address.base})")

        return emit

    def _atomic_function(self, atomic: Atomic, space: str, words: int) -> str:
        name = f"atomic.{atomic.name}.{space}.{self.wave_size}"
        if name not in self.functions:
            self.functions[name] = self._atomic_text(name, atomic, space, words)
        return name

    def _atomic_text(self, name: str, atomic: Atomic, space: str, words: int) -> str:
        code = CodeBuilder()
        ops = LLVMBackend(code, 0)
        row_bytes = self.wave_size * 4
        word_type = U64 if words == 2 else U32
        integer = f"i{32 * words}"
        parameters = ["ptr %wave", "ptr %result", "ptr %vaddr", "ptr %data0"]
        if atomic.operands == 2:
            parameters.append("ptr %data1")
        code.start("entry")
        exec_at = code.emit(f"getelementptr i8, ptr %wave, i64 {4 * layout.EXEC}")
        exec_mask = code.emit(f"load i64, ptr {exec_at}, align 4")
        if self.wave_size == 32:
            exec_mask = code.emit(f"and i64 {exec_mask}, 4294967295")
        code.do("br label %head")
        code.start("head")
        code.do(f"%rest = phi i64 [ {exec_mask}, %entry ], [ %others, %next ]")
        code.do("%empty = icmp eq i64 %rest, 0")
        code.do("br i1 %empty, label %out, label %lane")
        code.start("lane")
        self.code.declarations["llvm.cttz.i64"] = "declare i64 @llvm.cttz.i64(i64, i1)"
        lane = code.emit("call i64 @llvm.cttz.i64(i64 %rest, i1 true)")
        code.do("%less = sub i64 %rest, 1")
        code.do("%others = and i64 %rest, %less")
        at = code.emit(f"shl i64 {lane}, 2")

        def load(pointer: str) -> str:
            value = ""
            for i in range(words):
                where = code.emit(f"add i64 {at}, {i * row_bytes}")
                place = code.emit(f"getelementptr i8, ptr {pointer}, i64 {where}")
                word = code.emit(f"load i32, ptr {place}")
                if words == 1:
                    return word
                wide = code.emit(f"zext i32 {word} to i64")
                value = (
                    wide
                    if not i
                    else code.emit(f"or i64 {value}, {code.emit(f'shl i64 {wide}, 32')}")
                )
            return value

        address = "%base"
        code.do("%none = icmp eq ptr %vaddr, null")
        if space in ("global64", "flat"):
            low = code.emit(f"getelementptr i8, ptr %vaddr, i64 {at}")
            high = code.emit(f"getelementptr i8, ptr {low}, i64 {row_bytes}")
            a = code.emit(f"zext i32 {code.emit(f'load i32, ptr {low}')} to i64")
            b = code.emit(f"zext i32 {code.emit(f'load i32, ptr {high}')} to i64")
            both = code.emit(f"or i64 {a}, {code.emit(f'shl i64 {b}, 32')}")
            address = code.emit(f"add i64 {address}, {both}")
        else:
            code.do("br i1 %none, label %scalar, label %vector")
            code.start("vector")
            low = code.emit(f"getelementptr i8, ptr %vaddr, i64 {at}")
            a = code.emit(f"zext i32 {code.emit(f'load i32, ptr {low}')} to i64")
            both = code.emit(f"add i64 {address}, {a}")
            code.do("br label %scalar")
            code.start("scalar")
            address = code.emit(f"phi i64 [ %base, %lane ], [ {both}, %vector ]")
        self.code.declare("anyroc_atomic_address", "ptr", "ptr", "i32", "i64", "i32", "i32")
        lane32 = code.emit(f"trunc i64 {lane} to i32")
        code.do(
            f"%place = call ptr @anyroc_atomic_address(ptr %wave, i32 {_SPACES[space]},"
            f" i64 {address}, i32 {lane32}, i32 {4 * words})"
        )
        operands = [load("%data0")]
        if atomic.operands == 2:
            operands.append(load("%data1"))
        code.do("%dropped = icmp eq ptr %place, null")
        code.do("br i1 %dropped, label %missing, label %act")
        code.start("missing")
        code.do("br label %finish")
        code.start("act")
        last = self._atomic_core(code, ops, atomic, operands, word_type, plain=space == "lds")
        done = code.current
        code.do("br label %finish")
        code.start("finish")
        code.do(f"%old = phi {integer} [ 0, %missing ], [ {last}, %{done} ]")
        code.do("%ignored = icmp eq ptr %result, null")
        code.do("br i1 %ignored, label %next, label %give")
        code.start("give")
        for i in range(words):
            word = "%old"
            if words == 2:
                moved = code.emit(f"lshr i64 %old, {32 * i}")
                word = code.emit(f"trunc i64 {moved} to i32")
            where = code.emit(f"add i64 {at}, {i * row_bytes}")
            place = code.emit(f"getelementptr i8, ptr %result, i64 {where}")
            code.do(f"store i32 {word}, ptr {place}")
        code.do("br label %next")
        code.start("next")
        code.do("br label %head")
        code.start("out")
        code.do("ret void")
        self.code.declarations.update(code.declarations)
        body = "\n".join(code.lines)
        return f"define internal void @{name}({', '.join(parameters)}, i64 %base) {{\n{body}\n}}\n"

    def _atomic_core(
        self,
        code: CodeBuilder,
        ops: LLVMBackend,
        atomic: Atomic,
        operands: list[str],
        word_type: Type,
        *,
        plain: bool,
    ) -> str:
        """Memory's old value; LDS needs no atomicity, for a workgroup runs on one thread."""
        t = atomic.type
        integer = llvm_type(word_type)

        def update(old: str) -> str:
            values = [Value(ops, word_type, raw) for raw in (old, *operands)]
            if t.bits == word_type.bits:
                values = [bits(v, t) for v in values]
            result = atomic.body(*values)
            if result.type.bits != word_type.bits:
                result = convert(bits(result, result.type.unsigned), word_type)
            return str(ops.text(word_type, bits(result, word_type).raw))

        if plain:
            old = code.emit(f"load {integer}, ptr %place, align 1")
            code.do(f"store {integer} {update(old)}, ptr %place, align 1")
            return old
        if atomic.native and atomic.operands == 1:
            value = operands[0]
            kind = llvm_type(t)
            if t.is_float:
                value = ops.bitcast(word_type, t, value)
                old = code.emit(f"atomicrmw {atomic.native} ptr %place, {kind} {value} monotonic")
                return str(ops.bitcast(t, word_type, old))
            return code.emit(f"atomicrmw {atomic.native} ptr %place, {integer} {value} monotonic")
        first = code.emit(
            f"load atomic {integer}, ptr %place monotonic, align {word_type.bits // 8}"
        )
        code.do("br label %again")
        code.start("again")
        code.do(f"%seen = phi {integer} [ {first}, %act ], [ %found, %again ]")
        ops.forget_casts()
        new = update("%seen")
        pair = code.emit(
            f"cmpxchg ptr %place, {integer} %seen, {integer} {new} monotonic monotonic"
        )
        code.do(f"%found = extractvalue {{ {integer}, i1 }} {pair}, 0")
        code.do(f"%won = extractvalue {{ {integer}, i1 }} {pair}, 1")
        code.do("br i1 %won, label %swapped, label %again")
        code.start("swapped")
        return "%seen"
