"""The measured error of each transcendental function holds what its documentation allows."""

from __future__ import annotations

from collections.abc import Callable

import mpmath
import numpy as np
import pytest

from anyroc.semantics.core import OPERATIONS, Op
from anyroc.semantics.numpy_backend import evaluate

Function = Callable[[np.ndarray], np.ndarray]

TWO_PI = 2 * np.pi


def log_spaced(low: float, high: float, count: int = 40000) -> np.ndarray:
    rng = np.random.default_rng(11)
    return np.exp2(rng.uniform(low, high, count)).astype(np.float32)


def ulps(got: np.ndarray, want: np.ndarray, kind: type) -> np.ndarray:
    """The distance in units of the last place of the rounded expectation."""
    unit = np.spacing(np.abs(want.astype(kind)))
    return np.abs(got.astype(np.float64) - want) / unit.astype(np.float64)


# The exact function and a sample of its domain.
F32_CASES: dict[str, tuple[Function, np.ndarray]] = {
    "exp": (np.exp2, np.random.default_rng(3).uniform(-126, 128, 60000).astype(np.float32)),
    "log": (np.log2, log_spaced(-126, 128)),
    "rcp": (lambda x: 1 / x, log_spaced(-125, 125)),
    "rsq": (lambda x: 1 / np.sqrt(x), log_spaced(-126, 128)),
    "sqrt": (np.sqrt, log_spaced(-126, 128)),
}


def bound(name: str) -> float:
    """What is said of an operation, in units of the last place."""
    entry = OPERATIONS[name]
    assert isinstance(entry, Op) and "bound" == entry.fidelity.kind
    return entry.fidelity.ulp


@pytest.mark.parametrize("name", F32_CASES)
def test_f32_bounds(name: str) -> None:
    exact, x = F32_CASES[name]
    got = evaluate(f"v_{name}_f32", x)[0]
    error = ulps(got, exact(x.astype(np.float64)), np.float32)
    assert bound(f"v_{name}_f32") >= error.max(), x[error.argmax()]


def test_logarithms_near_one_keep_their_precision() -> None:
    x = (0.5 + np.arange(1, 3 << 19, 3) * 2.0**-20).astype(np.float32)
    x = np.concatenate([x, np.nextafter(np.float32(1), np.float32([0, 2]))])
    x = x[x != 1]
    got = evaluate("v_log_f32", x)[0]
    assert ulps(got, np.log2(x.astype(np.float64)), np.float32).max() < 1
    assert [0.0] == evaluate("v_log_f32", np.float32([1]))[0].tolist()


@pytest.mark.parametrize("name, exact", [("sin", np.sin), ("cos", np.cos)])
def test_circular_functions_take_turns(name: str, exact: Function) -> None:
    x = np.random.default_rng(4).uniform(-256, 256, 60000).astype(np.float32)
    reduced = x.astype(np.float64) - np.rint(x.astype(np.float64))
    got = evaluate(f"v_{name}_f32", x)[0]
    assert np.abs(got - exact(TWO_PI * reduced)).max() < 2.0**-22
    small = np.random.default_rng(4).uniform(-0.2, 0.2, 60000).astype(np.float32)
    got = evaluate(f"v_{name}_f32", small)[0]
    assert ulps(got, exact(TWO_PI * small.astype(np.float64)), np.float32).max() <= 2
    quarters = np.float32([0, 0.25, 0.5, 0.75, 1, -0.25])
    want = {"sin": [0, 1, 0, -1, 0, -1], "cos": [1, 0, -1, 0, 1, 0]}[name]
    assert want == evaluate(f"v_{name}_f32", quarters)[0].tolist()


def all_halves() -> np.ndarray:
    return np.arange(1 << 16, dtype=np.uint16).view(np.float16)


F16_CASES: dict[str, Function] = {
    "exp": np.exp2, "log": np.log2, "rcp": lambda x: 1 / x, "rsq": lambda x: 1 / np.sqrt(x),
    "sqrt": np.sqrt,
}  # fmt: skip


