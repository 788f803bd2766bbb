/* The range of addresses that is device memory: reserved once, pages given and taken on demand, and
 * a table of host memory that was registered for use by kernels. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime.h"

uint8_t *anyroc_range_base;
uint64_t anyroc_range_size;

#define LARGEST_RANGE (16ull << 40)
#define SMALLEST_RANGE (1ull << 30)
#define HUGE_PAGE (2ull << 20)
/* Far from where the system puts libraries: code that is generated later must land near those. */
#define PREFERRED_BASE ((void *)0x200000000000ull)

static void *reserve(void *where, uint64_t size, int flags) {
  return mmap(where, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
}

/* Reserves up to `wanted` bytes (0: as much as is sensible); halves what the system refuses. */
int anyroc_range_reserve(uint64_t wanted) {
  if (anyroc_range_base != NULL) return ANYROC_OK;
  uint64_t size = wanted != 0 && wanted < LARGEST_RANGE ? wanted : LARGEST_RANGE;
  for (; size >= SMALLEST_RANGE; size /= 2) {
    uint8_t *base = reserve(PREFERRED_BASE, size, 0);
    if (base != MAP_FAILED) {
      uint64_t skip = -(uint64_t)(uintptr_t)base & (HUGE_PAGE - 1);
      anyroc_range_base = base + skip;
      anyroc_range_size = size - skip;
      return ANYROC_OK;
    }
  }
  return ANYROC_NO_MEMORY;
}

/* Makes whole pages of the range usable; they read as zero. */
int anyroc_range_commit(uint64_t address, uint64_t size) {
  if (mprotect((void *)(uintptr_t)address, size, PROT_READ | PROT_WRITE) != 0)
    return ANYROC_NO_MEMORY;
#ifdef MADV_HUGEPAGE
  if (size >= HUGE_PAGE) madvise((void *)(uintptr_t)address, size, MADV_HUGEPAGE);
#endif
  return ANYROC_OK;
}

/* Gives whole pages back: their contents are gone and a touch faults. */
int anyroc_range_decommit(uint64_t address, uint64_t size) {
  void *where = (void *)(uintptr_t)address;
  return reserve(where, size, MAP_FIXED) == where ? ANYROC_OK : ANYROC_NO_MEMORY;
}

/* ---- registered host memory ---- */

/* A sorted table that kernels read without a lock: a reader repeats when the version changed under
 * it. A table that grew too small is replaced and kept, since a reader may still be in it. */
struct host_range {
  _Atomic uint64_t begin, end;
  _Atomic uint32_t flags; /* the program's */
};

static struct {
  struct lock lock;
  _Atomic uint32_t version; /* odd while a writer is at work */
  _Atomic(struct host_range *) table;
  _Atomic uint64_t count;
  uint64_t capacity;
} hosts;

/* The range that begins at an address or before, the last of them; or NULL. */
static struct host_range *host_below(uint64_t address) {
  uint64_t low = 0, high = atomic_load_explicit(&hosts.count, memory_order_acquire);
  struct host_range *table = atomic_load_explicit(&hosts.table, memory_order_acquire);
  while (low < high) {
    uint64_t middle = (low + high) / 2;
    if (atomic_load_explicit(&table[middle].begin, memory_order_relaxed) <= address)
      low = middle + 1;
    else
      high = middle;
  }
  return low != 0 ? &table[low - 1] : NULL;
}

static int find_host(uint64_t address, uint64_t size) {
  const struct host_range *found = host_below(address);
  if (found == NULL) return 0;
  uint64_t end = atomic_load_explicit(&found->end, memory_order_relaxed);
  return address < end && size <= end - address;
}

int anyroc_host_range_ok(uint64_t address, uint64_t size) {
  for (;;) {
    uint32_t before = atomic_load_explicit(&hosts.version, memory_order_acquire);
    if (!(before & 1)) {
      int found = find_host(address, size);
      atomic_thread_fence(memory_order_acquire);
      if (atomic_load_explicit(&hosts.version, memory_order_relaxed) == before) return found;
    }
    cpu_pause();
  }
}

static int grow_hosts(uint64_t count) {
  if (count < hosts.capacity) return ANYROC_OK;
  uint64_t capacity = hosts.capacity ? hosts.capacity * 2 : 64;
  struct host_range *table = calloc(capacity, sizeof *table);
  if (table == NULL) return ANYROC_NO_MEMORY;
  struct host_range *old = atomic_load(&hosts.table);
  if (count != 0) memcpy((void *)table, (const void *)old, count * sizeof *table);
  atomic_store(&hosts.table, table);
  hosts.capacity = capacity;
  return ANYROC_OK;
}

static void move_host(struct host_range *table, uint64_t to, uint64_t from) {
  atomic_store_explicit(&table[to].begin, atomic_load(&table[from].begin), memory_order_relaxed);
  atomic_store_explicit(&table[to].end, atomic_load(&table[from].end), memory_order_relaxed);
  atomic_store_explicit(&table[to].flags, atomic_load(&table[from].flags), memory_order_relaxed);
}

/* With the lock: takes away the range that begins at an address; whether there is one. */
static int remove_host(uint64_t address) {
  struct host_range *found = host_below(address), *table = atomic_load(&hosts.table);
  if (found == NULL || atomic_load(&found->begin) != address) return 0;
  uint64_t count = atomic_load(&hosts.count);
  atomic_fetch_add(&hosts.version, 1);
  for (uint64_t at = (uint64_t)(found - table); at + 1 < count; at++) move_host(table, at, at + 1);
  atomic_store(&hosts.count, count - 1);
  atomic_fetch_add(&hosts.version, 1);
  return 1;
}

static int overlaps_host(uint64_t address, uint64_t size) {
  const struct host_range *below = host_below(address + size - 1);
  return below != NULL && atomic_load(&below->end) > address;
}

/* Lets kernels use host memory. What was registered at the same address is replaced: the program
 * has freed that memory. ANYROC_BAD_ADDRESS: other memory that is registered overlaps. */
int anyroc_host_register(uint64_t address, uint64_t size, uint32_t flags) {
  int result = ANYROC_BAD_ADDRESS;
  lock_take(&hosts.lock);
  remove_host(address);
  uint64_t count = atomic_load(&hosts.count);
  if (!overlaps_host(address, size)) result = grow_hosts(count);
  if (result == ANYROC_OK) {
    struct host_range *table = atomic_load(&hosts.table);
    atomic_fetch_add(&hosts.version, 1);
    uint64_t at = count;
    for (; at > 0 && atomic_load(&table[at - 1].begin) > address; at--)
      move_host(table, at, at - 1);
    atomic_store(&table[at].begin, address);
    atomic_store(&table[at].end, address + size);
    atomic_store(&table[at].flags, flags);
    atomic_store(&hosts.count, count + 1);
    atomic_fetch_add(&hosts.version, 1);
  }
  lock_give(&hosts.lock);
  return result;
}

/* ANYROC_BAD_ADDRESS: none begins there. */
int anyroc_host_unregister(uint64_t address) {
  lock_take(&hosts.lock);
  int known = remove_host(address);
  lock_give(&hosts.lock);
  return known ? ANYROC_OK : ANYROC_BAD_ADDRESS;
}

/* Finds the range that an address lies in: where it begins, its size and flags. */
int anyroc_host_find(uint64_t address, uint64_t *begin, uint64_t *size, uint32_t *flags) {
  lock_take(&hosts.lock);
  const struct host_range *found = host_below(address);
  int inside = found != NULL && address < atomic_load(&found->end);
  if (inside) {
    *begin = atomic_load(&found->begin);
    *size = atomic_load(&found->end) - *begin;
    *flags = atomic_load(&found->flags);
  }
  lock_give(&hosts.lock);
  return inside;
}

void range_after_fork(void) { atomic_store(&hosts.lock.word, 0); }
