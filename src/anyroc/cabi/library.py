"""Building the library of a table, loading it into this process, binding it to Python bodies.

The library is built by zig's C compiler on first use, for an old glibc so that any host program
can load it, and kept in the cache as a folder: the file itself under its plain name, and a symbolic
link per SONAME version that ROCm has had.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from anyroc import cache
from anyroc.cabi import source
from anyroc.cabi.table import Function, Table, load, needs, table_path
from anyroc.errors import ToolchainError
from anyroc.native.build import zig

_GLIBC = "2.17"
_MACHINES = {"arm64": "aarch64", "amd64": "x86_64"}
_PATIENCE = 1.0  # seconds of work after which people are told what takes so long

_CTYPES: dict[str, Any] = {
    "void *": ctypes.c_size_t,
    "char": ctypes.c_char,
    "unsigned char": ctypes.c_uint8,
    "unsigned short": ctypes.c_uint16,
    "int": ctypes.c_int,
    "unsigned": ctypes.c_uint,
    "unsigned int": ctypes.c_uint,
    "uint16_t": ctypes.c_uint16,
    "int32_t": ctypes.c_int32,
    "int64_t": ctypes.c_int64,
    "long long": ctypes.c_int64,
    "uint32_t": ctypes.c_uint32,
    "uint64_t": ctypes.c_uint64,
    "size_t": ctypes.c_size_t,
    "unsigned long long": ctypes.c_uint64,
    "float": ctypes.c_float,
    "double": ctypes.c_double,
    "const char *": ctypes.c_char_p,
    "void": None,
}

Body = Callable[..., Any]
Failure = Callable[[str, BaseException], int]


def names() -> list[str]:
    """Return the names of all libraries that there are tables of, libamdhip64's ("hip") first."""
    found = sorted(path.stem for path in Path(__file__).parent.glob("*.table"))
    return sorted(found, key=lambda name: name != "hip")


def library(name: str = "hip") -> Path:
    """Return the shared library of the table called `name`, building it when it is not cached."""
    key = cache.key(
        table_path(name).read_bytes(),
        source.own_source(name),
        cache.code_version("cabi"),
        sys.prefix,
        sys.base_prefix,
        sys.version,
        _target(),
        *map(str, _needed(name)),
    )

    def build(folder: Path) -> None:
        folder.mkdir()
        _build(load(name), name, folder)

    # Reading the file's name from the table would take milliseconds.
    folder = cache.default().make("cabi", f"{key}-{name}", "", build)
    return next(path for path in folder.glob("lib*.so") if path.is_file())


def _needed(name: str) -> list[Path]:
    """Return the libraries that the one of a table loads with it."""
    # Reading the whole table would take milliseconds.
    return [library(other) for other in needs(table_path(name).read_text(encoding="utf-8"))]


def _build(table: Table, name: str, folder: Path) -> None:
    import subprocess

    c_file, script = folder / f"{name}.c", folder / f"{name}.map"
    made = folder / table.file_name
    text = source.c_source(table, name, _libpython(), _python_path())
    c_file.write_text(text, encoding="utf-8")
    script.write_text(source.version_script(table), encoding="utf-8")
    flags = f"-target {_target()} -std=gnu11 -O2 -g0 -shared -fPIC -fvisibility=hidden".split()
    link = (
        f"-Wl,--version-script={script} -Wl,-soname,{table.sonames[:2][-1]} -ldl -lpthread".split()
    )
    needed = _needed(name)
    link += ["-Wl,--no-as-needed", *map(str, needed)]
    link += [f"-Wl,-rpath,{path.parent}" for path in needed]
    command = [str(zig()), "cc", *flags, str(c_file), "-o", str(made), *link]
    note = threading.Timer(
        _PATIENCE, print, [f"anyroc: building {table.file_name} (once)"], {"file": sys.stderr}
    )
    note.daemon = True
    note.start()
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        note.cancel()
    if done.returncode:
        raise ToolchainError(
            f"cannot build {table.file_name}: {done.stderr.strip() or f'exit {done.returncode}'}",
            hint="check with `python -m ziglang version` that the ziglang package works",
        )
    c_file.unlink()
    script.unlink()
    for soname in table.sonames:
        (folder / soname).symlink_to(table.file_name)


