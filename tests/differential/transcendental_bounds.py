"""The greatest error of each transcendental function: ``transcendental_bounds.py [NAME…]``.

F32: every significand of the binades that differ in more than the exponent of argument and result;
F16: every value; F64: random arguments, against mpmath.  Errors are in units of the last place of
the rounded result (for sine and cosine absolute).  The numbers are data of the instructions
(semantics/transcendental.py), and what ``anyroc isa fidelity`` prints.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import mpmath
import numpy as np

from anyroc.semantics.core import OPERATIONS, Op
from anyroc.semantics.numpy_backend import evaluate

Function = Callable[[np.ndarray], np.ndarray]

EXACT: dict[str, Function] = {
    "exp": np.exp2,
    "log": np.log2,
    "rcp": lambda x: 1 / x,
    "rsq": lambda x: 1 / np.sqrt(x),
    "sqrt": np.sqrt,
    "sin": lambda x: np.sin(2 * np.pi * (x - np.rint(x))),
    "cos": lambda x: np.cos(2 * np.pi * (x - np.rint(x))),
}
BINADES: dict[str, tuple[range, bool]] = {
    "exp": (range(-14, 7), True),
    "log": (range(-3, 8), False),
    "rcp": (range(1), False),
    "rsq": (range(2), False),
    "sqrt": (range(2), False),
    "sin": (range(-10, 8), False),
    "cos": (range(-10, 8), False),
}
"""The exponents to try, and whether negative arguments differ."""
ABSOLUTE = ("sin", "cos")
F64 = {"rcp": lambda v: 1 / v, "rsq": lambda v: 1 / mpmath.sqrt(v), "sqrt": mpmath.sqrt}


def error(got: np.ndarray, want: np.ndarray, kind: type, absolute: bool) -> float:
    normal = np.abs(want) >= np.finfo(kind).tiny
    got, want = got[normal], want[normal]
    distance = np.abs(got.astype(np.float64) - want)
    if not absolute:
        with np.errstate(invalid="ignore"):
            distance = distance / np.spacing(np.abs(want.astype(kind))).astype(np.float64)
    return float(np.nanmax(distance, initial=0))


def singles(name: str) -> Iterator[np.ndarray]:
    exponents, both = BINADES[name]
    for e in exponents:
        for sign in (0, 1) if both else (0,):
            first = (e + 127) << 23 | sign << 31
            for part in range(8):
                low = first + (part << 20)
                yield np.arange(low, low + (1 << 20), dtype=np.uint32).view(np.float32)


def measure(name: str, t: str) -> float:
    if t == "f32":
        return max(
            error(
                evaluate(f"v_{name}_f32", x)[0],
                EXACT[name](x.astype(np.float64)),
                np.float32,
                name in ABSOLUTE,
            )
            for x in singles(name)
        )
    if t == "f16":
        x = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
        with np.errstate(all="ignore"):
            want = EXACT[name](x.astype(np.float64))
            number = np.isfinite(want.astype(np.float16))
        got = evaluate(f"v_{name}_f16", x)[0]
        return error(got[number], want[number], np.float16, name in ABSOLUTE)
    x = np.exp2(np.random.default_rng(6).uniform(-1000, 1000, 20000))
    worst = mpmath.mpf(0)
    with mpmath.workprec(200):
        for v, g in zip(x.tolist(), evaluate(f"v_{name}_f64", x)[0].tolist(), strict=True):
            worst = max(worst, abs(mpmath.mpf(g) - F64[name](mpmath.mpf(v))) / np.spacing(g))
    return float(worst)


def main() -> int:
    import anyroc.semantics  # noqa: F401  (registers the instructions)

    for name in sys.argv[1:] or EXACT:
        for t in ("f32", "f16", "f64"):
            entry = OPERATIONS.get(f"v_{name}_{t}")
            if not isinstance(entry, Op):
                continue
            found = measure(name, t)
            shown = f"2**{np.log2(found):.2f} absolute" if name in ABSOLUTE else f"{found:.4f} ulp"
            print(f"v_{name}_{t:<5}{shown}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
