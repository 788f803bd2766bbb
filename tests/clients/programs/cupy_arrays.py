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
    "square reciprocal floor ceil rint trunc sign absolute negative positive fabs arcsinh arctanh "
    "deg2rad rad2deg signbit isnan isinf isfinite logical_not sinc i0 real imag conj angle"
)
BINARY = (
    "add subtract multiply true_divide floor_divide remainder power maximum minimum bitwise_and "
    "bitwise_or bitwise_xor left_shift right_shift gcd lcm less equal logical_and hypot arctan2 "
    "less_equal greater greater_equal not_equal logical_or logical_xor floor_divide divmod fmod "
    "float_power copysign nextafter logaddexp logaddexp2 fmax fmin ldexp"
)
COMPLEX = "sin cos tan sinh cosh tanh exp log sqrt square reciprocal abs angle conj"


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
        found = getattr(cp, name)(cp.asarray(x), cp.asarray(y))
        expected = getattr(np, name)(x, y)
        for one, other in zip(*map(_parts, (found, expected)), strict=True):
            same(one, other)


def _parts(result: Any) -> tuple[Any, ...]:
    return result if isinstance(result, tuple) else (result,)


@check
def functions_of_complex_numbers() -> None:
    a = rng.standard_normal(60) + 1j * rng.standard_normal(60)
    for name in COMPLEX.split():
        for kind, tolerance in (("F", 2e-4), ("D", 1e-10)):
            x = a.astype(kind)
            same(getattr(cp, name)(cp.asarray(x)), getattr(np, name)(x), rtol=tolerance, atol=1e-6)


@check
def functions_with_two_results() -> None:
    a = rng.standard_normal(60) * 100
    for name in ("modf", "frexp"):
        for one, other in zip(getattr(cp, name)(cp.asarray(a)), getattr(np, name)(a), strict=True):
            same(one, other)


@check
def halves_and_their_edges() -> None:
    a = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 65504, 6e-8, 1.5, -2.25], np.float16)
    d = cp.asarray(a)
    for name in ("exp", "sqrt", "floor", "isnan", "isinf", "sign", "negative"):
        with np.errstate(all="ignore"):
            same(getattr(cp, name)(d), getattr(np, name)(a), rtol=2e-3)
    with np.errstate(all="ignore"):
        same(d + d, a + a)
        same(d * d, a * a)
        same(d.astype("f"), a.astype("f"))
        same(cp.asarray(a.astype("f")).astype("e"), a)


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
def reductions_of_all_kinds() -> None:
    a = rng.random((17, 130))
    a[3, 5] = a[9, 100] = np.nan
    d = cp.asarray(a)
    for name in ("nansum", "nanprod", "nanmax", "nanmin", "nanmean", "nanstd", "nanargmax"):
        same(getattr(cp, name)(d), getattr(np, name)(a))
    a = np.nan_to_num(a)
    d = cp.asarray(a)
    for name in ("median", "average", "ptp", "cov", "corrcoef", "nanmedian"):
        same(getattr(cp, name)(d), getattr(np, name)(a))
    same(cp.percentile(d, [10, 50, 99]), np.percentile(a, [10, 50, 99]))
    same(cp.quantile(d, 0.3, axis=1), np.quantile(a, 0.3, axis=1))
    for kind in "bBhHiIlLefd":
        x = (rng.random(5000) * 10).astype(kind)
        e = cp.asarray(x)
        same(e.sum(), x.sum(), rtol=1e-2 if kind == "e" else 1e-4)
        same(e.max(), x.max())
        same(e.argmin(), x.argmin())
        same(cp.cumsum(e, dtype="d"), np.cumsum(x, dtype="d"))
    same(cp.sum(cp.ones((3, 4, 5, 6)), axis=(0, 2)), np.full((4, 6), 15.0))


@check
def differences_and_interpolation() -> None:
    a = np.sort(rng.random(50))
    d = cp.asarray(a)
    same(cp.diff(d, 2), np.diff(a, 2))
    same(cp.ediff1d(d), np.ediff1d(a))
    same(cp.gradient(d), np.gradient(a))
    same(cp.interp(d, d[::5], d[::5] * 2), np.interp(a, a[::5], a[::5] * 2))
    same(cp.convolve(d, d[:7]), np.convolve(a, a[:7]))
    same(cp.correlate(d, d[:7]), np.correlate(a, a[:7]))
    same(cp.polyval(d[:4], d), np.polyval(a[:4], a))
    same(cp.bincount(cp.asarray([1, 1, 4, 2])), np.bincount([1, 1, 4, 2]))
    same(cp.digitize(d, d[::9]), np.digitize(a, a[::9]))
    same(cp.kron(d[:3], d[:4]), np.kron(a[:3], a[:4]))


