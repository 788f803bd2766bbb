"""Vector instructions as functions of their own, for code that has to be made quickly.

A call costs LLVM a fraction of what vector arithmetic costs it.  So where a kernel is first
translated, a vector instruction is a call of a *routine*: a function, compiled before, that does
the same instruction, from the same body, with any registers.  Instructions that differ in more
than registers and scalar values (in modifiers, in what kind of operand is where) have different
routines.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

from anyroc.isa.instruction import Instruction, Mods, Operand
from anyroc.isa.targets import Target
from anyroc.semantics.core import ENCODED, Op
from anyroc.translate import layout
from anyroc.translate.lane_items import Lanes, VectorItem
from anyroc.translate.lane_sources import TEMPORARY, ChunkRows
from anyroc.translate.lanes import LaneLoop
from anyroc.translate.llvm import CodeBuilder
from anyroc.translate.operands import Source, field_value, scalar_source
from anyroc.translate.registers import RegisterCache, ScalarFile
from anyroc.translate.vectors import CHUNK

__all__ = ["Routine", "Routines"]

_FIELD_BITS = 16
_MOST_FIELDS = 64 // _FIELD_BITS
_SPAN = 64
"""How far apart the rows of different operands are numbered inside a routine."""


@dataclass(frozen=True)
class Routine:
    """What instructions of one shape have in common, told by one of them.

    ``symbol`` names the function, which returns ``result``: "void", or the type of a lane mask,
    the one for destination number ``mask``.
    Its arguments are the wave, the rows of all vector operands packed into one number, and one
    for each of ``arguments``: (position in ``inst.src``, what it is, its width in bits).  ``rows``
    tells the packed operands apart: (whether a destination, position).
    """

    symbol: str
    inst: Instruction
    op: Op
    wave_size: int
    target: Target
    result: str
    mask: int | None
    rows: tuple[tuple[bool, int], ...]
    arguments: tuple[tuple[int, str, int], ...]
    sources: tuple[Source, ...] = field(compare=False)

    @property
    def types(self) -> tuple[str, ...]:
        """The types of its arguments."""
        return "ptr", "i64", *(f"i{width}" for _, _, width in self.arguments)

    def call(self, inst: Instruction, accum_offset: int, scalars: ScalarFile) -> str | None:
        """The call that does an instruction of this shape; None if it names scratch rows."""
        packed = 0
        for place, (written, position) in enumerate(self.rows):
            operand = (inst.dst if written else inst.src)[position]
            row = operand.index + (accum_offset if operand.kind == "a" else 0)
            if row >= TEMPORARY:
                return None
            packed |= row << (_FIELD_BITS * place)
        text = f"call {self.result} @{self.symbol}(ptr %wave, i64 {packed}"
        for position, what, width in self.arguments:
            raw = _argument(what, inst.src[position] if position >= 0 else None, width, scalars)
            if not isinstance(raw, str):
                raw &= (1 << width) - 1
            text += f", i{width} {raw}"
        return text + ")"

    def text(self, declarations: dict[str, str]) -> str:
        """The function in LLVM's language; what it calls is added to ``declarations``.

        Raises :class:`Unsupported` where lane loops do.
        """
        return _Body(self).text(declarations)


def _argument(what: str, operand: Operand | None, width: int, scalars: ScalarFile) -> Any:
    if operand is None:
        return {
            "vcc": lambda: scalars.read_mask(layout.VCC),
            "m0": lambda: scalars.read32(layout.M0),
            "mode": scalars.load_mode,
        }[what]()
    if what == "mask":
        return operand.value if operand.kind == "const" else scalars.read_mask(operand.index)
    return scalar_source(operand, width, scalars).raw


class Routines:
    """Shapes of instructions for one wave size and GPU, each computed once.

    ``symbols`` are the functions that there are.
    """

    def __init__(self, wave_size: int, target: Target, symbols: frozenset[str]) -> None:
        self.wave_size = wave_size
        self.target = target
        self.symbols = symbols
        self._known: dict[Any, Routine | None] = {}
        self._mods: dict[int, tuple[Mods, int]] = {}
        self._numbers: dict[Mods, int] = {}

    def find(self, inst: Instruction, op: Op) -> Routine | None:
        """The routine for a vector instruction, None if there is none.

        ``op`` is its semantics where it stands, whose name tells an unusual MODE.
        """
        mods = inst.mods
        known = self._mods.get(id(mods))
        if known is None:
            number = self._numbers.setdefault(mods, len(self._numbers))
            known = self._mods[id(mods)] = mods, number
        key = (
            op.name,
            inst.format,
            known[1],
            tuple([_signature(o) for o in inst.dst]),
            tuple([_signature(o) for o in inst.src]),
        )
        if key not in self._known:
            self._known[key] = self._routine(inst, op)
        return self._known[key]

    def _routine(self, inst: Instruction, op: Op) -> Routine | None:
        routine = routine_of(inst, op, self.wave_size, self.target)
        return routine if routine is not None and routine.symbol in self.symbols else None


def _signature(operand: Operand) -> tuple[str, bool, bool, int]:
    kind = operand.kind
    return "v" if kind in ("v", "a") else kind, operand.neg, operand.abs, operand.count


def routine_of(inst: Instruction, op: Op, wave_size: int, target: Target) -> Routine | None:
    """The routine that an instruction would be, None if it cannot be one."""
    shape = _Shape(inst, wave_size)
    if not (shape.take_results(op) and shape.take_sources(op)) or len(shape.rows) > _MOST_FIELDS:
        return None
    operands = [
        [_signature(o) for o in inst.dst],
        [(kind, o.neg, o.abs) for kind, o in zip(shape.kinds, inst.src, strict=False)],
    ]
    parts = (inst.format.startswith("VOP3P"), inst.mods, operands, wave_size)
    text = f"{parts} {target.zeroes_high_half} {target.has_ieee_mode} {_halves(inst)}"
    text += f" {shape.arguments} {shape.rows}"
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    general = replace(inst, dst=tuple(shape.dst), src=tuple(shape.src), offset=0)
    return Routine(
        f"anyroc_{op.name}_{digest}",
        general,
        op,
        wave_size,
        target,
        shape.result,
        shape.mask,
        tuple(shape.rows),
        tuple(shape.arguments),
        tuple(shape.sources),
    )


def _halves(inst: Instruction) -> list[bool]:
    """Which 16-bit operands are in upper halves, where that is not the same for all."""
    if not any(inst.mods.op_sel):
        return []
    dst = [inst.result_is_high(i) for i in range(len(inst.dst))]
    return dst + [inst.source_is_high(i) for i in range(len(inst.src))]


class _Shape:
    """Sorts an instruction's operands into rows and arguments."""

    def __init__(self, inst: Instruction, wave_size: int) -> None:
        self.inst = inst
        self.wave_size = wave_size
        self.dst = list(inst.dst)
        self.src = list(inst.src)
        self.result = "void"
        self.mask: int | None = None
        self.kinds: list[str] = []
        self.rows: list[tuple[bool, int]] = []
        self.arguments: list[tuple[int, str, int]] = []
        self.sources: list[Source] = []

    def _row(self, operand: Operand, written: bool, position: int) -> Operand:
        self.rows.append((written, position))
        return replace(operand, kind="v", index=_SPAN * (len(self.rows) - 1))

    def _argument(self, position: int, what: str, width: int) -> str:
        self.arguments.append((position, what, width))
        return f"%a{len(self.arguments) - 1}"

    def take_results(self, op: Op) -> bool:
        for position, (slot, operand) in enumerate(zip(op.results, self.inst.dst, strict=False)):
            if slot.role == "mask" and operand.kind == "s" and self.result == "void":
                self.result, self.mask = f"i{self.wave_size}", position
            elif slot.role == "operand" and operand.kind in ("v", "a"):
                self.dst[position] = self._row(operand, True, position)
            else:
                return False
        return len(op.results) == len(self.inst.dst)

    def take_sources(self, op: Op) -> bool:
        for slot, encoded in zip(op.sources, op.encoded, strict=True):
            if slot.role not in ENCODED:
                if not self._take_implicit(slot.role):
                    return False
                continue
            if encoded >= len(self.inst.src):
                return False
            operand, mods = self.inst.src[encoded], self.inst.mods
            if slot.role == "mask":
                self.kinds.append("mask")
                name = self._argument(encoded, "mask", self.wave_size)
                self.sources.append(Source("mask", name))
            elif operand.kind in ("v", "a"):
                self.kinds.append("row")
                self.src[encoded] = row = self._row(operand, False, encoded)
                self.sources.append(Source("row", row.index))
            else:
                selects_high = slot.type.bits < 32 and op.packed == 1 and any(mods.op_sel)
                # What an inline constant is depends on whether a half or a float is read, and
                # pairs of floats read it twice.
                twice = op.packed > 1 and slot.type.bits == 32
                inline = (slot.role == "mix" or twice) and operand.kind == "const"
                if selects_high or inline or operand.kind == "none":
                    return False
                self.kinds.append("scalar")
                width = 64 if slot.type.bits * slot.count * op.packed > 32 else 32
                name = self._argument(encoded, "scalar", width)
                self.sources.append(Source("scalar", name, width))
        return True

    def _take_implicit(self, role: str) -> bool:
        if role == "vcc":
            self.sources.append(Source("mask", self._argument(-1, role, self.wave_size)))
        elif role in ("m0", "mode"):
            self.sources.append(Source("scalar", self._argument(-1, role, 32)))
        elif role == "lane":
            self.sources.append(Source("lane", None))
        else:
            value = field_value(self.inst, role)
            if value is None:
                return False
            self.sources.append(Source("const", value))
        return True


