"""Programs that anyroc did not build: `anyroc run COMMAND` and `anyroc env`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]

PYTHON = """\
import ctypes, sys
hip = ctypes.CDLL("libamdhip64.so.6")
count = ctypes.c_int()
code = hip.hipGetDeviceCount(ctypes.byref(count))
print(code, count.value, *sys.argv[1:])
sys.exit(3)
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "count.py"
    path.write_text(PYTHON)
    return path


def test_a_python_script_finds_the_library_and_keeps_its_options(anyroc: Run, script: Path) -> None:
    done = anyroc("run", sys.executable, script, "--target", "-x", ANYROC_DEVICES="gfx942x3")
    assert ("0 3 --target -x\n", 3) == (done.stdout, done.returncode), done.stderr


def test_options_before_the_command_are_ours(anyroc: Run, script: Path) -> None:
    done = anyroc("run", "--target", "gfx1201", sys.executable, script, ANYROC_DEVICES="gfx942x3")
    assert ("0 1\n", 3) == (done.stdout, done.returncode), done.stderr


def test_a_name_is_looked_up_as_a_shell_does(anyroc: Run) -> None:
    done = anyroc("run", "sh", "-c", "echo $ANYROC_TARGET; exit 5", ANYROC_TARGET="gfx1201")
    assert ("gfx1201\n", 5) == (done.stdout, done.returncode)


def test_a_command_without_arguments(anyroc: Run) -> None:
    assert 1 == anyroc("run", "false").returncode


def test_the_shell_s_commands(anyroc: Run, script: Path) -> None:
    commands = anyroc("env", "--target", "gfx1201").stdout
    line = f'{commands}\nexec "$0" "$@"'
    done = subprocess.run(
        ["sh", "-c", line, sys.executable, str(script), "y"], capture_output=True, text=True
    )
    assert ("0 1 y\n", 3) == (done.stdout, done.returncode), done.stderr


def test_statistics_of_a_command_are_refused(anyroc: Run) -> None:
    done = anyroc("run", "--stats", "sh", "-c", "true")
    assert 2 == done.returncode
    assert "--stats" in done.stderr
