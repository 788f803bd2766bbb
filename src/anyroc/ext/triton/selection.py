"""Whether the software GPU is the one that Triton should use."""

from __future__ import annotations

import importlib.util
import os
import sys

from anyroc.errors import BadInput

NAME = "anyroc"
"""The name of the entry point, for TRITON_DEFAULT_BACKEND."""

VARIABLE = "ANYROC_TRITON"


def chosen() -> bool:
    """Return whether this driver is Triton's.

    ANYROC_TRITON=1 and TRITON_DEFAULT_BACKEND=anyroc say yes, ANYROC_TRITON=0 and the name of
    another backend say no. Otherwise it is so exactly where PyTorch sees no GPU: a real one, AMD's
    or not, goes first.
    """
    asked = os.environ.get(VARIABLE, "")
    if asked not in ("", "0", "1"):
        raise BadInput(f"{VARIABLE}={asked} is neither 0 nor 1")
    if asked:
        return asked == "1"
    backend = os.environ.get("TRITON_DEFAULT_BACKEND", "")
    if backend:
        return backend == NAME
    return not _a_gpu_is_there()


def _a_gpu_is_there() -> bool:
    if "torch" not in sys.modules and importlib.util.find_spec("torch") is None:
        return False
    import torch

    return bool(torch.cuda.is_available() or torch.xpu.is_available())
