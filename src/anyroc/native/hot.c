/* Kernels that have kept the workers busy, for the host to make faster code for.
 *
 * Workers account the time that they spend in each kernel and shape of launch; what passes the
 * threshold is handed, once, to a thread of the host that waits here. */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime.h"

#define HOT_NS 50000000
#define MOST_WAITING 256
#define STOP_NS 2000000000ull /* how long the process's exit waits for a compiler at work */

struct hot {
  struct anyroc_kernel *kernel;
  uint32_t shape;
};

static struct {
  struct lock lock;
  struct hot waiting[MOST_WAITING];
  uint32_t first, count;
  _Atomic uint32_t changes; /* futex word */
  _Atomic uint32_t busy, stopped;
  uint64_t deadline; /* for the compiler, once stopped */
} hot;

static void changed(void) {
  atomic_fetch_add(&hot.changes, 1);
  futex_wake(&hot.changes, INT32_MAX);
}

void hot_note(struct anyroc_kernel *kernel, uint32_t shape, uint64_t ns) {
  uint64_t before =
      atomic_fetch_add_explicit(&kernel->shape_ns[shape], ns, memory_order_relaxed);
  if (before >= HOT_NS || before + ns < HOT_NS || !(kernel->improvable >> shape & 1)) return;
  lock_take(&hot.lock);
  if (hot.count < MOST_WAITING)
    hot.waiting[(hot.first + hot.count++) % MOST_WAITING] = (struct hot){kernel, shape};
  lock_give(&hot.lock);
  changed();
}

/* Waits for a hot kernel; 0 when there will be none any more. anyroc_hot_done must follow. */
int anyroc_hot_wait(struct anyroc_kernel **kernel, uint32_t *shape) {
  for (;;) {
    uint32_t seen = atomic_load(&hot.changes);
    lock_take(&hot.lock);
    int found = hot.count != 0 && !atomic_load(&hot.stopped);
    if (found) {
      *kernel = hot.waiting[hot.first].kernel;
      *shape = hot.waiting[hot.first].shape;
      hot.first = (hot.first + 1) % MOST_WAITING;
      hot.count--;
      atomic_store(&hot.busy, 1);
    }
    lock_give(&hot.lock);
    if (found) return 1;
    if (atomic_load(&hot.stopped)) return 0;
    futex_wait(&hot.changes, seen, -1);
  }
}

void anyroc_hot_done(void) {
  atomic_store(&hot.busy, 0);
  changed();
}

/* Hands out no more kernels and waits until the one handed out is done. */
void anyroc_hot_stop(void) {
  lock_take(&hot.lock);
  if (!atomic_load(&hot.stopped)) hot.deadline = clock_ns() + STOP_NS;
  atomic_store(&hot.stopped, 1);
  lock_give(&hot.lock);
  changed();
  for (;;) {
    uint32_t seen = atomic_load(&hot.changes);
    if (!atomic_load(&hot.busy) || clock_ns() >= hot.deadline) return;
    futex_wait(&hot.changes, seen, 10000000);
  }
}

/* The compiler's destructors, which come after this, must not run while it is at work: a process that has
 * waited for long enough ends without them. */
static void leave(int status, void *unused) {
  (void)unused;
  anyroc_hot_stop();
  if (!atomic_load(&hot.busy)) return;
  fflush(NULL);
  _exit(status);
}

/* To be called when the compiler is loaded. */
void anyroc_hot_start(void) { on_exit(leave, NULL); }

int __cxa_thread_atexit_impl(void (*function)(void *), void *argument, void *library);

static void main_thread_ends(void *unused) {
  (void)unused;
  on_exit(leave, NULL);
}

/* The compiler registers destructors while it is at work, too. What the main thread does at its end comes
 * before all that is registered for the exit: there, when nothing is registered any more, `leave`
 * takes its place ahead of them. */
void anyroc_hot_guard(void) {
  static _Atomic uint32_t guarded;
  if (gettid() == getpid() && !atomic_exchange(&guarded, 1))
    __cxa_thread_atexit_impl(main_thread_ends, NULL, &hot);
}

void hot_after_fork(void) {
  atomic_store(&hot.lock.word, 0);
  atomic_store(&hot.busy, 0);
  hot.count = 0;
}
