/* Half precision: __half and __half2 with the functions CUDA and HIP have for them.
 *
 * A __half is clang's _Float16 in a class; arithmetic happens in half precision on the GPU. */
#pragma once

#include <stdint.h>

#include "anyroc/device.h"

struct __half_raw {
    unsigned short x;
};
struct __half2_raw {
    unsigned short x, y;
};

struct __align__(2) __half {
    _Float16 value;

    __half() = default;
    __host__ __device__ constexpr __half(_Float16 v) : value(v) {}
    __host__ __device__ constexpr __half(float v) : value(static_cast<_Float16>(v)) {}
    __host__ __device__ constexpr __half(double v) : value(static_cast<_Float16>(v)) {}
    __host__ __device__ constexpr __half(int v) : value(static_cast<_Float16>(v)) {}
    __host__ __device__ constexpr __half(unsigned int v) : value(static_cast<_Float16>(v)) {}
    __host__ __device__ constexpr __half(short v) : value(static_cast<_Float16>(v)) {}
    __host__ __device__ constexpr __half(unsigned short v) : value(static_cast<_Float16>(v)) {}
    __host__ __device__ constexpr __half(long v) : value(static_cast<_Float16>(v)) {}
    __host__ __device__ constexpr __half(unsigned long v) : value(static_cast<_Float16>(v)) {}
    __host__ __device__ constexpr __half(long long v) : value(static_cast<_Float16>(v)) {}
    __host__ __device__ constexpr __half(unsigned long long v) : value(static_cast<_Float16>(v)) {}
    __host__ __device__ __half(__half_raw raw) : value(__builtin_bit_cast(_Float16, raw.x)) {}

    __host__ __device__ constexpr operator float() const { return value; }
    __host__ __device__ operator __half_raw() const
    {
        return {__builtin_bit_cast(unsigned short, value)};
    }
    __host__ __device__ explicit operator bool() const { return value != 0; }
};
typedef __half half;

struct __align__(4) __half2 {
    __half x, y;

    __half2() = default;
    __host__ __device__ constexpr __half2(__half a, __half b) : x(a), y(b) {}
    __host__ __device__ explicit constexpr __half2(__half a) : x(a), y(a) {}
    __host__ __device__ __half2(__half2_raw raw)
        : x(__half_raw{raw.x}), y(__half_raw{raw.y})
    {
    }
};
typedef __half2 half2;

#define ANYROC_HALF_OPERATOR(op)                                                          \
    ANYROC_BOTH __half operator op(__half a, __half b)                                    \
    {                                                                                     \
        return static_cast<_Float16>(a.value op b.value);                                 \
    }                                                                                     \
    ANYROC_BOTH __half &operator op##=(__half &a, __half b) { return a = a op b; }        \
    ANYROC_BOTH __half2 operator op(__half2 a, __half2 b)                                 \
    {                                                                                     \
        return __half2(a.x op b.x, a.y op b.y);                                           \
    }                                                                                     \
    ANYROC_BOTH __half2 &operator op##=(__half2 &a, __half2 b) { return a = a op b; }
ANYROC_HALF_OPERATOR(+)
ANYROC_HALF_OPERATOR(-)
ANYROC_HALF_OPERATOR(*)
ANYROC_HALF_OPERATOR(/)
#undef ANYROC_HALF_OPERATOR
ANYROC_BOTH __half operator-(__half a) { return __half(static_cast<_Float16>(-a.value)); }
ANYROC_BOTH __half2 operator-(__half2 a) { return __half2(-a.x, -a.y); }
ANYROC_BOTH __half operator+(__half a) { return a; }
ANYROC_BOTH __half &operator++(__half &a) { return a += __half(1); }
ANYROC_BOTH __half &operator--(__half &a) { return a -= __half(1); }

#define ANYROC_HALF_COMPARE(op) \
    ANYROC_BOTH bool operator op(__half a, __half b) { return a.value op b.value; }
ANYROC_HALF_COMPARE(==)
ANYROC_HALF_COMPARE(!=)
ANYROC_HALF_COMPARE(<)
ANYROC_HALF_COMPARE(<=)
ANYROC_HALF_COMPARE(>)
ANYROC_HALF_COMPARE(>=)
#undef ANYROC_HALF_COMPARE

