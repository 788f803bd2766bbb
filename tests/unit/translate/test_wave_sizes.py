"""What is local to lanes does the same in one wave of 64 as in two of 32."""

from __future__ import annotations

import random

import numpy as np
import pytest

import anyroc.semantics  # noqa: F401  (registers the instructions)
from anyroc.isa.instruction import VCC, Instruction
from anyroc.isa.tables import table
from anyroc.isa.targets import target
from anyroc.semantics.core import ENCODED, OPERATIONS, Op
from translate_support.encode import Generator
from translate_support.machine import BAD_PC, FORMS, State, form_of, run
from translate_support.targets import ISA

TARGETS = [name for name in ISA if target(name).wave_sizes == (32, 64)]
FIRST_MASK = 40
"""Scalar registers from here on hold lane masks, those below are values."""
BATCH = 80


def is_local(inst: Instruction) -> bool:
    """Whether lanes and halves of the wave have nothing to do with each other."""
    entry = OPERATIONS[inst.op]
    assert isinstance(entry, Op)
    if inst.mods.dpp and inst.mods.dpp.row_mask != 15:
        return False
    slots = [slot for slot in entry.sources if slot.role in ENCODED]
    for slot, operand in zip(slots, inst.src, strict=False):
        if operand.kind == "special":
            return False
        if operand.kind != "s":
            continue
        if slot.role == "mask":
            if operand.index != VCC and not FIRST_MASK <= operand.index < 62:
                return False
        elif operand.index + operand.count > FIRST_MASK:
            return False
    return not {slot.role for slot in entry.sources} & {"lane", "span", "exec", "scc"}


def batches(name: str) -> list[list[bytes]]:
    rng = random.Random(name)
    generator = Generator(ISA[name], 64, rng)
    rows = [
        row
        for row in table(ISA[name])
        if isinstance(OPERATIONS.get(row.op), Op)
        and row.format.startswith("VOP")
        and row.format != "VOPD"
        and "cmpx" not in row.op
        and not row.op.startswith("v_s_")
    ]
    result: list[list[bytes]] = [[]]
    for row in rng.sample(rows, len(rows)):
        for _ in range(6):
            made = generator.instruction(row, rng.choice(generator.variants(row)))
            if made is None:
                generator.used.clear()
                result.append([])
            elif is_local(made):
                result[-1].append(generator.code)
                break
        if len(result[-1]) == BATCH:
            generator.used.clear()
            result.append([])
    return [batch for batch in result if batch]


def half(state: State, which: int) -> State:
    """The lower or upper lanes as a wave of their own."""
    sgpr = state.sgpr.copy()
    for index in (*range(FIRST_MASK, 104, 2), VCC, 126):
        sgpr[index] = state.sgpr[index + which]
    sgpr[[VCC + 1, 127]] = 0
    rows = np.ascontiguousarray(state.vgpr[:, 32 * which : 32 * which + 32])
    return State(32, sgpr, rows, state.scc, state.mode)


@pytest.mark.parametrize("name", TARGETS)
def test_two_halves_are_the_whole(name: str) -> None:
    count = 0
    for seed, batch in enumerate(batches(name)):
        whole = State.random(np.random.default_rng(seed), 64)
        whole.enabled = random.Random(seed).getrandbits(64)
        halves = [half(whole, which) for which in (0, 1)]
        code = b"".join(batch)
        assert BAD_PC == run(form_of(FORMS[seed % 2], name, 64, code), whole)
        narrow = form_of(FORMS[seed // 2 % 2], name, 32, code)
        for which, state in enumerate(halves):
            assert BAD_PC == run(narrow, state)
            wanted = half(whole, which)
            assert (wanted.vgpr == state.vgpr).all(), np.argwhere(wanted.vgpr != state.vgpr)[0]
            for index in (*range(64, 102, 2), VCC):
                assert wanted.sgpr[index] == state.sgpr[index], index
        count += len(batch)
    assert count > 400
