"""The reference pages are what the tables say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_reference_has_not_drifted(root: Path) -> None:
    command = [sys.executable, str(root / "docs" / "generate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert ("", 0) == (done.stdout + done.stderr, done.returncode)
