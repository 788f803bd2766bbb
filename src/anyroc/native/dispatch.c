/* Running workgroups: waves take turns until they end, meet at barriers, and give way when they wait.
 *
 * A worker runs one workgroup to its end before it begins the next, unless the workgroup only spins:
 * then it takes further workgroups in beside it, so that kernels whose workgroups wait for each other
 * (grid barriers, stream-K, look-back) get on. */
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <sys/mman.h>

#include "launch.h"

#define TURN 2048            /* backward branches a wave takes before others get their turn */
#define PIECE_NS 10000       /* how long a worker keeps to itself between looks at the shared counter */
#define PATIENCE 64          /* turns without progress before another workgroup is taken in */
#define MOST_RESIDENT 8192   /* workgroups one worker has in progress */
#define KEPT_RESIDENT 4      /* workgroups' memory kept between launches */
#define WAVE_STRIDE ((sizeof(struct anyroc_wave) + 63) & ~(size_t)63)
#define POISON 0x7fa5a5a5u   /* a signalling NaN, as good a surprise as an integer */

enum wave_state { WAVE_RUNS, WAVE_WAITS, WAVE_ENDED };
enum turn { TURN_DONE, TURN_PROGRESS, TURN_STALLED };

/* A workgroup in progress with the memory it lives in: waves, then VGPRs, then LDS; scratch apart. */
struct anyroc_group {
  uint8_t *memory, *scratch;
  size_t memory_size, scratch_size;
  uint32_t wave_count, live, waiting;
  uint32_t index[3];
  uint8_t state[MAX_GROUP_WAVES];
  uint64_t turns[MAX_GROUP_WAVES];
};

/* Initial vector registers of a workgroup's waves; they depend on its shape only. */
struct lane_ids {
  uint32_t block[3], wave_size, dims, packed;
  uint32_t rows;       /* VGPRs set per wave */
  uint32_t wave_count;
  uint64_t last_exec;  /* EXEC of the last wave, which may be partial */
  uint32_t values[3 * (MAX_BLOCK + 64)] __attribute__((aligned(64)));
};

struct residents {
  uint32_t sgpr[USER_SGPRS] __attribute__((aligned(64))); /* the launch's */
  struct anyroc_group **groups;
  uint32_t count, made, capacity;
  struct launch *launch; /* the launch the groups' waves are prepared for */
  struct lane_ids ids;
  uint64_t *counters;
  uint32_t counter_count;
  uint64_t random, waves;
  uint64_t next, end; /* the piece in hand */
  uint32_t at[3];     /* coordinates of `next` */
};

struct worker *worker_make(uint32_t index) {
  struct worker *worker = calloc(1, sizeof *worker);
  struct residents *residents = NULL;
  if (worker == NULL || posix_memalign((void **)&residents, 64, sizeof *residents) != 0) {
    free(worker);
    return NULL;
  }
  memset(residents, 0, sizeof *residents);
  worker->index = index;
  worker->residents = residents;
  return worker;
}

/* ---- floating-point environment ---------------------------------------------------------------- */

#if defined(__x86_64__)
static uint32_t float_enter(void) {
  uint32_t before = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(0x1f80); /* round to nearest, no traps, denormals kept */
  return before;
}
static void float_leave(uint32_t before) { __builtin_ia32_ldmxcsr(before); }
#elif defined(__aarch64__)
static uint64_t float_enter(void) {
  uint64_t before = __builtin_aarch64_get_fpcr64();
  __builtin_aarch64_set_fpcr64(0);
  return before;
}
static void float_leave(uint64_t before) { __builtin_aarch64_set_fpcr64(before); }
#endif

/* ---- memory ------------------------------------------------------------------------------------ */

