/* Small synchronisation tools over the futex system call: a lock that spins a little before it
 * sleeps, waiting for a word to change, a steady clock. */
#ifndef ANYROC_SYNC_H
#define ANYROC_SYNC_H

#include <errno.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static inline void cpu_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* Nanoseconds on CLOCK_MONOTONIC. */
static inline uint64_t clock_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Sleeps while *word == value; timeout_ns < 0 waits for ever. Returns 0 or an errno value. */
static inline int futex_wait(_Atomic uint32_t *word, uint32_t value, int64_t timeout_ns) {
  struct timespec limit, *timeout = NULL;
  if (timeout_ns >= 0) {
    limit.tv_sec = timeout_ns / 1000000000;
    limit.tv_nsec = timeout_ns % 1000000000;
    timeout = &limit;
  }
  return syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, timeout, NULL, 0) == 0 ? 0 : errno;
}

static inline void futex_wake(_Atomic uint32_t *word, int count) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

/* 0: free, 1: held, 2: held and somebody sleeps. */
struct lock {
  _Atomic uint32_t word;
};

static inline void lock_take(struct lock *lock) {
  for (int spin = 0; spin < 200; spin++) {
    uint32_t expected = 0;
    if (atomic_load_explicit(&lock->word, memory_order_relaxed) == 0 &&
        atomic_compare_exchange_weak_explicit(&lock->word, &expected, 1, memory_order_acquire,
                                              memory_order_relaxed))
      return;
    cpu_pause();
  }
  while (atomic_exchange_explicit(&lock->word, 2, memory_order_acquire) != 0)
    futex_wait(&lock->word, 2, -1);
}

static inline void lock_give(struct lock *lock) {
  if (atomic_exchange_explicit(&lock->word, 0, memory_order_release) == 2)
    futex_wake(&lock->word, 1);
}

#endif
