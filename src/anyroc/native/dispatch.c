/* A worker's part in a launch: which workgroups it runs, and in what company.
 *
 * A worker runs one workgroup to its end before it begins the next, unless the workgroup only
 * spins: then it takes further workgroups in beside it, so that kernels whose workgroups wait for
 * each other (grid barriers, stream-K, look-back) get on. */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "group.h"

#define PIECE_NS 10000 /* how long a worker keeps to itself between looks at the shared counter */
#define PATIENCE 64    /* rounds without progress before another workgroup is taken in */
#define MOST_RESIDENT 8192 /* workgroups one worker has in progress */
#define KEPT_RESIDENT 4    /* workgroups' memory kept between launches */
#define ROUNDS_PER_LOOK 16 /* rounds of turns between looks at the clock */
#define MOST_LIKES 64      /* workgroups that one gang does */

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

void worker_free(struct worker *worker) {
  struct residents *residents = worker->residents;
  for (uint32_t i = 0; i < residents->capacity; i++)
    if (residents->groups[i] != NULL) group_free(residents->groups[i]);
  free(residents->groups);
  free(residents->counters);
  free(residents);
  free(worker);
}

/* ---- floating-point environment ---- */

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

/* ---- workgroups ---- */

static void locate(struct residents *residents) {
  const struct launch *launch = residents->launch;
  uint64_t index = residents->next;
  if (launch->stride != 1)
    index =
        (uint64_t)(((unsigned __int128)index * launch->stride + launch->shift) % launch->job.total);
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

/* How many workgroups from the next on follow each other in x, of the piece in hand. */
static uint32_t likes(const struct residents *residents) {
  const struct launch *launch = residents->launch;
  if (launch->stride != 1 || !residents->whole) return 1;
  uint64_t left = residents->end - residents->next;
  uint32_t row = launch->grid[0] - residents->at[0], most = left < MOST_LIKES ? left : MOST_LIKES;
  return row < most ? row : most;
}

/* Passes over workgroups that are done, all in one row and of the piece in hand. */
static void skip(struct residents *residents, uint32_t count) {
  if (count == 0) return;
  residents->at[0] += count - 1;
  residents->next += count - 1;
  residents->waves += (uint64_t)count * residents->ids.wave_count;
  step(residents);
}

/* Whether there is a workgroup to begin; takes `size` off the counter if none is in hand. */
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
  if (group == NULL || !group_prepare(group, residents)) return NULL;
  residents->made = index + 1;
  return group;
}

/* Begins the next workgroup beside those in progress; 0 when there is no memory for it. */
static int admit(struct residents *residents) {
  struct anyroc_group *group = group_at(residents, residents->count);
  if (group == NULL) return 0;
  group_begin(group, residents, 1);
  residents->count++;
  step(residents);
  return 1;
}

static void retire(struct residents *residents, uint32_t index) {
  struct anyroc_group *group = residents->groups[index];
  residents->groups[index] = residents->groups[--residents->count];
  residents->groups[residents->count] = group;
}

/* Accounts the time since the worker last did. */
static uint64_t account(struct residents *residents) {
  uint64_t now = clock_ns(), spent = now - residents->accounted;
  residents->accounted = now;
  hot_note(residents->launch->kernel, residents->launch->shape, spent);
  return spent;
}

/* Runs the workgroups in progress in turns, taking in further ones while they only wait. */
static void run_beside(struct worker *worker) {
  struct residents *residents = worker->residents;
  uint32_t patience = residents->launch->cooperative ? 0 : PATIENCE, stalled = 0, idle = 0;
  for (uint32_t round = 1; residents->count != 0; round++) {
    int progress = 0;
    if (round % ROUNDS_PER_LOOK == 0) account(residents);
    for (uint32_t i = 0; i < residents->count;) {
      enum turn turn = group_take_turns(residents->groups[i], worker);
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
    if (idle > 4 * PATIENCE) {
      if (idle % PATIENCE == 0) pool_relieve();
      sched_yield();
    }
  }
}

/* Runs the piece in hand. */
static void run_piece(struct worker *worker) {
  struct residents *residents = worker->residents;
  struct anyroc_group *group = residents->groups[0];
  while (residents->next < residents->end) {
    if (atomic_load_explicit(&residents->launch->failed, memory_order_relaxed)) return;
    group_begin(group, residents, likes(residents));
    step(residents);
    enum turn turn;
    do {
      turn = group_take_turns(group, worker);
    } while (turn == TURN_PROGRESS);
    skip(residents, group->done - 1);
    if (turn == TURN_DONE) continue;
    residents->count = 1;
    run_beside(worker);
  }
}

static void run_pieces(struct worker *worker) {
  struct residents *residents = worker->residents;
  struct job *job = &residents->launch->job;
  uint64_t size = 1;
  if (residents->launch->cooperative) size = (job->total + pool_threads() - 1) / pool_threads();
  while (!atomic_load_explicit(&residents->launch->failed, memory_order_relaxed)) {
    if (!have_next(residents, size)) return;
    run_piece(worker);
    uint64_t spent = account(residents);
    uint64_t share = (job->total - residents->end) / (2 * pool_threads()) + 1;
    if (spent < PIECE_NS)
      size *= 2;
    else if (spent > 4 * PIECE_NS && size > 1)
      size /= 2;
    if (size > share) size = share;
  }
}

/* ---- one worker's part in a launch ---- */

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
    if (fault.wave.gang_at != 0) { /* its registers are the host's */
      fault.wave_id += fault.wave.gang_at / 4 / launch->kernel->wave_size;
      if (guard->wave->group->likes > 1) fault.group[0] += fault.wave.gang_done;
      queue_fail(launch->command.queue, &fault);
      return;
    }
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
  if (kernel->counter_count != 0)
    memset(residents->counters, 0, kernel->counter_count * sizeof(uint64_t));
  return 1;
}

static void add_counters(const struct residents *residents, struct anyroc_kernel *kernel) {
  for (uint32_t i = 0; i < kernel->counter_count; i++)
    if (residents->counters[i] != 0)
      atomic_fetch_add_explicit(&kernel->counters[i], residents->counters[i], memory_order_relaxed);
}

static void free_extra(struct residents *residents) {
  for (uint32_t i = KEPT_RESIDENT; i < residents->capacity && residents->groups[i] != NULL; i++) {
    group_free(residents->groups[i]);
    residents->groups[i] = NULL;
  }
}

void dispatch_run(struct job *job, struct worker *worker) {
  struct launch *launch = launch_of(job);
  struct residents *residents = worker->residents;
  uint64_t start = clock_ns();
  residents->launch = launch;
  residents->accounted = start;
  memcpy(residents->sgpr, launch->sgpr, sizeof launch->sgpr);
  residents->sgpr_count = launch->kernel->user_sgprs;
  residents->state[1] = launch->kernel->mode;
  residents->count = residents->made = 0;
  residents->next = residents->end = 0;
  residents->waves = 0;
  lane_ids_make(&residents->ids, launch->block, launch->kernel);
  residents->whole = memcmp(launch->tail, launch->block, sizeof launch->tail) == 0;
  residents->random =
      anyroc_options.seed ? anyroc_options.seed * 0x9e3779b97f4a7c15ull + worker->index : 0;
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
