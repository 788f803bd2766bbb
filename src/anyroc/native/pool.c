/* The worker threads: they take queues that are ready and jobs that are shared.
 *
 * One lock guards the lists; it is held for a few instructions at a time. At most one idle worker
 * spins for new work, briefly; the others sleep. Host functions that a stream calls run on a thread
 * of their own, so that a slow one (or one that waits for Python) keeps no worker from its work. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "memory.h"

#define SPIN_NS 20000
#define PROBE 16
#define WORKER_STACK (4u << 20)
#define MAX_WORKERS 1024
#define MOST_EXTRA 64

struct anyroc_options anyroc_options;
_Atomic uint32_t anyroc_stopping;

struct call_list {
  struct command *first, *last;
  _Atomic uint32_t arrivals, sleepers, vain_spins; /* as those of the pool */
  uint32_t started;
};

static struct {
  struct lock lock;
  uint32_t started; /* workers that run */
  uint32_t extra;   /* and those that pool_relieve started */
  struct job *jobs;
  struct anyroc_queue *ready_first, *ready_last;
  struct anyroc_queue *all;
  _Atomic uint32_t arrivals; /* futex word that moves when work arrives */
  _Atomic uint32_t sleepers, spinning;
  _Atomic uint32_t vain_spins; /* since one last was rewarded */
  struct call_list calls;
  struct worker *waiter; /* what a host thread is while it runs what it waits for */
  int waiter_busy;
  _Atomic uint64_t unfinished; /* commands of all queues */
  int fork_hooks;
} pool;

void pool_lock(void) { lock_take(&pool.lock); }
void pool_unlock(void) { lock_give(&pool.lock); }

int pool_busy(void) { return atomic_load_explicit(&pool.unfinished, memory_order_relaxed) != 0; }

/* With the lock held. */
static void count_unfinished(uint64_t change) {
  uint64_t before = atomic_load_explicit(&pool.unfinished, memory_order_relaxed);
  atomic_store_explicit(&pool.unfinished, before + change, memory_order_relaxed);
}

uint32_t pool_threads(void) {
  if (anyroc_options.threads == 0) {
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    anyroc_options.threads = (uint32_t)(count > 0 ? count : 1);
  }
  return anyroc_options.threads < MAX_WORKERS ? anyroc_options.threads : MAX_WORKERS;
}

static void announce(uint32_t count) {
  if (count == 0) return;
  atomic_fetch_add(&pool.arrivals, 1);
  uint32_t sleepers = atomic_load(&pool.sleepers);
  if (sleepers == 0) return;
  if (atomic_load(&pool.spinning) && --count == 0) return;
  futex_wake(&pool.arrivals, (int)count);
}

/* ---- queues ---- */

static void make_ready(struct anyroc_queue *queue) {
  queue->state = QUEUE_READY;
  queue->following = NULL;
  if (pool.ready_last != NULL)
    pool.ready_last->following = queue;
  else
    pool.ready_first = queue;
  pool.ready_last = queue;
}

static struct anyroc_queue *take_ready(void) {
  struct anyroc_queue *queue = pool.ready_first;
  if (queue != NULL) {
    pool.ready_first = queue->following;
    if (pool.ready_first == NULL) pool.ready_last = NULL;
  }
  return queue;
}

void pool_add_queue(struct anyroc_queue *queue) {
  pool_lock();
  queue->next_all = pool.all;
  if (pool.all != NULL) pool.all->previous_all = queue;
  pool.all = queue;
  pool_unlock();
}

static void free_queue(struct anyroc_queue *queue) {
  if (queue->next_all != NULL) queue->next_all->previous_all = queue->previous_all;
  if (queue->previous_all != NULL)
    queue->previous_all->next_all = queue->next_all;
  else
    pool.all = queue->next_all;
  anyroc_queue_clear_fault(queue);
  free(queue->fault.vgprs);
  free(queue);
}

void pool_drop_queue(struct anyroc_queue *queue) {
  pool_lock();
  queue->closed = 1;
  if (queue->state == QUEUE_IDLE) free_queue(queue);
  pool_unlock();
}

/* The command is done: count it and wake who waits. With the lock held. */
static void complete(struct anyroc_queue *queue, struct command *command) {
  free(command);
  count_unfinished(-1ull);
  atomic_fetch_add(&queue->completed, 1);
  atomic_fetch_add(&queue->progress, 1);
  if (atomic_load(&queue->sleepers) != 0) futex_wake(&queue->progress, INT32_MAX);
}

