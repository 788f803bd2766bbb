/* Mathematical functions: clang's own HIP headers declare most, over the device library ocml; here
 * are the ones they lack, and the host's versions of those that only CUDA knows. */
#pragma once

#include <math.h>

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

/* Operations that round down, up and towards zero. The nearest result becomes the directed one by a
 * step that the sign of what rounding lost decides: no rounding mode need be set. A result that
 * overflows stays infinite. */
namespace anyroc {

enum direction { towards_zero, down, up };

template <typename T>
ANYROC_DEVICE T directed(T nearest, T lost, direction where)
{
    if (lost == 0 || !__builtin_isfinite(nearest))
        return nearest;
    bool go_down = where == towards_zero ? nearest > 0 : where == down;
    if (go_down == (lost > 0))
        return nearest;
    double end = go_down ? -__builtin_huge_val() : __builtin_huge_val();
    return ::nextafter(nearest, static_cast<T>(end));
}

/* What the sum s = a + b lost, exactly (Knuth's TwoSum). */
template <typename T>
ANYROC_DEVICE T lost_by_sum(T a, T b, T s)
{
#pragma clang fp contract(off) reassociate(off)
    T part = s - a;
    return (a - (s - part)) + (b - part);
}

template <typename T>
ANYROC_DEVICE T add(T a, T b, direction where)
{
    T s = a + b;
    return directed(s, lost_by_sum(a, b, s), where);
}

template <typename T>
ANYROC_DEVICE T multiply(T a, T b, direction where)
{
    T p = a * b;
    return directed(p, __builtin_elementwise_fma(a, b, -p), where);
}

template <typename T>
ANYROC_DEVICE T multiply_add(T a, T b, T c, direction where)
{
#pragma clang fp contract(off) reassociate(off)
    T p = a * b, s = p + c, nearest = __builtin_elementwise_fma(a, b, c);
    T low = __builtin_elementwise_fma(a, b, -p), middle = lost_by_sum(p, c, s);
    T rest = low + middle, high = s - nearest;
    T lost = high + rest;
    return directed(nearest, lost == 0 ? lost_by_sum(low, middle, rest) : lost, where);
}

template <typename T>
ANYROC_DEVICE T divide(T a, T b, direction where)
{
    T q = a / b, left = __builtin_elementwise_fma(-q, b, a);
    return directed(q, b < 0 ? -left : left, where);
}

template <typename T>
ANYROC_DEVICE T inverse(T a, direction where)
{
    return divide(static_cast<T>(1), a, where);
}

template <typename T>
ANYROC_DEVICE T root(T a, direction where)
{
    T q = __builtin_elementwise_sqrt(a);
    return directed(q, __builtin_elementwise_fma(-q, q, a), where);
}

}  // namespace anyroc

#define ANYROC_DIRECTED(T, suffix, where, d, fma_name)                                         \
    ANYROC_DEVICE T __##d##add_##suffix(T a, T b) { return anyroc::add(a, b, where); }            \
    ANYROC_DEVICE T __##d##sub_##suffix(T a, T b) { return anyroc::add(a, -b, where); }           \
    ANYROC_DEVICE T __##d##mul_##suffix(T a, T b) { return anyroc::multiply(a, b, where); }       \
    ANYROC_DEVICE T __##d##div_##suffix(T a, T b) { return anyroc::divide(a, b, where); }         \
    ANYROC_DEVICE T __##d##rcp_##suffix(T a) { return anyroc::inverse(a, where); }                \
    ANYROC_DEVICE T __##d##sqrt_##suffix(T a) { return anyroc::root(a, where); }                  \
    ANYROC_DEVICE T fma_name##_##suffix(T a, T b, T c)                                            \
    {                                                                                             \
        return anyroc::multiply_add(a, b, c, where);                                              \
    }
ANYROC_DIRECTED(float, rd, anyroc::down, f, __fmaf)
ANYROC_DIRECTED(float, ru, anyroc::up, f, __fmaf)
ANYROC_DIRECTED(float, rz, anyroc::towards_zero, f, __fmaf)
ANYROC_DIRECTED(double, rd, anyroc::down, d, __fma)
ANYROC_DIRECTED(double, ru, anyroc::up, d, __fma)
ANYROC_DIRECTED(double, rz, anyroc::towards_zero, d, __fma)
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

#if defined(ANYROC_CUDA)
#define ANYROC_NAMED_MIN_MAX(prefix, T)                                                       \
    __host__ ANYROC_DEVICE T prefix##min(T a, T b) { return a < b ? a : b; }                   \
    __host__ ANYROC_DEVICE T prefix##max(T a, T b) { return a > b ? a : b; }
ANYROC_NAMED_MIN_MAX(u, unsigned int)
ANYROC_NAMED_MIN_MAX(ll, long long)
ANYROC_NAMED_MIN_MAX(ull, unsigned long long)
#undef ANYROC_NAMED_MIN_MAX
#endif

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
ANYROC_HOST float normcdff(float x) noexcept
{
    return 0.5f * std::erfc(-x * static_cast<float>(M_SQRT1_2));
}
ANYROC_HOST double normcdf(double x) noexcept { return 0.5 * std::erfc(-x * M_SQRT1_2); }
ANYROC_HOST float norm3df(float x, float y, float z) noexcept
{
    return std::sqrt(x * x + y * y + z * z);
}
ANYROC_HOST double norm3d(double x, double y, double z) noexcept
{
    return std::sqrt(x * x + y * y + z * z);
}
ANYROC_HOST float rnorm3df(float x, float y, float z) noexcept
{
    return rsqrtf(x * x + y * y + z * z);
}
ANYROC_HOST double rnorm3d(double x, double y, double z) noexcept
{
    return rsqrt(x * x + y * y + z * z);
}
ANYROC_HOST float rhypotf(float x, float y) noexcept { return 1.0f / std::hypot(x, y); }
ANYROC_HOST double rhypot(double x, double y) noexcept { return 1.0 / std::hypot(x, y); }
ANYROC_HOST float fdividef(float x, float y) noexcept { return x / y; }
ANYROC_HOST float __fdividef(float x, float y) noexcept { return x / y; }
#undef ANYROC_HOST
