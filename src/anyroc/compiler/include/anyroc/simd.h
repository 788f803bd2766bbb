/* CUDA's video instructions: arithmetic on the two halves or the four bytes of a word. */
#pragma once

#include <stdint.h>

#include "anyroc/attributes.h"

namespace anyroc {

/* Applies an operation to each part of two words; T is the type of a part. */
template <typename T, typename F>
ANYROC_DEVICE unsigned int each_part(unsigned int a, unsigned int b, F operation)
{
    constexpr int bits = 8 * sizeof(T);
    unsigned int result = 0;
    for (int at = 0; at < 32; at += bits) {
        int x = static_cast<T>(a >> at), y = static_cast<T>(b >> at);
        unsigned int part = static_cast<unsigned int>(operation(x, y));
        result |= (part & ((1u << bits) - 1)) << at;
    }
    return result;
}

template <typename T>
ANYROC_DEVICE int fitted(int x)
{
    constexpr bool is_signed = static_cast<T>(-1) < static_cast<T>(0);
    constexpr int bits = 8 * sizeof(T);
    constexpr int most = (1 << (bits - is_signed)) - 1, least = is_signed ? -most - 1 : 0;
    return x > most ? most : x < least ? least : x;
}

template <typename T>
ANYROC_DEVICE unsigned int sum_of_differences(unsigned int a, unsigned int b)
{
    unsigned int sum = 0;
    each_part<T>(a, b, [&](int x, int y) { return sum += x > y ? x - y : y - x; });
    return sum;
}

}  // namespace anyroc

#define ANYROC_PARTS(name, T2, T4, expression)                                     \
    ANYROC_DEVICE unsigned int __##name##2(unsigned int a, unsigned int b)         \
    {                                                                              \
        using part = T2;                                                           \
        return anyroc::each_part<part>(a, b, [](int x, int y) { return expression; }); \
    }                                                                              \
    ANYROC_DEVICE unsigned int __##name##4(unsigned int a, unsigned int b)         \
    {                                                                              \
        using part = T4;                                                           \
        return anyroc::each_part<part>(a, b, [](int x, int y) { return expression; }); \
    }
#define ANYROC_SIGNED(name, expression) ANYROC_PARTS(name, int16_t, int8_t, expression)
#define ANYROC_UNSIGNED(name, expression) ANYROC_PARTS(name, uint16_t, uint8_t, expression)
ANYROC_UNSIGNED(vadd, x + y)
ANYROC_UNSIGNED(vsub, x - y)
ANYROC_SIGNED(vaddss, anyroc::fitted<part>(x + y))
ANYROC_SIGNED(vsubss, anyroc::fitted<part>(x - y))
ANYROC_UNSIGNED(vaddus, anyroc::fitted<part>(x + y))
ANYROC_UNSIGNED(vsubus, anyroc::fitted<part>(x - y))
ANYROC_SIGNED(vavgs, (x + y + (x + y >= 0)) >> 1)
ANYROC_UNSIGNED(vavgu, (x + y + 1) >> 1)
ANYROC_UNSIGNED(vhaddu, (x + y) >> 1)
ANYROC_SIGNED(vabsdiffs, x > y ? x - y : y - x)
ANYROC_UNSIGNED(vabsdiffu, x > y ? x - y : y - x)
ANYROC_SIGNED(vmaxs, x > y ? x : y)
ANYROC_SIGNED(vmins, x < y ? x : y)
ANYROC_UNSIGNED(vmaxu, x > y ? x : y)
ANYROC_UNSIGNED(vminu, x < y ? x : y)

