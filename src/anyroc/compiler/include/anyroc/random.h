/* Random numbers in device code: the sequences of rocRAND's generators. */
#pragma once

#include <hip/hip_runtime.h>

#include "anyroc/hiprand_types.h"

#if !defined(__HIP__)
/* Host compilers see what the generators' states are, and functions that they do not call. */
#include <math.h>

namespace anyroc_random {
inline unsigned int __umulhi(unsigned int x, unsigned int y)
{
    return static_cast<unsigned int>(static_cast<unsigned long long>(x) * y >> 32);
}
inline void __sincosf(float x, float *s, float *c) { *s = sinf(x), *c = cosf(x); }
inline void sincospi(double x, double *s, double *c)
{
    *s = sin(x * 3.14159265358979323846), *c = cos(x * 3.14159265358979323846);
}
double normcdfinv(double);
float normcdfinvf(float);
}
#endif

namespace anyroc_random {

#include "anyroc/xorwow_jumps.inc"

/* Numbers in (0, 1], normal ones by Box and Muller's transform. */
__device__ inline float uniform(unsigned int x) { return 0x1p-32f + x * 0x1p-32f; }
__device__ inline double uniform_double(unsigned int x, unsigned int y)
{
    unsigned long long whole = x | static_cast<unsigned long long>(y >> 11) << 32;
    return 0x1p-53 + whole * 0x1p-53;
}
__device__ inline float2 normal(unsigned int x, unsigned int y)
{
    const float turn = 1.46291807e-09f;  /* 2 pi / 2^32 */
    float u = uniform(x), v = turn + y * turn, radius = sqrtf(-2.0f * logf(u)), s, c;
    __sincosf(v, &s, &c);
    return make_float2(s * radius, c * radius);
}
__device__ inline double2 normal_double(unsigned int x, unsigned int y, unsigned int z,
                                        unsigned int w)
{
    unsigned long long first = x ^ static_cast<unsigned long long>(y) << 21;
    unsigned long long second = z ^ static_cast<unsigned long long>(w) << 21;
    double u = 0x1p-53 + first * 0x1p-53, v = 0x1p-52 + second * 0x1p-52;
    double radius = sqrt(-2.0 * log(u)), s, c;
    sincospi(v, &s, &c);
    return make_double2(s * radius, c * radius);
}

/* What all generators have: the second number of a normal pair waits for the next call. */
struct spare {
    float single_value;
    double double_value;
    bool has_single, has_double;
};

struct xorwow {
    unsigned int x[5], d;
    spare kept;

    __device__ void init(unsigned long long seed, unsigned long long sequence,
                         unsigned long long offset)
    {
        unsigned int low = static_cast<unsigned int>(seed) ^ 0x2c7f967fu;
        unsigned int high = static_cast<unsigned int>(seed >> 32) ^ 0xa03697cbu;
        unsigned int t0 = 1228688033u * low, t1 = 2073658381u * high;
        x[0] = 123456789u + t0;
        x[1] = 362436069u ^ t0;
        x[2] = 521288629u + t1;
        x[3] = 88675123u ^ t1;
        x[4] = 5783321u + t0;
        d = 6615241u + t1 + t0;
        kept.has_single = kept.has_double = false;
        skip_sequences(sequence);
        skip(offset);
    }
    __device__ unsigned int next()
    {
        turn();
        d += 362437u;
        return d + x[4];
    }
    __device__ double next_uniform_double()
    {
        unsigned int low = next(), high = next();
        return uniform_double(low, high);
    }
    __device__ void skip(unsigned long long count)
    {
        jump(count, xorwow_offset_jumps);
        d += static_cast<unsigned int>(count) * 362437u;
    }
    __device__ void skip_sequences(unsigned long long count) { jump(count, xorwow_sequence_jumps); }

private:
    __device__ void turn()
    {
        unsigned int t = x[0] ^ x[0] >> 2;
        x[0] = x[1];
        x[1] = x[2];
        x[2] = x[3];
        x[3] = x[4];
        x[4] = x[4] ^ x[4] << 4 ^ t ^ t << 1;
    }
    /* Each jump's polynomial says which of the next 160 states to add up. */
    __device__ void jump(unsigned long long count, const unsigned int (*polynomials)[5])
    {
        for (int power = 0; count; ++power, count >>= 1) {
            if (!(count & 1))
                continue;
            unsigned int sum[5] = {};
#pragma clang loop unroll(disable)
            for (int bit = 0; bit < 160; ++bit) {
                unsigned int mask = -(polynomials[power][bit / 32] >> bit % 32 & 1u);
                for (int word = 0; word < 5; ++word)
                    sum[word] ^= x[word] & mask;
                turn();
            }
            for (int word = 0; word < 5; ++word)
                x[word] = sum[word];
        }
    }
};

struct philox {
    unsigned int counter[4], key[2], result[4], used;
    spare kept;