/* Conversions. */
ANYROC_BOTH __half __float2half(float x) { return __half(x); }
ANYROC_BOTH __half __float2half_rn(float x) { return __half(x); }
ANYROC_BOTH __half __double2half(double x) { return __half(x); }
ANYROC_BOTH float __half2float(__half x) { return x.value; }
ANYROC_BOTH __half2 __float2half2_rn(float x) { return __half2(__half(x)); }
ANYROC_BOTH __half2 __floats2half2_rn(float x, float y) { return __half2(__half(x), __half(y)); }
ANYROC_BOTH __half2 __float22half2_rn(float2 v) { return __floats2half2_rn(v.x, v.y); }
ANYROC_BOTH float2 __half22float2(__half2 v) { return make_float2(v.x, v.y); }
ANYROC_BOTH __half2 __halves2half2(__half x, __half y) { return __half2(x, y); }
ANYROC_BOTH __half2 __half2half2(__half x) { return __half2(x); }
ANYROC_BOTH __half2 make_half2(__half x, __half y) { return __half2(x, y); }
ANYROC_BOTH __half __low2half(__half2 v) { return v.x; }
ANYROC_BOTH __half __high2half(__half2 v) { return v.y; }
ANYROC_BOTH float __low2float(__half2 v) { return v.x; }
ANYROC_BOTH float __high2float(__half2 v) { return v.y; }
ANYROC_BOTH __half2 __low2half2(__half2 v) { return __half2(v.x); }
ANYROC_BOTH __half2 __high2half2(__half2 v) { return __half2(v.y); }
ANYROC_BOTH __half2 __lows2half2(__half2 a, __half2 b) { return __half2(a.x, b.x); }
ANYROC_BOTH __half2 __highs2half2(__half2 a, __half2 b) { return __half2(a.y, b.y); }
ANYROC_BOTH __half2 __lowhigh2highlow(__half2 v) { return __half2(v.y, v.x); }
ANYROC_BOTH unsigned short __half_as_ushort(__half x)
{
    return __builtin_bit_cast(unsigned short, x.value);
}
ANYROC_BOTH short __half_as_short(__half x) { return __builtin_bit_cast(short, x.value); }
ANYROC_BOTH __half __ushort_as_half(unsigned short x) { return __builtin_bit_cast(_Float16, x); }
ANYROC_BOTH __half __short_as_half(short x) { return __builtin_bit_cast(_Float16, x); }