def _target() -> str:
    machine = os.uname().machine.lower()
    return f"{_MACHINES.get(machine, machine)}-linux-gnu.{_GLIBC}"


_asking = threading.Lock()
"""Libraries are built in several threads, and Python before 3.13 shows what it knows of itself to
a second one that asks while the first is still reading it."""


def _libpython() -> str:
    """Return the shared library of this Python, for programs that start one themselves."""
    import sysconfig

    with _asking:
        known = sysconfig.get_config_vars()
    name = known.get("INSTSONAME") or known.get("LDLIBRARY") or ""
    place = Path(known.get("LIBDIR") or "") / name
    return str(place) if ".so" in name and place.exists() else name


def _python_path() -> str:
    """Return where a Python that is started without this one's environment finds anyroc."""
    import sysconfig

    package = Path(__file__).parents[2]
    with _asking:
        installed = sysconfig.get_path("purelib")
    return ":".join(dict.fromkeys([str(package), installed]))


class Library:
    """The library of a table in this process, and the Python bodies behind it."""

    def __init__(self, name: str, path: Path | None = None) -> None:
        """Load the library at `path`, by default the one of the table called `name`."""
        self.table = load(name)
        self.name = name
        self.path = path or library(name)
        self._handle = ctypes.CDLL(str(self.path), mode=os.RTLD_NOW | os.RTLD_GLOBAL)
        self._bound: list[Any] = []

    def bind(self, bodies: Mapping[str, Body], failure: Failure) -> None:
        """Let each function call its body until Python exits.

        A body gets integers for numbers, enumerations and pointers, bytes or None for
        `const char *`, the members of a small structure or the address of a big one, and returns an
        integer or None for 0. `failure(name, exception)` turns what a body raises into the result.
        """
        entries = (ctypes.c_void_p * len(self.table.functions)).from_address(
            self._variable("entries")
        )
        for index, function in enumerate(self.table.functions):
            body = bodies.get(function.name)
            if body is not None:
                callback = self._prototype(function)(_boundary(function.name, body, failure))
                self._bound.append(callback)
                entries[index] = ctypes.cast(callback, ctypes.c_void_p).value
        self.integer("state").value = 1
        atexit.register(self._handle.anyroc_close)

    def at_exit(self, function: Callable[[int], int]) -> None:
        """Let `function(status)` give the exit status when a program in this process calls exit."""
        callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(function)
        self._bound.append(callback)
        self._handle.anyroc_at_exit(callback)

    def integer(self, name: str) -> ctypes.c_int:
        """Return the C variable `int NAME` that the library makes known as anyroc_NAME."""
        return ctypes.c_int.from_address(self._variable(name))

    def _variable(self, name: str) -> int:
        return int(self.function(f"anyroc_{name}", "void *")())

    def address(self, name: str) -> int:
        """Return the address of a function of the table, or 0."""
        return self.address_of(name) if name in self.table else 0

    def address_of(self, symbol: str) -> int:
        """Return the address of a symbol of the library."""
        return ctypes.cast(getattr(self._handle, symbol), ctypes.c_void_p).value or 0

    def function(self, name: str, result: str, *arguments: str) -> Callable[..., Any]:
        """Return a function of the library for Python to call; the types are C's."""
        prototype = ctypes.CFUNCTYPE(_CTYPES[result], *(_CTYPES[c_type] for c_type in arguments))
        function: Callable[..., Any] = prototype((name, self._handle))
        return function

    def _prototype(self, function: Function) -> Any:
        types: list[Any] = []
        for argument in function.arguments:
            passing = self.table.passing(argument.type)
            if argument.type == "const char*":
                types.append(ctypes.c_char_p)
            elif passing.count == 1:
                types.append(_CTYPES[passing.element])
            elif source.spread(passing):
                types += [_CTYPES[passing.element]] * passing.count
            else:
                types.append(ctypes.c_size_t)
        returns = (
            "void" if function.returns == "void" else self.table.passing(function.returns).element
        )
        return ctypes.CFUNCTYPE(_CTYPES[returns], *types)


def _boundary(name: str, body: Body, failure: Failure) -> Body:
    """Return `body` as C may call it: what it raises becomes a result."""

    def call(*arguments: Any) -> Any:
        try:
            return body(*arguments) or 0
        except BaseException as error:
            return failure(name, error)

    return call
