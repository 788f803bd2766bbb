"""Which memory kernels may touch: all of the process's, or only the tensors of the launch.

Tensors are host memory. Normally kernels reach all of that, as on a GPU with page migration, and a
stray access is found where no memory is mapped. With `ANYROC_TRITON_CHECK=1` a launch may touch
nothing but the storage of its tensors, and the first byte beyond is found; that costs time.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from typing import Any, NamedTuple

from anyroc.errors import BadInput
from anyroc.gpu.memory import address_space

VARIABLE = "ANYROC_TRITON_CHECK"


@functools.cache
def checks() -> bool:
    """Return whether launches are confined to their tensors, and arrange for that."""
    text = os.environ.get(VARIABLE, "")
    if text not in ("", "0", "1"):
        raise BadInput(f"{VARIABLE}={text} is neither 0 nor 1")
    confined = text == "1"
    address_space().admit_host(not confined)
    return confined


class Storage(NamedTuple):
    """The memory of a tensor: the name of its argument, address and size in bytes."""

    name: str
    address: int
    size: int

    @property
    def end(self) -> int:
        """The first address behind it."""
        return self.address + self.size


@contextmanager
def confined(names: Sequence[str], values: Sequence[Any]) -> Iterator[list[Storage]]:
    """Let kernels touch the tensors among some arguments, and only those, in the block."""
    space = address_space()
    found = storages(names, values)
    ranges = merged([(storage.address, storage.size) for storage in found])
    for address, size in ranges:
        space.register_host(address, size)
    try:
        yield found
    finally:
        for address, _ in ranges:
            space.unregister_host(address)


def storages(names: Sequence[str], values: Sequence[Any]) -> list[Storage]:
    """Return the storage of every tensor among some arguments; scratch memory has no name."""
    found: list[Storage] = []
    for name, value in zip_longest(names, values, fillvalue="scratch memory"):
        if isinstance(value, tuple | list):
            found += storages([name] * len(value), value)
            continue
        tensor = getattr(value, "base", value)  # a descriptor or a reinterpreted tensor has a base
        storage = getattr(tensor, "untyped_storage", None)
        if storage is not None and storage().nbytes():
            found.append(Storage(name, storage().data_ptr(), storage().nbytes()))
    return found


def merged(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return (address, size) ranges without overlap that cover the same bytes."""
    result: list[tuple[int, int]] = []
    for address, size in sorted(ranges):
        if result and address <= sum(result[-1]):
            start, length = result.pop()
            result.append((start, max(start + length, address + size) - start))
        else:
            result.append((address, size))
    return result
