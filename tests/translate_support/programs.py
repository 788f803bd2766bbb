"""Random programs with control flow, and a reference machine that follows it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from anyroc.isa.decode import decode
from anyroc.isa.instruction import Instruction
from anyroc.semantics.core import OPERATIONS, Control
from translate_support.encode import encode
from translate_support.machine import ENTRY, RETURN
from translate_support.reference import Reference
from translate_support.streams import Stream

__all__ = ["Program", "follow"]

_VCC, _EXEC = 106, 126
_COUNTER_ROW = 40


@dataclass
class Program:
    """Code with labels; ``blocks`` are encodings, label names, or branches to labels."""

    isa: str
    wave_size: int
    rng: random.Random
    parts: list[bytes | str | tuple[str, str]] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    barriers: bool = True
    labels: int = 0
    scalars: int = 40

    def __post_init__(self) -> None:
        self.stream = Stream(self.isa, self.wave_size, self.rng)

    # Assembly.

    def emit(self, format_: str, op: str, **fields: int) -> None:
        self.parts.append(encode(self.isa, format_, op, **fields))

    def branch(self, op: str, label: str) -> None:
        self.parts.append((op, label))

    def label(self) -> str:
        self.labels += 1
        return f"L{self.labels}"

    def scalar(self) -> int:
        """A fresh pair of scalar registers that random code leaves alone."""
        self.scalars += 2
        return self.scalars - 2

    def assemble(self) -> bytes:
        at, places = 0, {}
        for part in self.parts:
            if isinstance(part, str):
                places[part] = at
            elif isinstance(part, bytes):
                at += len(part)
            else:
                at += 8 if part[0] == "literal" else 4
        code = b""
        for part in self.parts:
            if isinstance(part, bytes):
                code += part
            elif isinstance(part, tuple):
                op, label = part
                if op == "literal":
                    register, _, name = label.partition(" ")
                    offset = places[name] - len(code)  # s_getpc_b64 gives this very place
                    code += encode(
                        self.isa, "SOP2", "s_add_co_u32", sdst=int(register), ssrc0=int(register),
                        ssrc1=255, literal=offset,
                    )  # fmt: skip
                else:
                    step = (places[label] - len(code) - 4) // 4
                    code += encode(self.isa, "SOPP", op, simm16=step & 0xFFFF)
        return code

    # Random structure.

    def fill(self, depth: int, size: int) -> None:
        """Random code with nested structures."""
        for _ in range(size):
            self.parts += [code for _, code in self.stream.make(self.rng.randrange(1, 6))]
            if depth and self.rng.random() < 0.6:
                self.rng.choice((self._when, self._repeat, self._diverge, self._pause, self._call))(
                    depth - 1
                )

    def finish(self) -> bytes:
        """Ends the program and appends the functions that it calls."""
        self.emit("SOP1", "s_setpc_b64", ssrc0=RETURN)
        while self.functions:
            self.parts.append(self.functions.pop(0))
            self.fill(1, 1)
            self.emit("SOP1", "s_setpc_b64", ssrc0=30 + 64)
        return self.assemble()

    def _wave(self, name: str) -> str:
        return f"{name}_b{self.wave_size}"

    def _compare(self, constant: int) -> None:
        row = self.rng.randrange(24)
        self.emit("VOPC", "v_cmp_gt_u32", src0=128 + constant, src1=row)

    def _when(self, depth: int) -> None:
        saved, end = self.scalar(), self.label()
        self._compare(self.rng.randrange(64))
        self.emit("SOP1", self._wave("s_and_saveexec"), sdst=saved, ssrc0=_VCC)
        if self.rng.random() < 0.7:
            self.branch("s_cbranch_execz", end)
        self.fill(depth, 1)
        self.parts.append(end)
        self.emit("SOP2", self._wave("s_or"), sdst=_EXEC, ssrc0=_EXEC, ssrc1=saved)

    def _repeat(self, depth: int) -> None:
        counter, start = self.scalar(), self.label()
        self.emit("SOP1", "s_mov_b32", sdst=counter, ssrc0=128 + self.rng.randrange(1, 5))
        self.parts.append(start)
        self.fill(depth, 1)
        self.emit("SOP2", "s_add_co_i32", sdst=counter, ssrc0=counter, ssrc1=193)
        self.emit("SOPC", "s_cmp_lg_u32", ssrc0=counter, ssrc1=128)
        self.branch("s_cbranch_scc1", start)

    def _diverge(self, depth: int) -> None:
        """A loop that each lane leaves on its own, at most six times around."""
        saved, limit, start, end = self.scalar(), self.scalar(), self.label(), self.label()
        row = _COUNTER_ROW + self.rng.randrange(8)
        self.emit("SOP1", self._wave("s_mov"), sdst=saved, ssrc0=_EXEC)
        self.emit("SOP1", "s_mov_b32", sdst=limit, ssrc0=128 + 6)
        self.emit("VOP2", "v_and_b32", vdst=row, src0=128 + 7, src1=self.rng.randrange(24))
        self.parts.append(start)
        self.fill(depth, 1)
        self.emit("SOP2", "s_add_co_i32", sdst=limit, ssrc0=limit, ssrc1=193)
        self.emit("SOPC", "s_cmp_lg_u32", ssrc0=limit, ssrc1=128)
        self.branch("s_cbranch_scc0", end)
        self.emit("VOP2", "v_sub_nc_u32", vdst=row, src0=256 + row, src1=row + 16)
        self.emit("VOPC", "v_cmp_lt_i32", src0=128, src1=row)
        self.emit("SOP2", self._wave("s_and"), sdst=_EXEC, ssrc0=_EXEC, ssrc1=_VCC)
        self.branch("s_cbranch_execnz", start)
        self.parts.append(end)
        self.emit("SOP1", self._wave("s_mov"), sdst=_EXEC, ssrc0=saved)

    def _pause(self, depth: int) -> None:
        if not self.barriers:
            return
        if self.rng.random() < 0.5:
            self.emit("SOPP", "s_sleep", simm16=1)
        elif self.isa == "rdna4":
            self.emit("SOPP", "s_barrier_wait", simm16=0xFFFF)
        else:
            self.emit("SOPP", "s_barrier")

    def _call(self, depth: int) -> None:
        if depth < 1:
            return
        name = f"F{self.label()}"
        target, link = self.scalar(), 30 + 64
        self.emit("SOP1", "s_getpc_b64", sdst=target)
        self.parts.append(("literal", f"{target} {name}"))
        self.emit("SOP2", "s_add_co_ci_u32", sdst=target + 1, ssrc0=target + 1, ssrc1=128)
        self.emit("SOP1", "s_swappc_b64", sdst=link, ssrc0=target)
        self.functions.append(name)


def follow(reference: Reference, code: bytes, isa: str, *, limit: int = 100000) -> int:
    """Runs code from its start until a jump leaves it; returns the number of instructions run."""
    state, at = reference.state, 0
    cache: dict[int, Instruction] = {}
    for count in range(limit):
        if not 0 <= at < len(code):
            return count
        if at not in cache:
            cache[at] = decode(isa, code, at, wave_size=state.wave_size)
        inst = cache[at]
        entry = None if inst.parts else OPERATIONS[inst.op]
        follow_at = at + inst.size
        if isinstance(entry, Control) and entry.kind in ("branch", "getpc", "setpc", "swappc"):
            at = _jump(reference, inst, entry, follow_at)
        else:
            if not (isinstance(entry, Control) and entry.kind in ("barrier", "sleep")):
                reference.step(inst)
            at = follow_at
    raise AssertionError("the program does not end")


def _jump(reference: Reference, inst: Instruction, entry: Control, follow_at: int) -> int:
    state, here = reference.state, follow_at + ENTRY
    if entry.kind == "branch":
        vcc, execute = reference.mask_at(_VCC), reference.mask_at(_EXEC)
        taken = {
            "": True, "scc0": not state.scc, "scc1": bool(state.scc), "vccz": not vcc,
            "vccnz": bool(vcc), "execz": not execute, "execnz": bool(execute),
        }[entry.argument]  # fmt: skip
        return inst.branch_target if taken else follow_at
    if entry.kind == "getpc":
        reference.put_scalar(inst.dst[0].index, here, 2)
        return follow_at
    register = inst.src[0].index
    target = int(state.sgpr[register]) | int(state.sgpr[register + 1]) << 32
    if entry.kind == "swappc":
        reference.put_scalar(inst.dst[0].index, here, 2)
    return target - ENTRY
