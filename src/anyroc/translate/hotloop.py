"""Innermost loops: a function of its own, with the wave's registers in the host's.

A block that branches back to itself runs with its scalar and vector registers as SSA values
around the loop, so that none is loaded or stored per trip.  The chunks of a wave run side by side
as far as the host's vector registers go, else group after group: each group repeats the loop's
scalar part, which takes the same course.  LLVM optimises these functions; they are small.

The loop may load and store where addresses are affine (:mod:`anyroc.translate.fast`), all chunks
side by side.  Rows that are affine at the start of each trip go around the loop as scalars.  Each
trip first checks the guards of all its accesses; where one fails, the function returns as if it
had been interrupted there, and the trip is done in the general form.
"""

from __future__ import annotations

import re
from typing import Any

from anyroc.isa.instruction import Instruction
from anyroc.semantics.core import Access, Control, Op
from anyroc.semantics.values import BOOL, U32
from anyroc.translate import layout
from anyroc.translate.capture import capture
from anyroc.translate.cfg import SCALARS, Block, Graph
from anyroc.translate.hotchunk import AccessCode, ChunkCode, LoopScalars
from anyroc.translate.lane_items import Lanes, masks_written
from anyroc.translate.llvm import CodeBuilder
from anyroc.translate.memory import MemoryEmitter
from anyroc.translate.registers import ScalarFile
from anyroc.translate.scalar import run_scalar
from anyroc.translate.shaped import Affine, NotAffine, base_of, is_vector, stride_of
from anyroc.translate.shapes import Claims
from anyroc.translate.vectors import CHUNK, VectorBackend

__all__ = ["HotLoop", "plan"]

_HOST_REGISTERS = 28
"""Vector registers of the host that a loop's registers may take, leaving some for temporaries."""
_WITH_ACCESSES = 96
"""The same for a loop with accesses, where registers on the stack are no worse than in the wave."""
_MOST_OPERATIONS = 256
"""Vector operations, all chunks together, up to which such a function compiles quickly."""
_MOST_ACCESSES = 16
_NAME = re.compile(r"%[\w.]+")

_Step = tuple[Instruction, "list[tuple[Instruction, Op]] | Access", int]
"""An instruction, what it does, and the rows that disabled lanes need after it."""


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


def plan(graph: Graph, block: Block, claims: Claims, number: int) -> HotLoop | None:
    """The hot loop that a block is, or None if it is no such loop; ``claims``: at its start."""
    last = block.instructions[-1]
    entry = None if last.parts else graph.operation(last)
    if not isinstance(entry, Control) or entry.kind != "branch" or not entry.argument:
        return None
    if last.branch_target != block.start:
        return None
    steps: list[_Step] = []
    vectors = rows = accesses = 0
    whole = False
    for inst, (_, inactive) in zip(block.instructions[:-1], graph.live_after(block), strict=False):
        if _is_nop(graph, inst):
            continue
        access = None if inst.parts else graph.operation(inst)
        if isinstance(access, Access) and access.kind in ("load", "store"):
            steps.append((inst, access, inactive))
            accesses += 1
        else:
            parts = _parts(graph, inst)
            if parts is None:
                return None
            steps.append((inst, parts, inactive))
            whole = whole or bool(graph.exec_effect(inst))
            whole = whole or any(masks_written(part, op) for part, op in parts)
        if not inst.format.startswith("SOP"):
            vectors += 1
            rows |= graph.uses(inst) | graph.defs(inst)
    rows &= (1 << SCALARS) - 1
    if accesses:
        if not claims or accesses > _MOST_ACCESSES:
            return None
        whole = True
        for row in claims:
            rows &= ~(1 << row)
    chunks = graph.wave_size // CHUNK
    group = chunks
    room = _WITH_ACCESSES if accesses else _HOST_REGISTERS
    while group > 1 and group * rows.bit_count() > room:
        group //= 2
    if not vectors or group * vectors > _MOST_OPERATIONS or rows.bit_count() > room:
        return None
    if whole and group < chunks:
        return None
    return HotLoop(graph, block, steps, entry.argument, group, claims if accesses else {}, number)


