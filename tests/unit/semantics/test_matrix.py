"""Matrix instructions: layouts against AMD's published ones, results against NumPy."""

from __future__ import annotations

import ctypes
import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from anyroc.isa.tables import table
from anyroc.native import library
from anyroc.semantics.core import OPERATIONS, Matrix
from oracles.cdna5 import SPARSE
from semantics_support.exact import BF16, F16, F32, F64, SMALL, Format, decode, encode
from semantics_support.exact import magnitude_of as exact_magnitude
from semantics_support.matrix_layouts import BITS, Shape, digest, shape

CASES = Path(__file__).parents[2] / "cases" / "matrix_layouts.json"
PUBLISHED: dict[str, dict[str, str | None]] = json.loads(CASES.read_text())

MATRICES = {name: entry for name, entry in OPERATIONS.items() if isinstance(entry, Matrix)}


@pytest.mark.parametrize("key", PUBLISHED)
def test_layouts_are_those_that_amd_publishes(key: str) -> None:
    name, generation, wave = key.split()
    s = shape(name, generation, int(wave))
    for matrix, want in PUBLISHED[key].items():
        assert want == digest(s.places(matrix)), matrix


FORMATS: dict[str, Format] = {
    "f16": F16, "bf16": BF16, "f32": F32, "xf32": F32, "f64": F64, **SMALL,
}  # fmt: skip


def format_of(kind: str, entry: Matrix) -> Format:
    return FORMATS[kind + "_fnuz" if entry.name.endswith("_fnuz") and kind in SMALL else kind]


