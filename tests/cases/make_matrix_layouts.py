"""Rewrites matrix_layouts.json from AMD's matrix instruction calculator.

``python tests/cases/make_matrix_layouts.py CALCULATOR`` with the path of ``matrix_calculator.py``
(github.com/ ROCm/amd_matrix_instruction_calculator, which needs ``tabulate``): asks it for the
layout of A, B and D of every instruction it knows and stores a digest of each.  Takes a few
minutes.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from semantics_support.matrix_layouts import BITS, Place, digest, shape

GENERATIONS = (("cdna3", "cdna", (64,)), ("rdna3", "gfx11", (32, 64)), ("rdna4", "gfx12", (32, 64)))
CELL = re.compile(r"-?v\[?(\d+)(?::(\d+))?\]?\{(\d+)\}(?:\.\[(\d+):(\d+)\])?")
Entry = tuple[int, int, int, Place]


def ask(calculator: str, *arguments: str) -> str:
    command = [sys.executable, calculator, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def layout(text: str) -> list[Entry]:
    """The calculator's table of one matrix: (block, row, column, place) of every element."""
    entries, blocks = [], [0]
    for line in text.splitlines():
        if line.startswith("Block"):
            blocks = [int(number) for number in re.findall(r"\d+", line)]
        elif re.match(r"\d+,", line):
            row, *cells = line.split(",")
            for column, cell in enumerate(cells):
                match = CELL.fullmatch(cell.split(" ")[0])
                assert match, cell
                low, high, lane, _, bit = match.groups()
                place = int(high or low), int(bit or 0), int(lane)
                entries += [(block, int(row), column, place) for block in blocks]
    return entries


def kept(entries: list[Entry], bits: int) -> list[Entry]:
    """A sparse matrix is printed uncompressed, four columns to a cell of two elements."""
    return [
        (block, row, column // 2 + n, (register, bit + n * bits, lane))
        for block, row, column, (register, bit, lane) in entries
        if column % 4 == 0
        for n in (0, 1)
    ]


def digests(calculator: str) -> dict[str, dict[str, str]]:
    result = {}
    for architecture, generation, waves in GENERATIONS:
        listing = ask(calculator, "-a", architecture, "-L").partition("architecture:")[2]
        for name in re.findall(r"v_\w+", listing):
            for wave in waves:
                options = ["-a", architecture, "-i", name, "-R", "--csv"]
                if generation != "cdna":
                    options += ["-w", str(wave)]
                s = shape(name, generation, wave)
                sums = {}
                for matrix in "ABD":
                    entries = layout(ask(calculator, *options, f"-{matrix}"))
                    if s.sparse and matrix == "A":
                        entries = kept(entries, BITS[s.a])
                    sums[matrix] = digest(iter(entries))
                result[f"{name} {generation} {wave}"] = sums
    return result


if __name__ == "__main__":
    target = Path(__file__).with_name("matrix_layouts.json")
    target.write_text(json.dumps(digests(sys.argv[1]), indent=1, sort_keys=True) + "\n")
