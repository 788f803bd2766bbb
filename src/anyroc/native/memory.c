/* Device memory: addresses, pages, and how much of its capacity each device has in use.
 *
 * Each allocation has pages of its own that end at its end, as far as alignment permits, with
 * unusable addresses behind, so that an overrun faults early. Freed addresses come into use again
 * as late as possible, so that a use after free faults too. Taking pages away costs several
 * microseconds, less for many together: what is freed while no queue has work stays usable until
 * the next kernel starts (memory_settle). Since the system limits how many mappings a process has,
 * small allocations beyond some thousands share pages. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "addresses.h"
#include "memory.h"

#define HUGE_PAGE (2ull << 20)
#define WIDEST_GUARD (64ull << 20) /* unusable addresses behind an allocation */
#define GUARDED_LIMIT 12000        /* allocations with pages of their own: two mappings of 65 530 */
#define SLAB_SIZE (1ull << 20)
#define SLAB_LARGEST (64ull << 10) /* larger ones always have pages of their own */
#define SLOT_SHIFT 8               /* of the smallest slot */
#define SLOT_SIZES 9
#define MOST_DEAD 64
#define LARGEST_DEAD (16ull << 20)
#define MOST_DEAD_BYTES (64ull << 20)
#define POISON 0xa5

struct slab {
  uint64_t start, span, slot;
  uint32_t live, slots, first_free, free_count;
  struct slab *previous, *next; /* among those of the size that have free slots */
  uint16_t free[];              /* a ring: the slot that was freed first is used first */
};

struct piece {
  uint64_t start, span;
};

static struct {
  struct addresses made, internal; /* what programs allocate lies apart from the runtime's own */
  uint64_t size; /* of the range: what kernels may use besides is no concern here */
  uint64_t guard, numbers;
  uint32_t guarded, begun;
  struct piece dead[MOST_DEAD]; /* what was freed and is still usable */
  uint64_t dead_bytes;
  struct slab *slabs[SLOT_SIZES];
} memory;

_Atomic uint32_t memory_dead;

static uint64_t round_up(uint64_t value, uint64_t unit) { return (value + unit - 1) & ~(unit - 1); }

/* Reserves the range of addresses. */
int anyroc_memory_begin(void) {
  lock_take(&memory_lock);
  int result = memory.begun ? ANYROC_OK : anyroc_range_reserve(0);
  if (result == ANYROC_OK && !memory.begun) {
    uint64_t base = (uint64_t)(uintptr_t)anyroc_range_base;
    memory.size = anyroc_range_size;
    uint64_t half = memory.size / 2 & ~(PAGE - 1), guard = memory.size >> 18;
    memory.guard = guard > WIDEST_GUARD ? WIDEST_GUARD : guard < PAGE ? PAGE : guard & ~(PAGE - 1);
    memory.begun = addresses_begin(&memory.made, base, half) &&
                   addresses_begin(&memory.internal, base + half, memory.size - half);
    if (!memory.begun) result = ANYROC_NO_MEMORY;
  }
  lock_give(&memory_lock);
  return result;
}

int anyroc_memory_holds(uint64_t address) { return address - memory.made.base < memory.size; }

/* The memory of a device; it is never freed, for what was allocated of it names it. */
struct anyroc_memory *anyroc_memory_make(uint32_t device, uint64_t capacity, uint32_t poison) {
  struct anyroc_memory *made = calloc(1, sizeof *made);
  if (made != NULL) {
    made->capacity = capacity;
    made->device = device;
    made->poison = poison;
  }
  return made;
}

/* ---- accounts ---- */

static int counted(uint32_t kind) { return kind == KIND_DEVICE || kind == KIND_MANAGED; }

/* With the lock. */
static int count(struct anyroc_memory *owner, uint64_t size) {
  uint64_t used = atomic_load_explicit(&owner->used, memory_order_relaxed);
  if (size > owner->capacity - used) return 0;
  atomic_store_explicit(&owner->used, used + size, memory_order_relaxed);
  return 1;
}

static void discount(struct anyroc_memory *owner, uint64_t size) {
  atomic_fetch_sub_explicit(&owner->used, size, memory_order_relaxed);
}

/* Counts bytes as used that are not an allocation, or no more (`less`). */
int anyroc_memory_count(struct anyroc_memory *owner, uint64_t size, uint32_t less) {
  int fits = 1;
  lock_take(&memory_lock);
  if (less)
    discount(owner, size);
  else
    fits = count(owner, size);
  lock_give(&memory_lock);
  return fits ? ANYROC_OK : ANYROC_NO_ROOM;
}

/* ---- pages that are given back ---- */

static struct addresses *range_of(uint64_t start) {
  return start < memory.internal.base ? &memory.made : &memory.internal;
}

