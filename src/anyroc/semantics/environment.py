"""The floating-point environment that the MODE register sets, and instructions under it.

The bodies of instructions say what happens in the environment that kernels start with: rounding to
nearest even, denormals kept, IEEE and DX10_CLAMP set.  :func:`under` makes of an operation the same
one in another environment.  What of MODE is known when a kernel is translated costs nothing where
it does not matter; what is not becomes one more operand.

Bits as in AMD's ISA documents, "MODE register": FP_ROUND 3:0, FP_DENORM 7:4, DX10_CLAMP 8, IEEE 9,
FP16_OVFL 23.  The lower half of the first two is for F32, the upper for F64 and F16.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from anyroc.semantics.core import Op, Slot
from anyroc.semantics.values import BF16, F16, F32, F64, U16, U32, Type, Value, bits, fabs, select

__all__ = [
    "DEFAULT", "DENORMALS", "FLOAT_BITS", "IEEE_BITS", "OVERFLOW", "Environment", "Mode", "Width",
    "both", "choose", "clamp", "either", "environment", "flush", "inverse", "scaled", "under",
]  # fmt: skip

DENORMALS = 0xF0
"""MODE's FP_DENORM with nothing flushed."""
_CLAMP, _IEEE = 0x100, 0x200
IEEE_BITS = _CLAMP | _IEEE
"""MODE's DX10_CLAMP and IEEE, which RDNA4 does not have."""
OVERFLOW = 1 << 23
"""MODE's FP16_OVFL: F16 results that overflow become the greatest finite number."""
FLOAT_BITS = 0xFF | IEEE_BITS | OVERFLOW
"""The bits of MODE that arithmetic depends on."""
DEFAULT = DENORMALS | IEEE_BITS
"""What those are where bodies stand for themselves."""

Flag = bool | Value
"""A condition known when code is made, or one per lane."""


def both(a: Flag, b: Flag) -> Flag:
    """And."""
    if isinstance(a, bool):
        return b if a else False
    if isinstance(b, bool):
        return a if b else False
    return a & b


def either(a: Flag, b: Flag) -> Flag:
    """Or."""
    return inverse(both(inverse(a), inverse(b)))


def inverse(a: Flag) -> Flag:
    """Not."""
    return not a if isinstance(a, bool) else ~a


def choose(condition: Flag, a: Value, b: Value) -> Value:
    """``select`` by a condition that may be known."""
    if isinstance(condition, bool):
        return a if condition else b
    return select(condition, a, b)


@dataclass(frozen=True)
class Width:
    """What MODE says of floats of one width: which of the directed roundings is chosen (none: to
    nearest), and whether denormal operands and results count as zero."""

    up: Flag = False
    down: Flag = False
    zero: Flag = False
    flush_in: Flag = False
    flush_out: Flag = False

    @property
    def directed(self) -> bool:
        """Whether rounding may be another than to nearest."""
        return self.chosen is not False

    @property
    def chosen(self) -> Flag:
        """Whether one of the directions is chosen."""
        return either(self.zero, either(self.up, self.down))


@dataclass(frozen=True)
class Environment:
    """``single`` is for F32, ``double`` for F64 and F16.

    ``clamp_nan``: clamping turns NaN into 0.  ``finite_half``: F16 results do not overflow.
    """

    single: Width
    double: Width
    ieee: Flag
    clamp_nan: Flag
    finite_half: Flag

    def of(self, t: Type) -> Width:
        """What holds for a type."""
        if t is F32:
            return self.single
        return _KEEPING if t is BF16 else self.double


_KEEPING = Width()


