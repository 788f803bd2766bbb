"""``hipcc`` and ``hipconfig`` as builds of HIP programs call them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from anyroc.cabi import library
from anyroc.compiler import commands, driver
from anyroc.compiler.options import Language, Options
from anyroc.compiler.toolchain import HEADERS, discover
from anyroc.errors import AnyrocError, CompileError
from anyroc.hip.device import HIP_VERSION

_PREPROCESSING = {"-E", "--preprocess", "-M", "-MM"}
_ROOT = {"--rocmpath", "-R", "--path", "-p", "--hipclangpath", "-l"}
_FLAGS = "-D__HIP_PLATFORM_HCC__= -D__HIP_PLATFORM_AMD__="


def hipcc(arguments: Sequence[str]) -> int:
    """Do what a command line of hipcc asks for and return its exit status."""
    if {"--version", "-v"} & set(arguments) and len(arguments) == 1:
        print(f"HIP version: {_version()}", flush=True)
        return subprocess.run([*discover().require().clang, "--version"], check=False).returncode
    if _PREPROCESSING & set(arguments):
        flags = commands.host_flags(discover().require(), Language.HIP, Options())
        return subprocess.run([*flags, *arguments], check=False).returncode
    driver.run(arguments, _library)
    return 0


def _library(name: str) -> Path | None:
    """Return the library that takes the place of one of ROCm's."""
    known = "hip" if name == "amdhip64" else name
    return library.library(known) if known in library.names() else None


def hipconfig(arguments: Sequence[str]) -> int:
    """Print what a build asks about HIP; everything if it names nothing."""
    root = str(HEADERS.parent)
    known = {
        **dict.fromkeys(("--platform", "-P"), "amd"),
        **dict.fromkeys(("--compiler", "-c"), "clang"),
        **dict.fromkeys(("--runtime", "-r"), "rocclr"),
        **dict.fromkeys(("--version", "-v"), _version()),
        **dict.fromkeys(("--cpp_config", "-C"), f"{_FLAGS} -I{HEADERS}"),
        **dict.fromkeys(_ROOT, root),
    }
    asked = [word for word in arguments if word in known]
    if asked:
        print(*(known[word] for word in asked), sep="\n", end="")
        return 0
    print(f"HIP version: {_version()}", f"HIP_PATH: {root}", f"ROCM_PATH: {root}", sep="\n")
    print(f"HIP_PLATFORM: amd\nHIP_COMPILER: clang\nHIP_RUNTIME: rocclr\nCPP_CONFIG: {_FLAGS}")
    return 0


def _version() -> str:
    major, rest = divmod(HIP_VERSION, 10_000_000)
    minor, patch = divmod(rest, 100_000)
    return f"{major}.{minor}.{patch}"


def main(words: Sequence[str]) -> int:
    """Run the command whose name comes first; print what is wrong as a compiler does."""
    name, *arguments = words
    try:
        return hipconfig(arguments) if name == "hipconfig" else hipcc(arguments)
    except CompileError as error:
        os.write(2, error.output.encode())
        print(f"{name}: {error.message}", file=sys.stderr)
    except AnyrocError as error:
        print(error, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
