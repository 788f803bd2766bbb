"""Each instruction of each GPU, as machine code, against rules that are not ours to begin with."""

from __future__ import annotations

import pytest

from anyroc.isa.tables import table
from anyroc.isa.targets import target
from anyroc.semantics.core import OPERATIONS, Op
from oracles import RULES, cdna5
from oracles.machine import FORMATS, batches, check

CONFIGURATIONS = [
    ("gfx90a", 64),
    ("gfx942", 64),
    ("gfx950", 64),
    ("gfx1100", 64),
    ("gfx1151", 32),
    ("gfx1200", 64),
    ("gfx1201", 32),
    ("gfx1250", 32),
]


@pytest.mark.parametrize(("name", "wave_size"), CONFIGURATIONS)
def test_instructions_as_documented(name: str, wave_size: int) -> None:
    isa, wrong, tried = target(name).isa, {}, set()
    for key, kernel in batches(isa, wave_size):
        wrong |= check("quick", name, wave_size, key, kernel, 1)
        tried |= {(made.row.format, made.row.op) for made in kernel.made}
    assert not wrong, "\n".join(f"{what}: {why}" for what, why in wrong.items())
    rows = {(row.format, row.op) for row in table(isa) if row.format in FORMATS}
    assert not {row for row in rows if row[1] in RULES} - tried


def test_every_pure_instruction_has_a_rule() -> None:
    names = {name for name, entry in OPERATIONS.items() if isinstance(entry, Op)}
    known = {row.op for name, _ in CONFIGURATIONS for row in table(target(name).isa)}
    assert not (names & known) - set(RULES) - cdna5.SEPARATE
