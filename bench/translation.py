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
from anyroc.translate.jit import compile_kernel, optimise

BENCH = Path(__file__).parent
EXAMPLES = BENCH.parent / "examples"


def start_translator(gpu: Target) -> None:
    """Translate something that is not counted: the first kernel of all has LLVM loaded and the
    common instructions compiled."""
    code = CodeObject.parse(compile_device(BENCH / "kernels.cu", target=gpu))
    compile_kernel(code, next(iter(code.kernels.values())), gpu)


def main() -> None:
    gpu = target(sys.argv[1])
    sources = sorted(EXAMPLES.glob("*.cu"))
    codes = [CodeObject.parse(compile_device(source, target=gpu)) for source in sources]
    kernels = [(code, kernel) for code in codes for kernel in code.kernels.values()]
    instructions = 0
    for code, kernel in kernels:
        text = code.text(kernel.entry, kernel.size)
        instructions += sum(1 for _ in decode_all(gpu, text, wave_size=kernel.wave_size))
    began = time.process_time()
    start_translator(gpu)
    start = time.process_time()
    quick = [compile_kernel(code, kernel, gpu, starts_full=True) for code, kernel in kernels]
    translated = time.process_time()
    for kernel in quick:
        optimise(kernel)
    optimised = time.process_time()
    result = {
        "kernels": len(kernels),
        "instructions": instructions,
        "seconds": translated - start,
        "seconds_optimised": optimised - translated,
        "seconds_once": start - began,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