static void finish_record(struct marker *marker) {
  marker->time_ns = clock_ns();
  atomic_store(&marker->done, 1);
  futex_wake(&marker->done, INT32_MAX);
  struct anyroc_queue *queue = marker->waiting;
  marker->waiting = NULL;
  uint32_t woken = 0;
  while (queue != NULL) {
    struct anyroc_queue *following = queue->following;
    make_ready(queue);
    woken++;
    queue = following;
  }
  marker_release(marker);
  announce(woken);
}

static int hand_to_caller(struct command *command);

/* Runs what the queue holds until it is empty, has to wait, or others want their turn. With the
 * lock held, which is given up while a command runs. */
static void advance(struct anyroc_queue *queue, struct worker *worker) {
  for (;;) {
    struct command *command = queue->first;
    if (command == NULL) {
      queue->state = QUEUE_IDLE;
      if (queue->closed) free_queue(queue);
      return;
    }
    if (command->kind == COMMAND_WAIT) {
      struct marker *marker = ((struct event_command *)command)->marker;
      if (!atomic_load(&marker->done)) {
        queue->state = QUEUE_PARKED;
        queue->following = marker->waiting;
        marker->waiting = queue;
        return;
      }
      marker_release(marker);
    }
    queue->state = QUEUE_ACTIVE;
    queue->first = command->following;
    if (queue->first == NULL) queue->last = NULL;
    int done = 1;
    switch (command->kind) {
      case COMMAND_LAUNCH:
      case COMMAND_BLOCK:
        pool_unlock();
        done = command->kind == COMMAND_LAUNCH ? launch_execute(command, worker)
                                               : block_execute(command, worker);
        pool_lock();
        break;
      case COMMAND_RECORD:
        finish_record(((struct event_command *)command)->marker);
        break;
      case COMMAND_WAIT:
        break;
      case COMMAND_CALL:
        done = !hand_to_caller(command);
        break;
      case COMMAND_FREE:
        pool_unlock();
        memory_free_released(((struct free_command *)command)->base,
                             ((struct free_command *)command)->number);
        pool_lock();
        break;
    }
    if (!done) return;
    complete(queue, command);
    if (pool.ready_first != NULL) {
      make_ready(queue);
      return;
    }
  }
}

/* ---- shared jobs ---- */

static struct job *find_job(void) {
  for (struct job *job = pool.jobs; job != NULL; job = job->following)
    if (atomic_load_explicit(&job->next, memory_order_relaxed) < job->total) return job;
  return NULL;
}

static int leave_job(struct job *job) {
  if (--job->active != 0) return 0;
  struct job **link = &pool.jobs;
  while (*link != NULL && *link != job) link = &(*link)->following;
  if (*link != NULL) *link = job->following;
  return 1;
}

int pool_run(struct job *job, struct worker *worker, uint32_t helpers) {
  if (helpers != 0) {
    pool_lock();
    job->active = 1;
    job->following = pool.jobs;
    pool.jobs = job;
    pool_unlock();
    announce(helpers);
  }
  job->run(job, worker);
  if (helpers != 0) {
    pool_lock();
    int last = leave_job(job);
    pool_unlock();
    if (!last) return 0;
  }
  job->finish(job);
  return 1;
}

static void join(struct job *job, struct worker *worker) {
  job->active++;
  pool_unlock();
  job->run(job, worker);
  pool_lock();
  if (!leave_job(job)) return;
  struct anyroc_queue *queue = job->queue;
  struct command *command = job->command;
  pool_unlock();
  job->finish(job);
  pool_lock();
  complete(queue, command);
  make_ready(queue);
}

/* ---- threads ---- */

/* Spins for work if that was of use lately; else, but for one time in PROBE, does nothing. */
static void spin(_Atomic uint32_t *arrivals, uint32_t seen, _Atomic uint32_t *vain_spins) {
  uint32_t vain = atomic_load_explicit(vain_spins, memory_order_relaxed);
  if (vain % PROBE <= 1) {
    uint64_t limit = clock_ns() + SPIN_NS;
    while (atomic_load(arrivals) == seen && clock_ns() < limit)
      for (int i = 0; i < 16; i++) cpu_pause();
    if (atomic_load(arrivals) != seen) vain = UINT32_MAX;
  }
  atomic_store_explicit(vain_spins, vain + 1, memory_order_relaxed);
}

static void sleep_until(_Atomic uint32_t *arrivals, uint32_t seen, _Atomic uint32_t *sleepers) {
  if (atomic_load(arrivals) != seen) return;
  atomic_fetch_add(sleepers, 1);
  futex_wait(arrivals, seen, -1);
  atomic_fetch_sub(sleepers, 1);
}

