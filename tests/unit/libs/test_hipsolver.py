"""hipSOLVER in both spellings: factors multiplied out again."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from anyroc.cabi import table
from anyroc.libs import hipsolver

KINDS = {"S": np.float32, "D": np.float64, "C": np.complex64, "Z": np.complex128}
UPPER, LOWER, NONE, WITH_VECTORS, LEFT = 121, 122, 111, 202, 141
FIRST_TYPE, RANGE_BY_INDEX = 211, 223
REAL_64 = 1
INVALID_VALUE, HANDLE_IS_NULLPTR = 3, 9


class Solver:
    """hipSOLVER with a handle, an info on the device and work space of the size it asks for."""

    def __init__(self, api: Callable[[str], Any], device: Any) -> None:
        self.api, self.device = api("hipsolver"), device
        self.handle = ctypes.c_void_p()
        assert 0 == self.api.hipsolverDnCreate(ctypes.byref(self.handle))
        self.info = device.put(np.full(4, 77, np.int32))
        self.work = device.empty(1 << 14)

    def __getattr__(self, name: str) -> Callable[..., None]:
        def call(*arguments: Any) -> None:
            assert 0 == getattr(self.api, f"hipsolver{name}")(self.handle, *arguments), name

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


def real_of(kind: Any) -> Any:
    return np.empty(0, kind).real.dtype


def close(expected: np.ndarray, found: np.ndarray) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def kinds(letter: str, real: str, complex_one: str) -> str:
    return letter + (complex_one if letter in "CZ" else real)


@pytest.mark.parametrize("letter", KINDS)
def test_a_system_by_lu_with_cusolvers_arguments(solver: Solver, letter: str) -> None:
    a, b = random(KINDS[letter], 5, 5), random(KINDS[letter], 5, 2)
    pa, pb, pivots = solver.device.put(a), solver.device.put(b), solver.device.empty(20)
    size = ctypes.c_int()
    getattr(solver, f"Dn{letter}getrf_bufferSize")(5, 5, pa, 5, ctypes.byref(size))
    assert size.value > 0
    getattr(solver, f"Dn{letter}getrf")(5, 5, pa, 5, solver.work, pivots, solver.info)
    getattr(solver, f"Dn{letter}getrs")(NONE, 5, 2, pa, 5, pivots, pb, 5, solver.info)
    assert [0] == solver.infos()
    close(np.linalg.solve(a, b), solver.device.get(pb, b))


def test_lu_without_pivots(solver: Solver) -> None:
    a = random(np.float64, 4, 4) + 4 * np.eye(4)
    pa = solver.device.put(a)
    solver.Dgetrf(4, 4, pa, 4, solver.work, 64, None, solver.info)
    found = solver.device.get(pa, a)
    close(a, (np.tril(found, -1) + np.eye(4)) @ np.triu(found))


def test_sizes_of_64_bits(solver: Solver) -> None:
    a, b = random(np.float64, 4, 4), random(np.float64, 4, 1)
    pa, pb, pivots = solver.device.put(a), solver.device.put(b), solver.device.empty(32)
    rest = (solver.work, 256, None, 0, solver.info)
    solver.DnXgetrf(None, 4, 4, REAL_64, pa, 4, pivots, REAL_64, *rest)
    solver.DnXgetrs(None, NONE, 4, 1, REAL_64, pa, 4, pivots, REAL_64, pb, 4, solver.info)
    close(np.linalg.solve(a, b), solver.device.get(pb, b))


@pytest.mark.parametrize("letter", KINDS)
def test_cholesky_of_a_batch(solver: Solver, letter: str) -> None:
    kind = KINDS[letter]
    parts = [random(kind, 3, 3) + i * np.eye(3, dtype=kind) for i in range(2)]
    whole = [part @ part.conj().T + 3 * np.eye(3, dtype=kind) for part in parts]
    b = random(kind, 3, 1)
    places = [solver.device.put(part) for part in whole]
    rights = [solver.device.put(b) for _ in whole]
    pa = solver.device.put(np.array([place.value for place in places], np.uint64))
    pb = solver.device.put(np.array([place.value for place in rights], np.uint64))
    getattr(solver, f"Dn{letter}potrfBatched")(LOWER, 3, pa, 3, solver.info, 2)
    assert [0, 0] == solver.infos(2)
    getattr(solver, f"Dn{letter}potrsBatched")(LOWER, 3, 1, pa, 3, pb, 3, solver.info, 2)
    for part, right in zip(whole, rights, strict=True):
        close(np.linalg.solve(part, b), solver.device.get(right, b))


@pytest.mark.parametrize("letter", KINDS)
@pytest.mark.parametrize("shape", [(5, 3), (3, 5)])
@pytest.mark.parametrize("full", [False, True])
def test_singular_values_by_jacobi(solver: Solver, letter: str, shape: Any, full: bool) -> None:
    kind, (m, n), least = KINDS[letter], shape, min(shape)
    a = random(kind, m, n)
    pa, ps = solver.device.put(a), solver.device.empty(64)
    pu, pv = solver.device.empty(400), solver.device.empty(400)
    settings = ctypes.c_void_p()
    assert 0 == solver.api.hipsolverDnCreateGesvdjInfo(ctypes.byref(settings))
    getattr(solver, f"Dn{letter}gesvdj")(
        *(WITH_VECTORS, int(not full), m, n, pa, m, ps, pu, m, pv, n),
        *(solver.work, 64, solver.info, settings),
    )
    u = solver.device.get(pu, np.empty((m, m if full else least), kind))
    v = solver.device.get(pv, np.empty((n, n if full else least), kind))
    s = solver.device.get(ps, np.empty(least, real_of(kind)))
    close(a, (u[:, :least] * s) @ v[:, :least].conj().T)
    close(np.eye(u.shape[1]), u.conj().T @ u)
    assert 0 == solver.api.hipsolverDnDestroyGesvdjInfo(settings)
    assert INVALID_VALUE == solver.api.hipsolverDnDestroyGesvdjInfo(settings)


@pytest.mark.parametrize("letter", KINDS)
def test_singular_values_with_letters(solver: Solver, letter: str) -> None:
    kind = KINDS[letter]
    a = random(kind, 5, 3)
    pa, ps = solver.device.put(a), solver.device.empty(64)
    pu, pv = solver.device.empty(400), solver.device.empty(400)
    words = ord("S"), ord("A")
    rest = (solver.work, 64, None, solver.info)
    getattr(solver, f"Dn{letter}gesvd")(*words, 5, 3, pa, 5, ps, pu, 5, pv, 3, *rest)
    u = solver.device.get(pu, np.empty((5, 3), kind))
    v = solver.device.get(pv, np.empty((3, 3), kind))
    close(a, (u * solver.device.get(ps, np.empty(3, real_of(kind)))) @ v)


def test_the_greatest_singular_values_of_a_batch(solver: Solver) -> None:
    a = np.stack([random(np.float32, 4, 3), random(np.float32, 3, 4).T], axis=-1)
    pa, ps = solver.device.put(a), solver.device.empty(64)
    pu, pv = solver.device.empty(400), solver.device.empty(400)
    residuals = (ctypes.c_double * 2)()
    solver.DnSgesvdaStridedBatched(
        *(WITH_VECTORS, 2, 4, 3, pa, 4, 12, ps, 2, pu, 4, 8, pv, 3, 6),
        *(solver.work, 64, solver.info, residuals, 2),
    )
    u = solver.device.get(pu, np.empty((4, 2, 2), np.float32))
    v = solver.device.get(pv, np.empty((3, 2, 2), np.float32))
    s = solver.device.get(ps, np.empty((2, 2), np.float32))
    for i in range(2):
        values = np.linalg.svd(a[..., i])[1]
        close(values[:2], s[:, i])
        rest = np.linalg.norm(a[..., i] - (u[..., i] * s[:, i]) @ v[..., i].T)
        close(values[2], rest)
        close(rest, residuals[i])


@pytest.mark.parametrize("letter", KINDS)
def test_eigenvalues_of_two_matrices(solver: Solver, letter: str) -> None:
    kind = KINDS[letter]
    part, other = random(kind, 4, 4), random(kind, 4, 5)
    a, b = part + part.conj().T, other @ other.conj().T + np.eye(4, dtype=kind)
    pa, pb, pw = solver.device.put(a), solver.device.put(b), solver.device.empty(64)
    rest = (solver.work, 64, solver.info)
    name = f"Dn{kinds(letter, 'sygvd', 'hegvd')}"
    getattr(solver, name)(FIRST_TYPE, WITH_VECTORS, UPPER, 4, pa, 4, pb, 4, pw, *rest)
    vectors = solver.device.get(pa, a)
    values = solver.device.get(pw, np.empty(4, real_of(kind)))
    assert [0] == solver.infos()
    close(a @ vectors, b @ vectors * values)


def test_some_eigenvalues(solver: Solver) -> None:
    part = random(np.float64, 5, 5)
    a = part + part.T
    pa, pw, count = solver.device.put(a), solver.device.empty(64), ctypes.c_int()
    solver.DnDsyevdx(
        *(WITH_VECTORS, RANGE_BY_INDEX, LOWER, 5, pa, 5, 0.0, 0.0, 2, 3),
        *(ctypes.byref(count), pw, solver.work, 64, solver.info),
    )
    assert 2 == count.value
    values = solver.device.get(pw, np.empty(2))
    vectors = solver.device.get(pa, a)[:, :2]
    close(np.linalg.eigvalsh(a)[1:3], values)
    close(a @ vectors, vectors * values)


def test_eigenvalues_of_a_batch_by_jacobi(solver: Solver) -> None:
    a = np.stack([random(np.float32, 3, 3) + i for i in range(3)], axis=-1)
    a = a + a.transpose(1, 0, 2)
    pa, pw = solver.device.put(a), solver.device.empty(64)
    rest = (solver.work, 64, solver.info, None, 3)
    solver.DnSsyevjBatched(WITH_VECTORS, UPPER, 3, pa, 3, pw, *rest)
    vectors, values = solver.device.get(pa, a), solver.device.get(pw, np.empty((3, 3), np.float32))
    assert [0, 0, 0] == solver.infos(3)
    for i in range(3):
        close(a[..., i] @ vectors[..., i], vectors[..., i] * values[:, i])


@pytest.mark.parametrize("letter", KINDS)
def test_tridiagonal_form_and_its_q(solver: Solver, letter: str) -> None:
    kind = KINDS[letter]
    part = random(kind, 4, 4)
    a = part + part.conj().T
    pa, tau = solver.device.put(a), solver.device.empty(64)
    pd, pe = solver.device.empty(64), solver.device.empty(64)
    rest = (solver.work, 64, solver.info)
    reduce, make = kinds(letter, "sytrd", "hetrd"), kinds(letter, "orgtr", "ungtr")
    getattr(solver, f"Dn{reduce}")(LOWER, 4, pa, 4, pd, pe, tau, *rest)
    getattr(solver, f"Dn{make}")(LOWER, 4, pa, 4, tau, *rest)
    q = solver.device.get(pa, a)
    d = solver.device.get(pd, np.empty(4, real_of(kind)))
    e = solver.device.get(pe, np.empty(3, real_of(kind)))
    close(np.diag(d) + np.diag(e, 1) + np.diag(e, -1), q.conj().T @ a @ q)


@pytest.mark.parametrize("letter", KINDS)
def test_least_squares_out_of_place(solver: Solver, letter: str) -> None:
    a, b = random(KINDS[letter], 6, 3), random(KINDS[letter], 6, 2)
    pa, pb, px = solver.device.put(a), solver.device.put(b), solver.device.empty(400)
    steps = ctypes.c_int(9)
    rest = (solver.work, ctypes.c_size_t(256), ctypes.byref(steps), solver.info)
    getattr(solver, f"Dn{letter}{letter}gels")(6, 3, 2, pa, 6, pb, 6, px, 3, *rest)
    x = solver.device.get(px, np.empty((3, 2), KINDS[letter]))
    close(np.linalg.lstsq(a, b, rcond=None)[0], x)
    assert 0 == steps.value


def test_bad_handles_are_named(solver: Solver) -> None:
    size = ctypes.c_int()
    call = solver.api.hipsolverDnDgetrf_bufferSize
    assert HANDLE_IS_NULLPTR == call(None, 3, 3, None, 3, ctypes.byref(size))


def test_what_is_computed_has_a_size() -> None:
    bodies = hipsolver.bodies()
    names = [row.name for row in table.load("hipsolver").functions]
    for name in names:
        assert name.endswith("_bufferSize") or f"{name}_bufferSize" not in names or name in bodies
