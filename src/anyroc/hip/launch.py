"""Launching kernels, by whichever of HIP's functions, and what can be asked of a kernel."""

from __future__ import annotations

import contextlib
import functools
import math
import struct
from collections.abc import Callable, Iterator

from anyroc.cabi import memory
from anyroc.gpu.queue import LaunchError, launch_extra
from anyroc.hip import calls, event
from anyroc.hip.device import current
from anyroc.hip.error import Error, HipError, require
from anyroc.hip.function import Function, functions
from anyroc.hip.graph import KERNEL, Work
from anyroc.hip.plan import Launch
from anyroc.hip.properties import MOST_BLOCKS
from anyroc.hip.registration import function as registered
from anyroc.hip.state import thread
from anyroc.hip.stream import MultiGrid, Stream, known, of

Dim = tuple[int, int, int]

_BUFFER_POINTER, _BUFFER_SIZE, _BUFFER_END = 1, 2, 3
_CONFIG = struct.Struct("@6IQQQI")
KERNEL_PARAMETERS = struct.Struct("@3I4xQQ3I4xQI4x")
"""hipKernelNodeParams."""
_DRIVER_CONFIG = struct.Struct("@7I4xQQI")

_NO_TAIL = (0, 0, 0)
_MOST_THREADS = (1 << 32) - 1


class Spread:
    """A body that takes triples where C passes three numbers: for its parameters of type Dim.

    `count` is how many arguments C passes.
    """

    def __init__(self, body: Callable[..., None]) -> None:
        kinds = [kind for name, kind in body.__annotations__.items() if name != "return"]
        self._body = body
        self._triples = [kind == "Dim" for kind in kinds]
        self.count = sum(3 if triple else 1 for triple in self._triples)

    def __call__(self, *numbers: int) -> None:
        given = iter(numbers)
        taken = [
            (next(given), next(given), next(given)) if triple else next(given)
            for triple in self._triples
        ]
        self._body(*taken)


_REASONS = {
    "grid": Error.InvalidConfiguration,
    "block": Error.InvalidConfiguration,
    "lds": Error.InvalidValue,
    "arguments": Error.InvalidValue,
    "memory": Error.OutOfMemory,
}


def start(
    function: Function,
    grid: Dim,
    block: Dim,
    shared: int,
    stream: Stream,
    *,
    parameters: int = 0,
    arguments: bytes = b"",
    tail: Dim = _NO_TAIL,
    cooperative: bool = False,
    grids: MultiGrid | None = None,
    known_as: int = 0,
) -> None:
    """Put one launch on a stream.

    `grids` tells of the others that it meets on other devices. `known_as` is what the program calls
    the kernel: C may do the next such launch itself.
    """
    for blocks, threads in zip(grid, block, strict=True):
        if not 0 < blocks * threads <= _MOST_THREADS:
            raise HipError(Error.InvalidConfiguration)
    if stream.capture is not None:
        require(not cooperative, Error.StreamCaptureUnsupported)
        arguments = arguments or (gathered(function, parameters) if parameters else b"")
        made = work(function, function.handle, grid, block, shared, arguments)
        stream.capture.add(stream, KERNEL, made)
        return
    with _undisturbed(stream) if function.prints or cooperative else _UNLOCKED:
        extra = None
        if function.prints or function.calls_host or cooperative or tail is not _NO_TAIL:
            printf = stream.printf_buffer() if function.prints else 0
            hostcall = stream.host_calls().address if function.calls_host else 0
            blocks = math.prod(grid)
            threads = blocks * math.prod(block)
            barrier = stream.grid_barrier(blocks, threads, grids) if cooperative else 0
            extra = _extra(
                tail=tail,
                cooperative=cooperative,
                printf=printf,
                hostcall=hostcall,
                multigrid=barrier,
            )
        try:
            stream.submit().launch(
                function.kernel,
                grid,
                block,
                shared,
                arguments,
                parameters=parameters or None,
                extra=extra,
            )
        except LaunchError as error:
            raise HipError(_REASONS[error.reason]) from error
    if not function.calls_host and grids is None and tail is _NO_TAIL and known_as:
        function.launched(known_as, function.kernel.shape(block), stream.gpu.index)
    if function.calls_host:
        stream.host_calls().attend(stream.queue)


@contextlib.contextmanager
def _undisturbed(stream: Stream) -> Iterator[None]:
    """Let nobody else launch what prints or is cooperative in the block.

    Between its query for idleness and its reading of the buffer a stream must stay idle, and
    between the making of a barrier and the launch that it is for nothing else may use it.
    """
    with stream.lock, stream.record.quiet():
        yield


_UNLOCKED = contextlib.nullcontext()
_extra = functools.lru_cache(maxsize=256)(launch_extra)


def work(
    function: Function, pointer: int, grid: Dim, block: Dim, shared: int, arguments: bytes
) -> Work:
    """Return the work of a launch whose arguments are copied already.

    `pointer` is what the program calls the kernel.
    """
    part = Launch(function, grid, block, shared, arguments)
    return Work(
        lambda stream: start(function, grid, block, shared, stream, arguments=arguments),
        describe=Description(part, pointer),
        part=part,
    )


