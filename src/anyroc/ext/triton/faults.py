"""What a kernel of Triton did wrong, told in Triton's terms: source line and program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anyroc.errors import DeviceFault
from anyroc.ext import debuglines

if TYPE_CHECKING:
    from anyroc.gpu.fault import Fault
    from anyroc.hip.stream import Stream


class KernelFault(DeviceFault):
    """A launch that failed; the process and the device go on.

    `kernel` is the kernel's name, `program` the program id, `source` the file and line of the
    statement, or None where the code object has no line table.
    """

    def __init__(
        self,
        message: str,
        *,
        kernel: str,
        program: tuple[int, int, int],
        source: tuple[str, int] | None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.kernel = kernel
        self.program = program
        self.source = source


def taken(stream: Stream) -> KernelFault:
    """Take the fault from a stream, which works again, and return it as an exception."""
    fault = stream.queue.fault
    assertion = stream.deliver()
    stream.queue.clear_fault()
    assert fault is not None
    return described(fault, assertion)


def described(fault: Fault, assertion: str = "") -> KernelFault:
    """Return the exception for a fault of a kernel."""
    loaded = fault.kernel
    source = debuglines.find(loaded.module.code.data, fault.pc) if loaded is not None else None
    lines = [fault.text]
    if fault.kind == "trap" and assertion:
        lines = [f"kernel {fault.kernel_name}: {assertion}"]
    x, y, z = fault.group
    lines.append(f"  in program ({x}, {y}, {z})")
    if source is not None:
        lines[-1] += f", at {source[0]}:{source[1]}"
        text = _source_line(*source)
        if text:
            lines.append(f"    {text}")
    return KernelFault(
        "\n".join(lines),
        kernel=fault.kernel_name,
        program=fault.group,
        source=source,
        hint=_HINTS.get(fault.kind),
    )


_HINTS: dict[str, Any] = {
    "read": "a mask that is missing or wrong, or a pointer that is not to a CPU tensor",
    "write": "a mask that is missing or wrong, or a pointer that is not to a CPU tensor",
    "atomic": "a mask that is missing or wrong, or a pointer that is not to a CPU tensor",
}


def _source_line(file: str, line: int) -> str:
    import linecache

    return linecache.getline(file, line).strip()
