"""Control flow of a kernel: reachable instructions, basic blocks, and what is known about EXEC and VGPRs.

Two analyses make generated code small.  *Full masks*: which scalar registers are known to hold a mask of
all lanes, EXEC among them; where EXEC is full nothing needs masking.  *Liveness* of VGPRs, per lane: a
value is needed by lanes that are enabled (``active``) or that are disabled now and may be enabled again
later (``inactive``).  Disabling lanes turns active needs into inactive ones, enabling them back.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from anyroc.isa.decode import decode
from anyroc.isa.instruction import DecodeError, Instruction, Operand
from anyroc.isa.targets import Target
from anyroc.semantics.core import OPERATIONS, Access, Control, Cross, Matrix, Op, Operation
from anyroc.translate import layout
from anyroc.translate.codeobject import CodeObject, Kernel
from anyroc.translate.operands import Unsupported
from anyroc.translate.region import row_of

__all__ = ["Block", "Graph", "build"]

_ENDS = {"end", "branch", "setpc", "swappc", "call", "barrier", "sleep", "trap"}


@dataclass
class Block:
    """Instructions that run one after the other; ``successors`` are block addresses, None: unknown."""

    start: int
    instructions: list[Instruction] = field(default_factory=list)
    successors: list[int] = field(default_factory=list)
    unknown: bool = False
    resumable: bool = False
    full: frozenset[int] = frozenset()
    live_out: int = 0
    inactive_out: int = 0

    @property
    def end(self) -> int:
        last = self.instructions[-1]
        return last.offset + last.size


@dataclass
class Graph:
    """The blocks of one kernel by address; ``targets`` are addresses that indirect jumps may reach."""

    entry: int
    blocks: dict[int, Block]
    targets: set[int]
    wave_size: int
    accum_offset: int
    target: Target
    linear: bool = False

    def operation(self, inst: Instruction) -> Operation:
        entry = OPERATIONS.get(inst.op)
        if entry is None:
            raise Unsupported(inst, "")
        return entry

    # Effects on VGPRs.

    def _rows(self, operands: tuple[Operand, ...]) -> int:
        mask = 0
        for operand in operands:
            if operand.kind in ("v", "a"):
                mask |= ((1 << operand.count) - 1) << row_of(operand, self.accum_offset)
        return mask

    def uses(self, inst: Instruction) -> int:
        """Rows that an instruction reads, partly written ones included."""
        if inst.parts:
            return self.uses(inst.parts[0]) | self.uses(inst.parts[1])
        mask = self._rows(inst.src)
        if self._partial(inst):
            mask |= self._rows(inst.dst)
        return mask

    def defs(self, inst: Instruction) -> int:
        """Rows that an instruction writes."""
        if inst.parts:
            return self.defs(inst.parts[0]) | self.defs(inst.parts[1])
        return self._rows(inst.dst)

    def _partial(self, inst: Instruction) -> bool:
        """Whether something of the destination's old value stays, in enabled lanes too."""
        entry = OPERATIONS.get(inst.op)
        mods = inst.mods
        if mods.dpp or mods.dpp8 or mods.sdwa:
            return True
        if isinstance(entry, Op):
            return any(s.role == "operand" and s.type.bits * s.count < 32 for s in entry.results)
        if isinstance(entry, Access):
            return bool(entry.half) or entry.space in ("buffer", "lds")
        return isinstance(entry, Cross)

    def everywhere(self, inst: Instruction) -> int:
        """Rows that an instruction reads in disabled lanes as well."""
        entry = OPERATIONS.get(inst.op)
        if isinstance(entry, Cross | Matrix) or inst.mods.dpp or inst.mods.dpp8:
            return self.uses(inst)
        return 0

    def exec_effect(self, inst: Instruction) -> str:
        """What an instruction does to EXEC: "" nothing, else "shrink", "widen" or "any"."""
        entry = OPERATIONS.get(inst.op)
        if not isinstance(entry, Op):
            return ""
        writes = any(o.kind == "s" and o.index in (126, 127) for o in inst.dst)
        if entry.writes_exec:
            return "shrink"
        if any(s.role == "exec" for s in entry.results):
            if inst.op.startswith("s_and_saveexec"):
                return "shrink"
            return "widen" if inst.op.startswith("s_or_saveexec") else "any"
        if not writes:
            return ""
        reads = any(o.kind == "s" and o.index == layout.EXEC for o in inst.src)
        if reads and inst.op in ("s_and_b64", "s_and_b32"):
            return "shrink"
        if inst.op in ("s_and_not1_b64", "s_and_not1_b32", "s_andn2_b64", "s_andn2_b32"):
            first = inst.src[0]
            return "shrink" if first.kind == "s" and first.index == layout.EXEC else "any"
        if reads and inst.op in ("s_or_b64", "s_or_b32"):
            return "widen"
        return "any"

    # Backward: liveness.

    def step_back(self, inst: Instruction, active: int, inactive: int) -> tuple[int, int]:
        effect = self.exec_effect(inst)
        if effect == "shrink":
            active |= inactive
        elif effect == "widen":
            inactive |= active
        elif effect:
            active |= inactive
            inactive = active
        active = active & ~self.defs(inst) | self.uses(inst)
        return active, inactive | self.everywhere(inst)

    def live_after(self, block: Block) -> list[tuple[int, int]]:
        """For each instruction of a block, the rows needed after it: by enabled lanes, by disabled ones."""
        active, inactive = block.live_out, block.inactive_out
        result = [(0, 0)] * len(block.instructions)
        for i in range(len(block.instructions) - 1, -1, -1):
            result[i] = active, inactive
            active, inactive = self.step_back(block.instructions[i], active, inactive)
        return result

    # Forward: masks known to be full.

    def step_full(self, inst: Instruction, full: frozenset[int]) -> frozenset[int]:
        """The scalar registers known to hold a full mask after an instruction."""
        written = {o.index + i for o in inst.dst if o.kind == "s" for i in range(o.count)}
        effect = self.exec_effect(inst)
        if inst.parts or (not written and not effect):
            return full
        entry = OPERATIONS.get(inst.op)
        gains: set[int] = set()
        dst = inst.dst[0].index if inst.dst and inst.dst[0].kind == "s" else -1
        known = [self._is_full(o, full) for o in inst.src]
        name = inst.op
        suffix = "b64" if self.wave_size == 64 else "b32"
        if name.endswith(suffix):
            if name.startswith("s_mov_") and known[0]:
                gains.add(dst)
            elif name.startswith("s_or_saveexec"):
                if layout.EXEC in full:
                    gains.add(dst)
                if known[0] or layout.EXEC in full:
                    gains.add(layout.EXEC)
            elif name.startswith("s_and_saveexec"):
                if layout.EXEC in full:
                    gains.add(dst)
                    if known[0]:
                        gains.add(layout.EXEC)
            elif (name.startswith("s_or_b") and any(known)) or (
                name.startswith("s_and_b") and all(known)
            ):
                gains.add(dst)
        if isinstance(entry, Op) and entry.writes_exec:
            written |= {layout.EXEC}
        if effect:
            written |= {layout.EXEC, layout.EXEC + 1}
        span = self.wave_size // 32
        kept = {i for i in full if not any(i + k in written for k in range(span))}
        return frozenset(kept | gains)

    def _is_full(self, operand: Operand, full: frozenset[int]) -> bool:
        if operand.kind == "const":
            ones = (1 << self.wave_size) - 1
            return int(operand.value) & ones == ones
        return operand.kind == "s" and operand.index in full


