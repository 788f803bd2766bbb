"""rocBLAS and hipBLAS against formulas in NumPy, over types, transposes, batches, pointer modes."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from anyroc import libs
from anyroc.cabi import table

KINDS = {"S": np.float32, "D": np.float64, "C": np.complex64, "Z": np.complex128}
N, T, C = 111, 112, 113
UPPER, LOWER = 121, 122
PLAIN, UNIT = 131, 132
LEFT, RIGHT = 141, 142


@dataclass
class Blas:
    """hipBLAS with a handle."""

    api: Any
    handle: ctypes.c_void_p
    device: Any

    def __getattr__(self, name: str) -> Callable[..., None]:
        def call(*arguments: Any) -> None:
            assert 0 == getattr(self.api, name)(self.handle, *arguments), name

        return call


@pytest.fixture
def blas(api: Callable[[str], Any], device: Any) -> Iterator[Blas]:
    library = api("hipblas")
    handle = ctypes.c_void_p()
    assert 0 == library.hipblasCreate(ctypes.byref(handle))
    yield Blas(library, handle, device)
    assert 0 == library.hipblasDestroy(handle)


def random(kind: Any, *shape: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng([seed, *shape])
    made = rng.integers(-8, 9, shape).astype(kind)
    if np.iscomplexobj(made):
        made.imag = rng.integers(-8, 9, shape)
    return made


def scalar(kind: Any, value: complex) -> Any:
    array = np.array([value]).astype(kind)
    return (ctypes.c_char * array.nbytes).from_buffer_copy(array.tobytes())


def turned(array: np.ndarray, operation: int) -> np.ndarray:
    return {N: array, T: array.T, C: array.conj().T}[operation]


def close(expected: np.ndarray, found: np.ndarray, digits: int = 5) -> None:
    np.testing.assert_allclose(found, expected, rtol=10.0**-digits, atol=10.0**-digits)


@pytest.mark.parametrize("letter", KINDS)
@pytest.mark.parametrize("ta", [N, T, C])
@pytest.mark.parametrize("tb", [N, T, C])
def test_gemm(blas: Blas, letter: str, ta: int, tb: int) -> None:
    kind = KINDS[letter]
    a = random(kind, 5, 7) if ta == N else random(kind, 7, 5)
    b = random(kind, 7, 3) if tb == N else random(kind, 3, 7)
    c = random(kind, 6, 3)  # one row more than the product has
    places = [blas.device.put(array) for array in (a, b, c)]
    alpha, beta = scalar(kind, 2), scalar(kind, -1)
    sizes = (5, 3, 7)
    getattr(blas, f"hipblas{letter}gemm")(
        ta, tb, *sizes, alpha, places[0], len(a), places[1], len(b), beta, places[2], len(c)
    )
    expected = c.copy()
    expected[:5] = 2 * turned(a, ta) @ turned(b, tb) - c[:5]
    close(expected, blas.device.get(places[2], c))


def test_a_zero_beta_ignores_what_was_there(blas: Blas) -> None:
    a, c = random(np.float32, 2, 2), np.full((2, 2), np.nan, np.float32)
    places = [blas.device.put(array) for array in (a, a, c)]
    one, zero = scalar(np.float32, 1), scalar(np.float32, 0)
    blas.hipblasSgemm(N, N, 2, 2, 2, one, places[0], 2, places[1], 2, zero, places[2], 2)
    close(a @ a, blas.device.get(places[2], c))


def test_batches_by_strides_and_by_pointers(blas: Blas) -> None:
    a, b = random(np.float64, 3, 4, 3), random(np.float64, 4, 2, 3, seed=1)
    expected = np.stack([a[..., i] @ b[..., i] for i in range(3)], axis=-1)
    one, zero = scalar(np.float64, 1), scalar(np.float64, 0)
    pa, pb, pc = blas.device.put(a), blas.device.put(b), blas.device.empty(expected.nbytes)
    sizes, batches = (3, 2, 4), 3
    blas.hipblasDgemmStridedBatched(N, N, *sizes, one, pa, 3, 12, pb, 4, 8, zero, pc, 3, 6, batches)
    close(expected, blas.device.get(pc, expected))
    pointers = [
        blas.device.put(np.array([place.value + 8 * step * i for i in range(3)], np.uint64))
        for place, step in ((pa, 12), (pb, 8), (pc, 6))
    ]
    blas.device.put(np.zeros_like(expected))
    qa, qb, qc = pointers
    blas.hipblasDgemmBatched(N, N, *sizes, scalar(np.float64, 2), qa, 3, qb, 4, zero, qc, 3, 3)
    close(2 * expected, blas.device.get(pc, expected))


TYPES = {  # of hipDataType: number, NumPy's type; bfloat16 is stored as the upper half of a float
    "f16": (2, np.float16),
    "bf16": (14, np.uint16),
    "f32": (0, np.float32),
    "f64": (1, np.float64),
    "i8": (3, np.int8),
    "i32": (10, np.int32),
}
COMPUTE_32F, COMPUTE_64F, COMPUTE_32I = 2, 7, 9


def stored(name: str, array: np.ndarray) -> np.ndarray:
    if name == "bf16":
        return (array.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
    return array.astype(TYPES[name][1])


@pytest.mark.parametrize(
    "inputs, output, compute, scale",
    [
        ("f16", "f16", COMPUTE_32F, np.float32),
        ("f16", "f32", COMPUTE_32F, np.float32),
        ("bf16", "bf16", COMPUTE_32F, np.float32),
        ("bf16", "f32", COMPUTE_32F, np.float32),
        ("f32", "f32", COMPUTE_32F, np.float32),
        ("f64", "f64", COMPUTE_64F, np.float64),
        ("i8", "i32", COMPUTE_32I, np.int32),
    ],
)
def test_gemm_of_mixed_types(
    blas: Blas, inputs: str, output: str, compute: int, scale: Any
) -> None:
    # Small integers: every format holds the products exactly.
    a, b = random(np.float64, 4, 6) // 2, random(np.float64, 6, 5) // 4
    pa, pb = (blas.device.put(stored(inputs, array)) for array in (a, b))
    expected = stored(output, 3 * a @ b)
    pc = blas.device.empty(expected.nbytes)
    kinds = TYPES[inputs][0], TYPES[output][0]
    blas.hipblasGemmEx(
        *(N, N, 4, 5, 6, scalar(scale, 3), pa, kinds[0], 4, pb, kinds[0], 6, scalar(scale, 0)),
        *(pc, kinds[1], 4, compute, 160),
    )
    assert expected.tolist() == blas.device.get(pc, expected).tolist()


def test_long_sums_of_bytes_are_exact(blas: Blas) -> None:
    a = np.full((1, 5000), 127, np.int8)
    pa, pb = blas.device.put(a), blas.device.put(a.T)
    pc = blas.device.empty(4)
    one, zero = scalar(np.int32, 1), scalar(np.int32, 0)
    blas.hipblasGemmEx(
        *(N, N, 1, 1, 5000, one, pa, 3, 1, pb, 3, 5000, zero, pc, 10, 1, COMPUTE_32I, 160)
    )
    assert 127 * 127 * 5000 == blas.device.get(pc, np.zeros(1, np.int32))[0]


def triangle(array: np.ndarray, uplo: int, diagonal: int = PLAIN) -> np.ndarray:
    made = np.triu(array) if uplo == UPPER else np.tril(array)
    if diagonal == UNIT:
        np.fill_diagonal(made, 1)
    return made


@pytest.mark.parametrize("letter", KINDS)
@pytest.mark.parametrize("uplo", [UPPER, LOWER])
@pytest.mark.parametrize("side, operation", [(LEFT, N), (RIGHT, T), (LEFT, C)])
def test_triangles(blas: Blas, letter: str, uplo: int, side: int, operation: int) -> None:
    kind = KINDS[letter]
    size = 4 if side == LEFT else 3
    a = random(kind, size, size) + 20 * np.eye(size, dtype=kind)
    b = random(kind, 4, 3, seed=2)
    pa, pb, pc = blas.device.put(a), blas.device.put(b), blas.device.empty(b.nbytes)
    factor = turned(triangle(a, uplo), operation)
    words = side, uplo, operation, PLAIN, 4, 3, scalar(kind, 2)
    getattr(blas, f"hipblas{letter}trmm")(*words, pa, size, pb, 4, pc, 4)
    product = 2 * (factor @ b if side == LEFT else b @ factor)
    close(product, blas.device.get(pc, b), 4)
    getattr(blas, f"hipblas{letter}trsm")(*words, pa, size, pc, 4)
    close(4 * b, blas.device.get(pc, b), 4)


@pytest.mark.parametrize("letter", KINDS)
def test_ranks_and_symmetry(blas: Blas, letter: str) -> None:
    kind = KINDS[letter]
    a, c = random(kind, 4, 3), random(kind, 4, 4)
    pa, pc = blas.device.put(a), blas.device.put(c)
    alpha, beta = scalar(kind, 2), scalar(kind, 1)
    getattr(blas, f"hipblas{letter}syrk")(LOWER, N, 4, 3, alpha, pa, 4, beta, pc, 4)
    expected = np.triu(c, 1) + np.tril(2 * a @ a.T + c)
    close(expected, blas.device.get(pc, c))
    whole = np.tril(expected) + np.tril(expected, -1).T
    pb = blas.device.empty(a.nbytes)
    zero = scalar(kind, 0)
    getattr(blas, f"hipblas{letter}symm")(LEFT, LOWER, 4, 3, alpha, pc, 4, pa, 4, zero, pb, 4)
    close(2 * whole @ a, blas.device.get(pb, a), 4)


def test_hermitian_ranks_have_real_factors(blas: Blas) -> None:
    a, b = random(np.complex128, 3, 4), random(np.complex128, 3, 4, seed=5)
    pa, pb, pc = blas.device.put(a), blas.device.put(b), blas.device.put(np.zeros((4, 4), complex))
    two, zero = scalar(np.float64, 2), scalar(np.float64, 0)
    blas.hipblasZherk(UPPER, C, 4, 3, two, pa, 3, zero, pc, 4)
    close(np.triu(2 * a.conj().T @ a), blas.device.get(pc, np.zeros((4, 4), complex)))
    blas.hipblasZherkx(UPPER, C, 4, 3, scalar(np.complex128, 1j), pa, 3, pb, 3, zero, pc, 4)
    found = blas.device.get(pc, np.zeros((4, 4), complex))
    close(np.triu(1j * a.conj().T @ b, 1), np.triu(found, 1))


@pytest.mark.parametrize("letter", KINDS)
def test_sums_and_diagonals(blas: Blas, letter: str) -> None:
    kind = KINDS[letter]
    a, b, x = random(kind, 3, 4), random(kind, 4, 3, seed=1), random(kind, 8)
    pa, pb, px = (blas.device.put(array) for array in (a, b, x))
    pc = blas.device.empty(a.nbytes)
    factors = scalar(kind, 2), scalar(kind, 3)
    getattr(blas, f"hipblas{letter}geam")(N, C, 3, 4, factors[0], pa, 3, factors[1], pb, 4, pc, 3)
    close(2 * a + 3 * b.conj().T, blas.device.get(pc, a))
    getattr(blas, f"hipblas{letter}dgmm")(RIGHT, 3, 4, pa, 3, px, 2, pc, 3)
    close(a * x[::2], blas.device.get(pc, a))
    getattr(blas, f"hipblas{letter}dgmm")(LEFT, 3, 4, pa, 3, px, -1, pc, 3)
    close(a * x[2::-1, None], blas.device.get(pc, a))


@pytest.mark.parametrize("letter", KINDS)
@pytest.mark.parametrize("operation", [N, T, C])
def test_matrix_with_vector(blas: Blas, letter: str, operation: int) -> None:
    kind = KINDS[letter]
    a = random(kind, 4, 5)
    columns, rows = (5, 4) if operation == N else (4, 5)
    x, y = random(kind, 2 * columns), random(kind, rows, seed=3)
    pa, px, py = (blas.device.put(array) for array in (a, x, y))
    factors = scalar(kind, 2), scalar(kind, 1)
    getattr(blas, f"hipblas{letter}gemv")(
        operation, 4, 5, factors[0], pa, 4, px, 2, factors[1], py, -1
    )
    expected = (2 * turned(a, operation) @ x[::2] + y[::-1])[::-1]
    close(expected, blas.device.get(py, y))


@pytest.mark.parametrize("letter", KINDS)
def test_vectors(blas: Blas, letter: str) -> None:
    kind = KINDS[letter]
    real = np.empty(0, kind).real.dtype
    x, y = random(kind, 6), random(kind, 6, seed=4)
    px, py = blas.device.put(x), blas.device.put(y)
    first = {"C": "Sc", "Z": "Dz"}.get(letter, letter)
    result = np.zeros(1, real)
    place = ctypes.c_void_p(result.ctypes.data)
    getattr(blas, f"hipblas{first}nrm2")(6, px, 1, place)
    close(np.linalg.norm(x), result[0])
    getattr(blas, f"hipblas{first}asum")(6, px, 1, place)
    close(np.sum(np.abs(x.real) + np.abs(x.imag)), result[0])
    index = ctypes.c_int()
    getattr(blas, f"hipblasI{letter.lower()}amax")(6, px, 1, ctypes.byref(index))
    assert 1 + np.argmax(np.abs(x.real) + np.abs(x.imag)) == index.value
    product = np.zeros(1, kind)
    for name, expected in (("dotu", x @ y), ("dotc", x.conj() @ y)):
        suffix = name if letter in "CZ" else "dot"
        place = ctypes.c_void_p(product.ctypes.data)
        getattr(blas, f"hipblas{letter}{suffix}")(6, px, 1, py, 1, place)
        close(expected, product[0])
    getattr(blas, f"hipblas{letter}axpy")(6, scalar(kind, 3), px, 1, py, 1)
    close(3 * x + y, blas.device.get(py, y))
    getattr(blas, f"hipblas{letter}scal")(3, scalar(kind, 2), px, 2)
    close(x * np.array([2, 1] * 3), blas.device.get(px, x))


def test_scalars_and_results_may_lie_on_the_device(blas: Blas) -> None:
    x = random(np.float32, 4)
    px, factor = blas.device.put(x), blas.device.put(np.array([4], np.float32))
    result = blas.device.empty(4)
    blas.hipblasSetPointerMode(1)
    blas.hipblasSscal(4, factor, px, 1)
    blas.hipblasSdot(4, px, 1, px, 1, result)
    assert [16 * float(x @ x)] == blas.device.get(result, np.zeros(1, np.float32)).tolist()


@pytest.mark.parametrize("letter", KINDS)
def test_linear_systems(blas: Blas, letter: str) -> None:
    kind = KINDS[letter]
    a = random(kind, 5, 5) + 30 * np.eye(5, dtype=kind)[::-1]
    b = random(kind, 5, 2, seed=6)
    pa, pb = blas.device.put(a), blas.device.put(b)
    pivots, info = blas.device.empty(20), blas.device.empty(4)
    getattr(blas, f"hipblas{letter}getrf")(5, pa, 5, pivots, info)
    host_info = ctypes.c_int(9)
    place = ctypes.byref(host_info)
    getattr(blas, f"hipblas{letter}getrs")(N, 5, 2, pa, 5, pivots, pb, 5, place)
    assert 0 == host_info.value
    assert [0] == blas.device.get(info, np.zeros(1, np.int32)).tolist()
    assert 5 == blas.device.get(pivots, np.zeros(5, np.int32))[0]
    close(np.linalg.solve(a, b), blas.device.get(pb, b), 3)


def test_vectors_and_matrices_are_copied(blas: Blas) -> None:
    a = random(np.float64, 4, 3)
    place, back = blas.device.empty(5 * 3 * 8), np.zeros((2, 3), order="F")
    kept = np.asfortranarray(a)
    host = ctypes.c_void_p(kept.ctypes.data)
    assert 0 == blas.api.hipblasSetMatrix(4, 3, 8, host, 4, place, 5)
    there = ctypes.c_void_p(back.ctypes.data)
    assert 0 == blas.api.hipblasGetMatrix(2, 3, 8, place, 5, there, 2)
    assert a[:2].tolist() == back.tolist()
    row = np.zeros(3)
    assert 0 == blas.api.hipblasGetVector(3, 8, place, 5, ctypes.c_void_p(row.ctypes.data), 1)
    assert a[0].tolist() == row.tolist()
    assert 3 == blas.api.hipblasSetMatrix(4, 3, 8, host, 3, place, 5)


def test_wrong_sizes_and_handles_are_refused(blas: Blas) -> None:
    gemm = blas.api.hipblasSgemm
    one, place = scalar(np.float32, 1), blas.device.empty(64)
    rest = (one, place, 4, place, 4, one, place, 4)
    invalid, not_initialized = 3, 1
    assert invalid == gemm(blas.handle, N, N, -1, 1, 1, *rest)
    assert invalid == gemm(blas.handle, N, N, 5, 1, 1, *rest)
    assert not_initialized == gemm(ctypes.c_void_p(0x40), N, N, 1, 1, 1, *rest)
    assert 10 == gemm(blas.handle, 7, N, 1, 1, 1, *rest)


NOT_BLAS = re.compile(r"[eE]x$|ExWithFlags$|_ex|pointer_to_mode|(hsh|hss|tst|tss)gemv")
"""Functions whose types are arguments, and products of vectors of mixed types."""


@pytest.mark.parametrize("name", ["hipblas", "rocblas"])
def test_every_function_of_blas_has_a_body(name: str) -> None:
    rows = [
        row
        for row in table.load(name).functions
        if row.section.startswith("level") and not NOT_BLAS.search(row.name)
    ]
    bodies = libs.bodies(name)
    assert [] == [row.name for row in rows if row.name not in bodies]
    assert len(rows) > 500


def test_least_squares_of_a_batch_have_one_info_on_the_host(api: Any, device: Any) -> None:
    blas, handle = api("hipblas"), ctypes.c_void_p()
    assert 0 == blas.hipblasCreate(ctypes.byref(handle))
    a, b = np.array([[2.0, 0], [0, 4], [0, 0]]), np.array([[2.0], [4], [9]])
    places = [(device.put(a), device.put(b)) for _ in range(2)]
    pa, pb = (
        device.put(np.array([p.value for p in kind], np.uint64))
        for kind in zip(*places, strict=True)
    )
    info = (ctypes.c_int * 2)(55, 77)
    assert 0 == blas.hipblasDgelsBatched(handle, 111, 3, 2, 1, pa, 3, pb, 3, info, None, 2)
    for _, right in places:
        np.testing.assert_allclose([[1], [1]], device.get(right, b)[:2])
    assert [0, 77] == list(info)
