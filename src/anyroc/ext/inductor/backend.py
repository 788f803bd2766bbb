"""The backend for torch.compile: TorchInductor, writing Triton kernels for the software GPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch._inductor import compile_fx as inductor
from torch.compiler import config
from torch.utils import _triton

from anyroc.ext.inductor import attention, external, timing
from anyroc.ext.triton import devices

compiling: Any = config
"""PyTorch adds `patch` to it while it runs."""

SETTINGS = {
    "cpu_backend": "triton",
    # The first configuration of each kernel: times of a software device say little about others.
    "triton.autotune_pointwise": False,
    "deterministic": True,
    "cpp.fallback_scatter_reduce_sum": False,  # made for C++, where atomics are slow
    # PyTorch 2.13 writes code for these that Python cannot read, where the device is "cpu".
    "benchmark_epilogue_fusion": False,
    "benchmark_kernel": False,
}
"""What differs from Inductor's own settings."""

_TUNING = (
    "max_autotune",
    "max_autotune_gemm",
    "max_autotune_pointwise",
    "coordinate_descent_tuning",
)


def compile_graph(
    graph: Any,
    example_inputs: Sequence[Any],
    *,
    mode: str | None = None,
    options: dict[str, Any] | None = None,
) -> Callable[..., Any]:
    """Compile a graph that Dynamo has captured; `mode` and `options` are Inductor's."""
    patches = SETTINGS | _for_target()
    if mode and mode != "default":
        from torch._inductor import list_mode_options

        patches |= list_mode_options(mode)
    patches |= options or {}
    if any(patches.get(name) for name in _TUNING) and "deterministic" not in (options or {}):
        patches["deterministic"] = False
    timing.install()
    with _remembered_by_target():
        compiled: Callable[..., Any] = inductor.compile_fx(
            attention.spelled_out(graph),
            list(example_inputs),
            inner_compile=_inner,
            config_patches=patches,
        )
    return compiled


_compiled_for = ""


def _for_target() -> dict[str, Any]:
    """Return the settings that keep kernels of several GPUs apart.

    Inductor's worker processes, and what it remembers between compilations, know the GPU that the
    environment names. The hash of Triton's backend is part of each kernel's source.
    """
    global _compiled_for
    target = devices.current_target().name
    if target != _compiled_for:
        _triton.triton_backend.cache_clear()
        _triton.triton_hash_with_backend.cache_clear()
        _compiled_for = target
    if target == devices.all_targets()[0].name:
        return {}
    return {"compile_threads": 1, "fx_graph_cache": False}


def _remembered_by_target() -> Any:
    """Return a context in which Inductor looks up compiled graphs by the GPU too.

    What it keeps on disk it tells apart by the GPU that `torch.cuda` names; without this a process
    would get the shapes of blocks and reductions that another one chose for another GPU.
    """
    parts = [*compiling.cache_key_tag.split(), devices.current_target().name]
    return compiling.patch(cache_key_tag=" ".join(dict.fromkeys(parts)))


def _inner(graph: Any, example_inputs: Sequence[Any], **options: Any) -> Any:
    with _remembered_by_target():  # the backward graph comes later, when it is first needed
        compiled = inductor.compile_fx_inner(graph, example_inputs, **options)
    call = getattr(compiled, "current_callable", None)
    if call is not None and not getattr(call, "_anyroc_watched", False):
        watched = external.watched(call)
        watched._anyroc_watched = True  # type: ignore[attr-defined]
        compiled.current_callable = watched
    return compiled
