"""The random sequences of rocRAND's generators, vectorized over their engines.

XORWOW and MRG32k3a have 131072 engines, each at the begin of a subsequence of its own (2^67 and
2^76 numbers apart); number n of the output is the next of engine n modulo 131072. Philox is one
sequence. Jumps are powers of the engines' transition matrices.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from anyroc.cabi.arrays import Array

ENGINES = 131072
_WORD = 0xFFFFFFFF


class Generator(Protocol):
    """A generator: numbers come in groups of `width` of one engine, as a distribution eats them."""

    def draw(self, groups: int, width: int) -> Array:
        """Return the next (groups, width) numbers, uint32."""
        ...


class Philox:
    """Philox 4x32 with ten rounds: number 4c + i is word i of the block of counter c."""

    DEFAULT_SEED = 0xDEADBEEFDEADBEEF

    def __init__(self, seed: int, offset: int = 0) -> None:
        self._key = (seed & _WORD, seed >> 32 & _WORD)
        self._position = offset

    def draw(self, groups: int, width: int) -> Array:
        """Return the next numbers."""
        count = groups * width
        first = self._position // 4
        blocks = (self._position + count + 3) // 4 - first
        counters = np.arange(first, first + blocks, dtype=np.uint64)
        words = _philox(counters, self._key).T.reshape(-1)
        start = self._position - 4 * first
        self._position += count
        return np.ascontiguousarray(words[start : start + count]).reshape(groups, width)


def _philox(counters: Array, key: tuple[int, int]) -> Array:
    """Return the four words of each counter's block, shape (4, n)."""
    low = np.uint64(_WORD)
    x, y = counters & low, counters >> np.uint64(32)
    z = np.zeros_like(x)
    w = np.zeros_like(x)
    k0, k1 = key
    for _ in range(10):
        first, second = x * np.uint64(0xD2511F53), z * np.uint64(0xCD9E8D57)
        x, y, z, w = (
            second >> np.uint64(32) ^ y ^ np.uint64(k0),
            second & low,
            first >> np.uint64(32) ^ w ^ np.uint64(k1),
            first & low,
        )
        k0, k1 = (k0 + 0x9E3779B9) & _WORD, (k1 + 0xBB67AE85) & _WORD
    return np.stack([x, y, z, w]).astype(np.uint32)


class _Engines:
    """Engines that take turns. `_state` has a column per engine made so far."""

    def __init__(self, first: Array, offset: int) -> None:
        self._skipped, self._ahead = divmod(offset, ENGINES)
        self._start = self._ahead
        self._begun = first  # engines before any number was drawn
        self._state = self._advanced(first.copy(), 0)

    def _jumped(self, state: Array, level: int) -> Array:
        """Return states 2^level subsequences further."""
        raise NotImplementedError

    def _step(self, state: Array) -> tuple[Array, Array]:
        """Return the next states and their numbers."""
        raise NotImplementedError

    def draw(self, groups: int, width: int) -> Array:
        """Return the next numbers."""
        made = np.empty((groups, width), np.uint32)
        done = 0
        while done < groups:
            count = min(groups - done, ENGINES - self._start)
            self._reach(self._start + count)
            part = slice(self._start, self._start + count)
            state = self._state[:, part]
            for column in range(width):
                state, made[done : done + count, column] = self._step(state)
            self._state[:, part] = state
            self._start = (self._start + count) % ENGINES
            done += count
        return made

    def _reach(self, count: int) -> None:
        """Make engines until there are `count`, twice as many each time."""
        while self._state.shape[1] < count:
            have = self._state.shape[1]
            fresh = self._jumped(self._origin(have), have.bit_length() - 1)
            self._state = np.concatenate([self._state, self._advanced(fresh, have)], axis=1)

    def _origin(self, have: int) -> Array:
        """Return the first `have` engines as they began."""
        while self._begun.shape[1] < have:
            level = self._begun.shape[1].bit_length() - 1
            self._begun = np.concatenate([self._begun, self._jumped(self._begun, level)], axis=1)
        return self._begun[:, :have]

    def _advanced(self, fresh: Array, first: int) -> Array:
        """Return new engines, from number `first` on, after what an offset skips."""
        last = first + fresh.shape[1]
        for _ in range(self._skipped):
            fresh, _ = self._step(fresh)
        # Engines before the start have one turn less to come.
        behind = max(0, min(self._ahead, last) - first)
        if behind:
            fresh[:, :behind], _ = self._step(fresh[:, :behind])
        return fresh


