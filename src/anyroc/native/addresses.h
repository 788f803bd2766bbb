/* Handing out addresses, so that a freed one comes back as late as possible. */
#ifndef ANYROC_ADDRESSES_H
#define ANYROC_ADDRESSES_H

#include "ordered.h"

/* Free addresses of a range, cut one after the other, at the end from its start again. The caller
 * holds a lock. */
struct addresses {
  uint64_t base, size, rover;
  struct ordered gaps; /* of struct gap; no two adjacent */
};

struct gap {
  uint64_t start, size;
};

int addresses_begin(struct addresses *addresses, uint64_t base, uint64_t size);
/* Cuts `size` bytes aligned to a power of two; 0 when there is no such gap. */
uint64_t addresses_take(struct addresses *addresses, uint64_t size, uint64_t align);
/* Takes back what was cut. */
void addresses_give(struct addresses *addresses, uint64_t start, uint64_t size);

#endif
