"""Programs built as shared objects: loading one, calling its `main`, unloading it."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from anyroc.errors import BadInput


class Program:
    """A loaded program."""

    def __init__(self, handle: ctypes.CDLL, path: Path) -> None:
        self._handle = handle
        self._path = path

    def main(self, argv: Sequence[str]) -> int:
        """Call `main` and return what it returns, as an exit status."""
        try:
            function = self._handle.main
        except AttributeError:
            raise BadInput(f"{self._path} has no function main") from None
        texts = [os.fsencode(argument) for argument in argv]
        array = (ctypes.c_char_p * (len(texts) + 1))(*texts, None)
        function.restype = ctypes.c_int
        function.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
        environment = ctypes.c_void_p.in_dll(ctypes.CDLL(None), "environ")
        return int(function(len(texts), ctypes.addressof(array), environment)) & 0xFF


@contextmanager
def load(path: Path) -> Iterator[Program]:
    """Load a program: its constructors run now, its destructors at the end of the block."""
    try:
        handle = ctypes.CDLL(str(path.absolute()), mode=os.RTLD_NOW | os.RTLD_GLOBAL)
    except OSError as error:
        raise BadInput(f"cannot load {path}: {error}") from error
    try:
        yield Program(handle, path)
    finally:
        libc = ctypes.CDLL(None)
        libc.dlclose.argtypes = [ctypes.c_void_p]
        libc.dlclose(handle._handle)
