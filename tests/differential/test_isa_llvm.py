"""Our decoder against LLVM itself, on random encodings and on the code objects at hand."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import isa_bulk
import isa_differential
import isa_objects
import isa_oracles
import isa_random

from anyroc.isa.decode import decode_all
from anyroc.isa.encode import encode
from anyroc.isa.targets import TARGETS, target

WAVES = [(name, size) for name in TARGETS for size in target(name).wave_sizes]


def _skip_without_llvm(name: str) -> None:
    if reason := isa_oracles.missing(name):
        pytest.skip(reason)


@pytest.mark.parametrize(("name", "wave_size"), WAVES)
def test_disassembly_is_llvms(name: str, wave_size: int) -> None:
    _skip_without_llvm(name)
    cases = [(code, True) for _, code in isa_random.encodings(target(name).isa, 1, 3)]
    totals = isa_bulk.Totals()
    isa_bulk.Comparison(name, wave_size).count(cases, totals)
    assert sum(totals.agreed.values()) > 1000
    assert [] == totals.examples


@pytest.mark.parametrize("name", TARGETS)
def test_llvm_22_assembles_our_text(name: str) -> None:
    """Of what LLVM takes at all, every text means the instruction it was made from."""
    wave_size = target(name).default_wave_size
    scores = isa_differential.round_trip(name, wave_size, 1, seed=4)
    wrong = [e for score in scores.values() for e in score.examples if e.startswith("differ")]
    shares = [score.equal for score in scores.values()]
    assert sum(shares) > 1000
    assert [] == wrong


@pytest.fixture(
    scope="module", params=[(*wave, level) for wave in WAVES for level in ("-O0", "-O3")]
)
def kernels(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str, int]:
    name, wave_size, level = request.param
    folder = tmp_path_factory.mktemp("kernels")
    return isa_objects.compile_kernels(name, wave_size, level, folder), name, wave_size


def test_disassembly_is_the_compilers_assembly(kernels: tuple[Path, str, int]) -> None:
    count, wrong = isa_objects.spelling_differences(*kernels)
    assert count > 500
    assert [] == wrong


def test_disassembly_is_objdumps(kernels: tuple[Path, str, int]) -> None:
    if isa_oracles.LLVM_OBJDUMP is None or kernels[1] in isa_oracles.NEWER:
        pytest.skip(isa_oracles.MISSING)
    count, wrong = isa_objects.differences(*kernels)
    assert count > 500
    assert [] == wrong


def test_compiled_code_encodes_to_itself(kernels: tuple[Path, str, int]) -> None:
    path, name, wave_size = kernels
    wrong = []
    for code in isa_objects.code_sections(path):
        for instruction in decode_all(name, code, wave_size=wave_size):
            given = code[instruction.offset : instruction.offset + instruction.size]
            if given != encode(instruction, name, wave_size=wave_size):
                wrong.append(f"{given.hex()} {instruction.mnemonic}")
    assert [] == wrong
