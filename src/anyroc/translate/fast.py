"""The fast form of a sequence: one loop over chunks that does its memory accesses itself.

Values are vectors, or *affine*: ``base + stride * lane`` with a scalar base that is computed once
per wave, before the loop.  :class:`ShapedBackend` runs the instructions' ordinary bodies over
both.  Where an affine value stays affine only under a condition (no overflow within the wave, say)
the condition becomes a guard; further guards say that each access stays inside device memory and
that no store meets another access's memory.  If a guard fails at run time, the sequence runs as
lane loops and helper calls instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from anyroc.semantics.values import BOOL, TYPES, U32, U64, Type
from anyroc.translate import layout
from anyroc.translate.lanes import CHUNK, TEMPORARY, AccessItem, LaneLoop, VectorItem
from anyroc.translate.llvm import CodeBuilder, LLVMBackend, llvm_type
from anyroc.translate.operands import Unsupported, row_of
from anyroc.translate.registers import RegisterCache
from anyroc.translate.vectors import Halves, VectorBackend

if TYPE_CHECKING:
    from anyroc.translate.sequence import LaneQueue

__all__ = ["emit_fast"]


class _NotFast(Exception):
    """The sequence has no fast form."""


class Affine(NamedTuple):
    """``base`` (a scalar operand) plus ``stride`` (signed) times the lane's number."""

    base: Any
    stride: int = 0


def _is_vector(raw: Any) -> bool:
    return isinstance(raw, str | Halves)


def _uniform(raw: Any) -> bool:
    return not _is_vector(raw) and (not isinstance(raw, Affine) or raw.stride == 0)


def _base(raw: Any) -> Any:
    return raw.base if isinstance(raw, Affine) else raw


def _stride(raw: Any) -> int:
    return raw.stride if isinstance(raw, Affine) else 0


