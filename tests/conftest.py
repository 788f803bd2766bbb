"""What all tests share: a plain environment, and the command line as a user has it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).parent.parent
KEPT = {"ANYROC_CACHE", "ANYROC_CACHE_LIMIT", "ANYROC_CXX_LIBRARY", "ANYROC_TOOLCHAIN"}
"""Variables that say where things are; all others of ours would change what the tests test."""

hypothesis.settings.register_profile("anyroc", derandomize=True, deadline=None)
hypothesis.settings.load_profile("anyroc")

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True, scope="session")
def _plain_environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith("ANYROC_") and name not in KEPT:
                patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the checkout."""
    return ROOT


@pytest.fixture
def anyroc() -> Run:
    """Run the command line in a process of its own: ``anyroc("run", "saxpy.cu")``."""

    def run(
        *arguments: str | Path, timeout: float = 300, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "anyroc", *map(str, arguments)],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            env={**os.environ, **environment},
        )

    return run
