"""Who is measured: anyroc, plain C, PoCL. Each workload runs in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

HERE = Path(__file__).parent
NATIVE_FLAGS = ["-std=gnu11", "-O3", "-march=native", "-fno-math-errno"]


class Missing(Exception):
    """Why a side cannot take part."""


class Failed(Exception):
    """What went wrong in a side that can take part."""


@dataclass(frozen=True)
class Sample:
    """Seconds of one run of a kernel, what its results add up to, and the most memory held."""

    wall: float
    cpu: float
    check: float
    peak_kb: int

    def best(self, other: Sample) -> Sample:
        return Sample(
            min(self.wall, other.wall),
            min(self.cpu, other.cpu),
            self.check,
            max(self.peak_kb, other.peak_kb),
        )


class Side:
    """One implementation. `prepare` raises Missing, with the reason, where it cannot run."""

    name = ""

    def prepare(self) -> str:
        """Build what is needed; return what is measured, with its version."""
        raise NotImplementedError

    def command(self, arguments: list[str], threads: int) -> tuple[list[str], dict[str, str]]:
        """The command line and the additional environment."""
        raise NotImplementedError

    def run(self, arguments: list[str], threads: int) -> Sample:
        command, environment = self.command(arguments, threads)
        result = subprocess.run(
            command,
            env={**os.environ, **environment},
            cwd=HERE.parent,
            capture_output=True,
            text=True,
            timeout=600,
        )
        if result.returncode != 0:
            output = (result.stderr or result.stdout).strip()
            raise Failed(f"{self.name} {' '.join(arguments)}: {output}")
        return Sample(**json.loads(result.stdout.splitlines()[-1]))


class Native(Side):
    name = "native C"

    @cached_property
    def program(self) -> Path:
        folder = tempfile.TemporaryDirectory(prefix="bench")
        self._folder = folder  # deleted with this object
        program = Path(folder.name, "native")
        command = [sys.executable, "-m", "ziglang", "cc", *NATIVE_FLAGS, str(HERE / "native.c")]
        subprocess.run([*command, "-o", str(program), "-lm", "-lpthread"], check=True)
        return program

    def prepare(self) -> str:
        try:
            self.program.stat()
        except subprocess.CalledProcessError as error:
            raise Missing(f"native.c does not compile: {error}") from error
        command = [sys.executable, "-m", "ziglang", "cc", "--version"]
        version = subprocess.run(command, capture_output=True, text=True).stdout.split("\n")[0]
        return f"{version}, {' '.join(NATIVE_FLAGS)}"

    def command(self, arguments: list[str], threads: int) -> tuple[list[str], dict[str, str]]:
        return [str(self.program), str(threads), *arguments], {}


class Anyroc(Side):
    def __init__(self, target: str):
        self.target = target
        self.name = "anyroc"

    def prepare(self) -> str:
        import anyroc

        try:
            self.run(["add", "256"], 1)
        except Failed as error:
            raise Missing(str(error)) from error
        return f"anyroc {anyroc.__version__}, {self.target}"

    def command(self, arguments: list[str], threads: int) -> tuple[list[str], dict[str, str]]:
        program = [str(HERE / "kernels.cu"), "--", *arguments]
        command = [sys.executable, "-m", "anyroc", "run", "--target", self.target, *program]
        return command, {"ANYROC_THREADS": str(threads)}


class Pocl(Side):
    name = "PoCL"

    def prepare(self) -> str:
        try:
            import pyopencl  # noqa: F401
        except ImportError as error:
            raise Missing("pyopencl is not installed: pip install '.[bench]'") from error
        command, environment = self.command(["--version"], 1)
        result = subprocess.run(
            command,
            env={**os.environ, **environment},
            cwd=HERE.parent,
            capture_output=True,
            text=True,
        )
        if result.returncode != 0:
            raise Missing(result.stderr.strip().splitlines()[-1])
        return result.stdout.strip()

    def command(self, arguments: list[str], threads: int) -> tuple[list[str], dict[str, str]]:
        command = [sys.executable, "-W", "ignore", "-m", "bench.opencl", *arguments]
        # Two names for one setting: PoCL up to 4.0, and after.
        count = str(threads)
        return command, {"POCL_MAX_PTHREAD_COUNT": count, "POCL_CPU_MAX_CU_COUNT": count}
