"""Control instructions: branches, jumps, barriers, the ends of waves, and special registers."""

from __future__ import annotations

from typing import Any

from anyroc.isa.immediates import hwreg
from anyroc.isa.instruction import Instruction
from anyroc.isa.tables import FAMILY
from anyroc.semantics.core import Control
from anyroc.semantics.values import BOOL, U32, U64
from anyroc.translate import layout
from anyroc.translate.modes import MODE_REGISTER, register_field
from anyroc.translate.operands import Unsupported, scalar_source
from anyroc.translate.relative import RelativeMoves

__all__ = ["ControlFlow"]

_PLACES = frozenset(
    ("HW_ID", "HW_ID1", "HW_ID2", "WAVE_HW_ID1", "WAVE_HW_ID2", "XCC_ID", "IB_STS2")
)
"""Registers that say where on the GPU a wave runs: always at the first place, in no cluster."""
_EXCEPTION_FLAGS = frozenset(("TRAPSTS", "WAVE_EXCP_FLAG_PRIV", "WAVE_EXCP_FLAG_USER"))
"""Registers of floating-point exceptions met, which are not modelled: none ever is."""
_TIMING = frozenset(("WAVE_SCHED_MODE",))
"""Registers that change only how long instructions take."""
_TTMP8 = 116


