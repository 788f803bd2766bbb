"""The table that ``anyroc run --stats`` prints on stderr when the program has ended."""

from __future__ import annotations

import re
import sys

from anyroc.cli.storage import human_size
from anyroc.tools.stats import KernelStats

_WIDTH = 24


def show(rows: list[KernelStats]) -> None:
    """Print a table with a column per kernel's figure; a note if there was no kernel."""
    from rich.console import Console
    from rich.table import Table

    console = Console(stderr=True, soft_wrap=False, width=None if sys.stderr.isatty() else 160)
    if not rows:
        console.print("no kernel was launched")
        return
    for row, title in zip(rows, titles([row.name for row in rows]), strict=True):
        table = Table(title=title, title_justify="left", show_header=False)
        table.add_column(min_width=_WIDTH)
        table.add_column(justify="right")
        for label, value in facts(row):
            table.add_row(label, value)
        console.print(table)


def titles(names: list[str]) -> list[str]:
    """Return names to show: plain ones, with the mangled one behind where that is not enough."""
    plain = [plain_name(name) for name in names]
    return [
        short if plain.count(short) == 1 else f"{short} ({name})"
        for short, name in zip(plain, names, strict=True)
    ]


def facts(row: KernelStats) -> list[tuple[str, str]]:
    """Return the lines of a kernel's table: labels and values."""
    total = sum(row.instructions.values())
    lines = [
        ("launches", f"{row.launches:,}"),
        ("waves", f"{row.waves:,}"),
        ("CPU time", human_time(row.seconds)),
        ("instructions", f"{total:,}"),
    ]
    lines += [(f"  {name}", f"{count:,}") for name, count in row.instructions.items() if count]
    lines += [(f"bytes {name}", human_size(size)) for name, size in row.moved.items() if size]
    if total and row.seconds:
        lines.append(("a wave's instruction", f"{row.seconds / total * 1e9:.1f} ns"))
    return lines


def plain_name(name: str) -> str:
    """Return the function's name in a mangled C++ name, without its arguments.

    Names that are not plain (operators, lambdas) stay as they are. Source: Itanium C++ ABI,
    "External Names".
    """
    nested = name.startswith("_ZN")
    rest = name[3:] if nested else name[2:]
    parts = []
    while name.startswith("_Z") and (length := re.match(r"\d+", rest)):
        end = length.end() + int(length.group())
        parts.append(rest[length.end() : end])
        rest = rest[end:]
        if not nested:
            break
    return "::".join(parts).replace("_GLOBAL__N_1", "(anonymous)") or name


def human_time(seconds: float) -> str:
    """Return a duration as people write it: 1.5 ms."""
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if seconds * scale >= 1:
            return f"{seconds * scale:.3g} {unit}"
    return f"{seconds * 1e9:.0f} ns"
