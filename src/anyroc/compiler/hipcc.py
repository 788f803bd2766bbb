"""`hipcc`, as far as programs call it while they run: preprocessing, and kernels by themselves.

CuPy asks it for the compiler's include folders, and lets it compile code objects (`--genco`). It is
on the PATH of programs that `anyroc run` starts and of shells that `anyroc env` has prepared.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from anyroc import cache
from anyroc.compiler import commands, program
from anyroc.compiler.options import Language, Options
from anyroc.compiler.toolchain import discover
from anyroc.errors import AnyrocError, BadInput
from anyroc.isa import targets

_PREPROCESSING = {"-E", "--preprocess", "-M"}
_OUTPUT, _TARGET = "-o", "--offload-arch="


def folder() -> Path:
    """Return a folder with the command, which runs this Python."""
    package = Path(__file__).parents[2]
    python = shlex.quote(sys.executable)
    lines = [
        "#!/bin/sh",
        f"PYTHONPATH={shlex.quote(str(package))}${{PYTHONPATH:+:$PYTHONPATH}} \\",
        f'    exec {python} -m anyroc.compiler.hipcc "$@"',
    ]
    text = "\n".join(lines) + "\n"

    def build(made: Path) -> None:
        made.mkdir()
        (made / "hipcc").write_text(text)
        (made / "hipcc").chmod(0o755)

    return cache.default().make("commands", cache.key(text), "", build)


def main(arguments: Sequence[str]) -> int:
    """Do what a command line of hipcc asks for and return its exit status."""
    if "--version" in arguments:
        return subprocess.run([*discover().require().clang, "--version"], check=False).returncode
    if _PREPROCESSING & set(arguments):
        flags = commands.host_flags(discover().require(), Language.HIP, Options())
        return subprocess.run([*flags, *arguments], check=False).returncode
    if "--genco" in arguments:
        _compile_kernels([word for word in arguments if word != "--genco"])
        return 0
    raise BadInput(
        "hipcc only preprocesses (-E) and compiles code objects (--genco) here",
        hint="anyroc build makes a program, anyroc run runs it",
    )


def _compile_kernels(arguments: Sequence[str]) -> None:
    """Compile sources to a code object for the last target that is named."""
    output, target, extra, sources = Path("a.out"), "", [], []
    words = iter(arguments)
    for word in words:
        if word == _OUTPUT:
            output = Path(next(words, "a.out"))
        elif word.startswith(_TARGET):
            target = word.removeprefix(_TARGET).partition(":")[0]
        elif word.startswith("-"):
            extra.append(word)
        else:
            sources.append(Path(word))
    if not sources:
        raise BadInput("hipcc: no source file")
    chosen = targets.target(target or os.environ.get("ANYROC_TARGET", "gfx942"))
    options = Options(extra=tuple(extra))
    output.write_bytes(program.compile_device(sources, target=chosen, options=options))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except AnyrocError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
