"""Finding the `asm` statements of preprocessed C++ source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<marker>^\#\ (?:line\ )?(?P<line>\d+)\ "(?P<file>(?:[^"\\]|\\.)*)"(?P<flags>[\ \d]*)$)
      | (?P<raw>\bu?8?[LU]?R"(?P<tag>[^()\s\\]{0,16})\((?:.|\n)*?\)(?P=tag)")
      | (?P<string>"(?:[^"\\\n]|\\.)*")
      | (?P<character>'(?:[^'\\\n]|\\.)+')
      | (?P<asm>\b(?:asm|__asm__|__asm)\b(?:\s*\b(?:volatile|__volatile__|__volatile|inline)\b)*
            \s*\()
      | (?P<newline>\n)""",
    re.VERBOSE | re.MULTILINE,
)
_PIECE = re.compile(
    r"""(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<character>'(?:[^'\\\n]|\\.)+')|(?P<other>[()\[\]{},:])
      | (?P<scope>::)""",
    re.VERBOSE,
)
_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_OPERAND = re.compile(r'\s*(?:\[(\w+)\]\s*)?((?:"[^"]*"\s*)+)\((.*)\)\s*$', re.DOTALL)
_NEXT = re.compile(r"\s*(?:\[\s*\w+\s*\]\s*)?\"")
_SYSTEM = "3"


@dataclass(frozen=True)
class Operand:
    """What an `asm` reads or writes: ``[name] "constraint" (expression)``."""

    constraint: str
    expression: str
    name: str = ""


@dataclass(frozen=True)
class Asm:
    """An `asm` statement: its place in the text and in the source, its template and operands."""

    start: int
    end: int
    file: str
    line: int
    template: str
    outputs: tuple[Operand, ...] = ()
    inputs: tuple[Operand, ...] = ()
    clobbers: tuple[str, ...] = ()
    basic: bool = True

    @property
    def operands(self) -> tuple[Operand, ...]:
        """Outputs and inputs, as the template counts them."""
        return self.outputs + self.inputs


def asm_statements(text: str) -> Iterator[Asm]:
    """Yield the `asm` statements outside system headers that are well formed, in order."""
    file, line, system, position = "", 1, False, 0
    while found := _TOKEN.search(text, position):
        position = found.end()
        if found["marker"]:
            file, line = found["file"], int(found["line"]) - 1
            system = _SYSTEM in found["flags"].split()
        elif found["newline"]:
            line += 1
        elif found["raw"]:
            line += found["raw"].count("\n")
        elif found["asm"]:
            parsed = _parse(text, found, file, line)
            line += found["asm"].count("\n")
            if parsed is not None and not system:
                line += text.count("\n", position, parsed.end)
                position = parsed.end
                yield parsed


def _parse(text: str, found: re.Match[str], file: str, line: int) -> Asm | None:
    sections, end = _sections(text, found.end())
    if end < 0 or len(sections) > 4:
        return None
    template = _literal(sections[0][0]) if len(sections[0]) == 1 else None
    if template is None:
        return None
    operands = [[_operand(part) for part in section if part.strip()] for section in sections[1:3]]
    if any(operand is None for section in operands for operand in section):
        return None
    outputs, inputs = ([o for o in s if o] for s in (*operands, [], [])[:2])
    clobbers = [c for part in (sections[3] if len(sections) > 3 else []) if (c := _literal(part))]
    return Asm(
        found.start(), end, file, line, template, tuple(outputs), tuple(inputs), tuple(clobbers),
        basic=len(sections) == 1,
    )  # fmt: skip


def _sections(text: str, start: int) -> tuple[list[list[str]], int]:
    """Return what stands between the colons, split at commas, and where the statement ends."""
    sections: list[list[str]] = [[]]
    depth, piece = 0, start
    position = start
    while found := _PIECE.search(text, position):
        position = found.end()
        mark = found["other"]
        scope = found["scope"] or (mark == ":" and text.startswith("::", found.start()))
        if scope and depth > 0:
            position = found.start() + 2
        elif mark in ("(", "[", "{"):
            depth += 1
        elif mark in (")", "]", "}") and depth > 0:
            depth -= 1
            if (
                mark == ")" and depth == 0 and _NEXT.match(text, position)
            ):  # nvcc needs no comma between operands
                sections[-1].append(text[piece:position])
                piece = position
        elif mark in (",", ":", ")") and depth == 0:
            sections[-1].append(text[piece : found.start()])
            piece = position
            if mark == ":":
                sections.append([])
            if mark == ")":
                return sections, position
    return sections, -1


def _literal(text: str) -> str | None:
    """Return what adjacent string literals say; None for anything else."""
    if _STRING.sub("", text).strip():
        return None
    try:
        return "".join(ast.literal_eval(f'"{part}"') for part in _STRING.findall(text))
    except (SyntaxError, ValueError):
        return None


def _operand(text: str) -> Operand | None:
    found = _OPERAND.match(text)
    if found is None:
        return None
    return Operand("".join(_STRING.findall(found[2])), found[3], found[1] or "")
