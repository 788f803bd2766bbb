"""Where LLVM's libraries are looked for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from anyroc.isa.tables import llvm_library


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    llvm_library.debian.cache_clear()
    yield
    llvm_library.debian.cache_clear()


@pytest.mark.parametrize(
    "where", ["lib/llvm-19/lib/libLLVM.so.1", "lib/x86_64-linux-gnu/libLLVM.so.19.1"]
)
def test_debians_library_is_found_from_its_tool(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool, library = tmp_path / "lib/llvm-19/bin/llvm-mc", tmp_path / where
    for path in (tool, library):
        path.parent.mkdir(parents=True)
        path.touch()
    (tmp_path / "llvm-mc-19").symlink_to(tool)
    monkeypatch.setattr(shutil, "which", lambda name: str(tmp_path / name))
    assert str(library) == llvm_library.debian()


def test_without_the_tool_there_is_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert llvm_library.debian() is None
