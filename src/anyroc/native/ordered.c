/* Ordered sets; see ordered.h. */
#include "ordered.h"

#include <stdlib.h>
#include <string.h>

static inline char *entry_at(const struct ordered *set, struct ordered_chunk *chunk,
                             uint64_t index) {
  return (char *)chunk->entries + index * set->size;
}

static inline uint64_t key_at(const struct ordered *set, struct ordered_chunk *chunk,
                              uint64_t index) {
  return *(uint64_t *)entry_at(set, chunk, index);
}

void *ordered_below(const struct ordered *set, uint64_t key, struct cursor *at) {
  /* The count comes before the tables, which only grow. */
  uint64_t low = 0, high = atomic_load_explicit(&set->chunks, memory_order_acquire);
  const uint64_t *first = atomic_load_explicit(&set->first, memory_order_acquire);
  while (low < high) {
    uint64_t middle = (low + high) / 2;
    if (first[middle] <= key)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == 0) return NULL;
  at->chunk = low - 1;
  struct ordered_chunk **chunks = atomic_load_explicit(&set->chunk, memory_order_acquire);
  struct ordered_chunk *chunk = __atomic_load_n(&chunks[at->chunk], __ATOMIC_ACQUIRE);
  low = 0;
  high = atomic_load_explicit(&chunk->count, memory_order_relaxed);
  if (high > ORDERED_CHUNK) return NULL; /* it has just become a spare one */
  while (low < high) {
    uint64_t middle = (low + high) / 2;
    if (key_at(set, chunk, middle) <= key)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == 0) return NULL;
  at->index = low - 1;
  return entry_at(set, chunk, at->index);
}

static void *entry(const struct ordered *set, struct cursor at) {
  if (at.chunk >= set->chunks) return NULL;
  struct ordered_chunk *chunk = set->chunk[at.chunk];
  return at.index < chunk->count ? entry_at(set, chunk, at.index) : NULL;
}

void *ordered_first(const struct ordered *set, struct cursor *at) {
  *at = (struct cursor){0, 0};
  return entry(set, *at);
}

void *ordered_next(const struct ordered *set, struct cursor *at) {
  if (at->chunk < set->chunks && ++at->index >= set->chunk[at->chunk]->count)
    *at = (struct cursor){at->chunk + 1, 0};
  return entry(set, *at);
}

void *ordered_previous(const struct ordered *set, struct cursor *at) {
  if (at->index == 0) {
    if (at->chunk == 0) return NULL;
    at->index = set->chunk[--at->chunk]->count;
  }
  at->index--;
  return entry(set, *at);
}

static int grow(struct ordered *set) {
  if (set->chunks < set->room) return 1;
  uint64_t room = set->room ? 2 * set->room : 16;
  struct ordered_chunk **chunk = calloc(room, sizeof *chunk);
  uint64_t *first = calloc(room, sizeof *first);
  if (chunk == NULL || first == NULL) {
    free(chunk);
    free(first);
    return 0;
  }
  if (set->room != 0) {
    memcpy(chunk, set->chunk, set->room * sizeof *chunk);
    memcpy(first, set->first, set->room * sizeof *first);
  }
  /* The tables before stay, for a reader may be in them. */
  atomic_store(&set->chunk, chunk);
  atomic_store(&set->first, first);
  set->room = room;
  return 1;
}

/* Readers follow these pointers at any time: each is written as a whole. */
static void place_chunk(struct ordered *set, uint64_t at, struct ordered_chunk *chunk,
                        uint64_t first) {
  __atomic_store_n(&set->chunk[at], chunk, __ATOMIC_RELAXED);
  __atomic_store_n(&set->first[at], first, __ATOMIC_RELAXED);
}

