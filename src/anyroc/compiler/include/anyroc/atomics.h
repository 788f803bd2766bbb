/* Atomic operations: relaxed, for the whole GPU, and their _block and _system variants. */
#pragma once

#include <stdint.h>

#include "anyroc/attributes.h"

/* CUDA's floating-point atomics are single instructions on ordinary memory; HIP's default is to be
 * right on fine-grained host memory too. */
#if defined(ANYROC_CUDA)
#define ANYROC_FAST_ATOMIC \
    _Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Wunknown-attributes\"") \
    [[clang::atomic(no_remote_memory, no_fine_grained_memory, ignore_denormal_mode)]]
#define ANYROC_END_ATOMIC _Pragma("clang diagnostic pop")
#else
#define ANYROC_FAST_ATOMIC
#define ANYROC_END_ATOMIC
#endif

namespace anyroc {

template <typename T, typename Update>
ANYROC_DEVICE T atomic_update(T *place, Update update)
{
    T old = __hip_atomic_load(place, __ATOMIC_RELAXED, __HIP_MEMORY_SCOPE_AGENT);
    while (!__hip_atomic_compare_exchange_strong(place, &old, update(old), __ATOMIC_RELAXED,
                                                 __ATOMIC_RELAXED, __HIP_MEMORY_SCOPE_AGENT)) {
    }
    return old;
}

}  // namespace anyroc

#define ANYROC_FETCH(name, suffix, T, operation, scope)                              \
    ANYROC_DEVICE T name##suffix(T *place, T value)                                  \
    {                                                                                \
        return __hip_atomic_##operation(place, value, __ATOMIC_RELAXED,              \
                                        __HIP_MEMORY_SCOPE_##scope);                 \
    }
#define ANYROC_FETCH_ALL(name, T, operation)          \
    ANYROC_FETCH(name, , T, operation, AGENT)         \
    ANYROC_FETCH(name, _block, T, operation, WORKGROUP) \
    ANYROC_FETCH(name, _system, T, operation, SYSTEM)

#define ANYROC_INTEGER_ATOMICS(T)                \
    ANYROC_FETCH_ALL(atomicAdd, T, fetch_add)    \
    ANYROC_SUBTRACT(, T, AGENT)                  \
    ANYROC_SUBTRACT(_block, T, WORKGROUP)        \
    ANYROC_SUBTRACT(_system, T, SYSTEM)          \
    ANYROC_FETCH_ALL(atomicExch, T, exchange)    \
    ANYROC_FETCH_ALL(atomicMin, T, fetch_min)    \
    ANYROC_FETCH_ALL(atomicMax, T, fetch_max)    \
    ANYROC_FETCH_ALL(atomicAnd, T, fetch_and)    \
    ANYROC_FETCH_ALL(atomicOr, T, fetch_or)      \
    ANYROC_FETCH_ALL(atomicXor, T, fetch_xor)    \
    ANYROC_COMPARE_ALL(T)
