"""Matrix instructions: layouts against AMD's published ones, results against NumPy."""

from __future__ import annotations

import ctypes
import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from anyroc.native import library
from anyroc.semantics.core import OPERATIONS, Matrix
from semantics_support.exact import BF16, F16, F32, F64, SMALL, Format, decode, encode
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
    helper(ctypes.byref(state), *pointers, ctypes.c_uint32(constant), ctypes.c_uint32(modifiers))


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
    return [("gfx11" if name.endswith("_gfx11") else "gfx12", wave) for wave in (32, 64)]


EVERY = [(name, *variant) for name in MATRICES for variant in variants(name)]


@pytest.mark.parametrize("name, generation, wave", EVERY)
def test_products(name: str, generation: str, wave: int) -> None:
    entry = MATRICES[name]
    s = shape(name.removesuffix("_gfx11"), generation, wave)
    problem = Problem(entry, s, len(name), modifiers=3 if entry.a.startswith("iu") else 0)
    np.testing.assert_array_equal(problem.product() + problem.c, problem.run())


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
