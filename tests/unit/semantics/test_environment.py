"""Floating-point instructions under every rounding and denormal mode, against exact fractions."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import anyroc.semantics  # noqa: F401  (registers the instructions)
from anyroc.isa.instruction import Mods
from anyroc.semantics.core import OPERATIONS, Op
from anyroc.semantics.environment import DEFAULT, OVERFLOW, Mode, under
from anyroc.semantics.numpy_backend import evaluate
from semantics_support import exact
from semantics_support.exact import DOWN, FORMATS, NEAREST, UP, ZERO, Format, decode, encode, is_nan
from semantics_support.operands import codes, crossed

DIRECTIONS = {"up": UP, "down": DOWN, "zero": ZERO}
KNOWN = 0xFFFFFFFF
Rows = list[tuple[int, ...]]


def run(name: str, mode: int, *columns: np.ndarray, known: int = KNOWN, **mods: Any) -> np.ndarray:
    """The first result; where not all of MODE is known it comes as an operand."""
    op = OPERATIONS[name]
    assert isinstance(op, Op)
    changed = under(op, Mode(known, mode), Mods(**mods))
    register = [np.full(len(columns[0]), mode, np.uint32)] if known != KNOWN else []
    return evaluate(changed, *columns, *register)[0]


def agree(want: list[int], got: np.ndarray, f: Format, rows: Rows) -> None:
    """Equal bits, but any NaN for a NaN."""
    raw = got.view(f"u{f.bits // 8}").tolist()
    for w, g, row in zip(want, raw, rows, strict=True):
        text = f"{[hex(v) for v in row]}: expected {w:#x}, got {g:#x}"
        assert (is_nan(w, f) and is_nan(g, f)) or w == g, text


def near_ties(t: str, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Operands of a * b + c where c all but cancels the product, or is all but lost beside it."""
    f = FORMATS[t]
    a, b = codes(t, count, 20), codes(t, count, 21)
    c = []
    for n, (x, y) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
        product = encode(exact.multiply(decode(x, f), decode(y, f)), f)
        near = product ^ (1 << (f.bits - 1)) ^ n % 7
        far = (product & f.infinity) - (f.fraction + n % 5 - 2 << f.fraction) | n * 37 & 0xFF
        c.append((near, max(far, 0), n * 37 & 0xFF, product)[n % 4] & ((1 << f.bits) - 1))
    return a, b, np.array(c, a.dtype)


ARITHMETIC: dict[str, tuple[int, Callable[..., exact.Number]]] = {
    "add": (2, exact.add),
    "mul": (2, lambda a, b, _rounding: exact.multiply(a, b)),
    "fma": (3, exact.fma),
}


def flushed(code: int, f: Format, condition: bool = True) -> int:
    magnitude = code & ((1 << (f.bits - 1)) - 1)
    if condition and magnitude < 1 << f.fraction:
        return code ^ magnitude
    return code


def rounding_mode(t: str, rounding: int) -> int:
    return DEFAULT | (rounding if t == "f32" else rounding << 2)


def cases(name: str, t: str, extra: int) -> list[np.ndarray]:
    count, _ = ARITHMETIC[name]
    columns = crossed((t,) * count, extra)
    more = near_ties(t, extra)
    if name == "add":
        more = (encoded_neighbours(more[0], t), more[0])
    return [np.concatenate(pair) for pair in zip(columns, more[: len(columns)], strict=True)]


