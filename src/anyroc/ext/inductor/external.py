"""Which operations a compiled graph hands to PyTorch's own CPU code, and what they cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

_FREE = {
    "aten::empty", "aten::empty_strided", "aten::empty_like", "aten::new_empty", "aten::detach",
    "aten::as_strided", "aten::alias", "aten::set_", "aten::resize_", "aten::empty_permuted",
    "inductor::_alloc_from_pool", "aten::_reinterpret_tensor", "aten::lift_fresh",
    "aten::new_empty_strided",
}  # fmt: skip
"""Operations that give memory or a view and compute nothing."""


@dataclass
class Operation:
    """The calls of one operation: how many, their seconds, the bytes of their tensors."""

    name: str
    calls: int = 0
    seconds: float = 0.0
    bytes: int = 0


operations: dict[str, Operation] = {}
"""What ran outside the device so far, by name."""


class Watch(TorchDispatchMode):
    """Counts the operations that PyTorch runs while it is active."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        name = func._schema.name
        if name in _FREE or _is_view(func):
            return func(*args, **(kwargs or {}))
        begun = time.perf_counter()
        result = func(*args, **(kwargs or {}))
        seconds = time.perf_counter() - begun
        row = operations.setdefault(name, Operation(name))
        row.calls += 1
        row.seconds += seconds
        row.bytes += _size((args, kwargs, result))
        return result


def watched(call: Callable[[Sequence[Any]], Any]) -> Callable[[Sequence[Any]], Any]:
    """Return a compiled graph's function that counts what it hands to PyTorch."""

    def run(inputs: Sequence[Any]) -> Any:
        with Watch():
            return call(inputs)

    return run


def _is_view(func: Any) -> bool:
    aliases = [result.alias_info for result in func._schema.returns]
    return any(alias is not None and not alias.is_write for alias in aliases)


def _size(values: Any) -> int:
    tensors = {id(leaf): leaf for leaf in pytree.tree_leaves(values)}
    return sum(leaf.nbytes for leaf in tensors.values() if isinstance(leaf, torch.Tensor))
