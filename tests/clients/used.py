"""Which functions of libamdhip64 the clients and ROCm's hip-tests use: writes hip/used.txt anew.

    python tests/clients/used.py --site out/clients/venv/lib/python3.11/site-packages \\
        --site TRITON/site-packages --hip-tests ../hip-tests

Of a client these are the names in its binaries: of functions that they import, or look up by name.
Of hip-tests they are those that the sources of all unit tests call. `anyroc hip coverage` counts
how many of them are implemented. A client that is not installed keeps its list.
"""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Iterable
from pathlib import Path

from anyroc import hip
from anyroc.cabi.table import load

USED = Path(hip.__file__).with_name("used.txt")
CLIENTS = {
    "IREE 3.13": ("iree/_runtime_libs", "iree_base_runtime.libs"),
    "bitsandbytes 0.50": ("bitsandbytes",),
    "CuPy 14.2": ("cupy", "cupy_backends"),
    "Triton 3.9": ("triton/backends/amd",),
}
HIP_TESTS = "hip-tests"
_NAME = re.compile(rb"(?<![A-Za-z0-9_])(?:__)?hip[A-Z][A-Za-z0-9_]+(?![A-Za-z0-9_])")
_COMMENT = re.compile(rb"//[^\n]*|/\*.*?\*/", re.DOTALL)
_SOURCES = (".cc", ".hh", ".cpp", ".h", ".c", ".inl")
_BINARIES = (".so", ".c")  # Triton compiles its C source where it runs


def of_binaries(folders: Iterable[Path], known: set[str]) -> set[str]:
    """Return the functions that are named in the libraries below some folders."""
    found: set[str] = set()
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and (path.suffix in _BINARIES or ".so." in path.name):
                found |= _names(path.read_bytes()) & known
    return found


def of_sources(folders: Iterable[Path], known: set[str]) -> set[str]:
    """Return the functions that sources below some folders name outside comments."""
    found: set[str] = set()
    for folder in folders:
        for path in folder.rglob("*"):
            if path.suffix in _SOURCES:
                found |= _names(_COMMENT.sub(b"", path.read_bytes())) & known
    return found


def _names(content: bytes) -> set[str]:
    return {name.decode() for name in _NAME.findall(content)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site", type=Path, action="append", default=[], help="installed clients")
    parser.add_argument("--hip-tests", type=Path, help="a checkout of hip-tests")
    options = parser.parse_args()
    known = {function.name for function in load("hip").functions}
    lists = hip.used()
    for client, names in CLIENTS.items():
        folders = [site / name for site in options.site for name in names if (site / name).is_dir()]
        found = of_binaries(folders, known)
        if found:
            lists[client] = sorted(found)
    if options.hip_tests is not None:
        catch = options.hip_tests / "catch"
        lists[HIP_TESTS] = sorted(of_sources((catch / "unit", catch / "include"), known))
    head = USED.read_text("utf-8").partition("[")[0]
    parts = [
        f"[{client}]\n{textwrap.fill(' '.join(names), 100)}" for client, names in lists.items()
    ]
    USED.write_text(head + "\n\n".join(parts) + "\n", "utf-8")


if __name__ == "__main__":
    main()
