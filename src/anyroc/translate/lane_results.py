"""Vector instructions over a chunk of lanes: bodies run, results stored."""

from __future__ import annotations

from typing import Any

from anyroc.semantics.environment import clamp, scaled
from anyroc.semantics.values import (
    BOOL,
    TYPES,
    U32,
    U64,
    Value,
    bits,
    convert,
    maximum,
    select,
)
from anyroc.translate import layout
from anyroc.translate.lane_items import Lanes
from anyroc.translate.lane_sources import LaneSources
from anyroc.translate.operands import RELU, Unsupported, row_of, saturate, saturates

__all__ = ["LaneResults"]


class LaneResults(LaneSources):
    """Runs instructions and writes what they give."""

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
        if item.inst.mods.clamp and integers and saturates(op):
            return self._saturating(item, arguments)
        values = op.body(*arguments)
        if item.inst.mods.clamp and integers and result.type.is_signed and RELU.match(op.name):
            values = maximum(values, 0)
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
        for at, (slot, value) in enumerate(zip(item.op.results, values, strict=True)):
            operand = inst.dst[at]
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
                words = [self._whole_word(item, row, value, inst.result_is_high(at))]
            for i, word in enumerate(words):
                self._write_word(item, row + i, word)

    def _finish(self, item: Lanes, value: Value) -> Value:
        if not (value.type.is_float and item.op.modified):
            return value
        mods = item.inst.mods
        if mods.omod and not self.target.has_ieee_mode:
            value = scaled(value, mods.omod)
        return clamp(value) if mods.clamp else value

    def _whole_word(self, item: Lanes, row: int, value: Value, high: bool) -> Value:
        """A result as the dword that its register gets."""
        mods = item.inst.mods
        if value.type is BOOL:
            return convert(value, U32)
        if value.type.bits == 32:
            word = bits(value, U32)
        else:
            half = convert(bits(value, value.type.unsigned), U32)
            mixes = any(s.role == "mix" for s in item.op.sources)
            if high or (mixes and "mixhi" in item.op.name):
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
