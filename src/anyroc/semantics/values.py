"""The vocabulary of instruction bodies: typed values and the operations on them.

A body is a pure expression over :class:`Value` objects.  A value carries its :class:`Type` and a
raw payload that only its :class:`Backend` understands: a NumPy array for the reference evaluator,
an LLVM operand for the translator.  The same body therefore runs over both.

Rules that bodies rely on:

* Operands of an operator have the same type; Python numbers are lifted to the other operand's type.
* The type decides signedness: ``>>`` is arithmetic and ``<`` signed on ``i32``, logical and
  unsigned on
  ``u32``.  Arithmetic wraps.
* Shift amounts are taken modulo the width, as AMD's shifters do.
* Comparisons give :data:`BOOL`; floating-point ones are ordered (false on NaN) except ``!=``.
* Floating-point operations round to nearest even and keep denormals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

__all__ = [
    "BF16",
    "BOOL",
    "F16",
    "F32",
    "F64",
    "I8",
    "I16",
    "I32",
    "I64",
    "TYPES",
    "U8",
    "U16",
    "U32",
    "U64",
    "Backend",
    "Type",
    "Value",
    "bitreverse",
    "bits",
    "byteswap",
    "ceil",
    "convert",
    "copysign",
    "count_leading_zeros",
    "count_trailing_zeros",
    "fabs",
    "floor",
    "fma",
    "funnel_shift_right",
    "host_instruction",
    "is_nan",
    "maximum",
    "minimum",
    "mul_high",
    "popcount",
    "round_even",
    "select",
    "sqrt",
    "trunc",
]  # fmt: skip


@dataclass(frozen=True)
class Type:
    """A scalar type: ``kind`` is ``"u"``, ``"i"``, ``"f"`` (IEEE) or ``"bf"`` (bfloat16)."""

    name: str
    kind: str
    bits: int
    is_float: bool = field(init=False)
    is_signed: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_float", self.kind in ("f", "bf"))
        object.__setattr__(self, "is_signed", self.kind == "i")

    @property
    def unsigned(self) -> Type:
        """The unsigned integer type of the same width."""
        return TYPES[f"u{self.bits}"]

    @property
    def signed(self) -> Type:
        """The signed integer type of the same width."""
        return TYPES[f"i{self.bits}"]

    def __repr__(self) -> str:
        return self.name


BOOL = Type("bool", "u", 1)
U8, U16, U32, U64 = (Type(f"u{n}", "u", n) for n in (8, 16, 32, 64))
I8, I16, I32, I64 = (Type(f"i{n}", "i", n) for n in (8, 16, 32, 64))
F16, F32, F64 = (Type(f"f{n}", "f", n) for n in (16, 32, 64))
BF16 = Type("bf16", "bf", 16)
TYPES: dict[str, Type] = {
    t.name: t for t in (BOOL, U8, U16, U32, U64, I8, I16, I32, I64, F16, F32, F64, BF16)
}


class Backend(Protocol):
    """What a kind of value must be able to do.  Raw payloads in, raw payloads out.

    ``t`` is the operands' type.  Integer operations ignore signedness unless their name says it.

    ``environment``: what bodies find there (:mod:`anyroc.semantics.environment`) while one runs
    under another MODE than the usual; else None.
    """

    environment: Any

    def const(self, t: Type, value: int | float) -> Any:
        """A constant; floats by value, integers taken modulo 2**bits."""

    def binary(self, name: str, t: Type, a: Any, b: Any) -> Any:
        """``add sub mul and or xor shl lshr ashr`` on integers (shift amounts already in range),
        ``fadd fsub fmul fdiv copysign`` on floats."""

    def unary(self, name: str, t: Type, a: Any) -> Any:
        """``fneg fabs sqrt floor ceil trunc roundeven`` on floats; ``ctpop ctlz cttz bitreverse
        bswap`` on integers (``ctlz`` and ``cttz`` of 0 give the width)."""

    def compare(self, name: str, t: Type, a: Any, b: Any) -> Any:
        """``eq ne ult ule ugt uge slt sle sgt sge`` on integers; ``oeq une olt ole ogt oge uno`` on
        floats."""

    def select(self, t: Type, condition: Any, a: Any, b: Any) -> Any: ...

    def fma(self, t: Type, a: Any, b: Any, c: Any) -> Any:
        """One rounding."""

    def bitcast(self, source: Type, target: Type, a: Any) -> Any:
        """Same width."""

    def convert(self, source: Type, target: Type, a: Any) -> Any:
        """Integers truncate or extend by the source's sign; integer to float and float to narrower
        float round to nearest even; float to integer truncates and saturates, NaN gives 0."""

    def host(self, name: str, t: Type, operands: list[tuple[Type, Any]]) -> Any | None:
        """An operation of :func:`host_instruction` by an instruction of the host's own."""


