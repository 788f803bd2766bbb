"""CuPy: arrays, kernels of all kinds, and what it takes from ROCm's libraries, against NumPy."""

from __future__ import annotations

from typing import Any

import cupy as cp
import cupyx.scipy.ndimage
import cupyx.scipy.signal
import cupyx.scipy.sparse
import cupyx.scipy.special
import numpy as np
import scipy.ndimage
import scipy.signal
import scipy.sparse
import scipy.special
from report import check, run

rng = np.random.default_rng(1)


def same(found: Any, expected: Any, **tolerance: float) -> None:
    """Compare what lies on the device with what NumPy says."""
    limits = {"rtol": 1e-5, "atol": 1e-6, **tolerance}
    np.testing.assert_allclose(cp.asnumpy(found), expected, **limits)


@check
def arrays_are_indexed_and_shaped() -> None:
    a = rng.random((5, 7), dtype=np.float32)
    d = cp.asarray(a)
    order = np.array([3, 1, 0])
    same(d.T, a.T)
    same(d[1:4, ::2], a[1:4, ::2])
    same(d.reshape(7, 5), a.reshape(7, 5))
    same(cp.concatenate([d, d]), np.concatenate([a, a]))
    same(d[d > 0.5], a[a > 0.5])
    same(d[cp.asarray(order)], a[order])
    same(cp.where(d > 0.5, d, 0), np.where(a > 0.5, a, 0))
    same(cp.pad(d, 2), np.pad(a, 2))
    same(cp.roll(d, 3), np.roll(a, 3))
    same(cp.take(d, cp.asarray(order), axis=1), np.take(a, order, axis=1))


@check
def every_dtype_adds_and_converts() -> None:
    for kind in "bBhHiIlLqQefdFD?":
        a = (np.arange(6) % 2 if kind == "?" else np.arange(6)).astype(kind)
        d = cp.asarray(a)
        same(d + d, a + a)
        same(d.astype("D"), a.astype("D"))


UNARY = (
    "sin cos tan arcsin arccos arctan sinh cosh tanh exp exp2 expm1 log log2 log10 log1p sqrt cbrt "
    "square reciprocal floor ceil rint trunc sign absolute negative"
)
BINARY = (
    "add subtract multiply true_divide floor_divide remainder power maximum minimum bitwise_and "
    "bitwise_or bitwise_xor left_shift right_shift gcd lcm less equal logical_and hypot arctan2"
)


@check
def functions_of_one_argument() -> None:
    x = rng.random(100) * 0.8 + 0.1
    for name in UNARY.split():
        for kind, tolerance in (("f", 2e-6), ("d", 1e-12)):
            a = x.astype(kind)
            same(getattr(cp, name)(cp.asarray(a)), getattr(np, name)(a), rtol=tolerance)


@check
def functions_of_two_arguments() -> None:
    x, y = rng.integers(1, 50, 40), rng.integers(1, 9, 40)
    for name in BINARY.split():
        same(getattr(cp, name)(cp.asarray(x), cp.asarray(y)), getattr(np, name)(x, y))


@check
def reductions_and_scans() -> None:
    a = rng.random((33, 65), dtype=np.float32)
    d = cp.asarray(a)
    for name in [
        "sum",
        "prod",
        "max",
        "min",
        "mean",
        "var",
        "std",
        "argmax",
        "argmin",
        "any",
        "all",
        "cumsum",
        "cumprod",
    ]:
        same(getattr(cp, name)(d), getattr(np, name)(a), rtol=1e-4)
    for axis in (0, 1):
        same(d.sum(axis=axis), a.sum(axis=axis))
        same(d.argmax(axis=axis), a.argmax(axis=axis))
    same(cp.count_nonzero(d > 0.5), np.count_nonzero(a > 0.5))


@check
def sorting_and_searching() -> None:
    a = rng.random(1000, dtype=np.float32)
    d = cp.asarray(a)
    same(cp.sort(d), np.sort(a))
    same(cp.argsort(d), np.argsort(a))
    same(cp.unique(cp.asarray([3, 1, 1, 2])), [1, 2, 3])
    same(cp.searchsorted(cp.sort(d), d), np.searchsorted(np.sort(a), a))
    same(cp.histogram(d, 10)[0], np.histogram(a, 10)[0])


