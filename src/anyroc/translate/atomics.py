"""Atomics as LLVM functions: one per operation, address space and wave size, made from its body.

``void name(ptr wave, ptr result, ptr vaddr, ptr data0[, ptr data1], i64 base)`` walks the enabled
lanes in order; ``result`` and ``vaddr`` may be null.
"""

from __future__ import annotations

from collections.abc import Container

from anyroc.semantics.core import Atomic
from anyroc.semantics.values import U32, U64, Type, Value, bits, convert
from anyroc.translate import layout
from anyroc.translate.llvm import CodeBuilder, LLVMBackend, llvm_type

__all__ = ["AtomicFunctions"]

_SPACES = {"global64": 0, "global32": 1, "flat": 2, "scratch": 3}


class AtomicFunctions:
    """The functions of one module; ``texts`` holds them by name, but for those in ``shared``,
    which exist already."""

    def __init__(
        self,
        code: CodeBuilder,
        wave_size: int,
        texts: dict[str, str],
        shared: Container[str] = (),
    ) -> None:
        self.code = code
        self.wave_size = wave_size
        self.functions = texts
        self._shared = shared

    def function(self, atomic: Atomic, space: str, words: int) -> str:
        """The name of the function for an atomic; ``space`` as in :class:`Address`."""
        name = f"anyroc_atomic_{atomic.name}_{space}_{self.wave_size}"
        if name in self._shared:
            self.code.declare(name, "void", *["ptr"] * (3 + atomic.operands), "i64")
        elif name not in self.functions:
            self.functions[name] = self._text(name, atomic, space, words)
        return name

    def _text(self, name: str, atomic: Atomic, space: str, words: int) -> str:
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
        if space == "lds":
            self._enter_lds(code, 4 * words)
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
        if space == "lds":
            low = code.emit(f"and i64 {address}, 4294967295")
            inside = code.emit(f"icmp sle i64 {low}, %lds.last")
            there = code.emit(f"getelementptr i8, ptr %lds, i64 {low}")
            code.do(f"%place = select i1 {inside}, ptr {there}, ptr null")
        else:
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
        last = self._update(code, ops, atomic, operands, word_type, plain=space == "lds")
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

    @staticmethod
    def _enter_lds(code: CodeBuilder, size: int) -> None:
        """Where LDS is, and the last offset at which ``size`` bytes are inside."""
        at = code.emit(f"getelementptr i8, ptr %wave, i64 {layout.LDS}")
        code.do(f"%lds = load ptr, ptr {at}")
        at = code.emit(f"getelementptr i8, ptr %wave, i64 {layout.LDS_SIZE}")
        wide = code.emit(f"zext i32 {code.emit(f'load i32, ptr {at}')} to i64")
        code.do(f"%lds.last = sub i64 {wide}, {size}")

    def _update(
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
