"""Faults, threads and many rounds, briefly: `make soak` has the same trials at length."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from anyroc.compiler import compile_device, compile_program
from anyroc.isa.targets import target

sys.path.insert(0, str(Path(__file__).parents[2] / "soak"))

from trials import MEMORY, PROGRAM, TRIALS, Trial


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    code = tmp_path_factory.mktemp("soak") / "soak.co"
    code.write_bytes(compile_device(PROGRAM, target=target("gfx942")))
    return compile_program([PROGRAM], target=target("gfx942")).shared_object, code


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_it_goes_on_for_long_and_what_is_wrong_is_told(
    anyroc: Any, built: tuple[Path, Path], trial: Trial
) -> None:
    program, code = built
    words = ("run", program, "--", trial.name, str(trial.brief), code)
    done = anyroc(*words, ANYROC_DEVICES="gfx942", ANYROC_MEMORY=MEMORY, ANYROC_OPT="2")
    assert ("fine\n", 0) == (done.stdout, done.returncode), done.stderr
