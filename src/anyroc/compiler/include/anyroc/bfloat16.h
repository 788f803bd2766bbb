/* bfloat16: __nv_bfloat16 and __hip_bfloat16 are one type here, computing in single precision and
 * rounding to nearest even. */
#pragma once

#include <stdint.h>

#include <type_traits>

#include "anyroc/small_floats.h"

namespace anyroc {

ANYROC_BOTH unsigned short round_to_bfloat16(float x)
{
    uint32_t bits = __builtin_bit_cast(uint32_t, x);
    if (x != x)
        return static_cast<unsigned short>(bits >> 16 | 0x40);
    return static_cast<unsigned short>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/* A nearby float whose last bit is set where it is not exact: rounding it further is right then. */
ANYROC_BOTH float odd_float(double x)
{
    float near = static_cast<float>(x);
    double back = near;
    if (back == x || x != x || back - back != 0)
        return near;
    uint32_t bits = __builtin_bit_cast(uint32_t, near);
    if ((back < x) == (x < 0))
        bits -= 1;
    return __builtin_bit_cast(float, bits | 1);
}
template <typename I>
ANYROC_BOTH double odd_double(I x)
{
    if (sizeof(I) < 8)
        return static_cast<double>(x);
    bool negative = x < 0;
    uint64_t size = negative ? 0 - static_cast<uint64_t>(x) : static_cast<uint64_t>(x);
    if (size >> 53 != 0)
        size = (size | ((size & 0x7ff) != 0 ? 0x800 : 0)) & ~uint64_t(0x7ff);
    double near = static_cast<double>(size);
    return negative ? -near : near;
}

}  // namespace anyroc

struct __hip_bfloat16_raw {
    unsigned short x;
};
struct __hip_bfloat162_raw {
    unsigned short x, y;
};
typedef __hip_bfloat16_raw __nv_bfloat16_raw;
typedef __hip_bfloat162_raw __nv_bfloat162_raw;

struct __align__(2) __hip_bfloat16 {
    unsigned short bits;

