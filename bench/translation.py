"""How fast kernels are translated: python -m bench.translation GPU, with ANYROC_CACHE empty."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from anyroc.compiler import Options, compile_device
from anyroc.isa.decode import decode_all
from anyroc.isa.targets import Target, target
from anyroc.translate.codeobject import CodeObject, Kernel
from anyroc.translate.jit import compile_kernel, optimise

BENCH = Path(__file__).parent
EXAMPLES = BENCH.parent / "examples"
SIZES = (1000, 10_000, 50_000)
"""Instructions in one kernel."""


def start_translator(gpu: Target) -> None:
    """Translate something that is not counted: the first kernel of all has LLVM loaded and the
    common instructions compiled."""
    code = CodeObject.parse(compile_device(BENCH / "kernels.cu", target=gpu))
    compile_kernel(code, next(iter(code.kernels.values())), gpu)


def count(code: CodeObject, kernel: Kernel, gpu: Target) -> int:
    """The instructions of a kernel."""
    text = code.text(kernel.entry, kernel.size)
    return sum(1 for _ in decode_all(gpu, text, wave_size=kernel.wave_size))


def large(gpu: Target, size: int) -> tuple[int, float]:
    """Instructions and seconds of one kernel of about ``size`` instructions."""
    options = Options(defines=(f"INSTRUCTIONS={size}",))
    code = CodeObject.parse(compile_device(BENCH / "large.cu", target=gpu, options=options))
    kernel = next(iter(code.kernels.values()))
    start = time.process_time()
    compile_kernel(code, kernel, gpu)
    seconds = time.process_time() - start
    return count(code, kernel, gpu), seconds


def main() -> None:
    gpu = target(sys.argv[1])
    sources = sorted(EXAMPLES.glob("*.cu"))
    codes = [CodeObject.parse(compile_device(source, target=gpu)) for source in sources]
    kernels = [(code, kernel) for code in codes for kernel in code.kernels.values()]
    instructions = sum(count(code, kernel, gpu) for code, kernel in kernels)
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
    result["large"] = [large(gpu, size) for size in SIZES]
    print(json.dumps(result))


if __name__ == "__main__":
    main()
