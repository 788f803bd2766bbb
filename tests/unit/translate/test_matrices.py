"""Matrix instructions between others: any registers, accumulation ones too, whatever EXEC holds.

What the helpers compute is tested in tests/unit/semantics/test_matrix.py; here it is taken for
granted, and that operands are where they should be is not.
"""

from __future__ import annotations

import ctypes
import random
import re
from typing import Any

import numpy as np
import pytest

from anyroc.isa.decode import decode
from anyroc.isa.disasm import format_instruction
from anyroc.isa.formats import formats
from anyroc.isa.instruction import DecodeError, Instruction, Operand
from anyroc.isa.tables import Row, table
from anyroc.isa.targets import target
from anyroc.native import library
from anyroc.semantics.core import OPERATIONS, Matrix
from translate_support.compare import differences
from translate_support.encode import encode
from translate_support.machine import ACCUM_OFFSET, BAD_PC, FORMS, State, form_of, run
from translate_support.targets import ISA

CONFIGURATIONS = [
    (name, wave_size)
    for name, isa in ISA.items()
    for wave_size in target(name).wave_sizes
    if any(isinstance(OPERATIONS.get(row.op), Matrix) for row in table(isa))
]
Made = tuple[Instruction, bytes]


class Wave(ctypes.Structure):
    _fields_ = (("before", ctypes.c_uint8 * 556), ("wave_size", ctypes.c_uint32))


def matrix(isa: str, wave_size: int, row: Row, rng: random.Random) -> Made:
    """An instruction with random registers; the addend is a constant now and then."""
    layout = formats(isa)[row.format]
    for _ in range(200):
        raw = layout.put(layout.match, "op", row.opcode)
        raw = layout.put(raw, "vdst", 4 * rng.randrange(8, 50))
        for field in ("src0", "src1", "src2"):
            raw = layout.put(raw, field, 256 + 4 * rng.randrange(56))
        if rng.random() < 0.2:
            raw = layout.put(raw, "src2", 128)
        if row.format == "MAI":
            raw = layout.put(layout.put(raw, "acc", rng.randrange(4)), "acc_cd", rng.randrange(2))
        else:
            raw = layout.put(layout.put(raw, "op_sel_hi", 3), "op_sel_hi2", 1)
        code = raw.to_bytes(layout.bytes, "little")
        try:
            inst = decode(isa, code + bytes(8), 0, wave_size=wave_size)
        except DecodeError:
            continue
        operands = (*inst.dst, *inst.src)
        apart = not any(overlap(inst.dst[0], o) and o.index != inst.dst[0].index for o in inst.src)
        if apart and all(o.index + o.count <= 240 for o in operands if o.kind in ("v", "a")):
            return inst, code[: inst.size]
    raise AssertionError(f"no {row.mnemonic}")


def overlap(a: Operand, b: Operand) -> bool:
    return a.kind == b.kind and a.index < b.index + b.count and b.index < a.index + a.count


def first_row(operand: Operand) -> int:
    return operand.index + (ACCUM_OFFSET if operand.kind == "a" else 0)


def multiply(inst: Instruction, state: State) -> None:
    entry = OPERATIONS[inst.op]
    assert isinstance(entry, Matrix)
    helper: Any = getattr(library(), f"anyroc_{entry.helper}")
    pointers = [
        state.vgpr[first_row(o) :].ctypes.data_as(ctypes.c_void_p) if o.kind in "va" else None
        for o in (inst.dst[0], *inst.src)
    ]
    wave = Wave(wave_size=state.wave_size)
    helper(ctypes.byref(wave), *pointers, ctypes.c_uint64(0), ctypes.c_uint32(0))


@pytest.mark.parametrize(("name", "wave_size"), CONFIGURATIONS)
def test_matrices_between_vectors(name: str, wave_size: int) -> None:
    rng, isa = random.Random(f"{name} {wave_size}"), ISA[name]
    rows = [
        row
        for row in table(isa)
        if isinstance(OPERATIONS.get(row.op), Matrix) and row.format in ("MAI", "VOP3P")
    ]
    for row in rows:
        state = State.random(np.random.default_rng(rng.randrange(99)), wave_size)
        state.vgpr &= np.uint32(0x3CFF3CFF)  # small numbers of every format
        state.enabled = (1 << wave_size) - 1
        if row.format == "MAI" and rng.random() < 0.7:  # they work on all lanes
            state.enabled = rng.getrandbits(wave_size)
        expected = state.copy()
        lanes = np.array([bool(state.enabled >> i & 1) for i in range(wave_size)])
        code, texts = b"", []
        for _ in range(2):
            inst, raw = matrix(isa, wave_size, row, rng)
            texts.append(format_instruction(inst, target(name)))
            operand = rng.choice([o for o in inst.src if o.kind == "v"] or [inst.dst[0]])
            before = operand.index + rng.randrange(operand.count)
            after = inst.dst[0].index + rng.randrange(inst.dst[0].count)
            code += encode(isa, "VOP1", "v_not_b32", vdst=before, src0=256 + 250) + raw
            expected.vgpr[before] = np.where(lanes, ~expected.vgpr[250], expected.vgpr[before])
            multiply(inst, expected)
            if inst.dst[0].kind == "v":
                code += encode(isa, "VOP1", "v_not_b32", vdst=251, src0=256 + after)
                expected.vgpr[251] = np.where(lanes, ~expected.vgpr[after], expected.vgpr[251])
        assert BAD_PC == run(form_of(rng.choice(FORMS), name, wave_size, code), state)
        assert [] == differences(state, expected), texts


