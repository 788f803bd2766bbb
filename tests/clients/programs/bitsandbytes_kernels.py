"""bitsandbytes: the kernels of its ROCm library, through its C functions, compared with NumPy."""

from __future__ import annotations

import ctypes
import functools
from importlib import util
from pathlib import Path
from typing import Any

import numpy as np
from report import check, run

Array = np.ndarray[Any, Any]

ROCM = "72"
NF4 = np.array(
    [
        *(-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453),
        *(-0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0.0),
        *(0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224),
        *(0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0),
    ],
    dtype=np.float32,
)
_FP4 = np.array([0, 0.0625, 8, 12, 4, 6, 2, 3], dtype=np.float32) / 12
FP4 = np.concatenate([_FP4, -_FP4])
H2D, D2H = 1, 2

hip = ctypes.CDLL("libamdhip64.so", mode=ctypes.RTLD_GLOBAL)


@functools.cache
def library() -> ctypes.CDLL:
    found = util.find_spec("bitsandbytes")
    assert found is not None and found.origin is not None
    return ctypes.CDLL(str(Path(found.origin).with_name(f"libbitsandbytes_rocm{ROCM}.so")))


class Device:
    """An array in device memory."""

    def __init__(self, array: Array) -> None:
        self._like = np.ascontiguousarray(array)
        self._place = ctypes.c_void_p()
        assert 0 == hip.hipMalloc(ctypes.byref(self._place), ctypes.c_size_t(self._like.nbytes))
        self._copy(self._place, self._like.ctypes.data, H2D)

    def _copy(self, to: Any, source: Any, kind: int) -> None:
        size = ctypes.c_size_t(self._like.nbytes)
        assert 0 == hip.hipMemcpy(
            ctypes.c_void_p(_number(to)), ctypes.c_void_p(_number(source)), size, kind
        )

    def host(self) -> Array:
        """Return what it holds when the work under way is done."""
        assert 0 == hip.hipDeviceSynchronize()
        array = np.empty_like(self._like)
        self._copy(array.ctypes.data, self._place, D2H)
        return array

    def __del__(self) -> None:
        hip.hipFree(self._place)


def _number(pointer: Any) -> int:
    return pointer.value if isinstance(pointer, ctypes.c_void_p) else pointer


def call(function: str, *arguments: Any) -> None:
    """Call a C function: arrays as pointers, floats as float, integers as int."""

    def passed(value: Any) -> Any:
        if value is None or isinstance(value, Device):
            return ctypes.c_void_p(None) if value is None else value._place
        if isinstance(value, bool):
            return ctypes.c_bool(value)
        return ctypes.c_float(value) if isinstance(value, float) else ctypes.c_int32(value)

    getattr(library(), function)(*map(passed, arguments))
    assert 0 == hip.hipGetLastError()


