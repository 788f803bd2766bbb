"""Pieces of models, each with inputs; what they compute is compared with eager PyTorch on the CPU.

A fragment is a function of tensors, or a module. `external` names the operations that Inductor may
leave to PyTorch: matrix products and convolutions by default, sorting, and what no GPU backend of
Inductor generates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.nn import functional as fn

MATMUL = frozenset({"mm", "addmm", "bmm", "baddbmm"})
CONVOLUTION = frozenset({"convolution", "convolution_backward", "mkldnn_convolution"})
Tensors = tuple[Any, ...]


@dataclass(frozen=True)
class Fragment:
    """`make` returns the callable and its inputs, from the generator's seed."""

    name: str
    make: Callable[[], tuple[Callable[..., Any], Tensors]]
    external: frozenset[str] = frozenset()
    gradient: bool = True
    dynamic: bool = False
    options: dict[str, Any] = field(default_factory=dict)
    tolerance: float = 1.0  # times what the dtype allows


FRAGMENTS: list[Fragment] = []


def fragment(**facts: Any) -> Callable[[Any], Any]:
    """Register the decorated function as what makes a fragment; its name is the fragment's."""

    def take(make: Any) -> Any:
        FRAGMENTS.append(Fragment(make.__name__, make, **facts))
        return make

    return take


def pointwise(
    name: str, function: Callable[..., Any], *shapes: tuple[int, ...], **facts: Any
) -> None:
    """Register a function of float tensors with the given shapes."""

    def make() -> tuple[Callable[..., Any], Tensors]:
        inputs = [torch.randn(shape, requires_grad=True) for shape in shapes or ((37, 65),)]
        return function, tuple(inputs)

    FRAGMENTS.append(Fragment(name, make, **facts))


pointwise("add_broadcast", lambda a, b: a + b * 2 - a / 3, (31, 1, 7), (5, 7))
pointwise("relu", lambda a: fn.relu(a) * 2)
pointwise("gelu", lambda a: fn.gelu(a))
pointwise("gelu_tanh", lambda a: fn.gelu(a, approximate="tanh"))
pointwise("silu_gate", lambda a, b: fn.silu(a) * b, (33, 64), (33, 64))
pointwise("sigmoid_log", lambda a: torch.log(torch.sigmoid(a) + 1e-3))
pointwise("softplus", lambda a: fn.softplus(a))
pointwise("elu_selu", lambda a: fn.elu(a) + fn.selu(a))
pointwise("mish_hardswish", lambda a: fn.mish(a) + fn.hardswish(a))
pointwise("trigonometry", lambda a: torch.sin(a) * torch.cos(2 * a) + torch.tan(a / 4))
pointwise("exponentials", lambda a: torch.exp(a) + torch.expm1(a) + torch.exp2(a))
pointwise("logarithms", lambda a: torch.log1p(a.abs()) + torch.log2(a.abs() + 1))
pointwise("powers", lambda a: (a.abs() + 0.1) ** 2.5 + a**3 + torch.rsqrt(a.abs() + 0.1))
pointwise("erf_tanh", lambda a: torch.erf(a) + torch.tanh(a) + torch.atan(a))
pointwise("clamp_where", lambda a: torch.where(a > 0, a.clamp(max=1.0), a * 0.1))
pointwise("maximum_minimum", lambda a, b: torch.maximum(a, b) - torch.minimum(a, b), (9, 9), (9, 9))
pointwise("lerp_addcmul", lambda a, b, c: torch.lerp(a, b, 0.3).addcmul(b, c), (40,), (40,), (40,))
pointwise("rounding", lambda a: (a * 10).round() + a.floor() + a.ceil() + a.trunc(), gradient=False)
pointwise("comparisons", lambda a, b: (a < b).float() + (a >= b) * 2, (65,), (65,), gradient=False)
pointwise("sum_all", lambda a: a.sum())
pointwise("sum_rows", lambda a: a.sum(1))
pointwise("sum_columns", lambda a: a.sum(0), (300, 70))
pointwise("mean_var", lambda a: a.mean(-1) + a.var(-1))
pointwise("std_dims", lambda a: a.std((0, 2)), (6, 9, 33))
pointwise("amax_amin", lambda a: a.amax(1) - a.amin(1))
pointwise("argmax", lambda a: a.argmax(1), gradient=False)
pointwise("any_all", lambda a: (a > 2).any(1).float() + (a > -3).all(1), gradient=False)
pointwise("prod", lambda a: a[:, :8].prod(1))
pointwise("norm", lambda a: torch.linalg.vector_norm(a, dim=1))
pointwise("large_reduction", lambda a: (a * a).sum(), (3, 70_000))
pointwise("logsumexp", lambda a: torch.logsumexp(a, 1))
pointwise("cumsum", lambda a: a.cumsum(1))
pointwise("cumprod", lambda a: (1 + a / 10).cumprod(1), gradient=False)
pointwise("softmax", lambda a: torch.softmax(a, 1))
pointwise("softmax_large", lambda a: torch.softmax(a, 1), (3, 5000))
pointwise("log_softmax", lambda a: torch.log_softmax(a, 0))
pointwise("permute_contiguous", lambda a: a.permute(2, 0, 1).contiguous() * 2, (8, 9, 33))
pointwise(
    "cat_stack",
    lambda a, b: torch.stack([torch.cat([a, b], 0), torch.cat([b, a], 0)]),
    (4, 9),
    (5, 9),
)
pointwise("split_chunk", lambda a: sum(part.sin() for part in a.chunk(3, 1)), (7, 33))
pointwise("pad_slice", lambda a: fn.pad(a, (2, 3))[:, 1:-1] * 2)
pointwise("roll_flip", lambda a: a.roll(3, 1) + a.flip(0))
pointwise("tril_mask", lambda a: torch.tril(a) + torch.triu(a, 2), (40, 40))
pointwise("unfold_strided", lambda a: a[::2, 1::3].exp())
pointwise("gather", lambda a: a.gather(1, torch.arange(6).expand(37, 6)))
pointwise("index_select", lambda a: a[torch.tensor([3, 1, 4, 1, 5])])
pointwise("upsample", lambda a: fn.interpolate(a, scale_factor=2.0, mode="nearest"), (1, 3, 8, 8))
pointwise("matmul", lambda a, b: torch.relu(a @ b), (33, 40), (40, 17), external=MATMUL)
pointwise("batched_matmul", lambda a, b: (a @ b).tanh(), (3, 8, 9), (3, 9, 5), external=MATMUL)
pointwise(
    "einsum",
    lambda a, b: torch.einsum("bij,bkj->bik", a, b).relu(),
    (2, 7, 8),
    (2, 5, 8),
    external=MATMUL,
)


