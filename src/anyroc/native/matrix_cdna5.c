/* gfx1250's dense WMMA: 16 x 16 in waves of 32, k up to 64.
 *
 * Operands and modifiers are those of matrix.c.  Lane l holds row l % 16 of A (column l % 16 of B), half of
 * k, and A and B lay k out alike, so that where an element's k lies is of no consequence but for the order
 * of the sum.  D and C are as on RDNA4: lane l holds column l % 16 and rows 8 * (l / 16) to 8 * (l / 16) + 7,
 * one to a register, or two if they have 16 bits. */
#include "matrix.h"

enum sum { SUM_F32, SUM_F16, SUM_BF16, SUM_I32 };

enum { WIDTH = 32, ROWS = 16, GROUPS = 2 };

/* Whether sums have 16 bits, and how many lie in a register then. */
ALWAYS_INLINE bool narrow_sum(enum sum sum) { return sum == SUM_F16 || sum == SUM_BF16; }

ALWAYS_INLINE u32x16 read_sum(enum sum sum, const uint32_t *rows, int m) {
  int reg = m % 8, lane = m / 8 * 16;
  if (!narrow_sum(sum)) return load(rows + reg * WIDTH + lane);
  u32x16 code = half(load(rows + reg / 2 * WIDTH + lane), reg % 2);
  return sum == SUM_F16 ? widen_f16(code) : code << 16;
}

ALWAYS_INLINE void write_sum(enum sum sum, uint32_t *rows, int m, u32x16 value) {
  int reg = m % 8, lane = m / 8 * 16;
  if (!narrow_sum(sum)) {
    store(rows + reg * WIDTH + lane, value);
    return;
  }
  uint32_t *place = rows + reg / 2 * WIDTH + lane;
  u32x16 code = sum == SUM_F16 ? narrow_f16(as_float(value)) : narrow_bf16(as_float(value));
  int shift = 16 * (reg % 2);
  store(place, (load(place) & ~(0xFFFFu << shift)) | code << shift);
}

static void negate(uint32_t *values, int elements, bool even, bool odd) {
  for (int j = 0; j < elements; j++)
    if (j % 2 ? odd : even)
      for (int lane = 0; lane < WIDTH; lane++) values[j * WIDTH + lane] ^= 0x80000000;
}

/* One row of D that saturates once, at the end. */
static u32x16 saturated(u32x16 start, const uint32_t *a, const uint32_t *b, int m, int elements) {
  u32x16 result = start;
  for (int n = 0; n < 16; n++) {
    int64_t sum = (int32_t)start[n];
    for (int g = 0; g < GROUPS; g++)
      for (int j = 0; j < elements; j++)
        sum += (int64_t)(int32_t)a[j * WIDTH + 16 * g + m] * (int32_t)b[j * WIDTH + 16 * g + n];
    result[n] = (uint32_t)(sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : sum);
  }
  return result;
}

static NOINLINE void multiply(uint32_t *d, const uint32_t *a_rows, const uint32_t *b_rows, const uint32_t *c,
                              uint32_t constant, uint32_t modifiers, enum sum from, enum sum to,
                              enum format a_format, enum format b_format, int k) {
  uint32_t a[MOST * WIDTH], b[MOST * WIDTH];
  int elements = k / GROUPS;
  bool integer = to == SUM_I32;
  if (integer && modifiers & 1) a_format = I8; /* neg_lo of A and B says that they are signed */
  if (integer && modifiers & 2) b_format = I8;
  anyroc_unpackers[a_format](a, a_rows, elements, WIDTH);
  anyroc_unpackers[b_format](b, b_rows, elements, WIDTH);
  if (a_format == F16 || a_format == BF16) {
    negate(a, elements, modifiers & 1, modifiers >> 3 & 1);
    negate(b, elements, modifiers >> 1 & 1, modifiers >> 4 & 1);
  } else if (a_format == F32) {
    negate(a, elements, modifiers & 1, modifiers & 1);
    negate(b, elements, modifiers >> 1 & 1, modifiers >> 1 & 1);
  }
  u32x16 sums[ROWS];
  for (int m = 0; m < ROWS; m++) {
    u32x16 sum = c ? read_sum(from, c, m) : (u32x16){} + constant;
    if (!c && from == SUM_F16) sum = widen_f16(sum);
    if (!c && from == SUM_BF16) sum <<= 16;
    if (!integer && modifiers >> 5 & 1) sum &= 0x7FFFFFFF;
    if (!integer && modifiers >> 2 & 1) sum ^= 0x80000000;
    if (integer && modifiers >> 6 & 1) {
      sums[m] = saturated(sum, a, b, m, elements);
      continue;
    }
    for (int g = 0; g < GROUPS; g++)
      for (int j = 0; j < elements; j++) {
        int at = j * WIDTH + 16 * g;
        sum = multiply_add(integer, a[at + m], load(b + at), sum);
      }
    sums[m] = sum;
  }
  for (int m = 0; m < ROWS; m++) write_sum(to, d, m, sums[m]);
}

#define WMMA(name, from, to, a_format, b_format, k)                                                   \
  void anyroc_wmma_##name(struct anyroc_wave *wave, uint32_t *d, const uint32_t *a, const uint32_t *b, \
                          const uint32_t *c, uint64_t constant, uint32_t modifiers) { \
    (void)wave; \
    multiply(d, a, b, c, constant, modifiers, from, to, a_format, b_format, k); \
  }

WMMA(f32_16x16x4_f32, SUM_F32, SUM_F32, F32, F32, 4)
WMMA(f32_16x16x32_f16, SUM_F32, SUM_F32, F16, F16, 32)
WMMA(f32_16x16x32_bf16, SUM_F32, SUM_F32, BF16, BF16, 32)
WMMA(f16_16x16x32_f16, SUM_F16, SUM_F16, F16, F16, 32)
WMMA(bf16_16x16x32_bf16, SUM_BF16, SUM_BF16, BF16, BF16, 32)
WMMA(bf16f32_16x16x32_bf16, SUM_F32, SUM_BF16, BF16, BF16, 32)
WMMA(i32_16x16x64_iu8, SUM_I32, SUM_I32, U8, U8, 64)

#define WMMA_SMALL(formats, A, B)                                                                     \
  WMMA(f32_16x16x64_##formats, SUM_F32, SUM_F32, A, B, 64) \
  WMMA(f16_16x16x64_##formats, SUM_F16, SUM_F16, A, B, 64)
WMMA_SMALL(fp8_fp8, FP8, FP8)
WMMA_SMALL(fp8_bf8, FP8, BF8)
WMMA_SMALL(bf8_fp8, BF8, FP8)
WMMA_SMALL(bf8_bf8, BF8, BF8)
