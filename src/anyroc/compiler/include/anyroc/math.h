/* Mathematical functions: clang's own HIP headers declare most, over the device library ocml; here
 * are the ones they lack, and the host's versions of those that only CUDA knows. */
#pragma once

#include <cmath>
#include <cstdlib>

#include "anyroc/attributes.h"

/* These must not be contracted into fused operations; clang's are plain additions and so on. */
#define ANYROC_ROUNDED(DO)     \
    DO(__fadd_rn, float, +)    \
    DO(__fsub_rn, float, -)    \
    DO(__fmul_rn, float, *)    \
    DO(__dadd_rn, double, +)   \
    DO(__dsub_rn, double, -)   \
    DO(__dmul_rn, double, *)
#define __fadd_rn anyroc_contracted_fadd
#define __fsub_rn anyroc_contracted_fsub
#define __fmul_rn anyroc_contracted_fmul
#define __dadd_rn anyroc_contracted_dadd
#define __dsub_rn anyroc_contracted_dsub
#define __dmul_rn anyroc_contracted_dmul

#include <__clang_hip_libdevice_declares.h>
#include <__clang_hip_math.h>

#undef __fadd_rn
#undef __fsub_rn
#undef __fmul_rn
#undef __dadd_rn
#undef __dsub_rn
#undef __dmul_rn
#define ANYROC_EXACT(name, T, op)                      \
    ANYROC_DEVICE T name(T a, T b)                     \
    {                                                  \
        _Pragma("clang fp contract(off)") return a op b; \
    }
ANYROC_ROUNDED(ANYROC_EXACT)
#undef ANYROC_EXACT
#undef ANYROC_ROUNDED

#include <__clang_hip_stdlib.h>
#include <__clang_cuda_math_forward_declares.h>
#include <__clang_hip_cmath.h>
#include <__clang_cuda_complex_builtins.h>

/* Operations that round down, up and towards zero. */
#define ANYROC_DIRECTED(suffix, T, bits)                                                        \
    extern "C" __device__ __attribute__((const)) T __ocml_add_##suffix##_##bits(T, T);          \
    extern "C" __device__ __attribute__((const)) T __ocml_sub_##suffix##_##bits(T, T);          \
    extern "C" __device__ __attribute__((const)) T __ocml_mul_##suffix##_##bits(T, T);          \
    extern "C" __device__ __attribute__((const)) T __ocml_fma_##suffix##_##bits(T, T, T);
ANYROC_DIRECTED(rtn, float, f32)
ANYROC_DIRECTED(rtp, float, f32)
ANYROC_DIRECTED(rtz, float, f32)
ANYROC_DIRECTED(rtn, double, f64)
ANYROC_DIRECTED(rtp, double, f64)
ANYROC_DIRECTED(rtz, double, f64)
#undef ANYROC_DIRECTED

namespace anyroc {

/* A result rounded to nearest becomes one rounded in a direction (-1 down, 1 up, 0 to zero) by a
 * step that the sign of the exact remainder decides. */
template <typename T>
ANYROC_DEVICE T directed(T nearest, T remainder, int direction)
{
    if (remainder == 0 || !__builtin_isfinite(nearest))
        return nearest;
    if (direction == 0)
        direction = nearest < 0 ? 1 : -1;
    if (direction < 0 ? remainder > 0 : remainder < 0)
        return nearest;
    T towards = direction < 0 ? -__builtin_huge_val() : __builtin_huge_val();
    return ::nextafter(nearest, towards);
}

template <typename T>
ANYROC_DEVICE T divide(T a, T b, int direction)
{
    T q = a / b;
    T left = __builtin_elementwise_fma(-q, b, a);
    return directed(q, b < 0 ? -left : left, direction);
}

template <typename T>
ANYROC_DEVICE T root(T a, int direction)
{
    T q = __builtin_elementwise_sqrt(a);
    return directed(q, __builtin_elementwise_fma(-q, q, a), direction);
}

}  // namespace anyroc

