"""The PoCL side, run in a process of its own: python -m bench.opencl NAME SIZES…

Prints one line of JSON, as measure.h's report() does.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np


def pocl_device():
    """The CPU device of the newest PoCL there is."""
    import pyopencl as cl

    devices = [
        device
        for platform in cl.get_platforms()
        if "portable computing" in platform.name.lower()
        for device in platform.get_devices()
    ]
    if not devices:
        raise SystemExit("no OpenCL platform here is PoCL")
    return max(devices, key=lambda device: device.platform.version)


def inputs(count: int, start: int = 0) -> np.ndarray:
    """The numbers of measure.h's input()."""
    index = np.arange(start, start + count, dtype=np.uint32)
    return ((index * np.uint32(2654435761)) >> np.uint32(8)).astype(np.float32) / 16777216


def peak_kilobytes() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


def measure(run: Callable[[int], None]) -> tuple[float, float]:
    """The least wall and CPU time of one run, as measure.h's measure()."""
    warm_up, seconds_of_batch, batches = 0.4, 0.05, 8
    begun = time.perf_counter()
    run(1)
    while True:
        start = time.perf_counter()
        run(1)
        end = time.perf_counter()
        if end - begun >= warm_up:
            break
    once = end - start
    repeats = int(seconds_of_batch / (once + 1e-9)) + 1 if once < seconds_of_batch else 1
    wall = cpu = float("inf")
    for _ in range(batches):
        cpu_start, wall_start = time.process_time(), time.perf_counter()
        run(repeats)
        wall = min(wall, (time.perf_counter() - wall_start) / repeats)
        cpu = min(cpu, (time.process_time() - cpu_start) / repeats)
    return wall, cpu


def main() -> None:
    import pyopencl as cl

    device = pocl_device()
    if sys.argv[1:] == ["--version"]:
        print(device.platform.version)
        return
    name, size = sys.argv[1], [int(text) for text in sys.argv[2:]]
    context = cl.Context([device])
    queue = cl.CommandQueue(context)
    source = Path(__file__).with_name("kernels.cl").read_text()
    kernel = getattr(cl.Program(context, source).build(), name)

    def upload(values: np.ndarray) -> cl.Buffer:
        flags = cl.mem_flags.READ_WRITE | cl.mem_flags.COPY_HOST_PTR
        return cl.Buffer(context, flags, hostbuf=values)

    n = size[0]
    counting = name in ("mandelbrot", "histogram")
    count_in = count_out = n
    if name in ("matmul_naive", "matmul_tiled", "transpose", "stencil"):
        count_in = count_out = n * n
    elif name == "softmax":
        count_in = count_out = n * size[1]
    elif name == "nbody":
        count_in = 4 * n
    elif name == "reduction":
        count_out = 256

    if counting:
        count_out = 256 if name == "histogram" else n * size[1]
        result = np.zeros(count_out, np.uint32)
    else:
        result = inputs(count_out)
    out = upload(result)

    square, line, threads = (16, 16), (64, 4), (256,)
    up = lambda value, step: -(-value // step) * step  # noqa: E731
    match name:
        case "add":
            shape, group = (up(n, 256),), threads
            arguments = [np.int32(n), upload(inputs(n)), upload(inputs(n, 1)), out]
        case "matmul_naive" | "matmul_tiled":
            shape, group = (n, n), square
            arguments = [np.int32(n), upload(inputs(n * n)), upload(inputs(n * n, 1)), out]
        case "mandelbrot":
            shape, group = (up(n, 64), up(size[1], 4)), line
            arguments = [*map(np.int32, size), out]
        case "fma_chain" | "fma_unrolled":
            shape, group = (n,), threads
            arguments = [np.int32(size[1]), upload(inputs(n)), out]
        case "reduction":
            shape, group = (256 * 256,), threads
            arguments = [np.int32(n), upload(inputs(n)), out]
        case "softmax":
            shape, group = (n * 256,), threads
            arguments = [np.int32(size[1]), upload(inputs(count_in)), out]
        case "nbody":
            shape, group = (n,), threads
            arguments = [np.int32(n), upload(inputs(count_in)), out]
        case "histogram":
            shape, group = (64 * 256,), threads
            data = (256 * inputs(n)).astype(np.uint8)
            arguments = [np.int32(n), upload(data), out]
        case "transpose":
            shape, group = (n, n), square
            arguments = [np.int32(n), upload(inputs(n * n)), out]
        case "stencil":
            shape, group = (up(n, 64), up(n, 4)), line
            arguments = [np.int32(n), upload(inputs(n * n)), out]
        case _:
            raise SystemExit(f"no benchmark is called {name}")

    zero = np.uint32(0)
    kernel.set_args(*arguments)

    def run(repeats: int) -> None:
        for _ in range(repeats):
            if name == "histogram":
                cl.enqueue_fill_buffer(queue, out, zero, 0, result.nbytes)
            cl.enqueue_nd_range_kernel(queue, kernel, shape, group)
        queue.finish()

    wall, cpu = measure(run)
    cl.enqueue_copy(queue, result, out)
    if name == "histogram":
        check = float(np.dot(result.astype(np.float64), np.arange(256)))
    else:
        check = float(result[: n if name == "transpose" else None].sum(dtype=np.float64))
    print(json.dumps({"wall": wall, "cpu": cpu, "check": check, "peak_kb": peak_kilobytes()}))


if __name__ == "__main__":
    main()
