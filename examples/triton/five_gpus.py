"""Flash attention on five GPUs at once: error, instructions and occupancy of the same kernel.

python examples/triton/five_gpus.py [GPU …]
"""

from __future__ import annotations

import sys

import kernels
import torch

import anyroc.torch
from anyroc.ext.triton import loading
from anyroc.hip.occupancy import blocks_per_multiprocessor
from anyroc.isa import targets
from anyroc.tools.stats import collect

GPUS = ("gfx942", "gfx950", "gfx1100", "gfx1151", "gfx1201")
THREADS = 4  # waves per workgroup, what Triton takes unless it is told otherwise


def main() -> None:
    torch.manual_seed(0)
    q, k, v = (torch.randn(1, 2, 200, 64, dtype=torch.float16) for _ in range(3))
    expected = torch.nn.functional.scaled_dot_product_attention(
        q.float(), k.float(), v.float(), is_causal=True
    )
    print(
        f"{'GPU':26}{'error':>10}{'vector':>9}{'matrix':>8}{'memory':>8}{'LDS':>7}{'waves/SIMD':>12}"
    )
    for name in sys.argv[1:] or GPUS:
        target = targets.target(name)
        with anyroc.torch.use(name), collect() as stats:
            try:
                found = kernels.attention(q, k, v, causal=True)
            except Exception as error:
                print(f"{name:26}{str(error).splitlines()[0]}")
                continue
        (row,) = stats.rows()
        count = row.instructions
        function = next(
            kernel.function for kernel in loading.kernels()
            if kernel.function.kernel.module.device.target is target
        )  # fmt: skip
        waves = THREADS * blocks_per_multiprocessor(function, THREADS * target.default_wave_size, 0)
        print(
            f"{name + ' ' + target.marketing_name[:18]:26}"
            f"{(found.float() - expected).abs().max().item():10.1e}"
            f"{count['vector']:9}{count['matrix']:8}{count['memory']:8}{count['LDS']:7}"
            f"{waves / target.simds_per_cu:12.0f}"
        )


if __name__ == "__main__":
    main()