static void idle(void) {
  uint32_t seen = atomic_load(&pool.arrivals);
  uint32_t nobody = 0;
  int alone = atomic_compare_exchange_strong(&pool.spinning, &nobody, 1);
  pool_unlock();
  if (alone) {
    spin(&pool.arrivals, seen, &pool.vain_spins);
    atomic_store(&pool.spinning, 0);
  }
  sleep_until(&pool.arrivals, seen, &pool.sleepers);
  pool_lock();
}

/* With the lock held; whether the worker is one of those that pool_relieve started. */
static int superfluous(const struct worker *worker) { return worker->index >= pool_threads(); }

static void *work(void *argument) {
  struct worker *worker = argument;
  anyroc_guard_thread();
  pool_lock();
  for (;;) {
    struct job *job = find_job();
    if (job != NULL) {
      join(job, worker);
      continue;
    }
    struct anyroc_queue *queue = take_ready();
    if (queue == NULL && superfluous(worker)) break;
    if (queue == NULL) {
      idle();
      continue;
    }
    if (pool.ready_first != NULL) announce(1);
    advance(queue, worker);
  }
  pool.extra--;
  pool_unlock();
  worker_free(worker);
  anyroc_guard_thread_end();
  return NULL;
}

static void *call(void *argument) {
  (void)argument;
  pool_lock();
  for (;;) {
    struct command *command = pool.calls.first;
    if (command == NULL) {
      uint32_t seen = atomic_load(&pool.calls.arrivals);
      pool_unlock();
      spin(&pool.calls.arrivals, seen, &pool.calls.vain_spins);
      sleep_until(&pool.calls.arrivals, seen, &pool.calls.sleepers);
      pool_lock();
      continue;
    }
    pool.calls.first = command->following;
    if (pool.calls.first == NULL) pool.calls.last = NULL;
    pool_unlock();
    struct call_command *what = (struct call_command *)command;
    what->function(what->argument);
    pool_lock();
    struct anyroc_queue *queue = command->queue;
    complete(queue, command);
    if (queue->first == NULL && !queue->closed) {
      queue->state = QUEUE_IDLE;
    } else {
      make_ready(queue);
      announce(1);
    }
  }
  return NULL;
}

/* Starts a thread that no signal of the process is delivered to, save those it causes itself. */
static int start_thread(void *(*body)(void *), void *argument, const char *name, uint32_t index) {
  sigset_t all, before;
  sigfillset(&all);
  sigdelset(&all, SIGSEGV);
  sigdelset(&all, SIGBUS);
  sigdelset(&all, SIGFPE);
  sigdelset(&all, SIGILL);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, WORKER_STACK);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  int result = pthread_create(&thread, &attributes, body, argument);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  if (result == 0) {
    char title[16];
    snprintf(title, sizeof title, "%s-%u", name, index);
    pthread_setname_np(thread, title);
  }
  return result == 0;
}

static void add_call(struct command *command) {
  command->following = NULL;
  if (pool.calls.last != NULL)
    pool.calls.last->following = command;
  else
    pool.calls.first = command;
  pool.calls.last = command;
  atomic_fetch_add(&pool.calls.arrivals, 1);
}

static void wake_caller(void) {
  if (atomic_load(&pool.calls.sleepers) != 0) futex_wake(&pool.calls.arrivals, 1);
}

/* Whether the thread for host functions takes the command; if there is none, it has been run. */
static int hand_to_caller(struct command *command) {
  if (!pool.calls.started)
    pool.calls.started = (uint32_t)start_thread(call, NULL, "anyroc-call", 0);
  if (!pool.calls.started) {
    struct call_command *what = (struct call_command *)command;
    pool_unlock();
    what->function(what->argument);
    pool_lock();
    return 0;
  }
  add_call(command);
  wake_caller();
  return 1;
}

/* ---- fork ---- */

static void drop_commands(struct anyroc_queue *queue) {
  for (struct command *command = queue->first, *following; command != NULL; command = following) {
    following = command->following;
    if (command->kind == COMMAND_RECORD)
      atomic_store(&((struct event_command *)command)->marker->done, 1);
    if (command->kind == COMMAND_RECORD || command->kind == COMMAND_WAIT)
      marker_release(((struct event_command *)command)->marker);
    free(command);
  }
  queue->first = queue->last = NULL;
  queue->state = QUEUE_IDLE;
  atomic_store(&queue->completed, atomic_load(&queue->submitted));
  atomic_store(&queue->sleepers, 0);
  atomic_store(&queue->ring_lock.word, 0);
  atomic_store(&queue->ring_tail, queue->ring_head);
}

/* A child has none of the threads: what was queued is the parent's to do, and the pool starts anew
 * with the child's first command. */