class Description:
    """Makes the hipKernelNodeParams of a launch when a program asks, and keeps it."""

    __slots__ = ("_kept", "_launch", "_pointer")

    def __init__(self, launch: Launch, pointer: int) -> None:
        self._launch = launch
        self._pointer = pointer
        self._kept: tuple[bytes, object] | None = None

    def __call__(self) -> bytes:
        if self._kept is None:
            launch = self._launch
            explicit = launch.function.kernel.kernel.explicit_args
            arguments = memory.Buffer(launch.arguments)
            places = [arguments.address + argument.offset for argument in explicit]
            pointers = memory.Buffer(struct.pack(f"<{len(places)}Q", *places))
            shape = (*launch.block, 0, self._pointer, *launch.grid)
            raw = KERNEL_PARAMETERS.pack(*shape, pointers.address, launch.shared)
            self._kept = raw, (arguments, pointers)
        return self._kept[0]


def gathered(function: Function, pointers: int) -> bytes:
    """Return the argument block for an array of pointers to the arguments."""
    explicit = function.kernel.kernel.explicit_args
    block = bytearray(max((argument.offset + argument.size for argument in explicit), default=0))
    for position, argument in enumerate(explicit):
        value = memory.read(memory.get_u64(pointers + 8 * position), argument.size)
        block[argument.offset : argument.offset + argument.size] = value
    return bytes(block)


def has_arguments(function: Function) -> bool:
    """Tell whether a kernel takes arguments."""
    return bool(function.kernel.struct.param_count)


def packed(extra: int) -> bytes:
    """Return the argument block that an `extra` list names."""
    address = size = 0
    for _ in range(8):
        key = memory.get_u64(extra)
        if key == _BUFFER_END:
            break
        value = memory.get_u64(extra + 8)
        if key == _BUFFER_POINTER:
            address = value
        elif key == _BUFFER_SIZE:
            size = memory.get_u64(value)
        else:
            raise HipError(Error.InvalidValue)
        extra += 16
    return memory.read(address, size)


def _start_by_handle(
    handle: int,
    grid: Dim,
    block: Dim,
    shared: int,
    stream: int,
    parameters: int,
    extra: int,
    *,
    tail: Dim = _NO_TAIL,
    cooperative: bool = False,
) -> None:
    """Launch a hipFunction_t with its arguments in one of the two forms."""
    require(handle, Error.InvalidHandle)
    function = functions[handle]
    require(all(grid) and all(block))
    require(math.prod(block) <= function.kernel.module.device.target.max_workgroup_size)
    require(not (parameters and extra))
    require(parameters or extra or not has_arguments(function))
    arguments = packed(extra) if extra else b""
    start(
        function,
        grid,
        block,
        shared,
        of(stream),
        parameters=parameters,
        arguments=arguments,
        tail=tail,
        cooperative=cooperative,
        known_as=handle,
    )


@Spread
def hipLaunchKernel(
    host: int, grid: Dim, block: Dim, parameters: int, shared: int, stream: int
) -> None:
    chosen = of(stream)
    function = registered(chosen.gpu, host)
    start(function, grid, block, shared, chosen, parameters=parameters, known_as=host)


@Spread
def hipExtLaunchKernel(
    host: int,
    grid: Dim,
    block: Dim,
    parameters: int,
    shared: int,
    stream: int,
    before: int,
    after: int,
    flags: int,
) -> None:
    event.record_if(before, stream)
    hipLaunchKernel(host, *grid, *block, parameters, shared, stream)
    event.record_if(after, stream)


@Spread
def hipLaunchCooperativeKernel(
    host: int, grid: Dim, block: Dim, parameters: int, shared: int, stream: int
) -> None:
    chosen = of(stream)
    function = registered(chosen.gpu, host)
    require_resident(function, grid, block, shared)
    start(
        *(function, grid, block, shared, chosen),
        parameters=parameters,
        cooperative=True,
        known_as=host,
    )


def require_resident(function: Function, grid: Dim, block: Dim, shared: int) -> None:
    """Refuse a cooperative launch whose blocks do not fit on the device all at once."""
    from anyroc.hip.occupancy import blocks_per_multiprocessor
    from anyroc.hip.properties import multiprocessors

    x, y, z = block
    per_unit = blocks_per_multiprocessor(function, x * y * z, shared)
    room = per_unit * multiprocessors(function.kernel.module.device.target)
    blocks = grid[0] * grid[1] * grid[2]
    require(blocks <= room, Error.CooperativeLaunchTooLarge)
    function.note_room(room, x * y * z, shared)


@Spread
def hipModuleLaunchKernel(
    function: int, grid: Dim, block: Dim, shared: int, stream: int, parameters: int, extra: int
) -> None:
    require(function, Error.InvalidHandle)
    require(all(size <= most for size, most in zip(grid, MOST_BLOCKS, strict=True)))
    _start_by_handle(function, grid, block, shared, stream, parameters, extra)


