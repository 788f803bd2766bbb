"""Control flow of a kernel: reachable instructions, basic blocks, what is known of EXEC and VGPRs.

Two analyses make generated code small.  *Full masks*: which scalar registers are known to hold a
mask of all lanes, EXEC among them; where EXEC is full nothing needs masking.  *Liveness* of VGPRs,
per lane: a value is needed by lanes that are enabled (``active``) or that are disabled now and may
be enabled again later (``inactive``).  Disabling lanes turns active needs into inactive ones,
enabling them back.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, field, replace
from typing import cast

from anyroc.errors import CodeObjectError
from anyroc.isa.decode import decoder
from anyroc.isa.instruction import Instruction, Operand
from anyroc.isa.targets import Target
from anyroc.semantics.core import OPERATIONS, Control, Matrix, Op, Operation
from anyroc.semantics.environment import Mode, under
from anyroc.translate import layout, modes
from anyroc.translate.calls import AddressTracker, functions
from anyroc.translate.codeobject import CodeObject, Kernel
from anyroc.translate.effects import ALL_SCALARS, SCALARS, Effect, effect_of
from anyroc.translate.operands import Unsupported
from anyroc.translate.upper import SETS_UPPER_BITS, selected, with_upper_bits

__all__ = ["SCALARS", "Block", "Graph", "build"]

_JUMPS = ("setpc", "swappc", "call")
_PAUSES = ("barrier", "sleep", "trap")
_ENDS = frozenset(("end", "branch", *_JUMPS, *_PAUSES))
_ROWS = (1 << 1024) - 1


@dataclass
class Block:
    """Instructions that run one after the other.

    ``successors`` are block addresses; ``unknown``: a jump ends the block that may go to any
    target.  ``resumable``: a wave may be told to go on here.  ``full``: scalar registers known to
    hold a full mask at the start; ``all_enabled``: whether EXEC is, before each instruction and at
    the end.  ``live_out`` and ``inactive_out``: rows needed afterwards by
    enabled and by disabled lanes.
    """

    start: int
    instructions: list[Instruction] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    successors: list[int] = field(default_factory=list)
    unknown: bool = False
    resumable: bool = False
    full: frozenset[int] = frozenset()
    all_enabled: list[bool] = field(default_factory=list)
    live_out: int = 0
    inactive_out: int = 0

    @property
    def end(self) -> int:
        last = self.instructions[-1]
        return last.offset + last.size


@dataclass
class Graph:
    """The blocks of one kernel by address.

    ``targets`` are addresses that jumps of unknown target may reach; ``known_jumps`` maps the
    address of an indirect jump to where it goes, where that is known.  ``run``: in aligned
    groups of how many lanes these are consecutive work-items in x (0: not known).  ``modes``: what
    the MODE register holds at instructions, by address, where it is not the usual.
    """

    entry: int
    wave_size: int
    accum_offset: int
    target: Target
    run: int = 0
    kernarg: tuple[int, int] | None = None
    rows: int = 0
    blocks: dict[int, Block] = field(default_factory=dict)
    targets: set[int] = field(default_factory=set)
    known_jumps: dict[int, int] = field(default_factory=dict)
    modes: dict[int, Mode] = field(default_factory=dict)
    _effects: dict[int, tuple[Instruction, Effect]] = field(default_factory=dict)

    def operation(self, inst: Instruction) -> Operation:
        """The semantics of an instruction."""
        entry = OPERATIONS.get(inst.op)
        if entry is None:
            raise Unsupported(inst, "")
        if self.modes and isinstance(entry, Op) and inst.offset in self.modes:
            return under(entry, self.modes[inst.offset], inst.mods)
        return entry

    def effect(self, inst: Instruction) -> Effect:
        """What an instruction does to registers; computed once for those of the graph."""
        known = self._effects.get(inst.offset)
        if known is not None and known[0] is inst:
            return known[1]
        effect = effect_of(inst, self.accum_offset)
        if known is None:
            self._effects[inst.offset] = inst, effect
        return effect

    def uses(self, inst: Instruction) -> int:
        """Registers that an instruction reads, partly written ones included, as a bit set."""
        return self.effect(inst).uses

    def defs(self, inst: Instruction) -> int:
        """Registers that an instruction writes."""
        return self.effect(inst).defs

    def exec_effect(self, inst: Instruction) -> str:
        """What an instruction does to EXEC: "" nothing, else "shrink", "widen" or "any"."""
        return self.effect(inst).exec

    # Backward: liveness.

    def live_after(self, block: Block) -> list[tuple[int, int]]:
        """For each instruction of a block, the rows that enabled, disabled lanes need after it."""
        active, inactive = block.live_out, block.inactive_out
        result = []
        for effect, full in zip(reversed(block.effects), reversed(block.all_enabled), strict=False):
            if full:
                inactive = 0
            result.append((active, inactive))
            if effect.exec:
                active, inactive = _before_change(effect.exec, active, inactive)
            active = active & ~effect.defs | effect.uses
            inactive |= effect.everywhere
        result.reverse()
        return result

    # Forward: masks known to be full.

    def step_full(self, inst: Instruction, full: frozenset[int]) -> frozenset[int]:
        """The scalar registers known to hold a full mask after an instruction."""
        effect = self.effect(inst)
        if not (effect.scalars or effect.exec):
            return full
        written = set(effect.scalars)
        gains = set() if inst.parts else self._gains(inst, full)
        if effect.exec:
            written |= {layout.EXEC, layout.EXEC + 1}
        span = self.wave_size // 32
        kept = {i for i in full if not any(i + k in written for k in range(span))}
        return frozenset(kept | gains)

    def _gains(self, inst: Instruction, full: frozenset[int]) -> set[int]:
        name = inst.op
        if not name.endswith("b64" if self.wave_size == 64 else "b32"):
            return set()
        dst = inst.dst[0].index if inst.dst and inst.dst[0].kind == "s" else -1
        known = [self._is_full(o, full) for o in inst.src]
        exec_full = layout.EXEC in full
        if name.startswith("s_or_saveexec"):
            saved = {dst} if exec_full else set()
            return saved | ({layout.EXEC} if known[0] or exec_full else set())
        if name.startswith("s_and_saveexec"):
            if not exec_full:
                return set()
            return {dst, layout.EXEC} if known[0] else {dst}
        if name.startswith(("s_mov_b", "s_and_b")):
            return {dst} if all(known) else set()
        return {dst} if name.startswith("s_or_b") and any(known) else set()

    def _is_full(self, operand: Operand, full: frozenset[int]) -> bool:
        if operand.kind == "const":
            ones = (1 << self.wave_size) - 1
            return int(operand.value) & ones == ones
        return operand.kind == "s" and operand.index in full


def _before_change(effect: str, active: int, inactive: int) -> tuple[int, int]:
    """What is needed before EXEC changes, from what enabled and disabled lanes need afterwards.

    Scalar registers belong to no lane: they are among what enabled lanes need.
    """
    both = active | inactive
    if effect == "shrink":
        return both, inactive
    return (active if effect == "widen" else both), both & _ROWS


def build(
    code: CodeObject,
    kernel: Kernel,
    target: Target,
    *,
    starts_full: bool = False,
    linear: bool = False,
    rows: bool = False,
    analyse: bool = True,
) -> Graph:
    """Decodes what a kernel can reach and analyses it.

    ``analyse``: else every register counts as needed everywhere, and no mask as known.
    ``starts_full``: every wave starts with all lanes enabled; ``linear``: its lanes are consecutive
    work-items in x.  Raises CodeObjectError on bytes that are
    no instructions and :class:`Unsupported` on ones without semantics.
    """
    run = kernel.wave_size if linear else 16 if rows else 0
    graph = Graph(kernel.entry, kernel.wave_size, kernel.descriptor.accum_offset, target, run)
    _Discovery(code, graph).run()
    for block in graph.blocks.values():
        _resolve_index_mode(graph, block)
    if analyse:
        for block in sorted(graph.blocks.values(), key=lambda block: -block.start):
            _lift_products(graph, block)
        _full_masks(graph, starts_full)
        _live_rows(graph)
    else:
        for block in graph.blocks.values():
            block.live_out, block.inactive_out = _ROWS | ALL_SCALARS, _ROWS
            block.all_enabled = [False] * (len(block.instructions) + 1)
    graph.modes = modes.at_instructions(graph, kernel.descriptor.mode)
    graph.rows = kernel.descriptor.vgprs
    graph.kernarg = _kernel_arguments(graph, kernel)
    return graph


def _lift_products(graph: Graph, block: Block) -> None:
    """Puts the matrix products that follow a barrier before it, if all of them can be there.

    A wave rests at a barrier, and by the time it goes on its registers have left the host's nearest
    cache; compilers put barriers between the loads of operands and their use.
    """
    last = graph.operation(block.instructions[-1])
    if not isinstance(last, Control) or last.kind != "barrier" or len(block.successors) != 1:
        return
    follow = graph.blocks[block.successors[0]]
    ways = sum(other.successors.count(follow.start) for other in graph.blocks.values())
    if ways != 1 or follow.start in graph.targets or follow.start == graph.entry:
        return
    lifted, uses, defs = [], 0, 0
    for at, (inst, effect) in enumerate(zip(follow.instructions, follow.effects, strict=True)):
        if not inst.parts and isinstance(graph.operation(inst), Matrix):
            if defs & (effect.uses | effect.defs) or uses & effect.defs or effect.exec:
                return
            lifted.append(at)
        else:
            uses |= effect.uses
            defs |= effect.defs
    if not lifted or lifted[-1] == len(follow.instructions) - 1:
        return
    for name in ("instructions", "effects"):
        before, after = getattr(block, name), getattr(follow, name)
        before[-1:-1] = [after[at] for at in lifted]
        for at in reversed(lifted):
            del after[at]


_INDEXED = {1: "v_movrels_b32", 8: "v_movreld_b32", 9: "v_movrelsd_b32"}
"""What v_mov_b32 is under CDNA's index modes: bit 0 adds M0 to its source, bit 3 to its target."""


