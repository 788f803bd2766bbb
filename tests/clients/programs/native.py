"""A native executable: threads, callbacks, a fault, fork, its end; no Python started it."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from report import check, run

SOURCES = Path(__file__).parents[1] / "native"
FOLDER = tempfile.TemporaryDirectory()


@functools.cache
def built() -> tuple[Path, Path]:
    """Return the executable and the program that it loads."""
    starter, program = Path(FOLDER.name) / "starter", Path(FOLDER.name) / "program.so"
    compiler = [sys.executable, "-m", "ziglang", "cc", "-O2", "-ldl"]
    subprocess.run([*compiler, SOURCES / "starter.c", "-o", starter], check=True)
    build = [sys.executable, "-m", "anyroc", "build", SOURCES / "program.hip", "-o", program]
    subprocess.run([*build, "--target", os.environ["ANYROC_TARGET"]], check=True)
    return starter, program


def result(*arguments: str, expected: int = 0) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [*built(), *arguments], capture_output=True, text=True, timeout=250, env=kept
    )
    print(done.stderr, file=sys.stderr)
    assert done.returncode == expected, f"{done.returncode}: {done.stdout}"
    return done.stdout


@check
def threads_with_streams_of_their_own() -> None:
    result("threads", "64")


@check
def a_thousand_threads() -> None:
    result("threads", "1000")


@check
def callbacks() -> None:
    result("callbacks")


@check
def a_fault_becomes_an_error() -> None:
    assert result("fault", expected=1) == "hipErrorIllegalAddress hipErrorIllegalAddress\n"


@check
def exit_finishes_what_is_under_way() -> None:
    assert result("ends") == "kernel 0\nkernel 1\nkernel 2\n"


@check
def forked_children() -> None:
    result("forks")


@check
def a_busy_stream_is_destroyed() -> None:
    result("busy")


@check
def latencies() -> None:
    """Calls take a microsecond or two, launches ten; twice that on a machine that is busy."""
    found = dict(line.split() for line in result("latencies").splitlines())
    print(f"nanoseconds: {found}")
    assert float(found["call"]) < 2_000
    assert float(found["launch"]) < 20_000


run()
