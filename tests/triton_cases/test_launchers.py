"""Triton's own launcher, in C over our libamdhip64, on GPUs that are chosen by name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CASES = ("test_memory.py", "-k", "three_dimensions or masks or cooperative")


@pytest.mark.skipif(
    not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="a C compiler is missing"
)
def test_tritons_own_launcher() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "pytest", "-q", "-n", "0", *CASES],
        cwd=Path(__file__).parent,
        env={**os.environ, "ANYROC_TRITON_LAUNCHER": "hip"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "12 passed" in done.stdout, done.stdout + done.stderr
