"""What a kernel of Triton did wrong, told in Triton's terms: source line and program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from anyroc.errors import DeviceFault, UnsupportedInstruction
from anyroc.ext import debuglines
from anyroc.ext.triton import tensors

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


def taken(stream: Stream, near: Sequence[tensors.Storage] = ()) -> KernelFault:
    """Take the fault from a stream, which works again, and return it as an exception.

    `near` are the tensors of the launch, if it may touch nothing else.
    """
    fault = stream.queue.fault
    assertion = stream.deliver()
    stream.queue.clear_fault()
    stream.forget_barrier()
    assert fault is not None
    return described(fault, assertion, near)


def described(
    fault: Fault, assertion: str = "", near: Sequence[tensors.Storage] = ()
) -> KernelFault:
    """Return the exception for a fault of a kernel."""
    loaded = fault.kernel
    source = debuglines.find(loaded.module.code.data, fault.pc) if loaded is not None else None
    # What the runtime has allocated means nothing to those who pass tensors of the host.
    lines = [replace(fault, nearest=None).text.replace(_NOTHING_NEAR, _beside(fault, near))]
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


def definition(source: Any) -> tuple[str, int] | None:
    """Return file and line of a kernel's definition, if Triton made it from Python."""
    code = getattr(getattr(getattr(source, "fn", None), "fn", None), "__code__", None)
    return None if code is None else (code.co_filename, code.co_firstlineno)


def not_started(message: str, defined: tuple[str, int] | None) -> str:
    """Return a message about a launch of which no program ran, with the kernel's definition."""
    lines = [message, "  before program (0, 0, 0)"]
    if defined is not None:
        file, line = defined
        while _source_line(file, line).startswith("@"):  # decorators are part of a definition
            line += 1
        lines[-1] += f", at {file}:{line}"
        lines += [f"    {text}"] if (text := _source_line(file, line)) else []
    return "\n".join(lines)


def unsupported(error: UnsupportedInstruction, image: bytes) -> UnsupportedInstruction:
    """Return the exception for an instruction that is not there, with the line it comes from."""
    source = debuglines.find(image, error.address)
    if source is not None:
        error.message += f"\n  it comes from {source[0]}:{source[1]}, before program (0, 0, 0)"
    return error


_NOTHING_NEAR = "; nothing is allocated"
_STRAY = "a mask that is missing or wrong, or a pointer that is not to a CPU tensor"
_HINTS = dict.fromkeys(("read", "write", "atomic"), _STRAY)


def _beside(fault: Fault, near: Sequence[tensors.Storage]) -> str:
    """Return where an address lies, seen from the nearest tensor."""
    if not near:
        return ""

    def distance(storage: tensors.Storage) -> int:
        return max(storage.address - fault.address, fault.address - storage.end, 0)

    nearest = min(near, key=distance)
    where = f"{nearest.address - fault.address} bytes before"
    if fault.address >= nearest.end:
        where = f"{fault.address - nearest.end} bytes past the end of"
    return f", {where} {nearest.name} ({nearest.size} bytes)"


def _source_line(file: str, line: int) -> str:
    import linecache

    return linecache.getline(file, line).strip()
