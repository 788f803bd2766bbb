"""The report: how many cases of each category passed on each target, and why the others did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from outcomes import GOOD, Expected, Outcome

BAR = 80.0  # per cent of each category


def made(
    rows: Mapping[str, Sequence[Outcome]], listed: Sequence[Expected], sources: Mapping[str, int]
) -> tuple[str, bool]:
    """Return the report as Markdown, and whether nothing in it is unexpected.

    `sources` tells how many each category has; those of which no case has an outcome did not run.
    """
    lines = [
        "| Category | Target | Sources | Passed | Skipped | Test | Listed | Failed | Share |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    reasons: Counter[tuple[str, str]] = Counter()
    surprises: list[str] = []
    for category, total in sources.items():
        for target, found in rows.items():
            count: Counter[str] = Counter()
            for row in (row for row in found if row.category == category):
                known = next((e for e in listed if e.covers(target, row)), None)
                if row.outcome in GOOD:
                    count[row.outcome] += 1
                    if known is not None and row.outcome == "passed" and not known.others_pass:
                        surprises.append(f"- PASSED though listed: {_named(target, row)}")
                elif known is not None:
                    count["test" if known.of_the_test else "listed"] += 1
                    reasons[category, known.reason] += 1
                else:
                    count["failed"] += 1
                    surprises.append(f"- {row.outcome}: {_named(target, row)}: {_last(row.why)}")
            ran = count["passed"] + count["listed"] + count["failed"]
            share = 100 * count["passed"] / ran if ran else 0.0
            run = len({row.source for row in found if row.category == category})
            cells = [count[name] for name in ("passed", "skipped", "test", "listed", "failed")]
            marked = "" if share >= BAR or not ran else " (below the bar)"
            row_cells = [
                category,
                target,
                f"{run} of {total}",
                *map(str, cells),
                f"{share:.1f} %{marked}",
            ]
            lines.append(f"| {' | '.join(row_cells)} |")
    if reasons:
        lines += ["", "Listed:", ""]
        lines += [f"- {category}: {number} × {reason}" for (category, reason), number
                  in sorted(reasons.items())]  # fmt: skip
    if surprises:
        lines += ["", "Unexpected:", "", *surprises]
    return "\n".join(lines) + "\n", not surprises


def _named(target: str, row: Outcome) -> str:
    return f"{target} {row.category}/{row.source} {row.case}"


def _last(text: str) -> str:
    """Return the line of a case's output that says most."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for sign in ("FAILED:", "error:", "fatal error"):
        place = next((i for i, line in enumerate(lines) if sign in line), None)
        if place is not None:
            return " ".join(lines[place : place + 3])[:200]
    return lines[-1][:200] if lines else ""
