"""The native library: built once, by whoever comes first, and clear about what stops it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from anyroc import native
from anyroc.errors import ToolchainError
from anyroc.native import build

PRINT_PATH = "from anyroc import native; native.library(); print(native.library_path())"


@pytest.fixture
def fresh_build() -> Iterator[None]:
    """Let `library_path` look again, and forget what it found."""
    build.library_path.cache_clear()
    yield
    build.library_path.cache_clear()


def test_symbols_are_found_by_name() -> None:
    assert native.symbol("anyroc_launch") > 0
    assert native.symbol("anyroc_range_base") > 0
    with pytest.raises(ValueError, match="anyroc_nothing"):
        native.symbol("anyroc_nothing")


def test_processes_that_come_at_once_share_one_build(tmp_path: Path) -> None:
    environment = {**os.environ, "ANYROC_CACHE": str(tmp_path)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PRINT_PATH], env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    paths = {process.communicate()[0].strip() for process in processes}
    assert [0] * 4 == [process.returncode for process in processes]
    assert 1 == len(paths)
    assert tmp_path in Path(paths.pop()).parents
    assert 1 == len(list(tmp_path.rglob("*.so")))


@pytest.mark.usefixtures("fresh_build")
def test_a_missing_compiler_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "find_spec", lambda name: None)
    with pytest.raises(ToolchainError, match="C compiler") as info:
        build.library_path()
    assert "pip install ziglang" == info.value.hint


@pytest.mark.usefixtures("fresh_build")
def test_a_failing_build_shows_the_compilers_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.c"
    bad.write_text("int f(void) { return nonsense; }\n")
    monkeypatch.setattr(build, "sources", lambda: [bad])
    with pytest.raises(ToolchainError, match="nonsense"):
        build.library_path()


def test_the_sources_compile_without_warnings(tmp_path: Path) -> None:
    files = [str(file) for file in build.sources() if file.suffix == ".c"]
    command = [sys.executable, "-m", "ziglang", "cc", *build.FLAGS, "-Werror"]
    command += ["-o", str(tmp_path / "library.so"), *files]
    result = subprocess.run(command, capture_output=True, text=True)
    assert "" == result.stderr
    assert 0 == result.returncode
