"""Innermost loops that only compute: a function of its own, with everything in host registers.

A block that branches back to itself and touches no memory runs with its scalar and vector
registers as SSA values around the loop, so that nothing is loaded or stored per trip.  The chunks
of a wave run side by side as far as the host's vector registers go, else group after group: each
group repeats the loop's scalar part, which takes the same course.  LLVM optimises these functions;
they are small.
"""

from __future__ import annotations

from typing import Any

from anyroc.isa.instruction import Instruction
from anyroc.semantics.core import Control, Op
from anyroc.semantics.values import BOOL, U32, U64, Value, select
from anyroc.translate import layout
from anyroc.translate.capture import capture
from anyroc.translate.cfg import SCALARS, Block, Graph
from anyroc.translate.lane_items import Lanes, masks_written
from anyroc.translate.lanes import LaneLoop
from anyroc.translate.llvm import CodeBuilder
from anyroc.translate.operands import Source
from anyroc.translate.registers import RegisterCache, ScalarFile
from anyroc.translate.scalar import run_scalar
from anyroc.translate.vectors import CHUNK

__all__ = ["HotLoop", "plan"]

_HOST_REGISTERS = 28
"""Vector registers of the host that a loop's registers may take, leaving some for temporaries."""
_MOST_OPERATIONS = 256
"""Vector operations, all chunks together, up to which such a function compiles quickly."""


def _parts(graph: Graph, inst: Instruction) -> list[tuple[Instruction, Op]] | None:
    """The operations of an instruction that only computes on registers; None for any other."""
    result = []
    for part in inst.parts or (inst,):
        entry = graph.operation(part)
        mods = part.mods
        if not isinstance(entry, Op) or mods.dpp or mods.dpp8:
            return None
        if any(o.kind == "special" for o in part.src):
            return None
        roles = {s.role for s in (*entry.sources, *entry.results)}
        if roles & {"pc", "mode"}:
            return None
        result.append((part, entry))
    return result


def _is_nop(graph: Graph, inst: Instruction) -> bool:
    entry = None if inst.parts else graph.operation(inst)
    return isinstance(entry, Control) and entry.kind == "nop"


def plan(graph: Graph, block: Block, number: int) -> HotLoop | None:
    """The hot loop that a block is, or None if it is no such loop."""
    last = block.instructions[-1]
    entry = None if last.parts else graph.operation(last)
    if not isinstance(entry, Control) or entry.kind != "branch" or not entry.argument:
        return None
    if last.branch_target != block.start:
        return None
    operations = []
    vectors = rows = 0
    for inst in block.instructions[:-1]:
        if _is_nop(graph, inst):
            continue
        parts = _parts(graph, inst)
        if parts is None:
            return None
        operations.append((inst, parts))
        if not inst.format.startswith("SOP"):
            vectors += len(parts)
            rows |= graph.uses(inst) | graph.defs(inst)
    rows &= (1 << SCALARS) - 1
    whole = any(
        graph.exec_effect(inst) or any(masks_written(part, op) for part, op in parts)
        for inst, parts in operations
    )
    chunks = graph.wave_size // CHUNK
    group = chunks
    while group > 1 and group * rows.bit_count() > _HOST_REGISTERS:
        group //= 2
    if not vectors or group * vectors > _MOST_OPERATIONS or rows.bit_count() > _HOST_REGISTERS:
        return None
    if whole and group < chunks:
        return None
    return HotLoop(graph, block, operations, entry.argument, group, number)


class _LoopScalars:
    """Scalar registers around the loop: each one read becomes a phi."""

    def __init__(self, loop: HotLoop) -> None:
        self.loop = loop

    def load_word(self, index: int) -> Any:
        return self.loop.scalar_phi(index)

    def load_pair(self, index: int) -> Any:
        return None

    def store_word(self, index: int, value: Any) -> None:
        raise AssertionError("scalar registers are stored at the exit")

    def store_pair(self, index: int, value: Any) -> bool:
        raise AssertionError("scalar registers are stored at the exit")


class _LoopRows(_LoopScalars):
    """One chunk's vector registers around the loop."""

    def __init__(self, loop: HotLoop, chunk: int) -> None:
        super().__init__(loop)
        self.chunk = chunk

    def load_word(self, index: int) -> Any:
        return self.loop.vector_phi(index, self.chunk)


class _Scalars(ScalarFile):
    """Scalar registers that know no memory inside the loop."""

    def __init__(self, loop: HotLoop, code: CodeBuilder) -> None:
        super().__init__(code, loop.graph.wave_size)
        self.memory = _LoopScalars(loop)
        self.loop = loop

    def read_scc(self) -> Any:
        if self._scc is None:
            self._scc = self.loop.scc_phi()
        return self._scc

    @property
    def scc(self) -> Any:
        return self._scc


