"""What the MODE register holds at each instruction, as far as the code tells.

A kernel starts with the mode that its descriptor gives, and few instructions change it: so what
floating-point instructions do is known when they are translated.  Where ways through the code
disagree about a bit, or a register's value is put there, instructions look at the register.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from anyroc.errors import CodeObjectError
from anyroc.isa.instruction import Instruction
from anyroc.semantics.environment import Mode
from anyroc.translate.operands import Unsupported

if TYPE_CHECKING:
    from anyroc.translate.cfg import Block, Graph

__all__ = ["MODE_REGISTER", "at_instructions", "register_field"]

MODE_REGISTER = 1
"""MODE's number in s_getreg and s_setreg."""

_WRITERS = frozenset(("s_setreg_b32", "s_setreg_imm32_b32", "s_round_mode", "s_denorm_mode"))
_EXCEPTIONS = 0x7F << 12
_ELSEWHERE = 1 << 27 | 1 << 28
"""GPR_IDX_EN and VSKIP of CDNA, which change what instructions mean."""


def register_field(inst: Instruction) -> tuple[int, int, int]:
    """The register of an s_getreg or s_setreg: its number, the first bit, how many."""
    word = inst.mods.simm16 & 0xFFFF
    return word & 63, word >> 6 & 31, (word >> 11) + 1


def _written(inst: Instruction) -> tuple[int, int | None] | None:
    """The bits of MODE that an instruction sets, and to what if that is known."""
    if inst.op == "s_round_mode":
        return 0xF, inst.mods.simm16 & 0xF
    if inst.op == "s_denorm_mode":
        return 0xF0, (inst.mods.simm16 & 0xF) << 4
    number, offset, size = register_field(inst)
    if number != MODE_REGISTER:
        return None
    mask = ((1 << size) - 1) << offset & 0xFFFFFFFF
    source = inst.src[0]
    return mask, int(source.value) << offset & mask if source.kind == "const" else None


def at_instructions(graph: Graph, initial: int) -> dict[int, Mode]:
    """The modes at instructions by address, where it is not the usual one throughout.

    ``initial`` is what MODE holds at the kernel's entry.  Raises CodeObjectError if that asks for
    what is not modelled, and :class:`Unsupported` on instructions that do.
    """
    if initial & _EXCEPTIONS:
        raise CodeObjectError("a kernel asks for floating-point exceptions, which are not modelled")
    start = Mode(0xFFFFFFFF, initial, graph.target.has_ieee_mode)
    writes = {
        address: written
        for address, block in graph.blocks.items()
        if (written := dict(_writes(block, start.has_ieee)))
    }
    if not writes:
        if start.is_default:
            return {}
        return {i.offset: start for b in graph.blocks.values() for i in b.instructions}
    result = {}
    for address, mode in _at_blocks(graph, start, writes).items():
        for inst in graph.blocks[address].instructions:
            if not mode.is_default:
                result[inst.offset] = mode
            if inst.offset in writes.get(address, {}):
                mode = mode.set(*writes[address][inst.offset])
    return result


def _writes(block: Block, has_ieee: bool) -> Iterator[tuple[int, tuple[int, int | None]]]:
    for inst in block.instructions:
        if inst.op in _WRITERS:
            written = _written(inst)
            if written is None:
                continue
            mask, value = written
            if value is not None:
                if value & _EXCEPTIONS:
                    raise Unsupported(inst, "it asks for floating-point exceptions")
                if value & _ELSEWHERE and has_ieee:
                    raise Unsupported(inst, "it sets GPR_IDX_EN or VSKIP")
            yield inst.offset, (mask, value)


def _at_blocks(
    graph: Graph, start: Mode, writes: dict[int, dict[int, tuple[int, int | None]]]
) -> dict[int, Mode]:
    """The mode at the start of each block that can be reached."""
    known = {graph.entry: start}
    work = deque(known)
    while work:
        address = work.popleft()
        block, mode = graph.blocks[address], known[address]
        for mask, value in writes.get(address, {}).values():
            mode = mode.set(mask, value)
        follows = set(block.successors)
        if block.unknown:
            follows |= graph.targets & graph.blocks.keys()
        for follow in follows:
            old = known.get(follow)
            new = mode if old is None else old.meet(mode)
            if new != old:
                known[follow] = new
                work.append(follow)
    return known
