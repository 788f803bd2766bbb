"""Floating-point instructions where MODE says something unusual: in translated code as in the
reference, whether the mode is known when the code is translated or not."""

from __future__ import annotations

import random

import numpy as np
import pytest

import anyroc.semantics  # noqa: F401  (registers the instructions)
from anyroc.errors import AnyrocError
from anyroc.isa.disasm import format_instruction
from anyroc.isa.instruction import Instruction
from anyroc.isa.tables import table
from anyroc.isa.targets import target
from anyroc.semantics.core import OPERATIONS, Op
from anyroc.semantics.environment import DENORMALS, OVERFLOW
from translate_support.compare import differences
from translate_support.encode import Generator, encode
from translate_support.machine import BAD_PC, State, kernel_of, run
from translate_support.reference import Reference
from translate_support.targets import CONFIGURATIONS, ISA

MODES = (0x0F | DENORMALS, 0x200 | 0x05, 0x100 | 0xDA, 0x300 | OVERFLOW | 0x40, 0x10, 0x3F0 | 0x6)
REGISTER = 1 | 31 << 11
"""The whole of MODE, as s_setreg encodes it."""
SOURCE = 40
"""Scalar register that holds the mode where it is not known."""


def is_float(op: str) -> bool:
    entry = OPERATIONS.get(op)
    return isinstance(entry, Op) and any(
        slot.type.is_float for slot in (*entry.sources, *entry.results)
    )


def batches(
    isa: str, wave_size: int, seed: int, size: int
) -> list[list[tuple[Instruction, bytes]]]:
    """A random instruction for each of the ISA's with floats, in groups."""
    rng = random.Random(seed)
    generator = Generator(isa, wave_size, rng)
    rows = [
        row
        for row in table(isa)
        if is_float(row.op) and row.format.startswith(("VOP", "SOP")) and row.format != "VOPD"
    ]
    result: list[list[tuple[Instruction, bytes]]] = [[]]
    for row in rng.sample(rows, len(rows)):
        made = generator.instruction(row, rng.choice(generator.variants(row)))
        if made is not None:
            result[-1].append((made, generator.code))
        if made is None or len(result[-1]) == size:
            generator.used.clear()
            result.append([])
    return [batch for batch in result if batch]


def check(
    name: str, wave_size: int, batch: list[tuple[Instruction, bytes]], mode: int, known: bool
) -> list[str]:
    state = State.random(np.random.default_rng(mode), wave_size)
    state.sgpr[SOURCE] = mode
    expected = state.copy()
    expected.mode = mode
    reference = Reference(expected, target(name))
    reference.run([inst for inst, _ in batch])
    code = b"".join(code for _, code in batch)
    if known:
        state.mode = mode
        kernel = kernel_of(name, wave_size, code, mode=mode)
    else:
        setreg = encode(ISA[name], "SOPK", "s_setreg_b32", sdst=SOURCE, simm16=REGISTER)
        kernel = kernel_of(name, wave_size, setreg + code)
    assert run(kernel, state) == BAD_PC
    return differences(state, expected, reference.float_rows)


@pytest.mark.parametrize("known", [True, False], ids=["known", "in a register"])
@pytest.mark.parametrize("number", range(len(CONFIGURATIONS)))
def test_modes_as_the_reference(number: int, known: bool) -> None:
    name, wave_size = CONFIGURATIONS[number]
    mode = MODES[(number + known) % len(MODES)]
    if not target(name).has_ieee_mode:
        mode &= ~0x300
    for batch in batches(ISA[name], wave_size, number, 40 if known else 20)[:: 1 if known else 4]:
        if check(name, wave_size, batch, mode, known):
            alone = {
                format_instruction(inst, target(name)): found
                for inst, code in batch
                if (found := check(name, wave_size, [(inst, code)], mode, known))
            }
            raise AssertionError(f"mode {mode:#x}: {alone or 'only together'}")


@pytest.mark.parametrize("name", list(ISA))
def test_getreg_gives_what_is_in_mode(name: str) -> None:
    isa, wave_size = ISA[name], target(name).default_wave_size
    get = encode(isa, "SOPK", "s_getreg_b32", sdst=41, simm16=1 | 4 << 6 | 3 << 11)
    code = encode(isa, "SOPK", "s_getreg_b32", sdst=40, simm16=REGISTER)
    code += encode(isa, "SOPK", "s_setreg_imm32_b32", simm16=1 | 5 << 6, literal=0) + get
    state = State.random(np.random.default_rng(0), wave_size)
    state.mode = 0x3F5
    assert BAD_PC == run(kernel_of(name, wave_size, code, mode=0x3F5), state)
    assert (0x3F5, 0xD) == (state.sgpr[40], state.sgpr[41])


@pytest.mark.parametrize(
    "op, number, why",
    [("s_getreg_b32", 2, "reads STATUS"), ("s_setreg_b32", 6, "writes LDS_ALLOC")],
)
def test_other_registers_are_refused_by_name(op: str, number: int, why: str) -> None:
    code = encode("cdna3", "SOPK", op, sdst=40, simm16=number | 31 << 11)
    with pytest.raises(AnyrocError, match=why):
        kernel_of("gfx942", 64, code)
