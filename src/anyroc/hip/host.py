"""Running a program that was built as a shared object: its `main`, inside this process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from anyroc import hip
from anyroc.cabi import program, stdio
from anyroc.hip import calls, faults, stream
from anyroc.hip.error import Error


def run(shared_object: Path, argv: Sequence[str]) -> int:
    """Run the program with the arguments (the first is its name) and return its exit status.

    `main` runs on the calling thread, without the interpreter's lock. When it returns, work that is
    still under way is waited for, what kernels printed is printed, and the program's destructors
    run; when it calls `exit`, the process ends there and then with all that. A program that ends
    well although a kernel failed gets the exit status 1: its results are not to be trusted.
    An assertion that HIP has told the program of is left to its judgement.
    """
    hip.bind()
    with program.load(shared_object) as loaded:
        status = _status(loaded.main(argv))
    stdio.flush()
    return status


def watch_exit() -> None:
    """Do the same for programs that end by `exit`, hosted here or not."""
    calls.library().at_exit(_status)


def _status(returned: int) -> int:
    """Finish the work that is under way, and judge what the program says of itself."""
    # A program may mean an assertion to fail; then it has the error by now.
    expected = calls.device_error() == Error.Assert
    stream.finish_everything()
    return returned or int(faults.reported() and not expected)
