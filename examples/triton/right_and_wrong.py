"""A kernel that is right on an MI300X and wrong on a Strix Halo: finding out why.

    python examples/triton/right_and_wrong.py

It turns blocks of 64 numbers round: every program writes its block to memory and reads it back from
the other end, with two waves. On the MI300X a wave has 64 lanes, so that each of the two has the
whole block, and reads what it has written itself. On the Strix Halo a wave has 32 lanes and half of
the block: it reads what the other wave writes, and nothing says that it must wait for that.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

import anyroc.torch

BLOCK = 64


@triton.jit
def reverse_kernel(x, scratch, out, BLOCK: tl.constexpr, WAITS: tl.constexpr):
    base = tl.program_id(0) * BLOCK
    at = tl.arange(0, BLOCK)
    tl.store(scratch + base + at, tl.load(x + base + at))
    if WAITS:
        tl.debug_barrier()
    tl.store(out + base + at, tl.load(scratch + base + BLOCK - 1 - at))


def reverse(x: torch.Tensor, *, waits: bool) -> torch.Tensor:
    scratch, out = torch.full_like(x, -1), torch.empty_like(x)
    reverse_kernel[(len(x) // BLOCK,)](x, scratch, out, BLOCK=BLOCK, WAITS=waits, num_warps=2)
    return out


def main() -> None:
    x = torch.arange(4 * BLOCK, dtype=torch.float32)
    expected = x.view(-1, BLOCK).flip(1).flatten()
    for waits in (False, True):
        print("with a barrier" if waits else "without a barrier")
        for gpu in ("gfx942", "gfx1151"):
            with anyroc.torch.use(gpu):
                found = reverse(x, waits=waits)
            wrong = (found != expected).nonzero().flatten().tolist()
            lanes = sorted({index % BLOCK for index in wrong})
            where = "right"
            if wrong:
                where = f"wrong in elements {lanes[0]} to {lanes[-1]} of every block"
            print(f"  {gpu:8} {where}")


if __name__ == "__main__":
    main()