def _lift(v: Value | int | float, like: Value) -> Value:
    if isinstance(v, Value):
        if v.type is not like.type:
            raise TypeError(f"operands differ in type: {v.type} and {like.type}")
        return v
    return like.const(v)


class Value:
    """A typed value.  ``raw`` belongs to ``backend``; one value may stand for many lanes."""

    __slots__ = ("backend", "raw", "type")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, backend: Backend, type_: Type, raw: Any) -> None:
        self.backend = backend
        self.type = type_
        self.raw = raw

    def const(self, value: int | float, type_: Type | None = None) -> Value:
        """A constant of this value's (or the given) type in the same backend."""
        t = type_ or self.type
        return Value(self.backend, t, self.backend.const(t, value))

    def _binary(self, other: Value | int | float, integer: str, floating: str | None) -> Value:
        b = _lift(other, self)
        name = floating if self.type.is_float else integer
        if name is None:
            raise TypeError(f"{integer} of {self.type}")
        return Value(self.backend, self.type, self.backend.binary(name, self.type, self.raw, b.raw))

    def _compare(self, other: Value | int | float, name: str, floating: str) -> Value:
        b = _lift(other, self)
        if self.type.is_float:
            name = floating
        elif name not in ("eq", "ne"):
            name = ("s" if self.type.is_signed else "u") + name
        return Value(self.backend, BOOL, self.backend.compare(name, self.type, self.raw, b.raw))

    def _shift(self, amount: Value | int, name: str) -> Value:
        t = self.type
        if isinstance(amount, int):
            n = self.const(amount & (t.bits - 1))
        else:
            n = amount if amount.type.bits == t.bits else convert(amount, t.unsigned)
            n = bits(n, t) & (t.bits - 1)
        return Value(self.backend, t, self.backend.binary(name, t, self.raw, n.raw))

    def __add__(self, o: Value | int | float) -> Value:
        return self._binary(o, "add", "fadd")

    def __sub__(self, o: Value | int | float) -> Value:
        return self._binary(o, "sub", "fsub")

    def __mul__(self, o: Value | int | float) -> Value:
        return self._binary(o, "mul", "fmul")

    def __truediv__(self, o: Value | float) -> Value:
        return self._binary(o, "udiv", "fdiv")

    def __radd__(self, o: int | float) -> Value:
        return self.const(o) + self

    def __rsub__(self, o: int | float) -> Value:
        return self.const(o) - self

    def __rmul__(self, o: int | float) -> Value:
        return self.const(o) * self

    def __rtruediv__(self, o: float) -> Value:
        return self.const(o) / self

    def __and__(self, o: Value | int) -> Value:
        return self._binary(o, "and", None)

    def __or__(self, o: Value | int) -> Value:
        return self._binary(o, "or", None)

    def __xor__(self, o: Value | int) -> Value:
        return self._binary(o, "xor", None)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __lshift__(self, n: Value | int) -> Value:
        return self._shift(n, "shl")

    def __rshift__(self, n: Value | int) -> Value:
        return self._shift(n, "ashr" if self.type.is_signed else "lshr")

    def __invert__(self) -> Value:
        return self ^ (1 if self.type is BOOL else -1)

    def __neg__(self) -> Value:
        if self.type.is_float:
            return Value(self.backend, self.type, self.backend.unary("fneg", self.type, self.raw))
        return self.const(0) - self

    def __eq__(self, o: Value | int | float) -> Value:  # type: ignore[override]
        return self._compare(o, "eq", "oeq")

    def __ne__(self, o: Value | int | float) -> Value:  # type: ignore[override]
        return self._compare(o, "ne", "une")

    def __lt__(self, o: Value | int | float) -> Value:
        return self._compare(o, "lt", "olt")

    def __le__(self, o: Value | int | float) -> Value:
        return self._compare(o, "le", "ole")

    def __gt__(self, o: Value | int | float) -> Value:
        return self._compare(o, "gt", "ogt")

    def __ge__(self, o: Value | int | float) -> Value:
        return self._compare(o, "ge", "oge")

    def __bool__(self) -> bool:
        raise TypeError("a body's value has no truth of its own: use select()")

    def __repr__(self) -> str:
        return f"Value({self.type}, {self.raw!r})"


