"""Operands of vector instructions as values of a chunk of lanes."""

from __future__ import annotations

from typing import Any

from anyroc.isa.immediates import HALF_CONSTANTS
from anyroc.isa.instruction import Instruction, Operand
from anyroc.isa.targets import Target
from anyroc.semantics.core import ENCODED, Slot
from anyroc.semantics.lane import dpp8_source, dpp_source
from anyroc.semantics.values import BF16, BOOL, F16, F32, U32, U64, Type, Value, bits, convert
from anyroc.translate.lane_items import Lanes
from anyroc.translate.llvm import CodeBuilder
from anyroc.translate.operands import (
    Source,
    Unsupported,
    apply_modifiers,
    elements,
    integer_fields,
    narrow,
    sdwa_select,
)
from anyroc.translate.registers import RegisterCache, ScalarFile
from anyroc.translate.vectors import CHUNK, VectorBackend

__all__ = ["TEMPORARY", "ChunkRows", "LaneSources"]

TEMPORARY = 1024
"""Rows from here on are no registers but the function's own scratch rows."""


class ChunkRows:
    """The chunk's part of the VGPR rows."""

    def __init__(self, loop: LaneSources) -> None:
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


class LaneSources:
    """The state of a loop over chunks, and its operands as one chunk's values."""

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
            return self._read_packed(item, position, t, element, source)
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
            elif t.is_float:  # v_dot2_f16_f16: compilers negate both halves with one bit
                parts = [apply_modifiers(p, operand.neg, operand.abs) for p in parts]
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
            high = source.kind != "const" and item.inst.source_is_high(encoded)
            value = narrow(word, t, high)
        else:
            value = bits(_halves(item, position, word), t)
        return apply_modifiers(value, *_signs(item, position, operand))

    def _splat_bool(self, raw: Any) -> Any:
        return self.ops.splat(BOOL, raw) if isinstance(raw, str) else raw

    def _read_mixed(self, item: Lanes, position: int, operand: Operand) -> Value:
        """An F32, or one half of the register as F16 or BF16, as op_sel_hi and op_sel say."""
        word = self._moved(item, position, self._words(item.sources[position], 1)[0])
        mods, at = item.inst.mods, item.op.encoded[position]
        if not mods.op_sel_hi[at]:
            return apply_modifiers(bits(word, F32), operand.neg, operand.abs)
        t, high = BF16 if "bf16" in item.op.name else F16, bool(mods.op_sel[at])
        if operand.kind == "const" and not operand.literal:
            number, high = int(operand.value), False
            if number in HALF_CONSTANTS:
                number = number >> 16 if t is BF16 else HALF_CONSTANTS[number]
            word = self._value(U32, number)
        half = convert(narrow(word, t, high), F32)
        return apply_modifiers(half, operand.neg, operand.abs)

    def _read_packed(
        self, item: Lanes, position: int, t: Type, element: int, source: Source
    ) -> Value:
        mods = item.inst.mods
        encoded = min(item.op.encoded[position], 2)
        selectors = mods.op_sel if element == 0 else mods.op_sel_hi
        high = encoded < len(selectors) and bool(selectors[encoded])
        if t.bits == 32:
            if source.kind == "row":
                value = self._value(U32, self._registers.read32(source.raw + high))
            elif source.kind == "const":  # in both halves: compilers count on it
                value = self._value(U32, int(source.raw) & 0xFFFFFFFF)
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


def _operand_of(item: Lanes, position: int) -> Operand:
    return item.inst.src[item.op.encoded[position]]


def _signs(item: Lanes, position: int, operand: Operand) -> tuple[bool, bool]:
    """Whether a source is negated, and whether its absolute value is taken before."""
    name, mods = item.op.name, item.inst.mods
    if position == 2 and name.startswith(("v_dot2_f32", "v_dot4_f32")):
        # To negate it compilers set both bits for dot2, one for dot4, whose other is a magnitude.
        return mods.neg_lo[2], mods.neg_hi[2] and name.startswith("v_dot4_f32")
    return operand.neg, operand.abs


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
