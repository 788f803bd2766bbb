/* The software GPU's runtime: what Python calls (anyroc.gpu.binding mirrors the structures) and
 * what the files of the runtime share. All functions may be called from any thread. */
#ifndef ANYROC_RUNTIME_H
#define ANYROC_RUNTIME_H

#include <setjmp.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "sync.h"
#include "wave.h"

/* ---- results of calls ---- */

enum anyroc_result {
  ANYROC_OK = 0,
  ANYROC_NOT_READY = 1, /* work is still under way, or a wait ran out of time */
  ANYROC_FAULTED = 2,   /* the queue holds a fault; see anyroc_queue_fault */
  ANYROC_NO_MEMORY = 3,
  ANYROC_BLOCK_TOO_LARGE = 4, /* more work-items than the kernel allows */
  ANYROC_LDS_TOO_LARGE = 5,
  ANYROC_EMPTY_GRID = 6,  /* a dimension of the grid or block is 0, or out of range */
  ANYROC_BAD_ADDRESS = 7, /* a copy touched memory that is not there */
  ANYROC_ARGS_TOO_LARGE = 8,
  ANYROC_NO_ROOM = 9,       /* the device's memory is in use */
  ANYROC_NO_ADDRESSES = 10, /* the range of addresses is */
};

/* Kinds of fault beyond those of wave.h. */
enum {
  ANYROC_FAULT_TRAP = 16,
  ANYROC_FAULT_BAD_PC = 17,
  ANYROC_FAULT_ARITHMETIC = 18, /* SIGFPE, SIGILL in generated code: a defect of the translator */
  ANYROC_FAULT_STATUS = 19,     /* the wave function returned a status nobody knows */
  ANYROC_FAULT_STOPPED = 20,    /* anyroc_stop, or the step limit */
  ANYROC_FAULT_COPY = 21,
  ANYROC_FAULT_MEMORY = 22, /* no memory for a workgroup's registers */
};

#define ANYROC_NO_LANE 0xffffffffu

/* ---- kernels ---- */

enum anyroc_hidden_kind {
  ANYROC_HIDDEN_VALUE = 0, /* a constant: anyroc_hidden.value */
  ANYROC_HIDDEN_BLOCK_COUNT_X = 1,
  ANYROC_HIDDEN_BLOCK_COUNT_Y = 2,
  ANYROC_HIDDEN_BLOCK_COUNT_Z = 3,
  ANYROC_HIDDEN_GROUP_SIZE_X = 4,
  ANYROC_HIDDEN_GROUP_SIZE_Y = 5,
  ANYROC_HIDDEN_GROUP_SIZE_Z = 6,
  ANYROC_HIDDEN_REMAINDER_X = 7,
  ANYROC_HIDDEN_REMAINDER_Y = 8,
  ANYROC_HIDDEN_REMAINDER_Z = 9,
  ANYROC_HIDDEN_GRID_DIMS = 10,
  ANYROC_HIDDEN_DYNAMIC_LDS = 11,
  ANYROC_HIDDEN_QUEUE_PTR = 12,
  ANYROC_HIDDEN_BUFFER = 16, /* and up: entry kind - 16 of the launch's extra.buffers */
};

struct anyroc_hidden {
  uint32_t offset, size, kind, reserved;
  uint64_t value;
};

struct anyroc_param {
  uint32_t offset, size;
};

/* What few launches ask for. */
struct anyroc_extra {
  uint32_t tail[3];     /* work-items of the last workgroup in each dimension; 0: as the others */
  uint32_t cooperative; /* workgroups wait for each other: begin all of them at once */
  uint64_t buffers[4];  /* addresses for hidden arguments of kind ANYROC_HIDDEN_BUFFER and up */
};

#define ANYROC_NO_SGPR 0xffu

/* What generated code may take for granted of a launch. */
enum anyroc_shape {
  ANYROC_ANY = 0,
  ANYROC_FULL = 1,   /* all waves start with all lanes */
  ANYROC_LINEAR = 2, /* moreover the lanes of a wave are consecutive in x */
  ANYROC_ROWS = 3,   /* as FULL, and runs of 16 lanes are consecutive in x */
  ANYROC_SHAPES = 4,
};

