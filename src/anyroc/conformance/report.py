"""Running the checks in processes of their own, and the report of what came of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from anyroc.conformance import facts
from anyroc.conformance.registry import checks

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
_SECONDS_PER_SECTION = 300


@dataclass(frozen=True)
class Result:
    """What came of a check."""

    section: str
    check: str
    state: str
    why: str = ""
    seconds: float = 0.0


@dataclass
class Report:
    """What was checked on what."""

    library: str
    anyroc: str
    facts: dict[str, Any] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)

    def count(self, state: str) -> int:
        """Return how many checks ended so."""
        return sum(result.state == state for result in self.results)

    def as_json(self) -> str:
        """Return everything for programs, and for sending back."""
        return json.dumps(asdict(self), indent=1)


def run(library: Path, sections: Sequence[str], anyroc: str) -> Report:
    """Run sections of checks against a library."""
    report = Report(str(library), anyroc, facts.of_library(library))
    for section in sections:
        report.results += _section(library, section, report.facts)
    return report


def _section(library: Path, section: str, known: dict[str, Any]) -> Iterator[Result]:
    """Run a section; where a check ends the process, go on behind it in another."""
    left = list(checks(section))
    while left:
        started, end = None, ""
        for line in _child(library, section, left):
            fact = json.loads(line)
            if "facts" in fact:
                known.update(fact["facts"])
            elif "started" in fact:
                started = fact["started"]
                left.remove(started)
            elif "check" in fact:
                started = None
                yield Result(section, **fact)
            else:
                end = fact["end"]
        if started is not None:
            yield Result(section, started, FAILED, f"the process ended: {end}")
        elif left:
            yield from (Result(section, name, FAILED, f"not started: {end}") for name in left)
            return


def _child(library: Path, section: str, names: Sequence[str]) -> Iterator[str]:
    """Run checks in a process and return its lines, and a last one that says how it ended."""
    command = [sys.executable, "-m", "anyroc.conformance", str(library), section, *names]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS_PER_SECTION,
            env=dict(os.environ),
        )
        last = (done.stderr.strip().splitlines() or [""])[-1]
        output, end = done.stdout, f"status {done.returncode}: {last}"
    except subprocess.TimeoutExpired as error:
        raw = error.stdout or b""
        output = raw.decode(errors="replace") if isinstance(raw, bytes) else raw
        end = f"still running after {_SECONDS_PER_SECTION} s"
    yield from (line for line in output.splitlines() if line.startswith("{"))
    yield json.dumps({"end": end})
