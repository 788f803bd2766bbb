"""Devices: their choice per thread, their properties, and waiting for all their work."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any, TypeVar

from anyroc.cabi import memory
from anyroc.hip import calls, properties
from anyroc.hip.error import Error, HipError, require
from anyroc.hip.state import Hooks, lock, thread

if TYPE_CHECKING:
    from anyroc.gpu.device import Device
    from anyroc.hip.function import Function
    from anyroc.hip.stream import Stream

HIP_VERSION = 70125424
"""What hipRuntimeGetVersion answers: major * 10^7 + minor * 10^5 + patch, of HIP 7.1."""

T = TypeVar("T")

R0600_SINCE = 60000000  # the HIP version from which hipGetDeviceProperties means the layout R0600

_STACK_LIMIT, _PRINTF_LIMIT, _HEAP_LIMIT = 0, 1, 2
_SCHEDULE_MASK = 0x7
_LIMITS = 0x1003  # hipLimitRange
_KNOWN_FLAGS = 0x1F
_SYMBOL_NOT_FOUND = 1
_PER_THREAD = 2

resetting = Hooks()
"""Called with a Gpu whose state hipDeviceReset discards."""


class Gpu:
    """One device as HIP sees it: the software GPU and what the program has made on it."""

    def __init__(self, index: int, device: Device) -> None:
        self.index = index
        self.device = device
        self.target = device.target
        self.memory = device.memory
        self.streams: list[Stream] = []
        self.functions: dict[int, Function] = {}  # kernels by the address of the host's stub
        self.legacy: Stream | None = None
        self.peers: set[int] = set()
        self.flags = 0
        self.limits = {_STACK_LIMIT: 1024, _PRINTF_LIMIT: 1 << 20, _HEAP_LIMIT: 1 << 30}
        self._heap = (0, 0)
        calls.add_device(index, device.index, self.memory.account)

    @functools.cached_property
    def properties(self) -> dict[str, Any]:
        """The fields of hipDeviceProp_t."""
        return properties.properties(self.target, self.index, self.memory.capacity)

    def heap(self) -> tuple[int, int]:
        """Return address and size of the heap of device code's `malloc`."""
        if not self._heap[0]:
            size = self.limits[_HEAP_LIMIT]
            self._heap = (self.memory.alloc(size, "internal"), size)
        return self._heap

    def synchronize(self) -> None:
        """Wait for all work of the device; raise what it met."""
        from anyroc.hip.stream import synchronize

        synchronize(self)


def gpus() -> list[Gpu]:
    """Return the devices that the program may see, in the order in which it sees them."""
    if _gpus is None:
        with lock:  # of the threads that come first all must get the same ones
            return _gpus or _found()
    return _gpus


_gpus: list[Gpu] | None = None


def _found() -> list[Gpu]:
    from anyroc.gpu.device import devices

    global _gpus
    _gpus = [Gpu(index, device) for index, device in enumerate(visible(devices()))]
    return _gpus


def visible(devices: list[T]) -> list[T]:
    """Apply the environment's choice of devices; as in HIP, the first bad number ends the list.

    The devices may be given as anything that stands for them.
    """
    for name in ("ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES"):
        choice = os.environ.get(name)
        if choice is None or (name.startswith("CUDA") and "HIP_VISIBLE_DEVICES" in os.environ):
            continue
        chosen: list[T] = []
        for part in choice.split(","):
            if not part.strip().isdigit() or int(part) >= len(devices):
                break
            chosen.append(devices[int(part)])
        devices = chosen
    return devices


def gpu(index: int) -> Gpu:
    """Return a device by its number; raises InvalidDevice."""
    devices = gpus()
    if not 0 <= index < len(devices):
        raise HipError(Error.InvalidDevice if devices else Error.NoDevice)
    return devices[index]


def current() -> Gpu:
    """Return the calling thread's current device."""
    try:
        return gpus()[thread.device]
    except IndexError:
        raise HipError(Error.NoDevice) from None


def hipInit(flags: int) -> None:
    require(flags == 0)
    require(gpus(), Error.NoDevice)


def hipDriverGetVersion(version: int) -> None:
    require(version)
    memory.put_i32(version, HIP_VERSION)


hipRuntimeGetVersion = hipDriverGetVersion


def hipGetDeviceCount(count: int) -> None:
    require(count)
    memory.put_i32(count, len(gpus()))
    require(gpus(), Error.NoDevice)


def hipGetDevice(out: int) -> None:
    require(out)
    memory.put_i32(out, current().index)


def hipSetDevice(index: int) -> None:
    thread.device = gpu(index).index


def hipSetValidDevices(devices: int, count: int) -> None:
    require(devices or not count)
    for position in range(count):
        gpu(memory.get_i32(devices + 4 * position))


