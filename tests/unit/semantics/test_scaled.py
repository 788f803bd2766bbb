"""gfx950's scaled conversions against exact fractions.

The oracle lists every value of a small format; nearest is the one that is nearest, overflow the
greatest (or infinity, or NaN, where the format has them), stochastic rounding a floor after adding
the noise.
"""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from anyroc.semantics.numpy_backend import evaluate
from semantics_support.exact import FORMATS, decode, encode
from semantics_support.small_floats import LIMIT, OVER, SMALL, VALUES, exponent, narrowed

SOURCES = ("f32", "f16", "bf16")
SCALES = (1.0, 0.25, 2.0**30, -8.0, 1.75, 2.0**-126, 2.0**-140, 2.0**127, math.nan)


def widened(code: int, name: str, scale: float, to: str) -> int:
    """The bits that a small float becomes; NaN as -1."""
    f, power = SMALL[name], exponent(scale)
    sign, magnitude = code >> (f.bits - 1), code & ((1 << (f.bits - 1)) - 1)
    if power is None or (magnitude > LIMIT[name] and not (name == "bf8" and magnitude == 0x7C)):
        return -1
    if magnitude > LIMIT[name]:
        return encode(-math.inf if sign else math.inf, FORMATS[to])
    v = VALUES[name][magnitude] * Fraction(2) ** power * (-1 if sign else 1)
    return encode(v, FORMATS[to], negative_zero=bool(sign))


def same(want: list[int], got: np.ndarray, to: str) -> None:
    f = FORMATS[to]
    found = got.view(f"u{f.bits // 8}").tolist()
    for index, (w, g) in enumerate(zip(want, found, strict=True)):
        is_nan = w == -1 and g & (1 << (f.bits - 1)) - 1 > f.infinity
        assert is_nan or w == g, f"{index}: expected {w:#x}, got {g:#x}"


def inputs(source: str, name: str, scale: float) -> np.ndarray:
    """Values around every boundary of the small format, scaled, and the odd ones."""
    f, power = FORMATS[source], exponent(scale) or 0
    values = VALUES[name]
    points = [*values, *((a + b) / 2 for a, b in pairwise(values))]
    points += [values[-1] * 2, values[-1] + (values[-1] - values[-2]) / 2]
    codes = []
    for index, v in enumerate(points):
        code = encode(v * Fraction(2) ** power, f)
        codes += [max(code + d, 0) | (index & 1) << (f.bits - 1) for d in (-1, 0, 1)]
    codes += [0, 1, f.infinity, f.infinity - 1, f.quiet, f.quiet | 1 << (f.bits - 1)]
    return np.array(codes, f"u{f.bits // 8}")


