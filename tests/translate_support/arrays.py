"""Random code as compilers make it for arrays: addresses computed from the work-item's number."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from translate_support.machine import State
from translate_support.memory import Buffer, tame_words
from translate_support.programs import Program

__all__ = ["ArrayProgram", "prepare_arrays"]

_X = 0
_DATA = range(24, 40)
_OFF = {"cdna3": 0x7F, "rdna3_5": 124, "rdna4": 124}
_BYTES = {"u8": 1, "i8": 1, "u16": 2, "b32": 4, "b64": 8, "b96": 12, "b128": 16}


def prepare_arrays(state: State, buffer: Buffer, rng: np.random.Generator, wave: int) -> None:
    """v0 holds consecutive numbers, s0 the buffer's address, v24 and up data."""
    state.vgpr[24:64] = tame_words(rng, 40 * state.wave_size).reshape(40, -1)
    state.vgpr[_X] = wave * state.wave_size + np.arange(state.wave_size)
    state.sgpr[0], state.sgpr[1] = buffer.base & 0xFFFFFFFF, buffer.base >> 32
    state.sgpr[20] = 32
    state.lds = tame_words(rng, 1024).view(np.uint8).copy()
    buffer.bytes[:] = tame_words(rng, len(buffer.bytes) // 4).view(np.uint8)


@dataclass
class ArrayProgram(Program):
    """``strides`` are the rows that hold byte offsets below 8 KiB, with how they grow by lane."""

    strides: dict[int, int] = field(default_factory=dict)

    def fill(self, depth: int, size: int) -> None:
        for _ in range(size):
            self._offset()
            for _ in range(self.rng.randrange(1, 6)):
                self.rng.choice((self._global, self._global, self._local, self._compute))()
            if depth and self.rng.random() < 0.6:
                kept = dict(self.strides)
                self.rng.choice((self._guard, self._repeat, self._pause))(depth - 1)
                self.strides = {r: s for r, s in self.strides.items() if kept.get(r) == s}

    def _offset(self) -> None:
        rng = self.rng
        row = rng.randrange(2, 8)
        shift, factor = rng.randrange(2, 5), rng.choice((4, 8, 12, 16))
        match rng.randrange(6):
            case 0:
                self.emit("VOP2", "v_lshlrev_b32", vdst=row, src0=128 + shift, src1=_X)
                self.strides[row] = 1 << shift
            case 1:
                self.emit("VOP2", "v_mul_u32_u24", vdst=row, src0=128 + factor, src1=_X)
                self.strides[row] = factor
            case 2:
                self.emit("VOP3", "v_mad_u32_u24", vdst=row, src0=256, src1=128 + factor, src2=20)
                self.strides[row] = factor
            case 3:
                self.emit(
                    "VOP3", "v_lshl_add_u32", vdst=row, src0=256, src1=128 + shift, src2=128 + 60
                )
                self.strides[row] = 1 << shift
            case 4:
                self.emit("VOP2", "v_lshlrev_b32", vdst=row, src0=128 + 2, src1=_X)
                self.emit("VOP2", "v_sub_nc_u32", vdst=row, src0=255, src1=row, literal=4080)
                self.strides[row] = -4
            case 5:
                self.emit("VOP2", "v_and_b32", vdst=row, src0=255, src1=_X, literal=0xFF0)
                self.strides[row] = 0

    def _global(self) -> None:
        rng = self.rng
        if not self.strides:
            return
        row, stride = rng.choice(list(self.strides.items()))
        address = {"vaddr": row, "saddr": 0, "offset": rng.choice((0, 16, -32, 256))}
        if rng.random() < 0.4:
            pair = rng.randrange(12, 20, 2)
            self._wide(pair, row)
            address.update(vaddr=pair, saddr=_OFF[self.isa])
        self._access("GLOBAL", "global", stride, address, "vdata")

    def _wide(self, pair: int, row: int) -> None:
        """The 64-bit address s[0:1] + row."""
        add = "v_add_co_u32"
        self.emit("VOP1", "v_mov_b32", vdst=pair + 1, src0=1)
        if self.isa == "cdna3":
            self.emit("VOP2", add, vdst=pair, src0=0, src1=row)
        else:
            self.emit("VOP3SD", add, vdst=pair, sdst=106, src0=0, src1=256 + row)
        self.emit("VOP2", "v_add_co_ci_u32", vdst=pair + 1, src0=128, src1=pair + 1)

    def _local(self) -> None:
        if self.strides:
            row, stride = self.rng.choice(list(self.strides.items()))
            offset = self.rng.choice((0, 16, 200))
            self._access("DS", "ds", stride, {"vaddr": row, "offset0": offset}, "data0")

    def _access(
        self, format_: str, prefix: str, stride: int, address: dict[str, int], data: str
    ) -> None:
        rng = self.rng
        row = rng.randrange(24, 36, 2)  # where CDNA's tuples may begin
        sizes = [name for name, size in _BYTES.items() if size <= abs(stride)]
        if rng.random() < 0.4 and sizes:
            width = rng.choice(sizes).replace("u", "b").replace("i", "b")
            self.emit(format_, f"{prefix}_store_{width}", **address, **{data: row})
        else:
            self.emit(format_, f"{prefix}_load_{rng.choice(list(_BYTES))}", **address, vdst=row)

    def _compute(self) -> None:
        rng = self.rng
        a, b, to = (rng.choice(_DATA) for _ in range(3))
        name = rng.choice(("v_add_nc_u32", "v_xor_b32", "v_max_i32", "v_mul_u32_u24"))
        self.emit("VOP2", name, vdst=to, src0=256 + a, src1=b)
        if rng.random() < 0.2:
            self.emit("VOP2", "v_add_nc_u32", vdst=to, src0=20, src1=a)

    def _guard(self, depth: int) -> None:
        """What ``if (x < n)`` becomes, n anywhere in the wave."""
        saved, end = self.scalar(), self.label()
        bound = self.rng.randrange(65)
        self.emit("VOPC", "v_cmp_gt_u32", src0=128 + bound, src1=_X)
        self.emit("SOP1", self._wave("s_and_saveexec"), sdst=saved, ssrc0=106)
        self.branch("s_cbranch_execz", end)
        self.fill(depth, 1)
        self.parts.append(end)
        self.emit("SOP2", self._wave("s_or"), sdst=126, ssrc0=126, ssrc1=saved)
