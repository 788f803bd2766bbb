"""Relocatable device code: units compiled to bitcode, linked to one code object per GPU."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from anyroc import cache
from anyroc.compiler import commands, steps
from anyroc.compiler.toolchain import Toolchain

if TYPE_CHECKING:
    from anyroc.isa.targets import Target

_STATIC = b".static."
_DEFINED = re.compile(r"^@([\w$.]+)\.static\.\w+ = ", re.MULTILINE)
_EXTERNAL = re.compile(r"@([\w$.]+) = external ")
_NAME = re.compile(r"@([\w$.]+)")


def linked(
    tools: Toolchain, units: list[steps.Made], target: Target, libraries: list[Path]
) -> steps.Made:
    """Link units of bitcode, and what they use of the libraries, to a code object."""
    flags = commands.bitcode_flags(libraries)
    key = cache.key("units", tools.identity, target.name, *flags, *(unit.key for unit in units))
    failure = f"the device code does not link for {target.name}"

    def build(result: Path) -> None:
        with steps.workspace() as folder:
            made = folder / "linked.o"
            first, *others = (
                _with_its_statics(tools, unit.path, folder / f"{index}.ll")
                for index, unit in enumerate(units)
            )
            argv = commands.compile_bitcode(tools, target, first, others, made)
            steps.run([*argv, *flags], failure)
            steps.run(commands.link_device(tools, [made], result), failure)

    path = cache.default().make("codeobject", key, ".co", build)
    return steps.Made(path, key, "".join(unit.warnings for unit in units))


def _with_its_statics(tools: Toolchain, unit: Path, text: Path) -> Path:
    """Return a unit in which uses of static variables and their definitions agree.

    A static variable that host code names gets its unit's id in its name. clang gives it that name
    from the first use in host code on; device code before that means a variable without the id,
    which nobody defines.
    """
    if _STATIC not in unit.read_bytes():
        return unit
    steps.run(commands.print_bitcode(tools, unit, text), f"{unit} cannot be read")
    module = text.read_text()
    whole = {found[1]: found[0][1:-3] for found in _DEFINED.finditer(module)}
    lines = [
        line
        for line in module.splitlines()
        if not ((found := _EXTERNAL.match(line)) and found[1] in whole)
    ]
    body = _NAME.sub(lambda found: f"@{whole.get(found[1], found[1])}", "\n".join(lines))
    text.write_text(body)
    return text
