"""hipBLASLt: descriptors, layouts, epilogues, scales of 8-bit floats."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from anyroc.libs import formats
from anyroc.libs import hipblaslt as lt

F32, F16, BF16, F8 = 0, 2, 14, 28
COMPUTE_32F = 2


class Lt:
    """hipBLASLt with a handle."""

    def __init__(self, api: Any, device: Any) -> None:
        self.api = api
        self.device = device
        self.handle = self.made("Create")

    def made(self, name: str, *arguments: Any) -> ctypes.c_void_p:
        out = ctypes.c_void_p()
        assert 0 == getattr(self.api, f"hipblasLt{name}")(ctypes.byref(out), *arguments)
        return out

    def layout(self, kind: int, rows: int, columns: int, **attributes: int) -> ctypes.c_void_p:
        leading = columns if attributes.get("ORDER") else rows
        made = self.made("MatrixLayoutCreate", kind, rows, columns, leading)
        for name, value in attributes.items():
            self.set("MatrixLayout", made, getattr(lt, name), value)
        return made

    def description(self, **attributes: int) -> ctypes.c_void_p:
        made = self.made("MatmulDescCreate", COMPUTE_32F, F32)
        for name, value in attributes.items():
            self.set("MatmulDesc", made, getattr(lt, name), value)
        return made

    def set(self, kind: str, made: ctypes.c_void_p, attribute: int, value: int) -> None:
        place = ctypes.c_int64(value)
        call = getattr(self.api, f"hipblasLt{kind}SetAttribute")
        assert 0 == call(made, attribute, ctypes.byref(place), 8)

    def matmul(self, description: ctypes.c_void_p, *operands: Any, beta: float = 0) -> int:
        """Multiply; `operands` are address and layout of A, B, C and D."""
        a, la, b, lb, c, lc, d, ld = operands
        one, factor = ctypes.c_float(1), ctypes.c_float(beta)
        scalars = ctypes.byref(one), ctypes.byref(factor)
        return int(
            self.api.hipblasLtMatmul(
                *(self.handle, description, scalars[0], a, la, b, lb, scalars[1], c, lc, d, ld),
                *(None, None, 0, None),
            )
        )


@pytest.fixture
def blas(api: Callable[[str], Any], device: Any) -> Lt:
    return Lt(api("hipblaslt"), device)


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(np.float32)


def gelu(x: np.ndarray) -> np.ndarray:
    return x * 0.5 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


@pytest.mark.parametrize(
    "epilogue, expected",
    [
        (1, lambda x, bias: x),
        (2, lambda x, bias: np.maximum(x, 0)),
        (4, lambda x, bias: x + bias),
        (6, lambda x, bias: np.maximum(x + bias, 0)),
        (32, lambda x, bias: gelu(x)),
        (36, lambda x, bias: gelu(x + bias)),
    ],
)
def test_epilogues(
    blas: Lt, epilogue: int, expected: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> None:
    a, b, bias = random(6, 4), random(4, 5), random(6, 1, seed=1)
    pa, pb, pbias = (blas.device.put(array) for array in (a, b, bias))
    pd = blas.device.empty(120)
    description = blas.description(EPILOGUE=epilogue, BIAS=pbias.value, BIAS_TYPE=F32)
    layouts = blas.layout(F32, 6, 4), blas.layout(F32, 4, 5), blas.layout(F32, 6, 5)
    operands = (pa, layouts[0], pb, layouts[1], pd, layouts[2], pd, layouts[2])
    assert 0 == blas.matmul(description, *operands)
    found = blas.device.get(pd, np.empty((6, 5), np.float32))
    np.testing.assert_allclose(found, expected(a @ b, bias), rtol=1e-5, atol=1e-5)


def test_what_gelu_is_applied_to_can_be_kept(blas: Lt) -> None:
    a, b = random(3, 3), random(3, 3, seed=1)
    pa, pb = blas.device.put(a), blas.device.put(b)
    pd, aux = blas.device.empty(36), blas.device.empty(36)
    layout = blas.layout(F32, 3, 3)
    description = blas.description(EPILOGUE=160, AUX=aux.value, AUX_LEADING=3)
    assert 0 == blas.matmul(description, pa, layout, pb, layout, pd, layout, pd, layout)
    kept = blas.device.get(aux, a)
    np.testing.assert_allclose(kept, a @ b, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(blas.device.get(pd, a), gelu(kept), rtol=1e-5, atol=1e-6)


def test_transposes_rows_first_and_batches(blas: Lt) -> None:
    a, b, c = random(4, 6, 2), random(2, 5, 4), random(6, 5, 2)  # b: batches of rows
    pa, pb, pc = blas.device.put(a), blas.device.put(b.transpose(2, 1, 0)), blas.device.put(c)
    description = blas.description(TRANS_A=112, TRANS_B=112)
    la = blas.layout(F32, 4, 6, BATCH_COUNT=2, STRIDE=24)
    lb = blas.layout(F32, 5, 4, ORDER=1, BATCH_COUNT=2, STRIDE=20)
    lc = blas.layout(F32, 6, 5, BATCH_COUNT=2, STRIDE=30)
    assert 0 == blas.matmul(description, pa, la, pb, lb, pc, lc, pc, lc, beta=2)
    expected = np.stack([a[..., i].T @ b[i].T + 2 * c[..., i] for i in range(2)], axis=-1)
    np.testing.assert_allclose(blas.device.get(pc, c), expected, rtol=1e-5, atol=1e-5)


def test_scales_of_8_bit_floats(blas: Lt) -> None:
    codes = np.random.default_rng(1).integers(0, 120, (8, 8)).astype(np.uint8)
    values = formats.E4M3.load(codes)
    pa, pd = blas.device.put(codes), blas.device.empty(256)
    scales = [blas.device.put(np.array([x], np.float32)) for x in (0.5, 0.25)]
    description = blas.description(A_SCALE=scales[0].value, B_SCALE=scales[1].value)
    l8, l32 = blas.layout(F8, 8, 8), blas.layout(F32, 8, 8)
    assert 0 == blas.matmul(description, pa, l8, pa, l8, pd, l32, pd, l32)
    found = blas.device.get(pd, values)
    np.testing.assert_allclose(found, values @ values / 8, rtol=1e-5)


def test_a_heuristic_answers_with_one_way(blas: Lt) -> None:
    layout, description = blas.layout(F32, 4, 4), blas.description()
    preference = blas.made("MatmulPreferenceCreate")
    results, count = (ctypes.c_char * 64)(*[1] * 64), ctypes.c_int()
    get = blas.api.hipblasLtMatmulAlgoGetHeuristic
    layouts = (layout,) * 4
    assert 0 == get(
        *(blas.handle, description, *layouts, preference, 1, results, ctypes.byref(count))
    )
    assert 1 == count.value
    assert bytes(8) == results.raw[24:32]  # no workspace is needed


def test_what_does_not_fit_is_refused(blas: Lt) -> None:
    place = blas.device.empty(256)
    a, b = blas.layout(F32, 4, 4), blas.layout(F32, 3, 4)
    assert 3 == blas.matmul(blas.description(), place, a, place, b, place, a, place, a)
    gradient = blas.description(EPILOGUE=192)
    assert 7 == blas.matmul(gradient, place, a, place, a, place, a, place, a)


def test_8_bit_floats_have_the_values_of_the_standard() -> None:
    # OCP 8-bit floating point (2023), tables 1 and 2; AMD's fnuz forms have twice the bias range.
    load = {form.name: form.load(np.arange(256, dtype=np.uint8)) for form in F8_FORMS}
    assert (448.0, 2.0**-9) == (load["f8_e4m3"][0x7E], load["f8_e4m3"][1])
    assert (57344.0, 2.0**-16) == (load["f8_e5m2"][0x7B], load["f8_e5m2"][1])
    assert np.isinf(load["f8_e5m2"][0x7C]) and np.isnan(load["f8_e4m3"][0x7F])
    assert (240.0, 57344.0) == (load["f8_e4m3_fnuz"][0x7F], load["f8_e5m2_fnuz"][0x7F])
    assert np.isnan(load["f8_e4m3_fnuz"][0x80])


F8_FORMS = (formats.E4M3, formats.E5M2, formats.E4M3_FNUZ, formats.E5M2_FNUZ)


@pytest.mark.parametrize("form", F8_FORMS, ids=lambda form: form.name)
def test_8_bit_floats_survive_a_round_trip(form: formats.Format) -> None:
    codes = np.arange(256, dtype=np.uint8)
    values = form.load(codes)
    kept = np.isfinite(values)
    made = np.zeros(256, np.uint8)
    form.store(made, values)
    assert codes[kept].tolist() == made[kept].tolist()


@pytest.mark.parametrize("value, expected", [(1.00390625, 0x3F80), (1.01171875, 0x3F82)])
def test_bfloat16_rounds_ties_to_even(value: float, expected: int) -> None:
    made = np.zeros(1, np.uint16)
    formats.BF16.store(made, np.array([value], np.float32))
    assert expected == made[0]
