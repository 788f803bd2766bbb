"""The page that follows an instruction shows what its commands print."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path("docs", "life-of-a-kernel.md")
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```", re.MULTILINE | re.DOTALL)
VALUE = re.compile(r"%[a-z]+\d+(\.\d+)?")


def plain(line: str) -> str:
    """Leave out what may change without making the page wrong: numbers of values, white space."""
    return " ".join(VALUE.sub("%value", line).split())


def test_what_is_shown_is_what_is_printed(root: Path, tmp_path: Path) -> None:
    binaries = tmp_path / "bin"
    binaries.mkdir()
    for name, start in (("python", ""), ("anyroc", "-m anyroc")):
        (binaries / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {start} "$@"\n')
        (binaries / name).chmod(0o755)
    (tmp_path / "examples").symlink_to(root / "examples")
    (tmp_path / "out").mkdir()
    environment = {**os.environ, "PATH": f"{binaries}:{os.environ['PATH']}"}
    printed: list[str] = []
    checked = 0
    for kind, text in BLOCK.findall((root / PAGE).read_text(encoding="utf-8")):
        if kind == "sh":
            done = subprocess.run(
                ["sh", "-ec", text],
                cwd=tmp_path,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            assert done.returncode == 0, f"{text}\n{done.stdout}"
            printed = [plain(line) for line in done.stdout.splitlines()]
            continue
        for line in text.splitlines():
            if line != "…":
                assert any(plain(line) in other for other in printed), f"not printed: {line}"
                checked += 1
    assert checked > 20
