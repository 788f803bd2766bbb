"""LLVM IR as text: a function builder, and the :class:`Backend` that runs instruction bodies over
it.

IR is written as text, not through an object model: a kernel of thousands of instructions becomes
tens of thousands of lines, and building objects for each costs more than LLVM needs to compile
them.
"""

from __future__ import annotations

import itertools
import operator
import struct
from collections.abc import Callable, Iterable
from functools import cache as memoize
from typing import Any

from anyroc.semantics.values import BOOL, F32, F64, TYPES, U32, U64, Type
from anyroc.translate.machine import host_has

__all__ = [
    "CodeBuilder",
    "LLVMBackend",
    "compare_integers",
    "float_text",
    "fold_integers",
    "llvm_type",
]

_SCALAR = {
    "bool": "i1", "u8": "i8", "i8": "i8", "u16": "i16", "i16": "i16", "u32": "i32", "i32": "i32",
    "u64": "i64", "i64": "i64", "f16": "half", "f32": "float", "f64": "double", "bf16": "bfloat",
}  # fmt: skip

_BINARY = {name: name for name in ("add", "sub", "mul", "and", "or", "xor", "shl", "lshr", "ashr")}
_BINARY |= {name: name for name in ("fadd", "fsub", "fmul", "fdiv", "udiv")}
_UNARY = {
    "fabs": "fabs", "sqrt": "sqrt", "floor": "floor", "ceil": "ceil", "trunc": "trunc",
    "roundeven": "roundeven", "ctpop": "ctpop", "bitreverse": "bitreverse", "bswap": "bswap",
}  # fmt: skip
_FOLDED: dict[str, Callable[[int, int], int]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "and": operator.and_,
    "or": operator.or_,
    "xor": operator.xor,
    "shl": operator.lshift,
    "lshr": operator.rshift,
}
_HOST_FEATURE, _BYTES_FEATURE = "avx512dq", "avx512bw"
_GREATER, _LESSER = "5", "4"  # by value, with the sign of the result
_HOST = {
    ("ldexp", "f32", 16): ("llvm.x86.avx512.mask.scalef.ps.512", None),
    ("max", "f32", 16): ("llvm.x86.avx512.mask.range.ps.512", _GREATER),
    ("min", "f32", 16): ("llvm.x86.avx512.mask.range.ps.512", _LESSER),
    ("max", "f64", 8): ("llvm.x86.avx512.mask.range.pd.512", _GREATER),
    ("min", "f64", 8): ("llvm.x86.avx512.mask.range.pd.512", _LESSER),
}
"""By operation, type and lanes: the host's intrinsic and its selector.

VSCALEF and VRANGE do to NaNs and zeros what AMD's ldexp, max and min do (Intel's manual, volume 2,
tables of VRANGEPS)."""
_SUFFIX = {"half": "f16", "float": "f32", "double": "f64", "bfloat": "bf16"}


def llvm_type(t: Type, lanes: int = 0) -> str:
    """LLVM's name of a type, a vector of ``lanes`` of it unless 0."""
    scalar = _SCALAR[t.name]
    return f"<{lanes} x {scalar}>" if lanes else scalar


@memoize
def _types(lanes: int) -> dict[str, str]:
    """LLVM's names of all types, by ours."""
    return {name: llvm_type(t, lanes) for name, t in TYPES.items()}


def float_text(t: Type, value: float) -> str:
    """A floating-point constant as LLVM writes it, bit-exact."""
    if t is F32:
        value = struct.unpack("<f", struct.pack("<f", value))[0]
    if t is F32 or t is F64:
        return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"
    if t.name == "f16":
        return f"0xH{struct.unpack('<H', struct.pack('<e', value))[0]:04X}"
    word: int = struct.unpack("<I", struct.pack("<f", value))[0]
    word += 0x7FFF + (word >> 16 & 1)
    return f"0xR{word >> 16 & 0xFFFF:04X}"


