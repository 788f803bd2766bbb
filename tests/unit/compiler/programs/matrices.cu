// Matrix operations of warps (wmma) in every shape and type, and 8-bit floating point.
#include <cuda_fp8.h>
#include <hip/hip_fp8.h>
#include <mma.h>

#include <cmath>

#include "check.h"

using namespace nvcuda;

constexpr int MOST = 32 * 32;

template <typename T>
struct In {
    using type = T;
};
template <>
struct In<wmma::precision::tf32> {
    using type = float;
};

template <int M, int N, int K, typename T, typename LA, typename LB, typename D>
__global__ void multiply(const typename In<T>::type *a, const typename In<T>::type *b, const D *c,
                         D *d, wmma::layout_t layout)
{
    wmma::fragment<wmma::matrix_a, M, N, K, T, LA> fa;
    wmma::fragment<wmma::matrix_b, M, N, K, T, LB> fb;
    wmma::fragment<wmma::accumulator, M, N, K, D> fc, fd;
    wmma::load_matrix_sync(fa, a, std::is_same<LA, wmma::row_major>::value ? K + 8 : M + 8);
    wmma::load_matrix_sync(fb, b, std::is_same<LB, wmma::row_major>::value ? N : K);
    wmma::load_matrix_sync(fc, c, layout == wmma::mem_row_major ? N : M, layout);
    wmma::fill_fragment(fd, 0.0f);
    for (int i = 0; i < fc.num_elements; ++i)
        fc.x[i] = fc.x[i] + fc.x[i];
    wmma::mma_sync(fd, fa, fb, fc);
    // The second of two warps writes, so that both halves of a wave of 64 have a part.
    if (threadIdx.x >= 32)
        wmma::store_matrix_sync(d, fd, layout == wmma::mem_row_major ? N : M, layout);
}

template <int M, int N, int K, typename T, typename LA, typename LB, typename D>
static void check(const char *name, wmma::layout_t layout, int limit)
{
    using E = typename In<T>::type;
    Managed<E, MOST> a, b;
    Managed<D, MOST> c, d;
    bool ra = std::is_same<LA, wmma::row_major>::value, rb = std::is_same<LB, wmma::row_major>::value;
    bool rc = layout == wmma::mem_row_major;
    double fa[32][32], fb[32][32], fc[32][32];
    unsigned seed = 1;
    auto next = [&] { return (int)((seed = seed * 1664525 + 1013904223) >> 16) % limit; };
    for (int i = 0; i < M; ++i)
        for (int k = 0; k < K; ++k)
            a.data[ra ? i * (K + 8) + k : k * (M + 8) + i] = (E)(float)(fa[i][k] = next());
    for (int k = 0; k < K; ++k)
        for (int j = 0; j < N; ++j)
            b.data[rb ? k * N + j : j * K + k] = (E)(float)(fb[k][j] = next());
    for (int i = 0; i < M; ++i)
        for (int j = 0; j < N; ++j)
            c.data[rc ? i * N + j : j * M + i] = (D)(float)(fc[i][j] = next());
    multiply<M, N, K, T, LA, LB, D><<<1, 64>>>(a, b, c, d, layout);
    cudaDeviceSynchronize();
    for (int i = 0; i < M; ++i)
        for (int j = 0; j < N; ++j) {
            double sum = 2 * fc[i][j];
            for (int k = 0; k < K; ++k)
                sum += fa[i][k] * fb[k][j];
            double found = d.data[rc ? i * N + j : j * M + i];
            expect(name, i * N + j, sum, found);
        }
}

using R = wmma::row_major;
using C = wmma::col_major;

__global__ void to_fp8(const float *in, unsigned char *out)
{
    float x = in[threadIdx.x];
    out[8 * threadIdx.x] = __nv_cvt_float_to_fp8(x, __NV_SATFINITE, __NV_E4M3);
    out[8 * threadIdx.x + 1] = __nv_cvt_float_to_fp8(x, __NV_NOSAT, __NV_E5M2);
    out[8 * threadIdx.x + 2] = __hip_cvt_float_to_fp8(x, __HIP_SATFINITE, __HIP_E4M3_FNUZ);
    out[8 * threadIdx.x + 3] = __nv_fp8_e5m2(x).__x;
    out[8 * threadIdx.x + 4] = __nv_fp8x2_e4m3(make_float2(1, x)).__x >> 8;
}

