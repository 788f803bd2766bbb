"""Which GPUs Triton runs on: those of ANYROC_DEVICES, and any other that is asked for by name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from anyroc.errors import BadInput
from anyroc.gpu.device import configured_targets
from anyroc.hip.device import visible
from anyroc.hip.state import lock, thread
from anyroc.isa import targets
from anyroc.isa.targets import Target

if TYPE_CHECKING:
    from anyroc.hip.device import Gpu

_targets: list[Target] = []


def all_targets() -> list[Target]:
    """Return the target of each device, in the order of their numbers."""
    with lock:
        if not _targets:
            _targets.extend(visible(configured_targets()))
        return _targets


def current() -> int:
    """Return the number of the calling thread's device."""
    return thread.device


def current_target() -> Target:
    """Return the target of the calling thread's device."""
    return all_targets()[thread.device]


def gpu(device: int) -> Gpu:
    """Return a device as HIP knows it, making what is missing."""
    from anyroc.gpu.device import Device
    from anyroc.hip.device import Gpu, gpus

    known = gpus()
    with lock:
        for index in range(len(known), device + 1):
            known.append(Gpu(index, Device(index, all_targets()[index])))
    return known[device]


def choose(device: int | str) -> int:
    """Make a device, by its number or by the name of its target, the calling thread's; return it.

    A target that no device has gets one. BadInput for a number that is none, UnknownTarget for a
    name that is none.
    """
    known = all_targets()
    if isinstance(device, str):
        wanted = targets.target(device)
        names = [target.name for target in known]
        if wanted.name not in names:
            with lock:
                known.append(wanted)
            names.append(wanted.name)
        device = names.index(wanted.name)
    if not 0 <= device < len(known):
        raise BadInput(
            f"there is no device {device}; there are {len(known)}",
            hint="ANYROC_DEVICES=gfx942x2,gfx1201 makes three",
        )
    thread.device = device
    return device


@contextmanager
def use(device: int | str) -> Iterator[int]:
    """Run the block's kernels on a device, given by number or by target: `use("gfx1201")`."""
    before = current()
    try:
        yield choose(device)
    finally:
        thread.device = before
