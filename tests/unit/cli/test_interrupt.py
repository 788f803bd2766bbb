from __future__ import annotations

import signal
import subprocess
import sys

ENDLESS = """
import ctypes, sys
from anyroc.cli.interrupt import ends_the_process
with ends_the_process():
    print("ready", flush=True)
    ctypes.CDLL(None).sleep(60)  # native code: Python's handler would not run for a minute
print("survived")
"""


def test_ctrl_c_ends_native_code() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", ENDLESS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert output == ""
    assert errors == "\nanyroc: interrupted\n"


def test_everything_is_put_back() -> None:
    from anyroc.cli.interrupt import ends_the_process

    before = signal.getsignal(signal.SIGINT)
    with ends_the_process():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
    assert signal.set_wakeup_fd(-1) == -1