@fragment(external=MATMUL)
def mlp() -> Any:
    model = nn.Sequential(nn.Linear(48, 96), nn.GELU(), nn.Linear(96, 10), nn.Softmax(-1))
    return model, (torch.randn(17, 48, requires_grad=True),)


@fragment()
def layer_norm() -> Any:
    return nn.LayerNorm(129), (torch.randn(33, 129, requires_grad=True),)


@fragment()
def rms_norm() -> Any:
    return nn.RMSNorm(96), (torch.randn(20, 96, requires_grad=True),)


@fragment()
def group_norm() -> Any:
    return nn.GroupNorm(4, 16), (torch.randn(3, 16, 7, 7, requires_grad=True),)


@fragment()
def batch_norm_training() -> Any:
    return nn.BatchNorm2d(8), (torch.randn(4, 8, 6, 6, requires_grad=True),)


@fragment()
def batch_norm_inference() -> Any:
    return nn.BatchNorm1d(20).eval(), (torch.randn(11, 20, requires_grad=True),)


@fragment()
def embedding() -> Any:
    return nn.Embedding(50, 24), (torch.randint(0, 50, (6, 9)),)


@fragment()
def embedding_sum() -> Any:
    table = nn.Embedding(30, 16)
    return lambda indices: table(indices).sum(1), (torch.randint(0, 30, (5, 40)),)


@fragment()
def cross_entropy() -> Any:
    labels = torch.randint(0, 33, (21,))
    return lambda a: fn.cross_entropy(a, labels), (torch.randn(21, 33, requires_grad=True),)


@fragment()
def losses() -> Any:
    goal = torch.rand(40, 5)

    def loss(a: torch.Tensor) -> torch.Tensor:
        return (
            fn.mse_loss(a, goal)
            + fn.smooth_l1_loss(a, goal)
            + fn.binary_cross_entropy_with_logits(a, goal)
            + fn.kl_div(fn.log_softmax(a, 1), fn.softmax(goal, 1), reduction="batchmean")
        )

    return loss, (torch.randn(40, 5, requires_grad=True),)


@fragment()
def scatter_add() -> Any:
    index = torch.randint(0, 10, (60, 8))

    def scatter(a: torch.Tensor) -> torch.Tensor:
        return torch.zeros(10, 8).scatter_add(0, index, a)

    return scatter, (torch.randn(60, 8, requires_grad=True),)


@fragment()
def index_put_accumulate() -> Any:
    index = torch.randint(0, 12, (50,))

    def put(a: torch.Tensor) -> torch.Tensor:
        return torch.zeros(12, 6).index_put((index,), a, accumulate=True)

    return put, (torch.randn(50, 6, requires_grad=True),)


@fragment(external=MATMUL | {"_scaled_dot_product_flash_attention_for_cpu",
                             "_scaled_dot_product_flash_attention_for_cpu_backward"})  # fmt: skip
def attention() -> Any:
    inputs = [torch.randn(2, 3, 20, 16, requires_grad=True) for _ in range(3)]
    return lambda q, k, v: fn.scaled_dot_product_attention(q, k, v, is_causal=True), tuple(inputs)


