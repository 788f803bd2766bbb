"""Hot kernels go over to better code, also while they run."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import textwrap
import time

import pytest

from anyroc.gpu.kernel import LoadedKernel
from anyroc.translate import jit
from gpu_bench import Bench

FAST = 2


@pytest.fixture
def tiers(functions: ctypes.CDLL, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Level 0 of every kernel is `test_slow`, better code `test_store`; who was improved."""
    improved: list[str] = []

    class Native:
        def __init__(self, name: str, level: int) -> None:
            function = getattr(functions, f"test_{name}")
            self.address = ctypes.cast(function, ctypes.c_void_p).value
            self.level = level
            self.counter_count = 0

    def optimise(native: Native) -> Native | None:
        improved.append("kernel")
        return Native("store", FAST)

    monkeypatch.setattr(jit, "compile_kernel", lambda *_, **__: Native("slow", 0))
    monkeypatch.setattr(jit, "optimise", optimise)
    return improved


def level(kernel: LoadedKernel) -> int:
    native = next(iter(kernel.natives.values()))
    assert native is not None
    return native.level


def wait_for(kernel: LoadedKernel) -> None:
    limit = time.monotonic() + 20
    while level(kernel) != FAST:
        assert time.monotonic() < limit
        time.sleep(0.005)


def test_a_hot_kernel_gets_better_code_once(bench: Bench, tiers: list[str]) -> None:
    out = bench.buffer(64)
    kernel = bench.kernel("store")
    bench.run(kernel, 1, 64, out, 64)
    assert 0 == level(kernel)
    for _ in range(40):
        bench.run(kernel, 10, 64, out, 0)
    wait_for(kernel)
    bench.run(kernel, 1, 64, out, 64)
    assert list(range(64)) == bench.words(out, 64)
    time.sleep(0.05)
    assert ["kernel"] == tiers


def test_a_long_launch_goes_over_while_it_runs(bench: Bench, tiers: list[str]) -> None:
    """At level 0 this launch would take minutes."""
    kernel = bench.kernel("store")
    out = bench.buffer(1 << 20)
    bench.start(kernel, 1 << 20, 1, out, 1)
    wait_for(kernel)
    bench.queue.synchronize()
    assert 1000 * ((1 << 20) - 1) % 2**32 == bench.words(out, 1 << 20)[-1]


def test_a_kernel_that_only_yields_is_noticed(bench: Bench, tiers: list[str]) -> None:
    kernel = bench.kernel("store")
    out = bench.buffer(64)
    bench.start(kernel, 1, 64, out, 64, 0, 1)
    wait_for(kernel)
    bench.queue.synchronize()
    assert list(range(64)) == bench.words(out, 64)


def test_it_can_be_turned_off(
    bench: Bench, tiers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANYROC_TIER", "0")
    kernel = bench.kernel("store")
    for _ in range(60):
        bench.run(kernel, 10, 64, bench.buffer(64), 0)
    assert 0 == level(kernel)
    assert [] == tiers


EXIT = """
    import ctypes, os, sys, time
    from anyroc.gpu import binding, tiers
    from anyroc.translate import jit
    class Native:
        level = 0
    assert tiers.worth_watching(Native())
    kernel = binding.Kernel(improvable=1)
    note = binding.runtime().hot_note
    note.argtypes = (ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint64)
    import anyroc.gpu.kernel
    class Slow:
        def improve(self, shape):
            sys.stderr.write("begins\\n")
            {during}
            time.sleep({seconds})
            sys.stderr.write("ends\\n")
    slow = Slow()
    anyroc.gpu.kernel._BY_ADDRESS[ctypes.addressof(kernel)] = slow
    note(ctypes.addressof(kernel), 0, 10**9)
    time.sleep(0.3)
    {leave}
"""


@pytest.mark.parametrize("leave", ["sys.exit(3)", "ctypes.CDLL(None).exit(3)"])
def test_leaving_waits_for_the_compiler(leave: str) -> None:
    script = textwrap.dedent(EXIT).format(leave=leave, during="", seconds=0.5)
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (3, "begins\nends\n") == (result.returncode, result.stderr)


DESTRUCTOR = """
            done = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_void_p)
            self.kept = done(lambda *_: sys.stderr.write("destroyed\\n") and None)
            ctypes.CDLL(None).on_exit(self.kept, None)
"""


def test_what_the_compiler_has_made_meanwhile_is_destroyed_after_it() -> None:
    script = EXIT.format(leave="ctypes.CDLL(None).exit(3)", during=DESTRUCTOR.strip(), seconds=0.5)
    script = textwrap.dedent(script)
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (3, "begins\nends\ndestroyed\n") == (result.returncode, result.stderr)


@pytest.mark.parametrize("leave", ["print('out'); sys.exit(3)", "ctypes.CDLL(None).exit(3)"])
def test_leaving_does_not_wait_for_ever(leave: str) -> None:
    script = textwrap.dedent(EXIT).format(leave=leave, during="", seconds=600)
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )
    assert (3, "begins\n") == (result.returncode, result.stderr)
    assert result.stdout == ("out\n" if "print" in leave else "")


def test_a_forked_child_improves_too(bench: Bench, tiers: list[str]) -> None:
    bench.run(bench.kernel("store"), 1, 64, bench.buffer(64), 64)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            kernel = bench.kernel("store")
            for _ in range(60):
                bench.run(kernel, 10, 64, bench.buffer(64), 0)
            wait_for(kernel)
            code = 0
        finally:
            os._exit(code)
    assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
