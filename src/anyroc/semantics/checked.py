"""Which instructions are checked against something that anyroc did not compute, and by what.

``checked.txt`` is made from the declarations beside the tests by tests/differential/checked.py: for
each oracle a heading, ``[name] what it is``, a line of GPUs, and the canonical keys of what it
checks.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from anyroc.isa.tables import table
from anyroc.isa.targets import target
from anyroc.semantics.core import OPERATIONS

__all__ = ["Oracle", "checked", "oracles", "parse"]


@dataclass(frozen=True)
class Oracle:
    """Where expectations come from: ``about`` in words, ``targets`` on which ``keys`` run."""

    name: str
    about: str
    targets: tuple[str, ...]
    keys: frozenset[str]


def parse(text: str) -> tuple[Oracle, ...]:
    """The oracles in a file's text."""
    found = []
    for part in text.split("\n[")[1:]:
        heading, targets, *keys = part.strip().splitlines()
        name, _, about = heading.partition("] ")
        words = frozenset(" ".join(keys).split())
        found.append(Oracle(name, about, tuple(targets.split()), words))
    return tuple(found)


@cache
def oracles() -> tuple[Oracle, ...]:
    """All of them."""
    return parse(files("anyroc.semantics").joinpath("checked.txt").read_text())


def checked(name: str) -> dict[str, tuple[str, ...]]:
    """For each mnemonic of a GPU that runs, the names of the oracles that check it."""
    by_key: dict[str, list[str]] = defaultdict(list)
    for oracle in oracles():
        if name in oracle.targets:
            for key in oracle.keys:
                by_key[key].append(oracle.name)
    return {
        row.mnemonic: tuple(sorted(by_key.get(row.op, ())))
        for row in table(target(name).isa)
        if row.op in OPERATIONS
    }
