"""Finds the programs in a checkout of CUDA or HIP sources, and how each is built and run.

A folder with a Makefile that names its sources is one program (HeCBench's form); in any other,
every source with a ``main`` is one, together with its neighbours that have none and that it does
not include.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = (".cu", ".hip", ".cpp", ".cc", ".cxx", ".c")
MAIN = re.compile(r"^\s*(?:extern\s+\"C\"\s+)?(?:int|void|auto)?\s*main\s*\(", re.MULTILINE)
GPU = re.compile(r"hip_runtime|cuda_runtime|__global__|#\s*include\s*[<\"](?:thrust|cub|hip|roc)")
COMMON = ("include", "inc", "common", "Common", "utilities", "util", "utils", "src")
LISTS = ("source", "SOURCES", "SOURCE", "SRCS")
SHRINK_FROM = 16
"""Numbers above this on a Makefile's command line are sizes and counts, made smaller."""


@dataclass(frozen=True)
class Program:
    """A program: its folder, its sources there (the one with ``main`` first), how it is built."""

    name: str
    folder: Path
    sources: tuple[str, ...]
    includes: tuple[str, ...] = (".",)
    defines: tuple[str, ...] = ()
    standard: str = "c++17"
    libraries: tuple[str, ...] = ()
    relocatable: bool = False
    arguments: tuple[str, ...] = ()


def programs(checkout: Path) -> Iterator[Program]:
    """Yield the programs in ``checkout``, in the order of their names."""
    folders = {path.parent for path in checkout.rglob("*") if path.suffix in SUFFIXES}
    made: set[Path] = set()
    for folder in sorted(folders | {path.parent for path in checkout.rglob("Makefile")}):
        program = _by_makefile(checkout, folder)
        if program:
            made.add(folder)
            yield program
        elif not any(above in made for above in folder.parents):
            yield from _by_main(checkout, folder)


def _by_makefile(checkout: Path, folder: Path) -> Program | None:
    path = folder / "Makefile"
    text = path.read_text(errors="replace").replace("\\\n", " ") if path.exists() else ""
    variables = dict(re.findall(r"^(\w+)\s*[:?]?=\s*(.*)$", text, re.MULTILINE))
    named = next(
        (variables[k] for k in ("source", "SOURCES", "SOURCE", "SRCS") if k in variables), ""
    )
    words = _expand(named, variables).split()
    sources = [word for word in words if word.endswith(SUFFIXES) and (folder / word).is_file()]
    if not sources:
        return None
    flags = _expand(" ".join(line for line in text.splitlines() if "DEBUG" not in line), variables)
    command = re.search(r"\./\$\((?:program|EXE)\)([^|>&;\n]*)", text)
    standard = re.findall(r"-std=([a-z+0-9]+)", _expand(text, variables))
    old = {"c++03", "c++11", "c++14"}
    return Program(
        str(folder.relative_to(checkout)),
        folder,
        tuple(_main_first(folder, sources)),
        (".", *(word for word in re.findall(r"-I\s*(\S+)", flags) if (folder / word).is_dir())),
        tuple(re.findall(r"(?:^|\s)-D\s*(\w+(?:=[\w.]+)?)", flags)),
        standard[-1] if standard and standard[-1] not in old else "c++17",
        tuple(dict.fromkeys(re.findall(r"\s-l(\w+)", text))),
        bool(re.search(r"-dc\b|-rdc|-fgpu-rdc", text)),
        tuple(_smaller(word) for word in _expand(command[1], variables).split()) if command else (),
    )


def _by_main(checkout: Path, folder: Path) -> Iterator[Program]:
    texts = {
        path.name: path.read_text(errors="replace")
        for path in sorted(folder.iterdir())
        if path.suffix in SUFFIXES and path.is_file()
    }
    starts = [name for name, text in texts.items() if MAIN.search(text)]
    for name in starts:
        if not (name.endswith((".cu", ".hip")) or GPU.search(texts[name])):
            continue
        others = [
            other
            for other in texts
            if other not in starts and len(starts) == 1 and f'"{other}"' not in texts[name]
        ]
        relative = (folder / name).relative_to(checkout)
        yield Program(
            str(relative.parent if len(starts) == 1 and folder != checkout else relative),
            folder,
            (name, *others),
            (".", *_common(checkout, folder)),
        )


def _common(checkout: Path, folder: Path) -> list[str]:
    """Return the folders above that headers are usually kept in."""
    found = []
    above = folder
    while True:
        found += [str(above / name) for name in COMMON if (above / name).is_dir()]
        if above != folder:
            found.append(str(above))
        if above == checkout:
            return found
        above = above.parent


def _main_first(folder: Path, sources: list[str]) -> list[str]:
    def has_none(name: str) -> bool:
        return not MAIN.search((folder / name).read_text(errors="replace"))

    return sorted(sources, key=has_none)


def _expand(text: str, variables: dict[str, str], depth: int = 6) -> str:
    while depth and "$(" in text:
        text = re.sub(r"\$\((\w+)\)", lambda found: variables.get(found[1], ""), text)
        depth -= 1
    return text


def _smaller(word: str) -> str:
    if not word.isdigit() or int(word) <= SHRINK_FROM:
        return word
    number = int(word)
    less = number // 1000 if number >= 100_000 else number // 16
    return str(max(SHRINK_FROM, less // 16 * 16))
