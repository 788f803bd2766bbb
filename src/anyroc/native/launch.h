/* A kernel launch on its way: made by launch.c, run by dispatch.c. */
#ifndef ANYROC_LAUNCH_H
#define ANYROC_LAUNCH_H

#include "runtime.h"

#define MAX_BLOCK 1024
#define MAX_GROUP_WAVES (MAX_BLOCK / 32)
#define USER_SGPRS 32

struct launch {
  struct command command;
  struct job job;
  struct anyroc_kernel *kernel;
  enum anyroc_shape shape;
  uint32_t needs_ids; /* the code reads the initial work-item ids */
  uint32_t gang;      /* waves that one may stand for, 0: none */
  uint32_t grid[3];   /* workgroups */
  uint32_t block[3];  /* work-items of a whole workgroup */
  uint32_t tail[3];   /* work-items of the last workgroup in each dimension */
  uint32_t lds_size;
  uint32_t cooperative;
  uint32_t sgpr[USER_SGPRS];
  uint64_t ring_end; /* where this launch's part of the queue's ring ends */
  uint64_t start_ns;
  _Atomic uint64_t worker_ns;
  _Atomic uint64_t waves;
  _Atomic uint32_t failed;
  uint64_t stride, shift; /* order of workgroups under a seed */
};

static inline struct launch *launch_of(struct job *job) {
  return (struct launch *)((char *)job - offsetof(struct launch, job));
}

/* The code to run, best at the time. */
static inline anyroc_wave_fn launch_entry(const struct launch *launch) {
  return atomic_load_explicit(&launch->kernel->entry[launch->shape], memory_order_relaxed);
}

/* Runs pieces of the launch on the worker; dispatch.c. */
void dispatch_run(struct job *job, struct worker *worker);

#endif
