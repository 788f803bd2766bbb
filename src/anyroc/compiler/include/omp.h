/* OpenMP's functions for a program compiled without it, whose directives are ignored: one thread. */
#pragma once

#if defined(_OPENMP)
#include_next <omp.h>
#else

#include <time.h>

typedef struct {
    int held;
} omp_lock_t;
typedef omp_lock_t omp_nest_lock_t;
typedef enum {
    omp_sched_static = 1,
    omp_sched_dynamic = 2,
    omp_sched_guided = 3,
    omp_sched_auto = 4
} omp_sched_t;

#define ANYROC_OMP(result, name, parameters, ...)     \
    static inline result name parameters              \
    {                                                 \
        __VA_ARGS__                                   \
    }
ANYROC_OMP(int, omp_get_thread_num, (void), return 0;)
ANYROC_OMP(int, omp_get_num_threads, (void), return 1;)
ANYROC_OMP(int, omp_get_max_threads, (void), return 1;)
ANYROC_OMP(int, omp_get_num_procs, (void), return 1;)
ANYROC_OMP(int, omp_get_thread_limit, (void), return 1;)
ANYROC_OMP(int, omp_in_parallel, (void), return 0;)
ANYROC_OMP(int, omp_get_dynamic, (void), return 0;)
ANYROC_OMP(int, omp_get_nested, (void), return 0;)
ANYROC_OMP(int, omp_get_level, (void), return 0;)
ANYROC_OMP(int, omp_get_active_level, (void), return 0;)
ANYROC_OMP(int, omp_get_max_active_levels, (void), return 1;)
ANYROC_OMP(void, omp_set_num_threads, (int count), (void)count;)
ANYROC_OMP(void, omp_set_dynamic, (int on), (void)on;)
ANYROC_OMP(void, omp_set_nested, (int on), (void)on;)
ANYROC_OMP(void, omp_set_max_active_levels, (int levels), (void)levels;)
ANYROC_OMP(void, omp_set_schedule, (omp_sched_t kind, int chunk), (void)kind; (void)chunk;)
ANYROC_OMP(void, omp_init_lock, (omp_lock_t *lock), lock->held = 0;)
ANYROC_OMP(void, omp_destroy_lock, (omp_lock_t *lock), lock->held = 0;)
ANYROC_OMP(void, omp_set_lock, (omp_lock_t *lock), lock->held = 1;)
ANYROC_OMP(void, omp_unset_lock, (omp_lock_t *lock), lock->held = 0;)
ANYROC_OMP(int, omp_test_lock, (omp_lock_t *lock), return lock->held ? 0 : (lock->held = 1);)
ANYROC_OMP(double, omp_get_wtick, (void), return 1e-9;)
ANYROC_OMP(double, omp_get_wtime, (void), struct timespec now; clock_gettime(CLOCK_MONOTONIC, &now);
           return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;)
#undef ANYROC_OMP

#endif
