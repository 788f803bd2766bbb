"""What stopped a kernel, told so that one can act on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anyroc.errors import AnyrocError
from anyroc.gpu import binding
from anyroc.gpu.memory import Allocation, address_space

if TYPE_CHECKING:
    from anyroc.gpu.kernel import LoadedKernel

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

    `kind` is one of `KINDS`; `kernel` is None for a copy. `pc` is the code object's address of the
    instruction; `lane` is None where the access was found by the system and not by a check.
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
        """The kernel's name, "" for a copy."""
        return self.kernel.name if self.kernel is not None else ""

    @property
    def instruction(self) -> str:
        """The instruction as text, "" where it cannot be had."""
        if self.kernel is None:
            return ""
        from anyroc.isa.decode import decode
        from anyroc.isa.disasm import format_instruction

        code, kernel = self.kernel.module.code, self.kernel.kernel
        try:
            segment = code.code_segment(self.pc)
            start = segment.offset + self.pc - segment.vaddr
            text = code.data[start : segment.offset + segment.filesz]
            instruction = decode(code.target, text, 0, wave_size=kernel.wave_size)
            return format_instruction(instruction, code.target)
        except AnyrocError:
            return ""

    @property
    def text(self) -> str:
        """The report: what, where, and what lies near."""
        if self.kind == "copy":
            verb = "reads" if self.status == _READ else "writes"
            return f"a copy {verb} memory that is not there, at {self.address:#x}{self._near()}"
        what = self._what()
        if self.kind in ("stopped", "memory"):
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
        offset = self.pc - self.kernel.kernel.entry
        text = self.instruction
        lane = f"lane {self.lane} of " if self.lane is not None else ""
        x, y, z = self.group
        where = f"{lane}wave {self.wave}, workgroup ({x}, {y}, {z})"
        return f"at {self.kernel_name}+{offset:#x}{': ' if text else ''}{text}\n  by {where}"


def from_record(record: binding.FaultRecord, kernel: LoadedKernel | None) -> Fault:
    """Make a `Fault` of the runtime's record."""
    kind = KINDS.get(record.kind, "status")
    located = kind in ("read", "write", "atomic", "misaligned", "copy")
    return Fault(
        kind=kind,
        kernel=kernel,
        pc=record.pc,
        lane=None if record.lane == binding.NO_LANE else record.lane,
        address=record.address,
        size=record.size,
        group=(record.group[0], record.group[1], record.group[2]),
        wave=record.wave_id,
        trap_id=record.trap_id,
        status=record.address if kind == "status" else record.status,
        nearest=address_space().nearest(record.address) if located else None,
    )
