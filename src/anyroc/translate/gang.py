"""Several waves of a workgroup at once, where they do the same.

Simple kernels (an index, a bound, some loads, arithmetic, a store) cost more in starting waves and
in guards than in work.  Where a workgroup is one row of work-items, the first wave of each 256 may
do the work of all: their indices are one affine run.  This form follows the way through the kernel
that is taken when every lane passes every comparison.  That they do is a guard, like those of a
fast loop (:mod:`anyroc.translate.fast`); where one fails, nothing has been done yet, and the waves
run one by one.

A gang that is its whole workgroup goes on with the workgroups that follow in x, as many as the
scheduler says (``gang_wanted`` of native/wave.h), each with guards of its own.
"""

from __future__ import annotations

from typing import Any

from anyroc.isa.instruction import Instruction
from anyroc.semantics.core import Access, Control, Op
from anyroc.semantics.values import Type
from anyroc.translate import layout
from anyroc.translate.capture import capture
from anyroc.translate.cfg import SCALARS, Graph
from anyroc.translate.fast import FastLoop
from anyroc.translate.lane_items import Lanes, masks_written
from anyroc.translate.lanes import renamed_lines
from anyroc.translate.llvm import CodeBuilder
from anyroc.translate.memory import MemoryEmitter
from anyroc.translate.operands import Unsupported
from anyroc.translate.registers import RegisterCache, ScalarFile
from anyroc.translate.scalar import run_scalar
from anyroc.translate.shaped import Affine, NotAffine, ShapedBackend, base_of, is_vector, stride_of
from anyroc.translate.vectors import CHUNK

__all__ = ["LANES", "emit_gang"]

LANES = 256
"""Work-items that a gang has: ANYROC_GANG_LANES of native/wave.h."""
_MOST_INSTRUCTIONS = 300
_MOST_LINES = 200
"""Lines of code, all chunks together, up to which they are done side by side."""


class _Backend(ShapedBackend):
    """Comparisons of integers are claimed to be true in all lanes while ``claiming``."""

    claiming = False

    def compare(self, name: str, t: Type, a: Any, b: Any) -> Any:
        if not self.claiming:
            return super().compare(name, t, a, b)
        if is_vector(a) or is_vector(b) or t.is_float or t.bits > 32:
            raise NotAffine
        moving = stride_of(a) or stride_of(b)
        if moving and name not in ("slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge"):
            raise NotAffine
        compared = t.signed if name.startswith("s") else t.unsigned if moving else t
        ends = [(base_of(a), base_of(b))]
        if moving:
            for raw in (a, b):
                if isinstance(raw, Affine):
                    self._no_wrap(compared, raw)
            ends.append((self._last(t, a), self._last(t, b)))
        for x, y in ends:
            self.guard(self.scalar.compare(name, t, x, y))
        return 1


class _Rows:
    """Initial vector registers: the work-item's number in x; 0 in y and z, and for what is left
    to chance, as the upper half of an addend whose sum's upper half nobody reads."""

    def __init__(self, loop: _Gang) -> None:
        self.loop = loop

    def load_word(self, index: int) -> Any:
        return 0 if index else Affine(self.loop.ops.load_first(0), 1)

    def load_pair(self, _: int) -> Any:
        return None

    def store_word(self, *_: Any) -> None:
        raise AssertionError("a gang's registers end with it")

    def store_pair(self, *_: Any) -> bool:
        raise AssertionError("a gang's registers end with it")


