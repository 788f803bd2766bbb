"""What a kernel does wrong: the error names the kernel, its source line and the program."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import triton
import triton.language as tl
from triton.compiler.errors import CompilationError
from triton.runtime.errors import OutOfResources

from anyroc.errors import BadInput, UnknownTarget
from anyroc.ext.triton import devices, tensors
from anyroc.ext.triton.faults import KernelFault
from anyroc.gpu.memory import OutOfMemory
from triton_support import Array

BLOCK = 64


def line_of(kernel: Any, text: str) -> int:
    """Return the line of this file that has a text within a kernel's definition."""
    lines, first = inspect.getsourcelines(kernel.fn)
    return next(first + place for place, line in enumerate(lines) if text in line)


def told(error: BaseException, kernel: Any, text: str, program: int) -> None:
    """Check that an error names a kernel, the line with a text, and a program."""
    place = f"{Path(__file__).name}:{line_of(kernel, text)}"
    for part in (f"kernel {kernel.fn.__name__}", f"program ({program}, 0, 0)", place, text):
        assert part in str(error)


@triton.jit
def stray_kernel(x, out, far, KIND: tl.constexpr, BLOCK: tl.constexpr):
    program = tl.program_id(0)
    at = tl.arange(0, BLOCK).to(tl.int64)
    if program == 5:
        at += far
    if KIND == "read":
        tl.store(out + tl.arange(0, BLOCK), tl.load(x + at))
    elif KIND == "write":
        tl.store(x + at, 1)
    else:
        tl.atomic_add(x + at, 1)


@pytest.mark.parametrize(
    "kind, text", [("read", "tl.load(x"), ("write", "tl.store(x"), ("atomic", "tl.atomic_add(x")]
)
def test_no_memory_is_there(target: str, kind: str, text: str) -> None:
    x, out = np.zeros(BLOCK, np.int32), np.zeros(BLOCK, np.int32)
    far = (1 << 46) // 4
    with pytest.raises(KernelFault) as caught:
        stray_kernel[(8,)](Array(x), Array(out), far, kind, BLOCK)
    told(caught.value, stray_kernel, text, 5)
    assert (5, 0, 0) == caught.value.program
    code = stray_kernel.fn.__code__
    assert (code.co_filename, line_of(stray_kernel, text)) == caught.value.source
    stray_kernel[(8,)](Array(x), Array(out), 0, kind, BLOCK)  # the device goes on
    assert {"read": 0, "write": 1}.get(kind, 8) <= x[0] <= 16


@pytest.fixture
def _confined(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(tensors.VARIABLE, "1")
    tensors.checks.cache_clear()
    yield
    monkeypatch.setenv(tensors.VARIABLE, "0")
    tensors.checks.cache_clear()
    tensors.checks()
    tensors.checks.cache_clear()


@triton.jit
def unmasked_kernel(x, out, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    values = tl.load(x + at)
    tl.store(out + at, values)


@pytest.mark.usefixtures("_confined")
def test_the_first_element_beyond_a_tensor(target: str) -> None:
    x, out = np.zeros(3 * BLOCK - 1, np.float32), np.zeros(3 * BLOCK, np.float32)
    with pytest.raises(KernelFault) as caught:
        unmasked_kernel[(3,)](Array(x), Array(out), BLOCK)
    told(caught.value, unmasked_kernel, "values = tl.load(x + at)", 2)
    assert f"0 bytes past the end of x ({x.nbytes} bytes)" in str(caught.value)


@triton.jit
def asserting_kernel(x, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.device_assert(tl.load(x + at) < 100, "a value of 100 or more")


def test_a_device_assertion(target: str, capfd: pytest.CaptureFixture[str]) -> None:
    x = np.zeros(4 * BLOCK, np.int32)
    asserting_kernel[(4,)](Array(x), BLOCK, debug=True)
    x[3 * BLOCK + 7] = 100
    with pytest.raises(KernelFault) as caught:
        asserting_kernel[(4,)](Array(x), BLOCK, debug=True)
    told(caught.value, asserting_kernel, "tl.device_assert(", 3)
    assert "a value of 100 or more" in str(caught.value)


@triton.jit
def plain_kernel(x, BLOCK: tl.constexpr):
    tl.store(x + tl.arange(0, BLOCK), 1)


def test_more_memory_than_the_device_has(target: str) -> None:
    x = Array(np.zeros(1, np.int8))
    size = devices.current_target().memory_bytes + 1
    x.values = np.broadcast_to(x.values, size)
    with pytest.raises(OutOfMemory) as caught:
        plain_kernel[(1,)](x, BLOCK)
    told(caught.value, plain_kernel, "def plain_kernel", 0)
    assert f"its tensors have {size} bytes (x {size}), {target} has" in str(caught.value)


@triton.jit
def gathering_kernel(x, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    values = tl.load(x + at)
    tl.store(x + at, tl.gather(values, values, 0))


def test_more_lds_than_a_workgroup_has(target: str) -> None:
    with pytest.raises(OutOfResources) as caught:
        gathering_kernel[(1,)](Array(np.zeros(32768, np.int32)), 32768, num_warps=16)
    told(caught.value, gathering_kernel, "def gathering_kernel", 0)
    assert "shared memory" in str(caught.value)


@pytest.mark.parametrize("grid", [(1 << 33,), (1, 65537), (1, 1, 65537)])
def test_more_programs_than_a_grid_has(target: str, grid: tuple[int, ...]) -> None:
    # RDNA 4 has 16 bits for a program's number along the second axis and the third.
    with pytest.raises(BadInput) as caught:
        plain_kernel[grid](Array(np.zeros(BLOCK, np.int32)), BLOCK)
    told(caught.value, plain_kernel, "def plain_kernel", 0)


@triton.jit
def wide_kernel(x, BLOCK: tl.constexpr):
    block = tl.load(x + tl.arange(0, BLOCK)[:, None] * BLOCK + tl.arange(0, BLOCK)[None, :])
    tl.store(x + tl.arange(0, BLOCK), tl.sum(tl.dot(block, block), 0))


@triton.jit
def odd_float_kernel(x, BLOCK: tl.constexpr):
    at = x + tl.arange(0, BLOCK)
    tl.store(at, (tl.load(at) * 2).to(tl.float8e4b15))


@pytest.mark.parametrize(
    "kernel, text, kind",
    [
        (wide_kernel, "tl.dot(block, block)", "int16"),
        (odd_float_kernel, "tl.float8e4b15", "float32"),
    ],
)
def test_types_that_no_instruction_takes(target: str, kernel: Any, text: str, kind: str) -> None:
    with pytest.raises(CompilationError) as caught:
        kernel[(1,)](Array(np.zeros(BLOCK * BLOCK, kind)), BLOCK)
    # The compiler counts from the definition; no program runs.
    line = line_of(kernel, text) - line_of(kernel, "def ") + 1
    for part in (f"at {line}:", text, f"def {kernel.fn.__name__}"):
        assert part in str(caught.value)


@pytest.mark.parametrize("name", ["gfx000", "sm_90"])
def test_a_gpu_that_is_none(name: str) -> None:
    with pytest.raises(UnknownTarget, match=f"(?s){name}.*gfx942"), devices.use(name):
        pass


def test_a_device_that_is_none() -> None:
    refused: Callable[[], Any] = devices.use(99).__enter__
    with pytest.raises(BadInput, match="there is no device 99"):
        refused()
