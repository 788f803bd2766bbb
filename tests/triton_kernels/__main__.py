"""Triton kernels of all common kinds against PyTorch, on each GPU that Triton compiles for.

    python tests/triton_kernels [--folder out/triton_kernels] [--only PATTERN] [TARGET…]

Each kernel runs at several numbers of warps, sizes of blocks and stages.  What came of each is kept
in the folder, a second call goes on where the first one stopped, and tries again what failed.
``--minutes`` says when to stop.  The report counts, and lists what is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from fnmatch import fnmatchcase
from pathlib import Path

HERE = Path(__file__).parent
TARGETS = ("gfx90a", "gfx942", "gfx950", "gfx1100", "gfx1151", "gfx1200", "gfx1201")


def label(name: str, config: dict[str, object]) -> str:
    return f"{name} {json.dumps(config, sort_keys=True)}"


def read(path: Path) -> dict[str, str]:
    """What is known: "" of what is right."""
    rows = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return {row["case"]: row["wrong"] for row in rows}


def run_here(target: str, path: Path, only: str, until: float) -> None:
    """Runs what is not known to be right, in this process."""
    sys.path.insert(0, str(HERE))
    import corpus

    known = read(path)
    with path.open("a") as out:
        for case in corpus.CASES.values():
            for config in case.configs:
                at = label(case.name, config)
                if known.get(at) == "" or not re.search(only, case.name) or time.time() > until:
                    continue
                print(json.dumps({"case": at, "wrong": "the process ended"}), file=out, flush=True)
                try:
                    wrong = corpus.run(case, config, target)
                except Exception as problem:  # whatever a kernel does, the others run
                    wrong = f"{type(problem).__name__}: {problem}"[:400]
                print(json.dumps({"case": at, "wrong": wrong}), file=out, flush=True)


def report(folder: Path, targets: list[str]) -> tuple[list[str], int]:
    """Lines of the report, and how much is wrong or was not run."""
    sys.path.insert(0, str(HERE))
    import corpus

    every = {label(c.name, config) for c in corpus.CASES.values() for config in c.configs}
    lines = [
        f"{len(corpus.CASES)} kernels, {len(every)} configurations.", "",
        "| GPU | right | known | wrong | not run |", "|---|---:|---:|---:|---:|",
    ]  # fmt: skip
    bad, details = 0, []
    for target in targets:
        known = {at: w for at, w in read(folder / f"{target}.jsonl").items() if at in every}
        expected = {
            at: why
            for at in known
            for gpus, cases, why in corpus.KNOWN
            if fnmatchcase(target, gpus) and fnmatchcase(at, cases)
        }
        wrong = {at: w for at, w in known.items() if w and at not in expected}
        wrong |= {at: f"passes, though {expected[at]}" for at in expected if not known[at]}
        left, right = len(every) - len(known), len(known) - len(expected) - len(wrong)
        bad += len(wrong) + left
        lines.append(f"| {target} | {right} | {len(expected)} | {len(wrong)} | {left} |")
        details += [f"- {target} {at}: known: {why}" for at, why in expected.items()]
        details += [f"- {target} {at}: {w}" for at, w in wrong.items()]
    return [*lines, "", *details], bad


def main() -> int:
    parser = argparse.ArgumentParser(description="Triton kernels against PyTorch.")
    parser.add_argument("targets", nargs="*", default=TARGETS)
    parser.add_argument("--folder", type=Path, default=Path("out/triton_kernels"))
    parser.add_argument("--only", default="", help="a pattern of kernels")
    parser.add_argument("--minutes", type=float, default=1e6)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    until = time.time() + 60 * arguments.minutes
    if arguments.inside:
        (target,) = arguments.targets
        run_here(target, folder / f"{target}.jsonl", arguments.only, until)
        return 0
    for target in arguments.targets:
        left = (until - time.time()) / 60
        if left <= 0:
            break
        environment = {**os.environ, "ANYROC_TARGET": target, "ANYROC_TRITON": "1"}
        command = [sys.executable, str(HERE), "--inside", "--folder", str(folder)]
        command += ["--only", arguments.only, "--minutes", str(left), target]
        subprocess.run(command, env=environment, check=False)
    lines, bad = report(folder, list(arguments.targets))
    text = "\n".join(lines)
    (folder / "report.md").write_text(text + "\n")
    print(text)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
