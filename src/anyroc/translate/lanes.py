"""Lane-local vector instructions as one loop over chunks of 16 lanes.

Inside the loop a chunk's registers are SSA values: loaded once, and stored at the end where
something later wants them.  Lanes that EXEC disables compute too; only what is stored and what
becomes a mask is limited to the enabled ones, and not even that for registers whose value in
disabled lanes nobody will read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from anyroc.isa.immediates import HALF_CONSTANTS
from anyroc.isa.instruction import Instruction, Operand
from anyroc.isa.targets import Target
from anyroc.semantics.core import ENCODED, Access, Op, Slot
from anyroc.semantics.environment import clamp
from anyroc.semantics.lane import dpp8_source, dpp_source
from anyroc.semantics.values import (
    BOOL,
    F16,
    F32,
    TYPES,
    U32,
    U64,
    Type,
    Value,
    bits,
    convert,
    select,
)
from anyroc.translate import layout
from anyroc.translate.llvm import CodeBuilder
from anyroc.translate.memory import Address
from anyroc.translate.operands import (
    SATURATING,
    Source,
    Unsupported,
    apply_modifiers,
    elements,
    integer_fields,
    narrow,
    row_of,
    saturate,
    sdwa_select,
)
from anyroc.translate.registers import RegisterCache, ScalarFile
from anyroc.translate.shapes import Claims
from anyroc.translate.vectors import CHUNK, VectorBackend

__all__ = [
    "CHUNK", "TEMPORARY", "AccessItem", "ChunkRows", "LaneLoop", "Lanes", "VectorItem",
    "encoded_slots",
]  # fmt: skip

_LOOP_COST = 12
"""Lines that a loop costs beside its body: below that, the body is repeated per chunk instead."""
_NAME = re.compile(r"%[\w.]+")
TEMPORARY = 1024
"""Rows from here on are no registers but the function's own scratch rows."""


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


class ChunkRows:
    """The chunk's part of the VGPR rows."""

    def __init__(self, loop: LaneLoop) -> None:
        self.loop = loop
        self._addresses: dict[int, str] = {}

    def _address(self, row: int) -> str:
        if row not in self._addresses:
            self._addresses[row] = self.compute_address(row)
        return self._addresses[row]

    def compute_address(self, row: int) -> str:
        loop = self.loop
        if row == 0:
            return f"%chunk{loop.id}"
        if row >= TEMPORARY:
            base = loop.code.temporary(row - TEMPORARY)
            return loop.code.emit(f"getelementptr i8, ptr {base}, i64 %offset{loop.id}")
        return loop.code.emit(f"getelementptr i8, ptr %chunk{loop.id}, i64 {row * loop.row_bytes}")

    def load_word(self, index: int) -> Any:
        return self.loop.code.emit(f"load <{CHUNK} x i32>, ptr {self._address(index)}, align 64")

    def load_pair(self, index: int) -> Any:
        return None

    def store_word(self, index: int, value: Any) -> None:
        loop = self.loop
        text = loop.ops.text(U32, value)
        address = self._address(index)
        mask = loop.exec_chunk() if loop.inactive >> index & 1 else None
        if mask is not None:
            old = loop.code.emit(f"load <{CHUNK} x i32>, ptr {address}, align 64")
            text = loop.code.emit(
                f"select <{CHUNK} x i1> {mask}, <{CHUNK} x i32> {text}, <{CHUNK} x i32> {old}"
            )
        loop.code.do(f"store <{CHUNK} x i32> {text}, ptr {address}, align 64")

    def store_pair(self, index: int, value: Any) -> bool:
        return False


