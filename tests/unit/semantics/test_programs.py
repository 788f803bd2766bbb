"""Programs that check what their GPU computes against the same C++ on the host."""

from __future__ import annotations

from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parent / "programs"
GPUS = ("gfx942", "gfx1151", "gfx1201")


@pytest.mark.parametrize("target", GPUS)
@pytest.mark.parametrize("program", sorted(PROGRAMS.glob("*.cu")), ids=lambda path: path.stem)
def test_program(anyroc, program: Path, target: str) -> None:
    done = anyroc("run", "--target", target, program)
    assert "PASS" == done.stdout.strip().splitlines()[-1], done.stdout + done.stderr
    assert 0 == done.returncode


@pytest.mark.parametrize("target", ["gfx90a", "gfx950", "gfx1100", "gfx1200"])
def test_matrices_of_kin(anyroc, target: str) -> None:
    done = anyroc("run", "--target", target, PROGRAMS / "matrices.cu")
    assert "PASS" == done.stdout.strip().splitlines()[-1], done.stdout + done.stderr
    assert 0 == done.returncode


@pytest.mark.parametrize(
    "name, target",
    [("cdna4", "gfx950"), ("rdna4", "gfx1200"), ("typed", "gfx942"), ("typed", "gfx1201")],
)
def test_instructions_by_builtins_and_assembly(anyroc, name: str, target: str) -> None:
    done = anyroc("run", "--target", target, PROGRAMS / f"{name}.hip")
    assert ("PASS\n", 0) == (done.stdout, done.returncode), done.stdout + done.stderr


@pytest.mark.parametrize("flags", [(), ("-DFLUSHED", "-X", "-fgpu-flush-denormals-to-zero")])
@pytest.mark.parametrize(
    "target, wave", [("gfx942", 64), ("gfx1100", 64), ("gfx1151", 32), ("gfx1201", 32)]
)
def test_modes(anyroc, target: str, wave: int, flags: tuple[str, ...]) -> None:
    program = PROGRAMS / "modes.hip"
    done = anyroc("run", "--target", target, "--wave", str(wave), *flags, program)
    assert ("PASS\n", 0) == (done.stdout, done.returncode), done.stdout + done.stderr