@check
def sorting_of_every_dtype() -> None:
    for kind in "bBhHiIlLefd":
        a = (rng.random(3000) * 200).astype(kind)
        d = cp.asarray(a)
        same(cp.sort(d), np.sort(a))
        same(d[cp.argsort(d)], np.sort(a))
        same(cp.unique(d), np.unique(a))
    a = rng.random((20, 30))
    d = cp.asarray(a)
    for axis in (0, 1):
        same(cp.sort(d, axis=axis), np.sort(a, axis=axis))
    same(cp.partition(d, 7)[:, 7], np.partition(a, 7)[:, 7])
    keys = rng.integers(0, 4, (2, 40))
    same(cp.lexsort(cp.asarray(keys)), np.lexsort(keys))
    values, counts = cp.unique(cp.asarray(keys), return_counts=True)
    same(counts, np.unique(keys, return_counts=True)[1])
    same(cp.isin(values, cp.asarray([1, 3])), np.isin(np.unique(keys), [1, 3]))
    same(cp.flatnonzero(d > 0.7), np.flatnonzero(a > 0.7))


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
def raw_module_with_shared_memory_and_atomics() -> None:
    module = cp.RawModule(
        code=r"""
        #include <hip/hip_fp16.h>
        extern "C" __global__ void total(const float *x, float *out, int n) {
            extern __shared__ float part[];
            float sum = 0;
            for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
                sum += x[i];
            part[threadIdx.x] = sum;
            __syncthreads();
            for (int half = blockDim.x / 2; half > 0; half /= 2) {
                if (threadIdx.x < half)
                    part[threadIdx.x] += part[threadIdx.x + half];
                __syncthreads();
            }
            if (threadIdx.x == 0)
                atomicAdd(out, part[0]);
        }
        extern "C" __global__ void histogram(const unsigned *x, unsigned *bins, int n) {
            int i = blockIdx.x * blockDim.x + threadIdx.x;
            if (i < n)
                atomicAdd(&bins[x[i] % 32], 1u);
        }
        extern "C" __global__ void shift(const int *x, int *y) {
            y[threadIdx.x] = __shfl_up(x[threadIdx.x], 1);
        }
        extern "C" __global__ void halves(const __half *x, __half *y) {
            y[threadIdx.x] = __hmul(x[threadIdx.x], __float2half(2.0f));
        }
        """
    )
    x, out = rng.random(10000, dtype=np.float32), cp.zeros(1, "f")
    total = module.get_function("total")
    total((8,), (256,), (cp.asarray(x), out, np.int32(x.size)), shared_mem=4 * 256)
    same(out[0], x.sum(dtype="d"), rtol=1e-5)
    numbers, bins = rng.integers(0, 1000, 5000).astype("I"), cp.zeros(32, "I")
    histogram = module.get_function("histogram")
    histogram((20,), (256,), (cp.asarray(numbers), bins, np.int32(5000)))
    same(bins, np.bincount(numbers % 32, minlength=32))
    row = cp.zeros(32, "i")
    module.get_function("shift")((1,), (32,), (cp.arange(32, dtype="i"), row))
    same(row, [0, *range(31)])
    half = cp.zeros(32, "e")
    module.get_function("halves")((1,), (32,), (cp.arange(32, dtype="e"), half))
    same(half, np.arange(32) * 2.0)


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
    same(cp.linalg.slogdet(d)[1], np.linalg.slogdet(a)[1])
    same(cp.linalg.matrix_power(d, 3), np.linalg.matrix_power(a, 3))
    same(cp.linalg.matrix_rank(d), 6)
    same(cp.linalg.eigvalsh(d), np.linalg.eigvalsh(a))
    same(cp.trace(d), np.trace(a))
    for order in (1, 2, np.inf, "fro", "nuc"):
        same(cp.linalg.norm(d, order), np.linalg.norm(a, order))
    b = rng.random((3, 5, 5)) + 5 * np.eye(5)
    e = cp.asarray(b)
    same(cp.linalg.inv(e), np.linalg.inv(b))
    same(cp.linalg.solve(e, e), np.linalg.solve(b, b))
    same(cp.linalg.det(e), np.linalg.det(b))
    for kind, tolerance in (("f", 1e-4), ("F", 1e-4), ("D", 1e-9)):
        c = (a + (1j * np.triu(a, 1) - 1j * np.tril(a, -1) if kind in "FD" else 0)).astype(kind)
        f = cp.asarray(c)
        close = {"rtol": tolerance, "atol": tolerance}
        same(cp.linalg.inv(f) @ f, np.eye(6), **close)
        same(cp.linalg.solve(f, f[0]), np.linalg.solve(c, c[0]), **close)
        same(cp.linalg.eigh(f)[0], np.linalg.eigvalsh(c), **close)
        same(cp.linalg.svd(f)[1], np.linalg.svd(c)[1], **close)
        factor = cp.linalg.cholesky(f)
        same(factor @ factor.conj().T, c, **close)


