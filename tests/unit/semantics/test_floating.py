"""Floating-point instructions against exact fractions, NaN rules and signs of zero included."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from anyroc.semantics.numpy_backend import evaluate
from semantics_support import exact
from semantics_support.exact import FORMATS, decode, encode, is_nan
from semantics_support.operands import codes, crossed

FLOATS = ("f16", "f32", "f64")


def agree(name: str, want: list[int], got: np.ndarray, t: str, rows: list[tuple[int, ...]]) -> None:
    """Equal bits, but any NaN for a NaN."""
    f = FORMATS[t]
    raw = got.view(f"u{f.bits // 8}").tolist()
    for w, g, row in zip(want, raw, rows, strict=True):
        if is_nan(w, f):
            assert is_nan(g, f) and g & f.quiet == f.quiet, f"{name} {[hex(v) for v in row]}"
        else:
            assert w == g, f"{name} {[hex(v) for v in row]}: expected {w:#x}, got {g:#x}"


ARITHMETIC: dict[str, Callable[..., exact.Number]] = {
    "add": exact.add,
    "sub": lambda a, b: exact.add(a, negated(b)),
    "subrev": lambda a, b: exact.add(b, negated(a)),
    "mul": exact.multiply,
    "fma": exact.fma,
}


def negated(v: exact.Number) -> exact.Number:
    if v != 0:
        return -v
    return Fraction(0) if exact.negative(v) else -0.0


@pytest.mark.parametrize("t", FLOATS)
@pytest.mark.parametrize("name", ARITHMETIC)
def test_rounds_once(name: str, t: str) -> None:
    if t == "f64" and name in ("sub", "subrev"):
        t = "f32"
    f = FORMATS[t]
    columns = crossed((t,) * (3 if name == "fma" else 2), extra=600)
    if name == "fma":  # near ties: a * b + c where c is about the product's last place
        a, b = codes(t, 800, 20), codes(t, 800, 21)
        products = [
            exact.multiply(decode(int(x), f), decode(int(y), f)) for x, y in zip(a, b, strict=True)
        ]
        c = [encode(p, f) ^ n % 7 if n % 2 else n * 37 & 0xFF for n, p in enumerate(products)]
        extra = (a, b, np.array(c, a.dtype))
        columns = [np.concatenate(pair) for pair in zip(columns, extra, strict=True)]
    rows = list(zip(*(c.tolist() for c in columns), strict=True))
    want = [encode(ARITHMETIC[name](*(decode(v, f) for v in row)), f) for row in rows]
    agree(name, want, evaluate(f"v_{name}_{t}", *columns)[0], t, rows)


def ordered(v: exact.Number) -> tuple[float | Fraction, bool]:
    """A key that puts -0 below +0."""
    return v, not exact.negative(v)


def pick(a: int, b: int, t: str, largest: bool) -> int:
    f = FORMATS[t]
    choose = max if largest else min
    return choose((a, b), key=lambda c: ordered(decode(c, f)))


def signaling(c: int, t: str) -> bool:
    return is_nan(c, FORMATS[t]) and not c >> (FORMATS[t].fraction - 1) & 1


def quieted(c: int, t: str) -> int:
    return c | 1 << (FORMATS[t].fraction - 1)


def min_max(name: str, a: int, b: int, t: str) -> int:
    """What AMD's documents say, bit for bit."""
    f, largest = FORMATS[t], name.startswith("max")
    nan_a, nan_b = is_nan(a, f), is_nan(b, f)
    if name in ("min", "max"):
        for c in (a, b):
            if signaling(c, t):
                return quieted(c, t)
        if nan_b:
            return a
        return b if nan_a else pick(a, b, t, largest)
    if name in ("min_num", "max_num"):
        if nan_a and nan_b:
            return quieted(a, t)
        if nan_a or nan_b:
            return b if nan_a else a
        return pick(a, b, t, largest)
    for c in (a, b):
        if signaling(c, t):
            return quieted(c, t)
    if nan_a or nan_b:
        return a if nan_a else b
    return pick(a, b, t, largest)


NAMES = ("min", "max", "min_num", "max_num", "minimum", "maximum")


