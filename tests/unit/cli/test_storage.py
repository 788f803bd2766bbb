from __future__ import annotations

import json
from pathlib import Path

import pytest

from anyroc.cache import default, key
from anyroc.cli import run_command_line
from anyroc.cli.storage import human_size


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("ANYROC_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_cache_lists_kinds(own_cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    default().put("kernel", key(1), ".o", bytes(2048))
    default().put("program", key(2), ".so", bytes(100))
    assert run_command_line(["cache"]) == 0
    first, *rows = capsys.readouterr().out.splitlines()
    assert first == f"{own_cache}: 2.1 KiB of at most 4.0 GiB"
    assert [["kernel", "1", "entry", "2.0", "KiB"], ["program", "1", "entry", "100", "B"]] == [
        row.split() for row in rows
    ]


def test_cache_as_json(own_cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    default().put("kernel", key(1), ".o", bytes(2048))
    assert run_command_line(["cache", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "root": str(own_cache),
        "limit": 4 << 30,
        "kinds": {"kernel": {"entries": 1, "bytes": 2048}},
    }


def test_clear(own_cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    default().put("kernel", key(1), ".o", bytes(2048))
    assert run_command_line(["cache", "clear"]) == 0
    assert capsys.readouterr().out == f"deleted 1 entry (2.0 KiB) in {own_cache}\n"
    assert default().stats().entries == 0


def test_an_empty_cache_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["cache", "clear"]) == 0
    assert run_command_line(["cache"]) == 0


def test_a_bad_limit_is_explained(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANYROC_CACHE_LIMIT", "plenty")
    assert run_command_line(["cache"]) == 2
    assert "'plenty' is not a size" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (300 << 20, "300 MiB"), (5 << 40, "5.0 TiB")],
)
def test_sizes(size: int, text: str) -> None:
    assert text == human_size(size)
