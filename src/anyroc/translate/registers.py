"""Register files inside straight-line code: memory behind, SSA values in front.

Registers live in the wave.  Within a stretch of straight-line code each is loaded at most once,
its later values stay SSA values, and what was written is stored when the stretch ends.  A 64-bit
value is kept whole; its halves are split off only when asked for.
"""

from __future__ import annotations

from typing import Any, Protocol

from anyroc.semantics.values import BOOL, U32, U64, Type
from anyroc.translate import layout
from anyroc.translate.llvm import CodeBuilder, LLVMBackend

__all__ = ["Memory", "RegisterCache", "ScalarFile"]


class Memory(Protocol):
    """Where the registers live."""

    def load_word(self, index: int) -> Any: ...

    def load_pair(self, index: int) -> Any:
        """Two registers as one 64-bit value, or None where that is no single load."""

    def store_word(self, index: int, value: Any) -> None: ...

    def store_pair(self, index: int, value: Any) -> bool:
        """False where two words must be stored instead."""


class RegisterCache:
    """32-bit registers with values of type U32, and pairs of them with values of type U64."""

    def __init__(self, ops: Any, memory: Memory) -> None:
        self.ops = ops
        self.memory = memory
        self._words: dict[int, Any] = {}
        self._pairs: dict[int, Any] = {}
        self._dirty_words: set[int] = set()
        self._dirty_pairs: set[int] = set()

    @property
    def written(self) -> set[int]:
        """Registers written and not yet stored."""
        return self._dirty_words | {i + k for i in self._dirty_pairs for k in (0, 1)}

    def read32(self, index: int) -> Any:
        if index in self._words:
            return self._words[index]
        if index in self._pairs:
            value = self.ops.convert(U64, U32, self._pairs[index])
        elif index - 1 in self._pairs:
            high = self.ops.binary("lshr", U64, self._pairs[index - 1], 32)
            value = self.ops.convert(U64, U32, high)
        else:
            value = self.memory.load_word(index)
        self._words[index] = value
        return value

    def _known(self, index: int) -> bool:
        return any(i in self._words for i in (index, index + 1)) or any(
            i in self._pairs for i in (index - 1, index + 1)
        )

    def read64(self, index: int) -> Any:
        if index in self._pairs:
            return self._pairs[index]
        value = None if self._known(index) else self.memory.load_pair(index)
        if value is None:
            value = self.ops.pair(self.read32(index), self.read32(index + 1))
        self._pairs[index] = value
        return value

    def _forget_pair(self, index: int, keep: tuple[int, ...]) -> None:
        """Drops a cached pair; ``keep`` are the halves whose values must survive."""
        if index not in self._pairs:
            return
        if index in self._dirty_pairs:
            for half in keep:
                if half not in self._dirty_words:
                    self.read32(half)
                    self._dirty_words.add(half)
        del self._pairs[index]
        self._dirty_pairs.discard(index)

    def write32(self, index: int, value: Any) -> None:
        self._forget_pair(index, (index + 1,))
        self._forget_pair(index - 1, (index - 1,))
        self._words[index] = value
        self._dirty_words.add(index)

    def write64(self, index: int, value: Any) -> None:
        self._forget_pair(index - 1, (index - 1,))
        self._forget_pair(index + 1, (index + 2,))
        self._pairs[index] = value
        for word in (index, index + 1):
            self._words.pop(word, None)
            self._dirty_words.discard(word)
        self._dirty_pairs.add(index)

    def forget(self, first: int, count: int) -> None:
        """Registers that somebody else wrote in memory: what is cached of them is stale."""
        last = first + count
        for index in range(first - 1, last):
            halves = (index, index + 1)
            self._forget_pair(index, tuple(h for h in halves if not first <= h < last))
        for index in range(first, last):
            self._words.pop(index, None)
            self._dirty_words.discard(index)

    def store(self, live: int | None = None) -> None:
        """Stores what was written (of the set bits of ``live``, where given); cached values stay
        good."""
        for index in sorted(self._dirty_pairs):
            wanted = [i for i in (index, index + 1) if live is None or live >> i & 1]
            if len(wanted) == 2 and self.memory.store_pair(index, self._pairs[index]):
                continue
            for i in wanted:
                if i not in self._dirty_words:
                    self.memory.store_word(i, self.read32(i))
        for index in sorted(self._dirty_words):
            if live is None or live >> index & 1:
                self.memory.store_word(index, self._words[index])
        self._dirty_pairs.clear()
        self._dirty_words.clear()


