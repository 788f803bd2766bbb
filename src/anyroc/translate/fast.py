"""The fast form of a sequence: one loop over chunks that does its memory accesses itself.

It serves sequences whose addresses are affine (:mod:`anyroc.translate.shaped`).  Guards say that
each affine value is one, that each access stays inside its memory and that no store meets another
access's memory.  If a guard fails at run time, the sequence runs as lane loops and helper calls
instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from anyroc.isa.instruction import Instruction
from anyroc.semantics.core import Access
from anyroc.semantics.values import BOOL, U32, U64, Type
from anyroc.translate import layout
from anyroc.translate.cfg import Graph
from anyroc.translate.lane_items import AccessItem, VectorItem
from anyroc.translate.lane_sources import TEMPORARY
from anyroc.translate.lanes import LaneLoop, renamed_lines
from anyroc.translate.llvm import CodeBuilder
from anyroc.translate.memory import Address
from anyroc.translate.operands import Unsupported, row_of
from anyroc.translate.registers import RegisterCache, ScalarFile
from anyroc.translate.shaped import (
    Affine,
    NotAffine,
    ShapedBackend,
    base_of,
    is_vector,
    stride_of,
)
from anyroc.translate.shapes import Claims
from anyroc.translate.vectors import CHUNK

if TYPE_CHECKING:
    from anyroc.translate.sequence import LaneQueue

__all__ = ["FastLoop", "emit_fast"]


_AHEAD = 2048
"""Bytes by which streams are prefetched."""
_LINE = 64
"""Bytes of a cache line."""
_MOST_PAIRS = 24
"""Pairs of accesses that a loop may have to keep apart; their number grows with the square."""


class _RowMemory:
    """Rows at the start of the loop: affine where claimed, else the chunk's vector."""

    def __init__(self, loop: FastLoop, inner: Any) -> None:
        self.loop = loop
        self.inner = inner

    def load_word(self, index: int) -> Any:
        loop = self.loop
        shape = loop.claims.get(index)
        if shape is not None:
            stride = shape.stride - (shape.stride >> 31 << 32)
            return Affine(loop.ops.load_first(index), stride)
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


@dataclass(frozen=True)
class _Access:
    """A load or store of ``count`` elements per lane to or from ``register`` on."""

    inst: Instruction
    space: str
    address: Any
    base: Any
    register: int
    element: Type
    count: int
    write: bool

    @property
    def size(self) -> int:
        return self.element.bits // 8 * self.count


