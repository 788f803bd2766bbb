"""flex_attention, which Inductor gives to templates in C++ where tensors are on the device "cpu".

Those know nothing of Triton's kernels around them, so that Inductor fails. Here attention is
spelled out before Inductor sees it, by the very function that defines it in eager PyTorch: two
products, which are external as others are, and between them scores, mask and softmax on the
software GPU.
"""

from __future__ import annotations

from typing import Any

import torch
from torch._higher_order_ops.flex_attention import flex_attention, math_attention


def spelled_out(graph: Any) -> Any:
    """Return a captured graph in which each flex_attention is what eager PyTorch computes."""
    for module in graph.modules():
        if not isinstance(module, torch.fx.GraphModule):
            continue
        found = module.graph.find_nodes(op="call_function", target=flex_attention)
        for node in found:
            node.target = math_attention
        if found:
            module.recompile()
    return graph