def as_type(codes: np.ndarray, source: str) -> np.ndarray:
    """Bits as an array of a type (NumPy has no bfloat16: its bits stay)."""
    return codes.view({"f32": np.float32, "f16": np.float16}.get(source, codes.dtype))


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", ["fp8", "bf8", "fp4"])
def test_pairs_narrow(name: str, source: str, scale: float) -> None:
    codes = inputs(source, name, scale)
    column, other = as_type(codes, source), as_type(codes[::-1].copy(), source)
    old, factor = np.uint32(0x12345678), np.float32(scale)
    pair = (column, other) if source == "f32" else ((column, other),)
    width = 4 if name == "fp4" else 8
    for place in range(32 // (2 * width)):
        op_sel = np.uint32(place << 2 if name == "fp4" else place << 3)
        got = evaluate(f"v_cvt_scalef32_pk_{name}_{source}", *pair, factor, old, op_sel)[0]
        want = [narrowed(c, source, scale, name) for c in codes.tolist()]
        shift = 2 * width * place
        mask = (1 << 2 * width) - 1
        found = (got >> np.uint32(shift) & mask).tolist()
        assert [a | b << width for a, b in zip(want, want[::-1], strict=True)] == found
        keep = np.uint32(0xFFFFFFFF ^ mask << shift)
        assert (got & keep == old & keep).all()


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("to", SOURCES)
@pytest.mark.parametrize("name", ["fp8", "bf8", "fp4"])
def test_pairs_widen(name: str, to: str, scale: float) -> None:
    width = 4 if name == "fp4" else 8
    codes = np.arange(1 << width, dtype=np.uint32)
    want = [widened(c, name, scale, to) for c in codes.tolist()]
    pairs = codes | codes[::-1] << width
    for place in range(32 // (2 * width)):
        words = pairs << np.uint32(2 * width * place)
        key = f"v_cvt_scalef32_pk_{to}_{name}"
        low, high = evaluate(key, words, np.float32(scale), np.uint32(place))[0]
        same(want, low, to)
        same(want[::-1], high, to)


@pytest.mark.parametrize("name", ["fp8", "bf8"])
def test_single_bytes_widen(name: str) -> None:
    codes = np.arange(256, dtype=np.uint32)
    for place in range(4):
        words, sel = codes << np.uint32(8 * place), np.uint32(place)
        got = evaluate(f"v_cvt_scalef32_f32_{name}", words, np.float32(4), sel)[0]
        same([widened(c, name, 4, "f32") for c in codes.tolist()], got, "f32")
        old = np.uint32(0xAAAABBBB)
        for high in (0, 1):
            key, sel = f"v_cvt_scalef32_f16_{name}", np.uint32(place | high << 3)
            got = evaluate(key, words, np.float32(4), old, sel)[0]
            same(
                [widened(c, name, 4, "f16") for c in codes.tolist()],
                (got >> np.uint32(16 * high)).astype(np.uint16),
                "f16",
            )
            assert (got >> np.uint32(16 - 16 * high) & 0xFFFF == (0xBBBB if high else 0xAAAA)).all()


def unpack(words: tuple[np.ndarray, ...]) -> list[list[int]]:
    """The 32 codes of six dwords, lane by lane."""
    total = sum(np.asarray(w, object) << 32 * i for i, w in enumerate(words))
    return [[int(t) >> 6 * n & 63 for n in range(32)] for t in total]


def pack(codes: list[int]) -> list[np.ndarray]:
    total = sum(code << 6 * n for n, code in enumerate(codes))
    return [np.array([total >> 32 * i & 0xFFFFFFFF], np.uint32) for i in range(6)]


@pytest.mark.parametrize("scale", [1.0, 2.0**-20, math.nan])
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", ["fp6", "bf6"])
def test_thirty_two_at_once(name: str, source: str, scale: float) -> None:
    codes = np.resize(inputs(source, name, scale), (32, 8))
    columns = tuple(as_type(row.copy(), source) for row in codes)
    want = [[narrowed(int(c), source, scale, name) for c in codes[:, lane]] for lane in range(8)]
    if source == "f32":
        halves = columns[::2], columns[1::2]
        got = evaluate(f"v_cvt_scalef32_2xpk16_{name}_f32", *halves, np.float32(scale))[0]
    else:
        key = f"v_cvt_scalef32_pk32_{name}_{source}"
        got = evaluate(key, columns, np.float32(scale))[0]
    assert want == unpack(got)
    back = [*range(64)]
    for part in (back[:32], back[32:]):
        wide = evaluate(f"v_cvt_scalef32_pk32_{source}_{name}", pack(part), np.float32(scale))[0]
        found = np.array([np.asarray(v).reshape(-1)[0] for v in wide], as_type(codes, source).dtype)
        same([widened(c, name, scale, source) for c in part], found, source)


def rounded(code: int, source: str, noise: int, name: str) -> int:
    """Stochastic rounding: the noise's top bits are added below the last bit that stays."""
    f, wide = SMALL[name], FORMATS[source]
    lost = wide.fraction - f.fraction
    v = decode(code, wide)
    sign = (code >> (wide.bits - 1)) << (f.bits - 1)
    magnitude = abs(Fraction(v))
    unit = Fraction(2) ** (1 - f.bias - f.fraction)
    while magnitude and magnitude >= unit * 2 ** (f.fraction + 1):
        unit *= 2
    # what lies below the last bit, in as many bits as the source would have there
    steps = math.floor(magnitude / unit * 2**lost) + (noise >> (32 - lost))
    result = steps // 2**lost * unit
    if result > VALUES[name][-1]:
        return sign | OVER[name]
    return sign | VALUES[name].index(result)


def prng(x: int) -> int:
    return (x << 1 & 0xFFFFFFFF) ^ (197 if x >> 31 else 0)


def noisy(source: str, name: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    rng, f = np.random.default_rng(5), FORMATS[source]
    values = (
        rng.random(count) * float(VALUES[name][-1]) * 2.0 ** rng.integers(-6, 1, count)
    ) * 0.99
    codes = [encode(Fraction(v), f) | int(i & 1) << (f.bits - 1) for i, v in enumerate(values)]
    noise = rng.integers(0, 1 << 32, count, dtype=np.uint32)
    return np.array(codes, f"u{f.bits // 8}"), noise


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", ["fp8", "bf8"])
def test_bytes_round_stochastically(name: str, source: str) -> None:
    codes, noise = noisy(source, name, 500)
    old, key = np.uint32(0x11223344), f"v_cvt_scalef32_sr_{name}_{source}"
    for place in (0, 3):
        sel = np.uint32(place << 2)
        got = evaluate(key, as_type(codes, source), noise, np.float32(1), old, sel)[0]
        pairs = zip(codes.tolist(), noise.tolist(), strict=True)
        want = [rounded(c, source, n, name) for c, n in pairs]
        assert want == (got >> np.uint32(8 * place) & 0xFF).tolist()
        keep = np.uint32(0xFFFFFFFF ^ 0xFF << 8 * place)
        assert (got & keep == old & keep).all()


@pytest.mark.parametrize("source", SOURCES)
def test_nibbles_round_stochastically(source: str) -> None:
    codes, noise = noisy(source, "fp4", 300)
    other = codes[::-1].copy()
    key = f"v_cvt_scalef32_sr_pk_fp4_{source}"
    pair = as_type(codes, source), as_type(other, source)
    got = evaluate(key, pair, noise, np.float32(1), np.uint32(0), np.uint32(4))[0]
    want = [
        rounded(a, source, n, "fp4") | rounded(b, source, prng(n), "fp4") << 4
        for a, b, n in zip(codes.tolist(), other.tolist(), noise.tolist(), strict=True)
    ]
    assert want == (got >> np.uint32(8)).tolist()


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", ["fp6", "bf6"])
def test_thirty_two_round_stochastically(name: str, source: str) -> None:
    codes, noise = noisy(source, name, 32 * 8)
    rows = codes.reshape(32, 8)
    columns = tuple(as_type(row.copy(), source) for row in rows)
    key = f"v_cvt_scalef32_sr_pk32_{name}_{source}"
    got = unpack(evaluate(key, columns, noise[:8], np.float32(1))[0])
    for lane in range(8):
        draw, want = int(noise[lane]), []
        for n in range(32):
            want.append(rounded(int(rows[n, lane]), source, draw, name))
            draw = prng(draw)
        assert want == got[lane]


@pytest.mark.parametrize("to", ["f16", "bf16"])
def test_halves_round_stochastically(to: str) -> None:
    f = FORMATS[to]
    rng = np.random.default_rng(6)
    exponents = rng.integers(1 - f.bias - 12, 3, 800)
    column = np.float32(rng.standard_normal(800) * 2.0**exponents)
    noise = rng.integers(0, 1 << 32, 800, dtype=np.uint32)
    got = evaluate(f"v_cvt_sr_{to}_f32", column, noise, np.uint32(0xABCD1234), np.uint32(0))[0]
    lost = 23 - f.fraction
    for x, n, g in zip(column.tolist(), noise.tolist(), got.tolist(), strict=True):
        unit = Fraction(2) ** (1 - f.bias - f.fraction)
        while abs(Fraction(x)) >= unit * 2 ** (f.fraction + 1):
            unit *= 2
        steps = math.floor(abs(Fraction(x)) / unit * 2**lost) + (n >> (32 - lost))
        want = encode(steps // 2**lost * unit * (-1 if x < 0 else 1), f, negative_zero=x < 0)
        assert 0xABCD0000 | want == g, (x, n)
    special = np.float32([np.inf, -np.inf, np.nan])
    sel = np.uint32(8)
    high = evaluate(f"v_cvt_sr_{to}_f32", special, np.uint32(0xFFFFFFFF), np.uint32(5), sel)[0]
    assert [f.infinity, f.infinity | 0x8000] == (high[:2] >> 16).tolist()
    assert high[2] >> 16 & 0x7FFF > f.infinity
    assert (high & 0xFFFF == 5).all()


def test_shifted_pairs_saturate() -> None:
    a = np.int32([300, -300, 1 << 20, -(1 << 20), 127, -128])
    n, old = np.uint32(1), np.uint32(0x12345678)
    low = evaluate("v_ashr_pk_i8_i32", a, a[::-1].copy(), n, old, np.uint32(0))[0]
    signed = [max(-128, min(127, v >> 1)) & 255 for v in a.tolist()]
    assert [x | y << 8 for x, y in zip(signed, signed[::-1], strict=True)] == (
        low & 0xFFFF
    ).tolist()
    assert (low >> 16 == 0x1234).all()
    high = evaluate("v_ashr_pk_u8_i32", a, a, n, old, np.uint32(8))[0]
    unsigned = [max(0, min(255, v >> 1)) for v in a.tolist()]
    assert [v | v << 8 for v in unsigned] == (high >> 16).tolist()
    assert (high & 0xFFFF == 0x5678).all()