@check
def solvers_of_scipy() -> None:
    import cupyx.scipy.linalg
    import scipy.linalg

    a = rng.random((7, 7)) + 3 * np.eye(7)
    d = cp.asarray(a)
    factors = cupyx.scipy.linalg.lu_factor(d)
    same(cupyx.scipy.linalg.lu_solve(factors, d[0]), np.linalg.solve(a, a[0]))
    p, lower, upper = cupyx.scipy.linalg.lu(d)
    same(p @ lower @ upper, a)
    solved = cupyx.scipy.linalg.solve_triangular(cp.triu(d), d[0])
    same(solved, scipy.linalg.solve_triangular(np.triu(a), a[0]))
    same(cupyx.scipy.linalg.expm(d / 4), scipy.linalg.expm(a / 4), rtol=1e-8)


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
        same(cp.fft.fft2(d), np.fft.fft2(a), **close)
        same(cp.fft.hfft(d), np.fft.hfft(a), **close)
        same(cp.fft.ihfft(d), np.fft.ihfft(a), **close)
        same(cp.fft.fftshift(d), np.fft.fftshift(a))
        same(cp.fft.rfft2(d, axes=(0, 2)), np.fft.rfft2(a, axes=(0, 2)), **close)
    for length in (1, 2, 3, 17, 64, 100, 1009):
        x = rng.random(length) + 1j * rng.random(length)
        same(cp.fft.fft(cp.asarray(x)), np.fft.fft(x), rtol=1e-9, atol=1e-9)


@check
def cosine_transforms() -> None:
    import cupyx.scipy.fft
    import scipy.fft

    a = rng.random((4, 12))
    d = cp.asarray(a)
    for name in ("dct", "idct", "dst", "idst"):
        same(getattr(cupyx.scipy.fft, name)(d), getattr(scipy.fft, name)(a))
    same(cupyx.scipy.fft.dctn(d), scipy.fft.dctn(a))


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
    same(cp.random.beta(2, 3, 10000).mean(), 0.4, atol=0.02)
    same(cp.random.chisquare(3, 10000).mean(), 3, atol=0.2)
    same(cp.random.laplace(1, 1, 10000).mean(), 1, atol=0.1)
    same(cp.random.logistic(1, 1, 10000).mean(), 1, atol=0.1)
    same(cp.log(cp.random.lognormal(1, 1, 10000)).mean(), 1, atol=0.1)
    same(cp.random.standard_t(9, 10000).mean(), 0, atol=0.1)
    same(cp.random.geometric(0.5, 10000).mean(), 2, atol=0.1)
    same(cp.random.rayleigh(1, 10000).mean(), np.sqrt(np.pi / 2), atol=0.05)
    numbers = cp.random.randint(3, 9, 10000)
    assert (3, 8) == (int(numbers.min()), int(numbers.max()))
    chosen = cp.random.choice(cp.asarray([2.0, 5.0]), 10000, p=cp.asarray([0.25, 0.75]))
    same(chosen.mean(), 4.25, atol=0.1)
    cp.random.seed(5)
    first = cp.random.rand(100)
    cp.random.seed(5)
    same(cp.random.rand(100), cp.asnumpy(first))


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
    same(d.multiply(d).toarray(), a.multiply(a).toarray())
    same(d.sum(axis=0), a.sum(axis=0))
    same(d.max(axis=1).toarray(), a.max(axis=1).toarray())
    same(d[3:9].toarray(), a[3:9].toarray())
    same(d[:, 4].toarray(), a[:, [4]].toarray())
    same(abs(d * -2).toarray(), abs(a * -2).toarray())
    same(d.diagonal(), a.diagonal())
    for kind in "fFD":
        same((d.astype(kind) @ cp.asarray(v.astype(kind))), a.astype(kind) @ v, rtol=1e-4)


@check
def sparse_solvers() -> None:
    import cupyx.scipy.sparse.linalg

    a = scipy.sparse.random(30, 30, density=0.1, random_state=2, format="csr")
    a = (a @ a.T + 5 * scipy.sparse.eye(30)).tocsr()
    d, b = cupyx.scipy.sparse.csr_matrix(a), rng.random(30)
    expected = np.linalg.solve(a.toarray(), b)
    same(cupyx.scipy.sparse.linalg.cg(d, cp.asarray(b), rtol=1e-12)[0], expected, rtol=1e-5)
    same(cupyx.scipy.sparse.linalg.gmres(d, cp.asarray(b), rtol=1e-12)[0], expected, rtol=1e-5)
    values = cupyx.scipy.sparse.linalg.eigsh(d, k=3, return_eigenvectors=False)
    same(cp.sort(values), np.linalg.eigvalsh(a.toarray())[-3:], rtol=1e-6)


run()
