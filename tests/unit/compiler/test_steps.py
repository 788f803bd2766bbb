"""Steps: run once, remembered until something they read changes."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from anyroc.compiler import steps
from anyroc.errors import AnyrocError, CompileError, ToolchainError


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ANYROC_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


class Concatenation:
    """A compiler that appends its inputs to one another and counts how often it ran."""

    def __init__(self, *inputs: Path) -> None:
        self.inputs = inputs
        self.runs = 0

    def __call__(self, result: Path, depfile: Path) -> str:
        self.runs += 1
        result.write_bytes(b"".join(path.read_bytes() for path in self.inputs))
        names = " \\\n  ".join(str(path).replace(" ", "\\ ") for path in self.inputs)
        depfile.write_text(f"result: {names}\n")
        return f"run {self.runs}"

    def made(self, *parts: str) -> steps.Made:
        return steps.remembered("object", ".o", parts, self)


def write(path: Path, text: str, age: float = 10) -> Path:
    path.write_text(text)
    then = path.stat().st_mtime - age
    os.utime(path, (then, then))
    return path


def test_runs_once() -> None:
    build = Concatenation(write(Path("a b.h"), "one "), write(Path("c$.h"), "two"))
    first, again = build.made(), build.made()
    assert "one two" == first.path.read_text()
    assert (1, first) == (build.runs, again)
    assert "run 1" == again.warnings


def test_runs_again_when_an_input_changes_and_not_when_it_changes_back() -> None:
    header = write(Path("a.h"), "one")
    build = Concatenation(header)
    build.made()
    write(header, "two")
    assert "two" == build.made().path.read_text()
    write(header, "one", age=5)
    assert "one" == build.made().path.read_text()
    assert 2 == build.runs


def test_the_time_alone_is_no_change() -> None:
    header = write(Path("a.h"), "one")
    build = Concatenation(header)
    build.made()
    write(header, "one", age=99)
    build.made()
    assert 1 == build.runs


def test_flags_and_folder_and_environment_count(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    build = Concatenation(write(tmp_path / "a.h", "one"))
    build.made("-O1")
    build.made("-O2")
    monkeypatch.setenv("CPATH", "/elsewhere")
    build.made("-O2")
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    build.made("-O2")
    assert 4 == build.runs


def test_a_file_written_while_compiling_is_not_trusted() -> None:
    build = Concatenation(write(Path("a.h"), "one", age=-10))
    build.made()
    build.made()
    assert 2 == build.runs


def test_a_deleted_input_or_a_damaged_manifest_means_a_new_run(tmp_path: Path) -> None:
    header = write(Path("a.h"), "one")
    build = Concatenation(header)
    build.made()
    for manifest in (tmp_path / "cache/manifest").rglob("*.json"):
        manifest.write_text("[[[")
    build.made()
    assert 2 == build.runs


def test_what_a_tool_says_is_carried() -> None:
    with pytest.raises(CompileError) as caught:
        steps.run(["sh", "-c", "echo no good >&2; exit 3"], "x.cu does not compile")
    assert ("x.cu does not compile", "no good\n") == (caught.value.message, caught.value.output)


def test_a_tool_that_crashes_or_is_not_there() -> None:
    with pytest.raises(CompileError, match="sh was ended by SIGSEGV"):
        steps.run(["sh", "-c", "kill -SEGV $$"], "x.cu does not compile")
    with pytest.raises(ToolchainError, match="cannot run /nowhere/clang"):
        steps.run(["/nowhere/clang"], "x.cu does not compile")


def test_no_room_for_temporary_files(monkeypatch: pytest.MonkeyPatch) -> None:
    build = Concatenation(write(Path("a.h"), "one"))
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    with pytest.raises(AnyrocError, match=r"cannot make a temporary folder.*\n.*TMPDIR"):
        build.made()