def put(rows: np.ndarray, place: tuple[int, int, int], code: int, bits: int) -> None:
    register, first, lane = place
    for part in range(max(1, bits // 32)):
        word = code >> (32 * part) & 0xFFFFFFFF
        kept = int(rows[register + part, lane]) & ~(((1 << min(bits, 32)) - 1) << first)
        rows[register + part, lane] = kept | word << first & 0xFFFFFFFF


def get(rows: np.ndarray, place: tuple[int, int, int], bits: int) -> int:
    register, first, lane = place
    if bits == 64:
        return int(rows[register, lane]) | int(rows[register + 1, lane]) << 32
    return int(rows[register, lane]) >> first & ((1 << bits) - 1)


class Wave(ctypes.Structure):
    _fields_ = (("before", ctypes.c_uint8 * 556), ("wave_size", ctypes.c_uint32))


def call(entry: Matrix, wave: int, d: np.ndarray, a: np.ndarray, b: np.ndarray,
         c: np.ndarray | None, constant: int = 0, modifiers: int = 0) -> None:  # fmt: skip
    helper = getattr(library(), f"anyroc_{entry.helper}")
    pointers = [x.ctypes.data_as(ctypes.c_void_p) if x is not None else None for x in (d, a, b, c)]
    state = Wave(wave_size=wave)
    helper(ctypes.byref(state), *pointers, ctypes.c_uint64(constant), ctypes.c_uint32(modifiers))


class Problem:
    """Small whole numbers in every element, so that all sums are exact."""

    def __init__(self, entry: Matrix, s: Shape, seed: int, modifiers: int = 0) -> None:
        self.entry, self.s, self.modifiers = entry, s, modifiers
        rng = np.random.default_rng(seed)
        kept = s.k // 2 if s.sparse else s.k
        self.a = rng.integers(-3, 4, (s.blocks, s.m, kept))
        self.b = rng.integers(-3, 4, (s.blocks, s.k, s.n))
        self.c = rng.integers(-9, 10, (s.blocks, s.m, s.n))
        if entry.a.startswith("iu") and not modifiers & 3:
            self.a, self.b = abs(self.a), abs(self.b)
        first = rng.integers(0, 3, (s.blocks, s.m, max(kept // 2, 1)))
        second = rng.integers(first + 1, 4)
        self.index = np.stack([first, second], -1).reshape(s.blocks, s.m, -1)

    def code(self, v: int, kind: str) -> int:
        if kind.startswith("i"):
            return int(v) & ((1 << BITS[kind]) - 1)
        return encode(Fraction(int(v)), format_of(kind, self.entry))

    def rows(self, matrix: str, values: np.ndarray, kind: str, high: bool = False) -> np.ndarray:
        rows = np.zeros((32, self.s.wave), np.uint32)
        for block, r, c, place in self.s.places(matrix):
            put(rows, shifted(place, high), self.code(values[block, r, c], kind), BITS[kind])
        if self.s.generation == "gfx11" and matrix in "AB":
            for start in range(16, self.s.wave, 16):
                rows[:, start : start + 16] = rows[:, :16]
        return rows

    def product(self) -> np.ndarray:
        a = np.zeros((self.s.blocks, self.s.m, self.s.k), np.int64)
        if self.s.sparse:
            for e in range(self.s.k // 2):
                np.put_along_axis(
                    a, 4 * (e // 2) + self.index[:, :, e : e + 1], self.a[:, :, e : e + 1], 2
                )
        else:
            a = self.a
        return np.matmul(a, self.b)

    def indices(self, set_: int = 0) -> np.ndarray:
        """The compression indices: two bits per kept element of a lane, in its own order."""
        rows = np.zeros((32, self.s.wave), np.uint32)
        bits, per_lane = BITS[self.entry.a], {}
        for _, r, e, (register, first, lane) in self.s.places("A"):
            at = (32 * register + first) // bits
            per_lane[lane] = per_lane.get(lane, 0) | int(self.index[0, r, e]) << (2 * at)
        width = 2 * (max(v for _, _, _, (v, _, _) in self.s.places("A")) + 1) * (32 // bits)
        for lane, word in per_lane.items():
            rows[0, lane] = word << set_ * width & 0xFFFFFFFF
        return rows

    def run(self, high: bool = False, set_: int = 0) -> np.ndarray:
        a = self.rows("A", self.a, self.entry.a)
        b = self.rows("B", self.b, self.entry.b)
        d = self.rows("D", self.c, self.s.d, high)
        c = self.indices(set_) if self.s.sparse else d.copy()
        call(self.entry, self.s.wave, d, a, b, c, 0, self.modifiers)
        return self.read(d, high)

    def read(self, d: np.ndarray, high: bool = False) -> np.ndarray:
        got = np.zeros((self.s.blocks, self.s.m, self.s.n))
        for block, r, c, place in self.s.places("D"):
            code = get(d, shifted(place, high), BITS[self.s.d])
            if self.s.d == "i32":
                got[block, r, c] = code - (code >> 31 << 32)
            else:
                got[block, r, c] = float(decode(code, FORMATS[self.s.d]))
        return got


def shifted(place: tuple[int, int, int], high: bool) -> tuple[int, int, int]:
    register, first, lane = place
    return register, first + 16 * high, lane


def variants(name: str) -> list[tuple[str, int]]:
    if name.startswith(("v_mfma", "v_smfmac")):
        return [("cdna", 64)]
    if name in CDNA5:
        return [("gfx12", 32)]
    return [("gfx11" if name.endswith("_gfx11") else "gfx12", wave) for wave in (32, 64)]


# gfx1250's, which has waves of 32 only; of C's and D's layouts RDNA4's hold for it, too.
CDNA5 = frozenset(
    row.op for row in table("cdna5") if row.op.startswith("v_wmma") and "@cdna5" in row.flags
)
CHOSEN = [name for name in MATRICES if name.endswith(("_f8f6f4", "bf16f32_16x16x32_bf16"))]
EVERY = [
    (name, *variant)
    for name in MATRICES
    if name not in CHOSEN and name not in SPARSE
    for variant in variants(name)
]


@pytest.mark.parametrize("name, generation, wave", EVERY)
def test_products(name: str, generation: str, wave: int) -> None:
    entry = MATRICES[name]
    s = shape(name.removesuffix("_gfx11").removesuffix("_flush"), generation, wave)
    problem = Problem(entry, s, len(name), modifiers=3 if entry.a.startswith("iu") else 0)
    np.testing.assert_array_equal(problem.product() + problem.c, problem.run())


def test_bf16_of_f32_sums() -> None:
    """v_wmma_bf16f32 adds to sums of F32 and rounds once, at the end."""
    entry = MATRICES["v_wmma_bf16f32_16x16x32_bf16"]
    wide = shape("v_wmma_f32_16x16x32_bf16", "gfx12", 32)
    narrow = shape("v_wmma_bf16_16x16x32_bf16", "gfx12", 32)
    problem = Problem(MATRICES["v_wmma_f32_16x16x32_bf16"], wide, 5)
    problem.c = problem.c * 256 + 1  # more bits than BF16 has
    c, d = problem.rows("D", problem.c, "f32"), np.zeros((32, 32), np.uint32)
    a, b = problem.rows("A", problem.a, "bf16"), problem.rows("B", problem.b, "bf16")
    call(entry, 32, d, a, b, c)
    want = problem.product() + problem.c
    got = [get(d, place, 16) for _, _, _, place in narrow.places("D")]
    assert [encode(Fraction(int(v)), BF16) for v in want.ravel()] == got


# The formats that cbsz and blgp choose among, in order.
SIX = Format(2, 3, 1), Format(3, 2, 3)
BY_NUMBER = (SMALL["fp8"], SMALL["bf8"], *SIX, Format(2, 1, 1))


def chosen_rows(codes: np.ndarray, f: Format) -> np.ndarray:
    """A (or B's transpose) of ``dim`` rows in the registers of a wave.

    A lane has 32 elements of one row. Six and four bits: consecutive ones. Eight bits: 16 of the
    first half of k, 16 of the second (Triton, LinearLayoutConversions.cpp and its tests of
    dot_scaled on gfx950; where both operands have the same layout the order is of no consequence).
    """
    dim, k = codes.shape
    rows = np.zeros((8, 64), np.uint32)
    for lane in range(64):
        group, row = lane // dim, lane % dim
        if f.bits == 8:
            half = k // 2
            at = [16 * group + n % 16 + n // 16 * half for n in range(32)]
        else:
            at = [32 * group + n for n in range(32)]
        packed = sum(int(codes[row, column]) << f.bits * n for n, column in enumerate(at))
        for register in range(f.bits):
            rows[register, lane] = packed >> 32 * register & 0xFFFFFFFF
    return rows


def chosen_values(codes: np.ndarray, f: Format) -> np.ndarray:
    """What codes stand for; those of six and four bits are all numbers."""
    top = 1 << (f.bits - 1)
    return np.vectorize(
        lambda c: float(exact_magnitude(int(c) & (top - 1), f)) * (-1 if c & top else 1)
    )(codes)


def scaled(entry: Matrix, d: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray | None,
           modifiers: int, scales: list[np.ndarray | int]) -> None:  # fmt: skip
    helper = getattr(library(), f"anyroc_{entry.helper}")
    pointers = [x.ctypes.data_as(ctypes.c_void_p) if x is not None else None for x in (d, a, b, c)]
    rows = [None if isinstance(s, int) else s.ctypes.data_as(ctypes.c_void_p) for s in scales]
    constants = [ctypes.c_uint32(s if isinstance(s, int) else 0) for s in scales]
    state = Wave(wave_size=64)
    helper(ctypes.byref(state), *pointers, ctypes.c_uint64(0), ctypes.c_uint32(modifiers),
           *rows, *constants)  # fmt: skip


@pytest.mark.parametrize("formats", [(a, b) for a in range(5) for b in range(5)])
@pytest.mark.parametrize("dim, k", [(16, 128), (32, 64)])
def test_formats_chosen_by_modifiers(dim: int, k: int, formats: tuple[int, int]) -> None:
    rng = np.random.default_rng(dim + 7 * formats[0] + formats[1])
    fa, fb = (BY_NUMBER[number] for number in formats)
    limit = {8: 0x50, 6: 0x20, 4: 8}
    a, b = (
        rng.integers(0, limit[f.bits], (dim, k)) | rng.integers(0, 2, (dim, k)) << (f.bits - 1)
        for f in (fa, fb)
    )
    x, y = chosen_values(a, fa), chosen_values(b, fb)
    error = 2.0**-18 * (abs(x) @ abs(y).T + 9)
    c = rng.integers(-9, 10, (1, dim, dim))
    name = f"v_mfma_f32_{dim}x{dim}x{k}_f8f6f4"
    plain = shape(f"v_mfma_f32_{dim}x{dim}x{k}_fp8_fp8", "cdna", 64)
    problem = Problem(MATRICES["v_mfma_f32_16x16x16_f16"], plain, 1)
    d = problem.rows("D", c, "f32")
    call(MATRICES[name], 64, d, chosen_rows(a, fa), chosen_rows(b, fb), d, 0,
         formats[0] | formats[1] << 7)  # fmt: skip
    assert (abs(problem.read(d)[0] - (x @ y.T + c[0])) <= error).all()
    powers = rng.integers(120, 134, (2, dim, k // 32))
    for byte in (0, 3):
        rows = np.zeros((2, 1, 64), np.uint32)
        for lane in range(64):
            rows[:, 0, lane] = powers[:, lane % dim, lane // dim] << 8 * byte
        d = problem.rows("D", c, "f32")
        modifiers = formats[0] | formats[1] << 7 | byte << 10 | byte << 12
        entry = MATRICES[name.replace("mfma", "mfma_scale")]
        scaled(entry, d, chosen_rows(a, fa), chosen_rows(b, fb), d, modifiers, [*rows])
        factors = np.repeat(2.0 ** (powers - 127), 32, axis=2)
        x2, y2 = x * factors[0], y * factors[1]
        error = 2.0**-18 * (abs(x2) @ abs(y2).T + 9)
        assert (abs(problem.read(d)[0] - (x2 @ y2.T + c[0])) <= error).all()


def test_constant_scales_and_scales_that_are_no_number() -> None:
    name = "v_mfma_scale_f32_16x16x128_f8f6f4"
    plain = shape("v_mfma_f32_16x16x128_fp8_fp8", "cdna", 64)
    problem = Problem(MATRICES["v_mfma_f32_16x16x16_f16"], plain, 1)
    one = chosen_rows(np.full((16, 128), 0x38), SMALL["fp8"])
    d = np.zeros((4, 64), np.uint32)
    scaled(MATRICES[name], d, one, one, None, 0, [128, 126])
    assert (problem.read(d) == 128).all()
    scaled(MATRICES[name], d, one, one, None, 1 << 10, [128, 127])  # byte 1 holds 0
    assert (problem.read(d) == 128 * 2.0**-127).all()
    scaled(MATRICES[name], d, one, one, None, 0, [255, 127])
    assert (d & 0x7FFFFFFF > 0x7F800000).all()


def test_cdna2s_halves_have_no_denormals() -> None:
    for name, tiny, small in (
        ("v_mfma_f32_16x16x16_f16_flush", 0x0200, 0x0400),
        ("v_mfma_f32_16x16x16_bf16_flush", 0x0040, 0x0080),
    ):
        entry, plain = MATRICES[name], shape(name.removesuffix("_flush"), "cdna", 64)
        a, b, d = (np.zeros((4, 64), np.uint32) for _ in range(3))
        a[0, 0], b[0, 0] = tiny, 0x3C00 if "bf16" not in name else 0x3F80
        a[0, 1], b[0, 1] = small, a[0, 0] * 0 + (0x3C00 if "bf16" not in name else 0x3F80)
        c = np.full((4, 64), 1, np.uint32)  # the least denormal
        call(entry, 64, d, a, b, c)
        got = Problem(entry, plain, 0).read(d)[0]
        least = 2.0**-14 if "bf16" not in name else 2.0**-126
        assert 0 == got[0, 0] and least == got[1, 0]
        assert 0 == np.delete(got, 1, 0).max()


@pytest.mark.parametrize(
    "name", ["v_wmma_f16_16x16x16_f16_gfx11", "v_wmma_bf16_16x16x16_bf16_gfx11"]
)
@pytest.mark.parametrize("wave", [32, 64])
def test_op_sel_names_the_half_of_gfx11(name: str, wave: int) -> None:
    s = shape(name.removesuffix("_gfx11"), "gfx11", wave)
    problem = Problem(MATRICES[name], s, 5, modifiers=4 << 7)
    np.testing.assert_array_equal(problem.product() + problem.c, problem.run(high=True))


@pytest.mark.parametrize("signs", [0, 1, 2, 3])
@pytest.mark.parametrize("name", ["v_wmma_i32_16x16x16_iu8", "v_wmma_i32_16x16x16_iu4"])
def test_signs_of_integers(name: str, signs: int) -> None:
    entry = MATRICES[name]
    problem = Problem(entry, shape(name, "gfx12", 32), 8, modifiers=signs)
    values = np.random.default_rng(3).integers(0, 1 << BITS[entry.a], problem.a.shape)
    problem.a = problem.b = values
    top = 1 << (BITS[entry.a] - 1)
    a, b = (values - 2 * top * ((values >= top) & bool(signs & bit)) for bit in (1, 2))
    np.testing.assert_array_equal(np.matmul(a, b) + problem.c, problem.run())


@pytest.mark.parametrize("name", ["v_wmma_i32_16x16x16_iu8", "v_swmmac_i32_16x16x32_iu8"])
def test_clamp_saturates(name: str) -> None:
    problem = Problem(MATRICES[name], shape(name, "gfx12", 32), 8, modifiers=3 | 1 << 6)
    problem.c = np.where(problem.c > 0, 2**31 - 1, -(2**31))
    want = np.clip(problem.product() + problem.c, -(2**31), 2**31 - 1)
    np.testing.assert_array_equal(want, problem.run())


def test_float_modifiers() -> None:
    name = "v_wmma_f32_16x16x16_f16"
    s = shape(name, "gfx12", 32)
    even = np.arange(16) % 2 == 0
    for modifiers, change in (
        (1, lambda a, b, c: (np.where(even, -a, a), b, c)),
        (2 << 3, lambda a, b, c: (a, np.where(even[:, None], b, -b), c)),
        (4, lambda a, b, c: (a, b, -c)),
        (4 << 3, lambda a, b, c: (a, b, abs(c))),
        (4 | 4 << 3, lambda a, b, c: (a, b, -abs(c))),
    ):
        problem = Problem(MATRICES[name], s, 4, modifiers=modifiers)
        a, b, c = change(problem.a, problem.b, problem.c)
        np.testing.assert_array_equal(np.matmul(a, b) + c, problem.run())


@pytest.mark.parametrize("set_", [0, 1, 2, 3])
def test_sets_of_indices(set_: int) -> None:
    name = "v_smfmac_f32_16x16x32_f16"
    problem = Problem(MATRICES[name], shape(name, "cdna", 64), 6, modifiers=set_ << 3)
    np.testing.assert_array_equal(problem.product() + problem.c, problem.run(set_=set_))
    name = "v_swmmac_f32_16x16x32_f16"
    problem = Problem(MATRICES[name], shape(name, "gfx12", 32), 6, modifiers=(set_ & 1) << 7)
    np.testing.assert_array_equal(problem.product() + problem.c, problem.run(set_=set_ & 1))


@pytest.mark.parametrize("spread, chosen", [(1, 0), (1, 1), (2, 3)])
def test_blocks_of_a_can_be_shared(spread: int, chosen: int) -> None:
    for name in ("v_mfma_f32_16x16x4_4b_f16", "v_mfma_f32_4x4x4_16b_f16"):
        problem = Problem(MATRICES[name], shape(name, "cdna", 64), 7, spread | chosen << 3)
        got = problem.run()
        blocks = np.arange(problem.s.blocks)
        problem.a = problem.a[(blocks >> spread << spread) + chosen]
        np.testing.assert_array_equal(problem.product() + problem.c, got)


LANES = np.arange(64)


@pytest.mark.parametrize(
    "pattern, source",
    [(1, LANES % 32), (2, LANES % 32 + 32), (3, (LANES + 16) % 64), (4, LANES % 16),
     (5, LANES % 16 + 16), (6, LANES % 16 + 32), (7, LANES % 16 + 48)],
)  # fmt: skip
def test_lanes_of_b_can_stand_in(pattern: int, source: np.ndarray) -> None:
    name = "v_mfma_f32_32x32x1_2b_f32"
    entry = MATRICES[name]
    problem = Problem(entry, shape(name, "cdna", 64), 9)
    a, b = problem.rows("A", problem.a, "f32"), problem.rows("B", problem.b, "f32")
    first, second = np.zeros((2, 32, 64), np.uint32)
    call(entry, 64, first, a, b, None, 0, pattern << 7)
    call(entry, 64, second, a, np.ascontiguousarray(b[:, source]), None)
    np.testing.assert_array_equal(second, first)


def test_doubles_negate_by_blgp() -> None:
    name = "v_mfma_f64_16x16x4_f64"
    for bits, signs in ((1, (-1, 1, 1)), (2, (1, -1, 1)), (4, (1, 1, -1)), (7, (-1, -1, -1))):
        problem = Problem(MATRICES[name], shape(name, "cdna", 64), 2, modifiers=bits << 7)
        want = signs[0] * signs[1] * problem.product() + signs[2] * problem.c
        np.testing.assert_array_equal(want, problem.run())


def test_constants_and_aliases() -> None:
    name = "v_mfma_f32_32x32x8_f16"
    entry = MATRICES[name]
    problem = Problem(entry, shape(name, "cdna", 64), 1)
    a, b = problem.rows("A", problem.a, "f16"), problem.rows("B", problem.b, "f16")
    d = np.zeros((32, 64), np.uint32)
    call(entry, 64, d, a, b, None, np.float32(2).view(np.uint32).item())
    np.testing.assert_array_equal(problem.product() + 2, problem.read(d))
    memory = np.zeros((40, 64), np.uint32)  # C overlaps D by 14 rows, A and B lie in D
    memory[2:18] = problem.rows("D", problem.c, "f32")[:16]
    call(entry, 64, memory[:20], memory[30:], memory[30:], memory[2:])
    np.testing.assert_array_equal(problem.c, problem.read(memory[:20]))
    memory = np.zeros((40, 64), np.uint32)
    memory[0:2], memory[4:6] = a[:2], b[:2]
    call(entry, 64, memory, memory, memory[4:], None)
    np.testing.assert_array_equal(problem.product(), problem.read(memory))


def test_denormals_infinities_and_rounding_of_inputs() -> None:
    name = "v_mfma_f32_16x16x4_f32"
    a, b, d = (np.zeros((4, 64), np.float32) for _ in range(3))
    a[0, 0], b[0, 0] = 2.0**-140, 2.0
    a[0, 1], b[0, 1] = np.inf, 1
    call(MATRICES[name], 64, d, a, b, None)
    got = Problem(MATRICES[name], shape(name, "cdna", 64), 0).read(d.view(np.uint32))[0]
    assert 2.0**-139 == got[0, 0] and 2.0**-140 == got[0, 1]
    assert math.isinf(got[1, 1]) and math.isnan(got[1, 2])
    name = "v_mfma_f32_16x16x8_xf32"
    a, b, d = (np.zeros((4, 64), np.float32) for _ in range(3))
    a[0, 0], b[0, 0] = 1 + 2.0**-11 + 2.0**-20, 1 + 2.0**-12
    call(MATRICES[name], 64, d, a, b, None)
    got = Problem(MATRICES[name], shape(name, "cdna", 64), 0).read(d.view(np.uint32))[0]
    assert 1 + 2.0**-10 == got[0, 0]