class Xorwow(_Engines):
    """Marsaglia's xorwow: five words of a linear generator, and a Weyl sequence in the sixth."""

    DEFAULT_SEED = 0
    _WEYL = 362437

    def __init__(self, seed: int, offset: int = 0) -> None:
        low, high = (seed & _WORD) ^ 0x2C7F967F, (seed >> 32 & _WORD) ^ 0xA03697CB
        t0, t1 = 1228688033 * low & _WORD, 2073658381 * high & _WORD
        words = (
            123456789 + t0,
            362436069 ^ t0,
            521288629 + t1,
            88675123 ^ t1,
            5783321 + t0,
            6615241 + t1 + t0,
        )
        super().__init__(np.array([[word & _WORD] for word in words], np.uint32), offset)

    def _jumped(self, state: Array, level: int) -> Array:
        linear = _times_bits(_xorwow_jump(level), state[:5])
        return np.concatenate([linear, state[5:]])

    def _step(self, state: Array) -> tuple[Array, Array]:
        x, v = state[0], state[4]
        t = x ^ x >> np.uint32(2)
        new = v ^ v << np.uint32(4) ^ t ^ t << np.uint32(1)
        weyl = state[5] + np.uint32(self._WEYL)
        return np.stack([*state[1:5], new, weyl]), weyl + new


