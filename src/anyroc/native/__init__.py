"""The native part: the runtime of the software GPU and the helpers of generated code, in C.

One shared library, built on first use; see `anyroc.native.build`.
"""

from __future__ import annotations

import ctypes
from functools import cache

from anyroc.native.build import library_path

__all__ = ["library", "library_path", "symbol"]


@cache
def library() -> ctypes.CDLL:
    """Return the loaded native library, building it first if need be."""
    return ctypes.CDLL(str(library_path()))


def symbol(name: str) -> int:
    """Return the address of a function or variable of the native library.

    Raises ValueError if it has none of that name.
    """
    return ctypes.addressof(ctypes.c_char.in_dll(library(), name))
