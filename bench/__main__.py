"""Compare anyroc with plain C and with PoCL: python -m bench [--rounds N] [--only KERNEL,…]"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import machine, page, startup
from bench.sides import Anyroc, Failed, Missing, Native, Pocl, Sample, Side
from bench.workloads import WORKLOADS, Workload

PAGES = Path(__file__).parents[1] / "docs" / "benchmarks"
TOLERANCE = 1e-3  # between the sums of the sides' results: their sums round differently


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.split(":")[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often the sides take turns")
    parser.add_argument("--only", default="", help="kernels to measure, with commas between")
    parser.add_argument("--target", default="gfx942", help="the GPU that anyroc stands in for")
    parser.add_argument("--threads", type=int, default=2, help="measure one thread and this many")
    parser.add_argument("--out", type=Path, default=PAGES, help="the folder for page and plots")
    parser.add_argument("--no-page", action="store_true", help="only print the table")
    parser.add_argument("--redraw", action="store_true", help="write the page from results.json")
    return parser.parse_args()


def prepare(sides: list[Side], console: Console) -> dict[str, tuple[bool, str]]:
    """Say of each side what it is, or why it is missing."""
    found: dict[str, tuple[bool, str]] = {}
    for side in sides:
        present, text = found[side.name] = prepared(side)
        console.print(f"{side.name}: {text}" if present else f"{side.name} is missing: {text}")
    return found


def prepared(side: Side) -> tuple[bool, str]:
    try:
        return True, side.prepare()
    except Missing as reason:
        return False, str(reason)


def measure(
    work: Workload, sides: list[Side], threads: int, rounds: int, console: Console
) -> dict[str, dict]:
    """Seconds by side and number of threads; the sides take turns."""
    best: dict[tuple[str, int], Sample] = {}
    failed: set[str] = set()
    for _ in range(rounds):
        for count in sorted({1, threads}):
            for side in sides:
                if side.name in failed:
                    continue
                try:
                    sample = side.run(work.arguments, count)
                except Failed as failure:
                    console.print(f"[bold red]{work.label}:[/] {failure}")
                    failed.add(side.name)
                    continue
                key = side.name, count
                best[key] = sample.best(best[key]) if key in best else sample
    checks = {side: sample.check for (side, _), sample in best.items()}
    reference = next(iter(checks.values()))
    for side, check in checks.items():
        if not math.isclose(check, reference, rel_tol=TOLERANCE):
            raise SystemExit(f"{work.label}: the sides disagree on the result ({side}): {checks}")
    result: dict[str, dict] = {}
    for (side, count), sample in best.items():
        result.setdefault(side, {})[str(count)] = asdict(sample)
    return result


def run(arguments: argparse.Namespace, console: Console) -> dict:
    native, anyroc = Native(), Anyroc(arguments.target)
    everyone: list[Side] = [native, anyroc, Pocl()]
    found = prepare(everyone, console)
    present = [side for side in everyone if found[side.name][0]]
    limits = machine.limits(native, arguments.rounds)

    only = set(filter(None, arguments.only.split(",")))
    rows = []
    for work in WORKLOADS:
        if only and work.kernel not in only:
            continue
        with console.status(work.label):
            measured = measure(work, present, arguments.threads, arguments.rounds, console)
        row = {"label": work.label, "limit": limits.seconds(work), "why": work.why}
        rows.append({**row, "sides": measured})
        console.print("   ".join(page.cells(rows[-1])), style="dim")

    starts: dict[str, dict] = {}
    translation: dict[str, float] = {}
    if found[anyroc.name][0] and not only:
        with console.status("starting"):
            starts = {
                label: asdict(start) for label, start in startup.starts(arguments.target).items()
            }
        with console.status("translating"):
            translation = startup.translation(arguments.target)
    return {
        "command": " ".join(["python -m bench", *sys.argv[1:]]),
        "date": datetime.date.today().isoformat(),
        "machine": machine.description(),
        "rounds": arguments.rounds,
        "sides": found,
        "limits": asdict(limits),
        "rows": rows,
        "starts": starts,
        "translation": translation,
    }


def show(results: dict, console: Console) -> None:
    table = Table(title="CPU time of one run, one thread")
    for index, heading in enumerate(page.HEADINGS):
        table.add_column(heading, justify="right" if index else "left", no_wrap=index == 0)
    for row in results["rows"]:
        table.add_row(*page.cells(row))
    console.print(table)
    for label, start in results["starts"].items():
        console.print(f"{label}: " + ", ".join(page.start_cells(start)))
    if translated := results["translation"]:
        quick = page.per_thousand(translated)
        optimised = page.per_thousand(translated, "seconds_optimised")
        console.print(
            f"translation: {quick:.0f} ms for 1000 GPU instructions, {optimised:.0f} ms to optimise"
        )


def main() -> None:
    arguments, console = parse(), Console()
    if not console.is_terminal:
        console = Console(width=120)
    stored = arguments.out / "results.json"
    if arguments.redraw:
        results = json.loads(stored.read_text())
    else:
        results = run(arguments, console)
    show(results, console)
    if arguments.no_page:
        return
    from bench import plots  # matplotlib, which not everyone who measures needs

    arguments.out.mkdir(parents=True, exist_ok=True)
    stored.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    plots.plots(results, arguments.out)
    (arguments.out / "index.md").write_text(page.page(results))
    console.print(f"wrote {arguments.out / 'index.md'}")


if __name__ == "__main__":
    main()
