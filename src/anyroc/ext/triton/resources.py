"""What a kernel needs more of than the device has, told with the kernel's name and place."""

from __future__ import annotations

from typing import Any

from triton.runtime import errors

from anyroc.ext.triton import faults


class OutOfResources(errors.OutOfResources):
    """A kernel that needs more of something than the device has; autotuning passes over it."""

    def __init__(
        self, required: int, limit: int, name: str, kernel: str, defined: tuple[str, int] | None
    ) -> None:
        super().__init__(required, limit, name)
        self.kernel = kernel
        self.defined = defined

    def __str__(self) -> str:
        return faults.not_started(f"kernel {self.kernel}: {super().__str__()}", self.defined)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.required, self.limit, self.name, self.kernel, self.defined)
