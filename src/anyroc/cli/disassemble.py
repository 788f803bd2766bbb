"""``anyroc disasm``: machine code as text, in the form of llvm-objdump."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from anyroc.cli.options import input_file
from anyroc.errors import BadInput, CodeObjectError

if TYPE_CHECKING:
    from anyroc.translate.codeobject import CodeObject, Symbol

_COLUMN = 59  # how wide llvm-objdump makes the instruction
_WORD = 4
_BRANCHES = ("s_branch", "s_cbranch", "s_call")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--target", metavar="GPU", help="Only the code for this GPU (gfx942, ...).")
@click.option("--kernel", metavar="NAME", help="Only this kernel or function.")
def disasm(file: Path, target: str | None, kernel: str | None) -> None:
    """Show the AMD machine code in FILE as text.

    FILE is a code object (an AMDGPU ELF file), an offload bundle, compressed or not, or a program
    or library with GPU code inside. The text is what llvm-objdump would print.

    \b
    Examples:
      anyroc build saxpy.cu --device-only -o saxpy.co && anyroc disasm saxpy.co
      anyroc disasm libexample.so --target gfx1201
      anyroc disasm saxpy.co --kernel _Z5saxpyifPKfPf
    """
    chosen = code_objects(input_file(file), target)
    shown = False
    for code in chosen:
        for line in listing(code, kernel, f"{file}:{code.target_name}"):
            shown = True
            sys.stdout.write(line + "\n")
    if not shown:
        names = {name for code in chosen for name in code.kernels}
        raise BadInput(
            f"{file} has no kernel or function {kernel}" if kernel else f"{file} has no functions",
            hint=f"its kernels: {', '.join(sorted(names))}" if names else None,
        )


def code_objects(file: Path, target: str | None) -> list[CodeObject]:
    """Return the code objects in a file, or only those for `target`; BadInput if there are none."""
    from anyroc.compiler.bundle import images
    from anyroc.isa import targets
    from anyroc.translate.codeobject import CodeObject

    if target is not None:
        targets.target(target)
    found = [image for image in images(file.read_bytes()) if image.is_device]
    codes = [
        CodeObject.parse(bytes(image.data))
        for image in found
        if target is None or image.target_name in ("", target)
    ]
    chosen = [code for code in codes if target is None or code.target_name == target]
    if not chosen:
        names = {image.target_name for image in found} | {code.target_name for code in codes}
        wanted = f"code for {target}" if target else "GPU code"
        there = ", ".join(sorted(names - {""}))
        raise BadInput(
            f"{file} has no {wanted}", hint=f"it has code for: {there}" if there else None
        )
    return chosen


def listing(code: CodeObject, name: str | None, title: str) -> Iterator[str]:
    """Yield the lines for every function of a code object, or only for the one called `name`."""
    functions = sorted(
        (symbol for symbol in code.symbols.values() if symbol.kind == "func" and symbol.size),
        key=lambda symbol: (symbol.vaddr, symbol.name),
    )
    wanted = [symbol for symbol in functions if name is None or name == symbol.name]
    if not wanted:
        return
    yield f"\n{title}:\tfile format elf64-amdgpu\n"
    yield "Disassembly of section .text:"
    wave_sizes = {kernel.name: kernel.wave_size for kernel in code.kernels.values()}
    usual = next(iter(wave_sizes.values()), code.target.default_wave_size)
    for symbol in wanted:
        yield f"\n{symbol.vaddr:016x} <{symbol.name}>:"
        wave_size = wave_sizes.get(symbol.name, usual)
        yield from instructions(code, functions, symbol.vaddr, symbol.size, wave_size)


def instructions(
    code: CodeObject, functions: list[Symbol], vaddr: int, size: int, wave_size: int
) -> Iterator[str]:
    """Yield a line per instruction; what is none is shown as the data that it is."""
    from anyroc.isa.decode import decode
    from anyroc.isa.disasm import format_instruction

    text = code.text(vaddr, size)
    offset = 0
    while offset < len(text):
        goal = None
        try:
            instruction = decode(code.target, text, offset, wave_size=wave_size)
            shown = format_instruction(instruction, code.target)
            length = instruction.size
            if instruction.op.startswith(_BRANCHES):
                goal = instruction.branch_target
        except CodeObjectError:
            length = min(_WORD, len(text) - offset)
            shown = f".long 0x{int.from_bytes(text[offset : offset + length], 'little'):08x}"
        raw = text[offset : offset + length]
        words = " ".join(
            f"{int.from_bytes(raw[at : at + _WORD], 'little'):08X}"
            for at in range(0, length, _WORD)
        )
        place = "" if goal is None else _place(functions, vaddr + goal)
        yield f"\t{shown:<{_COLUMN}}// {vaddr + offset:012X}: {words}{place}"
        offset += length


def _place(functions: list[Symbol], vaddr: int) -> str:
    """Name an address by the function before it, as in <main+0x10>."""
    before = [symbol for symbol in functions if symbol.vaddr <= vaddr]
    if not before:
        return ""
    distance = vaddr - before[-1].vaddr
    return f" <{before[-1].name}+{distance:#x}>" if distance else f" <{before[-1].name}>"
