/* What inline PTX becomes: its types, its registers and the functions of its instructions.
 *
 * Source of the meaning: NVIDIA, "Parallel Thread Execution ISA", Instruction Set. */
#pragma once

#include "anyroc/device.h"

#include <type_traits>

namespace anyroc {
namespace ptx {

using u8 = unsigned char;
using u16 = unsigned short;
using u32 = unsigned int;
using u64 = unsigned long long;
using s8 = signed char;
using s16 = short;
using s32 = int;
using s64 = long long;
using f16 = _Float16;
using f32 = float;
using f64 = double;
using f16x2 = _Float16 __attribute__((ext_vector_type(2)));

template <int SIZE>
struct word;
template <>
struct word<1> { using type = u8; };
template <>
struct word<2> { using type = u16; };
template <>
struct word<4> { using type = u32; };
template <>
struct word<8> { using type = u64; };
template <typename T>
using bits_of = typename word<sizeof(T)>::type;

/* The bits of a register, cut or extended to a type; a signed value extends with its sign. */
template <typename T, typename U>
ANYROC_DEVICE T get(U value)
{
    if constexpr (std::is_same<T, U>::value)
        return value;
    else if constexpr (std::is_same<T, bool>::value)
        return value != 0;
    else if constexpr (sizeof(T) == sizeof(U))
        return __builtin_bit_cast(T, value);
    else if constexpr (std::is_integral<U>::value)
        return __builtin_bit_cast(T, static_cast<bits_of<T>>(value));
    else
        return __builtin_bit_cast(T, static_cast<bits_of<T>>(__builtin_bit_cast(bits_of<U>, value)));
}
template <typename T, typename U>
ANYROC_DEVICE void put(T &place, U value)
{
    place = get<T>(value);
}

/* A program's value as a register, and back. */
template <typename T, typename U>
ANYROC_DEVICE T in(U value)
{
    if constexpr (std::is_pointer<U>::value)
        return static_cast<T>(reinterpret_cast<u64>(value));
    else if constexpr (sizeof(T) == sizeof(U))
        return __builtin_bit_cast(T, value);
    else
        return static_cast<T>(value);
}
template <typename P, typename U>
ANYROC_DEVICE void out(P &place, U value)
{
    if constexpr (std::is_pointer<P>::value)
        place = reinterpret_cast<P>(static_cast<u64>(value));
    else if constexpr (sizeof(P) == sizeof(U))
        place = __builtin_bit_cast(P, value);
    else
        place = static_cast<P>(value);
}

/* Where a thread is. */
ANYROC_DEVICE u32 lane_bit() { return 1u << lane_of_warp(); }
ANYROC_DEVICE u32 warp_of_block()
{
    return ((threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x) / 32;
}
ANYROC_DEVICE u32 warps_of_block() { return (blockDim.x * blockDim.y * blockDim.z + 31) / 32; }

/* Integers. */
template <typename T>
ANYROC_DEVICE T add_carry(T a, T b, bool carry_in, bool &carry_out)
{
    T sum = a + b, whole = sum + carry_in;
    carry_out = sum < a || whole < sum;
    return whole;
}
template <typename T>
ANYROC_DEVICE T sub_borrow(T a, T b, bool borrow_in, bool &borrow_out)
{
    T difference = a - b, whole = difference - borrow_in;
    borrow_out = a < b || difference < static_cast<T>(borrow_in);
    return whole;
}
template <typename T>
ANYROC_DEVICE T shift_left(T value, u32 count)
{
    return count >= 8 * sizeof(T) ? 0 : static_cast<T>(value << count);
}
template <typename T>
ANYROC_DEVICE T shift_right(T value, u32 count)
{
    constexpr u32 most = 8 * sizeof(T) - 1;
    if (count > most)
        return value < 0 ? static_cast<T>(-1) : 0;
    return value >> count;
}
template <typename T>
ANYROC_DEVICE T mul24(T a, T b)
{
    constexpr bool is_signed = std::is_signed<T>::value;
    return static_cast<T>(is_signed ? static_cast<u32>(__mul24(a, b)) : __umul24(a, b));
}
ANYROC_DEVICE u32 lop3(u32 a, u32 b, u32 c, u32 table)
{
    u32 result = 0;
    for (int row = 0; row < 8; ++row)
        if (table >> row & 1)
            result |= (row & 4 ? a : ~a) & (row & 2 ? b : ~b) & (row & 1 ? c : ~c);
    return result;
}
template <typename T>
ANYROC_DEVICE T complement(T a)
{
    if constexpr (std::is_same<T, bool>::value)
        return !a;
    else
        return ~a;
}
template <typename T>
ANYROC_DEVICE T bfe(T value, u32 position, u32 length)
{
    constexpr u32 size = 8 * sizeof(T);
    position &= 255;
    length &= 255;
    if (length == 0)
        return 0;
    if (position >= size)
        return shift_right(value, size);
    u32 top = position + length < size ? position + length : size;
    return static_cast<T>(static_cast<bits_of<T>>(value) << (size - top)) >>
           (size - top + position);
}
template <typename T>
ANYROC_DEVICE T bfi(T field, T into, u32 position, u32 length)
{
    constexpr u32 size = 8 * sizeof(T);
    position &= 255;
    length &= 255;
    if (position >= size || length == 0)
        return into;
    T mask = shift_left<T>(length >= size ? ~T(0) : (T(1) << length) - 1, position);
    return (into & ~mask) | (shift_left(field, position) & mask);
}
template <typename T>
ANYROC_DEVICE u32 population(T a)
{
    return __builtin_popcountll(static_cast<bits_of<T>>(a));
}
template <typename T>
ANYROC_DEVICE u32 leading_zeros(T a)
{
    return sizeof(T) == 8 ? __clzll(a) : __clz(static_cast<int>(a));
}
template <typename T>
ANYROC_DEVICE T reversed(T a)
{
    if constexpr (sizeof(T) == 8)
        return __builtin_bitreverse64(a);
    else
        return __builtin_bitreverse32(a);
}
/* The highest bit that is set, or in a negative number is not; all ones where there is none. */
template <typename T>
ANYROC_DEVICE u32 highest_bit(T a)
{
    bits_of<T> bits = a < 0 ? ~a : a;
    return bits == 0 ? ~0u : 8 * sizeof(T) - 1 - leading_zeros(bits);
}

/* Numbers. */
template <typename T>
constexpr bool whole = std::is_integral<T>::value;
template <typename T>
ANYROC_DEVICE T fitted(T a)
{
    return __builtin_elementwise_minnum(__builtin_elementwise_maxnum(a, T(0)), T(1));
}
template <typename T>
ANYROC_DEVICE T add(T a, T b)
{
    _Pragma("clang fp contract(off)") return a + b;
}
template <typename T>
ANYROC_DEVICE T sub(T a, T b)
{
    _Pragma("clang fp contract(off)") return a - b;
}
template <typename T>
ANYROC_DEVICE T mul(T a, T b)
{
    _Pragma("clang fp contract(off)") return a * b;
}
template <typename T>
ANYROC_DEVICE T fma(T a, T b, T c)
{
    return __builtin_elementwise_fma(a, b, c);
}
template <typename T>
ANYROC_DEVICE T add_sat(T a, T b)
{
    if constexpr (whole<T>)
        return __builtin_elementwise_add_sat(a, b);
    else
        return fitted(add(a, b));
}
template <typename T>
ANYROC_DEVICE T sub_sat(T a, T b)
{
    if constexpr (whole<T>)
        return __builtin_elementwise_sub_sat(a, b);
    else
        return fitted(sub(a, b));
}
template <typename T>
ANYROC_DEVICE T mul_sat(T a, T b)
{
    return fitted(mul(a, b));
}
template <typename T>
ANYROC_DEVICE T fma_sat(T a, T b, T c)
{
    return fitted(fma(a, b, c));
}
template <typename T>
ANYROC_DEVICE T divide(T a, T b)
{
    return a / b;
}
template <typename T>
ANYROC_DEVICE T least(T a, T b)
{
    if constexpr (whole<T>)
        return b < a ? b : a;
    else
        return __builtin_elementwise_minnum(a, b);
}
template <typename T>
ANYROC_DEVICE T greatest(T a, T b)
{
    if constexpr (whole<T>)
        return a < b ? b : a;
    else
        return __builtin_elementwise_maxnum(a, b);
}
template <typename T>
ANYROC_DEVICE T absolute(T a)
{
    return __builtin_elementwise_abs(a);
}
template <typename T>
ANYROC_DEVICE T copy_sign(T sign, T size)
{
    return __builtin_elementwise_copysign(size, sign);
}
template <typename T>
ANYROC_DEVICE T reciprocal(T a)
{
    return T(1) / a;
}
template <typename T>
ANYROC_DEVICE T root(T a)
{
    return __builtin_elementwise_sqrt(a);
}
template <typename T>
ANYROC_DEVICE T inverse_root(T a)
{
    if constexpr (sizeof(T) == 8)
        return ::rsqrt(a);
    else
        return ::rsqrtf(a);
}
#define ANYROC_PTX_FUNCTION(name, call)               \
    template <typename T>                             \
    ANYROC_DEVICE T name(T a)                         \
    {                                                 \
        if constexpr (std::is_same<T, f16x2>::value)  \
            return f16x2{name(a.x), name(a.y)};       \
        else                                          \
            return call(static_cast<float>(a));       \
    }
ANYROC_PTX_FUNCTION(power_of_2, ::exp2f)
ANYROC_PTX_FUNCTION(log_2, ::log2f)
ANYROC_PTX_FUNCTION(sine, ::sinf)
ANYROC_PTX_FUNCTION(cosine, ::cosf)
ANYROC_PTX_FUNCTION(hyperbolic_tangent, ::tanhf)
#undef ANYROC_PTX_FUNCTION
ANYROC_DEVICE f16x2 pair_of(f32 low, f32 high)
{
    return f16x2{static_cast<f16>(low), static_cast<f16>(high)};
}

/* Conversions: a rounding between values of one type is one to whole numbers. */
enum rounding { exact, rn, rz, rm, rp };

template <rounding WAY, typename T>
ANYROC_DEVICE T rounded(T x)
{
    return WAY == rn   ? __builtin_elementwise_rint(x)
           : WAY == rz ? __builtin_elementwise_trunc(x)
           : WAY == rm ? __builtin_elementwise_floor(x)
           : WAY == rp ? __builtin_elementwise_ceil(x)
                       : x;
}
template <typename To, typename From, rounding WAY, bool FIT>
ANYROC_DEVICE To convert(From x)
{
    constexpr direction where = WAY == rz ? towards_zero : WAY == rm ? down : up;
    if constexpr (whole<To> && whole<From>) {
        if constexpr (FIT) {
            constexpr To most = std::is_signed<To>::value
                                    ? static_cast<To>(~bits_of<To>(0) >> 1)
                                    : static_cast<To>(~bits_of<To>(0));
            constexpr To least = static_cast<To>(~most);
            if (x > 0 && static_cast<u64>(x) > static_cast<u64>(most))
                return most;
            if (x < 0 && (!std::is_signed<To>::value || static_cast<s64>(x) < static_cast<s64>(least)))
                return least;
        }
        return static_cast<To>(x);
    } else if constexpr (whole<To>) {
        if constexpr (sizeof(From) == 2)
            return saturate<To>(rounded<WAY>(static_cast<float>(x)));
        else
            return saturate<To>(rounded<WAY>(x));
    } else {
        To result;
        if constexpr (std::is_same<To, From>::value)
            result = rounded<WAY>(x);
        else if constexpr (WAY == exact || WAY == rn)
            result = static_cast<To>(x);
        else
            result = anyroc::convert<To>(x, where);
        return FIT ? fitted(result) : result;
    }
}

/* Memory. */
constexpr int plain = -1;

ANYROC_DEVICE u64 shared_address(u32 offset)
{
    return reinterpret_cast<u64>((void *)(__attribute__((address_space(3))) char *)(u64)offset);
}
template <typename T, int ORDER, int SCOPE>
ANYROC_DEVICE T load(u64 place)
{
    auto *from = reinterpret_cast<bits_of<T> *>(place);
    if constexpr (ORDER == plain)
        return __builtin_bit_cast(T, *const_cast<volatile bits_of<T> *>(from));
    else
        return __builtin_bit_cast(T, __hip_atomic_load(from, ORDER, SCOPE));
}
template <typename T, int ORDER, int SCOPE>
ANYROC_DEVICE void store(u64 place, T value)
{
    auto *to = reinterpret_cast<bits_of<T> *>(place);
    auto bits = __builtin_bit_cast(bits_of<T>, value);
    if constexpr (ORDER == plain)
        *const_cast<volatile bits_of<T> *>(to) = bits;
    else
        __hip_atomic_store(to, bits, ORDER, SCOPE);
}
#define ANYROC_PTX_ATOMIC(name, call)                          \
    template <typename T, int ORDER, int SCOPE>                \
    ANYROC_DEVICE T atomic_##name(T *place, T value)           \
    {                                                          \
        return __hip_atomic_##call(place, value, ORDER, SCOPE); \
    }
ANYROC_PTX_ATOMIC(add, fetch_add)
ANYROC_PTX_ATOMIC(min, fetch_min)
ANYROC_PTX_ATOMIC(max, fetch_max)
ANYROC_PTX_ATOMIC(and, fetch_and)
ANYROC_PTX_ATOMIC(or, fetch_or)
ANYROC_PTX_ATOMIC(xor, fetch_xor)
ANYROC_PTX_ATOMIC(exch, exchange)
#undef ANYROC_PTX_ATOMIC
template <typename T, int ORDER, int SCOPE>
ANYROC_DEVICE T atomic_cas(T *place, T expected, T value)
{
    constexpr int failure = ORDER == __ATOMIC_ACQ_REL || ORDER == __ATOMIC_ACQUIRE
                                ? __ATOMIC_ACQUIRE
                                : __ATOMIC_RELAXED;
    __hip_atomic_compare_exchange_strong(place, &expected, value, ORDER, failure, SCOPE);
    return expected;
}
template <typename T, int ORDER, int SCOPE>
ANYROC_DEVICE T atomic_inc(T *place, T limit)
{
    return atomicInc(place, limit);
}
template <typename T, int ORDER, int SCOPE>
ANYROC_DEVICE T atomic_dec(T *place, T limit)
{
    return atomicDec(place, limit);
}
/* Bytes beyond `length` become zero. */
ANYROC_DEVICE void copy_async(u64 to, u64 from, u32 size, u32 length)
{
    for (u32 i = 0; i < size; i += 4) {
        u32 value = i < length ? *reinterpret_cast<const u32 *>(from + i) : 0;
        if (i < length && length - i < 4)
            value &= (1u << 8 * (length - i)) - 1;
        *reinterpret_cast<u32 *>(to + i) = value;
    }
}

/* Shuffles: bits 0 to 4 of `clamp` end the segment that bits 8 to 12 begin. */
ANYROC_DEVICE u32 shuffle_from(u32 value, int from, bool is_valid, bool &valid)
{
    valid = is_valid;
    return shuffle(value, is_valid ? from : lane_of_warp(), 32);
}
ANYROC_DEVICE int segment_end(u32 clamp)
{
    int segment = clamp >> 8 & 31;
    return (lane_of_warp() & segment) | (static_cast<int>(clamp & 31) & ~segment);
}
ANYROC_DEVICE u32 shuffle_up(u32 value, u32 delta, u32 clamp, bool &valid)
{
    int from = lane_of_warp() - static_cast<int>(delta & 31);
    return shuffle_from(value, from, from >= segment_end(clamp), valid);
}
ANYROC_DEVICE u32 shuffle_down(u32 value, u32 delta, u32 clamp, bool &valid)
{
    int from = lane_of_warp() + static_cast<int>(delta & 31);
    return shuffle_from(value, from, from <= segment_end(clamp), valid);
}
ANYROC_DEVICE u32 shuffle_bfly(u32 value, u32 mask, u32 clamp, bool &valid)
{
    int from = lane_of_warp() ^ static_cast<int>(mask & 31);
    return shuffle_from(value, from, from <= segment_end(clamp), valid);
}
ANYROC_DEVICE u32 shuffle_idx(u32 value, u32 lane, u32 clamp, bool &valid)
{
    int segment = clamp >> 8 & 31;
    int from = (lane_of_warp() & segment) | (static_cast<int>(lane & 31) & ~segment);
    return shuffle_from(value, from, from <= segment_end(clamp), valid);
}

}  // namespace ptx
}  // namespace anyroc