static void give_back(struct piece piece) {
  anyroc_range_decommit(piece.start, piece.span);
  addresses_give(range_of(piece.start), piece.start, piece.span);
}

static int by_start(const void *one, const void *other) {
  uint64_t a = ((const struct piece *)one)->start, b = ((const struct piece *)other)->start;
  return (a > b) - (a < b);
}

/* Neighbours go in one call of the system. With the lock. */
static void bury_dead(void) {
  uint32_t number = atomic_exchange_explicit(&memory_dead, 0, memory_order_relaxed);
  memory.dead_bytes = 0;
  qsort(memory.dead, number, sizeof *memory.dead, by_start);
  for (uint32_t i = 0; i < number;) {
    struct piece piece = memory.dead[i++];
    while (i < number && memory.dead[i].start == piece.start + piece.span &&
           memory.dead[i].start != memory.internal.base)
      piece.span += memory.dead[i++].span;
    give_back(piece);
  }
}

void memory_bury(void) {
  lock_take(&memory_lock);
  bury_dead();
  lock_give(&memory_lock);
}

static void put_to_dead(struct piece piece, uint64_t bytes) {
  uint32_t number = atomic_load_explicit(&memory_dead, memory_order_relaxed);
  memory.dead[number] = piece;
  memory.dead_bytes += bytes;
  atomic_store_explicit(&memory_dead, number + 1, memory_order_relaxed);
  if (number + 1 == MOST_DEAD || memory.dead_bytes > MOST_DEAD_BYTES) bury_dead();
}

/* ---- pages that are taken ---- */

/* Makes `size` bytes usable, with unusable addresses behind; 0, and why, if that fails. */
static uint64_t try_commit(struct addresses *from, uint64_t size, uint64_t align, uint64_t *span,
                             int *result) {
  *span = size + memory.guard;
  uint64_t start = addresses_take(from, *span, align);
  if (start == 0) {
    *span = size + PAGE;
    start = addresses_take(from, *span, align);
  }
  *result = start == 0 ? ANYROC_NO_ADDRESSES : anyroc_range_commit(start, size);
  if (*result == ANYROC_OK) return start;
  if (start != 0) addresses_give(from, start, *span);
  return 0;
}

static uint64_t commit(struct addresses *from, uint64_t size, uint64_t align, uint64_t *span,
                       int *result) {
  uint64_t start = try_commit(from, size, align, span, result);
  if (start != 0) return start;
  bury_dead();
  return try_commit(from, size, align, span, result);
}

static int take_pages(struct anyroc_allocation *made, uint64_t align) {
  int internal = made->kind == KIND_INTERNAL, result = ANYROC_OK;
  uint64_t rounded = round_up(made->size, align > ALIGNMENT ? align : ALIGNMENT);
  made->pages = round_up(rounded, PAGE);
  uint64_t place = made->pages >= HUGE_PAGE ? HUGE_PAGE : PAGE;
  made->start = commit(internal ? &memory.internal : &memory.made, made->pages,
                       align > place ? align : place, &made->span, &result);
  if (result != ANYROC_OK) return result;
  made->base = made->start + made->pages - rounded;
  made->state = OWN_PAGES;
  memory.guarded++;
  return ANYROC_OK;
}

/* What must not stay usable goes to `now`. */
static void free_pages(const struct anyroc_allocation *ended, struct piece *now) {
  struct piece piece = {ended->start, ended->span};
  memory.guarded--;
  if (ended->state & REPLACED || ended->kind == KIND_INTERNAL || ended->pages > LARGEST_DEAD ||
      pool_busy())
    *now = piece;
  else
    put_to_dead(piece, ended->pages);
}

/* ---- slots: small allocations that share pages ---- */

static uint32_t slot_class(uint64_t size) {
  uint32_t class = 0;
  while (size > 1ull << (class + SLOT_SHIFT)) class++;
  return class;
}

static void link_slab(struct slab *slab, uint32_t class) {
  slab->previous = NULL;
  slab->next = memory.slabs[class];
  if (slab->next != NULL) slab->next->previous = slab;
  memory.slabs[class] = slab;
}

static void unlink_slab(struct slab *slab, uint32_t class) {
  *(slab->previous != NULL ? &slab->previous->next : &memory.slabs[class]) = slab->next;
  if (slab->next != NULL) slab->next->previous = slab->previous;
}

static struct slab *make_slab(uint32_t class, int *result) {
  uint32_t slots = (uint32_t)(SLAB_SIZE >> (class + SLOT_SHIFT));
  struct slab *slab = calloc(1, sizeof *slab + slots * sizeof *slab->free);
  *result = ANYROC_NO_MEMORY;
  if (slab == NULL) return NULL;
  slab->start = commit(&memory.made, SLAB_SIZE, PAGE, &slab->span, result);
  if (slab->start == 0) {
    free(slab);
    return NULL;
  }
  slab->slot = 1ull << (class + SLOT_SHIFT);
  slab->slots = slab->free_count = slots;
  for (uint32_t i = 0; i < slots; i++) slab->free[i] = (uint16_t)i;
  link_slab(slab, class);
  return slab;
}

