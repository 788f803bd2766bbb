/* Device memory: what is allocated, and how much a device may hold. This is the only record of it;
 * Python (anyroc.gpu.memory) and the HIP library read it and change it through these functions. */
#ifndef ANYROC_MEMORY_H
#define ANYROC_MEMORY_H

#include "ordered.h"
#include "runtime.h"

#define PAGE 4096ull
#define ALIGNMENT 256ull /* of every allocation, as hipMalloc promises */

enum allocation_kind {
  KIND_DEVICE, /* these two count against the device's capacity */
  KIND_MANAGED,
  KIND_HOST,
  KIND_INTERNAL, /* what only the runtime uses */
  KIND_MAPPED,   /* these two are attached: their pages are somebody else's */
  KIND_SHARED,
};

enum allocation_state {
  OWN_PAGES = 1,
  SLOT = 2,     /* in pages that it shares with others; neither: attached */
  TOLD = 4,     /* Python is to be told before it is freed */
  RELEASED = 8, /* a queue frees it when it gets there */
  REPLACED = 16, /* a file's pages are mapped where it is */
  SYNCHRONOUS = 32, /* the program wants copies of it to be */
};

/* One device's memory. Python reads the first two words. */
struct anyroc_memory {
  _Atomic uint64_t used;
  uint64_t capacity;
  uint32_t device, poison;
};

/* anyroc.gpu.binding.Allocation and cabi/hip_state.c have the same structure. */
struct anyroc_allocation {
  uint64_t base, size;
  uint32_t kind, device;
  uint32_t flags, state;       /* hipHostMalloc's flags; enum allocation_state */
  uint64_t start, span, pages; /* OWN_PAGES: the addresses, and the bytes of them that are usable */
  uint64_t number;             /* no other allocation has had it */
  struct anyroc_memory *memory;
  struct slab *slab;
  int32_t prefetched, reserved; /* the device it was last prefetched to; -1: the host, -2: none */
};

/* ---- allocations.c: the table, searched without a lock ---- */

extern struct lock memory_lock; /* of all changes */

int anyroc_allocation_find(uint64_t address, struct anyroc_allocation *found);
int anyroc_allocation_mark(uint64_t base, uint32_t bits, uint32_t set);
int allocation_add(const struct anyroc_allocation *made);
/* With the lock: the entry that begins at `base`, or NULL; where it is, for allocation_remove. */
struct anyroc_allocation *allocation_at(uint64_t base, struct cursor *at);
void allocation_remove(struct cursor at);

/* ---- memory.c ---- */

extern _Atomic uint32_t memory_dead; /* freed allocations that are still usable */
void memory_bury(void);
int anyroc_memory_holds(uint64_t address); /* whether it is one of the addresses of device memory */

/* Makes what was freed unusable: called before a kernel starts, by the thread that runs it. */
static inline void memory_settle(void) {
  if (atomic_load_explicit(&memory_dead, memory_order_relaxed) != 0) memory_bury();
}

/* Does so if an address is of freed memory: called before a copy or a fill. */
static inline void memory_settle_for(uint64_t address) {
  struct anyroc_allocation found;
  if (atomic_load_explicit(&memory_dead, memory_order_relaxed) != 0 &&
      anyroc_memory_holds(address) && !anyroc_allocation_find(address, &found))
    memory_bury();
}

struct free_command {
  struct command command;
  uint64_t base, number;
};

/* Frees what a queue has been given to free. */
void memory_free_released(uint64_t base, uint64_t number);

#endif
