"""Which vector registers advance with the lane: ``value = base + stride * lane``.

Where the lanes of a wave are consecutive work-items, array indices and addresses computed from
them are affine in the lane's number.  This analysis finds the registers for which that holds
whatever the data: the *claims* at each instruction.  It runs the instructions' own bodies over
abstract values.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

from anyroc.isa.instruction import Instruction
from anyroc.semantics.core import ENCODED, OPERATIONS, Op, Slot
from anyroc.semantics.values import U32, Type, Value, bits, convert
from anyroc.translate import layout
from anyroc.translate.cfg import Graph
from anyroc.translate.llvm import compare_integers, fold_integers
from anyroc.translate.operands import field_value, row_of

__all__ = ["Claims", "Shape", "at_blocks", "step"]

_WORD = (1 << 32) - 1


@dataclass(frozen=True)
class Shape:
    """``stride``: of the low 32 bits, modulo 2**32; ``align``: how many low bits of lane 0's value
    are known to be 0; ``uniform``: all bits are the same in every lane."""

    stride: int
    align: int = 0
    uniform: bool = False


Claims = dict[int, Shape]
"""Shapes by row, for every lane whether enabled or not."""

_UNIFORM = Shape(0, 0, True)


def _zeros(value: int) -> int:
    return (value & -value).bit_length() - 1 if value else 32


def _shape(raw: Any) -> Shape | None:
    if isinstance(raw, Shape) or raw is None:
        return raw
    return Shape(0, _zeros(int(raw)) if isinstance(raw, int) else 0, True)


class _Abstract:
    """Values as shapes: constants are numbers, None is anything."""

    environment: Any = None

    def __init__(self, run: int) -> None:
        self.span = run - 1

    def const(self, t: Type, value: int | float) -> Any:
        return float(value) if t.is_float else int(value) & ((1 << t.bits) - 1)

    def _all_uniform(self, *raws: Any) -> Any:
        shapes = [_shape(r) for r in raws]
        return _UNIFORM if all(s is not None and s.uniform for s in shapes) else None

    def binary(self, name: str, t: Type, a: Any, b: Any) -> Any:
        if isinstance(a, int) and isinstance(b, int):
            folded = fold_integers(name, t, a, b)
            return _UNIFORM if folded is None else folded
        if name in ("add", "mul", "and", "or") and not isinstance(a, Shape | None):
            a, b = b, a
        x, y = _shape(a), _shape(b)
        if x is None or y is None:
            return None
        result = self._affine(name, t, x, y, b)
        if result is not None:
            return result
        return _UNIFORM if x.uniform and y.uniform else None

    def _affine(self, name: str, t: Type, x: Shape, y: Shape, b: Any) -> Shape | None:
        uniform = x.uniform and y.uniform
        if name in ("add", "sub"):
            sign = 1 if name == "add" else -1
            return Shape((x.stride + sign * y.stride) & _WORD, min(x.align, y.align), uniform)
        if not isinstance(b, int):
            return None
        if name == "shl":
            return Shape(x.stride << b & _WORD, min(x.align + b, 32), uniform)
        if name == "mul":
            return Shape(x.stride * b & _WORD, min(x.align + _zeros(b), 32), uniform)
        carry_free = x.stride * self.span < 1 << x.align
        if name == "and" and b & (b + 1) == 0 and carry_free and x.align <= b.bit_length():
            return Shape(x.stride, x.align, uniform)
        if name == "and" and carry_free and _zeros(b) >= x.align:
            return Shape(0, _zeros(b), True)
        if name in ("lshr", "ashr") and carry_free and b >= x.align and t.bits == 32:
            return _UNIFORM
        return None

    def unary(self, name: str, t: Type, a: Any) -> Any:
        return self._all_uniform(a)

    def compare(self, name: str, t: Type, a: Any, b: Any) -> Any:
        if isinstance(a, int) and isinstance(b, int):
            return compare_integers(name, t, a, b)
        return self._all_uniform(a, b)

    def select(self, t: Type, condition: Any, a: Any, b: Any) -> Any:
        if isinstance(condition, int):
            return a if condition else b
        return self._all_uniform(condition, a, b)

    def fma(self, t: Type, a: Any, b: Any, c: Any) -> Any:
        return self._all_uniform(a, b, c)

    def host(self, name: str, t: Type, operands: list[tuple[Type, Any]]) -> None:
        """None: what it is composed of has the same shape."""

    def bitcast(self, source: Type, target: Type, a: Any) -> Any:
        if source.is_float or target.is_float:
            return self._all_uniform(a)
        return a

    def convert(self, source: Type, target: Type, a: Any) -> Any:
        if isinstance(a, int) and not (source.is_float or target.is_float):
            signed = source.is_signed and a >> (source.bits - 1)
            return (a - (1 << source.bits) if signed else a) & ((1 << target.bits) - 1)
        shape = _shape(a)
        if shape is None or source.is_float or target.is_float or target.bits < 32:
            return self._all_uniform(a)
        if target.bits < source.bits:
            return Shape(shape.stride, shape.align, shape.stride == 0)
        return shape if source.bits >= 32 else self._all_uniform(a)


def _read(claims: Claims, graph: Graph, inst: Instruction, at: int, slot: Slot) -> Any:
    operand = inst.src[at]
    if operand.kind == "const":
        return int(operand.value)
    if operand.kind not in "va":
        return None if slot.role == "mask" else _UNIFORM
    row = row_of(operand, graph.accum_offset)
    low = claims.get(row)
    if slot.type.bits * slot.count <= 32 or low is None:
        return low
    high = claims.get(row + 1)
    whole = low.stride == 0 and high is not None and high.stride == 0
    return Shape(low.stride, low.align, whole)


def _evaluate(claims: Claims, graph: Graph, inst: Instruction, op: Op) -> list[Shape | None]:
    """The shapes of the dwords that an instruction writes, in order."""
    count = sum(o.count for o in inst.dst if o.kind in "va")
    unknown: list[Shape | None] = [None] * count
    mods = inst.mods
    plain = not (mods.dpp or mods.dpp8 or mods.sdwa or mods.clamp or mods.omod)
    others = [slot.role for slot in op.results[1:]]
    if (
        not plain
        or op.packed > 1
        or others not in ([], ["mask"])
        or any(o.neg or o.abs for o in inst.src)
    ):
        return unknown
    result = op.results[0]
    if result.role != "operand" or result.count > 1 or result.type.bits < 32:
        return unknown
    backend = _Abstract(graph.run)
    arguments, at = [], 0
    for slot in op.sources:
        if slot.role in ENCODED:
            raw = _read(claims, graph, inst, at, slot)
            at += 1
        elif slot.role == "lane":
            raw = Shape(1, 4)
        elif slot.role in ("m0", "scc", "span", "mode"):
            raw = _UNIFORM
        else:
            raw = field_value(inst, slot.role)
        if slot.count > 1 or (slot.type.bits < 32 and slot.type.bits > 1):
            return unknown
        if raw is None and slot.role != "mask":
            return unknown
        arguments.append(Value(backend, slot.type, raw))
    value = op.body(*arguments)
    if others:
        value = value[0]
    if value.type.bits == 64:
        low, whole = convert(bits(value, value.type.unsigned), U32).raw, _shape(value.raw)
        return [_shape(low), _UNIFORM if whole is not None and whole.uniform else None]
    return [_shape(bits(value, value.type.unsigned).raw if not value.type.is_float else value.raw)]


def step(claims: Claims, graph: Graph, inst: Instruction, exec_full: bool, inactive: int) -> Claims:
    """The claims after an instruction; ``inactive``: rows that disabled lanes need after it."""
    defs = graph.defs(inst)
    if not defs:
        return claims
    after = {row: shape for row, shape in claims.items() if not defs >> row & 1}
    for part in inst.parts or (inst,):
        entry = OPERATIONS.get(part.op)
        if not isinstance(entry, Op):
            continue
        rows = [
            row_of(o, graph.accum_offset) + i
            for o in part.dst
            if o.kind in "va"
            for i in range(o.count)
        ]
        for row, shape in zip(rows, _evaluate(claims, graph, part, entry), strict=False):
            if shape is not None and (exec_full or not inactive >> row & 1):
                after[row] = shape if shape.stride else Shape(0, shape.align, True)
    return after


def at_blocks(graph: Graph) -> dict[int, Claims]:
    """The claims at the start of each block; empty where waves need not be linear."""
    if not graph.run:
        return {address: {} for address in graph.blocks}
    align = graph.run.bit_length() - 1
    known: dict[int, Claims | None] = dict.fromkeys(graph.blocks)
    known[graph.entry] = {0: Shape(1, align)}
    for address in graph.targets:
        known[address] = {}
    work = deque(a for a in sorted(graph.blocks) if known[a] is not None)
    queued = set(work)
    while work:
        address = work.popleft()
        queued.discard(address)
        block = graph.blocks[address]
        claims = known[address]
        assert claims is not None
        full = block.full
        for inst, (_, inactive) in zip(block.instructions, graph.live_after(block), strict=True):
            claims = step(claims, graph, inst, layout.EXEC in full, inactive)
            full = graph.step_full(inst, full)
        for follow in block.successors:
            old = known[follow]
            new = claims if old is None else _meet(old, claims)
            if new != old:
                known[follow] = new
                if follow not in queued:
                    queued.add(follow)
                    work.append(follow)
    return {address: claims or {} for address, claims in known.items()}


def _meet(a: Claims, b: Claims) -> Claims:
    """What both say."""
    result = {}
    for row, shape in a.items():
        other = b.get(row)
        if other is not None and other.stride == shape.stride:
            align = min(shape.align, other.align)
            result[row] = Shape(shape.stride, align, shape.uniform and other.uniform)
    return result
