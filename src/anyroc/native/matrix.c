/* Matrix instructions: D = A x B + C over the registers of one wave.
 *
 * An operand is a run of VGPR rows ([row][lane]).  Element j of a lane is field j of its registers, low
 * first.  With `dim` rows in A (columns in B), lane l holds row l % dim; its l / dim is a further part of
 * k, or, in instructions of several blocks, the block.  Products are exact; sums are rounded to the
 * accumulator's precision in order of k.
 *
 * Helpers take the rows of A, B and C (NULL: every element of C is the constant) and the modifiers:
 * cbsz | abid << 3 | blgp << 7 for MFMA; neg_lo | neg_hi << 3 | clamp << 6 | op_sel << 7 for WMMA.  The
 * sparse ones accumulate into D and take the compression indices in place of C; the scaled ones take two rows
 * of scales more (NULL: a constant), and in bits 10 and 12 which byte of each counts. */
#include "matrix.h"

/* out[j * width + lane]: element j of each lane. */
ALWAYS_INLINE void unpack_as(enum format f, uint32_t *out, const uint32_t *rows, int elements, int width) {
  int per_row = fields(f);
  if ((f == F16 || f == BF16) && elements % 2 == 0) { /* two elements of a row at once */
    for (int j = 0; j < elements; j += 2, rows += width, out += 2 * width)
      for (int lane = 0; lane < width; lane += 16)
        widen_pairs(f == BF16, out + lane, out + width + lane, load(rows + lane));
    return;
  }
  for (int j = 0; j < elements; j++)
    for (int lane = 0; lane < width; lane += 16)
      store(out + j * width + lane, field(f, load(rows + j / per_row * width + lane), j % per_row));
}

#define UNPACK(f)                                                                                     \
  static NOINLINE void unpack_##f(uint32_t *out, const uint32_t *rows, int elements, int width) { \
    unpack_as(f, out, rows, elements, width); \
  }
FOR_FORMATS(UNPACK)

#define UNPACKER(f) [f] = unpack_##f,
void (*const anyroc_unpackers[])(uint32_t *, const uint32_t *, int, int) = {FOR_FORMATS(UNPACKER)};

/* `inlined`: with every number a constant, for the common instructions. */
ALWAYS_INLINE void unpack(bool inlined, uint32_t *out, const uint32_t *rows, enum format f, int elements,
                          int width) {
  if (inlined)
    unpack_as(f, out, rows, elements, width);
  else
    anyroc_unpackers[f](out, rows, elements, width);
}

/* `count` rows of D, each `dim` lanes wide; groups of lanes and elements of a lane both run over k. */
ALWAYS_INLINE void accumulate_as(bool integer, int count, int dim, uint32_t *const *d, const uint32_t *a,
                                 const uint32_t *b, int groups, int elements, int width) {
  u32x16 sums[16][2];
  for (int m = 0; m < count; m++)
    for (int n = 0; n < dim / 16; n++) sums[m][n] = load(d[m] + 16 * n);
  for (int g = 0; g < groups; g++)
    for (int j = 0; j < elements; j++) {
      const uint32_t *row = b + j * width + g * dim, *column = a + j * width + g * dim;
      for (int n = 0; n < dim / 16; n++) {
        u32x16 values = load(row + 16 * n);
        for (int m = 0; m < count; m++) sums[m][n] = multiply_add(integer, column[m], values, sums[m][n]);
      }
    }
  for (int m = 0; m < count; m++)
    for (int n = 0; n < dim / 16; n++) store(d[m] + 16 * n, sums[m][n]);
}

#define ACCUMULATE(name, integer, count, dim)                                                         \
  static NOINLINE void accumulate_##name(uint32_t *const *d, const uint32_t *a, const uint32_t *b, \
                                         int groups, int elements, int width) { \
    accumulate_as(integer, count, dim, d, a, b, groups, elements, width); \
  }
ACCUMULATE(f32_16, false, 16, 16)
ACCUMULATE(f32_32, false, 8, 32)
ACCUMULATE(i32_16, true, 16, 16)
ACCUMULATE(i32_32, true, 8, 32)

static void (*const accumulators[2][2])(uint32_t *const *, const uint32_t *, const uint32_t *, int, int,
                                        int) = {
    {accumulate_f32_16, accumulate_f32_32},
    {accumulate_i32_16, accumulate_i32_32},
};

ALWAYS_INLINE void accumulate(bool inlined, bool integer, int dim, uint32_t *const *d, const uint32_t *a,
                              const uint32_t *b, int groups, int elements, int width) {
  if (inlined)
    accumulate_as(integer, dim == 32 ? 8 : 16, dim, d, a, b, groups, elements, width);
  else
    accumulators[integer][dim == 32](d, a, b, groups, elements, width);
}

