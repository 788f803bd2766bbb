"""In-order queues of work for a device, and events; streams to the HIP runtime.

Work runs on native threads, asynchronously to the caller, without the interpreter's lock.
"""

from __future__ import annotations

import ctypes
import struct
from ctypes import byref
from typing import TYPE_CHECKING

from anyroc.errors import AnyrocError
from anyroc.gpu import binding
from anyroc.gpu.fault import Fault, from_record
from anyroc.gpu.kernel import LoadedKernel, kernel_at
from anyroc.gpu.memory import BadAddress, OutOfMemory

if TYPE_CHECKING:
    from anyroc.gpu.device import Device

_RING = 1 << 20
_QUEUE_RECORD = 256
_SHARED_APERTURE_AT = 0x40  # amd_queue_t: group_segment_aperture_base_hi, then the private one
_FOREVER = -1

Dim = tuple[int, int, int]


class LaunchError(AnyrocError):
    """A launch that cannot be: `reason` is "block", "lds", "grid", "arguments" or "memory"."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class Event:
    """A point in a queue's work; complete when everything recorded before it is done.

    `handle` is the runtime's: of an event that somebody else owns, or None to make one.
    """

    def __init__(self, handle: int | None = None) -> None:
        self._runtime = binding.runtime()
        self._own = handle is None
        self.handle: int = handle or self._runtime.anyroc_event_create()

    def __del__(self) -> None:
        if self._own:
            self._runtime.anyroc_event_destroy(self.handle)

    @property
    def recorded(self) -> bool:
        """Whether a queue ever recorded it."""
        return binding.event_time(self.handle)[1]

    @property
    def time_ns(self) -> int | None:
        """When it completed, in ns of the steady clock; None while it has not."""
        return binding.event_time(self.handle)[0]

    def query(self) -> bool:
        """Whether the work before its last record is done (also true if there was no record)."""
        return bool(self._runtime.anyroc_event_query(self.handle) == binding.OK)

    def synchronize(self) -> None:
        """Wait until `query` is true."""
        while self._runtime.anyroc_event_wait(self.handle, _FOREVER) == binding.NOT_READY:
            pass  # a signal came: Python's handler runs here


class Queue:
    """An in-order queue of a device; make one with `Device.create_queue`."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self._runtime = binding.runtime()
        self._memory = device.memory.alloc(_QUEUE_RECORD + _RING, "internal")
        apertures = struct.pack("<II", binding.SHARED_APERTURE, binding.PRIVATE_APERTURE)
        binding.write_memory(self._memory + _SHARED_APERTURE_AT, apertures)
        self.ring = self._memory + _QUEUE_RECORD
        """Device address of the memory for dispatch packets and kernel arguments."""
        self.handle = self._runtime.anyroc_queue_create(self.ring, _RING)
        self._launch = self._runtime.anyroc_launch

    def launch(
        self,
        kernel: LoadedKernel,
        grid: Dim,
        block: Dim,
        dynamic_lds: int = 0,
        arguments: bytes | bytearray | memoryview = b"",
        *,
        parameters: int | None = None,
        extra: binding.Extra | None = None,
    ) -> None:
        """Queue a launch of `grid` workgroups of `block` work-items.

        The explicit arguments are `arguments`, laid out as the kernel expects them, or
        `parameters`, the address of an array of pointers to them; the runtime adds the hidden ones.
        `extra` is what `launch_extra` makes, for launches that need it.
        LaunchError when the launch breaks a limit of the kernel or the device.
        """
        shape = kernel.shape(block, whole=extra is None or not any(extra.tail))
        if shape not in kernel.natives:
            kernel.prepare(shape)
        result = self._launch(
            self.handle,
            kernel.address,
            *grid,
            *block,
            dynamic_lds,
            arguments if type(arguments) is bytes else bytes(arguments),
            len(arguments),
            parameters,
            None if extra is None else byref(extra),
        )
        if result != binding.OK:
            raise launch_error(result, kernel, grid, block, dynamic_lds)

    def leave_to_waiter(self) -> None:
        """Let the next command, if the queue is idle, be run by the thread that waits for it.

        Only for what is short, and followed by `synchronize`: no other thread starts it, and no
        signal interrupts it.
        """
        self._runtime.anyroc_queue_waiter_runs(self.handle)

    def copy(self, to: int, source: int, size: int) -> None:
        """Queue a copy of `size` bytes."""
        self._submit(binding.Block(to=to, source=source, width=size, height=1, depth=1))

    def copy_now(self, to: int, source: int, size: int) -> None:
        """Copy `size` bytes after all work queued before, and wait for it."""
        result = self._runtime.anyroc_queue_copy_now(self.handle, to, source, size)
        if result == binding.NOT_READY:
            self.synchronize()
        elif result not in (binding.OK, binding.FAULTED):
            raise _bad_copy(result)

    def fill(self, to: int, pattern: bytes, count: int) -> None:
        """Queue a fill with `count` repetitions of `pattern` (1, 2, 4 or 8 bytes)."""
        self.fill_block(to, pattern, len(pattern) * count, 1, 1, 0, 0)

    def copy_block(
        self,
        to: int,
        source: int,
        width: int,
        height: int,
        depth: int,
        to_pitch: int,
        source_pitch: int,
        to_slice: int = 0,
        source_slice: int = 0,
        *,
        now: bool = False,
    ) -> None:
        """Queue a copy of `height` rows of `width` bytes in each of `depth` slices.

        Pitches and slices are the distances in bytes between rows and slices. With `now` the copy
        is done when the call returns.
        """
        block = binding.Block(
            to, source, width, height, depth, to_pitch, source_pitch, to_slice, source_slice
        )
        (self._run if now else self._submit)(block)

    def fill_block(
        self,
        to: int,
        pattern: bytes,
        width: int,
        height: int,
        depth: int,
        pitch: int,
        slice_: int,
        *,
        now: bool = False,
    ) -> None:
        """Queue a fill of rows of `width` bytes with a repeated pattern of 1, 2, 4 or 8 bytes."""
        block = binding.Block(
            to=to, width=width, height=height, depth=depth, to_pitch=pitch, to_slice=slice_
        )
        block.fill, block.unit = 1, len(pattern)
        block.pattern = int.from_bytes(pattern, "little")
        (self._run if now else self._submit)(block)

    def record(self, event: Event) -> None:
        """Queue the completion of `event`."""
        self._check(self._runtime.anyroc_event_record(event.handle, self.handle))

    def wait(self, event: Event) -> None:
        """Let what is queued from now on wait for the event's last record, on whatever queue."""
        self._check(self._runtime.anyroc_event_stream_wait(event.handle, self.handle))

    def callback(self, function: int, argument: int | None = None) -> None:
        """Queue a call of the C function at address `function` with one pointer, on a host thread.

        It also runs after a fault.
        """
        self._check(self._runtime.anyroc_queue_call(self.handle, function, argument))

    def free(self, address: int) -> None:
        """Free an allocation when all work queued so far is done; BadAddress if it is none.

        It also happens after a fault.
        """
        result = self._runtime.anyroc_queue_free(self.handle, address, binding.EVERY_KIND, 0)
        if result in (binding.BAD_ADDRESS, binding.NOT_READY):
            raise BadAddress(f"address {address:#x} is not allocated, or is being freed")
        self._check(result)

    def query(self) -> bool:
        """Whether all queued work is done."""
        return self.poll() != binding.NOT_READY

    def poll(self) -> int:
        """Return 1 while there is work, else 0, or 2 if the queue has a fault."""
        result: int = self._runtime.anyroc_queue_query(self.handle)
        return result

    def synchronize(self) -> bool:
        """Wait until all work queued so far is done; return whether the queue has a fault."""
        target = self._runtime.anyroc_queue_submitted(self.handle)
        while True:
            result = self._runtime.anyroc_queue_wait(self.handle, target, _FOREVER)
            if result != binding.NOT_READY:  # else a signal came: Python's handler runs here
                return bool(result == binding.FAULTED)

    @property
    def fault(self) -> Fault | None:
        """The first fault since the queue was made or `clear_fault` was called.

        A queue with a fault skips launches, copies and fills.
        """
        found = binding.fault_of(self.handle)
        if found is None:
            return None
        record, vgprs = found
        return from_record(record, kernel_at(record.kernel), vgprs)

    def clear_fault(self) -> None:
        """Forget the fault; the queue works again."""
        self._runtime.anyroc_queue_clear_fault(self.handle)

    def close(self) -> None:
        """Wait for the queue's work and give its memory back."""
        if self.handle is not None:
            self.synchronize()
            self.device.forget_queue(self)
            self._runtime.anyroc_queue_destroy(self.handle)
            self.handle = None
            self.device.memory.free(self._memory)

    def _submit(self, block: binding.Block) -> None:
        self._check(self._runtime.anyroc_queue_block(self.handle, byref(block)))

    def _run(self, block: binding.Block) -> None:
        result = self._runtime.anyroc_queue_block_now(self.handle, byref(block))
        if result == binding.NOT_READY:
            self._submit(block)
            self.synchronize()
        elif result != binding.OK:
            raise _bad_copy(result)

    def _check(self, result: int) -> None:
        if result != binding.OK:
            raise OutOfMemory("no host memory or thread for the queue's work")


