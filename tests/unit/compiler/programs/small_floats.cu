// Half precision and bfloat16: every rounding of every conversion, and the functions on pairs.
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "check.h"

constexpr int N = 64, OUTPUTS = 40;

// The nearest, lower and higher number with `bits` significant bits, computed from scratch.
static double rounded(double x, int bits, double least, int where)
{
    if (x == 0)
        return 0;
    double unit = std::fmax(std::ldexp(1.0, std::ilogb(x) + 1 - bits), least), scaled = x / unit;
    return unit * (where < 0   ? std::floor(scaled)
                   : where > 0 ? std::ceil(scaled)
                               : std::nearbyint(scaled));
}
static double half_of(double x, int where) { return rounded(x, 11, std::ldexp(1.0, -24), where); }
static double bf16_of(double x, int where) { return rounded(x, 8, 0, where); }

__host__ __device__ void conversions(float x, float *o)
{
    o[0] = __half2float(__float2half_rn(x));
    o[1] = __half2float(__float2half_rd(x));
    o[2] = __half2float(__float2half_ru(x));
    o[3] = __half2float(__float2half_rz(x));
    o[4] = __bfloat162float(__float2bfloat16_rn(x));
    o[5] = __bfloat162float(__float2bfloat16_rd(x));
    o[6] = __bfloat162float(__float2bfloat16_ru(x));
    o[7] = __bfloat162float(__float2bfloat16_rz(x));
    int i = static_cast<int>(x * 1000);
    o[8] = __half2float(__int2half_rn(i));
    o[9] = __half2float(__int2half_rd(i));
    o[10] = __bfloat162float(__int2bfloat16_rn(i));
    o[11] = __bfloat162float(__ll2bfloat16_ru(i * 1000003ll));
    o[12] = __half2int_rd(__float2half(x));
    o[13] = __half2uint_ru(__float2half(x));
    o[14] = __bfloat162int_rn(__float2bfloat16(x));
    o[15] = __half2float(__double2half(x * 1.0000001));
}

__global__ void compute(const float *in, float *out)
{
    float x = in[threadIdx.x], y = in[N - 1 - threadIdx.x], *o = out + threadIdx.x * OUTPUTS;
    conversions(x, o);
    __half2 a = __floats2half2_rn(x, y), b = __floats2half2_rn(y, 1.0f);
    __nv_bfloat162 p = __floats2bfloat162_rn(x, y), q = __floats2bfloat162_rn(y, 1.0f);
    o += 16;
    o[0] = __high2float(__hgt2(a, b)) + 2 * __hbge2(a, a) + 4 * __hbltu2(a, b);
    o[1] = static_cast<float>(__heq2_mask(a, b));
    o[2] = __low2float(__hfma2_relu(a, b, a));
    o[3] = __high2float(__hadd2_sat(a, b));
    o[4] = __low2float(__hcmadd(a, b, a));
    o[5] = __high2float(__hmin2(a, b)) + __low2float(__hmax2(p, q));
    o[6] = __low2float(p * q) + __high2float(-p);
    o[7] = (a == a) + 2 * (p != q) + 4 * __hbeq2(p, p);
    o[8] = __low2float(h2sqrt(__habs2(p)));
    half nan = CUDART_NAN_FP16, one = CUDART_ONE_FP16;
    o[9] = __hne(nan, one) + 2 * __hneu(nan, one) + 4 * __hisnan(__hmin_nan(one, nan)) +
           8 * (__hmin(nan, one) == one) + 16 * __hltu(one, nan) + 32 * __hlt(one, nan);
    half c = __float2half(x);
    o[10] = __half2float(c++) + 1 - __half2float(c);
    __nv_bfloat16 d = q.x;
    d *= p.x;
    o[11] = __bfloat162float(d);
    o[12] = __low2float(__lowhigh2highlow(p)) + __high2float(__lows2bfloat162(p, q));
}

int main()
{
    static Managed<float, N> in;
    static Managed<float, N * OUTPUTS> out;
    for (int i = 0; i < N; ++i)
        in[i] = std::sin(i * 2.1f) * std::pow(1.7f, i % 16) / (i % 3 == 0 ? 30000.0f : 1.0f);
    compute<<<1, N>>>(in, out);
    cudaDeviceSynchronize();
    for (int i = 0; i < N; ++i) {
        float x = in[i], *o = out + i * OUTPUTS, host[16];
        double y = in[N - 1 - i], hx = half_of(x, 0), hy = half_of(y, 0);
        double bx = bf16_of(x, 0), by = bf16_of(y, 0);
        conversions(x, host);
        for (int k = 0; k < 16; ++k)
            expect("host and device", k, host[k], o[k]);
        int way[4] = {0, -1, 1, x < 0 ? 1 : -1}, whole = static_cast<int>(x * 1000);
        for (int k = 0; k < 4; ++k) {
            expect("to half", 4 * i + k, (float)half_of(x, way[k]), o[k]);
            expect("to bfloat16", 4 * i + k, (float)bf16_of(x, way[k]), o[4 + k]);
        }
        if (std::abs(whole) < 60000) {
            expect("int to half", i, (float)half_of(whole, 0), o[8]);
            expect("int to half below", i, (float)half_of(whole, -1), o[9]);
        }
        expect("int to bfloat16", i, (float)bf16_of(whole, 0), o[10]);
        expect("long to bfloat16", i, (float)bf16_of(whole * 1000003.0, 1), o[11]);
        expect("half to int", i, (float)std::floor(hx), o[12]);
        expect("half to unsigned", i, (float)std::fmax(0, std::ceil(hx)), o[13]);
        expect("bfloat16 to int", i, (float)std::nearbyint(bx), o[14]);
        o += 16;
        expect("relations", i, (float)((hy > 1) + 2 + 4 * (hx < hy && hy < 1)), o[0]);
        expect("mask", i, (float)((hx == hy ? 0xffff : 0) + (hy == 1 ? 0xffff0000 : 0)), o[1]);
        expect("relu", i, (float)std::fmax(0, half_of(hx * hy + hx, 0)), o[2]);
        expect("saturated", i, (float)std::fmin(1, std::fmax(0, half_of(hy + 1, 0))), o[3]);
        expect("complex", i, (float)half_of(-hy + half_of(hx * hy + hx, 0), 0), o[4]);
        expect("min and max", i, (float)(std::fmin(hy, 1) + std::fmax(bx, by)), o[5]);
        expect("bfloat16", i, (float)bf16_of(bx * by, 0) - (float)by, o[6]);
        expect("equal", i, (float)(1 + 2 * (bx != by || by != 1) + 4), o[7]);
        expect("root", i, (float)bf16_of(std::sqrt(std::fabs(bx)), 0), o[8]);
        expect("not a number", i, 2.0f + 4 + 8 + 16, o[9]);
        expect("increment", i, (float)hx + 1 - (float)half_of(hx + 1, 0), o[10]);
        expect("product", i, (float)bf16_of(bx * by, 0), o[11]);
        expect("halves", i, (float)by + (float)by, o[12]);
    }
    return verdict();
}
