"""Values of a chunk of lanes as LLVM vectors, 64-bit ones as two vectors of half as many lanes.

Two registers of the host's own width cost LLVM far less to compile than one vector twice as wide.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from anyroc.semantics.values import BOOL, Type
from anyroc.translate.llvm import CodeBuilder, LLVMBackend, llvm_type

__all__ = ["CHUNK", "Halves", "VectorBackend"]

CHUNK = 16
"""Lanes that are computed at a time."""


class Halves(NamedTuple):
    """A 64-bit value of all lanes: the lower lanes and the upper ones."""

    low: Any
    high: Any


class VectorBackend(LLVMBackend):
    """:class:`LLVMBackend` over vectors, splitting what is 64 bits wide."""

    def __init__(self, code: CodeBuilder, lanes: int) -> None:
        super().__init__(code, lanes)
        self.half = LLVMBackend(code, lanes // 2)
        self._parts: dict[tuple[str, int], str] = {}

    def forget_casts(self) -> None:
        super().forget_casts()
        self.half.forget_casts()
        self._parts.clear()

    def _part(self, t: Type, raw: Any, which: int) -> Any:
        """The lower (0) or upper (1) lanes of a value."""
        if isinstance(raw, Halves):
            return raw[which]
        if not isinstance(raw, str):
            return raw
        if (raw, which) not in self._parts:
            count = self.lanes // 2
            picks = ", ".join(f"i32 {which * count + i}" for i in range(count))
            vector = self.type(t)
            self._parts[raw, which] = self.code.emit(
                f"shufflevector {vector} {raw}, {vector} poison, <{count} x i32> <{picks}>"
            )
        return self._parts[raw, which]

    def _join(self, t: Type, low: Any, high: Any) -> Any:
        """One vector of two halves, for types of less than 64 bits."""
        if not isinstance(low, str) and not isinstance(high, str):
            return low
        vector = self.half.type(t)
        picks = ", ".join(f"i32 {i}" for i in range(self.lanes))
        a, b = self.half.text(t, low), self.half.text(t, high)
        whole = self.code.emit(
            f"shufflevector {vector} {a}, {vector} {b}, <{self.lanes} x i32> <{picks}>"
        )
        self._parts[whole, 0], self._parts[whole, 1] = low, high
        return whole

    def _both(self, work: Callable[[int], Any]) -> Halves:
        return Halves(work(0), work(1))

    def text(self, t: Type, raw: Any) -> str:
        if isinstance(raw, str):
            return raw
        if isinstance(raw, Halves):
            raw = self._join(t, raw.low, raw.high)
        return super().text(t, raw)

    def binary(self, name: str, t: Type, a: Any, b: Any) -> Any:
        if t.bits != 64 or not (isinstance(a, Halves) or isinstance(b, Halves)):
            return super().binary(name, t, a, b)
        if _same(a) and _same(b):
            one = self.half.binary(name, t, self._part(t, a, 0), self._part(t, b, 0))
            return Halves(one, one)
        return self._both(
            lambda i: self.half.binary(name, t, self._part(t, a, i), self._part(t, b, i))
        )

    def unary(self, name: str, t: Type, a: Any) -> Any:
        if not isinstance(a, Halves):
            return super().unary(name, t, a)
        return self._both(lambda i: self.half.unary(name, t, a[i]))

    def compare(self, name: str, t: Type, a: Any, b: Any) -> Any:
        if not (isinstance(a, Halves) or isinstance(b, Halves)):
            return super().compare(name, t, a, b)
        low, high = self._both(
            lambda i: self.half.compare(name, t, self._part(t, a, i), self._part(t, b, i))
        )
        return self._join(BOOL, low, high)

    def select(self, t: Type, condition: Any, a: Any, b: Any) -> Any:
        if t.bits != 64 or not isinstance(condition, str):
            return super().select(t, condition, a, b)
        return self._both(
            lambda i: self.half.select(
                t, self._part(BOOL, condition, i), self._part(t, a, i), self._part(t, b, i)
            )
        )

    def fma(self, t: Type, a: Any, b: Any, c: Any) -> Any:
        if t.bits != 64:
            return super().fma(t, a, b, c)
        return self._both(lambda i: self.half.fma(t, *(self._part(t, x, i) for x in (a, b, c))))

    def host(self, name: str, t: Type, operands: list[tuple[Type, Any]]) -> Any | None:
        if t.bits != 64:
            return super().host(name, t, operands)
        if not self.half.has(name, t):
            return None
        return self._both(
            lambda i: self.half.host(name, t, [(k, self._part(k, raw, i)) for k, raw in operands])
        )

    def bitcast(self, source: Type, target: Type, a: Any) -> Any:
        if not isinstance(a, Halves):
            return super().bitcast(source, target, a)
        return self._both(lambda i: self.half.bitcast(source, target, a[i]))

    def convert(self, source: Type, target: Type, a: Any) -> Any:
        wide = source.bits == 64 or target.bits == 64
        if not wide or not isinstance(a, str | Halves):
            return super().convert(source, target, a)
        low, high = self._both(
            lambda i: self.half.convert(source, target, self._part(source, a, i))
        )
        return Halves(low, high) if target.bits == 64 else self._join(target, low, high)

    def splat(self, t: Type, scalar: str) -> Any:
        """A scalar in every lane."""
        ops = self.half if t.bits == 64 else self
        vector = ops.type(t)
        one = self.code.emit(f"insertelement {vector} poison, {llvm_type(t)} {scalar}, i64 0")
        all_lanes = self.code.emit(
            f"shufflevector {vector} {one}, {vector} poison, <{ops.lanes} x i32> zeroinitializer"
        )
        return Halves(all_lanes, all_lanes) if t.bits == 64 else all_lanes

    def steps(self, t: Type, start: Any, stride: int) -> Any:
        """``start`` (a splat) plus ``stride`` times the lane's number in the chunk."""

        def constants(first: int, count: int) -> str:
            parts = (f"{llvm_type(t)} {stride * (first + i)}" for i in range(count))
            return f"<{', '.join(parts)}>"

        if t.bits != 64:
            return self.code.emit(f"add {self.type(t)} {start}, {constants(0, self.lanes)}")
        count = self.lanes // 2
        return self._both(
            lambda i: self.code.emit(
                f"add {self.half.type(t)} {start[i]}, {constants(i * count, count)}"
            )
        )


def _same(raw: Any) -> bool:
    """Whether both halves are one value."""
    return not isinstance(raw, str) and (not isinstance(raw, Halves) or raw.low is raw.high)