/* A kernel ready to launch. Python fills it; the runtime only writes the statistics. */
struct anyroc_kernel {
  /* By enum anyroc_shape; NULL: launches do nothing. Better code may take over at any time. */
  _Atomic(anyroc_wave_fn) entry[ANYROC_SHAPES];
  uint64_t code_base;
  uint64_t kernel_object; /* device address of the descriptor */
  uint32_t wave_size, vgpr_rows, lds_size, scratch_size;
  uint32_t mode, max_block, max_lds, kernarg_size;
  uint32_t user_sgprs;  /* number of them; workgroup ids follow */
  uint32_t packed_ids;  /* work-item ids packed into VGPR 0 */
  uint32_t id_dims;     /* work-item id dimensions the kernel asks for: 1, 2 or 3 */
  uint32_t ids_in_ttmp; /* workgroup ids in TTMP9 and TTMP7 */
  uint32_t preload_sgpr, preload_count, preload_offset; /* kernel arguments preloaded, in dwords */
  uint32_t needs_no_ids; /* bit per shape: its code does not read the initial work-item ids */
  /* first SGPR of each enabled value, or ANYROC_NO_SGPR */
  uint8_t sgpr_dispatch_ptr, sgpr_queue_ptr, sgpr_kernarg_ptr, sgpr_dispatch_id;
  uint8_t sgpr_scratch_size, sgpr_group_x, sgpr_group_y, sgpr_group_z;
  uint8_t sgpr_scratch_buffer, sgpr_scratch_offset, reserved[2];
  uint32_t hidden_count, param_count;
  const struct anyroc_hidden *hidden;
  const struct anyroc_param *params;
  uint32_t counter_count;
  uint32_t improvable; /* bit per shape: better code than its entry can be had */
  _Atomic uint64_t *counters; /* instrumentation totals over all launches */
  _Atomic uint64_t launches, waves, busy_ns, group_ns;
  _Atomic uint64_t shape_ns[ANYROC_SHAPES]; /* time spent */
};

/* ---- faults ---- */

struct anyroc_fault_record {
  uint32_t kind, lane, size, trap_id;
  uint64_t address;
  const struct anyroc_kernel *kernel; /* NULL for copies */
  uint32_t group[3], wave_id;
  uint32_t pc, status;
  uint32_t *vgprs;         /* a copy of the wave's vector registers, or NULL; the queue owns it */
  uint64_t vgpr_size;      /* its bytes */
  struct anyroc_wave wave; /* as it was */
};

/* State of a thread while it runs code that may fault; see fault.c. */
struct anyroc_guard {
  jmp_buf leave;
  struct anyroc_wave *wave; /* the wave in progress, or NULL during a copy */
  uint64_t fault_address;
  uint32_t fault_kind;
};

extern _Thread_local struct anyroc_guard *anyroc_current_guard;
void anyroc_guard_process(void); /* installs the signal handlers */
void anyroc_guard_thread(void);  /* once per thread: its signal stack */
void anyroc_guard_thread_end(void);
void anyroc_guard_check(void);   /* installs the handlers again if somebody took them */

/* ---- options ---- */

struct anyroc_options {
  uint32_t threads;    /* workers; read when the pool starts */
  uint32_t poison;     /* fill registers and LDS with a pattern before each workgroup */
  uint64_t seed;       /* not 0: order of workgroups and waves, and lengths of turns, follow it */
  uint64_t step_limit; /* not 0: backward branches a wave may take before it is stopped */
};
extern struct anyroc_options anyroc_options;
extern _Atomic uint32_t anyroc_stopping;

/* ---- the pool, its queues and their commands ---- */

struct anyroc_queue;
struct worker;

/* Work that several workers share: each takes pieces of [next, total) until none is left, and the
 * last one out finishes the job. */
struct job {
  void (*run)(struct job *job, struct worker *worker);
  void (*finish)(struct job *job);
  _Atomic uint64_t next;
  uint64_t total;
  uint32_t active; /* workers inside; under the pool's lock */
  struct anyroc_queue *queue;
  struct command *command;
  struct job *following;
};