@dataclass(frozen=True)
class Mode:
    """What is known of MODE: the bits of ``known`` are those of ``value``.

    ``has_ieee``: the ISA has IEEE and DX10_CLAMP; elsewhere NaNs clamp to 0 and the bits mean
    other things.
    """

    known: int
    value: int
    has_ieee: bool = True
    relevant: int = field(init=False)

    def __post_init__(self) -> None:
        bits_ = FLOAT_BITS if self.has_ieee else FLOAT_BITS & ~IEEE_BITS
        object.__setattr__(self, "relevant", bits_)
        object.__setattr__(self, "value", self.value & self.known)

    @property
    def is_default(self) -> bool:
        """Whether instructions do what their bodies say."""
        return (self.known & self.relevant) == self.relevant and (
            (self.value ^ DEFAULT) & self.relevant
        ) == 0

    @property
    def is_known(self) -> bool:
        """Whether all of it is known."""
        return (self.known & self.relevant) == self.relevant

    def meet(self, other: Mode) -> Mode:
        """What both say."""
        known = self.known & other.known & ~(self.value ^ other.value)
        return Mode(known, self.value & known, self.has_ieee)

    def set(self, mask: int, value: int | None) -> Mode:
        """After the bits of ``mask`` became those of ``value``, None for one not known."""
        if value is None:
            return Mode(self.known & ~mask, self.value & ~mask, self.has_ieee)
        return Mode(self.known | mask, self.value & ~mask | value & mask, self.has_ieee)

    def environment(self, register: Value | None = None) -> Environment:
        """What it means; ``register`` holds MODE where some of it is not known."""

        def flag(bit: int) -> Flag:
            if self.known >> bit & 1:
                return bool(self.value >> bit & 1)
            assert register is not None
            return ((register >> bit) & 1) != 0

        def width(half: int) -> Width:
            low, high = flag(2 * half), flag(2 * half + 1)
            return Width(
                up=both(low, inverse(high)),
                down=both(inverse(low), high),
                zero=both(low, high),
                flush_in=inverse(flag(4 + 2 * half)),
                flush_out=inverse(flag(5 + 2 * half)),
            )

        return Environment(
            width(0),
            width(1),
            ieee=flag(9) if self.has_ieee else False,
            clamp_nan=flag(8) if self.has_ieee else True,
            finite_half=flag(23),
        )


def environment(v: Value) -> Environment | None:
    """The environment that a body computes in; None for the one it stands for."""
    found: Environment | None = v.backend.environment
    return found


_LEAST_NORMAL = {16: 2.0**-14, 32: 2.0**-126, 64: 2.0**-1022}


def flush(v: Value, condition: Flag, least: float | None = None) -> Value:
    """``v`` with what is smaller than the least normal number made zero, its sign kept."""
    if condition is False:
        return v
    t = v.type
    small = fabs(v) < (least or _LEAST_NORMAL[t.bits])
    sign = bits(bits(v, t.unsigned) & (1 << (t.bits - 1)), t)
    together = both(small, condition)
    assert isinstance(together, Value)
    return select(together, sign, v)


def clamp(value: Value, clamp_nan: Flag = True) -> Value:
    """To [0, 1]; NaN gives 0 if ``clamp_nan``, else itself."""
    upper = select(value < 1.0, value, 1.0)
    held = select((value > 0.0) & (value == value), upper, 0.0)
    if clamp_nan is True:
        return held
    keeps = both(value != value, inverse(clamp_nan))
    assert isinstance(keeps, Value)
    return select(keeps, value, held)


_FACTORS = {1: 2.0, 2: 4.0, 3: 0.5}
_SEES_DENORMALS = ("v_cmp_class", "v_cmpx_class")


