"""Calling a BLAS or LAPACK library: Fortran's conventions, on addresses."""

from __future__ import annotations

import ctypes
import functools
import os
from pathlib import Path
from typing import Any

from anyroc.errors import ToolchainError

Argument = str | int | float | bytes | ctypes.c_void_p
"""A letter, an integer, or where something is (`place`)."""

_NUMPYS = ("libscipy_openblas64_*.so", "scipy_{}_64_", ctypes.c_int64)
_SYSTEMS: tuple[tuple[str, str, Any], ...] = (
    ("libopenblas64_.so.0", "{}_64_", ctypes.c_int64),
    ("libopenblas.so.0", "{}_", ctypes.c_int32),
    ("liblapack.so.3", "{}_", ctypes.c_int32),
)
_RESULTS = {"f": ctypes.c_float, "d": ctypes.c_double}


def place(address: int) -> ctypes.c_void_p:
    """Return an argument that is the memory at an address."""
    return ctypes.c_void_p(address)


class Library:
    """A BLAS and LAPACK library: its functions by the names that Fortran has for them."""

    def __init__(self, handle: ctypes.CDLL, names: str, integer: Any) -> None:
        self._handle = handle
        self._names = names
        self._integer = integer
        self._functions: dict[tuple[str, str], Any] = {}

    def __contains__(self, name: str) -> bool:
        return hasattr(self._handle, self._names.format(name))

    @property
    def integer_size(self) -> int:
        """The bytes of an integer."""
        return ctypes.sizeof(self._integer)

    def call(self, name: str, *arguments: Argument, result: str = "") -> Any:
        """Call a subroutine, or a function whose result is "i", "f" or "d".

        A letter and an integer are passed as Fortran does, by address; `bytearray` and addresses
        are memory that is read and written.
        """
        function = self._functions.get((name, result)) or self._function(name, result)
        made = [self._passed(argument) for argument in arguments]
        letters = [ctypes.c_size_t(1) for argument in arguments if isinstance(argument, str)]
        return function(*made, *letters)

    def _function(self, name: str, result: str) -> Any:
        # A type of its own, for an attribute of the handle is shared between threads.
        kind = self._integer if result == "i" else _RESULTS.get(result)
        address = ctypes.cast(getattr(self._handle, self._names.format(name)), ctypes.c_void_p)
        function = ctypes.CFUNCTYPE(kind)(address.value or 0)
        self._functions[name, result] = function
        return function

    def _passed(self, argument: Argument) -> Any:
        if isinstance(argument, ctypes.c_void_p):
            return argument
        if isinstance(argument, str):
            return ctypes.byref(ctypes.c_char(argument.encode()))
        if isinstance(argument, int):
            return ctypes.byref(self._integer(argument))
        raise TypeError(f"no argument of a Fortran routine: {argument!r}")


@functools.cache
def library() -> Library:
    """Return the library that NumPy computes with, else one of the system's; ToolchainError."""
    import numpy as np

    pattern, names, integer = _NUMPYS
    for path in (Path(np.__file__).parents[1] / "numpy.libs").glob(pattern):
        return Library(ctypes.CDLL(str(path)), names, integer)
    for name, pattern, size in _SYSTEMS:
        try:
            found = Library(ctypes.CDLL(name, mode=os.RTLD_NOW), pattern, size)
        except OSError:
            continue
        if "dgemm" in found and "dgetrf" in found:
            return found
    raise ToolchainError(
        "no BLAS library was found, which the GPU's math libraries compute with",
        hint="install NumPy as a wheel from PyPI, or OpenBLAS (Debian: libopenblas0)",
    )