enum command_kind {
  COMMAND_LAUNCH,
  COMMAND_BLOCK,
  COMMAND_RECORD,
  COMMAND_WAIT,
  COMMAND_CALL,
  COMMAND_FREE,
};

struct command {
  enum command_kind kind;
  struct command *following;
  struct anyroc_queue *queue;
};

/* What one record of an event leaves behind; waits keep it when the event is recorded anew. */
struct marker {
  _Atomic uint32_t references;
  _Atomic uint32_t done; /* futex word */
  uint64_t time_ns;
  struct anyroc_queue *waiting; /* queues parked here; under the pool's lock */
};

struct event_command {
  struct command command;
  struct marker *marker;
};

struct call_command {
  struct command command;
  void (*function)(void *);
  void *argument;
};

enum queue_state { QUEUE_IDLE, QUEUE_READY, QUEUE_ACTIVE, QUEUE_PARKED };

/* An in-order stream of commands. What is not atomic is under the pool's lock. */
struct anyroc_queue {
  struct command *first, *last;
  enum queue_state state;
  uint32_t closed;
  struct anyroc_queue *following;               /* in the ready list or a marker's list */
  struct anyroc_queue *previous_all, *next_all; /* among all queues */
  _Atomic uint64_t submitted, completed;
  _Atomic uint64_t work; /* of what was submitted, less records of events, and frees */
  _Atomic uint32_t progress, sleepers; /* futex word that moves with each completion */
  _Atomic uint32_t waits, long_wait;   /* of the host: their number; whether the last was long */
  _Atomic uint32_t faulted;
  _Atomic uint32_t waiter_runs; /* the next command: no worker is woken for it */
  uint32_t left_to_waiter;      /* such a command is there; under the pool's lock */
  struct anyroc_fault_record fault;
  /* kernel arguments and dispatch packets, in device memory; see launch.c */
  struct lock ring_lock;
  uint8_t *ring;
  uint64_t ring_size, ring_head;
  _Atomic uint64_t ring_tail;
  _Atomic uint64_t dispatches;
};

/* One thread of the pool, with the memory its workgroups live in (dispatch.c). */
struct worker {
  uint32_t index;
  struct anyroc_guard guard;
  struct residents *residents;
};

void pool_lock(void);
void pool_unlock(void);
uint32_t pool_threads(void);
int pool_submit(struct anyroc_queue *queue, struct command *command);
/* Runs a job of the worker's own with up to `helpers` more; whether the worker was the last one
 * out. */
int pool_run(struct job *job, struct worker *worker, uint32_t helpers);
void pool_relieve(void);
int pool_busy(void); /* whether any queue has work */
void pool_help(struct anyroc_queue *queue);
void pool_add_queue(struct anyroc_queue *queue);
void pool_drop_queue(struct anyroc_queue *queue);

int anyroc_queue_query(struct anyroc_queue *queue);
void anyroc_queue_clear_fault(struct anyroc_queue *queue);
void anyroc_queue_waiter_runs(struct anyroc_queue *queue);
int anyroc_queue_wait(struct anyroc_queue *queue, uint64_t target, int64_t timeout_ns);
struct worker *worker_make(uint32_t index);
void worker_free(struct worker *worker);
void marker_release(struct marker *marker);
void queue_fail(struct anyroc_queue *queue, struct anyroc_fault_record *fault);

/* Each runs a command and says whether it is complete; else the last worker out completes it. */
int launch_execute(struct command *command, struct worker *worker);
int block_execute(struct command *command, struct worker *worker);

/* Accounts time spent in a kernel. */
void hot_note(struct anyroc_kernel *kernel, uint32_t shape, uint64_t ns);

extern uint8_t *anyroc_range_base;
extern uint64_t anyroc_range_size;
int anyroc_range_reserve(uint64_t wanted);
int anyroc_range_commit(uint64_t address, uint64_t size);
int anyroc_range_decommit(uint64_t address, uint64_t size);

void range_after_fork(void);
void hot_after_fork(void);
void fault_after_fork(void);

#endif