@pytest.mark.parametrize("t", FLOATS)
@pytest.mark.parametrize("name", NAMES)
def test_minimum_and_maximum(name: str, t: str) -> None:
    a, b = crossed((t, t))
    want = [min_max(name, x, y, t) for x, y in zip(a.tolist(), b.tolist(), strict=True)]
    got = evaluate(f"v_{name}_{t}", a, b)[0].view(a.dtype)
    assert [hex(v) for v in want] == [hex(v) for v in got.tolist()]


def median(suffix: str, a: int, b: int, c: int, t: str) -> int:
    f = FORMATS[t]
    if any(is_nan(v, f) for v in (a, b, c)):
        return min_max("min" + suffix, min_max("min" + suffix, a, b, t), c, t)

    def high(*v: int) -> int:
        best = v[0]
        for other in v[1:]:
            best = pick(best, other, t, True)
        return best

    top = decode(high(a, b, c), f)
    if top == decode(a, f):
        return high(b, c)
    return high(a, c) if top == decode(b, f) else high(a, b)


@pytest.mark.parametrize("t", ["f16", "f32"])
@pytest.mark.parametrize("suffix", ["", "_num"])
def test_medians(suffix: str, t: str) -> None:
    columns = crossed((t, t, t), extra=800)
    want = [median(suffix, *row, t) for row in zip(*(c.tolist() for c in columns), strict=True)]
    got = evaluate(f"v_med3{suffix}_{t}", *columns)[0].view(columns[0].dtype)
    assert [hex(v) for v in want] == [hex(v) for v in got.tolist()]


@pytest.mark.parametrize(
    "name, first, second",
    [("min3", "min", "min"), ("max3_num", "max_num", "max_num"), ("maxmin", "max", "min"),
     ("minmax_num", "min_num", "max_num"), ("minimum3", "minimum", "minimum"),
     ("maximumminimum", "maximum", "minimum")],
)  # fmt: skip
def test_minima_of_three(name: str, first: str, second: str) -> None:
    columns = crossed(("f32",) * 3, extra=400)
    rows = list(zip(*(c.tolist() for c in columns), strict=True))
    want = [min_max(second, min_max(first, a, b, "f32"), c, "f32") for a, b, c in rows]
    assert want == evaluate(f"v_{name}_f32", *columns)[0].view(np.uint32).tolist()


ROUNDING: dict[str, Callable[[Fraction], int]] = {
    "trunc": math.trunc,
    "ceil": math.ceil,
    "floor": math.floor,
    "rndne": round,
}


@pytest.mark.parametrize("t", FLOATS)
@pytest.mark.parametrize("name", ROUNDING)
def test_rounding_to_integers(name: str, t: str) -> None:
    f = FORMATS[t]
    near = [encode(Fraction(n, 4), f) for n in range(-24, 25)]
    (column,) = crossed((t,), extra=500)
    column = np.concatenate([column, np.array(near, column.dtype)])
    want = []
    for c in column.tolist():
        v = decode(c, f)
        whole = v if isinstance(v, float) else Fraction(ROUNDING[name](v))
        want.append(encode(whole, f, negative_zero=c >> (f.bits - 1) == 1))
    got = evaluate(f"v_{name}_{t}", column)[0]
    agree(name, want, got, t, [(v,) for v in column.tolist()])


@pytest.mark.parametrize("t", FLOATS)
def test_fract_stays_below_one(t: str) -> None:
    f = FORMATS[t]
    (column,) = crossed((t,), extra=500)
    below = encode(1 - Fraction(1, 2 << f.fraction), f)
    want = []
    for c in column.tolist():
        v = decode(c, f)
        if isinstance(v, float) and v != 0:
            want.append(f.quiet)
        else:
            part = Fraction(v) - math.floor(v)
            want.append(min(encode(part, f), below))
    got = evaluate(f"v_fract_{t}", column)[0]
    got = np.where(got == 0, np.abs(got), got)  # the sign of a zero fraction is not documented
    agree("fract", want, got, t, [(v,) for v in column.tolist()])


