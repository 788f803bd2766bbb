/* Intrinsic functions on integers and bits, conversions with a rounding mode, cached loads. */
#pragma once

#include <stdint.h>

#include "anyroc/math.h"
#include "anyroc/vector_types.h"

/* Bits. */
ANYROC_DEVICE int __popc(unsigned int x) { return __builtin_popcount(x); }
ANYROC_DEVICE int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
ANYROC_DEVICE int __clz(int x) { return x == 0 ? 32 : __builtin_clz(x); }
ANYROC_DEVICE int __clzll(long long x) { return x == 0 ? 64 : __builtin_clzll(x); }
ANYROC_DEVICE int __ffs(unsigned int x) { return x == 0 ? 0 : __builtin_ctz(x) + 1; }
ANYROC_DEVICE int __ffs(int x) { return __ffs(static_cast<unsigned int>(x)); }
ANYROC_DEVICE int __ffsll(unsigned long long x) { return x == 0 ? 0 : __builtin_ctzll(x) + 1; }
ANYROC_DEVICE int __ffsll(long long x) { return __ffsll(static_cast<unsigned long long>(x)); }
ANYROC_DEVICE int __ffsll(unsigned long x) { return __ffsll(static_cast<unsigned long long>(x)); }
ANYROC_DEVICE int __ffsll(long x) { return __ffsll(static_cast<unsigned long long>(x)); }
/* HIP's bit fields: `width` bits from bit `offset` on. */
#define ANYROC_BIT_FIELD(T, suffix, most)                                              \
    ANYROC_DEVICE T __bitextract_##suffix(T x, unsigned int offset, unsigned int width) \
    {                                                                                  \
        T mask = (static_cast<T>(1) << (width & most)) - 1;                            \
        return x >> (offset & most) & mask;                                            \
    }                                                                                  \
    ANYROC_DEVICE T __bitinsert_##suffix(T x, T y, unsigned int offset, unsigned int width) \
    {                                                                                  \
        T mask = (static_cast<T>(1) << (width & most)) - 1;                            \
        offset &= most;                                                                \
        return (x & ~(mask << offset)) | (y & mask) << offset;                         \
    }
ANYROC_BIT_FIELD(unsigned int, u32, 31)
ANYROC_BIT_FIELD(unsigned long long, u64, 63)
#undef ANYROC_BIT_FIELD

ANYROC_DEVICE unsigned int __brev(unsigned int x) { return __builtin_bitreverse32(x); }
ANYROC_DEVICE unsigned long long __brevll(unsigned long long x)
{
    return __builtin_bitreverse64(x);
}

/* Each digit of the selector picks one of the eight bytes of y:x; its bit 3 asks for the sign. */
ANYROC_DEVICE unsigned int __byte_perm(unsigned int x, unsigned int y, unsigned int selector)
{
    unsigned long long bytes = static_cast<unsigned long long>(y) << 32 | x;
    unsigned int result = 0;
    for (int i = 0; i < 4; ++i) {
        unsigned int choice = selector >> (4 * i);
        unsigned int byte = bytes >> (8 * (choice & 7)) & 0xff;
        if (choice & 8)
            byte = byte & 0x80 ? 0xff : 0;
        result |= byte << (8 * i);
    }
    return result;
}

ANYROC_DEVICE unsigned int __funnelshift_l(unsigned int lo, unsigned int hi, unsigned int shift)
{
    return __builtin_elementwise_fshl(hi, lo, shift & 31);
}
ANYROC_DEVICE unsigned int __funnelshift_r(unsigned int lo, unsigned int hi, unsigned int shift)
{
    return __builtin_elementwise_fshr(hi, lo, shift & 31);
}
ANYROC_DEVICE unsigned int __funnelshift_lc(unsigned int lo, unsigned int hi, unsigned int shift)
{
    return shift >= 32 ? lo : __funnelshift_l(lo, hi, shift);
}
ANYROC_DEVICE unsigned int __funnelshift_rc(unsigned int lo, unsigned int hi, unsigned int shift)
{
    return shift >= 32 ? hi : __funnelshift_r(lo, hi, shift);
}

