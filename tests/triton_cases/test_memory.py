"""Memory: atomics, masks, descriptors, shapes, launches in three dimensions."""

from __future__ import annotations

import numpy as np
import pytest
import triton
import triton.language as tl

from triton_support import Array


@triton.jit
def atomic_kernel(x, out, n, OP: tl.constexpr, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    values = tl.load(x + at, mask=at < n)
    place = out + at % 5
    if OP == "add":
        tl.atomic_add(place, values, mask=at < n)
    elif OP == "max":
        tl.atomic_max(place, values, mask=at < n)
    elif OP == "min":
        tl.atomic_min(place, values, mask=at < n)
    elif OP == "or":
        tl.atomic_or(place, values, mask=at < n)
    else:
        tl.atomic_xor(place, values, mask=at < n)


ATOMICS = {
    "add": np.add, "max": np.maximum, "min": np.minimum, "or": np.bitwise_or,
    "xor": np.bitwise_xor,
}  # fmt: skip


@pytest.mark.parametrize(
    "kind, name",
    [
        ("float32", "add"), ("float64", "add"), ("float16", "add"), ("int32", "add"),
        ("int64", "add"), ("int32", "max"), ("uint64", "min"), ("float32", "max"),
        ("uint32", "or"), ("int64", "xor"),
    ],
)  # fmt: skip
def test_atomics_on_few_places(target: str, kind: str, name: str) -> None:
    x = np.random.default_rng(1).integers(1, 9, 500).astype(kind)
    out = np.full(5, 3, kind)
    expected = np.array([ATOMICS[name].reduce(x[place::5], initial=3) for place in range(5)])
    atomic_kernel[(4,)](Array(x), Array(out), 500, name, 128)
    np.testing.assert_array_equal(out, expected.astype(kind))


@triton.jit
def lock_kernel(lock, count, total):
    while tl.atomic_cas(lock, 0, 1) == 1:
        pass
    tl.store(count, tl.load(count) + 1)
    tl.debug_barrier()
    tl.atomic_xchg(lock, 0)
    tl.atomic_add(total, tl.program_id(0))


def test_a_lock_between_programs(target: str) -> None:
    lock, count, total = (np.zeros(1, np.int32) for _ in range(3))
    lock_kernel[(40,)](Array(lock), Array(count), Array(total))
    assert [0, 40, 780] == [lock[0], count[0], total[0]]


@triton.jit
def meeting_kernel(count, out, PROGRAMS: tl.constexpr):
    program = tl.program_id(0)
    tl.store(out + program, program + 1)
    tl.atomic_add(count, 1, sem="release")
    while tl.atomic_add(count, 0, sem="acquire") < PROGRAMS:
        pass
    everyone = tl.load(out + tl.arange(0, PROGRAMS), volatile=True)
    tl.store(out + PROGRAMS + program, tl.sum(everyone))


def test_programs_of_a_cooperative_launch_meet(target: str) -> None:
    count, out = np.zeros(1, np.int32), np.zeros(32, np.int32)
    meeting_kernel[(16,)](Array(count), Array(out), 16, launch_cooperative_grid=True)
    np.testing.assert_array_equal(out, [*range(1, 17), *[136] * 16])


@triton.jit
def grid_kernel(out):
    x, y, z = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    width, height = tl.num_programs(0), tl.num_programs(1)
    tl.store(out + (z * height + y) * width + x, x + 10 * y + 100 * z)


def test_programs_in_three_dimensions(target: str) -> None:
    z, y, x = np.indices((2, 3, 4))
    for grid in (4, 3, 2), tuple(np.array([4, 3, 2])):
        out = np.zeros((2, 3, 4), np.int32)
        grid_kernel[grid](Array(out))
        np.testing.assert_array_equal(out, x + 10 * y + 100 * z)


@pytest.mark.parametrize("grid", [(1, 65536), (1, 1, 65536), (70_000,)])
def test_the_last_program_of_a_long_axis(target: str, grid: tuple[int, ...]) -> None:
    out = np.zeros(max(grid), np.int32)
    grid_kernel[grid](Array(out))
    np.testing.assert_array_equal(out, np.arange(max(grid)) * 10 ** (len(grid) - 1))


@triton.jit
def masked_kernel(x, out, n, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    values = tl.load(x + at, mask=(at < n) & (at % 3 != 0), other=-7)
    tl.store(out + at, values, mask=at % 2 == 0)


@pytest.mark.parametrize("kind", ["int8", "int16", "float32", "int64"])
def test_masks(target: str, kind: str) -> None:
    x = np.arange(100).astype(kind)
    out = np.full(128, 55, kind)
    masked_kernel[(1,)](Array(x), Array(out), 100, 128)
    at = np.arange(128)
    loaded = np.where((at < 100) & (at % 3 != 0), at, -7)
    np.testing.assert_array_equal(out, np.where(at % 2 == 0, loaded, 55).astype(kind))


@triton.jit
def described_kernel(x, out, m, n, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr):
    source = tl.make_tensor_descriptor(x, [m, n], [n, 1], [BLOCK_M, BLOCK_N])
    goal = tl.make_tensor_descriptor(out, [n, m], [m, 1], [BLOCK_N, BLOCK_M])
    row, column = tl.program_id(0) * BLOCK_M, tl.program_id(1) * BLOCK_N
    goal.store([column, row], source.load([row, column]).T)


def test_a_transpose_through_descriptors(target: str) -> None:
    x = np.random.default_rng(2).standard_normal((40, 72)).astype(np.float32)
    out = np.zeros((72, 40), np.float32)
    described_kernel[(2, 3)](Array(x), Array(out), 40, 72, 32, 32)
    np.testing.assert_array_equal(out, x.T)


@triton.jit
def shapes_kernel(x, y, out, N: tl.constexpr):
    a, b = tl.load(x + tl.arange(0, N)), tl.load(y + tl.arange(0, N))
    pairs = tl.join(a, b)
    left, right = tl.split(tl.permute(tl.reshape(pairs, (2, N // 2, 2)), (1, 2, 0)))
    block = tl.interleave(tl.ravel(left), tl.ravel(right))
    tl.store(out + tl.arange(0, 2 * N), block)


def test_join_permute_split_interleave(target: str) -> None:
    x, y = np.arange(64, dtype=np.int32), np.arange(64, dtype=np.int32) + 1000
    out = np.zeros(128, np.int32)
    shapes_kernel[(1,)](Array(x), Array(y), Array(out), 64)
    moved = np.stack([x, y], 1).reshape(2, 32, 2).transpose(1, 2, 0)
    np.testing.assert_array_equal(out, moved.reshape(-1, 2).ravel())


@triton.jit
def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


@triton.jit
def control_kernel(out, limit):
    program = tl.program_id(0)
    if program >= limit:
        return
    total = 0
    for step in range(program):
        if step % 2:
            total += step
    tl.store(out + 2 * program, collatz(program + 1))
    tl.store(out + 2 * program + 1, total)


def test_loops_branches_and_calls(target: str) -> None:
    out = np.full((12, 2), -1, np.int32)
    control_kernel[(12,)](Array(out), 10)
    steps = [0, 1, 7, 2, 5, 8, 16, 3, 19, 6, -1, -1]
    odd = [sum(range(1, program, 2)) for program in range(10)] + [-1, -1]
    np.testing.assert_array_equal(out, np.stack([steps, odd], 1))


@triton.autotune([triton.Config({"BLOCK": size}) for size in (64, 256)], key=["n"])
@triton.heuristics({"EVEN": lambda arguments: arguments["n"] % arguments["BLOCK"] == 0})
@triton.jit
def tuned_kernel(x, out, n, BLOCK: tl.constexpr, EVEN: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    if EVEN:
        tl.store(out + at, tl.load(x + at) + 1)
    else:
        tl.store(out + at, tl.load(x + at, mask=at < n) + 1, mask=at < n)


@pytest.mark.parametrize("size", [512, 300])
def test_tuning_and_heuristics(target: str, size: int) -> None:
    x = np.arange(size, dtype=np.float32)
    out = np.zeros_like(x)
    tuned_kernel[lambda meta: (triton.cdiv(size, meta["BLOCK"]),)](Array(x), Array(out), size)
    np.testing.assert_array_equal(out, x + 1)
