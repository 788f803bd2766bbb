"""``anyroc translate``: what a kernel's machine code becomes."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from anyroc.cli.disassemble import code_objects
from anyroc.cli.options import input_file
from anyroc.errors import BadInput


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--target", metavar="GPU", help="Only the code for this GPU (gfx942, ...).")
@click.option("--kernel", metavar="NAME", help="Only this kernel.")
@click.option("--quick", is_flag=True, help="The form that a kernel first gets, made of calls.")
def translate(file: Path, target: str | None, kernel: str | None, quick: bool) -> None:
    """Show the LLVM IR that kernels in FILE become.

    Shown is the form that LLVM optimises once a kernel has proved to take time; --quick shows the
    one that is there until then.
    FILE is whatever 'anyroc disasm' takes. Nothing runs, and nothing is kept: this is for reading.
    A kernel with an instruction that has no meaning yet ends in that instruction's name and
    address.

    \b
    Examples:
      anyroc translate saxpy.co
      anyroc translate saxpy.so --target gfx1201 --kernel _Z5saxpyifPKfPf
    """
    from anyroc.translate.jit import translate as to_ir

    chosen = code_objects(input_file(file), target)
    found = [
        (code, loaded)
        for code in chosen
        for loaded in code.kernels.values()
        if kernel is None or loaded.name == kernel
    ]
    if not found:
        names = sorted({name for code in chosen for name in code.kernels})
        raise BadInput(
            f"{file} has no kernel {kernel}" if kernel else f"{file} has no kernels",
            hint=f"its kernels: {', '.join(names)}" if names else None,
        )
    for code, loaded in found:
        made = to_ir(code, loaded, code.target, quick=quick)
        sys.stdout.write(
            f"; {loaded.name} for {code.target_name}: {made.instructions} instructions in "
            f"{made.blocks} blocks\n{made.ir.rstrip()}\n\n"
        )
