"""64-bit additions that the ISA makes of two instructions, as one.

GPUs without a 64-bit vector addition add the low dwords, then the high ones with the carry, which
is a lane mask.  Addresses are computed so.  As one addition they stay what they are: affine in the
lane's number where the index is (:mod:`anyroc.translate.shapes`).
"""

from __future__ import annotations

from dataclasses import replace

from anyroc.isa.instruction import Instruction, Mods, Operand
from anyroc.translate import layout
from anyroc.translate.cfg import SCALARS, Block, Graph

__all__ = ["join_carries"]

_LOW, _HIGH, _BOTH = "v_add_co_u32", "v_add_co_ci_u32", "v_add_nc_u64"
_DISTANCE = 12
"""Instructions between the two halves of an addition, at most."""


def join_carries(graph: Graph) -> None:
    """Makes one addition of each two, where nothing else wants the carries."""
    for block in graph.blocks.values():
        at = 0
        while at < len(block.instructions):
            low = _low_half(graph, block, at) if block.instructions[at].op == _HIGH else None
            joined = None if low is None else _joined(graph, block, low, at)
            if low is None or joined is None:
                at += 1
                continue
            block.instructions[at] = joined
            block.effects[at] = graph.effect(joined)
            for of_block in (block.instructions, block.effects, block.all_enabled):
                del of_block[low]


def _plain(inst: Instruction) -> bool:
    mods = inst.mods
    signs = any(operand.neg or operand.abs for operand in inst.src)
    return not (mods.dpp or mods.dpp8 or mods.sdwa or mods.clamp or signs)


def _low_half(graph: Graph, block: Block, high: int) -> int | None:
    """Where the carry comes from that an addition takes."""
    if not _plain(block.instructions[high]):
        return None
    mask = block.instructions[high].src[2]
    if mask.kind != "s":
        return None
    wanted = (3 if graph.wave_size == 64 else 1) << (SCALARS + mask.index)
    for at in range(high - 1, max(high - _DISTANCE, 0) - 1, -1):
        inst, effect = block.instructions[at], block.effects[at]
        if inst.op == _LOW and not inst.parts and inst.dst[1].index == mask.index:
            return at if _plain(inst) else None
        if (effect.uses | effect.defs) & wanted or effect.exec:
            return None
    return None


def _joined(graph: Graph, block: Block, low: int, high: int) -> Instruction | None:
    """Both halves as one instruction, in the place of the second."""
    first, second = block.instructions[low], block.instructions[high]
    upper = second.src[:2]
    pairs = _pairs(first.src[:2], upper)
    if pairs is None:  # a scalar's upper half may have gone by way of a vector register
        pairs = _pairs(first.src[:2], tuple(_moved(block, high, o) for o in upper))
    row, mask = first.dst[0].index, first.dst[1].index
    if pairs is None or second.dst[0].index != row + 1 or block.effects[high].uses >> row & 1:
        return None
    lanes = 3 if graph.wave_size == 64 else 1
    live = graph.live_after(block)[high][0]
    carry = second.dst[1].index
    if any(i != layout.NULL and live >> (SCALARS + i) & lanes for i in (mask, carry)):
        return None
    results = 3 << row | lanes << (SCALARS + mask)
    operands = block.effects[low].uses | block.effects[high].uses
    for effect in block.effects[low + 1 : high]:
        if effect.defs & (results | operands) or effect.uses & results:
            return None
    return replace(
        second,
        op=_BOTH,
        mnemonic=_BOTH,
        dst=(Operand("v", row, 2),),
        src=pairs,
        mods=Mods(),
    )


def _moved(block: Block, at: int, operand: Operand) -> Operand:
    """The scalar register that a vector register was given, if it still holds the same."""
    if operand.kind != "v":
        return operand
    changed = 0
    for i in range(at - 1, max(at - 2 * _DISTANCE, 0) - 1, -1):
        inst, effect = block.instructions[i], block.effects[i]
        if effect.exec:
            break
        changed |= effect.defs
        if effect.defs >> operand.index & 1:
            source = inst.src[0] if inst.op == "v_mov_b32" and _plain(inst) else operand
            same = source.kind == "s" and not changed >> (SCALARS + source.index) & 1
            return source if same else operand
    return operand


def _pairs(low: tuple[Operand, ...], high: tuple[Operand, ...]) -> tuple[Operand, Operand] | None:
    for x, y in (high, high[::-1]):
        a, b = _pair(low[0], x), _pair(low[1], y)
        if a is not None and b is not None:
            return a, b
    return None


def _pair(low: Operand, high: Operand) -> Operand | None:
    """Two dwords as one operand, if they are neighbours."""
    if low.kind == high.kind == "const":
        return Operand("const", value=int(low.value) | int(high.value) << 32)
    if low.kind != high.kind or low.kind not in ("v", "s") or high.index != low.index + 1:
        return None
    return Operand(low.kind, low.index, 2)
