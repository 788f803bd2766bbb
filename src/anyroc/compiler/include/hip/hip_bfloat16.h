/* HIP's first bfloat16: 16 bits that arithmetic turns into a float and back, on host and device.
 *
 * hip/hip_bf16.h has the other one, CUDA's, whose functions the hardware may have. */
#pragma once

#include <stdint.h>

#include "anyroc/attributes.h"

#if !defined(__cplusplus)
typedef struct {
    uint16_t data;
} hip_bfloat16;
#else

struct hip_bfloat16 {
    uint16_t data;

    enum truncate_t { truncate };

    hip_bfloat16() = default;
    explicit __host__ __device__ constexpr hip_bfloat16(float f) : data(rounded(f)) {}
    explicit __host__ __device__ constexpr hip_bfloat16(float f, truncate_t) : data(cut(f)) {}

    __host__ __device__ constexpr operator float() const
    {
        return __builtin_bit_cast(float, static_cast<uint32_t>(data) << 16);
    }
    explicit __host__ __device__ constexpr operator bool() const { return (data & 0x7fff) != 0; }
    __host__ __device__ hip_bfloat16 &operator=(float f)
    {
        data = rounded(f);
        return *this;
    }
    static __host__ __device__ constexpr hip_bfloat16 round_to_bfloat16(float f)
    {
        return hip_bfloat16(f);
    }
    static __host__ __device__ constexpr hip_bfloat16 round_to_bfloat16(float f, truncate_t)
    {
        return hip_bfloat16(f, truncate);
    }

   private:
    /* To the nearest, of two the even; a NaN stays one. */
    static __host__ __device__ constexpr uint16_t rounded(float f)
    {
        uint32_t bits = __builtin_bit_cast(uint32_t, f);
        if ((bits & 0x7fffffff) > 0x7f800000)
            return static_cast<uint16_t>(bits >> 16 | ((bits & 0xffff) != 0));
        return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
    }
    static __host__ __device__ constexpr uint16_t cut(float f)
    {
        uint32_t bits = __builtin_bit_cast(uint32_t, f);
        bool lost = (bits & 0x7fffffff) > 0x7f800000 && (bits & 0xffff) != 0;
        return static_cast<uint16_t>(bits >> 16 | lost);
    }
};
typedef struct {
    uint16_t data;
} hip_bfloat16_public;

#define ANYROC_BFLOAT16(op)                                                     \
    ANYROC_BOTH hip_bfloat16 operator op(hip_bfloat16 a, hip_bfloat16 b)        \
    {                                                                           \
        return hip_bfloat16(static_cast<float>(a) op static_cast<float>(b));    \
    }                                                                           \
    ANYROC_BOTH hip_bfloat16 &operator op##=(hip_bfloat16 &a, hip_bfloat16 b)   \
    {                                                                           \
        return a = a op b;                                                      \
    }
ANYROC_BFLOAT16(+)
ANYROC_BFLOAT16(-)
ANYROC_BFLOAT16(*)
ANYROC_BFLOAT16(/)
#undef ANYROC_BFLOAT16
#define ANYROC_BFLOAT16(op)                                             \
    ANYROC_BOTH bool operator op(hip_bfloat16 a, hip_bfloat16 b)        \
    {                                                                   \
        return static_cast<float>(a) op static_cast<float>(b);          \
    }
ANYROC_BFLOAT16(<)
ANYROC_BFLOAT16(<=)
ANYROC_BFLOAT16(>)
ANYROC_BFLOAT16(>=)
ANYROC_BFLOAT16(==)
ANYROC_BFLOAT16(!=)
#undef ANYROC_BFLOAT16
ANYROC_BOTH hip_bfloat16 operator+(hip_bfloat16 a) { return a; }
ANYROC_BOTH hip_bfloat16 operator-(hip_bfloat16 a)
{
    a.data ^= 0x8000;
    return a;
}
ANYROC_BOTH hip_bfloat16 &operator++(hip_bfloat16 &a) { return a += hip_bfloat16(1.0f); }
ANYROC_BOTH hip_bfloat16 &operator--(hip_bfloat16 &a) { return a -= hip_bfloat16(1.0f); }
ANYROC_BOTH hip_bfloat16 operator++(hip_bfloat16 &a, int)
{
    hip_bfloat16 before = a;
    ++a;
    return before;
}
ANYROC_BOTH hip_bfloat16 operator--(hip_bfloat16 &a, int)
{
    hip_bfloat16 before = a;
    --a;
    return before;
}

namespace std {
ANYROC_BOTH bool isinf(hip_bfloat16 a) { return (a.data & 0x7fff) == 0x7f80; }
ANYROC_BOTH bool isnan(hip_bfloat16 a) { return (a.data & 0x7fff) > 0x7f80; }
ANYROC_BOTH bool iszero(hip_bfloat16 a) { return (a.data & 0x7fff) == 0; }
}  // namespace std
#endif
