// Half precision and bfloat16 on the GPU against single precision on the host, and conversions.
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "check.h"

constexpr int N = 96, OUTPUTS = 16;

__global__ void compute(const float *in, float *out, half2 *sum, half *total, __nv_bfloat162 *pair)
{
    int i = threadIdx.x;
    half x = __float2half(in[i]), y = __float2half(in[N - 1 - i]);
    float *o = out + i * OUTPUTS;
    o[0] = __half2float(x + y);
    o[1] = __half2float(__hmul(x, y));
    o[2] = __half2float(__hfma(x, y, x));
    o[3] = __half2float(hsqrt(__habs(x)));
    o[4] = __low2float(__hadd2(__halves2half2(x, y), __half2half2(y)));
    o[5] = __high2float(__hmul2(__halves2half2(x, y), __float2half2_rn(3.0f)));
    o[6] = __hgt(x, y) + 2 * __heq(x, x) + 4 * (x < y);
    o[7] = __half2int_rz(x * half(100.0f));
    o[8] = __half2float(__shfl_xor_sync(0xffffffff, x, 1));
    o[9] = __half2float(__ushort_as_half(__half_as_ushort(x)));
    __nv_bfloat16 p = __float2bfloat16(in[i]), q = __float2bfloat16(in[N - 1 - i]);
    o[10] = __bfloat162float(p);
    o[11] = __bfloat162float(p * q);
    o[12] = __bfloat162float(__hfma(p, q, p));
    o[13] = __half2float(__hmax(x, y)) + __bfloat162float(__hmin(p, q));
    o[14] = __half2float(hexp(x));
    o[15] = __half2float(__float2half_rz(in[i]));
    atomicAdd(sum, __floats2half2_rn(1.0f, 2.0f));
    atomicAdd(total, half(0.5f));
    atomicAdd(pair, __floats2bfloat162_rn(1.0f, 0.5f));
}

static float rounded(float x) { return __half2float(__float2half(x)); }

static float rounded_bf16(float x)
{
    unsigned bits;
    memcpy(&bits, &x, 4);
    unsigned low = bits & 0xffff, odd = bits >> 16 & 1;
    bits = (bits & 0xffff0000) + (low > 0x8000 || (low == 0x8000 && odd) ? 0x10000 : 0);
    memcpy(&x, &bits, 4);
    return x;
}

int main()
{
    Managed<float, N> in;
    Managed<float, N * OUTPUTS> out;
    Managed<half2, 1> sum;
    Managed<half, 1> total;
    Managed<__nv_bfloat162, 1> pair;
    for (int i = 0; i < N; ++i)
        in[i] = std::sin(i * 0.7f) * (1 + i % 5);
    compute<<<1, N>>>(in, out, sum, total, pair);
    cudaDeviceSynchronize();
    for (int i = 0; i < N; ++i) {
        float x = rounded(in[i]), y = rounded(in[N - 1 - i]), *o = out + i * OUTPUTS;
        float p = rounded_bf16(in[i]), q = rounded_bf16(in[N - 1 - i]);
        expect("add", i, rounded(x + y), o[0]);
        expect("mul", i, rounded(x * y), o[1]);
        expect("fma", i, rounded((float)((double)x * y + x)), o[2]);
        expect_near("sqrt", i, std::sqrt(std::fabs(x)), o[3], 1e-3);
        expect("hadd2", i, rounded(x + y), o[4]);
        expect("hmul2", i, rounded(3 * y), o[5]);
        expect("compare", i, (float)((x > y) + 2 + 4 * (x < y)), o[6]);
        expect("to int", i, std::trunc(rounded(x * 100)), o[7]);
        expect("shuffle", i, rounded(in[i ^ 1]), o[8]);
        expect("bits", i, x, o[9]);
        expect("bf16", i, p, o[10]);
        expect("bf16 mul", i, rounded_bf16(p * q), o[11]);
        expect("bf16 fma", i, rounded_bf16((float)((double)p * q + p)), o[12]);
        expect("max and min", i, std::fmax(x, y) + std::fmin(p, q), o[13]);
        expect_near("exp", i, std::exp(x), o[14], 2e-3);
        expect("towards zero", i, true, std::fabs(o[15]) <= std::fabs(in[i]));
    }
    expect("atomic half2", 0, (float)N, __low2float(sum[0]));
    expect("atomic half2", 1, 2.0f * N, __high2float(sum[0]));
    expect("atomic half", 0, 0.5f * N, __half2float(total[0]));
    expect("atomic bfloat162", 0, (float)N, __low2float(pair[0]));
    expect("atomic bfloat162", 1, 0.5f * N, __high2float(pair[0]));
    return verdict();
}
