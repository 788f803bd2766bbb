"""A library made from a table, its building and its binding to Python bodies."""

from __future__ import annotations

import ctypes
import subprocess
import sys
import sysconfig
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from anyroc.cabi import library, source, table
from anyroc.errors import ToolchainError

TEXT = """
@library libsmall.so 3 2
@python place = %s
@node small
@value unsigned int[3] dim3
@value size_t[3] extent
[all] Everything
1.0 int add(int a, unsigned char b, size_t c)
1.0 float half(float x)
1.0 int volume(dim3 d)
1.0 int first(extent e)
1.0 const char* echo(const char* text)
1.0 void note(int value)
2.0 int absent()
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("tables")
        (folder / "small.table").write_text(TEXT)
        real = table.table_path

        def path(name: str) -> Path:
            return folder / "small.table" if name == "small" else real(name)

        for module in (table, library, source):
            patch.setattr(module, "table_path", path)
        table.load.cache_clear()
        yield library.Library("small")
        table.load.cache_clear()


def test_bodies_get_and_give_c_values(small: Any) -> None:
    notes: list[int] = []
    bodies = {
        "add": lambda a, b, c: a + b + c,
        "half": lambda x: x / 2,
        "volume": lambda x, y, z: x * y * z,
        "first": lambda address: ctypes.c_size_t.from_address(address).value,
        "echo": lambda text: library_string(text),
        "note": notes.append,
    }
    small.bind(bodies, lambda name, error: -1)
    path = small.path
    assert "libsmall.so" == path.name
    assert {"libsmall.so.2", "libsmall.so.3"} <= {other.name for other in path.parent.iterdir()}
    loaded = ctypes.CDLL(str(path))
    assert 5 + 255 + (1 << 20) == loaded.add(5, ctypes.c_ubyte(255), ctypes.c_size_t(1 << 20))
    loaded.half.restype, loaded.half.argtypes = ctypes.c_float, [ctypes.c_float]
    assert 1.25 == loaded.half(2.5)

    class Dim3(ctypes.Structure):
        _fields_ = (("v", ctypes.c_uint * 3),)

    class Extent(ctypes.Structure):
        _fields_ = (("v", ctypes.c_size_t * 3),)

    assert 24 == loaded.volume(Dim3((2, 3, 4)))
    assert 77 == loaded.first(Extent((77, 3, 4)))
    loaded.echo.restype = ctypes.c_char_p
    assert b"HELLO" == loaded.echo(b"hello")
    assert b"NOTHING" == loaded.echo(None)
    loaded.note(9)
    assert [9] == notes


def library_string(text: bytes | None) -> int:
    from anyroc.cabi import memory

    return memory.c_string((text or b"nothing").decode().upper())


def test_what_a_body_raises_becomes_its_result(small: Any) -> None:
    told: list[tuple[str, str]] = []

    def failure(name: str, error: BaseException) -> int:
        told.append((name, repr(error)))
        return 42

    def add(a: int, b: int, c: int) -> int:
        raise ZeroDivisionError("oops")

    small.bind({"add": add}, failure)
    assert 42 == ctypes.CDLL(str(small.path)).add(1, 2, 3)
    assert [("add", "ZeroDivisionError('oops')")] == told


def test_a_function_without_a_body_returns_nothing(small: Any, capfd: Any) -> None:
    assert 0 == ctypes.CDLL(str(small.path)).absent()
    assert "anyroc: absent is not implemented yet\n" == capfd.readouterr().err


def test_addresses(small: Any) -> None:
    assert (
        small.address("add") == ctypes.cast(ctypes.CDLL(str(small.path)).add, ctypes.c_void_p).value
    )
    assert 0 == small.address("nothing")


EXIT = """
import atexit, ctypes, os, sys
from anyroc import hip
hip.bind()
from anyroc.hip import calls
library = ctypes.CDLL(str(calls.library().path))
# C calls this after Python is gone: the functions must not call back any more.
late = ctypes.CDLL(None).__cxa_atexit
late(ctypes.cast(library.hipDeviceSynchronize, ctypes.c_void_p), None, None)
print(library.hipDeviceSynchronize())
"""


def test_the_functions_do_nothing_once_python_is_gone() -> None:
    done = subprocess.run([sys.executable, "-c", EXIT], capture_output=True, text=True, timeout=60)
    errors = [line for line in done.stderr.splitlines() if not line.endswith(" (once)")]
    assert ("0\n", [], 0) == (done.stdout, errors, done.returncode)


def test_a_compiler_that_fails_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ANYROC_CACHE", str(tmp_path))
    monkeypatch.setattr(library.source, "c_source", lambda *_: "this is not C\n")
    with pytest.raises(ToolchainError, match=r"^cannot build libamdhip64.so: .*error:"):
        library.library("hip")


def test_python_is_asked_about_itself_by_one_thread_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As Python 3.11 does it: whoever comes second sees what the first has read so far.
    expected, whole, seen = library._libpython(), sysconfig.get_config_vars(), {}

    def read(*_: str) -> dict[str, Any]:
        if not seen:
            seen["prefix"] = whole["prefix"]
            time.sleep(0.2)
            seen.update(whole)
        return dict(seen)

    monkeypatch.setattr(sysconfig, "get_config_vars", read)
    with ThreadPoolExecutor() as pool:
        found = list(pool.map(lambda _: library._libpython(), range(3)))
    assert [expected] * 3 == found
