"""Values that know their shape: affine in the lane's number, or vectors.

:class:`ShapedBackend` runs the instructions' ordinary bodies over both.  Affine values cost scalar
instructions only, ahead of the lanes' own code.  Where one stays affine only under a condition (no
overflow within the run of lanes, say) the condition becomes a guard.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from anyroc.semantics.values import BOOL, U32, Type
from anyroc.translate.llvm import CodeBuilder, LLVMBackend, llvm_type
from anyroc.translate.vectors import CHUNK, Halves, VectorBackend

__all__ = [
    "Affine",
    "NotAffine",
    "ShapedBackend",
    "Speculative",
    "base_of",
    "is_vector",
    "stride_of",
]


class NotAffine(Exception):
    """A value is needed affine that is not."""


class Affine(NamedTuple):
    """``base`` (a scalar operand) plus ``stride`` (signed) times the lane's number."""

    base: Any
    stride: int = 0


class Speculative(NamedTuple):
    """A 64-bit value whose upper dword comes from rows of memory.

    ``affine`` is right if those ``rows`` are uniform, its low dword in any case; ``whole`` is the
    vector that is right always.
    """

    affine: Affine
    whole: Any
    rows: frozenset[int]


def is_vector(raw: Any) -> bool:
    """Whether a value is known lane by lane only."""
    return isinstance(raw, str | Halves)


def is_uniform(raw: Any) -> bool:
    """Whether a value is one scalar."""
    if is_vector(raw) or isinstance(raw, Speculative):
        return False
    return not isinstance(raw, Affine) or raw.stride == 0


def base_of(raw: Any) -> Any:
    """The first lane's value."""
    return raw.base if isinstance(raw, Affine) else raw


def stride_of(raw: Any) -> int:
    """What the value gains per lane."""
    return raw.stride if isinstance(raw, Affine) else 0


