"""What is said to be checked is what the tests check, and nothing is left out."""

from __future__ import annotations

from importlib.resources import files

import pytest

from anyroc.semantics.checked import checked, oracles, parse
from oracles.declared import TARGETS, rendered


def test_the_list_is_up_to_date() -> None:
    said = files("anyroc.semantics").joinpath("checked.txt").read_text()
    assert rendered() == said, "run: python tests/differential/checked.py"


@pytest.mark.parametrize("name", TARGETS)
def test_each_instruction_has_an_oracle(name: str) -> None:
    found = checked(name)
    assert len(found) > 1000
    assert [] == [mnemonic for mnemonic, by in found.items() if not by]


def test_parsing() -> None:
    (one,) = parse("# text\n\n[name] about it\ngfx942 gfx950\nv_a v_b\nv_c\n")
    assert ("name", "about it", ("gfx942", "gfx950")) == (one.name, one.about, one.targets)
    assert {"v_a", "v_b", "v_c"} == one.keys
    assert len(oracles()) >= 8