class CodeBuilder:
    """Collects the lines of one function and the declarations that they need."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.allocas: list[str] = []
        self.declarations: dict[str, str] = {}
        self.current = "entry"
        self._numbers = itertools.count(1)
        self._temporaries: set[int] = set()

    def child(self) -> CodeBuilder:
        """A builder of lines of the same function, to be placed later or dropped."""
        other = CodeBuilder()
        other.allocas, other.declarations = self.allocas, self.declarations
        other._numbers, other._temporaries = self._numbers, self._temporaries
        return other

    def unique(self) -> int:
        """A number that no other name of the function has."""
        return next(self._numbers)

    def emit(self, text: str) -> str:
        """Adds an instruction that has a result and returns the result's name."""
        name = f"%t{next(self._numbers)}"
        self.lines.append(f"{name} = {text}")
        return name

    def do(self, text: str) -> None:
        """Adds an instruction without a result."""
        self.lines.append(text)

    def start(self, label: str) -> None:
        """Begins a basic block."""
        self.lines.append(f"{label}:")
        self.current = label

    def temporary(self, number: int) -> str:
        """A scratch row of the function: room for one dword per lane."""
        if number not in self._temporaries:
            self._temporaries.add(number)
            self.allocas.append(f"%row{number} = alloca [64 x i32], align 64")
        return f"%row{number}"

    def declare(self, name: str, result: str, *arguments: str) -> None:
        """Declares an external function once."""
        if name not in self.declarations:
            self.declarations[name] = f"declare {result} @{name}({', '.join(arguments)})"


def _mangle(text: str) -> str:
    if text[0] != "<":
        return _SUFFIX.get(text, text)
    count, _, element = text[1:-1].partition(" x ")
    return f"v{count}{_SUFFIX.get(element, element)}"


def fold_integers(name: str, t: Type, a: int, b: int) -> int | None:
    """An integer operation on constants; None for one that is left to LLVM."""
    mask = (1 << t.bits) - 1
    if name == "ashr":
        return (a - (1 << t.bits) if a >> (t.bits - 1) else a) >> b & mask
    operation = _FOLDED.get(name)
    return None if operation is None else operation(a, b) & mask


def compare_integers(name: str, t: Type, a: int, b: int) -> int:
    """A comparison of constants."""
    if name[0] == "s":
        a, b = ((v ^ 1 << (t.bits - 1)) for v in (a, b))
        name = "u" + name[1:]
    answers = {"eq": a == b, "ne": a != b, "ult": a < b, "ule": a <= b, "ugt": a > b, "uge": a >= b}
    return int(answers[name])