@check
def raw_kernel() -> None:
    kernel = cp.RawKernel(
        """extern "C" __global__ void add(const float *a, const float *b, float *c, int n) {
               int i = blockDim.x * blockIdx.x + threadIdx.x;
               if (i < n) c[i] = a[i] + b[i];
           }""",
        "add",
    )
    a, c = cp.arange(1000, dtype="f"), cp.zeros(1000, dtype="f")
    kernel((4,), (256,), (a, a * 2, c, np.int32(1000)))
    same(c, np.arange(1000) * 3.0)


@check
def raw_module_with_templates_and_variables() -> None:
    module = cp.RawModule(
        code="template <typename T> __global__ void twice(T *p) { p[threadIdx.x] *= 2; }\n"
        "__device__ int marker; __global__ void mark() { marker = 7; }",
        options=("-std=c++17",),
        name_expressions=["twice<float>", "twice<double>", "marker", "mark"],
    )
    for kind, name in (("f", "twice<float>"), ("d", "twice<double>")):
        a = cp.arange(8, dtype=kind)
        module.get_function(name)((1,), (8,), (a,))
        same(a, np.arange(8) * 2)
    module.get_function("mark")((1,), (1,), ())
    same(cp.ndarray((), "i", module.get_global("marker")), 7)


@check
def elementwise_and_reduction_kernels() -> None:
    a, b = rng.random(50), rng.random(50)
    square = cp.ElementwiseKernel("T x, T y", "T z", "z = (x - y) * (x - y)", "square")
    same(square(cp.asarray(a), cp.asarray(b)), (a - b) ** 2)
    norm = cp.ReductionKernel("T x", "T y", "x * x", "a + b", "y = sqrt(a)", "0", "norm")
    same(norm(cp.asarray(a)), np.linalg.norm(a))


@check
def fused_functions() -> None:
    @cp.fuse()
    def fused(x: Any, y: Any) -> Any:
        return cp.sqrt(x * x + y * y) + 1

    a, b = rng.random(50), rng.random(50)
    same(fused(cp.asarray(a), cp.asarray(b)), np.sqrt(a * a + b * b) + 1)


@check
def a_kernel_written_in_python() -> None:
    from cupyx import jit

    @jit.rawkernel()
    def twice(x: Any, y: Any, n: Any) -> None:
        i = jit.blockIdx.x * jit.blockDim.x + jit.threadIdx.x
        if i < n:
            y[i] = x[i] * 2

    x, y = cp.arange(100, dtype="f"), cp.zeros(100, dtype="f")
    twice((1,), (128,), (x, y, np.uint32(100)))
    same(y, np.arange(100) * 2.0)


@check
def products_of_matrices() -> None:
    for kind in "efdFD":
        tolerance = 1e-2 if kind == "e" else 1e-4
        a, b = rng.random((17, 23)).astype(kind), rng.random((23, 9)).astype(kind)
        if kind in "FD":
            a = a + 1j * rng.random(a.shape).astype(kind)
        same(cp.asarray(a) @ cp.asarray(b), a @ b, rtol=tolerance)
        same(cp.dot(cp.asarray(b.T), cp.asarray(a.T)), b.T @ a.T, rtol=tolerance)
    a = rng.random((4, 8, 8))
    d = cp.asarray(a)
    same(d @ d, a @ a)
    same(cp.tensordot(d, d, axes=([2], [1])), np.tensordot(a, a, axes=([2], [1])))
    same(cp.einsum("bij,bjk->bik", d, d), a @ a)
    v = rng.random(9)
    e = cp.asarray(v)
    same(cp.dot(e, e), v @ v)
    same(cp.linalg.norm(e), np.linalg.norm(v))
    same(cp.outer(e, e), np.outer(v, v))


@check
def linear_algebra() -> None:
    a = rng.random((6, 6))
    a = a @ a.T + 6 * np.eye(6)
    d = cp.asarray(a)
    same(cp.linalg.inv(d), np.linalg.inv(a))
    same(cp.linalg.solve(d, d[0]), np.linalg.solve(a, a[0]))
    same(cp.linalg.cholesky(d), np.linalg.cholesky(a))
    same(cp.linalg.det(d), np.linalg.det(a))
    q, r = cp.linalg.qr(d)
    same(q @ r, a)
    u, s, v = cp.linalg.svd(d)
    same(s, np.linalg.svd(a)[1])
    same((u * s) @ v, a)
    same(cp.linalg.eigh(d)[0], np.linalg.eigvalsh(a))
    same(cp.linalg.lstsq(d, d[0])[0], np.linalg.lstsq(a, a[0])[0])
    same(cp.linalg.pinv(d), np.linalg.pinv(a))


