/* Arithmetic on CUDA's vector types: operators by component, and functions of shading languages. */
#pragma once

#include <cuda_runtime.h>

#include <cmath>

typedef unsigned int uint;
typedef unsigned short ushort;

#define ANYROC_HD inline __host__ __device__

#if !defined(__HIP__)
inline float rsqrtf(float x) { return 1.0f / std::sqrt(x); }
#endif

ANYROC_HD float lerp(float a, float b, float t) { return a + t * (b - a); }
ANYROC_HD float clamp(float x, float low, float high) { return fmaxf(low, fminf(x, high)); }
ANYROC_HD int clamp(int x, int low, int high) { return x < low ? low : x > high ? high : x; }
ANYROC_HD uint clamp(uint x, uint low, uint high) { return x < low ? low : x > high ? high : x; }
ANYROC_HD float fracf(float x) { return x - floorf(x); }
ANYROC_HD float smoothstep(float low, float high, float x)
{
    float y = clamp((x - low) / (high - low), 0.0f, 1.0f);
    return y * y * (3.0f - 2.0f * y);
}

/* EACH_n(f, …) lists what f makes of every component. */
#define ANYROC_EACH_2(f, ...) f(x, ##__VA_ARGS__), f(y, ##__VA_ARGS__)
#define ANYROC_EACH_3(f, ...) ANYROC_EACH_2(f, ##__VA_ARGS__), f(z, ##__VA_ARGS__)
#define ANYROC_EACH_4(f, ...) ANYROC_EACH_3(f, ##__VA_ARGS__), f(w, ##__VA_ARGS__)
#define ANYROC_VECTOR_VECTOR(c, op) a.c op b.c
#define ANYROC_VECTOR_SCALAR(c, op) a.c op b
#define ANYROC_SCALAR_VECTOR(c, op) a op b.c
#define ANYROC_OF_ONE(c, call) call(a.c)
#define ANYROC_OF_TWO(c, call) call(a.c, b.c)
#define ANYROC_CLAMPED(c) clamp(v.c, low, high)
#define ANYROC_CLAMPED_BY(c) clamp(v.c, low.c, high.c)
#define ANYROC_SAME(c) s

#define ANYROC_OPERATOR(T, S, n, op)                                                           \
    ANYROC_HD T##n operator op(T##n a, T##n b)                                                 \
    {                                                                                          \
        return make_##T##n(ANYROC_EACH_##n(ANYROC_VECTOR_VECTOR, op));                         \
    }                                                                                          \
    ANYROC_HD T##n operator op(T##n a, S b)                                                    \
    {                                                                                          \
        return make_##T##n(ANYROC_EACH_##n(ANYROC_VECTOR_SCALAR, op));                         \
    }                                                                                          \
    ANYROC_HD T##n operator op(S a, T##n b)                                                    \
    {                                                                                          \
        return make_##T##n(ANYROC_EACH_##n(ANYROC_SCALAR_VECTOR, op));                         \
    }                                                                                          \
    ANYROC_HD void operator op##=(T##n &a, T##n b) { a = a op b; }                             \
    ANYROC_HD void operator op##=(T##n &a, S b) { a = a op b; }
#define ANYROC_VECTOR(T, S, n, minimum, maximum)                                               \
    ANYROC_HD T##n make_##T##n(S s) { return make_##T##n(ANYROC_EACH_##n(ANYROC_SAME)); }      \
    ANYROC_OPERATOR(T, S, n, +)                                                                \
    ANYROC_OPERATOR(T, S, n, -)                                                                \
    ANYROC_OPERATOR(T, S, n, *)                                                                \
    ANYROC_OPERATOR(T, S, n, /)                                                                \
    ANYROC_HD T##n minimum(T##n a, T##n b)                                                     \
    {                                                                                          \
        return make_##T##n(ANYROC_EACH_##n(ANYROC_OF_TWO, minimum));                           \
    }                                                                                          \
    ANYROC_HD T##n maximum(T##n a, T##n b)                                                     \
    {                                                                                          \
        return make_##T##n(ANYROC_EACH_##n(ANYROC_OF_TWO, maximum));                           \
    }                                                                                          \
    ANYROC_HD T##n clamp(T##n v, S low, S high)                                                \
    {                                                                                          \
        return make_##T##n(ANYROC_EACH_##n(ANYROC_CLAMPED));                                   \
    }                                                                                          \
    ANYROC_HD T##n clamp(T##n v, T##n low, T##n high)                                          \
    {                                                                                          \
        return make_##T##n(ANYROC_EACH_##n(ANYROC_CLAMPED_BY));                                \
    }