    __device__ void init(unsigned long long seed, unsigned long long sequence,
                         unsigned long long offset)
    {
        key[0] = static_cast<unsigned int>(seed);
        key[1] = static_cast<unsigned int>(seed >> 32);
        counter[0] = counter[1] = 0;
        counter[2] = static_cast<unsigned int>(sequence);
        counter[3] = static_cast<unsigned int>(sequence >> 32);
        used = 0;
        kept.has_single = kept.has_double = false;
        skip(offset);
    }
    __device__ unsigned int next()
    {
        if (used == 4)
            advance(1);
        return result[used++];
    }
    __device__ uint4 next4()
    {
        unsigned int a = next(), b = next(), c = next(), e = next();
        return make_uint4(a, b, c, e);
    }
    __device__ double next_uniform_double()
    {
        unsigned int low = next(), high = next();
        return uniform_double(low, high);
    }
    __device__ void skip(unsigned long long count)
    {
        unsigned long long place = used + count;
        advance(place / 4);
        used = static_cast<unsigned int>(place % 4);
    }
    __device__ void skip_sequences(unsigned long long count)
    {
        unsigned long long upper = counter[2] | static_cast<unsigned long long>(counter[3]) << 32;
        upper += count;
        counter[2] = static_cast<unsigned int>(upper);
        counter[3] = static_cast<unsigned int>(upper >> 32);
        rounds();
    }

private:
    __device__ void advance(unsigned long long blocks)
    {
        unsigned long long lower = counter[0] | static_cast<unsigned long long>(counter[1]) << 32;
        lower += blocks;
        counter[0] = static_cast<unsigned int>(lower);
        counter[1] = static_cast<unsigned int>(lower >> 32);
        used = 0;
        rounds();
    }
    __device__ void rounds()
    {
        unsigned int x = counter[0], y = counter[1], z = counter[2], w = counter[3];
        unsigned int k0 = key[0], k1 = key[1];
        for (int round = 0; round < 10; ++round) {
            unsigned int low0 = 0xd2511f53u * x, high0 = __umulhi(0xd2511f53u, x);
            unsigned int low1 = 0xcd9e8d57u * z, high1 = __umulhi(0xcd9e8d57u, z);
            x = high1 ^ y ^ k0;
            y = low1;
            z = high0 ^ w ^ k1;
            w = low0;
            k0 += 0x9e3779b9u;
            k1 += 0xbb67ae85u;
        }
        result[0] = x;
        result[1] = y;
        result[2] = z;
        result[3] = w;
    }
};

struct mrg32k3a {
    unsigned long long g[6];
    spare kept;

    static constexpr unsigned long long m1 = 4294967087ull, m2 = 4294944443ull;