@check
def fourier_transforms() -> None:
    for kind, tolerance in (("f", 1e-4), ("d", 1e-9)):
        a = rng.random((6, 10, 8)).astype(kind)
        d, close = cp.asarray(a), {"rtol": tolerance, "atol": tolerance}
        same(cp.fft.fft(d), np.fft.fft(a), **close)
        same(cp.fft.ifft(d, axis=0), np.fft.ifft(a, axis=0), **close)
        same(cp.fft.rfft(d), np.fft.rfft(a), **close)
        same(cp.fft.irfft(cp.fft.rfft(d)), a, **close)
        same(cp.fft.fftn(d), np.fft.fftn(a), **close)
        same(cp.fft.irfftn(cp.fft.rfftn(d)), a, **close)
        same(cp.fft.fft(d, n=7), np.fft.fft(a, n=7), **close)


@check
def random_numbers() -> None:
    cp.random.seed(3)
    same(cp.random.rand(10000).mean(), 0.5, atol=0.02)
    normal = cp.random.randn(10000)
    same(normal.mean(), 0, atol=0.05)
    same(normal.std(), 1, atol=0.05)
    same(cp.sort(cp.random.permutation(10)), np.arange(10))
    same(cp.random.poisson(3, 10000).mean(), 3, atol=0.2)
    same(cp.random.gamma(2, 1, 10000).mean(), 2, atol=0.2)
    same(cp.random.binomial(10, 0.5, 10000).mean(), 5, atol=0.2)


@check
def random_generators_on_the_device() -> None:
    generator = cp.random.default_rng(1)
    same(generator.random(10000).mean(), 0.5, atol=0.02)
    same(generator.standard_normal(10000).std(), 1, atol=0.05)
    same(generator.exponential(1, 10000).mean(), 1, atol=0.1)


@check
def streams_and_events() -> None:
    stream = cp.cuda.Stream(non_blocking=True)
    with stream:
        total = (cp.arange(100, dtype="f") * 2).sum()
    stream.synchronize()
    same(total, 9900.0)
    begin, end = cp.cuda.Event(), cp.cuda.Event()
    begin.record()
    cp.ones((50, 50)) @ cp.ones((50, 50))
    end.record()
    end.synchronize()
    assert cp.cuda.get_elapsed_time(begin, end) >= 0


@check
def graphs() -> None:
    stream = cp.cuda.Stream(non_blocking=True)
    with stream:
        a = cp.arange(10, dtype="f")
        b = a * 3
        stream.synchronize()
        stream.begin_capture()
        cp.multiply(a, 3, out=b)
        graph = stream.end_capture()
        b.fill(0)
        graph.launch()
        stream.synchronize()
    same(b, np.arange(10) * 3.0)


@check
def memory_pools() -> None:
    pool = cp.get_default_memory_pool()
    kept = cp.zeros(1 << 20)
    assert pool.used_bytes() >= kept.nbytes
    cp.cuda.malloc_managed(100)
    cp.cuda.alloc_pinned_memory(100)


@check
def special_functions() -> None:
    x = rng.random(20) * 3 + 0.5
    d = cp.asarray(x)
    for name in ("gamma", "erf", "gammaln", "j0", "zeta"):
        arguments, expected = ([d], [x]) if name != "zeta" else ([d + 1, d], [x + 1, x])
        found = getattr(cupyx.scipy.special, name)(*arguments)
        same(found, getattr(scipy.special, name)(*expected), rtol=1e-4)


@check
def filters_and_convolutions() -> None:
    a = rng.random((12, 12))
    d = cp.asarray(a)
    same(cupyx.scipy.ndimage.gaussian_filter(d, 1.0), scipy.ndimage.gaussian_filter(a, 1.0))
    same(cupyx.scipy.signal.fftconvolve(d, d), scipy.signal.fftconvolve(a, a))
    same(cupyx.scipy.signal.convolve2d(d, d[:3, :3]), scipy.signal.convolve2d(a, a[:3, :3]))


@check
def sparse_matrices() -> None:
    a = scipy.sparse.random(20, 15, density=0.3, random_state=1, format="csr")
    d = cupyx.scipy.sparse.csr_matrix(a)
    v, m = rng.random(15), rng.random((15, 4))
    same(d @ cp.asarray(v), a @ v)
    same(d @ cp.asarray(m), a @ m)
    same(d.toarray(), a.toarray())
    same(d.T.toarray(), a.T.toarray())
    same(d.tocsc().toarray(), a.toarray())
    same(d.tocoo().toarray(), a.toarray())
    same((d + d).toarray(), (a + a).toarray())
    same((d @ d.T).toarray(), (a @ a.T).toarray())


run()
