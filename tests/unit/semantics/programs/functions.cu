// The device library's mathematical functions against the host's, over ordinary and special values.
#include "../../compiler/programs/check.h"

#include <cstdint>

constexpr int N = 2048;

// Name, expression in x, and the bound in units of the last place.
#define SINGLE(X)                                                                                  \
    X(sin, sinf(x), 4) X(cos, cosf(x), 4) X(tan, tanf(x), 4) X(exp, expf(x), 4)                    \
    X(exp2, exp2f(x), 4) X(expm1, expm1f(x), 4) X(log, logf(fabsf(x)), 4)                          \
    X(log2, log2f(fabsf(x)), 4) X(log1p, log1pf(fabsf(x)), 4) X(log10, log10f(fabsf(x)), 4)        \
    X(sqrt, sqrtf(fabsf(x)), 0) X(cbrt, cbrtf(x), 2) X(atan, atanf(x), 4)                          \
    X(asin, asinf(x / 200), 4) X(sinh, sinhf(x / 10), 4) X(tanh, tanhf(x), 4) X(erf, erff(x), 4)   \
    X(tgamma, tgammaf(fabsf(x) / 10 + 0.1f), 16) X(pow, powf(fabsf(x), 1.7f), 4)                   \
    X(atan2, atan2f(x, 1.3f), 4) X(fmod, fmodf(x, 3.7f), 0) X(hypot, hypotf(x, 2), 4)              \
    X(remainder, remainderf(x, 2.7f), 0) X(floor, floorf(x), 0) X(rint, rintf(x), 0)               \
    X(round, roundf(x), 0) X(max, fmaxf(x, 1), 0) X(min, fminf(x, -1), 0) X(dim, fdimf(x, 1), 0)   \
    X(reciprocal, 1 / x, 0) X(quotient, x / 3.7f, 0) X(ldexp, ldexpf(x, -140), 0)
#define DOUBLE(X)                                                                                  \
    X(sin, sin(x), 4) X(cos, cos(x), 4) X(tan, tan(x), 4) X(exp, exp(x), 4)                        \
    X(log, log(fabs(x)), 4) X(sqrt, sqrt(fabs(x)), 0) X(cbrt, cbrt(x), 2) X(atan, atan(x), 4)      \
    X(tanh, tanh(x), 4) X(erf, erf(x), 4) X(pow, pow(fabs(x), 1.7), 4) X(fmod, fmod(x, 3.7), 0)    \
    X(reciprocal, 1 / x, 0) X(floor, floor(x), 0) X(rint, rint(x), 0)                              \
    X(many_turns, sin(x * 1e200), 4) X(ldexp, ldexp(x, -1060), 0)

#define KERNELS(name, expression, bound)                                                           \
    __global__ void name##_kernel(const real *in, real *out)                                       \
    {                                                                                              \
        int i = blockIdx.x * blockDim.x + threadIdx.x;                                             \
        real x = in[i];                                                                            \
        out[i] = expression;                                                                       \
    }                                                                                              \
    static real name##_host(real x) { return expression; }

namespace single_precision {
using real = float;
SINGLE(KERNELS)
}
namespace double_precision {
using real = double;
DOUBLE(KERNELS)
}

template <typename real>
static void compare(const char *name, const real *in, const real *out, real (*host)(real),
                    double bound)
{
    for (int i = 0; i < N; ++i) {
        real want = host(in[i]), got = out[i];
        if (want == got || (std::isnan(want) && std::isnan(got)))
            continue;
        real unit = std::nextafter(std::fabs(want), (real)INFINITY) - std::fabs(want);
        if (!(std::fabs((double)want - got) <= bound * unit))
            expect(name, i, want, got);
    }
}

template <typename real>
static void fill(real *x)
{
    uint32_t state = 1;
    for (int i = 0; i < N; ++i) {
        state = state * 1664525 + 1013904223;
        x[i] = ((int)(state >> 8) - (1 << 23)) / (real)(1 << 23) * (i % 16 ? 100 : (real)0.1);
    }
    const real special[] = {0, (real)-0.0, INFINITY, -INFINITY, NAN, (real)1e-40, (real)3e38, 1};
    for (int i = 0; i < 8; ++i)
        x[i] = special[i];
}

int main()
{
    Managed<float, N> x, y;
    Managed<double, N> u, v;
    fill<float>(x);
    fill<double>(u);
#define RUN_SINGLE(name, expression, bound)                                                        \
    single_precision::name##_kernel<<<N / 256, 256>>>(x, y);                                       \
    cudaDeviceSynchronize();                                                                       \
    compare<float>(#name, x, y, single_precision::name##_host, bound);
#define RUN_DOUBLE(name, expression, bound)                                                        \
    double_precision::name##_kernel<<<N / 256, 256>>>(u, v);                                       \
    cudaDeviceSynchronize();                                                                       \
    compare<double>("double " #name, u, v, double_precision::name##_host, bound);
    SINGLE(RUN_SINGLE)
    DOUBLE(RUN_DOUBLE)
    return verdict();
}
