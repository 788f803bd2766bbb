"""How fast kernels are translated: python -m bench.translation GPU, with ANYROC_CACHE empty."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from anyroc.compiler import compile_device
from anyroc.isa.decode import decode_all
from anyroc.isa.targets import Target, target
from anyroc.translate.codeobject import CodeObject
from anyroc.translate.jit import compile_kernel

BENCH = Path(__file__).parent
EXAMPLES = BENCH.parent / "examples"


def start_translator(gpu: Target) -> None:
    """Translate something that is not counted: what the first kernel pays is part of a start."""
    code = CodeObject.parse(compile_device(BENCH / "kernels.cu", target=gpu))
    compile_kernel(code, next(iter(code.kernels.values())), gpu)


def main() -> None:
    gpu = target(sys.argv[1])
    kernels = instructions = 0
    seconds = 0.0
    start_translator(gpu)
    for source in sorted(EXAMPLES.glob("*.cu")):
        code = CodeObject.parse(compile_device(source, target=gpu))
        for kernel in code.kernels.values():
            text = code.text(kernel.entry, kernel.size)
            instructions += len(list(decode_all(gpu, text, wave_size=kernel.wave_size)))
            start = time.process_time()
            compile_kernel(code, kernel, gpu)
            seconds += time.process_time() - start
            kernels += 1
    print(json.dumps({"kernels": kernels, "instructions": instructions, "seconds": seconds}))


if __name__ == "__main__":
    main()