static void *map(size_t size) {
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
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

static uint32_t waves_for(uint32_t items, uint32_t wave_size) { return (items + wave_size - 1) / wave_size; }

/* Lays the group's memory out for the launch and sets what stays the same for all its workgroups. */
static int prepare(struct anyroc_group *group, struct residents *residents) {
  const struct launch *launch = residents->launch;
  const struct anyroc_kernel *kernel = launch->kernel;
  uint32_t waves = waves_for(launch->block[0] * launch->block[1] * launch->block[2], kernel->wave_size);
  size_t lanes = kernel->wave_size;
  size_t registers = kernel->vgpr_rows * lanes * 4;
  size_t scratch = ((size_t)kernel->scratch_size + 3 & ~(size_t)3) * lanes;
  size_t lds = (launch->lds_size + 63) & ~(size_t)63;
  if (!grow(&group->memory, &group->memory_size, waves * (WAVE_STRIDE + registers) + lds + 64)) return 0;
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
    wave->wave_id = i;
    wave->code_base = kernel->code_base;
    wave->counters = residents->counters;
    wave->group = group;
    wave->sgpr[ANYROC_SGPR_NULL] = 0;
  }
  return 1;
}

/* ---- initial registers --------------------------------------------------------------------------- */

static void make_ids(struct lane_ids *ids, const uint32_t block[3], const struct anyroc_kernel *kernel) {
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
    uint32_t *row = ids->values + item / ids->wave_size * ids->rows * ids->wave_size + item % ids->wave_size;
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

static void poison(struct anyroc_group *group, const struct launch *launch) {
  const struct anyroc_kernel *kernel = launch->kernel;
  for (uint32_t i = 0; i < group->wave_count; i++) {
    struct anyroc_wave *wave = wave_of(group, i);
    for (uint32_t r = 0; r < ANYROC_SGPR_NULL; r++) wave->sgpr[r] = POISON;
    for (size_t v = 0; v < (size_t)kernel->vgpr_rows * kernel->wave_size; v++) wave->vgpr[v] = POISON;
  }
  uint8_t *lds = wave_of(group, 0)->lds;
  for (uint32_t at = 0; at + 4 <= launch->lds_size; at += 4) memcpy(lds + at, &(uint32_t){POISON}, 4);
}

static void set_group_ids(struct anyroc_wave *wave, const struct anyroc_kernel *kernel,
                          const uint32_t index[3]) {
  if (kernel->ids_in_ttmp) {
    wave->sgpr[ANYROC_SGPR_TTMP0 + 9] = index[0];
    wave->sgpr[ANYROC_SGPR_TTMP0 + 7] = index[1] | index[2] << 16;
    wave->sgpr[ANYROC_SGPR_TTMP0 + 8] = wave->wave_id << 25;
    return;
  }
  if (kernel->sgpr_group_x != ANYROC_NO_SGPR) wave->sgpr[kernel->sgpr_group_x] = index[0];
  if (kernel->sgpr_group_y != ANYROC_NO_SGPR) wave->sgpr[kernel->sgpr_group_y] = index[1];
  if (kernel->sgpr_group_z != ANYROC_NO_SGPR) wave->sgpr[kernel->sgpr_group_z] = index[2];
}

static inline void copy_ids(struct anyroc_wave *wave, const struct lane_ids *ids, uint32_t index) {
  const uint32_t *from = ids->values + index * ids->rows * ids->wave_size;
  if (ids->rows != 1)
    memcpy(wave->vgpr, from, ids->rows * ids->wave_size * 4);
  else if (ids->wave_size == 64)
    memcpy(wave->vgpr, from, 64 * 4);
  else
    memcpy(wave->vgpr, from, 32 * 4);
}

/* Begins the workgroup at residents->at. */
static void begin(struct anyroc_group *group, struct residents *residents) {
  const struct launch *launch = residents->launch;
  const struct anyroc_kernel *kernel = launch->kernel;
  struct lane_ids *ids = &residents->ids;
  uint32_t block[3];
  for (int axis = 0; axis < 3; axis++) {
    uint32_t at = group->index[axis] = residents->at[axis];
    block[axis] = at + 1 == launch->grid[axis] ? launch->tail[axis] : launch->block[axis];
  }
  make_ids(ids, block, kernel);
  group->wave_count = group->live = ids->wave_count;
  group->waiting = 0;
  residents->waves += ids->wave_count;
  if (anyroc_options.poison) poison(group, launch);
  uint64_t all = kernel->wave_size == 64 ? ~0ull : 0xffffffffull;
  for (uint32_t i = 0; i < ids->wave_count; i++) {
    struct anyroc_wave *wave = wave_of(group, i);
    memcpy(wave->sgpr, residents->sgpr, sizeof residents->sgpr);
    set_group_ids(wave, kernel, group->index);
    uint64_t exec = i + 1 == ids->wave_count ? ids->last_exec : all;
    memcpy(&wave->sgpr[ANYROC_SGPR_EXEC], &exec, sizeof exec);
    copy_ids(wave, ids, i);
    wave->scc = 0;
    wave->mode = kernel->mode;
    wave->resume = 0;
    wave->budget = TURN;
    group->state[i] = WAVE_RUNS;
    group->turns[i] = 0;
  }
}

/* ---- turns --------------------------------------------------------------------------------------- */

static uint64_t random_next(struct residents *residents) {
  uint64_t x = residents->random;
  x ^= x << 13, x ^= x >> 7, x ^= x << 17;
  return residents->random = x;
}

_Noreturn static void leave(struct anyroc_wave *wave, uint32_t kind, uint64_t address) {
  anyroc_fault(wave, kind, address, ANYROC_NO_LANE, 0);
}

static void wave_yielded(struct anyroc_group *group, struct anyroc_wave *wave, struct residents *residents) {
  const struct launch *launch = residents->launch;
  uint64_t limit = anyroc_options.step_limit;
  if (atomic_load_explicit(&anyroc_stopping, memory_order_relaxed) ||
      atomic_load_explicit(&launch->failed, memory_order_relaxed) ||
      (limit != 0 && ++group->turns[wave->wave_id] * TURN > limit))
    leave(wave, ANYROC_FAULT_STOPPED, 0);
  wave->budget = residents->random != 0 ? 1 + (int64_t)(random_next(residents) % TURN) : TURN;
}

_Noreturn static void wave_broke(struct anyroc_wave *wave, int32_t status) {
  if (status == ANYROC_TRAP) leave(wave, ANYROC_FAULT_TRAP, wave->trap_id);
  if (status == ANYROC_BAD_PC) leave(wave, ANYROC_FAULT_BAD_PC, wave->fault_address);
  leave(wave, ANYROC_FAULT_STATUS, (uint32_t)status);
}

/* Gives each wave that can run one turn. */
static enum turn take_turns(struct anyroc_group *group, struct worker *worker) {
  struct residents *residents = worker->residents;
  anyroc_wave_fn entry = residents->launch->entry;
  uint32_t count = group->wave_count;
  uint32_t first = residents->random != 0 ? (uint32_t)(random_next(residents) % count) : 0;
  enum turn result = TURN_STALLED;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t which = first + i < count ? first + i : first + i - count;
    if (group->state[which] != WAVE_RUNS) continue;
    struct anyroc_wave *wave = wave_of(group, which);
    worker->guard.wave = wave;
    int32_t status = entry(wave);
    if (status == ANYROC_END) {
      group->state[which] = WAVE_ENDED;
      group->live--;
      result = TURN_PROGRESS;
    } else if (status == ANYROC_BARRIER) {
      group->state[which] = WAVE_WAITS;
      group->waiting++;
      result = TURN_PROGRESS;
    } else if (status == ANYROC_YIELD) {
      wave_yielded(group, wave, residents);
    } else {
      wave_broke(wave, status);
    }
  }
  if (group->live == 0) return TURN_DONE;
  if (group->waiting == group->live) {
    for (uint32_t i = 0; i < count; i++)
      if (group->state[i] == WAVE_WAITS) group->state[i] = WAVE_RUNS;
    group->waiting = 0;
  }
  return result;
}

