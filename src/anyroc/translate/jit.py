"""From a kernel's machine code to a function of this process, by way of the on-disk cache."""

from __future__ import annotations

import gc
import importlib.util
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache as memoize
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anyroc import cache, native
from anyroc.errors import ToolchainError, UnsupportedInstruction
from anyroc.hooks import Instrument
from anyroc.isa.targets import Target
from anyroc.translate.codeobject import CodeObject, Kernel

if TYPE_CHECKING:
    import llvmlite.binding as llvm

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
) -> Translation:
    """The LLVM IR of a kernel.

    Raises UnsupportedInstruction, with name, address and kernel, and CodeObjectError on code that
    does not decode.
    """
    import anyroc.semantics  # noqa: F401  (registers the instructions)
    from anyroc.translate import cfg, emitter
    from anyroc.translate.operands import Unsupported

    collecting = gc.isenabled()
    gc.disable()  # many small objects, no cycles to speak of
    try:
        graph = cfg.build(code, kernel, target, starts_full=starts_full, linear=linear, rows=rows)
        emitted = emitter.emit_kernel(graph, _ENTRY, instruments)
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


@memoize
def _llvm() -> Any:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm


def load_compiler() -> None:
    """Bring LLVM into the process, which `compile_kernel` does only when it has to translate."""
    _llvm()


@memoize
def _host() -> tuple[str, str]:
    """The CPU that code is generated for, and its features."""
    llvm = _llvm()
    cpu = os.environ.get("ANYROC_HOST_CPU")
    if cpu:
        return cpu, ""
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


@memoize
def _machine(level: int) -> llvm.TargetMachine:
    cpu, features = _host()
    target = _llvm().Target.from_default_triple()
    return target.create_target_machine(
        cpu=cpu, features=features, opt=level, reloc="pic", codemodel="small", jit=True
    )


def _first_level() -> int:
    """How well kernels are optimised when first met: quickly made is what counts then."""
    return int(os.environ.get("ANYROC_OPT", "0"))


def _object(ir: str, level: int) -> bytes:
    """Native code of a module, as an object file."""
    llvm = _llvm()
    module = llvm.parse_assembly(ir)
    machine = _machine(level)
    module.triple = machine.triple
    data: bytes = machine.emit_object(module)
    return data


def _pack(objects: Sequence[bytes]) -> bytes:
    """A cache entry: the objects' sizes, then the objects."""
    return " ".join(str(len(data)) for data in objects).encode() + b"\0" + b"".join(objects)


def _load(entry: bytes) -> int:
    """Links a cache entry into the process: the kernel's address."""
    sizes, _, data = entry.partition(b"\0")
    return native.link(data, [int(size) for size in sizes.split()], _ENTRY)


@memoize
def _environment_key() -> str:
    """What generated code depends on besides the kernel."""
    return cache.key(
        cache.code_version("isa", "semantics", "translate"),
        _llvm_identity(),
        native.host(),
        os.environ.get("ANYROC_HOST_CPU", ""),
    )


def _llvm_identity() -> str:
    """Which LLVM is installed, without loading it."""
    spec = importlib.util.find_spec("llvmlite")
    if spec is None or spec.origin is None:
        raise ToolchainError("llvmlite is not installed", hint="pip install llvmlite")
    library = next(Path(spec.origin).parent.glob("binding/*llvmlite*.*"), Path(spec.origin))
    found = library.stat()
    return f"{library.name} {found.st_size} {found.st_mtime_ns}"


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

    def _runs(self, level: int) -> tuple[bool, bool]:
        """Whether to make use of ``linear`` and ``rows``: quick code does without, and so is one
        code for both."""
        return (self.linear, self.rows) if level >= _HOT_LEVEL else (False, False)

    def key(self, level: int) -> str:
        linear, rows = self._runs(level)
        return cache.key(
            _environment_key(),
            self.code.digest,
            self.kernel.symbol,
            self.target.name,
            int(self.starts_full),
            int(linear),
            int(rows),
            level,
            *[i.key for i in self.instruments],
        )

    def build(self, level: int) -> tuple[bytes, int]:
        """The cache entry, made anew, and the number of GPU instructions in it."""
        linear, rows = self._runs(level)
        result = translate(
            self.code,
            self.kernel,
            self.target,
            starts_full=self.starts_full,
            linear=linear,
            rows=rows,
            instruments=self.instruments,
        )
        objects = [_object(result.ir, level)]
        if result.hot:
            objects.append(_object(result.hot, _HOT_LEVEL))
        return _pack(objects), result.instructions


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
    address = _load(data)
    seconds = time.perf_counter() - began
    counters = sum(i.counters for i in request.instruments)
    return NativeKernel(address, path is not None, seconds, instructions, counters, level, request)
