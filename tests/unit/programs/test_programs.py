"""The runner of other people's programs: what it finds in a checkout, and how it judges a run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "programs"


@pytest.fixture(autouse=True)
def runner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    for name in ("catalogue", "outcomes"):
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.mark.parametrize(
    ("out", "err", "status", "late", "expected"),
    [
        ("PASS\n", "", 0, False, "passed"),
        ("Max error: 0.000000\n", "", 0, False, "ran"),
        ("3 mismatches, first at 7: mismatch\n", "", 0, False, "failed"),
        ("PASS\n", "", 3, False, "failed"),
        ("", "", -11, False, "crashed"),
        ("", "", -9, True, "too slow"),
        ("", "anyroc: x.cu does not compile", 2, False, "does not compile"),
        (
            "",
            "x.cu:1: fatal error: 'mpi.h' file not found\nx.cu does not compile",
            2,
            False,
            "needs",
        ),
        ("", "anyroc: memory fault in kernel k", 1, False, "fault"),
    ],
)
def test_verdicts(out: str, err: str, status: int, late: bool, expected: str) -> None:
    import outcomes

    assert expected == outcomes.judge(out, err, status, late=late)[0]


def test_a_makefile_says_how_a_program_is_built_and_run(tmp_path: Path) -> None:
    import catalogue

    folder = tmp_path / "heat-cuda"
    folder.mkdir()
    (folder / "main.cu").write_text("int main() {}")
    (folder / "kernels.cu").write_text("")
    (folder / "Makefile").write_text(
        "program = main\nsource = kernels.cu main.cu\nCFLAGS := -std=c++20 -DSIZE=4 -lm\n"
        "run: $(program)\n\t./$(program) 1048576 8\n"
    )
    (found,) = catalogue.programs(tmp_path)
    assert ("heat-cuda", ("main.cu", "kernels.cu")) == (found.name, found.sources)
    assert ("c++20", ("SIZE=4",), ("m",)) == (found.standard, found.defines, found.libraries)
    assert ("1040", "8") == found.arguments


def test_without_one_every_main_is_a_program(tmp_path: Path) -> None:
    import catalogue

    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "main.hip").write_text('#include "part.hip"\nint main() {}')
    (tmp_path / "one" / "part.hip").write_text("")
    (tmp_path / "one" / "other.cpp").write_text("")
    (tmp_path / "two").mkdir()
    for name in ("a.cu", "b.cu"):
        (tmp_path / "two" / name).write_text("int main() {}")
    (tmp_path / "two" / "host.cpp").write_text("int main() {}")
    found = {program.name: program.sources for program in catalogue.programs(tmp_path)}
    expected = {
        "one": ("main.hip", "other.cpp"),
        "two/a.cu": ("a.cu",),
        "two/b.cu": ("b.cu",),
    }
    assert expected == found
