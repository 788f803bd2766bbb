/* 8-bit floating point. An encoding has EXPONENT and FRACTION bits; of the two families OCP's has
 * negative zeros (and e5m2 infinities), and FNUZ's has neither, one NaN, and a bias greater by one.
 *
 * OCP 8-bit Floating Point Specification 1.0; AMD, "CDNA3" ISA, section 7.2 (FNUZ). */
#pragma once

#include "anyroc/bfloat16.h"
#include "anyroc/half.h"

namespace anyroc {

template <int EXPONENT, int FRACTION, bool FNUZ>
struct fp8 {
    static constexpr int bias = (1 << (EXPONENT - 1)) - (FNUZ ? 0 : 1);
    static constexpr bool infinities = !FNUZ && EXPONENT == 5;
    static constexpr unsigned int nan = FNUZ ? 0x80 : 0x7f;
    static constexpr unsigned int largest = FNUZ ? 0x7f : infinities ? 0x7b : 0x7e;

    /* Rounds to nearest, ties to even. What is too large saturates or becomes infinite or NaN. */
    static __host__ __device__ unsigned char encode(double x, bool saturate)
    {
        unsigned long long bits = __builtin_bit_cast(unsigned long long, x);
        unsigned int sign = bits >> 63 ? 0x80 : 0;
        if (x != x)
            return FNUZ ? nan : sign | nan;
        double size = __builtin_fabs(x);
        int exponent = static_cast<int>(bits >> 52 & 0x7ff) - 1023;
        unsigned int code = largest + 1;
        if (exponent <= bias + 1) {
            exponent = exponent < 1 - bias ? 1 - bias : exponent;
            unsigned long long scale = static_cast<unsigned long long>(1023 + FRACTION - exponent);
            double steps = __builtin_rint(size * __builtin_bit_cast(double, scale << 52));
            code = ((exponent + bias - 1) << FRACTION) + static_cast<unsigned int>(steps);
        }
        if (code > largest) {
            if (saturate)
                code = largest;
            else
                return FNUZ ? nan : sign | (infinities ? 0x7c : nan);
        }
        return FNUZ && code == 0 ? 0 : sign | code;
    }
    static __host__ __device__ float decode(unsigned char code)
    {
        unsigned int size = code & 0x7f, fraction = size & ((1 << FRACTION) - 1);
        int exponent = size >> FRACTION;
        if (FNUZ ? code == nan : infinities ? size > 0x7c : size == nan)
            return __builtin_nanf("");
        if (infinities && size == 0x7c)
            return code & 0x80 ? -__builtin_inff() : __builtin_inff();
        int implied = exponent > 0 ? 1 << FRACTION : 0;
        exponent = exponent > 0 ? exponent : 1;
        unsigned int scale = static_cast<unsigned int>(127 + exponent - bias - FRACTION) << 23;
        float value = static_cast<float>(implied + fraction) * __builtin_bit_cast(float, scale);
        return code & 0x80 ? -value : value;
    }
};

}  // namespace anyroc