static int take_slot(struct anyroc_allocation *made) {
  uint32_t class = slot_class(made->size);
  int result = ANYROC_OK;
  struct slab *slab = memory.slabs[class];
  if (slab == NULL && (slab = make_slab(class, &result)) == NULL) return result;
  uint32_t slot = slab->free[slab->first_free];
  slab->first_free = (slab->first_free + 1) % slab->slots;
  slab->live++;
  if (--slab->free_count == 0) unlink_slab(slab, class);
  made->base = slab->start + slot * slab->slot;
  made->slab = slab;
  made->state = SLOT;
  memset((void *)(uintptr_t)made->base, 0, made->size);
  return ANYROC_OK;
}

static void free_slot(const struct anyroc_allocation *ended, struct piece *now) {
  struct slab *slab = ended->slab;
  uint32_t class = slot_class(slab->slot);
  if (slab->free_count == 0) link_slab(slab, class);
  uint64_t slot = (ended->base - slab->start) / slab->slot;
  slab->free[(slab->first_free + slab->free_count++) % slab->slots] = (uint16_t)slot;
  if (--slab->live != 0) return;
  unlink_slab(slab, class);
  *now = (struct piece){slab->start, slab->span};
  free(slab);
}

/* ---- allocating and freeing ---- */

static int allocate(struct anyroc_allocation *made, uint64_t align) {
  struct anyroc_memory *owner = made->memory;
  if (counted(made->kind) && made->size > owner->capacity - owner->used) return ANYROC_NO_ROOM;
  if (made->size > memory.size || align > memory.size) return ANYROC_NO_ADDRESSES;
  int shares = memory.guarded >= GUARDED_LIMIT && made->size <= SLAB_LARGEST && align <= ALIGNMENT;
  int result = shares ? take_slot(made) : take_pages(made, align);
  if (result != ANYROC_OK) return result;
  made->number = ++memory.numbers;
  if (!allocation_add(made)) {
    struct piece now = {0, 0};
    if (shares)
      free_slot(made, &now);
    else
      free_pages(made, &now);
    if (now.span != 0) give_back(now);
    return ANYROC_NO_MEMORY;
  }
  if (counted(made->kind)) count(owner, made->size);
  return ANYROC_OK;
}

/* Allocates `size` > 0 bytes at a multiple of `align`, a power of two. The contents are zero, or a
 * pattern. Returns ANYROC_NO_ROOM when the device has not so much left, ANYROC_NO_ADDRESSES or
 * ANYROC_NO_MEMORY when the process or the system has not. */
int anyroc_memory_alloc(struct anyroc_memory *owner, uint64_t size, uint32_t kind, uint64_t align,
                        uint32_t flags, uint64_t *base) {
  struct anyroc_allocation made = {
      .size = size, .kind = kind, .device = owner->device, .flags = flags, .memory = owner,
      .prefetched = -2};
  lock_take(&memory_lock);
  int result = allocate(&made, align);
  lock_give(&memory_lock);
  if (result != ANYROC_OK) return result;
  if (owner->poison && kind != KIND_INTERNAL)
    memset((void *)(uintptr_t)made.base, POISON, size);
  *base = made.base;
  return ANYROC_OK;
}

/* With the lock: ends the allocation at a place; what is left to be given back goes to `now`. */
static void end(struct cursor at, const struct anyroc_allocation *found, struct piece *now) {
  struct anyroc_allocation ended = *found;
  allocation_remove(at);
  if (counted(ended.kind)) discount(ended.memory, ended.size);
  if (ended.state & SLOT)
    free_slot(&ended, now);
  else
    free_pages(&ended, now);
}

/* Gives large pages back without keeping others waiting: nobody has their addresses by then. */
static void give_back_alone(struct piece piece) {
  if (piece.span == 0) return;
  anyroc_range_decommit(piece.start, piece.span);
  lock_take(&memory_lock);
  addresses_give(range_of(piece.start), piece.start, piece.span);
  lock_give(&memory_lock);
}

/* Frees the allocation that starts at `base`. ANYROC_BAD_ADDRESS: none does, or it is of none of
 * the kinds (a bit each), or attached; ANYROC_NOT_READY: it is in one of the states `but`. */
int anyroc_memory_free(uint64_t base, uint32_t kinds, uint32_t but) {
  struct piece now = {0, 0};
  struct cursor at;
  int result = ANYROC_BAD_ADDRESS;
  lock_take(&memory_lock);
  const struct anyroc_allocation *found = allocation_at(base, &at);
  if (found != NULL && kinds >> found->kind & 1 && found->state & (OWN_PAGES | SLOT))
    result = found->state & but ? ANYROC_NOT_READY : ANYROC_OK;
  if (result == ANYROC_OK) end(at, found, &now);
  lock_give(&memory_lock);
  give_back_alone(now);
  return result;
}

