"""Ctrl-C while a program runs.

The program's `main` and its kernels run native code, where Python's own handling of SIGINT waits
for the interpreter to be entered again: for an endless kernel, for ever. So a thread waits for the
signal beside them, says which kernels were running, and ends the process.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

EXIT_INTERRUPTED = 130


@contextlib.contextmanager
def ends_the_process() -> Iterator[None]:
    """Let Ctrl-C end the process at once, whatever its main thread is doing.

    A program that installs a handler of its own for SIGINT keeps it.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    previous_handler = signal.signal(signal.SIGINT, _ignore)
    previous_wakeup = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    watcher = threading.Thread(target=_watch, args=(reader,), daemon=True, name="anyroc-interrupt")
    watcher.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(previous_wakeup)
        signal.signal(signal.SIGINT, previous_handler)
        os.close(writer)
        watcher.join()
        os.close(reader)


def _ignore(number: int, frame: FrameType | None) -> None:
    """Stand in for Python's handler, which would raise in the middle of a HIP call."""


def _watch(reader: int) -> None:
    while number := os.read(reader, 1):
        if number[0] == signal.SIGINT:
            with contextlib.suppress(OSError):
                print("\nanyroc: interrupted", file=sys.stderr, flush=True)
                for sentence in _running():
                    print(f"  {sentence}", file=sys.stderr, flush=True)
            os._exit(EXIT_INTERRUPTED)


def _running() -> list[str]:
    """Stop the kernels that run, if any can, and return what to say of each."""
    if "anyroc.gpu.device" not in sys.modules:
        return []
    from anyroc.hip import faults, interrupt

    faults.hold_everybody()
    return interrupt.stop_kernels()
