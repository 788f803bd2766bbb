"""Triton's own test-suite on the software GPU.

    python tests/triton_suite --suite CHECKOUT --target gfx942 --folder out/triton

CHECKOUT is a checkout of triton-lang/triton at the commit named in docs/guides/triton.md. What came
of each case is written down in the folder, and a second call goes on where the first one stopped.
The report counts them, and lists what failed and is not in expected.txt, and what is there and
passed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import inf
from pathlib import Path

from anyroc.cli import environment

HERE = Path(__file__).parent
FILES = (
    "language", "runtime", "tools", "test_debug_dump.py", "test_debuginfo.py", "test_filecheck.py",
    "test_knobs.py", "test_link.py", "test_perf_warning.py", "test_stages_inspection.py",
    "test_utils.py",
)  # fmt: skip
"""What Triton's CI runs on AMD's GPUs, below python/test/unit; plug-ins need a built tree."""

LEFT_OUT = ("language/test_line_info.py",)
LARGE = 600
"""A file with more cases than this is sampled; of the others every case runs."""

COSTLY = ("*test_conversions.py::test_typeconvert_downcast[[]*",)
"""Cases that go through billions of numbers: they run if --costly says so."""

BATCH = 500
"""Cases in one process, which runs them file by file: only whole batches are a sample."""
SEED = 2026


@dataclass(frozen=True)
class Expected:
    """Cases that need not pass: a pattern of targets, one of node ids, and why.

    Of those whose reason begins with "Some" others pass.
    """

    targets: str
    cases: str
    reason: str

    def covers(self, target: str, case: str) -> bool:
        return fnmatchcase(target, self.targets) and fnmatchcase(case, self.cases)


def expectations() -> list[Expected]:
    """Read expected.txt: `TARGETS CASES` and, indented below it, the reason."""
    found: list[Expected] = []
    for line in (HERE / "expected.txt").read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line[0].isspace():
            last = found.pop()
            found.append(
                Expected(last.targets, last.cases, f"{last.reason} {line.strip()}".strip())
            )
        else:
            targets, _, cases = line.partition(" ")
            found.append(Expected(targets, cases.strip().replace("[", "[[]"), ""))
    return found


class Suite:
    """One target's run: its cases, their results, the processes that make them."""

    def __init__(self, checkout: Path, target: str, folder: Path, limit: int) -> None:
        self.unit = (checkout / "python" / "test" / "unit").resolve()
        self.root = checkout.resolve()
        self.target = target
        self.folder = (folder / target).resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.results = self.folder / "results.jsonl"
        self.limit = limit

    def _pytest(self, *arguments: str, **more: str) -> int:
        command = [
            sys.executable, "-W", "ignore", "-m", "pytest", "-p", "plugin",
            "-p", "no:cacheprovider", "-q", "--no-header", "--tb=short", "--device", "cuda",
            *arguments,
        ]  # fmt: skip
        paths = [str(HERE), os.environ.get("PYTHONPATH", "")]
        ours = environment.variables()
        variables = {
            **os.environ,
            **ours,
            # As if installed: a test starts its programs with a search path of its own.
            "LD_RUN_PATH": ours["LD_LIBRARY_PATH"],
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "ANYROC_TARGET": self.target,
            "ANYROC_TRITON": "1",
            "ANYROC_SUITE_LIMIT": str(self.limit),
            "TRITON_CACHE_DIR": str(self.folder / "cache"),
            **more,
        }
        with (self.folder / "log.txt").open("a", encoding="utf-8") as log:
            return subprocess.run(
                command, cwd=self.unit, env=variables, stdout=log, stderr=log, check=False
            ).returncode

    def cases(self, sample: int) -> list[str]:
        """Return the cases to run, in an order in which those before any point are a sample."""
        listing = self.folder / "cases.txt"
        if not listing.exists():
            left_out = [f"--ignore={name}" for name in LEFT_OUT]
            self._pytest("--collect-only", *left_out, *FILES, ANYROC_SUITE_LIST=str(listing))
        every = listing.read_text(encoding="utf-8").splitlines()
        sizes = Counter(case.split("::")[0] for case in every)
        sampled = {name for name, size in sizes.items() if size > LARGE}
        drawn = _drawn([case for case in every if case.split("::")[0] in sampled], sample)
        wanted = [case for case in every if case in drawn or case.split("::")[0] not in sampled]
        random.Random(SEED).shuffle(wanted)
        return wanted

    def known(self) -> dict[str, dict[str, str]]:
        """Return the results so far by case; one that only began has crashed."""
        found: dict[str, dict[str, str]] = {}
        if self.results.exists():
            for line in self.results.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                found[row["case"]] = row
        for row in found.values():
            if row["outcome"] == "begun":
                row.update(outcome="failed", why="the process ended")
        return found

    def run(self, cases: list[str], again: bool, until: float) -> None:
        """Run what has no result yet, a batch of cases per process, until a `time.monotonic`."""
        if again:
            repeated = set(cases)
            kept = [
                row
                for row in self.known().values()
                if row["outcome"] != "failed" or row["case"] not in repeated
            ]
            self.results.write_text("".join(json.dumps(row) + "\n" for row in kept), "utf-8")
        while True:
            known = self.known()
            rest = [case for case in cases if case not in known]
            seconds = until - time.monotonic()
            if not rest or seconds <= 0:
                return
            batch = rest[:BATCH]
            files = list(dict.fromkeys(case.split("::")[0] for case in batch))
            chosen = self.folder / "batch.txt"
            chosen.write_text("\n".join(batch), encoding="utf-8")
            self._pytest(
                *(str(self.root / file) for file in files),
                ANYROC_SUITE_CASES=str(chosen),
                ANYROC_SUITE_RESULTS=str(self.results),
                ANYROC_SUITE_SECONDS=str(seconds),
            )
            left = [case for case in rest if case not in self.known()]
            print(f"{self.target}: {len(left)} of {len(cases)} cases left", flush=True)
            if len(left) == len(rest) and time.monotonic() < until:
                raise SystemExit(f"{files[0]} does not run; see {self.folder / 'log.txt'}")

    def report(self, cases: Iterable[str]) -> bool:
        """Print the report; return whether everything went as expected."""
        known, listed = self.known(), expectations()
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        surprises: list[str] = []
        for case in cases:
            row = known.get(case)
            if row is None:
                continue
            reason = next((e.reason for e in listed if e.covers(self.target, case)), None)
            outcome = row["outcome"]
            if outcome == "failed" and reason is not None:
                outcome = "listed"
            elif outcome == "failed":
                surprises.append(f"FAILED {case}\n    {_first_line(row['why'])}")
            elif outcome == "passed" and reason is not None and not reason.startswith("Some"):
                surprises.append(f"PASSED though listed: {case}")
            counts[case.split("::")[0]][outcome] += 1
        lines = [f"Triton's test-suite on {self.target}", ""]
        columns = ("passed", "listed", "failed", "skipped")
        lines.append(f"{'file':44}" + "".join(f"{name:>9}" for name in columns))
        total: Counter[str] = Counter()
        for name, count in sorted(counts.items()):
            total.update(count)
            lines.append(f"{name:44}" + "".join(f"{count[column]:9}" for column in columns))
        lines.append(f"{'all':44}" + "".join(f"{total[column]:9}" for column in columns))
        ran = sum(total[column] for column in columns[:3])
        if ran:
            lines.append(f"\n{100 * total['passed'] / ran:.1f} % of {ran} cases that ran passed.")
        lines += ["", *surprises]
        text = "\n".join(lines).rstrip() + "\n"
        (self.folder / "report.txt").write_text(text, encoding="utf-8")
        print(text)
        return not surprises