class _OperandRows(ChunkRows):
    """The chunk's part of the rows that the caller named."""

    def compute_address(self, row: int) -> str:
        operand, offset = divmod(row, _SPAN)
        if not offset:
            return f"%chunk{operand}"
        return self.loop.code.emit(
            f"getelementptr i8, ptr %chunk{operand}, i64 {offset * self.loop.row_bytes}"
        )


class _Body(LaneLoop):
    """Writes a routine."""

    def __init__(self, routine: Routine) -> None:
        code = CodeBuilder()
        scalars = ScalarFile(code, routine.wave_size)
        super().__init__(code, scalars, routine.target, 0, 0, "%exec")
        self._registers = RegisterCache(self.ops, _OperandRows(self))
        self.routine = routine

    def text(self, declarations: dict[str, str]) -> str:
        routine, code, mask = self.routine, self.code, f"i{self.wave_size}"
        lanes = Lanes(routine.inst, routine.op, list(routine.sources))
        self.run(VectorItem([lanes], 0, 0, -1, -1, {}))
        self._registers.store()
        returns = routine.mask is not None
        if routine.mask is not None:
            index = routine.inst.dst[routine.mask].index
            code.do(f"%more = or {mask} %mask, {self.mask_bits(self._masks[index], mask)}")
        declarations.update(code.declarations)
        names = ["%wave", "%rows", *(f"%a{i}" for i in range(len(routine.arguments)))]
        arguments = ", ".join(f"{t} {n}" for t, n in zip(routine.types, names, strict=True))
        lines = [
            f"define {routine.result} @{routine.symbol}({arguments}) nounwind {{",
            "entry:",
            *self._rows(),
            f"%exec.at = getelementptr i8, ptr %wave, i64 {4 * layout.EXEC}",
            f"%exec = load {mask}, ptr %exec.at, align 4",
            "br label %loop",
            "loop:",
            "%offset0 = phi i64 [ 0, %entry ], [ %next, %loop ]",
        ]
        if returns:
            lines.append(f"%mask = phi {mask} [ 0, %entry ], [ %more, %loop ]")
        lines.append("%shift0 = lshr i64 %offset0, 2")
        lines += [
            f"%chunk{i} = getelementptr i8, ptr %row{i}, i64 %offset0"
            for i in range(len(routine.rows))
        ]
        lines += code.lines
        lines += [
            f"%next = add i64 %offset0, {4 * CHUNK}",
            f"%done = icmp eq i64 %next, {self.row_bytes}",
            "br i1 %done, label %end, label %loop",
            "end:",
            f"ret {mask} %more" if returns else "ret void",
            "}",
        ]
        return "\n".join(lines)

    def _rows(self) -> list[str]:
        lines = [
            f"%vgpr.at = getelementptr i8, ptr %wave, i64 {layout.VGPR}",
            "%vgpr = load ptr, ptr %vgpr.at",
        ]
        for i in range(len(self.routine.rows)):
            lines += [
                f"%field{i} = lshr i64 %rows, {_FIELD_BITS * i}",
                f"%number{i} = and i64 %field{i}, {(1 << _FIELD_BITS) - 1}",
                f"%start{i} = mul i64 %number{i}, {self.row_bytes}",
                f"%row{i} = getelementptr i8, ptr %vgpr, i64 %start{i}",
            ]
        return lines
