"""The launcher in plain Python: what Triton's own does in C, without a C compiler.

It packs the arguments, puts the launch on the stream and waits for it, so that the next reader of a
tensor sees what the kernel wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import index
from typing import Any

from triton.backends import driver as triton_driver
from triton.runtime import _allocation

from anyroc.errors import BadInput, UnsupportedInstruction
from anyroc.ext.triton import arguments, devices, faults, loading, record, resources, tensors
from anyroc.gpu.memory import OutOfMemory
from anyroc.gpu.queue import LaunchError, launch_extra
from anyroc.hip.launch import require_resident
from anyroc.hip.properties import MOST_BLOCKS

Hook = Callable[[Any], object] | None

_DESCRIPTOR = "tensordesc"
_BRIEF_NS = 50_000
"""Kernels that take less CPU time are run by the launching thread."""


class Launcher:
    """Launches one compiled kernel; `src` and `metadata` are what Triton knows of it."""

    def __init__(self, src: Any, metadata: Any) -> None:
        self._confined = tensors.checks()
        self._name = metadata.name
        self._names = list(src.signature)
        self._defined = faults.definition(src)
        most = loading.properties(devices.current())["max_shared_mem"]
        if metadata.shared > most:
            raise resources.OutOfResources(
                metadata.shared, most, "shared memory", metadata.name, self._defined
            )
        self._cooperative = metadata.launch_cooperative_grid
        self._global_scratch = (metadata.global_scratch_size, metadata.global_scratch_align)
        self._profile_scratch = (metadata.profile_scratch_size, metadata.profile_scratch_align)
        self._scratches = bool(metadata.global_scratch_size or metadata.profile_scratch_size)
        if metadata.num_ctas > 1:
            message = f"clusters of {metadata.num_ctas} workgroups are not implemented"
            told = faults.not_started(f"kernel {metadata.name}: {message}", self._defined)
            raise BadInput(told, hint="compile it with num_ctas=1")
        block = metadata.num_warps * metadata.warp_size
        self._block = (block, 1, 1)
        described = getattr(metadata, "tensordesc_meta", None)
        types = list(src.signature.values())
        self._expand: Callable[..., tuple[Any, ...]] | None = None
        if any(_DESCRIPTOR in kind for kind in arguments.flat_types(types)):
            self._expand = _expander(src.signature, described)
        self._signature = triton_driver.expand_signature(types, described, _DESCRIPTOR)
        self._packers: dict[int, tuple[loading.Kernel, arguments.Pack]] = {}

    def __call__(
        self,
        grid_x: int,
        grid_y: int,
        grid_z: int,
        stream: int,
        handle: int,
        kernel_metadata: tuple[int, ...],
        launch_metadata: Any,
        enter: Hook,
        leave: Hook,
        *values: Any,
    ) -> None:
        """Launch `grid_x` × `grid_y` × `grid_z` programs and wait for them."""
        if enter is not None:
            enter(launch_metadata)
        # Numbers of NumPy's too, and tensors with one, as Triton's launcher in C takes them.
        grid = index(grid_x), index(grid_y), index(grid_z)
        if grid[0] > MOST_BLOCKS[0] or grid[1] > MOST_BLOCKS[1] or grid[2] > MOST_BLOCKS[2]:
            raise self._too_many(grid)
        if grid[0] > 0 and grid[1] > 0 and grid[2] > 0:
            self._launch(grid, stream, handle, kernel_metadata, values)
        if leave is not None:
            leave(launch_metadata)

    def _launch(
        self,
        grid: tuple[int, int, int],
        stream: int,
        handle: int,
        kernel_metadata: tuple[int, ...],
        values: tuple[Any, ...],
    ) -> None:
        try:
            kernel, pack = self._packers[handle]
        except KeyError:
            kernel, pack = self._prepared(handle)
        scratch: tuple[Any, Any] = (None, None)
        if self._scratches:
            scratch = self._scratch(grid[0] * grid[1] * grid[2], stream)
        expanded = values if self._expand is None else self._expand(values)
        packed = pack((*expanded, *scratch))
        size = record.size_of(values)
        kernel.bytes += size
        if size > kernel.memory:
            self._require_memory(kernel, (*values, *scratch))
        if self._confined:
            with tensors.confined(self._names, (*values, *scratch)) as near:
                self._run(kernel, grid, stream, kernel_metadata[2], packed, near)
        else:
            self._run(kernel, grid, stream, kernel_metadata[2], packed)

    def _run(
        self,
        kernel: loading.Kernel,
        grid: tuple[int, int, int],
        stream: int,
        shared: int,
        packed: bytes,
        near: Sequence[tensors.Storage] = (),
    ) -> None:
        function = kernel.function
        chosen = loading.stream_of(kernel, stream)
        programs = grid[0] * grid[1] * grid[2]
        known = function.kernel.struct.group_ns
        what = function.kernel, grid, self._block, shared, packed
        try:
            if function.prints or function.calls_host or self._cooperative:
                queue = chosen.submit()
                queue.launch(*what, extra=self._extra(kernel, chosen, grid))
                if function.calls_host:
                    chosen.host_calls().attend(queue)
                faulted = queue.synchronize()
            else:
                faulted = chosen.run(*what, brief=0 < known * programs < _BRIEF_NS)
        except LaunchError as error:
            raise BadInput(faults.not_started(error.message, self._defined)) from error
        except OutOfMemory as error:
            message = f"kernel {function.name}: {error.message}"
            raise OutOfMemory(faults.not_started(message, self._defined)) from error
        except UnsupportedInstruction as error:
            raise faults.unsupported(error, kernel.module.module.code.data) from None
        kernel.launches += 1
        kernel.programs += programs
        if faulted:
            raise faults.taken(chosen, near)
        if function.calls_host or function.prints:
            chosen.deliver()

    def _require_memory(self, kernel: loading.Kernel, values: tuple[Any, ...]) -> None:
        """Refuse a launch whose tensors together have more bytes than the device."""
        # Expanded tensors have fewer bytes than elements, several tensors may share a storage.
        found = tensors.storages(self._names, values)
        size = sum(size for _, size in tensors.merged([part[1:] for part in found]))
        if size <= kernel.memory:
            return
        name, target = kernel.function.name, devices.all_targets()[kernel.device].name
        parts = ", ".join(f"{part.name} {part.size}" for part in found)
        message = (
            f"kernel {name}: its tensors have {size} bytes ({parts}), {target} has {kernel.memory}"
        )
        raise OutOfMemory(faults.not_started(message, self._defined))

    def _too_many(self, grid: tuple[int, int, int]) -> BadInput:
        message = f"kernel {self._name}: a grid of {grid} programs; at most {MOST_BLOCKS} can be"
        return BadInput(faults.not_started(message, self._defined))

    def _prepared(self, handle: int) -> tuple[loading.Kernel, arguments.Pack]:
        kernel = loading.kernel(handle)
        places = [(arg.offset, arg.size) for arg in kernel.function.kernel.kernel.explicit_args]
        pack = arguments.packer(self._signature, places, kernel.function.name)
        self._packers[handle] = kernel, pack
        return kernel, pack

    def _scratch(self, programs: int, stream: int) -> tuple[Any, Any]:
        size, alignment = self._global_scratch
        shared = profile = None
        if size:
            shared = _allocation._allocator.get()(programs * size, alignment, stream)
        size, alignment = self._profile_scratch
        if size and _allocation.has_profile_allocator():
            profile = _allocation._profile_allocator.get()(programs * size, alignment, stream)
        elif size:
            profile = default_scratch(programs * size)
        return shared, profile

    def _extra(self, kernel: loading.Kernel, stream: Any, grid: tuple[int, int, int]) -> Any:
        function, programs = kernel.function, grid[0] * grid[1] * grid[2]
        barrier = 0
        if self._cooperative:
            require_resident(function, grid, self._block, 0)
            barrier = stream.grid_barrier(programs, programs * self._block[0])
        return launch_extra(
            cooperative=self._cooperative,
            printf=stream.printf_buffer() if function.prints else 0,
            hostcall=stream.host_calls().address if function.calls_host else 0,
            multigrid=barrier,
        )


def default_scratch(size: int) -> Any:
    """Return zeroed memory for profiling data, as a tensor."""
    import torch

    return torch.zeros(size, dtype=torch.int8)


def _expander(signature: Any, described: Any) -> Callable[..., tuple[Any, ...]]:
    """Return what turns tensor descriptors among the arguments into pointers and numbers."""
    if described:
        raise BadInput("descriptors of the tensor data mover are not implemented on this target")

    def descriptor(value: Any, _metadata: Any, _base: Any) -> list[Any]:
        parts: list[Any] = triton_driver.decompose_descriptor(value)
        return parts

    def received(*arguments_: Any) -> tuple[Any, ...]:
        return tuple(arguments_[-1])

    wrapped = triton_driver.wrap_handle_tensordesc_impl(received, signature, described, descriptor)

    def expand(values: tuple[Any, ...]) -> tuple[Any, ...]:
        expanded: tuple[Any, ...] = wrapped(values)
        return expanded

    return expand
