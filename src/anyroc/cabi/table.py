"""The tables of C functions: what a library exports, with types, versions and CUDA names.

`hip.table` explains its own form. Everything that depends on the list of functions (the shared
library, `hipGetProcAddress`, the declarations in the headers, the coverage report) reads it here.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from pathlib import Path

from anyroc.errors import BadInput

_SECTION = re.compile(r"\[(\w+)\] (.+)")
_LIBRARY = re.compile(r"@library (\S+)((?: \d+)+)")
_PYTHON = re.compile(r"@python (.+)")
_NEEDS = re.compile(r"^@needs (.+)$", re.MULTILINE)
_NODE = re.compile(r"@node (\w+)")
_MISSING = re.compile(r"@missing (\w+) (\d+)")
_REMEMBERED = re.compile(r"@remember (\w+)\(((?:=|\"|\*\d+|\*\")(?: (?:=|\"|\*\d+|\*\"))*)\)")
_TYPES = re.compile(r"@(?:(int|pointer)|value ([\w ]+)\[(\d+)\]) (.+)")
_ROW = re.compile(
    r"(?:(?P<version>[\d.]+) )?(?P<returns>[\w ]+?\**) (?P<name>\w+)\((?P<arguments>[^()]*)\)"
    r"(?: : (?P<cuda>[\w ]+))?"
)
_LETTERS = re.compile(r"@letters((?: \w=\w+(?:/\w+)?)+)")
_VARIANTS = re.compile(r"\w\[(\w+)\]")
_ARGUMENT = re.compile(r"(?P<type>.+?\**) (?P<name>\w+)(?: = (?P<default>\w+))?")

_C_TYPES = {
    *("void", "char", "unsigned char", "unsigned short", "int", "unsigned", "unsigned int"),
    *("unsigned long long", "uint32_t", "uint64_t", "size_t", "float", "double"),
    *("long long", "int32_t", "int64_t", "uint16_t"),
}


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument: its C type as a header would spell it, its name, its C++ default or None."""

    type: str
    name: str
    default: str | None = None

    def __str__(self) -> str:
        return f"{self.type} {self.name}"


@dataclass(frozen=True, slots=True)
class Function:
    """One C function of a table."""

    name: str
    returns: str
    arguments: tuple[Argument, ...]
    version: str
    section: str
    cuda: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Passing:
    """How a type crosses the C ABI: `count` values of the plain C type `element`.

    A pointer of any type is one "void *"; a structure by value has a count above one.
    """

    element: str
    count: int = 1


@dataclass(frozen=True)
class Table:
    """The functions of one library in the order of its file, and what else the file says.

    `file_name` and `sonames` are those of the shared library, `python` is the statement that binds
    the functions to their bodies, `sections` has the titles of the groups. `node` is what the names
    of version nodes begin with, empty where symbols have no versions; `missing` has, for a return
    type, what a function of that type without a body returns.
    """

    functions: tuple[Function, ...]
    sections: dict[str, str]
    types: dict[str, Passing]
    file_name: str = ""
    sonames: tuple[str, ...] = ()
    python: str = ""
    node: str = ""
    missing: dict[str, int] = field(default_factory=dict)
    remembered: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Function:
        return self._by_name[name]

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    @functools.cached_property
    def _by_name(self) -> dict[str, Function]:
        return {function.name: function for function in self.functions}

    @functools.cached_property
    def cuda_names(self) -> dict[str, str]:
        """Which function each CUDA name stands for."""
        return {name: function.name for function in self.functions for name in function.cuda}

    @property
    def versions(self) -> list[str]:
        """The version nodes in ascending order."""
        found = {function.version for function in self.functions if function.version}
        return sorted(found, key=lambda version: [int(part) for part in version.split(".")])

    def passing(self, c_type: str) -> Passing:
        """Tell how a value of `c_type` is passed; raises `BadInput` for a type nobody declared."""
        if c_type.endswith("*"):
            return Passing("void *")
        if c_type in _C_TYPES:
            return Passing(c_type)
        try:
            return self.types[c_type]
        except KeyError:
            raise BadInput(
                f"the type {c_type} is not declared",
                hint="add it to an @int, @pointer or @value line of the table",
            ) from None


@functools.cache
def load(name: str = "hip") -> Table:
    """Read the table called `name` that lies beside this module."""
    path = table_path(name)
    return parse(path.read_text(encoding="utf-8"), path.name)


