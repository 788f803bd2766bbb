/* What is allocated where: an ordered table that is searched without a lock. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

struct lock memory_lock;

/* A reader repeats when the version changed under it or is odd. */
static _Atomic uint32_t version;
static struct ordered table = {.size = sizeof(struct anyroc_allocation)};

/* Whether an address lies in an allocation, and in which. */
int anyroc_allocation_find(uint64_t address, struct anyroc_allocation *found) {
  for (;;) {
    uint32_t before = atomic_load_explicit(&version, memory_order_acquire);
    if (!(before & 1)) {
      struct cursor at;
      const struct anyroc_allocation *below = ordered_below(&table, address, &at);
      int inside = below != NULL;
      if (inside) {
        *found = *below;
        inside = address - found->base < found->size;
      }
      atomic_thread_fence(memory_order_acquire);
      if (atomic_load_explicit(&version, memory_order_relaxed) == before) return inside;
    }
    cpu_pause();
  }
}

static void before_fork(void) { lock_take(&memory_lock); }
static void after_fork(void) { lock_give(&memory_lock); }

/* Adds an allocation; they must not overlap. Whether there was memory for the table. */
int allocation_add(const struct anyroc_allocation *made) {
  static int guarded;
  if (!guarded) guarded = pthread_atfork(before_fork, after_fork, after_fork) == 0;
  atomic_fetch_add(&version, 1);
  int result = ordered_insert(&table, made);
  atomic_fetch_add(&version, 1);
  return result;
}

struct anyroc_allocation *allocation_at(uint64_t base, struct cursor *at) {
  struct anyroc_allocation *found = ordered_below(&table, base, at);
  return found != NULL && found->base == base ? found : NULL;
}

void allocation_remove(struct cursor at) {
  atomic_fetch_add(&version, 1);
  ordered_remove(&table, at);
  atomic_fetch_add(&version, 1);
}

/* Sets or clears bits of an allocation's state; ANYROC_BAD_ADDRESS if `base` starts none. */
int anyroc_allocation_mark(uint64_t base, uint32_t bits, uint32_t set) {
  struct cursor at;
  lock_take(&memory_lock);
  struct anyroc_allocation *found = allocation_at(base, &at);
  if (found != NULL) {
    atomic_fetch_add(&version, 1);
    found->state = set ? found->state | bits : found->state & ~bits;
    atomic_fetch_add(&version, 1);
  }
  lock_give(&memory_lock);
  return found != NULL ? ANYROC_OK : ANYROC_BAD_ADDRESS;
}

/* Notes that a program wants an allocation's contents on a device. */
int anyroc_allocation_prefetch(uint64_t base, int32_t device) {
  struct cursor at;
  lock_take(&memory_lock);
  struct anyroc_allocation *found = allocation_at(base, &at);
  if (found != NULL) found->prefetched = device;
  lock_give(&memory_lock);
  return found != NULL ? ANYROC_OK : ANYROC_BAD_ADDRESS;
}

/* Writes as many allocations as there is room for, by address, and returns how many there are. */
uint64_t anyroc_allocations(struct anyroc_allocation *out, uint64_t room) {
  struct cursor at;
  uint64_t count = 0;
  lock_take(&memory_lock);
  for (struct anyroc_allocation *each = ordered_first(&table, &at); each != NULL;
       each = ordered_next(&table, &at), count++)
    if (count < room) out[count] = *each;
  lock_give(&memory_lock);
  return count;
}

static uint64_t distance(const struct anyroc_allocation *allocation, uint64_t address) {
  return address < allocation->base ? allocation->base - address
                                    : address - allocation->base - allocation->size;
}

/* Finds the allocation of a program's that is closest to an address that lies in none. */
int anyroc_allocation_nearest(uint64_t address, struct anyroc_allocation *found) {
  struct cursor below, above;
  lock_take(&memory_lock);
  struct anyroc_allocation *low = ordered_below(&table, address, &below), *high;
  if (low != NULL) {
    above = below;
    high = ordered_next(&table, &above);
  } else {
    high = ordered_first(&table, &above);
  }
  while (low != NULL && low->kind == KIND_INTERNAL) low = ordered_previous(&table, &below);
  while (high != NULL && high->kind == KIND_INTERNAL) high = ordered_next(&table, &above);
  if (low != NULL && high != NULL && distance(high, address) < distance(low, address)) low = NULL;
  const struct anyroc_allocation *nearest = low != NULL ? low : high;
  if (nearest != NULL) *found = *nearest;
  lock_give(&memory_lock);
  return nearest != NULL;
}