# Inline constants by their codes, in the types that sums have.
CONSTANTS: dict[str, dict[int, int]] = {
    "f64": {131: 3, 193: 2**64 - 1, 242: 0x3FF << 52, 247: 0xC01 << 52, 248: 0x3FC45F306DC9C882},
    "f32": {242: 0x3F800000, 247: 0xC0800000, 248: 0x3E22F983},
    "f16": {242: 0x3C00, 247: 0xC400, 248: 0x3118},
    "bf16": {242: 0x3F80, 247: 0xC080, 248: 0x3E22},
    "bf16f32": {242: 0x3F80, 247: 0xC080, 248: 0x3E23},
    "i32": {131: 3, 193: 0xFFFFFFFF, 242: 0x3F800000},
}


def words_of(kind: str, value: int, name: str) -> tuple[int, ...]:
    """The registers that hold a number in every element of theirs."""
    if kind == "f64":
        return value & 0xFFFFFFFF, value >> 32
    packed = "f16" in kind and not name.startswith("gfx11")
    return (value << 16 | value,) if packed else (value,)


@pytest.mark.parametrize(("name", "wave_size"), CONFIGURATIONS)
def test_sums_that_begin_with_a_constant(name: str, wave_size: int) -> None:
    """Products of zeros: the result is the constant, in each element and in its type."""
    isa = ISA[name]
    rows = [
        (row, match[1])
        for row in table(isa)
        if isinstance(OPERATIONS.get(row.op), Matrix) and row.format in ("MAI", "VOP3P")
        for match in [re.match(r"v_(?:mfma|wmma)_([a-z]+\d+(?:f32)?)_", row.op)]
        if match
    ]
    assert len(rows) >= 6
    for row, kind in rows:
        for code, value in CONSTANTS[kind].items():
            layout = formats(isa)[row.format]
            raw = layout.put(layout.match, "op", row.opcode)
            fields = {"vdst": 64, "src0": 256 + 128, "src1": 256 + 128, "src2": code}
            if row.format == "VOP3P":
                fields |= {"op_sel_hi": 3, "op_sel_hi2": 1}
            for field, number in fields.items():
                raw = layout.put(raw, field, number)
            state = State.random(np.random.default_rng(1), wave_size)
            state.vgpr[64:192] = 0
            state.enabled = (1 << wave_size) - 1
            program = raw.to_bytes(layout.bytes, "little")
            assert BAD_PC == run(form_of("full", name, wave_size, program), state)
            want = words_of(kind, value, name)
            count = decode(isa, program, 0, wave_size=wave_size).dst[0].count
            got = {tuple(map(int, column)) for column in state.vgpr[64 : 64 + count].T}
            assert {want * (count // len(want))} == got, (row.mnemonic, code)


def product(isa: str, row: Row, d: int, a: int, b: int, from_zero: bool) -> Made:
    """An instruction on vector registers that adds to what D holds, or to nothing."""
    layout = formats(isa)[row.format]
    fields = {"vdst": d, "src0": 256 + a, "src1": 256 + b, "src2": 128 if from_zero else 256 + d}
    raw = layout.put(layout.match, "op", row.opcode)
    for field, value in fields.items():
        raw = layout.put(raw, field, value)
    code = raw.to_bytes(layout.bytes, "little")
    return decode(isa, code + bytes(8), 0, wave_size=64), code


def numbers(rng: np.random.Generator, row: Row, kind: str) -> np.ndarray[Any, Any]:
    """Registers: small numbers of any format, or pairs of bf16 near one, with denormals or not."""
    words = rng.integers(1 << 32, size=(256, 64), dtype=np.uint32)
    if kind == "any" or "bf16" not in row.op:
        return words & np.uint32(0x3CFF3CFF)
    words = words & np.uint32(0x83FF83FF) | np.uint32(0x3C003C00)
    if kind == "with denormals":
        words[rng.random(words.shape) < 0.1] = 0x80010001
    return words


@pytest.mark.parametrize("name", ["gfx942", "gfx950"])
@pytest.mark.parametrize("kind", ["any", "near one", "with denormals"])
def test_runs_of_matrices(name: str, kind: str) -> None:
    """Tiles that share operands, with vector instructions between that may need a result."""
    rng, isa = random.Random(f"{name} {kind}"), ISA[name]
    rows = [
        row
        for row in table(isa)
        for entry in [OPERATIONS.get(row.op)]
        if isinstance(entry, Matrix) and entry.runs and row.format == "MAI"
        if kind == "any" or "bf16" in row.op
    ]
    assert len(rows) >= 2
    for row in rows:
        state = State.random(np.random.default_rng(rng.randrange(99)), 64)
        state.vgpr[:256] = numbers(np.random.default_rng(rng.randrange(99)), row, kind)
        state.enabled = (1 << 64) - 1
        expected = state.copy()
        code, texts, begun = b"", [], set()
        for _ in range(24):
            d = 16 * rng.randrange(4)
            a, b = (64 + 8 * rng.randrange(10) for _ in range(2))
            inst, raw = product(isa, row, d, a, b, d not in begun and rng.random() < 0.5)
            begun.add(d)
            texts.append(format_instruction(inst, target(name)))
            code += raw
            multiply(inst, expected)
            if rng.random() < 0.3:
                touched = rng.choice([d, a, b, 200])
                code += encode(isa, "VOP1", "v_not_b32", vdst=251, src0=256 + touched)
                expected.vgpr[251] = ~expected.vgpr[touched]
            if rng.random() < 0.2:
                code += encode(isa, "VOP1", "v_mov_b32", vdst=a, src0=256 + 210)
                expected.vgpr[a] = expected.vgpr[210]
        assert BAD_PC == run(form_of("full", name, 64, code), state)
        assert [] == differences(state, expected), texts
