"""The reference evaluator: instruction bodies over NumPy arrays, slow and obvious.

>>> import numpy as np
>>> a, b = np.array([1.5, 2.5], np.float32), np.array([0.25, -1], np.float32)
>>> evaluate("v_max_f32", a, b)[0].tolist()
[1.5, 2.5]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from anyroc.semantics.core import OPERATIONS, Op, Slot
from anyroc.semantics.values import BF16, BOOL, F16, F32, F64, Type, Value

__all__ = ["NumpyBackend", "dtype", "evaluate"]

Array = npt.NDArray[Any]

_DTYPES = {"f16": np.float16, "f32": np.float32, "f64": np.float64, "bf16": np.uint16}


def dtype(t: Type) -> np.dtype[Any]:
    """How arrays of ``t`` are stored; bfloat16 is kept as its bits."""
    if t is BOOL:
        return np.dtype(np.bool_)
    if t.is_float:
        return np.dtype(_DTYPES[t.name])
    return np.dtype(f"{'i' if t.is_signed else 'u'}{t.bits // 8}")


def _word(t: Type) -> np.dtype[Any]:
    return np.dtype(f"u{t.bits // 8}")


_QUIET = {F16: 1 << 9, BF16: 1 << 6, F32: 1 << 22, F64: 1 << 51}
_FRACTION = {F16: 10, BF16: 7, F32: 23, F64: 52}


def _nan(t: Type, a: Array) -> Array:
    """Where an array of floats of type ``t`` is NaN."""
    if t is not BF16:
        return np.isnan(a)
    return (a & 0x7FFF) > 0x7F80


def _float_to_float(source: Type, target: Type, a: Array) -> Array:
    """One rounding to nearest even; NaNs keep their sign and the top of their payload, made
    quiet."""
    if BF16 in (source, target):
        return _bf16_to_float(target, a) if source is BF16 else _float_to_bf16(a)
    result = a.astype(dtype(target))
    nan = np.isnan(a)
    if not nan.any():
        return result
    bits = a.view(_word(source)).astype(np.uint64)
    payload = bits & np.uint64((1 << _FRACTION[source]) - 1)
    shift = _FRACTION[target] - _FRACTION[source]
    payload = payload << np.uint64(shift) if shift >= 0 else payload >> np.uint64(-shift)
    sign = (bits >> np.uint64(source.bits - 1)) << np.uint64(target.bits - 1)
    exponents = ((1 << (target.bits - 1 - _FRACTION[target])) - 1) << _FRACTION[target]
    quiet = (sign | payload | np.uint64(exponents | _QUIET[target])).astype(_word(target))
    return np.where(nan, quiet.view(dtype(target)), result)


def _bf16_to_float(target: Type, a: Array) -> Array:
    wide = (a.astype(np.uint32) << 16).view(np.float32)
    return _float_to_float(F32, target, wide)


def _float_to_bf16(a: Array) -> Array:
    exact = a.astype(np.float64)
    single = exact.astype(np.float32)
    # Rounded to odd first, so that the second rounding is exact.
    back = single.astype(np.float64)
    u = single.view(np.uint32)
    step = np.where(np.abs(exact) > np.abs(back), 1, -1).astype(np.int64)
    odd = (u.astype(np.int64) + step).astype(np.uint32)
    u = np.where((back != exact) & (u & 1 == 0) & ~np.isinf(single), odd, u)
    rounded = (u.astype(np.uint64) + 0x7FFF + (u >> 16 & 1)) >> np.uint64(16)
    nan = (single.view(np.uint32) >> 16) | 0x40
    return np.where(np.isnan(single), nan, rounded).astype(np.uint16)


def _float_to_integer(source: Type, target: Type, a: Array) -> Array:
    values = _float_to_float(source, F64, a) if source is not F64 else a
    low = -(1 << (target.bits - 1)) if target.is_signed else 0
    high = (1 << (target.bits - int(target.is_signed))) - 1
    whole = np.trunc(np.nan_to_num(values, nan=0.0, posinf=np.inf, neginf=-np.inf))
    inside = (whole > float(low)) & (whole < float(high))
    result = np.where(inside, whole, 0.0).astype(dtype(target))
    result = np.where(whole >= float(high), dtype(target).type(high), result)
    return np.where(whole <= float(low), dtype(target).type(low), result)


def _integer_to_float(source: Type, target: Type, a: Array) -> Array:
    if target in (F32, F64):
        return a.astype(dtype(target))
    # Through F64 rounded to odd would be needed from 54 bits on; bodies convert at most 32.
    if source.bits > 32:
        raise TypeError(f"no conversion from {source} to {target}")
    return _float_to_float(F64, target, a.astype(np.float64))


def _fma32(a: Array, b: Array, c: Array) -> Array:
    product = a.astype(np.float64) * b.astype(np.float64)
    addend = c.astype(np.float64)
    total = product + addend
    t = total - product
    error = (product - (total - t)) + (addend - t)
    u = total.view(np.uint64)
    away = np.where((error < 0) == (total < 0), u + np.uint64(1), u - np.uint64(1))
    lost = np.isfinite(total) & (np.abs(error) > 0) & (u & np.uint64(1) == 0)
    result: Array = np.where(lost, away, u).view(np.float64).astype(np.float32)
    return result


def _fma64_one(a: float, b: float, c: float) -> float:
    if not (np.isfinite(a) and np.isfinite(b)) or a == 0 or b == 0:
        return a * b + c
    if not np.isfinite(c):
        return c + 0.0  # quiets a NaN
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    if exact == 0:
        return 0.0
    try:
        return float(exact)
    except OverflowError:
        return np.inf if exact > 0 else -np.inf


def _leading_zeros(bits: int, a: Array) -> Array:
    count = np.full(a.shape, bits, a.dtype)
    for n in range(bits):
        count = np.where(a >> a.dtype.type(n) & a.dtype.type(1), a.dtype.type(bits - 1 - n), count)
    return count


def _trailing_zeros(bits: int, a: Array) -> Array:
    count = np.full(a.shape, bits, a.dtype)
    for n in reversed(range(bits)):
        count = np.where(a >> a.dtype.type(n) & a.dtype.type(1), a.dtype.type(n), count)
    return count


def _reversed_bits(bits: int, a: Array) -> Array:
    result = np.zeros(a.shape, a.dtype)
    one = a.dtype.type(1)
    for n in range(bits):
        result |= (a >> a.dtype.type(n) & one) << a.dtype.type(bits - 1 - n)
    return result


_INTEGER: dict[str, Callable[[Array, Array], Any]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "shl": np.left_shift,
    "lshr": np.right_shift,
    "ashr": np.right_shift,
}
_FLOAT: dict[str, Callable[[Array, Array], Any]] = {
    "fadd": np.add,
    "fsub": np.subtract,
    "fmul": np.multiply,
    "fdiv": np.divide,
    "copysign": np.copysign,
}
_UNARY: dict[str, Callable[[Array], Any]] = {
    "fneg": np.negative,
    "fabs": np.abs,
    "sqrt": np.sqrt,
    "floor": np.floor,
    "ceil": np.ceil,
    "trunc": np.trunc,
    "roundeven": np.rint,
    "bswap": lambda a: a.byteswap(),
}
_COUNTS: dict[str, Callable[[int, Array], Array]] = {
    "ctpop": lambda _bits, a: np.bitwise_count(a).astype(a.dtype),
    "ctlz": _leading_zeros,
    "cttz": _trailing_zeros,
    "bitreverse": _reversed_bits,
}
_RELATIONS: dict[str, Callable[[Array, Array], Any]] = {
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
}


class NumpyBackend:
    """:class:`anyroc.semantics.values.Backend` over NumPy arrays."""

    environment: Any = None

    def const(self, t: Type, value: int | float) -> Array:
        """A 1-element array, which broadcasts."""
        if t is BF16:
            return _float_to_bf16(np.array([value], np.float64))
        if t.is_float or t is BOOL:
            return np.array([value], dtype(t))
        bits = int(value) & ((1 << t.bits) - 1)
        return np.array([bits], _word(t)).view(dtype(t))

    def binary(self, name: str, t: Type, a: Array, b: Array) -> Array:
        table = _FLOAT if t.is_float else _INTEGER
        if t is BF16:
            raise TypeError(f"{name} of bf16")
        if name == "lshr":
            return np.asarray(a.view(_word(t)) >> b.view(_word(t))).view(dtype(t))
        if name == "ashr":
            signed = np.dtype(f"i{t.bits // 8}")
            return np.asarray(a.view(signed) >> b.view(signed)).view(dtype(t))
        return np.asarray(table[name](a, b), dtype(t))

    def unary(self, name: str, t: Type, a: Array) -> Array:
        if name in _COUNTS:
            return _COUNTS[name](t.bits, a.view(_word(t))).view(dtype(t))
        if name in ("fneg", "fabs"):
            sign = _word(t).type(1 << (t.bits - 1))
            bits = a.view(_word(t))
            return np.asarray(bits ^ sign if name == "fneg" else bits & ~sign).view(dtype(t))
        return np.asarray(_UNARY[name](a), dtype(t))

    def compare(self, name: str, t: Type, a: Array, b: Array) -> Array:
        if name == "uno":
            return np.asarray(_nan(t, a) | _nan(t, b))
        if not t.is_float and name not in _RELATIONS:
            kind = np.dtype(f"{'i' if name[0] == 's' else 'u'}{t.bits // 8}")
            a, b = a.view(kind), b.view(kind)
        return np.asarray(_RELATIONS[name[-2:]](a, b))

    def select(self, t: Type, condition: Array, a: Array, b: Array) -> Array:  # noqa: ARG002
        return np.where(condition, a, b)

    def fma(self, t: Type, a: Array, b: Array, c: Array) -> Array:
        if t is F32:
            return _fma32(*np.broadcast_arrays(a, b, c))
        if t is F64:
            return np.asarray(np.vectorize(_fma64_one, otypes=[np.float64])(a, b, c))
        raise TypeError(f"fma of {t}")

    def bitcast(self, source: Type, target: Type, a: Array) -> Array:  # noqa: ARG002
        return np.ascontiguousarray(a).view(dtype(target))

    def convert(self, source: Type, target: Type, a: Array) -> Array:
        a = np.ascontiguousarray(a)
        if source.is_float and target.is_float:
            return _float_to_float(source, target, a)
        if source.is_float:
            return _float_to_integer(source, target, a)
        if target.is_float:
            return _integer_to_float(source, target, a)
        if target is BOOL:
            return np.asarray((a & a.dtype.type(1)) != 0)
        return a.astype(dtype(target))

    def host(self, name: str, t: Type, operands: list[tuple[Type, Any]]) -> None:
        """None: everything is composed."""


_BACKEND = NumpyBackend()


def _value(slot: Slot, a: Any) -> Any:
    if slot.count > 1:
        return tuple(_value(Slot(slot.role, slot.type), x) for x in a)
    array = np.atleast_1d(np.asarray(a))
    t = slot.type
    if array.dtype != dtype(t):
        same_width = array.dtype.itemsize * 8 == t.bits and t is not BOOL
        array = array.view(dtype(t)) if same_width else array.astype(dtype(t))
    return Value(_BACKEND, t, np.ascontiguousarray(array))


def _raw(result: Any) -> Any:
    return tuple(_raw(r) for r in result) if isinstance(result, tuple) else result.raw


def evaluate(operation: str | Op, *operands: Any) -> tuple[Any, ...]:
    """Runs an operation's body over arrays, elementwise.

    ``operands`` has one array (or a sequence of arrays for an operand of several elements) for each
    source slot, implicit ones included; arrays of another kind but the type's width are taken as
    its bits.  Returns one array (or tuple of arrays) per result slot.
    """
    found = OPERATIONS[operation] if isinstance(operation, str) else operation
    if not isinstance(found, Op):
        raise TypeError(f"{found.name} has no body to evaluate")
    if len(operands) != len(found.sources):
        raise TypeError(f"{found.name} takes {len(found.sources)} operands, not {len(operands)}")
    with np.errstate(all="ignore"):
        values: Sequence[Any] = [_value(s, a) for s, a in zip(found.sources, operands, strict=True)]
        result = found.body(*values)
    if len(found.results) == 1:
        return (_raw(result),)
    return tuple(_raw(r) for r in result)
