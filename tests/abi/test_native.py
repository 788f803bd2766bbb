"""Native programs, which no Python started, against libamdhip64.so: its ABI and its life."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from anyroc.cabi import table
from anyroc.cabi.library import library

HERE = Path(__file__).parent


def libpython_loads() -> bool:
    """Tell whether the shared library of this Python is there, for programs that start one."""
    name = sysconfig.get_config_var("INSTSONAME") or ""
    place = Path(sysconfig.get_config_var("LIBDIR") or "") / name
    try:
        ctypes.CDLL(str(place) if place.is_file() else name)
    except OSError:
        return False
    return ".so" in name


needs_libpython = pytest.mark.skipif(
    not libpython_loads(),
    reason="libpython is missing (Debian: apt install libpython3-dev): native programs load it",
)


def build(source: Path, program: Path, *flags: str) -> Path:
    command = [
        sys.executable,
        "-m",
        "ziglang",
        "cc",
        "-O1",
        "-g0",
        "-w",
        str(source),
        "-o",
        str(program),
    ]
    done = subprocess.run([*command, "-lpthread", *flags], capture_output=True, text=True)
    assert 0 == done.returncode, done.stderr
    return program


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        timeout=120,
        env={**kept, **environment},
    )


@pytest.fixture(scope="module")
def layouts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(HERE / "layouts.c", tmp_path_factory.mktemp("abi") / "layouts")


@needs_libpython
def test_structures_versions_and_threads(layouts: Path) -> None:
    path = library()
    aliases = [path.with_name(name) for name in table.load("hip").sonames]
    done = run(layouts, path, *aliases)
    assert ("0 differences\n", 0) == (done.stdout, done.returncode), done.stdout + done.stderr


@needs_libpython
def test_a_linked_program_finds_the_library_by_its_soname(tmp_path: Path) -> None:
    folder = library().parent
    program = build(HERE / "linked.c", tmp_path / "linked", f"-L{folder}", "-lamdhip64")
    done = run(program, LD_LIBRARY_PATH=str(folder))
    assert ("AAAAAAA\n", 5) == (done.stdout, done.returncode), done.stderr


@pytest.mark.parametrize(
    "name, problem",
    [("/nowhere/libpython.so", "/nowhere/libpython.so"), ("libm.so.6", "should be Python's")],
)
def test_without_python_the_program_is_told_what_to_do(
    tmp_path: Path, name: str, problem: str
) -> None:
    folder = library().parent
    program = build(HERE / "linked.c", tmp_path / "linked", f"-L{folder}", "-lamdhip64")
    done = run(program, LD_LIBRARY_PATH=str(folder), ANYROC_LIBPYTHON=name)
    assert problem in done.stderr
    assert "hint: install Python's shared library" in done.stderr
    assert 0 != done.returncode


@needs_libpython
def test_forked_children_may_use_what_the_parent_has_not(tmp_path: Path) -> None:
    folder = library().parent
    program = build(HERE / "forks.c", tmp_path / "forks", f"-L{folder}", "-lamdhip64")
    done = run(program, LD_LIBRARY_PATH=str(folder))
    assert ("child 0\nparent 0\n", 0) == (done.stdout, done.returncode), done.stderr