def build(
    code: CodeObject,
    kernel: Kernel,
    target: Target,
    *,
    starts_full: bool = False,
    linear: bool = False,
) -> Graph:
    """Decodes what a kernel can reach and analyses it.

    ``starts_full``: every wave starts with all lanes enabled; ``linear``: its lanes are consecutive
    work-items in x.  Raises CodeObjectError on bytes that are
    no instructions and :class:`Unsupported` on ones without semantics.
    """
    accum_offset = kernel.descriptor.accum_offset
    graph = Graph(kernel.entry, {}, set(), kernel.wave_size, accum_offset, target, linear)
    instructions, leaders = _discover(code, kernel, graph)
    _split(graph, instructions, leaders)
    _analyse(graph, starts_full)
    return graph


def _functions(code: CodeObject) -> set[int]:
    """The device functions of a code object: what an indirect call may reach."""
    return {s.vaddr for s in code.symbols.values() if s.kind == "func" and s.size > 0}


def _discover(
    code: CodeObject, kernel: Kernel, graph: Graph
) -> tuple[dict[int, Instruction], set[int]]:
    seen: dict[int, Instruction] = {}
    leaders = {kernel.entry}
    work = deque([kernel.entry])
    functions_added = False
    while work:
        at = work.popleft()
        while at not in seen:
            inst = _decode(code, graph, at)
            seen[at] = inst
            entry = graph.operation(inst.parts[0] if inst.parts else inst)
            follow = inst.offset + inst.size
            kind = entry.kind if isinstance(entry, Control) else ""
            if kind == "branch":
                leaders.add(inst.branch_target)
                work.append(inst.branch_target)
                if isinstance(entry, Control) and not entry.argument:
                    break
                leaders.add(follow)
            elif kind in ("setpc", "swappc", "call"):
                if kind != "setpc":
                    graph.targets.add(follow)
                    leaders.add(follow)
                    work.append(follow)
                if kind == "call":
                    graph.targets.add(inst.branch_target)
                    leaders.add(inst.branch_target)
                    work.append(inst.branch_target)
                elif not functions_added:
                    functions_added = True
                    for function in _functions(code):
                        graph.targets.add(function)
                        leaders.add(function)
                        work.append(function)
                break
            elif kind == "end":
                break
            elif kind in _ENDS:
                leaders.add(follow)
            at = follow
    return seen, leaders


