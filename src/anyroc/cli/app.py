"""The command group. A subcommand's module is imported only when it is asked for."""

from __future__ import annotations

from importlib import import_module

import click

import anyroc

COMMANDS = {
    "run": "run:run",
    "env": "environment:env",
    "build": "build:build",
    "disasm": "disassemble:disasm",
    "translate": "translation:translate",
    "info": "info:info",
    "cache": "storage:cache",
    "isa": "coverage:isa",
    "hip": "coverage:hip",
    "conformance": "conformance:conformance",
}
"""Name of a command → module in this package and object in it, in the order of the help text."""


class LazyGroup(click.Group):
    """A group of commands that are found in `COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names in the order in which the help lists them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return a command."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, name = place.split(":")
        command = getattr(import_module(f"anyroc.cli.{module}"), name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(anyroc.__version__, prog_name="anyroc", message="%(prog)s %(version)s")
def app() -> None:
    """Compile CUDA and HIP programs for AMD GPUs, and run them without one.

    The kernels become AMD machine code, and a software GPU executes that code on this machine's
    CPU cores. Nothing else is needed: no GPU, no ROCm, no CUDA.

    \b
    Try:
      anyroc run saxpy.cu                     compile and run a CUDA program
      anyroc run --target gfx1201 saxpy.cu    the same on another GPU
      anyroc run --stats saxpy.cu             ... and show what its kernels did
      anyroc run python train.py              run a program that uses HIP by itself
      anyroc build saxpy.cu -o saxpy.so       compile now, run later
      anyroc disasm saxpy.so                  show the machine code
      anyroc info                             which GPUs and tools there are
    """