class _Gang(FastLoop):
    """One loop over the chunks of all waves; ``unknown``: scalar registers with masks that are no
    comparisons' results."""

    def __init__(
        self, graph: Graph, scalars: ScalarFile, before: CodeBuilder, code: CodeBuilder, number: int
    ) -> None:
        super().__init__(graph, scalars, {}, before, code, number, None)
        self.graph = graph
        self.wave_size, self.row_bytes = LANES, 4 * LANES
        self.ops = _Backend(before, code, LANES, LANES, number)
        self._registers = RegisterCache(self.ops, _Rows(self))
        self._gathered = []
        self.unknown = 0
        before.lines.append(f"%pc.at = getelementptr i8, ptr %wave, i64 {layout.PC}")
        before.lines.append(f"%gang.at.at = getelementptr i8, ptr %wave, i64 {layout.GANG_AT}")
        self._streams: list[str] = []

    def _note(self, offset: int) -> None:
        self.code.do(f"store i32 {offset & 0xFFFFFFFF}, ptr %pc.at")

    def _prefetch(self, pointer: str) -> None:
        self._streams.append(pointer)

    def place(self, into: CodeBuilder) -> None:
        """The loop, over the chunks of one wave or part of them at a time, whose lines take turns:
        so a note of the instruction counts for all of them."""
        number, body = self.id, self.code.lines
        copies = self.graph.wave_size // CHUNK
        while copies > 1 and copies * len(body) > _MOST_LINES:
            copies //= 2
        before = into.current
        into.do(f"br label %loop{number}")
        into.start(f"loop{number}")
        into.do(f"%at{number} = phi i64 [ 0, %{before} ], [ %next{number}, %on{number} ]")
        done = into.emit(f"trunc i64 %at{number} to i32")
        into.do(f"store i32 {into.emit(f'or i32 {done}, 1')}, ptr %gang.at.at")
        head = [
            f"%offset{number} = add i64 %at{number}, %far{number}",
            f"%shift{number} = lshr i64 %offset{number}, 2",
        ]
        turns = zip(
            *(
                renamed_lines([*head, *body], f".{i}", {f"%far{number}": str(4 * CHUNK * i)})
                for i in range(copies)
            ),
            strict=True,
        )
        into.lines += [line for lines in turns for line in dict.fromkeys(lines)]
        self._look_ahead(into, copies)
        into.do(f"%next{number} = add i64 %at{number}, {4 * CHUNK * copies}")
        into.do(f"%done{number} = icmp eq i64 %next{number}, {self.row_bytes}")
        into.do(f"br i1 %done{number}, label %after{number}, label %loop{number}")
        into.start(f"after{number}")

    def _look_ahead(self, into: CodeBuilder, copies: int) -> None:
        """Asks for memory that gangs to come will read, where the scheduler says how far ahead; a
        wild address does no harm."""
        number = self.id
        at = into.emit(f"getelementptr i8, ptr %wave, i64 {layout.GANG_AHEAD}")
        ahead = into.emit(f"load i64, ptr {at}")
        far = into.emit(f"icmp ne i64 {ahead}, 0")
        into.do(f"br i1 {far}, label %ahead{number}, label %on{number}")
        into.start(f"ahead{number}")
        into.declare("llvm.prefetch.p0", "void", "ptr", "i32", "i32", "i32")
        for pointer in self._streams:
            for i in range(copies):
                place = into.emit(f"getelementptr i8, ptr {pointer}.{i}, i64 {ahead}")
                into.do(f"call void @llvm.prefetch.p0(ptr {place}, i32 0, i32 3, i32 1)")
        into.do(f"br label %on{number}")
        into.start(f"on{number}")

    def compute(self, inst: Instruction, op: Op) -> None:
        """A vector instruction: into registers, or a comparison that becomes a guard."""
        if inst.mods.dpp or inst.mods.dpp8 or inst.mods.sdwa:
            raise NotAffine
        if any(operand.kind == "special" for operand in inst.src):
            raise NotAffine
        lanes = Lanes(inst, op, capture(inst, op, self.scalars, self.graph, set()))
        written = masks_written(inst, op)
        if not inst.op.startswith("v_cmp"):
            self._write(lanes, self._run(lanes))
            for index in written:
                self.unknown |= (3 if self.graph.wave_size == 64 else 1) << (SCALARS + index)
            return
        self.ops.claiming = True
        (value,) = self._run(lanes)
        self.ops.claiming = False
        if value.raw != 1:
            raise NotAffine
        for index in written:
            self.scalars.write_mask(index, (1 << self.graph.wave_size) - 1)


def _trace(graph: Graph) -> list[Instruction]:
    """The way through the kernel with all lanes enabled; raises NotAffine if that is not simple."""
    found: list[Instruction] = []
    address, seen = graph.entry, set()
    while True:
        if address in seen or len(found) > _MOST_INSTRUCTIONS:
            raise NotAffine
        seen.add(address)
        block = graph.blocks[address]
        last = block.instructions[-1]
        entry = None if last.parts else graph.operation(last)
        if not isinstance(entry, Control) or entry.kind == "nop":
            found += block.instructions
            address = block.successors[0]
            continue
        found += block.instructions[:-1]
        if entry.kind == "end":
            return found
        if entry.kind != "branch" or entry.argument not in ("", "execz", "execnz"):
            raise NotAffine
        address = block.successors[1 if entry.argument == "execz" else 0]


