"""Additions of 64 bits in two halves: joined where they may be, and right either way."""

from __future__ import annotations

import random

import numpy as np
import pytest

import anyroc.semantics  # noqa: F401  (registers the instructions)
from anyroc.isa.decode import decode
from anyroc.isa.disasm import format_instruction
from anyroc.isa.targets import target
from anyroc.translate import cfg
from anyroc.translate.carries import join_carries
from anyroc.translate.codeobject import CodeObject
from code_objects import KernelSpec, code_object
from translate_support.compare import differences
from translate_support.encode import encode
from translate_support.machine import BAD_PC, State, form_of, run
from translate_support.reference import Reference
from translate_support.targets import ISA

V, NULL, VCC = 256, 124, 106
TARGETS = [("gfx90a", 64), ("gfx1151", 32), ("gfx1201", 32), ("gfx1201", 64)]


def low(isa: str, d: int, a: int, b: int, carry: int = VCC) -> bytes:
    return encode(isa, "VOP3SD", "v_add_co_u32", vdst=d, sdst=carry, src0=a, src1=b)


def high(isa: str, d: int, a: int, b: int, carry: int = VCC, out: int = VCC) -> bytes:
    fields = {"vdst": d, "sdst": out, "src0": a, "src1": b, "src2": carry}
    return encode(isa, "VOP3SD", "v_add_co_ci_u32", **fields)


def move(isa: str, d: int, source: int) -> bytes:
    return encode(isa, "VOP1", "v_mov_b32", vdst=d, src0=source)


def operations(name: str, wave_size: int, parts: list[bytes]) -> list[str]:
    """What is left of a kernel's instructions after joining."""
    end = encode(ISA[name], "SOPP", "s_endpgm")
    spec = KernelSpec("k", b"".join(parts) + end, vgpr_units=8, wave32=wave_size == 32)
    parsed = CodeObject.parse(code_object([spec], target=name))
    graph = cfg.build(parsed, parsed.kernels["k"], target(name))
    join_carries(graph)
    return [inst.op for block in graph.blocks.values() for inst in block.instructions][:-1]


@pytest.mark.parametrize(("name", "wave_size"), TARGETS)
class TestJoining:
    def test_halves_are_joined(self, name: str, wave_size: int) -> None:
        isa = ISA[name]
        parts = [low(isa, 2, 4, V + 6), move(isa, 9, V + 8), high(isa, 3, 5, V + 7)]
        assert operations(name, wave_size, parts) == ["v_mov_b32", "v_add_nc_u64"]

    def test_in_place_with_a_constant(self, name: str, wave_size: int) -> None:
        isa = ISA[name]
        parts = [low(isa, 2, V + 2, 128 + 4), high(isa, 3, 128, V + 3)]
        assert operations(name, wave_size, parts) == ["v_add_nc_u64"]

    @pytest.mark.parametrize("apart", ["read", "written", "operand", "carry", "rows", "wanted"])
    def test_halves_that_stay_apart(self, name: str, wave_size: int, apart: str) -> None:
        isa = ISA[name]
        between = {
            "read": move(isa, 9, V + 2),
            "written": move(isa, 2, V + 9),
            "operand": move(isa, 7, V + 9),
            "carry": encode(isa, "VOP2", "v_cndmask_b32", vdst=9, src0=V + 8, src1=8),
        }.get(apart, move(isa, 9, V + 8))
        parts = [low(isa, 2, 4, V + 6), between, high(isa, 4 if apart == "rows" else 3, 5, V + 7)]
        if apart == "wanted":
            parts.append(encode(isa, "VOP2", "v_cndmask_b32", vdst=9, src0=V + 8, src1=8))
        assert "v_add_nc_u64" not in operations(name, wave_size, parts)


@pytest.mark.parametrize(("name", "wave_size"), TARGETS)
def test_sums_as_the_reference(name: str, wave_size: int) -> None:
    """Random additions between moves; halves may belong together or not."""
    rng, isa = random.Random(f"{name} {wave_size}"), ISA[name]
    joined = 0
    for seed in range(6):
        code = b""
        for _ in range(12):
            pairs = [rng.choice([(V + r, V + r + 1) for r in range(2, 14)]) for _ in range(2)]
            if rng.random() < 0.4:
                pairs[rng.randrange(2)] = rng.choice([(4, 5), (7, 8), (192, 193), (132, 128)])
            d, out = rng.randrange(2, 14), rng.choice([VCC, VCC, 20])
            halves = pairs if rng.random() < 0.5 else pairs[::-1]
            code += low(isa, d, pairs[0][0], pairs[1][0])
            if rng.random() < 0.5:
                code += move(isa, rng.randrange(2, 18), V + rng.randrange(2, 18))
            code += high(isa, d + 1, halves[0][1], halves[1][1], out=out)
        state = State.random(np.random.default_rng(seed), wave_size)
        state.enabled = (1 << wave_size) - 1 if seed % 2 else rng.getrandbits(wave_size)
        expected = state.copy()
        insts, at = [], 0
        while at < len(code):
            insts.append(decode(isa, code, at, wave_size=wave_size))
            at += insts[-1].size
        Reference(expected, target(name)).run(insts)
        joined += operations(name, wave_size, [code]).count("v_add_nc_u64")
        assert run(form_of("full", name, wave_size, code), state) == BAD_PC
        listing = [format_instruction(inst, target(name)) for inst in insts]
        assert not differences(state, expected), listing
    assert joined >= 10