class BadCopy(AnyrocError):
    """A copy or fill met an address that is not mapped."""


def launch_extra(
    *,
    tail: Dim = (0, 0, 0),
    cooperative: bool = False,
    printf: int = 0,
    hostcall: int = 0,
    heap: int = 0,
    multigrid: int = 0,
) -> binding.Extra:
    """Return what few launches need.

    `tail` gives the number of work-items of the last workgroup in each dimension where it differs
    from the others'. `cooperative` says that workgroups wait for each other, so that all of them
    are to be begun at once. The others are addresses for hidden arguments.
    """
    buffers = (ctypes.c_uint64 * 4)(printf, hostcall, heap, multigrid)
    return binding.Extra((ctypes.c_uint32 * 3)(*tail), cooperative, buffers)


def _bad_copy(result: int) -> AnyrocError:
    if result == binding.BAD_ADDRESS:
        return BadCopy("a copy touches memory that is not there")
    return OutOfMemory("no host memory or thread for a copy")


def launch_error(
    result: int, kernel: LoadedKernel, grid: Dim, block: Dim, dynamic_lds: int
) -> LaunchError:
    """Return what to raise of a launch that the runtime refused with `result`."""
    limits = kernel.struct
    messages = {
        binding.BLOCK_TOO_LARGE: (f"a block of {block}; at most {limits.max_block} fit", "block"),
        binding.LDS_TOO_LARGE: (
            f"{limits.lds_size} + {dynamic_lds} bytes of LDS; the device has {limits.max_lds}",
            "lds",
        ),
        binding.EMPTY_GRID: (f"a grid of {grid} blocks of {block}", "grid"),
        binding.ARGS_TOO_LARGE: (f"{limits.kernarg_size} bytes of arguments", "arguments"),
    }
    message, reason = messages.get(result, ("no host memory", "memory"))
    return LaunchError(f"kernel {kernel.name} cannot be launched: {message}", reason)