def _resolve_index_mode(graph: Graph, block: Block) -> None:
    """Between s_set_gpr_idx_on and _off, makes moves the relative ones that they are."""
    mode = 0
    for i, inst in enumerate(block.instructions):
        if inst.op == "s_set_gpr_idx_on":
            mode = inst.mods.imm & 15
        elif inst.op == "s_set_gpr_idx_mode":
            mode = inst.mods.simm16 & 15
        elif inst.op == "s_set_gpr_idx_off":
            mode = 0
        elif mode and any(o.kind in ("v", "a") for o in (*inst.dst, *inst.src)):
            if inst.op != "v_mov_b32" or mode not in _INDEXED or inst.mods.dpp or inst.mods.sdwa:
                raise Unsupported(inst, "indexed registers other than those of a plain move")
            block.instructions[i] = replace(inst, op=_INDEXED[mode])
            block.effects[i] = graph.effect(block.instructions[i])
    if mode:
        raise Unsupported(block.instructions[-1], "registers still indexed at the end of a block")


def _kernel_arguments(graph: Graph, kernel: Kernel) -> tuple[int, int] | None:
    """The scalar register that points at the kernel's arguments throughout, and their bytes."""
    register = next(
        (u.index for u in kernel.descriptor.user_sgprs if u.name == "kernarg_segment_ptr"), None
    )
    if register is None or any(block.unknown for block in graph.blocks.values()):
        return None
    written = {i for b in graph.blocks.values() for effect in b.effects for i in effect.scalars}
    return None if written & {register, register + 1} else (register, kernel.kernarg_size)


