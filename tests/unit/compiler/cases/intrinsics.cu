// Every device function of the headers is used once, so that each is seen to exist, to take CUDA's
// argument types and to link.
#include <cassert>
#include <climits>
#include <cstring>

template <typename T>
__device__ void atomics(T *p, T v)
{
    atomicAdd(p, v);
    atomicAdd_block(p, v);
    atomicAdd_system(p, v);
    atomicSub(p, v);
    atomicExch(p, v);
    atomicMin(p, v);
    atomicMax(p, v);
    atomicAnd(p, v);
    atomicOr(p, v);
    atomicXor(p, v);
    atomicCAS(p, v, *p);
    atomicCAS_system(p, v, *p);
    atomicMax_block(p, v);
}

__global__ void all_atomics(int *i, unsigned *u, unsigned long long *ull, long long *ll, float *f,
                            double *d, unsigned short *s)
{
    atomics(i, 1);
    atomics(u, 1u);
    atomics(ull, 1ull);
    atomicMin(ll, 1ll);
    atomicMax(ll, 1ll);
    atomicAdd(f, 1.0f);
    atomicAdd(d, 1.0);
    atomicExch(f, 2.0f);
    atomicAdd_block(f, 2.0f);
    atomicAdd_system(d, 2.0);
    atomicInc(u, 10);
    atomicDec(u, 10);
    atomicInc_block(u, 10);
    atomicCAS(s, 1, 2);
    atomicAdd(u, 1);
    atomicAdd(ull, 1);
    atomicMin(u, 3);
    atomicAdd(i, threadIdx.x);
}

__global__ void lanes(unsigned *out, float *f, double *d, unsigned char *c)
{
    unsigned mask = 0xffffffff;
    int lane = threadIdx.x % warpSize;
    out[0] = __ballot_sync(mask, lane & 1) + __any_sync(mask, lane) + __all_sync(mask, lane);
    out[1] = __activemask() + __match_any_sync(mask, lane / 2) + __match_any_sync(mask, 1.5);
    int all;
    out[2] = __match_all_sync(mask, lane, &all) + all;
    f[0] = __shfl_sync(mask, f[0], 3) + __shfl_up_sync(mask, f[1], 1) +
           __shfl_down_sync(mask, f[2], 1, 16) + __shfl_xor_sync(mask, f[3], 8);
    d[0] = __shfl_sync(mask, d[0], 3) + __shfl_xor_sync(mask, d[1], 1, 4);
    c[0] = __shfl_sync(mask, c[0], 1);
    long long ll = __shfl_sync(mask, (long long)lane, 1);
    out[3] = __shfl(lane, 0) + __shfl_down(lane, 1) + __shfl_up(lane, 1) + __shfl_xor(lane, 1) + ll;
    out[4] = __ballot(lane) + __any(lane) + __all(lane);
    out[5] = __reduce_add_sync(mask, lane) + __reduce_max_sync(mask, out[0]) +
             __reduce_and_sync(mask, out[1]);
    __syncwarp();
    __syncwarp(mask);
    out[6] = __syncthreads_count(lane) + __syncthreads_and(lane) + __syncthreads_or(lane);
}

