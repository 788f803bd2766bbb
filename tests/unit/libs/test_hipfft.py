"""hipFFT against the definition of the transform, written as a matrix product."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

R2C, C2R, C2C, D2Z, Z2D, Z2Z = 0x2A, 0x2C, 0x29, 0x6A, 0x6C, 0x69
FORWARD, BACKWARD = -1, 1


@pytest.fixture
def fft(api: Callable[[str], Any]) -> Any:
    return api("hipfft")


def transformed(data: np.ndarray, axes: int, direction: int = FORWARD) -> np.ndarray:
    """Return the sums that define the transform over the last `axes` axes."""
    made = data.astype(np.complex128)
    for axis in range(data.ndim - axes, data.ndim):
        n = data.shape[axis]
        turns = np.outer(np.arange(n), np.arange(n)) / n
        matrix = np.exp(direction * 2j * np.pi * turns)
        made = np.moveaxis(np.moveaxis(made, axis, -1) @ matrix, -1, axis)
    return made


def plan(fft: Any, name: str, *arguments: Any) -> ctypes.c_void_p:
    made = ctypes.c_void_p()
    assert 0 == getattr(fft, name)(ctypes.byref(made), *arguments)
    return made


def put(device: Any, array: np.ndarray) -> ctypes.c_void_p:
    """Copy an array in C's order."""
    return device.put(np.ascontiguousarray(array).reshape(-1))


def get(device: Any, place: ctypes.c_void_p, shape: tuple[int, ...], kind: Any) -> np.ndarray:
    return device.get(place, np.empty(int(np.prod(shape)), kind)).reshape(shape)


def random(shape: tuple[int, ...], kind: Any) -> np.ndarray:
    rng = np.random.default_rng(3)
    made = rng.random(shape)
    if np.dtype(kind).kind == "c":
        made = made + 1j * rng.random(shape)
    return made.astype(kind)


@pytest.mark.parametrize("kind, number", [(np.complex64, C2C), (np.complex128, Z2Z)])
@pytest.mark.parametrize("sizes", [(8,), (7,), (4, 6), (3, 4, 5)])
@pytest.mark.parametrize("direction", [FORWARD, BACKWARD])
def test_complex(
    fft: Any, device: Any, kind: Any, number: int, sizes: tuple[int, ...], direction: int
) -> None:
    data = random((2, *sizes) if len(sizes) == 1 else sizes, kind)
    extra = (2,) if len(sizes) == 1 else ()
    made = plan(fft, f"hipfftPlan{len(sizes)}d", *sizes, number, *extra)
    place = put(device, data)
    name = "C2C" if number == C2C else "Z2Z"
    assert 0 == getattr(fft, f"hipfftExec{name}")(made, place, place, direction)
    expected = transformed(data, len(sizes), direction)
    tolerance = 1e-4 if kind is np.complex64 else 1e-10
    np.testing.assert_allclose(get(device, place, data.shape, kind), expected, atol=tolerance)
    assert 0 == fft.hipfftDestroy(made)


@pytest.mark.parametrize("sizes", [(8,), (9,), (4, 6), (3, 4, 5)])
def test_real_there_and_back(fft: Any, device: Any, sizes: tuple[int, ...]) -> None:
    data = random(sizes, np.float64)
    halves = (*sizes[:-1], sizes[-1] // 2 + 1)
    extra = (1,) if len(sizes) == 1 else ()
    forward = plan(fft, f"hipfftPlan{len(sizes)}d", *sizes, D2Z, *extra)
    backward = plan(fft, f"hipfftPlan{len(sizes)}d", *sizes, Z2D, *extra)
    source, target = put(device, data), device.empty(16 * int(np.prod(halves)))
    assert 0 == fft.hipfftExecD2Z(forward, source, target)
    expected = transformed(data, len(sizes))[..., : halves[-1]]
    np.testing.assert_allclose(get(device, target, halves, np.complex128), expected, atol=1e-10)
    assert 0 == fft.hipfftExecZ2D(backward, target, source)
    back = get(device, source, sizes, np.float64)
    np.testing.assert_allclose(back, data * np.prod(sizes), atol=1e-10)


def test_real_in_place_lies_in_padded_rows(fft: Any, device: Any) -> None:
    data = random((3, 6), np.float32)
    padded = np.zeros((3, 8), np.float32)
    padded[:, :6] = data
    place = put(device, padded)
    made = plan(fft, "hipfftPlan2d", 3, 6, R2C)
    assert 0 == fft.hipfftExecR2C(made, place, place)
    expected = transformed(data, 2)[:, :4]
    np.testing.assert_allclose(get(device, place, (3, 4), np.complex64), expected, atol=1e-4)
    back = plan(fft, "hipfftPlan2d", 3, 6, C2R)
    assert 0 == fft.hipfftExecC2R(back, place, place)
    found = get(device, place, (3, 8), np.float32)[:, :6]
    np.testing.assert_allclose(found, 18 * data, atol=1e-4)


def test_embedded_data_with_strides(fft: Any, device: Any) -> None:
    whole = random((2, 5, 7, 2), np.complex128)  # batch, rows, columns, every second element
    sizes, embed = (ctypes.c_int * 2)(4, 3), (ctypes.c_int * 2)(5, 7)
    made = plan(fft, "hipfftPlanMany", 2, sizes, embed, 2, 70, embed, 2, 70, Z2Z, 2)
    source, target = put(device, whole), put(device, np.zeros_like(whole))
    assert 0 == fft.hipfftExecZ2Z(made, source, target, FORWARD)
    found = get(device, target, whole.shape, np.complex128)
    expected = np.zeros_like(whole)
    expected[:, :4, :3, 0] = transformed(whole[:, :4, :3, 0], 2)
    np.testing.assert_allclose(found, expected, atol=1e-10)


def test_what_cannot_be_is_refused(fft: Any, device: Any) -> None:
    made = ctypes.c_void_p()
    invalid_plan, invalid_type, invalid_size = 1, 3, 8
    assert invalid_type == fft.hipfftPlan1d(ctypes.byref(made), 8, 7, 1)
    assert invalid_size == fft.hipfftPlan1d(ctypes.byref(made), 0, C2C, 1)
    place = device.empty(64)
    assert invalid_plan == fft.hipfftExecC2C(ctypes.c_void_p(0x40), place, place, FORWARD)
    assert 0 == fft.hipfftCreate(ctypes.byref(made))
    assert invalid_plan == fft.hipfftExecC2C(made, place, place, FORWARD)
