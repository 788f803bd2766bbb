/* One workgroup: the memory of its waves, their initial registers, and their turns. */
#include "group.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define TURN 2048          /* backward branches a wave takes before others get their turn */
#define POISON 0x7fa5a5a5u /* a signalling NaN, as good a surprise as an integer */
#define GANG_AHEAD 2048    /* bytes */
#define FEW_GANGS 1024     /* workgroups whose data the host's second cache may hold */
#define WAVE_STRIDE ((sizeof(struct anyroc_wave) + 63) & ~(size_t)63)

enum wave_state { WAVE_RUNS, WAVE_WAITS, WAVE_ENDED };

/* ---- memory ---- */

static void *map(size_t size) {
  void *memory =
      mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

static int grow(uint8_t **memory, size_t *size, size_t wanted) {
  if (wanted <= *size) return 1;
  wanted = (wanted + 65535) & ~(size_t)65535;
  uint8_t *larger = map(wanted);
  if (larger == NULL) return 0;
  if (*memory != NULL) munmap(*memory, *size);
  *memory = larger;
  *size = wanted;
  return 1;
}

static struct anyroc_wave *wave_of(const struct anyroc_group *group, uint32_t index) {
  return (struct anyroc_wave *)(group->memory + index * WAVE_STRIDE);
}

static uint32_t waves_for(uint32_t items, uint32_t wave_size) {
  return (items + wave_size - 1) / wave_size;
}

int group_prepare(struct anyroc_group *group, struct residents *residents) {
  const struct launch *launch = residents->launch;
  const struct anyroc_kernel *kernel = launch->kernel;
  uint32_t waves =
      waves_for(launch->block[0] * launch->block[1] * launch->block[2], kernel->wave_size);
  size_t lanes = kernel->wave_size;
  size_t registers = kernel->vgpr_rows * lanes * 4;
  size_t scratch = ((size_t)kernel->scratch_size + 3 & ~(size_t)3) * lanes;
  size_t lds = (launch->lds_size + 63) & ~(size_t)63;
  if (!grow(&group->memory, &group->memory_size, waves * (WAVE_STRIDE + registers) + lds + 64))
    return 0;
  if (scratch != 0 && !grow(&group->scratch, &group->scratch_size, waves * scratch)) return 0;
  uint8_t *vgprs = group->memory + waves * WAVE_STRIDE;
  for (uint32_t i = 0; i < waves; i++) {
    struct anyroc_wave *wave = wave_of(group, i);
    wave->vgpr = (uint32_t *)(vgprs + i * registers);
    wave->lds = vgprs + waves * registers;
    wave->lds_size = launch->lds_size;
    wave->wave_size = kernel->wave_size;
    wave->scratch = scratch != 0 ? group->scratch + i * scratch : NULL;
    wave->scratch_size = kernel->scratch_size;
    wave->code_base = kernel->code_base;
    wave->counters = residents->counters;
    wave->group = group;
    wave->sgpr[ANYROC_SGPR_NULL] = 0;
  }
  return 1;
}

void group_free(struct anyroc_group *group) {
  if (group->memory != NULL) munmap(group->memory, group->memory_size);
  if (group->scratch != NULL) munmap(group->scratch, group->scratch_size);
  free(group);
}

/* ---- initial registers ---- */

void lane_ids_make(struct lane_ids *ids, const uint32_t block[3],
                   const struct anyroc_kernel *kernel) {
  uint32_t dims = kernel->id_dims, packed = kernel->packed_ids, wave_size = kernel->wave_size;
  if (ids->block[0] == block[0] && ids->block[1] == block[1] && ids->block[2] == block[2] &&
      ids->wave_size == wave_size && ids->dims == dims && ids->packed == packed)
    return;
  memcpy(ids->block, block, sizeof ids->block);
  ids->wave_size = wave_size;
  ids->dims = dims;
  ids->packed = packed;
  ids->rows = packed ? 1 : dims;
  uint32_t items = block[0] * block[1] * block[2];
  ids->wave_count = waves_for(items, wave_size);
  uint32_t lanes = ids->wave_count * wave_size, rest = items - (lanes - wave_size);
  ids->last_exec = rest >= 64 ? ~0ull : (1ull << rest) - 1;
  uint32_t x = 0, y = 0, z = 0;
  for (uint32_t item = 0; item < lanes; item++) {
    uint32_t *row =
        ids->values + item / ids->wave_size * ids->rows * ids->wave_size + item % ids->wave_size;
    uint32_t wanted_y = dims > 1 ? y : 0, wanted_z = dims > 2 ? z : 0;
    if (packed) {
      row[0] = x | wanted_y << 10 | wanted_z << 20;
    } else {
      row[0] = x;
      if (dims > 1) row[ids->wave_size] = y;
      if (dims > 2) row[2 * ids->wave_size] = z;
    }
    if (++x == block[0]) x = 0, y++;
    if (y == block[1]) y = 0, z++;
  }
}

static void poison_words(void *where, size_t bytes) {
  for (size_t at = 0; at + 4 <= bytes; at += 4)
    memcpy((uint8_t *)where + at, &(uint32_t){POISON}, 4);
}

static inline void set_group_ids(struct anyroc_wave *wave, const struct anyroc_kernel *kernel,
                                 const uint32_t index[3]) {
  if (kernel->sgpr_group_x != ANYROC_NO_SGPR) wave->sgpr[kernel->sgpr_group_x] = index[0];
  if (kernel->sgpr_group_y != ANYROC_NO_SGPR) wave->sgpr[kernel->sgpr_group_y] = index[1];
  if (kernel->sgpr_group_z != ANYROC_NO_SGPR) wave->sgpr[kernel->sgpr_group_z] = index[2];
  /* Every wave's scratch begins at its buffer's base. */
  if (kernel->sgpr_scratch_offset != ANYROC_NO_SGPR) wave->sgpr[kernel->sgpr_scratch_offset] = 0;
}

static void set_ttmps(struct anyroc_wave *wave, const uint32_t index[3]) {
  wave->sgpr[ANYROC_SGPR_TTMP0 + 9] = index[0];
  wave->sgpr[ANYROC_SGPR_TTMP0 + 7] = index[1] | index[2] << 16;
  wave->sgpr[ANYROC_SGPR_TTMP0 + 8] = wave->wave_id << 25;
}

static inline void copy_ids(struct anyroc_wave *wave, const struct lane_ids *ids, uint32_t number) {
  const uint32_t *from = ids->values + number * ids->rows * ids->wave_size;
  if (ids->rows != 1)
    memcpy(wave->vgpr, from, ids->rows * ids->wave_size * 4);
  else if (ids->wave_size == 64)
    memcpy(wave->vgpr, from, 64 * 4);
  else
    memcpy(wave->vgpr, from, 32 * 4);
}

_Static_assert(offsetof(struct anyroc_wave, pc) == offsetof(struct anyroc_wave, scc) + 12, "state");

__attribute__((noinline, cold)) static void poison_wave(struct anyroc_wave *wave,
                                                        const struct anyroc_kernel *kernel) {
  poison_words(wave->sgpr, ANYROC_SGPR_NULL * 4);
  poison_words(wave->vgpr, (size_t)kernel->vgpr_rows * kernel->wave_size * 4);
}

static inline void begin_wave(struct anyroc_group *group, const struct residents *residents,
                              struct anyroc_wave *wave, uint32_t number) {
  const struct anyroc_kernel *kernel = residents->launch->kernel;
  const struct lane_ids *ids = &residents->ids;
  if (anyroc_options.poison) poison_wave(wave, kernel);
  if (residents->sgpr_count <= FEW_SGPRS)
    memcpy(wave->sgpr, residents->sgpr, FEW_SGPRS * 4);
  else
    memcpy(wave->sgpr, residents->sgpr, sizeof residents->sgpr);
  wave->wave_id = number;
  if (kernel->ids_in_ttmp)
    set_ttmps(wave, group->index);
  else
    set_group_ids(wave, kernel, group->index);
  uint64_t exec = number + 1 == ids->wave_count ? ids->last_exec : ~0ull >> (64 - ids->wave_size);
  memcpy(&wave->sgpr[ANYROC_SGPR_EXEC], &exec, sizeof exec);
  if (residents->launch->needs_ids) copy_ids(wave, ids, number);
  wave->gang_wanted = wave->gang_at = wave->gang_done = 0;
  memcpy(&wave->scc, residents->state, sizeof residents->state);
  wave->budget = TURN;
}

/* Where a wave has the number of its workgroup in x; -1: nowhere. */
static int32_t group_number_at(const struct anyroc_kernel *kernel) {
  if (kernel->ids_in_ttmp) return 4 * (ANYROC_SGPR_TTMP0 + 9);
  return kernel->sgpr_group_x == ANYROC_NO_SGPR ? -1 : 4 * kernel->sgpr_group_x;
}

void group_begin(struct anyroc_group *group, struct residents *residents, uint32_t likes) {
  const struct launch *launch = residents->launch;
  memcpy(group->index, residents->at, sizeof group->index);
  if (!residents->whole) {
    uint32_t block[3];
    for (int axis = 0; axis < 3; axis++)
      block[axis] =
          residents->at[axis] + 1 == launch->grid[axis] ? launch->tail[axis] : launch->block[axis];
    lane_ids_make(&residents->ids, block, launch->kernel);
  }
  group->wave_count = group->live = residents->ids.wave_count;
  group->begun = group->waiting = group->first = 0;
  group->likes = launch->gang == group->wave_count ? likes : 1;
  group->done = 1;
  residents->waves += group->wave_count;
  if (residents->random != 0) group->first = (uint32_t)(random_next(residents) % group->wave_count);
  if (anyroc_options.poison) poison_words(wave_of(group, 0)->lds, launch->lds_size);
}

/* ---- turns ---- */

_Noreturn static void leave(struct anyroc_wave *wave, uint32_t kind, uint64_t address) {
  anyroc_fault(wave, kind, address, ANYROC_NO_LANE, 0);
}

static void wave_yielded(struct anyroc_wave *wave, struct residents *residents, uint64_t *turns) {
  const struct launch *launch = residents->launch;
  uint64_t limit = anyroc_options.step_limit;
  if (atomic_load_explicit(&anyroc_stopping, memory_order_relaxed) ||
      atomic_load_explicit(&launch->failed, memory_order_relaxed) ||
      (limit != 0 && ++*turns * TURN > limit))
    leave(wave, ANYROC_FAULT_STOPPED, 0);
  wave->budget = residents->random != 0 ? 1 + (int64_t)(random_next(residents) % TURN) : TURN;
}

_Noreturn static void wave_broke(struct anyroc_wave *wave, int32_t status) {
  if (status == ANYROC_TRAP) leave(wave, ANYROC_FAULT_TRAP, wave->trap_id);
  if (status == ANYROC_BAD_PC) leave(wave, ANYROC_FAULT_BAD_PC, wave->fault_address);
  leave(wave, ANYROC_FAULT_STATUS, (uint32_t)status);
}

/* Books a wave that has not ended; whether it got on. */
static int suspend(struct anyroc_group *group, uint32_t slot, struct anyroc_wave *wave,
                   struct residents *residents, int32_t status) {
  if (status == ANYROC_BARRIER) {
    group->state[slot] = WAVE_WAITS;
    group->waiting++;
    return 1;
  }
  if (status != ANYROC_YIELD) wave_broke(wave, status);
  group->state[slot] = WAVE_RUNS;
  wave_yielded(wave, residents, &group->turns[slot]);
  return 0;
}

static int run_wave(struct anyroc_group *group, uint32_t slot, struct worker *worker) {
  struct anyroc_wave *wave = wave_of(group, slot);
  worker->guard.wave = wave;
  int32_t status = launch_entry(worker->residents->launch)(wave);
  if (status != ANYROC_END) return suspend(group, slot, wave, worker->residents, status);
  group->state[slot] = WAVE_ENDED;
  group->live--;
  return 1;
}

/* Begins all waves. Most end at once: what they need in memory is kept small, and in registers. */
static int begin_waves(struct anyroc_group *group, struct worker *worker) {
  struct residents *residents = worker->residents;
  anyroc_wave_fn entry = launch_entry(residents->launch);
  uint32_t count = group->wave_count, number = group->first, ended = 0, slot = 0;
  uint32_t gang = residents->random == 0 ? residents->launch->gang : 0;
  int32_t number_at = group_number_at(residents->launch->kernel);
  int progress = 0;
  struct anyroc_wave *wave = worker->guard.wave = wave_of(group, 0);
  for (uint32_t begun = 0; begun < count; begun++) {
    begin_wave(group, residents, wave, number);
    if (gang != 0 && number % gang == 0) {
      wave->gang_wanted = number_at < 0 ? 1 : group->likes;
      wave->gang_number = (uint32_t)number_at;
      wave->gang_ahead = residents->launch->job.total > FEW_GANGS ? GANG_AHEAD : 0;
    }
    if (++number == count) number = 0;
    int32_t status = entry(wave);
    if (status == ANYROC_END) {
      ended++;
      continue;
    }
    if (status == ANYROC_GANG) {
      group->done = wave->gang_done;
      ended += gang;
      begun += gang - 1;
      number += gang - 1;
      continue;
    }
    group->turns[slot] = 0;
    progress |= suspend(group, slot, wave, residents, status);
    wave = worker->guard.wave = wave_of(group, ++slot < count ? slot : 0);
  }
  group->slots = slot;
  group->live = count - ended;
  return progress | (ended != 0);
}

static int continue_waves(struct anyroc_group *group, struct worker *worker) {
  struct residents *residents = worker->residents;
  int progress = 0;
  uint32_t slots = group->slots;
  uint32_t first = residents->random != 0 ? (uint32_t)(random_next(residents) % slots) : 0;
  for (uint32_t i = 0; i < slots; i++) {
    uint32_t slot = first + i < slots ? first + i : first + i - slots;
    if (group->state[slot] == WAVE_RUNS) progress |= run_wave(group, slot, worker);
  }
  return progress;
}

enum turn group_take_turns(struct anyroc_group *group, struct worker *worker) {
  int progress = group->begun ? continue_waves(group, worker) : begin_waves(group, worker);
  group->begun = 1;
  if (group->live == 0) return TURN_DONE;
  if (group->waiting == group->live) {
    for (uint32_t slot = 0; slot < group->slots; slot++)
      if (group->state[slot] == WAVE_WAITS) group->state[slot] = WAVE_RUNS;
    group->waiting = 0;
  }
  return progress ? TURN_PROGRESS : TURN_STALLED;
}