/* Integer arithmetic. */
ANYROC_DEVICE int __mul24(int a, int b) { return (a << 8 >> 8) * (b << 8 >> 8); }
ANYROC_DEVICE unsigned int __umul24(unsigned int a, unsigned int b)
{
    return (a & 0xffffff) * (b & 0xffffff);
}
ANYROC_DEVICE int __mulhi(int a, int b) { return static_cast<long long>(a) * b >> 32; }
ANYROC_DEVICE unsigned int __umulhi(unsigned int a, unsigned int b)
{
    return static_cast<unsigned long long>(a) * b >> 32;
}
ANYROC_DEVICE long long __mul64hi(long long a, long long b)
{
    return static_cast<__int128>(a) * b >> 64;
}
ANYROC_DEVICE unsigned long long __umul64hi(unsigned long long a, unsigned long long b)
{
    return static_cast<unsigned __int128>(a) * b >> 64;
}
ANYROC_DEVICE unsigned int __usad(unsigned int a, unsigned int b, unsigned int c)
{
    return (a > b ? a - b : b - a) + c;
}
ANYROC_DEVICE unsigned int __sad(int a, int b, unsigned int c)
{
    return static_cast<unsigned int>(a > b ? a - b : b - a) + c;
}
ANYROC_DEVICE int __hadd(int a, int b) { return (static_cast<long long>(a) + b) >> 1; }
ANYROC_DEVICE int __rhadd(int a, int b) { return (static_cast<long long>(a) + b + 1) >> 1; }
ANYROC_DEVICE unsigned int __uhadd(unsigned int a, unsigned int b)
{
    return (static_cast<unsigned long long>(a) + b) >> 1;
}
ANYROC_DEVICE unsigned int __urhadd(unsigned int a, unsigned int b)
{
    return (static_cast<unsigned long long>(a) + b + 1) >> 1;
}

ANYROC_DEVICE int __dp4a(int a, int b, int c)
{
    for (int i = 0; i < 32; i += 8)
        c += static_cast<int8_t>(a >> i) * static_cast<int8_t>(b >> i);
    return c;
}
ANYROC_DEVICE unsigned int __dp4a(unsigned int a, unsigned int b, unsigned int c)
{
    for (int i = 0; i < 32; i += 8)
        c += (a >> i & 0xff) * (b >> i & 0xff);
    return c;
}
ANYROC_DEVICE int __dp4a(char4 a, char4 b, int c)
{
    return c + a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w;
}
ANYROC_DEVICE unsigned int __dp4a(uchar4 a, uchar4 b, unsigned int c)
{
    return c + a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w;
}

/* The same bits as another type. */
#define ANYROC_BITS_OF(name, to, from) \
    ANYROC_DEVICE to name(from x) { return __builtin_bit_cast(to, x); }
ANYROC_BITS_OF(__float_as_int, int, float)
ANYROC_BITS_OF(__float_as_uint, unsigned int, float)
ANYROC_BITS_OF(__int_as_float, float, int)
ANYROC_BITS_OF(__uint_as_float, float, unsigned int)
ANYROC_BITS_OF(__double_as_longlong, long long, double)
ANYROC_BITS_OF(__longlong_as_double, double, long long)
#undef ANYROC_BITS_OF
ANYROC_DEVICE int __double2loint(double x)
{
    return static_cast<int>(__builtin_bit_cast(unsigned long long, x));
}
ANYROC_DEVICE int __double2hiint(double x)
{
    return static_cast<int>(__builtin_bit_cast(unsigned long long, x) >> 32);
}
ANYROC_DEVICE double __hiloint2double(int hi, int lo)
{
    return __builtin_bit_cast(double, static_cast<unsigned long long>(hi) << 32 |
                                          static_cast<unsigned int>(lo));
}

/* Conversions to integers: what does not fit saturates, as on NVIDIA's GPUs and AMD's. */
namespace anyroc {

template <typename To, typename From>
ANYROC_BOTH To saturate(From x)
{
    constexpr int bits = 8 * sizeof(To);
    constexpr bool is_signed = static_cast<To>(-1) < static_cast<To>(0);
    const From above = __builtin_ldexp(static_cast<From>(1), bits - is_signed);
    const To most = static_cast<To>(~0ull >> (64 - bits + is_signed));
    if (x != x)
        return 0;
    if (x >= above)
        return most;
    if (x < (is_signed ? -above : 0))
        return is_signed ? static_cast<To>(-1) - most : 0;
    return static_cast<To>(x);
}

}  // namespace anyroc

#define ANYROC_ROUNDED(name, To, From, round) \
    ANYROC_DEVICE To name(From x) { return anyroc::saturate<To>(round(x)); }
