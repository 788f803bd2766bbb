"""The commands of ROCm's compiler as builds of HIP programs call them: see `anyroc.cli.rocm`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from anyroc.cabi import library
from anyroc.cli import rocm
from anyroc.compiler import commands, driver
from anyroc.compiler.options import Language, Options
from anyroc.compiler.toolchain import discover
from anyroc.errors import AnyrocError, CompileError

_PREPROCESSING = {"-E", "--preprocess", "-M", "-MM"}
_QUESTIONS = ("-v", "-print-", "--print-", "-dump", "--help")
_FLAGS = "-D__HIP_PLATFORM_HCC__= -D__HIP_PLATFORM_AMD__="


def compiler(name: str, arguments: Sequence[str]) -> int:
    """Do what a command line of hipcc or clang asks for and return its exit status."""
    if "--version" in arguments:
        if name == "hipcc":
            print(f"HIP version: {rocm.version()}", flush=True)
        return subprocess.run([*discover().require().clang, "--version"], check=False).returncode
    if _PREPROCESSING & set(arguments):
        flags = commands.host_flags(discover().require(), Language.HIP, Options())
        return subprocess.run([*flags, *arguments], check=False).returncode
    command = driver.parse(arguments, Language.HIP if name == "hipcc" else Language.CXX)
    if not command.inputs and any(word.startswith(_QUESTIONS) for word in arguments):
        return subprocess.run([*discover().require().clang, *arguments], check=False).returncode
    driver.run(command, _library)
    return 0


def _library(name: str) -> Path | None:
    """Return the library that takes the place of one of ROCm's."""
    known = "hip" if name == "amdhip64" else name
    return library.library(known) if known in library.names() else None


def hipconfig(root: Path, arguments: Sequence[str]) -> int:
    """Print what a build asks about HIP; everything if it names nothing."""
    known = {
        **dict.fromkeys(("--platform", "-P"), "amd"),
        **dict.fromkeys(("--compiler", "-c"), "clang"),
        **dict.fromkeys(("--runtime", "-r"), "rocclr"),
        **dict.fromkeys(("--version", "-v"), rocm.version()),
        **dict.fromkeys(("--cpp_config", "-C"), f"{_FLAGS} -I{root}/include"),
        **dict.fromkeys(("--rocmpath", "-R", "--path", "-p"), str(root)),
        **dict.fromkeys(("--hipclangpath", "-l"), f"{root}/llvm/bin"),
    }
    asked = [word for word in arguments if word in known]
    if asked:
        print(*(known[word] for word in asked), sep="\n", end="")
        return 0
    print(f"HIP version: {rocm.version()}", f"HIP_PATH: {root}", f"ROCM_PATH: {root}", sep="\n")
    print(f"HIP_PLATFORM: amd\nHIP_COMPILER: clang\nHIP_RUNTIME: rocclr\nCPP_CONFIG: {_FLAGS}")
    return 0


def agents(name: str) -> int:
    """Print the GPUs that programs see, as one of ROCm's commands does."""
    from anyroc.hip.device import gpus

    shown = [(gpu.device.target, gpu.properties) for gpu in gpus()]
    if name == "rocm_agent_enumerator":
        print("gfx000")
    if name != "rocminfo":
        print(*(target.name for target, _ in shown), sep="\n")
        return 0
    for number, (target, facts) in enumerate(shown, 1):
        print("*******", f"Agent {number}", "*******", sep="\n")
        print(f"  Name:                    {target.name}")
        print(f"  Marketing Name:          {facts['name']}")
        print("  Vendor Name:             AMD", "  Device Type:             GPU", sep="\n")
        print(f"  Compute Unit:            {facts['multiProcessorCount']}")
        print(f"  Wavefront Size:          {facts['warpSize']}")
        print(f"      Name:                    amdgcn-amd-amdhsa--{facts['gcnArchName']}")
    print("*** Done ***")
    return 0


_AGENTS = ("rocm_agent_enumerator", "rocminfo", "amdgpu-arch", "offload-arch")


def main(words: Sequence[str]) -> int:
    """Run the command that comes first; print what is wrong as a compiler does."""
    path, *arguments = words
    name = Path(path).name
    try:
        if name == "hipconfig":
            return hipconfig(Path(path).parents[1], arguments)
        return agents(name) if name in _AGENTS else compiler(name, arguments)
    except CompileError as error:
        os.write(2, error.output.encode())
        print(f"{name}: {error.message}", file=sys.stderr)
    except AnyrocError as error:
        print(error, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
