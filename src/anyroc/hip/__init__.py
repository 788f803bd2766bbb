"""The HIP runtime: the bodies of libamdhip64's functions, one module per noun.

A module's functions named hip… (and __hip…) are the bodies of the C functions of those names, found
by name: adding one is writing it and giving it a row in `cabi/hip.table`.
"""

from __future__ import annotations

import functools
import importlib
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anyroc.cabi import source, table

NOUNS = (
    *("alloc", "array", "arraycopy", "capture", "context", "copy", "device", "event"),
    *("external", "fill", "graph", "graphmemory", "ipc", "launch", "library", "managed", "module"),
    *("multidevice", "nodes", "occupancy", "peer", "pool", "poolshare", "profiler"),
    *("registration", "semaphorenodes", "stream", "symbol", "texref", "texture", "userobject"),
    *("values", "virtual"),
)
"""The modules with bodies."""

_DEFINITION = re.compile(r"^(?:def ((?:__)?hip[A-Z]\w*)|((?:hip[A-Z]\w* = )+))", re.MULTILINE)
_PER_THREAD = "_spt"
_lock = threading.Lock()
_bound: list[bool] = []


@dataclass(frozen=True)
class Coverage:
    """One function of the API: whether it works here, and the CUDA names it stands for."""

    name: str
    section: str
    version: str
    implemented: bool
    cuda: tuple[str, ...]


def bind(path: str | None = None) -> None:
    """Load libamdhip64 and bind its functions to the bodies, once per process.

    The library itself calls this with its `path` when a program calls it before Python code has.
    """
    from anyroc.hip import calls, faults, host

    with _lock:
        if _bound:
            return
        calls.library(None if path is None else Path(path)).bind(bodies(), faults.failure)
        _bound.append(True)
        calls.on_interrupt(faults.stop_kernels)
        host.watch_exit()


def bodies() -> dict[str, Callable[..., Any]]:
    """Import the modules with bodies and return every body by the name of its C function."""
    found: dict[str, Callable[..., Any]] = {}
    for noun in NOUNS:
        module = importlib.import_module(f"anyroc.hip.{noun}")
        found |= {
            name: value
            for name, value in vars(module).items()
            if name.startswith(("hip", "__hip")) and callable(value)
        }
    capture = importlib.import_module("anyroc.hip.capture")
    for name in (*capture.UNSAFE, *capture.UNSAFE_FOR_STREAMS):
        found[name] = capture.guarded(found[name])
    for function in table.load("hip").functions:
        base = found.get(function.name.removesuffix(_PER_THREAD))
        if function.name not in found and base is not None:
            found[function.name] = _per_thread(base)
    return found


def _per_thread(body: Callable[..., Any]) -> Callable[..., Any]:
    """Return a body for whose calls the null stream is the calling thread's own stream."""
    from anyroc.hip.state import thread
    from anyroc.hip.stream import LEGACY, PER_THREAD

    @functools.wraps(body)
    def call(*arguments: Any) -> Any:
        thread.null_stream = PER_THREAD
        try:
            return body(*arguments)
        finally:
            thread.null_stream = LEGACY

    return call


def implemented() -> set[str]:
    """Return the names of the C functions that have a body, without importing any."""
    names = set(source.c_bodies("hip"))
    here = Path(__file__).parent
    for noun in NOUNS:
        for match in _DEFINITION.finditer((here / f"{noun}.py").read_text(encoding="utf-8")):
            names.update((match[1] or match[2]).replace("=", " ").split())
    for function in table.load("hip").functions:
        if function.name.removesuffix(_PER_THREAD) in names:
            names.add(function.name)
    return {function.name for function in table.load("hip").functions if function.name in names}


def used() -> dict[str, list[str]]:
    """Return by program the functions that it uses, as `used.txt` lists them."""
    found: dict[str, list[str]] = {}
    program = ""
    for line in (Path(__file__).with_name("used.txt")).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            program = line.strip("[]")
            found[program] = []
        elif line and not line.startswith("#"):
            found[program] += line.split()
    return found


def coverage() -> list[Coverage]:
    """Return a row for every function of the API, in the order of its table."""
    have = implemented()
    return [
        Coverage(row.name, row.section, row.version, row.name in have, row.cuda)
        for row in table.load("hip").functions
    ]
