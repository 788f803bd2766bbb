/* Handing out addresses; see addresses.h. */
#include "addresses.h"

#include <stdlib.h>

int addresses_begin(struct addresses *addresses, uint64_t base, uint64_t size) {
  *addresses = (struct addresses){.base = base, .size = size, .rover = base};
  addresses->gaps.size = sizeof(struct gap);
  return ordered_insert(&addresses->gaps, &(struct gap){base, size});
}

/* Cuts a gap: what is left of it before and behind stays free. */
static int cut(struct addresses *addresses, struct cursor at, struct gap *gap, uint64_t start,
               uint64_t size) {
  uint64_t end = gap->start + gap->size, before = start - gap->start, behind = end - start - size;
  if (before != 0 && behind != 0) {
    if (!ordered_insert(&addresses->gaps, &(struct gap){start + size, behind})) return 0;
    ((struct gap *)ordered_below(&addresses->gaps, start, &at))->size = before;
  } else if (before != 0) {
    gap->size = before;
  } else if (behind != 0) {
    gap->size = behind;
    ordered_move(&addresses->gaps, at, start + size);
  } else {
    ordered_remove(&addresses->gaps, at);
  }
  return 1;
}

static uint64_t take_behind(struct addresses *addresses, uint64_t size, uint64_t align) {
  struct cursor at;
  uint64_t rover = addresses->rover;
  struct gap *gap = ordered_below(&addresses->gaps, rover, &at);
  if (gap == NULL) gap = ordered_first(&addresses->gaps, &at);
  for (; gap != NULL; gap = ordered_next(&addresses->gaps, &at)) {
    uint64_t end = gap->start + gap->size, start = gap->start > rover ? gap->start : rover;
    start = (start + align - 1) & ~(align - 1);
    if (start > end || end - start < size) continue;
    if (!cut(addresses, at, gap, start, size)) return 0;
    addresses->rover = start + size;
    return start;
  }
  return 0;
}

uint64_t addresses_take(struct addresses *addresses, uint64_t size, uint64_t align) {
  if (size > addresses->size) return 0;
  uint64_t start = take_behind(addresses, size, align);
  if (start == 0 && addresses->rover != addresses->base) {
    addresses->rover = addresses->base;
    start = take_behind(addresses, size, align);
  }
  return start;
}

void addresses_give(struct addresses *addresses, uint64_t start, uint64_t size) {
  struct cursor at, above;
  struct ordered *gaps = &addresses->gaps;
  struct gap *before = ordered_below(gaps, start, &at), *behind;
  if (before != NULL) {
    above = at;
    behind = ordered_next(gaps, &above);
  } else {
    behind = ordered_first(gaps, &above);
  }
  int joins_before = before != NULL && before->start + before->size == start;
  int joins_behind = behind != NULL && start + size == behind->start;
  if (joins_before) {
    before->size += size + (joins_behind ? behind->size : 0);
    if (joins_behind) ordered_remove(gaps, above);
  } else if (joins_behind) {
    behind->size += size;
    ordered_move(gaps, above, start);
  } else {
    ordered_insert(gaps, &(struct gap){start, size}); /* without memory the addresses are lost */
  }
}

/* ---- for tests ---- */

struct addresses *anyroc_addresses_make(uint64_t base, uint64_t size) {
  struct addresses *made = malloc(sizeof *made);
  if (made != NULL) addresses_begin(made, base, size);
  return made;
}

uint64_t anyroc_addresses_take(struct addresses *addresses, uint64_t size, uint64_t align) {
  return addresses_take(addresses, size, align);
}

void anyroc_addresses_give(struct addresses *addresses, uint64_t start, uint64_t size) {
  addresses_give(addresses, start, size);
}

/* Writes as many gaps as there is room for and returns how many there are. */
uint64_t anyroc_addresses_gaps(const struct addresses *addresses, struct gap *out, uint64_t room) {
  struct cursor at;
  uint64_t count = 0;
  for (struct gap *gap = ordered_first(&addresses->gaps, &at); gap != NULL;
       gap = ordered_next(&addresses->gaps, &at), count++)
    if (count < room) out[count] = *gap;
  return count;
}
