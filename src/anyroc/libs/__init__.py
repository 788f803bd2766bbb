"""The libraries that come with ROCm beside the HIP runtime, one module per library.

A module NAME has the bodies of the functions of `cabi/NAME.table`, under their names or in what its
`bodies()` returns, and `failure(function, error)`, which makes a status of what a body raised. A
row without a body is a stub that returns the library's "not supported" and says so once.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from anyroc.cabi import library, table
from anyroc.cabi.library import Library

_lock = threading.Lock()
_loaded: dict[str, Library] = {}


def bind(name: str, path: str | None = None) -> Library:
    """Load the library of the table called `name` and bind its functions, once per process.

    The library itself calls this with its `path` when a program calls it before Python code has.
    """
    from anyroc import hip

    hip.bind()
    with _lock:
        if name not in _loaded:
            module = importlib.import_module(f"anyroc.libs.{name}")
            made = Library(name, None if path is None else Path(path))
            made.bind(bodies(name), module.failure)
            _loaded[name] = made
        return _loaded[name]


def load_needed(program: Path) -> None:
    """Load the libraries that a program was linked with, so that it finds them by their names."""
    content = program.read_bytes()
    for name in library.names():
        if f"lib{name}.so.".encode() in content:
            bind(name)


def bodies(name: str) -> dict[str, Callable[..., Any]]:
    """Return every body of a library by the name of its C function."""
    module = importlib.import_module(f"anyroc.libs.{name}")
    found: dict[str, Callable[..., Any]] = {}
    if hasattr(module, "bodies"):
        found |= module.bodies()
    functions = table.load(name).functions
    return found | {row.name: vars(module)[row.name] for row in functions if _has(module, row.name)}


def _has(module: ModuleType, name: str) -> bool:
    return callable(vars(module).get(name))
