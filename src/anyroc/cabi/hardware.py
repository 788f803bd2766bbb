"""AMD's own libamdhip64.so, in place of the software GPU's: where it is, under which names."""

from __future__ import annotations

import os
from pathlib import Path

from anyroc import cache
from anyroc.cabi import table
from anyroc.errors import BadInput

VARIABLE = "ANYROC_HIP"
SOFTWARE = "software"
_DRIVER = Path("/dev/kfd")


def library() -> Path | None:
    """Return the libamdhip64.so that programs are to use, None for the software GPU's.

    ANYROC_HIP names it, or is "software". Without it a GPU is used where there is one: where the
    kernel has AMD's driver and ROCm is installed. BadInput if the variable names no file.
    """
    text = os.environ.get(VARIABLE, "")
    if text == SOFTWARE:
        return None
    if text:
        path = Path(text).absolute()
        if not path.is_file():
            raise BadInput(
                f"{VARIABLE}={text} is not a file",
                hint=f"name ROCm's libamdhip64.so, or say {VARIABLE}={SOFTWARE}",
            )
        return path
    installed = Path(os.environ.get("ROCM_PATH") or "/opt/rocm") / "lib" / "libamdhip64.so"
    return installed if os.access(_DRIVER, os.R_OK | os.W_OK) and installed.is_file() else None


def aliases(path: Path) -> Path:
    """Return a folder in which a library has all names under which programs look for it."""
    hip = table.load("hip")

    def make(folder: Path) -> None:
        folder.mkdir()
        for name in (hip.file_name, *hip.sonames):
            (folder / name).symlink_to(path)

    return cache.default().make("cabi", f"{cache.key(str(path))}-aliases", "", make)