def hipDeviceGet(out: int, ordinal: int) -> None:
    require(out)
    memory.put_i32(out, gpu(ordinal).index)


def hipDeviceGetName(out: int, size: int, device: int) -> None:
    chosen = gpu(device)
    require(out and size > 0)
    memory.write_string(out, chosen.properties["name"], size)


def hipDeviceGetUuid(out: int, device: int) -> None:
    require(out)
    memory.write(out, gpu(device).properties["uuid"])


def hipDeviceTotalMem(out: int, device: int) -> None:
    chosen = gpu(device)
    require(out)
    memory.put_u64(out, chosen.memory.capacity)


def hipDeviceComputeCapability(major: int, minor: int, device: int) -> None:
    chosen = gpu(device)
    require(major and minor)
    memory.put_i32(major, chosen.properties["major"])
    memory.put_i32(minor, chosen.properties["minor"])


def hipDeviceGetPCIBusId(out: int, size: int, device: int) -> None:
    chosen = gpu(device)
    require(out and size > 0)
    name = f"0000:{chosen.properties['pciBusID']:02x}:00.0".encode()
    memory.write_string(out, name, size)
    require(size > len(name))


def hipDeviceGetByPCIBusId(out: int, bus: bytes | None) -> None:
    require(out and bus)
    assert bus is not None
    for candidate in gpus():
        if bus.lower().endswith(f"{candidate.properties['pciBusID']:02x}:00.0".encode()):
            memory.put_i32(out, candidate.index)
            return
    raise HipError(Error.InvalidDevice)


def hipDeviceGetAttribute(out: int, attribute: int, device: int) -> None:
    require(out)
    value = properties.attribute(attribute, gpu(device).properties)
    if value is None:
        raise HipError(Error.InvalidValue)
    memory.put_i32(out, value)


def hipGetDevicePropertiesR0600(out: int, device: int) -> None:
    require(out)
    memory.write(out, properties.R0600.pack(gpu(device).properties))


def hipGetDevicePropertiesR0000(out: int, device: int) -> None:
    require(out)
    memory.write(out, properties.R0000.pack(gpu(device).properties))


hipGetDeviceProperties = hipGetDevicePropertiesR0000


def hipChooseDeviceR0600(out: int, wanted: int) -> None:
    require(out and wanted)
    memory.put_i32(out, current().index)


hipChooseDevice = hipChooseDeviceR0000 = hipChooseDeviceR0600


def hipDeviceSynchronize() -> None:
    current().synchronize()


def hipDeviceReset() -> None:
    chosen = current()
    chosen.synchronize()
    resetting(chosen)
    chosen.flags = 0
    calls.forget_answers()


def hipGetDeviceFlags(out: int) -> None:
    require(out)
    memory.put_i32(out, current().flags & _SCHEDULE_MASK)


def hipSetDeviceFlags(flags: int) -> None:
    require(flags & ~_KNOWN_FLAGS == 0)
    schedule = flags & _SCHEDULE_MASK
    require(schedule & (schedule - 1) == 0)
    current().flags = flags
    calls.forget_answers()


def hipDeviceGetLimit(out: int, limit: int) -> None:
    require(out and 0 <= limit < _LIMITS)
    require(limit in current().limits, Error.UnsupportedLimit)
    memory.put_u64(out, current().limits[limit])


def hipDeviceSetLimit(limit: int, value: int) -> None:
    require(0 <= limit < _LIMITS)
    require(limit in current().limits, Error.UnsupportedLimit)
    current().limits[limit] = value
    calls.forget_answers()


def hipDeviceGetCacheConfig(out: int) -> None:
    require(out)
    memory.put_i32(out, 0)


def hipDeviceSetCacheConfig(config: int) -> None:
    require(0 <= config <= 3)
    current()


def hipDeviceGetSharedMemConfig(out: int) -> None:
    require(out)
    memory.put_i32(out, 1)  # hipSharedMemBankSizeFourByte


def hipDeviceSetSharedMemConfig(config: int) -> None:
    require(0 <= config <= 2)
    current()


def hipGetProcAddress(
    symbol: bytes | None, out: int, version: int, flags: int, status: int
) -> None:
    from anyroc.hip.calls import library

    require(symbol and out)
    assert symbol is not None
    name = symbol.decode(errors="replace")
    if name in ("hipGetDeviceProperties", "hipChooseDevice") and version >= R0600_SINCE:
        name += "R0600"
    found = library().address(f"{name}_spt") if flags & _PER_THREAD else 0
    found = found or library().address(name)
    if status:
        memory.put_i32(status, 0 if found else _SYMBOL_NOT_FOUND)
    memory.put_u64(out, found)
    require(found)


def hipGetDriverEntryPoint(symbol: bytes | None, out: int, flags: int, status: int) -> None:
    hipGetProcAddress(symbol, out, HIP_VERSION, flags, status)
