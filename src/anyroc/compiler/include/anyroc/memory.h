/* What device code needs of the C library: memory from the device's heap, copies, and assert. */
#pragma once

#include <stddef.h>

#include "anyroc/heap.h"

extern "C" {
__device__ int printf(const char *, ...);

__attribute__((weak)) inline __device__ void *malloc(size_t size)
{
    return anyroc::allocate(size);
}

__attribute__((weak)) inline __device__ void free(void *place)
{
    anyroc::release(place);
}

__attribute__((weak, noreturn)) inline __device__ void __cxa_pure_virtual(void)
{
    __builtin_trap();
}
__attribute__((weak, noreturn)) inline __device__ void __cxa_deleted_virtual(void)
{
    __builtin_trap();
}

/* glibc's assert calls this; the runtime knows a failed assertion by the text. */
__attribute__((weak, noinline)) inline __device__ void __assert_fail(const char *assertion,
                                                              const char *file, unsigned int line,
                                                              const char *function)
{
    printf("%s:%u: %s: Device-side assertion `%s' failed.\n", file, line, function, assertion);
    __builtin_trap();
}
}

ANYROC_DEVICE void *memcpy(void *to, const void *from, size_t size)
{
    return __builtin_memcpy(to, from, size);
}
ANYROC_DEVICE void *memmove(void *to, const void *from, size_t size)
{
    return __builtin_memmove(to, from, size);
}
ANYROC_DEVICE void *memset(void *place, int byte, size_t size)
{
    return __builtin_memset(place, byte, size);
}