class FastLoop(LaneLoop):
    """A lane loop over affine values that also does memory accesses."""

    def __init__(
        self,
        graph: Graph,
        scalars: ScalarFile,
        claims: Claims,
        before: CodeBuilder,
        code: CodeBuilder,
        number: int,
        exec_raw: Any,
    ) -> None:
        """``before`` collects what is done ahead of the lanes; ``claims``: about rows at the
        start."""
        super().__init__(code, scalars, graph.target, graph.accum_offset, number, exec_raw)
        self.before = before
        self.claims = claims
        self.ops = ShapedBackend(before, code, graph.run, self.wave_size, number)
        self._registers = RegisterCache(self.ops, _RowMemory(self, self._registers.memory))
        self.extents: list[_Extent] = []
        self.pairs = 0
        self._reaches: dict[tuple[bool, Any], tuple[int, int]] = {}
        self._prefetched: set[tuple[Any, int]] = set()

    def _splat(self, t: Type, raw: Any) -> Any:
        return Affine(raw) if isinstance(raw, str) else raw

    def _splat_bool(self, raw: Any) -> Any:
        return Affine(raw) if isinstance(raw, str) else raw

    def _scalar_words(self, raw: Any) -> list[Any]:
        ops = self.ops.scalar
        high = ops.binary("lshr", U64, raw, 32)
        return [ops.convert(U64, U32, word) for word in (raw, high)]

    def _lane_ids(self) -> Any:
        if not self.ops.per_chunk:
            return self._value(U32, Affine(0, 1))
        first = self.before.emit(f"trunc i64 %shift{self.id} to i32")
        return self._value(U32, Affine(first, 1))

    def run(self, item: VectorItem) -> None:
        for lanes in item.parts:
            mods = lanes.inst.mods
            if mods.dpp or mods.dpp8 or mods.sdwa:
                raise NotAffine
        super().run(item)

    def access(self, inst: Instruction, access: Access, address: Address | None) -> None:
        """One load or store, as plain vector code; ``address``: None where it is no plain one."""
        element, count = access.element, access.count
        if element.bits == 64:
            element, count = U32, 2 * count
        if address is None or element.bits > 32:
            raise NotAffine
        write = access.kind == "store"
        raw = self._address(address.space, address.row)
        bases = [self._number(address.base)]
        if access.stride:
            bases = [n * access.stride for n in (inst.mods.offset0, inst.mods.offset1)]
        for part, base in enumerate(bases):
            register = self._register(inst, write, part, count)
            self._transfer(_Access(inst, address.space, raw, base, register, element, count, write))

    def _register(self, inst: Instruction, write: bool, part: int, count: int) -> int:
        if not write:
            return row_of(inst.dst[0], self.accum_offset) + part * count
        data = [
            o for o in inst.src if o.role in ("vdata", "data0", "data1") and o.kind in ("v", "a")
        ]
        return row_of(data[part], self.accum_offset)

    def _transfer(self, access: _Access) -> None:
        stride, size = stride_of(access.address), access.size
        side_by_side = stride == size and access.count > 1
        if stride not in (0, 4, size) or (stride != size and access.write):
            raise NotAffine
        if stride == 4 and access.element.bits != 32:
            raise NotAffine
        if side_by_side and self._exec_raw is not None:
            raise NotAffine
        start, lds = base_of(access.address), access.space == "lds"
        base = self.ops.scalar.binary("add", U64, start, access.base)
        span = size + stride * (self.ops.run - 1)
        fixed = access.base if isinstance(access.base, int) else None
        self._reach(lds, *((base, 0) if fixed is None else (start, _signed(fixed))), span)
        self._keep_clear(_Extent(access.space, base, span, access.write))
        pointer = self._pointer(access.space, base, stride)
        if not lds:  # there a guard is all that it takes
            self._note(access.inst.offset)
            line = (base, 0) if fixed is None else (start, _signed(fixed) // _LINE)
            if not access.write and stride == size and line not in self._prefetched:
                self._prefetched.add(line)
                self._prefetch(pointer)
        if access.write:
            self._store(access, pointer)
        else:
            self._load(access, pointer, stride)

    def _prefetch(self, pointer: str) -> None:
        """Asks for memory that waves to come will stream through; a wild address does no harm."""
        self.code.declare("llvm.prefetch.p0", "void", "ptr", "i32", "i32", "i32")
        ahead = self.code.emit(f"getelementptr i8, ptr {pointer}, i64 {_AHEAD}")
        self.code.do(f"call void @llvm.prefetch.p0(ptr {ahead}, i32 0, i32 3, i32 1)")

    @staticmethod
    def _number(base: Any) -> Any:
        text = str(base)
        return int(text) if text.lstrip("-").isdigit() else base

    def _address(self, space: str, row: int | None) -> Any:
        if space == "global64" and row is not None:
            raw = self.ops.settle(self._registers.read64(row))
        elif space in ("global32", "lds"):
            low = 0 if row is None else self._registers.read32(row)
            raw = self.ops.convert(U32, U64, low)
        else:
            raise NotAffine
        if is_vector(raw):
            raise NotAffine
        return raw

    def _reach(self, lds: bool, start: Any, offset: int, size: int) -> None:
        """Takes note of what an access touches: ``size`` bytes at a known offset from ``start``."""
        low, high = self._reaches.get((lds, start), (offset, offset))
        self._reaches[lds, start] = min(low, offset), max(high, offset + size)

    def guard_reaches(self) -> None:
        """Guards that all accesses stay in their memory."""
        ops, code = self.ops.scalar, self.before
        limit = first = room = ""
        for (lds, start), (low, high) in self._reaches.items():
            if lds:
                if not limit:
                    at = code.emit(f"getelementptr i8, ptr %wave, i64 {layout.LDS_SIZE}")
                    limit = code.emit(f"zext i32 {code.emit(f'load i32, ptr {at}')} to i64")
                end = ops.binary("add", U64, start, high)
                self.ops.guard(ops.compare("ule", U64, end, limit))
                continue
            if not first:
                first = code.emit(f"load i64, ptr {self._global('anyroc_range_base')}")
                room = code.emit(f"load i64, ptr {self._global('anyroc_range_size')}")
            begin = ops.binary("add", U64, start, low & 0xFFFFFFFFFFFFFFFF)
            offset = ops.binary("sub", U64, begin, first)
            last = ops.binary("sub", U64, room, high - low)
            self.ops.guard(ops.compare("ule", U64, offset, last))

    def _keep_clear(self, extent: _Extent) -> None:
        """Guards that the access does not meet others."""
        for other in self.extents:
            if (extent.write or other.write) and self._may_meet(extent, other):
                self.pairs += 1
                if self.ops.per_chunk or self.pairs > _MOST_PAIRS:
                    raise NotAffine
                self._keep_apart(extent, other)
        self.extents.append(extent)

    def _may_meet(self, a: _Extent, b: _Extent) -> bool:
        if (a.space == "lds") != (b.space == "lds"):
            return False
        return self.ops.per_chunk or (a.base, a.size) != (b.base, b.size)

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
        if not stride or self.ops.per_chunk:
            return pointer
        step = f"%offset{self.id}"
        if stride != 4:
            step = self.code.emit(f"mul i64 %shift{self.id}, {stride}")
        return self.code.emit(f"getelementptr i8, ptr {pointer}, i64 {step}")

    def _load(self, access: _Access, pointer: str, stride: int) -> None:
        element = f"i{access.element.bits}"
        for i in range(access.count):
            at = pointer
            if stride in (0, 4) and i:
                at = self.code.emit(f"getelementptr {element}, ptr {pointer}, i64 {i}")
            if stride == access.size:
                raw = self._load_lanes(pointer, element, access.count, i)
            elif stride:
                raw = self._load_lanes(at, element, 1, 0)
            else:
                one = self.code.emit(f"load {element}, ptr {at}, align 1")
                raw = self.ops.vector.splat(access.element.unsigned, one)
            if access.element.bits < 32:
                word = "sext" if access.element.is_signed else "zext"
                raw = self.code.emit(f"{word} <{CHUNK} x {element}> {raw} to <{CHUNK} x i32>")
            self._registers.write32(access.register + i, raw)

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

    def _store(self, access: _Access, pointer: str) -> None:
        code, element = self.code, f"i{access.element.bits}"
        rows = range(access.register, access.register + access.count)
        words = [self.ops.text(U32, self._registers.read32(row)) for row in rows]
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
            raise NotAffine
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


def emit_fast(queue: LaneQueue, slots: dict[int, str], exec_raw: Any) -> str | None:
    """Emits guards and fast loop; the code that follows is for when a guard fails.

    The result is the label where both ways meet, None if there is no fast form (then nothing was
    emitted).
    """
    items, main = queue.items, queue.code
    if not any(isinstance(item, AccessItem) for item in items):
        return None
    before, taken = main.child(), main.child()
    claims, number = items[0].claims, main.unique()
    loop = FastLoop(queue.graph, queue.scalars, claims, before, main.child(), number, exec_raw)
    loop.inactive = items[-1].inactive
    try:
        taken.start(f"fast{number}")
        vectors = [item for item in items if isinstance(item, VectorItem)]
        written = loop.preload_masks(taken, vectors, slots) & queue.live_masks()
        for item in items:
            if isinstance(item, AccessItem):
                loop.access(item.inst, item.access, item.address)
            else:
                loop.run(item)
        loop.finish(slots, written, items[-1].live)
        loop.guard_reaches()
    except (NotAffine, Unsupported):
        return None
    if loop.ops.per_chunk:
        condition = _check_chunks(loop, main)
        loop.code.lines[:0] = before.lines
    else:
        main.lines += before.lines
        condition = _all_guards(loop, main)
    loop.place(taken)
    main.do(f"br i1 {condition}, label %fast{number}, label %slow{number}")
    main.lines += taken.lines
    main.do(f"br label %join{number}")
    main.start(f"slow{number}")
    return f"join{number}"


def _signed(number: int) -> int:
    return number - (number >> 63 << 64)


def _all_guards(loop: FastLoop, code: CodeBuilder) -> str:
    condition = "true"
    for i, guard in enumerate(dict.fromkeys(loop.ops.guards)):
        condition = code.emit(f"and i1 {condition}, {guard}") if i else guard
    return condition


def _check_chunks(loop: FastLoop, main: CodeBuilder) -> str:
    """A loop that evaluates the guards for each chunk: whether all hold in all."""
    number, check = loop.id, main.child()
    check.lines += loop.before.lines
    good = _all_guards(loop, check)
    before = main.current
    main.do(f"br label %check{number}")
    main.start(f"check{number}")
    main.do(f"%so.far{number} = phi i1 [ true, %{before} ], [ %good{number}, %check{number} ]")
    head = [
        f"%offset{number} = phi i64 [ 0, %{before} ], [ %next{number}, %check{number} ]",
        f"%shift{number} = lshr i64 %offset{number}, 2",
        f"%chunk{number} = getelementptr i8, ptr %vgpr, i64 %offset{number}",
    ]
    tail = [
        f"%next{number} = add i64 %offset{number}, {4 * CHUNK}",
        f"%done{number} = icmp eq i64 %next{number}, {loop.row_bytes}",
        f"%good{number} = and i1 %so.far{number}, {good}",
    ]
    renamed = renamed_lines([*head, *check.lines, *tail], ".check")
    main.lines += renamed
    main.lines[-1] = main.lines[-1].replace(f"%good{number}.check =", f"%good{number} =")
    main.do(f"br i1 %done{number}.check, label %checked{number}, label %check{number}")
    main.start(f"checked{number}")
    return f"%good{number}"
