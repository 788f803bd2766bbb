/* Vector types of 1 to 4 components, dim3, and the functions that make them.
 *
 * Sizes and alignments are those CUDA documents. In HIP mode the types also have HIP's constructors
 * (vector_operators.h adds its operators); CUDA has neither, and programs define their own. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "anyroc/attributes.h"

#if defined(__cplusplus) && !defined(ANYROC_CUDA)
#define ANYROC_CONSTRUCTOR __host__ __device__ constexpr
#define ANYROC_MEMBERS_1(V, T) \
    V() = default;             \
    ANYROC_CONSTRUCTOR V(T a) : x(a) {}
#define ANYROC_MEMBERS_2(V, T)                      \
    V() = default;                                  \
    ANYROC_CONSTRUCTOR V(T all) : x(all), y(all) {} \
    ANYROC_CONSTRUCTOR V(T a, T b) : x(a), y(b) {}
#define ANYROC_MEMBERS_3(V, T)                              \
    V() = default;                                          \
    ANYROC_CONSTRUCTOR V(T all) : x(all), y(all), z(all) {} \
    ANYROC_CONSTRUCTOR V(T a, T b, T c) : x(a), y(b), z(c) {}
#define ANYROC_MEMBERS_4(V, T)                                      \
    V() = default;                                                  \
    ANYROC_CONSTRUCTOR V(T all) : x(all), y(all), z(all), w(all) {} \
    ANYROC_CONSTRUCTOR V(T a, T b, T c, T d) : x(a), y(b), z(c), w(d) {}
#else
#define ANYROC_MEMBERS_1(V, T)
#define ANYROC_MEMBERS_2(V, T)
#define ANYROC_MEMBERS_3(V, T)
#define ANYROC_MEMBERS_4(V, T)
#endif

#define ANYROC_VECTORS(name, T, align2, align4)                                              \
    struct name##1 { T x; ANYROC_MEMBERS_1(name##1, T) };                                    \
    struct __align__(align2) name##2 { T x, y; ANYROC_MEMBERS_2(name##2, T) };               \
    struct name##3 { T x, y, z; ANYROC_MEMBERS_3(name##3, T) };                              \
    struct __align__(align4) name##4 { T x, y, z, w; ANYROC_MEMBERS_4(name##4, T) };         \
    typedef struct name##1 name##1;                                                          \
    typedef struct name##2 name##2;                                                          \
    typedef struct name##3 name##3;                                                          \
    typedef struct name##4 name##4;                                                          \
    ANYROC_BOTH name##1 make_##name##1(T x) { name##1 v = {x}; return v; }                   \
    ANYROC_BOTH name##2 make_##name##2(T x, T y) { name##2 v = {x, y}; return v; }           \
    ANYROC_BOTH name##3 make_##name##3(T x, T y, T z) { name##3 v = {x, y, z}; return v; }   \
    ANYROC_BOTH name##4 make_##name##4(T x, T y, T z, T w)                                   \
    {                                                                                        \
        name##4 v = {x, y, z, w};                                                            \
        return v;                                                                            \
    }

#define ANYROC_FOR_EACH_VECTOR(DO)            \
    DO(char, signed char, 2, 4)               \
    DO(uchar, unsigned char, 2, 4)            \
    DO(short, short, 4, 8)                    \
    DO(ushort, unsigned short, 4, 8)          \
    DO(int, int, 8, 16)                       \
    DO(uint, unsigned int, 8, 16)             \
    DO(long, long, 16, 16)                    \
    DO(ulong, unsigned long, 16, 16)          \
    DO(longlong, long long, 16, 16)           \
    DO(ulonglong, unsigned long long, 16, 16) \
    DO(float, float, 8, 16)                   \
    DO(double, double, 16, 16)

ANYROC_FOR_EACH_VECTOR(ANYROC_VECTORS)

struct dim3 {
    uint32_t x, y, z;
#if defined(__cplusplus)
    __host__ __device__ constexpr dim3(uint32_t x_ = 1, uint32_t y_ = 1, uint32_t z_ = 1)
        : x(x_), y(y_), z(z_)
    {
    }
    __host__ __device__ constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
    __host__ __device__ operator uint3() const { return make_uint3(x, y, z); }
#endif
};
typedef struct dim3 dim3;
