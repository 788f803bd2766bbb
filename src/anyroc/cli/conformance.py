"""``anyroc conformance``: check a libamdhip64.so against what HIP's documentation says."""

from __future__ import annotations

from pathlib import Path

import click

from anyroc.cli.options import input_file, write_output


@click.command()
@click.argument("sections", nargs=-1)
@click.option(
    "--library",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The libamdhip64.so to check; default: what programs use here.",
)
@click.option(
    "--json",
    "output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write everything to a file, for sending back.",
)
def conformance(sections: tuple[str, ...], library: Path | None, output: Path | None) -> int:
    """Check the runtime API: of the software GPU, or of AMD's library on a GPU.

    The same checks run against either, so that a difference between the two can be seen: run this
    where an AMD GPU is and open an issue with the file that --json wrote. The exit code is 1 if a
    check fails.

    \b
    Examples:
      anyroc conformance
      anyroc conformance copies streams
      anyroc conformance --library /opt/rocm/lib/libamdhip64.so --json report.json
    """
    from anyroc import __version__
    from anyroc.cabi import hardware
    from anyroc.cabi.library import library as ours
    from anyroc.conformance import MODULES, report
    from anyroc.errors import BadInput

    unknown = sorted(set(sections) - set(MODULES))
    if unknown:
        raise BadInput(f"there is no section {unknown[0]}", hint=f"sections: {', '.join(MODULES)}")
    path = input_file(library) if library is not None else hardware.library() or ours()
    found = report.run(path.absolute(), sections or MODULES, __version__)
    facts = found.facts
    if "architecture" in facts:
        click.echo(f"{facts['name']} ({facts['architecture']}), HIP {facts['hip']}: {path}")
    for section in sections or MODULES:
        results = [result for result in found.results if result.section == section]
        passed = sum(result.state == report.PASSED for result in results)
        click.echo(f"{section:<12}{passed:>3} of {len(results)} checks pass")
        for result in results:
            if result.state != report.PASSED:
                name = result.check.replace("_", " ")
                click.echo(f"  {name}: {result.state}: {result.why}")
    for name, (says, expected) in facts.get("differences", {}).items():
        click.echo(f"{name} is {says}; the software GPU says {expected}")
    if output is not None:
        write_output(output, found.as_json().encode())
    return int(found.count(report.FAILED) > 0)
