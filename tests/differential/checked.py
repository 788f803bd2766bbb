"""Which instructions have an oracle: ``python tests/differential/checked.py`` writes
src/anyroc/semantics/checked.txt from what the tests declare (``tests/oracles/declared.py``)."""

from __future__ import annotations

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))

if __name__ == "__main__":
    from oracles.declared import rendered

    (TESTS.parent / "src" / "anyroc" / "semantics" / "checked.txt").write_text(rendered())
