// Every function of functions.h on the GPU, called by its name and through a table, by whole waves
// and by lanes that each call another one, against the host's answers.
#include <hip/hip_runtime.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

#include "functions.h"

typedef u64 (*Function)(u64);
#define NAME(f) #f,
#define POINTER(f) f_##f,
#define CALL(f) \
  case __COUNTER__ - FIRST - 1: return f_##f(x);
#ifdef INTEGERS_ONLY
#define ALL(F) INTEGER_FUNCTIONS(F)
#else
#define ALL(F) INTEGER_FUNCTIONS(F) FLOAT_FUNCTIONS(F)
#endif

static const char* names[] = {ALL(NAME)};
static Function on_host[] = {ALL(POINTER)};
__device__ Function on_device[] = {ALL(POINTER)};
constexpr int COUNT = sizeof names / sizeof *names;
constexpr int ARGUMENTS = 128;

enum { FIRST = __COUNTER__ };
__device__ u64 by_name(int number, u64 x) {
  switch (number) { ALL(CALL) }
  return 0;
}

__global__ void direct(u64* results) {
  int number = blockIdx.x, i = threadIdx.x;
  results[number * ARGUMENTS + i] = by_name(number, i * 3 + number);
}
__global__ void through_table(u64* results) {
  int number = blockIdx.x, i = threadIdx.x;
  results[number * ARGUMENTS + i] = on_device[number](i * 3 + number);
}
__global__ void each_its_own(u64* results) {
  int i = threadIdx.x, number = (blockIdx.x + i) % COUNT;
  results[number * ARGUMENTS + i] = on_device[number](i * 3 + number);
}

typedef double (*Value)(u64);
#define VALUE(f) v_##f,
static const char* value_names[] = {TOLERANT_FUNCTIONS(NAME)};
static Value values_on_host[] = {TOLERANT_FUNCTIONS(VALUE)};
__device__ Value values_on_device[] = {TOLERANT_FUNCTIONS(VALUE)};
constexpr int VALUES = sizeof value_names / sizeof *value_names;

__global__ void values(double* results) {
  int number = blockIdx.x, i = threadIdx.x;
  results[number * ARGUMENTS + i] = values_on_device[number](i * 3 + number);
}

// With the freedoms of -ffast-math: within 1e-5 of the value.
static int tolerant() {
  double* results;
  (void)hipMallocManaged(&results, VALUES * ARGUMENTS * sizeof *results);
  values<<<VALUES, ARGUMENTS>>>(results);
  if (hipDeviceSynchronize()) return 1;
  int wrong = 0;
  for (int number = 0; number < VALUES; ++number)
    for (int i = 0; i < ARGUMENTS; ++i) {
      double want = values_on_host[number](i * 3 + number), got = results[number * ARGUMENTS + i];
      if (std::fabs(got - want) <= 1e-5 * std::fabs(want)) continue;
      if (wrong++ < 5) std::printf("%s(%d): expected %.9g, got %.9g\n", value_names[number], i, want, got);
    }
  return wrong;
}

int main() {
  u64* results;
  (void)hipMallocManaged(&results, COUNT * ARGUMENTS * sizeof *results);
  int wrong = 0;
  void (*kernels[])(u64*) = {direct, through_table, each_its_own};
  const char* ways[] = {"by name", "through a table", "each lane its own"};
  for (int way = 0; way < 3; ++way) {
    std::memset(results, 0x5a, COUNT * ARGUMENTS * sizeof *results);
    kernels[way]<<<COUNT, ARGUMENTS>>>(results);
    if (hipError_t error = hipDeviceSynchronize()) {
      std::printf("%s: error %d\n", ways[way], error);
      return 1;
    }
    for (int number = 0; number < COUNT; ++number) {
      int here = 0;
      for (int i = 0; i < ARGUMENTS; ++i) here += results[number * ARGUMENTS + i] != on_host[number](i * 3 + number);
      if (here) std::printf("%s, %s: %d of %d differ\n", names[number], ways[way], here, ARGUMENTS);
      wrong += here;
    }
  }
  wrong += tolerant();
  std::printf("%d functions, %d wrong\n", COUNT, wrong);
  return wrong != 0;
}
