"""What the documentation points to is there, and the commands it shows are understood."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from anyroc.cli.app import app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def shell_lines(page: Path) -> Iterator[str]:
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        for line in block.replace("\\\n", " ").splitlines():
            for part in re.split(r"&&|\|", line.partition("#")[0].removeprefix("$ ")):
                if part.strip():
                    yield part.strip()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    local = [link for link in LINK.findall(text) if "://" not in link]
    lost = [link for link in local if not (page.parent / link.partition("#")[0]).exists()]
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_make_targets_exist(page: Path) -> None:
    targets = set(TARGET.findall((ROOT / "Makefile").read_text()))
    named = [shlex.split(line) for line in shell_lines(page) if line.startswith("make ")]
    assert {words[1] for words in named} - targets == set()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_are_understood(page: Path) -> None:
    for line in shell_lines(page):
        words = [word for word in shlex.split(line) if not re.fullmatch(r"\w+=\S*", word)]
        if words[:1] == ["anyroc"] and len(words) > 1:
            parse(app, words)


def test_the_diffs_for_contributors_are_real() -> None:
    """Each line that a diff in CONTRIBUTING.md adds is there, in that file and that order."""
    diffs = re.findall(r"```diff\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)
    assert len(diffs) == 3
    for file in "".join(diffs).split("--- a/")[1:]:
        path, *lines = file.splitlines()
        added = "\n".join(line[1:] for line in lines[2:])
        assert added in (ROOT / path).read_text(encoding="utf-8"), path


def parse(command: click.Command, words: list[str]) -> None:
    """Parse a command line as the program would, without running it."""
    context = command.make_context(words[0], words[1:])
    if isinstance(command, click.Group) and context._protected_args:
        _, child, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        assert child is not None
        parse(child, [child.name or "", *rest])
