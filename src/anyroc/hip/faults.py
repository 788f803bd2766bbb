"""What went wrong on a device: the report for people, and the error code for the program.

A fault is final, as on hardware: the process lives, but every HIP function from then on returns the
error. The first fault is reported on stderr.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

from anyroc.cabi import stdio
from anyroc.cabi.memory import NullPointer
from anyroc.errors import AnyrocError
from anyroc.hip import calls
from anyroc.hip.error import Error, HipError, name

if TYPE_CHECKING:
    from anyroc.gpu.fault import Fault
    from anyroc.hip.device import Gpu

_CODES = {
    "trap": Error.LaunchFailure,
    "bad_pc": Error.LaunchFailure,
    "arithmetic": Error.LaunchFailure,
    "status": Error.LaunchFailure,
    "stopped": Error.LaunchTimeOut,
}
"""By kind of fault; all others are stray accesses."""

_INTERRUPTED = -1  # as in cabi/hip.c

_said: set[str] = set()
_ending = False


def reported() -> bool:
    """Tell whether something was reported that means that the program's results are wrong."""
    return bool(_said)


def report(gpu: Gpu, fault: Fault, *, asserted: bool) -> Error:
    """Say what happened, once, make the error stick, and return it."""
    code = _CODES.get(fault.kind, Error.IllegalAddress)
    if asserted and fault.kind == "trap":
        code = Error.Assert
    if calls.device_error() == Error.Success:
        calls.set_device_error(code)
        where = f"device {gpu.index} ({gpu.target.name})"
        say(f"{where}: {fault.text}\n  HIP returns {name(code)} from now on")
    return code


def say(message: str) -> None:
    """Print a message on stderr, once, after what the program has printed so far."""
    if message not in _said and not _ending:
        _said.add(message)
        stdio.flush()
        print(f"anyroc: {message}", file=sys.stderr, flush=True)


def hold_everybody() -> None:
    """Say nothing from now on, and let nobody go on: the process is about to end."""
    global _ending
    _ending = True
    calls.attend(1)


def hold() -> None:
    """Wait for the end of the process if it is about to end."""
    if _ending:
        threading.Event().wait()


def stop_kernels() -> None:
    """Stop the kernels that run, and say which they were."""
    from anyroc.hip import interrupt

    for sentence in interrupt.stop_kernels():
        say(f"interrupted: {sentence}")


def _interrupted() -> int:
    """Stop the kernels; return what has Python raise KeyboardInterrupt again behind the call."""
    stop_kernels()
    return _INTERRUPTED


_MISUSE = {"OutOfMemory": Error.OutOfMemory, "BadAddress": Error.InvalidValue}
"""Refusals that are the program's to deal with."""

_TOLD = {
    "BadCopy": Error.InvalidValue,
    "BadInput": Error.NoBinaryForGpu,
    "CodeObjectError": Error.InvalidImage,
    "UnsupportedInstruction": Error.LaunchFailure,
}
"""Errors that people are told about; others become `Error.Unknown`."""


def failure(function: str, error: BaseException) -> int:
    """Turn what the body of a HIP function raised into the function's result."""
    if isinstance(error, HipError):
        return int(error.code)
    if isinstance(error, KeyboardInterrupt):
        return _interrupted()
    kind = type(error).__name__
    if kind in _MISUSE:
        return int(_MISUSE[kind])
    if isinstance(error, NullPointer):
        return int(Error.InvalidValue)
    if isinstance(error, MemoryError):
        return int(Error.OutOfMemory)
    if isinstance(error, AnyrocError):
        say(str(error))
        return int(_TOLD.get(kind, Error.Unknown))
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "an unknown place"
    say(f"{function} failed inside anyroc: {kind}: {error} ({where})")
    return int(Error.Unknown)
