"""The ``anyroc`` command: what it prints, and how it ends when something goes wrong."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence

import click

from anyroc.cli.app import app
from anyroc.errors import AnyrocError, CompileError

EXIT_ERROR = 2
EXIT_INTERNAL = 70
EXIT_INTERRUPTED = 130
EXIT_PIPE = 141


def run_command_line(arguments: Sequence[str] | None = None) -> int:
    """Run `arguments` (default: the process's own) and return the exit code.

    This is the boundary that no exception crosses: an `AnyrocError` becomes its message, anything
    unforeseen becomes one line and a file with the traceback.
    """
    try:
        code = app.main(
            None if arguments is None else list(arguments), "anyroc", standalone_mode=False
        )
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as request:
        return request.exit_code
    except (KeyboardInterrupt, click.exceptions.Abort):
        return _fail("interrupted", EXIT_INTERRUPTED)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except CompileError as error:
        print(error.output.rstrip(), file=sys.stderr)
        return _fail(AnyrocError.__str__(error), EXIT_ERROR)
    except AnyrocError as error:
        return _fail(str(error), EXIT_ERROR)
    except BrokenPipeError:
        # Whoever read our output has seen enough; the flush at exit must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_PIPE
    except MemoryError:
        return _fail("not enough memory on this machine", EXIT_ERROR)
    except Exception as error:
        return _fail(_report(error), EXIT_INTERNAL)


def _fail(message: str, code: int) -> int:
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    with contextlib.suppress(OSError):
        print(f"anyroc: {message}", file=sys.stderr)
    return code


def _report(error: Exception) -> str:
    """Save the traceback of a bug in anyroc; return the line that tells about it."""
    import tempfile
    import traceback

    what = "".join(traceback.format_exception_only(type(error), error)).strip().splitlines()[-1]
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="anyroc-error-", suffix=".txt", delete=False
        ) as file:
            print("command:", *sys.argv, file=file)
            traceback.print_exception(type(error), error, error.__traceback__, file=file)
    except OSError:
        return f"internal error: {what} (the traceback could not be saved)"
    return f"internal error: {what}\nThis is a bug in anyroc; the traceback is in {file.name}"
