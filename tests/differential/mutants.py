"""Damaged kernels: code objects with some bytes changed are refused, or run and stop, and no more.

``python tests/differential/mutants.py --count 10000`` translates and runs mutants of a few kernels
on every target, under a step limit, and prints how they ended. Anything but a clean end is a bug:
a crash or a hang ends this process, another exception is printed and makes the exit status 1.
"""

from __future__ import annotations

import argparse
import collections
import random
import struct
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path

from anyroc.compiler import Options, compile_device
from anyroc.errors import AnyrocError
from anyroc.gpu import binding
from anyroc.gpu.device import Device
from anyroc.gpu.queue import Queue
from anyroc.isa.targets import TARGETS
from anyroc.translate.codeobject import CodeObject, Kernel

SOURCE = """
__global__ void scale(float *x, float *y, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = x[i] * 2.0f + sqrtf(y[i]);
}
__global__ void sum(float *x, float *y, int n) {
  __shared__ float part[64];
  float mine = 0;
  for (int i = threadIdx.x; i < n; i += 64) mine += x[i];
  part[threadIdx.x] = mine;
  __syncthreads();
  for (int step = 32; step > 0; step /= 2) {
    if (threadIdx.x < step) part[threadIdx.x] += part[threadIdx.x + step];
    __syncthreads();
  }
  if (threadIdx.x == 0) atomicAdd(y, part[0]);
}
__global__ void doubles(double *x, double *y, int n) {
  int local[16];
  for (int i = 0; i < 16; i++) local[(i * n) & 15] = i ^ threadIdx.x;
  y[threadIdx.x] = exp(x[threadIdx.x]) / local[n & 15];
}
"""
STEP_LIMIT = 20_000
INTERESTING = (0, 1, 0x7F, 0x80, 0xFF)


def mutate(image: bytes, kernel: Kernel, generator: random.Random) -> bytes:
    """Change up to four bytes, most of them in the kernel's code or the tables before it."""
    code = CodeObject.parse(image)
    segment = code.code_segment(kernel.entry)
    start = segment.offset + kernel.entry - segment.vaddr
    result = bytearray(image)
    for _ in range(generator.randint(1, 4)):
        choice = generator.random()
        if choice < 0.7:
            at = start + generator.randrange(kernel.size)
        else:
            at = generator.randrange(start if choice < 0.9 else len(image))
        flipped = result[at] ^ 1 << generator.randrange(8)
        result[at] = generator.choice([flipped, generator.randrange(256), *INTERESTING])
    return bytes(result)


def run(image: bytes, kernel: str, queue: Queue, memory: int) -> str:
    """Run a kernel of the image and say how it ended."""
    module = queue.device.load(image)
    try:
        if kernel not in module.code.kernels:
            return "kernel gone"
        arguments = struct.pack("<QQi", memory, memory + 4096, 100)
        queue.launch(module.kernel(kernel), (2, 1, 1), (64, 1, 1), 0, arguments)
        if not queue.synchronize():
            return "ran"
        fault = queue.fault
        assert fault is not None and fault.text
        queue.clear_fault()
        return f"fault: {fault.kind}"
    finally:
        module.unload()


def images() -> Iterator[bytes]:
    """The kernels for each target and wave size."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "kernels.cu"
        source.write_text(SOURCE)
        for target in TARGETS.values():
            for size in target.wave_sizes:
                yield compile_device(source, target=target, options=Options(wave_size=size))


def main() -> int:
    """Return 1 if a mutant raised what it should not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    generator = random.Random(arguments.seed)
    binding.options().step_limit = STEP_LIMIT
    originals = list(images())
    devices = [Device(index, target) for index, target in enumerate(TARGETS.values())]
    queues = {device.target.name: device.create_queue() for device in devices}
    memory = devices[0].memory.alloc(1 << 20)
    ends: collections.Counter[str] = collections.Counter()
    for number in range(arguments.count):
        original = generator.choice(originals)
        code = CodeObject.parse(original)
        kernel = generator.choice(list(code.kernels.values()))
        mutant = mutate(original, kernel, generator)
        try:
            ends[run(mutant, kernel.name, queues[code.target_name], memory)] += 1
        except AnyrocError as error:
            ends[type(error).__name__] += 1
        except Exception:
            ends["bug"] += 1
            print(f"mutant {number} of seed {arguments.seed}, {code.target_name}:", file=sys.stderr)
            traceback.print_exc()
    for end, count in ends.most_common():
        print(f"{count:>7}  {end}")
    return 1 if ends["bug"] else 0


if __name__ == "__main__":
    sys.exit(main())
