// Integer, conversion and rounding intrinsics against the host's arithmetic.
#include "check.h"

#include <cfenv>
#include <climits>
#include <cstdint>

constexpr int N = 64, INTS = 24, FLOATS = 16, DOUBLES = 14;

struct Inputs {
    unsigned a[N], b[N], c[N];
    float x[N], y[N];
    double u[N], v[N];
};

__global__ void integers(const Inputs *in, unsigned long long *out)
{
    int i = threadIdx.x;
    unsigned a = in->a[i], b = in->b[i], c = in->c[i];
    long long wide = (long long)(((unsigned long long)a << 32) | b);
    unsigned long long *o = out + i * INTS;
    o[0] = __popc(a);
    o[1] = __popcll(wide);
    o[2] = __clz(a);
    o[3] = __clzll(wide);
    o[4] = __ffs(a);
    o[5] = __ffsll(wide);
    o[6] = __brev(a);
    o[7] = __brevll(wide);
    o[8] = __byte_perm(a, b, c);
    o[9] = __umulhi(a, b);
    o[10] = (unsigned)__mulhi((int)a, (int)b);
    o[11] = __umul64hi(wide, ((unsigned long long)c << 32) | a);
    o[12] = __funnelshift_l(a, b, c);
    o[13] = __funnelshift_r(a, b, c);
    o[14] = __funnelshift_lc(a, b, c % 64);
    o[15] = __usad(a, b, c);
    o[16] = (unsigned)__hadd((int)a, (int)b);
    o[17] = __urhadd(a, b);
    o[18] = __umul24(a, b);
    o[19] = (unsigned)__dp4a((int)a, (int)b, (int)c);
    o[20] = min(a, b) ^ max(b, c);
    o[21] = (unsigned)(min((int)a, (int)b) ^ max((int)b, (int)c));
    o[22] = (unsigned)__mul24((int)a, (int)b);
    o[23] = __mul64hi(wide, -wide);
}

static unsigned reverse(unsigned x)
{
    unsigned r = 0;
    for (int i = 0; i < 32; ++i)
        r |= (x >> i & 1) << (31 - i);
    return r;
}

static unsigned permute(unsigned x, unsigned y, unsigned s)
{
    unsigned r = 0;
    for (int i = 0; i < 4; ++i) {
        unsigned n = s >> 4 * i & 15, byte = (n & 4 ? y : x) >> 8 * (n & 3) & 0xff;
        r |= (n & 8 ? (byte >> 7) * 0xff : byte) << 8 * i;
    }
    return r;
}

static void check_integers(const Inputs *in, const unsigned long long *out)
{
    for (int i = 0; i < N; ++i) {
        unsigned a = in->a[i], b = in->b[i], c = in->c[i], s = c & 31;
        unsigned long long w = ((unsigned long long)a << 32) | b, z = ((unsigned long long)c << 32) | a;
        auto is = [&](int k, unsigned long long expected) { expect("integer", k, expected, out[i * INTS + k]); };
        is(0, __builtin_popcount(a));
        is(1, __builtin_popcountll(w));
        is(2, a ? __builtin_clz(a) : 32);
        is(3, w ? __builtin_clzll(w) : 64);
        is(4, __builtin_ffs(a));
        is(5, __builtin_ffsll(w));
        is(6, reverse(a));
        is(7, ((unsigned long long)reverse(b) << 32) | reverse(a));
        is(8, permute(a, b, c));
        is(9, (unsigned long long)a * b >> 32);
        is(10, (unsigned)((long long)(int)a * (int)b >> 32));
        is(11, (unsigned long long)((unsigned __int128)w * z >> 64));
        is(12, (unsigned)(((((unsigned long long)b << 32) | a) << s) >> 32));
        is(13, (unsigned)((((unsigned long long)b << 32) | a) >> s));
        is(14, c % 64 >= 32 ? a : (unsigned)(((((unsigned long long)b << 32) | a) << s) >> 32));
        is(15, (a > b ? a - b : b - a) + c);
        is(16, (unsigned)(((long long)(int)a + (int)b) >> 1));
        is(17, (unsigned)(((unsigned long long)a + b + 1) >> 1));
        is(18, (a & 0xffffff) * (b & 0xffffff));
        int dot = c;
        for (int k = 0; k < 32; k += 8)
            dot += (int8_t)(a >> k) * (int8_t)(b >> k);
        is(19, (unsigned)dot);
        is(20, (a < b ? a : b) ^ (b > c ? b : c));
        is(21, (unsigned)(((int)a < (int)b ? a : b) ^ ((int)b > (int)c ? b : c)));
        is(22, (unsigned)(((int)(a << 8) >> 8) * ((int)(b << 8) >> 8)));
        is(23, (unsigned long long)((__int128)(long long)w * -(long long)w >> 64));
    }
}

