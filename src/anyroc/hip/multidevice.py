"""Launches on several devices by one call."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

from anyroc.cabi import memory
from anyroc.hip import launch
from anyroc.hip.device import gpus
from anyroc.hip.error import Error, require
from anyroc.hip.function import Function, functions
from anyroc.hip.launch import Dim
from anyroc.hip.registration import function as registered
from anyroc.hip.stream import MultiGrid, Stream, of

_LAUNCH = struct.Struct("@Q3I3IQQQ")
_FUNCTION_LAUNCH = struct.Struct("@Q3I3II4xQQ")
_KNOWN_FLAGS = 3  # do not wait before, do not wait after


@dataclass(frozen=True)
class _Launch:
    function: Function
    grid: Dim
    block: Dim
    shared: int
    stream: Stream
    parameters: int


def _launches(array: int, count: int) -> list[_Launch]:
    """Read an array of hipLaunchParams."""
    require(array and 0 < count <= len(gpus()))
    found: list[_Launch] = []
    for position in range(count):
        values = memory.unpack(_LAUNCH, array + position * _LAUNCH.size)
        host, gx, gy, gz, bx, by, bz, parameters, shared, stream = values
        require(host, Error.InvalidDeviceFunction)
        chosen = of(stream)
        require(stream, Error.InvalidHandle)
        kernel = registered(chosen.gpu, host)
        found.append(_Launch(kernel, (gx, gy, gz), (bx, by, bz), shared, chosen, parameters))
    return found


def _start(launches: list[_Launch], flags: int, *, cooperative: bool) -> None:
    require(flags & ~_KNOWN_FLAGS == 0)
    devices = [each.stream.gpu for each in launches]
    require(len(set(devices)) == len(devices))
    grids: list[MultiGrid | None] = [None] * len(launches)
    if cooperative:
        first = launches[0]
        for each in launches:
            require((each.grid, each.block) == (first.grid, first.block))
            launch.require_resident(each.function, each.grid, each.block, each.shared)
        items = [math.prod(each.grid) * math.prod(each.block) for each in launches]
        meeting = first.stream.meeting_point()
        grids = [
            MultiGrid(meeting, position, len(launches), sum(items[:position]), sum(items))
            for position in range(len(launches))
        ]
    for each, grid in zip(launches, grids, strict=True):
        launch.start(
            *(each.function, each.grid, each.block, each.shared, each.stream),
            parameters=each.parameters,
            cooperative=cooperative,
            grids=grid,
        )


def hipExtLaunchMultiKernelMultiDevice(array: int, count: int, flags: int) -> None:
    _start(_launches(array, count), flags, cooperative=False)


def hipLaunchCooperativeKernelMultiDevice(array: int, count: int, flags: int) -> None:
    _start(_launches(array, count), flags, cooperative=True)


def hipModuleLaunchCooperativeKernelMultiDevice(array: int, count: int, flags: int) -> None:
    require(array and 0 < count <= len(gpus()))
    found: list[_Launch] = []
    for position in range(count):
        values = memory.unpack(_FUNCTION_LAUNCH, array + position * _FUNCTION_LAUNCH.size)
        handle, gx, gy, gz, bx, by, bz, shared, stream, parameters = values
        require(handle, Error.InvalidImage)
        kernel, grid, block = functions[handle], (gx, gy, gz), (bx, by, bz)
        require(stream, Error.InvalidHandle)
        found.append(_Launch(kernel, grid, block, shared, of(stream), parameters))
    _start(found, flags, cooperative=True)
