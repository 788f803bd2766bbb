"""Device functions do what CUDA says, on every GPU and with waves of both sizes.

The programs check themselves against the host, and are run on the software GPU."""

from __future__ import annotations

from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parent / "programs"
CONFIGURATIONS = [
    ("gfx942", 64),
    ("gfx1151", 32),
    ("gfx1151", 64),
    ("gfx1201", 32),
    ("gfx1201", 64),
]


@pytest.mark.parametrize(
    "program", [*sorted(PROGRAMS.glob("*.cu")), PROGRAMS / "waves.hip"], ids=lambda path: path.stem
)
@pytest.mark.parametrize(("target", "wave"), CONFIGURATIONS)
def test_program(anyroc, program: Path, target: str, wave: int) -> None:
    done = anyroc("run", "--target", target, "--wave", str(wave), program)
    assert "PASS" == done.stdout.strip().splitlines()[-1], done.stdout + done.stderr
    assert 0 == done.returncode
