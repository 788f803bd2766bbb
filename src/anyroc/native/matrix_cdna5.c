/* gfx1250's WMMA and SWMMAC: 16 x 16 in waves of 32, k up to 128.
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

/* Element j of row m of A in a group of lanes, sparse or dense, meets this one of B. */
ALWAYS_INLINE int partner(const uint32_t *indices, int lane, int j) {
  if (!indices) return j;
  return j / 2 * 4 + (indices[j / 16 * WIDTH + lane] >> (2 * j % 32) & 3);
}

/* One row of D that saturates once, at the end. */
static u32x16 saturated(u32x16 start, const uint32_t *a, const uint32_t *b,
                        const uint32_t *indices, int m, int elements) {
  u32x16 result = start;
  for (int n = 0; n < 16; n++) {
    int64_t sum = (int32_t)start[n];
    for (int g = 0; g < GROUPS; g++)
      for (int j = 0; j < elements; j++) {
        int lane = 16 * g + m, row = partner(indices, lane, j);
        sum += (int64_t)(int32_t)a[j * WIDTH + lane] * (int32_t)b[row * WIDTH + 16 * g + n];
      }
    result[n] = (uint32_t)(sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : sum);
  }
  return result;
}

/* What an operand's signs, or the modifiers' bits of it, make of its elements. */
static void prepare(uint32_t *values, const uint32_t *rows, enum format format, int elements,
                    uint32_t modifiers, int operand) {
  anyroc_unpackers[format](values, rows, elements, WIDTH);
  bool low = modifiers >> operand & 1, high = modifiers >> (3 + operand) & 1;
  if (format == F16 || format == BF16) negate(values, elements, low, high);
  if (format == F32) negate(values, elements, low, low);
}

static NOINLINE void multiply_sparse(uint32_t *d, const uint32_t *a_rows, const uint32_t *b_rows,
                                     const uint32_t *indices, uint32_t modifiers, enum sum kind,
                                     enum format a_format, enum format b_format, int k) {
  uint32_t a[MOST / 2 * WIDTH], b[MOST * WIDTH], own[2 * WIDTH];
  int elements = k / GROUPS / 2;
  bool integer = kind == SUM_I32;
  if (integer && modifiers & 1) a_format = I8;
  if (integer && modifiers & 2) b_format = I8;
  prepare(a, a_rows, a_format, elements, modifiers, 0);
  prepare(b, b_rows, b_format, 2 * elements, modifiers, 1);
  memcpy(own, indices, (elements > 16 ? 2 : 1) * WIDTH * 4);
  u32x16 sums[ROWS];
  for (int m = 0; m < ROWS; m++) {
    u32x16 sum = read_sum(kind, d, m);
    if (integer && modifiers >> 6 & 1) {
      sums[m] = saturated(sum, a, b, own, m, elements);
      continue;
    }
    for (int g = 0; g < GROUPS; g++)
      for (int j = 0; j < elements; j++) {
        int lane = 16 * g + m, row = partner(own, lane, j);
        sum = multiply_add(integer, a[j * WIDTH + lane], load(b + row * WIDTH + 16 * g), sum);
      }
    sums[m] = sum;
  }
  for (int m = 0; m < ROWS; m++) write_sum(kind, d, m, sums[m]);
}

static NOINLINE void multiply(uint32_t *d, const uint32_t *a_rows, const uint32_t *b_rows, const uint32_t *c,
                              uint32_t constant, uint32_t modifiers, enum sum from, enum sum to,
                              enum format a_format, enum format b_format, int k) {
  uint32_t a[MOST * WIDTH], b[MOST * WIDTH];
  int elements = k / GROUPS;
  bool integer = to == SUM_I32;
  if (integer && modifiers & 1) a_format = I8; /* neg_lo of A and B says that they are signed */
  if (integer && modifiers & 2) b_format = I8;
  prepare(a, a_rows, a_format, elements, modifiers, 0);
  prepare(b, b_rows, b_format, elements, modifiers, 1);
  u32x16 sums[ROWS];
  for (int m = 0; m < ROWS; m++) {
    u32x16 sum = c ? read_sum(from, c, m) : (u32x16){} + constant;
    if (!c && from == SUM_F16) sum = widen_f16(sum);
    if (!c && from == SUM_BF16) sum <<= 16;
    if (!integer && modifiers >> 5 & 1) sum &= 0x7FFFFFFF;
    if (!integer && modifiers >> 2 & 1) sum ^= 0x80000000;
    if (integer && modifiers >> 6 & 1) {
      sums[m] = saturated(sum, a, b, NULL, m, elements);
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

/* A is packed: of four elements along k the two that the index names (AMD, CDNA5, 7.12.3 to 7.12.5).  Lanes hold
 * of A what B's elements of the same lanes meet. */
#define SWMMAC(name, kind, a_format, b_format, k)                                                     \
  void anyroc_swmmac_##name(struct anyroc_wave *wave, uint32_t *d, const uint32_t *a, const uint32_t *b, \
                            const uint32_t *c, uint64_t constant, uint32_t modifiers) { \
    uint32_t same[2 * WIDTH]; \
    for (int lane = 0; lane < WIDTH; lane++) { \
      same[lane] = (uint32_t)constant; \
      same[WIDTH + lane] = (uint32_t)(constant >> 32); \
    } \
    (void)wave; \
    multiply_sparse(d, a, b, c ? c : same, modifiers, kind, a_format, b_format, k); \
  }

SWMMAC(f32_16x16x64_f16, SUM_F32, F16, F16, 64)
SWMMAC(f32_16x16x64_bf16, SUM_F32, BF16, BF16, 64)
SWMMAC(f16_16x16x64_f16, SUM_F16, F16, F16, 64)
SWMMAC(bf16_16x16x64_bf16, SUM_BF16, BF16, BF16, 64)
SWMMAC(i32_16x16x128_iu8, SUM_I32, U8, U8, 128)

#define SWMMAC_SMALL(formats, A, B)                                                                   \
  SWMMAC(f32_16x16x128_##formats, SUM_F32, A, B, 128) \
  SWMMAC(f16_16x16x128_##formats, SUM_F16, A, B, 128)
SWMMAC_SMALL(fp8_fp8, FP8, FP8)
SWMMAC_SMALL(fp8_bf8, FP8, BF8)
SWMMAC_SMALL(bf8_fp8, BF8, FP8)
SWMMAC_SMALL(bf8_bf8, BF8, BF8)
