"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from anyroc.errors import BadInput

Command = TypeVar("Command", bound=Callable[..., Any])

SOURCE_SUFFIXES = (".cu", ".hip", ".cpp", ".cc", ".cxx", ".c++", ".c")


def compile_options(command: Command) -> Command:
    """Add the options that are the compiler's."""
    for add in reversed(_COMPILE_OPTIONS):
        command = add(command)
    return command


_COMPILE_OPTIONS: list[Callable[[Any], Any]] = [
    click.option(
        "--wave",
        type=click.Choice(["32", "64"]),
        help="Lanes per wave, where the GPU has a choice (as -mwavefrontsize64 for clang).",
    ),
    click.option("-D", "defines", multiple=True, metavar="NAME[=VALUE]", help="Define a macro."),
    click.option(
        "-I",
        "include_dirs",
        multiple=True,
        metavar="DIR",
        type=click.Path(path_type=Path),
        help="Look for headers here too.",
    ),
    click.option(
        "-O",
        "optimise",
        type=click.Choice(["0", "1", "2", "3"]),
        default="3",
        show_default=True,
        help="How much the compiler optimises.",
    ),
    click.option(
        "-std", "standard", metavar="STANDARD", default="c++17", show_default=True,
        help="The C++ standard of the source.",
    ),
    click.option("-L", "library_dirs", multiple=True, metavar="DIR", help="Find libraries here."),
    click.option("-l", "libraries", multiple=True, metavar="NAME", help="Link with this library."),
    click.option(
        "--rdc",
        "-dc",
        is_flag=True,
        help="Link device code across sources (nvcc's relocatable device code).",
    ),
    click.option(
        "-X",
        "extra",
        multiple=True,
        metavar="FLAG",
        help="Pass a flag to clang as it is: -X -ffast-math.",
    ),
]  # fmt: skip


def _of_nvcc(_: click.Context, option: click.Parameter, value: object) -> None:
    """Refuse an option of nvcc, with the one that does the same here."""
    if value:
        name = option.opts[0]
        raise BadInput(f"{name} is an option of nvcc", hint=f"here it is {_NVCC_OPTIONS[name]}")


_NVCC_OPTIONS = {
    "-arch": "--target, with the name of an AMD GPU: see `anyroc info`",
    "-gencode": "--target, with the name of an AMD GPU: see `anyroc info`",
    "-Xcompiler": "-X, for host and device",
    "--use_fast_math": "-X -ffast-math",
}
_COMPILE_OPTIONS += [
    click.option(
        name,
        name.strip("-"),
        hidden=True,
        expose_value=False,
        is_flag="math" in name,
        callback=_of_nvcc,
    )
    for name in _NVCC_OPTIONS
]


def input_file(path: Path) -> Path:
    """Return `path` if it is a file that can be read; say what is wrong with it otherwise."""
    if path.is_dir():
        raise BadInput(f"{path} is a folder, not a file")
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise BadInput(f"{path} is empty")
    except FileNotFoundError:
        raise BadInput(f"{path} does not exist", hint=_similar(path)) from None
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from None
    return path


def is_source(path: Path) -> bool:
    """Tell by its name whether a file is C++ source."""
    return path.suffix.lower() in SOURCE_SUFFIXES


def write_output(path: Path, data: bytes) -> None:
    """Write a result; an unwritable place is the user's to know about, not a bug."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise BadInput(f"cannot write {path}: {error.strerror}") from None


def _similar(path: Path) -> str | None:
    import difflib

    try:
        names = [child.name for child in path.parent.iterdir() if child.is_file()]
    except OSError:
        return f"there is no folder {path.parent} either"
    near = difflib.get_close_matches(path.name, names, n=1)
    return f"did you mean {path.with_name(near[0])}?" if near else None
