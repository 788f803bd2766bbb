"""``anyroc isa coverage``, ``isa fidelity`` and ``hip coverage``: how much is there and how near,
counted, not claimed."""

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
@click.option("--missing", is_flag=True, help="List the instructions that do not run, and why.")
@click.option("--oracles", "by_oracle", is_flag=True, help="List what each oracle checks.")
@click.option("--json", "as_json", is_flag=True, help="Print for programs instead of people.")
def isa_coverage(missing: bool, by_oracle: bool, as_json: bool) -> None:
    """Count the instructions of each GPU that run, of those that decode, and of these the ones that
    have a test whose expectation does not come from anyroc.

    Some are refused on purpose (graphics, ray tracing): a kernel that has one stops with its name
    like for any other that is missing.

    \b
    Examples:
      anyroc isa coverage
      anyroc isa coverage --missing
      anyroc isa coverage --oracles
    """
    from anyroc.isa.targets import TARGETS
    from anyroc.semantics.checked import checked
    from anyroc.semantics.coverage import coverage

    rows = {name: coverage(target.isa) for name, target in TARGETS.items()}
    unchecked = {
        name: sorted(mnemonic for mnemonic, by in checked(name).items() if not by) for name in rows
    }
    if as_json:
        facts = {
            name: {
                "executed": len(row.executed),
                "refused": row.decided,
                "missing": sorted(row.missing),
                "unchecked": unchecked[name],
            }
            for name, row in rows.items()
        }
        click.echo(json.dumps(facts))
        return
    for name, row in rows.items():
        total = len(row.executed) + len(row.decided) + len(row.missing)
        click.echo(
            f"{name:<9}{len(row.executed):>5} of {total} instructions run, "
            f"{len(row.decided)} are refused on purpose, {len(row.missing)} are missing; "
            f"{len(row.executed) - len(unchecked[name])} have an independent test"
        )
        if missing:
            untested = dict.fromkeys(unchecked[name], "no independent test")
            reasons = {**untested, **row.decided, **dict.fromkeys(row.missing, "missing")}
            for mnemonic, reason in sorted(reasons.items()):
                click.echo(f"  {mnemonic:<40}{reason}")
    if by_oracle:
        _oracles(list(rows))


def _oracles(names: list[str]) -> None:
    """What each oracle checks, by GPU, and how many of its instructions."""
    from anyroc.semantics.checked import checked, oracles

    about: dict[str, str] = {}
    for oracle in oracles():
        about.setdefault(oracle.name, oracle.about)
    by_gpu = {name: checked(name) for name in names}
    for oracle_name, text in about.items():
        click.echo(f"{oracle_name}: {text}")
        for name, found in by_gpu.items():
            count = sum(oracle_name in by for by in found.values())
            if count:
                click.echo(f"  {name:<9}{count:>5} instructions")


@isa.command("fidelity")
@click.argument("target", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print for programs instead of people.")
def isa_fidelity(target: str | None, as_json: bool) -> None:
    """Say how near the instructions of TARGET are to the hardware's.

    Most give bit for bit what AMD documents. Listed are those within a bound of the true value, as
    measured, where AMD leaves the bits open, and those of which AMD documents too little. Without
    TARGET they are only counted, for each GPU.

    \b
    Examples:
      anyroc isa fidelity
      anyroc isa fidelity gfx1201
    """
    from anyroc.isa.targets import TARGETS
    from anyroc.isa.targets import target as record_of
    from anyroc.semantics.fidelity import GENERAL, describe, of_isa

    names = list(TARGETS) if target is None else [record_of(target).name]
    found = {name: of_isa(TARGETS[name].isa) for name in names}
    if as_json:
        facts = {
            name: {
                mnemonic: {"kind": f.kind, "ulp": f.ulp, "absolute": f.absolute, "note": f.note}
                for mnemonic, f in instructions.items()
            }
            for name, instructions in found.items()
        }
        click.echo(json.dumps(facts))
        return
    for name, instructions in found.items():
        kinds = [f.kind for f in instructions.values()]
        click.echo(
            f"{name:<9}{kinds.count('exact'):>5} of {len(kinds)} instructions are exact, "
            f"{kinds.count('bound')} within a bound, {kinds.count('unspecified')} unspecified"
        )
    if target is not None:
        for mnemonic, f in found[names[0]].items():
            if f.kind != "exact":
                click.echo(f"  {mnemonic:<40}{describe(f)}")
        for sentence in GENERAL:
            click.echo(sentence)


@hip.command("coverage")
@click.option("--missing", is_flag=True, help="List the functions that only report an error yet.")
@click.option("--json", "as_json", is_flag=True, help="Print for programs instead of people.")
def hip_coverage(missing: bool, as_json: bool) -> None:
    """Count the functions of HIP's C ABI that have a body: by noun, and by who uses them.

    \b
    Examples:
      anyroc hip coverage
      anyroc hip coverage --missing
    """
    from anyroc.cabi.table import load
    from anyroc.hip import implemented, used

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
    click.echo()
    for program, names in used().items():
        _line(f"used by {program}", sum(name in bodies for name in names), len(names), "functions")
        if missing:
            for name in names:
                if name not in bodies:
                    click.echo(f"  {name}")


def _line(name: str, there: int, total: int, what: str) -> None:
    share = 100 * there // total if total else 100
    click.echo(f"{name:<44}{there:>5} of {total} {what} ({share} %)")
