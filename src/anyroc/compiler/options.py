"""What a caller can choose about a compilation, and what language a source is written in."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from anyroc.errors import BadInput

_HIP_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*[<"]hip/', re.MULTILINE)


class Language(enum.Enum):
    """How a source is compiled; CUDA and HIP have a device part."""

    CUDA = "cuda"
    HIP = "hip"
    CXX = "c++"
    C = "c"

    @property
    def has_device_code(self) -> bool:
        return self in (Language.CUDA, Language.HIP)


_SUFFIXES = {
    ".cu": Language.CUDA,
    ".hip": Language.HIP,
    ".cpp": Language.CXX,
    ".cc": Language.CXX,
    ".cxx": Language.CXX,
    ".c": Language.C,
}


def language_of(source: Path) -> Language:
    """Tell a source's language by its suffix; a C++ source that includes HIP's headers is HIP."""
    language = _SUFFIXES.get(source.suffix)
    if language is None:
        known = " ".join(_SUFFIXES)
        raise BadInput(f"{source}: unknown kind of source", hint=f"known are {known}")
    if language is Language.CXX and _HIP_INCLUDE.search(source.read_bytes()):
        return Language.HIP
    return language


@dataclass(frozen=True)
class Options:
    """Choices about a compilation; the defaults are what `anyroc run` uses.

    `std` and `opt_level` are clang's (-std=, -O); `defines` are NAME or NAME=VALUE; `wave_size` is
    32 or 64 where the target has both (None: the target's own); `extra` goes to clang for host and
    device as it is; `libraries` (files) and `link_flags` go to the linker of the host program;
    `libraries_for` tells from the paths of the headers that were read what else to link;
    with `rdc` the device code of all sources is linked together (nvcc's relocatable device code).
    """

    std: str = "c++17"
    opt_level: int | str = 3
    defines: tuple[str, ...] = ()
    include_dirs: tuple[Path, ...] = ()
    wave_size: int | None = None
    extra: tuple[str, ...] = ()
    libraries: tuple[Path, ...] = ()
    libraries_for: Callable[[Collection[str]], tuple[Path, ...]] | None = None
    link_flags: tuple[str, ...] = ()
    rdc: bool = False
