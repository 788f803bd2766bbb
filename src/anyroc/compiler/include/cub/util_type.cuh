/* CUB: types and small tools that its collectives share. */
#pragma once

#include <hip/hip_runtime_api.h>

/* Programs expect the first two to come with it. */
#include <cassert>
#include <chrono>
#include <iterator>
#include <type_traits>

#include "anyroc/bfloat16.h"
#include "anyroc/half.h"

#define CUB_VERSION 200300
#define CUB_PTX_ARCH 700
#define CUB_WARP_THREADS(unused) 32
#define CUB_PTX_WARP_THREADS 32
#define CUB_LOG_WARP_THREADS(unused) 5
#define CUB_RUNTIME_FUNCTION __host__
#define CUB_NS_PREFIX
#define CUB_NS_POSTFIX
#define CUB_NAMESPACE_BEGIN namespace cub {
#define CUB_NAMESPACE_END }
#define CUB_MIN(a, b) (((b) < (a)) ? (b) : (a))
#define CUB_MAX(a, b) (((a) < (b)) ? (b) : (a))
#define CUB_QUOTIENT_CEILING(x, y) (((x) + (y) - 1) / (y))
#define CUB_ROUND_UP_NEAREST(x, y) (CUB_QUOTIENT_CEILING(x, y) * (y))

namespace cub {

struct NullType {
    template <typename T>
    __host__ __device__ NullType &operator=(const T &)
    {
        return *this;
    }
    __host__ __device__ bool operator==(const NullType &) const { return true; }
    __host__ __device__ bool operator!=(const NullType &) const { return false; }
};

template <int N>
struct Int2Type {
    enum { VALUE = N };
};

template <int N>
struct Log2 {
    static constexpr int VALUE = 1 + Log2<(N + 1) / 2>::VALUE;
};
template <>
struct Log2<1> {
    static constexpr int VALUE = 0;
};
template <>
struct Log2<0> {
    static constexpr int VALUE = 0;
};

template <int N>
struct PowerOfTwo {
    static constexpr bool VALUE = N > 0 && (N & (N - 1)) == 0;
};

template <bool CONDITION, typename Then, typename Else>
struct If {
    using Type = std::conditional_t<CONDITION, Then, Else>;
};

template <typename A, typename B>
struct Equals {
    static constexpr bool VALUE = std::is_same<A, B>::value;
};

/* Room for a T in memory that nothing constructs, such as __shared__. */
template <typename T>
struct Uninitialized {
    alignas(T) unsigned char storage[sizeof(T)];
    __host__ __device__ T &Alias() { return *reinterpret_cast<T *>(storage); }
};

template <typename K, typename V>
struct KeyValuePair {
    using Key = K;
    using Value = V;
    K key;
    V value;
    KeyValuePair() = default;
    __host__ __device__ KeyValuePair(const K &k, const V &v) : key(k), value(v) {}
    __host__ __device__ bool operator==(const KeyValuePair &other) const
    {
        return key == other.key && value == other.value;
    }
    __host__ __device__ bool operator!=(const KeyValuePair &other) const
    {
        return !(*this == other);
    }
};

/* Two buffers of which one is current: where a sort leaves its result. */
template <typename T>
struct DoubleBuffer {
    T *d_buffers[2] = {nullptr, nullptr};
    int selector = 0;
    DoubleBuffer() = default;
    __host__ __device__ DoubleBuffer(T *current, T *alternate) : d_buffers{current, alternate} {}
    __host__ __device__ T *Current() const { return d_buffers[selector]; }
    __host__ __device__ T *Alternate() const { return d_buffers[selector ^ 1]; }
};

enum Category { NOT_A_NUMBER, SIGNED_INTEGER, UNSIGNED_INTEGER, FLOATING_POINT };

namespace detail {

template <int SIZE>
struct bits_of_size;
template <>
struct bits_of_size<1> { using type = unsigned char; };
template <>
struct bits_of_size<2> { using type = unsigned short; };
template <>
struct bits_of_size<4> { using type = unsigned int; };
template <>
struct bits_of_size<8> { using type = unsigned long long; };

template <typename T>
constexpr bool is_float = std::is_floating_point<T>::value || std::is_same<T, __half>::value ||
                          std::is_same<T, __hip_bfloat16>::value;

/* What f gives for arguments of these types; it may be a function of the device alone. */
template <typename F, typename... A>
struct call {
    static __host__ __device__ auto made(F &f, A... arguments) { return f(arguments...); }
};
template <typename F, typename... A>
using result_of =
    std::decay_t<decltype(call<F, A...>::made(std::declval<F &>(), std::declval<A>()...))>;

template <typename T>
using value_of = typename std::iterator_traits<T>::value_type;

/* The type that an output iterator takes: a pointer's element, or what comes in where the iterator
 * does not say. */
template <typename Iterator, typename Fallback, typename = void>
struct output_value {
    using type = Fallback;
};
template <typename Iterator, typename Fallback>
struct output_value<
    Iterator, Fallback,
    std::enable_if_t<!std::is_void<typename std::iterator_traits<Iterator>::value_type>::value>> {
    using type = typename std::iterator_traits<Iterator>::value_type;
};

/* A thread's number in a block whose shape is known. */
template <int X, int Y, int Z>
ANYROC_DEVICE int thread_of_block()
{
    return (Z == 1 ? 0 : threadIdx.z * X * Y) + (Y == 1 ? 0 : threadIdx.y * X) + threadIdx.x;
}

ANYROC_DEVICE void sync_block() { __syncthreads(); }

}  // namespace detail

template <typename T>
struct Traits {
    static constexpr int size = sizeof(T) <= 8 && PowerOfTwo<sizeof(T)>::VALUE ? sizeof(T) : 1;
    using UnsignedBits = typename detail::bits_of_size<size>::type;
    static constexpr Category CATEGORY = detail::is_float<T>              ? FLOATING_POINT
                                         : !std::is_integral<T>::value    ? NOT_A_NUMBER
                                         : std::is_signed<T>::value       ? SIGNED_INTEGER
                                                                          : UNSIGNED_INTEGER;
    static constexpr bool PRIMITIVE = CATEGORY != NOT_A_NUMBER;
    static constexpr bool NULL_TYPE = std::is_same<T, NullType>::value;
    static constexpr UnsignedBits HIGH_BIT = UnsignedBits(UnsignedBits(1) << (8 * sizeof(T) - 1));