    __device__ void init(unsigned long long seed, unsigned long long sequence,
                         unsigned long long offset)
    {
        if (seed == 0)
            seed = 12345;
        unsigned int x = static_cast<unsigned int>(seed) ^ 0x55555555u;
        unsigned int y = static_cast<unsigned int>(seed >> 32) ^ 0xaaaaaaaau;
        g[0] = g[2] = seeded(x, seed, m1, 1);
        g[1] = seeded(y, seed, m1, 1);
        g[3] = g[5] = seeded(y, seed, m2, 2);
        g[4] = seeded(x, seed, m2, 2);
        kept.has_single = kept.has_double = false;
        skip_sequences(sequence);
        skip(offset);
    }
    /* In [1, m1]. */
    __device__ unsigned int next_number()
    {
        unsigned long long p = (1403580ull * g[1] + 810728ull * (m1 - g[0])) % m1;
        unsigned long long q = (527612ull * g[5] + 1370589ull * (m2 - g[3])) % m2;
        g[0] = g[1];
        g[1] = g[2];
        g[2] = p;
        g[3] = g[4];
        g[4] = g[5];
        g[5] = q;
        return static_cast<unsigned int>(p <= q ? p + m1 - q : p - q);
    }
    __device__ unsigned int next()
    {
        return static_cast<unsigned int>((next_number() - 1) * 1.000000048661607);
    }
    __device__ double next_uniform_double() { return next_number() * 2.3283065498378288e-10; }
    __device__ void skip(unsigned long long count)
    {
        unsigned long long a[9] = {0, 1, 0, 0, 0, 1, m1 - 810728ull, 1403580ull, 0};
        unsigned long long b[9] = {0, 1, 0, 0, 0, 1, m2 - 1370589ull, 0, 527612ull};
        jump(a, b, count);
    }
    __device__ void skip_sequences(unsigned long long count)
    {
        /* The transitions to the power of 2^76. */
        unsigned long long a[9] = {82758667ull, 1871391091ull, 4127413238ull,
                                   3672831523ull, 69195019ull, 1871391091ull,
                                   3672091415ull, 3528743235ull, 69195019ull};
        unsigned long long b[9] = {1511326704ull, 3759209742ull, 1610795712ull,
                                   4292754251ull, 1511326704ull, 3889917532ull,
                                   3859662829ull, 4292754251ull, 3708466080ull};
        jump(a, b, count);
    }

private:
    __device__ static unsigned long long reduced(unsigned long long p, unsigned long long m,
                                                 int folds)
    {
        for (; folds; --folds)
            p = ((1ull << 32) - m) * (p >> 32) + (p & 0xffffffffull);
        return p >= m ? p - m : p;
    }
    __device__ static unsigned int seeded(unsigned int x, unsigned long long seed,
                                          unsigned long long m, int folds)
    {
        unsigned long long high = x / 131072u, low = x % 131072u;
        unsigned long long sum =
            reduced(high * seed, m, folds) * 131072u + reduced(low * seed, m, folds);
        return static_cast<unsigned int>(reduced(sum, m, folds));
    }
    /* Out of line and in loops: a division of 64 bits is a hundred instructions. */
    __device__ __attribute__((noinline)) static void apply(const unsigned long long *matrix, unsigned long long *vector,
                                 unsigned long long m)
    {
        unsigned long long made[3];
#pragma clang loop unroll(disable)
        for (int row = 0; row < 3; ++row) {
            made[row] = 0;
            for (int column = 0; column < 3; ++column)
                made[row] = (made[row] + matrix[3 * row + column] * vector[column] % m) % m;
        }
        for (int row = 0; row < 3; ++row)
            vector[row] = made[row];
    }
    __device__ static void square(unsigned long long *matrix, unsigned long long m)
    {
        unsigned long long columns[9];
#pragma clang loop unroll(disable)
        for (int column = 0; column < 3; ++column) {
            unsigned long long vector[3] = {matrix[column], matrix[3 + column], matrix[6 + column]};
            apply(matrix, vector, m);
            for (int row = 0; row < 3; ++row)
                columns[3 * row + column] = vector[row];
        }
        for (int i = 0; i < 9; ++i)
            matrix[i] = columns[i];
    }
    __device__ void jump(unsigned long long *a, unsigned long long *b, unsigned long long count)
    {
        for (; count; count >>= 1) {
            if (count & 1) {
                apply(a, g, m1);
                apply(b, g + 3, m2);
            }
            square(a, m1);
            square(b, m2);
        }
    }
};

struct sobol32 {
    unsigned int directions[32], value, index;
    spare kept;

