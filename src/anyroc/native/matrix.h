/* Matrix operands: their formats, and how they lie in registers. */
#ifndef ANYROC_MATRIX_H
#define ANYROC_MATRIX_H

#include "wave.h"

#ifdef __AVX512F__
#include <immintrin.h>
#endif
#include <stdbool.h>
#include <string.h>

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))

typedef float f32x16 __attribute__((vector_size(64), aligned(4)));
typedef float f32x4 __attribute__((vector_size(16), aligned(4)));
typedef uint32_t u32x16 __attribute__((vector_size(64), aligned(4)));
typedef int32_t i32x16 __attribute__((vector_size(64), aligned(4)));
typedef uint32_t u32x4 __attribute__((vector_size(16), aligned(4)));
typedef uint16_t u16x16 __attribute__((vector_size(32)));
typedef uint16_t u16x32 __attribute__((vector_size(64), aligned(4)));
typedef _Float16 f16x16 __attribute__((vector_size(32)));

ALWAYS_INLINE u32x16 load(const uint32_t *p) { return *(const u32x16 *)p; }
ALWAYS_INLINE void store(uint32_t *p, u32x16 v) { *(u32x16 *)p = v; }
ALWAYS_INLINE f32x16 as_float(u32x16 v) { return (f32x16)v; }
ALWAYS_INLINE u32x16 as_bits(f32x16 v) { return (u32x16)v; }
ALWAYS_INLINE u32x16 pick(u32x16 mask, u32x16 a, u32x16 b) { return (mask & a) | (~mask & b); }

/* Formats: the value of field `index` of 16 registers, as bits of the accumulator's type. */

ALWAYS_INLINE u32x16 half(u32x16 v, int index) { return v >> (16 * index) & 0xFFFF; }

ALWAYS_INLINE u32x16 widen_f16(u32x16 code) {
  union { u16x16 u; f16x16 f; } narrow = {.u = __builtin_convertvector(code, u16x16)};
  return as_bits(__builtin_convertvector(narrow.f, f32x16));
}

/* Sixteen pairs of F16 or BF16: the lower ones and the upper ones. */
ALWAYS_INLINE void widen_pairs(bool bf16, uint32_t *low, uint32_t *high, u32x16 pairs) {
  if (bf16) {
    store(low, pairs << 16);
    store(high, pairs & 0xFFFF0000);
    return;
  }
#ifdef __AVX512BW__
  static const uint16_t apart[32] = {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30,
                                     1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31};
  __m512i parts = _mm512_permutexvar_epi16(_mm512_loadu_si512(apart), (__m512i)pairs);
  store(low, (u32x16)_mm512_cvtph_ps(_mm512_castsi512_si256(parts)));
  store(high, (u32x16)_mm512_cvtph_ps(_mm512_extracti64x4_epi64(parts, 1)));
#else
  store(low, widen_f16(half(pairs, 0)));
  store(high, widen_f16(half(pairs, 1)));
#endif
}

ALWAYS_INLINE u32x16 narrow_f16(f32x16 v) {
  union { u16x16 u; f16x16 f; } narrow = {.f = __builtin_convertvector(v, f16x16)};
  return __builtin_convertvector(narrow.u, u32x16);
}

ALWAYS_INLINE u32x16 narrow_bf16(f32x16 v) {
  u32x16 u = as_bits(v);
  u32x16 nan = (u32x16)((u & 0x7FFFFFFF) > 0x7F800000);
  return pick(nan, u >> 16 | 0x40, (u + 0x7FFF + (u >> 16 & 1)) >> 16);
}

/* 8-bit floats with `bits` of fraction: OCP's, or with fnuz gfx942's. */
ALWAYS_INLINE u32x16 widen_small(u32x16 code, int bits, bool fnuz) {
  u32x16 magnitude = code & 0x7F, sign = (code & 0x80) << 24;
  int bias = (bits == 3 ? 7 : 15) + fnuz;
  u32x16 power = (u32x16){} + ((uint32_t)(254 - bias) << 23);
  u32x16 value = as_bits(as_float(magnitude << (23 - bits)) * as_float(power)) | sign;
  u32x16 nan = (u32x16){} + 0x7FC00000;
  if (fnuz) return pick((u32x16)(code == 0x80), nan, value);
  if (bits == 3) return pick((u32x16)(magnitude == 0x7F), nan, value);
  u32x16 special = pick((u32x16)(magnitude == 0x7C), sign | 0x7F800000, nan);
  return pick((u32x16)(magnitude >= 0x7C), special, value);
}