static void after_fork(void) {
  for (struct anyroc_queue *queue = pool.all; queue != NULL; queue = queue->next_all)
    drop_commands(queue);
  pool.started = pool.extra = 0;
  pool.jobs = NULL;
  pool.ready_first = pool.ready_last = NULL;
  pool.calls.first = pool.calls.last = NULL;
  pool.calls.started = 0;
  atomic_store(&pool.calls.sleepers, 0);
  pool.waiter_busy = 0;
  atomic_store(&pool.unfinished, 0);
  atomic_store(&pool.sleepers, 0);
  atomic_store(&pool.spinning, 0);
  atomic_store(&pool.lock.word, 0);
  range_after_fork();
  hot_after_fork();
  fault_after_fork();
}

/* ---- submission ---- */

static int start_workers(void) {
  if (!pool.fork_hooks) pool.fork_hooks = pthread_atfork(pool_lock, pool_unlock, after_fork) == 0;
  anyroc_guard_process();
  uint32_t wanted = pool_threads();
  while (pool.started < wanted) {
    struct worker *worker = worker_make(pool.started);
    if (worker == NULL) break;
    if (!start_thread(work, worker, "anyroc", pool.started)) {
      worker_free(worker);
      break;
    }
    pool.started++;
  }
  if (pool.started != 0 && pool.started < wanted) anyroc_options.threads = pool.started;
  return pool.started != 0 ? ANYROC_OK : ANYROC_NO_MEMORY;
}

/* A worker whose workgroups only spin calls this: if what they wait for may be in a queue that
 * nobody has time for, one more worker starts, for as long as there is work. */
void pool_relieve(void) {
  pool_lock();
  if (pool.ready_first != NULL && atomic_load(&pool.sleepers) == 0 &&
      !atomic_load(&pool.spinning) && pool.extra < MOST_EXTRA) {
    struct worker *worker = worker_make(pool_threads() + pool.extra);
    if (worker != NULL && start_thread(work, worker, "anyroc-extra", pool.extra))
      pool.extra++;
    else if (worker != NULL)
      worker_free(worker);
  }
  pool_unlock();
}

static void count_submitted(struct anyroc_queue *queue, const struct command *command) {
  atomic_fetch_add(&queue->submitted, 1);
  count_unfinished(1);
  if (command->kind != COMMAND_RECORD && command->kind != COMMAND_FREE)
    atomic_fetch_add(&queue->work, 1);
}

int pool_submit(struct anyroc_queue *queue, struct command *command) {
  command->queue = queue;
  command->following = NULL;
  int result = ANYROC_OK, woken = 0, called = 0;
  pool_lock();
  if (pool.started == 0) result = start_workers();
  if (result == ANYROC_OK && queue->state == QUEUE_IDLE && command->kind == COMMAND_CALL &&
      pool.calls.started) {
    /* Nothing is before it: no worker need hand it over. */
    queue->state = QUEUE_ACTIVE;
    atomic_store(&queue->waiter_runs, 0);
    count_submitted(queue, command);
    add_call(command);
    called = 1;
  } else if (result == ANYROC_OK) {
    if (queue->last != NULL)
      queue->last->following = command;
    else
      queue->first = command;
    queue->last = command;
    count_submitted(queue, command);
    if (queue->state == QUEUE_IDLE) {
      make_ready(queue);
      queue->left_to_waiter = atomic_exchange(&queue->waiter_runs, 0);
      woken = !queue->left_to_waiter;
    }
  }
  pool_unlock();
  if (woken) announce(1);
  if (called) wake_caller();
  return result;
}

static int withdraw(struct anyroc_queue *queue) {
  struct anyroc_queue *before = NULL, *at = pool.ready_first;
  for (; at != NULL && at != queue; at = at->following) before = at;
  if (at == NULL) return 0;
  *(before != NULL ? &before->following : &pool.ready_first) = at->following;
  if (pool.ready_last == at) pool.ready_last = before;
  return 1;
}

/* Lets the calling thread, which is going to wait for the queue, run the command that was left to
 * it: for a short kernel that takes less time than waking a worker and being woken by it. */
void pool_help(struct anyroc_queue *queue) {
  pool_lock();
  if (queue->left_to_waiter && !pool.waiter_busy) {
    queue->left_to_waiter = 0;
    if (pool.waiter == NULL) pool.waiter = worker_make(0);
    if (pool.waiter != NULL && queue->state == QUEUE_READY && withdraw(queue)) {
      pool.waiter_busy = 1;
      advance(queue, pool.waiter);
      pool.waiter_busy = 0;
    }
  }
  int rest = pool.ready_first != NULL;
  pool_unlock();
  if (rest) announce(1);
}