/* MFMA */

static void mfma_tiny(bool integer, uint32_t *d, const uint32_t *a, const uint32_t *b, int elements,
                             const uint8_t *blocks) {
  for (int block = 0; block < 16; block++)
    for (int m = 0; m < 4; m++) {
      u32x4 sum = *(u32x4 *)(d + m * 64 + 4 * block);
      for (int j = 0; j < elements; j++) {
        u32x4 values = *(const u32x4 *)(b + j * 64 + 4 * block);
        u32x4 factor = (u32x4){} + a[j * 64 + 4 * blocks[block] + m];
        if (integer)
          sum += factor * values;
        else
          sum = (u32x4)__builtin_elementwise_fma((f32x4)factor, (f32x4)values, (f32x4)sum);
      }
      *(u32x4 *)(d + m * 64 + 4 * block) = sum;
    }
}

/* blgp: lanes of B that stand in for others. */
static void regroup(uint32_t *b, int elements, uint32_t pattern) {
  for (int j = 0; j < elements; j++) {
    uint32_t old[64];
    memcpy(old, b + j * 64, sizeof old);
    for (int lane = 0; lane < 64; lane++) {
      int from = pattern == 1 ? lane % 32 : pattern == 2 ? lane % 32 + 32
               : pattern == 3 ? (lane + 16) % 64 : lane % 16 + 16 * (pattern - 4);
      b[j * 64 + lane] = old[from];
    }
  }
}

ALWAYS_INLINE void start(uint32_t *d, const uint32_t *c, uint32_t constant, int rows) {
  if (c == d) return;
  if (c)
    memmove(d, c, (size_t)rows * 256);
  else
    for (int i = 0; i < rows * 64; i += 16) store(d + i, (u32x16){} + constant);
}

static NOINLINE void flush_rows(uint32_t *d, int rows) {
  for (int i = 0; i < rows * 64; i += 16) store(d + i, flush(load(d + i), 0x00800000));
}

ALWAYS_INLINE void mfma_as(bool inlined, uint32_t *d, const uint32_t *a_rows, const uint32_t *b_rows,
                           const uint32_t *c, uint32_t constant, uint32_t modifiers, bool integer,
                           enum format a_format, enum format b_format, int dim, int blocks, int elements) {
  uint32_t a[MOST * 64], b[MOST * 64];
  unpack(inlined, a, a_rows, a_format, elements, 64);
  unpack(inlined, b, b_rows, b_format, elements, 64);
  uint32_t spread = modifiers & 7, chosen = modifiers >> 3 & 15, pattern = modifiers >> 7 & 7;
  if (__builtin_expect(pattern != 0, 0)) regroup(b, elements, pattern);
  int rows = dim * dim * blocks / 64;
  bool flushes = a_format == F16_FLUSH || a_format == BF16_FLUSH;
  start(d, c, constant, rows);
  if (flushes) flush_rows(d, rows);
  uint8_t source[16];
  for (int block = 0; block < blocks; block++)
    source[block] = (uint8_t)(block >> spread << spread) + (spread ? chosen & ((1u << spread) - 1) : 0);
  if (dim == 4) {
    mfma_tiny(integer, d, a, b, elements, source);
    if (flushes) flush_rows(d, rows);
    return;
  }
  int groups = blocks > 1 ? 1 : 64 / dim, count = dim == 32 ? 8 : 16;
  for (int block = 0; block < blocks; block++)
    for (int first = 0; first < dim; first += count) {
      uint32_t *sums[16];
      for (int m = 0; m < count; m++) sums[m] = mfma_row(d + block * (rows / blocks) * 64, dim, first + m);
      accumulate(inlined, integer, dim, sums, a + source[block] * dim + first,
                 b + (blocks > 1 ? block * dim : 0), groups, elements, 64);
    }
  if (flushes) flush_rows(d, rows);
}

static NOINLINE void mfma(uint32_t *d, const uint32_t *a, const uint32_t *b, const uint32_t *c,
                          uint32_t constant, uint32_t modifiers, bool integer, enum format a_format,
                          enum format b_format, int dim, int blocks, int elements) {
  mfma_as(false, d, a, b, c, constant, modifiers, integer, a_format, b_format, dim, blocks, elements);
}

#define HELPER(name)                                                                                  \
  void anyroc_##name(struct anyroc_wave *wave, uint32_t *d, const uint32_t *a, const uint32_t *b, \
                     const uint32_t *c, uint64_t constant, uint32_t modifiers)