/* 6- and 4-bit floats, which have neither infinities nor NaN. */
ALWAYS_INLINE u32x16 widen_tiny(u32x16 code, int width, int bits, int bias) {
  u32x16 magnitude = code & ((1u << (width - 1)) - 1);
  u32x16 power = (u32x16){} + ((uint32_t)(254 - bias) << 23);
  u32x16 value = as_bits(as_float(magnitude << (23 - bits)) * as_float(power));
  return value | (code >> (width - 1) & 1) << 31;
}

/* What CDNA2's 16-bit matrices make of a denormal: zero. */
ALWAYS_INLINE u32x16 flush(u32x16 value, uint32_t least) {
  return pick((u32x16)((value & 0x7FFFFFFF) < least), value & 0x80000000, value);
}

/* 19-bit floats: F32 rounded to ten bits of fraction. */
ALWAYS_INLINE u32x16 round_xf32(u32x16 u) {
  u32x16 finite = (u32x16)((u & 0x7F800000) != 0x7F800000);
  return pick(finite, (u + 0xFFF + (u >> 13 & 1)) & ~0x1FFFu, u);
}

#define FOR_FORMATS(DO)                                                                               \
  DO(F32) DO(XF32) DO(F16) DO(BF16) DO(F16_FLUSH) DO(BF16_FLUSH) DO(FP8) DO(BF8) DO(FP8_FNUZ) DO(BF8_FNUZ) DO(I8) DO(U8) DO(I4) DO(U4)
#define NAMED(f) f,
enum format { FOR_FORMATS(NAMED) };

ALWAYS_INLINE int fields(enum format f) {
  return f <= XF32 ? 1 : f <= BF16_FLUSH ? 2 : f <= U8 ? 4 : 8;
}

ALWAYS_INLINE u32x16 field(enum format f, u32x16 v, int index) {
  switch (f) {
  case F32: return v;
  case XF32: return round_xf32(v);
  case F16: return widen_f16(half(v, index));
  case BF16: return half(v, index) << 16;
  case F16_FLUSH: return flush(widen_f16(half(v, index)), 0x38800000);
  case BF16_FLUSH: return flush(half(v, index) << 16, 0x00800000);
  case FP8: return widen_small(v >> (8 * index) & 0xFF, 3, false);
  case BF8: return widen_small(v >> (8 * index) & 0xFF, 2, false);
  case FP8_FNUZ: return widen_small(v >> (8 * index) & 0xFF, 3, true);
  case BF8_FNUZ: return widen_small(v >> (8 * index) & 0xFF, 2, true);
  case I8: return (u32x16)((i32x16)(v << (24 - 8 * index)) >> 24);
  case U8: return v >> (8 * index) & 0xFF;
  case I4: return (u32x16)((i32x16)(v << (28 - 4 * index)) >> 28);
  default: return v >> (4 * index) & 0xF;
  }
}

#define MOST 64 /* elements of A or B in one lane: 16x16x64 of 4 bits, in wave32 */

/* out[j * width + lane]: element j of each lane, as `field` has it. */
extern void (*const anyroc_unpackers[])(uint32_t *out, const uint32_t *rows, int elements, int width);
/* The same for operands whose format cbsz and blgp choose, 32 elements a lane. */
extern void (*const anyroc_chosen_unpackers[8])(uint32_t *out, const uint32_t *rows, int dim);

ALWAYS_INLINE f32x16 splat_f32(uint32_t bits) { return as_float((u32x16){} + bits); }

ALWAYS_INLINE u32x16 multiply_add(bool integer, uint32_t a, u32x16 b, u32x16 c) {
  if (integer) return c + b * a;
  return as_bits(__builtin_elementwise_fma(splat_f32(a), as_float(b), as_float(c)));
}

/* Row m of block 0 of an MFMA's D. */
ALWAYS_INLINE uint32_t *mfma_row(uint32_t *d, int dim, int m) {
  if (dim == 32) return d + (m / 8 * 4 + m % 4) * 64 + m / 4 % 2 * 32;
  return d + m % 4 * 64 + m / 4 * 16;
}

#endif
