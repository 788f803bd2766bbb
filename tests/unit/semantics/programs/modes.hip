// Rounding directions and flushed denormals as kernels ask for them, against the host's.
#include <hip/hip_runtime.h>

#include <cfenv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>

constexpr int COUNT = 1024;

struct Operands {
  float a, b, c;
  double x, y, z;
};
struct Results {
  float single[4];
  double dbl[3];
};

// In one piece of assembly, so that the compiler moves nothing across the change of mode.
#define ARITHMETIC(SET, OPERAND)                                                                  \
  asm volatile(SET                                                                                \
               "v_add_f32 %0, %7, %8\n\t"                                                         \
               "v_mul_f32 %1, %7, %8\n\t"                                                         \
               "v_fma_f32 %2, %7, %8, %9\n\t"                                                     \
               "v_cvt_f32_f64 %3, %10\n\t"                                                        \
               "v_add_f64 %4, %10, %11\n\t"                                                       \
               "v_mul_f64 %5, %10, %11\n\t"                                                       \
               "v_fma_f64 %6, %10, %11, %12\n\t"                                                  \
               "s_setreg_imm32_b32 hwreg(HW_REG_MODE, 0, 4), 0"                                   \
               : "=&v"(r.single[0]), "=&v"(r.single[1]), "=&v"(r.single[2]), "=&v"(r.single[3]),  \
                 "=&v"(r.dbl[0]), "=&v"(r.dbl[1]), "=&v"(r.dbl[2])                                \
               : "v"(o.a), "v"(o.b), "v"(o.c), "v"(o.x), "v"(o.y), "v"(o.z), "s"(OPERAND))

template <int MODE>
__global__ void constant(const Operands* in, Results* out) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  Operands o = in[i];
  Results r;
  if (MODE == 0) ARITHMETIC("s_setreg_imm32_b32 hwreg(HW_REG_MODE, 0, 4), 0\n\t", 0);
  if (MODE == 1) ARITHMETIC("s_setreg_imm32_b32 hwreg(HW_REG_MODE, 0, 4), 5\n\t", 0);
  if (MODE == 2) ARITHMETIC("s_setreg_imm32_b32 hwreg(HW_REG_MODE, 0, 4), 10\n\t", 0);
  if (MODE == 3) ARITHMETIC("s_setreg_imm32_b32 hwreg(HW_REG_MODE, 0, 4), 15\n\t", 0);
  out[i] = r;
}

__global__ void value(const Operands* in, Results* out, int mode) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  Operands o = in[i];
  Results r;
  ARITHMETIC("s_setreg_b32 hwreg(HW_REG_MODE, 0, 4), %13\n\t", mode * 5);
  out[i] = r;
}

// Ways through the code that disagree about the mode.
__global__ void diverging(const Operands* in, Results* out) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  Operands o = in[i];
  Results r;
  ARITHMETIC(
      "s_cmp_eq_u32 %13, 0\n\t"
      "s_cbranch_scc1 1f\n\t"
      "s_setreg_imm32_b32 hwreg(HW_REG_MODE, 0, 4), 5\n\t"
      "s_branch 2f\n\t"
      "1:\n\t"
      "s_setreg_imm32_b32 hwreg(HW_REG_MODE, 0, 4), 10\n\t"
      "2:\n\t",
      blockIdx.x & 1);
  out[i] = r;
}

// C's numbers: 0 toward zero, 1 to nearest, 2 up, 3 down.
__global__ void standard(const Operands* in, Results* out, int rounds, int* seen) {
#pragma STDC FENV_ACCESS ON
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  Operands o = in[i];
  __builtin_set_flt_rounds(rounds);
  out[i].single[0] = o.a + o.b;
  out[i].single[1] = o.a * o.b;
  out[i].single[2] = __builtin_fmaf(o.a, o.b, o.c);
  if (i == 0) *seen = __builtin_flt_rounds();
}

__global__ void plain(const Operands* in, Results* out) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  Operands o = in[i];
  Results r = {};
  r.single[0] = o.a + o.b;
  r.single[1] = o.a * o.b;
  r.single[2] = __builtin_fmaf(o.a, o.b, o.c);
  r.single[3] = o.a / o.b;
  r.dbl[0] = o.x + o.y;
  out[i] = r;
}

static void host(const Operands& operands, Results& results, int direction) {
  volatile Operands o;
  volatile Results r;
  std::memcpy(const_cast<Operands*>(&o), &operands, sizeof o);
  fesetround(direction);
  r.single[0] = o.a + o.b;
  r.single[1] = o.a * o.b;
  r.single[2] = std::fma(o.a, o.b, o.c);
  r.single[3] = static_cast<float>(o.x);
  r.dbl[0] = o.x + o.y;
  r.dbl[1] = o.x * o.y;
  r.dbl[2] = std::fma(o.x, o.y, o.z);
  fesetround(FE_TONEAREST);
  std::memcpy(&results, const_cast<Results*>(&r), sizeof r);
}