/* ---- workgroups ---------------------------------------------------------------------------------- */

static void locate(struct residents *residents) {
  const struct launch *launch = residents->launch;
  uint64_t index = residents->next;
  if (launch->stride != 1)
    index = (uint64_t)(((unsigned __int128)index * launch->stride + launch->shift) % launch->job.total);
  residents->at[0] = (uint32_t)(index % launch->grid[0]);
  residents->at[1] = (uint32_t)(index / launch->grid[0] % launch->grid[1]);
  residents->at[2] = (uint32_t)(index / launch->grid[0] / launch->grid[1]);
}

static void step(struct residents *residents) {
  const struct launch *launch = residents->launch;
  residents->next++;
  if (launch->stride != 1) {
    locate(residents);
  } else if (++residents->at[0] == launch->grid[0]) {
    residents->at[0] = 0;
    if (++residents->at[1] == launch->grid[1]) residents->at[1] = 0, residents->at[2]++;
  }
}

/* Whether there is a workgroup to begin, taking `size` from the shared counter if none is in hand. */
static int have_next(struct residents *residents, uint64_t size) {
  struct job *job = &residents->launch->job;
  if (residents->next < residents->end) return 1;
  if (atomic_load_explicit(&job->next, memory_order_relaxed) >= job->total) return 0;
  uint64_t first = atomic_fetch_add(&job->next, size);
  if (first >= job->total) return 0;
  residents->next = first;
  residents->end = job->total - first < size ? job->total : first + size;
  locate(residents);
  return 1;
}

