"""Things that get added belong in one place; CONTRIBUTING.md promises it and this tries it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from anyroc.cli import run_command_line
from anyroc.semantics.core import OPERATIONS

Run = Callable[..., subprocess.CompletedProcess[str]]

NEW_TARGET = """
import sys
from dataclasses import replace
from anyroc.cli import run_command_line
from anyroc.isa.targets import TARGETS

near = TARGETS["gfx1100"]
TARGETS["gfx1101"] = replace(
    near, name="gfx1101", marketing_name="AMD Radeon RX 7800 XT", elf_mach=0x46, compute_units=60
)
sys.exit(run_command_line(sys.argv[1:]))
"""


def test_a_record_makes_a_gpu(root: Path) -> None:
    command = [sys.executable, "-c", NEW_TARGET]
    saxpy = str(root / "examples" / "saxpy.cu")
    done = subprocess.run(
        [*command, "run", "--target", "gfx1101", saxpy], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "PASSED" in done.stdout


def test_an_instruction_without_a_body_is_named(
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = str(tmp_path / "saxpy.co")
    saxpy = str(root / "examples" / "saxpy.cu")
    assert run_command_line(["build", saxpy, "--device-only", "-o", code]) == 0
    assert run_command_line(["translate", code]) == 0
    capsys.readouterr()
    monkeypatch.delitem(OPERATIONS, "v_fmac_f32")
    assert run_command_line(["translate", code]) == 2
    message = capsys.readouterr().err
    assert message.startswith("anyroc: instruction v_fmac_f32 at 0x")
    assert "in kernel _Z5saxpyifPKfPf is not implemented" in message
    assert "anyroc isa coverage" in message
