"""Write docs/reference from the tables: ``make docs``, or ``--check`` to only compare.

Every page says at its top that it is generated; tests/unit/test_reference.py fails when one differs
from the tables.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from anyroc.cabi import library
from anyroc.cabi.table import Function, load
from anyroc.cli.app import app
from anyroc.cli.storage import human_size
from anyroc.hip import implemented
from anyroc.isa.tables import Row, table
from anyroc.isa.targets import TARGETS, Target
from anyroc.libs import bodies
from anyroc.semantics.core import OPERATIONS
from anyroc.semantics.coverage import coverage, decision
from anyroc.semantics.fidelity import describe, fidelity

REFERENCE = Path(__file__).parent / "reference"
NOTICE = "<!-- Generated from the tables by `make docs`. Do not edit. -->\n\n"


def pages() -> dict[str, str]:
    """Return the text of every generated page by file name."""
    isas = dict.fromkeys(target.isa for target in TARGETS.values())
    found = {
        "targets.md": targets(),
        "hip.md": hip(),
        "libraries.md": libraries(),
        "commands.md": commands(),
        **{f"instructions-{isa}.md": instructions(isa) for isa in isas},
    }
    return {name: NOTICE + text for name, text in found.items()}


def targets() -> str:
    """Return the page of GPUs: a column for each."""
    records = TARGETS.values()
    lines = [
        "# Targets",
        "",
        "What `--target` takes. Sizes and clocks are the product's; programs can ask for them and",
        "nothing is measured by them. A GPU of a known instruction set is one record in",
        "`src/anyroc/isa/targets.py`.",
        "",
        *_rows([["", *(f"**{record.name}**" for record in records)]]),
        "|" + "---|" * (len(records) + 1),
        *_rows([label, *cells] for label, cells in _facts(list(records))),
    ]
    return "\n".join(lines) + "\n"


def _facts(records: list[Target]) -> Iterator[tuple[str, list[str]]]:
    for label, show in (
        ("as in", lambda record: record.marketing_name),
        ("instruction set", lambda r: f"[{isa_name(r.isa)}](instructions-{r.isa}.md)"),
        ("lanes in a wave", lambda record: " or ".join(map(str, record.wave_sizes))),
        ("lanes by default", lambda record: record.default_wave_size),
        ("compute units", lambda record: record.compute_units),
        ("memory", lambda record: human_size(record.memory_bytes)),
        ("LDS of a workgroup", lambda record: human_size(record.lds_bytes)),
        ("work-items of a workgroup", lambda record: record.max_workgroup_size),
        ("vector registers of a lane", lambda record: record.max_vgprs),
        ("scalar registers of a wave", lambda record: record.max_sgprs),
        ("L2 cache", lambda record: human_size(record.l2_bytes)),
        ("clock", lambda record: f"{record.clock_khz / 1e6:.2f} GHz"),
        ("features", lambda record: ", ".join(sorted(record.features)) or "–"),
    ):
        yield label, [str(show(record)) for record in records]


def isa_name(isa: str) -> str:
    """Return how AMD writes the name of an instruction set: "RDNA 3.5"."""
    return isa.upper().replace("_", ".").replace("DNA", "DNA ")


def instructions(isa: str) -> str:
    """Return the page of one instruction set: its instructions by encoding."""
    rows = list(table(isa))
    formats = dict.fromkeys(row.format for row in rows)
    counts = coverage(isa)
    lines = [
        f"# Instructions of {isa_name(isa)}",
        "",
        f"{len({row.mnemonic for row in rows})} instructions decode: {len(counts.executed)} run,",
        f"{len(counts.decided)} are refused on purpose, {len(counts.missing)} are missing.",
        "",
        "*Operation* is the key of the body in `src/anyroc/semantics` that says what it does,",
        "where it differs from the name; other ISAs and other encodings share that body. The",
        "operands are given by type: `mask` is one bit per lane, `pk2_f16` two halves in a",
        "register. Brackets hold operands that assembly does not name. The last column says why an",
        "instruction does not run, or how near its results are to the hardware's where they are",
        "not bit for bit as AMD documents them (`anyroc isa fidelity`).",
    ]
    for name in formats:
        lines += [
            "",
            f"## {name}",
            "",
            "| opcode | instruction | operation | destinations | sources | |",
            "|---:|---|---|---|---|---|",
            *_rows(_instruction(row) for row in sorted(rows, key=_by_opcode) if row.format == name),
        ]
    return "\n".join(lines) + "\n"


def _by_opcode(row: Row) -> tuple[int, str]:
    return row.opcode, row.mnemonic


def _instruction(row: Row) -> list[str]:
    destinations, sources = (
        " ".join(f"[{spec.type}]" if spec.hidden else spec.type for spec in specs)
        for specs in (row.dst, row.src)
    )
    operation = "" if row.op == row.mnemonic else f"`{row.op}`"
    if row.op in OPERATIONS:
        state = describe(fidelity(OPERATIONS[row.op]))
    else:
        state = decision(row.op) or "not yet"
    return [str(row.opcode), f"`{row.mnemonic}`", operation, destinations, sources, state]


def hip() -> str:
    """Return the page of HIP functions with their CUDA names."""
    functions = load("hip")
    bodies = implemented()
    there = sum(row.name in bodies for row in functions.functions)
    lines = [
        "# HIP functions",
        "",
        f"{there} of {len(functions.functions)} functions have a body. The others are in the",
        "library too, so that programs link: called, they return `hipErrorNotSupported` and say",
        "their name once on stderr. A program in CUDA calls them by the names on the right.",
    ]
    for section, title in functions.sections.items():
        rows = [row for row in functions.functions if row.section == section]
        lines += [
            "",
            f"## {title}",
            "",
            "| function | | CUDA | since HIP |",
            "|---|---|---|---|",
            *_rows(_function(row, row.name in bodies) for row in rows),
        ]
    return "\n".join(lines) + "\n"


def _function(row: Function, there: bool) -> list[str]:
    cuda = ", ".join(f"`{name}`" for name in row.cuda)
    return [f"`{row.name}`", "" if there else "not yet", cuda, row.version]


def libraries() -> str:
    """Return the page of the libraries beside HIP, with what they lack."""
    names_of = [name for name in library.names() if name != "hip"]
    tables = {name: load(name) for name in names_of}
    lines = [
        "# Libraries",
        "",
        "The libraries of ROCm beside the HIP runtime. What has no body is there too, so that",
        'programs load: called, it returns the library\'s "not supported" and says its name once.',
        "",
        "| library | versions | functions | with a body |",
        "|---|---|---:|---:|",
    ]
    lacking: list[str] = []
    for name, found in tables.items():
        there = bodies(name)
        versions = ", ".join(soname.rpartition(".")[2] for soname in found.sonames)
        counts = str(len(found.functions)), str(sum(row.name in there for row in found.functions))
        lines += _rows([[f"`{found.file_name}`", versions, *counts]])
        missing = [row.name for row in found.functions if row.name not in there]
        if missing:
            text = textwrap.fill(", ".join(missing), 100, break_on_hyphens=False)
            lacking += ["", f"## {found.file_name} lacks", "", "```text", text, "```"]
    return "\n".join(lines + lacking) + "\n"


def commands() -> str:
    """Return the page of the command line: the help texts."""
    lines = ["# Commands", "", "What `--help` prints."]
    for path, command in _commands(app, "anyroc"):
        settings = {"terminal_width": 96, **app.context_settings}
        with click.Context(command, info_name=path, **settings) as context:
            lines += ["", f"## {path}", "", "```text", command.get_help(context), "```"]
    return "\n".join(lines) + "\n"


def _commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from _commands(child, f"{path} {name}")


def _rows(cells: Iterable[Iterable[str]]) -> list[str]:
    return ["| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |" for row in cells]


def main() -> int:
    """Write the pages, or compare them; return the exit code."""
    check = "--check" in sys.argv[1:]
    stale = 0
    for name, text in pages().items():
        path = REFERENCE / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale += 1
            if check:
                print(f"{path} is not what the tables say; run: make docs")
            else:
                path.write_text(text, encoding="utf-8")
                print(f"wrote {path}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