static struct anyroc_group *group_at(struct residents *residents, uint32_t index) {
  if (index == residents->capacity) {
    uint32_t capacity = residents->capacity ? residents->capacity * 2 : 4;
    struct anyroc_group **groups = realloc(residents->groups, capacity * sizeof *groups);
    if (groups == NULL) return NULL;
    memset(groups + residents->capacity, 0, (capacity - residents->capacity) * sizeof *groups);
    residents->groups = groups;
    residents->capacity = capacity;
  }
  struct anyroc_group *group = residents->groups[index];
  if (group == NULL) group = residents->groups[index] = calloc(1, sizeof *group);
  if (index < residents->made) return group;
  if (group == NULL || !prepare(group, residents)) return NULL;
  residents->made = index + 1;
  return group;
}

/* Begins the next workgroup beside those in progress; 0 when there is no memory for it. */
static int admit(struct residents *residents) {
  struct anyroc_group *group = group_at(residents, residents->count);
  if (group == NULL) return 0;
  begin(group, residents);
  residents->count++;
  step(residents);
  return 1;
}

static void retire(struct residents *residents, uint32_t index) {
  struct anyroc_group *group = residents->groups[index];
  residents->groups[index] = residents->groups[--residents->count];
  residents->groups[residents->count] = group;
}

/* Runs the workgroups in progress in turns, taking in further ones while they only wait. */
static void run_beside(struct worker *worker) {
  struct residents *residents = worker->residents;
  uint32_t patience = residents->launch->cooperative ? 0 : PATIENCE, stalled = 0, idle = 0;
  while (residents->count != 0) {
    int progress = 0;
    for (uint32_t i = 0; i < residents->count;) {
      enum turn turn = take_turns(residents->groups[i], worker);
      progress |= turn != TURN_STALLED;
      if (turn == TURN_DONE)
        retire(residents, i);
      else
        i++;
    }
    stalled = progress ? 0 : stalled + 1;
    idle = progress ? 0 : idle + 1;
    if (stalled > patience && residents->count < MOST_RESIDENT && have_next(residents, 1) &&
        admit(residents)) {
      stalled = 0;
      patience /= 2;
    }
    if (idle > 4 * PATIENCE) sched_yield();
  }
}

/* Runs the piece in hand. */
static void run_piece(struct worker *worker) {
  struct residents *residents = worker->residents;
  struct anyroc_group *group = residents->groups[0];
  while (residents->next < residents->end) {
    if (atomic_load_explicit(&residents->launch->failed, memory_order_relaxed)) return;
    begin(group, residents);
    step(residents);
    enum turn turn;
    do {
      turn = take_turns(group, worker);
    } while (turn == TURN_PROGRESS);
    if (turn == TURN_DONE) continue;
    residents->count = 1;
    run_beside(worker);
  }
}

static void run_pieces(struct worker *worker) {
  struct residents *residents = worker->residents;
  struct job *job = &residents->launch->job;
  uint64_t size = 1, before = clock_ns();
  if (residents->launch->cooperative) size = (job->total + pool_threads() - 1) / pool_threads();
  while (!atomic_load_explicit(&residents->launch->failed, memory_order_relaxed)) {
    if (!have_next(residents, size)) return;
    run_piece(worker);
    uint64_t now = clock_ns(), share = (job->total - residents->end) / (2 * pool_threads()) + 1;
    size = now - before < PIECE_NS ? size * 2 : size > 1 && now - before > 4 * PIECE_NS ? size / 2 : size;
    if (size > share) size = share;
    before = now;
  }
}