def encoded_neighbours(column: np.ndarray, t: str) -> np.ndarray:
    """Numbers of about the size of the column's, or of its last place."""
    f = FORMATS[t]
    moved = [
        (c ^ n % 5 ^ (n % 2) << (f.bits - 1)) - ((n % 3) * (f.fraction // 2) << f.fraction)
        for n, c in enumerate(column.tolist())
    ]
    return np.array([m & ((1 << f.bits) - 1) for m in moved], column.dtype)


@pytest.mark.parametrize("known", [KNOWN, KNOWN ^ 0xF], ids=["static", "dynamic"])
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("t", ["f16", "f32", "f64"])
@pytest.mark.parametrize("name", ARITHMETIC)
def test_rounds_in_a_direction(name: str, t: str, direction: str, known: int) -> None:
    f, rounding = FORMATS[t], DIRECTIONS[direction]
    columns = cases(name, t, 400 if known == KNOWN else 60)
    rows = list(zip(*(c.tolist() for c in columns), strict=True))
    operation = ARITHMETIC[name][1]
    want = []
    for row in rows:
        v = operation(*(decode(c, f) for c in row), rounding)
        want.append(encode(v, f, rounding=rounding))
    agree(want, run(f"v_{name}_{t}", rounding_mode(t, rounding), *columns, known=known), f, rows)


@pytest.mark.parametrize("name", ARITHMETIC)
def test_a_register_that_says_nearest_changes_nothing(name: str) -> None:
    for t in ("f16", "f32", "f64"):
        columns = cases(name, t, 60)
        want = evaluate(f"v_{name}_{t}", *columns)[0]
        got = run(f"v_{name}_{t}", DEFAULT, *columns, known=KNOWN ^ 0xF)
        rows = list(zip(*(c.tolist() for c in columns), strict=True))
        word = f"u{want.itemsize}"
        agree(want.view(word).tolist(), got, FORMATS[t], rows)


@pytest.mark.parametrize("known", [KNOWN, KNOWN ^ 0xF0], ids=["static", "dynamic"])
@pytest.mark.parametrize("operands, results", [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize("t", ["f16", "f32", "f64"])
@pytest.mark.parametrize("name", ARITHMETIC)
def test_flushes_denormals(name: str, t: str, operands: bool, results: bool, known: int) -> None:
    f = FORMATS[t]
    bits = 3 ^ (operands | results << 1)
    mode = DEFAULT & ~0xF0 | (0xC0 | bits << 4 if t == "f32" else 0x30 | bits << 6)
    columns = cases(name, t, 200 if known == KNOWN else 50)
    rows = list(zip(*(c.tolist() for c in columns), strict=True))
    operation = ARITHMETIC[name][1]
    want = []
    for row in rows:
        v = operation(*(decode(flushed(c, f, operands), f) for c in row), NEAREST)
        want.append(flushed(encode(v, f), f, results))
    agree(want, run(f"v_{name}_{t}", mode, *columns, known=known), f, rows)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize(
    "name, source, result, single",
    [
        ("v_cvt_f16_f32", "f32", "f16", False),
        ("v_cvt_f32_f64", "f64", "f32", False),
        ("v_cvt_f32_i32", "i32", "f32", True),
        ("v_cvt_f32_u32", "u32", "f32", True),
        ("v_cvt_f16_i16", "i16", "f16", False),
        ("v_cvt_f16_u16", "u16", "f16", False),
    ],
)
def test_conversions(name: str, source: str, result: str, single: bool, direction: str) -> None:
    f, rounding = FORMATS[result], DIRECTIONS[direction]
    (column,) = crossed((source,), extra=800)
    want = []
    for c in column.tolist():
        if source in FORMATS:
            v = decode(c, FORMATS[source])
        else:
            width = int(source[1:])
            v = Fraction(c - (1 << width) if source[0] == "i" and c >> (width - 1) else c)
        want.append(encode(v, f, rounding=rounding))
    mode = DEFAULT | (rounding if single else rounding << 2)
    agree(want, run(name, mode, column), f, [(c,) for c in column.tolist()])


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("t", ["f16", "f32", "f64"])
def test_scaling_by_powers_of_two(t: str, direction: str) -> None:
    f, rounding = FORMATS[t], DIRECTIONS[direction]
    (column,) = crossed((t,), extra=600)
    reach = 2 * f.bias + 2 * f.fraction
    shifts = [(n * 37 % (2 * reach)) - reach for n in range(len(column))]
    exponents = np.array(shifts, np.int16 if t == "f16" else np.int32)
    rows = list(zip(column.tolist(), shifts, strict=True))
    want = []
    for c, n in rows:
        v = decode(c, f)
        scaled = v if isinstance(v, float) else v * Fraction(2) ** n
        want.append(encode(scaled, f, rounding=rounding, negative_zero=v == 0 and bool(c)))
    got = run(f"v_ldexp_{t}", rounding_mode(t, rounding), column, exponents)
    agree(want, got, f, [(c, n & 0xFFFF) for c, n in rows])


def test_half_results_stay_finite_on_request() -> None:
    f = FORMATS["f16"]
    for name, operation in ARITHMETIC.items():
        columns = cases(name, "f16", 100)
        rows = list(zip(*(c.tolist() for c in columns), strict=True))
        want = []
        for row in rows:
            values = [decode(c, f) for c in row]
            code = encode(operation[1](*values, NEAREST), f)
            finite = all((c & 0x7FFF) < f.infinity for c in row)
            want.append(code - 1 if finite and code & 0x7FFF == f.infinity else code)
        agree(want, run(f"v_{name}_f16", DEFAULT | OVERFLOW, *columns), f, rows)


@pytest.mark.parametrize("name", ["min", "max"])
def test_minimum_outside_ieee_mode(name: str) -> None:
    f = FORMATS["f32"]
    a, b = crossed(("f32", "f32"))
    want = []
    for x, y in zip(a.tolist(), b.tolist(), strict=True):
        if is_nan(x, f) or is_nan(y, f):
            want.append(x if is_nan(y, f) else y)
            continue
        key = {c: (decode(c, f), not c >> 31) for c in (x, y)}
        want.append((max if name == "max" else min)(x, y, key=key.__getitem__))
    got = run(f"v_{name}_f32", DEFAULT ^ 0x200, a, b).view(np.uint32)
    assert [hex(v) for v in want] == [hex(v) for v in got.tolist()]


def test_clamping_keeps_nan_without_dx10_clamp() -> None:
    a = np.array([np.nan, -1, 0.25, 7], np.float32)
    zero = np.zeros(4, np.float32)
    with_ = run("v_add_f32", DEFAULT | 1, a, zero, clamp=True)
    without = run("v_add_f32", DEFAULT ^ 0x100, a, zero, clamp=True)
    assert [0, 0, 0.25, 1] == with_.tolist()
    assert np.isnan(without[0]) and [0, 0.25, 1] == without[1:].tolist()


@pytest.mark.parametrize(
    "mode, expected",
    [
        (DEFAULT ^ 0x10, [1.5, -0.0, 2.0**-126]),  # operands flushed only, and IEEE mode
        (DEFAULT ^ 0x200, [1.5, -0.0, 2.0**-126]),  # denormal results are kept
        (DEFAULT ^ 0x220, [3.0, 0.0, 2.0**-125]),
    ],
)
def test_output_modifiers_need_flushed_results(mode: int, expected: list[float]) -> None:
    a = np.array([1.5, -0.0, 2.0**-126], np.float32)
    got = run("v_add_f32", mode, a, np.array([0, -0.0, 0], np.float32), omod=1)
    assert expected == got.tolist()
    assert [np.signbit(v) for v in expected] == np.signbit(got).tolist()


def test_halving_flushes_what_becomes_denormal() -> None:
    a = np.array([2.0**-126, -(2.0**-126), 2.0**-125], np.float32)
    got = run("v_add_f32", DEFAULT ^ 0x220, a, np.zeros(3, np.float32), omod=3)
    assert [0.0, -0.0, 2.0**-126] == got.tolist() and np.signbit(got).tolist() == [0, 1, 0]


def test_classes_see_denormals() -> None:
    tiny = np.array([2.0**-130], np.float32)
    assert run("v_cmp_class_f32", 0x300, tiny, np.array([1 << 7], np.uint32)).tolist() == [True]
    assert run("v_cmp_eq_f32", 0x300, tiny, np.zeros(1, np.float32)).tolist() == [True]


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_whole_divisions_round_once(direction: str) -> None:
    """The compilers' sequence, its last steps in the direction."""
    f, rounding = FORMATS["f32"], DIRECTIONS[direction]
    n, d = codes("f32", 600, 30), codes("f32", 600, 31)
    n, d = (c.view(np.float32) for c in (n, d))
    sd = evaluate("v_div_scale_f32", d, d, n)[0]
    sn, scaled = evaluate("v_div_scale_f32", n, d, n)
    r = evaluate("v_rcp_f32", sd)[0]
    fma: Callable[..., Any] = lambda *v: evaluate("v_fma_f32", *v)[0]  # noqa: E731
    one = np.ones(len(n), np.float32)
    r = fma(fma(-sd, r, one), r, r)
    q = sn * r
    q = fma(fma(-sd, q, sn), r, q)
    error = fma(-sd, q, sn)
    mode = DEFAULT | rounding
    quotient = run("v_div_fmas_f32", mode, error, r, q, scaled)
    got = run("v_div_fixup_f32", mode, quotient, d, n)
    want, rows = [], list(zip(n.view(np.uint32).tolist(), d.view(np.uint32).tolist(), strict=True))
    for x, y in rows:
        a, b = decode(x, f), decode(y, f)
        if isinstance(a, float) or isinstance(b, float) or b == 0 or a == 0:
            with np.errstate(all="ignore"):
                special = np.array([x], np.uint32).view(np.float32) / np.array([y], np.uint32).view(
                    np.float32
                )
            want.append(int(special.view(np.uint32)[0]))
        else:
            want.append(encode(a / b, f, rounding=rounding))
    agree(want, got, f, rows)


def test_eight_bit_floats_saturate_on_request() -> None:
    a = np.array([500, -500, 448, np.inf], np.float32)
    old = np.zeros(4, np.uint32)
    for mode, expected in (
        (DEFAULT, [0x7F, 0xFF, 0x7E, 0x7F]),
        (DEFAULT | OVERFLOW, [0x7E, 0xFE, 0x7E, 0x7F]),
    ):
        got = run("v_cvt_pk_fp8_f32", mode, a, a, old, old)
        assert [hex(c) for c in expected] == [hex(c & 0xFF) for c in got.tolist()]


@pytest.mark.parametrize("name, greatest", [("fp8", 0x7E), ("bf8", 0x7B)])
def test_scaled_conversions_saturate_infinities_on_request(name: str, greatest: int) -> None:
    a, b = np.array([[np.inf, -np.inf, 1e6, np.nan], [1.0, 2.0, -1e6, 0.0]], np.float32)
    one, zero = np.ones(4, np.float32), np.zeros(4, np.uint32)
    for known in (KNOWN, 0):
        found = run(f"v_cvt_scalef32_pk_{name}_f32", OVERFLOW, a, b, one, zero, zero, known=known)
        assert [greatest, 0x80 | greatest, greatest] == (found[:3] & 0xFF).tolist()
        assert found[3] & 0x7F > greatest  # NaN stays


def test_functions_of_halves_stay_finite_on_request() -> None:
    zero = np.array([0, -0.0, np.inf], np.float16)
    assert [np.inf, -np.inf, 0] == run("v_rcp_f16", DEFAULT, zero).tolist()
    assert [65504, -65504, 0] == run("v_rcp_f16", DEFAULT | OVERFLOW, zero).tolist()


@pytest.mark.parametrize(
    "name, mode",
    [
        ("v_add_f64", 0x3C0), ("v_add_f32", 0x330), ("v_add_u32", 0), ("v_add_f32", 0xF0),
        ("v_cvt_f64_i32", 0x3C3),
    ],
)  # fmt: skip
def test_what_is_not_asked_of_mode_changes_nothing(name: str, mode: int) -> None:
    op = OPERATIONS.get(name) or OPERATIONS["v_add_nc_u32"]
    assert isinstance(op, Op)
    assert op is under(op, Mode(KNOWN, mode), Mods())
