"""Running a client on a target, and what came of each of its checks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalogue import Client
from report import MARK

PROGRAMS = Path(__file__).with_name("programs")
_LAST_LINES = 12

PASSED, FAILED, EXPECTED, SURPRISE = "passed", "failed", "failed as expected", "passed unexpectedly"


@dataclass(frozen=True)
class Outcome:
    """What came of a check."""

    client: str
    target: str
    check: str
    state: str
    why: str = ""
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Whether it is what was expected."""
        return self.state in (PASSED, EXPECTED)


def run(client: Client, target: str, python: Path, log: Path) -> list[Outcome]:
    """Run a client's program on a target and return what came of its checks."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
        **client.environment,
        "ANYROC_TARGET": target,
        "PYTHONPATH": str(PROGRAMS.parent),
        "PYTHONFAULTHANDLER": "1",
    }
    program = PROGRAMS / f"{client.name}.py"
    command = [python.with_name("anyroc"), "run", python, program]
    with log.open("w") as errors:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, env=environment, text=True,
            errors="replace", start_new_session=True,
        )  # fmt: skip
        try:
            output, _ = process.communicate(timeout=client.seconds)
            end = _ending(process.returncode)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            end = f"still running after {client.seconds:.0f} s"
    with log.open("a") as errors:
        errors.write(output)
    return list(_outcomes(client, target, list(_facts(output)), end))


def _ending(status: int) -> str:
    """Say how a process ended; nothing if it ended well."""
    if status < 0:
        return signal.Signals(-status).name
    return f"exit status {status}" if status else ""


def _facts(output: str) -> Iterator[dict[str, Any]]:
    for line in output.split("\n"):
        if line.startswith(MARK):
            yield json.loads(line[len(MARK) :])


def _outcomes(
    client: Client, target: str, facts: list[dict[str, Any]], end: str
) -> Iterator[Outcome]:
    done = {fact["check"]: fact for fact in facts if "passed" in fact}
    finished = any(fact.get("finished") for fact in facts)
    for name in dict.fromkeys(fact["check"] for fact in facts if "check" in fact):
        fact = done.get(name, {"passed": False, "why": end or "the program ended"})
        reason = client.reason(name, target)
        if reason is None:
            state = PASSED if fact["passed"] else FAILED
        else:
            state = SURPRISE if fact["passed"] else EXPECTED
        why = reason if state == EXPECTED else fact.get("why", "")
        yield Outcome(client.name, target, name, state, why or "", fact.get("seconds", 0.0))
    if end and (finished or not facts):
        when = "at its end" if finished else "before its first check"
        yield Outcome(client.name, target, "(the process)", FAILED, f"{end} {when}")
    elif not finished and not end:
        yield Outcome(client.name, target, "(the process)", FAILED, "ended before its last check")
