"""A device whose kernels are C functions, so that the runtime is tested without the translator."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from anyroc import native
from anyroc.translate import jit
from gpu_bench import Bench, make_bench

HERE = Path(__file__).parent


@dataclass
class FakeKernel:
    """What the fake translator hands out."""

    address: int | None
    counter_count: int = 0
    level: int = 2


@pytest.fixture(scope="session")
def functions(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """The compiled wave functions; they call anyroc_fault of the native library."""
    native.library()
    target_path = tmp_path_factory.mktemp("wave_functions") / "wave_functions.so"
    command = [sys.executable, "-m", "ziglang", "cc", "-O2", "-shared", "-fPIC", "-std=gnu11"]
    command += ["-fno-sanitize=all", "-I", str(Path(native.__file__).parent)]
    command += [str(HERE / "wave_functions.c"), str(native.library_path()), "-o", str(target_path)]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(target_path))


@pytest.fixture
def fake_translator(
    functions: ctypes.CDLL, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., FakeKernel]:
    """Kernels become the C function `test_<name>`, whatever their machine code."""

    def compile_kernel(code: Any, kernel: Any, target: Any, instruments: Any = (), **_: Any) -> Any:
        function = getattr(functions, f"test_{kernel.name}")
        address = ctypes.cast(function, ctypes.c_void_p).value
        return FakeKernel(address, 2 if kernel.name == "count" else 0)

    monkeypatch.setattr(jit, "compile_kernel", compile_kernel)
    return compile_kernel


@pytest.fixture
def bench(fake_translator: Callable[..., FakeKernel]) -> Iterator[Bench]:
    """A gfx942 with C functions for kernels."""
    result = make_bench("gfx942")
    yield result
    for queue in result.device.queues:
        queue.close()


@pytest.fixture(params=["gfx942", "gfx1151", "gfx1201"])
def any_bench(
    fake_translator: Callable[..., FakeKernel], request: pytest.FixtureRequest
) -> Iterator[Bench]:
    """The same for each target."""
    result = make_bench(request.param)
    yield result
    for queue in result.device.queues:
        queue.close()