class HotLoop:
    """A loop as the function ``i32 name(ptr wave, ptr vgpr, i1 last)`` over one group of chunks.

    The result is 1 if the budget of trips is spent and the loop is to go on later, 2 if the next
    trip is to be done otherwise.  ``vgpr`` points at the group's first lane of row 0; scalar
    results are stored by the group that is ``last``.
    """

    def __init__(
        self,
        graph: Graph,
        block: Block,
        steps: list[_Step],
        condition: str,
        group: int,
        claims: Claims,
        number: int,
    ) -> None:
        self.graph = graph
        self.block = block
        self.steps = steps
        self.condition = condition
        self.group = group
        self.claims = claims
        self.number = number
        self.name = f"hot{number}"
        self.row_bytes = graph.wave_size * 4
        self.accesses = any(isinstance(what, Access) for _, what, _ in steps)
        self.masked = any(graph.exec_effect(inst) for inst, _, _ in steps)
        self.full = self.accesses and not self.masked and layout.EXEC in block.full
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

    def affine_phi(self, row: int, chunk: int) -> str:
        """The first lane's value: the wave's, or a chunk's where rows are affine in chunks only."""
        if self.graph.run == self.graph.wave_size:
            chunk = 0
        offset = row * self.row_bytes + 4 * CHUNK * chunk
        return self._load(("first", row, chunk), "i32", f"%vgpr+{offset}", 4)

    def scc_phi(self) -> str:
        if "scc" not in self._phis:
            self._init.append(f"%scc.init.at = getelementptr i8, ptr %wave, i64 {layout.SCC}")
            self._init.append("%scc.init.word = load i32, ptr %scc.init.at")
            self._init.append("%scc.init = icmp ne i32 %scc.init.word, 0")
            self._phis["scc"] = ("%scc.phi", "i1", "%scc.init")
        return self._phis["scc"][0]

    def text(self, declarations: dict[str, str]) -> str:
        """The function's definition; adds to ``declarations`` what it needs.

        Raises NotAffine, or Unsupported, where accesses keep it from being a hot loop.
        """
        body = CodeBuilder()
        body.declarations = declarations
        scalars = LoopScalars(self, body)
        kind = AccessCode if self.accesses else ChunkCode
        chunks: list[Any] = [kind(self, body, scalars, c) for c in range(self.group)]
        for c, chunk in enumerate(chunks):
            body.do(f"%shift{chunk.id} = add i64 0, {CHUNK * c}")
            body.do(f"%offset{chunk.id} = add i64 0, {4 * CHUNK * c}")
        target, accum = self.graph.target, self.graph.accum_offset
        memory = MemoryEmitter(body, self.graph.wave_size, accum, target)
        for inst, what, inactive in self.steps:
            for chunk in chunks:
                chunk.inactive = inactive
            if isinstance(what, Access):
                address = memory.plain_address(inst, what, scalars)
                for chunk in chunks:
                    chunk.access(inst, what, address)
            elif inst.format.startswith("SOP"):
                run_scalar(inst, what[0][1], scalars)
            else:
                self._vector(what, scalars, chunks)
        again = self._condition(scalars)
        return self._assemble(body, scalars, chunks, again)

    def _vector(
        self, parts: list[tuple[Instruction, Op]], scalars: ScalarFile, chunks: list[Any]
    ) -> None:
        lanes = [Lanes(p, op, capture(p, op, scalars, self.graph, set())) for p, op in parts]
        masks: dict[int, list[Any]] = {}
        for chunk in chunks:
            for index, raw in chunk.compute(lanes).items():
                masks.setdefault(index, []).append(raw)
        for index, raws in masks.items():
            scalars.write_mask(index, self._combine(raws, scalars, chunks))

    def _combine(self, raws: list[Any], scalars: ScalarFile, chunks: list[Any]) -> Any:
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
        self, body: CodeBuilder, scalars: LoopScalars, chunks: list[Any], again: str
    ) -> str:
        exit_lines = self._exit(body, scalars, chunks)
        good = self._guard(body, chunks) if self.accesses else ""
        nexts: dict[Any, str] = {}
        for key in self._phis:
            if key == "scc":
                nexts[key] = scalars.ops.text(BOOL, scalars.scc)
            elif key[0] == "s":
                nexts[key] = scalars.ops.text(U32, scalars.read32(key[1]))
            elif key[0] == "first":
                nexts[key] = self._next_first(chunks[key[2]], key[1])
            else:
                chunk = chunks[key[1]]
                nexts[key] = chunk.ops.text(U32, chunk.row(key[0]))
        latch, lines_of_trip, failed = "loop", body.lines, []
        if good:
            latch, lines_of_trip = "go", _guarded(body.lines, good)
            failed = self._failed(body, scalars, chunks)
        phis = [
            f"{name} = phi {kind} [ {first}, %entry ], [ {nexts[key]}, %{latch} ]"
            for key, (name, kind, first) in self._phis.items()
        ]
        budget = f"%budget.at = getelementptr i8, ptr %wave, i64 {layout.BUDGET}"
        lines = ["entry:", *self._init, budget, "%budget.init = load i64, ptr %budget.at"]
        lines += ["br label %loop", "loop:", *phis]
        lines += [f"%budget = phi i64 [ %budget.init, %entry ], [ %left, %{latch} ]"]
        lines += lines_of_trip
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
        tail = "\n".join([f"%result = zext i1 {again} to i32", "ret i32 %result", *failed])
        return f"{head} {{\n{text}\n{tail}\n}}\n"

    @staticmethod
    def _guard(body: CodeBuilder, chunks: list[AccessCode]) -> str:
        """Whether all accesses of a trip may be done."""
        for chunk in chunks:
            chunk.guard_reaches()
        guards = dict.fromkeys(guard for chunk in chunks for guard in chunk.ops.guards)
        good = "true"
        for guard in guards:
            good = body.emit(f"and i1 {good}, {guard}")
        return good

    def _next_first(self, chunk: AccessCode, row: int) -> str:
        """An affine row's first lane after a trip."""
        raw = chunk.row(row)
        if is_vector(raw) or not isinstance(raw, Affine | int):
            raise NotAffine
        if (stride_of(raw) - self.claims[row].stride) & 0xFFFFFFFF:
            raise NotAffine
        return str(chunk.ops.scalar.text(U32, base_of(raw)))

    def _failed(
        self, body: CodeBuilder, scalars: LoopScalars, chunks: list[AccessCode]
    ) -> list[str]:
        """Leaves before a trip: stores what earlier trips left in registers that it reads.

        What a trip writes before it reads it, doing the trip otherwise will write too.
        """
        out = body.child()
        ops = VectorBackend(out, CHUNK)
        out.do("failed:")
        out.do("store i64 %budget, ptr %budget.at")
        for key, (name, kind, _) in self._phis.items():
            if key == "scc":
                word = out.emit(f"zext i1 {name} to i32")
                out.do(f"store i32 {word}, ptr {out.emit(_at('%wave', layout.SCC))}")
            elif key[0] == "s":
                if key[1] in scalars.written:
                    out.do(f"store i32 {name}, ptr {out.emit(_at('%wave', 4 * key[1]))}")
            elif key[0] != "first":
                if key[0] in chunks[key[1]].rows_written:
                    at = out.emit(_at("%vgpr", key[0] * self.row_bytes + 4 * CHUNK * key[1]))
                    out.do(f"store {kind} {name}, ptr {at}, align 64")
            elif key[1] in chunks[key[2]].rows_written:
                shared = self.graph.run == self.graph.wave_size
                stride = self.claims[key[1]].stride
                for c in range(self.group) if shared else [key[2]]:
                    first = name
                    if shared and c:
                        first = out.emit(f"add i32 {name}, {CHUNK * c * stride & 0xFFFFFFFF}")
                    whole = ops.steps(U32, ops.splat(U32, first), stride)
                    at = out.emit(_at("%vgpr", key[1] * self.row_bytes + 4 * CHUNK * c))
                    out.do(f"store <{CHUNK} x i32> {ops.text(U32, whole)}, ptr {at}, align 64")
        out.do("ret i32 2")
        return out.lines

    def _exit(self, body: CodeBuilder, scalars: LoopScalars, chunks: list[Any]) -> list[str]:
        """Stores of what the loop wrote and something reads: later blocks, or the loop resumed."""
        out, vector = body.child(), f"<{CHUNK} x i32>"
        for c, chunk in enumerate(chunks):
            for row in sorted(chunk.rows_written):
                read = (row, 0) in self._phis or ("first", row, 0) in self._phis
                if not read and not self.block.live_out >> row & 1:
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


def _at(base: str, offset: int) -> str:
    return f"getelementptr i8, ptr {base}, i64 {offset}"


def _guarded(lines: list[str], good: str) -> list[str]:
    """A trip with what decides about it first; raises NotAffine where that rests on its loads."""
    made = {}
    for number, line in enumerate(lines):
        name, equals, _ = line.partition(" = ")
        if equals:
            made[name] = number
    wanted, work = set(), [made[good]] if good in made else []
    while work:
        number = work.pop()
        if number in wanted:
            continue
        wanted.add(number)
        text = lines[number].partition(" = ")[2]
        if text.startswith("call") and "@llvm." not in text:
            raise NotAffine
        if text.startswith("load") and "ptr @" not in text:
            pointer = _NAME.findall(text)[-1]
            if not lines[made[pointer]].partition(" = ")[2].startswith(_at("%wave", 0)[:-1]):
                raise NotAffine
        work += [made[name] for name in _NAME.findall(text) if name in made]
    first = [line for number, line in enumerate(lines) if number in wanted]
    rest = [line for number, line in enumerate(lines) if number not in wanted]
    return [*first, f"br i1 {good}, label %go, label %failed", "go:", *rest]