#define ANYROC_SUBTRACT(suffix, T, scope)                                              \
    ANYROC_DEVICE T atomicSub##suffix(T *place, T value)                               \
    {                                                                                  \
        return __hip_atomic_fetch_add(place, static_cast<T>(0) - value, __ATOMIC_RELAXED, \
                                      __HIP_MEMORY_SCOPE_##scope);                     \
    }
#define ANYROC_COMPARE(suffix, T, scope)                                                \
    ANYROC_DEVICE T atomicCAS##suffix(T *place, T expected, T value)                    \
    {                                                                                   \
        __hip_atomic_compare_exchange_strong(place, &expected, value, __ATOMIC_RELAXED, \
                                             __ATOMIC_RELAXED,                          \
                                             __HIP_MEMORY_SCOPE_##scope);               \
        return expected;                                                                \
    }
#define ANYROC_COMPARE_ALL(T)            \
    ANYROC_COMPARE(, T, AGENT)           \
    ANYROC_COMPARE(_block, T, WORKGROUP) \
    ANYROC_COMPARE(_system, T, SYSTEM)

ANYROC_INTEGER_ATOMICS(int)
ANYROC_INTEGER_ATOMICS(unsigned int)
ANYROC_INTEGER_ATOMICS(unsigned long)
ANYROC_INTEGER_ATOMICS(unsigned long long)
ANYROC_FETCH_ALL(atomicMin, long long, fetch_min)
ANYROC_FETCH_ALL(atomicMax, long long, fetch_max)
ANYROC_COMPARE_ALL(unsigned short)

#define ANYROC_FLOAT_ATOMICS(T)                                                                 \
    ANYROC_FLOAT_ADD(, T, AGENT)                                                                \
    ANYROC_FLOAT_ADD(_block, T, WORKGROUP)                                                      \
    ANYROC_FLOAT_ADD(_system, T, SYSTEM)                                                        \
    ANYROC_DEVICE T atomicSub(T *place, T value) { return atomicAdd(place, -value); }           \
    ANYROC_FETCH_ALL(atomicExch, T, exchange)                                                   \
    ANYROC_COMPARE_ALL(T)                                                                       \
    ANYROC_DEVICE T unsafeAtomicAdd(T *place, T value) { return atomicAdd(place, value); }      \
    ANYROC_DEVICE T safeAtomicAdd(T *place, T value) { return atomicAdd_system(place, value); }
#define ANYROC_FLOAT_ADD(suffix, T, scope)                                                      \
    ANYROC_DEVICE T atomicAdd##suffix(T *place, T value)                                        \
    {                                                                                           \
        ANYROC_FAST_ATOMIC                                                                      \
        {                                                                                       \
            return __hip_atomic_fetch_add(place, value, __ATOMIC_RELAXED,                       \
                                          __HIP_MEMORY_SCOPE_##scope);                          \
        }                                                                                       \
        ANYROC_END_ATOMIC                                                                       \
    }
ANYROC_FLOAT_ATOMICS(float)
ANYROC_FLOAT_ATOMICS(double)

#if !defined(ANYROC_CUDA)
ANYROC_FETCH_ALL(atomicMin, float, fetch_min)
ANYROC_FETCH_ALL(atomicMax, float, fetch_max)
ANYROC_FETCH_ALL(atomicMin, double, fetch_min)
ANYROC_FETCH_ALL(atomicMax, double, fetch_max)
#endif

ANYROC_DEVICE unsigned int atomicInc(unsigned int *place, unsigned int limit)
{
    return __builtin_amdgcn_atomic_inc32(place, limit, __ATOMIC_RELAXED, "agent");
}
ANYROC_DEVICE unsigned int atomicDec(unsigned int *place, unsigned int limit)
{
    return __builtin_amdgcn_atomic_dec32(place, limit, __ATOMIC_RELAXED, "agent");
}
ANYROC_DEVICE unsigned int atomicInc_system(unsigned int *place, unsigned int limit)
{
    return __builtin_amdgcn_atomic_inc32(place, limit, __ATOMIC_RELAXED, "");
}
ANYROC_DEVICE unsigned int atomicDec_system(unsigned int *place, unsigned int limit)
{
    return __builtin_amdgcn_atomic_dec32(place, limit, __ATOMIC_RELAXED, "");
}
ANYROC_DEVICE unsigned int atomicInc_block(unsigned int *place, unsigned int limit)
{
    return __builtin_amdgcn_atomic_inc32(place, limit, __ATOMIC_RELAXED, "workgroup");
}
ANYROC_DEVICE unsigned int atomicDec_block(unsigned int *place, unsigned int limit)
{
    return __builtin_amdgcn_atomic_dec32(place, limit, __ATOMIC_RELAXED, "workgroup");
}

ANYROC_DEVICE float2 atomicAdd(float2 *place, float2 value)
{
    return make_float2(atomicAdd(&place->x, value.x), atomicAdd(&place->y, value.y));
}
ANYROC_DEVICE float4 atomicAdd(float4 *place, float4 value)
{
    return make_float4(atomicAdd(&place->x, value.x), atomicAdd(&place->y, value.y),
                       atomicAdd(&place->z, value.z), atomicAdd(&place->w, value.w));
}
