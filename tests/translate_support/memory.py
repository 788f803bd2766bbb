"""Memory instructions on a reference wave, and random ones whose addresses are good.

What an instruction does is told from its name (``oracles.accesses``), where it does it by what is
written here: the package's semantics have no part in it.
"""

from __future__ import annotations

import ctypes
import random
from dataclasses import dataclass, field

import numpy as np

from anyroc.gpu.memory import Memory
from anyroc.isa.decode import decode
from anyroc.isa.formats import formats
from anyroc.isa.instruction import M0, NULL, DecodeError, Instruction, Operand
from anyroc.isa.tables import FAMILY, Row
from anyroc.isa.targets import Target
from oracles.accesses import Reach, reach
from translate_support.machine import State
from translate_support.reference import Reference

__all__ = ["Buffer", "MemoryReference", "MemoryStream", "prepare"]

_MODIFIERS = (
    "glc", "th", "sc0", "offset", "offset0", "offset1", "offen", "idxen", "sve", "imm",
    "soffset_en", "saddr",
)  # fmt: skip
SIZE = 1 << 16
MIDDLE = 1 << 14
SHARED, PRIVATE = 0x0001_0000 << 32, 0x0002_0000 << 32


class Buffer:
    """Device memory that translated code uses, and NumPy's view of it."""

    def __init__(self) -> None:
        self.address = Memory(0, SIZE).alloc(SIZE)
        array = (ctypes.c_uint8 * SIZE).from_address(self.address)
        self.bytes = np.frombuffer(array, np.uint8)

    @property
    def base(self) -> int:
        return self.address + MIDDLE


def tame_words(rng: np.random.Generator, count: int) -> np.ndarray:
    """Dwords that are numbers, not NaNs, in whatever format they are read."""
    halves = rng.normal(0, 30, 2 * count).astype(np.float16)
    return halves.view(np.uint32)


