/* What half precision and bfloat16 share: CUDA's functions over a type T and its pair T2.
 *
 * The type has operators and anyroc_fused(a, b, c), anyroc_least(a, b), anyroc_greatest(a, b), of
 * which the last two prefer numbers to what is none. */
#pragma once

#include "anyroc/device.h"

#define ANYROC_PAIRWISE_OPERATOR(T, T2, op)                                        \
    ANYROC_BOTH T &operator op##=(T &a, T b) { return a = a op b; }                \
    ANYROC_BOTH T2 operator op(T2 a, T2 b) { return T2(a.x op b.x, a.y op b.y); }  \
    ANYROC_BOTH T2 &operator op##=(T2 &a, T2 b) { return a = a op b; }
#define ANYROC_PAIRWISE_COMPARE(T2, op, join) \
    ANYROC_BOTH bool operator op(const T2 &a, const T2 &b) { return a.x op b.x join a.y op b.y; }

/* What is none is 0 between 0 and 1 for CUDA, and stays what it is for HIP. */
#if defined(ANYROC_CUDA)
#define ANYROC_NOT_BELOW_0(T, a) ((a) > T(0.0f) ? (a) : T(0.0f))
#else
#define ANYROC_NOT_BELOW_0(T, a) ((a) < T(0.0f) ? T(0.0f) : (a))
#endif

/* Of the type itself only: what becomes it and other numbers as well has their minus. */
#define ANYROC_NEGATIVE(T, expression)                                                        \
    template <typename Value, std::enable_if_t<std::is_same<Value, T>::value, int> = 0>       \
    ANYROC_BOTH Value operator-(Value a)                                                      \
    {                                                                                         \
        return expression;                                                                    \
    }

/* The forms of ++ and -- that return what was before. */
#define ANYROC_POSTFIX_STEPS(T)            \
    ANYROC_BOTH T operator++(T &a, int) \
    {                                   \
        T old = a;                      \
        ++a;                            \
        return old;                     \
    }                                   \
    ANYROC_BOTH T operator--(T &a, int) \
    {                                   \
        T old = a;                      \
        --a;                            \
        return old;                     \
    }

