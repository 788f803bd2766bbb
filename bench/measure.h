/* What the native and the CUDA side of the benchmarks share: inputs, clocks and the report. */
#pragma once

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The same number in [0, 1) for the same index on every side (bench/opencl.py has it too). */
static inline float input(uint32_t i)
{
    return (float)((i * 2654435761u) >> 8) / 16777216.0f;
}

static inline double seconds_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static inline long peak_kilobytes(void)
{
    char line[256];
    long kilobytes = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        if (strncmp(line, "VmHWM:", 6) == 0)
            kilobytes = atol(line + 6);
    if (status)
        fclose(status);
    return kilobytes;
}

struct timing {
    double wall, cpu; /* seconds of one run: each the least over the batches */
};

/* `run(repeats)` does the work that often and waits for the end of it. The warm-up gives those who
 * recompile what is hot the time to do so. */
static inline struct timing measure(void (*run)(int repeats))
{
    const double seconds_of_warm_up = 0.4, seconds_of_batch = 0.05;
    const int batches = 8;
    double once, begun = seconds_of(CLOCK_MONOTONIC);
    run(1);
    do {
        once = -seconds_of(CLOCK_MONOTONIC);
        run(1);
        once += seconds_of(CLOCK_MONOTONIC);
    } while (seconds_of(CLOCK_MONOTONIC) - begun < seconds_of_warm_up);
    int repeats = once < seconds_of_batch ? (int)(seconds_of_batch / (once + 1e-9)) + 1 : 1;
    struct timing least = {1e30, 1e30};
    for (int batch = 0; batch < batches; batch++) {
        double cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
        double wall = seconds_of(CLOCK_MONOTONIC);
        run(repeats);
        wall = (seconds_of(CLOCK_MONOTONIC) - wall) / repeats;
        cpu = (seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu) / repeats;
        least.wall = wall < least.wall ? wall : least.wall;
        least.cpu = cpu < least.cpu ? cpu : least.cpu;
    }
    return least;
}

/* `check` is a sum over the results: it must be the same on every side. */
static inline void report(struct timing timing, double check)
{
    printf("{\"wall\": %.9g, \"cpu\": %.9g, \"check\": %.9g, \"peak_kb\": %ld}\n", timing.wall,
           timing.cpu, check, peak_kilobytes());
}
