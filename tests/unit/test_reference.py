"""The reference pages are what the tables say."""

from __future__ import annotations

import importlib.util
from pathlib import Path


def test_the_reference_has_not_drifted(root: Path) -> None:
    spec = importlib.util.spec_from_file_location("generate", root / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    stale = [
        name
        for name, text in generate.pages().items()
        if not (path := root / "docs" / "reference" / name).exists()
        or path.read_text(encoding="utf-8") != text
    ]
    assert stale == [], "run: make docs"
