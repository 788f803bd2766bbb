"""Device functions do what CUDA says, on every GPU and with waves of both sizes.

The programs check themselves against the host, and are run on the software GPU."""

from __future__ import annotations

from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parent / "programs"
CONFIGURATIONS = [
    ("gfx942", 64),
    ("gfx1201", 32),
    ("gfx1151", 64),
    ("gfx1151", 32),
    ("gfx1201", 64),
]


FEWER = {
    "cub": 2,
    "helpers": 1,
    "libcuxx": 2,
    "matrices": 2,
    "ptx": 3,
    "small_floats": 1,
    "thrust": 1,
    "thrust_numbers": 1,
}
"""Programs whose code depends on the GPU no more than that of others: on how many they run."""


def runs() -> list[tuple[Path, str, int]]:
    programs = [*sorted(PROGRAMS.glob("*.cu")), PROGRAMS / "waves.hip"]
    return [
        (program, target, wave)
        for program in programs
        for target, wave in CONFIGURATIONS[: FEWER.get(program.stem)]
    ]


@pytest.mark.parametrize(
    ("program", "target", "wave"), runs(), ids=lambda part: getattr(part, "stem", part)
)
def test_program(anyroc, program: Path, target: str, wave: int) -> None:
    done = anyroc("run", "--target", target, "--wave", str(wave), program)
    assert "PASS" == done.stdout.strip().splitlines()[-1], done.stdout + done.stderr
    assert 0 == done.returncode


@pytest.mark.parametrize(("target", "wave"), [("gfx942", 64), ("gfx1201", 32)])
def test_relocatable_device_code(anyroc, target: str, wave: int) -> None:
    sources = [PROGRAMS / "relocatable" / name for name in ("main.cu", "other.cu")]
    done = anyroc("run", "--rdc", "--target", target, "--wave", str(wave), *sources, "argument")
    assert "PASS\n" == done.stdout, done.stderr
    assert 0 == done.returncode


def test_device_code_of_another_source_needs_to_be_linked(anyroc) -> None:
    sources = [PROGRAMS / "relocatable" / name for name in ("main.cu", "other.cu")]
    done = anyroc("run", *sources)
    assert 2 == done.returncode
    assert "symbol: curve(float)" in done.stderr
    assert done.stderr.endswith("link device code across sources with --rdc\n")