class _ChunkCode(LaneLoop):
    """One chunk's part of the loop body."""

    def __init__(self, loop: HotLoop, code: CodeBuilder, scalars: ScalarFile, chunk: int) -> None:
        graph = loop.graph
        super().__init__(
            code, scalars, graph.target, graph.accum_offset, loop.number * 8 + chunk, None
        )
        self.chunk = chunk
        self.masked = loop.masked
        self._registers = RegisterCache(self.ops, _LoopRows(loop, chunk))

    def _mask(self, source: Source) -> Any:
        return self._chunk_of_mask(source.raw)

    def exec_chunk(self) -> Any:
        mask = self._chunk_of_mask(self.scalars.read_mask(layout.EXEC))
        if not isinstance(mask, str):
            return None if mask else "zeroinitializer"
        return mask

    def _write_word(self, item: Lanes, row: int, word: Value) -> None:
        if self.masked:
            old = self._value(U32, self._registers.read32(row))
            word = select(self._value(BOOL, self.exec_chunk()), word, old)
        self._registers.write32(row, word.raw)

    def _write_pair(self, item: Lanes, row: int, value: Value) -> None:
        if self.masked:
            old = self._value(U64, self._registers.read64(row))
            value = select(self._value(BOOL, self.exec_chunk()), value, old)
        self._registers.write64(row, value.raw)

    def compute(self, parts: list[Lanes]) -> dict[int, Any]:
        """Runs one instruction; the masks that it writes, by scalar register."""
        self._masks = {}
        results = [self._run(lanes) for lanes in parts]
        for lanes, values in zip(parts, results, strict=True):
            self._write(lanes, values)
        return self._masks

    @property
    def rows_written(self) -> set[int]:
        return self._registers.written

    def row(self, index: int) -> Any:
        return self._registers.read32(index)


