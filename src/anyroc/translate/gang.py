"""Several waves of a workgroup at once, where they do the same.

Simple kernels (an index, a bound, some loads, arithmetic, a store) cost more in starting waves and
in guards than in work.  Where a workgroup is one row of work-items, the first wave of each 256 may
do the work of all: their indices are one affine run.  This form follows the way through the kernel
that is taken when every lane passes every comparison.  That they do is a guard, like those of a
fast loop (:mod:`anyroc.translate.fast`); where one fails, nothing has been done yet, and the waves
run one by one.
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
from anyroc.translate.llvm import CodeBuilder
from anyroc.translate.memory import MemoryEmitter
from anyroc.translate.operands import Unsupported
from anyroc.translate.registers import RegisterCache, ScalarFile
from anyroc.translate.scalar import run_scalar
from anyroc.translate.shaped import Affine, NotAffine, ShapedBackend, base_of, is_vector, stride_of

__all__ = ["LANES", "emit_gang"]

LANES = 256
"""Work-items that a gang has: ANYROC_GANG_LANES of native/wave.h."""
_MOST_INSTRUCTIONS = 300


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
        at = code.emit(f"getelementptr i8, ptr %wave, i64 {layout.GANG_AT}")
        done = code.emit(f"trunc i64 %offset{number} to i32")
        code.do(f"store i32 {code.emit(f'or i32 {done}, 1')}, ptr {at}")

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
    main.lines += before.lines
    condition = "true"
    for guard in dict.fromkeys(loop.ops.guards):
        condition = main.emit(f"and i1 {condition}, {guard}")
    main.do(f"br i1 {condition}, label %gang, label %{ordinary}")
    taken.start("gang")
    loop.place(taken)
    taken.do(f"ret i32 {layout.GANG}")
    return [*main.lines, *taken.lines]


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