/* One number, a pair and four of an encoding, with the conversions of CUDA's and HIP's types. */
#define ANYROC_FP8_TYPES(name, Pair, Four, Encoding)                                              \
    struct name {                                                                                 \
        unsigned char __x;                                                                        \
        name() = default;                                                                         \
        template <typename T, typename = std::enable_if_t<std::is_arithmetic<T>::value>>          \
        __host__ __device__ explicit name(T v) : __x(anyroc::Encoding::encode(v, true))           \
        {                                                                                         \
        }                                                                                         \
        __host__ __device__ explicit name(__half v) : name(static_cast<float>(v)) {}              \
        __host__ __device__ explicit name(__hip_bfloat16 v) : name(static_cast<float>(v)) {}      \
        __host__ __device__ explicit operator float() const                                       \
        {                                                                                         \
            return anyroc::Encoding::decode(__x);                                                 \
        }                                                                                         \
        __host__ __device__ explicit operator double() const { return float(*this); }             \
        __host__ __device__ explicit operator __half() const { return __half(float(*this)); }     \
        __host__ __device__ explicit operator __hip_bfloat16() const                              \
        {                                                                                         \
            return __hip_bfloat16(float(*this));                                                  \
        }                                                                                         \
        __host__ __device__ explicit operator int() const { return int(float(*this)); }           \
        __host__ __device__ explicit operator bool() const { return float(*this) != 0; }          \
    };                                                                                            \
    struct __align__(2) Pair {                                                                    \
        unsigned short __x;                                                                       \
        Pair() = default;                                                                         \
        __host__ __device__ explicit Pair(float2 v)                                               \
            : __x(static_cast<unsigned short>(anyroc::Encoding::encode(v.x, true) |               \
                                              anyroc::Encoding::encode(v.y, true) << 8))          \
        {                                                                                         \
        }                                                                                         \
        __host__ __device__ explicit Pair(__half2 v)                                              \
            : Pair(make_float2(static_cast<float>(v.x), static_cast<float>(v.y)))                 \
        {                                                                                         \
        }                                                                                         \
        __host__ __device__ explicit Pair(__hip_bfloat162 v)                                      \
            : Pair(make_float2(static_cast<float>(v.x), static_cast<float>(v.y)))                 \
        {                                                                                         \
        }                                                                                         \
        __host__ __device__ explicit operator float2() const                                      \
        {                                                                                         \
            return make_float2(anyroc::Encoding::decode(__x & 0xff),                              \
                               anyroc::Encoding::decode(__x >> 8));                               \
        }                                                                                         \
        __host__ __device__ explicit operator __half2() const                                     \
        {                                                                                         \
            float2 v = float2(*this);                                                             \
            return __half2(__half(v.x), __half(v.y));                                             \
        }                                                                                         \
    };                                                                                            \
    struct __align__(4) Four {                                                                    \
        unsigned int __x;                                                                         \
        Four() = default;                                                                         \
        __host__ __device__ explicit Four(float4 v)                                               \
            : __x(Pair(make_float2(v.x, v.y)).__x |                                               \
                  static_cast<unsigned int>(Pair(make_float2(v.z, v.w)).__x) << 16)               \
        {                                                                                         \
        }                                                                                         \
        __host__ __device__ Four(__half2 a, __half2 b)                                            \
            : __x(Pair(a).__x | static_cast<unsigned int>(Pair(b).__x) << 16)                     \
        {                                                                                         \
        }                                                                                         \
        __host__ __device__ Four(__hip_bfloat162 a, __hip_bfloat162 b)                            \
            : __x(Pair(a).__x | static_cast<unsigned int>(Pair(b).__x) << 16)                     \
        {                                                                                         \
        }                                                                                         \
        __host__ __device__ explicit operator float4() const                                      \
        {                                                                                         \
            return make_float4(anyroc::Encoding::decode(__x & 0xff),                              \
                               anyroc::Encoding::decode(__x >> 8 & 0xff),                         \
                               anyroc::Encoding::decode(__x >> 16 & 0xff),                        \
                               anyroc::Encoding::decode(__x >> 24));                              \
        }                                                                                         \
    };

/* Conversions of a storage type, which is the numbers' bits. */
#define ANYROC_FP8_CONVERSIONS(prefix, Interpretation, Saturation, satfinite, choose)             \
    ANYROC_BOTH unsigned char prefix##double_to_fp8(double x, Saturation s, Interpretation i)     \
    {                                                                                             \
        return choose(i, encode(x, s == satfinite));                                              \
    }                                                                                             \
    ANYROC_BOTH unsigned char prefix##float_to_fp8(float x, Saturation s, Interpretation i)       \
    {                                                                                             \
        return prefix##double_to_fp8(x, s, i);                                                    \
    }                                                                                             \
    ANYROC_BOTH unsigned char prefix##halfraw_to_fp8(__half_raw x, Saturation s,                  \
                                                     Interpretation i)                            \
    {                                                                                             \
        return prefix##float_to_fp8(static_cast<float>(__half(x)), s, i);                         \
    }                                                                                             \
    ANYROC_BOTH unsigned char prefix##bfloat16raw_to_fp8(__hip_bfloat16_raw x, Saturation s,      \
                                                         Interpretation i)                        \
    {                                                                                             \
        return prefix##float_to_fp8(static_cast<float>(__hip_bfloat16(x)), s, i);                 \
    }                                                                                             \
    ANYROC_BOTH unsigned short prefix##float2_to_fp8x2(float2 x, Saturation s, Interpretation i)  \
    {                                                                                             \
        return static_cast<unsigned short>(prefix##float_to_fp8(x.x, s, i) |                      \
                                           prefix##float_to_fp8(x.y, s, i) << 8);                 \
    }                                                                                             \
    ANYROC_BOTH unsigned short prefix##double2_to_fp8x2(double2 x, Saturation s,                  \
                                                        Interpretation i)                         \
    {                                                                                             \
        return static_cast<unsigned short>(prefix##double_to_fp8(x.x, s, i) |                     \
                                           prefix##double_to_fp8(x.y, s, i) << 8);                \
    }                                                                                             \
    ANYROC_BOTH unsigned short prefix##halfraw2_to_fp8x2(__half2_raw x, Saturation s,             \
                                                         Interpretation i)                        \
    {                                                                                             \
        return prefix##float2_to_fp8x2(make_float2(static_cast<float>(__half(__half_raw{x.x})),   \
                                                   static_cast<float>(__half(__half_raw{x.y}))),  \
                                       s, i);                                                     \
    }                                                                                             \
    ANYROC_BOTH __half_raw prefix##fp8_to_halfraw(unsigned char x, Interpretation i)              \
    {                                                                                             \
        return __half(choose(i, decode(x)));                                                      \
    }                                                                                             \
    ANYROC_BOTH __half2_raw prefix##fp8x2_to_halfraw2(unsigned short x, Interpretation i)         \
    {                                                                                             \
        return {prefix##fp8_to_halfraw(x & 0xff, i).x, prefix##fp8_to_halfraw(x >> 8, i).x};      \
    }
