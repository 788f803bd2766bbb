"""Typed buffer accesses and counters of lanes, as machine code, against conversions written here.

Formats: four halves, four bytes as fractions of 255, four bytes as integers.
"""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest

from anyroc.isa.tables import FAMILY, Row, table
from anyroc.isa.targets import target
from oracles.rule import fraction, number
from translate_support.encode import encode
from translate_support.machine import BAD_PC, State, kernel_of, run
from translate_support.memory import Buffer

CONFIGURATIONS = [
    ("gfx90a", 64), ("gfx942", 64), ("gfx950", 64), ("gfx1100", 64), ("gfx1151", 32),
    ("gfx1200", 64), ("gfx1201", 32),
]  # fmt: skip
HALVES, FRACTIONS, INTEGERS = "halves", "fractions", "integers"
NUMBERS = {
    "cdna": {HALVES: 12 | 7 << 4, FRACTIONS: 10, INTEGERS: 10 | 4 << 4},
    "rdna": {HALVES: 57, FRACTIONS: 42, INTEGERS: 46},
}
"""The formats' numbers: on CDNA the one of the data and, from bit 4, of the number format."""
STRIDE = {HALVES: 8, FRACTIONS: 4, INTEGERS: 4}


@pytest.fixture(scope="module")
def buffer() -> Buffer:
    return Buffer()


def family(name: str) -> str:
    return FAMILY[target(name).isa][:4]


def descriptor(name: str, form: str, base: int) -> list[int]:
    """Of 100 elements that follow each other; components in order."""
    n = NUMBERS[family(name)][form]
    bits = (n & 15) << 15 | (n >> 4) << 12 if family(name) == "cdna" else n << 12
    swizzle = 4 | 5 << 3 | 6 << 6 | 7 << 9
    return [base & 0xFFFFFFFF, base >> 32 | STRIDE[form] << 16, 100, bits | swizzle]


def widened(raw: int, form: str, d16: bool) -> int:
    """A component as it comes into a register."""
    if form == INTEGERS:
        return raw
    if form == HALVES:
        return raw if d16 else fraction(number(raw, "f16"), "f32")
    return fraction(Fraction(raw, 255), "f16" if d16 else "f32")


def narrowed(code: int, form: str, d16: bool) -> int:
    """A register's component as it goes to memory."""
    v = number(code, "f16" if d16 else "f32")
    if form == INTEGERS:
        return min(code & 0xFFFF if d16 else code, 255)
    if form == HALVES:
        return code if d16 else fraction(v, "f16")
    held = max(Fraction(0), min(Fraction(1), Fraction(v)))
    return round(held * 255)


def typed(name: str, kind: str) -> list[Row]:
    rows = table(target(name).isa)
    found = [row for row in rows if f"buffer_{kind}_" in row.op and "format" in row.op]
    return [row for row in found if "_lds" not in row.op]


def code_of(name: str, row: Row, form: str) -> bytes:
    isa, cdna = target(name).isa, family(name) == "cdna"
    fields = {"idxen": 1, "vaddr": 1, "vdata": 8, "offset": 0}
    fields["srsrc"] = 8 if isa == "rdna4" else 2
    fields["soffset"] = 128 if cdna or isa != "rdna4" else 124
    if row.format == "MTBUF":
        fields["format"] = NUMBERS[family(name)][form]
    elif isa == "rdna4":
        fields["format"] = 1
    return encode(isa, row.format, row.op, **fields)


def shape(op: str) -> tuple[int, bool, bool]:
    """(components, whether 16 bits each, whether in the upper half)."""
    return len(op.rpartition("_")[2]), "d16" in op, "d16_hi" in op


