"""Triton: kernels compiled by its AMD backend, launched by its own launcher over libamdhip64."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path

# Triton builds its launcher with the C compiler that CC names: a machine may have none but zig's.
_folder = tempfile.TemporaryDirectory(prefix="triton-cc")
_compiler = Path(_folder.name) / "cc"
_compiler.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ziglang cc "$@"\n')
_compiler.chmod(_compiler.stat().st_mode | stat.S_IXUSR)
os.environ["CC"] = str(_compiler)
os.environ.setdefault("TRITON_CACHE_DIR", str(Path(_folder.name) / "cache"))

import torch  # noqa: E402
import triton  # noqa: E402
import triton.language as tl  # noqa: E402
from report import check, run  # noqa: E402

torch.manual_seed(0)


@triton.jit
def _add(x, y, out, count, block: tl.constexpr):
    at = tl.program_id(0) * block + tl.arange(0, block)
    tl.store(out + at, tl.load(x + at, at < count) + tl.load(y + at, at < count), at < count)


@triton.jit
def _softmax(x, out, columns, block: tl.constexpr):
    row, at = tl.program_id(0), tl.arange(0, block)
    values = tl.load(x + row * columns + at, at < columns, -float("inf"))
    values = tl.exp(values - tl.max(values, 0))
    tl.store(out + row * columns + at, values / tl.sum(values, 0), at < columns)


@triton.jit
def _matmul(a, b, c, size, block: tl.constexpr):
    rows = tl.program_id(0) * block + tl.arange(0, block)
    columns = tl.program_id(1) * block + tl.arange(0, block)
    total = tl.zeros((block, block), tl.float32)
    for start in range(0, size, block):
        inner = start + tl.arange(0, block)
        left = tl.load(a + rows[:, None] * size + inner[None, :])
        right = tl.load(b + inner[:, None] * size + columns[None, :])
        total = tl.dot(left, right, total, input_precision="ieee")
    tl.store(c + rows[:, None] * size + columns[None, :], total)


@triton.jit
def _histogram(x, bins, count, block: tl.constexpr):
    at = tl.program_id(0) * block + tl.arange(0, block)
    tl.atomic_add(bins + tl.load(x + at, at < count), 1, at < count)


@triton.jit
def _scan(x, out, block: tl.constexpr):
    at = tl.arange(0, block)
    tl.store(out + at, tl.cumsum(tl.sort(tl.load(x + at)), 0))


@check
def the_launcher_is_triton_s_own() -> None:
    kernel = _add[(1,)](*(torch.zeros(64) for _ in range(3)), 64, block=64)
    launcher = type(kernel.run)
    names = [f"{base.__module__}.{base.__name__}" for base in launcher.__mro__]
    assert "triton.backends.amd.driver.HIPLauncher" in names, names
    assert os.environ["ANYROC_TARGET"] == kernel.metadata.target.arch


@check
def vectors() -> None:
    for count in (1, 1000, 65_537):
        x, y = torch.randn(count), torch.randn(count)
        out = torch.empty(count)
        _add[(triton.cdiv(count, 256),)](x, y, out, count, block=256)
        torch.testing.assert_close(out, x + y)


@check
def rows() -> None:
    x = torch.randn(37, 200)
    out = torch.empty_like(x)
    _softmax[(37,)](x, out, 200, block=256)
    torch.testing.assert_close(out, torch.softmax(x, 1))


@check
def matrices() -> None:
    for dtype, tolerance in ((torch.float32, 1e-3), (torch.float16, 1e-2), (torch.bfloat16, 5e-2)):
        a, b = (torch.randn(128, 128).to(dtype) for _ in range(2))
        c = torch.empty(128, 128)
        for block in (32, 64):
            c.zero_()
            _matmul[(128 // block, 128 // block)](a, b, c, 128, block=block)
            torch.testing.assert_close(c, a.float() @ b.float(), atol=tolerance, rtol=tolerance)


@check
def atomics() -> None:
    x = torch.randint(0, 32, (5000,), dtype=torch.int32)
    bins = torch.zeros(32, dtype=torch.int32)
    _histogram[(triton.cdiv(5000, 512),)](x, bins, 5000, block=512)
    torch.testing.assert_close(bins, torch.bincount(x, minlength=32).int())


@check
def sorting_and_scanning() -> None:
    x = torch.randn(1024)
    out = torch.empty(1024)
    _scan[(1,)](x, out, block=1024)
    torch.testing.assert_close(out, torch.cumsum(x.sort().values, 0), atol=1e-3, rtol=1e-4)


run()
