/* The names of the functions of `anyroc/random.h`: ANYROC_RANDOM_NAMES(curand) makes curand_init,
 * curand, curand_uniform and so on. */
#pragma once

#include "anyroc/random.h"

#define ANYROC_RANDOM_FUNCTION(T, name, value)                                                  \
    template <typename Generator> __device__ inline T name(Generator *state) { return value; }

#define ANYROC_RANDOM_NAMES(prefix)                                                             \
    template <typename Generator>                                                               \
    __device__ inline void prefix##_init(unsigned long long seed, unsigned long long sequence,  \
                                         unsigned long long offset, Generator *state)           \
    {                                                                                           \
        state->init(seed, sequence, offset);                                                    \
    }                                                                                           \
    __device__ inline void prefix##_init(const unsigned int *vectors, unsigned int offset,      \
                                         anyroc_random::sobol32 *state)                         \
    {                                                                                           \
        state->init(vectors, offset);                                                           \
    }                                                                                           \
    ANYROC_RANDOM_FUNCTION(unsigned int, prefix, state->next())                                 \
    ANYROC_RANDOM_FUNCTION(float, prefix##_uniform, anyroc_random::next_uniform(state))         \
    ANYROC_RANDOM_FUNCTION(double, prefix##_uniform_double, state->next_uniform_double())       \
    ANYROC_RANDOM_FUNCTION(float, prefix##_normal, anyroc_random::next_normal(state))           \
    ANYROC_RANDOM_FUNCTION(float2, prefix##_normal2, anyroc_random::next_normal2(state))        \
    ANYROC_RANDOM_FUNCTION(double, prefix##_normal_double,                                      \
                           anyroc_random::next_normal_double(state))                            \
    ANYROC_RANDOM_FUNCTION(double2, prefix##_normal2_double,                                    \
                           anyroc_random::next_normal2_double(state))                           \
    template <typename Generator>                                                               \
    __device__ inline float prefix##_log_normal(Generator *state, float mean, float deviation)  \
    {                                                                                           \
        return expf(mean + deviation * anyroc_random::next_normal(state));                      \
    }                                                                                           \
    template <typename Generator>                                                               \
    __device__ inline double prefix##_log_normal_double(Generator *state, double mean,          \
                                                        double deviation)                       \
    {                                                                                           \
        return exp(mean + deviation * anyroc_random::next_normal_double(state));                \
    }                                                                                           \
    template <typename Generator>                                                               \
    __device__ inline unsigned int prefix##_poisson(Generator *state, double mean)              \
    {                                                                                           \
        return anyroc_random::next_poisson(state, mean);                                        \
    }                                                                                           \
    __device__ inline uint4 prefix##4(anyroc_random::philox *state) { return state->next4(); }  \
    __device__ inline float4 prefix##_uniform4(anyroc_random::philox *state)                    \
    {                                                                                           \
        uint4 x = state->next4();                                                               \
        return make_float4(anyroc_random::uniform(x.x), anyroc_random::uniform(x.y),            \
                           anyroc_random::uniform(x.z), anyroc_random::uniform(x.w));           \
    }                                                                                           \
    __device__ inline double2 prefix##_uniform2_double(anyroc_random::philox *state)            \
    {                                                                                           \
        double first = state->next_uniform_double(), second = state->next_uniform_double();     \
        return make_double2(first, second);                                                     \
    }                                                                                           \
    __device__ inline float4 prefix##_normal4(anyroc_random::philox *state)                     \
    {                                                                                           \
        float2 a = anyroc_random::next_normal2(state), b = anyroc_random::next_normal2(state);  \
        return make_float4(a.x, a.y, b.x, b.y);                                                 \
    }

template <typename Generator>
__device__ inline void skipahead(unsigned long long count, Generator *state)
{
    state->skip(count);
}
template <typename Generator>
__device__ inline void skipahead_sequence(unsigned long long count, Generator *state)
{
    state->skip_sequences(count);
}
template <typename Generator>
__device__ inline void skipahead_subsequence(unsigned long long count, Generator *state)
{
    state->skip_sequences(count);
}
