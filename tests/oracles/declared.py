"""What is checked by oracles of which nothing comes from the package: the source of
``src/anyroc/semantics/checked.txt``."""

from __future__ import annotations

import importlib.util
import textwrap
from pathlib import Path
from types import ModuleType

import anyroc.semantics  # noqa: F401  (registers the instructions)
from anyroc.isa.tables import table
from anyroc.isa.targets import target
from anyroc.semantics.checked import Oracle
from anyroc.semantics.core import OPERATIONS, Access, Cross, Matrix, Op
from oracles import RULES, cdna5
from oracles.accesses import reach
from oracles.control import BRANCHES, DO_NOTHING, INDEXED

__all__ = ["PARTLY", "TARGETS", "declared", "rendered"]

TESTS = Path(__file__).parents[1]
TARGETS = ("gfx90a", "gfx942", "gfx950", "gfx1100", "gfx1151", "gfx1200", "gfx1201")
PARTLY = "gfx1250"
"""A target not all of whose instructions have an oracle."""
_ALL = (*TARGETS, PARTLY)
_RADEON_9000 = ("gfx1200", "gfx1201")
_TRANSPOSED = ("ds_load_b64_tr_b16", "ds_load_b64_tr_b4", "ds_load_b64_tr_b8", "ds_load_b96_tr_b6")
EMULATED = TESTS / "differential" / "emulated.txt"
"""By ISA, what tinygrad's emulator gave the same results for: ``differential/emulator.py``."""


def _module(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(path).stem, TESTS / path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _keys(kind: type) -> set[str]:
    known = {row.op for name in (*TARGETS, PARTLY) for row in table(target(name).isa)}
    return {key for key in known if isinstance(OPERATIONS.get(key), kind)}


def _emulated() -> list[Oracle]:
    """What another emulator gave the same for."""
    about = "tinygrad's emulator, made from AMD's pseudo-code: tests/differential/emulator.py"
    found = []
    for line in EMULATED.read_text().splitlines() if EMULATED.exists() else ():
        names, _, keys = line.partition(": ")
        found.append(Oracle("emulator", about, tuple(names.split()), frozenset(keys.split())))
    return found


def declared() -> list[Oracle]:
    """All oracles with what they check."""
    accesses = _keys(Access)
    typed = {key for key in accesses if "format" in key or key in ("ds_append", "ds_consume")}
    silicon = _module("unit/translate/test_silicon.py")
    measured = frozenset({*silicon.FROM_SINGLE, *silicon.FROM_DOUBLE})
    return [
        Oracle(
            "rules",
            "Python's integers and exact fractions, by AMD's manuals: "
            "tests/unit/oracles/test_rules.py",
            _ALL,
            frozenset(_keys(Op) & set(RULES)),
        ),
        Oracle(
            "names",
            "a wave of bytes that knows what an access's name says: "
            "tests/unit/translate/test_memory.py",
            _ALL,
            frozenset(key for key in accesses if reach(key) is not None),
        ),
        Oracle(
            "formats",
            "conversions of typed buffers by exact fractions: tests/unit/oracles/test_formats.py",
            TARGETS,
            frozenset(typed),
        ),
        Oracle(
            "transposes",
            "C++ on the host: tests/unit/semantics/programs/cdna4.hip, rdna4.hip",
            ("gfx950", *_RADEON_9000),
            frozenset({*_TRANSPOSED, "global_load_tr_b64", "global_load_tr_b128"}),
        ),
        Oracle(
            "lanes",
            "AMD's formulas of which lane reads which: tests/unit/oracles/test_lanes.py",
            _ALL,
            frozenset(_keys(Cross)),
        ),
        Oracle(
            "matrices",
            "NumPy's products in the layouts that AMD publishes: "
            "tests/unit/semantics/test_matrix.py",
            _ALL,
            frozenset(_keys(Matrix) - cdna5.SPARSE),
        ),
        Oracle(
            "control",
            "the way a wave takes, and what is left alone: tests/unit/oracles/test_control.py",
            _ALL,
            DO_NOTHING | BRANCHES,
        ),
        Oracle(
            "indices",
            "AMD's pseudo-code of registers chosen by M0: tests/unit/translate/test_relative.py",
            TARGETS,
            INDEXED,
        ),
        Oracle(
            "silicon",
            "what a gfx1200 gave: tests/unit/translate/test_silicon.py",
            _RADEON_9000,
            measured,
        ),
        Oracle(
            "manual",
            "pseudo-code and tables of AMD's manual: tests/unit/semantics/test_cdna5.py, "
            "tests/unit/translate/test_gfx1250.py",
            (PARTLY,),
            cdna5.SEPARATE | cdna5.MOVES | cdna5.SPARSE,
        ),
        *_emulated(),
    ]


def rendered() -> str:
    """The text of ``checked.txt``."""
    parts = [
        "# Made by tests/differential/checked.py from what the tests declare; not to be edited.\n"
    ]
    for oracle in declared():
        words = textwrap.wrap(" ".join(sorted(oracle.keys)), 100, break_on_hyphens=False)
        parts.append(
            f"[{oracle.name}] {oracle.about}\n{' '.join(oracle.targets)}\n"
            + "\n".join(words)
            + "\n"
        )
    return "\n".join(parts)
