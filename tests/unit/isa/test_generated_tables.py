"""The tables on disk are what the generator writes."""

from __future__ import annotations

import importlib.util

import pytest

from anyroc.isa.tables import generate

NO_FACTS = importlib.util.find_spec("tinygrad") is None


@pytest.mark.skipif(NO_FACTS, reason="tinygrad, whose tables the generator reads, is not installed")
def test_tables_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == generate.main(["--check"]), capsys.readouterr().out
