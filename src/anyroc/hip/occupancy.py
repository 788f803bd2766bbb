"""Occupancy: how many blocks of a kernel fit on what HIP counts as a multiprocessor."""

from __future__ import annotations

from anyroc.cabi import memory
from anyroc.hip.device import current
from anyroc.hip.error import Error, require
from anyroc.hip.function import MAX_THREADS_PER_BLOCK, SHARED_SIZE, Function, functions
from anyroc.hip.properties import multiprocessors, threads_per_multiprocessor
from anyroc.hip.registration import function as registered

_RDNA_FILE = 4
"""A SIMD of RDNA holds four times the registers that one wave can have, one of CDNA as many."""


def blocks_per_multiprocessor(function: Function, threads: int, shared: int) -> int:
    """Return how many blocks are resident at once, limited by waves, registers and LDS."""
    kernel, target = function.kernel.kernel, function.kernel.module.device.target
    used = function.attribute(SHARED_SIZE) + shared
    if not 0 < threads <= function.attribute(MAX_THREADS_PER_BLOCK) or used > target.lds_bytes:
        return 0
    pair = 1 if target.has_agprs else 2  # compute units in a multiprocessor
    simds = target.simds_per_cu * pair
    lanes = threads_per_multiprocessor(target) // simds
    rows = max(kernel.descriptor.vgprs, 1) * kernel.wave_size
    file = target.max_vgprs * target.default_wave_size * (1 if target.has_agprs else _RDNA_FILE)
    per_simd = max(min(file // rows, lanes // kernel.wave_size), 1)
    by_waves = simds * per_simd // -(-threads // kernel.wave_size)
    by_lds = target.lds_bytes * pair // used if used else by_waves
    return max(min(by_waves, by_lds), 1)


def _best_block(function: Function, shared: int, limit: int) -> int:
    """Return the block size that keeps most work-items resident; the largest of equals."""
    kernel, most = function.kernel.kernel, function.attribute(MAX_THREADS_PER_BLOCK)
    if limit > 0:
        most = min(most, limit)
    sizes = range(kernel.wave_size, most + 1, kernel.wave_size) or [most]
    return max(
        sizes, key=lambda size: (blocks_per_multiprocessor(function, size, shared) * size, size)
    )


def _suggest(grid: int, block: int, function: Function, shared: int, limit: int) -> None:
    require(grid and block)
    size = _best_block(function, shared, limit)
    units = multiprocessors(function.kernel.module.device.target)
    memory.put_i32(block, size)
    memory.put_i32(grid, units * blocks_per_multiprocessor(function, size, shared))


def _count(out: int, function: Function, threads: int, shared: int) -> None:
    require(out and threads > 0)
    memory.put_i32(out, blocks_per_multiprocessor(function, threads, shared))


def _registered(host: int) -> Function:
    require(host, Error.InvalidDeviceFunction)
    return registered(current(), host)


def hipOccupancyMaxActiveBlocksPerMultiprocessor(
    out: int, host: int, threads: int, shared: int
) -> None:
    _count(out, _registered(host), threads, shared)


def hipOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(
    out: int, host: int, threads: int, shared: int, flags: int
) -> None:
    require(flags in (0, 1))
    _count(out, _registered(host), threads, shared)


def hipModuleOccupancyMaxActiveBlocksPerMultiprocessor(
    out: int, function: int, threads: int, shared: int
) -> None:
    _count(out, functions[function], threads, shared)


def hipModuleOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(
    out: int, function: int, threads: int, shared: int, flags: int
) -> None:
    require(flags in (0, 1))
    _count(out, functions[function], threads, shared)


def hipOccupancyMaxPotentialBlockSize(
    grid: int, block: int, host: int, shared: int, limit: int
) -> None:
    _suggest(grid, block, _registered(host), shared, limit)


def hipModuleOccupancyMaxPotentialBlockSize(
    grid: int, block: int, function: int, shared: int, limit: int
) -> None:
    _suggest(grid, block, functions[function], shared, limit)


def hipModuleOccupancyMaxPotentialBlockSizeWithFlags(
    grid: int, block: int, function: int, shared: int, limit: int, flags: int
) -> None:
    require(flags in (0, 1))
    _suggest(grid, block, functions[function], shared, limit)


def hipOccupancyAvailableDynamicSMemPerBlock(
    out: int, host: int, blocks: int, threads: int
) -> None:
    require(out and blocks > 0 and threads > 0)
    function = _registered(host)
    target = function.kernel.module.device.target
    room = target.lds_bytes // blocks - function.attribute(SHARED_SIZE)
    require(room >= 0)
    memory.put_u64(out, room)
