"""Errors that a person can act on.

Everything anyroc refuses to do ends in an `AnyrocError`: the message says what is wrong and where,
the hint says what to do next. The command line prints both and exits with status 2; any other
exception that reaches it is a bug in anyroc.
"""

from __future__ import annotations


class AnyrocError(Exception):
    """Something anyroc cannot do, explained for the person who asked.

    `str(error)` is the message followed, on a line of its own, by the hint.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\nhint: {self.hint}"


class BadInput(AnyrocError):
    """An argument, a file or an environment variable that makes no sense."""


class UnknownTarget(BadInput):
    """A GPU name that has no record in `anyroc.isa.targets`."""


class CompileError(AnyrocError):
    """The source program does not compile; `output` is what the compiler wrote."""

    def __init__(self, message: str, *, output: str = "", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.output = output

    def __str__(self) -> str:
        output = self.output.rstrip()
        return f"{output}\n{super().__str__()}" if output else super().__str__()


class ToolchainError(AnyrocError):
    """A compiler, linker or library that the work needs is missing or broken."""


class CodeObjectError(AnyrocError):
    """Bytes that are not a well-formed AMDGPU code object."""


class UnsupportedInstruction(AnyrocError):
    """An instruction that decodes but has no meaning here yet.

    `address` is the code object's virtual address of the instruction, in bytes.
    """

    def __init__(
        self,
        mnemonic: str,
        address: int,
        kernel: str,
        *,
        detail: str | None = None,
        hint: str | None = None,
    ) -> None:
        message = f"instruction {mnemonic} at {address:#x} in kernel {kernel} is not implemented"
        super().__init__(message if detail is None else f"{message}: {detail}", hint=hint)
        self.mnemonic = mnemonic
        self.address = address
        self.kernel = kernel


class DeviceFault(AnyrocError):
    """A kernel did something a GPU stops for: a stray access, a trap, a bad jump."""
