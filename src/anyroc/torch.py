"""PyTorch on the software GPU: `torch.compile(model, backend="anyroc")`.

    import torch
    import anyroc.torch

    compiled = torch.compile(model, backend="anyroc")
    compiled(inputs)
    print(anyroc.torch.report())

Needs the extra: `pip install anyroc[torch]`. Tensors stay ordinary CPU tensors; ANYROC_TARGET, or
`with anyroc.torch.use("gfx1201")`, says which GPU kernels are compiled for and run on.
"""

from anyroc.ext.inductor.backend import compile_graph as backend
from anyroc.ext.inductor.report import Report, report, reset
from anyroc.ext.triton.devices import current_target, use

__all__ = ["Report", "backend", "report", "reset", "target", "use"]


def target() -> str:
    """Return the name of the GPU that kernels run on now."""
    return current_target().name
