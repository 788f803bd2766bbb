"""What is queued for lane loops: vector instructions and memory accesses with captured operands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from anyroc.isa.instruction import Instruction
from anyroc.semantics.core import ENCODED, Access, Op, Slot
from anyroc.translate import layout
from anyroc.translate.memory import Address
from anyroc.translate.operands import Source
from anyroc.translate.shapes import Claims

__all__ = ["AccessItem", "Lanes", "VectorItem", "encoded_slots", "masks_written"]


@dataclass(frozen=True)
class Lanes:
    """One vector operation with its captured operands; ``allowed`` is a lane mask beyond which it
    must not write, None where there is none."""

    inst: Instruction
    op: Op
    sources: list[Source]
    allowed: Any = None


@dataclass(frozen=True)
class VectorItem:
    """A queued vector instruction; a dual-issue one has two parts that both read before either
    writes.

    ``uses`` and ``defs`` are the rows that it reads and writes, ``live`` and ``inactive`` those
    needed after it by enabled and by disabled lanes, as bit sets; ``claims``: what is known of rows
    before it.
    """

    parts: list[Lanes]
    uses: int
    defs: int
    live: int
    inactive: int
    claims: Claims


@dataclass(frozen=True)
class AccessItem:
    """A queued memory access: ``call`` emits it as a helper's call for the whole wave."""

    inst: Instruction
    access: Access
    address: Address | None
    call: Callable[[], None]
    uses: int
    defs: int
    live: int
    inactive: int
    claims: Claims


def encoded_slots(slots: tuple[Slot, ...]) -> list[Slot]:
    """The slots that stand for encoded operands."""
    return [s for s in slots if s.role in ENCODED]


def masks_written(inst: Instruction, op: Op) -> set[int]:
    """The scalar registers that an instruction writes as lane masks."""
    if not op.writes_mask:
        return set()
    masks = {
        operand.index
        for slot, operand in zip(encoded_slots(op.results), inst.dst, strict=False)
        if slot.role == "mask"
    }
    return masks | {layout.EXEC} if op.writes_exec else masks
