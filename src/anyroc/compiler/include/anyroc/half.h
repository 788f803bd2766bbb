/* Half precision: __half and __half2 with the functions CUDA and HIP have for them.
 *
 * A __half is clang's _Float16 in a class; arithmetic happens in half precision on the GPU. */
#pragma once

#include <stdint.h>

#include <type_traits>

#include "anyroc/small_floats.h"

typedef _Float16 _Float16_2 __attribute__((ext_vector_type(2)));

/* `data` are AMD's names for the values, which some programs use. */
struct __half_raw {
    union {
        unsigned short x;
        _Float16 data;
    };
};
struct __half2_raw {
    union {
        struct {
            unsigned short x, y;
        };
        _Float16_2 data;
    };
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
    union {
        struct {
            __half x, y;
        };
        _Float16_2 data;
    };

    __half2() = default;
    __host__ __device__ constexpr __half2(__half a, __half b) : x(a), y(b) {}
    __host__ __device__ explicit constexpr __half2(__half a) : x(a), y(a) {}
#if !defined(ANYROC_CUDA)
    template <typename T, typename = std::enable_if_t<std::is_arithmetic<T>::value>>
    __host__ __device__ constexpr __half2(T a) : x(a), y(a)
    {
    }
#endif
    __host__ __device__ constexpr __half2(_Float16_2 values) : data(values) {}
    __host__ __device__ __half2(__half2_raw raw) : data(raw.data) {}
};
typedef __half2 half2;

#define ANYROC_HALF_OPERATOR(op)                      \
    ANYROC_BOTH __half operator op(__half a, __half b) \
    {                                                 \
        return static_cast<_Float16>(a.value op b.value); \
    }
ANYROC_HALF_OPERATOR(+)
ANYROC_HALF_OPERATOR(-)
ANYROC_HALF_OPERATOR(*)
ANYROC_HALF_OPERATOR(/)
#undef ANYROC_HALF_OPERATOR
ANYROC_NEGATIVE(__half, __half(static_cast<_Float16>(-a.value)))

/* By reference: programs that compare on the host define these by value. */
#define ANYROC_HALF_COMPARE(op) \
    ANYROC_BOTH bool operator op(const __half &a, const __half &b) { return a.value op b.value; }
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
ANYROC_BOTH __half2 __low2half2(__half2 v) { return __half2(v.x); }
ANYROC_BOTH __half2 __high2half2(__half2 v) { return __half2(v.y); }
ANYROC_BOTH __half2 __lows2half2(__half2 a, __half2 b) { return __half2(a.x, b.x); }
ANYROC_BOTH __half2 __highs2half2(__half2 a, __half2 b) { return __half2(a.y, b.y); }
ANYROC_BOTH unsigned short __half_as_ushort(__half x)
{
    return __builtin_bit_cast(unsigned short, x.value);
}
ANYROC_BOTH short __half_as_short(__half x) { return __builtin_bit_cast(short, x.value); }
ANYROC_BOTH __half __ushort_as_half(unsigned short x) { return __builtin_bit_cast(_Float16, x); }
ANYROC_BOTH __half __short_as_half(short x) { return __builtin_bit_cast(_Float16, x); }

/* The half on the side of x that `where` says: below (-1), above (1), or the nearest (0). */
ANYROC_BOTH __half anyroc_directed_half(double x, int where)
{
    _Float16 nearest = static_cast<_Float16>(x);
    double back = static_cast<double>(nearest);
    if (where == 0 || back == x || (back < x) == (where < 0) || x != x)
        return nearest;
    unsigned short bits = __builtin_bit_cast(unsigned short, nearest);
    if ((bits & 0x7fff) == 0)
        bits = where < 0 ? 0x8001 : 0x0001;
    else
        bits += (bits >> 15 != 0) == (where < 0) ? 1 : -1;
    return __builtin_bit_cast(_Float16, bits);
}
/* What is beyond a double's precision is beyond the largest half. */
template <typename I>
ANYROC_BOTH __half anyroc_from_integer(I x, int where, __half)
{
    return anyroc_directed_half(static_cast<double>(x), where);
}
ANYROC_BOTH __half __float2half_rd(float x) { return anyroc_directed_half(x, -1); }
ANYROC_BOTH __half __float2half_ru(float x) { return anyroc_directed_half(x, 1); }
ANYROC_BOTH __half __float2half_rz(float x) { return anyroc_directed_half(x, x < 0 ? 1 : -1); }
ANYROC_BOTH __half __habs(__half a) { return __builtin_elementwise_abs(a.value); }

ANYROC_BOTH __half anyroc_fused(__half a, __half b, __half c)
{
    return __builtin_elementwise_fma(a.value, b.value, c.value);
}
ANYROC_BOTH __half anyroc_least(__half a, __half b)
{
    return __builtin_elementwise_minnum(a.value, b.value);
}
ANYROC_BOTH __half anyroc_greatest(__half a, __half b)
{
    return __builtin_elementwise_maxnum(a.value, b.value);
}
ANYROC_SMALL_FLOAT(__half, __half2)
#if defined(__HIP__)
ANYROC_SMALL_INTEGERS(__half, half)
#if !defined(ANYROC_CUDA)
ANYROC_BOTH __half __clamp_01(__half a) { return anyroc_saturated(a); }
ANYROC_DEVICE float amd_mixed_dot(__half2 a, __half2 b, float c, bool saturate)
{
    float sum = __half2float(a.x) * __half2float(b.x) + __half2float(a.y) * __half2float(b.y) + c;
    return saturate ? __builtin_fminf(__builtin_fmaxf(sum, 0), 1) : sum;
}
#endif

/* Functions, in half precision where the device library has them. */
#define ANYROC_HALF_FUNCTION(name, attribute)                                                \
    extern "C" __device__ __attribute__((attribute)) _Float16 __ocml_##name##_f16(_Float16); \
    ANYROC_SMALL_FUNCTION(__half, __half2, name, __ocml_##name##_f16(a.value))
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
ANYROC_SMALL_FUNCTION(__half, __half2, rcp, __half(1) / a)

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

#define CUDART_ZERO_FP16 __ushort_as_half(0x0000)
#define CUDART_NEG_ZERO_FP16 __ushort_as_half(0x8000)
#define CUDART_ONE_FP16 __ushort_as_half(0x3c00)
#define CUDART_INF_FP16 __ushort_as_half(0x7c00)
#define CUDART_NAN_FP16 __ushort_as_half(0x7fff)
#define CUDART_MAX_NORMAL_FP16 __ushort_as_half(0x7bff)
#define CUDART_MIN_DENORM_FP16 __ushort_as_half(0x0001)