@functools.cache
def _xorwow_jump(level: int) -> Array:
    """Return the matrix over bits of a jump of 2^level subsequences of 2^67 numbers."""
    if level:
        matrix = _xorwow_jump(level - 1)
        return _square_bits(matrix)
    # Row i of the transition has the bits of the new state that bit i of the old one changes.
    matrix = np.zeros((160, 160), np.float32)
    for bit in range(160):
        state = [0] * 5
        state[bit // 32] = 1 << bit % 32
        x, v = state[0], state[4]
        t = x ^ x >> 2
        state = [*state[1:], (v ^ v << 4 ^ t ^ t << 1) & _WORD]
        for word, value in enumerate(state):
            for place in range(32):
                matrix[bit, 32 * word + place] = value >> place & 1
    for _ in range(67):
        matrix = _square_bits(matrix)
    return matrix


def _square_bits(matrix: Array) -> Array:
    return (matrix @ matrix) % 2


def _times_bits(matrix: Array, words: Array) -> Array:
    """Return what a matrix over bits makes of states of five words."""
    rows = matrix.astype(np.uint8)
    packed = np.packbits(rows, axis=1, bitorder="little").view(np.uint32)
    made = np.zeros_like(words)
    for bit in range(160):
        mask = np.negative(words[bit // 32] >> np.uint32(bit % 32) & np.uint32(1))
        made ^= packed[bit][:, None] & mask
    return made


class Mrg32k3a(_Engines):
    """L'Ecuyer's MRG32k3a: the difference of two recurrences of order three."""

    DEFAULT_SEED = 12345
    M1, M2 = 4294967087, 4294944443
    _A12, _A13 = 1403580, 810728
    _A21, _A23 = 527612, 1370589

    def __init__(self, seed: int, offset: int = 0) -> None:
        seed = seed or self.DEFAULT_SEED
        x, y = (seed & _WORD) ^ 0x55555555, (seed >> 32 & _WORD) ^ 0xAAAAAAAA
        first = [_times_seed(value, seed, self.M1, 1) for value in (x, y, x)]
        second = [_times_seed(value, seed, self.M2, 2) for value in (y, x, y)]
        words = [[value & _WORD] for value in first + second]
        super().__init__(np.array(words, np.uint64), offset)

    def _jumped(self, state: Array, level: int) -> Array:
        parts = []
        for rows, modulus, matrix in zip(
            (state[:3], state[3:]), (self.M1, self.M2), _mrg_jump(level), strict=True
        ):
            m = np.uint64(modulus)
            for row in matrix:
                total = np.zeros_like(rows[0])
                for factor, values in zip(row, rows, strict=True):
                    total = (total + np.uint64(factor) * values % m) % m
                parts.append(total)
        return np.stack(parts)

    def _step(self, state: Array) -> tuple[Array, Array]:
        m1, m2 = np.uint64(self.M1), np.uint64(self.M2)
        a, b, c, d, e, f = state
        p = (np.uint64(self._A12) * b + np.uint64(self._A13) * (m1 - a)) % m1
        q = (np.uint64(self._A21) * f + np.uint64(self._A23) * (m2 - d)) % m2
        number = np.where(p <= q, p + m1 - q, p - q)
        return np.stack([b, c, p, e, f, q]), number.astype(np.uint32)


def _times_seed(value: int, seed: int, modulus: int, folds: int) -> int:
    """Return value * seed reduced as rocRAND does: by `folds` steps, modulo 2^64 in between."""
    everything = (1 << 64) - 1

    def reduced(number: int) -> int:
        for _ in range(folds):
            number = (2**32 - modulus) * (number >> 32) + (number & _WORD) & everything
        return number - modulus if number >= modulus else number

    high, low = divmod(value, 131072)
    total = reduced(high * seed & everything) * 131072 + reduced(low * seed & everything)
    return reduced(total & everything)


@functools.cache
def _mrg_jump(level: int) -> tuple[Sequence[Sequence[int]], Sequence[Sequence[int]]]:
    """Return both matrices of a jump of 2^level subsequences of 2^76 numbers."""
    one = [[0, 1, 0], [0, 0, 1], [Mrg32k3a.M1 - 810728, 1403580, 0]]
    two = [[0, 1, 0], [0, 0, 1], [Mrg32k3a.M2 - 1370589, 0, 527612]]
    power = 1 << 76 + level
    return _matrix_power(one, power, Mrg32k3a.M1), _matrix_power(two, power, Mrg32k3a.M2)


def _matrix_power(matrix: list[list[int]], power: int, modulus: int) -> list[list[int]]:
    result = [[int(row == column) for column in range(3)] for row in range(3)]
    while power:
        if power & 1:
            result = _matrix_product(result, matrix, modulus)
        matrix = _matrix_product(matrix, matrix, modulus)
        power >>= 1
    return result


def _matrix_product(a: list[list[int]], b: list[list[int]], modulus: int) -> list[list[int]]:
    columns = list(zip(*b, strict=True))
    return [
        [sum(x * y for x, y in zip(row, column, strict=True)) % modulus for column in columns]
        for row in a
    ]


class MersenneTwister:
    """MT19937 in one sequence; rocRAND interleaves 8192 of them, so its order is another."""

    DEFAULT_SEED = 0

    def __init__(self, seed: int, offset: int = 0) -> None:
        self._bits = np.random.MT19937()
        self._bits._legacy_seeding(seed & _WORD)
        self._bits.random_raw(offset, output=False)

    def draw(self, groups: int, width: int) -> Array:
        """Return the next numbers."""
        raw: Array = self._bits.random_raw(groups * width)
        return raw.astype(np.uint32).reshape(groups, width)


_JOE_KUO = (
    "1 0 1", "2 1 1 3", "3 1 1 3 1", "3 2 1 1 1", "4 1 1 1 3 3", "4 4 1 3 5 13", "5 2 1 1 5 5 17",
    "5 4 1 1 5 5 5", "5 7 1 1 7 11 19", "5 11 1 1 5 1 1", "5 13 1 1 1 3 11", "5 14 1 3 5 5 31",
    "6 1 1 3 3 9 7 49", "6 13 1 1 1 15 21 21", "6 16 1 3 1 13 27 49", "6 19 1 1 1 15 7 5",
    "6 22 1 3 1 15 13 25", "6 25 1 1 5 5 19 61", "7 1 1 3 7 11 23 15 103",
    "7 4 1 3 7 13 13 15 69",
)  # fmt: skip
"""Joe and Kuo's direction numbers (2008) from the second dimension on: degree, polynomial, m."""

SOBOL_DIMENSIONS = 1 + len(_JOE_KUO)


class Sobol:
    """Sobol's sequence of 32 bits: all numbers of one dimension, then those of the next."""

    DEFAULT_SEED = 0

    def __init__(self, dimensions: int = 1, offset: int = 0) -> None:
        self.dimensions = dimensions
        self._position = offset

    def draw(self, groups: int, width: int) -> Array:
        """Return the next numbers; `groups` is a multiple of the dimensions."""
        count = groups * width // self.dimensions
        index = np.arange(self._position, self._position + count, dtype=np.uint64)
        gray = (index ^ index >> np.uint64(1)).astype(np.uint32)
        made = np.zeros((self.dimensions, count), np.uint32)
        for dimension in range(self.dimensions):
            for bit, direction in enumerate(sobol_directions(dimension)):
                mask = np.negative(gray >> np.uint32(bit) & np.uint32(1))
                made[dimension] ^= np.uint32(direction) & mask
        self._position += count
        return made.reshape(groups, width)


@functools.cache
def sobol_directions(dimension: int) -> tuple[int, ...]:
    """Return the 32 direction vectors of a dimension, by Joe and Kuo's recurrence."""
    if dimension == 0:
        return tuple(1 << 31 - bit for bit in range(32))
    degree, polynomial, *m = map(int, _JOE_KUO[dimension - 1].split())
    made = [value << 31 - bit for bit, value in enumerate(m)]
    for bit in range(degree, 32):
        value = made[bit - degree] ^ made[bit - degree] >> degree
        for k in range(1, degree):
            if polynomial >> degree - 1 - k & 1:
                value ^= made[bit - k]
        made.append(value)
    return tuple(made)
