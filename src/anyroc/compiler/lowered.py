"""The names that the compiler gives to what C++ expressions name, as hipRTC reports them.

For each expression a pointer is added to the program; what it points to has the name.
"""

from __future__ import annotations

import re

from anyroc.compiler import commands, steps
from anyroc.compiler.toolchain import discover
from anyroc.translate import elf

_POINTER = "__anyroc_lowered_name_"
_SYMBOL = re.compile(rf"\w*{_POINTER}(\d+)")
_IR_POINTER = re.compile(rf"^@\w*{_POINTER}(\d+) = .*?@(?:\"([^\"]+)\"|([\w.$]+))", re.MULTILINE)


class LoweredNames:
    """Expressions such as `scale<float>` or `&table`, and the symbols they name."""

    def __init__(self) -> None:
        self._expressions: list[str] = []
        self._found: dict[str, str] = {}

    def add(self, expression: str) -> None:
        """Ask for the symbol of an expression."""
        if expression not in self._expressions:
            self._expressions.append(expression)

    def get(self, expression: str) -> str | None:
        """Return the symbol of an expression; None for one that was not added or not found."""
        return self._found.get(expression)

    def source(self) -> str:
        """Return what to add to the program."""
        lines = [
            f'\n#line 1 "name expression {expression}"\n'.replace("\\", "\\\\")
            + "static __device__ __attribute__((used)) const volatile void *const volatile "
            + f"{_POINTER}{index} = (const volatile void *){_address(expression)};\n"
            for index, expression in enumerate(self._expressions)
        ]
        return "".join(lines)

    def find_in_code_object(self, data: bytes) -> None:
        """Find the symbols in the code object that the program became."""
        if not self._expressions:
            return
        file = elf.ElfFile(data)
        tables = [s for s in file.sections if s.type in (elf.SHT_SYMTAB, elf.SHT_DYNSYM)]
        symbols = [symbol for section in tables for symbol in file.symbols(section)]
        places = {
            s.vaddr: s.name
            for s in symbols
            if s.defined and s.is_global and s.section != elf.SHN_ABS
        }
        pointers = {s.vaddr: found[1] for s in symbols if (found := _SYMBOL.fullmatch(s.name))}
        for relocation in file.relocations():
            if relocation.vaddr in pointers:
                symbol = relocation.symbol
                name = symbol.name if symbol else places.get(relocation.addend, "")
                self._note(pointers[relocation.vaddr], name)

    def find_in_bitcode(self, data: bytes) -> None:
        """Find the symbols in the bitcode that the program became."""
        if not self._expressions:
            return
        tools = discover().require()
        with steps.workspace() as folder:
            source, result = folder / "module.bc", folder / "module.ll"
            source.write_bytes(data)
            argv = commands.print_bitcode(tools, source, result)
            steps.run(argv, "the bitcode cannot be read")
            for index, quoted, plain in _IR_POINTER.findall(result.read_text()):
                self._note(index, quoted or plain)

    def _note(self, index: str, symbol: str) -> None:
        if symbol and int(index) < len(self._expressions):
            self._found[self._expressions[int(index)]] = symbol


def _address(expression: str) -> str:
    """Return the expression for the address of what an expression names."""
    bare = expression.strip()
    cast = bare.startswith("(")
    return f"({bare})" if cast or bare.startswith("&") else f"(&{bare})"
