"""``anyroc build``: compile now, run or inspect later."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from anyroc.cli import compiling
from anyroc.cli.options import compile_options, write_output
from anyroc.errors import BadInput

if TYPE_CHECKING:
    from anyroc.compiler import Options
    from anyroc.isa.targets import Target


@click.command()
@click.argument(
    "files", nargs=-1, required=True, metavar="SOURCE...", type=click.Path(path_type=Path)
)
@click.option("-o", "output", metavar="FILE", type=click.Path(path_type=Path), help="The result.")
@click.option(
    "--target",
    "target_names",
    multiple=True,
    metavar="GPU",
    help="Compile for it; may be repeated.",
)
@click.option("--device-only", is_flag=True, help="Make a code object instead of a program.")
@compile_options
def build(
    files: tuple[Path, ...],
    output: Path | None,
    target_names: tuple[str, ...],
    device_only: bool,
    **compiler: Any,
) -> None:
    """Compile CUDA or HIP source for one or several GPUs.

    The result is a shared object for 'anyroc run', with the code for every GPU inside. With
    --device-only it is the kernels alone: a code object (an AMDGPU ELF file) for one GPU, an
    offload bundle for several, as hipModuleLoad and ROCm's tools take them.

    \b
    Examples:
      anyroc build saxpy.cu -o saxpy.so && anyroc run saxpy.so
      anyroc build saxpy.cu --target gfx942 --target gfx1201
      anyroc build kernels.hip --device-only -o kernels.co
    """
    chosen = compiling.targets(target_names)
    options = compiling.options(chosen, **compiler)
    paths = compiling.sources(files)
    if output is None:
        output = Path(paths[0].with_suffix(".co" if device_only else ".so").name)
    elif output.is_dir():
        raise BadInput(f"-o {output} is a folder", hint="name the file to write")
    if device_only:
        write_output(output, _device_code(paths, chosen, options))
    else:
        write_output(output, compiling.program(paths, chosen, options).read_bytes())
    click.echo(output)


def _device_code(paths: list[Path], chosen: list[Target], options: Options) -> bytes:
    from anyroc.compiler import bundle, compile_device

    codes = {gpu.name: compile_device(paths, target=gpu, options=options) for gpu in chosen}
    if len(codes) == 1:
        return next(iter(codes.values()))
    return bundle.write(codes)