def _decode(code: CodeObject, graph: Graph, at: int) -> Instruction:
    text = code.text(at, 20)
    try:
        inst = decode(graph.target, text, 0, wave_size=graph.wave_size)
    except DecodeError as error:
        raise DecodeError(str(error), at) from error
    return _at(inst, at)


def _at(inst: Instruction, offset: int) -> Instruction:
    from dataclasses import replace

    return replace(inst, offset=offset, parts=tuple(_at(p, offset) for p in inst.parts))


def _split(graph: Graph, instructions: dict[int, Instruction], leaders: set[int]) -> None:
    for start in sorted(leaders & instructions.keys()):
        block = Block(start)
        at = start
        while True:
            inst = instructions[at]
            block.instructions.append(inst)
            follow = at + inst.size
            entry = None if inst.parts else graph.operation(inst)
            kind = entry.kind if isinstance(entry, Control) else ""
            if kind == "branch":
                block.successors.append(inst.branch_target)
                if isinstance(entry, Control) and entry.argument:
                    block.successors.append(follow)
                break
            if kind in ("setpc", "swappc", "call"):
                block.unknown = True
                break
            if kind == "end":
                break
            if kind in _ENDS or follow in leaders:
                block.successors.append(follow)
                break
            at = follow
        graph.blocks[start] = block
    for block in graph.blocks.values():
        kind_entry = (
            graph.operation(block.instructions[-1]) if not block.instructions[-1].parts else None
        )
        kind = kind_entry.kind if isinstance(kind_entry, Control) else ""
        if kind in ("barrier", "sleep", "trap"):
            for follow in block.successors:
                graph.blocks[follow].resumable = True
        if kind == "branch":
            for follow in block.successors:
                if follow <= block.start:
                    graph.blocks[follow].resumable = True
    for address in graph.targets:
        graph.blocks[address].resumable = True


def _analyse(graph: Graph, starts_full: bool) -> None:
    everything = (1 << layout.M0 * 8) - 1
    blocks = graph.blocks
    predecessors: dict[int, list[int]] = {a: [] for a in blocks}
    for address, block in blocks.items():
        for follow in block.successors:
            predecessors[follow].append(address)

    work = deque(sorted(blocks, reverse=True))
    state = dict.fromkeys(blocks, (0, 0))
    while work:
        address = work.popleft()
        block = blocks[address]
        active = inactive = everything if block.unknown else 0
        for follow in block.successors:
            active |= state[follow][0]
            inactive |= state[follow][1]
        block.live_out, block.inactive_out = active, inactive
        for inst in reversed(block.instructions):
            active, inactive = graph.step_back(inst, active, inactive)
        if (active, inactive) != state[address]:
            state[address] = (active, inactive)
            work.extend(p for p in predecessors[address] if p not in work)

    known: dict[int, frozenset[int] | None] = dict.fromkeys(blocks)
    known[graph.entry] = frozenset({layout.EXEC}) if starts_full else frozenset()
    for address in graph.targets:
        known[address] = frozenset()
    work = deque(a for a in sorted(blocks) if known[a] is not None)
    while work:
        address = work.popleft()
        full = known[address]
        assert full is not None
        for inst in blocks[address].instructions:
            full = graph.step_full(inst, full)
        for follow in blocks[address].successors:
            old = known[follow]
            new = full if old is None else old & full
            if new != old:
                known[follow] = new
                if follow not in work:
                    work.append(follow)
    for address, block in blocks.items():
        block.full = known[address] or frozenset()
