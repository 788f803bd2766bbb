"""``anyroc env``: the environment in which ROCm's libraries are anyroc's."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import click

_LIBRARIES = "LD_LIBRARY_PATH"


def variables(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return what to change in an environment so that programs find anyroc's libraries first.

    The libraries are built where they are not yet. Programs that look for ROCm's libraries by
    their names get these; Triton, which looks for a file, is told its path, and CuPy, which
    compiles, and builds, a folder that is laid out as ROCm's. Where AMD's own library is to be
    used (see `anyroc.cabi.hardware`) it is that which they find.
    """
    from anyroc.cabi import hardware, library
    from anyroc.cli import rocm

    other = hardware.library()
    if other is not None:
        places = [str(hardware.aliases(other)), str(other.parent)]
        return {
            _LIBRARIES: _first(places, environment.get(_LIBRARIES, "")),
            "TRITON_LIBHIP_PATH": str(other),
        }
    names = library.names()
    with ThreadPoolExecutor() as pool:  # building them takes seconds each
        found = dict(zip(names, pool.map(library.library, names), strict=True))
    root, places = str(rocm.root(found)), [str(path.parent) for path in found.values()]
    return {
        _LIBRARIES: _first(places, environment.get(_LIBRARIES, "")),
        "PATH": _first([f"{root}/bin"], environment.get("PATH", os.defpath)),
        "CMAKE_PREFIX_PATH": _first([root], environment.get("CMAKE_PREFIX_PATH", "")),
        "TRITON_LIBHIP_PATH": str(found["hip"]),
        **dict.fromkeys(("ROCM_HOME", "HIP_PATH"), root),
    }


def _first(places: list[str], path: str) -> str:
    """Return a search path with some places before what it has."""
    return ":".join(dict.fromkeys([*places, *filter(None, path.split(":"))]))


@click.command()
@click.option("--target", metavar="GPU", help="The GPU that programs see.")
def env(target: str | None) -> None:
    """Print shell commands after which programs that use HIP run on the software GPU.

    \b
    Examples:
      eval "$(anyroc env)" && python train.py
      eval "$(anyroc env --target gfx1201)" && ./a.out
    """
    from anyroc.isa import targets

    changed = variables()
    if target is not None:
        changed["ANYROC_TARGET"] = targets.target(target).name
        click.echo("unset ANYROC_DEVICES")
    for name, value in changed.items():
        click.echo(f"export {name}={shlex.quote(value)}")
