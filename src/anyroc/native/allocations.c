/* What is allocated where: a sorted table that is searched without a lock, for the host's calls. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "runtime.h"

struct anyroc_allocation {
  uint64_t base, size;
  uint32_t kind, device; /* as anyroc.gpu.memory counts them */
};

/* A reader repeats when the version changed under it or is odd. A table that grew too small is
 * replaced and kept, since a reader may still be in it. */
static struct {
  struct lock lock;
  _Atomic uint32_t version;
  _Atomic(struct anyroc_allocation *) table;
  _Atomic uint64_t count;
  uint64_t capacity;
} allocations;

static uint64_t position(const struct anyroc_allocation *table, uint64_t count, uint64_t address) {
  uint64_t low = 0, high = count;
  while (low < high) {
    uint64_t middle = (low + high) / 2;
    if (table[middle].base <= address)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static int search(uint64_t address, struct anyroc_allocation *found) {
  struct anyroc_allocation *table = atomic_load_explicit(&allocations.table, memory_order_acquire);
  uint64_t count = atomic_load_explicit(&allocations.count, memory_order_acquire);
  uint64_t above = position(table, count, address);
  if (above == 0) return 0;
  *found = table[above - 1];
  return address - found->base < found->size;
}

/* Whether an address lies in an allocation, and in which. */
int anyroc_allocation_find(uint64_t address, struct anyroc_allocation *found) {
  for (;;) {
    uint32_t before = atomic_load_explicit(&allocations.version, memory_order_acquire);
    if (!(before & 1)) {
      int result = search(address, found);
      atomic_thread_fence(memory_order_acquire);
      if (atomic_load_explicit(&allocations.version, memory_order_relaxed) == before) return result;
    }
    cpu_pause();
  }
}

static void before_fork(void) { lock_take(&allocations.lock); }
static void after_fork(void) { lock_give(&allocations.lock); }

static int grow(uint64_t count) {
  if (count < allocations.capacity) return ANYROC_OK;
  if (allocations.capacity == 0) pthread_atfork(before_fork, after_fork, after_fork);
  uint64_t capacity = allocations.capacity ? allocations.capacity * 2 : 1024;
  struct anyroc_allocation *table = calloc(capacity, sizeof *table);
  if (table == NULL) return ANYROC_NO_MEMORY;
  struct anyroc_allocation *old = atomic_load(&allocations.table);
  if (count != 0) memcpy(table, old, count * sizeof *table);
  atomic_store(&allocations.table, table);
  allocations.capacity = capacity;
  return ANYROC_OK;
}

/* Adds an allocation; they must not overlap. */
int anyroc_allocation_add(uint64_t base, uint64_t size, uint32_t kind, uint32_t device) {
  lock_take(&allocations.lock);
  uint64_t count = atomic_load(&allocations.count);
  int result = grow(count);
  if (result == ANYROC_OK) {
    struct anyroc_allocation *table = atomic_load(&allocations.table);
    uint64_t at = position(table, count, base);
    atomic_fetch_add(&allocations.version, 1);
    memmove(table + at + 1, table + at, (count - at) * sizeof *table);
    table[at] = (struct anyroc_allocation){base, size, kind, device};
    atomic_store(&allocations.count, count + 1);
    atomic_fetch_add(&allocations.version, 1);
  }
  lock_give(&allocations.lock);
  return result;
}

/* Removes the allocation that begins at `base`, if there is one. */
void anyroc_allocation_remove(uint64_t base) {
  lock_take(&allocations.lock);
  struct anyroc_allocation *table = atomic_load(&allocations.table);
  uint64_t count = atomic_load(&allocations.count), at = position(table, count, base);
  if (at != 0 && table[at - 1].base == base) {
    atomic_fetch_add(&allocations.version, 1);
    memmove(table + at - 1, table + at, (count - at) * sizeof *table);
    atomic_store(&allocations.count, count - 1);
    atomic_fetch_add(&allocations.version, 1);
  }
  lock_give(&allocations.lock);
}
