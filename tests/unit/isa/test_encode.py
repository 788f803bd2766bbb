"""Decoding loses nothing: what is decoded can be encoded again."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from anyroc.isa.decode import decode
from anyroc.isa.encode import encode
from anyroc.isa.instruction import DecodeError
from anyroc.isa.targets import TARGETS, target

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.txt"))
WAVES = [(name, size) for name in TARGETS for size in target(name).wave_sizes]


def check(name: str, wave_size: int, code: bytes) -> None:
    """The bytes decode to what they encode from, and canonical bytes are a fixed point."""
    instruction = decode(name, code, wave_size=wave_size)
    canonical = encode(instruction, name, wave_size=wave_size)
    assert instruction == decode(name, canonical, wave_size=wave_size), code.hex()
    assert canonical == encode(instruction, target(name), wave_size=wave_size)
    assert len(canonical) == instruction.size


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_encodings_of_every_instruction(path: Path) -> None:
    name, kind = path.stem.split(".")
    wave_size = 64 if kind == "wave64" else 32
    for line in path.read_text().splitlines():
        check(name, wave_size, bytes.fromhex(line.split(" ", 1)[0]))


@pytest.mark.parametrize(("name", "wave_size"), WAVES)
def test_random_words(name: str, wave_size: int) -> None:
    rng = random.Random(20)
    decoded = 0
    for _ in range(20_000):
        code = rng.randbytes(16)
        try:
            decode(name, code, wave_size=wave_size)
        except DecodeError:
            continue
        check(name, wave_size, code)
        decoded += 1
    assert decoded > 1000


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("gfx942", "f202047e"),
        ("gfx942", "0005022e0000c03f"),
        ("gfx942", "008050dc02000401"),
        ("gfx942", "2040d9d301010018"),
        ("gfx1151", "030952ca020b0203"),
        ("gfx1151", "81050a64"),
        ("gfx90a", "001782f027282481"),
        ("gfx1100", "9541acf03612642405060708"),
        ("gfx1100", "808f68f006030800"),
        ("gfx1201", "01a0d2e40d2114122f1e2e14"),
        ("gfx1201", "7c0005ec0000000000080000"),
        ("gfx1201", "802000f4180000f8"),
    ],
)
def test_compilers_bytes_come_back(name: str, code: str) -> None:
    wave_size = target(name).default_wave_size
    instruction = decode(name, bytes.fromhex(code), wave_size=wave_size)
    assert code == encode(instruction, name, wave_size=wave_size).hex()