/* Puts an empty chunk at a place. */
static struct ordered_chunk *add_chunk(struct ordered *set, uint64_t at) {
  if (!grow(set)) return NULL;
  struct ordered_chunk *made = set->spare;
  if (made != NULL)
    set->spare = made->following;
  else
    made = malloc(sizeof *made + ORDERED_CHUNK * set->size);
  if (made == NULL) return NULL;
  made->count = 0;
  for (uint64_t i = set->chunks; i > at; i--)
    place_chunk(set, i, set->chunk[i - 1], set->first[i - 1]);
  place_chunk(set, at, made, 0);
  atomic_fetch_add(&set->chunks, 1);
  return made;
}

static void drop_chunk(struct ordered *set, uint64_t at) {
  struct ordered_chunk *dropped = set->chunk[at];
  uint64_t last = atomic_fetch_sub(&set->chunks, 1) - 1;
  for (; at < last; at++) place_chunk(set, at, set->chunk[at + 1], set->first[at + 1]);
  place_chunk(set, last, dropped, 0); /* not NULL: a reader may come by */
  dropped->following = set->spare;
  set->spare = dropped;
}

static void put(struct ordered *set, uint64_t chunk, uint64_t index, const void *entry) {
  struct ordered_chunk *to = set->chunk[chunk];
  memmove(entry_at(set, to, index + 1), entry_at(set, to, index), (to->count - index) * set->size);
  memcpy(entry_at(set, to, index), entry, set->size);
  to->count++;
  set->first[chunk] = key_at(set, to, 0);
  set->count++;
}

int ordered_insert(struct ordered *set, const void *entry) {
  struct cursor at = {0, 0};
  if (ordered_below(set, *(const uint64_t *)entry, &at) != NULL) at.index++;
  if (set->chunks == 0 && add_chunk(set, 0) == NULL) return 0;
  struct ordered_chunk *full = set->chunk[at.chunk];
  if (full->count == ORDERED_CHUNK) {
    struct ordered_chunk *upper = add_chunk(set, at.chunk + 1);
    if (upper == NULL) return 0;
    /* What grows at its end stays dense. */
    uint64_t kept = at.index == ORDERED_CHUNK ? ORDERED_CHUNK : ORDERED_CHUNK / 2;
    upper->count = ORDERED_CHUNK - kept;
    memcpy(upper->entries, entry_at(set, full, kept), upper->count * set->size);
    full->count = kept;
    if (upper->count != 0) set->first[at.chunk + 1] = key_at(set, upper, 0);
    if (at.index > kept || kept == ORDERED_CHUNK)
      at = (struct cursor){at.chunk + 1, at.index - kept};
  }
  put(set, at.chunk, at.index, entry);
  return 1;
}

/* Joins a chunk with the one behind it if both have become small. */
static void join(struct ordered *set, uint64_t at) {
  if (at + 1 >= set->chunks) return;
  struct ordered_chunk *one = set->chunk[at], *other = set->chunk[at + 1];
  if (one->count + other->count > ORDERED_CHUNK / 2) return;
  memcpy(entry_at(set, one, one->count), other->entries, other->count * set->size);
  one->count += other->count;
  drop_chunk(set, at + 1);
}

void ordered_remove(struct ordered *set, struct cursor at) {
  struct ordered_chunk *chunk = set->chunk[at.chunk];
  chunk->count--;
  set->count--;
  memmove(entry_at(set, chunk, at.index), entry_at(set, chunk, at.index + 1),
          (chunk->count - at.index) * set->size);
  if (chunk->count == 0) {
    drop_chunk(set, at.chunk);
  } else {
    set->first[at.chunk] = key_at(set, chunk, 0);
    join(set, at.chunk);
    if (at.chunk != 0) join(set, at.chunk - 1);
  }
}

void ordered_move(struct ordered *set, struct cursor at, uint64_t key) {
  struct ordered_chunk *chunk = set->chunk[at.chunk];
  *(uint64_t *)entry_at(set, chunk, at.index) = key;
  if (at.index == 0) set->first[at.chunk] = key;
}
