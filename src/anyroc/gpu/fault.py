"""What stopped a kernel, told so that one can act on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anyroc.errors import CodeObjectError
from anyroc.gpu import binding
from anyroc.gpu.memory import Allocation, address_space

if TYPE_CHECKING:
    from anyroc.gpu.kernel import LoadedKernel
    from anyroc.isa.instruction import Instruction

KINDS = {
    1: "read",
    2: "write",
    3: "atomic",
    4: "misaligned",
    5: "private",
    16: "trap",
    17: "bad_pc",
    18: "arithmetic",
    19: "status",
    20: "stopped",
    21: "copy",
    22: "memory",
}

_ACCESS = {"read": "read", "write": "write", "atomic": "atomic access", "misaligned": "access"}
_READ = 1


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that went wrong on a queue.

    `kind` is one of `KINDS`; `kernel` is None for a copy, or when its module is gone. `pc` is the
    code object's address of the instruction; `lane` is None where it cannot be told.
    """

    kind: str
    kernel: LoadedKernel | None
    pc: int
    lane: int | None
    address: int
    size: int
    group: tuple[int, int, int]
    wave: int
    trap_id: int
    status: int
    nearest: Allocation | None

    @property
    def kernel_name(self) -> str:
        """The kernel's name."""
        return self.kernel.name if self.kernel is not None else "(unloaded)"

    @property
    def instruction(self) -> str:
        """The instruction as text, "" where it cannot be had."""
        if self.kernel is None:
            return ""
        from anyroc.isa.disasm import format_instruction

        decoded = instruction_at(self.kernel, self.pc)
        return (
            "" if decoded is None else format_instruction(decoded, self.kernel.module.code.target)
        )

    @property
    def text(self) -> str:
        """The report: what, where, and what lies near."""
        if self.kind == "copy":
            verb = "reads" if self.status == _READ else "writes"
            return f"a copy {verb} memory that is not there, at {self.address:#x}{self._near()}"
        what = self._what()
        if self.kind in ("stopped", "memory") or self.kernel is None:
            return f"kernel {self.kernel_name}: {what}"
        return f"kernel {self.kernel_name}: {what}\n  {self._place()}"

    def _what(self) -> str:
        if self.kind in _ACCESS:
            bytes_ = f" of {self.size} bytes" if self.size else ""
            why = "misaligned" if self.kind == "misaligned" else "illegal"
            return f"{why} {_ACCESS[self.kind]}{bytes_} at {self.address:#x}{self._near()}"
        return {
            "private": f"access beyond the scratch memory of a lane, at offset {self.address:#x}",
            "trap": f"s_trap {self.trap_id} (an assertion or __builtin_trap)",
            "bad_pc": f"jump to {self.address:#x}, where there is no code",
            "arithmetic": "the translated code raised an arithmetic or illegal-instruction signal",
            "status": f"the translated code returned unknown status {self.status}",
            "stopped": "stopped on request or by the step limit",
            "memory": "no host memory for the registers of a workgroup",
        }[self.kind]

    def _near(self) -> str:
        near = self.nearest
        if near is None:
            return "; nothing is allocated"
        if self.address < near.base:
            where = f"{near.base - self.address} bytes before it"
        elif self.address < near.end:
            where = f"{self.address - near.base} bytes inside it"
        else:
            where = f"{self.address - near.end} bytes past its end"
        return f"; nearest allocation: {near}, {where}"

    def _place(self) -> str:
        assert self.kernel is not None
        function, offset = self._function()
        text = self.instruction
        lane = f"lane {self.lane} of " if self.lane is not None else ""
        x, y, z = self.group
        where = f"{lane}wave {self.wave}, workgroup ({x}, {y}, {z})"
        return f"at {function}+{offset:#x}{': ' if text else ''}{text}\n  by {where}"

    def _function(self) -> tuple[str, int]:
        """The function that the instruction belongs to, and the offset in it."""
        assert self.kernel is not None
        for symbol in self.kernel.module.code.symbols.values():
            if symbol.kind == "func" and 0 <= self.pc - symbol.vaddr < symbol.size:
                return symbol.name, self.pc - symbol.vaddr
        return self.kernel_name, self.pc - self.kernel.kernel.entry


def from_record(
    record: binding.FaultRecord, kernel: LoadedKernel | None, vgprs: bytes = b""
) -> Fault:
    """Make a `Fault` of the runtime's record and the wave's vector registers."""
    kind = KINDS.get(record.kind, "status")
    located = kind in ("read", "write", "atomic", "misaligned", "copy")
    lane = None if record.lane == binding.NO_LANE else int(record.lane)
    if lane is None and located and kernel is not None:
        lane = _lane(record, kernel, vgprs)
    return Fault(
        kind=kind,
        kernel=kernel,
        pc=record.pc,
        lane=lane,
        address=record.address,
        size=record.size,
        group=(record.group[0], record.group[1], record.group[2]),
        wave=record.wave_id,
        trap_id=record.trap_id,
        status=record.address if kind == "status" else record.status,
        nearest=address_space().nearest(record.address) if located else None,
    )


def instruction_at(kernel: LoadedKernel, pc: int) -> Instruction | None:
    """Return the instruction at an address of the kernel's code object, if there is one."""
    from anyroc.isa.decode import decode

    code = kernel.module.code
    try:
        segment = code.code_segment(pc)
        start = segment.offset + pc - segment.vaddr
        text = code.data[start : segment.offset + segment.filesz]
        return decode(code.target, text, 0, wave_size=kernel.wave_size)
    except CodeObjectError:
        return None


_WIDEST_ACCESS = 16


def _lane(record: binding.FaultRecord, kernel: LoadedKernel, vgprs: bytes) -> int | None:
    """Return the first lane whose address, as the registers still have it, explains the fault.

    A load may have overwritten its own address registers by then: in that case it is not found.
    """
    instruction = instruction_at(kernel, record.pc)
    if instruction is None or instruction.format not in ("GLOBAL", "FLAT"):
        return None
    vaddr, saddr = instruction.operand("vaddr"), instruction.operand("saddr")
    if vaddr is None or vaddr.kind != "v":
        return None
    size, wave = kernel.wave_size, record.wave
    words = memoryview(vgprs).cast("I")
    if (vaddr.index + vaddr.count) * size > len(words):
        return None  # a damaged kernel names registers that it did not ask for
    base = instruction.mods.offset
    if saddr is not None and saddr.kind == "s" and saddr.index < 127:
        base += wave.sgpr[saddr.index] | wave.sgpr[saddr.index + 1] << 32
    exec_ = wave.sgpr[126] | wave.sgpr[127] << 32
    for lane in range(size):
        parts = [words[(vaddr.index + part) * size + lane] for part in range(vaddr.count)]
        address = sum(value << 32 * part for part, value in enumerate(parts)) + base
        if exec_ >> lane & 1 and 0 <= record.address - address < _WIDEST_ACCESS:
            return lane
    return None