@pytest.mark.parametrize("name", F16_CASES)
def test_f16_bounds_over_every_value(name: str) -> None:
    x = all_halves()
    got = evaluate(f"v_{name}_f16", x)[0]
    with np.errstate(all="ignore"):
        want = F16_CASES[name](x.astype(np.float64))
        rounded = want.astype(np.float16)
        number = np.isfinite(rounded)
        error = np.abs(got[number].astype(np.float64) - want[number])
        unit = np.spacing(np.abs(rounded[number])).astype(np.float64)
    assert (np.isnan(want) == np.isnan(got)).all()
    assert (np.isinf(rounded) == np.isinf(got)).all()
    assert bound(f"v_{name}_f16") >= (error / unit).max()


@pytest.mark.parametrize("name", ["rcp", "rsq", "sqrt"])
def test_f64_bounds(name: str) -> None:
    x = np.exp2(np.random.default_rng(6).uniform(-1000, 1000, 400))
    got = evaluate(f"v_{name}_f64", x)[0]
    exact = {"rcp": lambda v: 1 / v, "rsq": lambda v: 1 / mpmath.sqrt(v), "sqrt": mpmath.sqrt}[name]
    with mpmath.workprec(200):
        for v, g in zip(x.tolist(), got.tolist(), strict=True):
            error = abs(mpmath.mpf(g) - exact(mpmath.mpf(v))) / np.spacing(g)
            assert bound(f"v_{name}_f64") >= error


INF, NAN = np.inf, np.nan
SPECIALS = [0.0, -0.0, INF, -INF, NAN, -1.0, 2.0**-140]
EXPECTED = {
    "exp": [1, 1, INF, 0, NAN, 0.5, 1],
    "log": [-INF, -INF, INF, NAN, NAN, NAN, -INF],
    "rcp": [INF, -INF, 0, -0.0, NAN, -1, INF],
    "rsq": [INF, -INF, 0, NAN, NAN, NAN, INF],
    "sqrt": [0, -0.0, INF, NAN, NAN, NAN, 0],
    "sin": [0, -0.0, NAN, NAN, NAN, 0, 6.283185482025146 * 2.0**-140],
    "cos": [1, 1, NAN, NAN, NAN, 1, 1],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_special_values(name: str) -> None:
    got = evaluate(f"v_{name}_f32", np.float32(SPECIALS))[0]
    want = np.float32(EXPECTED[name])
    np.testing.assert_array_equal(want, got)
    zeros = want == 0
    assert np.signbit(want[zeros]).tolist() == np.signbit(got[zeros]).tolist()


def test_results_below_the_normal_range_are_flushed_by_exp() -> None:
    x = np.float32([-126, np.nextafter(np.float32(-126), np.float32(-127)), -150, 128, 127.99999])
    got = evaluate("v_exp_f32", x)[0]
    assert [2.0**-126, 0, 0, INF] == got[:4].tolist() and np.isfinite(got[4])


def test_trig_preop_gives_the_bits_of_two_over_pi() -> None:
    x = np.array([1.0, 1e10, 2.0**100, 2.0**900, 1.7e308] * 4)
    segment = np.repeat(np.arange(4, dtype=np.uint32), 5)
    got = evaluate("v_trig_preop_f64", x, segment)[0]
    with mpmath.workprec(2000):
        ratio = 2 / mpmath.pi
        for v, s, g in zip(x.tolist(), segment.tolist(), got.tolist(), strict=True):
            e = int(np.frexp(v)[1]) + 1022
            shift = 53 * s + max(0, e - 1077)
            chunk = int(mpmath.floor(ratio * mpmath.mpf(2) ** (shift + 53))) & ((1 << 53) - 1)
            scale = -53 - shift + (128 if e >= 1968 else 0)
            assert float(mpmath.ldexp(chunk, scale)) == g


def test_pseudo_scalar_forms_agree_with_the_vector_ones() -> None:
    x = log_spaced(-20, 20, 500)
    for name in ("exp", "log", "rcp", "rsq", "sqrt"):
        vector, scalar = (evaluate(f"{prefix}_{name}_f32", x)[0] for prefix in ("v", "v_s"))
        assert vector.tolist() == scalar.tolist()
