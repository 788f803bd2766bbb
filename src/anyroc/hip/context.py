"""Contexts: in HIP each device has one, which the current device of a thread implies."""

from __future__ import annotations

from anyroc.cabi import memory
from anyroc.hip import calls
from anyroc.hip.device import (
    current,
    gpu,
    gpus,
    hipDeviceGetCacheConfig,
    hipDeviceGetSharedMemConfig,
    hipDeviceSetCacheConfig,
    hipDeviceSetSharedMemConfig,
    hipDeviceSynchronize,
)
from anyroc.hip.error import Error, HipError, require
from anyroc.hip.peer import hipDeviceDisablePeerAccess, hipDeviceEnablePeerAccess
from anyroc.hip.state import thread

_FIRST = 0x100  # handle of device 0's context

_API_VERSION = 4


def _handle(device: int) -> int:
    return _FIRST + device


def _device(context: int) -> int:
    device = context - _FIRST
    if not 0 <= device < len(gpus()):
        raise HipError(Error.InvalidContext)
    return device


def hipCtxCreate(out: int, flags: int, device: int) -> None:
    require(out)
    thread.device = gpu(device).index
    thread.contexts = [*thread.contexts, thread.device]
    memory.put_u64(out, _handle(device))


def hipCtxDestroy(context: int) -> None:
    require(context)
    device = _device(context)
    if thread.contexts[-1:] == [device]:
        thread.contexts = thread.contexts[:-1]


def hipCtxSetCurrent(context: int) -> None:
    if context:
        thread.device = _device(context)
        thread.contexts = [*thread.contexts[:-1], thread.device]
    else:
        thread.contexts = thread.contexts[:-1]


def hipCtxGetCurrent(out: int) -> None:
    require(out)
    memory.put_u64(out, _handle(current().index))


def hipCtxPushCurrent(context: int) -> None:
    require(context, Error.InvalidContext)
    device = _device(context)
    thread.contexts = [*thread.contexts, device]
    thread.device = device


def hipCtxPopCurrent(out: int) -> None:
    require(thread.contexts, Error.InvalidContext)
    *rest, popped = thread.contexts
    thread.contexts = rest
    if rest:
        thread.device = rest[-1]
    if out:
        memory.put_u64(out, _handle(popped))


def hipCtxGetDevice(out: int) -> None:
    require(out)
    memory.put_i32(out, current().index)


def hipCtxGetApiVersion(context: int, out: int) -> None:
    require(out)
    memory.put_i32(out, _API_VERSION)


def hipCtxGetFlags(out: int) -> None:
    require(out)
    memory.put_i32(out, current().flags)


def hipCtxSynchronize() -> None:
    hipDeviceSynchronize()


hipCtxGetCacheConfig = hipDeviceGetCacheConfig
hipCtxSetCacheConfig = hipDeviceSetCacheConfig
hipCtxGetSharedMemConfig = hipDeviceGetSharedMemConfig
hipCtxSetSharedMemConfig = hipDeviceSetSharedMemConfig


def hipCtxEnablePeerAccess(peer: int, flags: int) -> None:
    require(peer, Error.InvalidContext)
    hipDeviceEnablePeerAccess(_device(peer), flags)


def hipCtxDisablePeerAccess(peer: int) -> None:
    require(peer, Error.InvalidContext)
    hipDeviceDisablePeerAccess(_device(peer))


def hipDevicePrimaryCtxGetState(device: int, flags: int, active: int) -> None:
    require(flags and active)
    memory.put_i32(flags, gpu(device).flags)
    memory.put_i32(active, 1)


def hipDevicePrimaryCtxRetain(out: int, device: int) -> None:
    require(out)
    memory.put_u64(out, _handle(gpu(device).index))


def hipDevicePrimaryCtxRelease(device: int) -> None:
    gpu(device)


def hipDevicePrimaryCtxReset(device: int) -> None:
    gpu(device)


def hipDevicePrimaryCtxSetFlags(device: int, flags: int) -> None:
    gpu(device).flags = flags
    calls.forget_answers()