class ShapedBackend:
    """Values as vector operands (strings), :class:`Affine`, or numbers.

    Scalars are computed in ``before`` (ahead of the loop), vectors in ``code`` (inside it).
    """

    def __init__(self, before: CodeBuilder, code: CodeBuilder, wave_size: int, shift: str) -> None:
        self.code = code
        self.before = before
        self.scalar = LLVMBackend(before, 0)
        self.vector = VectorBackend(code, CHUNK)
        self.last_lane = wave_size - 1
        self.shift = shift
        self.guards: list[Any] = []
        self.loaded_rows: dict[str, int] = {}
        self._vectors: dict[Any, Any] = {}
        self._lasts: dict[Any, Any] = {}

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
            raise _NotFast

    def materialize(self, t: Type, raw: Any) -> Any:
        """The value as the chunk's vector (or a number)."""
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
        if raw.stride:
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
            distance = self.last_lane * _stride(raw) & ((1 << t.bits) - 1)
            self._lasts[t.bits, raw] = self.scalar.binary("add", t, _base(raw), distance)
        return self._lasts[t.bits, raw]

    def _no_wrap(self, t: Type, raw: Any) -> None:
        """Guards that the lanes' values do not pass the end of the type's range."""
        if _stride(raw):
            name = ("s" if t.is_signed else "u") + ("ge" if _stride(raw) > 0 else "le")
            self.guard(self.scalar.compare(name, t, self._last(t, raw), _base(raw)))

    def pair(self, low: Any, high: Any) -> Any:
        """Two dwords as one 64-bit value."""
        if isinstance(high, str) and not _is_vector(low) and high in self.loaded_rows:
            high = self._uniform_row(self.loaded_rows[high])
        if _is_vector(low) or not _uniform(high):
            return self.vector.pair(self.materialize(U32, low), self.materialize(U32, high))
        self._no_wrap(U32, low)
        base = self.scalar.pair(_base(low), _base(high))
        return Affine(base, _stride(low))

    def _uniform_row(self, row: int) -> Affine:
        """A row in memory as a uniform value, guarded."""
        code = self.before
        code.declare("anyroc_row_uniform", "i1", "ptr", "i32")
        at = code.emit(f"getelementptr i8, ptr %vgpr, i64 {row * 4 * (self.last_lane + 1)}")
        self.guard(code.emit(f"call i1 @anyroc_row_uniform(ptr {at}, i32 {self.last_lane + 1})"))
        return Affine(code.emit(f"load i32, ptr {at}"))

    def binary(self, name: str, t: Type, a: Any, b: Any) -> Any:
        if _uniform(a) and _uniform(b):
            return self._wrap(self.scalar.binary(name, t, _base(a), _base(b)))
        if not (_is_vector(a) or _is_vector(b) or t.is_float):
            result = self._affine(name, t, a, b)
            if result is not None:
                return result
        return self.vector.binary(name, t, self.materialize(t, a), self.materialize(t, b))

    @staticmethod
    def _wrap(raw: Any) -> Any:
        return Affine(raw) if isinstance(raw, str) else raw

    def _affine(self, name: str, t: Type, a: Any, b: Any) -> Any:
        ops = self.scalar
        if name in ("add", "sub"):
            stride = _stride(a) + _stride(b) if name == "add" else _stride(a) - _stride(b)
            return Affine(ops.binary(name, t, _base(a), _base(b)), stride)
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
            raise _NotFast
        self.guard(self.scalar.compare("ule", t.unsigned, low, room))
        return low

    def unary(self, name: str, t: Type, a: Any) -> Any:
        if _uniform(a):
            return self._wrap(self.scalar.unary(name, t, _base(a)))
        return self.vector.unary(name, t, self.materialize(t, a))

    def compare(self, name: str, t: Type, a: Any, b: Any) -> Any:
        if _uniform(a) and _uniform(b):
            return self._wrap(self.scalar.compare(name, t, _base(a), _base(b)))
        return self.vector.compare(name, t, self.materialize(t, a), self.materialize(t, b))

    def select(self, t: Type, condition: Any, a: Any, b: Any) -> Any:
        if not isinstance(condition, str | Affine):
            return a if condition else b
        if isinstance(condition, Affine) and _uniform(a) and _uniform(b):
            return self._wrap(self.scalar.select(t, condition.base, _base(a), _base(b)))
        return self.vector.select(
            t, self.text(BOOL, condition), self.materialize(t, a), self.materialize(t, b)
        )

    def fma(self, t: Type, a: Any, b: Any, c: Any) -> Any:
        if _uniform(a) and _uniform(b) and _uniform(c):
            return self._wrap(self.scalar.fma(t, _base(a), _base(b), _base(c)))
        x, y, z = (self.materialize(t, raw) for raw in (a, b, c))
        return self.vector.fma(t, x, y, z)

    def bitcast(self, source: Type, target: Type, a: Any) -> Any:
        if isinstance(a, Affine) and not source.is_float and not target.is_float:
            return a
        if _uniform(a):
            return self._wrap(self.scalar.bitcast(source, target, _base(a)))
        return self.vector.bitcast(source, target, self.materialize(source, a))

    def convert(self, source: Type, target: Type, a: Any) -> Any:
        if _uniform(a):
            return self._wrap(self.scalar.convert(source, target, _base(a)))
        if isinstance(a, Affine) and not (source.is_float or target.is_float) and target.bits >= 32:
            if target.bits > source.bits:
                self._no_wrap(source, a)
            return Affine(self.scalar.convert(source, target, a.base), a.stride)
        return self.vector.convert(source, target, self.materialize(source, a))


class _RowMemory:
    """Rows at the start of the loop: affine where claimed, else the chunk's vector."""

    def __init__(self, loop: _FastLoop, inner: Any) -> None:
        self.loop = loop
        self.inner = inner

    def load_word(self, index: int) -> Any:
        loop = self.loop
        shape = loop.claims.get(index)
        if shape is not None:
            at = loop.before.emit(f"getelementptr i8, ptr %vgpr, i64 {index * loop.row_bytes}")
            stride = shape.stride - (shape.stride >> 31 << 32)
            return Affine(loop.before.emit(f"load i32, ptr {at}"), stride)
        raw = self.inner.load_word(index)
        if index < TEMPORARY:
            loop.ops.loaded_rows[raw] = index
        return raw

    def load_pair(self, index: int) -> Any:
        return None

    def store_word(self, index: int, value: Any) -> None:
        self.inner.store_word(index, value)

    def store_pair(self, index: int, value: Any) -> bool:
        return False


