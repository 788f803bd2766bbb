"""Running translated code on one wave, without queues: registers in, registers out."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field

import numpy as np

from anyroc import native
from anyroc.gpu.binding import Wave
from anyroc.isa.targets import Target, target
from anyroc.translate.codeobject import CodeObject
from anyroc.translate.jit import NativeKernel, compile_kernel, translate
from anyroc.translate.machine import native_code
from code_objects import TEXT, KernelSpec, code_object
from translate_support.encode import encode

__all__ = [
    "ACCUM_OFFSET", "BAD_PC", "ENTRY", "FORMS", "RETURN", "State", "form_of", "kernel_of", "leave",
    "run",
]  # fmt: skip

FORMS = ("quick", "full")
"""The two forms of translated code: made of calls, and made to be optimised."""

BAD_PC = -3
"""The status of a wave that jumped to no code, as every test's code does at its end."""

ENTRY = TEXT
"""The address of a test kernel's first instruction."""

ROWS = 512
ACCUM_OFFSET = 256
RETURN = 102
"""The scalar registers that hold the address of the jump that ends a test's code."""

_FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p)


@dataclass
class State:
    """A wave's registers; ``vgpr`` is [row][lane], accumulation registers from row 256."""

    wave_size: int
    sgpr: np.ndarray
    vgpr: np.ndarray
    scc: int = 0
    mode: int = 0x3F0
    lds: np.ndarray = field(default_factory=lambda: np.zeros(4096, np.uint8))
    scratch: np.ndarray = field(default_factory=lambda: np.zeros((0, 4), np.uint8))

    @classmethod
    def random(cls, rng: np.random.Generator, wave_size: int) -> State:
        """Registers full of numbers that matter: small, large, special floats and noise."""
        state = cls(wave_size, _words(rng, (128,)), _words(rng, (ROWS, wave_size)))
        state.sgpr[107:124] = 0
        state.sgpr[125] = 0
        if wave_size == 32:
            state.sgpr[[107, 127]] = 0
        state.scc = int(rng.integers(2))
        return state

    def copy(self) -> State:
        return State(
            self.wave_size, self.sgpr.copy(), self.vgpr.copy(), self.scc, self.mode,
            self.lds.copy(), self.scratch.copy(),
        )  # fmt: skip

    @property
    def enabled(self) -> int:
        """The mask of enabled lanes."""
        high = int(self.sgpr[127]) << 32 if self.wave_size == 64 else 0
        return int(self.sgpr[126]) | high

    @enabled.setter
    def enabled(self, mask: int) -> None:
        self.sgpr[126] = mask & 0xFFFFFFFF
        if self.wave_size == 64:
            self.sgpr[127] = mask >> 32


_SPECIAL = np.array(
    [
        0, 1, 2, 3, 31, 32, 63, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE, 0x3F800000,
        0xBF800000, 0x40490FDB, 0x7F800000, 0xFF800000, 0x7FC00000, 0x00000123, 0x00800000,
        0x3C003C00, 0x7C00FC00, 0x7E000001, 0x03FF8001, 0x40003800, 0x4B000000, 0x4F000000,
        0x3FF00000, 0x7FF00000, 0xBFE00000, 0x40590000, 0x80008000, 0x7FFF7FFF, 0x00FF00FF,
    ],
    np.uint32,
)  # fmt: skip


def _words(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    noise = rng.integers(0, 1 << 32, shape, np.uint32)
    tame = (rng.normal(0, 30, shape)).astype(np.float32).view(np.uint32)
    halves = rng.normal(0, 30, (*shape, 2)).astype(np.float16).view(np.uint32)[..., 0]
    special = rng.choice(_SPECIAL, shape)
    return np.choose(rng.integers(0, 4, shape), [noise, tame, halves, special]).astype(np.uint32)


def leave(isa: str) -> bytes:
    """A jump to nowhere: the function returns with every register in its place."""
    return encode(isa, "SOP1", "s_setpc_b64", ssrc0=RETURN)


@dataclass(frozen=True)
class FullKernel:
    """Code of the form that is meant for optimisation, made without it."""

    address: int


def kernel_of(
    name: str, wave_size: int, code: bytes, mode: int = 0x3F0, **promises: bool
) -> NativeKernel:
    """Translates code, ended with ``leave``, for a target.

    ``mode``: what the kernel's descriptor says of MODE; ``promises``: see ``compile_kernel``.
    """
    parsed, record = _parsed(name, wave_size, code, mode)
    return compile_kernel(parsed, parsed.kernels["k"], record, **promises)


def form_of(
    form: str, name: str, wave_size: int, code: bytes, mode: int = 0x3F0, **promises: bool
) -> NativeKernel | FullKernel:
    """Like ``kernel_of``, in one of the ``FORMS``."""
    if form == "quick":
        return kernel_of(name, wave_size, code, mode, **promises)
    parsed, record = _parsed(name, wave_size, code, mode)
    result = translate(parsed, parsed.kernels["k"], record, **promises)
    objects = [native_code(ir, 0) for ir in (result.ir, result.hot) if ir]
    return FullKernel(native.link(b"".join(objects), [len(o) for o in objects], "wave"))


def _parsed(name: str, wave_size: int, code: bytes, mode: int) -> tuple[CodeObject, Target]:
    record = target(name)
    code += leave(record.isa)
    rsrc1 = (mode & 0xFF) << 12 | (mode >> 8 & 1) << 21 | (mode >> 9 & 1) << 23
    rsrc1 |= (mode >> 23 & 1) << 26
    kernel = KernelSpec("k", code, wave32=wave_size == 32, rsrc1=rsrc1, **_allocation(record))
    return CodeObject.parse(code_object([kernel], target=name)), record


def _allocation(record: Target) -> dict[str, int]:
    return {"vgpr_units": 64, "accum_units": 64} if record.has_agprs else {"vgpr_units": 64}


def run(
    kernel: NativeKernel | FullKernel, state: State, *, budget: int = 1 << 40, calls: int = 1000
) -> int:
    """Runs a wave to its end on ``state``, calling again after yields; returns the last status."""
    wave = Wave()
    rows = np.zeros(ROWS * state.wave_size + 16, np.uint32)
    start = -rows.ctypes.data % 64 // 4
    view = rows[start : start + ROWS * state.wave_size].reshape(ROWS, state.wave_size)
    view[:] = state.vgpr
    ctypes.memmove(wave.sgpr, state.sgpr.ctypes.data, 512)
    wave.sgpr[RETURN], wave.sgpr[RETURN + 1] = 0x10, 0
    wave.scc, wave.mode = state.scc, state.mode
    wave.vgpr, wave.wave_size = view.ctypes.data, state.wave_size
    wave.lds, wave.lds_size = state.lds.ctypes.data, len(state.lds)
    wave.scratch = state.scratch.ctypes.data
    wave.scratch_size = 4 * (len(state.scratch) // state.wave_size)
    function = _FUNCTION(kernel.address)
    for _ in range(calls):
        wave.budget = budget
        status = function(ctypes.addressof(wave))
        if status not in (1, 2):
            break
    state.sgpr[:] = np.ctypeslib.as_array(wave.sgpr)
    state.vgpr[:] = view
    state.scc = wave.scc
    return int(status)
