"""rocSOLVER: factors multiplied out again."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

KINDS = {"s": np.float32, "d": np.float64, "c": np.complex64, "z": np.complex128}
UPPER, LOWER = 121, 122
VECTORS_ALL, VECTORS_SINGULAR, VECTORS_NONE = 191, 192, 194
WITH_VECTORS = 211


class Solver:
    """rocSOLVER with a handle of rocBLAS."""

    def __init__(self, api: Callable[[str], Any], device: Any) -> None:
        self.api, self.device = api("rocsolver"), device
        self.handle = ctypes.c_void_p()
        assert 0 == api("rocblas").rocblas_create_handle(ctypes.byref(self.handle))
        self.info = device.put(np.full(4, 77, np.int32))

    def __getattr__(self, name: str) -> Callable[..., None]:
        def call(*arguments: Any) -> None:
            assert 0 == getattr(self.api, f"rocsolver_{name}")(self.handle, *arguments), name

        return call

    def infos(self, count: int = 1) -> list[int]:
        found: list[int] = self.device.get(self.info, np.empty(count, np.int32)).tolist()
        return found


@pytest.fixture
def solver(api: Callable[[str], Any], device: Any) -> Solver:
    return Solver(api, device)


def random(kind: Any, *shape: int) -> np.ndarray:
    rng = np.random.default_rng([4, *shape])
    made = rng.normal(size=shape).astype(kind)
    if np.iscomplexobj(made):
        made.imag = rng.normal(size=shape)
    return made


def close(expected: np.ndarray, found: np.ndarray) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("letter", KINDS)
def test_qr(solver: Solver, letter: str) -> None:
    kind = KINDS[letter]
    a = random(kind, 6, 4)
    pa, tau = solver.device.put(a), solver.device.empty(64)
    getattr(solver, f"{letter}geqrf")(6, 4, pa, 6, tau)
    r = np.triu(solver.device.get(pa, a)[:4])
    name = "ungqr" if letter in "cz" else "orgqr"
    getattr(solver, letter + name)(6, 4, 4, pa, 6, tau)
    q = solver.device.get(pa, a)
    close(np.eye(4), q.conj().T @ q)
    close(a, q @ r)


@pytest.mark.parametrize("letter", KINDS)
def test_cholesky_and_its_system(solver: Solver, letter: str) -> None:
    kind = KINDS[letter]
    a = random(kind, 5, 5)
    a, b = a @ a.conj().T + 5 * np.eye(5, dtype=kind), random(kind, 5, 2)
    pa, pb = solver.device.put(a), solver.device.put(b)
    getattr(solver, f"{letter}potrf")(LOWER, 5, pa, 5, solver.info)
    assert [0] == solver.infos()
    lower = np.tril(solver.device.get(pa, a))
    close(a, lower @ lower.conj().T)
    getattr(solver, f"{letter}potrs")(LOWER, 5, 2, pa, 5, pb, 5)
    close(np.linalg.solve(a, b), solver.device.get(pb, b))


def test_info_tells_where_a_matrix_is_not_positive(solver: Solver) -> None:
    a = np.diag([1.0, 2.0, -1.0])
    solver.dpotrf(UPPER, 3, solver.device.put(a), 3, solver.info)
    assert [3] == solver.infos()


@pytest.mark.parametrize("letter", KINDS)
def test_singular_values(solver: Solver, letter: str) -> None:
    kind = KINDS[letter]
    real = np.empty(0, kind).real.dtype
    a = random(kind, 5, 3)
    pa, ps, pe = solver.device.put(a), solver.device.empty(24), solver.device.empty(24)
    pu, pv = solver.device.empty(25 * 16), solver.device.empty(9 * 16)
    words = VECTORS_SINGULAR, VECTORS_ALL
    getattr(solver, f"{letter}gesvd")(*words, 5, 3, pa, 5, ps, pu, 5, pv, 3, pe, 201, solver.info)
    u = solver.device.get(pu, np.empty((5, 3), kind))
    v = solver.device.get(pv, np.empty((3, 3), kind))
    s = solver.device.get(ps, np.empty(3, real))
    assert [0] == solver.infos() and sorted(s, reverse=True) == list(s)
    close(a, (u * s) @ v)


@pytest.mark.parametrize("letter", KINDS)
def test_eigenvalues_of_a_batch(solver: Solver, letter: str) -> None:
    kind = KINDS[letter]
    real = np.empty(0, kind).real.dtype
    whole = [random(kind, 4, 4) + i * np.eye(4, dtype=kind) for i in range(3)]
    a = np.stack([part + part.conj().T for part in whole], axis=-1)
    pa, pd, pe = solver.device.put(a), solver.device.empty(96), solver.device.empty(96)
    size = a.itemsize * 16
    pointers = solver.device.put(np.array([pa.value + i * size for i in range(3)], np.uint64))
    name = "heev_batched" if letter in "cz" else "syev_batched"
    getattr(solver, f"{letter}{name}")(
        WITH_VECTORS, UPPER, 4, pointers, 4, pd, 4, pe, 4, solver.info, 3
    )
    vectors, values = solver.device.get(pa, a), solver.device.get(pd, np.empty((4, 3), real))
    assert [0, 0, 0] == solver.infos(3)
    for i in range(3):
        close(a[..., i] @ vectors[..., i], vectors[..., i] * values[:, i])