@Spread
def hipModuleLaunchCooperativeKernel(
    function: int, grid: Dim, block: Dim, shared: int, stream: int, parameters: int
) -> None:
    require(function, Error.InvalidHandle)
    target = functions[function].kernel.module.device.target
    require(known(stream) and all(grid) and all(block) and shared <= target.lds_bytes)
    require(math.prod(block) <= target.max_workgroup_size)
    require_resident(functions[function], grid, block, shared)
    _start_by_handle(function, grid, block, shared, stream, parameters, 0, cooperative=True)


@Spread
def hipExtModuleLaunchKernel(
    function: int,
    threads: Dim,
    block: Dim,
    shared: int,
    stream: int,
    parameters: int,
    extra: int,
    before: int,
    after: int,
    flags: int,
) -> None:
    require(function, Error.InvalidHandle)
    require(all(threads) and all(block))
    most = of(stream).gpu.properties["maxThreadsPerBlock"]
    require(block[0] * block[1] * block[2] <= most)  # also where it is cut to the threads
    x, y, z = map(min, zip(threads, block, strict=True))
    block = x, y, z
    grid = tuple(-(-total // size) for total, size in zip(threads, block, strict=True))
    tail = tuple(total % size or size for total, size in zip(threads, block, strict=True))
    require(tail == block or not functions[function].kernel.kernel.uniform)
    event.record_if(before, stream)
    _start_by_handle(
        function,
        (grid[0], grid[1], grid[2]),
        block,
        shared,
        stream,
        parameters,
        extra,
        tail=_NO_TAIL if tail == block else (tail[0], tail[1], tail[2]),
    )
    event.record_if(after, stream)


@Spread
def hipHccModuleLaunchKernel(
    function: int,
    threads: Dim,
    block: Dim,
    shared: int,
    stream: int,
    parameters: int,
    extra: int,
    before: int,
    after: int,
) -> None:
    require(not function or max(block) < 1 << 31)
    rest = (shared, stream, parameters, extra, before, after, 0)
    hipExtModuleLaunchKernel(function, *threads, *block, *rest)


@Spread
def hipConfigureCall(grid: Dim, block: Dim, shared: int, stream: int) -> None:
    thread.configured.append((grid, block, shared, stream, bytearray()))


def hipSetupArgument(address: int, size: int, offset: int) -> None:
    if not thread.configured:
        hipConfigureCall(*_pushed())
    block = thread.configured[-1][-1]
    block.extend(bytes(max(offset + size - len(block), 0)))
    block[offset : offset + size] = memory.read(address, size)


def _pushed() -> tuple[int, ...]:
    """Return the configuration that the thread has pushed, as <<<…>>> does."""
    found = calls.pop_configuration()
    if found is None:
        raise HipError(Error.MissingConfiguration)
    return found


def hipLaunchByPtr(host: int) -> None:
    require(host, Error.InvalidDeviceFunction)
    if not thread.configured:
        hipConfigureCall(*_pushed())
    grid, block, shared, stream, arguments = thread.configured.pop()
    chosen = of(stream)
    start(registered(chosen.gpu, host), grid, block, shared, chosen, arguments=bytes(arguments))


def hipLaunchKernelExC(config: int, host: int, parameters: int) -> None:
    require(config)
    *shape, shared, stream, _, _ = memory.unpack(_CONFIG, config)
    hipLaunchKernel(host, *shape, parameters, shared, stream)


def hipDrvLaunchKernelEx(config: int, function: int, parameters: int, extra: int) -> None:
    require(config)
    *shape, shared, stream, _, _ = memory.unpack(_DRIVER_CONFIG, config)
    hipModuleLaunchKernel(function, *shape, shared, stream, parameters, extra)


def hipFuncGetAttributes(out: int, host: int) -> None:
    require(out)
    require(host, Error.InvalidDeviceFunction)
    memory.write(out, registered(current(), host).attributes())


def hipFuncGetAttribute(out: int, attribute: int, function: int) -> None:
    require(out)
    memory.put_i32(out, functions[function].attribute(attribute))


def hipFuncSetAttribute(host: int, attribute: int, value: int) -> None:
    require(host, Error.InvalidDeviceFunction)
    by_either(host).set_attribute(attribute, value)


def by_either(pointer: int) -> Function:
    """Return the kernel of a host stub or of a hipFunction_t cast to a pointer."""
    return functions[pointer] if pointer in functions else registered(current(), pointer)


def hipFuncSetCacheConfig(host: int, config: int) -> None:
    require(host, Error.InvalidDeviceFunction)
    require(0 <= config <= 3)


def hipFuncSetSharedMemConfig(host: int, config: int) -> None:
    require(host, Error.InvalidDeviceFunction)
    require(0 <= config <= 2)


def hipGetFuncBySymbol(out: int, host: int) -> None:
    require(out)
    require(host, Error.InvalidDeviceFunction)
    memory.put_u64(out, registered(current(), host).handle)


def hipKernelNameRef(function: int) -> int:
    return memory.c_string(functions[function].name) if function in functions else 0


def hipKernelNameRefByPtr(host: int, stream: int) -> int:
    return memory.c_string(registered(of(stream).gpu, host).name)
