"""``make clients``: run unmodified HIP clients from PyPI on the software GPU, and say what passed.

The clients are installed in an environment that this makes; each one's checks run in a process of
its own for each target, as a user would run them: ``anyroc run python PROGRAM``.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import outcomes
from catalogue import CLIENTS, Client
from outcomes import EXPECTED, PASSED, Outcome

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Run what the command line names; 1 if anything is not as expected."""
    chosen = _arguments()
    clients = [client for client in CLIENTS if client.name in chosen.clients or not chosen.clients]
    folder: Path = chosen.folder.absolute()
    python = folder / "venv" / "bin" / "python"
    if not (chosen.reuse and python.exists()):
        shutil.rmtree(folder / "venv", ignore_errors=True)
        venv.create(folder / "venv", with_pip=True)
        _install(python, [], "--editable", str(ROOT))
    for client in clients:
        _install(python, client.packages)
        _install(python, client.bare, "--no-deps")
    found: list[Outcome] = []
    for client in clients:
        for target in chosen.target or client.targets:
            print(f"{client.name} on {target} …", file=sys.stderr, flush=True)
            log = folder / f"{client.name}-{target}.log"
            found += outcomes.run(client, target, python, log)
    text = table(clients, found)
    print(text)
    (folder / "report.md").write_text(text + "\n", encoding="utf-8")
    facts = [asdict(outcome) for outcome in found]
    (folder / "report.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    bad = [outcome for outcome in found if not outcome.good]
    if bad:
        print(f"{len(bad)} of {len(found)} checks are not as expected; logs: {folder}/*.log")
    return bool(bad) or not found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, prog="clients")
    names = [client.name for client in CLIENTS]
    parser.add_argument("clients", nargs="*", choices=[*names, []], metavar="CLIENT")
    parser.add_argument("--target", action="append", help="run on this GPU (repeatable)")
    parser.add_argument("--folder", type=Path, default=ROOT / "out" / "clients")
    parser.add_argument("--reuse", action="store_true", help="keep the environment that is there")
    return parser.parse_args()


def _install(python: Path, packages: Sequence[str], *options: str) -> None:
    if packages or options[:1] == ("--editable",):
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *options, *packages], check=True, stderr=subprocess.DEVNULL)


def table(clients: Sequence[Client], found: Sequence[Outcome]) -> str:
    """Return a Markdown table: a row for each client and target, and then what did not pass."""
    lines = [
        "| client | version | target | passed | failed | seconds | what ran |",
        "|---|---|---|---|---|---|---|",
    ]
    for client in clients:
        for target in dict.fromkeys(row.target for row in found if row.client == client.name):
            rows = [row for row in found if (row.client, row.target) == (client.name, target)]
            passed = sum(row.state == PASSED for row in rows)
            ran = ", ".join(row.check.replace("_", " ") for row in rows)
            seconds = sum(row.seconds for row in rows)
            lines.append(
                f"| {client.name} | {client.version} | {target} | {passed} | {len(rows) - passed} "
                f"| {seconds:.1f} | {ran} |"
            )
    others = [row for row in found if row.state != PASSED]
    if others:
        lines += ["", "| not passed | target | | why |", "|---|---|---|---|"]
    for row in sorted(others, key=lambda row: row.state == EXPECTED):
        why = " ".join(row.why.split()).replace("|", "\\|")
        lines.append(f"| {row.client}: {row.check} | {row.target} | {row.state} | {why} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
