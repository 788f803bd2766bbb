"""Programs that check themselves, each for a form of code that the translator treats specially."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.cu"))


@pytest.mark.parametrize("target", ["gfx942", "gfx1151", "gfx1201"])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.stem)
def test_program(anyroc: Callable[..., CompletedProcess[str]], program: Path, target: str) -> None:
    result = anyroc("run", "--target", target, program)
    assert (0, "0 wrong\n") == (result.returncode, result.stdout), result.stderr
