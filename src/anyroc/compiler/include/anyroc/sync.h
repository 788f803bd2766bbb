/* Barriers, fences, clocks, and giving up. */
#pragma once

#include "anyroc/attributes.h"

namespace anyroc {

ANYROC_DEVICE void sync_group()
{
    __builtin_amdgcn_fence(__ATOMIC_RELEASE, "workgroup");
    __builtin_amdgcn_s_barrier();
    __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "workgroup");
}

}  // namespace anyroc

extern "C" __device__ int __ockl_wgred_add_i32(int);
extern "C" __device__ int __ockl_wgred_and_i32(int);
extern "C" __device__ int __ockl_wgred_or_i32(int);

ANYROC_DEVICE void __syncthreads() { anyroc::sync_group(); }
ANYROC_DEVICE int __syncthreads_count(int predicate) { return __ockl_wgred_add_i32(!!predicate); }
ANYROC_DEVICE int __syncthreads_and(int predicate) { return __ockl_wgred_and_i32(!!predicate); }
ANYROC_DEVICE int __syncthreads_or(int predicate) { return __ockl_wgred_or_i32(!!predicate); }

ANYROC_DEVICE void __threadfence_block() { __builtin_amdgcn_fence(__ATOMIC_SEQ_CST, "workgroup"); }
ANYROC_DEVICE void __threadfence() { __builtin_amdgcn_fence(__ATOMIC_SEQ_CST, "agent"); }
ANYROC_DEVICE void __threadfence_system() { __builtin_amdgcn_fence(__ATOMIC_SEQ_CST, ""); }

extern "C" __device__ unsigned long long __ockl_steadyctr_u64(void);

ANYROC_DEVICE long long clock64() { return __builtin_readcyclecounter(); }
ANYROC_DEVICE long long __clock64() { return clock64(); }
ANYROC_DEVICE clock_t clock() { return clock64(); }
ANYROC_DEVICE clock_t __clock() { return clock64(); }
ANYROC_DEVICE long long wall_clock64() { return __ockl_steadyctr_u64(); }
ANYROC_DEVICE unsigned long long globaltimer() { return __ockl_steadyctr_u64() * 10; }

ANYROC_DEVICE void __nanosleep(unsigned) { __builtin_amdgcn_s_sleep(1); }
ANYROC_DEVICE void __trap() { __builtin_trap(); }
ANYROC_DEVICE void __brkpt() { __builtin_debugtrap(); }
ANYROC_DEVICE void __brkpt(int) { __builtin_debugtrap(); }

extern "C" __device__ int printf(const char *, ...);
