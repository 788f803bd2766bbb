"""A few hundred random and damaged instruction streams; the command runs as many as one likes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("target", ["gfx942", "gfx1201"])
def test_streams_are_refused_or_stop(target: str, tmp_path: Path) -> None:
    script = Path(__file__).with_name("streams.py")
    counts = ["--decode", "500", "--run", "96", "--state", str(tmp_path)]
    result = subprocess.run(
        [sys.executable, str(script), *counts, target], capture_output=True, text=True, timeout=900
    )
    assert (0, "") == (result.returncode, result.stderr)
    assert " ran to the end\n" in result.stdout
    assert "bug" not in result.stdout
