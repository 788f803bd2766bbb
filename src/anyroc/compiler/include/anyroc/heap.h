/* malloc and free for device code, over the heap that the runtime gives to every code object that
 * has a variable `__anyroc_heap`: its address and its size. All modules of a device share it.
 *
 * Blocks have sizes that are powers of two. A fresh block is cut off the end of what is in use; a
 * freed one goes on the stack of its size. Nothing here waits for another thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "anyroc/attributes.h"

extern "C" {
/* Inline, so that code objects that never allocate do not have it. */
inline __device__ unsigned long long __anyroc_heap[2];
}

namespace anyroc {

/* The heap begins with this, all zero at first. A stack's top is its first block, in units of 16
 * bytes from the heap's start, and in the upper half a count of changes, so that a block that was
 * taken and put back between a look and an exchange is noticed. */
struct heap_start {
    unsigned long long used;
    unsigned long long stacks[31];
};

struct heap_block {
    uint32_t next, size_class;
    uint64_t unused;
};

constexpr uint64_t heap_unit = 16;

ANYROC_DEVICE bool exchange(unsigned long long *place, unsigned long long &seen,
                            unsigned long long value)
{
    return __hip_atomic_compare_exchange_strong(place, &seen, value, __ATOMIC_ACQ_REL,
                                                __ATOMIC_ACQUIRE, __HIP_MEMORY_SCOPE_AGENT);
}

ANYROC_DEVICE unsigned long long look(unsigned long long *place)
{
    return __hip_atomic_load(place, __ATOMIC_ACQUIRE, __HIP_MEMORY_SCOPE_AGENT);
}

ANYROC_DEVICE unsigned long long changed(unsigned long long top, uint32_t first)
{
    return (((top >> 32) + 1) << 32) | first;
}

static inline __device__ __attribute__((noinline)) void *allocate(size_t size)
{
    char *base = reinterpret_cast<char *>(__anyroc_heap[0]);
    heap_start *heap = reinterpret_cast<heap_start *>(base);
    uint64_t units = (size + heap_unit - 1) / heap_unit;
    uint32_t size_class = units <= 1 ? 0 : 64 - __builtin_clzll(units - 1);
    if (base == nullptr || size > __anyroc_heap[1] || size_class >= 31)
        return nullptr;

    unsigned long long top = look(&heap->stacks[size_class]);
    while (static_cast<uint32_t>(top) != 0) {
        heap_block *block = reinterpret_cast<heap_block *>(base + (top & 0xffffffff) * heap_unit);
        uint32_t next = __hip_atomic_load(&block->next, __ATOMIC_RELAXED, __HIP_MEMORY_SCOPE_AGENT);
        if (exchange(&heap->stacks[size_class], top, changed(top, next)))
            return block + 1;
    }

    uint64_t bytes = (heap_unit << size_class) + sizeof(heap_block);
    uint64_t limit = __anyroc_heap[1] - sizeof(heap_start);
    unsigned long long used = look(&heap->used);
    do {
        if (used + bytes > limit)
            return nullptr;
    } while (!exchange(&heap->used, used, used + bytes));
    heap_block *block = reinterpret_cast<heap_block *>(base + sizeof(heap_start) + used);
    block->size_class = size_class;
    return block + 1;
}

static inline __device__ __attribute__((noinline)) void release(void *place)
{
    if (place == nullptr)
        return;
    char *base = reinterpret_cast<char *>(__anyroc_heap[0]);
    heap_block *block = static_cast<heap_block *>(place) - 1;
    uint32_t self = static_cast<uint32_t>((reinterpret_cast<char *>(block) - base) / heap_unit);
    unsigned long long *stack = &reinterpret_cast<heap_start *>(base)->stacks[block->size_class];
    unsigned long long top = look(stack);
    do {
        __hip_atomic_store(&block->next, static_cast<uint32_t>(top), __ATOMIC_RELAXED,
                           __HIP_MEMORY_SCOPE_AGENT);
    } while (!exchange(stack, top, changed(top, self)));
}

}  // namespace anyroc
