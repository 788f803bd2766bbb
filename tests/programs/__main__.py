"""``make programs``: build and run the programs of a checkout of CUDA or HIP sources, unmodified.

Results are appended to a file as they come, so that a run can be broken off and taken up again. At
the end a table says what ran. What is known not to pass stands with its reason in ``expected.txt``.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import outcomes
from catalogue import Program, programs
from outcomes import Outcome

ROOT = Path(__file__).parents[2]
EXPECTED = Path(__file__).with_name("expected.txt")
ARGUMENTS = Path(__file__).with_name("arguments.txt")
TARGETS = ("gfx942", "gfx1201")
GOOD = (outcomes.PASSED, outcomes.RAN)


def main() -> int:
    """Run what the command line names; 1 if anything is not as expected."""
    chosen = _arguments()
    checkout: Path = chosen.source.resolve()
    results: Path = chosen.results or ROOT / "out" / "programs" / f"{checkout.name}.jsonl"
    results.parent.mkdir(parents=True, exist_ok=True)
    done = {} if chosen.again else load(results)
    small = _rules(ARGUMENTS)
    ends = time.monotonic() + 60 * (chosen.minutes or float("inf"))
    for program, target in pairs(checkout, chosen.only, chosen.target or TARGETS):
        if (program.name, target) in done:
            continue
        if time.monotonic() > ends:
            print("the time is up; the same command goes on", file=sys.stderr)
            break
        outcome = outcomes.run(
            _with_arguments(program, small),
            target,
            chosen.seconds,
            idle_kernels=chosen.idle_kernels,
        )
        done[program.name, target] = outcome
        with results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(outcome)) + "\n")
        print(outcome.result, program.name, target, outcome.seconds, flush=True)
        for line in outcome.detail if outcome.result not in GOOD else ():
            print("    ", line)
    bad = surprises(list(done.values()), _rules(EXPECTED))
    text = table(list(done.values()), bad)
    results.with_suffix(".md").write_text(text + "\n", encoding="utf-8")
    print(text)
    return bool(bad) or not done


def pairs(checkout: Path, only: str, targets: Sequence[str]) -> Iterator[tuple[Program, str]]:
    """Yield the programs whose names have the pattern ``only`` in them, with each target."""
    for program in programs(checkout):
        if re.search(only, program.name):
            for target in targets:
                yield program, target


def load(results: Path) -> dict[tuple[str, str], Outcome]:
    """Return the outcomes in a file, the last of each program and target."""
    if not results.exists():
        return {}
    rows = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    found = [Outcome(**{**row, "detail": tuple(row["detail"])}) for row in rows]
    return {(row.program, row.target): row for row in found}


def surprises(found: list[Outcome], expected: list[tuple[str, str]]) -> list[tuple[Outcome, str]]:
    """Return the outcomes that are not as expected, and what is wrong about them."""
    rows = []
    for outcome in found:
        said = f"{outcome.result}: {'; '.join(outcome.detail)}"
        where = f"{outcome.program}@{outcome.target} {said}"
        reason = next((why for pattern, why in expected if re.search(pattern, where)), None)
        good = outcome.result in GOOD
        if good and reason:
            rows.append((outcome, f"passes, though expected not to: {reason}"))
        elif not good and not reason:
            rows.append((outcome, "; ".join(outcome.detail)))
    return rows


def table(found: list[Outcome], bad: list[tuple[Outcome, str]]) -> str:
    """Return a Markdown table: how many programs did what, and then what was not expected."""
    targets = list(dict.fromkeys(row.target for row in found))
    results = list(dict.fromkeys(row.result for row in found))
    counts = Counter((row.result, row.target) for row in found)
    lines = [f"| result | {' | '.join(targets)} |", "|---" * (len(targets) + 1) + "|"]
    lines += [
        f"| {result} | {' | '.join(str(counts[result, target]) for target in targets)} |"
        for result in sorted(results, key=lambda result: -sum(counts[result, t] for t in targets))
    ]
    if bad:
        lines += ["", "Not as expected:", ""]
        lines += [f"- {row.program} on {row.target}: {row.result}: {why}" for row, why in bad]
    return "\n".join(lines)


def _with_arguments(program: Program, rules: list[tuple[str, str]]) -> Program:
    for pattern, arguments in rules:
        if re.search(pattern, program.name):
            return Program(**{**vars(program), "arguments": tuple(arguments.split())})
    return program


def _rules(path: Path) -> list[tuple[str, str]]:
    """Return the lines ``PATTERN: TEXT`` of a file, without its comments."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [line.partition(": ") for line in lines if line and not line.startswith("#")]
    return [(pattern, text) for pattern, _, text in rows]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, prog="programs")
    parser.add_argument("source", type=Path, help="the checkout")
    parser.add_argument("--target", action="append", help="run on this GPU (repeatable)")
    parser.add_argument("--only", default="", metavar="PATTERN", help="programs of such names")
    parser.add_argument("--seconds", type=float, default=60, help="for each program (60)")
    parser.add_argument("--minutes", type=float, help="break off after this time")
    parser.add_argument("--results", type=Path, help="the file of results to go on with")
    parser.add_argument("--again", action="store_true", help="run what has a result already")
    parser.add_argument(
        "--idle-kernels",
        action="store_true",
        help="with kernels that do nothing: what passes so checks nothing",
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
