"""The libraries' work keeps its place on the stream, and its faults are the device's."""

from __future__ import annotations

import ctypes
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from anyroc.cabi import callback
from anyroc.gpu.memory import ALIGNMENT
from anyroc.hip import stream
from anyroc.libs import work

SIZE = 64


def test_work_waits_for_what_the_stream_was_given_before(
    api: Callable[[str], Any], device: Any
) -> None:
    blas, handle = api("hipblas"), ctypes.c_void_p()
    assert 0 == blas.hipblasCreate(ctypes.byref(handle))
    x = device.put(np.ones(SIZE, np.float32))
    gate = threading.Event()
    stream.of(0).submit().callback(*callback.once(lambda: gate.wait(30) and None))
    assert 0 == blas.hipblasSscal(handle, SIZE, ctypes.byref(ctypes.c_float(3)), x, 1)
    assert not stream.of(0).query()  # the call has returned, its work has not begun
    gate.set()
    assert [3.0] * SIZE == device.get(x, np.empty(SIZE, np.float32)).tolist()


def test_scalars_are_the_callers_again_when_the_call_returns(
    api: Callable[[str], Any], device: Any
) -> None:
    blas, handle = api("hipblas"), ctypes.c_void_p()
    assert 0 == blas.hipblasCreate(ctypes.byref(handle))
    x, factor = device.put(np.ones(SIZE, np.float32)), ctypes.c_float(3)
    gate = threading.Event()
    stream.of(0).submit().callback(*callback.once(lambda: gate.wait(30) and None))
    assert 0 == blas.hipblasSscal(handle, SIZE, ctypes.byref(factor), x, 1)
    factor.value = 100
    gate.set()
    assert [3.0] * SIZE == device.get(x, np.empty(SIZE, np.float32)).tolist()


BAD_POINTER = """
import ctypes
from anyroc import hip, libs
from anyroc.hip import calls
blas = libs.bind("hipblas")
handle = ctypes.c_void_p()
call = lambda name, *a: ctypes.CFUNCTYPE(ctypes.c_int)(blas.address(name))(*a)
assert 0 == call("hipblasCreate", ctypes.byref(handle))
factor = ctypes.c_float(3)
print(call("hipblasSscal", handle, 64, ctypes.byref(factor), ctypes.c_void_p(0x1000), 1))
print(ctypes.CFUNCTYPE(ctypes.c_int)(calls.library().address("hipDeviceSynchronize"))())
"""


def test_a_bad_pointer_is_a_fault_and_not_a_crash() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BAD_POINTER],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    illegal_address = 700
    assert (f"0\n{illegal_address}\n", 0) == (done.stdout, done.returncode), done.stderr
    assert "hipblasSscal: 256 bytes at 0x1000 are not memory of the device" in done.stderr


def test_work_may_use_what_an_allocation_is_rounded_up_to(device: Any) -> None:
    place = device.put(np.zeros(3, np.float32)).value
    assert place == work.check(place, ALIGNMENT)
    assert place + 12 == work.check(place + 12, 4)
    for begin, size in ((place, ALIGNMENT + 1), (place + 12, ALIGNMENT)):
        with pytest.raises(work.BadMemory):
            work.check(begin, size)
