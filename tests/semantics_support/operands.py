"""Operand values that find mistakes: edges of every type, and random bits."""

from __future__ import annotations

import itertools
import random
from typing import Any

import numpy as np

from semantics_support.exact import FORMATS

_SEED = 20261120


def _integer_edges(bits: int) -> list[int]:
    top = 1 << (bits - 1)
    values = {0, 1, 2, 3, 5, 7, 8, bits - 1, bits, bits + 1, top - 1, top, top + 1, 2 * top - 2}
    values |= {0x55, 0xAA, 0x80, 0x7F, 0xFF, 2 * top - 1}
    values |= {int("55" * (bits // 8), 16), int("aa" * (bits // 8), 16)}
    return sorted(v & (2 * top - 1) for v in values)


def _float_edges(name: str) -> list[int]:
    f = FORMATS[name]
    one = f.bias << f.fraction
    half = (f.bias - 1) << f.fraction
    least = 1 << f.fraction
    codes = [
        0, 1, 2, least - 1, least, least + 1, half - 1, half, half + 1, one - 1, one, one + 1,
        one + (1 << f.fraction), one + (1 << (f.fraction - 1)), f.infinity - 1, f.infinity,
        f.infinity | 1, f.quiet, f.quiet | 5,
    ]  # fmt: skip
    return [c | sign << (f.bits - 1) for c in codes for sign in (0, 1)]


def edges(name: str) -> list[int]:
    """Bit patterns of a type's edges."""
    if name == "bool":
        return [0, 1]
    if name in FORMATS:
        return _float_edges(name)
    return _integer_edges(int(name[1:]))


def width(name: str) -> int:
    return FORMATS[name].bits if name in FORMATS else 1 if name == "bool" else int(name[1:])


def _word(name: str) -> Any:
    return np.dtype(np.bool_) if name == "bool" else np.dtype(f"u{width(name) // 8}")


def codes(name: str, count: int, seed: int = 0) -> np.ndarray[Any, Any]:
    """``count`` random bit patterns of a type, every third among the edges."""
    generator = random.Random(f"{_SEED} {name} {seed}")
    if name == "bool":
        return np.array([generator.getrandbits(1) for _ in range(count)], bool)
    some = edges(name)
    values = [
        generator.choice(some) if n % 3 == 0 else generator.getrandbits(width(name))
        for n in range(count)
    ]
    return np.array(values, _word(name))


def crossed(types: tuple[str, ...], extra: int = 256) -> list[np.ndarray[Any, Any]]:
    """Columns of operands: all pairs of the edges of the first two, then mixtures of all."""
    first = edges(types[0])
    if len(types) == 1:
        columns = [np.array(first, _word(types[0]))]
    else:
        pairs = list(itertools.product(first, edges(types[1])))
        columns = [
            np.array(column, _word(t))
            for column, t in zip(zip(*pairs, strict=False), types, strict=False)
        ]
    count = len(columns[0])
    columns += [codes(t, count, 7 + n) for n, t in enumerate(types[2:])]
    return [
        np.concatenate([column, codes(t, extra, n)])
        for n, (column, t) in enumerate(zip(columns, types, strict=False))
    ]
