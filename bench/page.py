"""The page, from the results of a run."""

from __future__ import annotations

from collections.abc import Callable


def time_text(seconds: float) -> str:
    if seconds < 1e-3:
        return f"{1e6 * seconds:.3g} µs"
    return f"{1e3 * seconds:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def ratio(row: dict, side: str, other: str) -> float | None:
    """How many times the CPU time of `other` it is that `side` takes."""
    try:
        return row["sides"][side]["1"]["cpu"] / row["sides"][other]["1"]["cpu"]
    except KeyError:
        return None


def speedup(row: dict, side: str) -> float | None:
    try:
        one, two = row["sides"][side]["1"], row["sides"][side]["2"]
    except KeyError:
        return None
    return one["wall"] / two["wall"]


def of_limit(row: dict, side: str) -> float | None:
    try:
        return row["limit"] / row["sides"][side]["1"]["cpu"]
    except KeyError:
        return None


def number(value: float | None, form: str = "{:.3g}") -> str:
    return "–" if value is None else form.format(value)


HEADINGS = [
    "kernel", "anyroc", "native C", "PoCL", "anyroc / native", "anyroc / PoCL", "2 threads",
    "of the limit",
]  # fmt: skip


def cells(row: dict) -> list[str]:
    times = [row["sides"].get(side, {}).get("1") for side in ("anyroc", "native C", "PoCL")]
    return [
        row["label"],
        *("–" if sample is None else time_text(sample["cpu"]) for sample in times),
        number(ratio(row, "anyroc", "native C")),
        number(ratio(row, "anyroc", "PoCL")),
        number(speedup(row, "anyroc"), "{:.2f} ×"),
        number(of_limit(row, "anyroc"), "{:.1%}"),
    ]


def markdown_table(headings: list[str], rows: list[list[str]]) -> str:
    lines = [headings, ["---"] + ["---:"] * (len(headings) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


TEMPLATE = """\
# Benchmarks

Made by `{command}` on {date}, on {cpu} with {cores} cores; {system}.
Nobody edits this page by hand.

Every row is the same work on every side, with the same inputs and the same result (compared in each
run), each in a process of its own; the sides take turns, and the best of {rounds} rounds counts.
The kernels are [kernels.cu](../../bench/kernels.cu), [native.c](../../bench/native.c) and
[kernels.cl](../../bench/kernels.cl). Compiling and translating are not in these times: each process
warms up for 0.4 s before it measures.

{sides}

## Kernels

CPU time of one run with one thread; a ratio above 1 means that anyroc is slower. *2 threads* is how
much less wall time anyroc takes with two. *Of the limit* compares with the shortest time the
machine allows for the bytes and operations of the kernel.

{kernels}

![CPU time relative to native C](relative.svg)

## The limits, and how far away they are

One thread of this machine adds streams at **{memory:.1f} GB/s** from memory (stores past the
caches) and **{cache:.1f} GB/s** in the caches, and computes **{flops:.0f} GFLOP/s** in fused
multiply-adds.

{limits}

![Share of the limit](limit.svg)

## Two threads

How much less wall time two threads take than one.

{threads}

## Memory

The most that the process held while it measured one thread, inputs and the host's copies included.

{peaks}
"""

STARTS = """
## Starting

{starts}

## Translating

Translating the {kernels} kernels of the examples ({instructions} GPU instructions), none of them
cached, takes **{per_thousand:.0f} ms for 1000 instructions** of CPU time until they can run. Before
the first kernel of all, LLVM is loaded and the routines of common instructions are compiled, once
for a machine: {once:.1f} s. Kernels that prove hot are optimised while they run, in the background:
{optimised_per_thousand:.0f} ms for 1000 instructions.

The time grows with the size of a kernel: {large}.
"""

SIDES = ("anyroc", "native C", "PoCL")


def page(results: dict) -> str:
    limits, rows = results["limits"], results["rows"]
    text = TEMPLATE.format(
        **results["machine"],
        command=results["command"],
        date=results["date"],
        rounds=results["rounds"],
        sides="\n".join(
            f"- {name}: {text}" if present else f"- {name} is **missing**: {text}"
            for name, (present, text) in results["sides"].items()
        ),
        kernels=markdown_table(HEADINGS, [cells(row) for row in rows]),
        memory=limits["memory"] / 1e9,
        cache=limits["cache"] / 1e9,
        flops=limits["flops"] / 1e9,
        limits=markdown_table(
            ["kernel", "limit", "anyroc", "of the limit", "what lies between"],
            [limit_cells(row) for row in rows],
        ),
        threads=by_side(rows, lambda row, side: number(speedup(row, side), "{:.2f} ×")),
        peaks=by_side(rows, peak_text),
    )
    if results["starts"]:
        text += STARTS.format(
            starts=markdown_table(
                ["`anyroc run`", "wall", "CPU", "most memory"],
                [[label, *start_cells(start)] for label, start in results["starts"].items()],
            ),
            kernels=results["translation"]["kernels"],
            instructions=results["translation"]["instructions"],
            per_thousand=per_thousand(results["translation"]),
            large=", ".join(
                f"{1e6 * seconds / size:.0f} ms for 1000 instructions of {size}"
                for size, seconds in results["translation"]["large"]
            ),
            once=results["translation"]["seconds_once"],
            optimised_per_thousand=per_thousand(results["translation"], "seconds_optimised"),
        )
    return text


def by_side(rows: list[dict], text_of: Callable[[dict, str], str]) -> str:
    """A table with a line for each kernel and a column for each side."""
    lines = [[row["label"], *(text_of(row, side) for side in SIDES)] for row in rows]
    return markdown_table(["kernel", *SIDES], lines)


def limit_cells(row: dict) -> list[str]:
    sample = row["sides"].get("anyroc", {}).get("1")
    return [
        row["label"],
        time_text(row["limit"]),
        "–" if sample is None else time_text(sample["cpu"]),
        number(of_limit(row, "anyroc"), "{:.1%}"),
        row["why"],
    ]


def start_cells(start: dict) -> list[str]:
    megabytes = start["peak_kb"] / 1024
    return [f"{start['wall']:.2f} s", f"{start['cpu']:.2f} s", f"{megabytes:.0f} MB"]


def per_thousand(translation: dict, which: str = "seconds") -> float:
    """Milliseconds to translate 1000 GPU instructions."""
    return 1e6 * translation[which] / translation["instructions"]


def peak_text(row: dict, side: str) -> str:
    sample = row["sides"].get(side, {}).get("1")
    return "–" if sample is None else f"{sample['peak_kb'] / 1024:.0f} MB"