class _Window:
    """The bytes of a code segment, addressed as in memory."""

    def __init__(self, data: bytes, start: int) -> None:
        self._data, self._start = data, start
        self._end = start + len(data)

    def __contains__(self, address: object) -> bool:
        return isinstance(address, int) and self._start <= address < self._end

    def __len__(self) -> int:
        return self._end

    def __getitem__(self, span: slice) -> bytes:
        return self._data[span.start - self._start : span.stop - self._start]


class _Discovery:
    """Finds the instructions that a kernel reaches, and cuts them into blocks."""

    def __init__(self, code: CodeObject, graph: Graph) -> None:
        segment = code.code_segment(graph.entry)
        self.code = code
        self.graph = graph
        self.window = _Window(code.text(segment.vaddr, segment.filesz), segment.vaddr)
        self.decode = decoder(graph.target.isa, graph.wave_size).decode
        self.tracker = AddressTracker(code)
        self.instructions: dict[int, Instruction] = {}
        self.leaders = {graph.entry}
        self.kinds: dict[str, str] = {}
        self.ends: dict[int, str] = {}
        self.modes: dict[int, int] = {}  # by address, of the upper bits of register numbers
        self.wants_functions = False

    def run(self) -> None:
        self._explore(self.graph.entry)
        if self._unsure() or self.wants_functions:
            for function in sorted(functions(self.code)):
                self._try_function(function)
            self._unsure()
        self.graph.known_jumps = {at: to for at, (_, to) in self.tracker.resolved.items()}
        for start in sorted(self.leaders):
            self.graph.blocks[start] = self._block(start)
        self._mark_resumable()

    def _unsure(self) -> bool:
        """Drops targets of jumps computed across a place where other code joins."""
        leaders = sorted(self.leaders)
        resolved = self.tracker.resolved
        wrong = [
            at
            for at, (origin, _) in resolved.items()
            if bisect_right(leaders, at) > bisect_right(leaders, origin)
        ]
        for at in wrong:
            self.graph.targets.add(resolved.pop(at)[1])
        return bool(wrong)

    def _try_function(self, address: int) -> None:
        """Explores what a jump of unknown target may reach; what does not translate is left out."""
        instructions, leaders = set(self.instructions), set(self.leaders)
        targets, resolved = set(self.graph.targets), set(self.tracker.resolved)
        try:
            self._explore(address)
            self.graph.targets.add(address)
        except (CodeObjectError, Unsupported):
            for added in self.instructions.keys() - instructions:
                del self.instructions[added]
            for added in self.tracker.resolved.keys() - resolved:
                del self.tracker.resolved[added]
            self.leaders, self.graph.targets = leaders, targets

    def _explore(self, start: int) -> None:
        instructions, tracker, kinds = self.instructions, self.tracker, self.kinds
        self.leaders.add(start)
        work = [(start, 0)]
        while work:
            at, mode = work.pop()
            tracker.restart()
            while at not in instructions:
                inst = self._instruction(at)
                if mode:
                    self.modes[at] = mode
                    inst = with_upper_bits(inst, mode)
                instructions[at] = inst
                kind = kinds.get(inst.op)
                if kind is None:
                    kind = self._kind(inst)
                if tracker.active or kind == "getpc":
                    tracker.step(inst)
                follow = at + inst.size
                if kind in _ENDS:
                    self.ends[at] = kind
                    targets, goes_on = self._leads(inst, kind, follow)
                    if mode and kind in _JUMPS:
                        raise Unsupported(inst, "registers from v256 on are chosen")
                    self.leaders.update(targets)
                    work += [(target, mode) for target in targets]
                    if not goes_on:
                        break
                elif inst.op == SETS_UPPER_BITS:
                    mode = selected(inst)
                at = follow
            else:
                self.leaders.add(at)
                if self.modes.get(at, 0) != mode:
                    raise Unsupported(instructions[at], "two ways to it choose other registers")

    def _leads(self, inst: Instruction, kind: str, follow: int) -> tuple[list[int], bool]:
        """The blocks that a control instruction leads to, and whether ``follow`` is among them."""
        if kind == "end":
            return [], False
        if kind == "branch":
            if inst.src and inst.src[0].kind != "const":
                raise Unsupported(inst, "a distance in a register")
            target = self._inside(inst, inst.branch_target)
            return ([target, follow], True) if self._conditional(inst) else ([target], False)
        if kind in _PAUSES:
            if kind == "trap" and not self._is_code(follow):
                return [], False
            return [follow], True
        if kind == "call":
            known: int | None = self._inside(inst, inst.branch_target)
        else:
            known = self.tracker.jump(inst, self.window)
        targets = [] if known is None else [known]
        if known is None and (kind == "swappc" or not self.tracker.is_return(inst)):
            self.wants_functions = True
        if kind != "setpc" and self._is_code(follow):
            targets.append(follow)
            self.graph.targets.add(follow)
        return targets, False

    def _inside(self, inst: Instruction, target: int) -> int:
        if target in self.window:
            return target
        raise CodeObjectError(
            f"{inst.mnemonic} at {inst.offset:#x} goes to {target:#x}, outside the code"
        )

    def _is_code(self, address: int) -> bool:
        """Whether code is behind a call or a trap; where these never return, anything may be:
        padding, another function, the end of the segment."""
        at = address
        try:
            while at not in self.instructions:
                inst = self._instruction(at)
                if self._kind(inst) in _ENDS:
                    break
                at += inst.size
        except CodeObjectError:
            return False
        except Unsupported:
            return True
        return True

    def _instruction(self, at: int) -> Instruction:
        if at not in self.window:
            raise CodeObjectError(f"the code goes on at {at:#x}, outside its segment")
        return self.decode(cast(bytes, self.window), at)

    def _kind(self, inst: Instruction) -> str:
        """The kind of a control instruction, else an empty string."""
        for part in inst.parts:
            self.graph.operation(part)
        if inst.parts:
            return ""
        entry = self.graph.operation(inst)
        kind = entry.kind if isinstance(entry, Control) else ""
        self.kinds[inst.op] = kind
        return kind

    def _conditional(self, inst: Instruction) -> bool:
        entry = self.graph.operation(inst)
        return isinstance(entry, Control) and bool(entry.argument)

    def _block(self, start: int) -> Block:
        block = Block(start)
        at = start
        while True:
            inst = self.instructions[at]
            block.instructions.append(inst)
            block.effects.append(self.graph.effect(inst))
            kind = self.ends.get(at)
            at += inst.size
            if kind is None:
                if at not in self.leaders:
                    continue
                block.successors.append(at)
            elif kind == "branch":
                block.successors.append(inst.branch_target)
                if self._conditional(inst):
                    block.successors.append(at)
            elif kind in _JUMPS:
                self._end_in_jump(block, inst, kind)
            elif kind != "end" and at in self.leaders:
                block.successors.append(at)
            return block

    def _end_in_jump(self, block: Block, inst: Instruction, kind: str) -> None:
        target = inst.branch_target if kind == "call" else self.graph.known_jumps.get(inst.offset)
        if target is None:
            block.unknown = True
        else:
            block.successors.append(target)

    def _mark_resumable(self) -> None:
        blocks = self.graph.blocks
        for block in blocks.values():
            kind = self.ends.get(block.instructions[-1].offset)
            for follow in block.successors:
                if kind in _PAUSES or (kind and follow <= block.start):
                    blocks[follow].resumable = True
        for address in self.graph.targets:
            blocks[address].resumable = True