@dataclass(frozen=True)
class _Extent:
    """The memory that one access touches: ``size`` bytes from ``base``."""

    space: str
    base: Any
    size: int
    write: bool


class _FastLoop(LaneLoop):
    """A lane loop over affine values that also does memory accesses."""

    def __init__(self, sequence: LaneQueue, before: CodeBuilder, code: CodeBuilder, exec_raw: Any):
        graph = sequence.graph
        super().__init__(
            code,
            sequence.scalars,
            graph.target,
            graph.accum_offset,
            sequence.code.unique(),
            exec_raw,
        )
        self.before = before
        self.claims = sequence.claims
        self.ops = ShapedBackend(before, code, self.wave_size, f"%shift{self.id}")
        self._registers = RegisterCache(self.ops, _RowMemory(self, self._registers.memory))
        self.extents: list[_Extent] = []
        self._range: tuple[str, str] | None = None
        self._rooms: dict[int, Any] = {}

    def _splat(self, t: Type, raw: Any) -> Any:
        return Affine(raw) if isinstance(raw, str) else raw

    def _splat_bool(self, raw: Any) -> Any:
        return Affine(raw) if isinstance(raw, str) else raw

    def _scalar_words(self, raw: Any) -> list[Any]:
        ops = self.ops.scalar
        high = ops.binary("lshr", U64, raw, 32)
        return [ops.convert(U64, U32, word) for word in (raw, high)]

    def _lane_ids(self) -> Any:
        return self._value(U32, Affine(0, 1))

    def run(self, item: VectorItem) -> None:
        for lanes in item.parts:
            mods = lanes.inst.mods
            if mods.dpp or mods.dpp8 or mods.sdwa:
                raise _NotFast
        super().run(item)

    def access(self, item: AccessItem) -> None:
        """One load or store, as plain vector code."""
        address, access = item.address, item.access
        if address is None or access.element.bits > 32:
            raise _NotFast
        size = access.size
        raw = self._address(address.space, address.row)
        if _is_vector(raw):
            raise _NotFast
        stride = _stride(raw)
        if stride != size and (stride or access.kind == "store"):
            raise _NotFast
        if access.count > 1 and stride and self._exec_raw is not None:
            raise _NotFast
        base = self.ops.scalar.binary("add", U64, _base(raw), self._number(address.base))
        span = size * (self.wave_size if stride else 1)
        self._check_extent(_Extent(address.space, base, span, access.kind == "store"))
        self._note(item.inst.offset)
        pointer = self._pointer(address.space, base, stride)
        if access.kind == "load":
            self._load(item, pointer, stride)
        else:
            self._store(item, pointer)

    @staticmethod
    def _number(base: Any) -> Any:
        text = str(base)
        return int(text) if text.lstrip("-").isdigit() else base

    def _address(self, space: str, row: int | None) -> Any:
        if space == "global64" and row is not None:
            return self._registers.read64(row)
        if space in ("global32", "lds"):
            low = 0 if row is None else self._registers.read32(row)
            return self.ops.convert(U32, U64, low)
        raise _NotFast

    def _check_extent(self, extent: _Extent) -> None:
        """Guards that the access stays in its memory and clear of others."""
        ops, code = self.ops.scalar, self.before
        if extent.space == "lds":
            at = code.emit(f"getelementptr i8, ptr %wave, i64 {layout.LDS_SIZE}")
            limit = code.emit(f"zext i32 {code.emit(f'load i32, ptr {at}')} to i64")
            end = ops.binary("add", U64, extent.base, extent.size)
            self.ops.guard(ops.compare("ule", U64, end, limit))
        else:
            if self._range is None:
                start = code.emit(f"load i64, ptr {self._global('anyroc_range_base')}")
                size = code.emit(f"load i64, ptr {self._global('anyroc_range_size')}")
                self._range = start, size
            start, size = self._range
            if extent.size not in self._rooms:
                self._rooms[extent.size] = ops.binary("sub", U64, size, extent.size)
            offset = ops.binary("sub", U64, extent.base, start)
            self.ops.guard(ops.compare("ule", U64, offset, self._rooms[extent.size]))
        for other in self.extents:
            if (extent.write or other.write) and self._may_meet(extent, other):
                self._keep_apart(extent, other)
        self.extents.append(extent)

    @staticmethod
    def _may_meet(a: _Extent, b: _Extent) -> bool:
        return (a.space == "lds") == (b.space == "lds") and (a.base, a.size) != (b.base, b.size)

    def _keep_apart(self, a: _Extent, b: _Extent) -> None:
        ops = self.ops.scalar
        forward, backward = (
            ops.compare("uge", U64, ops.binary("sub", U64, x.base, y.base), y.size)
            for x, y in ((a, b), (b, a))
        )
        apart = ops.binary("and", BOOL, forward, backward)
        if a.size == b.size:
            same = ops.compare("eq", U64, a.base, b.base)
            apart = ops.binary("or", BOOL, apart, same)
        self.ops.guard(apart)

    def _global(self, name: str) -> str:
        self.before.declarations.setdefault(name, f"@{name} = external global i64")
        return f"@{name}"

    def _note(self, offset: int) -> None:
        at = self.code.emit(f"getelementptr i8, ptr %wave, i64 {layout.PC}")
        self.code.do(f"store i32 {offset & 0xFFFFFFFF}, ptr {at}")

    def _pointer(self, space: str, base: Any, stride: int) -> str:
        code, text = self.before, self.ops.scalar.text(U64, base)
        if space == "lds":
            at = code.emit(f"getelementptr i8, ptr %wave, i64 {layout.LDS}")
            start = code.emit(f"load ptr, ptr {at}")
            pointer = code.emit(f"getelementptr i8, ptr {start}, i64 {text}")
        else:
            pointer = code.emit(f"inttoptr i64 {text} to ptr")
        if not stride:
            return pointer
        step = f"%offset{self.id}"
        if stride != 4:
            step = self.code.emit(f"mul i64 %shift{self.id}, {stride}")
        return self.code.emit(f"getelementptr i8, ptr {pointer}, i64 {step}")

    def _load(self, item: AccessItem, pointer: str, stride: int) -> None:
        access, row = item.access, row_of(item.inst.dst[0], self.accum_offset)
        element = f"i{access.element.bits}"
        for i in range(access.count):
            if stride:
                raw = self._load_lanes(pointer, element, access.count, i)
            else:
                at = self.code.emit(f"getelementptr {element}, ptr {pointer}, i64 {i}")
                one = self.code.emit(f"load {element}, ptr {at}, align 1")
                raw = self.ops.vector.splat(TYPES[f"u{access.element.bits}"], one)
            if access.element.bits < 32:
                word = "sext" if access.element.is_signed else "zext"
                raw = self.code.emit(f"{word} <{CHUNK} x {element}> {raw} to <{CHUNK} x i32>")
            self._registers.write32(row + i, raw)

    def _load_lanes(self, pointer: str, element: str, count: int, part: int) -> str:
        code, vector, mask = self.code, f"<{CHUNK} x {element}>", self.exec_chunk()
        if count > 1:
            wide = f"<{CHUNK * count} x {element}>"
            key = ("load", pointer)
            if key not in self._splats:
                self._splats[key] = code.emit(f"load {wide}, ptr {pointer}, align 1")
            picks = ", ".join(f"i32 {part + count * i}" for i in range(CHUNK))
            return code.emit(
                f"shufflevector {wide} {self._splats[key]}, {wide} poison,"
                f" <{CHUNK} x i32> <{picks}>"
            )
        if mask is None:
            return code.emit(f"load {vector}, ptr {pointer}, align 1")
        name = f"llvm.masked.load.v{CHUNK}{element}.p0"
        code.declare(name, vector, "ptr", "i32", f"<{CHUNK} x i1>", vector)
        return code.emit(
            f"call {vector} @{name}(ptr {pointer}, i32 1, <{CHUNK} x i1> {mask},"
            f" {vector} zeroinitializer)"
        )

    def _store(self, item: AccessItem, pointer: str) -> None:
        access, code = item.access, self.code
        data = next(o for o in item.inst.src if o.role in ("vdata", "data0") and o.kind in "va")
        row, element = row_of(data, self.accum_offset), f"i{access.element.bits}"
        words = [self.ops.text(U32, self._registers.read32(row + i)) for i in range(access.count)]
        if access.count > 1:
            self._store_interleaved(words, pointer)
            return
        text, vector, mask = words[0], f"<{CHUNK} x {element}>", self.exec_chunk()
        if access.element.bits < 32:
            text = code.emit(f"trunc <{CHUNK} x i32> {text} to {vector}")
        if mask is None:
            code.do(f"store {vector} {text}, ptr {pointer}, align 1")
            return
        name = f"llvm.masked.store.v{CHUNK}{element}.p0"
        code.declare(name, "void", vector, "ptr", "i32", f"<{CHUNK} x i1>")
        code.do(f"call void @{name}({vector} {text}, ptr {pointer}, i32 1, <{CHUNK} x i1> {mask})")

    def _store_interleaved(self, words: list[str], pointer: str) -> None:
        code, count = self.code, len(words)
        vectors = [(text, CHUNK) for text in words]
        if count == 3:
            raise _NotFast
        while len(vectors) > 1:
            merged = []
            for (a, size), (b, _) in zip(vectors[::2], vectors[1::2], strict=True):
                wide = ", ".join(f"i32 {i}" for i in range(2 * size))
                text = code.emit(
                    f"shufflevector <{size} x i32> {a}, <{size} x i32> {b},"
                    f" <{2 * size} x i32> <{wide}>"
                )
                merged.append((text, 2 * size))
            vectors = merged
        text, size = vectors[0]
        order = ", ".join(f"i32 {CHUNK * j + i}" for i in range(CHUNK) for j in range(count))
        mixed = code.emit(
            f"shufflevector <{size} x i32> {text}, <{size} x i32> poison, <{size} x i32> <{order}>"
        )
        code.do(f"store <{size} x i32> {mixed}, ptr {pointer}, align 1")