@fragment(external=MATMUL)
def attention_by_hand() -> Any:
    def attend(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        scores = q @ k.transpose(-1, -2) / 4
        mask = torch.ones(20, 20, dtype=torch.bool).tril()
        return torch.softmax(scores.masked_fill(~mask, -torch.inf), -1) @ v

    return attend, tuple(torch.randn(2, 3, 20, 16, requires_grad=True) for _ in range(3))


@fragment()
def rotary_embedding() -> Any:
    def rotate(a: torch.Tensor) -> torch.Tensor:
        half = a.shape[-1] // 2
        turns = torch.arange(a.shape[-2])[:, None] * 0.1 * torch.arange(half)
        left, right = a[..., :half], a[..., half:]
        return torch.cat([left * turns.cos() - right * turns.sin(),
                          left * turns.sin() + right * turns.cos()], -1)  # fmt: skip

    return rotate, (torch.randn(2, 4, 10, 16, requires_grad=True),)


@fragment(external=CONVOLUTION)
def convolution() -> Any:
    model = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
    return model, (torch.randn(2, 3, 10, 10, requires_grad=True),)


@fragment(external=CONVOLUTION)
def depthwise_convolution() -> Any:
    model = nn.Conv2d(8, 8, 3, groups=8)
    return lambda a: fn.silu(model(a)), (torch.randn(2, 8, 9, 9, requires_grad=True),)


@fragment(external=frozenset({"_adaptive_avg_pool2d_backward"}))
def pooling() -> Any:
    def pool(a: torch.Tensor) -> torch.Tensor:
        return fn.max_pool2d(a, 2) + fn.avg_pool2d(a, 2) + fn.adaptive_avg_pool2d(a, 5)

    return pool, (torch.randn(2, 3, 10, 10, requires_grad=True),)


@fragment(external=MATMUL)
def lstm_cell() -> Any:
    cell = nn.LSTMCell(12, 20)
    state = (torch.randn(5, 20), torch.randn(5, 20))
    return lambda a: cell(a, state)[0], (torch.randn(5, 12, requires_grad=True),)


@fragment(external=MATMUL, dynamic=True)
def dynamic_shapes() -> Any:
    model = nn.Sequential(nn.Linear(16, 24), nn.ReLU(), nn.LayerNorm(24))
    return model, (torch.randn(13, 16, requires_grad=True),)


@fragment(dynamic=True)
def dynamic_reduction() -> Any:
    return lambda a: torch.softmax(a, -1).sum(0), (torch.randn(19, 45, requires_grad=True),)


def _half(dtype: torch.dtype) -> Callable[[], Any]:
    def make() -> Any:
        model = nn.Sequential(nn.Linear(32, 64), nn.SiLU(), nn.RMSNorm(64)).to(dtype)
        return model, (torch.randn(18, 32).to(dtype).requires_grad_(),)

    return make


FRAGMENTS.append(Fragment("half_precision", _half(torch.float16), MATMUL))
FRAGMENTS.append(Fragment("bfloat16", _half(torch.bfloat16), MATMUL))


@fragment(gradient=False)
def integers() -> Any:
    def compute(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return ((a * 3 + b) // 7 % 5) ^ (a << 2) & ~b | (b >> 1)

    return compute, (torch.randint(-99, 99, (70,)), torch.randint(1, 50, (70,)))


@fragment(gradient=False)
def double_precision() -> Any:
    return lambda a: (a.sin() + a.exp()).sum(1), (torch.randn(30, 40, dtype=torch.float64),)


@fragment(gradient=False, options={"emulate_precision_casts": True})
def casts() -> Any:
    def compute(a: torch.Tensor) -> torch.Tensor:
        narrow = [a.half().float(), a.bfloat16().float(), a.to(torch.int8).float(), (a > 0).float()]
        return torch.stack(narrow)

    return compute, (torch.randn(99) * 10,)


@fragment(gradient=False, external=frozenset({"sort", "topk"}))
def sort_topk() -> Any:
    return lambda a: (a.sort(1).values * 2, a.topk(3, 1).values + 1), (torch.randn(9, 40),)


@fragment(gradient=False)
def searching() -> Any:
    edges = torch.linspace(-2, 2, 17)
    return lambda a: torch.bucketize(a, edges) * 2, (torch.randn(60),)


@fragment(gradient=False)
def one_hot() -> Any:
    return lambda a: fn.one_hot(a, 12).float() * 2, (torch.randint(0, 12, (30,)),)


@fragment(
    external=MATMUL, options={"max_autotune_gemm": True, "max_autotune_gemm_backends": "TRITON"}
)
def matmul_template() -> Any:
    shapes = ((64, 96), (96, 128))
    return lambda a, b: torch.relu(a @ b), tuple(torch.randn(s, requires_grad=True) for s in shapes)


@fragment(external=MATMUL)
def transformer_block() -> Any:
    block = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True, norm_first=True)

    def run(a: torch.Tensor) -> torch.Tensor:
        with nn.attention.sdpa_kernel(nn.attention.SDPBackend.MATH):
            return block(a)

    return run, (torch.randn(3, 10, 32, requires_grad=True),)
