"""``anyroc run``: compile a program, or take a compiled one, and run it on the software GPU."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from anyroc.cli import compiling
from anyroc.cli.environment import variables
from anyroc.cli.interrupt import ends_the_process
from anyroc.cli.options import SOURCE_SUFFIXES, compile_options, input_file, is_source
from anyroc.errors import BadInput

_EM_AMDGPU = (224).to_bytes(2, "little")
_BUNDLES = (b"__CLANG_OFFLOAD", b"CCOB")
_PT_INTERP = 3


class _Run(click.Command):
    """Leaves to a command that is to be run what stands behind it, options included.

    Source files behind a source file are of the same program.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the command line."""
        parser = self.make_parser(ctx)
        parser.allow_interspersed_args = False
        with contextlib.suppress(click.UsageError):
            values, _, _ = parser.parse_args(list(args))
            program, rest = values["program"], values["arguments"]
            if isinstance(program, str) and _is_command(Path(program)):
                mine = len(args) - 1 - (len(rest) if isinstance(rest, tuple) else 0)
                args = [*args[:mine], "--", *args[mine:]]
        last = len(args) - args.index("--") - 1 if "--" in args else 0
        left = super().parse_args(ctx, args)
        _take_sources(ctx.params, last)
        return left


def _take_sources(values: dict[str, Any], last: int) -> None:
    """Count source files that follow the program, up to the `last` arguments, as part of it."""
    arguments: tuple[str, ...] = values["arguments"]
    if not is_source(values["program"]):
        return
    files = [Path(name) for name in arguments[: len(arguments) - last]]
    more = list(itertools.takewhile(lambda path: is_source(path) and path.is_file(), files))
    values["others"] = (*values["others"], *more)
    values["arguments"] = arguments[len(more) :]


@click.command(cls=_Run)
@click.argument("program", type=click.Path(path_type=Path))
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.option("--target", metavar="GPU", help="The GPU to run on: gfx942, gfx1151, gfx1201.")
@click.option("--stats", is_flag=True, help="Show afterwards what each kernel did.")
@click.option("--noop-kernels", is_flag=True, hidden=True, help="Launch kernels that do nothing.")
@click.option(
    "--with",
    "others",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Another source file of the same program.",
)
@compile_options
def run(
    program: Path,
    arguments: tuple[str, ...],
    target: str | None,
    stats: bool,
    noop_kernels: bool,
    others: tuple[Path, ...],
    **compiler: Any,
) -> int:
    """Run PROGRAM on the software GPU, with ARGUMENTS.

    PROGRAM is CUDA or HIP source (.cu, .hip, .cpp), which is compiled first, together with the
    source files that follow it; the result of 'anyroc build'; or any other command: a native
    executable or a script that uses HIP, or python. That one finds anyroc's libraries in place of
    ROCm's.

    The GPU is the one that --target names, else the first of ANYROC_DEVICES, else ANYROC_TARGET,
    else gfx942. The exit code is the program's own.

    Put -- before arguments of a source file that begin with a dash.

    \b
    Examples:
      anyroc run saxpy.cu
      anyroc run --target gfx1201 --wave 64 saxpy.cu
      anyroc run -DSIZE=1024 -I include simulate.cu -- --steps 100
      anyroc run main.cu kernels.cu helpers.cpp -- 100
      anyroc run --stats matmul.cu
      anyroc run python train.py --epochs 3
      anyroc run ./a.out
      ANYROC_DEVICES=gfx942x2 anyroc run peer_to_peer.cu
    """
    from anyroc.cabi import hardware
    from anyroc.isa import targets

    if target is not None:
        os.environ["ANYROC_TARGET"] = targets.target(target).name
        os.environ.pop("ANYROC_DEVICES", None)
    if noop_kernels:
        os.environ["ANYROC_NOOP_KERNELS"] = "1"
    if _is_command(program):
        if stats:
            raise BadInput("--stats counts in programs that anyroc has compiled, not in commands")
        _execute(program, arguments)
    other = hardware.library()
    if other is not None:
        return _run_on_hardware(other, [program, *others], arguments, compiler)
    library = _library([program, *others], compiler)
    command = [str(program), *arguments]
    if not stats:
        return _run(library, command)

    from anyroc.tools.stats import collect

    with collect() as collected:
        code = _run(library, command)

    from anyroc.cli import statistics

    statistics.show(collected.rows())
    return code


def _is_command(program: Path) -> bool:
    """Tell whether a program is one that the system starts: an executable, a script, a name."""
    if is_source(program):
        return False
    place = _command_path(program)
    if place is None:
        return False
    with place.open("rb") as file:
        head = file.read(4096)
    if head.startswith(b"\x7fELF"):
        return _has_interpreter(head)
    return not head.startswith(_BUNDLES)


def _command_path(program: Path) -> Path | None:
    """Return the file that a command's name or path means."""
    if program.is_file():
        return program.absolute() if os.access(program, os.X_OK) else None
    found = shutil.which(program)
    return Path(found) if found else None