class _WaveScalars:
    def __init__(self, code: CodeBuilder, ops: LLVMBackend) -> None:
        self.code = code
        self.ops = ops

    def address(self, offset: int) -> str:
        return self.code.emit(f"getelementptr i8, ptr %wave, i64 {offset}") if offset else "%wave"

    def load_word(self, index: int) -> Any:
        return self.code.emit(f"load i32, ptr {self.address(4 * index)}")

    def load_pair(self, index: int) -> Any:
        return self.code.emit(f"load i64, ptr {self.address(4 * index)}, align 4")

    def store_word(self, index: int, value: Any) -> None:
        self.code.do(f"store i32 {self.ops.text(U32, value)}, ptr {self.address(4 * index)}")

    def store_pair(self, index: int, value: Any) -> bool:
        text = self.ops.text(U64, value)
        self.code.do(f"store i64 {text}, ptr {self.address(4 * index)}, align 4")
        return True


class ScalarFile(RegisterCache):
    """SGPRs, VCC, M0, EXEC and SCC of the wave, inside one basic block."""

    def __init__(self, code: CodeBuilder, wave_size: int) -> None:
        ops = LLVMBackend(code, 0)
        super().__init__(ops, _WaveScalars(code, ops))
        self.code = code
        self.wave_size = wave_size
        self.mask_type: Type = U64 if wave_size == 64 else U32
        self._scc: Any = None
        self._scc_dirty = False

    def address(self, offset: int) -> str:
        """The address of a byte of the wave."""
        return self.code.emit(f"getelementptr i8, ptr %wave, i64 {offset}") if offset else "%wave"

    def read32(self, index: int) -> Any:
        return 0 if index == layout.NULL else super().read32(index)

    def read64(self, index: int) -> Any:
        return 0 if index == layout.NULL else super().read64(index)

    def write32(self, index: int, value: Any) -> None:
        if index != layout.NULL:
            super().write32(index, value)

    def write64(self, index: int, value: Any) -> None:
        if index != layout.NULL:
            super().write64(index, value)

    def read_mask(self, index: int) -> Any:
        """A lane mask: as wide as the wave."""
        return self.read64(index) if self.wave_size == 64 else self.read32(index)

    def write_mask(self, index: int, value: Any) -> None:
        if self.wave_size == 64:
            self.write64(index, value)
        else:
            self.write32(index, value)

    def read_scc(self) -> Any:
        if self._scc is None:
            word = self.code.emit(f"load i32, ptr {self.address(layout.SCC)}")
            self._scc = self.code.emit(f"icmp ne i32 {word}, 0")
        return self._scc

    def write_scc(self, value: Any) -> None:
        self._scc = value
        self._scc_dirty = True

    def code_address(self, vaddr: int) -> Any:
        """Where an address of the code object lies in this process."""
        base = self.code.emit(f"load i64, ptr {self.address(layout.CODE_BASE)}")
        return self.ops.binary("add", U64, base, vaddr)

    def load_mode(self) -> Any:
        """The MODE register."""
        return self.code.emit(f"load i32, ptr {self.address(layout.MODE)}")

    def store_mode(self, value: Any) -> None:
        text = self.ops.text(U32, value)
        self.code.do(f"store i32 {text}, ptr {self.address(layout.MODE)}")

    def store_exec(self) -> None:
        """Makes EXEC visible to helpers."""
        for index in (layout.EXEC, layout.EXEC + 1):
            if index in self._dirty_words:
                self.memory.store_word(index, self._words[index])
                self._dirty_words.discard(index)
        if layout.EXEC in self._dirty_pairs:
            self.memory.store_pair(layout.EXEC, self._pairs[layout.EXEC])
            self._dirty_pairs.discard(layout.EXEC)

    def store(self, live: int | None = None) -> None:
        super().store(live)
        if self._scc_dirty:
            word = self.ops.convert(BOOL, U32, self._scc)
            self.code.do(f"store i32 {self.ops.text(U32, word)}, ptr {self.address(layout.SCC)}")
            self._scc_dirty = False
