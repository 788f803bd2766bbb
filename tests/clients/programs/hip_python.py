"""hip-python: AMD's Python bindings of the runtime API."""

from __future__ import annotations

import ctypes
import functools
import os
import threading
from typing import Any

import numpy as np
from hip import hip
from kernels import compiled
from report import check, run

H2D = hip.hipMemcpyKind.hipMemcpyHostToDevice
D2H = hip.hipMemcpyKind.hipMemcpyDeviceToHost

KERNELS = """
#include <hip/hip_runtime.h>
extern "C" __global__ void scale(float *x, float factor, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) x[i] *= factor;
}
__device__ int table[4] = {1, 2, 3, 4};
extern "C" __global__ void look_up(int *out) { out[threadIdx.x] = table[threadIdx.x]; }
extern "C" __global__ void reverse(int *x, int n) {
  extern __shared__ int copy[];
  copy[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  x[threadIdx.x] = copy[n - 1 - threadIdx.x];
}
"""


def good(result: Any) -> Any:
    """Return what a call gives beside its success."""
    code, *values = result
    assert code == hip.hipError_t.hipSuccess, code
    return values[0] if len(values) == 1 else tuple(values)


@functools.cache
def function(name: str) -> Any:
    module = good(hip.hipModuleLoadData(compiled(KERNELS)))
    return good(hip.hipModuleGetFunction(module, name.encode()))


def uploaded(array: np.ndarray[Any, Any]) -> Any:
    place = good(hip.hipMalloc(array.nbytes))
    good(hip.hipMemcpy(place, array, array.nbytes, H2D))
    return place


def downloaded(place: Any, like: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    array = np.empty_like(like)
    good(hip.hipMemcpy(array, place, array.nbytes, D2H))
    good(hip.hipFree(place))
    return array


def launch(
    name: str, grid: int, block: int, *arguments: Any, shared: int = 0, stream: Any = 0
) -> None:
    good(
        hip.hipModuleLaunchKernel(
            function(name),
            *(grid, 1, 1, block, 1, 1),
            sharedMemBytes=shared,
            stream=stream or None,
            kernelParams=None,
            extra=tuple(arguments),
        )
    )


@check
def device_properties() -> None:
    properties = good(hip.hipGetDeviceProperties(0))
    assert os.environ["ANYROC_TARGET"] in properties.gcnArchName
    attribute = hip.hipDeviceAttribute_t.hipDeviceAttributeWarpSize
    assert properties.warpSize == good(hip.hipDeviceGetAttribute(attribute, 0))
    free, total = good(hip.hipMemGetInfo())
    assert 0 < free <= total == properties.totalGlobalMem


@check
def copies() -> None:
    data = np.random.default_rng(1).random(100_000)
    assert np.array_equal(data, downloaded(uploaded(data), data))
    rows = np.arange(6 * 16, dtype=np.uint8).reshape(6, 16)
    place, pitch = good(hip.hipMallocPitch(10, 6))
    good(hip.hipMemcpy2D(place, pitch, rows, 16, 10, 6, H2D))
    back = np.zeros_like(rows)
    good(hip.hipMemcpy2D(back, 16, place, pitch, 10, 6, D2H))
    assert np.array_equal(rows[:, :10], back[:, :10]) and not back[:, 10:].any()
    good(hip.hipFree(place))


@check
def launch_with_packed_arguments() -> None:
    data = np.arange(1000, dtype=np.float32)
    place = uploaded(data)
    launch("scale", 4, 256, place, ctypes.c_float(1.5), ctypes.c_int(1000))
    assert np.array_equal(data * np.float32(1.5), downloaded(place, data))


@check
def dynamic_shared_memory() -> None:
    data = np.arange(64, dtype=np.int32)
    place = uploaded(data)
    launch("reverse", 1, 64, place, ctypes.c_int(64), shared=256)
    assert np.array_equal(data[::-1], downloaded(place, data))


@check
def global_variables() -> None:
    module = good(hip.hipModuleLoadData(compiled(KERNELS)))
    address, size = good(hip.hipModuleGetGlobal(module, b"table"))
    assert size == 16
    values = np.array([5, 6, 7, 8], dtype=np.int32)
    good(hip.hipMemcpy(address, values, 16, H2D))
    kernel = good(hip.hipModuleGetFunction(module, b"look_up"))
    place = uploaded(np.zeros(4, dtype=np.int32))
    good(
        hip.hipModuleLaunchKernel(
            kernel, 1, 1, 1, 4, 1, 1, sharedMemBytes=0, stream=None, kernelParams=None,
            extra=(place,),
        )
    )  # fmt: skip
    assert np.array_equal(values, downloaded(place, values))
    good(hip.hipModuleUnload(module))


@check
def streams_and_events() -> None:
    stream = good(hip.hipStreamCreate())
    before, after = good(hip.hipEventCreate()), good(hip.hipEventCreate())
    data = np.ones(4096, dtype=np.float32)
    place = good(hip.hipMalloc(data.nbytes))
    good(hip.hipMemcpyAsync(place, data, data.nbytes, H2D, stream))
    good(hip.hipEventRecord(before, stream))
    for _ in range(10):
        launch("scale", 16, 256, place, ctypes.c_float(2), ctypes.c_int(4096), stream=stream)
    good(hip.hipEventRecord(after, stream))
    good(hip.hipEventSynchronize(after))
    assert good(hip.hipEventElapsedTime(before, after)) > 0
    good(hip.hipStreamSynchronize(stream))
    assert (downloaded(place, data) == 1024).all()
    good(hip.hipStreamDestroy(stream))


@check
def graphs() -> None:
    stream = good(hip.hipStreamCreate())
    place = uploaded(np.ones(256, dtype=np.float32))
    mode = hip.hipStreamCaptureMode.hipStreamCaptureModeGlobal
    function("scale")
    good(hip.hipStreamBeginCapture(stream, mode))
    launch("scale", 1, 256, place, ctypes.c_float(3), ctypes.c_int(256), stream=stream)
    launch("scale", 1, 256, place, ctypes.c_float(3), ctypes.c_int(256), stream=stream)
    graph = good(hip.hipStreamEndCapture(stream))
    executable = good(hip.hipGraphInstantiateWithFlags(graph, 0))
    for _ in range(2):
        good(hip.hipGraphLaunch(executable, stream))
    good(hip.hipStreamSynchronize(stream))
    assert (downloaded(place, np.ones(256, dtype=np.float32)) == 81).all()
    good(hip.hipGraphExecDestroy(executable))
    good(hip.hipGraphDestroy(graph))


@check
def threads() -> None:
    wrong: list[BaseException] = []

    def work(number: int) -> None:
        try:
            data = np.full(512, number, dtype=np.float32)
            stream = good(hip.hipStreamCreate())
            place = uploaded(data)
            launch("scale", 2, 256, place, ctypes.c_float(2), ctypes.c_int(512), stream=stream)
            good(hip.hipStreamSynchronize(stream))
            assert (downloaded(place, data) == 2 * number).all()
            good(hip.hipStreamDestroy(stream))
        except BaseException as error:
            wrong.append(error)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong, wrong[0]


@check
def errors() -> None:
    assert hip.hipFree(0x1234)[0] == hip.hipError_t.hipErrorInvalidValue
    assert hip.hipSetDevice(99)[0] == hip.hipError_t.hipErrorInvalidDevice
    assert hip.hipGetLastError()[0] == hip.hipError_t.hipErrorInvalidDevice
    assert good(hip.hipGetLastError()) == ()
    assert b"invalid" in str(hip.hipGetErrorString(hip.hipError_t.hipErrorInvalidValue)).encode()


run()
