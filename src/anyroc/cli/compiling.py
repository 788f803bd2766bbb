"""From the options on the command line to a compiled program."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from anyroc.cli.options import SOURCE_SUFFIXES, input_file, is_source
from anyroc.errors import BadInput

if TYPE_CHECKING:
    from anyroc.compiler import Options
    from anyroc.isa.targets import Target


_IN_HIP = ("cuda", "cudart", "cudart_static", "cudadevrt", "nvToolsExt", "amdhip64")


def targets(names: Sequence[str]) -> list[Target]:
    """Return the GPUs called `names`; without names those of the devices that programs will see."""
    from anyroc.gpu.device import configured_targets
    from anyroc.isa.targets import target

    found = [target(name) for name in names] or configured_targets()
    return list({target.name: target for target in found}.values())


def options(
    chosen: Sequence[Target],
    *,
    wave: str | None,
    defines: Sequence[str],
    include_dirs: Sequence[Path],
    optimise: str,
    standard: str,
    library_dirs: Sequence[str],
    libraries: Sequence[str],
    rdc: bool,
    extra: Sequence[str],
) -> Options:
    """Return the compiler's options; BadInput when they cannot be had for one of these GPUs."""
    from anyroc.compiler import Options

    for target in chosen:
        if wave is not None and int(wave) not in target.wave_sizes:
            raise BadInput(
                f"{target.name} has no waves of {wave} lanes",
                hint=f"it has waves of {' or '.join(map(str, target.wave_sizes))} lanes",
            )
    for folder in include_dirs:
        if not folder.is_dir():
            raise BadInput(f"-I {folder}: there is no such folder")
    return Options(
        std=standard,
        defines=tuple(defines),
        include_dirs=tuple(include_dirs),
        opt_level=optimise,
        wave_size=int(wave) if wave else None,
        extra=tuple(extra),
        rdc=rdc,
        link_flags=tuple(f"-L{name}" for name in library_dirs)
        + tuple(flag for name in libraries for flag in _link_flags(name)),
    )


def _link_flags(name: str) -> tuple[str, ...]:
    """Return how to link a library that -l names: ours under ROCm's or CUDA's names, or another."""
    from anyroc.cabi.library import library, names

    if name in _IN_HIP:
        return ()
    plain = name.lower()
    known = {"nvrtc": "hiprtc", "cublaslt": "hipblaslt"}.get(plain, plain)
    if known.startswith("cu"):
        known = f"hip{known[2:]}"
    return (str(library(known)),) if known in names() else (f"-l{name}",)


def _libraries_for(headers: Collection[str]) -> tuple[Path, ...]:
    """Return the libraries whose functions headers declare."""
    from anyroc.cabi.library import library, names

    read = {Path(header).name for header in headers}
    return tuple(
        library(name) for name in names() if name != "hip" and f"{name}_prototypes.inc" in read
    )


def sources(paths: Sequence[Path]) -> list[Path]:
    """Return the paths if each is a source file that can be read."""
    for path in paths:
        input_file(path)
        if not is_source(path):
            raise BadInput(
                f"{path} does not look like C++ source",
                hint=f"the names of source files end in {', '.join(SOURCE_SUFFIXES)}",
            )
    return list(paths)


def program(paths: Sequence[Path], chosen: Sequence[Target], options: Options) -> Path:
    """Compile and link a program against the HIP library; return the shared object."""
    from dataclasses import replace

    from anyroc.cabi.library import library
    from anyroc.compiler import compile_program

    linked = replace(options, libraries=(library(),), libraries_for=_libraries_for)
    made = compile_program(paths, target=chosen, options=linked)
    print(made.warnings, end="", file=sys.stderr)
    return made.shared_object
