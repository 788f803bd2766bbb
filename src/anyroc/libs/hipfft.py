"""hipFFT: transforms by pocketfft, as NumPy carries it. Neither direction scales, as in cuFFT."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from anyroc.cabi import arrays, memory
from anyroc.cabi.arrays import Array
from anyroc.hip import stream
from anyroc.hip.state import Handles
from anyroc.libs import work
from anyroc.libs.status import StatusError, failing, require

SUCCESS = 0
INVALID_PLAN = 1
ALLOC_FAILED = 2
INVALID_TYPE = 3
INVALID_VALUE = 4
INTERNAL_ERROR = 5
INVALID_SIZE = 8
NOT_IMPLEMENTED = 14
NOT_SUPPORTED = 16
VERSION = 10018

FORWARD, BACKWARD = -1, 1
R2C, C2R, C2C, D2Z, Z2D, Z2Z = 0x2A, 0x2C, 0x29, 0x6A, 0x6C, 0x69
"""hipfftType."""

failure = failing(invalid=INVALID_VALUE, memory=ALLOC_FAILED, internal=INTERNAL_ERROR)

_TYPES = {
    R2C: (np.float32, np.complex64),
    C2R: (np.complex64, np.float32),
    C2C: (np.complex64, np.complex64),
    D2Z: (np.float64, np.complex128),
    Z2D: (np.complex128, np.float64),
    Z2Z: (np.complex128, np.complex128),
}
_XT_TYPES = {(0, 4): R2C, (4, 0): C2R, (4, 4): C2C, (1, 5): D2Z, (5, 1): Z2D, (5, 5): Z2Z}
"""By hipDataType of input and output."""


_EXECUTES: dict[str, dict[str, int]] = {
    **{f"hipfftExec{name}": {} for name in ("C2C", "Z2Z")},
    **{f"hipfftExec{name}": {"direction": FORWARD} for name in ("R2C", "D2Z")},
    **{f"hipfftExec{name}": {"direction": BACKWARD} for name in ("C2R", "Z2D")},
}
"""What executes a plan, with the direction where the function has but one."""


@dataclass(frozen=True)
class Layout:
    """How data lie: the embedding array's sizes, the distances of elements and of batches.

    `embed` None means densely, in which case the other two are not used.
    """

    embed: tuple[int, ...] | None = None
    stride: int = 1
    distance: int = 0

    def view(
        self, address: int, batch: int, sizes: Sequence[int], padded: Sequence[int], kind: type
    ) -> Array:
        """Return the data of all batches; dense ones lie in arrays of `padded` sizes."""
        embed = padded if self.embed is None else (sizes[0], *self.embed[1:])
        stride = 1 if self.embed is None else self.stride
        steps = [stride * math.prod(embed[axis + 1 :]) for axis in range(len(embed))]
        distance = math.prod(padded) if self.embed is None else self.distance
        shape, strides = (batch, *sizes), (distance, *steps)
        extent = 1 + sum((size - 1) * step for size, step in zip(shape, strides, strict=True))
        work.check(address, extent * np.dtype(kind).itemsize)
        return arrays.block(address, shape, strides, kind)


@dataclass
class Plan:
    """What a hipfftHandle stands for; `sizes` is empty until the plan is made."""

    sizes: tuple[int, ...] = ()
    type: int = C2C
    batch: int = 1
    source: Layout = field(default_factory=Layout)
    target: Layout = field(default_factory=Layout)
    stream: int = 0
    scale: float = 1.0

    def make(
        self, sizes: Sequence[int], kind: int, batch: int, source: Layout, target: Layout
    ) -> None:
        """Settle what the plan does."""
        require(kind in _TYPES, INVALID_TYPE)
        require(1 <= len(sizes) <= 3 and min(*sizes, batch) > 0, INVALID_SIZE)
        self.sizes, self.type, self.batch = tuple(sizes), kind, batch
        self.source, self.target = source, target

    def run(self, source: int, target: int, direction: int) -> None:
        """Transform everything."""
        kinds, halves = _TYPES[self.type], (*self.sizes[:-1], self.sizes[-1] // 2 + 1)
        from_real, to_real = self.type in (R2C, D2Z), self.type in (C2R, Z2D)
        # Reals that share the place of their transform lie in rows that hold it.
        in_place = source == target
        padded = (*halves[:-1], 2 * halves[-1]) if in_place else self.sizes
        data = self.source.view(
            source,
            self.batch,
            halves if to_real else self.sizes,
            halves if to_real else padded if from_real else self.sizes,
            kinds[0],
        )
        out = self.target.view(
            target,
            self.batch,
            halves if from_real else self.sizes,
            halves if from_real else padded if to_real else self.sizes,
            kinds[1],
        )
        axes = tuple(range(1, 1 + len(self.sizes)))
        made: Array
        if from_real:
            made = np.fft.rfftn(data, axes=axes)
        elif to_real:
            made = np.fft.irfftn(data, self.sizes, axes, norm="forward")
        elif direction == FORWARD:
            made = np.fft.fftn(data, axes=axes)
        else:
            made = np.fft.ifftn(data, axes=axes, norm="forward")
        out[...] = made if self.scale == 1.0 else made * self.scale


def bodies() -> dict[str, Callable[..., None]]:
    """Return the functions that differ from each other by a type, or ask for a size."""
    found: dict[str, Callable[..., None]] = {}
    for name, direction in _EXECUTES.items():
        found[name] = functools.partial(_execute, name, **direction)
    for shape in ("1d", "2d", "3d", "Many"):
        found[f"hipfftGetSize{shape}"] = found[f"hipfftEstimate{shape}"] = _size
    return found | dict.fromkeys(("hipfftSetAutoAllocation", "hipfftSetWorkArea"), _ignore)


_plans: Handles[Plan] = Handles()


def _plan(handle: int) -> Plan:
    require(handle in _plans, INVALID_PLAN)
    return _plans[handle]


def _execute(function: str, handle: int, source: int, target: int, direction: int) -> None:
    plan = _plan(handle)
    require(plan.sizes, INVALID_PLAN)
    require(source and target, INVALID_VALUE)
    require(direction in (FORWARD, BACKWARD), INVALID_VALUE)
    work.enqueue(function, plan.stream, functools.partial(plan.run, source, target, direction))


def _ints(address: int, count: int) -> tuple[int, ...]:
    return tuple(memory.get_i32(address + 4 * index) for index in range(count))


def _longs(address: int, count: int) -> tuple[int, ...]:
    return tuple(memory.get_u64(address + 8 * index) for index in range(count))


def _no_work_space(out: int) -> None:
    if out:
        memory.put_u64(out, 0)


def _size(*arguments: int) -> None:
    """Answer how much work space a description or a plan takes."""
    _no_work_space(arguments[-1])


def _ignore(handle: int, _setting: int) -> None:
    _plan(handle)


def hipfftCreate(out: int) -> None:
    require(out, INVALID_VALUE)
    memory.put_u64(out, _plans.add(Plan()))


def hipfftDestroy(handle: int) -> None:
    _plan(handle)
    _plans.remove(handle)


def _make_many(
    read: Callable[[int, int], tuple[int, ...]], handle: int, rank: int, sizes: int, *rest: int
) -> None:
    """Make a plan from addresses of sizes, which `read` reads, and from what else describes it."""
    inembed, istride, idist, onembed, ostride, odist, kind, batch, work_size = rest
    require(1 <= rank <= 3 and sizes, INVALID_SIZE)
    source = target = Layout()
    if inembed and onembed:
        source = Layout(read(inembed, rank), istride, idist)
        target = Layout(read(onembed, rank), ostride, odist)
    _plan(handle).make(read(sizes, rank), kind, batch, source, target)
    _no_work_space(work_size)


hipfftMakePlanMany = functools.partial(_make_many, _ints)
hipfftMakePlanMany64 = functools.partial(_make_many, _longs)


def hipfftXtMakePlanMany(handle: int, rank: int, sizes: int, *rest: int) -> None:
    *source, source_type, onembed, ostride, odist, target_type, batch, work_size, _ = rest
    kind = _XT_TYPES.get((source_type, target_type))
    if kind is None:
        raise StatusError(NOT_SUPPORTED)
    layouts = *source, onembed, ostride, odist
    hipfftMakePlanMany64(handle, rank, sizes, *layouts, kind, batch, work_size)


def hipfftMakePlan1d(handle: int, nx: int, kind: int, batch: int, work_size: int) -> None:
    _plan(handle).make((nx,), kind, batch, Layout(), Layout())
    _no_work_space(work_size)


def hipfftMakePlan2d(handle: int, nx: int, ny: int, kind: int, work_size: int) -> None:
    _plan(handle).make((nx, ny), kind, 1, Layout(), Layout())
    _no_work_space(work_size)


def hipfftMakePlan3d(handle: int, nx: int, ny: int, nz: int, kind: int, work_size: int) -> None:
    _plan(handle).make((nx, ny, nz), kind, 1, Layout(), Layout())
    _no_work_space(work_size)


def _new(out: int, make: Callable[..., None], *arguments: int) -> None:
    hipfftCreate(out)
    make(memory.get_u64(out), *arguments, 0)


def hipfftPlan1d(out: int, nx: int, kind: int, batch: int) -> None:
    _new(out, hipfftMakePlan1d, nx, kind, batch)


def hipfftPlan2d(out: int, nx: int, ny: int, kind: int) -> None:
    _new(out, hipfftMakePlan2d, nx, ny, kind)


def hipfftPlan3d(out: int, nx: int, ny: int, nz: int, kind: int) -> None:
    _new(out, hipfftMakePlan3d, nx, ny, nz, kind)


def hipfftPlanMany(out: int, *description: int) -> None:
    _new(out, hipfftMakePlanMany, *description)


def hipfftExtPlanScaleFactor(handle: int, factor: float) -> None:
    require(math.isfinite(factor), INVALID_VALUE)
    _plan(handle).scale = factor


def hipfftSetStream(handle: int, number: int) -> None:
    stream.of(number)
    _plan(handle).stream = number


def hipfftGetSize(handle: int, out: int) -> None:
    _plan(handle)
    _no_work_space(out)


def hipfftXtExec(handle: int, source: int, target: int, direction: int) -> None:
    _execute("hipfftXtExec", handle, source, target, direction)


def hipfftGetVersion(out: int) -> None:
    memory.put_i32(out, VERSION)


def hipfftGetProperty(which: int, out: int) -> None:
    parts = (VERSION // 10000, VERSION // 100 % 100, VERSION % 100)
    require(which in range(3), INVALID_TYPE)
    memory.put_i32(out, parts[which])