def emit_gang(graph: Graph, code: CodeBuilder, ordinary: str) -> list[str] | None:
    """What a wave does that stands for a gang: ends it, or goes on at a label, as any wave does.

    None if the kernel has no such form.
    """
    if graph.run != graph.wave_size or layout.EXEC not in graph.blocks[graph.entry].full:
        return None
    before, main, taken = code.child(), code.child(), code.child()
    scalars = ScalarFile(before, graph.wave_size)
    scalars.write_mask(layout.EXEC, (1 << graph.wave_size) - 1)
    memory = MemoryEmitter(before, graph.wave_size, graph.accum_offset, graph.target)
    memory.kernarg = graph.kernarg
    number = code.unique()
    loop = _Gang(graph, scalars, before, code.child(), number)
    try:
        stores = [_step(graph, loop, memory, inst) for inst in _trace(graph)]
        loop.guard_reaches()
    except (NotAffine, Unsupported, NotImplementedError):
        return None
    if not any(stores) or memory.functions:
        return None
    main.do("br label %gang.next")
    main.start("gang.next")
    main.lines += before.lines
    condition = "true"
    for guard in dict.fromkeys(loop.ops.guards):
        condition = main.emit(f"and i1 {condition}, {guard}")
    main.do(f"br i1 {condition}, label %gang, label %gang.not")
    taken.start("gang")
    loop.place(taken)
    _count(taken, ordinary)
    return [*main.lines, *taken.lines]


def _count(code: CodeBuilder, ordinary: str) -> None:
    """After a gang: the next workgroup's, or the end."""

    def field(offset: int | str) -> tuple[str, str]:
        at = code.emit(f"getelementptr i8, ptr %wave, i64 {offset}")
        return at, code.emit(f"load i32, ptr {at}")

    at, before = field(layout.GANG_DONE)
    done = code.emit(f"add i32 {before}, 1")
    code.do(f"store i32 {done}, ptr {at}")
    _, wanted = field(layout.GANG_WANTED)
    more = code.emit(f"icmp ult i32 {done}, {wanted}")
    code.do(f"br i1 {more}, label %gang.more, label %gang.end")
    code.start("gang.more")
    _, offset = field(layout.GANG_NUMBER)
    at, number = field(code.emit(f"zext i32 {offset} to i64"))
    code.do(f"store i32 {code.emit(f'add i32 {number}, 1')}, ptr {at}")
    code.do("br label %gang.next")
    code.start("gang.not")
    _, before = field(layout.GANG_DONE)
    none = code.emit(f"icmp eq i32 {before}, 0")
    code.do(f"br i1 {none}, label %{ordinary}, label %gang.end")
    code.start("gang.end")
    code.do(f"ret i32 {layout.GANG}")


def _step(graph: Graph, loop: _Gang, memory: MemoryEmitter, inst: Instruction) -> bool:
    """One instruction; whether it stores."""
    scalars = loop.scalars
    if inst.parts:
        for part in inst.parts:
            if graph.defs(part) & graph.uses(inst.parts[1 - inst.parts.index(part)]):
                raise NotAffine
        for part in inst.parts:
            _step(graph, loop, memory, part)
        return False
    entry = graph.operation(inst)
    if isinstance(entry, Control):
        if entry.kind != "nop":
            raise NotAffine
        return False
    if graph.uses(inst) & loop.unknown:
        raise NotAffine
    loop.unknown &= ~graph.defs(inst)
    if isinstance(entry, Op):
        if inst.format.startswith("SOP") or inst.format == "VOP3_SCALAR":
            run_scalar(inst, entry, scalars)
        else:
            loop.compute(inst, entry)
        if scalars.read_mask(layout.EXEC) != (1 << graph.wave_size) - 1:
            raise NotAffine
        return False
    if not isinstance(entry, Access):
        raise NotAffine
    if entry.space in ("scalar", "scalar_buffer"):
        memory.scalar_load(inst, entry, scalars)
        return False
    if entry.kind not in ("load", "store"):
        raise NotAffine
    address = memory.plain_address(inst, entry, scalars)
    if address is None or address.space == "lds":
        raise NotAffine
    loop.access(inst, entry, address)
    return entry.kind == "store"