__global__ void integers(int *i, unsigned *u, long long *ll, unsigned long long *ull)
{
    i[0] = __popc(u[0]) + __popcll(ull[0]) + __clz(i[0]) + __clzll(ll[0]) + __ffs(i[0]) +
           __ffsll(ll[0]) + __mulhi(i[1], i[2]) + __mul24(i[1], i[2]) + __hadd(i[1], i[2]) +
           __rhadd(i[1], i[2]) + __dp4a(i[0], i[1], i[2]);
    u[0] = __brev(u[0]) + __byte_perm(u[0], u[1], 0x3210) + __umulhi(u[0], u[1]) +
           __umul24(u[0], u[1]) + __usad(u[0], u[1], u[2]) + __sad(i[0], i[1], u[2]) +
           __funnelshift_l(u[0], u[1], u[2]) + __funnelshift_r(u[0], u[1], u[2]) +
           __funnelshift_lc(u[0], u[1], u[2]) + __funnelshift_rc(u[0], u[1], u[2]) +
           __uhadd(u[0], u[1]) + __urhadd(u[1], u[2]) + __dp4a(u[0], u[1], u[2]);
    ll[0] = __mul64hi(ll[0], ll[1]) + abs(ll[2]) + llabs(ll[3]);
    ull[0] = __brevll(ull[0]) + __umul64hi(ull[0], ull[1]);
    i[3] = min(i[0], i[1]) + max(i[0], 3) + abs(i[4]);
    u[3] = min(u[0], u[1]) + max(u[0], 3u) + max(u[0], 1) + min(2, u[1]);
    ll[3] = min(ll[0], ll[1]) + max(ll[0], 3ll);
    ull[3] = min(ull[0], ull[1]);
    i[5] = __ldg(i) + __ldcg(i + 1) + __ldcs(i + 2);
    __stcs(i + 6, i[5]);
    i[7] = __isGlobal(i) + __isShared(i) + __isLocal(i);
}

__global__ void conversions(int *i, unsigned *u, long long *ll, unsigned long long *ull, float *f,
                            double *d)
{
    i[0] = __float2int_rn(f[0]) + __float2int_rz(f[0]) + __float2int_ru(f[0]) + __float2int_rd(f[0]) +
           __double2int_rn(d[0]) + __float_as_int(f[1]) + __double2hiint(d[0]) + __double2loint(d[0]);
    u[0] = __float2uint_rn(f[0]) + __double2uint_rz(d[0]) + __float_as_uint(f[0]);
    ll[0] = __float2ll_rn(f[0]) + __double2ll_rd(d[0]) + __double_as_longlong(d[1]);
    ull[0] = __float2ull_ru(f[0]) + __double2ull_rn(d[0]);
    f[0] = __int2float_rn(i[0]) + __int2float_rz(i[0]) + __uint2float_rd(u[0]) + __ll2float_ru(ll[0]) +
           __ull2float_rz(ull[0]) + __double2float_rn(d[0]) + __double2float_rz(d[0]) +
           __int_as_float(i[1]) + __uint_as_float(u[1]);
    d[0] = __int2double_rn(i[0]) + __uint2double_rn(u[0]) + __ll2double_rn(ll[0]) +
           __ull2double_rz(ull[0]) + __longlong_as_double(ll[1]) + __hiloint2double(i[0], i[1]);
}

__global__ void single(float *f, int *n)
{
    float x = f[0], y = f[1], z = f[2], s, c;
    sincosf(x, &s, &c);
    f[3] = s + c;
    __sincosf(x, &s, &c);
    f[4] = s + c + sinf(x) + cosf(x) + tanf(x) + asinf(x) + acosf(x) + atanf(x) + atan2f(x, y) +
           sinhf(x) + coshf(x) + tanhf(x) + asinhf(x) + acoshf(x) + atanhf(x) + sinpif(x) + cospif(x);
    f[5] = expf(x) + exp2f(x) + exp10f(x) + expm1f(x) + logf(x) + log2f(x) + log10f(x) + log1pf(x) +
           logbf(x) + powf(x, y) + sqrtf(x) + rsqrtf(x) + cbrtf(x) + rcbrtf(x) + hypotf(x, y) +
           rhypotf(x, y) + norm3df(x, y, z) + rnorm3df(x, y, z) + norm4df(x, y, z, x);
    f[6] = erff(x) + erfcf(x) + erfinvf(x) + erfcinvf(x) + erfcxf(x) + normcdff(x) + normcdfinvf(x) +
           lgammaf(x) + tgammaf(x) + j0f(x) + j1f(x) + jnf(2, x) + y0f(x) + y1f(x) + ynf(2, x);
    f[7] = floorf(x) + ceilf(x) + truncf(x) + roundf(x) + rintf(x) + nearbyintf(x) + fabsf(x) +
           fmodf(x, y) + remainderf(x, y) + fmaf(x, y, z) + fmaxf(x, y) + fminf(x, y) + fdimf(x, y) +
           copysignf(x, y) + nextafterf(x, y) + ldexpf(x, 3) + scalbnf(x, 3) + frexpf(x, n) +
           modff(x, &s) + fdividef(x, y) + ilogbf(x) + lrintf(x) + llroundf(x);
    f[8] = __expf(x) + __exp10f(x) + __logf(x) + __log2f(x) + __log10f(x) + __powf(x, y) + __sinf(x) +
           __cosf(x) + __tanf(x) + __fdividef(x, y) + __saturatef(x) + __frsqrt_rn(x);
    f[9] = __fadd_rn(x, y) + __fadd_rz(x, y) + __fsub_rn(x, y) + __fsub_ru(x, y) + __fmul_rn(x, y) +
           __fmul_rd(x, y) + __fmaf_rn(x, y, z) + __fmaf_rz(x, y, z) + __fdiv_rn(x, y) +
           __fdiv_rz(x, y) + __frcp_rn(x) + __frcp_ru(x) + __fsqrt_rn(x) + __fsqrt_rd(x);
    n[0] = isnan(x) + isinf(x) + isfinite(x) + signbit(x) + isnan(f[1]);
    f[10] = min(x, y) + max(x, y) + max(x, 0.0f) + abs(x) + sin(x) + sqrt(x) + pow(x, 2) + exp(x) +
            std::sqrt(x) + std::max(x, y) + std::abs(x) + std::pow(x, y) + std::fma(x, y, z);
}