#define ANYROC_SMALL_BINARY(T, T2, name, expression)        \
    ANYROC_BOTH T __h##name(T a, T b) { return expression; } \
    ANYROC_BOTH T2 __h##name##2(T2 u, T2 v)                 \
    {                                                       \
        return T2(__h##name(u.x, v.x), __h##name(u.y, v.y)); \
    }
#define ANYROC_SMALL_SATURATED(T, T2, name, op)                                               \
    ANYROC_BOTH T __h##name##_rn(T a, T b) { return a op b; }                                 \
    ANYROC_BOTH T2 __h##name##2_rn(T2 a, T2 b) { return a op b; }                             \
    ANYROC_BOTH T __h##name##_sat(T a, T b) { return anyroc_saturated(a op b); }              \
    ANYROC_BOTH T2 __h##name##2_sat(T2 a, T2 b)                                               \
    {                                                                                         \
        return T2(anyroc_saturated(a.x op b.x), anyroc_saturated(a.y op b.y));                \
    }
#define ANYROC_SMALL_FUSED(T, T2, suffix, around)                                             \
    ANYROC_BOTH T __hfma##suffix(T a, T b, T c) { return around(anyroc_fused(a, b, c)); }     \
    ANYROC_BOTH T2 __hfma2##suffix(T2 a, T2 b, T2 c)                                          \
    {                                                                                         \
        return T2(__hfma##suffix(a.x, b.x, c.x), __hfma##suffix(a.y, b.y, c.y));              \
    }

/* A comparison with what is not a number is false, or true for those with a u. */
#define ANYROC_SMALL_RELATION(T, T2, name, expression)                                            \
    ANYROC_BOTH bool __h##name(T a, T b) { return expression; }                                   \
    ANYROC_BOTH bool __h##name##u(T a, T b) { return (expression) || a != a || b != b; }          \
    ANYROC_SMALL_RELATION_2(T, T2, name##2, __h##name)                                            \
    ANYROC_SMALL_RELATION_2(T, T2, name##u2, __h##name##u)
#define ANYROC_SMALL_RELATION_2(T, T2, name, holds)                                            \
    ANYROC_BOTH T2 __h##name(T2 a, T2 b)                                                       \
    {                                                                                          \
        return T2(T(holds(a.x, b.x) ? 1.0f : 0.0f), T(holds(a.y, b.y) ? 1.0f : 0.0f));         \
    }                                                                                          \
    ANYROC_BOTH unsigned int __h##name##_mask(T2 a, T2 b)                                      \
    {                                                                                          \
        return (holds(a.x, b.x) ? 0xffffu : 0) | (holds(a.y, b.y) ? 0xffff0000u : 0);          \
    }                                                                                          \
    ANYROC_BOTH bool __hb##name(T2 a, T2 b) { return holds(a.x, b.x) && holds(a.y, b.y); }

#define ANYROC_SMALL_FLOAT(T, T2)                                                              \
    ANYROC_PAIRWISE_OPERATOR(T, T2, +)                                                         \
    ANYROC_PAIRWISE_OPERATOR(T, T2, -)                                                         \
    ANYROC_PAIRWISE_OPERATOR(T, T2, *)                                                         \
    ANYROC_PAIRWISE_OPERATOR(T, T2, /)                                                         \
    ANYROC_PAIRWISE_COMPARE(T2, ==, &&)                                                        \
    ANYROC_PAIRWISE_COMPARE(T2, !=, ||)                                                        \
    ANYROC_PAIRWISE_COMPARE(T2, <, &&)                                                         \
    ANYROC_PAIRWISE_COMPARE(T2, <=, &&)                                                        \
    ANYROC_PAIRWISE_COMPARE(T2, >, &&)                                                         \
    ANYROC_PAIRWISE_COMPARE(T2, >=, &&)                                                        \
    ANYROC_BOTH T operator+(T a) { return a; }                                                 \
    ANYROC_BOTH T2 operator+(T2 a) { return a; }                                               \
    ANYROC_NEGATIVE(T2, T2(-a.x, -a.y))                                                         \
    ANYROC_BOTH T &operator++(T &a) { return a += T(1.0f); }                                   \
    ANYROC_BOTH T &operator--(T &a) { return a -= T(1.0f); }                                   \
    ANYROC_POSTFIX_STEPS(T)                                                                       \
    ANYROC_BOTH T2 &operator++(T2 &a) { return a += T2(T(1.0f), T(1.0f)); }                    \
    ANYROC_BOTH T2 &operator--(T2 &a) { return a -= T2(T(1.0f), T(1.0f)); }                    \
    ANYROC_POSTFIX_STEPS(T2)                                                                      \
    ANYROC_BOTH T anyroc_saturated(T a)                                                        \
    {                                                                                          \
        return a > T(1.0f) ? T(1.0f) : ANYROC_NOT_BELOW_0(T, a);                               \
    }                                                                                          \
    ANYROC_BOTH T anyroc_not_negative(T a) { return a < T(0.0f) ? T(0.0f) : a; }               \
    ANYROC_SMALL_BINARY(T, T2, add, a + b)                                                     \
    ANYROC_SMALL_BINARY(T, T2, sub, a - b)                                                     \
    ANYROC_SMALL_BINARY(T, T2, mul, a *b)                                                      \
    ANYROC_SMALL_BINARY(T, T2, min, anyroc_least(a, b))                                        \
    ANYROC_SMALL_BINARY(T, T2, max, anyroc_greatest(a, b))                                     \
    ANYROC_BOTH T __hmin_nan(T a, T b) { return a != a ? a : b != b ? b : anyroc_least(a, b); }    \
    ANYROC_BOTH T __hmax_nan(T a, T b) { return a != a ? a : b != b ? b : anyroc_greatest(a, b); } \
    ANYROC_BOTH T2 __hmin2_nan(T2 a, T2 b)                                                     \
    {                                                                                          \
        return T2(__hmin_nan(a.x, b.x), __hmin_nan(a.y, b.y));                                 \
    }                                                                                          \
    ANYROC_BOTH T2 __hmax2_nan(T2 a, T2 b)                                                     \
    {                                                                                          \
        return T2(__hmax_nan(a.x, b.x), __hmax_nan(a.y, b.y));                                 \
    }                                                                                          \
    ANYROC_SMALL_SATURATED(T, T2, add, +)                                                      \
    ANYROC_SMALL_SATURATED(T, T2, sub, -)                                                      \
    ANYROC_SMALL_SATURATED(T, T2, mul, *)                                                      \
    ANYROC_SMALL_FUSED(T, T2, , )                                                              \
    ANYROC_SMALL_FUSED(T, T2, _sat, anyroc_saturated)                                          \
    ANYROC_SMALL_FUSED(T, T2, _relu, anyroc_not_negative)                                      \
    ANYROC_BOTH T __hdiv(T a, T b) { return a / b; }                                           \
    ANYROC_BOTH T2 __h2div(T2 a, T2 b) { return a / b; }                                       \
    ANYROC_BOTH T __hneg(T a) { return -a; }                                                   \
    ANYROC_BOTH T2 __hneg2(T2 a) { return -a; }                                                \
    ANYROC_BOTH T2 __habs2(T2 a) { return T2(__habs(a.x), __habs(a.y)); }                      \
    /* The product of complex numbers, and a third one. */                                     \
    ANYROC_BOTH T2 __hcmadd(T2 a, T2 b, T2 c)                                                  \
    {                                                                                          \
        return T2(anyroc_fused(-a.y, b.y, anyroc_fused(a.x, b.x, c.x)),                        \
                  anyroc_fused(a.y, b.x, anyroc_fused(a.x, b.y, c.y)));                        \
    }                                                                                          \
    ANYROC_SMALL_RELATION(T, T2, eq, a == b)                                                   \
    ANYROC_SMALL_RELATION(T, T2, ne, a < b || a > b)                                           \
    ANYROC_SMALL_RELATION(T, T2, lt, a < b)                                                    \
    ANYROC_SMALL_RELATION(T, T2, le, a <= b)                                                   \
    ANYROC_SMALL_RELATION(T, T2, gt, a > b)                                                    \
    ANYROC_SMALL_RELATION(T, T2, ge, a >= b)                                                   \
    ANYROC_BOTH bool __hisnan(T a) { return a != a; }                                          \
    ANYROC_BOTH T2 __hisnan2(T2 a)                                                             \
    {                                                                                          \
        return T2(T(a.x != a.x ? 1.0f : 0.0f), T(a.y != a.y ? 1.0f : 0.0f));                   \
    }                                                                                          \
    ANYROC_BOTH int __hisinf(T a)                                                              \
    {                                                                                          \
        float wide = a;                                                                        \
        return __builtin_isinf(wide) ? (wide > 0 ? 1 : -1) : 0;                                \
    }                                                                                          \
    ANYROC_BOTH T2 __hisinf2(T2 a)                                                             \
    {                                                                                          \
        return T2(T(__hisinf(a.x) ? 1.0f : 0.0f), T(__hisinf(a.y) ? 1.0f : 0.0f));             \
    }                                                                                          \
    ANYROC_BOTH float __low2float(T2 v) { return v.x; }                                        \
    ANYROC_BOTH float __high2float(T2 v) { return v.y; }                                       \
    ANYROC_BOTH T2 __lowhigh2highlow(T2 v) { return T2(v.y, v.x); }

/* Conversions to and from integers; `from_T` is the type's name in functions' names. */
#define ANYROC_SMALL_TO(T, I, from, to, way, round) \
    ANYROC_BOTH I __##from##2##to##_##way(T x) { return anyroc::saturate<I>(round(x)); }
#define ANYROC_SMALL_INTEGER(T, name, I, integer)                                              \
    ANYROC_SMALL_TO(T, I, name, integer, rn, __builtin_rintf)                                  \
    ANYROC_SMALL_TO(T, I, name, integer, rd, __builtin_floorf)                                 \
    ANYROC_SMALL_TO(T, I, name, integer, ru, __builtin_ceilf)                                  \
    ANYROC_SMALL_TO(T, I, name, integer, rz, __builtin_truncf)                                 \
    ANYROC_BOTH T __##integer##2##name##_rn(I x) { return anyroc_from_integer(x, 0, T()); }    \
    ANYROC_BOTH T __##integer##2##name##_rd(I x) { return anyroc_from_integer(x, -1, T()); }   \
    ANYROC_BOTH T __##integer##2##name##_ru(I x) { return anyroc_from_integer(x, 1, T()); }    \
    ANYROC_BOTH T __##integer##2##name##_rz(I x)                                               \
    {                                                                                          \
        return anyroc_from_integer(x, x < 0 ? 1 : -1, T());                                    \
    }
#define ANYROC_SMALL_INTEGERS(T, name)                          \
    ANYROC_SMALL_INTEGER(T, name, int, int)                     \
    ANYROC_SMALL_INTEGER(T, name, unsigned int, uint)           \
    ANYROC_SMALL_INTEGER(T, name, short, short)                 \
    ANYROC_SMALL_INTEGER(T, name, unsigned short, ushort)       \
    ANYROC_SMALL_INTEGER(T, name, long long, ll)                \
    ANYROC_SMALL_INTEGER(T, name, unsigned long long, ull)      \
    ANYROC_SMALL_TO(T, signed char, name, char, rz, __builtin_truncf) \
    ANYROC_SMALL_TO(T, unsigned char, name, uchar, rz, __builtin_truncf)

/* The pair of a function over T. */
#define ANYROC_SMALL_FUNCTION(T, T2, name, call)      \
    ANYROC_DEVICE T h##name(T a) { return call; }     \
    ANYROC_DEVICE T2 h2##name(T2 a) { return T2(h##name(a.x), h##name(a.y)); }