/* Comparisons: __vcmp… gives all ones where it holds, __vset… gives one. */
#define ANYROC_COMPARED(name, kind, op)    \
    kind(vcmp##name, x op y ? -1 : 0)      \
    kind(vset##name, x op y)
ANYROC_COMPARED(eq, ANYROC_UNSIGNED, ==)
ANYROC_COMPARED(ne, ANYROC_UNSIGNED, !=)
ANYROC_COMPARED(gts, ANYROC_SIGNED, >)
ANYROC_COMPARED(ges, ANYROC_SIGNED, >=)
ANYROC_COMPARED(lts, ANYROC_SIGNED, <)
ANYROC_COMPARED(les, ANYROC_SIGNED, <=)
ANYROC_COMPARED(gtu, ANYROC_UNSIGNED, >)
ANYROC_COMPARED(geu, ANYROC_UNSIGNED, >=)
ANYROC_COMPARED(ltu, ANYROC_UNSIGNED, <)
ANYROC_COMPARED(leu, ANYROC_UNSIGNED, <=)
#undef ANYROC_COMPARED
#undef ANYROC_UNSIGNED
#undef ANYROC_SIGNED
#undef ANYROC_PARTS

ANYROC_DEVICE unsigned int __vneg2(unsigned int a) { return __vsub2(0, a); }
ANYROC_DEVICE unsigned int __vneg4(unsigned int a) { return __vsub4(0, a); }
ANYROC_DEVICE unsigned int __vnegss2(unsigned int a) { return __vsubss2(0, a); }
ANYROC_DEVICE unsigned int __vnegss4(unsigned int a) { return __vsubss4(0, a); }
ANYROC_DEVICE unsigned int __vabs2(unsigned int a) { return __vabsdiffs2(a, 0); }
ANYROC_DEVICE unsigned int __vabs4(unsigned int a) { return __vabsdiffs4(a, 0); }
ANYROC_DEVICE unsigned int __vabsss2(unsigned int a) { return __vmaxs2(a, __vnegss2(a)); }
ANYROC_DEVICE unsigned int __vabsss4(unsigned int a) { return __vmaxs4(a, __vnegss4(a)); }
ANYROC_DEVICE unsigned int __vsads2(unsigned int a, unsigned int b)
{
    return anyroc::sum_of_differences<int16_t>(a, b);
}
ANYROC_DEVICE unsigned int __vsads4(unsigned int a, unsigned int b)
{
    return anyroc::sum_of_differences<int8_t>(a, b);
}
ANYROC_DEVICE unsigned int __vsadu2(unsigned int a, unsigned int b)
{
    return anyroc::sum_of_differences<uint16_t>(a, b);
}
ANYROC_DEVICE unsigned int __vsadu4(unsigned int a, unsigned int b)
{
    return anyroc::sum_of_differences<uint8_t>(a, b);
}

#if !defined(ANYROC_CUDA)
/* HIP's dot products of packed integers: two halves, four bytes, or eight fields of four bits. */
namespace anyroc {
static inline __device__ int bounded(long long sum, bool saturate)
{
    long long low = -0x80000000ll, high = 0x7fffffffll;
    return static_cast<int>(!saturate ? sum : sum < low ? low : sum > high ? high : sum);
}
static inline __device__ unsigned int bounded(unsigned long long sum, bool saturate)
{
    return static_cast<unsigned int>(saturate && sum > 0xffffffffull ? 0xffffffffull : sum);
}
}  // namespace anyroc
ANYROC_DEVICE int amd_mixed_dot(short2 a, short2 b, int c, bool saturate)
{
    return anyroc::bounded(1ll * a.x * b.x + 1ll * a.y * b.y + c, saturate);
}
ANYROC_DEVICE unsigned int amd_mixed_dot(ushort2 a, ushort2 b, unsigned int c, bool saturate)
{
    return anyroc::bounded(1ull * a.x * b.x + 1ull * a.y * b.y + c, saturate);
}
ANYROC_DEVICE int amd_mixed_dot(char4 a, char4 b, int c, bool saturate)
{
    return anyroc::bounded(1ll * a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w + c, saturate);
}
ANYROC_DEVICE unsigned int amd_mixed_dot(uchar4 a, uchar4 b, unsigned int c, bool saturate)
{
    return anyroc::bounded(1ull * a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w + c, saturate);
}
ANYROC_DEVICE int amd_mixed_dot(int a, int b, int c, bool saturate)
{
    long long sum = c;
    for (int shift = 28; shift >= 0; shift -= 4)
        sum += 1ll * (static_cast<int>(static_cast<unsigned int>(a) << shift) >> 28) *
               (static_cast<int>(static_cast<unsigned int>(b) << shift) >> 28);
    return anyroc::bounded(sum, saturate);
}
ANYROC_DEVICE unsigned int amd_mixed_dot(unsigned int a, unsigned int b, unsigned int c,
                                         bool saturate)
{
    unsigned long long sum = c;
    for (int shift = 0; shift < 32; shift += 4)
        sum += 1ull * (a >> shift & 15) * (b >> shift & 15);
    return anyroc::bounded(sum, saturate);
}
#endif