/* Arithmetic. */
#define ANYROC_HALF_BINARY(name, expression)                                   \
    ANYROC_BOTH __half __h##name(__half a, __half b) { return expression; }  \
    ANYROC_BOTH __half2 __h##name##2(__half2 u, __half2 v)                   \
    {                                                                          \
        return __half2(__h##name(u.x, v.x), __h##name(u.y, v.y));              \
    }
ANYROC_HALF_BINARY(add, a + b)
ANYROC_HALF_BINARY(sub, a - b)
ANYROC_HALF_BINARY(mul, a * b)
ANYROC_HALF_BINARY(add_rn, a + b)
ANYROC_HALF_BINARY(sub_rn, a - b)
ANYROC_HALF_BINARY(mul_rn, a * b)
ANYROC_HALF_BINARY(min, __half(__builtin_elementwise_minnum(a.value, b.value)))
ANYROC_HALF_BINARY(max, __half(__builtin_elementwise_maxnum(a.value, b.value)))
#undef ANYROC_HALF_BINARY
ANYROC_BOTH __half __hdiv(__half a, __half b) { return a / b; }
ANYROC_BOTH __half2 __h2div(__half2 a, __half2 b) { return a / b; }
ANYROC_BOTH __half __hneg(__half a) { return -a; }
ANYROC_BOTH __half2 __hneg2(__half2 a) { return -a; }
ANYROC_BOTH __half __habs(__half a) { return __builtin_elementwise_abs(a.value); }
ANYROC_BOTH __half2 __habs2(__half2 a) { return __half2(__habs(a.x), __habs(a.y)); }
ANYROC_BOTH __half __hfma(__half a, __half b, __half c)
{
    return __builtin_elementwise_fma(a.value, b.value, c.value);
}
ANYROC_BOTH __half2 __hfma2(__half2 a, __half2 b, __half2 c)
{
    return __half2(__hfma(a.x, b.x, c.x), __hfma(a.y, b.y, c.y));
}
ANYROC_BOTH __half anyroc_saturated(__half a)
{
    return a.value > 1 ? __half(1) : a.value > 0 ? a : __half(0);
}
ANYROC_BOTH __half __hadd_sat(__half a, __half b) { return anyroc_saturated(a + b); }
ANYROC_BOTH __half __hsub_sat(__half a, __half b) { return anyroc_saturated(a - b); }
ANYROC_BOTH __half __hmul_sat(__half a, __half b) { return anyroc_saturated(a * b); }
ANYROC_BOTH __half __hfma_sat(__half a, __half b, __half c)
{
    return anyroc_saturated(__hfma(a, b, c));
}

/* Comparisons: ordered ones, and those with a u that hold for what is not a number. */
#define ANYROC_HALF_RELATION(name, op)                                                           \
    ANYROC_BOTH bool __h##name(__half a, __half b) { return a op b; }                          \
    ANYROC_BOTH bool __h##name##u(__half a, __half b)                                          \
    {                                                                                            \
        return a op b || a.value != a.value || b.value != b.value;                               \
    }                                                                                            \
    ANYROC_BOTH __half2 __h##name##2(__half2 a, __half2 b)                                     \
    {                                                                                            \
        return __half2(__half(a.x op b.x ? 1 : 0), __half(a.y op b.y ? 1 : 0));                  \
    }                                                                                            \
    ANYROC_BOTH bool __hb##name##2(__half2 a, __half2 b) { return a.x op b.x && a.y op b.y; }
ANYROC_HALF_RELATION(eq, ==)
ANYROC_HALF_RELATION(ne, !=)
ANYROC_HALF_RELATION(lt, <)
ANYROC_HALF_RELATION(le, <=)
ANYROC_HALF_RELATION(gt, >)
ANYROC_HALF_RELATION(ge, >=)
#undef ANYROC_HALF_RELATION
ANYROC_BOTH bool __hisnan(__half a) { return a.value != a.value; }
ANYROC_BOTH int __hisinf(__half a)
{
    return __builtin_isinf(static_cast<float>(a.value)) ? (a.value > 0 ? 1 : -1) : 0;
}

#if defined(__HIP__)
ANYROC_DEVICE __half __float2half_rd(float x) { return __ocml_cvtrtn_f16_f32(x); }
ANYROC_DEVICE __half __float2half_ru(float x) { return __ocml_cvtrtp_f16_f32(x); }
ANYROC_DEVICE __half __float2half_rz(float x) { return __ocml_cvtrtz_f16_f32(x); }

#define ANYROC_HALF_ROUNDED(T, name, way, round) \
    ANYROC_DEVICE T __half2##name##_##way(__half x) { return anyroc::saturate<T>(round(x)); }
#define ANYROC_HALF_TO(T, name)                         \
    ANYROC_HALF_ROUNDED(T, name, rn, __builtin_rintf)   \
    ANYROC_HALF_ROUNDED(T, name, rd, __builtin_floorf)  \
    ANYROC_HALF_ROUNDED(T, name, ru, __builtin_ceilf)   \
    ANYROC_HALF_ROUNDED(T, name, rz, __builtin_truncf)  \
    ANYROC_DEVICE __half __##name##2half_rn(T x) { return __half(x); }
ANYROC_HALF_TO(int, int)
ANYROC_HALF_TO(unsigned int, uint)
ANYROC_HALF_TO(short, short)
ANYROC_HALF_TO(unsigned short, ushort)
ANYROC_HALF_TO(long long, ll)
ANYROC_HALF_TO(unsigned long long, ull)
#undef ANYROC_HALF_TO
#undef ANYROC_HALF_ROUNDED

/* Functions, in half precision where the device library has them. */
#define ANYROC_HALF_FUNCTION(name, attribute)                                         \
    extern "C" __device__ __attribute__((attribute)) _Float16 __ocml_##name##_f16(_Float16); \
    ANYROC_DEVICE __half h##name(__half a) { return __ocml_##name##_f16(a.value); }   \
    ANYROC_DEVICE __half2 h2##name(__half2 a) { return __half2(h##name(a.x), h##name(a.y)); }
ANYROC_HALF_FUNCTION(sqrt, const)
ANYROC_HALF_FUNCTION(rsqrt, const)
ANYROC_HALF_FUNCTION(exp, pure)
ANYROC_HALF_FUNCTION(exp2, pure)
ANYROC_HALF_FUNCTION(exp10, pure)
ANYROC_HALF_FUNCTION(log, pure)
ANYROC_HALF_FUNCTION(log2, pure)
ANYROC_HALF_FUNCTION(log10, pure)
ANYROC_HALF_FUNCTION(sin, pure)
ANYROC_HALF_FUNCTION(cos, pure)
ANYROC_HALF_FUNCTION(tanh, pure)
ANYROC_HALF_FUNCTION(ceil, const)
ANYROC_HALF_FUNCTION(floor, const)
ANYROC_HALF_FUNCTION(trunc, const)
ANYROC_HALF_FUNCTION(rint, const)
#undef ANYROC_HALF_FUNCTION
ANYROC_DEVICE __half htanh_approx(__half a) { return htanh(a); }
ANYROC_DEVICE __half2 h2tanh_approx(__half2 a) { return h2tanh(a); }
ANYROC_DEVICE __half hrcp(__half a) { return __half(1) / a; }
ANYROC_DEVICE __half2 h2rcp(__half2 a) { return __half2(hrcp(a.x), hrcp(a.y)); }

/* Atomics, by replacing the word that holds the half. */
ANYROC_DEVICE __half2 atomicAdd(__half2 *place, __half2 value)
{
    unsigned int *word = reinterpret_cast<unsigned int *>(place);
    unsigned int old = anyroc::atomic_update(word, [&](unsigned int bits) {
        return __builtin_bit_cast(unsigned int, __builtin_bit_cast(__half2, bits) + value);
    });
    return __builtin_bit_cast(__half2, old);
}
ANYROC_DEVICE __half atomicAdd(__half *place, __half value)
{
    unsigned short *word = reinterpret_cast<unsigned short *>(place);
    unsigned short old = anyroc::atomic_update(word, [&](unsigned short bits) {
        return __half_as_ushort(__ushort_as_half(bits) + value);
    });
    return __ushort_as_half(old);
}
#endif
