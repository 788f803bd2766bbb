"""What the C headers take from the tables: declarations, and the HIP name of each CUDA name."""

from __future__ import annotations

from anyroc.cabi.table import Function, load


def prototypes(name: str = "hip") -> str:
    """Return C and C++ declarations of every function of a table.

    `ANYROC_API` must be defined as what precedes a declaration, `ANYROC_DEFAULT(x)` as `= x` in C++
    and as nothing in C.
    """
    lines: list[str] = []
    table = load(name)
    for section, title in table.sections.items():
        lines.append(f"/* {title} */")
        lines += [_declaration(row) for row in table.functions if row.section == section]
    return "\n".join(lines) + "\n"


def cuda_renames(name: str = "hip") -> dict[str, str]:
    """Return the HIP name that each CUDA name of a table stands for."""
    return load(name).cuda_names


def _declaration(function: Function) -> str:
    arguments = ", ".join(
        f"{argument}"
        if argument.default is None
        else f"{argument} ANYROC_DEFAULT({argument.default})"
        for argument in function.arguments
    )
    return f"ANYROC_API {function.returns} {function.name}({arguments or 'void'});"