#define ANYROC_DIRECTED(suffix, ocml, direction)                                                   \
    ANYROC_DEVICE float __fadd_##suffix(float a, float b) { return __ocml_add_##ocml##_f32(a, b); } \
    ANYROC_DEVICE float __fsub_##suffix(float a, float b) { return __ocml_sub_##ocml##_f32(a, b); } \
    ANYROC_DEVICE float __fmul_##suffix(float a, float b) { return __ocml_mul_##ocml##_f32(a, b); } \
    ANYROC_DEVICE float __fmaf_##suffix(float a, float b, float c)                                 \
    {                                                                                              \
        return __ocml_fma_##ocml##_f32(a, b, c);                                                   \
    }                                                                                              \
    ANYROC_DEVICE float __fdiv_##suffix(float a, float b) { return anyroc::divide(a, b, direction); } \
    ANYROC_DEVICE float __frcp_##suffix(float a) { return anyroc::divide(1.0f, a, direction); }    \
    ANYROC_DEVICE float __fsqrt_##suffix(float a) { return anyroc::root(a, direction); }           \
    ANYROC_DEVICE double __dadd_##suffix(double a, double b)                                       \
    {                                                                                              \
        return __ocml_add_##ocml##_f64(a, b);                                                      \
    }                                                                                              \
    ANYROC_DEVICE double __dsub_##suffix(double a, double b)                                       \
    {                                                                                              \
        return __ocml_sub_##ocml##_f64(a, b);                                                      \
    }                                                                                              \
    ANYROC_DEVICE double __dmul_##suffix(double a, double b)                                       \
    {                                                                                              \
        return __ocml_mul_##ocml##_f64(a, b);                                                      \
    }                                                                                              \
    ANYROC_DEVICE double __fma_##suffix(double a, double b, double c)                              \
    {                                                                                              \
        return __ocml_fma_##ocml##_f64(a, b, c);                                                   \
    }                                                                                              \
    ANYROC_DEVICE double __ddiv_##suffix(double a, double b)                                       \
    {                                                                                              \
        return anyroc::divide(a, b, direction);                                                    \
    }                                                                                              \
    ANYROC_DEVICE double __drcp_##suffix(double a) { return anyroc::divide(1.0, a, direction); }   \
    ANYROC_DEVICE double __dsqrt_##suffix(double a) { return anyroc::root(a, direction); }
ANYROC_DIRECTED(rd, rtn, -1)
ANYROC_DIRECTED(ru, rtp, 1)
ANYROC_DIRECTED(rz, rtz, 0)
#undef ANYROC_DIRECTED

ANYROC_DEVICE float __tanhf(float x) { return tanhf(x); }
ANYROC_DEVICE float __exp2f(float x) { return __builtin_amdgcn_exp2f(x); }
ANYROC_DEVICE double __rsqrt_rn(double x) { return rsqrt(x); }

/* Mixed integer arguments, which clang's headers leave ambiguous on the device. */
#define ANYROC_MIN_MAX(R, A, B)                                                     \
    ANYROC_DEVICE R min(A a, B b) { return static_cast<R>(a) < static_cast<R>(b) ? a : b; } \
    ANYROC_DEVICE R max(A a, B b) { return static_cast<R>(a) > static_cast<R>(b) ? a : b; }
#define ANYROC_MIN_MAX_MIXED(R, A, B) \
    ANYROC_MIN_MAX(R, A, B)           \
    ANYROC_MIN_MAX(R, B, A)
ANYROC_MIN_MAX_MIXED(unsigned int, unsigned int, int)
ANYROC_MIN_MAX_MIXED(unsigned long, unsigned long, long)
ANYROC_MIN_MAX_MIXED(unsigned long long, unsigned long long, long long)
ANYROC_MIN_MAX_MIXED(double, double, float)
#undef ANYROC_MIN_MAX_MIXED
#undef ANYROC_MIN_MAX

/* C has since got some of these: defining them with C's linkage agrees with any declaration. */
#define ANYROC_HOST extern "C" inline __host__
ANYROC_HOST float rsqrtf(float x) noexcept { return 1.0f / std::sqrt(x); }
ANYROC_HOST double rsqrt(double x) noexcept { return 1.0 / std::sqrt(x); }
ANYROC_HOST float rcbrtf(float x) noexcept { return 1.0f / std::cbrt(x); }
ANYROC_HOST double rcbrt(double x) noexcept { return 1.0 / std::cbrt(x); }
ANYROC_HOST float sinpif(float x) noexcept { return std::sin(x * static_cast<float>(M_PI)); }
ANYROC_HOST double sinpi(double x) noexcept { return std::sin(x * M_PI); }
ANYROC_HOST float cospif(float x) noexcept { return std::cos(x * static_cast<float>(M_PI)); }
ANYROC_HOST double cospi(double x) noexcept { return std::cos(x * M_PI); }
ANYROC_HOST float normcdff(float x) noexcept { return 0.5f * std::erfc(-x * static_cast<float>(M_SQRT1_2)); }
ANYROC_HOST double normcdf(double x) noexcept { return 0.5 * std::erfc(-x * M_SQRT1_2); }
ANYROC_HOST float norm3df(float x, float y, float z) noexcept { return std::sqrt(x * x + y * y + z * z); }
ANYROC_HOST double norm3d(double x, double y, double z) noexcept { return std::sqrt(x * x + y * y + z * z); }
ANYROC_HOST float rnorm3df(float x, float y, float z) noexcept { return rsqrtf(x * x + y * y + z * z); }
ANYROC_HOST double rnorm3d(double x, double y, double z) noexcept { return rsqrt(x * x + y * y + z * z); }
ANYROC_HOST float rhypotf(float x, float y) noexcept { return 1.0f / std::hypot(x, y); }
ANYROC_HOST double rhypot(double x, double y) noexcept { return 1.0 / std::hypot(x, y); }
ANYROC_HOST float fdividef(float x, float y) noexcept { return x / y; }
ANYROC_HOST float __fdividef(float x, float y) noexcept { return x / y; }
#undef ANYROC_HOST
