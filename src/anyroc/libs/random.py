"""Distributions over the random sequences, and the generators that both libraries hand out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from anyroc.cabi import arrays
from anyroc.cabi.arrays import Array
from anyroc.hip import faults, stream
from anyroc.libs import sequences, work
from anyroc.libs.status import StatusError

NOT_CREATED, ALLOCATION_FAILED, TYPE_ERROR, OUT_OF_RANGE, LENGTH_NOT_MULTIPLE = range(101, 106)
INTERNAL_ERROR = 999
"""Statuses that hipRAND and rocRAND share."""

SEQUENCES: dict[str, Any] = {
    "xorwow": sequences.Xorwow,
    "mrg32k3a": sequences.Mrg32k3a,
    "philox": sequences.Philox,
    "mt19937": sequences.MersenneTwister,
    "mtgp32": sequences.MersenneTwister,
    "sobol32": sequences.Sobol,
}
"""The kinds of generators."""

_OTHER_ORDER = ("mt19937", "mtgp32")
_INVERSE = np.float32(2.0**-32)
_MRG_INVERSE = 2.3283065498378288e-10
_MRG_WHOLE = 1.000000048661607


class Generator:
    """A generator of a kind, with its seed, offset and stream; it begins with its first use."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.seed: int = SEQUENCES[kind].DEFAULT_SEED
        self.offset = 0
        self.dimensions = 1
        self.stream = 0
        self._sequence: sequences.Generator | None = None

    @property
    def is_quasi(self) -> bool:
        """Whether the sequence fills space evenly instead of looking random."""
        return self.kind == "sobol32"

    def change(self, *, seed: int | None = None, offset: int | None = None) -> None:
        """Choose another seed or offset; the sequence begins anew with the next numbers."""
        if seed is not None and self.is_quasi:
            raise StatusError(TYPE_ERROR)
        self.seed = self.seed if seed is None else seed
        self.offset = self.offset if offset is None else offset
        self._sequence = None

    def set_dimensions(self, dimensions: int) -> None:
        """Choose how many dimensions a quasirandom sequence has."""
        if not self.is_quasi:
            raise StatusError(TYPE_ERROR)
        if not 1 <= dimensions <= sequences.SOBOL_DIMENSIONS:
            known = sequences.SOBOL_DIMENSIONS
            faults.say(f"a Sobol sequence of {dimensions} dimensions; {known} are implemented")
            raise StatusError(OUT_OF_RANGE)
        self.dimensions = dimensions
        self._sequence = None

    def set_stream(self, handle: int) -> None:
        """Choose the stream that numbers are generated on."""
        stream.of(handle)
        self.stream = handle

    def generate(self, function: str, place: int, count: int, distribution: Distribution) -> None:
        """Put the generation of `count` numbers at an address on the stream."""
        if count % self.dimensions:
            raise StatusError(LENGTH_NOT_MULTIPLE)
        if self._sequence is None:
            self._sequence = self._begin()
        sequence = self._sequence

        def fill() -> None:
            work.check(place, count * np.dtype(distribution.kind).itemsize)
            form = self._form()
            width, per_group = distribution.widths[form]
            numbers = sequence.draw(-(-count // per_group), width)
            made = distribution.make(numbers, form).reshape(-1)[:count]
            arrays.at(place, count, distribution.kind)[...] = made

        if count:
            work.enqueue(function, self.stream, fill)

    def _form(self) -> str:
        if self.kind == "mrg32k3a":
            return "mrg"
        return "quasi" if self.is_quasi else "word"

    def _begin(self) -> sequences.Generator:
        if self.kind in _OTHER_ORDER:
            faults.say(
                f"the numbers of the {self.kind.upper()} generator come from one Mersenne twister, "
                "in another order than rocRAND's"
            )
        if self.is_quasi:
            return sequences.Sobol(self.dimensions, self.offset)
        return SEQUENCES[self.kind](self.seed, self.offset)


@dataclass(frozen=True)
class Distribution:
    """How numbers are made: `widths` has (words eaten, numbers made) at a time by form.

    The form is "word" for generators of 32 bits, "mrg" for MRG32k3a, whose numbers lie in [1, m],
    "quasi" for those that must make each number of one word.
    """

    kind: np.dtype[np.generic]
    widths: dict[str, tuple[int, int]]
    make: Callable[[Array, str], Array]


def _widths(word: tuple[int, int], mrg: tuple[int, int]) -> dict[str, tuple[int, int]]:
    return {"word": word, "mrg": mrg, "quasi": (1, 1)}


def _single(x: Array, form: str) -> Array:
    """Return floats in (0, 1]."""
    if form == "mrg":
        return (x * _MRG_INVERSE).astype(np.float32)
    return _INVERSE + x.astype(np.float32) * _INVERSE


def _double(x: Array, form: str) -> Array:
    """Return doubles in (0, 1]."""
    if form == "mrg":
        return x * _MRG_INVERSE
    if x.shape[1] == 1:
        return 2.0**-32 + x * 2.0**-32
    whole = x[:, 0::2].astype(np.uint64) | (x[:, 1::2] >> np.uint32(11)).astype(np.uint64) << 32
    return 2.0**-53 + whole * 2.0**-53


def _words(x: Array, form: str) -> Array:
    """Return integers of 32 bits."""
    if form == "mrg":
        return ((x - np.uint32(1)) * _MRG_WHOLE).astype(np.uint32)
    return x


def integers(kind: type) -> Distribution:
    """Return the uniform distribution of 8, 16 or 32 bits."""
    size = 4 // np.dtype(kind).itemsize
    widths = {**_widths((1, size), (1, size)), "quasi": (1, 1)}

    def make(x: Array, form: str) -> Array:
        if form == "quasi":
            return x >> np.uint32(32 - 8 * np.dtype(kind).itemsize)
        return np.ascontiguousarray(_words(x, form)).view(kind)

    return Distribution(np.dtype(kind), widths, make)


UNIFORM = Distribution(np.dtype(np.float32), _widths((1, 1), (1, 1)), _single)
UNIFORM_DOUBLE = Distribution(np.dtype(np.float64), _widths((2, 1), (1, 1)), _double)


def _half_uniform(x: Array, form: str) -> Array:
    parts = np.ascontiguousarray(_words(x, form)).view(np.uint16)
    if form == "quasi":
        parts = parts[:, 1::2]
    return (np.float32(2.0**-16) * (1 + parts.astype(np.float32))).astype(np.float16)


UNIFORM_HALF = Distribution(np.dtype(np.float16), _widths((1, 2), (1, 2)), _half_uniform)


def normal(mean: float, deviation: float, *, logarithmic: bool = False) -> Distribution:
    """Return the normal distribution of floats, by Box and Muller's transform of two uniforms."""

    def make(x: Array, form: str) -> Array:
        z = _inverse_normal(_double(x, form)) if form == "quasi" else _box_muller(x, form)
        made = np.float32(mean) + z.astype(np.float32) * np.float32(deviation)
        return np.exp(made) if logarithmic else made

    return Distribution(np.dtype(np.float32), _widths((2, 2), (2, 2)), make)


def normal_double(mean: float, deviation: float, *, logarithmic: bool = False) -> Distribution:
    """Return the normal distribution of doubles."""

    def make(x: Array, form: str) -> Array:
        z = _inverse_normal(_double(x, form)) if form == "quasi" else _box_muller_double(x, form)
        made = mean + z * deviation
        return np.exp(made) if logarithmic else made

    return Distribution(np.dtype(np.float64), _widths((4, 2), (2, 2)), make)


def normal_half(mean: float, deviation: float, *, logarithmic: bool = False) -> Distribution:
    """Return the normal distribution of half-precision numbers."""

    def make(x: Array, form: str) -> Array:
        if form == "quasi":
            z = _inverse_normal(_double(x, form))
        else:
            parts = np.ascontiguousarray(_words(x, form)).view(np.uint16).astype(np.float32)
            u = np.float32(2.0**-16) * (1 + parts)
            z = _polar(u[:, :1], np.float32(2 * np.pi) * u[:, 1:])
        made = np.float32(mean) + z.astype(np.float32) * np.float32(deviation)
        return (np.exp(made) if logarithmic else made).astype(np.float16)

    return Distribution(np.dtype(np.float16), _widths((1, 2), (1, 2)), make)


def _polar(u: Array, angle: Array) -> Array:
    """Return sine and cosine of the angle with the radius that u stands for."""
    radius = np.sqrt(-2 * np.log(u))
    return np.concatenate([np.sin(angle) * radius, np.cos(angle) * radius], axis=1)


def _box_muller(x: Array, form: str) -> Array:
    u = _single(x[:, :1], form)
    if form == "mrg":
        return _polar(u, _single(x[:, 1:], form) * np.float32(2 * np.pi))
    turn = np.float32(1.46291807e-09)
    return _polar(u, turn + x[:, 1:].astype(np.float32) * turn)


def _box_muller_double(x: Array, form: str) -> Array:
    if form == "mrg":
        # rocRAND takes single precision here.
        u, v = (_single(part, form).astype(np.float64) for part in (x[:, :1], x[:, 1:]))
        return _polar(u, v * 2 * np.pi)
    first, second = (
        x[:, i : i + 1].astype(np.uint64) ^ x[:, i + 1 : i + 2].astype(np.uint64) << np.uint64(21)
        for i in (0, 2)
    )
    u, v = 2.0**-53 + first * 2.0**-53, 2.0**-52 + second * 2.0**-52
    return _polar(u, v * np.pi)


def _inverse_normal(u: Array) -> Array:
    """Return the quantile of the normal distribution, by Newton's method on its tail.

    The start is Abramowitz and Stegun's 26.2.23.
    """
    p = np.clip(np.minimum(u, 1 - u), 2.0**-53, 0.5)
    t = np.sqrt(-2 * np.log(p))
    above = 2.515517 + t * (0.802853 + t * 0.010328)
    z = t - above / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
    for _ in range(3):
        density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
        z = z + (_upper_tail(z) - p) / density
    return np.where(u < 0.5, -z, z)


def _upper_tail(z: Array) -> Array:
    from math import erfc, sqrt

    return np.vectorize(lambda value: erfc(value / sqrt(2)) / 2, otypes=[float])(z)


def poisson(mean: float) -> Distribution:
    """Return the Poisson distribution, by inversion of its sum: each number takes one word.

    rocRAND draws from a table of its own instead, so single numbers differ from its.
    """
    spread = 40 + 12 * np.sqrt(mean)
    low, high = max(0, int(mean - spread)), int(mean + spread) + 1
    k = np.arange(low, high + 1)
    steps = np.log(np.maximum(k[1:], 1))
    logs = np.concatenate([[0.0], np.cumsum(np.log(mean) - steps)])
    weights = np.exp(logs - logs.max())
    total = np.cumsum(weights / weights.sum())

    def make(x: Array, form: str) -> Array:
        return (low + np.searchsorted(total, _double(x, form), side="left")).astype(np.uint32)

    return Distribution(np.dtype(np.uint32), _widths((1, 1), (1, 1)), make)
