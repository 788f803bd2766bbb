"""The text of inline PTX: its statements, with the operands of the `asm` around it as numbers.

Source of the grammar: NVIDIA, "Parallel Thread Execution ISA", Syntax and Instruction Operands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_OPERAND = re.compile(r"%(?:%|(\d+)|\[(\w+)\])")
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_LABEL = re.compile(r"\s*([$\w]+)\s*:(?!:)")
_GUARD = re.compile(r"@(!?)\s*([%\w$#]+)\s+")
_OPCODE = re.compile(r"[a-z]\w*(?:(?:\.|::)\w+)*")
_RANGE = re.compile(r"(.+)<(\d+)>$")
REGISTER = re.compile(r"(?<![\w.#])%?([A-Za-z_$][\w$]*)")
"""A name in an operand: a register where one is declared."""

_OPEN, _CLOSE = "[{(", "]})"


class Refused(Exception):
    """Inline PTX that is not supported; the text says what, for the user."""


@dataclass(frozen=True)
class Instruction:
    """One instruction: ``@p add.cc.u32 d, a, b`` has parts (add, cc, u32) and a guard."""

    parts: tuple[str, ...]
    operands: tuple[str, ...]
    guard: str = ""

    @property
    def name(self) -> str:
        """The opcode as it is written."""
        return ".".join(self.parts)

    def has(self, *modifiers: str) -> bool:
        """Tell whether one of the modifiers is there."""
        return any(modifier in self.parts[1:] for modifier in modifiers)


@dataclass(frozen=True)
class Label:
    """A place that branches go to."""

    name: str


@dataclass(frozen=True)
class Registers:
    """A declaration: ``.reg .b32 t<3>`` has type b32 and three names."""

    type: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Scope:
    """The beginning or the end of a block."""

    opens: bool


Statement = Instruction | Label | Registers | Scope


def numbered(template: str, names: Sequence[str], *, basic: bool) -> str:
    """Write the operands of an `asm` template as ``#0``, ``#1``, … and ``%%`` as ``%``.

    A basic `asm`, without operands, has no escapes.
    """
    if basic:
        return template

    def replace(found: re.Match[str]) -> str:
        number, name = found[1], found[2]
        if number is not None:
            return f"#{number}"
        if name is None:
            return "%"
        if name not in names:
            raise Refused(f"there is no operand [{name}]")
        return f"#{names.index(name)}"

    return _OPERAND.sub(replace, template)


def statements(text: str) -> Iterator[Statement]:
    """Parse PTX; raises Refused for what is no instruction."""
    rest = _COMMENT.sub(" ", text).strip()
    while rest:
        if rest[0] in "{};":
            if rest[0] != ";":
                yield Scope(rest[0] == "{")
            rest = rest[1:].lstrip()
            continue
        label = _LABEL.match(rest)
        if label:
            yield Label(label[1])
            rest = rest[label.end() :].lstrip()
            continue
        statement, _, rest = rest.partition(";")
        rest = rest.lstrip()
        yield _registers(statement) if statement.startswith(".") else _instruction(statement)


def split(text: str) -> tuple[str, ...]:
    """Split a list at its commas, leaving bracketed parts whole."""
    parts, depth, start = [], 0, 0
    for index, character in enumerate(text):
        depth += (character in _OPEN) - (character in _CLOSE)
        if character == "," and depth == 0:
            parts.append(text[start:index].strip())
            start = index + 1
    last = text[start:].strip()
    return (*parts, last) if last else tuple(parts)


def _registers(statement: str) -> Registers:
    words = statement.split(None, 2)
    if len(words) < 3 or words[0] != ".reg":
        raise Refused(f"the directive {words[0]}")
    names: list[str] = []
    for name in split(words[2]):
        many = _RANGE.match(name)
        names += [f"{many[1]}{i}" for i in range(int(many[2]))] if many else [name]
    return Registers(words[1].removeprefix("."), tuple(names))


def _instruction(statement: str) -> Instruction:
    guard = ""
    found = _GUARD.match(statement)
    if found:
        guard = f"{found[1]}{found[2]}"
        statement = statement[found.end() :]
    opcode = _OPCODE.match(statement)
    if opcode is None:
        raise Refused(f"'{' '.join(statement.split())}', which is no instruction of PTX")
    return Instruction(tuple(opcode[0].split(".")), split(statement[opcode.end() :]), guard)
