"""The body of a hot loop (:mod:`anyroc.translate.hotloop`): a chunk's part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anyroc.semantics.values import BOOL, U32, U64, Value, select
from anyroc.translate import layout
from anyroc.translate.fast import FastLoop
from anyroc.translate.lane_items import Lanes
from anyroc.translate.lanes import LaneLoop
from anyroc.translate.llvm import CodeBuilder
from anyroc.translate.operands import Source
from anyroc.translate.registers import RegisterCache, ScalarFile
from anyroc.translate.shaped import Affine, NotAffine

if TYPE_CHECKING:
    from anyroc.translate.hotloop import HotLoop

__all__ = ["AccessCode", "ChunkCode", "LoopScalars"]


class _LoopScalars:
    """Scalar registers around the loop: each one read becomes a phi."""

    def __init__(self, loop: HotLoop) -> None:
        self.loop = loop

    def load_word(self, index: int) -> Any:
        return self.loop.scalar_phi(index)

    def load_pair(self, index: int) -> Any:
        return None

    def store_word(self, index: int, value: Any) -> None:
        raise AssertionError("scalar registers are stored at the exit")

    def store_pair(self, index: int, value: Any) -> bool:
        raise AssertionError("scalar registers are stored at the exit")


class _LoopRows(_LoopScalars):
    """One chunk's vector registers around the loop."""

    def __init__(self, loop: HotLoop, chunk: int) -> None:
        super().__init__(loop)
        self.chunk = chunk

    def load_word(self, index: int) -> Any:
        return self.loop.vector_phi(index, self.chunk)


class LoopScalars(ScalarFile):
    """Scalar registers that know no memory inside the loop."""

    def __init__(self, loop: HotLoop, code: CodeBuilder) -> None:
        super().__init__(code, loop.graph.wave_size)
        self.memory = _LoopScalars(loop)
        self.loop = loop

    def read_scc(self) -> Any:
        if self._scc is None:
            self._scc = self.loop.scc_phi()
        return self._scc

    @property
    def scc(self) -> Any:
        return self._scc


class _InLoop(LaneLoop):
    """What one chunk's part of the loop body does apart from accesses."""

    chunk: int
    loop: HotLoop

    def _mask(self, source: Source) -> Any:
        return self._chunk_of_mask(source.raw)

    def exec_chunk(self) -> Any:
        if self.loop.full:
            return None
        mask = self._chunk_of_mask(self.scalars.read_mask(layout.EXEC))
        if not isinstance(mask, str):
            return None if mask else "zeroinitializer"
        return mask

    def _write_word(self, item: Lanes, row: int, word: Value) -> None:
        if self.loop.masked and self.inactive >> row & 1:
            old = self._value(U32, self._registers.read32(row))
            word = select(self._value(BOOL, self.exec_chunk()), word, old)
        self._registers.write32(row, word.raw)

    def _write_pair(self, item: Lanes, row: int, value: Value) -> None:
        if self.loop.masked and self.inactive >> row & 3:
            old = self._value(U64, self._registers.read64(row))
            value = select(self._value(BOOL, self.exec_chunk()), value, old)
        self._registers.write64(row, value.raw)

    def compute(self, parts: list[Lanes]) -> dict[int, Any]:
        """Runs one instruction; the masks that it writes, by scalar register."""
        self._masks = {}
        results = [self._run(lanes) for lanes in parts]
        for lanes, values in zip(parts, results, strict=True):
            self._write(lanes, values)
        return self._masks

    @property
    def rows_written(self) -> set[int]:
        return self._registers.written

    def row(self, index: int) -> Any:
        return self._registers.read32(index)


class ChunkCode(_InLoop):
    """One chunk's part of a loop that only computes."""

    def __init__(self, loop: HotLoop, code: CodeBuilder, scalars: ScalarFile, chunk: int) -> None:
        graph = loop.graph
        number = loop.number * 8 + chunk
        super().__init__(code, scalars, graph.target, graph.accum_offset, number, None)
        self.chunk, self.loop = chunk, loop
        self._registers = RegisterCache(self.ops, _LoopRows(loop, chunk))


class _AccessRows(_LoopRows):
    """Rows with claims go around the loop as the first lane's value."""

    def load_word(self, index: int) -> Any:
        shape = self.loop.claims.get(index)
        if shape is None:
            return super().load_word(index)
        stride = shape.stride - (shape.stride >> 31 << 32)
        return Affine(self.loop.affine_phi(index, self.chunk), stride)


class AccessCode(_InLoop, FastLoop):
    """One chunk's part of a loop that loads and stores.

    Chunks do each access side by side, in the order of the program, so none need be kept apart.
    """

    def __init__(self, loop: HotLoop, code: CodeBuilder, scalars: ScalarFile, chunk: int) -> None:
        exec_raw = None if loop.full else scalars.read_mask(layout.EXEC)
        super().__init__(
            loop.graph, scalars, loop.claims, code, code, loop.number * 8 + chunk, exec_raw
        )
        self.chunk, self.loop = chunk, loop
        self._registers = RegisterCache(self.ops, _AccessRows(loop, chunk))

    def compute(self, parts: list[Lanes]) -> dict[int, Any]:
        if any(lanes.inst.mods.sdwa for lanes in parts):
            raise NotAffine
        return super().compute(parts)

    def _keep_clear(self, extent: Any) -> None:
        pass

    def _note(self, offset: int) -> None:
        if self.chunk == 0:
            super()._note(offset)
