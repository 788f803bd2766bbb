"""What one instruction does to VGPRs, EXEC and scalar registers: the input of cfg.py's analyses."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from anyroc.isa.instruction import Instruction, Operand
from anyroc.semantics.core import OPERATIONS, Access, Control, Cross, Matrix, Op, Slot
from anyroc.translate import layout

__all__ = ["ALL_SCALARS", "SCALARS", "Effect", "effect_of"]

SCALARS = 2048
"""In bit sets of registers, bit n is VGPR row n and bit SCALARS + n scalar register n."""

ALL_SCALARS = ((1 << 128) - 1) << SCALARS
_ROWS = (1 << SCALARS) - 1
_VCC = 3 << (SCALARS + layout.VCC)
_EXEC = 3 << (SCALARS + layout.EXEC)
_M0 = 1 << (SCALARS + layout.M0)
_IMPLICIT = {"vcc": _VCC, "exec": _EXEC, "m0": _M0}

_FILES = frozenset("sva")
_NARROWING = ("s_and_b64", "s_and_b32")
_CLEARING = ("s_and_not1_b64", "s_and_not1_b32")
_JOINING = ("s_or_b64", "s_or_b32")


class Effect(NamedTuple):
    """``uses``, ``defs`` and ``everywhere`` (rows read in disabled lanes as well) are bit sets.

    EXEC counts as used always and as defined never.  ``exec``: what becomes of EXEC: "" nothing,
    else "shrink", "widen" or "any".  ``scalars``: the scalar registers written.
    """

    uses: int
    defs: int
    everywhere: int
    exec: str
    scalars: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Kind:
    """What holds for every instruction of an operation.

    ``partial``: something of a destination row stays; ``dynamic``: M0 picks registers; ``reads``
    and ``writes``: implicit scalars.
    """

    partial: bool = False
    everywhere: bool = False
    exec: str = ""
    reads: int = _EXEC
    writes: int = 0
    dynamic: bool = False


def _implied(slots: tuple[Slot, ...]) -> int:
    mask = 0
    for slot in slots:
        mask |= _IMPLICIT.get(slot.role, 0)
    return mask


@cache
def _kind(name: str) -> _Kind:
    entry = OPERATIONS.get(name)
    if isinstance(entry, Op):
        partial = any(s.role == "operand" and s.type.bits * s.count < 32 for s in entry.results)
        reads = _implied(entry.sources) | _EXEC
        return _Kind(partial, False, _op_exec(name, entry), reads, _implied(entry.results) & ~_EXEC)
    if isinstance(entry, Access):
        return _Kind(bool(entry.half), reads=_EXEC | _M0)
    if isinstance(entry, Control):
        return _control(entry)
    if isinstance(entry, Cross):
        # Through LDS every enabled lane gets something; other moves may leave what was there.
        partial = not name.startswith("ds_")
        return _Kind(partial, True, reads=_implied(entry.sources) | _EXEC)
    return _Kind(everywhere=isinstance(entry, Matrix))


def _op_exec(name: str, entry: Op) -> str:
    if entry.writes_exec:
        return "shrink"
    if not any(s.role == "exec" for s in entry.results):
        return ""
    if name.startswith("s_and_saveexec"):
        return "shrink"
    return "widen" if name.startswith("s_or_saveexec") else "any"


def _control(entry: Control) -> _Kind:
    if entry.kind == "branch" and entry.argument.startswith("vcc"):
        return _Kind(reads=_EXEC | _VCC)
    if entry.kind == "movrel":  # M0 picks the registers
        return _Kind(reads=_ROWS | ALL_SCALARS, dynamic=True)
    return _Kind()


@cache
def _bits(kind: str, index: int, count: int, accum_offset: int) -> int:
    ones = (1 << count) - 1
    if kind == "s":
        return 0 if index == layout.NULL else ones << (SCALARS + index)
    return ones << (index + (accum_offset if kind == "a" else 0))


def _registers(operands: tuple[Operand, ...], accum_offset: int) -> int:
    mask = 0
    for operand in operands:
        kind = operand.kind
        if kind in _FILES:
            mask |= _bits(kind, operand.index, operand.count, accum_offset)
        elif operand.value == "vccz":
            mask |= _VCC
    return mask


def _written(operands: tuple[Operand, ...]) -> tuple[int, ...]:
    return tuple([o.index + i for o in operands if o.kind == "s" for i in range(o.count)])


def _exec_write(inst: Instruction) -> str:
    """The effect of an instruction that names EXEC as a destination."""
    name = inst.op
    reads = [o.kind == "s" and o.index == layout.EXEC for o in inst.src]
    if name in _NARROWING and any(reads):
        return "shrink"
    if name in _CLEARING and reads[0]:
        return "shrink"
    return "widen" if name in _JOINING and any(reads) else "any"


def effect_of(inst: Instruction, accum_offset: int) -> Effect:
    """The effect of an instruction; a dual-issue pair's is that of both halves."""
    if inst.parts:
        first, second = (effect_of(part, accum_offset) for part in inst.parts)
        return Effect(
            first.uses | second.uses,
            first.defs | second.defs,
            first.everywhere | second.everywhere,
            first.exec or second.exec,
            first.scalars + second.scalars,
        )
    kind, mods = _kind(inst.op), inst.mods
    crosses = mods.dpp is not None or mods.dpp8 is not None
    uses = _registers(inst.src, accum_offset)
    defs = _registers(inst.dst, accum_offset)
    if crosses or mods.sdwa is not None:
        uses |= defs
    elif kind.partial:
        uses |= defs & _ROWS
    everywhere = uses & _ROWS if kind.everywhere or crosses else 0
    scalars = _written(inst.dst) if defs >> SCALARS else ()
    if kind.dynamic:  # any register may be the one
        defs, scalars = 0, tuple(range(layout.VCC)) if scalars else ()
    effect = kind.exec
    if not effect and scalars and max(scalars) >= layout.EXEC:
        effect = _exec_write(inst)
    return Effect(uses | kind.reads, (defs | kind.writes) & ~_EXEC, everywhere, effect, scalars)
