/* An ordered set of entries in chunks: insertion and removal move one chunk's entries at most.
 *
 * Writers hold a lock. Readers need none if they look at a version before and after: what they
 * read meanwhile may be wrong but is always there, for nothing is freed. */
#ifndef ANYROC_ORDERED_H
#define ANYROC_ORDERED_H

#include <stdatomic.h>
#include <stdint.h>

#define ORDERED_CHUNK 64

/* Entries begin with their key, a uint64_t; `size` is that of an entry. */
struct ordered {
  uint64_t size;
  _Atomic uint64_t chunks; /* in use */
  _Atomic(struct ordered_chunk **) chunk;
  _Atomic(uint64_t *) first; /* the key of each chunk's first entry */
  uint64_t room, count;
  struct ordered_chunk *spare;
};

struct ordered_chunk {
  union {
    _Atomic uint64_t count;
    struct ordered_chunk *following; /* of the spare ones */
  };
  uint64_t entries[];
};

/* A place in the set; valid until the set changes. */
struct cursor {
  uint64_t chunk, index;
};

/* The entry with the largest key that is not above `key`, or NULL. For readers without the lock
 * too. */
void *ordered_below(const struct ordered *set, uint64_t key, struct cursor *at);
/* The first entry, the next one; NULL at the end. With the lock. */
void *ordered_first(const struct ordered *set, struct cursor *at);
void *ordered_next(const struct ordered *set, struct cursor *at);
void *ordered_previous(const struct ordered *set, struct cursor *at);
/* Copies an entry into the set, whose key no other one has; 0 when there is no memory. */
int ordered_insert(struct ordered *set, const void *entry);
void ordered_remove(struct ordered *set, struct cursor at);
/* Gives an entry another key that does not change its place. */
void ordered_move(struct ordered *set, struct cursor at, uint64_t key);

#endif