def table_path(name: str) -> Path:
    """Return the file of the table called `name`."""
    return Path(__file__).with_name(f"{name}.table")


def needs(text: str) -> list[str]:
    """Return the names of the tables whose libraries the one of this table loads with it."""
    found = _NEEDS.search(text)
    return found[1].split() if found else []


def parse(text: str, source: str = "table") -> Table:
    """Parse a table; raises `BadInput` with the line of the first row that makes no sense."""
    sections: dict[str, str] = {}
    types: dict[str, Passing] = {}
    functions: list[Function] = []
    names: set[str] = set()
    missing: dict[str, int] = {}
    remembered: dict[str, tuple[str, ...]] = {}
    letters: dict[str, str] = {}
    current = file_name = python = node = ""
    sonames: tuple[str, ...] = ()
    for number, line in _logical_lines(text):
        if heading := _SECTION.fullmatch(line):
            current = heading[1]
            sections[current] = heading[2]
            continue
        if _NEEDS.fullmatch(line):
            continue
        if library := _LIBRARY.fullmatch(line):
            file_name = library[1]
            sonames = tuple(f"{file_name}.{version}" for version in library[2].split())
            continue
        if statement := _PYTHON.fullmatch(line):
            python = statement[1]
            continue
        if named := _NODE.fullmatch(line):
            node = named[1]
            continue
        if result := _MISSING.fullmatch(line):
            missing[result[1]] = int(result[2])
            continue
        if answer := _REMEMBERED.fullmatch(line):
            remembered[answer[1]] = tuple(answer[2].split())
            continue
        if declared := _TYPES.fullmatch(line):
            passing = _passing(declared)
            types.update(dict.fromkeys(declared[4].split(), passing))
            continue
        if listed := _LETTERS.fullmatch(line):
            letters = dict(pair.split("=") for pair in listed[1].split())
            continue
        for variant in _variants(line, letters):
            function = _parse_row(variant, current)
            if function is None or not current or bool(function.version) != bool(node):
                raise BadInput(
                    f"{source}:{number}: not a row of the form VERSION RETURN NAME(…): {line}"
                )
            for name in (function.name, *function.cuda):
                if name in names:
                    raise BadInput(f"{source}:{number}: {name} is there twice")
                names.add(name)
            functions.append(function)
    for name, roles in remembered.items():
        row = next((function for function in functions if function.name == name), None)
        if row is None or len(row.arguments) != len(roles):
            raise BadInput(f"{source}: @remember {name} does not fit the row of that name")
    return Table(
        *(tuple(functions), sections, types, file_name, sonames, python, node, missing),
        remembered=remembered,
    )


def _passing(declared: re.Match[str]) -> Passing:
    kind, element, count, _ = declared.groups()
    if kind is None:
        return Passing(element, int(count))
    return Passing("int" if kind == "int" else "void *")


def _logical_lines(text: str) -> list[tuple[int, str]]:
    """Return (line number, row) with comments dropped and continuation lines joined."""
    lines: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line[0] == " " and lines:
            first, row = lines[-1]
            lines[-1] = (first, f"{row} {line.strip()}")
        else:
            lines.append((number, line.rstrip()))
    return lines


def _variants(line: str, letters: dict[str, str]) -> list[str]:
    """Return the rows that a row with a choice of letters stands for; any other row stands alone.

    T is the type of the letter, R its type of real numbers.
    """
    choice = _VARIANTS.search(line)
    if choice is None:
        return [line]
    rows: list[str] = []
    for position, letter in enumerate(choice[1]):
        full, _, real = letters.get(letter.upper(), "").partition("/")
        chosen = re.sub(rf"\[\w{{{position}}}(\w)\w*\]", r"\1", line)
        row = re.sub(r"\bT\b", full or "T", chosen)
        rows.append(re.sub(r"\bR\b", real or full or "R", row))
    return rows


def _parse_row(line: str, section: str) -> Function | None:
    row = _ROW.fullmatch(line.replace("( ", "("))
    if row is None:
        return None
    arguments: list[Argument] = []
    for text in filter(None, row["arguments"].split(", ")):
        argument = _ARGUMENT.fullmatch(text)
        if argument is None:
            return None
        arguments.append(Argument(argument["type"], argument["name"], argument["default"]))
    cuda = tuple((row["cuda"] or "").split())
    version = row["version"] or ""
    return Function(row["name"], row["returns"], tuple(arguments), version, section, cuda)