void memory_free_released(uint64_t base, uint64_t number) {
  struct piece now = {0, 0};
  struct cursor at;
  lock_take(&memory_lock);
  const struct anyroc_allocation *found = allocation_at(base, &at);
  if (found != NULL && found->number == number) end(at, found, &now);
  lock_give(&memory_lock);
  give_back_alone(now);
}

/* Frees an allocation when a queue is done with what it has now; results as those of
 * anyroc_memory_free. */
int anyroc_queue_free(struct anyroc_queue *queue, uint64_t base, uint32_t kinds, uint32_t but) {
  struct cursor at;
  uint64_t number = 0;
  int result = ANYROC_BAD_ADDRESS;
  lock_take(&memory_lock);
  struct anyroc_allocation *found = allocation_at(base, &at);
  if (found != NULL && kinds >> found->kind & 1 && found->state & (OWN_PAGES | SLOT))
    result = found->state & (but | RELEASED) ? ANYROC_NOT_READY : ANYROC_OK;
  if (result == ANYROC_OK) {
    found->state |= RELEASED;
    number = found->number;
  }
  lock_give(&memory_lock);
  if (result != ANYROC_OK) return result;
  if (anyroc_queue_query(queue) != ANYROC_NOT_READY) {
    memory_free_released(base, number);
    return ANYROC_OK;
  }
  struct free_command *command = malloc(sizeof *command);
  result = ANYROC_NO_MEMORY;
  if (command != NULL) {
    command->command.kind = COMMAND_FREE;
    command->base = base;
    command->number = number;
    result = pool_submit(queue, &command->command);
  }
  if (result != ANYROC_OK) {
    free(command);
    anyroc_allocation_mark(base, RELEASED, 0);
  }
  return result;
}

/* ---- addresses and pages apart ---- */

/* Sets addresses aside, in whole pages; 0 if there are none. */
uint64_t anyroc_memory_reserve(uint64_t size, uint64_t align) {
  uint64_t start = 0;
  lock_take(&memory_lock);
  if (size <= memory.size)
    start = addresses_take(&memory.made, round_up(size, PAGE) + memory.guard,
                           align > PAGE ? align : PAGE);
  lock_give(&memory_lock);
  return start;
}

/* Gives back what was set aside, and the pages that are mapped there. */
void anyroc_memory_unreserve(uint64_t start, uint64_t size) {
  give_back_alone((struct piece){start, round_up(size, PAGE) + memory.guard});
}

/* Makes pages that are mapped at set-aside addresses an allocation. */
int anyroc_memory_attach(struct anyroc_memory *owner, uint64_t base, uint64_t size, uint32_t kind) {
  lock_take(&memory_lock);
  struct anyroc_allocation made = {
      .base = base, .size = size, .kind = kind, .device = owner->device, .memory = owner};
  made.number = ++memory.numbers;
  int added = allocation_add(&made);
  lock_give(&memory_lock);
  return added ? ANYROC_OK : ANYROC_NO_MEMORY;
}

/* Ends what was attached, pages and all. */
int anyroc_memory_detach(uint64_t base) {
  struct cursor at;
  lock_take(&memory_lock);
  const struct anyroc_allocation *found = allocation_at(base, &at);
  int result = found != NULL && !(found->state & (OWN_PAGES | SLOT)) ? ANYROC_OK
                                                                     : ANYROC_BAD_ADDRESS;
  if (result == ANYROC_OK) {
    uint64_t start = base & ~(PAGE - 1), finish = round_up(base + found->size, PAGE);
    allocation_remove(at);
    anyroc_range_decommit(start, finish - start);
  }
  lock_give(&memory_lock);
  return result;
}

/* Finds the pages that an allocation lies in, perhaps among others, for a file's pages to take
 * their place. */
int anyroc_memory_home(uint64_t base, uint64_t *start, uint64_t *size) {
  struct cursor at;
  lock_take(&memory_lock);
  struct anyroc_allocation *found = allocation_at(base, &at);
  int result = found != NULL && found->state & (OWN_PAGES | SLOT) ? ANYROC_OK : ANYROC_BAD_ADDRESS;
  if (result == ANYROC_OK) {
    found->state |= REPLACED;
    *start = found->state & SLOT ? found->slab->start : found->start;
    *size = found->state & SLOT ? SLAB_SIZE : found->pages;
  }
  lock_give(&memory_lock);
  return result;
}

/* The free addresses that programs' allocations are cut from, all that there are; for tests. */
const struct addresses *anyroc_memory_addresses(void) {
  memory_bury();
  return &memory.made;
}