class HotLoop:
    """A loop as the function ``i32 name(ptr wave, ptr vgpr, i1 last)`` over one group of chunks.

    The result is 1 if the budget of trips is spent and the loop is to go on later.  ``vgpr``
    points at the group's first lane of row 0; scalar results are stored by the group that is
    ``last``.
    """

    def __init__(
        self,
        graph: Graph,
        block: Block,
        operations: list[tuple[Instruction, list[tuple[Instruction, Op]]]],
        condition: str,
        group: int,
        number: int,
    ) -> None:
        self.graph = graph
        self.block = block
        self.operations = operations
        self.condition = condition
        self.group = group
        self.number = number
        self.name = f"hot{number}"
        self.row_bytes = graph.wave_size * 4
        self.masked = any(graph.exec_effect(inst) for inst, _ in operations)
        self._init: list[str] = []
        self._phis: dict[Any, tuple[str, str, str]] = {}

    @property
    def calls(self) -> int:
        """How many groups a wave has."""
        return self.graph.wave_size // CHUNK // self.group

    def _load(self, key: Any, kind: str, address: str, align: int) -> str:
        """A phi whose first value is loaded before the loop."""
        if key not in self._phis:
            base, offset = address.split("+")
            n = len(self._phis)
            self._init.append(f"%at{n} = getelementptr i8, ptr {base}, i64 {offset}")
            self._init.append(f"%init{n} = load {kind}, ptr %at{n}, align {align}")
            self._phis[key] = (f"%phi{n}", kind, f"%init{n}")
        return self._phis[key][0]

    def scalar_phi(self, index: int) -> str:
        return self._load(("s", index), "i32", f"%wave+{4 * index}", 4)

    def vector_phi(self, row: int, chunk: int) -> str:
        offset = row * self.row_bytes + 4 * CHUNK * chunk
        return self._load((row, chunk), f"<{CHUNK} x i32>", f"%vgpr+{offset}", 64)

    def scc_phi(self) -> str:
        if "scc" not in self._phis:
            self._init.append(f"%scc.init.at = getelementptr i8, ptr %wave, i64 {layout.SCC}")
            self._init.append("%scc.init.word = load i32, ptr %scc.init.at")
            self._init.append("%scc.init = icmp ne i32 %scc.init.word, 0")
            self._phis["scc"] = ("%scc.phi", "i1", "%scc.init")
        return self._phis["scc"][0]

    def text(self, declarations: dict[str, str]) -> str:
        """The function's definition; adds to ``declarations`` what it needs."""
        body = CodeBuilder()
        body.declarations = declarations
        scalars = _Scalars(self, body)
        chunks = [_ChunkCode(self, body, scalars, c) for c in range(self.group)]
        for c, chunk in enumerate(chunks):
            body.do(f"%shift{chunk.id} = add i64 0, {CHUNK * c}")
        for inst, parts in self.operations:
            if inst.format.startswith("SOP"):
                run_scalar(inst, parts[0][1], scalars)
            else:
                self._vector(parts, scalars, chunks)
        again = self._condition(scalars)
        return self._assemble(body, scalars, chunks, again)

    def _vector(
        self, parts: list[tuple[Instruction, Op]], scalars: ScalarFile, chunks: list[_ChunkCode]
    ) -> None:
        lanes = [Lanes(p, op, capture(p, op, scalars, self.graph, set())) for p, op in parts]
        masks: dict[int, list[Any]] = {}
        for chunk in chunks:
            for index, raw in chunk.compute(lanes).items():
                masks.setdefault(index, []).append(raw)
        for index, raws in masks.items():
            scalars.write_mask(index, self._combine(raws, scalars, chunks))

    def _combine(self, raws: list[Any], scalars: ScalarFile, chunks: list[_ChunkCode]) -> Any:
        """The chunks' booleans as one lane mask, disabled lanes 0."""
        ops, t, code = scalars.ops, scalars.mask_type, scalars.code
        total: Any = 0
        for chunk, raw in zip(chunks, raws, strict=True):
            text = chunk.ops.text(BOOL, raw)
            word = code.emit(f"bitcast <{CHUNK} x i1> {text} to i{CHUNK}")
            wide = code.emit(f"zext i{CHUNK} {word} to {ops.type(t)}")
            placed = ops.binary("shl", t, wide, CHUNK * chunk.chunk)
            total = placed if chunk.chunk == 0 else ops.binary("or", t, total, placed)
        return ops.binary("and", t, total, scalars.read_mask(layout.EXEC))

    def _condition(self, scalars: ScalarFile) -> str:
        argument, ops = self.condition, scalars.ops
        if argument.startswith("scc"):
            taken = ops.text(BOOL, scalars.read_scc())
            return scalars.code.emit(f"xor i1 {taken}, {'true' if argument == 'scc0' else 'false'}")
        register = layout.VCC if argument.startswith("vcc") else layout.EXEC
        name = "ne" if argument.endswith("nz") else "eq"
        mask = scalars.read_mask(register)
        return str(ops.compare(name, scalars.mask_type, mask, 0))

    def _assemble(
        self, body: CodeBuilder, scalars: _Scalars, chunks: list[_ChunkCode], again: str
    ) -> str:
        exit_lines = self._exit(body, scalars, chunks)
        nexts: dict[Any, str] = {}
        for key in self._phis:
            if key == "scc":
                nexts[key] = scalars.ops.text(BOOL, scalars.scc)
            elif key[0] == "s":
                nexts[key] = scalars.ops.text(U32, scalars.read32(key[1]))
            else:
                chunk = chunks[key[1]]
                nexts[key] = chunk.ops.text(U32, chunk.row(key[0]))
        phis = [
            f"{name} = phi {kind} [ {first}, %entry ], [ {nexts[key]}, %loop ]"
            for key, (name, kind, first) in self._phis.items()
        ]
        budget = f"%budget.at = getelementptr i8, ptr %wave, i64 {layout.BUDGET}"
        lines = ["entry:", *self._init, budget, "%budget.init = load i64, ptr %budget.at"]
        lines += ["br label %loop", "loop:", *phis]
        lines += ["%budget = phi i64 [ %budget.init, %entry ], [ %left, %loop ]", *body.lines]
        lines += [
            "%left = sub i64 %budget, 1",
            "%allowed = icmp sge i64 %left, 0",
            f"%on = and i1 {again}, %allowed",
            "br i1 %on, label %loop, label %exit",
            "exit:",
            *exit_lines,
        ]
        text = "\n".join(lines)
        head = f"define i32 @{self.name}(ptr noalias %wave, ptr noalias %vgpr, i1 %last)"
        tail = f"%result = zext i1 {again} to i32\nret i32 %result"
        return f"{head} {{\n{text}\n{tail}\n}}\n"

    def _exit(self, body: CodeBuilder, scalars: _Scalars, chunks: list[_ChunkCode]) -> list[str]:
        """Stores of what the loop wrote and something reads: later blocks, or the loop resumed."""
        out, vector = body.child(), f"<{CHUNK} x i32>"
        for c, chunk in enumerate(chunks):
            for row in sorted(chunk.rows_written):
                if (row, 0) not in self._phis and not self.block.live_out >> row & 1:
                    continue
                text = chunk.ops.text(U32, chunk.row(row))
                offset = row * self.row_bytes + 4 * CHUNK * c
                at = out.emit(f"getelementptr i8, ptr %vgpr, i64 {offset}")
                mask = None
                if not self.masked and self.block.inactive_out >> row & 1:
                    mask = chunk.exec_chunk()
                if mask is not None:
                    old = out.emit(f"load {vector}, ptr {at}, align 64")
                    text = out.emit(
                        f"select <{CHUNK} x i1> {mask}, {vector} {text}, {vector} {old}"
                    )
                out.do(f"store {vector} {text}, ptr {at}, align 64")
        out.do("br i1 %last, label %commit, label %done")
        out.do("commit:")
        out.do("store i64 %left, ptr %budget.at")
        for index in sorted(scalars.written):
            text = scalars.ops.text(U32, scalars.read32(index))
            at = out.emit(f"getelementptr i8, ptr %wave, i64 {4 * index}")
            out.do(f"store i32 {text}, ptr {at}")
        if scalars.scc is not None:
            word = out.emit(f"zext i1 {scalars.ops.text(BOOL, scalars.scc)} to i32")
            at = out.emit(f"getelementptr i8, ptr %wave, i64 {layout.SCC}")
            out.do(f"store i32 {word}, ptr {at}")
        out.do("br label %done")
        out.do("done:")
        return out.lines
