"""How fast kernels are translated: python -m bench.translation GPU, with ANYROC_CACHE empty."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from anyroc.compiler import compile_device
from anyroc.isa.decode import decode_all
from anyroc.isa.targets import target
from anyroc.translate.codeobject import CodeObject
from anyroc.translate.jit import compile_kernel

EXAMPLES = Path(__file__).parents[1] / "examples"


def main() -> None:
    gpu = target(sys.argv[1])
    kernels = instructions = 0
    seconds = 0.0
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