/* ---- one worker's part in a launch --------------------------------------------------------------- */

static void report(struct launch *launch, const struct anyroc_guard *guard) {
  struct anyroc_fault_record fault;
  memset(&fault, 0, sizeof fault);
  fault.kind = guard->fault_kind;
  fault.address = guard->fault_address;
  fault.kernel = launch->kernel;
  fault.lane = ANYROC_NO_LANE;
  if (guard->wave != NULL) {
    fault.wave = *guard->wave;
    fault.lane = fault.wave.fault_lane;
    fault.size = fault.wave.fault_size;
    fault.trap_id = fault.wave.trap_id;
    fault.wave_id = fault.wave.wave_id;
    fault.pc = fault.wave.pc;
    memcpy(fault.group, guard->wave->group->index, sizeof fault.group);
    uint64_t size = launch->kernel->vgpr_rows * (uint64_t)launch->kernel->wave_size * 4;
    fault.vgprs = malloc(size);
    if (fault.vgprs != NULL) memcpy(fault.vgprs, fault.wave.vgpr, fault.vgpr_size = size);
  }
  queue_fail(launch->command.queue, &fault);
}

static int ready_counters(struct residents *residents, const struct anyroc_kernel *kernel) {
  if (kernel->counter_count > residents->counter_count) {
    uint64_t *counters = realloc(residents->counters, kernel->counter_count * sizeof *counters);
    if (counters == NULL) return 0;
    residents->counters = counters;
    residents->counter_count = kernel->counter_count;
  }
  if (kernel->counter_count != 0) memset(residents->counters, 0, kernel->counter_count * sizeof(uint64_t));
  return 1;
}

static void add_counters(const struct residents *residents, struct anyroc_kernel *kernel) {
  for (uint32_t i = 0; i < kernel->counter_count; i++)
    if (residents->counters[i] != 0)
      atomic_fetch_add_explicit(&kernel->counters[i], residents->counters[i], memory_order_relaxed);
}

static void free_extra(struct residents *residents) {
  for (uint32_t i = KEPT_RESIDENT; i < residents->capacity && residents->groups[i] != NULL; i++) {
    struct anyroc_group *group = residents->groups[i];
    if (group->memory != NULL) munmap(group->memory, group->memory_size);
    if (group->scratch != NULL) munmap(group->scratch, group->scratch_size);
    free(group);
    residents->groups[i] = NULL;
  }
}

void dispatch_run(struct job *job, struct worker *worker) {
  struct launch *launch = launch_of(job);
  struct residents *residents = worker->residents;
  uint64_t start = clock_ns();
  residents->launch = launch;
  memcpy(residents->sgpr, launch->sgpr, sizeof residents->sgpr);
  residents->count = residents->made = 0;
  residents->next = residents->end = 0;
  residents->waves = 0;
  residents->random = anyroc_options.seed ? anyroc_options.seed * 0x9e3779b97f4a7c15ull + worker->index : 0;
  worker->guard.wave = NULL;
  __auto_type before = float_enter();
  if (_setjmp(worker->guard.leave) == 0) {
    anyroc_current_guard = &worker->guard;
    if (ready_counters(residents, launch->kernel) && group_at(residents, 0) != NULL) {
      run_pieces(worker);
    } else {
      worker->guard.fault_kind = ANYROC_FAULT_MEMORY;
      worker->guard.fault_address = 0;
      report(launch, &worker->guard);
      atomic_store(&launch->failed, 1);
    }
  } else if (atomic_exchange(&launch->failed, 1) == 0) {
    report(launch, &worker->guard);
  }
  anyroc_current_guard = NULL;
  float_leave(before);
  if (atomic_load(&launch->failed)) atomic_store(&job->next, job->total);
  add_counters(residents, launch->kernel);
  free_extra(residents);
  atomic_fetch_add(&launch->waves, residents->waves);
  atomic_fetch_add(&launch->worker_ns, clock_ns() - start);
}