// The nearest of an encoding's numbers, by trying all; of two as near the even one.
template <typename Decode>
static int nearest(float x, int last, Decode decode)
{
    int best = 0;
    for (int code = 1; code <= last; ++code) {
        double now = std::fabs(decode(code) - std::fabs((double)x));
        double then = std::fabs(decode(best) - std::fabs((double)x));
        if (now < then || (now == then && code % 2 == 0))
            best = code;
    }
    return best | (std::signbit(x) ? 0x80 : 0);
}

int main()
{
    check<16, 16, 16, half, R, C, float>("f16, 16x16x16", wmma::mem_row_major, 50);
    check<16, 16, 16, half, C, R, half>("f16 to f16", wmma::mem_col_major, 8);
    check<32, 8, 16, half, R, R, float>("f16, 32x8x16", wmma::mem_col_major, 50);
    check<8, 32, 16, __nv_bfloat16, C, C, float>("bf16, 8x32x16", wmma::mem_row_major, 50);
    check<16, 16, 8, wmma::precision::tf32, R, C, float>("tf32", wmma::mem_row_major, 500);
    check<8, 8, 4, double, R, C, double>("f64", wmma::mem_row_major, 5000);
    check<16, 16, 16, signed char, R, C, int>("s8", wmma::mem_row_major, 127);
    check<32, 8, 16, unsigned char, R, C, int>("u8", wmma::mem_row_major, 255);

    constexpr int N = 64;
    Managed<float, N> in;
    Managed<unsigned char, 8 * N> out;
    for (int i = 0; i < N; ++i)
        in[i] = std::ldexp(1.0f + (i * 37 % 64) / 64.0f, i % 30 - 20) * (i % 3 ? 1 : -1);
    in[0] = 0, in[1] = 1e9f, in[2] = -464, in[3] = 448, in[4] = 61440, in[5] = 61439;
    to_fp8<<<1, N>>>(in, out);
    cudaDeviceSynchronize();
    for (int i = 0; i < N; ++i) {
        auto e4m3 = [](int code) { return (double)__half(__nv_cvt_fp8_to_halfraw(code, __NV_E4M3)); };
        auto e5m2 = [](int code) { return (double)__half(__nv_cvt_fp8_to_halfraw(code, __NV_E5M2)); };
        auto fnuz = [](int code) {
            return (double)__half(__hip_cvt_fp8_to_halfraw(code, __HIP_E4M3_FNUZ));
        };
        float x = in[i];
        int e = nearest(x, 0x7e, e4m3), f = nearest(x, 0x7f, fnuz), g = nearest(x, 0x7b, e5m2);
        expect("e4m3", i, e, (int)out[8 * i]);
        expect("e5m2", i, std::fabs(x) >= 61440 ? (g & 0x80) | 0x7c : g, (int)out[8 * i + 1]);
        expect("e4m3 fnuz", i, f == 0x80 ? 0 : f, (int)out[8 * i + 2]);
        expect("e5m2 saturated", i, g, (int)out[8 * i + 3]);
        expect("second of a pair", i, e, (int)out[8 * i + 4]);
    }
    expect("e4m3", 0x38, 1.0f, (float)__nv_fp8_e4m3(1));
    expect("e4m3's largest", 0x7e, 448.0f, (float)__nv_fp8_e4m3(1e5));
    expect("e5m2's least", 1, std::ldexp(1.0f, -16), (float)__nv_fp8_e5m2(std::ldexp(1.0, -16)));
    expect("fnuz' largest", 0x7f, 240.0f, (float)__hip_fp8_e4m3_fnuz(300));
    expect("nan", 0, true, std::isnan((float)__nv_fp8_e4m3(NAN)));
    return verdict();
}
