"""What is measured: kernels, sizes, and the work that no implementation can avoid."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Workload:
    """One kernel at one size.

    bytes and flops are the least that must be moved and computed, so that with the measured
    limits of the machine they give the shortest possible time.
    """

    label: str
    kernel: str
    sizes: tuple[int, ...]
    bytes: float
    flops: float
    cached: bool  # whether its data stays in the caches from run to run
    why: str  # what keeps anyroc from the limit

    @property
    def arguments(self) -> list[str]:
        return [self.kernel, *map(str, self.sizes)]


STREAM = 1 << 24
SMALL = 1 << 16
SIDE = 512
GRID = 4096

# 17 003 030 steps of about 8 operations: the sum over the picture, which every side reports.
MANDELBROT_STEPS = 17_003_030

WORKLOADS = (
    Workload(
        "add, from memory", "add", (STREAM,), 12.0 * STREAM, STREAM, False,
        "chunk after chunk through three streams; stores first read the lines that they fill",
    ),
    Workload(
        "add, cached", "add", (SMALL,), 12.0 * SMALL, SMALL, True,
        "the launch, and for each 256 work-items their start and guards",
    ),
    Workload(
        "matmul, naive", "matmul_naive", (SIDE,), 12.0 * SIDE**2, 2.0 * SIDE**3, True,
        "two guarded loads for each multiply-add; C reorders the loops and keeps rows in the cache",
    ),
    Workload(
        "matmul, tiled", "matmul_tiled", (SIDE,), 12.0 * SIDE**2, 2.0 * SIDE**3, True,
        "two loads from shared memory for each multiply-add; C blocks in registers",
    ),
    Workload(
        "mandelbrot", "mandelbrot", (640, 480, 256), 4.0 * 640 * 480, 8.0 * MANDELBROT_STEPS, True,
        "lanes that have escaped idle until the last of their wave has; C runs one pixel at a time",
    ),
    Workload(
        "fma chain", "fma_chain", (1 << 16, 1000), 8.0 * (1 << 16), 4000.0 * (1 << 16), True,
        "little: the loop runs in the host's registers",
    ),
    Workload(
        "fma chain, unrolled", "fma_unrolled", (1 << 16, 1000), 8.0 * (1 << 16),
        4000.0 * (1 << 16), True,
        "little: the loop runs in the host's registers",
    ),
    Workload(
        "reduction", "reduction", (STREAM,), 4.0 * STREAM, STREAM, False,
        "one load per trip of the loop, its guard and the lanes' masks beside it",
    ),
    Workload(
        "softmax", "softmax", (8192, 1024), 8.0 * 8192 * 1024, 25.0 * 8192 * 1024, False,
        "three passes over a row with barriers between; C calls the C library's expf",
    ),
    Workload(
        "nbody", "nbody", (4096,), 20.0 * 4096, 20.0 * 4096**2, True,
        "an exact square root and a division per pair, each several GPU instructions",
    ),
    Workload(
        "histogram", "histogram", (1 << 26,), 1.0 * (1 << 26), 0.0, False,
        "atomic additions in shared memory, lane after lane",
    ),
    Workload(
        "transpose", "transpose", (GRID,), 8.0 * GRID**2, 0.0, False,
        "a barrier for each 16 x 16 tile, and columns of shared memory read lane by lane",
    ),
    Workload(
        "stencil", "stencil", (GRID,), 8.0 * GRID**2, 6.0 * GRID**2, False,
        "five loads for each result, none of them kept from the row before",
    ),
)  # fmt: skip

BANDWIDTH = ["limit_bandwidth", str(STREAM)]
CACHE_BANDWIDTH = ["add", str(SMALL)]
FMA = ["limit_fma", "10000000"]
FLOPS_OF_FMA = 10_000_000 * 12 * 16 * 2.0