    /* Bits that order as the values do, and back. Both zeros of a floating-point type are one. */
    static __host__ __device__ UnsignedBits TwiddleIn(UnsignedBits key)
    {
        if (CATEGORY == SIGNED_INTEGER)
            return key ^ HIGH_BIT;
        if (CATEGORY == FLOATING_POINT)
            return (key & HIGH_BIT) ? UnsignedBits(~key) : UnsignedBits(key ^ HIGH_BIT);
        return key;
    }
    static __host__ __device__ UnsignedBits TwiddleOut(UnsignedBits key)
    {
        if (CATEGORY == SIGNED_INTEGER)
            return key ^ HIGH_BIT;
        if (CATEGORY == FLOATING_POINT)
            return (key & HIGH_BIT) ? UnsignedBits(key ^ HIGH_BIT) : UnsignedBits(~key);
        return key;
    }
    /* The greatest and the least value. */
    static __host__ __device__ T Max() { return limit(UnsignedBits(~UnsignedBits(0))); }
    static __host__ __device__ T Lowest() { return limit(UnsignedBits(0)); }

private:
    /* The end of the order, which for floating-point types are their largest finite numbers. */
    static __host__ __device__ T limit(UnsignedBits end)
    {
        UnsignedBits bits = end;
        if (CATEGORY == FLOATING_POINT) {
            constexpr int fraction = std::is_same<T, __half>::value           ? 10
                                     : std::is_same<T, __hip_bfloat16>::value ? 7
                                     : sizeof(T) == 4                         ? 23
                                                                              : 52;
            UnsignedBits largest = UnsignedBits(UnsignedBits(~HIGH_BIT) ^
                                                UnsignedBits(UnsignedBits(1) << fraction));
            bits = end ? largest : UnsignedBits(largest | HIGH_BIT);
        } else {
            bits = TwiddleOut(end);
        }
        T value;
        __builtin_memcpy(&value, &bits, sizeof(T));
        return value;
    }
};

template <typename T>
using NumericTraits = Traits<T>;

namespace detail {

/* The digits of a key by which it is sorted. */
template <typename Key>
ANYROC_BOTH typename Traits<Key>::UnsignedBits ordered_bits(const Key &key)
{
    typename Traits<Key>::UnsignedBits bits;
    __builtin_memcpy(&bits, &key, sizeof(Key));
    if (is_float<Key> && bits == Traits<Key>::HIGH_BIT)
        bits = 0;
    return Traits<Key>::TwiddleIn(bits);
}

}  // namespace detail

template <typename T, typename U>
ANYROC_BOTH constexpr auto DivideAndRoundUp(T n, U d) -> decltype((n + d - 1) / d)
{
    return (n + d - 1) / d;
}

}  // namespace cub
