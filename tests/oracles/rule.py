"""Rules: an instruction's results from its operands."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from semantics_support.exact import FORMATS, Format, Number, decode, encode, is_nan

__all__ = [
    "RULES", "Rule", "bits_of", "float_rule", "fraction", "number", "rule", "same", "signed",
]  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """``function`` takes a number for each token of ``sources`` and gives one (or a tuple) for
    each of ``results``; None where nothing is documented, a set where it is one of several.

    Tokens: ``u32``, ``i16`` and so on for integers, ``f16 bf16 f32 f64`` for a float's bits, with
    ``x4`` behind it for a tuple of that many; ``mask`` for a lane's bit of a mask; ``scc``,
    ``vcc``, ``exec``, ``m0``, ``lane``, ``op_sel`` (bits, the first operand's lowest), ``neg_lo``
    and ``truth`` (v_bitop3's table) for what no operand holds.

    ``ulp`` and ``absolute``: how far a float result may be off; ``slack`` tells that of operands.
    ``finite`` operands are neither infinite nor NaN nor denormal, where no document says what comes
    of those.
    """

    sources: tuple[str, ...]
    results: tuple[str, ...]
    function: Callable[..., Any]
    ulp: float = 0
    absolute: float = 0
    slack: Callable[..., float] | None = None
    finite: bool = False


RULES: dict[str, Rule] = {}
"""By canonical key."""


def rule(
    names: str | Iterable[str], signature: str, function: Callable[..., Any], **more: Any
) -> None:
    """Registers a rule under names, of which a string may hold several."""
    sources, _, results = signature.partition("->")
    entry = Rule(tuple(sources.split()), tuple(results.split()), function, **more)
    for name in names.split() if isinstance(names, str) else names:
        if name in RULES:
            raise ValueError(f"{name} has two rules")
        RULES[name] = entry


def float_rule(
    names: str, t: str, count: int, function: Callable[..., Number], **more: Any
) -> None:
    """Registers a rule of exact numbers, rounded once at the end."""
    f = FORMATS[t]

    def bits(*operands: int) -> int:
        return encode(function(*(decode(v, f) for v in operands)), f)

    rule(names, " ".join([t] * count) + f" -> {t}", bits, **more)


def signed(v: int, bits: int) -> int:
    """The low bits as a number in two's complement."""
    v &= (1 << bits) - 1
    return v - (1 << bits) if v >> (bits - 1) else v


def bits_of(token: str) -> int:
    """How many bits an element of a token's type has."""
    name = token.partition("x")[0]
    return FORMATS[name].bits if name in FORMATS else int(name[1:])


def number(code: int, t: str) -> Number:
    """The number that a float's bits stand for."""
    return decode(code, FORMATS[t])


def fraction(v: Number, t: str) -> int:
    """The bits of the float nearest to a number."""
    return encode(v, FORMATS[t])


def _apart(a: int, b: int, f: Format) -> float:
    """How many floats lie from one to the other; zeros of both signs are one."""
    top = 1 << (f.bits - 1)
    places = [-(c - top) if c & top else c for c in (a, b)]
    return abs(places[0] - places[1])


def same(token: str, want: int, got: int, ulp: float = 0, absolute: float = 0) -> bool:
    """Whether a result is right: any NaN for a NaN, and within the bounds."""
    if want == got:
        return True
    name = token.partition("x")[0]
    if name not in FORMATS:
        return False
    f = FORMATS[name]
    if is_nan(want, f) or is_nan(got, f):
        return is_nan(want, f) and is_nan(got, f)
    if absolute:
        return abs(float(decode(want, f)) - float(decode(got, f))) <= absolute
    return bool(ulp) and _apart(want, got, f) <= ulp
