"""Dual-issue instructions: every pair of operations, as the reference runs them."""

from __future__ import annotations

import random

import numpy as np
import pytest

from anyroc.isa.decode import decode
from anyroc.isa.disasm import format_instruction
from anyroc.isa.formats import formats
from anyroc.isa.instruction import DecodeError, Instruction
from anyroc.isa.tables import table
from anyroc.isa.targets import target
from translate_support.compare import differences
from translate_support.machine import BAD_PC, FORMS, State, form_of, run
from translate_support.reference import Reference
from translate_support.targets import ISA

TARGETS = [name for name in ISA if "VOPD" in formats(ISA[name])]
Pair = tuple[Instruction, bytes]


def pair(isa: str, x: int, y: int, rows: tuple[int, int], rng: random.Random) -> Pair | None:
    """Operations by their numbers, writing two given rows; None for a pair that no GPU takes."""
    layout = formats(isa)["VOPD"]
    for _ in range(200):
        raw = layout.put(layout.put(layout.match, "opx", x), "opy", y)
        scalar = rng.randrange(32)  # both halves may share one
        for key in ("srcx0", "srcy0"):
            raw = layout.put(raw, key, rng.choice((256 + rng.randrange(48), scalar, 255, 242)))
        for key in ("vsrcx1", "vsrcy1"):
            raw = layout.put(raw, key, rng.choice((0, rng.randrange(48))))
        raw = layout.put(layout.put(raw, "vdstx", rows[0]), "vdsty", rows[1] >> 1)
        code = raw.to_bytes(8, "little") + rng.getrandbits(32).to_bytes(4, "little")
        try:
            inst = decode(isa, code + bytes(8), 0, wave_size=32)
        except DecodeError:
            continue
        return inst, code[: inst.size]
    return None


def check(name: str, pairs: list[Pair], seed: int) -> list[str]:
    """The differences, in one form or the other; odd seeds round up and flush denormals."""
    mode = 0x305 if seed % 2 else 0x3F0
    state = State.random(np.random.default_rng(seed), 32)
    state.mode = mode
    expected = state.copy()
    reference = Reference(expected, target(name))
    reference.run([inst for inst, _ in pairs])
    code = b"".join(code for _, code in pairs)
    kernel = form_of(FORMS[seed // 2 % 2], name, 32, code, mode)
    assert BAD_PC == run(kernel, state)
    return differences(state, expected, reference.float_rows)


@pytest.mark.parametrize("name", TARGETS)
def test_every_pair(name: str) -> None:
    rng, isa = random.Random(name), ISA[name]
    numbers = sorted(row.opcode for row in table(isa) if row.format == "VOPD")
    pairs: list[Pair] = []
    for x in (n for n in numbers if n < 16):
        for y in numbers:
            row = 64 + 4 * (len(pairs) % 44)
            made = pair(isa, x, y, (row + rng.randrange(2) * 2, row + 1), rng)
            assert made is not None, (x, y)
            pairs.append(made)
    for number, first in enumerate(range(0, len(pairs), 44)):
        batch = pairs[first : first + 44]
        if check(name, batch, number):
            alone = {
                format_instruction(inst, target(name)): found
                for inst, code in batch
                if (found := check(name, [(inst, code)], number))
            }
            raise AssertionError(alone or "only together")


@pytest.mark.parametrize("name", TARGETS)
def test_halves_read_before_either_writes(name: str) -> None:
    """Pairs that exchange or chain registers, repeated so that each feeds the next."""
    rng, isa = random.Random(name), ISA[name]
    by_name = {row.mnemonic: row.opcode for row in table(isa) if row.format == "VOPD"}
    exact = [by_name[f"v_dual_{op}"] for op in ("mov_b32", "cndmask_b32")]
    integer = [by_name[f"v_dual_{op}"] for op in ("add_nc_u32", "lshlrev_b32", "and_b32")]
    layout, pairs = formats(isa)["VOPD"], []
    while len(pairs) < 60:
        raw = layout.put(layout.match, "opx", rng.choice(exact))
        raw = layout.put(raw, "opy", rng.choice(exact + integer))
        for key in ("srcx0", "srcy0"):
            raw = layout.put(raw, key, 256 + rng.randrange(8))
        for key in ("vsrcx1", "vsrcy1", "vdstx"):
            raw = layout.put(raw, key, rng.randrange(8))
        raw = layout.put(raw, "vdsty", rng.randrange(4))
        code = raw.to_bytes(8, "little")
        try:
            pairs.append((decode(isa, code + bytes(8), 0, wave_size=32), code))
        except DecodeError:
            continue
    assert [] == check(name, pairs, 1)