class LaneLoop:
    """Emits vector items as one loop over the wave's chunks."""

    def __init__(
        self,
        code: CodeBuilder,
        scalars: ScalarFile,
        target: Target,
        accum_offset: int,
        number: int,
        exec_raw: Any,
    ) -> None:
        """``code`` collects the loop's body; ``number`` makes its names unique; ``exec_raw`` is
        EXEC, None where it is full."""
        self.code = code
        self.scalars = scalars
        self.target = target
        self.accum_offset = accum_offset
        self.id = number
        self.wave_size = scalars.wave_size
        self.row_bytes = 4 * self.wave_size
        self.inactive = -1
        self.ops: Any = VectorBackend(code, CHUNK)
        self._exec_raw = exec_raw
        self._splats: dict[Any, Any] = {}
        self._masks: dict[Any, Any] = {}
        self._registers = RegisterCache(self.ops, ChunkRows(self))

    def emit(
        self,
        into: CodeBuilder,
        items: Sequence[VectorItem],
        slots: dict[int, str],
        masks: set[int],
        live: int,
    ) -> None:
        """The whole loop.  ``slots`` are the stack slots of lane masks; ``masks`` are the ones that
        something outside the loop reads."""
        self.inactive = items[-1].inactive
        written = self.preload_masks(into, items, slots) & masks
        for item in items:
            self.run(item)
        self.finish(slots, written, live)
        self.place(into)

    def preload_masks(
        self, into: CodeBuilder, items: Sequence[VectorItem], slots: dict[int, str]
    ) -> set[int]:
        """Reads masks that an earlier loop left in a slot; gives those that these items write."""
        written: set[int] = set()
        if not slots:
            return written
        mask_type = self.scalars.ops.type(self.scalars.mask_type)
        for item in items:
            for lanes in item.parts:
                for source in lanes.sources:
                    if source.kind == "mask" and source.raw is None:
                        index = source.index
                        if index not in written and ("slot", index) not in self._masks:
                            raw = into.emit(f"load {mask_type}, ptr {slots[index]}")
                            self._masks["slot", index] = raw
            for lanes in item.parts:
                written.update(masks_written(lanes.inst, lanes.op))
        return written

    def run(self, item: VectorItem) -> None:
        """One instruction, in the loop."""
        results = [self._run(lanes) for lanes in item.parts]
        for lanes, values in zip(item.parts, results, strict=True):
            self._write(lanes, values)

    def finish(self, slots: dict[int, str], written: set[int], live: int) -> None:
        """Stores what is live and completes the masks: the body's end."""
        self._registers.store(live | -1 << TEMPORARY)
        for index in sorted(written):
            self._accumulate(slots[index], self._masks[index])

    def place(self, into: CodeBuilder) -> None:
        """Puts the body where it runs: as a loop, or once per chunk if it is short."""
        number, body = self.id, self.code.lines
        head = f"%chunk{number} = getelementptr i8, ptr %vgpr, i64 %offset{number}"
        copies = self.wave_size // CHUNK
        if (copies - 1) * len(body) <= _LOOP_COST:
            for offset in range(0, self.row_bytes, 4 * CHUNK):
                into.lines += self._unrolled([head, *body], offset)
            return
        before = into.current
        into.do(f"br label %loop{number}")
        into.start(f"loop{number}")
        into.do(f"%offset{number} = phi i64 [ 0, %{before} ], [ %next{number}, %loop{number} ]")
        into.do(f"%shift{number} = lshr i64 %offset{number}, 2")
        into.do(head)
        into.lines += body
        into.do(f"%next{number} = add i64 %offset{number}, {4 * CHUNK}")
        into.do(f"%done{number} = icmp eq i64 %next{number}, {self.row_bytes}")
        into.do(f"br i1 %done{number}, label %after{number}, label %loop{number}")
        into.start(f"after{number}")

    def _unrolled(self, body: list[str], offset: int) -> list[str]:
        """The body for the chunk at one offset, its own names made this chunk's."""
        names = {
            f"%offset{self.id}": str(offset),
            f"%shift{self.id}": str(offset // 4),
        }
        return renamed_lines(body, f".{offset}", names)

    def _accumulate(self, slot: str, mask: Any) -> None:
        """Puts the chunk's booleans, disabled lanes 0, at their place in a lane mask."""
        code = self.code
        text = self.ops.text(BOOL, mask)
        exec_mask = self.exec_chunk()
        if exec_mask is not None:
            text = code.emit(f"and <{CHUNK} x i1> {text}, {exec_mask}")
        word = code.emit(f"bitcast <{CHUNK} x i1> {text} to i{CHUNK}")
        if "place" not in self._splats:
            self._splats["place"] = code.emit(f"lshr i64 %offset{self.id}, 5")
        at = code.emit(f"getelementptr i8, ptr {slot}, i64 {self._splats['place']}")
        code.do(f"store i{CHUNK} {word}, ptr {at}")

    def _shift(self, mask_type: str) -> str:
        if mask_type == "i64":
            return f"%shift{self.id}"
        return self.code.emit(f"trunc i64 %shift{self.id} to i32")

    def _chunk_of_mask(self, raw: Any) -> Any:
        """The chunk's lanes of a lane mask, as booleans."""
        if not isinstance(raw, str):
            full = (1 << self.wave_size) - 1
            if raw in (0, full):
                return int(raw == full)
        key = ("mask", raw)
        if key not in self._splats:
            t = self.scalars.mask_type
            mask_type = self.scalars.ops.type(t)
            text = self.scalars.ops.text(t, raw)
            moved = self.code.emit(f"lshr {mask_type} {text}, {self._shift(mask_type)}")
            part = self.code.emit(f"trunc {mask_type} {moved} to i{CHUNK}")
            self._splats[key] = self.code.emit(f"bitcast i{CHUNK} {part} to <{CHUNK} x i1>")
        return self._splats[key]

    def exec_chunk(self) -> Any:
        """The chunk's enabled lanes, None where all are."""
        if self._exec_raw is None:
            return None
        mask = self._chunk_of_mask(self._exec_raw)
        if not isinstance(mask, str):
            return None if mask else "zeroinitializer"
        return mask

    def _splat(self, t: Type, raw: Any) -> Any:
        """A scalar operand in every lane."""
        if not isinstance(raw, str):
            return raw
        key = (t.bits, raw)
        if key not in self._splats:
            self._splats[key] = self.ops.splat(t.unsigned, raw)
        return self._splats[key]

    def _scalar_words(self, raw: Any) -> list[Any]:
        """The dwords of a 64-bit scalar operand."""
        if not isinstance(raw, str):
            return [raw & 0xFFFFFFFF, raw >> 32]
        key = ("words", raw)
        if key not in self._splats:
            low = self.code.emit(f"trunc i64 {raw} to i32")
            upper = self.code.emit(f"lshr i64 {raw}, 32")
            self._splats[key] = [low, self.code.emit(f"trunc i64 {upper} to i32")]
        words: list[Any] = self._splats[key]
        return words

    def _mask(self, source: Source) -> Any:
        if source.raw is not None:
            return self._chunk_of_mask(source.raw)
        if source.index in self._masks:
            return self._masks[source.index]
        return self._chunk_of_mask(self._masks["slot", source.index])

    def _value(self, t: Type, raw: Any) -> Value:
        return Value(self.ops, t, raw)

    def _lane_ids(self) -> Value:
        if "lanes" not in self._splats:
            start = self.code.emit(f"trunc i64 %shift{self.id} to i32")
            ids = ", ".join(f"i32 {i}" for i in range(CHUNK))
            base = self._splat(U32, start)
            self._splats["lanes"] = self.code.emit(f"add <{CHUNK} x i32> {base}, <{ids}>")
        return self._value(U32, self._splats["lanes"])

    def _words(self, source: Source, count: int) -> list[Value]:
        """The dwords of an operand."""
        if source.kind == "row":
            return [self._value(U32, self._registers.read32(source.raw + i)) for i in range(count)]
        if source.bits == 64:
            words = self._scalar_words(source.raw)
            return [self._value(U32, self._splat(U32, word)) for word in words[:count]]
        word = self._value(U32, self._splat(U32, source.raw))
        return [word] * count

    def _read(self, item: Lanes, position: int, slot: Slot, element: int) -> Any:
        """The value of one source slot; ``element`` counts a packed instruction's repetitions."""
        source = item.sources[position]
        if source.kind == "lane":
            return self._lane_ids()
        if source.kind == "bool":
            return self._value(BOOL, self._splat_bool(source.raw))
        if source.kind == "mask":
            return self._value(BOOL, self._mask(source))
        if slot.role not in ENCODED:
            return self._value(slot.type, self._splat(slot.type, source.raw))
        operand = _operand_of(item, position)
        t = slot.type
        if slot.role == "mix":
            return self._read_mixed(item, position, operand)
        if slot.role == "integer":
            word = _halves(item, position, self._words(source, 1)[0])
            signed = item.inst.mods.neg_lo[item.op.encoded[position]]
            return integer_fields(word, slot.count, signed)
        if item.op.packed > 1:
            return self._read_packed(item, position, t, element, source, operand)
        if slot.count > 1:
            words = self._words(source, (t.bits * slot.count + 31) // 32)
            words = [_halves(item, position, self._moved(item, position, w)) for w in words]
            parts = elements(words, t, slot.count)
            mods = item.inst.mods
            sign = [mods.neg_lo, *[mods.neg_hi] * (slot.count - 1)]
            encoded = item.op.encoded[position]
            if encoded < 3 and t.is_float and item.inst.format.startswith("VOP3P"):
                parts = [
                    apply_modifiers(p, s[encoded], False) for p, s in zip(parts, sign, strict=True)
                ]
            return tuple(parts)
        if t.bits == 64:
            raw = (
                self._registers.read64(source.raw)
                if source.kind == "row"
                else self._splat(U64, source.raw)
            )
            if position == 0 and (item.inst.mods.dpp or item.inst.mods.dpp8):
                words = [self._moved(item, 0, word) for word in self._words(source, 2)]
                return apply_modifiers(elements(words, t, 1)[0], operand.neg, operand.abs)
            return apply_modifiers(bits(self._value(U64, raw), t), operand.neg, operand.abs)
        word = self._moved(item, position, self._words(source, 1)[0])
        if t.bits < 32:
            encoded = item.op.encoded[position]
            selectors = item.inst.mods.op_sel
            high = encoded < len(selectors) and selectors[encoded] and source.kind != "const"
            value = narrow(word, t, bool(high))
        else:
            value = bits(_halves(item, position, word), t)
        return apply_modifiers(value, operand.neg, operand.abs)

    def _splat_bool(self, raw: Any) -> Any:
        return self.ops.splat(BOOL, raw) if isinstance(raw, str) else raw

    def _read_mixed(self, item: Lanes, position: int, operand: Operand) -> Value:
        """An F32, or one half of the register as F16, as op_sel_hi and op_sel say."""
        word = self._moved(item, position, self._words(item.sources[position], 1)[0])
        mods, at = item.inst.mods, item.op.encoded[position]
        if not mods.op_sel_hi[at]:
            return apply_modifiers(bits(word, F32), operand.neg, operand.abs)
        if operand.kind == "const" and not operand.literal:
            number = int(operand.value)
            word = self._value(U32, HALF_CONSTANTS.get(number, number))
            half = convert(narrow(word, F16, False), F32)
        else:
            half = convert(narrow(word, F16, bool(mods.op_sel[at])), F32)
        return apply_modifiers(half, operand.neg, operand.abs)

    def _read_packed(
        self, item: Lanes, position: int, t: Type, element: int, source: Source, operand: Operand
    ) -> Value:
        mods = item.inst.mods
        encoded = min(item.op.encoded[position], 2)
        selectors = mods.op_sel if element == 0 else mods.op_sel_hi
        high = encoded < len(selectors) and bool(selectors[encoded])
        if t.bits == 32:
            if source.kind == "row":
                value = self._value(U32, self._registers.read32(source.raw + high))
            elif source.kind == "const":
                value = self._value(U32, int(source.raw) >> (32 * high) & 0xFFFFFFFF)
            else:
                value = self._words(source, 2)[high]
            value = bits(value, t)
        else:
            value = narrow(self._moved(item, position, self._words(source, 1)[0]), t, high)
        negate = mods.neg_lo if element == 0 else mods.neg_hi
        return apply_modifiers(value, encoded < len(negate) and bool(negate[encoded]), False)

    def _moved(self, item: Lanes, position: int, word: Value) -> Value:
        """A source word after DPP or SDWA."""
        mods = item.inst.mods
        if position == 0 and (mods.dpp or mods.dpp8):
            return self._value(U32, self._shuffle(item, word.raw, U32))
        if mods.sdwa and position < 2:
            selector = mods.sdwa.src1_sel if position else mods.sdwa.src0_sel
            sign = mods.sdwa.src1_sext if position else mods.sdwa.src0_sext
            return sdwa_select(word, selector, sign)
        return word

    def _sources_in_row(self, inst: Instruction) -> list[int | None]:
        """For each lane of a chunk, the lane of the chunk that DPP reads."""
        mods = inst.mods
        if mods.dpp8:
            return [dpp8_source(mods.dpp8, lane) for lane in range(CHUNK)]
        assert mods.dpp is not None
        table = [dpp_source(mods.dpp.ctrl, lane, self.wave_size) for lane in range(CHUNK)]
        if any(s is not None and not 0 <= s < CHUNK for s in table):
            raise Unsupported(inst, "DPP across rows")
        return table

    def _shuffle(self, item: Lanes, raw: Any, t: Type) -> Any:
        """Moves lanes inside the row; lanes without a source get 0."""
        table = self._sources_in_row(item.inst)
        vector = self.ops.type(t)
        indices = ", ".join(f"i32 {CHUNK if s is None else s}" for s in table)
        text = self.ops.text(t, raw)
        moved = self.code.emit(
            f"shufflevector {vector} {text}, {vector} zeroinitializer, <{CHUNK} x i32> <{indices}>"
        )
        if t is BOOL:
            return moved
        active = self._source_active(item)
        return moved if active is None else self.ops.select(t, active, moved, 0)

    def _source_active(self, item: Lanes) -> Any:
        """Where DPP's source lane exists and is enabled; None: everywhere."""
        mods, mask = item.inst.mods, self.exec_chunk()
        if mods.dpp is None and mods.dpp8 is None:
            return None
        if (mods.dpp.fi if mods.dpp else mods.fi) or mask is None:
            table = self._sources_in_row(item.inst)
            if all(s is not None for s in table):
                return None
            words = ", ".join(f"i1 {'false' if s is None else 'true'}" for s in table)
            return f"<{words}>"
        return self._shuffle(item, mask, BOOL)

    def _write_mask(self, item: Lanes) -> Any:
        """The lanes that DPP lets an instruction write, beyond EXEC; None: all."""
        dpp = item.inst.mods.dpp
        if item.allowed is not None:
            return self._chunk_of_mask(item.allowed)
        if dpp is None:
            return None
        mask = None if dpp.bound_ctrl else self._source_active(item)
        if dpp.bank_mask != 15 or dpp.row_mask != 15:
            rows = self._value(U32, self._lane_ids().raw) >> 4
            banks = (self._lane_ids() >> 2) & 3
            allowed = (((rows * 0 + dpp.row_mask) >> rows) & 1) != 0
            allowed = allowed & ((((banks * 0 + dpp.bank_mask) >> banks) & 1) != 0)
            if mask is None:
                return allowed.raw
            return self.ops.binary("and", BOOL, allowed.raw, mask)
        return mask

    def _run(self, item: Lanes) -> list[Any]:
        """The values of the result slots; a packed instruction's as tuples of its elements."""
        slots = list(enumerate(item.op.sources))
        rounds = [
            self._body(item, [self._read(item, i, slot, e) for i, slot in slots])
            for e in range(item.op.packed)
        ]
        return rounds[0] if item.op.packed == 1 else [tuple(values[0] for values in rounds)]

    def _body(self, item: Lanes, arguments: list[Any]) -> list[Any]:
        op, result = item.op, item.op.results[0]
        flat = [v for a in arguments for v in (a if isinstance(a, tuple) else (a,))]
        integers = result.role == "operand" and not any(
            t.is_float for t in (result.type, *(v.type for v in flat))
        )
        if item.inst.mods.clamp and integers and op.name.startswith(SATURATING):
            return self._saturating(item, arguments)
        values = op.body(*arguments)
        return list(values) if len(op.results) > 1 else [values]

    def _saturating(self, item: Lanes, arguments: list[Any]) -> list[Any]:
        """Integer clamp: the same body in 64 bits, then limited to the result's range."""
        t = item.op.results[0].type
        if t.bits > 32:
            raise Unsupported(item.inst, "a clamp of 64-bit integers")

        def widen(value: Any) -> Any:
            if isinstance(value, tuple):
                return tuple(map(widen, value))
            return value if value.type is BOOL else convert(value, TYPES["i64"])

        values = item.op.body(*map(widen, arguments))
        values = list(values) if len(item.op.results) > 1 else [values]
        return [saturate(values[0], t), *values[1:]]

    def _write(self, item: Lanes, values: list[Any]) -> None:
        inst = item.inst
        operands = iter(inst.dst)
        for slot, value in zip(item.op.results, values, strict=True):
            operand = next(operands)
            if slot.role == "mask":
                self._masks[operand.index] = value.raw
                if item.op.writes_exec:
                    self._masks[layout.EXEC] = value.raw
                continue
            row = row_of(operand, self.accum_offset)
            if item.op.packed > 1 or slot.count > 1:
                words = _join(tuple(self._finish(item, v) for v in value))
            else:
                value = self._finish(item, value)
                if slot.type.bits == 64:
                    self._write_pair(item, row, bits(value, U64))
                    continue
                words = [self._whole_word(item, row, value)]
            for i, word in enumerate(words):
                self._write_word(item, row + i, word)

    def _finish(self, item: Lanes, value: Value) -> Value:
        if item.inst.mods.clamp and value.type.is_float and item.op.clamps:
            return clamp(value)
        return value

    def _whole_word(self, item: Lanes, row: int, value: Value) -> Value:
        """A result as the dword that its register gets."""
        mods = item.inst.mods
        if value.type is BOOL:
            return convert(value, U32)
        if value.type.bits == 32:
            word = bits(value, U32)
        else:
            half = convert(bits(value, value.type.unsigned), U32)
            mixes = any(s.role == "mix" for s in item.op.sources)
            high = (len(mods.op_sel) > 3 and mods.op_sel[3]) or (mixes and "mixhi" in item.op.name)
            if high:
                old = self._value(U32, self._registers.read32(row))
                word = (old & 0xFFFF) | (half << 16)
            elif mods.sdwa or (
                self.target.zeroes_high_half and value.type.bits == 16 and not mixes
            ):
                word = half
            else:
                old = self._value(U32, self._registers.read32(row))
                keep = 0xFFFFFFFF ^ ((1 << value.type.bits) - 1)
                word = (old & keep) | half
        if mods.sdwa and mods.sdwa.dst_sel != 6:
            word = self._place(mods.sdwa.dst_sel, mods.sdwa.dst_unused, row, word)
        return word

    def _place(self, selector: int, unused: int, row: int, word: Value) -> Value:
        """SDWA destination selection; ``unused``: 0 zeroes, 1 sign-extends, 2 keeps the rest."""
        width, at = (8, 8 * selector) if selector < 4 else (16, 16 * (selector - 4))
        low = word & ((1 << width) - 1)
        if unused == 2:
            old = self._value(U32, self._registers.read32(row))
            keep = 0xFFFFFFFF ^ (((1 << width) - 1) << at)
            return (old & keep) | (low << at)
        if unused == 1:
            moved = bits(low << (32 - width), TYPES["i32"]) >> (32 - width - at)
            return bits(moved, U32) & (0xFFFFFFFF ^ ((1 << at) - 1))
        return low << at

    def _write_word(self, item: Lanes, row: int, word: Value) -> None:
        mask = self._write_mask(item)
        if mask is not None:
            word = select(
                self._value(BOOL, mask), word, self._value(U32, self._registers.read32(row))
            )
        self._registers.write32(row, word.raw)

    def _write_pair(self, item: Lanes, row: int, value: Value) -> None:
        mask = self._write_mask(item)
        if mask is not None:
            old = self._value(U64, self._registers.read64(row))
            value = select(self._value(BOOL, mask), value, old)
        self._registers.write64(row, value.raw)


def renamed_lines(lines: list[str], suffix: str, names: dict[str, str] | None = None) -> list[str]:
    """A copy of straight-line code, the names that it defines made different by a suffix.

    ``names``: what other names become.
    """
    table = dict(names or {})
    for line in lines:
        name, equals, _ = line.partition(" = ")
        if equals:
            table[name] = name + suffix
    return [_NAME.sub(lambda m: table.get(m[0], m[0]), line) for line in lines]


def encoded_slots(slots: tuple[Slot, ...]) -> list[Slot]:
    """The slots that stand for encoded operands."""
    return [s for s in slots if s.role in ENCODED]


def _operand_of(item: Lanes, position: int) -> Operand:
    return item.inst.src[item.op.encoded[position]]


def _halves(item: Lanes, position: int, word: Value) -> Value:
    """The halves of a dot product's operand that op_sel and op_sel_hi choose."""
    inst, at = item.inst, item.op.encoded[position]
    mods = inst.mods
    if at > 1 or (mods.op_sel_hi[at] and not mods.op_sel[at]):
        return word
    if not (inst.format.startswith("VOP3P") and item.op.name.startswith("v_dot")):
        return word
    low = word >> 16 if mods.op_sel[at] else word & 0xFFFF
    return low | (word & 0xFFFF0000 if mods.op_sel_hi[at] else word << 16)


def _join(values: tuple[Value, ...]) -> list[Value]:
    """Elements, low first, as dwords."""
    width = values[0].type.bits
    if width == 32:
        return [bits(v, U32) for v in values]
    per_word = 32 // width
    words = []
    for i in range(0, len(values), per_word):
        word = convert(bits(values[i], values[i].type.unsigned), U32)
        for j, v in enumerate(values[i + 1 : i + per_word], 1):
            word = word | (convert(bits(v, v.type.unsigned), U32) << (width * j))
        words.append(word)
    return words


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
