"""The libraries' headers: programs that include them compile, link and run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from anyroc.libs import generate

PROGRAMS = Path(__file__).with_name("programs")


@pytest.mark.parametrize("name, expected", [("libraries.cu", "ok\n"), ("headers.hip", "0 2 1\n")])
def test_programs_find_the_libraries_by_their_headers(name: str, expected: str) -> None:
    command = [sys.executable, "-m", "anyroc", "run", str(PROGRAMS / name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert (expected, 0) == (done.stdout, done.returncode), done.stderr


def test_the_jumps_of_xorwow_are_up_to_date() -> None:
    assert generate.header() == generate._PATH.read_text()


def test_a_jump_is_that_many_steps() -> None:
    state = [1, 2, 3, 4, 5]
    (polynomial,) = generate.jumps(1, 10)
    total = [0] * 5
    walking = state
    for bit in range(generate.BITS):
        if polynomial >> bit & 1:
            total = [a ^ b for a, b in zip(total, walking, strict=True)]
        walking = generate.step(walking)
    for _ in range(1 << 10):
        state = generate.step(state)
    assert state == total
