"""CUDA and HIP source to programs that hold AMDGPU machine code.

`compile_program` makes a shared object with the program's `main` and its code for the GPUs inside,
`compile_device` a code object; `anyroc.compiler.bundle` reads and writes the containers of code
objects, `anyroc.compiler.toolchain` finds the tools.
"""

from anyroc.compiler.options import Options
from anyroc.compiler.program import Program, compile_device, compile_program

__all__ = ["Options", "Program", "compile_device", "compile_program"]
