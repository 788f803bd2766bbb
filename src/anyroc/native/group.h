/* A workgroup in progress, and what a worker keeps for the launch it takes part in. */
#ifndef ANYROC_GROUP_H
#define ANYROC_GROUP_H

#include "launch.h"

enum turn { TURN_STALLED, TURN_PROGRESS, TURN_DONE };

/* The memory is waves, then VGPRs, then LDS; scratch is apart. A wave lives in a slot; a slot whose
 * wave ends in its first turn is used for the next wave, while its memory is still in the cache. */
struct anyroc_group {
  uint8_t *memory, *scratch;
  size_t memory_size, scratch_size;
  uint32_t wave_count, slots, live, waiting;
  uint32_t begun; /* whether the waves have had their first turn */
  uint32_t first; /* the wave that begins first */
  uint32_t likes; /* this workgroup and those after it in x that a gang may do */
  uint32_t done;  /* of these, the ones that one has done */
  uint32_t index[3];
  uint8_t state[MAX_GROUP_WAVES];  /* by slot */
  uint64_t turns[MAX_GROUP_WAVES]; /* by slot */
};

/* Initial vector registers of a workgroup's waves; they depend on its shape only. */
struct lane_ids {
  uint32_t block[3], wave_size, dims, packed;
  uint32_t rows; /* VGPRs set per wave */
  uint32_t wave_count;
  uint64_t last_exec; /* EXEC of the last wave, which may be partial */
  uint32_t values[3 * (MAX_BLOCK + 64)] __attribute__((aligned(64)));
};

#define FEW_SGPRS 16 /* a cache line of them */

struct residents {
  /* what waves begin with: the launch's user SGPRs; SCC, MODE, resume, pc */
  uint32_t sgpr[USER_SGPRS] __attribute__((aligned(64)));
  uint32_t state[4];
  uint32_t sgpr_count;
  struct launch *launch; /* the launch that all here is prepared for */
  struct anyroc_group **groups;
  uint32_t count, made, capacity; /* in progress; prepared; room in `groups` */
  uint32_t whole;                 /* all workgroups have the same shape */
  uint64_t *counters;
  uint32_t counter_count;
  uint64_t random; /* 0, or the state of the generator that picks orders */
  uint64_t waves;
  uint64_t accounted; /* up to when the time spent is accounted */
  uint64_t next, end; /* the piece in hand */
  uint32_t at[3];     /* coordinates of `next` */
  struct lane_ids ids;
};

static inline uint64_t random_next(struct residents *residents) {
  uint64_t x = residents->random;
  x ^= x << 13, x ^= x >> 7, x ^= x << 17;
  return residents->random = x;
}

/* Lays out the group's memory for the launch; 0 when there is none. */
int group_prepare(struct anyroc_group *group, struct residents *residents);
/* Begins the workgroup at residents->at; `likes`: with those that follow it in x. */
void group_begin(struct anyroc_group *group, struct residents *residents, uint32_t likes);
/* Gives each wave that can run one turn. */
enum turn group_take_turns(struct anyroc_group *group, struct worker *worker);
void group_free(struct anyroc_group *group);
/* The initial registers for launches of this shape. */
void lane_ids_make(struct lane_ids *ids, const uint32_t block[3],
                   const struct anyroc_kernel *kernel);

#endif
