"""A wave that runs decoded instructions one by one over NumPy arrays: the translator's oracle.

Bodies come from anyroc.semantics, evaluated with NumPy; operand selection, modifiers, masking and
data movement are written here once more, plainly.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from anyroc.isa.immediates import HALF_CONSTANTS
from anyroc.isa.instruction import EXEC, M0, NULL, VCC, Instruction, Operand
from anyroc.isa.targets import Target
from anyroc.semantics.core import OPERATIONS, Control, Cross, Op, Slot
from anyroc.semantics.environment import Mode, under
from anyroc.semantics.lane import dpp8_source, dpp_source, swizzle_source
from anyroc.semantics.numpy_backend import NumpyBackend, dtype
from anyroc.semantics.values import BOOL, F32, TYPES, U32, U64, Type, Value
from translate_support.machine import ACCUM_OFFSET, State

__all__ = ["Reference", "to_value"]

_BACKEND = NumpyBackend()
_ENCODED = ("operand", "mask", "mix", "integer")
Array = Any


def to_value(t: Type, array: Array) -> Value:
    """A value over an array."""
    return Value(_BACKEND, t, np.ascontiguousarray(array))


def _from_words(t: Type, words: list[Array], element: int = 0) -> Array:
    """Element ``element`` of a little-endian row of dwords, as an array of ``t``."""
    if t.bits == 64:
        low, high = (w.astype(np.uint64) for w in words[2 * element : 2 * element + 2])
        return (low | high << np.uint64(32)).view(dtype(t))
    at = t.bits * element
    word = words[at // 32] >> np.uint32(at % 32)
    return np.ascontiguousarray(word.astype(np.dtype(f"u{t.bits // 8}"))).view(dtype(t))


def _to_word(t: Type, array: Array) -> Array:
    """The bits of a value of up to 32 bits, zero-extended."""
    if t is BOOL:
        return array.astype(np.uint32)
    return np.ascontiguousarray(array).view(np.dtype(f"u{t.bits // 8}")).astype(np.uint32)


class Reference:
    """Runs instructions on a :class:`State`.

    ``float_rows`` maps rows (scalar registers as ``~index``) to the float type that was last
    written to them: NaNs there are equal whatever their payload.
    """

    def __init__(self, state: State, target: Target) -> None:
        self.state = state
        self.target = target
        self.lanes = np.arange(state.wave_size, dtype=np.uint32)
        self.float_rows: dict[int, Type] = {}

    def run(self, instructions: list[Instruction]) -> None:
        for inst in instructions:
            self.step(inst)

    def step(self, inst: Instruction) -> None:
        with np.errstate(all="ignore"):
            if inst.parts:
                writes = [w for part in inst.parts for w in self._vector(part, self._op(part))]
                self._commit(writes)
                return
            entry = OPERATIONS[inst.op]
            if isinstance(entry, Op):
                entry = self._op(inst)
                scalar = inst.format.startswith("SOP") or inst.op.startswith("v_s_")
                if scalar:
                    self._scalar(inst, entry)
                else:
                    self._commit(self._vector(inst, entry))
            elif isinstance(entry, Cross):
                self._cross(inst, entry)
            elif not (isinstance(entry, Control) and entry.kind == "nop"):
                raise NotImplementedError(inst.op)

    def _op(self, inst: Instruction) -> Op:
        entry = OPERATIONS[inst.op]
        assert isinstance(entry, Op)
        mode = Mode(0xFFFFFFFF, self.state.mode, self.target.has_ieee_mode)
        return under(entry, mode, inst.mods)

    # Registers.

    @property
    def _active(self) -> Array:
        return self._lanes_of(self.state.enabled)

    def _lanes_of(self, mask: int) -> Array:
        return np.array([bool(mask >> i & 1) for i in range(self.state.wave_size)])

    def mask_at(self, index: int) -> int:
        if index == NULL:
            return 0
        low = int(self.state.sgpr[index])
        return low | int(self.state.sgpr[index + 1]) << 32 if self.state.wave_size == 64 else low

    def put_scalar(self, index: int, value: int, count: int) -> None:
        if index == NULL:
            return
        for i in range(count):
            self.state.sgpr[index + i] = value >> 32 * i & 0xFFFFFFFF
            self.float_rows.pop(~(index + i), None)

    def _row(self, operand: Operand) -> int:
        return operand.index + (ACCUM_OFFSET if operand.kind == "a" else 0)

    def _words(self, operand: Operand, count: int, lanes: int) -> list[Array]:
        """The dwords of an operand in every lane."""
        if operand.kind in ("v", "a"):
            row = self._row(operand)
            return [self.state.vgpr[row + i].copy() for i in range(count)]
        return [np.full(lanes, word, np.uint32) for word in self._scalar_words(operand, count)]

    def _scalar_words(self, operand: Operand, count: int) -> list[int]:
        state = self.state
        if operand.kind == "s":
            if operand.index == NULL:
                return [0] * count
            return [int(state.sgpr[operand.index + i]) for i in range(count)]
        if operand.kind == "const":
            value = int(operand.value)
        elif operand.kind == "none":
            value = 0
        else:
            value = self._special(str(operand.value), count)
        return [value >> 32 * i & 0xFFFFFFFF for i in range(count)]

    def _special(self, name: str, count: int) -> int:
        if name == "scc":
            return self.state.scc
        if name in ("vccz", "execz"):
            return int(self.mask_at(VCC if name == "vccz" else EXEC) == 0)
        base = 0x0001_0000_0000_0000 if "shared" in name else 0x0002_0000_0000_0000
        base |= 0xFFFFFFFF if "limit" in name else 0
        return base if count == 2 else base >> 32

    # Scalar instructions.

    def _scalar(self, inst: Instruction, op: Op) -> None:
        operands = iter(inst.src)
        results = op.body(*[self._scalar_argument(inst, s, operands) for s in op.sources])
        results = results if len(op.results) > 1 else (results,)
        targets = iter(inst.dst)
        for slot, value in zip(op.results, results, strict=True):
            value = _joined(value)
            bits = int(value.raw.view(f"u{value.raw.dtype.itemsize}")[0])
            count = 2 if value.type.bits == 64 else 1
            if slot.role == "scc":
                self.state.scc = int(bool(bits))
            elif slot.role in ("exec", "vcc", "m0"):
                self.put_scalar({"exec": EXEC, "vcc": VCC, "m0": M0}[slot.role], bits, count)
            else:
                operand = next(targets)
                if operand.kind == "s":
                    if value.type.is_float:
                        value = self._output(inst, op, value)
                        bits = int(value.raw.view(f"u{value.raw.dtype.itemsize}")[0])
                    self.put_scalar(operand.index, bits, count)
                    if value.type.is_float:
                        self.float_rows[~operand.index] = value.type

    def _scalar_argument(self, inst: Instruction, slot: Slot, operands: Any) -> Any:
        state, t = self.state, slot.type
        implicit = {"scc": state.scc, "mode": state.mode, "m0": int(state.sgpr[M0])}
        if slot.role in implicit:
            return to_value(t, np.array([implicit[slot.role]]).astype(dtype(t)))
        if slot.role in ("exec", "vcc"):
            mask = self.mask_at(EXEC if slot.role == "exec" else VCC)
            kind = t if slot.role == "exec" else (U64 if state.wave_size == 64 else U32)
            if kind is U64:
                mask |= int(state.sgpr[EXEC + 1]) << 32
            return to_value(kind, np.array([mask]).astype(dtype(kind)))
        if slot.role == "simm16":
            return to_value(t, np.array([inst.mods.simm16 & 0xFFFF], np.uint16).view(dtype(t)))
        operand = next(operands)
        words = self._words(operand, max(2, (t.bits * slot.count + 31) // 32), 1)
        if slot.count > 1:
            return tuple(to_value(t, _from_words(t, words, i)) for i in range(slot.count))
        return self._signed(to_value(t, _from_words(t, words)), operand.neg, operand.abs)

    # Vector instructions.

    def _signed(self, value: Value, negate: bool, absolute: bool) -> Value:
        t = value.type
        sign = np.dtype(f"u{t.bits // 8}").type(1 << (t.bits - 1))
        word = value.raw.view(sign.dtype)
        if absolute:
            word = word & ~sign
        if negate:
            word = word ^ sign
        return to_value(t, word.view(dtype(t)))

    def _moved(self, inst: Instruction, position: int, words: list[Array]) -> list[Array]:
        """A source after DPP or SDWA."""
        mods = inst.mods
        if position == 0 and (mods.dpp or mods.dpp8):
            sources, valid = self._movement(inst)
            return [np.where(valid, word[sources], 0).astype(np.uint32) for word in words]
        if mods.sdwa and position < 2:
            selector = (mods.sdwa.src0_sel, mods.sdwa.src1_sel)[position]
            extends = (mods.sdwa.src0_sext, mods.sdwa.src1_sext)[position]
            if selector < 6:
                width = 8 if selector < 4 else 16
                shift = 8 * selector if selector < 4 else 16 * (selector - 4)
                part = (words[0] >> np.uint32(shift)).astype(f"u{width // 8}")
                part = part.view(f"i{width // 8}").astype(np.int32) if extends else part
                return [part.astype(np.uint32)]
        return words

    def _movement(self, inst: Instruction) -> tuple[Array, Array]:
        """For each lane, the lane that DPP reads, and whether there is one that counts."""
        size, mods = self.state.wave_size, inst.mods
        if mods.dpp8:
            sources = np.array([dpp8_source(mods.dpp8, i) for i in range(size)])
            return sources, np.full(size, True) if mods.fi else self._active[sources]
        assert mods.dpp is not None
        found = [dpp_source(mods.dpp.ctrl, i, size) for i in range(size)]
        sources = np.array([0 if s is None else s for s in found])
        valid = np.array([s is not None for s in found])
        return sources, valid if mods.dpp.fi else valid & self._active[sources]

    def _writable(self, inst: Instruction) -> Array:
        dpp = inst.mods.dpp
        if dpp is None:
            return np.full(self.state.wave_size, True)
        rows, banks = self.lanes // 16, self.lanes // 4 % 4
        allowed = (dpp.row_mask >> rows & 1).astype(bool) & (dpp.bank_mask >> banks & 1).astype(
            bool
        )
        return allowed if dpp.bound_ctrl else allowed & self._movement(inst)[1]

    def _argument(self, inst: Instruction, op: Op, slot: Slot, at: int, element: int) -> Any:
        """An encoded operand, the ``at``-th of the instruction."""
        operand, t, mods = inst.src[at], slot.type, inst.mods
        size = self.state.wave_size
        if slot.role == "mask":
            if operand.kind == "const":
                return to_value(BOOL, self._lanes_of(int(operand.value)))
            return to_value(BOOL, self._lanes_of(self.mask_at(operand.index)))
        single = slot.role in ("mix", "integer")
        count = 1 if single else (t.bits * slot.count * op.packed + 31) // 32
        words = self._moved(inst, at, self._words(operand, count, size))
        if inst.format.startswith("VOP3P") and op.name.startswith("v_dot") and at < 2:
            halves = [words[0] & 0xFFFF, words[0] >> 16]
            words[0] = halves[mods.op_sel[at]] | halves[mods.op_sel_hi[at]] << 16
        if slot.role == "mix":
            if not mods.op_sel_hi[at]:
                return self._signed(
                    to_value(F32, words[0].view(np.float32)), operand.neg, operand.abs
                )
            high = int(mods.op_sel[at])
            if operand.kind == "const" and not operand.literal:
                number = HALF_CONSTANTS.get(int(operand.value), int(operand.value))
                words, high = [np.full(size, number, np.uint32)], 0
            half = _from_words(TYPES["f16"], words, high).astype(np.float32)
            return self._signed(to_value(F32, half), operand.neg, operand.abs)
        if slot.role == "integer":
            return self._fields(words[0], slot.count, bool(mods.neg_lo[at]))
        if op.packed > 1:
            selectors = (mods.op_sel, mods.op_sel_hi)[element]
            half = int(selectors[at])
            if t.bits == 32 and operand.kind == "const":
                half = 0
            value = to_value(t, _from_words(t, words, half))
            return self._signed(value, bool((mods.neg_lo, mods.neg_hi)[element][at]), False)
        if slot.count > 1:
            parts = [to_value(t, _from_words(t, words, i)) for i in range(slot.count)]
            if inst.format == "VOP3P" and t.is_float:
                signs = [mods.neg_lo[at], *[mods.neg_hi[at]] * (slot.count - 1)]
                parts = [self._signed(p, s, False) for p, s in zip(parts, signs, strict=True)]
            elif t.is_float:
                parts = [self._signed(p, operand.neg, operand.abs) for p in parts]
            return tuple(parts)
        fields = ("src0", "src1", "src2", "vdst")  # v_fmac_f16 reads vdst; v_fmamk_f16 src1 last
        high = t.bits < 32 and operand.kind in "vas" and inst.row.src[at].field in fields
        high = high and mods.op_sel[fields.index(inst.row.src[at].field)]
        value = to_value(t, _from_words(t, words, int(high) if t.bits == 16 else 2 * int(high)))
        if at == 2 and op.name.startswith(("v_dot2_f32", "v_dot4_f32")):
            magnitude = mods.neg_hi[2] and op.name.startswith("v_dot4")
            return self._signed(value, bool(mods.neg_lo[2]), bool(magnitude))
        return self._signed(value, operand.neg, operand.abs)

    @staticmethod
    def _fields(word: Array, count: int, signed: bool) -> tuple[Value, ...]:
        width = 32 // count
        parts = []
        for i in range(count):
            part = (word >> np.uint32(i * width) & np.uint32((1 << width) - 1)).astype(np.int32)
            if signed:
                part = np.where(part >> (width - 1), part - (1 << width), part).astype(np.int32)
            parts.append(to_value(TYPES["i32"], part))
        return tuple(parts)

    def _implicit(self, inst: Instruction, slot: Slot) -> Value:
        state, mods, t = self.state, inst.mods, slot.type
        if slot.role == "vcc":
            return to_value(BOOL, self._lanes_of(self.mask_at(VCC)))
        if slot.role == "lane":
            return to_value(U32, self.lanes)
        flags = {"op_sel": mods.op_sel, "op_sel_hi": mods.op_sel_hi, "neg_lo": mods.neg_lo}
        if slot.role in flags:
            number = sum(bool(flag) << i for i, flag in enumerate(flags[slot.role]))
        else:
            number = {
                "scc": state.scc,
                "mode": state.mode,
                "m0": int(state.sgpr[M0]),
                "span": min(state.wave_size, self.target.permute_span),
                "offset": mods.offset or mods.offset0 | mods.offset1 << 8,
                **dict(mods.extra),
            }[slot.role]
        return to_value(t, np.full(state.wave_size, number).astype(dtype(t)))

    def _vector(self, inst: Instruction, op: Op) -> list[tuple[str, int, Array, Array, Any]]:
        """What an instruction writes: (kind, where, value, lanes, type)."""
        rounds = []
        for element in range(op.packed):
            at, arguments = 0, []
            for slot in op.sources:
                if slot.role in _ENCODED:
                    arguments.append(self._argument(inst, op, slot, at, element))
                    at += 1
                else:
                    arguments.append(self._implicit(inst, slot))
            rounds.append(self._evaluate(inst, op, arguments))
        if op.packed > 1:
            rounds = [[tuple(result[0] for result in rounds)]]
        writes: list[tuple[str, int, Any, Any, Any]] = []
        if op.name == "v_swap_b16":
            return self._swapped_halves(inst, rounds[0])
        for slot, operand, value in zip(op.results, inst.dst, rounds[0], strict=False):
            if slot.role == "mask":
                lanes = np.broadcast_to(value.raw, self.lanes.shape) & self._active
                mask = sum(1 << i for i, bit in enumerate(lanes) if bit)
                writes.append(("mask", operand.index, mask, None, None))
                if op.writes_exec:
                    writes.append(("mask", EXEC, mask, None, None))
                continue
            writes += self._result(inst, op, slot, operand, value)
        return writes

    def _swapped_halves(
        self, inst: Instruction, values: list[Any]
    ) -> list[tuple[str, int, Array, Array, Any]]:
        """The only instruction that writes two halves, which may be of one register."""
        lanes, t = self._active & self._writable(inst), TYPES["u16"]
        words: dict[int, Array] = {}
        for operand, high, value in zip(
            inst.dst, (inst.mods.op_sel[3], inst.mods.op_sel[0]), values, strict=True
        ):
            row, shift = self._row(operand), np.uint32(16 * high)
            half = np.broadcast_to(_to_word(t, value.raw), self.lanes.shape)
            old = words.get(row, self.state.vgpr[row])
            words[row] = old & ~(np.uint32(0xFFFF) << shift) | half << shift
        return [("row", row, word, lanes, t) for row, word in words.items()]

    def _evaluate(self, inst: Instruction, op: Op, arguments: list[Any]) -> list[Any]:
        result = op.results[0]
        flat = [v for a in arguments for v in (a if isinstance(a, tuple) else (a,))]
        floats = result.type.is_float or any(v.type.is_float for v in flat)
        relu = "_min" in op.name or "_max" in op.name  # clamp is another thing there
        if inst.mods.clamp and result.role == "operand" and not floats and not relu:
            return self._saturating(op, arguments)
        values = op.body(*arguments)
        if inst.mods.clamp and relu and result.type.is_signed:
            values = to_value(result.type, np.maximum(values.raw, 0))
        return list(values) if len(op.results) > 1 else [values]

    def _saturating(self, op: Op, arguments: list[Any]) -> list[Any]:
        """An integer operation whose first result is limited to its type's range."""

        def exact(value: Any) -> Any:
            if isinstance(value, tuple):
                return tuple(map(exact, value))
            if value.type is BOOL:
                return value
            return to_value(TYPES["i64"], value.raw.astype(np.int64))

        values = op.body(*map(exact, arguments))
        values = list(values) if len(op.results) > 1 else [values]
        t = op.results[0].type
        low = -(1 << (t.bits - 1)) if t.is_signed else 0
        high = (1 << (t.bits - 1 if t.is_signed else t.bits)) - 1
        limited = np.clip(values[0].raw.view(np.int64), low, high)
        return [to_value(t, limited.astype(dtype(t))), *values[1:]]

    def _output(self, inst: Instruction, op: Op, value: Value) -> Value:
        if not value.type.is_float:
            return value
        if inst.mods.omod and op.modified and not self.target.has_ieee_mode:
            value = _scaled(value, inst.mods.omod)
        if inst.mods.clamp and op.modified:
            raw = value.raw
            raw = np.where(raw > 0, np.minimum(raw, 1), 0).astype(raw.dtype)
            value = to_value(value.type, raw)
        return value

    def _result(
        self, inst: Instruction, op: Op, slot: Slot, operand: Operand, value: Any
    ) -> list[tuple[str, int, Array, Array, Any]]:
        lanes = self._active & self._writable(inst)
        row = self._row(operand)
        parts = value if isinstance(value, tuple) else (value,)
        parts = [self._output(inst, op, v) for v in parts]
        t = parts[0].type
        raws = [np.broadcast_to(p.raw, self.lanes.shape) for p in parts]
        if t.bits == 64:
            both = np.ascontiguousarray(raws[0]).view(np.uint64)
            words = [both.astype(np.uint32), (both >> np.uint64(32)).astype(np.uint32)]
        elif len(parts) > 1:
            per = 32 // t.bits
            bits = [_to_word(t, raw) for raw in raws]
            words = []
            for i in range(0, len(bits), per):
                word = np.zeros_like(self.lanes)
                for j, part in enumerate(bits[i : i + per]):
                    word |= part << np.uint32(t.bits * j)
                words.append(word)
        else:
            words = [self._whole(inst, op, row, t, _to_word(t, raws[0]))]
        return [("row", row + i, word, lanes, t) for i, word in enumerate(words)]

    def _whole(self, inst: Instruction, op: Op, row: int, t: Type, word: Array) -> Array:
        """A single result in the dword that it becomes, other bits kept or cleared."""
        mods, old = inst.mods, self.state.vgpr[row]
        mixes = any(s.role == "mix" for s in op.sources)
        if t.bits < 32 and t is not BOOL:
            keep = np.uint32(0xFFFFFFFF ^ ((1 << t.bits) - 1))
            if mods.op_sel[3] or "mixhi" in op.name:
                word = old & np.uint32(0xFFFF) | word << np.uint32(16)
            elif not mods.sdwa and (mixes or t.bits != 16 or not self.target.zeroes_high_half):
                word = old & keep | word
        if mods.sdwa and mods.sdwa.dst_sel < 6:
            select, unused = mods.sdwa.dst_sel, mods.sdwa.dst_unused
            width, at = (8, 8 * select) if select < 4 else (16, 16 * (select - 4))
            field = np.uint32(((1 << width) - 1) << at)
            placed = word << np.uint32(at) & field
            above = np.uint32(0xFFFFFFFF << (at + width) & 0xFFFFFFFF)
            negative = (word >> np.uint32(width - 1) & np.uint32(1)).astype(bool)
            rest = {0: np.uint32(0), 1: np.where(negative, above, 0), 2: old & ~field}[unused]
            word = placed | rest.astype(np.uint32)
        return word

    def _commit(self, writes: list[tuple[str, int, Array, Array, Any]]) -> None:
        for kind, where, value, lanes, t in writes:
            if kind == "mask":
                self.put_scalar(where, value, self.state.wave_size // 32)
                continue
            self.state.vgpr[where] = np.where(lanes, value, self.state.vgpr[where])
            self.float_rows.pop(where, None)
            if t is not None and t.is_float:
                self.float_rows[where] = t

    # Across lanes.

    def _swap(self, inst: Instruction, distance: int) -> None:
        """Exchanges the lanes of one register that have a bit with those of another without it."""
        rows, active = [self._row(operand) for operand in inst.dst], self._active
        old = [self.state.vgpr[row].copy() for row in rows]
        fetch, bound = inst.mods.op_sel[:2]
        lanes = np.arange(self.state.wave_size)
        for row, own, other, upper in zip(rows, old, old[::-1], (True, False), strict=True):
            partner = lanes - distance if upper else (lanes + distance) % len(lanes)
            moved = np.where(active[partner] | fetch, other[partner], 0 if bound else own)
            chosen = active & ((lanes & distance != 0) == upper)
            self.state.vgpr[row] = np.where(chosen, moved, self.state.vgpr[row])
            self.float_rows.pop(row, None)

    def _cross(self, inst: Instruction, cross: Cross) -> None:
        state, size = self.state, self.state.wave_size
        if cross.kind == "exchange" and size == 32:
            return
        moved = inst.src[cross.row]
        active = self._active
        if cross.kind in ("read_first", "read_lane"):
            words = self._words(moved, 1, size)[0]
            if cross.kind == "read_first":
                lane = int(np.argmax(active)) if active.any() else 0
            else:
                lane = self._scalar_words(inst.src[1 - cross.row], 1)[0] % size
            self.put_scalar(inst.dst[0].index, int(words[lane]), 1)
            return
        if cross.kind == "swap":
            self._swap(inst, cross.body())
            return
        row = self._row(inst.dst[0])
        if cross.kind == "write_lane":
            lane = self._scalar_words(inst.src[1 - cross.row], 1)[0] % size
            state.vgpr[row][lane] = self._scalar_words(moved, 1)[0]
            return
        words = self._words(moved, 1, size)[0]
        offset = inst.mods.offset or inst.mods.offset0 | inst.mods.offset1 << 8
        if cross.kind == "swizzle":
            lane = np.array([swizzle_source(offset, i) for i in range(size)])
            fetch, keep = False, False
        else:
            operands = iter([o for i, o in enumerate(inst.src) if i != cross.row])
            arguments = []
            for i, slot in enumerate(cross.sources):
                if i == cross.row:
                    continue
                if slot.role in _ENCODED:
                    arguments.append(to_value(U32, self._words(next(operands), 1, size)[0]))
                else:
                    arguments.append(self._implicit(inst, slot))
            lane = np.broadcast_to(cross.body(*arguments).raw, (size,)).astype(np.int64) % size
            is_lds = inst.format == "DS"
            fetch = cross.kind == "gather_any" and (is_lds or bool(inst.mods.op_sel[0]))
            fetch = fetch or cross.kind in ("gather_all", "exchange")
            keep = not is_lds and not inst.mods.op_sel[1]
        if cross.kind == "scatter":
            result = np.zeros(size, np.uint32)
            for i in range(size):
                if active[i]:
                    result[lane[i]] = words[i]
        else:
            good = active[lane] | fetch
            result = np.where(good, words[lane], state.vgpr[row] if keep else 0)
        state.vgpr[row] = np.where(active, result, state.vgpr[row])
        self.float_rows.pop(row, None)


def _joined(value: Any) -> Value:
    """A scalar result of two 16-bit elements as one dword."""
    if not isinstance(value, tuple):
        assert isinstance(value, Value)
        return value
    low, high = (_to_word(part.type, part.raw) for part in value)
    return to_value(U32, low | high << np.uint32(16))


def _scaled(value: Value, omod: int) -> Value:
    """RDNA4's output modifier: denormals are zeros before and after, zeros positive before."""
    raw, least = value.raw, np.finfo(value.raw.dtype).tiny
    product = raw * raw.dtype.type({1: 2.0, 2: 4.0, 3: 0.5}[omod])
    product = np.where(np.abs(product) < least, np.copysign(0, raw), product)
    product = np.where(np.abs(raw) < least, 0, product)
    return to_value(value.type, product.astype(raw.dtype))