@dataclass(frozen=True)
class _Body:
    """The body of an operation under a mode, output modifiers included."""

    op: Op
    mode: Mode
    omod: int
    clamp: bool
    halves: tuple[bool, ...]

    def __call__(self, *arguments: Any) -> Any:
        register = None
        if not self.mode.is_known:
            *arguments, register = arguments  # type: ignore[assignment]
        env = self.mode.environment(register)
        taken = [
            self._operand(slot, encoded, a, env)
            for slot, encoded, a in zip(self.op.sources, self.op.encoded, arguments, strict=True)
        ]
        backend = _first(arguments).backend
        before = backend.environment
        backend.environment = env
        try:
            result = self.op.body(*taken)
            if len(self.op.results) == 1:
                return self._result(self.op.results[0], result, env)
            return tuple(
                self._result(slot, r, env) for slot, r in zip(self.op.results, result, strict=True)
            )
        finally:
            backend.environment = before

    def _operand(self, slot: Slot, encoded: int, value: Any, env: Environment) -> Any:
        if isinstance(value, tuple):
            return tuple(self._operand(slot, encoded, v, env) for v in value)
        if slot.role == "mix" and self.halves[encoded] and "bf16" not in self.op.name:
            return flush(value, env.double.flush_in, _LEAST_NORMAL[16])
        if not slot.type.is_float or self.op.name.startswith(_SEES_DENORMALS):
            return value
        return flush(value, env.of(slot.type).flush_in)

    def _result(self, slot: Slot, value: Any, env: Environment) -> Any:
        if isinstance(value, tuple):
            return tuple(self._result(slot, v, env) for v in value)
        if slot.role != "operand" or not value.type.is_float:
            return value
        flushes = env.of(value.type).flush_out
        value = flush(value, flushes)
        # Where there is no IEEE mode, nothing disables output modifiers.
        applies = both(flushes, inverse(env.ieee)) if self.mode.has_ieee else True
        value = scaled(value, self.omod, applies, env.finite_half)
        return clamp(value, env.clamp_nan) if self.clamp else value


def scaled(value: Value, omod: int, condition: Flag = True, finite: Flag = False) -> Value:
    """With the output modifier where ``condition`` holds: denormals become zero before and after,
    and zeros lose their sign before.  ``finite``: FP16_OVFL."""
    if condition is False or not omod:
        return value
    normal = flush(value, True)
    product = flush(normal * _FACTORS[omod], True)
    product = select(normal == 0.0, 0.0, product)
    if value.type is F16 and finite is not False:
        infinite = 0x7C00
        word, before = (bits(v, U16) for v in (product, value))
        grown = ((word & 0x7FFF) == infinite) & ((before & 0x7FFF) != infinite)
        held = choose(both(grown, finite), (word & 0x8000) | 0x7BFF, word)
        product = bits(held, F16)
    return choose(condition, product, value)


def _first(arguments: Any) -> Value:
    first = arguments[0]
    while isinstance(first, tuple):
        first = first[0]
    assert isinstance(first, Value)
    return first


_SINGLE, _DOUBLE = 0x33, 0xCC
_ORDERING = ("min", "max", "med")
"""In the names of instructions that ask for IEEE mode."""


@cache
def _bits_asked(op: Op) -> int:
    """The bits of MODE that an operation depends on by its types and what it does; 0 if none."""
    slots = (*op.sources, *op.results)
    types = {slot.type for slot in slots if slot.type.is_float}
    if not types:
        return 0
    mixes = any(slot.role == "mix" for slot in slots)
    asked = OVERFLOW
    asked |= _SINGLE if F32 in types else 0
    asked |= _DOUBLE if mixes or types & {F16, F64} else 0
    return asked | (_IEEE if any(word in op.name for word in _ORDERING) else 0)


def under(op: Op, mode: Mode, mods: Any) -> Op:
    """The operation as an instruction with these modifiers does it under a mode.

    What it returns has output modifiers applied, and takes MODE as its last operand where the mode
    is not wholly known.
    """
    asked = _bits_asked(op)
    if mode.is_default or not asked:
        return op
    asked |= (_CLAMP if mods.clamp else 0) | (_IEEE if mods.omod else 0)
    mode = mode.set(~asked & 0xFFFFFFFF, DEFAULT)
    if mode.is_default:
        return op
    mixes = any(slot.role == "mix" for slot in op.sources)
    halves = tuple(map(bool, mods.op_sel_hi)) if mixes else ()
    omod, clamps = (mods.omod, bool(mods.clamp)) if op.modified else (0, False)
    return _under(op, mode, omod, clamps, halves)


@cache
def _under(op: Op, mode: Mode, omod: int, clamped: bool, halves: tuple[bool, ...]) -> Op:
    body: Callable[..., Any] = _Body(op, mode, omod, clamped, halves)
    sources = op.sources if mode.is_known else (*op.sources, Slot("mode", U32))
    name = f"{op.name}.{mode.known:x}.{mode.value:x}"
    return replace(op, name=name, sources=sources, body=body, modified=False)