#define COMMON_MFMA(name, integer, a_format, b_format, dim, elements)                                 \
  HELPER(mfma_##name) { \
    (void)wave; \
    mfma_as(true, d, a, b, c, constant, modifiers, integer, a_format, b_format, dim, 1, elements); \
  }
#define MFMA(name, integer, a_format, b_format, dim, blocks, elements)                                \
  HELPER(mfma_##name) { \
    (void)wave; \
    mfma(d, a, b, c, constant, modifiers, integer, a_format, b_format, dim, blocks, elements); \
  }

MFMA(f32_32x32x1_2b_f32, false, F32, F32, 32, 2, 1)
MFMA(f32_16x16x1_4b_f32, false, F32, F32, 16, 4, 1)
MFMA(f32_4x4x1_16b_f32, false, F32, F32, 4, 16, 1)
COMMON_MFMA(f32_32x32x2_f32, false, F32, F32, 32, 1)
COMMON_MFMA(f32_16x16x4_f32, false, F32, F32, 16, 1)
MFMA(f32_16x16x8_xf32, false, XF32, XF32, 16, 1, 2)
MFMA(f32_32x32x4_xf32, false, XF32, XF32, 32, 1, 2)

#define MFMA_HALVES(format, FORMAT)                                                                   \
  MFMA(f32_32x32x4_2b_##format, false, FORMAT, FORMAT, 32, 2, 4) \
  MFMA(f32_16x16x4_4b_##format, false, FORMAT, FORMAT, 16, 4, 4) \
  MFMA(f32_4x4x4_16b_##format, false, FORMAT, FORMAT, 4, 16, 4) \
  COMMON_MFMA(f32_32x32x8_##format, false, FORMAT, FORMAT, 32, 4) \
  COMMON_MFMA(f32_16x16x16_##format, false, FORMAT, FORMAT, 16, 4) \
  COMMON_MFMA(f32_32x32x16_##format, false, FORMAT, FORMAT, 32, 8) \
  COMMON_MFMA(f32_16x16x32_##format, false, FORMAT, FORMAT, 16, 8)
MFMA_HALVES(f16, F16)
MFMA_HALVES(bf16, BF16)

#define MFMA_HALVES_FLUSHED(format, FORMAT)                                                           \
  MFMA(f32_32x32x4_2b_##format##_flush, false, FORMAT, FORMAT, 32, 2, 4) \
  MFMA(f32_16x16x4_4b_##format##_flush, false, FORMAT, FORMAT, 16, 4, 4) \
  MFMA(f32_4x4x4_16b_##format##_flush, false, FORMAT, FORMAT, 4, 16, 4) \
  MFMA(f32_32x32x8_##format##_flush, false, FORMAT, FORMAT, 32, 1, 4) \
  MFMA(f32_16x16x16_##format##_flush, false, FORMAT, FORMAT, 16, 1, 4)
MFMA_HALVES_FLUSHED(f16, F16_FLUSH)
MFMA_HALVES_FLUSHED(bf16, BF16_FLUSH)
MFMA(f32_32x32x2_2b_bf16_flush, false, BF16_FLUSH, BF16_FLUSH, 32, 2, 2)
MFMA(f32_16x16x2_4b_bf16_flush, false, BF16_FLUSH, BF16_FLUSH, 16, 4, 2)
MFMA(f32_4x4x2_16b_bf16_flush, false, BF16_FLUSH, BF16_FLUSH, 4, 16, 2)
MFMA(f32_32x32x4_bf16_flush, false, BF16_FLUSH, BF16_FLUSH, 32, 1, 2)
MFMA(f32_16x16x8_bf16_flush, false, BF16_FLUSH, BF16_FLUSH, 16, 1, 2)

MFMA(i32_32x32x8_i8, true, I8, I8, 32, 1, 4)
MFMA(i32_16x16x16_i8, true, I8, I8, 16, 1, 4)
MFMA(i32_32x32x4_2b_i8, true, I8, I8, 32, 2, 4)
MFMA(i32_16x16x4_4b_i8, true, I8, I8, 16, 4, 4)
MFMA(i32_4x4x4_16b_i8, true, I8, I8, 4, 16, 4)
COMMON_MFMA(i32_32x32x16_i8, true, I8, I8, 32, 8)
COMMON_MFMA(i32_16x16x32_i8, true, I8, I8, 16, 8)
MFMA(i32_32x32x32_i8, true, I8, I8, 32, 1, 16)
MFMA(i32_16x16x64_i8, true, I8, I8, 16, 1, 16)

#define SMALL_FLOATS(DEFINE)                                                                          \
  DEFINE(fp8_fp8, FP8, FP8) \
  DEFINE(fp8_bf8, FP8, BF8) \
  DEFINE(bf8_fp8, BF8, FP8) \
  DEFINE(bf8_bf8, BF8, BF8)
#define FNUZ_FLOATS(DEFINE)                                                                           \
  DEFINE(fp8_fp8_fnuz, FP8_FNUZ, FP8_FNUZ) \
  DEFINE(fp8_bf8_fnuz, FP8_FNUZ, BF8_FNUZ) \
  DEFINE(bf8_fp8_fnuz, BF8_FNUZ, FP8_FNUZ) \
  DEFINE(bf8_bf8_fnuz, BF8_FNUZ, BF8_FNUZ)

#define MFMA_SMALL(formats, A, B)                                                                     \
  MFMA(f32_16x16x32_##formats, false, A, B, 16, 1, 8) \
  MFMA(f32_32x32x16_##formats, false, A, B, 32, 1, 8)
SMALL_FLOATS(MFMA_SMALL)
FNUZ_FLOATS(MFMA_SMALL)

/* Formats chosen by cbsz and blgp, 32 elements a lane: block g of 32 in k belongs to the lanes dim * g on; of 8-bit
 * elements a lane holds 16 of one half of k and 16 of the other. */

enum chosen { CHOSEN_FP8, CHOSEN_BF8, CHOSEN_FP6, CHOSEN_BF6, CHOSEN_FP4 };

ALWAYS_INLINE u32x16 element(enum chosen f, const uint32_t *rows, int j) {
  if (f <= CHOSEN_BF8)
    return widen_small(load(rows + j / 4 * 64) >> (8 * (j % 4)) & 0xFF, f == CHOSEN_FP8 ? 3 : 2, false);
  if (f == CHOSEN_FP4) return widen_tiny(load(rows + j / 8 * 64) >> (4 * (j % 8)) & 15, 4, 1, 1);
  int at = 6 * j / 32, shift = 6 * j % 32;
  u32x16 code = load(rows + at * 64) >> shift;
  if (shift > 26) code |= load(rows + (at + 1) * 64) << (32 - shift);
  return f == CHOSEN_FP6 ? widen_tiny(code & 63, 6, 3, 1) : widen_tiny(code & 63, 6, 2, 3);
}

ALWAYS_INLINE void unpack_chosen_as(enum chosen f, uint32_t *out, const uint32_t *rows, int dim) {
  for (int lane = 0; lane < 64; lane += 16)
    for (int j = 0; j < 32; j++) {
      int group = lane / dim;
      int k = f <= CHOSEN_BF8 ? 16 * group + j % 16 + j / 16 * (1024 / dim) : 32 * group + j;
      store(out + k % 32 * 64 + k / 32 * dim + lane % dim, element(f, rows + lane, j));
    }
}

#define UNPACK_CHOSEN(f)                                                                              \
  static NOINLINE void unpack_##f(uint32_t *out, const uint32_t *rows, int dim) { \
    unpack_chosen_as(f, out, rows, dim); \
  }
UNPACK_CHOSEN(CHOSEN_FP8)
UNPACK_CHOSEN(CHOSEN_BF8)
UNPACK_CHOSEN(CHOSEN_FP6)
UNPACK_CHOSEN(CHOSEN_BF6)
UNPACK_CHOSEN(CHOSEN_FP4)

void (*const anyroc_chosen_unpackers[8])(uint32_t *, const uint32_t *, int) = {
    unpack_CHOSEN_FP8, unpack_CHOSEN_BF8, unpack_CHOSEN_FP6, unpack_CHOSEN_BF6,
    unpack_CHOSEN_FP4, unpack_CHOSEN_FP4, unpack_CHOSEN_FP4, unpack_CHOSEN_FP4,
};

/* Multiplies every lane's elements by the power of two in one byte of its scale. */
static void scale_elements(uint32_t *values, const uint32_t *scales, uint32_t constant, uint32_t byte) {
  for (int lane = 0; lane < 64; lane += 16) {
    u32x16 word = scales ? load(scales + lane) : (u32x16){} + constant;
    u32x16 e = word >> (8 * byte) & 0xFF;
    u32x16 power = pick((u32x16)(e == 0), (u32x16){} + 0x00400000, e << 23);
    power = pick((u32x16)(e == 255), (u32x16){} + 0x7FC00000, power);
    for (int j = 0; j < 32; j++) {
      uint32_t *place = values + j * 64 + lane;
      store(place, as_bits(as_float(load(place)) * as_float(power)));
    }
  }
}

struct scales {
  const uint32_t *a, *b;
  uint32_t a_constant, b_constant;
};

ALWAYS_INLINE void mfma_chosen(uint32_t *d, const uint32_t *a_rows, const uint32_t *b_rows,
                               const uint32_t *c, uint32_t constant, uint32_t modifiers, int dim,
                               const struct scales *scales) {
  uint32_t a[32 * 64], b[32 * 64];
  anyroc_chosen_unpackers[modifiers & 7](a, a_rows, dim);
  anyroc_chosen_unpackers[modifiers >> 7 & 7](b, b_rows, dim);
  if (scales) {
    scale_elements(a, scales->a, scales->a_constant, modifiers >> 10 & 3);
    scale_elements(b, scales->b, scales->b_constant, modifiers >> 12 & 3);
  }
  start(d, c, constant, dim * dim / 64);
  int count = dim == 32 ? 8 : 16;
  for (int first = 0; first < dim; first += count) {
    uint32_t *sums[16];
    for (int m = 0; m < count; m++) sums[m] = mfma_row(d, dim, first + m);
    accumulate(true, false, dim, sums, a + first, b, 64 / dim, 32, 64);
  }
}

#define MFMA_CHOSEN(shape, dim)                                                                       \
  HELPER(mfma_f32_##shape##_f8f6f4) { \
    (void)wave; \
    mfma_chosen(d, a, b, c, constant, modifiers, dim, NULL); \
  } \
  void anyroc_mfma_scale_f32_##shape##_f8f6f4( \
      struct anyroc_wave *wave, uint32_t *d, const uint32_t *a, const uint32_t *b, const uint32_t *c, \
      uint64_t constant, uint32_t modifiers, const uint32_t *a_scales, const uint32_t *b_scales, \
      uint32_t a_constant, uint32_t b_constant) { \
    (void)wave; \
    struct scales scales = {a_scales, b_scales, a_constant, b_constant}; \
    mfma_chosen(d, a, b, c, constant, modifiers, dim, &scales); \
  }
MFMA_CHOSEN(16x16x128, 16)
MFMA_CHOSEN(32x32x64, 32)

/* Double precision; here blgp negates A, B, C. */

ALWAYS_INLINE void read_doubles(double *out, const uint32_t *rows, bool negate) {
  for (int lane = 0; lane < 64; lane++) {
    uint64_t bits = rows[lane] | (uint64_t)rows[64 + lane] << 32;
    bits ^= (uint64_t)negate << 63;
    memcpy(out + lane, &bits, 8);
  }
}

ALWAYS_INLINE void write_doubles(uint32_t *rows, const double *values) {
  for (int lane = 0; lane < 64; lane++) {
    uint64_t bits;
    memcpy(&bits, values + lane, 8);
    rows[lane] = (uint32_t)bits;
    rows[64 + lane] = (uint32_t)(bits >> 32);
  }
}

ALWAYS_INLINE void start_doubles(double *sums, const uint32_t *c, uint64_t constant, int pairs, bool negate) {
  for (int pair = 0; pair < pairs; pair++)
    if (c) {
      read_doubles(sums + 64 * pair, c + 128 * pair, negate);
    } else {
      double value;
      memcpy(&value, &constant, 8);
      for (int lane = 0; lane < 64; lane++) sums[64 * pair + lane] = negate ? -value : value;
    }
}

HELPER(mfma_f64_16x16x4_f64) {
  (void)wave;
  double x[64], y[64], sums[256];
  read_doubles(x, a, modifiers >> 7 & 1);
  read_doubles(y, b, modifiers >> 8 & 1);
  start_doubles(sums, c, constant, 4, modifiers >> 9 & 1);
  for (int m = 0; m < 16; m++)
    for (int k = 0; k < 4; k++)
      for (int n = 0; n < 16; n++) {
        double *sum = sums + m * 16 + n; /* pair m / 4, lane 16 * (m % 4) + n */
        *sum = __builtin_fma(x[16 * k + m], y[16 * k + n], *sum);
      }
  for (int pair = 0; pair < 4; pair++) write_doubles(d + 128 * pair, sums + 64 * pair);
}

HELPER(mfma_f64_4x4x4_4b_f64) {
  (void)wave;
  double x[64], y[64], sums[64];
  read_doubles(x, a, modifiers >> 7 & 1);
  read_doubles(y, b, modifiers >> 8 & 1);
  start_doubles(sums, c, constant, 1, modifiers >> 9 & 1);
  for (int m = 0; m < 4; m++)
    for (int k = 0; k < 4; k++)
      for (int n = 0; n < 16; n++) { /* block n / 4, column n % 4 */
        double *sum = sums + 16 * m + n;
        *sum = __builtin_fma(x[16 * k + (n & ~3) + m], y[16 * k + n], *sum);
      }
  write_doubles(d, sums);
}

/* Sparse: of each four rows of B an element of A meets the one that its two-bit index names. */

static NOINLINE void accumulate_sparse(bool integer, uint32_t *const *d, const uint32_t *a, const uint32_t *b,
                                     const uint32_t *indices, int shift, int dim, int groups, int elements,
                                     int width) {
  for (int m = 0; m < dim; m++)
    for (int n = 0; n < dim; n += 16) {
      u32x16 sum = load(d[m] + n);
      for (int g = 0; g < groups; g++)
        for (int j = 0; j < elements; j++) {
          int lane = g * dim + m;
          int row = j / 2 * 4 + (indices[lane] >> (shift + 2 * j) & 3);
          sum = multiply_add(integer, a[j * width + lane], load(b + row * width + g * dim + n), sum);
        }
      store(d[m] + n, sum);
    }
}

/* Bits before the chosen set of indices, of those that a dword holds. */
ALWAYS_INLINE int index_shift(uint32_t set, int elements) {
  return elements >= 16 ? 0 : (int)(set * 2 * elements) & 31;
}

static NOINLINE void smfmac(uint32_t *d, const uint32_t *a_rows, const uint32_t *b_rows,
                          const uint32_t *indices, uint32_t modifiers, bool integer, enum format a_format,
                          enum format b_format, int dim, int elements) {
  uint32_t a[MOST * 64], b[MOST * 64], own[64], *sums[32];
  unpack(false, a, a_rows, a_format, elements, 64);
  unpack(false, b, b_rows, b_format, 2 * elements, 64);
  memcpy(own, indices, sizeof own);
  for (int m = 0; m < dim; m++) sums[m] = mfma_row(d, dim, m);
  uint32_t set = modifiers & 7 ? 0 : modifiers >> 3 & 15;
  accumulate_sparse(integer, sums, a, b, own, index_shift(set, elements), dim, 64 / dim, elements, 64);
}

#define SMFMAC(name, integer, A, B, dim, elements)                                                    \
  HELPER(smfmac_##name) { \
    (void)wave, (void)constant; \
    smfmac(d, a, b, c, modifiers, integer, A, B, dim, elements); \
  }
#define SMFMAC_HALVES(format, FORMAT)                                                                 \
  SMFMAC(f32_16x16x32_##format, false, FORMAT, FORMAT, 16, 4) \
  SMFMAC(f32_32x32x16_##format, false, FORMAT, FORMAT, 32, 4) \
  SMFMAC(f32_16x16x64_##format, false, FORMAT, FORMAT, 16, 8) \
  SMFMAC(f32_32x32x32_##format, false, FORMAT, FORMAT, 32, 8)
SMFMAC_HALVES(f16, F16)
SMFMAC_HALVES(bf16, BF16)
SMFMAC(i32_16x16x64_i8, true, I8, I8, 16, 8)
SMFMAC(i32_32x32x32_i8, true, I8, I8, 32, 8)
SMFMAC(i32_16x16x128_i8, true, I8, I8, 16, 16)
SMFMAC(i32_32x32x64_i8, true, I8, I8, 32, 16)
#define SMFMAC_SMALL(formats, A, B)                                                                   \
  SMFMAC(f32_16x16x64_##formats, false, A, B, 16, 8) \
  SMFMAC(f32_32x32x32_##formats, false, A, B, 32, 8)
#define SMFMAC_SMALL_WIDE(formats, A, B)                                                              \
  SMFMAC(f32_16x16x128_##formats, false, A, B, 16, 16) \
  SMFMAC(f32_32x32x64_##formats, false, A, B, 32, 16)
SMALL_FLOATS(SMFMAC_SMALL)
SMALL_FLOATS(SMFMAC_SMALL_WIDE)
FNUZ_FLOATS(SMFMAC_SMALL)

/* WMMA: always 16 x 16, in waves of 32 or 64. */

enum generation { GFX11, GFX12 };
enum output { OUT_F32, OUT_F16, OUT_BF16, OUT_I32 };

/* Where D keeps row m: its register (counted in elements), and the first of its 16 lanes. */
ALWAYS_INLINE int wmma_register(enum generation gen, int width, int m) {
  int groups = width / 16;
  return gen == GFX11 ? m / groups : m % (16 / groups);
}

ALWAYS_INLINE int wmma_lane(enum generation gen, int width, int m) {
  int groups = width / 16;
  if (gen == GFX11) return m % groups * 16;
  /* In wave64 rows 0-3, 4-7, 8-11, 12-15 are in lanes 0, 32, 16 and 48 on. */
  return width == 32 ? m / 8 * 16 : m / 8 * 16 + m / 4 % 2 * 32;
}

/* 16-bit results: gfx11 keeps one in the half of a register that op_sel names, gfx12 two. */
ALWAYS_INLINE int wmma_half(enum generation gen, int reg, bool high) {
  return gen == GFX11 ? high : reg % 2;
}

ALWAYS_INLINE void negate_fields(uint32_t *values, int elements, int width, bool even, bool odd) {
  for (int j = 0; j < elements; j++)
    if (j % 2 ? odd : even)
      for (int lane = 0; lane < width; lane++) values[j * width + lane] ^= 0x80000000;
}

ALWAYS_INLINE u32x16 widen_sum(enum output out, u32x16 v, int part) {
  if (out == OUT_F16) return widen_f16(half(v, part));
  return out == OUT_BF16 ? half(v, part) << 16 : v;
}

ALWAYS_INLINE void store_sum(enum output out, uint32_t *place, u32x16 sum, int part) {
  if (out == OUT_F32 || out == OUT_I32) {
    store(place, sum);
    return;
  }
  u32x16 code = out == OUT_F16 ? narrow_f16(as_float(sum)) : narrow_bf16(as_float(sum));
  store(place, (load(place) & (part ? 0xFFFFu : 0xFFFF0000u)) | code << (16 * part));
}

/* Integer sums that clamp saturate once, at the end. */
static void wmma_saturated(uint32_t (*sums)[16], const uint32_t *a, const uint32_t *b,
                           const uint32_t *indices, int shift, int groups, int elements, int width) {
  for (int m = 0; m < 16; m++)
    for (int n = 0; n < 16; n++) {
      int64_t sum = (int32_t)sums[m][n];
      for (int g = 0; g < groups; g++)
        for (int j = 0; j < elements; j++) {
          int lane = 16 * g + m;
          int row = indices ? j / 2 * 4 + (indices[lane] >> (shift + 2 * j) & 3) : j;
          sum += (int64_t)(int32_t)a[j * width + lane] * (int32_t)b[row * width + 16 * g + n];
        }
      sums[m][n] = (uint32_t)(sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : sum);
    }
}

ALWAYS_INLINE void wmma_as(bool inlined, int width, uint32_t *d, const uint32_t *a_rows,
                           const uint32_t *b_rows, const uint32_t *c, uint32_t constant,
                           uint32_t modifiers, enum generation gen, enum output out, enum format a_format,
                           enum format b_format, int k, bool sparse) {
  int groups = gen == GFX11 ? 1 : width / 16;
  int elements = (sparse ? k / 2 : k) / groups, b_elements = k / groups;
  bool folded = false;
  if (groups == 4 && elements == 4 && a_format == U4) { /* whole registers: lanes 32 on have no A */
    folded = sparse;
    groups = 2, elements = 8;
    b_elements = 8;
  }
  bool integer = out == OUT_I32, halves = a_format == F16 || a_format == BF16;
  uint32_t a[MOST * 64], b[MOST * 64], own[64];
  if (integer) { /* neg_lo of A and B says that they are signed */
    if (modifiers & 1) a_format = a_format == U8 ? I8 : I4;
    if (modifiers & 2) b_format = b_format == U8 ? I8 : I4;
  }
  unpack(inlined, a, a_rows, a_format, elements, width);
  unpack(inlined, b, b_rows, b_format, b_elements, width);
  if (folded) /* and hold the second eight rows of B that lanes 0 on choose from */
    for (int j = 0; j < 8; j++) memcpy(b + (8 + j) * 64, b + j * 64 + 32, 32 * 4);
  if (halves) {
    negate_fields(a, elements, width, modifiers & 1, modifiers >> 3 & 1);
    negate_fields(b, b_elements, width, modifiers >> 1 & 1, modifiers >> 4 & 1);
  }
  bool negative = modifiers >> 2 & 1, absolute = modifiers >> 5 & 1, high = modifiers >> 9 & 1;
  uint32_t sums[16][16];
  uint32_t *rows[16];
  const uint32_t *addend = sparse ? d : c;
  for (int m = 0; m < 16; m++) {
    int reg = wmma_register(gen, width, m), lane = wmma_lane(gen, width, m);
    bool packed = gen == GFX12 && (out == OUT_F16 || out == OUT_BF16);
    int row = packed ? reg / 2 : reg;
    u32x16 sum = addend ? load(addend + row * width + lane) : (u32x16){} + constant;
    sum = widen_sum(out, sum, addend ? wmma_half(gen, reg, high) : 0);
    if (!integer && !sparse) {
      if (absolute) sum &= 0x7FFFFFFF;
      if (negative) sum ^= 0x80000000;
    }
    store(sums[m], sum);
    rows[m] = sums[m];
  }
  int shift = 0;
  if (sparse) {
    memcpy(own, c, (size_t)width * 4);
    shift = index_shift(modifiers >> 7 & 3, elements);
  }
  if (integer && modifiers >> 6 & 1)
    wmma_saturated(sums, a, b, sparse ? own : NULL, shift, groups, elements, width);
  else if (sparse)
    accumulate_sparse(integer, rows, a, b, own, shift, 16, groups, elements, width);
  else
    accumulate(inlined, integer, 16, rows, a, b, groups, elements, width);
  for (int m = 0; m < 16; m++) {
    int reg = wmma_register(gen, width, m), lane = wmma_lane(gen, width, m);
    bool packed = gen == GFX12 && (out == OUT_F16 || out == OUT_BF16);
    store_sum(out, d + (packed ? reg / 2 : reg) * width + lane, load(sums[m]),
              wmma_half(gen, reg, high));
  }
}

static NOINLINE void wmma(int width, uint32_t *d, const uint32_t *a, const uint32_t *b, const uint32_t *c,
                          uint32_t constant, uint32_t modifiers, enum generation gen, enum output out,
                          enum format a_format, enum format b_format, int k, bool sparse) {
  wmma_as(false, width, d, a, b, c, constant, modifiers, gen, out, a_format, b_format, k, sparse);
}

#define COMMON_WMMA(name, gen, out, A, B)                                                             \
  HELPER(name) { \
    if (wave->wave_size == 32) \
      wmma_as(true, 32, d, a, b, c, constant, modifiers, gen, out, A, B, 16, false); \
    else \
      wmma(64, d, a, b, c, constant, modifiers, gen, out, A, B, 16, false); \
  }
#define WMMA_HELPER(name, gen, out, A, B, k, sparse)                                                  \
  HELPER(name) { \
    wmma((int)wave->wave_size, d, a, b, c, constant, modifiers, gen, out, A, B, k, sparse); \
  }

#define WMMA_FAMILY(suffix, gen)                                                                      \
  COMMON_WMMA(wmma_f32_16x16x16_f16##suffix, gen, OUT_F32, F16, F16) \
  COMMON_WMMA(wmma_f32_16x16x16_bf16##suffix, gen, OUT_F32, BF16, BF16) \
  WMMA_HELPER(wmma_f16_16x16x16_f16##suffix, gen, OUT_F16, F16, F16, 16, false) \
  WMMA_HELPER(wmma_bf16_16x16x16_bf16##suffix, gen, OUT_BF16, BF16, BF16, 16, false) \
  WMMA_HELPER(wmma_i32_16x16x16_iu8##suffix, gen, OUT_I32, U8, U8, 16, false) \
  WMMA_HELPER(wmma_i32_16x16x16_iu4##suffix, gen, OUT_I32, U4, U4, 16, false)
WMMA_FAMILY(_gfx11, GFX11)
WMMA_FAMILY(, GFX12)
WMMA_HELPER(wmma_i32_16x16x32_iu4, GFX12, OUT_I32, U4, U4, 32, false)
#define WMMA_SMALL(formats, A, B)                                                                     \
  WMMA_HELPER(wmma_f32_16x16x16_##formats, GFX12, OUT_F32, A, B, 16, false) \
  WMMA_HELPER(swmmac_f32_16x16x32_##formats, GFX12, OUT_F32, A, B, 32, true)
SMALL_FLOATS(WMMA_SMALL)

WMMA_HELPER(swmmac_f32_16x16x32_f16, GFX12, OUT_F32, F16, F16, 32, true)
WMMA_HELPER(swmmac_f32_16x16x32_bf16, GFX12, OUT_F32, BF16, BF16, 32, true)
WMMA_HELPER(swmmac_f16_16x16x32_f16, GFX12, OUT_F16, F16, F16, 32, true)
WMMA_HELPER(swmmac_bf16_16x16x32_bf16, GFX12, OUT_BF16, BF16, BF16, 32, true)
WMMA_HELPER(swmmac_i32_16x16x32_iu8, GFX12, OUT_I32, U8, U8, 32, true)
WMMA_HELPER(swmmac_i32_16x16x32_iu4, GFX12, OUT_I32, U4, U4, 32, true)
WMMA_HELPER(swmmac_i32_16x16x64_iu4, GFX12, OUT_I32, U4, U4, 64, true)
