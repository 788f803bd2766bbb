"""IREE: models compiled for the GPU and run by its HIP driver, compared with its CPU backend."""

from __future__ import annotations

import functools
import os
from typing import Any

import iree.compiler
import iree.runtime
import numpy as np
from report import check, run

Array = np.ndarray[Any, Any]

MLP = """
func.func @main(%x: tensor<32x64xf32>, %w: tensor<64x128xf32>, %b: tensor<128xf32>,
                %v: tensor<128x10xf32>) -> tensor<32x10xf32> {
  %zero = stablehlo.constant dense<0.0> : tensor<32x128xf32>
  %h = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0]
     : (tensor<32x64xf32>, tensor<64x128xf32>) -> tensor<32x128xf32>
  %bias = stablehlo.broadcast_in_dim %b, dims = [1] : (tensor<128xf32>) -> tensor<32x128xf32>
  %sum = stablehlo.add %h, %bias : tensor<32x128xf32>
  %relu = stablehlo.maximum %sum, %zero : tensor<32x128xf32>
  %out = stablehlo.dot_general %relu, %v, contracting_dims = [1] x [0]
     : (tensor<32x128xf32>, tensor<128x10xf32>) -> tensor<32x10xf32>
  return %out : tensor<32x10xf32>
}
"""

SOFTMAX = """
func.func @main(%x: tensor<48x80xf32>) -> tensor<48x80xf32> {
  %low = stablehlo.constant dense<0xFF800000> : tensor<f32>
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %m = stablehlo.reduce(%x init: %low) applies stablehlo.maximum across dimensions = [1]
     : (tensor<48x80xf32>, tensor<f32>) -> tensor<48xf32>
  %mb = stablehlo.broadcast_in_dim %m, dims = [0] : (tensor<48xf32>) -> tensor<48x80xf32>
  %d = stablehlo.subtract %x, %mb : tensor<48x80xf32>
  %e = stablehlo.exponential %d : tensor<48x80xf32>
  %s = stablehlo.reduce(%e init: %zero) applies stablehlo.add across dimensions = [1]
     : (tensor<48x80xf32>, tensor<f32>) -> tensor<48xf32>
  %sb = stablehlo.broadcast_in_dim %s, dims = [0] : (tensor<48xf32>) -> tensor<48x80xf32>
  %p = stablehlo.divide %e, %sb : tensor<48x80xf32>
  return %p : tensor<48x80xf32>
}
"""

CONVOLUTION = """
func.func @main(%x: tensor<1x16x16x8xf32>, %k: tensor<3x3x8x16xf32>) -> tensor<1x16x16x16xf32> {
  %y = stablehlo.convolution(%x, %k) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f],
    window = {stride = [1, 1], pad = [[1, 1], [1, 1]]}
    {batch_group_count = 1 : i64, feature_group_count = 1 : i64}
    : (tensor<1x16x16x8xf32>, tensor<3x3x8x16xf32>) -> tensor<1x16x16x16xf32>
  return %y : tensor<1x16x16x16xf32>
}
"""

HALF_MATMUL = """
func.func @main(%a: tensor<64x96xf16>, %b: tensor<96x64xf16>) -> tensor<64x64xf32> {
  %c = stablehlo.dot_general %a, %b, contracting_dims = [1] x [0]
     : (tensor<64x96xf16>, tensor<96x64xf16>) -> tensor<64x64xf32>
  return %c : tensor<64x64xf32>
}
"""


