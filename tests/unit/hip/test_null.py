"""No function crashes on null pointers, zeros and handles of nothing: each has an answer."""

import ctypes
import subprocess
import sys
from typing import Any

import pytest

from anyroc.cabi import table


@pytest.mark.parametrize("bogus", ["0", "0xdeadbee0"])
def test_every_function_survives_nonsense(request: Any, bogus: str) -> None:
    program = request.path.with_name("nonsense.py")
    done = subprocess.run(
        [sys.executable, program, bogus], capture_output=True, text=True, timeout=120
    )
    functions = table.load("hip").functions
    expected = [function.name for function in functions if function.returns == "hipError_t"]
    assert (0, expected) == (done.returncode, done.stdout.split()), done.stderr[-2000:]
    assert "inside anyroc" not in done.stderr


def test_handles_of_nothing_are_told_from_live_ones(api: Any) -> None:
    live = api.event()
    assert 0 == api.hipEventQuery(live)
    assert 400 == api.hipEventQuery(live + 1)
    assert 0 == api.hipEventDestroy(live)
    assert 709 == api.hipEventDestroy(live)
    assert 400 == api.hipEventDestroy(None)
    out = ctypes.c_void_p()
    assert 400 == api.hipModuleGetFunction(ctypes.byref(out), 0x7777, b"f")