__global__ void twice(double *d, int *n)
{
    double x = d[0], y = d[1], z = d[2], s, c;
    sincos(x, &s, &c);
    d[3] = s + c + sin(x) + cos(x) + tan(x) + asin(x) + acos(x) + atan(x) + atan2(x, y) + sinh(x) +
           cosh(x) + tanh(x) + asinh(x) + acosh(x) + atanh(x) + sinpi(x) + cospi(x);
    d[4] = exp(x) + exp2(x) + exp10(x) + expm1(x) + log(x) + log2(x) + log10(x) + log1p(x) + pow(x, y) +
           sqrt(x) + rsqrt(x) + cbrt(x) + rcbrt(x) + hypot(x, y) + norm3d(x, y, z) + erf(x) + erfc(x) +
           erfinv(x) + normcdf(x) + lgamma(x) + tgamma(x) + j0(x) + y1(x);
    d[5] = floor(x) + ceil(x) + trunc(x) + round(x) + rint(x) + fabs(x) + fmod(x, y) + remainder(x, y) +
           fma(x, y, z) + fmax(x, y) + fmin(x, y) + copysign(x, y) + nextafter(x, y) + ldexp(x, 3) +
           frexp(x, n) + modf(x, &s) + lrint(x) + llround(x) + min(x, y) + max(x, 1.0) + max(x, 1.0f);
    d[6] = __dadd_rn(x, y) + __dadd_rd(x, y) + __dsub_rz(x, y) + __dmul_rn(x, y) + __dmul_ru(x, y) +
           __fma_rn(x, y, z) + __fma_rd(x, y, z) + __ddiv_rn(x, y) + __ddiv_ru(x, y) + __drcp_rn(x) +
           __drcp_rz(x) + __dsqrt_rn(x) + __dsqrt_rd(x);
}

__global__ void rest(long long *t, int *p, float4 *v)
{
    t[0] = clock() + clock64();
    __threadfence();
    __threadfence_block();
    __threadfence_system();
    __nanosleep(100);
    assert(p[0] > 0);
    if (p[0] == 77)
        __trap();
    int *q = static_cast<int *>(malloc(64));
    memset(q, 0, 64);
    memcpy(p, q, 64);
    free(q);
    int *r = new int[4];
    r[p[0]] = 1;
    p[1] = r[0];
    delete[] r;
    dim3 size = blockDim;
    uint3 index = threadIdx;
    v[0] = make_float4(size.x, index.y, gridDim.z, blockIdx.x);
    static_assert(sizeof(float4) == 16 && alignof(double2) == 16 && sizeof(uchar3) == 3, "layout");
    printf("%d %f %s %llu %p\n", 1, 2.0, "three", 4ull, p);
}