def _transfer(block: Block) -> list[tuple[str, int, int, int]]:
    """A block's effect on liveness, from its end.

    Steps of (change of EXEC, rows needed, rows set, rows needed in disabled lanes too or -1 where
    no lane is disabled).
    """
    steps = []
    change, needed, defined, everywhere = "", 0, 0, 0
    full = block.all_enabled[-1]
    for effect, full_before in zip(reversed(block.effects), block.all_enabled[-2::-1], strict=True):
        if effect.exec:
            steps.append((change, needed, defined, -1 if full else everywhere))
            change, needed, defined, everywhere = effect.exec, 0, 0, 0
        full = full_before
        needed = needed & ~effect.defs | effect.uses
        defined |= effect.defs
        everywhere |= effect.everywhere
    steps.append((change, needed, defined, -1 if full else everywhere))
    return steps


def _live_rows(graph: Graph) -> None:
    blocks = graph.blocks
    predecessors: dict[int, list[int]] = {a: [] for a in blocks}
    for address, block in blocks.items():
        for follow in block.successors:
            predecessors[follow].append(address)
    transfers = {a: _transfer(block) for a, block in blocks.items()}
    state = dict.fromkeys(blocks, (0, 0))
    work = deque(sorted(blocks, reverse=True))
    waiting = set(work)
    while work:
        address = work.popleft()
        waiting.discard(address)
        block = blocks[address]
        active, inactive = (_ROWS | ALL_SCALARS, _ROWS) if block.unknown else (0, 0)
        for follow in block.successors:
            active |= state[follow][0]
            inactive |= state[follow][1]
        block.live_out, block.inactive_out = active, inactive
        for change, needed, defined, everywhere in transfers[address]:
            if change:
                active, inactive = _before_change(change, active, inactive)
            active = active & ~defined | needed
            inactive = 0 if everywhere < 0 else inactive | everywhere
        if (active, inactive) != state[address]:
            state[address] = (active, inactive)
            for other in predecessors[address]:
                if other not in waiting:
                    waiting.add(other)
                    work.append(other)


def _full_masks(graph: Graph, starts_full: bool) -> None:
    blocks = graph.blocks
    known: dict[int, frozenset[int] | None] = dict.fromkeys(blocks)
    known[graph.entry] = frozenset({layout.EXEC}) if starts_full else frozenset()
    for address in graph.targets:
        known[address] = frozenset()
    steps = {
        address: [
            inst
            for inst, effect in zip(block.instructions, block.effects, strict=True)
            if effect.scalars or effect.exec
        ]
        for address, block in blocks.items()
    }
    work = deque(a for a in sorted(blocks) if known[a] is not None)
    waiting = set(work)
    while work:
        address = work.popleft()
        waiting.discard(address)
        full = known[address] or frozenset()
        for inst in steps[address]:
            full = graph.step_full(inst, full)
        for follow in blocks[address].successors:
            old = known[follow]
            new = full if old is None else old & full
            if new != old:
                known[follow] = new
                if follow not in waiting:
                    waiting.add(follow)
                    work.append(follow)
    for address, block in blocks.items():
        full = block.full = known[address] or frozenset()
        block.all_enabled = [layout.EXEC in full]
        for inst in block.instructions:
            full = graph.step_full(inst, full)
            block.all_enabled.append(layout.EXEC in full)
