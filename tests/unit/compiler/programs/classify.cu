// isnan and its kin, unqualified and qualified, in host code, device code and both.
#include "check.h"

__host__ __device__ int facts(float a, double b)
{
    return isnan(a) | isinf(a) << 1 | signbit(a) << 2 | isfinite(b) << 3 | isnan(b) << 4 |
           (isinf(b) != 0) << 5 | std::isnan(a) << 6 | std::isinf(b) << 7 | std::isfinite(a) << 8;
}

template <typename T>
__host__ __device__ int general(T a)
{
    return isnan(a) | isinf(a) << 1 | !isfinite(a) << 2 | std::isnan(a) << 3;
}

static int only_host(float a)
{
    return isnan(a) | isnormal(a) << 1 | isgreater(a, 1.0f) << 2 | (fabs(a) > abs(-0.5f)) << 3;
}

constexpr int N = 5;

__global__ void classify(const float *in, int *out)
{
    int i = threadIdx.x;
    out[2 * i] = facts(in[i], -in[i]);
    out[2 * i + 1] = general(in[i]) + 100 * general((double)in[i]);
}

int main()
{
    Managed<float, N> in;
    Managed<int, 2 * N> out;
    const float values[N] = {1.5f, -2.0f, NAN, INFINITY, -INFINITY};
    const int ordinary[N] = {14, 10, 1, 12, 8};
    memcpy(in, values, sizeof(values));
    classify<<<1, N>>>(in, out);
    cudaDeviceSynchronize();
    for (int i = 0; i < N; ++i) {
        expect("facts", i, facts(values[i], -values[i]), out[2 * i]);
        expect("general", i, general(values[i]) * 101, out[2 * i + 1]);
        expect("host", i, ordinary[i], only_host(values[i]));
    }
    return verdict();
}