class ShapedBackend:
    """Values as vector operands (strings, :class:`Halves`), affine ones, or numbers.

    Scalars are computed in ``before``, vectors in ``code``.  Affine values extend over a run of
    ``run`` lanes: the whole wave, or one chunk (then ``before`` is done for each chunk).
    ``origin`` is the run's first lane in row 0, ``shift`` the number of the chunk's first lane.
    """

    environment: Any = None

    def __init__(
        self, before: CodeBuilder, code: CodeBuilder, run: int, wave_size: int, number: int
    ) -> None:
        self.code = code
        self.before = before
        self.scalar = LLVMBackend(before, 0)
        self.vector = VectorBackend(code, CHUNK)
        self.run = run
        self.last_lane = run - 1
        self.row_bytes = 4 * wave_size
        self.per_chunk = run < wave_size
        self.origin = f"%chunk{number}" if self.per_chunk else "%vgpr"
        self.shift = f"%shift{number}"
        self.guards: list[Any] = []
        self.loaded_rows: dict[str, int] = {}
        self._vectors: dict[Any, Any] = {}
        self._lasts: dict[Any, Any] = {}
        self._unwrapped: set[Any] = set()

    def type(self, t: Type) -> str:
        return self.vector.type(t)

    def text(self, t: Type, raw: Any) -> str:
        return self.vector.text(t, self.materialize(t, raw))

    def const(self, t: Type, value: int | float) -> Any:
        return self.vector.const(t, value)

    def guard(self, condition: Any) -> None:
        """Requires a scalar condition for the fast loop."""
        if isinstance(condition, str):
            self.guards.append(condition)
        elif not condition:
            raise NotAffine

    def materialize(self, t: Type, raw: Any) -> Any:
        """The value as the chunk's vector (or a number)."""
        if isinstance(raw, Speculative):
            return raw.whole
        if not isinstance(raw, Affine):
            return raw
        if not isinstance(raw.base, str) and raw.stride == 0:
            return raw.base
        key = (llvm_type(t), raw)
        if key not in self._vectors:
            self._vectors[key] = self._spread(t, raw)
        return self._vectors[key]

    def _spread(self, t: Type, raw: Affine) -> Any:
        code, scalar = self.code, llvm_type(t)
        start = self.scalar.text(t, raw.base)
        if raw.stride and not self.per_chunk:
            lane = (
                self.shift if scalar == "i64" else code.emit(f"trunc i64 {self.shift} to {scalar}")
            )
            advance = code.emit(f"mul {scalar} {lane}, {raw.stride}")
            start = code.emit(f"add {scalar} {start}, {advance}")
        splat = self.vector.splat(t, start)
        return self.vector.steps(t, splat, raw.stride) if raw.stride else splat

    def _last(self, t: Type, raw: Any) -> Any:
        """The last lane's value."""
        if (t.bits, raw) not in self._lasts:
            distance = self.last_lane * stride_of(raw) & ((1 << t.bits) - 1)
            self._lasts[t.bits, raw] = self.scalar.binary("add", t, base_of(raw), distance)
        return self._lasts[t.bits, raw]

    def _no_wrap(self, t: Type, raw: Any) -> None:
        """Guards that the lanes' values do not pass the end of the type's range."""
        if stride_of(raw) and (t.name, raw) not in self._unwrapped:
            self._unwrapped.add((t.name, raw))
            name = ("s" if t.is_signed else "u") + ("ge" if stride_of(raw) > 0 else "le")
            self.guard(self.scalar.compare(name, t, self._last(t, raw), base_of(raw)))

    def pair(self, low: Any, high: Any) -> Any:
        """Two dwords as one 64-bit value."""
        if not is_vector(low) and is_uniform(high):
            return self._affine_pair(low, high)
        whole = self.vector.pair(self.materialize(U32, low), self.materialize(U32, high))
        if is_vector(low) or not isinstance(high, str) or high not in self.loaded_rows:
            return whole
        row = self.loaded_rows[high]
        guess = self._affine_pair(low, Affine(self.before.emit(f"load i32, ptr {self._at(row)}")))
        return Speculative(guess, whole, frozenset({row}))

    def _affine_pair(self, low: Any, high: Any) -> Affine:
        self._no_wrap(U32, low)
        return Affine(self.scalar.pair(base_of(low), base_of(high)), stride_of(low))

    def _at(self, row: int) -> str:
        """The address of a row's element in the run's first lane."""
        return self.before.emit(f"getelementptr i8, ptr {self.origin}, i64 {row * self.row_bytes}")

    def load_first(self, row: int) -> str:
        """A row's element in the run's first lane."""
        return self.before.emit(f"load i32, ptr {self._at(row)}")

    def settle(self, raw: Any) -> Any:
        """The value with what it speculates on made a guard."""
        if not isinstance(raw, Speculative):
            return raw
        self.before.declare("anyroc_row_uniform", "i1", "ptr", "i32")
        for row in sorted(raw.rows):
            check = f"call i1 @anyroc_row_uniform(ptr {self._at(row)}, i32 {self.run})"
            self.guard(self.before.emit(check))
        return raw.affine

    def binary(self, name: str, t: Type, a: Any, b: Any) -> Any:
        if is_uniform(a) and is_uniform(b):
            return self._wrap(self.scalar.binary(name, t, base_of(a), base_of(b)))
        if isinstance(a, Speculative) or isinstance(b, Speculative):
            return self._speculate(name, t, a, b)
        if not (is_vector(a) or is_vector(b) or t.is_float):
            result = self._affine(name, t, a, b)
            if result is not None:
                return result
        return self.vector.binary(name, t, self.materialize(t, a), self.materialize(t, b))

    def _speculate(self, name: str, t: Type, a: Any, b: Any) -> Any:
        whole = self.vector.binary(name, t, self.materialize(t, a), self.materialize(t, b))
        if name not in ("add", "sub", "mul", "shl") or is_vector(a) or is_vector(b):
            return whole
        rows: frozenset[int] = frozenset()
        guesses = []
        for raw in (a, b):
            rows |= raw.rows if isinstance(raw, Speculative) else frozenset()
            guesses.append(raw.affine if isinstance(raw, Speculative) else raw)
        guess = self.binary(name, t, *guesses)
        return Speculative(guess, whole, rows) if isinstance(guess, Affine) else whole

    @staticmethod
    def _wrap(raw: Any) -> Any:
        return Affine(raw) if isinstance(raw, str) else raw

    def _affine(self, name: str, t: Type, a: Any, b: Any) -> Any:
        ops = self.scalar
        if name in ("add", "sub"):
            stride = stride_of(a) + stride_of(b) if name == "add" else stride_of(a) - stride_of(b)
            return Affine(ops.binary(name, t, base_of(a), base_of(b)), stride)
        if name in ("mul", "and") and isinstance(b, Affine) and not isinstance(a, Affine):
            a, b = b, a
        if isinstance(b, Affine):
            return None
        if name == "shl" and b < 24:
            return Affine(ops.binary(name, t, a.base, b), a.stride << b)
        if name == "mul" and b < 1 << 24:
            return Affine(ops.binary(name, t, a.base, b), a.stride * b)
        if name == "and" and b & (b + 1) == 0:
            return Affine(self._low_bits(t, a, b), a.stride)
        if name == "and" and b and a.stride > 0:
            self._low_bits(t, a, (b & -b) - 1)
            return Affine(ops.binary(name, t, a.base, b))
        if name == "lshr" and a.stride > 0:
            self._low_bits(t, a, (1 << b) - 1)
            return Affine(ops.binary(name, t, a.base, b))
        if name == "ashr" and b == t.bits - 1:
            self._no_wrap(t.signed, a)
            ends = ops.binary("xor", t, a.base, self._last(t, a))
            self.guard(ops.compare("sge", t.signed, ends, 0))
            return Affine(ops.binary(name, t, a.base, b))
        return None

    def _low_bits(self, t: Type, a: Affine, mask: int) -> Any:
        """The base's low bits, guarded so that no lane carries out of them."""
        low = self.scalar.binary("and", t, a.base, mask)
        room = mask - self.last_lane * a.stride
        if a.stride < 0 or room < 0:
            raise NotAffine
        self.guard(self.scalar.compare("ule", t.unsigned, low, room))
        return low

    def unary(self, name: str, t: Type, a: Any) -> Any:
        if is_uniform(a):
            return self._wrap(self.scalar.unary(name, t, base_of(a)))
        return self.vector.unary(name, t, self.materialize(t, a))

    def compare(self, name: str, t: Type, a: Any, b: Any) -> Any:
        if is_uniform(a) and is_uniform(b):
            return self._wrap(self.scalar.compare(name, t, base_of(a), base_of(b)))
        return self.vector.compare(name, t, self.materialize(t, a), self.materialize(t, b))

    def select(self, t: Type, condition: Any, a: Any, b: Any) -> Any:
        if not isinstance(condition, str | Affine):
            return a if condition else b
        if isinstance(condition, Affine) and is_uniform(a) and is_uniform(b):
            return self._wrap(self.scalar.select(t, condition.base, base_of(a), base_of(b)))
        return self.vector.select(
            t, self.text(BOOL, condition), self.materialize(t, a), self.materialize(t, b)
        )

    def fma(self, t: Type, a: Any, b: Any, c: Any) -> Any:
        if is_uniform(a) and is_uniform(b) and is_uniform(c):
            return self._wrap(self.scalar.fma(t, base_of(a), base_of(b), base_of(c)))
        x, y, z = (self.materialize(t, raw) for raw in (a, b, c))
        return self.vector.fma(t, x, y, z)

    def host(self, name: str, t: Type, operands: list[tuple[Type, Any]]) -> Any | None:
        if all(is_uniform(raw) for _, raw in operands):
            return None
        vectors = [(kind, self.materialize(kind, raw)) for kind, raw in operands]
        return self.vector.host(name, t, vectors)

    def bitcast(self, source: Type, target: Type, a: Any) -> Any:
        if isinstance(a, Affine | Speculative) and not (source.is_float or target.is_float):
            return a
        if is_uniform(a):
            return self._wrap(self.scalar.bitcast(source, target, base_of(a)))
        return self.vector.bitcast(source, target, self.materialize(source, a))

    def convert(self, source: Type, target: Type, a: Any) -> Any:
        if is_uniform(a):
            return self._wrap(self.scalar.convert(source, target, base_of(a)))
        if isinstance(a, Speculative) and target.bits <= 32 and not target.is_float:
            return self.convert(source, target, a.affine)
        if isinstance(a, Affine) and not (source.is_float or target.is_float) and target.bits >= 32:
            if target.bits > source.bits:
                self._no_wrap(source, a)
            return Affine(self.scalar.convert(source, target, a.base), a.stride)
        return self.vector.convert(source, target, self.materialize(source, a))