def select(condition: Value, a: Value | int | float, b: Value | int | float) -> Value:
    """``a`` where ``condition`` holds, else ``b``; at least one of them is a :class:`Value`."""
    like = a if isinstance(a, Value) else b
    if not isinstance(like, Value):
        raise TypeError("select() needs a Value to know its type")
    x, y = _lift(a, like), _lift(b, like)
    raw = like.backend.select(like.type, condition.raw, x.raw, y.raw)
    return Value(like.backend, like.type, raw)


def bits(v: Value, t: Type) -> Value:
    """The same bits under another type of the same width."""
    if v.type is t:
        return v
    if v.type.bits != t.bits:
        raise TypeError(f"bits() from {v.type} to {t}")
    return Value(v.backend, t, v.backend.bitcast(v.type, t, v.raw))


def convert(v: Value, t: Type) -> Value:
    """The same number in another type (see :meth:`Backend.convert`)."""
    return v if v.type is t else Value(v.backend, t, v.backend.convert(v.type, t, v.raw))


def fma(a: Value, b: Value | float, c: Value | float) -> Value:
    """``a * b + c`` with one rounding."""
    x, y = _lift(b, a), _lift(c, a)
    return Value(a.backend, a.type, a.backend.fma(a.type, a.raw, x.raw, y.raw))


def copysign(magnitude: Value, sign: Value) -> Value:
    """``magnitude`` with the sign of ``sign``."""
    return magnitude._binary(sign, "copysign", "copysign")


def _unary(name: str) -> Callable[[Value], Value]:
    def apply(v: Value) -> Value:
        return Value(v.backend, v.type, v.backend.unary(name, v.type, v.raw))

    apply.__name__ = name
    return apply


fabs, sqrt, floor, ceil = (_unary(name) for name in ("fabs", "sqrt", "floor", "ceil"))
trunc, round_even, popcount = (_unary(name) for name in ("trunc", "roundeven", "ctpop"))
count_leading_zeros, count_trailing_zeros = _unary("ctlz"), _unary("cttz")
bitreverse, byteswap = _unary("bitreverse"), _unary("bswap")


def host_instruction(name: str, *operands: Value) -> Value | None:
    """What the host's own instruction for an operation gives, of the first operand's type; None
    where there is none, and the body has to compose it.

    ``ldexp``: ``v * 2**n`` with one rounding, ``n`` an I32.  ``max`` and ``min``: IEEE 754-2008's
    maxNum and minNum, which quiet a signaling NaN; -0 below +0.  ``bytes``: for each byte of a
    dword the one of eight that its lower three bits number, those of the second operand before the
    third's.
    """
    first = operands[0]
    if first.backend.environment is not None:
        return None
    raw = first.backend.host(name, first.type, [(v.type, v.raw) for v in operands])
    return None if raw is None else Value(first.backend, first.type, raw)


def is_nan(v: Value) -> Value:
    """Whether a float is NaN."""
    return Value(v.backend, BOOL, v.backend.compare("uno", v.type, v.raw, v.raw))


def minimum(a: Value, b: Value | int | float) -> Value:
    """The smaller by ``<``; where neither is (equal, NaN), ``b``."""
    return select(a < b, a, b)


def maximum(a: Value, b: Value | int | float) -> Value:
    """The greater by ``>``; where neither is (equal, NaN), ``b``."""
    return select(a > b, a, b)


def mul_high(a: Value, b: Value) -> Value:
    """The upper half of the double-width product, signed or not by the type (32 bits)."""
    wide = TYPES[f"{a.type.kind}{2 * a.type.bits}"]
    return convert((convert(a, wide) * convert(b, wide)) >> a.type.bits, a.type)


def funnel_shift_right(high: Value, low: Value, amount: Value) -> Value:
    """The low 32 bits of ``{high, low} >> amount``, amount modulo 32."""
    return (low >> amount) | ((high << 1) << (amount ^ 31))