def _drawn(cases: list[str], sample: int) -> set[str]:
    """Draw a sample in which no test function has more cases than it must."""
    functions: dict[str, list[str]] = defaultdict(list)
    for case in cases:
        functions[case.split("[")[0]].append(case)
    generator = random.Random(SEED)
    drawn: set[str] = set()
    left = min(sample, len(cases))
    for position, own in enumerate(sorted(functions.values(), key=len)):
        share = min(len(own), left // (len(functions) - position))
        drawn.update(generator.sample(own, share))
        left -= share
    return drawn


def _first_line(text: str) -> str:
    return next((line for line in text.splitlines() if line.strip()), "")[:300]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suite", type=Path, required=True, help="a checkout of Triton")
    parser.add_argument("--target", action="append", help="a GPU; may be given several times")
    parser.add_argument("--folder", type=Path, default=Path("out/triton"), help="for the results")
    parser.add_argument("--sample", type=int, default=3000, help="cases of the large files")
    parser.add_argument("--shard", default="1/1", help="which part of the cases: 2/8")
    parser.add_argument("--only", default="*", help="a pattern of node ids")
    parser.add_argument("--limit", type=int, default=120, help="seconds that a case may take")
    parser.add_argument("--minutes", type=float, default=inf, help="stop then; go on another time")
    parser.add_argument("--costly", action="store_true", help="run also cases that take hours")
    parser.add_argument("--again", action="store_true", help="run again what failed")
    parser.add_argument("--report", action="store_true", help="run nothing")
    options = parser.parse_args()
    shard, shards = map(int, options.shard.split("/"))
    until = time.monotonic() + 60 * options.minutes
    fine = True
    for target in options.target or ["gfx942"]:
        suite = Suite(options.suite, target, options.folder, options.limit)
        cases = suite.cases(options.sample)[shard - 1 :: shards]
        cases = [case for case in cases if fnmatchcase(case, options.only)]
        if not options.costly:
            cases = [case for case in cases if not any(fnmatchcase(case, row) for row in COSTLY)]
        if not options.report:
            suite.run(cases, options.again, until)
        fine = suite.report(cases) and fine
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
