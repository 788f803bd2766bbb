"""The two ways to launch: our own launcher, and Triton's over libamdhip64.

`ANYROC_TRITON_LAUNCHER=hip` takes Triton's own, in C, which is what runs on a real GPU: it needs a
C compiler and Python's headers, and calls the HIP runtime through its C functions. The other one is
the default: it needs neither.
"""

from __future__ import annotations

import os
from typing import Any

from anyroc.errors import BadInput

VARIABLE = "ANYROC_TRITON_LAUNCHER"


def chosen() -> str:
    """Return "python" or "hip"."""
    name = os.environ.get(VARIABLE, "") or "python"
    if name not in ("python", "hip"):
        raise BadInput(f"{VARIABLE}={name} is neither python nor hip")
    return name


def utils() -> Any:
    """Return what loads code objects."""
    if chosen() == "python":
        from anyroc.ext.triton.loading import Utils

        return Utils()
    from anyroc.ext.triton import hiplauncher

    return hiplauncher.utils()


def launcher() -> Any:
    """Return the class whose instances launch a kernel."""
    if chosen() == "python":
        from anyroc.ext.triton.launcher import Launcher

        return Launcher
    from anyroc.ext.triton import hiplauncher

    return hiplauncher.Launcher