    __hip_bfloat16() = default;
    __host__ __device__ __hip_bfloat16(float v) : bits(anyroc::round_to_bfloat16(v)) {}
    __host__ __device__ __hip_bfloat16(double v) : __hip_bfloat16(anyroc::odd_float(v)) {}
    template <typename I, typename = std::enable_if_t<std::is_integral<I>::value>>
    __host__ __device__ __hip_bfloat16(I v)
        : __hip_bfloat16(anyroc::odd_float(anyroc::odd_double(v)))
    {
    }
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
    __host__ __device__ explicit __hip_bfloat162(__hip_bfloat16 a) : x(a), y(a) {}
    __host__ __device__ __hip_bfloat162(__hip_bfloat162_raw raw)
        : x(__hip_bfloat16_raw{raw.x}), y(__hip_bfloat16_raw{raw.y})
    {
    }
    __host__ __device__ operator __hip_bfloat162_raw() const { return {x.bits, y.bits}; }
};

typedef __hip_bfloat16 __nv_bfloat16;
typedef __hip_bfloat16 nv_bfloat16;
typedef __hip_bfloat162 __nv_bfloat162;
typedef __hip_bfloat162 nv_bfloat162;

#define ANYROC_BF16_OPERATOR(op)                                               \
    ANYROC_BOTH __hip_bfloat16 operator op(__hip_bfloat16 a, __hip_bfloat16 b) \
    {                                                                          \
        return static_cast<float>(a) op static_cast<float>(b);                 \
    }
ANYROC_BF16_OPERATOR(+)
ANYROC_BF16_OPERATOR(-)
ANYROC_BF16_OPERATOR(*)
ANYROC_BF16_OPERATOR(/)
#undef ANYROC_BF16_OPERATOR
ANYROC_NEGATIVE(__hip_bfloat16, __hip_bfloat16_raw{static_cast<unsigned short>(a.bits ^ 0x8000)})
#define ANYROC_BF16_COMPARE(op)                                                    \
    ANYROC_BOTH bool operator op(const __hip_bfloat16 &a, const __hip_bfloat16 &b) \
    {                                                                              \
        return static_cast<float>(a) op static_cast<float>(b);                     \
    }
ANYROC_BF16_COMPARE(==)
ANYROC_BF16_COMPARE(!=)
ANYROC_BF16_COMPARE(<)
ANYROC_BF16_COMPARE(<=)
ANYROC_BF16_COMPARE(>)
ANYROC_BF16_COMPARE(>=)
#undef ANYROC_BF16_COMPARE

/* The bfloat16 on the side of x that `where` says: below (-1), above (1), or the nearest (0). */
ANYROC_BOTH __hip_bfloat16 anyroc_directed_bfloat16(float x, int where)
{
    __hip_bfloat16 nearest = x;
    float back = nearest;
    if (where == 0 || back == x || (back < x) == (where < 0) || x != x)
        return nearest;
    unsigned short bits = nearest.bits;
    if ((bits & 0x7fff) == 0)
        bits = where < 0 ? 0x8001 : 0x0001;
    else
        bits += (bits >> 15 != 0) == (where < 0) ? 1 : -1;
    return __hip_bfloat16_raw{bits};
}
template <typename I>
ANYROC_BOTH __hip_bfloat16 anyroc_from_integer(I x, int where, __hip_bfloat16)
{
    return anyroc_directed_bfloat16(anyroc::odd_float(anyroc::odd_double(x)), where);
}

ANYROC_BOTH __hip_bfloat16 __float2bfloat16(float x) { return x; }
ANYROC_BOTH __hip_bfloat16 __float2bfloat16_rn(float x) { return x; }
ANYROC_BOTH __hip_bfloat16 __float2bfloat16_rd(float x) { return anyroc_directed_bfloat16(x, -1); }
ANYROC_BOTH __hip_bfloat16 __float2bfloat16_ru(float x) { return anyroc_directed_bfloat16(x, 1); }
ANYROC_BOTH __hip_bfloat16 __float2bfloat16_rz(float x)
{
    return anyroc_directed_bfloat16(x, x < 0 ? 1 : -1);
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
ANYROC_BOTH __hip_bfloat162 __low2bfloat162(__hip_bfloat162 v) { return __hip_bfloat162(v.x, v.x); }
ANYROC_BOTH __hip_bfloat162 __high2bfloat162(__hip_bfloat162 v)
{
    return __hip_bfloat162(v.y, v.y);
}
ANYROC_BOTH __hip_bfloat162 __lows2bfloat162(__hip_bfloat162 a, __hip_bfloat162 b)
{
    return __hip_bfloat162(a.x, b.x);
}
ANYROC_BOTH __hip_bfloat162 __highs2bfloat162(__hip_bfloat162 a, __hip_bfloat162 b)
{
    return __hip_bfloat162(a.y, b.y);
}
ANYROC_BOTH unsigned short __bfloat16_as_ushort(__hip_bfloat16 x) { return x.bits; }
ANYROC_BOTH short __bfloat16_as_short(__hip_bfloat16 x) { return static_cast<short>(x.bits); }
ANYROC_BOTH __hip_bfloat16 __ushort_as_bfloat16(unsigned short x) { return __hip_bfloat16_raw{x}; }
ANYROC_BOTH __hip_bfloat16 __short_as_bfloat16(short x)
{
    return __hip_bfloat16_raw{static_cast<unsigned short>(x)};
}

ANYROC_BOTH __hip_bfloat16 __habs(__hip_bfloat16 a)
{
    return __hip_bfloat16_raw{static_cast<unsigned short>(a.bits & 0x7fff)};
}
/* In single precision, as HIP does it; rounding twice can move the last bit. */
ANYROC_BOTH __hip_bfloat16 anyroc_fused(__hip_bfloat16 a, __hip_bfloat16 b, __hip_bfloat16 c)
{
    return __builtin_fmaf(a, b, c);
}
ANYROC_BOTH __hip_bfloat16 anyroc_least(__hip_bfloat16 a, __hip_bfloat16 b)
{
    return __builtin_fminf(a, b);
}
ANYROC_BOTH __hip_bfloat16 anyroc_greatest(__hip_bfloat16 a, __hip_bfloat16 b)
{
    return __builtin_fmaxf(a, b);
}
ANYROC_SMALL_FLOAT(__hip_bfloat16, __hip_bfloat162)

#if defined(__HIP__)
ANYROC_SMALL_INTEGERS(__hip_bfloat16, bfloat16)

#define ANYROC_BF16_FUNCTION(name) \
    ANYROC_SMALL_FUNCTION(__hip_bfloat16, __hip_bfloat162, name, ::name##f(a))
ANYROC_BF16_FUNCTION(sqrt)
ANYROC_BF16_FUNCTION(rsqrt)
ANYROC_BF16_FUNCTION(exp)
ANYROC_BF16_FUNCTION(exp2)
ANYROC_BF16_FUNCTION(log)
ANYROC_BF16_FUNCTION(log2)
ANYROC_BF16_FUNCTION(exp10)
ANYROC_BF16_FUNCTION(log10)
ANYROC_BF16_FUNCTION(sin)
ANYROC_BF16_FUNCTION(cos)
ANYROC_BF16_FUNCTION(tanh)
ANYROC_BF16_FUNCTION(ceil)
ANYROC_BF16_FUNCTION(floor)
ANYROC_BF16_FUNCTION(trunc)
ANYROC_BF16_FUNCTION(rint)
#undef ANYROC_BF16_FUNCTION
ANYROC_SMALL_FUNCTION(__hip_bfloat16, __hip_bfloat162, rcp, __hip_bfloat16(1.0f) / a)

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

#define CUDART_ZERO_BF16 __ushort_as_bfloat16(0x0000)
#define CUDART_NEG_ZERO_BF16 __ushort_as_bfloat16(0x8000)
#define CUDART_ONE_BF16 __ushort_as_bfloat16(0x3f80)
#define CUDART_INF_BF16 __ushort_as_bfloat16(0x7f80)
#define CUDART_NAN_BF16 __ushort_as_bfloat16(0x7fff)
#define CUDART_MAX_NORMAL_BF16 __ushort_as_bfloat16(0x7f7f)
#define CUDART_MIN_DENORM_BF16 __ushort_as_bfloat16(0x0001)