#define ANYROC_TO_INTEGER(name, To, From, suffix)                \
    ANYROC_ROUNDED(name##_rn, To, From, __builtin_rint##suffix)  \
    ANYROC_ROUNDED(name##_rd, To, From, __builtin_floor##suffix) \
    ANYROC_ROUNDED(name##_ru, To, From, __builtin_ceil##suffix)  \
    ANYROC_ROUNDED(name##_rz, To, From, __builtin_trunc##suffix)
ANYROC_TO_INTEGER(__float2int, int, float, f)
ANYROC_TO_INTEGER(__float2uint, unsigned int, float, f)
ANYROC_TO_INTEGER(__float2ll, long long, float, f)
ANYROC_TO_INTEGER(__float2ull, unsigned long long, float, f)
ANYROC_TO_INTEGER(__double2int, int, double, )
ANYROC_TO_INTEGER(__double2uint, unsigned int, double, )
ANYROC_TO_INTEGER(__double2ll, long long, double, )
ANYROC_TO_INTEGER(__double2ull, unsigned long long, double, )
#undef ANYROC_TO_INTEGER
#undef ANYROC_ROUNDED

namespace anyroc {

/* The sign of what a conversion from an integer lost. */
template <typename To, typename From>
ANYROC_DEVICE To lost_by_conversion(From x, To converted)
{
    constexpr int bits = 8 * sizeof(From) - (static_cast<From>(-1) < static_cast<From>(0));
    if (converted >= __builtin_ldexp(static_cast<To>(1), bits))
        return -1;
    From back = static_cast<From>(converted);
    return x > back ? 1 : x < back ? -1 : 0;
}
ANYROC_DEVICE float lost_by_conversion(double x, float converted)
{
    double lost = x - converted;
    return lost > 0 ? 1 : lost < 0 ? -1 : 0;
}

template <typename To, typename From>
ANYROC_DEVICE To convert(From x, direction where)
{
    To nearest = static_cast<To>(x);
    return directed(nearest, lost_by_conversion(x, nearest), where);
}

}  // namespace anyroc

#define ANYROC_TO_FLOAT(name, To, From)                                                          \
    ANYROC_DEVICE To name##_rn(From x) { return static_cast<To>(x); }                            \
    ANYROC_DEVICE To name##_rd(From x) { return anyroc::convert<To>(x, anyroc::down); }          \
    ANYROC_DEVICE To name##_ru(From x) { return anyroc::convert<To>(x, anyroc::up); }            \
    ANYROC_DEVICE To name##_rz(From x) { return anyroc::convert<To>(x, anyroc::towards_zero); }
ANYROC_TO_FLOAT(__int2float, float, int)
ANYROC_TO_FLOAT(__uint2float, float, unsigned int)
ANYROC_TO_FLOAT(__ll2float, float, long long)
ANYROC_TO_FLOAT(__ull2float, float, unsigned long long)
ANYROC_TO_FLOAT(__ll2double, double, long long)
ANYROC_TO_FLOAT(__ull2double, double, unsigned long long)
ANYROC_TO_FLOAT(__double2float, float, double)
#undef ANYROC_TO_FLOAT
ANYROC_DEVICE double __int2double_rn(int x) { return x; }
ANYROC_DEVICE double __uint2double_rn(unsigned int x) { return x; }

/* Loads and stores with a cache hint: there is no cache to hint to. */
#define ANYROC_HINTED(name)                                           \
    template <typename T>                                             \
    ANYROC_DEVICE T name(const T *place)                              \
    {                                                                 \
        return *place;                                                \
    }
ANYROC_HINTED(__ldg)
ANYROC_HINTED(__ldca)
ANYROC_HINTED(__ldcg)
ANYROC_HINTED(__ldcs)
ANYROC_HINTED(__ldcv)
ANYROC_HINTED(__ldlu)
#undef ANYROC_HINTED
#define ANYROC_HINTED(name)                                           \
    template <typename T>                                             \
    ANYROC_DEVICE void name(T *place, T value)                        \
    {                                                                 \
        *place = value;                                               \
    }
ANYROC_HINTED(__stcg)
ANYROC_HINTED(__stcs)
ANYROC_HINTED(__stwb)
ANYROC_HINTED(__stwt)
#undef ANYROC_HINTED

/* Which memory a generic pointer leads to. */
ANYROC_DEVICE unsigned int __isShared(const void *p) { return __builtin_amdgcn_is_shared(p); }
ANYROC_DEVICE unsigned int __isLocal(const void *p) { return __builtin_amdgcn_is_private(p); }
ANYROC_DEVICE unsigned int __isGlobal(const void *p) { return !__isShared(p) && !__isLocal(p); }
ANYROC_DEVICE unsigned int __isConstant(const void *p) { return __isGlobal(p); }
ANYROC_DEVICE size_t __cvta_generic_to_shared(const void *p)
{
    return (size_t)(__attribute__((address_space(3))) const char *)p;
}
ANYROC_DEVICE void *__cvta_shared_to_generic(size_t p)
{
    return (void *)(__attribute__((address_space(3))) char *)p;
}
ANYROC_DEVICE size_t __cvta_generic_to_global(const void *p) { return (size_t)p; }
ANYROC_DEVICE void *__cvta_global_to_generic(size_t p) { return (void *)p; }

