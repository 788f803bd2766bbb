/* Complex numbers as CUDA's cuComplex.h and HIP's hip_complex.h have them: pairs and functions. */
#pragma once

#include <math.h>

#include "anyroc/vector_types.h"

/* Division scales by the divisor's size first, so that it does not overflow early. */
#define ANYROC_COMPLEX(C, T, V, name, s, abs_of, hypot_of)                                \
    typedef V C;                                                                          \
    ANYROC_BOTH C make_##C(T x, T y) { return make_##V(x, y); }                           \
    ANYROC_BOTH T name##Creal##s(C z) { return z.x; }                                     \
    ANYROC_BOTH T name##Cimag##s(C z) { return z.y; }                                     \
    ANYROC_BOTH C name##Conj##s(C z) { return make_##V(z.x, -z.y); }                      \
    ANYROC_BOTH C name##Cadd##s(C a, C b) { return make_##V(a.x + b.x, a.y + b.y); }      \
    ANYROC_BOTH C name##Csub##s(C a, C b) { return make_##V(a.x - b.x, a.y - b.y); }      \
    ANYROC_BOTH C name##Cmul##s(C a, C b)                                                 \
    {                                                                                     \
        return make_##V(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);                    \
    }                                                                                     \
    ANYROC_BOTH C name##Cdiv##s(C a, C b)                                                 \
    {                                                                                     \
        T scale = 1 / (abs_of(b.x) + abs_of(b.y));                                        \
        T ax = a.x * scale, ay = a.y * scale, bx = b.x * scale, by = b.y * scale;         \
        T inverse = 1 / (bx * bx + by * by);                                              \
        return make_##V((ax * bx + ay * by) * inverse, (ay * bx - ax * by) * inverse);    \
    }                                                                                     \
    ANYROC_BOTH T name##Cabs##s(C z) { return hypot_of(z.x, z.y); }                       \
    ANYROC_BOTH C name##Cfma##s(C a, C b, C c)                                            \
    {                                                                                     \
        return name##Cadd##s(name##Cmul##s(a, b), c);                                     \
    }

#define ANYROC_COMPLEX_PAIR(name)                                                         \
    ANYROC_COMPLEX(name##FloatComplex, float, float2, name, f, fabsf, hypotf)             \
    ANYROC_COMPLEX(name##DoubleComplex, double, double2, name, , fabs, hypot)             \
    typedef name##FloatComplex name##Complex;                                             \
    ANYROC_BOTH name##Complex make_##name##Complex(float x, float y) { return make_float2(x, y); } \
    ANYROC_BOTH name##DoubleComplex name##ComplexFloatToDouble(name##FloatComplex z)      \
    {                                                                                     \
        return make_double2(z.x, z.y);                                                    \
    }                                                                                     \
    ANYROC_BOTH name##FloatComplex name##ComplexDoubleToFloat(name##DoubleComplex z)      \
    {                                                                                     \
        return make_float2(static_cast<float>(z.x), static_cast<float>(z.y));             \
    }
