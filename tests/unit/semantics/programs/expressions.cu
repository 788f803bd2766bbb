// Integer and half-precision expressions of plain C++: what the compiler makes of them must give
// the bits of the host.
#include "../../compiler/programs/check.h"

#include <cstdint>

constexpr int N = 1024;
using u8 = uint8_t;
using u16 = uint16_t;
using u32 = uint32_t;
using u64 = uint64_t;
using i8 = int8_t;
using i16 = int16_t;
using i32 = int32_t;
using i64 = int64_t;
using half_t = _Float16;

#define WORDS(X)                                                                                   \
    X(sum, a + b) X(product, a *b) X(high_product, (u64)((unsigned __int128)a * b >> 64))          \
    X(quotient, b ? a / b : 7) X(rest, b ? a % b : 7)                                              \
    X(signed_quotient, (i64)b && (i64)b != -1 ? (u64)((i64)a / (i64)b) : 7)                        \
    X(quotient_32, (u32)b ? (u32)a / (u32)b : 7)                                                   \
    X(signed_rest_32, (i32)b && (i32)b != -1 ? (u64)(i64)((i32)a % (i32)b) : 7)                    \
    X(left, a << (b & 63)) X(right, a >> (b & 63)) X(arithmetic_right, (u64)((i64)a >> (b & 63)))  \
    X(high_32, (u64)(u32)a * (u32)b >> 32)                                                         \
    X(signed_high_32, (u64)((i64)(i32)a * (i32)b >> 32))                                           \
    X(rotation, (u32)a << (b & 31) | (u32)a >> (-b & 31))                                          \
    X(swapped, __builtin_bswap64(a)) X(reversed, __builtin_bitreverse64(a))                        \
    X(ones, __builtin_popcountll(a)) X(trailing, a ? __builtin_ctzll(a) : 64)                      \
    X(leading, a ? __builtin_clzll(a) : 64) X(leading_32, (u32)a ? __builtin_clz((u32)a) : 32)     \
    X(smaller, a < b ? a : b) X(signed_greater, (u64)((i64)a > (i64)b ? (i64)a : (i64)b))          \
    X(difference, (u32)a > (u32)b ? (u32)a - (u32)b : (u32)b - (u32)a)                             \
    X(product_8, (u64)(i64)((i8)a * (i8)b)) X(product_16, (u16)((u16)a * (u16)b))                  \
    X(narrow_quotient, (u8)b ? (u8)a / (u8)b : 1)                                                  \
    X(field, (u32)(a >> 5) & ((1u << (b & 15)) - 1))                                               \
    X(signed_field, (u64)(i64)((i32)a << 7 >> 19))                                                 \
    X(saturated, __builtin_elementwise_add_sat((u32)a, (u32)b))                                    \
    X(signed_saturated, (u64)(i64)__builtin_elementwise_add_sat((i32)a, (i32)b))                   \
    X(saturated_16, __builtin_elementwise_add_sat((u16)a, (u16)b))                                 \
    X(signed_saturated_16, (u64)(i64)__builtin_elementwise_sub_sat((i16)a, (i16)b))                \
    X(held, (u64)(i64)((i32)a < -100 ? -100 : (i32)a > 100 ? 100 : (i32)a))                        \
    X(through_float, (u64)(i64)((float)(i64)(a >> 2)))                                             \
    X(through_double, (u64)((double)(u32)a * 1.5))                                                 \
    X(combined, (a & b) | (b << 3)) X(mixed, (a ^ b) ^ (a << 7))                                   \
    X(shuffled, ((u32)a & 0xff) | ((u32)b & 0xff00) | ((u32)a >> 24) << 16 | (u32)b << 24)

#define HALVES(X)                                                                                  \
    X(half_sum, x + y) X(half_difference, x - y) X(half_product, x *y) X(half_quotient, x / y)     \
    X(half_sums, (half_t)(x + y) + z) X(half_greater, x > y ? x : y)                               \
    X(half_scaled, (half_t)((float)x * 1.0001f)) X(half_of_double, (half_t)((double)x * 1.37))     \
    X(half_whole, (half_t)(short)(x > -30000 && x < 30000 ? x : (half_t)3))                        \
    X(half_order, (half_t)(x < y ? 1 : x == y ? 2 : 3))

#define WORD_KERNEL(name, expression)                                                              \
    __global__ void name(const u64 *first, const u64 *second, u64 *out)                            \
    {                                                                                              \
        int i = blockIdx.x * blockDim.x + threadIdx.x;                                             \
        u64 a = first[i], b = second[i];                                                           \
        out[i] = expression;                                                                       \
    }                                                                                              \
    static u64 name##_host(u64 a, u64 b) { return expression; }
#define HALF_KERNEL(name, expression)                                                              \
    __global__ void name(const half_t *first, const half_t *second, const half_t *third,           \
                         half_t *out)                                                              \
    {                                                                                              \
        int i = blockIdx.x * blockDim.x + threadIdx.x;                                             \
        half_t x = first[i], y = second[i], z = third[i];                                          \
        out[i] = expression;                                                                       \
    }                                                                                              \
    static half_t name##_host(half_t x, half_t y, half_t z) { return expression; }
WORDS(WORD_KERNEL)
HALVES(HALF_KERNEL)

static u64 random_word()
{
    static u64 state = 88172645463325252ull;
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

static half_t random_half()
{
    u16 bits = (u16)random_word();
    half_t value;
    memcpy(&value, &bits, 2);
    return value == value ? value : (half_t)NAN;
}

int main()
{
    const u64 edges[] = {0, 1, 2, ~0ull, 1ull << 63, ~0ull >> 1, 0x80000000, 0x7fffffff,
                         0xffffffff, 0x8000, 0xffff, 1ull << 32, 0xff, 0x80};
    constexpr int EDGES = sizeof edges / sizeof *edges;
    Managed<u64, N> a, b, words;
    Managed<half_t, N> x, y, z, halves;
    for (int i = 0; i < N; ++i) {
        bool edge = i < EDGES * EDGES;
        a[i] = edge ? edges[i / EDGES] : random_word();
        b[i] = edge ? edges[i % EDGES] : random_word() >> i % 60;
        x[i] = random_half();
        y[i] = i % 3 ? random_half() : -x[i];
        z[i] = random_half();
    }
#define RUN_WORDS(name, expression)                                                                \
    name<<<N / 256, 256>>>(a, b, words);                                                           \
    cudaDeviceSynchronize();                                                                       \
    for (int i = 0; i < N; ++i)                                                                    \
        expect(#name, i, name##_host(a[i], b[i]), words[i]);
#define RUN_HALVES(name, expression)                                                               \
    name<<<N / 256, 256>>>(x, y, z, halves);                                                       \
    cudaDeviceSynchronize();                                                                       \
    for (int i = 0; i < N; ++i)                                                                    \
        if (half_t want = name##_host(x[i], y[i], z[i]); want == want || halves[i] == halves[i])   \
            expect(#name, i, want, halves[i]);
    WORDS(RUN_WORDS)
    HALVES(RUN_HALVES)
    return verdict();
}