#define ANYROC_VECTORS(T, S, minimum, maximum)  \
    ANYROC_VECTOR(T, S, 2, minimum, maximum)    \
    ANYROC_VECTOR(T, S, 3, minimum, maximum)    \
    ANYROC_VECTOR(T, S, 4, minimum, maximum)    \
    ANYROC_HD S dot(T##2 a, T##2 b) { return a.x * b.x + a.y * b.y; }                \
    ANYROC_HD S dot(T##3 a, T##3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }    \
    ANYROC_HD S dot(T##4 a, T##4 b)                                                  \
    {                                                                                \
        return a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w;                        \
    }                                                                                \
    ANYROC_HD T##2 make_##T##2(T##3 v) { return make_##T##2(v.x, v.y); }             \
    ANYROC_HD T##2 make_##T##2(T##4 v) { return make_##T##2(v.x, v.y); }             \
    ANYROC_HD T##3 make_##T##3(T##2 v) { return make_##T##3(v.x, v.y, 0); }          \
    ANYROC_HD T##3 make_##T##3(T##2 v, S s) { return make_##T##3(v.x, v.y, s); }     \
    ANYROC_HD T##3 make_##T##3(T##4 v) { return make_##T##3(v.x, v.y, v.z); }        \
    ANYROC_HD T##4 make_##T##4(T##3 v) { return make_##T##4(v.x, v.y, v.z, 0); }     \
    ANYROC_HD T##4 make_##T##4(T##3 v, S s) { return make_##T##4(v.x, v.y, v.z, s); }
ANYROC_VECTORS(float, float, fminf, fmaxf)
ANYROC_VECTORS(int, int, min, max)
ANYROC_VECTORS(uint, uint, min, max)

#define ANYROC_CONVERSIONS(n)                                                                 \
    ANYROC_HD float##n make_float##n(int##n a)                                                \
    {                                                                                         \
        return make_float##n(ANYROC_EACH_##n(ANYROC_OF_ONE, float));                          \
    }                                                                                         \
    ANYROC_HD float##n make_float##n(uint##n a)                                               \
    {                                                                                         \
        return make_float##n(ANYROC_EACH_##n(ANYROC_OF_ONE, float));                          \
    }                                                                                         \
    ANYROC_HD int##n make_int##n(float##n a)                                                  \
    {                                                                                         \
        return make_int##n(ANYROC_EACH_##n(ANYROC_OF_ONE, int));                              \
    }                                                                                         \
    ANYROC_HD int##n make_int##n(uint##n a)                                                   \
    {                                                                                         \
        return make_int##n(ANYROC_EACH_##n(ANYROC_OF_ONE, int));                              \
    }                                                                                         \
    ANYROC_HD uint##n make_uint##n(int##n a)                                                  \
    {                                                                                         \
        return make_uint##n(ANYROC_EACH_##n(ANYROC_OF_ONE, uint));                            \
    }                                                                                         \
    ANYROC_HD float##n operator-(float##n a)                                                  \
    {                                                                                         \
        return make_float##n(ANYROC_EACH_##n(ANYROC_OF_ONE, -));                              \
    }                                                                                         \
    ANYROC_HD int##n operator-(int##n a)                                                      \
    {                                                                                         \
        return make_int##n(ANYROC_EACH_##n(ANYROC_OF_ONE, -));                                \
    }                                                                                         \
    ANYROC_HD int##n abs(int##n a) { return make_int##n(ANYROC_EACH_##n(ANYROC_OF_ONE, abs)); } \
    ANYROC_HD float##n fabs(float##n a)                                                       \
    {                                                                                         \
        return make_float##n(ANYROC_EACH_##n(ANYROC_OF_ONE, fabsf));                          \
    }                                                                                         \
    ANYROC_HD float##n floorf(float##n a)                                                     \
    {                                                                                         \
        return make_float##n(ANYROC_EACH_##n(ANYROC_OF_ONE, floorf));                         \
    }                                                                                         \
    ANYROC_HD float##n fracf(float##n a)                                                      \
    {                                                                                         \
        return make_float##n(ANYROC_EACH_##n(ANYROC_OF_ONE, fracf));                          \
    }                                                                                         \
    ANYROC_HD float##n fmodf(float##n a, float##n b)                                          \
    {                                                                                         \
        return make_float##n(ANYROC_EACH_##n(ANYROC_OF_TWO, fmodf));                          \
    }                                                                                         \
    ANYROC_HD float##n lerp(float##n a, float##n b, float t) { return a + t * (b - a); }      \
    ANYROC_HD float length(float##n v) { return sqrtf(dot(v, v)); }                           \
    ANYROC_HD float##n normalize(float##n v) { return v * rsqrtf(dot(v, v)); }                \
    ANYROC_HD float##n smoothstep(float##n low, float##n high, float##n v)                    \
    {                                                                                         \
        float##n y = clamp((v - low) / (high - low), 0.0f, 1.0f);                             \
        return y * y * (make_float##n(3.0f) - make_float##n(2.0f) * y);                       \
    }
ANYROC_CONVERSIONS(2)
ANYROC_CONVERSIONS(3)
ANYROC_CONVERSIONS(4)

ANYROC_HD float3 cross(float3 a, float3 b)
{
    return make_float3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x);
}
ANYROC_HD float3 reflect(float3 incident, float3 normal)
{
    return incident - 2.0f * normal * dot(normal, incident);
}

#undef ANYROC_HD
#undef ANYROC_EACH_2
#undef ANYROC_EACH_3
#undef ANYROC_EACH_4
#undef ANYROC_VECTOR_VECTOR
#undef ANYROC_VECTOR_SCALAR
#undef ANYROC_SCALAR_VECTOR
#undef ANYROC_OF_ONE
#undef ANYROC_OF_TWO
#undef ANYROC_CLAMPED
#undef ANYROC_CLAMPED_BY
#undef ANYROC_SAME
#undef ANYROC_OPERATOR
#undef ANYROC_VECTOR
#undef ANYROC_VECTORS
#undef ANYROC_CONVERSIONS
