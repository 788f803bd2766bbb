"""A few hundred damaged kernels; the command runs as many as one likes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_damaged_kernels_are_refused_or_stop() -> None:
    script = Path(__file__).with_name("mutants.py")
    command = [sys.executable, str(script), "--count", "200", "--seed", "1"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=600)
    said = {line for line in result.stderr.splitlines() if "(once)" not in line}
    assert (0, set()) == (result.returncode, said)
    assert " ran\n" in result.stdout