def emit_fast(sequence: LaneQueue, slots: dict[int, str], exec_raw: Any) -> str | None:
    """Emits guards and fast loop; the code that follows is for when a guard fails.

    The result is the label where both ways meet, None if there is no fast form (then nothing was
    emitted).
    """
    items = sequence.items
    if not any(isinstance(item, AccessItem) for item in items):
        return None
    main = sequence.code
    before, taken = main.child(), main.child()
    loop = _FastLoop(sequence, before, main.child(), exec_raw)
    loop.inactive = items[-1].inactive
    number = loop.id
    try:
        taken.start(f"fast{number}")
        vectors = [item for item in items if isinstance(item, VectorItem)]
        written = loop.preload_masks(taken, vectors, slots) & sequence.live_masks()
        for item in items:
            if isinstance(item, AccessItem):
                loop.access(item)
            else:
                loop.run(item)
        loop.finish(slots, written, items[-1].live)
        loop.place(taken)
    except (_NotFast, Unsupported):
        return None
    main.lines += before.lines
    condition: str = "true"
    for i, guard in enumerate(dict.fromkeys(loop.ops.guards)):
        condition = main.emit(f"and i1 {condition}, {guard}") if i else guard
    main.do(f"br i1 {condition}, label %fast{number}, label %slow{number}")
    main.lines += taken.lines
    main.do(f"br label %join{number}")
    main.start(f"slow{number}")
    return f"join{number}"