def transformer_block(length: int = 32, width: int = 64, heads: int = 4) -> str:
    """Return a pre-norm block: attention over all heads, then an MLP, both with a residual."""
    head = width // heads
    x, wide = f"tensor<{length}x{width}xf32>", f"tensor<{length}x{4 * width}xf32>"
    split, scores = f"tensor<{length}x{heads}x{head}xf32>", f"tensor<{heads}x{length}x{length}xf32>"
    row, per_head = f"tensor<{length}xf32>", f"tensor<{heads}x{length}xf32>"
    square, scalar = f"tensor<{width}x{width}xf32>", "tensor<f32>"
    lines: list[str] = []
    number = 0

    def put(text: str) -> str:
        nonlocal number
        number += 1
        lines.append(f"  %t{number} = {text}")
        return f"%t{number}"

    def constant(value: float | str, kind: str) -> str:
        return put(f"stablehlo.constant dense<{value}> : {kind}")

    def two(name: str, a: str, b: str, kind: str) -> str:
        return put(f"stablehlo.{name} {a}, {b} : {kind}")

    def reduced(name: str, start: str, a: str, kind: str, to: str, dim: int) -> str:
        return put(
            f"stablehlo.reduce({a} init: {start}) applies stablehlo.{name} across dimensions = "
            f"[{dim}] : ({kind}, {scalar}) -> {to}"
        )

    def spread(a: str, kind: str, to: str, dims: str) -> str:
        return put(f"stablehlo.broadcast_in_dim {a}, dims = [{dims}] : ({kind}) -> {to}")

    def matmul(a: str, kind: str, b: str, kind_b: str, to: str) -> str:
        return put(
            f"stablehlo.dot_general {a}, {b}, contracting_dims = [1] x [0] "
            f": ({kind}, {kind_b}) -> {to}"
        )

    zero = constant("0.0", scalar)
    low = constant("0xFF800000", scalar)

    def normed(a: str) -> str:
        size, tiny = constant(float(width), row), constant("1.0e-5", row)
        mean = two("divide", reduced("add", zero, a, x, row, 1), size, row)
        centred = two("subtract", a, spread(mean, row, x, "0"), x)
        squares = two("multiply", centred, centred, x)
        variance = two("divide", reduced("add", zero, squares, x, row, 1), size, row)
        scale = put(f"stablehlo.rsqrt {two('add', variance, tiny, row)} : {row}")
        return two("multiply", centred, spread(scale, row, x, "0"), x)

    inside = normed("%x")
    q, k, v = (
        put(f"stablehlo.reshape {matmul(inside, x, name, square, x)} : ({x}) -> {split}")
        for name in ("%q", "%k", "%v")
    )
    raw = put(
        f"stablehlo.dot_general {q}, {k}, batching_dims = [1] x [1], contracting_dims = [2] x [2] "
        f": ({split}, {split}) -> {scores}"
    )
    scaled = two("multiply", raw, constant(head**-0.5, scores), scores)
    most = spread(reduced("maximum", low, scaled, scores, per_head, 2), per_head, scores, "0, 1")
    powers = put(f"stablehlo.exponential {two('subtract', scaled, most, scores)} : {scores}")
    total = spread(reduced("add", zero, powers, scores, per_head, 2), per_head, scores, "0, 1")
    weights = two("divide", powers, total, scores)
    mixed = put(
        f"stablehlo.dot_general {weights}, {v}, batching_dims = [0] x [1], "
        f"contracting_dims = [2] x [0] : ({scores}, {split}) -> tensor<{heads}x{length}x{head}xf32>"
    )
    turned = put(
        f"stablehlo.transpose {mixed}, dims = [1, 0, 2] "
        f": (tensor<{heads}x{length}x{head}xf32>) -> {split}"
    )
    flat = put(f"stablehlo.reshape {turned} : ({split}) -> {x}")
    attended = two("add", "%x", matmul(flat, x, "%o", square, x), x)
    up, down = f"tensor<{width}x{4 * width}xf32>", f"tensor<{4 * width}x{width}xf32>"
    hidden = matmul(normed(attended), x, "%up", up, wide)
    gate = put(f"stablehlo.logistic {hidden} : {wide}")
    result = two(
        "add", attended, matmul(two("multiply", hidden, gate, wide), wide, "%down", down, x), x
    )
    names = ("%q", "%k", "%v", "%o")
    arguments = ", ".join([f"%x: {x}", *(f"{name}: {square}" for name in names)])
    body = "\n".join(lines)
    return (
        f"func.func @main({arguments}, %up: {up}, %down: {down}) -> {x} {{\n{body}\n"
        f"  return {result} : {x}\n}}"
    )


@functools.cache
def _config(driver: str) -> Any:
    return iree.runtime.Config(driver)


def results(model: str, inputs: list[Array], backend: str, driver: str, *flags: str) -> Array:
    """Compile a model, run it, return its result."""
    code = iree.compiler.compile_str(
        model, input_type="stablehlo", target_backends=[backend], extra_args=list(flags)
    )
    context = iree.runtime.SystemContext(config=_config(driver))
    context.add_vm_module(iree.runtime.VmModule.copy_buffer(context.instance, code))
    return np.asarray(context.modules.module.main(*inputs).to_host())


def compare(
    model: str, *shapes: tuple[int, ...], dtype: Any = np.float32, error: float = 1e-5
) -> None:
    """Require that the GPU's result is the CPU backend's, relative to its largest element."""
    generator = np.random.default_rng(0)
    inputs = [(generator.standard_normal(shape) * 0.3).astype(dtype) for shape in shapes]
    expected = results(model, inputs, "llvm-cpu", "local-task", "--iree-llvmcpu-target-cpu=host")
    target = f"--iree-rocm-target={os.environ['ANYROC_TARGET']}"
    found = results(model, inputs, "rocm", "hip", target)
    assert expected.shape == found.shape
    difference = float(np.abs(expected - found).max() / np.abs(expected).max())
    assert difference < error, f"differs by {difference:.2e} of the largest element"


@check
def multilayer_perceptron() -> None:
    compare(MLP, (32, 64), (64, 128), (128,), (128, 10))


@check
def softmax() -> None:
    compare(SOFTMAX, (48, 80))


@check
def convolution() -> None:
    compare(CONVOLUTION, (1, 16, 16, 8), (3, 3, 8, 16))


@check
def half_precision_matmul() -> None:
    compare(HALF_MATMUL, (64, 96), (96, 64), dtype=np.float16, error=2e-3)


@check
def transformer() -> None:
    model = transformer_block()
    compare(model, (32, 64), *[(64, 64)] * 4, (64, 256), (256, 64))


run()