@pytest.mark.parametrize("t", FLOATS)
def test_frexp(t: str) -> None:
    f = FORMATS[t]
    (column,) = crossed((t,), extra=500)
    mantissas, exponents = [], []
    for c in column.tolist():
        v = decode(c, f)
        if isinstance(v, float) or v == 0:
            mantissas.append(c)
            exponents.append(0)
            continue
        e = 0
        while abs(v) >= 1:
            v, e = v / 2, e + 1
        while abs(v) < Fraction(1, 2):
            v, e = v * 2, e - 1
        mantissas.append(encode(v, f))
        exponents.append(e)
    rows = [(v,) for v in column.tolist()]
    agree("frexp_mant", mantissas, evaluate(f"v_frexp_mant_{t}", column)[0], t, rows)
    i = "i16" if t == "f16" else "i32"
    assert exponents == evaluate(f"v_frexp_exp_{i}_{t}", column)[0].tolist()


@pytest.mark.parametrize("t", FLOATS)
def test_ldexp_rounds_once(t: str) -> None:
    f = FORMATS[t]
    (column,) = crossed((t,), extra=300)
    span = 2 * f.bias + 2 * f.fraction + 10
    rng = np.random.default_rng(5)
    amounts = [0, 1, -1, span, -span, 32767, -32768, f.bias, -f.bias, -f.bias - f.fraction]
    values = np.repeat(column, len(amounts) + 8)
    shifts = np.concatenate(
        [np.concatenate([amounts, rng.integers(-span, span, 8)]) for _ in column]
    ).astype(np.int16 if t == "f16" else np.int32)
    want = []
    for c, n in zip(values.tolist(), shifts.tolist(), strict=True):
        v = decode(c, f)
        want.append(encode(v if isinstance(v, float) else v * Fraction(2) ** n, f))
    signs = values.astype(object) >> (f.bits - 1) << (f.bits - 1)
    want = [w | (0 if is_nan(w, f) else s) for w, s in zip(want, signs, strict=True)]
    got = evaluate(f"v_ldexp_{t}", values, shifts)[0]
    agree("ldexp", want, got, t, list(zip(values.tolist(), shifts.tolist(), strict=True)))


def divided(a: np.ndarray, b: np.ndarray, t: str) -> np.ndarray:
    """LLVM's lowering of IEEE division for this hardware, by the instructions under test."""

    def run(name: str, *args: np.ndarray) -> np.ndarray:
        return evaluate(f"v_{name}_{t}", *args)[0]

    d, _ = evaluate(f"v_div_scale_{t}", b, b, a)
    n, scaled = evaluate(f"v_div_scale_{t}", a, b, a)
    r = run("rcp", d)
    one = np.ones_like(d)
    for _ in range(1 if t == "f32" else 2):
        e = run("fma", -d, r, one)
        r = run("fma", e, r, r)
    q = n * r
    if t == "f32":
        q = run("fma", run("fma", -d, q, n), r, q)
    return run("div_fixup", run("div_fmas", run("fma", -d, q, n), r, q, scaled), b, a)


@pytest.mark.parametrize("t", ["f32", "f64"])
def test_the_division_sequence_is_correctly_rounded(t: str) -> None:
    f = FORMATS[t]
    a, b = crossed((t, t), extra=3000)
    rows = list(zip(a.tolist(), b.tolist(), strict=True))
    want = []
    for x, y in rows:
        n, d = decode(x, f), decode(y, f)
        sign = (x ^ y) >> (f.bits - 1) << (f.bits - 1)
        nan = is_nan(x, f) or is_nan(y, f)
        if nan or (n == 0 and d == 0) or (abs(n) == math.inf and abs(d) == math.inf):
            want.append(f.quiet)
        elif d == 0 or abs(n) == math.inf:
            want.append(f.infinity | sign)
        elif n == 0 or abs(d) == math.inf:
            want.append(sign)
        else:
            want.append(encode(Fraction(n) / Fraction(d), f) | sign)
    with np.errstate(all="ignore"):
        got = divided(a.view(f"f{f.bits // 8}"), b.view(f"f{f.bits // 8}"), t)
    agree("division", want, got, t, rows)


def test_half_precision_div_fixup() -> None:
    one, nan = 0x3C00, 0x7E00
    q, d, n = (np.array(v, np.uint16) for v in zip(
        (one, 0, one), (one, one | 0x8000, one), (one, 0, 0), (one, 0, 0x8000 | one),
        (one, 0x7C00, one), (nan, one, nan), strict=True,
    ))  # fmt: skip
    got = evaluate("v_div_fixup_f16", q, d, n)[0].view(np.uint16)
    assert [0x7C00, one | 0x8000, 0xFE00, 0xFC00, 0, nan] == got.tolist()


