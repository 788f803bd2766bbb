// Kernels for comparing disassemblers: many kinds of instruction, no headers, no meaning.
#define KERNEL extern "C" __attribute__((global)) void
typedef _Float16 half;
typedef half half2 __attribute__((ext_vector_type(2)));
typedef half half4 __attribute__((ext_vector_type(4)));
typedef half half8 __attribute__((ext_vector_type(8)));
typedef half half16 __attribute__((ext_vector_type(16)));
typedef float float2v __attribute__((ext_vector_type(2)));
typedef float float4v __attribute__((ext_vector_type(4)));
typedef float float8v __attribute__((ext_vector_type(8)));
typedef float float16v __attribute__((ext_vector_type(16)));
typedef short short2v __attribute__((ext_vector_type(2)));
typedef unsigned char u8;
typedef unsigned long long u64;

__attribute__((device)) static unsigned tid() { return __builtin_amdgcn_workitem_id_x(); }

KERNEL floats(float *a, double *d, half *h) {
  unsigned i = tid() + __builtin_amdgcn_workgroup_id_x() * 64;
  float x = a[i], y = a[i + 1];
  double u = d[i], v = d[i + 7];
  half p = h[i], q = h[i + 3];
  a[i] = __builtin_sqrtf(x) / y + __builtin_floorf(x * 0.15915494f) - __builtin_fabsf(y);
  a[i + 64] = __builtin_fminf(__builtin_fmaxf(x, -4.0f), y) * 3.25f + (x < y ? x : 2.0f);
  d[i] = u / v + __builtin_fma(u, v, 1.5) - __builtin_trunc(v) * (double)x;
  h[i] = p * q + (half)2.0f - (p > q ? p : (half)0.5f);
  h[i + 64] = (half)(x + (float)p);
}

KERNEL packed(half2 *h, short2v *s, float2v *f) {
  unsigned i = tid();
  h[i] = h[i] * h[i + 1] + h[i + 2];
  s[i] = s[i] + s[i + 1] * (short)3;
  f[i] = f[i] * f[i + 1] + f[i + 2];
}

KERNEL integers(int *a, unsigned *b, u64 *c, u8 *e, short *s) {
  unsigned i = tid();
  int x = a[i];
  unsigned y = b[i];
  u64 z = c[i];
  a[i] = x / 7 + (x >> 3) * (int)(y & 0xffff) - (x ^ 0x12345678) % 11;
  b[i] = (y << (x & 31)) | (y >> 5) + __builtin_popcount(y) + __builtin_clz(y | 1) + __builtin_bswap32(y);
  c[i] = z * (u64)y + (z >> 7) - (z / (y | 1)) + (u64)__builtin_ctzll(z | 2);
  e[i] = (u8)(e[i] * 5 + 1);
  s[i] = (short)(s[i] * s[i + 1] - 9);
}

KERNEL shared(float *a, int n) {
  __attribute__((shared)) static float tile[1024];
  unsigned i = tid();
  for (int k = 0; k < n; ++k) {
    tile[i * 4 % 1024] = a[i + k];
    tile[(i + 256) % 1024] = a[i + 2 * k];
    __builtin_amdgcn_fence(__ATOMIC_RELEASE, "workgroup");
    __builtin_amdgcn_s_barrier();
    __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "workgroup");
    a[i] += tile[(i ^ 1) % 1024] + tile[(i + 64) % 1024];
    if (a[i] > 100.0f) return;
  }
}

KERNEL atomics(int *a, float *f, u64 *c, double *d) {
  unsigned i = tid();
  int old = __scoped_atomic_fetch_add(a, (int)i, __ATOMIC_RELAXED, __MEMORY_SCOPE_DEVICE);
  __scoped_atomic_fetch_max(a + 1, old, __ATOMIC_SEQ_CST, __MEMORY_SCOPE_SYSTEM);
  __scoped_atomic_fetch_add(f, 1.0f, __ATOMIC_RELAXED, __MEMORY_SCOPE_DEVICE);
  __scoped_atomic_fetch_add(d, 1.0, __ATOMIC_RELAXED, __MEMORY_SCOPE_WRKGRP);
  u64 expected = i;
  __scoped_atomic_compare_exchange_n(c, &expected, (u64)old, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED, __MEMORY_SCOPE_DEVICE);
  c[i + 1] = expected;
}

KERNEL lanes(int *a, u64 *c) {
  unsigned i = tid();
  int x = a[i];
  x += __builtin_amdgcn_ds_bpermute((int)(i * 4 + 4), x);
  x += __builtin_amdgcn_ds_swizzle(x, 0x041f);
  x += __builtin_amdgcn_update_dpp(x, x, 0x111, 0xf, 0xf, false);
  x += __builtin_amdgcn_mov_dpp(x, 0xb1, 0xf, 0xf, true);
  x += __builtin_amdgcn_readlane(x, 3) + __builtin_amdgcn_readfirstlane(x);
  c[i] = __builtin_amdgcn_ballot_w64(x > 3) + (u64)__builtin_amdgcn_mbcnt_lo(~0u, 0);
  a[i] = x;
}

__attribute__((device)) int (*volatile table[2])(int);
__attribute__((device, noinline)) static int twice(int x) { return 2 * x + (int)tid(); }
__attribute__((device, noinline)) static int deep(int x) {
  int spill[40];
  for (int i = 0; i < 40; ++i) spill[i] = x * i;
  return x > 0 ? deep(x - spill[x % 40] - 1) + twice(x) : twice(spill[(-x) % 40]);
}
KERNEL calls(int *a) {
  table[0] = twice;
  a[tid()] = deep(a[tid()]) + table[a[0] & 1](3);
}

#if defined(__gfx942__)
KERNEL matrix(float16v *c, half4 *a, float4v *d) {
  c[tid()] = __builtin_amdgcn_mfma_f32_32x32x8f16(a[tid()], a[tid() + 1], c[tid()], 0, 0, 0);
  d[tid()] = __builtin_amdgcn_mfma_f32_16x16x4f32(1.0f, 2.0f, d[tid()], 0, 0, 0);
}
#elif defined(__gfx1151__) && __AMDGCN_WAVEFRONT_SIZE__ == 32
KERNEL matrix(float8v *c, half16 *a) {
  c[tid()] = __builtin_amdgcn_wmma_f32_16x16x16_f16_w32(a[tid()], a[tid() + 1], c[tid()]);
}
#elif defined(__gfx1201__) && __AMDGCN_WAVEFRONT_SIZE__ == 32
KERNEL matrix(float8v *c, half8 *a) {
  c[tid()] = __builtin_amdgcn_wmma_f32_16x16x16_f16_w32_gfx12(a[tid()], a[tid() + 1], c[tid()]);
}
#endif
