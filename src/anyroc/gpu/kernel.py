"""Kernels on a device: loaded code, and what the C runtime needs to start them."""

from __future__ import annotations

import ctypes
import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from anyroc import hooks
from anyroc.gpu import binding, tiers
from anyroc.translate.codeobject import Kernel

if TYPE_CHECKING:
    from anyroc.gpu.module import Module
    from anyroc.translate.jit import NativeKernel

DYNAMIC_STACK = 16 << 10
"""Bytes per lane that a kernel with a dynamic stack gets on top of what it is known to need."""


@dataclass(frozen=True, slots=True)
class KernelStats:
    """What a kernel did so far; `busy_ns` is summed over the worker threads."""

    launches: int
    waves: int
    busy_ns: int


class LoadedKernel:
    """A kernel of a module loaded on a device; translated at its first launch."""

    def __init__(self, module: Module, kernel: Kernel) -> None:
        self.module = module
        self.kernel = kernel
        self.name = kernel.name
        self.wave_size = kernel.wave_size
        self.natives: dict[int, NativeKernel | None] = {}
        """What the translator made of it, by the shape of launches it is for."""
        self._lock = threading.Lock()
        self._hidden = _hidden(kernel)
        self._params = _params(kernel)
        self._counters: Any = None
        self.struct = self._struct()
        self.address = ctypes.addressof(self.struct)
        _BY_ADDRESS[self.address] = self

    @property
    def stats(self) -> KernelStats:
        """Launches, waves and time so far."""
        return KernelStats(self.struct.launches, self.struct.waves, self.struct.busy_ns)

    @property
    def counters(self) -> list[int]:
        """The instrumentation counters' totals, in the order the translator numbered them."""
        return list(self._counters) if self._counters is not None else []

    def shape(self, block: tuple[int, int, int], *, whole: bool = True) -> int:
        """Return the shape of launches with such blocks; not `whole`: the last may be smaller."""
        x, y, z = block
        if not whole or x * y * z % self.wave_size:
            return binding.ANY
        if x % self.wave_size == 0:
            return binding.LINEAR
        return binding.FULL if x % 16 else binding.ROWS

    def prepare(self, shape: int) -> None:
        """Translate the kernel now, if that has not been done, for launches of a shape.

        `shape` is `binding.ANY`, `FULL`, `LINEAR` or `ROWS`.
        """
        with self._lock:
            if shape in self.natives:
                return
            first = not self.natives
            noop = os.environ.get("ANYROC_NOOP_KERNELS", "0") not in ("", "0")
            self.natives[shape] = None if noop else self._translate(shape)
        if first:
            for instrument in hooks.active():
                prepared = getattr(instrument, "prepared", None)
                if prepared is not None:
                    prepared(self)

    def _translate(self, shape: int) -> NativeKernel:
        from anyroc.translate.jit import compile_kernel

        module = self.module
        native = compile_kernel(
            module.code,
            self.kernel,
            module.device.target,
            hooks.active(),
            starts_full=shape != binding.ANY,
            linear=shape == binding.LINEAR,
            rows=shape == binding.ROWS,
        )
        if native.counter_count and self._counters is None:
            self._counters = (ctypes.c_uint64 * native.counter_count)()
            self.struct.counters = self._counters
            self.struct.counter_count = native.counter_count
        if not getattr(native, "needs_ids", True):
            self.struct.needs_no_ids |= 1 << shape
        if not native.counter_count and tiers.worth_watching(native):
            self.struct.improvable |= 1 << shape
        self.struct.entry[shape] = native.address
        return native

    def improve(self, shape: int) -> None:
        """Make faster code for launches of a shape; those under way go over to it."""
        from anyroc.translate.jit import optimise

        native = self.natives.get(shape)
        better = optimise(native) if native is not None else None
        if better is not None:
            self.natives[shape] = better
            self.struct.entry[shape] = better.address

    def _struct(self) -> binding.Kernel:
        kernel, target = self.kernel, self.module.device.target
        decoded = kernel.descriptor
        user = {sgpr.name: sgpr.index for sgpr in decoded.user_sgprs}
        ids, index = [], decoded.user_sgpr_count
        for enabled in decoded.workgroup_ids:
            ids.append(index if enabled else binding.NO_SGPR)
            index += enabled
        index += decoded.workgroup_info
        has_offset = decoded.private_segment and not target.architected_flat_scratch
        offset = index if has_offset else binding.NO_SGPR
        stack = DYNAMIC_STACK if kernel.uses_dynamic_stack else 0
        return binding.Kernel(
            code_base=self.module.base,
            kernel_object=self.module.base + self.module.code.symbols[kernel.symbol].vaddr,
            wave_size=kernel.wave_size,
            vgpr_rows=decoded.vgprs,
            lds_size=kernel.lds_size,
            scratch_size=kernel.scratch_size + stack,
            mode=decoded.mode,
            max_block=min(kernel.max_flat_workgroup_size, target.max_workgroup_size),
            max_lds=target.lds_bytes,
            kernarg_size=kernel.kernarg_size,
            user_sgprs=decoded.user_sgpr_count,
            packed_ids=target.packed_tid,
            id_dims=decoded.work_item_dims,
            ids_in_ttmp=target.workgroup_id_in_ttmp,
            preload_sgpr=decoded.preload[0],
            preload_count=decoded.preload[1],
            preload_offset=decoded.preload[2],
            sgpr_dispatch_ptr=user.get("dispatch_ptr", binding.NO_SGPR),
            sgpr_queue_ptr=user.get("queue_ptr", binding.NO_SGPR),
            sgpr_kernarg_ptr=user.get("kernarg_segment_ptr", binding.NO_SGPR),
            sgpr_dispatch_id=user.get("dispatch_id", binding.NO_SGPR),
            sgpr_scratch_size=user.get("private_segment_size", binding.NO_SGPR),
            sgpr_group_x=ids[0],
            sgpr_group_y=ids[1],
            sgpr_group_z=ids[2],
            sgpr_scratch_buffer=user.get("private_segment_buffer", binding.NO_SGPR),
            sgpr_scratch_offset=offset,
            hidden_count=len(self._hidden),
            param_count=len(self._params),
            hidden=self._hidden,
            params=self._params,
        )


_BY_ADDRESS: WeakValueDictionary[int, LoadedKernel] = WeakValueDictionary()


def kernel_at(address: int | None) -> LoadedKernel | None:
    """Return the loaded kernel whose structure is at `address`, if it is still alive."""
    return _BY_ADDRESS.get(address) if address is not None else None


def _hidden(kernel: Kernel) -> ctypes.Array[binding.Hidden]:
    rows = []
    for arg in kernel.args:
        if not arg.hidden or arg.offset + arg.size > kernel.kernarg_size:
            continue
        kind = binding.HIDDEN_KINDS.get(arg.value_kind, 0)
        value = binding.HIDDEN_CONSTANTS.get(arg.value_kind, 0)
        if kind or value:
            rows.append(binding.Hidden(arg.offset, min(arg.size, 8), kind, 0, value))
    return (binding.Hidden * len(rows))(*rows)


def _params(kernel: Kernel) -> ctypes.Array[binding.Param]:
    rows = [
        binding.Param(arg.offset, arg.size)
        for arg in kernel.explicit_args
        if arg.offset + arg.size <= kernel.kernarg_size
    ]
    return (binding.Param * len(rows))(*rows)