__global__ void floats(const Inputs *in, float *out, double *wide)
{
    int i = threadIdx.x;
    float x = in->x[i], y = in->y[i], *o = out + i * FLOATS;
    o[0] = __fadd_rd(x, y);
    o[1] = __fadd_ru(x, y);
    o[2] = __fadd_rz(x, y);
    o[3] = __fmul_rd(x, y);
    o[4] = __fmul_ru(x, y);
    o[5] = __fdiv_rd(x, y);
    o[6] = __fdiv_ru(x, y);
    o[7] = __fdiv_rz(x, y);
    o[8] = __fsqrt_rd(fabsf(x));
    o[9] = __fsqrt_ru(fabsf(x));
    o[10] = __fadd_rn(__fmul_rn(x, y), x);
    o[11] = __fmaf_rn(x, y, x);
    o[12] = __double2float_rd(in->u[i]);
    o[13] = __double2float_rz(in->u[i]);
    o[14] = __int2float_rd((int)in->a[i]);
    o[15] = __uint2float_ru(in->a[i]);
    double u = in->u[i], v = in->v[i], *d = wide + i * DOUBLES;
    d[0] = __dadd_ru(u, v);
    d[1] = __dmul_rd(u, v);
    d[2] = __ddiv_rz(u, v);
    d[3] = __dsqrt_ru(fabs(u));
    d[4] = __fma_rd(u, v, u);
    d[5] = __dadd_rn(__dmul_rn(u, v), u);
    d[6] = __float2int_rn(x);
    d[7] = __float2int_rz(x * 1e9f);
    d[8] = __double2uint_rz(u * 1e9);
    d[9] = (double)__double2ll_rd(u * 1e3);
    d[10] = __hiloint2double(__double2hiint(u), __double2loint(u));
    d[11] = __ull2double_rz(in->a[i] * 0x100000001ull);
    d[12] = __saturatef(x);
    d[13] = (double)__float2ull_rn(fabsf(x) * 1e30f);
}

template <typename T, typename F>
static T rounded(int mode, F f)
{
    fesetround(mode);
    volatile T result = f();
    fesetround(FE_TONEAREST);
    return result;
}

static void check_floats(const Inputs *in, const float *out, const double *wide)
{
    for (int i = 0; i < N; ++i) {
        volatile float x = in->x[i], y = in->y[i], a = std::fabs(in->x[i]);
        volatile double u = in->u[i], v = in->v[i], m = std::fabs(in->u[i]);
        volatile int n = (int)in->a[i];
        volatile unsigned p = in->a[i];
        auto is = [&](int k, float expected) { expect("float", k, expected, out[i * FLOATS + k]); };
        auto wd = [&](int k, double expected) { expect("double", k, expected, wide[i * DOUBLES + k]); };
        is(0, rounded<float>(FE_DOWNWARD, [&] { return x + y; }));
        is(1, rounded<float>(FE_UPWARD, [&] { return x + y; }));
        is(2, rounded<float>(FE_TOWARDZERO, [&] { return x + y; }));
        is(3, rounded<float>(FE_DOWNWARD, [&] { return x * y; }));
        is(4, rounded<float>(FE_UPWARD, [&] { return x * y; }));
        is(5, rounded<float>(FE_DOWNWARD, [&] { return x / y; }));
        is(6, rounded<float>(FE_UPWARD, [&] { return x / y; }));
        is(7, rounded<float>(FE_TOWARDZERO, [&] { return x / y; }));
        is(8, rounded<float>(FE_DOWNWARD, [&] { return sqrtf(a); }));
        is(9, rounded<float>(FE_UPWARD, [&] { return sqrtf(a); }));
        volatile float product = x * y;
        is(10, product + x);
        is(11, fmaf(x, y, x));
        is(12, rounded<float>(FE_DOWNWARD, [&] { return (float)u; }));
        is(13, rounded<float>(FE_TOWARDZERO, [&] { return (float)u; }));
        is(14, rounded<float>(FE_DOWNWARD, [&] { return (float)n; }));
        is(15, rounded<float>(FE_UPWARD, [&] { return (float)p; }));
        wd(0, rounded<double>(FE_UPWARD, [&] { return u + v; }));
        wd(1, rounded<double>(FE_DOWNWARD, [&] { return u * v; }));
        wd(2, rounded<double>(FE_TOWARDZERO, [&] { return u / v; }));
        wd(3, rounded<double>(FE_UPWARD, [&] { return sqrt(m); }));
        wd(4, rounded<double>(FE_DOWNWARD, [&] { return fma(u, v, u); }));
        volatile double exact = u * v;
        wd(5, exact + u);
        wd(6, std::rint(x));
        float scaled = x * 1e9f;
        wd(7, scaled >= 2147483648.0f ? INT_MAX : scaled < -2147483648.0f ? INT_MIN : (int)scaled);
        double big = u * 1e9;
        wd(8, big >= 4294967296.0 ? UINT_MAX : big < 0 ? 0 : (unsigned)big);
        wd(9, std::floor(u * 1e3));
        wd(10, u);
        volatile unsigned long long ull = in->a[i] * 0x100000001ull;
        wd(11, rounded<double>(FE_TOWARDZERO, [&] { return (double)ull; }));
        wd(12, x < 0 ? 0 : x > 1 ? 1 : x);
        wd(13, a * 1e30f >= 18446744073709551616.0f ? 18446744073709551616.0 : (double)(unsigned long long)(a * 1e30f));
    }
}

int main()
{
    Managed<Inputs, 1> inputs;
    Inputs *in = inputs;
    unsigned long long state = 88172645463325252ull;
    auto random = [&] { state ^= state << 13; state ^= state >> 7; state ^= state << 17; return state; };
    for (int i = 0; i < N; ++i) {
        in->a[i] = i == 0 ? 0 : (unsigned)random() >> i % 7;
        in->b[i] = i == 1 ? 0 : (unsigned)random();
        in->c[i] = (unsigned)random();
        in->x[i] = (float)((double)random() / (1ull << 62) - 2);
        in->y[i] = (float)((double)random() / (1ull << 62) - 2);
        in->u[i] = (double)random() / (1ull << 62) - 2;
        in->v[i] = (double)random() / (1ull << 62) - 2;
    }
    Managed<unsigned long long, N * INTS> ints;
    Managed<float, N * FLOATS> singles;
    Managed<double, N * DOUBLES> doubles;
    integers<<<1, N>>>(in, ints);
    floats<<<1, N>>>(in, singles, doubles);
    cudaDeviceSynchronize();
    check_integers(in, ints);
    check_floats(in, singles, doubles);
    return verdict();
}