def prepare(state: State, buffer: Buffer, rng: np.random.Generator, in_bytes: bool = False) -> None:
    """Fills registers with addresses, memory with numbers.

    v12 to v16 hold offsets (by 4, by 16, all the same, scattered, any byte), v0 to v9 the same as
    addresses, v10 flat addresses of all kinds; v17 wild offsets, v18 indices, v19 scratch offsets,
    v20 and v22 pairs of index and offset; v24 and up data.  s0 is the middle of the buffer, s2 and
    s3 small offsets, s4 and up six buffer descriptors, gfx1250's if ``in_bytes``.
    """
    lanes, n = np.arange(state.wave_size), state.wave_size
    state.vgpr[24:] = tame_words(rng, state.vgpr[24:].size).reshape(-1, n)
    scattered, anywhere = 8 * rng.integers(0, 500, n), rng.integers(0, 4000, n)
    offsets = [4 * lanes, 16 * lanes, np.full(n, 64), scattered, anywhere]
    for i, offset in enumerate(offsets):
        state.vgpr[12 + i] = offset
        _put_addresses(state, 2 * i, buffer.base + offset)
    mixed = np.choose(
        rng.integers(0, 3, n),
        [
            buffer.base + offsets[3],
            SHARED + offsets[3] // 4 * 4,
            PRIVATE + 4 * rng.integers(0, 50, n),
        ],
    )
    _put_addresses(state, 10, mixed)
    state.vgpr[17] = rng.integers(0, 1 << 32, n, np.uint32)
    state.vgpr[18] = rng.integers(0, 24, n)
    state.vgpr[19] = 4 * rng.integers(0, 10, n)
    state.vgpr[20], state.vgpr[21] = rng.integers(0, 16, n), 8 * rng.integers(0, 4, n)
    state.vgpr[22], state.vgpr[23] = lanes, 8 * (lanes % 2)
    state.sgpr[0:2] = _halves(buffer.base)
    state.sgpr[2:4] = 16, 32
    state.sgpr[M0] = 64
    raw, struct = 3 << 28, 1 << 28
    descriptors = [(0, 1500, raw), (16, 12, struct), (16, 12, 0), (0, 1499, raw | 1 << 23)]
    swizzles = [0, 0, 0, 0, 1 << 31, 1 << 30]
    descriptors += [(64, 20, struct | 1 << 21), (32, 20, 0)]
    for i, (stride, records, word3) in enumerate(descriptors):
        low, high = _halves(buffer.base)
        if in_bytes:
            size = ((1 << 45) - 1, 1500, 200, 1499, 700, 3)[i]
            selected = (0, 0, 1, 1, 0, 0)[i] << 125 | (i == 4) << 124 | (i % 4) << 122
            words = buffer.base | size << 57 | stride << 108 | selected
            state.sgpr[4 + 4 * i : 8 + 4 * i] = [words >> 32 * n & 0xFFFFFFFF for n in range(4)]
            continue
        high = high & 0xFFFF | stride << 16 | swizzles[i]
        state.sgpr[4 + 4 * i : 8 + 4 * i] = low, high, records, word3
    state.scratch = tame_words(rng, 64 * n).view(np.uint8).reshape(64 * n, 4).copy()
    state.lds = tame_words(rng, 1024).view(np.uint8).copy()
    buffer.bytes[:] = tame_words(rng, SIZE // 4).view(np.uint8)


def _halves(value: int) -> tuple[int, int]:
    return value & 0xFFFFFFFF, value >> 32


def _put_addresses(state: State, row: int, addresses: np.ndarray) -> None:
    wide = addresses.astype(np.uint64)
    state.vgpr[row], state.vgpr[row + 1] = wide.astype(np.uint32), wide >> np.uint64(32)


@dataclass
class MemoryStream:
    """Random memory instructions over the registers that ``prepare`` fills."""

    isa: str
    wave_size: int
    rng: random.Random
    code: bytes = field(default=b"", init=False)

    def instruction(self, row: Row) -> Instruction | None:
        """A random instruction of a row; its encoding is left in ``code``."""
        access = reach(row.op)
        assert access is not None
        layout = formats(self.isa)[row.format]
        for _ in range(20):
            raw = layout.put(layout.match, "op", row.opcode)
            operands = {spec.field for spec in (*row.dst, *row.src)}
            for name, value in self._fields(row, access).items():
                if name in layout.fields and (name in operands or name in _MODIFIERS):
                    raw = layout.put(raw, name, value)
            self.code = raw.to_bytes(layout.bytes, "little")
            try:
                inst = decode(self.isa, self.code, 0, wave_size=self.wave_size)
            except DecodeError:
                continue
            if inst.op == row.op:
                return inst
        return None

    def _fields(self, row: Row, access: Reach) -> dict[str, int]:
        rng = self.rng
        returns = access.kind != "atomic" or rng.random() < 0.7
        fields = {
            "vdst": rng.randrange(64, 240, 4), "vdata": rng.randrange(24, 44, 2),
            "data0": rng.randrange(24, 44, 2), "data1": rng.randrange(24, 44, 2),
            "glc": int(returns), "th": int(returns),
        }  # fmt: skip
        if access.kind == "atomic":
            fields["sc0"] = int(returns)
        if row.format == "MUBUF" and access.kind == "load":
            fields["vdata"] = fields["vdst"]
        family = FAMILY[self.isa]
        getattr(self, f"_{row.format.lower()}")(fields, access, family)
        return fields

    def _aligned(self, access: Reach) -> bool:
        return access.kind == "atomic"

    def _global(self, fields: dict[str, int], access: Reach, family: str) -> None:
        rng = self.rng
        pattern = rng.choice((1, 2, 3) if self._aligned(access) else range(5))
        fields["offset"] = rng.choice((0, 8, 256) if access.to_lds else (0, 8, 256, -8, -256))
        if access.lane_offset or rng.random() < 0.5:
            fields["saddr"] = 0
            fields["vaddr"] = 12 + pattern
        else:
            fields["saddr"] = 0x7F if family == "cdna" else 124
            fields["vaddr"] = 2 * pattern

    def _flat(self, fields: dict[str, int], access: Reach, family: str) -> None:
        rng = self.rng
        self._global(fields, access, family)
        private = not self._aligned(access) and access.size <= 16
        fields["vaddr"] = 10 if private and rng.random() < 0.4 else 2 * rng.choice((1, 2, 3))
        fields["saddr"] = 124 if family != "cdna" else 0
        fields["offset"] = rng.choice((0, 8)) if fields["vaddr"] == 10 else rng.choice((0, 8, 256))

    def _scratch(self, fields: dict[str, int], access: Reach, family: str) -> None:
        rng = self.rng
        fields["offset"] = rng.choice((0, 4, 8, 12, 17))
        fields["vaddr"] = 19
        fields["sve"] = rng.randrange(2)
        fields["saddr"] = rng.choice((2, 0x7F if family == "cdna" else 124))

    def _ds(self, fields: dict[str, int], access: Reach, family: str) -> None:
        rng = self.rng
        fields["vaddr"] = 12 + rng.choice((1, 2, 3) if self._aligned(access) else range(6))
        fields["offset0"], fields["offset1"] = rng.choice((0, 8, 16, 200)), rng.choice((0, 0, 3))
        if access.stride:
            fields["offset0"], fields["offset1"] = rng.sample(range(2), 2)
            fields["vaddr"] = 13 if access.stride < 64 else 12
            if access.stride == 512:
                fields["vaddr"] = 13

    def _mubuf(self, fields: dict[str, int], access: Reach, family: str) -> None:
        rng = self.rng
        fields["offen"], fields["idxen"] = rng.choice(((0, 0), (1, 0), (0, 1), (1, 1)))
        offset = rng.choice((13, 14, 15) if self._aligned(access) else (12, 13, 14, 15, 17))
        index, both = rng.choice((18, 22)), rng.choice((20, 22))
        fields["vaddr"] = {(0, 0): 0, (1, 0): offset, (0, 1): index, (1, 1): both}[
            fields["offen"], fields["idxen"]
        ]
        descriptor = rng.randrange(6)
        if access.size % 4 or self._aligned(access):
            descriptor = rng.randrange(3)
        if descriptor in (1, 4) and fields["vaddr"] == 17:  # their offsets are not checked
            fields["vaddr"] = 14
        fields["srsrc"] = (4 + 4 * descriptor) // (1 if family == "rdna4" else 4)
        fields["soffset"] = rng.choice((2, 3, 128 if family != "rdna4" else 124))
        fields["offset"] = rng.choice((0, 8, 64))

    def _smem(self, fields: dict[str, int], access: Reach, family: str) -> None:
        rng = self.rng
        fields["sdata"] = fields["sdst"] = rng.choice((64, 80))
        fields["sbase"] = 0 if access.space == "scalar" else 2 + 2 * rng.randrange(3)
        fields["offset"] = rng.choice((0, 4, 60, 170, 1490))
        fields["imm"], fields["soffset_en"] = 1, rng.randrange(2)
        with_offset = fields["soffset_en"] if family == "cdna" else rng.randrange(2)
        fields["soffset"] = 2 if with_offset else 124 if family != "cdna" else 0


class MemoryReference(Reference):
    """A reference wave with memory: ``image`` is a copy of the buffer's bytes."""

    def __init__(self, state: State, target: Target, buffer: Buffer) -> None:
        super().__init__(state, target)
        self.buffer = buffer
        self.image = buffer.bytes.copy()

    def step(self, inst: Instruction) -> None:
        entry = reach(inst.op)
        if entry is not None:
            with np.errstate(all="ignore"):
                self._access(inst, entry)
        else:
            super().step(inst)

    # Bytes of one lane.  ``place`` is ("global" | "lds" | "scratch" | "none", offset).

    def _load(self, place: tuple[str, int], size: int, lane: int) -> bytes:
        kind, at = place
        if kind == "global":
            return self.image[at : at + size].tobytes()
        if kind == "lds":
            inside = at + size <= len(self.state.lds)
            return self.state.lds[at : at + size].tobytes() if inside else bytes(size)
        if kind == "scratch":
            return bytes(self._scratch_cell(at + i, lane)[(at + i) % 4] for i in range(size))
        return bytes(size)

    def _store(self, place: tuple[str, int], data: bytes, lane: int) -> None:
        kind, at = place
        new = np.frombuffer(data, np.uint8)
        if kind == "global":
            self.image[at : at + len(data)] = new
        elif kind == "lds" and at + len(data) <= len(self.state.lds):
            self.state.lds[at : at + len(data)] = new
        elif kind == "scratch":
            for i, byte in enumerate(data):
                self._scratch_cell(at + i, lane)[(at + i) % 4] = byte

    def _scratch_cell(self, at: int, lane: int) -> np.ndarray:
        return self.state.scratch[at // 4 * self.state.wave_size + lane]

    def _place(self, address: int, *, flat: bool) -> tuple[str, int]:
        if flat and address >> 32 == SHARED >> 32:
            return "lds", address & 0xFFFFFFFF
        if flat and address >> 32 == PRIVATE >> 32:
            return "scratch", address & 0xFFFFFFFF
        return "global", address - self.buffer.address

    def _lane_value(self, operand: Operand | None, lane: int, words: int = 1) -> int:
        if operand is None or operand.kind not in ("v", "a"):
            return 0
        row = self._row(operand)
        return sum(int(self.state.vgpr[row + i][lane]) << 32 * i for i in range(words))

    def _address(self, inst: Instruction, access: Reach, lane: int) -> tuple[str, int]:
        mods, state = inst.mods, self.state
        vaddr, saddr = inst.operand("vaddr"), inst.operand("saddr")
        scalar = saddr if saddr is not None and saddr.kind == "s" and saddr.index != NULL else None
        per_lane = 4 * lane if access.lane_offset else 0
        if access.space == "lds":
            base = int(state.sgpr[M0]) & 0xFFFF if access.lane_offset else 0
            offset = (mods.offset or mods.offset0 | mods.offset1 << 8) + base + per_lane
            return "lds", (self._lane_value(vaddr, lane) + offset) & 0xFFFFFFFF
        if access.space == "scratch":
            base = int(state.sgpr[scalar.index]) if scalar else 0
            return "scratch", (self._lane_value(vaddr, lane) + base + mods.offset) & 0xFFFFFFFF
        words = 1 if scalar else 2
        base = sum(int(state.sgpr[scalar.index + i]) << 32 * i for i in (0, 1)) if scalar else 0
        address = base + self._lane_value(vaddr, lane, words) + per_lane + mods.offset
        return self._place(address, flat=access.space == "flat")

    def _access(self, inst: Instruction, access: Reach) -> None:
        if access.space.startswith("scalar"):
            self._scalar_load(inst, access)
            return
        if access.stride:
            self._pair(inst, access)
            return
        for lane in np.nonzero(self._active)[0]:
            i = int(lane)
            if access.space == "buffer":
                places = self._buffer_places(inst, access, i)
            else:
                kind, at = self._address(inst, access, i)
                places = [(kind, at + 4 * d) for d in range(max(access.size // 4, 1))]
            self._one(inst, access, places, i)

    def _one(
        self, inst: Instruction, access: Reach, places: list[tuple[str, int]], lane: int
    ) -> None:
        data = inst.operand("vdata") or inst.operand("data0")
        if access.kind == "atomic":
            self._atomic(inst, access, places[0], lane)
        elif access.kind == "store":
            assert data is not None
            self._store_lane(access, places, self._row(data), lane)
        elif access.to_lds or inst.mods.lds:
            self._load_direct(inst, access, places, lane)
        else:
            self._load_lane(access, places, self._row(inst.dst[0]), lane)

    def _load_lane(self, access: Reach, places: list[tuple[str, int]], row: int, lane: int) -> None:
        vgpr, element = self.state.vgpr, access.element
        if element.bits >= 32:
            # A single access in LDS is in range as a whole.
            if places[0][0] == "lds":
                data = self._load(places[0], access.size, lane)
            else:
                data = b"".join(self._load(place, 4, lane) for place in places)
            vgpr[row : row + len(data) // 4, lane] = np.frombuffer(data, np.uint32)
            return
        word = self._narrow(access, places[0], lane)
        old = int(vgpr[row][lane])
        if access.half == "lo":
            word = old & 0xFFFF0000 | word & 0xFFFF
        elif access.half == "hi":
            word = old & 0xFFFF | (word & 0xFFFF) << 16
        vgpr[row][lane] = word

    def _narrow(self, access: Reach, place: tuple[str, int], lane: int) -> int:
        size = access.element.bits // 8
        raw = self._load(place, size, lane)
        return int.from_bytes(raw, "little", signed=access.element.is_signed) & 0xFFFFFFFF

    def _store_lane(
        self, access: Reach, places: list[tuple[str, int]], row: int, lane: int
    ) -> None:
        vgpr = self.state.vgpr
        if access.element.bits >= 32:
            data = vgpr[row : row + access.size // 4, lane].tobytes()
            if places[0][0] == "lds":
                self._store(places[0], data, lane)
                return
            for i, place in enumerate(places):
                self._store(place, data[4 * i : 4 * i + 4], lane)
            return
        word = int(vgpr[row][lane]) >> (16 if access.half == "hi" else 0)
        size = access.element.bits // 8
        self._store(places[0], (word & (1 << 8 * size) - 1).to_bytes(size, "little"), lane)

    def _load_direct(
        self, inst: Instruction, access: Reach, places: list[tuple[str, int]], lane: int
    ) -> None:
        if access.element.bits >= 32:
            data = b"".join(self._load(place, 4, lane) for place in places)
        else:
            data = self._narrow(access, places[0], lane).to_bytes(4, "little")
        base = (int(self.state.sgpr[M0]) & 0xFFFF) + inst.mods.offset
        self._store(("lds", base + len(data) * lane), data, lane)

    def _atomic(self, inst: Instruction, access: Reach, place: tuple[str, int], lane: int) -> None:
        words = access.size // 4
        data = inst.operand("vdata") or inst.operand("data0")
        assert data is not None and access.update is not None
        values = [self._lane_value(data, lane, words)]
        if access.update.__code__.co_argcount == 3:
            second = inst.operand("data1")
            if second is None or second.kind == "none":
                row = self._row(data) + words
                second = Operand("v", row)
            values.append(self._lane_value(second, lane, words))
        old = int.from_bytes(self._load(place, access.size, lane), "little")
        new = access.update(old, *values) & (1 << 8 * access.size) - 1
        self._store(place, new.to_bytes(access.size, "little"), lane)
        if inst.dst:
            row = self._row(inst.dst[0])
            for i in range(words):
                self.state.vgpr[row + i][lane] = old >> 32 * i & 0xFFFFFFFF

    def _pair(self, inst: Instruction, access: Reach) -> None:
        words = access.size // 4
        vaddr = inst.operand("vaddr")
        lanes = [int(lane) for lane in np.nonzero(self._active)[0]]
        starts = {lane: self._lane_value(vaddr, lane) for lane in lanes}
        for lane in lanes:
            for i, unit in enumerate((inst.mods.offset0, inst.mods.offset1)):
                place = "lds", starts[lane] + unit * access.stride & 0xFFFFFFFF
                data = inst.operand(f"data{i}")
                new = self._lane_value(data, lane, words).to_bytes(access.size, "little")
                if access.kind != "store":
                    old = self._load(place, access.size, lane)
                    row = self._row(inst.dst[0]) + i * words
                    self.state.vgpr[row : row + words, lane] = np.frombuffer(old, np.uint32)
                if access.kind != "load":
                    self._store(place, new, lane)

    # Buffers.

    def _buffer_places(self, inst: Instruction, access: Reach, lane: int) -> list[tuple[str, int]]:
        mods, state = inst.mods, self.state
        srsrc, soffset = inst.operand("srsrc"), inst.operand("soffset")
        assert srsrc is not None
        if self.target.counts_buffer_bytes:
            return self._byte_places(inst, access, lane)
        w0, w1, records, w3 = (int(w) for w in state.sgpr[srsrc.index : srsrc.index + 4])
        scalar = self._scalar_words(soffset, 1)[0] if soffset is not None else 0
        selected = self.target.selects_buffer_bounds
        stride = w1 >> 16 & 0x3FFF
        swizzle = w1 >> 30 if selected else (w1 >> 31) * 1
        element = (2 << swizzle) if selected else 4
        add_lane = w3 >> 23 & 1
        if add_lane and not selected:
            stride |= (w3 >> 15 & 15) << 14
        vaddr = inst.operand("vaddr")
        both = self._lane_value(vaddr, lane, 2)
        low, high = both & 0xFFFFFFFF, both >> 32
        index = (low if mods.idxen else 0) + (lane if add_lane else 0)
        offset = ((high if mods.idxen else low) if mods.offen else 0) + mods.offset & 0xFFFFFFFF
        if swizzle:
            group = 8 << (w3 >> 21 & 3)
            at = (index // group * stride + offset // element * element) * group
            at += index % group * element + offset % element
        else:
            at = index * stride + offset
        base = (w0 | (w1 & 0xFFFF) << 32) - self.buffer.address + scalar + at
        size = min(access.size, 4) if access.kind != "atomic" else access.size
        count = access.size // size
        places = []
        for d in range(count):
            if not selected:
                if stride and mods.idxen:
                    good = index < records
                else:
                    good = at + size * d < records - scalar
            else:
                mode = w3 >> 28 & 3
                fits = offset + access.size <= stride
                good = {0: index < records and fits, 1: index < records, 2: records != 0}.get(
                    mode, offset + size * (d + 1) <= records
                )
                if mode == 3 and swizzle and stride:
                    good = index < records and fits
            places.append(("global" if good else "none", base + size * d))
        return places

    def _byte_places(self, inst: Instruction, access: Reach, lane: int) -> list[tuple[str, int]]:
        """The same on gfx1250 ("CDNA5" ISA, 9.4 and 9.6)."""
        mods, state = inst.mods, self.state
        srsrc, soffset, vaddr = (inst.operand(n) for n in ("srsrc", "soffset", "vaddr"))
        assert srsrc is not None
        words = [int(w) for w in state.sgpr[srsrc.index : srsrc.index + 4]]
        record = sum(word << 32 * n for n, word in enumerate(words))
        scalar = self._scalar_words(soffset, 1)[0] if soffset is not None else 0
        stride = (record >> 108 & 0x3FFF) * (1, 4, 8, 32)[record >> 122 & 3]
        both = self._lane_value(vaddr, lane, 2)
        low, high = both & 0xFFFFFFFF, both >> 32
        index = low if mods.idxen else 0
        offset = ((high if mods.idxen else low) if mods.offen else 0) + mods.offset
        base, limit = record & (1 << 57) - 1, record >> 57 & (1 << 45) - 1
        swizzle = record >> 124 & 1
        if swizzle:
            total = offset + scalar & (1 << 45) - 1
            at = (index // 32 * stride + total // 16 * 16) * 32 + index % 32 * 16 + total % 16
        else:
            at = scalar + (index * stride + offset & (1 << 45) - 1)
        size = min(access.size, 4) if access.kind != "atomic" else access.size
        places = []
        for d in range(access.size // size):
            end = index * stride + offset + scalar + size * (d + 1)
            good = end <= limit or limit == (1 << 45) - 1
            if record >> 125 & 1:
                good = good and offset + scalar + size * (d + 1) <= stride
            where = base - self.buffer.address + at + size * d
            places.append(("global" if good or swizzle else "none", where))
        return places

    def _scalar_load(self, inst: Instruction, access: Reach) -> None:
        state = self.state
        sbase, soffset = inst.operand("sbase"), inst.operand("soffset")
        assert sbase is not None
        offset = inst.mods.offset + (self._scalar_words(soffset, 1)[0] if soffset else 0)
        words = [int(w) for w in state.sgpr[sbase.index : sbase.index + 4]]
        base = words[0] | words[1] << 32
        limit = 1 << 64
        if access.space == "scalar_buffer":
            base &= (1 << 48) - 1
            limit = words[2] * ((words[1] >> 16 & 0x3FFF) or 1)
            if self.target.counts_buffer_bytes:
                base, upper = words[0] | (words[1] & 0x1FFFFFF) << 32, words[2] | words[3] << 32
                limit = (words[1] >> 25 | (upper & (1 << 38) - 1) << 7) * (
                    upper >> 44 & 0x3FFF or 1
                )
        size = min(access.size, 4)
        if size == 4:
            base, offset = base & ~3, offset & ~3 if limit < 1 << 64 else offset
        for i in range(access.size // size):
            at = base + offset + size * i
            at = at & ~3 if size == 4 else at
            inside = offset + size * (i + 1) <= limit
            place = ("global", at - self.buffer.address) if inside else ("none", 0)
            raw = self._load(place, size, 0)
            signed = access.element.is_signed
            word = int.from_bytes(raw, "little", signed=signed) & 0xFFFFFFFF
            state.sgpr[inst.dst[0].index + i] = word
