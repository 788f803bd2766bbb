"""Runs the cases of a program in processes of their own and tells what came of them.

First all cases of a source run in one process. What did not pass there, or did not get its turn,
runs again alone, in the way that ctest runs each case.
"""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from outcomes import Outcome

SKIPPED = "HIP_SKIP_THIS_TEST"
MEMORY = 8 << 30
"""Bytes that a process may fill; some cases go astray and ask for all there is."""

PATIENCE = 3
"""How much longer a process may take by the clock than on the processor."""

_TAIL = 3000
_CASE = re.compile(rb"<TestCase name=.*?</TestCase>", re.DOTALL)


def list_cases(program: Path, folder: Path, environment: dict[str, str]) -> list[str] | None:
    """Return the names of a program's cases, None if it does not tell."""
    command = [*_command(program), "--list-test-names-only"]
    code, text, _ = _process(command, folder, environment, 60, errors=subprocess.DEVNULL)
    names = [line.strip() for line in text.decode(errors="replace").splitlines()]
    found = [name for name in names if name]
    return found if found and code is not None and code >= 0 else None


class Runner:
    """Runs cases of one target: in a folder, with a limit in seconds of processor time."""

    def __init__(
        self, folder: Path, environment: dict[str, str], limit: float, arguments: Sequence[str]
    ) -> None:
        self.folder = folder
        self.environment = environment
        self.limit = limit
        self.arguments = list(arguments)

    def together(self, program: Path, category: str, cases: Sequence[str]) -> list[Outcome]:
        """Run cases in one process; return those that passed or were skipped there."""
        names = ",".join(_escaped(case) for case in cases)
        command = [*_command(program), names, "-r", "xml", "-d", "yes", *self.arguments]
        _, text, _ = _process(
            command, self.folder, self.environment, self.limit, errors=subprocess.DEVNULL
        )
        return [
            Outcome(category, program.stem, name, outcome, seconds)
            for name, outcome, seconds in parse(text)
            if outcome != "failed" and name in cases
        ]

    def alone(self, program: Path, category: str, case: str) -> Outcome:
        """Run one case in a process of its own."""
        command = [*_command(program), _escaped(case), "-d", "yes", *self.arguments]
        code, text, seconds = _process(command, self.folder, self.environment, self.limit)
        words = text.decode(errors="replace")
        outcome = "passed"
        if code is None:
            outcome = "timeout"
        elif code < 0 or "fatal error condition" in words:
            outcome = "crashed"
        elif code != 0:
            outcome = "failed"
        elif SKIPPED in words:
            outcome = "skipped"
        elif "No test cases matched" in words or "No tests ran" in words:
            outcome = "failed"
        why = "" if outcome in ("passed", "skipped") else words[-_TAIL:]
        return Outcome(category, program.stem, case, outcome, round(seconds, 1), why)


def parse(text: bytes) -> list[tuple[str, str, float]]:
    """Return name, outcome and seconds of the cases that a report of Catch's tells of in full."""
    found = []
    for piece in _CASE.findall(text):
        try:
            element = ElementTree.fromstring(piece)
        except ElementTree.ParseError:
            continue
        result = element.find("OverallResult")
        if result is None:
            continue
        outcome = "passed" if result.get("success") == "true" else "failed"
        if outcome == "passed" and SKIPPED.encode() in piece:
            outcome = "skipped"
        seconds = round(float(result.get("durationInSeconds", "0")), 1)
        found.append((element.get("name", "").strip(), outcome, seconds))
    return found


def _command(program: Path) -> list[str]:
    return [sys.executable, "-m", "anyroc", "run", str(program), "--"]


def _escaped(case: str) -> str:
    return re.sub(r"([\\,\[])", r"\\\1", case)


def _process(
    command: Sequence[str],
    folder: Path,
    environment: dict[str, str],
    limit: float,
    *,
    errors: int = subprocess.STDOUT,
) -> tuple[int | None, bytes, float]:
    """Run a command; return its exit code (None if time was up), its output and its seconds.

    `limit` is in seconds of processor time, so that a busy machine changes nothing.
    """
    begun = time.monotonic()
    with subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        start_new_session=True,
    ) as process:
        resource.prlimit(process.pid, resource.RLIMIT_DATA, (MEMORY, MEMORY))
        resource.prlimit(process.pid, resource.RLIMIT_CPU, (int(limit), int(limit) + 5))
        try:
            text, _ = process.communicate(timeout=PATIENCE * limit)
            code: int | None = process.returncode
            if code in (-signal.SIGXCPU, -signal.SIGKILL):
                code = None
        except subprocess.TimeoutExpired:
            _end_group(process)
            text, _ = process.communicate()
            code = None
        finally:
            _end_group(process)
    return code, text, time.monotonic() - begun


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process with all that it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