#ifdef FLUSHED
static float flush(float v) {
  return std::fabs(v) < 0x1p-126f ? std::copysign(0.0f, v) : v;
}
#else
static float flush(float v) { return v; }
#endif

static void host_plain(const Operands& o, Results& r) {
  float a = flush(o.a), b = flush(o.b), c = flush(o.c);
  r = {};
  r.single[0] = flush(a + b);
  r.single[1] = flush(a * b);
  r.single[2] = flush(std::fma(a, b, c));
  r.single[3] = flush(a / b);
  r.dbl[0] = o.x + o.y;
}

static uint64_t state = 88172645463325252ull;
static uint64_t random_bits() {
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}

static float random_float(int near) {
  uint32_t word = static_cast<uint32_t>(random_bits() >> 16);
  if (near) word = (word & 0x807fffff) | (100 + (word >> 23) % near) << 23;
  if (random_bits() % 4 == 0) word &= 0x807fffff;  // a denormal
  float v;
  std::memcpy(&v, &word, 4);
  return v;
}

static double random_double(int near) {
  uint64_t word = random_bits();
  if (near) word = (word & 0x800fffffffffffffull) | (1000 + (word >> 52) % near) << 52;
  double v;
  std::memcpy(&v, &word, 8);
  return v;
}

static int failures = 0;

template <class T, int N>
static void compare(const char* what, int i, const T (&want)[N], const T (&got)[N]) {
  for (int k = 0; k < N; ++k) {
    if (want[k] != want[k] && got[k] != got[k]) continue;
    if (std::memcmp(&want[k], &got[k], sizeof(T)) != 0 && failures++ < 5)
      std::printf("%s, case %d, result %d: expected %a, got %a\n", what, i, k,
                  static_cast<double>(want[k]), static_cast<double>(got[k]));
  }
}

static void check(const char* what, const Operands* in, const Results* out, int direction,
                  int other) {
  for (int i = 0; i < COUNT; ++i) {
    Results want;
    host(in[i], want, i / 64 & 1 ? other : direction);
    compare(what, i, want.single, out[i].single);
    compare(what, i, want.dbl, out[i].dbl);
  }
}

int main() {
  Operands* in;
  Results* out;
  int* seen;
  (void)hipMallocManaged(&in, COUNT * sizeof *in);
  (void)hipMallocManaged(&out, COUNT * sizeof *out);
  (void)hipMallocManaged(&seen, sizeof *seen);
  for (int i = 0; i < COUNT; ++i) {
    int near = i % 3 ? 30 : 0;
    in[i] = {random_float(near), random_float(near), random_float(near),
             random_double(near), random_double(near), random_double(near)};
  }
  const int directions[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
#ifndef FLUSHED
  const int standards[] = {1, 2, 3, 0};
  void (*constants[])(const Operands*, Results*) = {constant<0>, constant<1>, constant<2>,
                                                    constant<3>};
  for (int mode = 0; mode < 4; ++mode) {
    constants[mode]<<<COUNT / 64, 64>>>(in, out);
    (void)hipDeviceSynchronize();
    check("constant", in, out, directions[mode], directions[mode]);
    value<<<COUNT / 64, 64>>>(in, out, mode);
    (void)hipDeviceSynchronize();
    check("value", in, out, directions[mode], directions[mode]);
    standard<<<COUNT / 64, 64>>>(in, out, standards[mode], seen);
    (void)hipDeviceSynchronize();
    check("standard", in, out, directions[mode], directions[mode]);
    if (*seen != standards[mode] && failures++ < 5)
      std::printf("flt_rounds: expected %d, got %d\n", standards[mode], *seen);
  }
  diverging<<<COUNT / 64, 64>>>(in, out);
  (void)hipDeviceSynchronize();
  check("diverging", in, out, FE_DOWNWARD, FE_UPWARD);
#endif
  plain<<<COUNT / 64, 64>>>(in, out);
  (void)hipDeviceSynchronize();
  for (int i = 0; i < COUNT; ++i) {
    Results want;
    host_plain(in[i], want);
    compare("plain", i, want.single, out[i].single);
    compare("plain", i, want.dbl, out[i].dbl);
  }
  std::printf(failures ? "FAIL: %d\n" : "PASS\n", failures);
  return failures != 0;
}
