/* bfloat16: __nv_bfloat16 and __hip_bfloat16 are one type here, computing in single precision and
 * rounding to nearest even. */
#pragma once

#include <stdint.h>

#include "anyroc/device.h"

namespace anyroc {

ANYROC_BOTH unsigned short round_to_bfloat16(float x)
{
    uint32_t bits = __builtin_bit_cast(uint32_t, x);
    if (x != x)
        return static_cast<unsigned short>(bits >> 16 | 0x40);
    return static_cast<unsigned short>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

}  // namespace anyroc

struct __hip_bfloat16_raw {
    unsigned short x;
};
typedef __hip_bfloat16_raw __nv_bfloat16_raw;

struct __align__(2) __hip_bfloat16 {
    unsigned short bits;

    __hip_bfloat16() = default;
    __host__ __device__ __hip_bfloat16(float v) : bits(anyroc::round_to_bfloat16(v)) {}
    __host__ __device__ __hip_bfloat16(double v) : __hip_bfloat16(static_cast<float>(v)) {}
    __host__ __device__ __hip_bfloat16(int v) : __hip_bfloat16(static_cast<float>(v)) {}
    __host__ __device__ __hip_bfloat16(unsigned int v) : __hip_bfloat16(static_cast<float>(v)) {}
    __host__ __device__ __hip_bfloat16(long v) : __hip_bfloat16(static_cast<float>(v)) {}
    __host__ __device__ __hip_bfloat16(long long v) : __hip_bfloat16(static_cast<float>(v)) {}
    __host__ __device__ constexpr __hip_bfloat16(__hip_bfloat16_raw raw) : bits(raw.x) {}

    __host__ __device__ operator float() const
    {
        return __builtin_bit_cast(float, static_cast<uint32_t>(bits) << 16);
    }
    __host__ __device__ operator __hip_bfloat16_raw() const { return {bits}; }
    __host__ __device__ explicit operator bool() const { return (bits & 0x7fff) != 0; }
};

struct __align__(4) __hip_bfloat162 {
    __hip_bfloat16 x, y;

