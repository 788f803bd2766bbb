"""Ctrl-C in an endless kernel: in a Python process that loaded the library, and under `run`."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

ENDLESS = """
#include <cstdio>
__global__ void endless(volatile int *p) { while (!*p) {} }
int main() {
    int *p;
    cudaMalloc(&p, 4);
    cudaMemset(p, 0, 4);
    endless<<<1, 1>>>(p);
    std::printf("ready\\n");
    std::fflush(stdout);
    cudaDeviceSynchronize();
    std::printf("survived\\n");
}
"""

PYTHON = """
import ctypes, sys
from anyroc import hip
hip.bind()
from anyroc.hip import calls
library = ctypes.CDLL(str(calls.library().path))
module, kernel, place = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
library.hipModuleLoad(ctypes.byref(module), sys.argv[1].encode())
library.hipModuleGetFunction(ctypes.byref(kernel), module, b"wait_for")
library.hipMalloc(ctypes.byref(place), 64)
library.hipMemset(place, 0, ctypes.c_size_t(64))
arguments = (ctypes.c_void_p * 2)(ctypes.addressof(place), ctypes.addressof(place))
one = [ctypes.c_uint(1)] * 6
library.hipModuleLaunchKernel(kernel, *one, 0, None, arguments, None)
try:
    print("ready", flush=True)
    library.hipDeviceSynchronize()
    print("not interrupted")
except KeyboardInterrupt:
    print("interrupted")
print(library.hipMemset(place, 1, ctypes.c_size_t(64)), library.hipDeviceSynchronize())
"""

MEETING = """
import ctypes, sys
from anyroc import hip
hip.bind()
from anyroc.hip import calls
library = ctypes.CDLL(str(calls.library().path))
module, kernel, place = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
library.hipModuleLoad(ctypes.byref(module), sys.argv[1].encode())
library.hipModuleGetFunction(ctypes.byref(kernel), module, b"meet")
library.hipHostMalloc(ctypes.byref(place), ctypes.c_size_t(64), 0)
flag, met = ctypes.c_int.from_address(place.value), ctypes.c_int.from_address(place.value + 4)
pointers = (ctypes.c_uint64 * 2)(place.value, place.value + 4)
arguments = (ctypes.c_void_p * 2)(ctypes.addressof(pointers), ctypes.addressof(pointers) + 8)
shape = [ctypes.c_uint(value) for value in (4, 1, 1, 64, 1, 1)]
def launch():
    met.value = 0
    code = library.hipModuleLaunchCooperativeKernel(kernel, *shape, 0, None, arguments)
    return code or library.hipDeviceSynchronize(), met.value
flag.value = 1
print("ready" if [launch() for _ in range(3)] == [(0, 4)] * 3 else "wrong", flush=True)
flag.value = 0
try:
    launch()
    print("not interrupted")
except KeyboardInterrupt:
    print("interrupted")
flag.value = 1
print([launch() for _ in range(3)])
"""


def interrupted(*command: str | Path) -> tuple[str, str, int]:
    """Send SIGINT once the process says that it is ready; return what it printed, its status."""
    process = subprocess.Popen(
        [sys.executable, *map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "ready\n" == process.stdout.readline()
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    return output, errors, process.returncode


def test_a_program_ends_and_the_kernel_is_named(tmp_path: Path) -> None:
    source = tmp_path / "endless.cu"
    source.write_text(ENDLESS)
    output, errors, status = interrupted("-m", "anyroc", "run", source)
    assert ("", 130) == (output, status), errors
    assert "kernel _Z7endlessPVi was running on device 0 (gfx942)" in errors


def test_python_gets_its_exception_and_goes_on(code_object: bytes, tmp_path: Path) -> None:
    path = tmp_path / "kernels.co"
    path.write_bytes(code_object)
    output, errors, status = interrupted("-c", PYTHON, path)
    assert ("interrupted\n0 0\n", 0) == (output, status), errors
    assert "interrupted: kernel wait_for was running" in errors


def test_blocks_meet_again_after_a_launch_was_stopped(code_object: bytes, tmp_path: Path) -> None:
    path = tmp_path / "kernels.co"
    path.write_bytes(code_object)
    output, errors, status = interrupted("-c", MEETING, path)
    assert ("interrupted\n[(0, 4), (0, 4), (0, 4)]\n", 0) == (output, status), errors