class LLVMBackend:
    """Values as LLVM operands: strings for SSA names, Python numbers for constants.

    ``lanes`` 0 computes scalars, else vectors of that many lanes.
    """

    environment: Any = None

    def __init__(self, code: CodeBuilder, lanes: int) -> None:
        self.code = code
        self.lanes = lanes
        self._types = _types(lanes)
        self._casts: dict[tuple[Any, str], str] = {}

    def forget_casts(self) -> None:
        """Casts may be reused only where they were made: call at the start of a basic block."""
        self._casts.clear()

    def type(self, t: Type) -> str:
        return self._types[t.name]

    def text(self, t: Type, raw: Any) -> str:
        """An operand without its type."""
        if isinstance(raw, str):
            return raw
        scalar = _SCALAR[t.name]
        if t.is_float:
            literal = float_text(t, raw)
        elif t is BOOL:
            literal = "true" if raw else "false"
        else:
            literal = str(raw)
        return f"splat ({scalar} {literal})" if self.lanes else literal

    def pair(self, low: Any, high: Any) -> Any:
        """Two dwords as one 64-bit value."""
        wide = self.binary("shl", U64, self.convert(U32, U64, high), 32)
        return self.binary("or", U64, wide, self.convert(U32, U64, low))

    def const(self, t: Type, value: int | float) -> Any:
        if t.is_float:
            return float(value)
        return int(value) & ((1 << t.bits) - 1)

    def _call(self, intrinsic: str, t: Type, arguments: str, count: int, tail: str = "") -> str:
        vector = self.type(t)
        name = f"llvm.{intrinsic}.{_mangle(vector)}"
        kinds = (vector,) * count + (("i1",) if tail else ())
        self.code.declare(name, vector, *kinds)
        return self.code.emit(f"call {vector} @{name}({arguments}{tail})")

    def binary(self, name: str, t: Type, a: Any, b: Any) -> Any:
        if not isinstance(b, str) and not t.is_float:
            folded = self._fold(name, t, a, b)
            if folded is not None:
                return folded
        if name == "copysign":
            vector = self.type(t)
            return self._call(
                "copysign", t, f"{vector} {self.text(t, a)}, {vector} {self.text(t, b)}", 2
            )
        return self.code.emit(
            f"{_BINARY[name]} {self.type(t)} {self.text(t, a)}, {self.text(t, b)}"
        )

    def _fold(self, name: str, t: Type, a: Any, b: int) -> Any:
        """Integer operations with a constant right side that need no instruction."""
        mask = (1 << t.bits) - 1
        if isinstance(a, str):
            if b == 0:
                if name in ("add", "sub", "or", "xor", "shl", "lshr", "ashr"):
                    return a
                if name in ("and", "mul"):
                    return 0
            if name == "and" and b == mask:
                return a
            return None
        return fold_integers(name, t, a, b)

    def unary(self, name: str, t: Type, a: Any) -> Any:
        vector = self.type(t)
        if name == "fneg":
            return self.code.emit(f"fneg {vector} {self.text(t, a)}")
        if name in ("ctlz", "cttz"):
            return self._call(name, t, f"{vector} {self.text(t, a)}", 1, ", i1 false")
        return self._call(_UNARY[name], t, f"{vector} {self.text(t, a)}", 1)

    def compare(self, name: str, t: Type, a: Any, b: Any) -> Any:
        if not (isinstance(a, str) or isinstance(b, str) or t.is_float):
            return compare_integers(name, t, a, b)
        word = "fcmp" if t.is_float else "icmp"
        return self.code.emit(f"{word} {name} {self.type(t)} {self.text(t, a)}, {self.text(t, b)}")

    def select(self, t: Type, condition: Any, a: Any, b: Any) -> Any:
        if not isinstance(condition, str):
            return a if condition else b
        vector = self.type(t)
        return self.code.emit(
            f"select {self.type(BOOL)} {condition}, {vector} {self.text(t, a)},"
            f" {vector} {self.text(t, b)}"
        )

    def fma(self, t: Type, a: Any, b: Any, c: Any) -> Any:
        vector = self.type(t)
        arguments = ", ".join(f"{vector} {self.text(t, x)}" for x in (a, b, c))
        return self._call("fma", t, arguments, 3)

    def has(self, name: str, t: Type) -> bool:
        """Whether :meth:`host` has an instruction for an operation."""
        return (name, t.name, self.lanes) in _HOST and host_has(_HOST_FEATURE)

    def host(self, name: str, t: Type, operands: list[tuple[Type, Any]]) -> Any | None:
        if name == "bytes":
            return self._bytes(t, *(raw for _, raw in operands))
        if not self.has(name, t):
            return None
        intrinsic, selector = _HOST[name, t.name, self.lanes]
        vector, mask = self.type(t), f"i{self.lanes}"
        values = [
            self.text(t, raw if kind is t else self.convert(kind, t, raw)) for kind, raw in operands
        ]
        kinds = [vector, vector, *(["i32"] if selector else []), vector, mask, "i32"]
        texts = [*values, *([selector] if selector else []), "zeroinitializer", "-1", "4"]
        self.code.declare(intrinsic, vector, *kinds)
        arguments = ", ".join(f"{k} {v}" for k, v in zip(kinds, texts, strict=True))
        return self.code.emit(f"call {vector} @{intrinsic}({arguments})")

    def _bytes(self, t: Type, selectors: Any, low: Any, high: Any) -> Any | None:
        """VPSHUFB looks at the lower four bits of a byte's number, among the 16 of four lanes."""
        if self.lanes != 16 or t.bits != 32 or not host_has(_BYTES_FEATURE):
            return None
        emit, vector, wide = self.code.emit, self.type(t), f"<{4 * self.lanes} x i8>"

        def each(values: Iterable[int]) -> str:
            return "<" + ", ".join(f"i8 {value}" for value in values) + ">"

        def as_bytes(raw: Any) -> str:
            return emit(f"bitcast {vector} {self.text(t, raw)} to {wide}")

        places = range(4 * self.lanes)
        numbers = as_bytes(selectors)
        within = emit(f"and {wide} {numbers}, {each(3 for _ in places)}")
        within = emit(f"or {wide} {within}, {each(at % 16 & 12 for at in places)}")
        intrinsic = "llvm.x86.avx512.pshuf.b.512"
        self.code.declare(intrinsic, wide, wide, wide)
        first, second = (
            emit(f"call {wide} @{intrinsic}({wide} {as_bytes(raw)}, {wide} {within})")
            for raw in (low, high)
        )
        upper = emit(f"and {wide} {numbers}, {each(4 for _ in places)}")
        upper = emit(f"icmp ne {wide} {upper}, zeroinitializer")
        chosen = f"<{len(places)} x i1> {upper}, {wide} {second}, {wide} {first}"
        return emit(f"bitcast {wide} {emit(f'select {chosen}')} to {vector}")

    def bitcast(self, source: Type, target: Type, a: Any) -> Any:
        if not isinstance(a, str) and not source.is_float and not target.is_float:
            return a
        have, want = llvm_type(source), llvm_type(target)
        if have == want:
            return a
        if (a, want) in self._casts:
            return self._casts[a, want]
        result = self.code.emit(
            f"bitcast {self.type(source)} {self.text(source, a)} to {self.type(target)}"
        )
        self._casts[a, want] = result
        self._casts[result, have] = a
        return result

    def convert(self, source: Type, target: Type, a: Any) -> Any:
        if not source.is_float and not target.is_float:
            if target is BOOL:
                return self.code.emit(
                    f"trunc {self.type(source)} {self.text(source, a)} to {self.type(BOOL)}"
                )
            if not isinstance(a, str):
                signed = (
                    a - (1 << source.bits) if source.is_signed and a >> (source.bits - 1) else a
                )
                return signed & ((1 << target.bits) - 1)
            if source.bits == target.bits:
                return a
            if source.bits > target.bits:
                word = "trunc"
            else:
                word = "sext" if source.is_signed else "zext"
        elif source.is_float and target.is_float:
            if source.bits == target.bits:  # f16 and bf16
                return self.convert(F32, target, self.convert(source, F32, a))
            word = "fptrunc" if source.bits > target.bits else "fpext"
        elif source.is_float:
            return self._saturate(source, target, a)
        else:
            word = "sitofp" if source.is_signed else "uitofp"
        return self.code.emit(
            f"{word} {self.type(source)} {self.text(source, a)} to {self.type(target)}"
        )

    def _saturate(self, source: Type, target: Type, a: Any) -> str:
        """``fpto[su]i.sat`` by hand: the intrinsic expands badly on vectors."""
        low = -(1 << (target.bits - 1)) if target.is_signed else 0
        high = (1 << (target.bits - 1 if target.is_signed else target.bits)) - 1
        top = float(
            1 << (target.bits - 1 if target.is_signed else target.bits)
        )  # exact, 1 past the end
        if source.name in ("f16", "bf16"):
            return self._saturate(F32, target, self.convert(source, F32, a))
        word = "fptosi" if target.is_signed else "fptoui"
        vector, result = self.type(source), self.type(target)
        inside = self.compare("olt", source, a, top)
        floor = self.compare(
            "oge" if target.is_signed else "ogt",
            source,
            a,
            float(low) if target.is_signed else -1.0,
        )
        valid = self.code.emit(f"and {self.type(BOOL)} {inside}, {floor}")
        safe = self.select(source, valid, a, 0.0)
        number = self.code.emit(f"{word} {vector} {self.text(source, safe)} to {result}")
        above = self.compare("oge", source, a, top)
        number = self.select(target, above, high, number)
        if not target.is_signed:
            return str(number)
        below = self.compare("olt", source, a, float(low))
        return str(self.select(target, below, low & ((1 << target.bits) - 1), number))


assert set(TYPES) == set(_SCALAR)