    __hip_bfloat162() = default;
    __host__ __device__ __hip_bfloat162(__hip_bfloat16 a, __hip_bfloat16 b) : x(a), y(b) {}
};

typedef __hip_bfloat16 __nv_bfloat16;
typedef __hip_bfloat16 nv_bfloat16;
typedef __hip_bfloat162 __nv_bfloat162;
typedef __hip_bfloat162 nv_bfloat162;

#define ANYROC_BF16_OPERATOR(op)                                                         \
    ANYROC_BOTH __hip_bfloat16 operator op(__hip_bfloat16 a, __hip_bfloat16 b)           \
    {                                                                                    \
        return static_cast<float>(a) op static_cast<float>(b);                           \
    }                                                                                    \
    ANYROC_BOTH __hip_bfloat16 &operator op##=(__hip_bfloat16 &a, __hip_bfloat16 b)      \
    {                                                                                    \
        return a = a op b;                                                               \
    }                                                                                    \
    ANYROC_BOTH __hip_bfloat162 operator op(__hip_bfloat162 a, __hip_bfloat162 b)        \
    {                                                                                    \
        return __hip_bfloat162(a.x op b.x, a.y op b.y);                                  \
    }
ANYROC_BF16_OPERATOR(+)
ANYROC_BF16_OPERATOR(-)
ANYROC_BF16_OPERATOR(*)
ANYROC_BF16_OPERATOR(/)
#undef ANYROC_BF16_OPERATOR
ANYROC_BOTH __hip_bfloat16 operator-(__hip_bfloat16 a)
{
    return __hip_bfloat16_raw{static_cast<unsigned short>(a.bits ^ 0x8000)};
}

#define ANYROC_BF16_COMPARE(name, op)                                              \
    ANYROC_BOTH bool operator op(__hip_bfloat16 a, __hip_bfloat16 b)               \
    {                                                                              \
        return static_cast<float>(a) op static_cast<float>(b);                     \
    }                                                                              \
    ANYROC_BOTH bool __h##name(__hip_bfloat16 a, __hip_bfloat16 b) { return a op b; }
ANYROC_BF16_COMPARE(eq, ==)
ANYROC_BF16_COMPARE(ne, !=)
ANYROC_BF16_COMPARE(lt, <)
ANYROC_BF16_COMPARE(le, <=)
ANYROC_BF16_COMPARE(gt, >)
ANYROC_BF16_COMPARE(ge, >=)
#undef ANYROC_BF16_COMPARE

ANYROC_BOTH __hip_bfloat16 __float2bfloat16(float x) { return x; }
ANYROC_BOTH __hip_bfloat16 __float2bfloat16_rn(float x) { return x; }
ANYROC_BOTH __hip_bfloat16 __float2bfloat16_rz(float x)
{
    return __hip_bfloat16_raw{
        static_cast<unsigned short>(__builtin_bit_cast(uint32_t, x) >> 16)};
}
ANYROC_BOTH __hip_bfloat16 __double2bfloat16(double x) { return x; }
ANYROC_BOTH float __bfloat162float(__hip_bfloat16 x) { return x; }
ANYROC_BOTH __hip_bfloat162 __float2bfloat162_rn(float x) { return __hip_bfloat162(x, x); }
ANYROC_BOTH __hip_bfloat162 __floats2bfloat162_rn(float x, float y)
{
    return __hip_bfloat162(x, y);
}
ANYROC_BOTH __hip_bfloat162 __float22bfloat162_rn(float2 v) { return __hip_bfloat162(v.x, v.y); }
ANYROC_BOTH float2 __bfloat1622float2(__hip_bfloat162 v) { return make_float2(v.x, v.y); }
ANYROC_BOTH __hip_bfloat162 __halves2bfloat162(__hip_bfloat16 x, __hip_bfloat16 y)
{
    return __hip_bfloat162(x, y);
}
ANYROC_BOTH __hip_bfloat162 __bfloat162bfloat162(__hip_bfloat16 x) { return __hip_bfloat162(x, x); }
ANYROC_BOTH __hip_bfloat162 make_bfloat162(__hip_bfloat16 x, __hip_bfloat16 y)
{
    return __hip_bfloat162(x, y);
}
ANYROC_BOTH __hip_bfloat16 __low2bfloat16(__hip_bfloat162 v) { return v.x; }
ANYROC_BOTH __hip_bfloat16 __high2bfloat16(__hip_bfloat162 v) { return v.y; }
ANYROC_BOTH float __low2float(__hip_bfloat162 v) { return v.x; }
ANYROC_BOTH float __high2float(__hip_bfloat162 v) { return v.y; }
ANYROC_BOTH unsigned short __bfloat16_as_ushort(__hip_bfloat16 x) { return x.bits; }
ANYROC_BOTH short __bfloat16_as_short(__hip_bfloat16 x) { return static_cast<short>(x.bits); }
ANYROC_BOTH __hip_bfloat16 __ushort_as_bfloat16(unsigned short x) { return __hip_bfloat16_raw{x}; }
#define ANYROC_BF16_TO(T, name)                                                                  \
    ANYROC_BOTH __hip_bfloat16 __##name##2bfloat16_rn(T x) { return static_cast<float>(x); }     \
    ANYROC_BOTH T __bfloat162##name##_rn(__hip_bfloat16 x) { return (T)__builtin_rintf(x); }     \
    ANYROC_BOTH T __bfloat162##name##_rd(__hip_bfloat16 x) { return (T)__builtin_floorf(x); }    \
    ANYROC_BOTH T __bfloat162##name##_ru(__hip_bfloat16 x) { return (T)__builtin_ceilf(x); }     \
    ANYROC_BOTH T __bfloat162##name##_rz(__hip_bfloat16 x) { return (T)__builtin_truncf(x); }
ANYROC_BF16_TO(int, int)
ANYROC_BF16_TO(unsigned int, uint)
ANYROC_BF16_TO(short, short)
ANYROC_BF16_TO(unsigned short, ushort)
ANYROC_BF16_TO(long long, ll)
ANYROC_BF16_TO(unsigned long long, ull)
#undef ANYROC_BF16_TO

ANYROC_BOTH __hip_bfloat16 __hadd(__hip_bfloat16 a, __hip_bfloat16 b) { return a + b; }
ANYROC_BOTH __hip_bfloat16 __hsub(__hip_bfloat16 a, __hip_bfloat16 b) { return a - b; }
ANYROC_BOTH __hip_bfloat16 __hmul(__hip_bfloat16 a, __hip_bfloat16 b) { return a * b; }
ANYROC_BOTH __hip_bfloat16 __hdiv(__hip_bfloat16 a, __hip_bfloat16 b) { return a / b; }
ANYROC_BOTH __hip_bfloat16 __hneg(__hip_bfloat16 a) { return -a; }
ANYROC_BOTH __hip_bfloat16 __habs(__hip_bfloat16 a)
{
    return __hip_bfloat16_raw{static_cast<unsigned short>(a.bits & 0x7fff)};
}
ANYROC_BOTH __hip_bfloat16 __hfma(__hip_bfloat16 a, __hip_bfloat16 b, __hip_bfloat16 c)
{
    return __builtin_fmaf(a, b, c);
}
ANYROC_BOTH __hip_bfloat162 __hadd2(__hip_bfloat162 a, __hip_bfloat162 b) { return a + b; }
ANYROC_BOTH __hip_bfloat162 __hsub2(__hip_bfloat162 a, __hip_bfloat162 b) { return a - b; }
ANYROC_BOTH __hip_bfloat162 __hmul2(__hip_bfloat162 a, __hip_bfloat162 b) { return a * b; }
ANYROC_BOTH __hip_bfloat162 __hfma2(__hip_bfloat162 a, __hip_bfloat162 b, __hip_bfloat162 c)
{
    return __hip_bfloat162(__hfma(a.x, b.x, c.x), __hfma(a.y, b.y, c.y));
}
ANYROC_BOTH __hip_bfloat16 __hmax(__hip_bfloat16 a, __hip_bfloat16 b)
{
    return __builtin_fmaxf(a, b);
}
ANYROC_BOTH __hip_bfloat16 __hmin(__hip_bfloat16 a, __hip_bfloat16 b)
{
    return __builtin_fminf(a, b);
}
ANYROC_BOTH bool __hisnan(__hip_bfloat16 a) { return (a.bits & 0x7fff) > 0x7f80; }

#if defined(__HIP__)
#define ANYROC_BF16_FUNCTION(name) \
    ANYROC_DEVICE __hip_bfloat16 h##name(__hip_bfloat16 a) { return ::name##f(a); }
ANYROC_BF16_FUNCTION(sqrt)
ANYROC_BF16_FUNCTION(rsqrt)
ANYROC_BF16_FUNCTION(exp)
ANYROC_BF16_FUNCTION(exp2)
ANYROC_BF16_FUNCTION(log)
ANYROC_BF16_FUNCTION(log2)
ANYROC_BF16_FUNCTION(sin)
ANYROC_BF16_FUNCTION(cos)
ANYROC_BF16_FUNCTION(tanh)
ANYROC_BF16_FUNCTION(ceil)
ANYROC_BF16_FUNCTION(floor)
ANYROC_BF16_FUNCTION(trunc)
ANYROC_BF16_FUNCTION(rint)
#undef ANYROC_BF16_FUNCTION

ANYROC_DEVICE __hip_bfloat16 atomicAdd(__hip_bfloat16 *place, __hip_bfloat16 value)
{
    unsigned short old = anyroc::atomic_update(&place->bits, [&](unsigned short bits) {
        return (__hip_bfloat16(__hip_bfloat16_raw{bits}) + value).bits;
    });
    return __hip_bfloat16_raw{old};
}
ANYROC_DEVICE __hip_bfloat162 atomicAdd(__hip_bfloat162 *place, __hip_bfloat162 value)
{
    unsigned int *word = reinterpret_cast<unsigned int *>(place);
    unsigned int old = anyroc::atomic_update(word, [&](unsigned int bits) {
        return __builtin_bit_cast(unsigned int, __builtin_bit_cast(__hip_bfloat162, bits) + value);
    });
    return __builtin_bit_cast(__hip_bfloat162, old);
}
#endif