def _has_interpreter(head: bytes) -> bool:
    """Tell from the start of an ELF file whether the system's loader starts it."""
    offset, size, count = (
        int.from_bytes(head[place : place + length], "little")
        for place, length in ((32, 8), (54, 2), (56, 2))
    )
    kinds = (head[place : place + 4] for place in range(offset, offset + size * count, size or 1))
    return _PT_INTERP.to_bytes(4, "little") in kinds


def _execute(program: Path, arguments: tuple[str, ...]) -> NoReturn:
    """Become the command, in an environment where ROCm's libraries are anyroc's."""
    environment = {**os.environ, **variables()}
    place = _command_path(program)
    assert place is not None
    sys.stdout.flush()
    try:
        os.execve(place, [str(program), *arguments], environment)
    except OSError as error:
        raise BadInput(f"cannot run {program}: {error.strerror}") from None


def _run(library: Path, command: list[str]) -> int:
    from anyroc import libs
    from anyroc.hip import host

    libs.load_needed(library)
    with ends_the_process():
        return host.run(library, command)


def _run_on_hardware(
    hip: Path, files: list[Path], arguments: tuple[str, ...], compiler: dict[str, Any]
) -> int:
    """Run a program over another libamdhip64.so, in a process whose loader finds that one."""
    from anyroc.cabi import program
    from anyroc.conformance.api import Api

    changed = variables()
    if os.environ.get("LD_LIBRARY_PATH") != changed["LD_LIBRARY_PATH"]:
        os.environ.update(changed)
        os.execv(sys.executable, [sys.executable, "-m", "anyroc", *sys.argv[1:]])
    os.environ["ANYROC_TARGET"] = Api(hip).architecture
    os.environ.pop("ANYROC_DEVICES", None)
    with program.load(_library(files, compiler)) as loaded:
        return loaded.main([str(files[0]), *arguments])


def _check_program(path: Path) -> None:
    """Raise BadInput for what is no program, in terms of what it is instead."""
    with path.open("rb") as file:
        head = file.read(24)
    if head.startswith(_BUNDLES) or head[18:20] == _EM_AMDGPU:
        raise BadInput(
            f"{path} holds kernels only, and cannot be run by itself",
            hint=f"a program loads it with hipModuleLoad; to look inside: anyroc disasm {path}",
        )
    if not head.startswith(b"\x7fELF"):
        raise BadInput(
            f"{path} is neither source nor a program made by anyroc build",
            hint=f"the names of source files end in {', '.join(SOURCE_SUFFIXES)}",
        )


def _library(files: list[Path], compiler: dict[str, Any]) -> Path:
    """Return the shared object to run: the only file given, or what its sources compile to."""
    if len(files) == 1 and not is_source(input_file(files[0])):
        _check_program(files[0])
        return files[0]
    chosen = compiling.targets(())
    options = compiling.options(chosen, **compiler)
    return compiling.program(compiling.sources(files), chosen, options)
