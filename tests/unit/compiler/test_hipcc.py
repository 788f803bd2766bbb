"""The command that stands in for hipcc."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from anyroc.compiler import hipcc
from anyroc.compiler.toolchain import HEADERS


@pytest.fixture(scope="module")
def command() -> Path:
    return hipcc.folder() / "hipcc"


def run(command: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [command, *arguments], capture_output=True, text=True, timeout=120, check=False
    )


def test_it_tells_where_headers_are(command: Path) -> None:
    done = run(command, "-x", "hip", "-E", "-v", "/dev/null")
    listed = done.stderr.partition("#include <...> search starts here:\n")[2]
    assert 0 == done.returncode
    assert str(HEADERS) in [line.strip() for line in listed.splitlines()]


def test_it_compiles_kernels(command: Path, tmp_path: Path) -> None:
    source, made = tmp_path / "kernel.cpp", tmp_path / "kernel.hsaco"
    source.write_text(
        '#include <hip/hip_runtime.h>\nextern "C" __global__ void k(int *p) { *p = 1; }'
    )
    done = run(command, "--genco", "--offload-arch=gfx1201", str(source), "-o", str(made))
    assert ("", 0) == (done.stderr, done.returncode)
    assert b"\x7fELF" == made.read_bytes()[:4]


def test_what_it_does_not_do_it_says(command: Path, tmp_path: Path) -> None:
    done = run(command, "program.hip", "-o", "program")
    assert 1 == done.returncode
    assert "anyroc build makes a program" in done.stderr