def normal(*shape: int, dtype: Any = np.float32, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def close(expected: Array, found: Array, error: float) -> None:
    difference = np.abs(expected.astype(np.float64) - found.astype(np.float64)).max()
    assert difference <= error, f"differs by {difference:.3e}"


def dynamic_map(*, signed: bool) -> Array:
    """Return the dynamic 8-bit data type: 7 exponents, each a linear scale of its own."""
    values: list[float] = [0.0, 1.0]
    for exponent in range(7):
        count = (1 << exponent) if signed else (2 << exponent)
        edges = np.linspace(0.1, 1, count + 1, dtype=np.float32)
        means = 10.0 ** (exponent - 6) * (edges[:-1] + edges[1:]) / 2
        values += means.tolist()
        if signed:
            values += (-means).tolist()
    values += [0.0] * (256 - len(values))
    return np.sort(np.array(values, dtype=np.float32))


def largest(values: Array, block: int) -> Array:
    return np.abs(values.astype(np.float32).reshape(-1, block)).max(axis=1)


@check
def quantise_8_bit_blockwise() -> None:
    code = dynamic_map(signed=True)
    for block in (64, 256, 4096):
        values = normal(8 * 4096)
        absmax, out = (
            Device(np.zeros(values.size // block, np.float32)),
            Device(np.zeros(values.size, np.uint8)),
        )
        call(
            "cquantize_blockwise_fp32",
            Device(code),
            Device(values),
            absmax,
            out,
            block,
            values.size,
        )
        scale = largest(values, block)
        assert np.array_equal(scale, absmax.host())
        scaled = (values.reshape(-1, block) / scale[:, None]).ravel()
        best = np.abs(scaled[:, None] - code).min(axis=1)
        close(best, np.abs(scaled - code[out.host()]), 1e-6)


@check
def dequantise_8_bit_blockwise() -> None:
    code, block, count = dynamic_map(signed=True), 256, 10_000
    numbers = np.random.default_rng(1).integers(0, 256, count).astype(np.uint8)
    absmax = np.abs(normal(-(-count // block), seed=2))
    expected = code[numbers] * np.repeat(absmax, block)[:count]
    for name, dtype, error in (("fp32", np.float32, 0.0), ("fp16", np.float16, 2e-3)):
        out = Device(np.zeros(count, dtype))
        arrays = Device(code), Device(numbers), Device(absmax), out
        call(f"cdequantize_blockwise_{name}", *arrays, block, count, None)
        close(expected, out.host(), error)


def _four_bit(kind: str, table: Array) -> None:
    for name, dtype in (("fp32", np.float32), ("fp16", np.float16)):
        for block in (64, 256, 1024):
            values = normal(8 * 1024, dtype=dtype)
            absmax = Device(np.zeros(values.size // block, np.float32))
            packed = Device(np.zeros(values.size // 2, np.uint8))
            call(
                f"cquantize_blockwise_{name}_{kind}",
                None,
                Device(values),
                absmax,
                packed,
                block,
                values.size,
            )
            scale = largest(values, block)
            assert np.array_equal(scale, absmax.host())
            numbers = np.stack([packed.host() >> 4, packed.host() & 15], axis=1).ravel()
            scaled = (values.astype(np.float32).reshape(-1, block) / scale[:, None]).ravel()
            best = np.abs(scaled[:, None] - table).min(axis=1)
            close(best, np.abs(scaled - table[numbers]), 1e-3)
            out = Device(np.zeros(values.size, dtype))
            call(
                f"cdequantize_blockwise_{name}_{kind}",
                None,
                packed,
                absmax,
                out,
                block,
                values.size,
                None,
            )
            expected = table[numbers] * np.repeat(scale, block)
            close(expected, out.host(), 1e-6 if name == "fp32" else 2e-3)


@check
def normal_float_4_bit() -> None:
    _four_bit("nf4", NF4)


@check
def floating_point_4_bit() -> None:
    _four_bit("fp4", FP4)


@check
def bfloat16_4_bit() -> None:
    values = normal(4096)
    half = ((values.view(np.uint32) + 0x8000) >> 16).astype(np.uint16)
    rounded = (half.astype(np.uint32) << 16).view(np.float32)
    absmax, packed = Device(np.zeros(64, np.float32)), Device(np.zeros(2048, np.uint8))
    call("cquantize_blockwise_bf16_nf4", None, Device(half), absmax, packed, 64, 4096)
    out = Device(np.zeros(4096, np.uint16))
    call("cdequantize_blockwise_bf16_nf4", None, packed, absmax, out, 64, 4096, None)
    found = (out.host().astype(np.uint32) << 16).view(np.float32)
    scaled = (rounded.reshape(-1, 64) / largest(rounded, 64)[:, None]).ravel()
    nearest = NF4[np.abs(scaled[:, None] - NF4).argmin(axis=1)]
    close(nearest * np.repeat(largest(rounded, 64), 64), found, 2e-2)


def _weights(rows: int, columns: int, block: int) -> tuple[Array, Array, Array]:
    """Return packed 4-bit weights, their scales, and the matrix that they stand for."""
    numbers = np.random.default_rng(3).integers(0, 16, rows * columns).astype(np.uint8)
    absmax = np.abs(normal(rows * columns // block, seed=4)) + np.float32(0.5)
    matrix = (NF4[numbers] * np.repeat(absmax, block)).reshape(rows, columns)
    return (numbers[0::2] << 4) | numbers[1::2], absmax, matrix


@check
def matrix_times_vector_4_bit() -> None:
    rows, columns, block = 128, 512, 64
    packed, absmax, matrix = _weights(rows, columns, block)
    for name, dtype, error in (("fp32", np.float32, 1e-3), ("fp16", np.float16, 0.15)):
        vector = normal(columns, dtype=dtype, seed=5)
        out = Device(np.zeros(rows, dtype))
        arrays = Device(vector), Device(packed), Device(absmax), Device(NF4), out
        sizes = (rows, columns // 2, rows, block, None)
        call(f"cgemm_4bit_inference_naive_{name}", rows, 1, columns, *arrays, *sizes)
        close(matrix.astype(np.float64) @ vector.astype(np.float64), out.host(), error)


def _matrix_times_matrix(name: str, dtype: Any, error: float) -> None:
    tokens, rows, columns, block = 8, 128, 256, 64
    packed, absmax, matrix = _weights(rows, columns, block)
    left = normal(tokens, columns, dtype=dtype, seed=6)
    out = Device(np.zeros((tokens, rows), dtype))
    arrays = Device(left), Device(packed), Device(absmax), None, None, None, out, None
    call(f"cgemm_4bit_{name}", *arrays, tokens, rows, columns, block, 2, None)
    close(left.astype(np.float64) @ matrix.T.astype(np.float64), out.host(), error)


@check
def matrix_times_matrix_4_bit() -> None:
    _matrix_times_matrix("fp32", np.float32, 1e-3)


@check
def half_precision_matrix_times_matrix_4_bit() -> None:
    _matrix_times_matrix("fp16", np.float16, 0.15)


def _optimise(
    function: str, steps: int, *, second: bool, decay: float = 0.01, dtype: Any = np.float32
) -> tuple[Array, ...]:
    """Run steps of an optimiser with 32-bit state; return parameters and states."""
    count = 5000
    gradients = [normal(count, seed=10 + step).astype(dtype) for step in range(steps)]
    place = Device(normal(count).astype(dtype))
    states = Device(np.zeros(2 * count, np.float32)), Device(np.zeros(count, np.float32))
    for step, gradient in enumerate(gradients, 1):
        other = states[1] if second else None
        rates = (0.9, 0.99, 0.0, 0.0, 1e-8, decay)
        call(
            *(function, Device(gradient), place, states[0], other, None, 0.0, 0.0, *rates),
            *(step, 0.01, 1.0, False, count),
        )
    first = states[0].host()[:count]
    return normal(count).astype(dtype), place.host(), first, states[1].host(), *gradients


@check
def adam_with_32_bit_state() -> None:
    start, found, first, second, *gradients = _optimise("cadam32bit_grad_fp32", 3, second=True)
    weights, m, v = start.astype(np.float64), np.zeros(start.size), np.zeros(start.size)
    for step, gradient in enumerate(gradients, 1):
        m = 0.9 * m + 0.1 * gradient
        v = 0.99 * v + 0.01 * gradient.astype(np.float64) ** 2
        root = np.sqrt(1 - 0.99**step)
        weights -= 0.01 * root / (1 - 0.9**step) * m / (np.sqrt(v) + 1e-8 * root)
        weights *= 1 - 0.01 * 0.01
    close(m, first, 1e-6)
    close(v, second, 1e-6)
    close(weights, found, 1e-5)


@check
def lion_with_32_bit_state() -> None:
    start, found, state, _, *gradients = _optimise("clion32bit_grad_fp32", 3, second=False)
    weights, m = start.astype(np.float64), np.zeros(start.size)
    for gradient in gradients:
        weights *= 1 - 0.01 * 0.01
        weights -= 0.01 * np.sign(0.9 * m + 0.1 * gradient)
        m = 0.99 * m + 0.01 * gradient
    close(m, state, 1e-6)
    close(weights, found, 1e-5)


@check
def momentum_rmsprop_and_adagrad() -> None:
    for function in ("cmomentum32bit_grad_32", "crmsprop32bit_grad_32", "cadagrad32bit_grad_32"):
        start, found, state, _, *gradients = _optimise(function, 3, second=False, decay=0.0)
        weights, s = start.astype(np.float64), np.zeros(start.size)
        for step, gradient in enumerate(gradients, 1):
            g = gradient.astype(np.float64)
            if "momentum" in function:
                s = g if step == 1 else 0.9 * s + g
                weights -= 0.01 * s
            else:
                s = s + g * g if "adagrad" in function else 0.9 * s + 0.1 * g * g
                weights -= 0.01 * g / (np.sqrt(s) + 1e-8)
        close(s, state, 1e-5)
        close(weights, found, 1e-4)


@check
def adam_with_8_bit_state() -> None:
    count, block = 4096, 256
    signed, unsigned = dynamic_map(signed=True), dynamic_map(signed=False)
    weights, gradient = normal(count), normal(count, seed=7)
    place = Device(weights)
    zero = int(np.abs(signed).argmin()), int(np.abs(unsigned).argmin())
    states = [Device(np.full(count, number, np.uint8)) for number in zero]
    scales = [Device(np.zeros(count // block, np.float32)) for _ in states]
    call(
        *("cadam_8bit_blockwise_grad_fp32", place, Device(gradient), *states),
        *(0.9, 0.99, 0.0, 0.0, 1e-8, 1, 0.01, Device(signed), Device(unsigned), *scales),
        *(0.0, 1.0, False, count),
    )
    m, v = 0.1 * gradient, 0.01 * gradient.astype(np.float64) ** 2
    root = np.sqrt(1 - 0.99)
    close(weights - 0.01 * root / (1 - 0.9) * m / (np.sqrt(v) + 1e-8 * root), place.host(), 1e-5)
    for exact, numbers, code, scale in zip((m, v), states, (signed, unsigned), scales, strict=True):
        expected = np.abs(exact.reshape(-1, block)).max(axis=1)
        close(expected, scale.host(), 1e-6)
        kept = code[numbers.host()] * np.repeat(scale.host(), block)
        close(exact, kept, 0.05 * float(expected.max()))


@check
def optimisers_of_half_precision_weights() -> None:
    for function, second in (
        ("cadam32bit_grad_fp16", True),
        ("clion32bit_grad_fp16", False),
        ("cmomentum32bit_grad_16", False),
        ("crmsprop32bit_grad_16", False),
        ("cadagrad32bit_grad_16", False),
    ):
        kind = function[1:].partition("32bit")[0]
        start, found, *_, gradient = _optimise(
            function, 1, second=second, decay=0.0, dtype=np.float16
        )
        step, _ = _first_step(kind, gradient.astype(np.float64))
        close(start.astype(np.float64) - 0.01 * step, found, 5e-3)


def _first_step(kind: str, g: Array) -> tuple[Array, tuple[Array, ...]]:
    """Return the first step of an optimiser from a state of zero, and the states after it."""
    if kind == "momentum":
        return g, (g,)
    if kind == "rmsprop":
        return g / (np.sqrt(0.1 * g * g) + 1e-8), (0.1 * g * g,)
    if kind == "adagrad":
        return g / (np.abs(g) + 1e-8), (g * g,)
    if kind == "lion":
        return np.sign(0.1 * g), (0.01 * g,)
    m, v = 0.1 * g, 0.01 * g * g
    if kind == "adam":
        root = np.sqrt(1 - 0.99)
        return root / (1 - 0.9) * m / (np.sqrt(v) + 1e-8 * root), (m, v)
    slow = (1 - BETA_3) * g
    root = np.sqrt(v) / np.sqrt(1 - 0.99) + 1e-8
    return (m / (1 - 0.9) + ALPHA * slow) / root, (m, v)


BETA_3, ALPHA = 0.9999, 5.0
"""What AdEMAMix has beyond Adam: how slow its second average is, and how much that weighs."""


@check
def ademamix_with_32_bit_state() -> None:
    count = 5000
    start, gradient = normal(count), normal(count, seed=7)
    place, states = Device(start), [Device(np.zeros(size * count, np.float32)) for size in (2, 1)]
    call(
        *("cademamix32bit_grad_fp32", Device(gradient), place, *states, None, 0.0, 0.0),
        *(0.9, 0.99, BETA_3, ALPHA, 1e-8, 0.0, 1, 0.01, 1.0, False, count),
    )
    step, (m, v) = _first_step("ademamix", gradient.astype(np.float64))
    close(m, states[0].host()[:count], 1e-6)
    close((1 - BETA_3) * gradient, states[0].host()[count:], 1e-6)
    close(v, states[1].host(), 1e-6)
    close(start - 0.01 * step, place.host(), 1e-4)


@check
def every_optimiser_with_8_bit_state() -> None:
    count, block = 4096, 256
    signed, unsigned = dynamic_map(signed=True), dynamic_map(signed=False)
    for kind in ("adam", "lion", "momentum", "rmsprop", "adagrad", "ademamix"):
        for name, dtype, error in (("fp32", np.float32, 1e-4), ("fp16", np.float16, 2e-3)):
            weights = normal(count).astype(dtype)
            gradient = normal(count, seed=7).astype(dtype)
            parts = 2 if kind == "ademamix" else 1
            zero = int(np.abs(signed).argmin()), int(np.abs(unsigned).argmin())
            place = Device(weights)
            states = [
                Device(np.full(size * count, number, np.uint8))
                for size, number in zip((parts, 1), zero, strict=True)
            ]
            scales = [Device(np.zeros(size * count // block, np.float32)) for size in (parts, 1)]
            call(
                *(f"c{kind}_8bit_blockwise_grad_{name}", place, Device(gradient), *states),
                *(0.9, 0.99, BETA_3, ALPHA, 1e-8, 1, 0.01, Device(signed), Device(unsigned)),
                *(*scales, 0.0, 1.0, False, count),
            )
            step, after = _first_step(kind, gradient.astype(np.float64))
            close(weights.astype(np.float64) - 0.01 * step, place.host(), error)
            for exact, scale in zip(after, scales, strict=False):
                largest_of = np.abs(exact.reshape(-1, block)).max(axis=1)
                close(largest_of, scale.host()[: count // block], 1e-5)


run()
