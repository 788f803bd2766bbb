"""What Triton costs here: a launch, kernels against Triton's own interpreter in the same run, and
products of matrices against OpenBLAS (through NumPy) in 32 bits.

    python -m bench.triton_kernels

Needs anyroc's extra "torch". The interpreter runs in a process of its own, on a smaller problem;
both sides are given as work per second. Products are measured in CPU time with one thread.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

KERNELS = Path(__file__).parents[1] / "examples" / "triton"
SIZES = {"device": 1024, "interpreter": 128}
MATMUL = ((64, 64, 32), (64, 64, 64), (128, 128, 32))
ATTENTION = ((64, 32, 2), (64, 64, 2), (128, 64, 4))
"""Sizes of blocks: the interpreter works on whole blocks, so larger ones suit it better.  Those of
attention with a warp for each 32 rows: with more, Triton has several compute the same rows."""

PRODUCTS = {
    "gfx942": {"float16": (256, 256, 32, 8), "bfloat16": (256, 256, 32, 8)},
    "gfx950": {"float8_e4m3fn": (256, 128, 128, 4)},
}
"""Blocks and warps of the products that OpenBLAS is compared with, by target and type."""

HEADS, WIDTH = 4, 64
LAUNCHES = 1000
WARM_UP = 4.0  # seconds


def best(call: Callable[[], Any], times: int, warm_up: float = 0) -> float:
    """Return the seconds of the fastest of some calls, after one that is not counted, or as many
    as the seconds of a warm-up hold: in them hot code is optimised."""
    begun = time.perf_counter()
    call()
    while time.perf_counter() - begun < warm_up:
        call()
    seconds = []
    for _ in range(times):
        begun = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - begun)
    return min(seconds)


def measure(side: str) -> dict[str, float]:
    """Return fp16 GFLOP/s of products and of flash attention, microseconds of a launch."""
    sys.path.append(str(KERNELS))
    import kernels
    import torch

    torch.manual_seed(0)
    size, times = SIZES[side], 20 if side == "device" else 1
    warm_up = WARM_UP if side == "device" else 0
    a, b, c = (torch.randn(size, size).half() for _ in range(3))
    q, k, v, out = (torch.randn(1, HEADS, size, WIDTH).half() for _ in range(4))
    result = {}
    for m, n, depth in MATMUL:
        kernel = kernels.matmul_kernel[(-(-size // m), -(-size // n))]
        blocks = {"BLOCK_M": m, "BLOCK_N": n, "BLOCK_K": depth}
        call = partial(kernel, a, b, c, size, size, size, **blocks)
        seconds = best(call, times, warm_up)
        result[f"matmul, blocks of {m}x{n}x{depth}"] = 2 * size**3 / seconds / 1e9
    for rows, columns, warps in ATTENTION:
        kernel = kernels.attention_kernel[(-(-size // rows), HEADS)]
        blocks = {"WIDTH": WIDTH, "BLOCK_Q": rows, "BLOCK_K": columns, "CAUSAL": False}
        blocks["num_warps"] = warps
        call = partial(kernel, q, k, v, out, size, WIDTH**-0.5, **blocks)
        seconds = best(call, times, warm_up)
        operations = 4 * HEADS * size**2 * WIDTH
        result[f"attention, blocks of {rows}x{columns}"] = operations / seconds / 1e9
    if side == "device":
        x = torch.randn(1024)

        def launches() -> None:
            for _ in range(LAUNCHES):
                kernels.add_kernel[(1,)](x, x, x, 1024, BLOCK=1024)

        result["launch"] = best(launches, 20) / LAUNCHES * 1e6
    return result


def cpu_speed(call: Callable[[], Any], operations: float) -> float:
    """Return the GFLOP/s of CPU time of the fastest of some rounds, once code is optimised."""
    speed, begun = 0.0, time.perf_counter()
    while time.perf_counter() - begun < 15:
        start = time.process_time()
        for _ in range(5):
            call()
        speed = max(speed, 5 * operations / (time.process_time() - start) / 1e9)
    return speed


def products() -> dict[str, float]:
    """Return GFLOP/s of CPU time of products on the target at hand, and of OpenBLAS's."""
    sys.path.append(str(KERNELS))
    import kernels
    import numpy as np
    import torch

    size = SIZES["device"]
    operations = 2.0 * size**3
    result = {}
    for name, (m, n, depth, warps) in PRODUCTS[os.environ["ANYROC_TARGET"]].items():
        dtype = getattr(torch, name)
        a, b = (torch.randn(size, size).to(dtype) for _ in range(2))
        c = torch.empty(size, size)
        grid = (size // m, size // n)
        blocks = {"BLOCK_M": m, "BLOCK_N": n, "BLOCK_K": depth, "num_warps": warps}
        call = partial(kernels.matmul_kernel[grid], a, b, c, size, size, size, **blocks)
        call()
        torch.testing.assert_close(c, a.float() @ b.float(), rtol=1e-2, atol=1e-2)
        result[name] = cpu_speed(call, operations)
    x, y = (np.random.default_rng(0).random((size, size), np.float32) for _ in range(2))
    result["OpenBLAS"] = cpu_speed(partial(np.matmul, x, y), operations)
    return result


def _in_a_process(side: str, **settings: str) -> dict[str, float]:
    environment = {**os.environ, "TRITON_INTERPRET": "1" if side == "interpreter" else "0"}
    environment |= settings
    command = [sys.executable, "-W", "ignore", "-m", "bench.triton_kernels", side]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    if len(sys.argv) > 1:
        side = sys.argv[1]
        print(json.dumps(products() if side == "products" else measure(side)))
        return
    device, interpreter = _in_a_process("device"), _in_a_process("interpreter")
    target = os.environ.get("ANYROC_TARGET", "gfx942")
    print(f"a launch of one workgroup takes {device['launch']:.1f} µs on {target}")
    for name, speed in interpreter.items():
        print(
            f"fp16 {name}: {device[name]:.2f} GFLOP/s, Triton's interpreter {speed:.4f}: "
            f"{device[name] / speed:.0f} times"
        )
    one = {"ANYROC_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    for gpu in PRODUCTS:
        found = _in_a_process("products", ANYROC_TARGET=gpu, **one)
        blas = found.pop("OpenBLAS")
        for name, speed in found.items():
            print(
                f"{name} product on {gpu}: {speed:.1f} GFLOP/s of CPU time,"
                f" OpenBLAS in float32 {blas:.1f}: {speed / blas:.0%}"
            )


if __name__ == "__main__":
    main()
