"""Builds and runs a program, and says how that went."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

from catalogue import Program

PASSED, RAN, FAILED = "passed", "ran", "failed"
SLOW, CRASHED, FAULT = "too slow", "crashed", "fault"
MISSING, COMPILE, REFUSED = "needs", "does not compile", "refused"

BAD = re.compile(
    r"\b(FAIL|FAILED|FAILURE|[Ff]ail|[Ff]ailed|[Ff]ailure|MISMATCH|[Mm]ismatch|[Ii]ncorrect|INCORRECT|"
    r"ERROR|[Ee]rror:|do(es)? not match|not match|[Ww]rong|Validation failed)\b"
)
NOT_BAD = re.compile(
    r"\b(0|no|No|zero) (errors?|mismatch|fail)|[Ee]rrors?:? *(=|is|:)? *[0.]+(e[-+]?\d+)?%?\s*$|"
    r"[Ee]rror: *-?\d*\.?\d+e-\d+"
)
GOOD = re.compile(
    r"\b(PASS(ED)?|[Pp]ass(ed)?|SUCCESS(FUL)?|[Ss]uccess(ful(ly)?)?|OK|[Cc]orrect|[Vv]alid(ated)?|"
    r"[Vv]erified|match(es)?|[Nn]o errors?)\b"
)
HEADER = re.compile(r"fatal error: '([^']+)' file not found")
LINES_KEPT = 4


@dataclass(frozen=True)
class Outcome:
    """How a program did on a target; ``detail`` is what it or the compiler said."""

    program: str
    target: str
    result: str
    seconds: float
    detail: tuple[str, ...] = ()


def run(program: Program, target: str, seconds: float, *, idle_kernels: bool = False) -> Outcome:
    """Build and run ``program``, for at most ``seconds`` of wall time.

    With ``idle_kernels`` no kernel does anything: a program that passes then checks nothing.
    """
    command = [sys.executable, "-m", "anyroc", "run", "--target", target]
    command += ["--rdc"] if program.relocatable else []
    command += ["-std", program.standard]
    command += [word for folder in program.includes for word in ("-I", folder)]
    command += [f"-D{define}" for define in program.defines]
    command += [f"-l{library}" for library in program.libraries]
    first, *others = program.sources
    command += [word for other in others for word in ("--with", other)]
    environment = dict(os.environ)
    if idle_kernels:
        environment["ANYROC_NOOP_KERNELS"] = "1"
    began = time.monotonic()
    process = subprocess.Popen(
        [*command, first, "--", *program.arguments],
        cwd=program.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    late = False
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        late = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
    took = round(time.monotonic() - began, 1)
    result, detail = judge(out, err, process.returncode, late=late)
    lines = tuple(line.strip()[:200] for line in detail[:LINES_KEPT])
    return Outcome(program.name, target, result, took, lines)


def judge(out: str, err: str, status: int, *, late: bool) -> tuple[str, list[str]]:
    """Return what a run's output and exit status mean, and the lines that say so."""
    said = [line for line in err.splitlines() if line.strip() and "(once)" not in line]
    bad = [line for line in out.splitlines() if BAD.search(line) and not NOT_BAD.search(line)]
    good = [line for line in out.splitlines() if GOOD.search(line)]
    errors = [line for line in said if "error:" in line or line.startswith(("anyroc", "hint"))]
    if "does not compile" in err or re.search(r"do(es)? not link", err):
        missing = HEADER.search(err)
        return (MISSING, [missing[1]]) if missing else (COMPILE, errors)
    if late:
        return SLOW, said[-1:]
    if "fault" in err and "anyroc" in err:
        return FAULT, errors or said
    if re.search(r"not implemented|not supported|anyroc has no", err):
        return REFUSED, errors or said
    if status < 0:
        return CRASHED, [f"signal {-status}", *said[-2:]]
    if bad:
        return FAILED, bad
    if status:
        return FAILED, [f"exit status {status}", *said[-2:], *out.splitlines()[-1:]]
    return (PASSED, good[-1:]) if good else (RAN, out.splitlines()[-1:])