class ControlFlow(RelativeMoves):
    """Emits control instructions."""

    def control(self, inst: Instruction, entry: Control) -> None:
        """Any control instruction."""
        kind = entry.kind
        if kind == "nop":
            return
        if kind in ("denorm_mode", "round_mode"):
            self._mode(inst, 4 if kind == "denorm_mode" else 0)
            return
        if self.touches_pending_masks(inst):
            self.flush()
        if kind in ("getpc", "getreg", "clock", "cycles", "setreg", "signal_first"):
            getattr(self, f"_{kind}")(inst)
            return
        if kind == "gpr_idx":
            self._index_mode(inst, entry.argument)
            return
        self.flush()
        if kind == "end":
            self.code.do(f"ret i32 {layout.END}")
            return
        if kind == "branch":
            self._branch(inst, entry.argument)
        elif kind in ("barrier", "sleep"):
            self._leave(layout.BARRIER if kind == "barrier" else layout.YIELD)
        elif kind == "trap":
            self._trap(inst)
        elif kind in ("setpc", "swappc", "call"):
            self._jump(inst, kind)
        else:
            raise Unsupported(inst, f"control kind {kind}")

    def _leave(self, status: int) -> None:
        self.scalars.store()
        follow = self.block.successors[0]
        self.code.do(f"store i32 {self.resume_ids[follow]}, ptr %resume.at")
        self.code.do(f"ret i32 {status}")

    def _signal_first(self, _: Instruction) -> None:
        """SCC tells whether a wave is the first at a barrier: here wave 0, as TTMP8 says."""
        scalars, code = self.scalars, self.code
        place = scalars.ops.text(U32, scalars.read32(_TTMP8))
        number = code.emit(f"and i32 {place}, {31 << 25}")
        scalars.write_scc(code.emit(f"icmp eq i32 {number}, 0"))

    def _trap(self, inst: Instruction) -> None:
        number = inst.mods.simm16 & 0xFF
        if number == 3 and self.block.successors:  # a debug trap does nothing without a debugger
            self.scalars.store()
            self.code.do(f"br label %b{self.block.successors[0]:x}")
            return
        self.memory.note_position(inst)
        self.code.do(f"store i32 {number}, ptr {self.scalars.address(layout.TRAP_ID)}")
        self.scalars.store()
        self.code.do(f"ret i32 {layout.TRAP}")

    def _condition(self, argument: str) -> Any:
        scalars = self.scalars
        if argument in ("scc0", "scc1"):
            value, negate = scalars.read_scc(), argument == "scc0"
            text = scalars.ops.text(BOOL, value)
            return self.code.emit(f"xor i1 {text}, true") if negate else text
        register = layout.VCC if argument.startswith("vcc") else layout.EXEC
        name = "eq" if argument.endswith("z") and not argument.endswith("nz") else "ne"
        return scalars.ops.compare(name, scalars.mask_type, scalars.read_mask(register), 0)

    def _branch(self, inst: Instruction, argument: str) -> None:
        target = inst.branch_target
        condition = self._condition(argument) if argument else None
        self.store_scalars()
        label = f"%b{target:x}"
        backward = target <= self.block.start
        if backward:
            label = f"%back{inst.offset:x}"
        if condition is None:
            self.code.do(f"br label {label}")
        else:
            follow = self.block.successors[1]
            self.code.do(f"br i1 {condition}, label {label}, label %b{follow:x}")
        if backward:
            self._back_edge(inst, target)

    def _back_edge(self, inst: Instruction, target: int) -> None:
        """A backward branch: counts down the budget, so that no wave runs forever unasked."""
        code = self.code
        at = f"{inst.offset:x}"
        code.start(f"back{at}")
        budget = code.emit(f"getelementptr i8, ptr %wave, i64 {layout.BUDGET}")
        left = code.emit(f"sub i64 {code.emit(f'load i64, ptr {budget}')}, 1")
        code.do(f"store i64 {left}, ptr {budget}")
        spent = code.emit(f"icmp slt i64 {left}, 0")
        code.do(f"br i1 {spent}, label %spent{at}, label %b{target:x}")
        code.start(f"spent{at}")
        code.do(f"store i32 {self.resume_ids[target]}, ptr %resume.at")
        code.do(f"ret i32 {layout.YIELD}")

    def _jump(self, inst: Instruction, kind: str) -> None:
        scalars, ops = self.scalars, self.scalars.ops
        known = inst.branch_target if kind == "call" else self.graph.known_jumps.get(inst.offset)
        target = scalars.read64(inst.src[0].index) if known is None else None
        if kind != "setpc":
            follow = inst.offset + inst.size
            scalars.write64(inst.dst[0].index, scalars.code_address(follow))
        if known is not None:
            scalars.store()
            backward = known <= self.block.start
            self.code.do(f"br label %{f'back{inst.offset:x}' if backward else f'b{known:x}'}")
            if backward:
                self._back_edge(inst, known)
            return
        self.indirect = True
        relative = ops.binary("sub", U64, target, scalars.code_address(0))
        scalars.store()
        self.memory.note_position(inst)
        self.code.do(f"store i64 {ops.text(U64, relative)}, ptr %jump.at")
        self.code.do("br label %dispatch")

    def _index_mode(self, inst: Instruction, action: str) -> None:
        """M0[7:0] is the index, M0[15:12] says what it is added to."""
        if action == "off":
            return
        ops, old = self.scalars.ops, self.scalars.read32(layout.M0)
        keep = 0xFFFFFFFF
        value: Any = 0
        if action in ("on", "idx"):
            keep ^= 0xFF
            index = scalar_source(inst.src[0], 32, self.scalars).raw
            value = ops.binary("and", U32, index, 0xFF)
        if action in ("on", "mode"):
            keep ^= 0xF000
            mode = inst.mods.imm if action == "on" else inst.mods.simm16
            value = ops.binary("or", U32, value, (mode & 15) << 12)
        kept = ops.binary("and", U32, old, keep)
        self.scalars.write32(layout.M0, ops.binary("or", U32, kept, value))

    def _getpc(self, inst: Instruction) -> None:
        self.scalars.write64(inst.dst[0].index, self.scalars.code_address(inst.offset + inst.size))

    def _clock(self, inst: Instruction) -> None:
        self.code.declare("anyroc_clock", "i64")
        self._put_time(inst, self.code.emit("call i64 @anyroc_clock()"))

    def _cycles(self, inst: Instruction) -> None:
        self._put_time(inst, self._cycle_count())

    def _cycle_count(self) -> Any:
        """Return the core clock's count: of time, at the rate that the target's record has."""
        self.code.declare("anyroc_cycles", "i64", "i32")
        return self.code.emit(f"call i64 @anyroc_cycles(i32 {self.graph.target.clock_khz})")

    def _put_time(self, inst: Instruction, now: Any) -> None:
        if inst.dst[0].count == 2:
            self.scalars.write64(inst.dst[0].index, now)
        else:
            self.scalars.write32(inst.dst[0].index, self.scalars.ops.convert(U64, U32, now))

    def _register_name(self, inst: Instruction) -> str:
        isa = self.graph.target.isa
        text = hwreg(FAMILY[isa], isa, inst.mods.simm16 & 0xFFFF)
        return text.removeprefix("hwreg(").rstrip(")").partition(",")[0].removeprefix("HW_REG_")

    def _getreg(self, inst: Instruction) -> None:
        number, offset, size = register_field(inst)
        name, ops = self._register_name(inst), self.scalars.ops
        value: Any = 0
        if number == MODE_REGISTER:
            value = self.scalars.load_mode()
        elif name.startswith("SHADER_CYCLES"):
            now = ops.binary("lshr", U64, self._cycle_count(), 32 if name.endswith("HI") else 0)
            value = ops.convert(U64, U32, now)
        elif name not in _PLACES and name not in _EXCEPTION_FLAGS:
            raise Unsupported(inst, f"it reads {name}")
        moved = ops.binary("lshr", U32, value, offset)
        mask = (1 << size) - 1
        self.scalars.write32(inst.dst[0].index, ops.binary("and", U32, moved, mask))

    def _setreg(self, inst: Instruction) -> None:
        number, offset, size = register_field(inst)
        if number != MODE_REGISTER:
            name = self._register_name(inst)
            if name not in _EXCEPTION_FLAGS and name not in _TIMING:
                raise Unsupported(inst, f"it writes {name}")
            return
        ops = self.scalars.ops
        mask = ((1 << size) - 1) << offset
        source = scalar_source(inst.src[0], 32, self.scalars).raw
        placed = ops.binary("and", U32, ops.binary("shl", U32, source, offset), mask)
        kept = ops.binary("and", U32, self.scalars.load_mode(), 0xFFFFFFFF ^ mask)
        self.scalars.store_mode(ops.binary("or", U32, kept, placed))

    def _mode(self, inst: Instruction, shift: int) -> None:
        """s_round_mode and s_denorm_mode set MODE[3:0] and MODE[7:4]."""
        ops = self.scalars.ops
        kept = ops.binary("and", U32, self.scalars.load_mode(), 0xFFFFFFFF ^ (15 << shift))
        self.scalars.store_mode(ops.binary("or", U32, kept, (inst.mods.simm16 & 15) << shift))
