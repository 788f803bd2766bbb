"""Kernels for clients that load compiled code: HIP source to a code object of the target."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from anyroc.compiler import compile_device
from anyroc.isa import targets


def compiled(source: str) -> bytes:
    """Return the code object of HIP source for the GPU that this process runs on."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kernels.hip"
        path.write_text(source, encoding="utf-8")
        return compile_device(path, target=targets.target(os.environ["ANYROC_TARGET"]))
