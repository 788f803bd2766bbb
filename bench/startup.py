"""Starting a program: empty cache, new program, everything cached. And translating its kernels."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Start:
    """Seconds, and the most memory that any one process held."""

    wall: float
    cpu: float
    peak_kb: int


def anyroc_run(example: str, target: str, cache: Path) -> Start:
    """`anyroc run` on one of the examples, with its cache in the given folder."""
    program = ROOT / "examples" / f"{example}.cu"
    command = [sys.executable, "-m", "anyroc", "run", "--target", target, str(program)]
    environment = {**os.environ, "ANYROC_CACHE": str(cache)}
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, env=environment, stdout=output, stderr=subprocess.STDOUT, cwd=cache
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            output.seek(0)
            raise RuntimeError(f"{' '.join(command)}: {output.read().decode()}")
    return Start(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)


def starts(target: str) -> dict[str, Start]:
    """What the first, the next and each later start of a program cost."""
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        cache = Path(folder)
        first = anyroc_run("histogram", target, cache)
        new = anyroc_run("saxpy", target, cache)
        again = [anyroc_run("saxpy", target, cache) for _ in range(5)]
        warm = min(again, key=lambda start: start.wall)
    return {
        "first program on this machine (empty cache)": first,
        "a new program (saxpy)": new,
        "saxpy again (everything cached)": warm,
    }


def translation(target: str) -> dict[str, float]:
    """Instructions translated and the seconds it took, with an empty cache."""
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        result = subprocess.run(
            [sys.executable, "-m", "bench.translation", target],
            cwd=ROOT,
            env={**os.environ, "ANYROC_CACHE": folder},
            capture_output=True,
            text=True,
        )
    if result.returncode != 0:
        raise RuntimeError(result.stderr)
    return json.loads(result.stdout)