    __device__ void init(const unsigned int *vectors, unsigned int offset)
    {
        for (int bit = 0; bit < 32; ++bit)
            directions[bit] = vectors[bit];
        value = index = 0;
        kept.has_single = kept.has_double = false;
        skip(offset);
    }
    __device__ unsigned int next()
    {
        unsigned int made = value;
        skip(1);
        return made;
    }
    __device__ double next_uniform_double() { return 0x1p-32 + next() * 0x1p-32; }
    __device__ void skip(unsigned int count)
    {
        index += count;
        unsigned int gray = index ^ index >> 1;
        value = 0;
        for (int bit = 0; bit < 32; ++bit)
            value ^= directions[bit] & -(gray >> bit & 1u);
    }
};

template <typename Generator> __device__ inline float next_uniform(Generator *state)
{
    return uniform(state->next());
}
__device__ inline float next_uniform(mrg32k3a *state)
{
    return static_cast<float>(state->next_uniform_double());
}

template <typename Generator> __device__ inline float2 next_normal2(Generator *state)
{
    unsigned int x = state->next(), y = state->next();
    return normal(x, y);
}
__device__ inline float2 next_normal2(mrg32k3a *state)
{
    float u = next_uniform(state), v = next_uniform(state) * 6.2831855f;
    float radius = sqrtf(-2.0f * logf(u)), s, c;
    __sincosf(v, &s, &c);
    return make_float2(s * radius, c * radius);
}

template <typename Generator> __device__ inline double2 next_normal2_double(Generator *state)
{
    unsigned int x = state->next(), y = state->next(), z = state->next(), w = state->next();
    return normal_double(x, y, z, w);
}
__device__ inline double2 next_normal2_double(mrg32k3a *state)
{
    double u = next_uniform(state), v = 2.0 * next_uniform(state);
    double radius = sqrt(-2.0 * log(u)), s, c;
    sincospi(v, &s, &c);
    return make_double2(s * radius, c * radius);
}

template <typename Generator> __device__ inline float next_normal(Generator *state)
{
    if (state->kept.has_single) {
        state->kept.has_single = false;
        return state->kept.single_value;
    }
    float2 pair = next_normal2(state);
    state->kept.has_single = true;
    state->kept.single_value = pair.y;
    return pair.x;
}
__device__ inline float next_normal(sobol32 *state)
{
    return normcdfinvf(fminf(uniform(state->next()), 1.0f - 0x1p-24f));
}

template <typename Generator> __device__ inline double next_normal_double(Generator *state)
{
    if (state->kept.has_double) {
        state->kept.has_double = false;
        return state->kept.double_value;
    }
    double2 pair = next_normal2_double(state);
    state->kept.has_double = true;
    state->kept.double_value = pair.y;
    return pair.x;
}
__device__ inline double next_normal_double(sobol32 *state)
{
    return normcdfinv(fmin(state->next_uniform_double(), 1.0 - 0x1p-53));
}

/* Knuth's method for small means; the normal distribution, rounded, for large ones. */
template <typename Generator> __device__ inline unsigned int next_poisson(Generator *state,
                                                                          double mean)
{
    if (mean > 500.0) {
        double made = mean + sqrt(mean) * next_normal_double(state) + 0.5;
        return made < 0.0 ? 0u : static_cast<unsigned int>(made);
    }
    unsigned int count = 0;
    double left = mean - -log(state->next_uniform_double());
    while (left > 0.0) {
        ++count;
        left -= -log(state->next_uniform_double());
    }
    return count;
}

}