@pytest.mark.parametrize("form", STRIDE)
@pytest.mark.parametrize(("name", "size"), CONFIGURATIONS)
def test_typed_loads(name: str, size: int, form: str, buffer: Buffer) -> None:
    rng = np.random.default_rng(5)
    buffer.bytes[:] = rng.integers(0, 256, len(buffer.bytes), np.uint8)
    rows = typed(name, "load")
    assert len(rows) > 8
    for row in rows:
        count, d16, high = shape(row.op)
        state = State.random(rng, size)
        state.enabled = (1 << size) - 1
        state.vgpr[1] = rng.permutation(size)
        state.sgpr[8:12] = descriptor(name, form, buffer.base)
        before = state.copy()
        assert run(kernel_of(name, size, code_of(name, row, form)), state) == BAD_PC
        width = STRIDE[form] // 4
        for lane in range(size):
            at = buffer.base - buffer.address + STRIDE[form] * int(before.vgpr[1, lane])
            parts = buffer.bytes[at : at + STRIDE[form]].tobytes()
            raw = [int.from_bytes(parts[width * n : width * n + width], "little") for n in range(4)]
            want = [widened(v, form, d16) for v in raw[:count]]
            got = [int(v) for v in state.vgpr[8:12, lane]]
            if d16:
                got = [v >> n & 0xFFFF for v in got for n in (0, 16)][1 if high else 0 :]
            kind = {HALVES: "f16", FRACTIONS: "f16" if d16 else "f32"}.get(form, "u32")
            for w, g in zip(want, got, strict=False):
                nan = kind[0] == "f" and form == HALVES and raw and _both_nan(w, g, d16)
                assert nan or abs(w - g) <= (form == FRACTIONS), (row.op, lane, hex(w), hex(g))


def _both_nan(a: int, b: int, d16: bool) -> bool:
    limit, mask = (0x7C00, 0x7FFF) if d16 else (0x7F800000, 0x7FFFFFFF)
    return a & mask > limit and b & mask > limit


@pytest.mark.parametrize("form", STRIDE)
@pytest.mark.parametrize(("name", "size"), CONFIGURATIONS)
def test_typed_stores(name: str, size: int, form: str, buffer: Buffer) -> None:
    rng, rows = np.random.default_rng(6), typed(name, "store")
    chance = random.Random(name)
    for row in rows:
        count, d16, high = shape(row.op)
        buffer.bytes[:] = 0xAB
        state = State.random(rng, size)
        state.enabled = (1 << size) - 1
        state.vgpr[1] = np.arange(size)
        state.sgpr[8:12] = descriptor(name, form, buffer.base)
        codes = [[_component(chance, form, d16) for _ in range(4)] for _ in range(size)]
        for lane in range(size):
            words = codes[lane]
            if d16:
                words = [words[0] | words[1] << 16, words[2] | words[3] << 16]
                words = [codes[lane][0] << 16] if high else words
            state.vgpr[8 : 8 + len(words), lane] = words
        assert run(kernel_of(name, size, code_of(name, row, form)), state) == BAD_PC
        width = STRIDE[form] // 4
        for lane in range(size):
            at = buffer.base - buffer.address + STRIDE[form] * lane
            for n in range(count):
                part = buffer.bytes[at + width * n : at + width * n + width].tobytes()
                got, want = int.from_bytes(part, "little"), narrowed(codes[lane][n], form, d16)
                assert want == got, (row.op, lane, n, hex(codes[lane][n]), hex(want), hex(got))


def _component(rng: random.Random, form: str, d16: bool) -> int:
    if form == INTEGERS:
        return rng.randrange(256)
    v = Fraction(rng.randrange(-64, 400), 256) if form == FRACTIONS else Fraction(rng.gauss(0, 9))
    return fraction(v, "f16" if d16 else "f32")


@pytest.mark.parametrize(("name", "size"), CONFIGURATIONS)
def test_counters_of_lanes(name: str, size: int) -> None:
    """ds_append adds the number of enabled lanes, ds_consume takes it away; both give the old."""
    isa = target(name).isa
    known = {row.op for row in table(isa)}
    if "ds_append" not in known:
        pytest.skip("this GPU has none")
    state = State.random(np.random.default_rng(1), size)
    state.enabled, state.sgpr[124] = 0x80F0, 0
    state.lds[16:24] = np.array([100, 50], np.uint32).view(np.uint8)
    before = state.copy()
    code = encode(isa, "DS", "ds_append", vdst=8, offset0=16)
    code += encode(isa, "DS", "ds_consume", vdst=9, offset0=20)
    assert run(kernel_of(name, size, code), state) == BAD_PC
    assert [105, 45] == state.lds[16:24].view(np.uint32).tolist()
    for lane in range(size):
        if 0x80F0 >> lane & 1:
            assert (100, 50) == (state.vgpr[8, lane], state.vgpr[9, lane])
        else:
            assert before.vgpr[8, lane] == state.vgpr[8, lane]
