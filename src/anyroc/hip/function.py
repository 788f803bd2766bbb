"""Kernels as HIP's functions: attributes, and what a launch needs to know of them."""

from __future__ import annotations

import struct

from anyroc.cabi.fast import FastKernel
from anyroc.gpu.kernel import LoadedKernel
from anyroc.hip import calls
from anyroc.hip.error import Error, HipError, require
from anyroc.hip.state import Handles, lock

(
    MAX_THREADS_PER_BLOCK,
    SHARED_SIZE,
    CONST_SIZE,
    LOCAL_SIZE,
    NUM_REGS,
    PTX_VERSION,
    BINARY_VERSION,
    CACHE_MODE,
    MAX_DYNAMIC_SHARED_SIZE,
    PREFERRED_CARVEOUT,
) = range(10)
"""hipFunction_attribute, whose last two are hipFuncAttribute as well."""

_ATTRIBUTES = struct.Struct("@iiQQiiiiiQ")


class Function:
    """A kernel on a device, as `hipFunction_t` names it."""

    def __init__(self, kernel: LoadedKernel) -> None:
        self.kernel = kernel
        self.name = kernel.name
        kinds = {argument.value_kind for argument in kernel.kernel.args}
        self.prints = "hidden_printf_buffer" in kinds
        self.calls_host = "hidden_hostcall_buffer" in kinds
        self.max_dynamic_shared = kernel.struct.max_lds - kernel.struct.lds_size
        self.carveout = -1
        self._handle = 0
        self._fast: FastKernel | None = None
        self._names: set[int] = set()

    def launched(self, known_as: int, shape: int, device: int) -> None:
        """Let C launch it in a shape in which it has been launched, by what a program calls it."""
        fast = self._fast or self._make_fast(device)
        if not fast.ready >> shape & 1 or known_as not in self._names:
            fast.ready |= 1 << shape
            self._names.add(known_as)
            calls.set_kernel(known_as, fast)

    def note_room(self, blocks: int, threads: int, shared: int) -> None:
        """Note how many blocks of so many threads fit on the device at once, for C."""
        if self._fast is not None:
            # C must not see a part of this: it compares the others before it uses the first.
            self._fast.room = 0
            self._fast.room_block, self._fast.room_shared = threads, shared
            self._fast.room = blocks

    def quick(self, block: tuple[int, int, int], device: int) -> FastKernel | None:
        """Return what C launches it by in such blocks, once it has been; None: C cannot."""
        shape = self.kernel.shape(block)
        if self.calls_host or shape not in self.kernel.natives:
            return None
        fast = self._fast or self._make_fast(device)
        fast.ready |= 1 << shape
        return fast

    def _make_fast(self, device: int) -> FastKernel:
        """Return what C keeps the address of: one for all threads."""
        with lock:
            if self._fast is None:
                self._fast = FastKernel(
                    kernel=self.kernel.address,
                    wave_size=self.kernel.wave_size,
                    has_arguments=self.kernel.struct.param_count,
                    device=device,
                    prints=self.prints,
                )
            return self._fast

    def forget(self) -> None:
        """Let C launch it no more."""
        for name in self._names:
            calls.set_kernel(name, None)
        self._names.clear()
        calls.forget_answers()

    @property
    def handle(self) -> int:
        """The number by which C programs know it."""
        if not self._handle:
            self._handle = functions.add(self)
        return self._handle

    def attribute(self, number: int) -> int:
        """Return one of the attributes numbered above; raises InvalidValue."""
        kernel, limits = self.kernel.kernel, self.kernel.struct
        capability = self.kernel.module.device.target.capability
        values: dict[int, int] = {
            MAX_THREADS_PER_BLOCK: limits.max_block,
            SHARED_SIZE: limits.lds_size,
            CONST_SIZE: 0,
            LOCAL_SIZE: limits.scratch_size,
            NUM_REGS: kernel.vgpr_count,
            PTX_VERSION: capability[0] * 10 + capability[1],
            BINARY_VERSION: capability[0] * 10 + capability[1],
            CACHE_MODE: 0,
            MAX_DYNAMIC_SHARED_SIZE: self.max_dynamic_shared,
            PREFERRED_CARVEOUT: self.carveout,
        }
        require(number in values)
        return values[number]

    def set_attribute(self, number: int, value: int) -> None:
        """Set one of the two attributes that can be set."""
        before = self.max_dynamic_shared, self.carveout
        if number == MAX_DYNAMIC_SHARED_SIZE:
            require(0 <= value <= self.kernel.struct.max_lds - self.kernel.struct.lds_size)
            self.max_dynamic_shared = value
        elif number == PREFERRED_CARVEOUT:
            require(-1 <= value <= 100)
            self.carveout = value
        else:
            raise HipError(Error.InvalidValue)
        if before != (self.max_dynamic_shared, self.carveout):
            calls.forget_answers()

    def attributes(self) -> bytes:
        """Return hipFuncAttributes."""
        order = (
            *(BINARY_VERSION, CACHE_MODE, CONST_SIZE, LOCAL_SIZE, MAX_DYNAMIC_SHARED_SIZE),
            *(MAX_THREADS_PER_BLOCK, NUM_REGS, PREFERRED_CARVEOUT, PTX_VERSION, SHARED_SIZE),
        )
        return _ATTRIBUTES.pack(*map(self.attribute, order))


functions: Handles[Function] = Handles(Error.InvalidHandle)
"""Every hipFunction_t."""