CLASSES = ("snan", "qnan", "-inf", "-norm", "-den", "-0", "+0", "+den", "+norm", "+inf")


@pytest.mark.parametrize("t", FLOATS)
def test_classes(t: str) -> None:
    f = FORMATS[t]
    (column,) = crossed((t,), extra=300)
    for number in range(10):
        got = evaluate(f"v_cmp_class_{t}", column, np.uint32(1 << number))[0]
        for c, hit in zip(column.tolist(), got.tolist(), strict=True):
            sign = "-" if c >> (f.bits - 1) else "+"
            magnitude = c & ((1 << (f.bits - 1)) - 1)
            if magnitude > f.infinity:
                name = "snan" if signaling(c, t) else "qnan"
            elif magnitude == f.infinity:
                name = sign + "inf"
            elif magnitude >> f.fraction:
                name = sign + "norm"
            else:
                name = sign + ("den" if magnitude else "0")
            assert (name == CLASSES[number]) == hit, hex(c)


def test_packed_mixed_and_legacy_products() -> None:
    x = np.array([0.0, 2.0, -0.0, np.inf], np.float32)
    y = np.array([np.inf, 3.0, np.nan, 0.0], np.float32)
    assert [0, 6, 0, 0] == evaluate("v_mul_dx9_zero_f32", x, y)[0].tolist()
    one = np.ones(4, np.float32)
    assert [1, 7, 1, 1] == evaluate("v_fma_dx9_zero_f32", x, y, one)[0].tolist()
    assert [1.5] == evaluate("v_fma_mixlo_f16", [np.float32(0.5)], [1.0], [1.0])[0].tolist()
    least = np.float32(np.finfo(np.float32).min)
    a, b, c = (np.array(v, np.float32) for v in ([2, 2, 2, 2], [3, 3, least, np.nan], [1, 0, 1, 1]))
    assert [6, least, least, least] == evaluate("v_mullit_f32", a, b, c)[0].tolist()


@pytest.mark.parametrize("name, t", [("v_dot2_f32_f16", "f16"), ("v_dot2_f32_bf16", "bf16")])
def test_dot_products_of_halves(name: str, t: str) -> None:
    f = FORMATS[t]
    codes_ = [codes(t, 400, n) & (0x3FFF if t == "bf16" else 0xFFFF) for n in range(4)]
    c = codes("f32", 400).view(np.float32)
    got = evaluate(name, (codes_[0], codes_[1]), (codes_[2], codes_[3]), c)[0]
    single = FORMATS["f32"]
    rows = list(
        zip(*(column.tolist() for column in codes_), c.view(np.uint32).tolist(), strict=True)
    )
    want = []
    for a0, a1, b0, b1, start in rows:
        first = exact.fma(decode(a0, f), decode(b0, f), decode(start, single))
        step = decode(encode(first, single), single)
        want.append(encode(exact.fma(decode(a1, f), decode(b1, f), step), single))
    agree(name, want, got, "f32", rows)


def face(x: float, y: float, z: float) -> tuple[float, float, float, float]:
    """A cube map's face number, S, T and twice the major axis."""
    if abs(z) >= abs(x) and abs(z) >= abs(y):
        return (5.0, -x, -y, 2 * z) if z < 0 else (4.0, x, -y, 2 * z)
    if abs(y) >= abs(x):
        return (3.0, x, -z, 2 * y) if y < 0 else (2.0, x, z, 2 * y)
    return (1.0, z, -y, 2 * x) if x < 0 else (0.0, -z, -y, 2 * x)


def test_cube_map_faces() -> None:
    rng = np.random.default_rng(2)
    xyz = rng.integers(-3, 4, (3, 500)).astype(np.float32)
    want = [face(*map(float, row)) for row in xyz.T]
    for n, name in enumerate(("id", "sc", "tc", "ma")):
        assert [row[n] for row in want] == evaluate(f"v_cube{name}_f32", *xyz)[0].tolist()
