"""From a kernel's machine code to a function of this process, by way of the on-disk cache."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from anyroc import cache, native
from anyroc.errors import UnsupportedInstruction
from anyroc.hooks import Instrument
from anyroc.isa.targets import Target
from anyroc.translate.codeobject import CodeObject, Kernel
from anyroc.translate.machine import environment_key, load_compiler, native_code

__all__ = [
    "NativeKernel",
    "Translation",
    "compile_kernel",
    "load_compiler",
    "optimise",
    "translate",
]

_ENTRY = "wave"
_HOT_LEVEL = 2
_MOST_HOT_BYTES = 256 << 10
"""Code size up to which a kernel is worth optimising: the time that takes grows faster than the
size."""


@dataclass(frozen=True)
class Translation:
    """What translating a kernel gave: LLVM IR, that of its hot loops ("" if there are none), and
    how many GPU instructions it holds."""

    ir: str
    hot: str
    instructions: int
    blocks: int


@dataclass(frozen=True)
class NativeKernel:
    """A kernel ready to run: ``address`` is an ``anyroc_wave_fn`` (native/wave.h).

    ``cached``: it came from disk; ``seconds``: what getting it took; ``instructions``: GPU
    instructions translated, 0 if it was cached; ``level``: how well LLVM optimised it.
    """

    address: int
    cached: bool
    seconds: float
    instructions: int
    counter_count: int
    level: int
    request: _Request = field(repr=False)


def translate(
    code: CodeObject,
    kernel: Kernel,
    target: Target,
    *,
    starts_full: bool = False,
    linear: bool = False,
    rows: bool = False,
    instruments: Sequence[Instrument] = (),
    quick: bool = False,
) -> Translation:
    """The LLVM IR of a kernel.

    ``quick``: the form that LLVM is soon done with, which makes no use of promises.
    Raises UnsupportedInstruction, with name, address and kernel, and CodeObjectError on code that
    does not decode.
    """
    import anyroc.semantics  # noqa: F401  (registers the instructions)
    from anyroc.translate import cfg, emitter
    from anyroc.translate.carries import join_carries
    from anyroc.translate.library import library
    from anyroc.translate.operands import Unsupported

    collecting = gc.isenabled()
    gc.disable()  # many small objects, no cycles to speak of
    try:
        if quick:
            graph = cfg.build(code, kernel, target, analyse=False)
            routines = library(kernel.wave_size, target, kernel.descriptor.mode).routines
        else:
            graph = cfg.build(
                code, kernel, target, starts_full=starts_full, linear=linear, rows=rows
            )
            routines = None
            if not instruments:
                join_carries(graph)
        emitted = emitter.emit_kernel(graph, _ENTRY, instruments, routines)
    except Unsupported as error:
        raise UnsupportedInstruction(
            error.inst.mnemonic,
            error.inst.offset,
            kernel.name,
            detail=error.why or None,
            hint=f"see what {target.name} can run with: anyroc isa coverage",
        ) from error
    finally:
        if collecting:
            gc.enable()
    count = sum(len(block.instructions) for block in graph.blocks.values())
    return Translation(emitted.ir, emitted.hot, count, len(graph.blocks))


def _first_level() -> int:
    """How well kernels are optimised when first met: quickly made is what counts then."""
    return int(os.environ.get("ANYROC_OPT", "0"))


def _pack(objects: Sequence[bytes]) -> bytes:
    """A cache entry: the objects' sizes, then the objects."""
    return " ".join(str(len(data)) for data in objects).encode() + b"\0" + b"".join(objects)


@dataclass(frozen=True)
class _Request:
    """One kernel to be made native, in one variant."""

    code: CodeObject
    kernel: Kernel
    target: Target
    instruments: tuple[Instrument, ...]
    starts_full: bool
    linear: bool
    rows: bool

    def _promises(self, level: int) -> tuple[bool, bool, bool]:
        """The promises that code of a level makes use of: quick code is one for all."""
        if level < _HOT_LEVEL:
            return False, False, False
        return self.starts_full, self.linear, self.rows

    def key(self, level: int) -> str:
        return cache.key(
            environment_key(),
            self.code.digest,
            self.kernel.symbol,
            self.target.name,
            *map(int, self._promises(level)),
            level,
            *[i.key for i in self.instruments],
        )

    def build(self, level: int) -> tuple[bytes, int]:
        """The cache entry, made anew, and the number of GPU instructions in it."""
        starts_full, linear, rows = self._promises(level)
        result = translate(
            self.code,
            self.kernel,
            self.target,
            starts_full=starts_full,
            linear=linear,
            rows=rows,
            instruments=self.instruments,
            quick=level < _HOT_LEVEL,
        )
        objects = [native_code(result.ir, level)]
        if result.hot:
            objects.append(native_code(result.hot, _HOT_LEVEL))
        return _pack(objects), result.instructions

    def load(self, entry: bytes, level: int) -> int:
        """Links a cache entry into the process: the kernel's address."""
        if level < _HOT_LEVEL:
            from anyroc.translate.library import library

            library(self.kernel.wave_size, self.target, self.kernel.descriptor.mode).load()
        sizes, _, data = entry.partition(b"\0")
        return native.link(data, [int(size) for size in sizes.split()], _ENTRY)


def compile_kernel(
    code: CodeObject,
    kernel: Kernel,
    target: Target,
    instruments: Sequence[Instrument] = (),
    *,
    starts_full: bool = False,
    linear: bool = False,
    rows: bool = False,
) -> NativeKernel:
    """A kernel's native code: the best that the cache has, else translated quickly and put there.

    ``starts_full`` promises that every wave starts with all its lanes; ``linear`` that the lanes
    of a wave are consecutive work-items in x, the first a multiple of the wave size; ``rows`` the
    same of each aligned group of 16 lanes.
    """
    request = _Request(code, kernel, target, tuple(instruments), starts_full, linear, rows)
    return _compile(request, (_HOT_LEVEL, _first_level()))


def optimise(native_kernel: NativeKernel) -> NativeKernel | None:
    """Slower-made, faster code for a kernel that has proved hot; None if there is none better.

    The result may take over at any point where a wave rests (a barrier, a yield) or begins: both
    versions keep a wave's state alike.  Meant for a thread of its own: it takes longer than
    translating.
    """
    request = native_kernel.request
    if native_kernel.level >= _HOT_LEVEL or request.kernel.size > _MOST_HOT_BYTES:
        return None
    return _compile(request, (_HOT_LEVEL,))


def _compile(request: _Request, levels: Sequence[int]) -> NativeKernel:
    """From the cache at the first level that it has, else made at the last one."""
    began = time.perf_counter()
    store = cache.default()
    for level in levels:
        path = store.get("kernel", request.key(level), ".o")
        if path is not None:
            data, instructions = path.read_bytes(), 0
            break
    else:
        level = levels[-1]
        data, instructions = request.build(level)
        store.put("kernel", request.key(level), ".o", data)
    address = request.load(data, level)
    seconds = time.perf_counter() - began
    counters = sum(i.counters for i in request.instruments)
    return NativeKernel(address, path is not None, seconds, instructions, counters, level, request)
