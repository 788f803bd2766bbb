"""What the runtime itself costs, without any generated code: ``python -m anyroc.gpu.microbench``.

Wave functions compiled from C stand in for kernels; each line is the best of several runs.
"""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from anyroc import native
from anyroc.gpu import binding
from anyroc.gpu.device import worker_threads
from anyroc.native.build import zig

_SOURCE = r"""
#include "runtime.h"
int32_t empty(struct anyroc_wave *wave) { (void)wave; return ANYROC_END; }
int32_t barriers(struct anyroc_wave *wave) {
  if (wave->resume == 0) wave->sgpr[40] = 1000;
  wave->resume = 1;
  return wave->sgpr[40]-- == 0 ? ANYROC_END : ANYROC_BARRIER;
}
int32_t spin(struct anyroc_wave *wave) {
  uint64_t x = wave->sgpr[0];
  for (int i = 0; i < 20000; i++) x = (x ^ x >> 7) * 6364136223846793005u;
  wave->vgpr[0] = (uint32_t)x;
  return ANYROC_END;
}
int anyroc_launch(struct anyroc_queue *, struct anyroc_kernel *, uint32_t, uint32_t, uint32_t,
                  uint32_t, uint32_t, uint32_t, uint32_t, const void *, uint64_t, void *const *,
                  const struct anyroc_extra *);
int anyroc_queue_wait(struct anyroc_queue *, uint64_t, int64_t);
void launches(struct anyroc_queue *queue, struct anyroc_kernel *kernel, int count, int each) {
  for (int i = 0; i < count; i++) {
    anyroc_launch(queue, kernel, 1, 1, 1, 64, 1, 1, 0, NULL, 0, NULL, NULL);
    if (each) anyroc_queue_wait(queue, 0, -1);
  }
  anyroc_queue_wait(queue, 0, -1);
}
"""


def _functions(folder: Path) -> ctypes.CDLL:
    source, target = folder / "functions.c", folder / "functions.so"
    source.write_text(_SOURCE)
    include = str(Path(native.__file__).parent)
    command = [str(zig()), "cc", "-O2", "-shared", "-fPIC", "-D_GNU_SOURCE"]
    command += ["-I", include, str(source), str(native.library_path()), "-o", str(target)]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(target))


class _Bench:
    def __init__(self, functions: ctypes.CDLL) -> None:
        self.functions = functions
        self.runtime = binding.runtime()
        self.runtime.anyroc_range_reserve(0)
        base = binding.range_bounds()[0]
        self.runtime.anyroc_range_commit(base, 1 << 20)
        self.queue = self.runtime.anyroc_queue_create(base + 256, (1 << 20) - 256)
        functions.launches.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int)

    def kernel(self, name: str) -> binding.Kernel:
        address = ctypes.cast(getattr(self.functions, name), ctypes.c_void_p).value
        none = binding.NO_SGPR
        return binding.Kernel(
            entry=(ctypes.c_void_p * 4)(*[address] * 4),
            wave_size=64,
            vgpr_rows=16,
            max_block=1024,
            max_lds=65536,
            user_sgprs=2,
            packed_ids=1,
            id_dims=1,
            sgpr_dispatch_ptr=none,
            sgpr_queue_ptr=none,
            sgpr_kernarg_ptr=0,
            sgpr_dispatch_id=none,
            sgpr_scratch_size=none,
            sgpr_group_x=2,
            sgpr_group_y=none,
            sgpr_group_z=none,
            sgpr_scratch_buffer=none,
            sgpr_scratch_offset=none,
            kernarg_size=280,
        )

    def run(self, kernel: binding.Kernel, groups: int, block: int) -> None:
        self.runtime.anyroc_launch(
            self.queue,
            ctypes.addressof(kernel),
            *(groups, 1, 1, block, 1, 1, 0),
            *(None, 0, None, None),
        )
        self.runtime.anyroc_queue_wait(self.queue, 0, -1)


def _best(function: Callable[[], None], runs: int = 7) -> tuple[float, float]:
    """Return (wall, CPU) seconds; the latter tells more on a busy machine."""
    wall, used = [], []
    for _ in range(runs):
        start, before = time.perf_counter(), time.process_time()
        function()
        wall.append(time.perf_counter() - start)
        used.append(time.process_time() - before)
    return min(wall), min(used)


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        bench = _Bench(_functions(Path(folder)))
    empty, barriers, spin = (bench.kernel(name) for name in ("empty", "barriers", "spin"))
    threads = binding.options().threads = worker_threads()

    def line(what: str, times: tuple[float, float], count: int) -> None:
        wall, used = (seconds / count * 1e9 for seconds in times)
        print(f"{what:<40}{wall:>12.1f} ns{used:>12.1f} ns of CPU")

    groups = 1_000_000
    line("empty wave, one per workgroup", _best(lambda: bench.run(empty, groups, 64)), groups)
    line("empty wave, four per workgroup", _best(lambda: bench.run(empty, groups, 256)), 4 * groups)
    line("barrier, per wave", _best(lambda: bench.run(barriers, 100, 256)), 100 * 4 * 1000)
    queue, address = bench.queue, ctypes.addressof(empty)
    launches = bench.functions.launches
    line("empty launch, queued", _best(lambda: launches(queue, address, 20_000, 0)), 20_000)
    line("empty launch, each waited for", _best(lambda: launches(queue, address, 5000, 1)), 5000)

    def from_python() -> None:
        for _ in range(10_000):
            bench.runtime.anyroc_launch(queue, address, 1, 1, 1, 64, 1, 1, 0, None, 0, None, None)
        bench.runtime.anyroc_queue_wait(queue, 0, -1)

    line("empty launch, queued from Python", _best(from_python), 10_000)
    line(f"busy wave, {threads} threads", _best(lambda: bench.run(spin, 2000, 64)), 2000)


if __name__ == "__main__":
    main()
