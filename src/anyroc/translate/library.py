"""The routines that are compiled beforehand: which there are, and getting them into the process.

Which shapes of instructions are common is data: ``common.routines`` holds one instruction of each,
as ``ISA bytes``, most frequent first.  ``python -m anyroc.translate.collect FILE...`` prints such
lines for the kernels in files.  Routines depend on little of a GPU, so those of one generation
serve the next ones too; a shape that is in no line is translated in the kernel itself.
"""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from anyroc import cache, native
from anyroc.isa.targets import TARGETS, Target
from anyroc.translate.machine import environment_key, native_code

if TYPE_CHECKING:
    from anyroc.isa.instruction import Instruction
    from anyroc.translate.llvm import CodeBuilder
    from anyroc.translate.routines import Routine, Routines

__all__ = ["Library", "common", "library", "listed"]

_LIST = Path(__file__).with_name("common.routines")
_COMMON_ATOMICS = ("add_", "and_", "cmp", "max_", "min_", "or_", "sub_", "swap_", "xor_")
_MODES = (0x3F0, 0x3C0)
"""What MODE often is: the usual, and with denormals of F32 flushed."""
_FLOAT_BITS, _IEEE_BITS = 0x8000FF, 0x300
"""The bits of MODE that arithmetic depends on (see `anyroc.semantics.environment`, whose import
would take longer than all else here)."""
_LEVEL = 2
_PATIENCE = 0.5  # seconds of work after which people are told what takes so long


class Library:
    """The compiled routines for a wave size, a kind of GPU, and the MODE that kernels start in.

    Those that only load them, to run what was translated before, need no semantics.
    """

    def __init__(self, wave_size: int, target: Target, mode: int) -> None:
        self.wave_size = wave_size
        self.target = target
        self.mode = mode
        data = self._data()
        self._names, _, self._object = data.partition(b"\0")
        self._loaded = False
        self._lock = threading.Lock()

    @cached_property
    def routines(self) -> Routines:
        """What the library has, for code that is to call it."""
        from anyroc.translate.routines import Routines

        symbols = frozenset(self._names.decode().split())
        return Routines(self.wave_size, self.target, symbols)

    def load(self) -> None:
        """Let kernels that are loaded from now on call the routines."""
        with self._lock:
            if not self._loaded:
                native.link_library(self._object)
                self._loaded = True

    def _data(self) -> bytes:
        store = cache.default()
        features = str(_kind(self.wave_size, self.target, self.mode))
        key = cache.key(environment_key(), features)
        path = store.get("routines", key, ".o")
        if path is not None:
            return path.read_bytes()
        note = threading.Timer(
            _PATIENCE, print, ["anyroc: compiling common instructions (once)"], {"file": sys.stderr}
        )
        note.daemon = True
        note.start()
        try:
            data = self._build()
        finally:
            note.cancel()
        store.put("routines", key, ".o", data)
        return data

    def _build(self) -> bytes:
        from anyroc.translate.llvm import CodeBuilder
        from anyroc.translate.operands import Unsupported

        code = CodeBuilder()
        declarations = code.declarations
        texts = _atomics(code, self.wave_size)
        for routine in common(self.wave_size, self.target, self.mode):
            if routine.symbol not in texts:
                try:
                    texts[routine.symbol] = routine.text(declarations)
                except (Unsupported, NotImplementedError):
                    continue
        made = native_code("\n".join([*declarations.values(), *texts.values()]), _LEVEL)
        return " ".join(texts).encode() + b"\0" + made


def listed(isa: str, wave_size: int) -> list[tuple[Instruction, bytes]]:
    """The list's instructions of an ISA, with their bytes."""
    from anyroc.isa.decode import decoder
    from anyroc.isa.instruction import DecodeError

    found = []
    for line in _LIST.read_text(encoding="ascii").splitlines():
        name, _, code = line.partition(" ")
        if name == isa:
            raw = bytes.fromhex(code)
            with suppress(DecodeError):  # dual-issue instructions do not exist in waves of 64
                found.append((decoder(isa, wave_size).decode(raw), raw))
    return found


def common(wave_size: int, target: Target, mode: int) -> list[Routine]:
    """The routines that the list asks for, as far as a GPU like the target can have them."""
    import anyroc.semantics  # noqa: F401  (registers the instructions)
    from anyroc.semantics.core import OPERATIONS, Op
    from anyroc.semantics.environment import Mode, under
    from anyroc.translate.routines import routine_of

    found = []
    for isa in sorted(_alike(wave_size, target)):
        for inst, _ in listed(isa, wave_size):
            for part in inst.parts or (inst,):
                operation = OPERATIONS.get(part.op)
                if isinstance(operation, Op):
                    known = Mode(0xFFFFFFFF, mode, target.has_ieee_mode)
                    operation = under(operation, known, part.mods)
                    routine = routine_of(part, operation, wave_size, target)
                    found += [routine] if routine is not None else []
    return found


def _atomics(code: CodeBuilder, wave_size: int) -> dict[str, str]:
    """The functions of common atomics in the memories that programs share."""
    import anyroc.semantics  # noqa: F401  (registers the instructions)
    from anyroc.semantics.core import ATOMICS, OPERATIONS, Access
    from anyroc.translate.atomics import AtomicFunctions

    texts: dict[str, str] = {}
    functions = AtomicFunctions(code, wave_size, texts)
    for entry in OPERATIONS.values():
        if isinstance(entry, Access) and entry.atomic.startswith(_COMMON_ATOMICS):
            words = entry.element.bits * entry.count // 32
            spaces = {"global": ("global64", "global32"), "flat": ("flat",), "lds": ("lds",)}
            for space in spaces.get(entry.space, ()):
                functions.function(ATOMICS[entry.atomic], space, words)
    return {name: text.replace("define internal", "define", 1) for name, text in texts.items()}


def _kind(wave_size: int, target: Target, mode: int) -> tuple[int, bool, int, bool]:
    """What routines depend on."""
    return wave_size, target.zeroes_high_half, mode, target.has_ieee_mode


def _alike(wave_size: int, target: Target) -> set[str]:
    """The ISAs whose instructions become the same routines as the target's."""
    return {
        other.isa
        for other in TARGETS.values()
        if wave_size in other.wave_sizes and other.zeroes_high_half == target.zeroes_high_half
    }


_libraries: dict[tuple[int, bool, int, bool], Library] = {}
_making = threading.Lock()


def library(wave_size: int, target: Target, mode: int) -> Library:
    """The library for a wave size, a GPU and a kernel's MODE, compiled unless the cache has it.

    For unusual modes it is that of the usual one, in which there is less for them.
    """
    matters = _FLOAT_BITS | (_IEEE_BITS if target.has_ieee_mode else 0)
    chosen = next((m for m in _MODES if not (mode ^ m) & matters), _MODES[0])
    key = _kind(wave_size, target, chosen)
    with _making:
        if key not in _libraries:
            _libraries[key] = Library(wave_size, target, chosen)
        return _libraries[key]
