"""``anyroc isa coverage`` and ``anyroc hip coverage``: how much is there, counted, not claimed."""

from __future__ import annotations

import json

import click


@click.group()
def isa() -> None:
    """Ask about instruction sets."""


@click.group()
def hip() -> None:
    """Ask about the HIP runtime."""


@isa.command("coverage")
@click.option("--missing", is_flag=True, help="List the instructions that do not run yet.")
@click.option("--json", "as_json", is_flag=True, help="Print for programs instead of people.")
def isa_coverage(missing: bool, as_json: bool) -> None:
    """Count the instructions of each GPU that run, of those that decode.

    \b
    Examples:
      anyroc isa coverage
      anyroc isa coverage --missing
    """
    from anyroc.isa.targets import TARGETS

    rows = {name: _instructions(target.isa) for name, target in TARGETS.items()}
    if as_json:
        click.echo(
            json.dumps(
                {
                    name: {"known": len(known), "missing": sorted(absent)}
                    for name, (known, absent) in rows.items()
                }
            )
        )
        return
    for name, (known, absent) in rows.items():
        _line(name, len(known) - len(absent), len(known), "instructions have a meaning")
        if missing:
            for mnemonic in sorted(absent):
                click.echo(f"  {mnemonic}")


@hip.command("coverage")
@click.option("--missing", is_flag=True, help="List the functions that only report an error yet.")
@click.option("--json", "as_json", is_flag=True, help="Print for programs instead of people.")
def hip_coverage(missing: bool, as_json: bool) -> None:
    """Count the functions of HIP's C ABI that have a body.

    \b
    Examples:
      anyroc hip coverage
      anyroc hip coverage --missing
    """
    from anyroc.cabi.table import load
    from anyroc.hip import implemented

    bodies = implemented()
    table = load("hip")
    absent = [row.name for row in table.functions if row.name not in bodies]
    if as_json:
        click.echo(json.dumps({"known": len(table.functions), "missing": sorted(absent)}))
        return
    for section, title in table.sections.items():
        rows = [row.name for row in table.functions if row.section == section]
        _line(title, sum(name in bodies for name in rows), len(rows), "functions")
        if missing:
            for name in rows:
                if name not in bodies:
                    click.echo(f"  {name}")
    _line("all", len(table.functions) - len(absent), len(table.functions), "functions")


def _instructions(isa: str) -> tuple[set[str], set[str]]:
    """Return the mnemonics that decode, and those of them that have no semantics."""
    from anyroc.isa.tables import table
    from anyroc.semantics.core import OPERATIONS

    rows = list(table(isa))
    return {row.mnemonic for row in rows}, {
        row.mnemonic for row in rows if row.op not in OPERATIONS
    }


def _line(name: str, there: int, total: int, what: str) -> None:
    share = 100 * there // total if total else 100
    click.echo(f"{name:<44}{there:>5} of {total} {what} ({share} %)")
