/* Runs of matrix instructions of one kind, as kernels issue them: a few tiles of D, each the sum of
 * several products, of operands that several tiles share. An operand is unpacked once, and a tile's
 * sums stay in the host's registers from product to product.
 *
 * A plan says what to do (translate/matrices.py writes it): the numbers of A's, of B's and of tiles;
 * the first VGPR of each A and of each B; and for each tile its first VGPR, whether it starts from
 * zero, how many products it adds, and for each of these which A and which B. */
#include "matrix.h"

/* Where F16 has arithmetic too (Intel's), an instruction over pairs of bf16 takes as long as four
 * multiply-adds of F32 and does the work of two. */
#if defined(__AVX512BF16__) && !defined(__AVX512FP16__)
#define WITH_BF16_PAIRS
#endif

#define MOST_OPERANDS 16 /* A's in a plan, and B's */
#define MOST_WORDS 32   /* of a lane of an operand, unpacked */

/* How unpacked operands are multiplied: element by element; or as they lie in registers, pairs of
 * bf16 or four i8 to a word. */
enum way { BY_FLOAT, BY_INTEGER, BY_BF16_PAIRS, BY_I8_QUADS };

struct tile {
  uint32_t *d;
  bool from_zero;
  int count;
  const uint16_t *products;
};

struct operands {
  const uint32_t *a, *b; /* [operand][word][lane] */
  int words;
  const int32_t (*sums)[32]; /* by A and row, the sums of its elements; for BY_I8_QUADS */
};

ALWAYS_INLINE u32x16 add_product(enum way way, u32x16 sum, uint32_t a, u32x16 b) {
#ifdef WITH_BF16_PAIRS
  if (way == BY_BF16_PAIRS)
    return (u32x16)_mm512_dpbf16_ps((__m512)sum, (__m512bh)_mm512_set1_epi32((int)a), (__m512bh)b);
#endif
#ifdef __AVX512VNNI__
  if (way == BY_I8_QUADS)
    return (u32x16)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)b, _mm512_set1_epi32((int)a));
#endif
  return multiply_add(way == BY_INTEGER, a, b, sum);
}

/* The structures are values here, as the stores to D could change what pointers lead to. */
ALWAYS_INLINE void multiply_as(enum way way, int dim, struct tile tile, struct operands operands) {
  int rows = dim == 32 ? 8 : 16, words = operands.words;
  for (int first = 0; first < dim; first += rows) {
    u32x16 sums[16][2];
    for (int m = 0; m < rows; m++) {
      uint32_t *d = mfma_row(tile.d, dim, first + m);
      int32_t surplus = 0;
      if (way == BY_I8_QUADS)
        for (int i = 0; i < tile.count; i++)
          surplus += operands.sums[tile.products[2 * i]][first + m];
      for (int n = 0; n < dim / 16; n++) {
        sums[m][n] = tile.from_zero ? (u32x16){} : load(d + 16 * n);
        if (way == BY_I8_QUADS) sums[m][n] -= (uint32_t)surplus * 128;
      }
    }
    for (int i = 0; i < tile.count; i++) {
      const uint32_t *a = operands.a + tile.products[2 * i] * words * 64 + first;
      const uint32_t *b = operands.b + tile.products[2 * i + 1] * words * 64;
      for (int group = 0; group < 64; group += dim)
        for (int at = group; at < words * 64; at += 64)
          for (int n = 0; n < dim / 16; n++) {
            u32x16 values = load(b + at + 16 * n);
            for (int m = 0; m < rows; m++)
              sums[m][n] = add_product(way, sums[m][n], a[at + m], values);
          }
    }
    for (int m = 0; m < rows; m++)
      for (int n = 0; n < dim / 16; n++) store(mfma_row(tile.d, dim, first + m) + 16 * n, sums[m][n]);
  }
}

#define MULTIPLY(way, dim)                                                                   \
  static NOINLINE void multiply_##way##_##dim(const struct tile *tile,                       \
                                              const struct operands *operands) {             \
    multiply_as(way, dim, *tile, *operands);                                                 \
  }
#define MULTIPLY_WAY(way) MULTIPLY(way, 16) MULTIPLY(way, 32)
MULTIPLY_WAY(BY_FLOAT)
MULTIPLY_WAY(BY_INTEGER)
#ifdef WITH_BF16_PAIRS
MULTIPLY_WAY(BY_BF16_PAIRS)
#endif
#ifdef __AVX512VNNI__
MULTIPLY_WAY(BY_I8_QUADS)
#endif

static void multiply(enum way way, int dim, const struct tile *tile,
                     const struct operands *operands) {
  static void (*const all[][2])(const struct tile *, const struct operands *) = {
      [BY_FLOAT] = {multiply_BY_FLOAT_16, multiply_BY_FLOAT_32},
      [BY_INTEGER] = {multiply_BY_INTEGER_16, multiply_BY_INTEGER_32},
#ifdef WITH_BF16_PAIRS
      [BY_BF16_PAIRS] = {multiply_BY_BF16_PAIRS_16, multiply_BY_BF16_PAIRS_32},
#endif
#ifdef __AVX512VNNI__
      [BY_I8_QUADS] = {multiply_BY_I8_QUADS_16, multiply_BY_I8_QUADS_32},
#endif
  };
  all[way][dim == 32](tile, operands);
}

/* ---- plans ---- */

struct plan {
  int a_count, b_count, tile_count;
  const uint16_t *a, *b, *tiles;
};

static struct plan read_plan(const uint16_t *words) {
  struct plan plan = {words[0], words[1], words[2], words + 3, words + 3 + words[0],
                      words + 3 + words[0] + words[1]};
  return plan;
}

/* Reads the tile at `at`; where the next one is. */
static const uint16_t *read_tile(struct tile *tile, const uint16_t *at, uint32_t *vgpr) {
  *tile = (struct tile){vgpr + at[0] * 64, at[1], at[2], at + 3};
  return at + 3 + 2 * at[2];
}

static void multiply_all(enum way way, int dim, uint32_t *vgpr, const struct plan *plan,
                         const struct operands *operands) {
  struct tile tile;
  const uint16_t *at = plan->tiles;
  for (int i = 0; i < plan->tile_count; i++) {
    at = read_tile(&tile, at, vgpr);
    multiply(way, dim, &tile, operands);
  }
}

/* ---- bf16 ----
 *
 * The host's instruction takes and gives no denormals, which changes nothing where none can arise:
 * with these bounds every sum is a multiple of the least normal number. It also adds the higher half
 * of a pair first: halves are swapped to keep the order of k. */
#define LEAST_BF16 ((127 - 56) << 7)
#define LEAST_SUM ((127 - 103) << 23)

ALWAYS_INLINE u32x16 unsafe_pair(u32x16 value) {
  u16x32 magnitude = (u16x32)value & 0x7FFF;
  return (u32x16)((u16x32)(magnitude - 1 < LEAST_BF16 - 1) | (u16x32)(magnitude > 0x7F7F));
}

static bool any(u32x16 flags) {
  uint32_t set = 0;
  for (int i = 0; i < 16; i++) set |= flags[i];
  return set != 0;
}

static bool pairs_are_safe(const struct plan *plan, uint32_t *vgpr, int words) {
  u32x16 unsafe = {};
  for (int i = 0; i < plan->a_count + plan->b_count; i++)
    for (int at = 0; at < words * 64; at += 16)
      unsafe |= unsafe_pair(load(vgpr + plan->a[i] * 64 + at));
  return !any(unsafe);
}

/* What is no number stays none with either instruction, and is no obstacle in sums. */
static bool sums_are_safe(const struct plan *plan, uint32_t *vgpr, int dim) {
  u32x16 least = ~(u32x16){};
  struct tile tile;
  const uint16_t *at = plan->tiles;
  for (int i = 0; i < plan->tile_count; i++) {
    at = read_tile(&tile, at, vgpr);
    if (tile.from_zero) continue;
    for (int j = 0; j < dim * dim; j += 16) /* 0 - 1 is large */
      least = __builtin_elementwise_min(least, (load(tile.d + j) & 0x7FFFFFFF) - 1);
  }
  return !any((u32x16)(least < LEAST_SUM - 1));
}

static void swap_halves(uint32_t *out, const uint32_t *rows, int words) {
  for (int at = 0; at < words * 64; at += 16) {
    u32x16 value = load(rows + at);
    store(out + at, value << 16 | value >> 16);
  }
}

static bool run_bf16(uint32_t *vgpr, const struct plan *plan, int dim, int elements) {
#ifdef WITH_BF16_PAIRS
  int words = elements / 2;
  if (!pairs_are_safe(plan, vgpr, words) || !sums_are_safe(plan, vgpr, dim)) return false;
  _Alignas(64) uint32_t a[MOST_OPERANDS * 4 * 64], b[MOST_OPERANDS * 4 * 64];
  for (int i = 0; i < plan->a_count; i++)
    swap_halves(a + i * words * 64, vgpr + plan->a[i] * 64, words);
  for (int i = 0; i < plan->b_count; i++)
    swap_halves(b + i * words * 64, vgpr + plan->b[i] * 64, words);
  struct operands operands = {a, b, words, NULL};
  multiply_all(BY_BF16_PAIRS, dim, vgpr, plan, &operands);
  return true;
#else
  (void)vgpr, (void)plan, (void)dim, (void)elements;
  (void)pairs_are_safe, (void)sums_are_safe, (void)swap_halves;
  return false;
#endif
}

/* ---- i8: the host's instruction takes B unsigned: 128 more than it is, which the sums of A undo ---- */

static bool run_i8(uint32_t *vgpr, const struct plan *plan, int dim, int elements) {
#ifdef __AVX512VNNI__
  int words = elements / 4;
  _Alignas(64) uint32_t a[MOST_OPERANDS * 4 * 64], b[MOST_OPERANDS * 4 * 64];
  int32_t sums[MOST_OPERANDS][32] = {};
  for (int i = 0; i < plan->a_count; i++) {
    const uint32_t *rows = vgpr + plan->a[i] * 64;
    memcpy(a + i * words * 64, rows, (size_t)words * 256);
    for (int at = 0; at < words * 64; at++)
      for (int byte = 0; byte < 32; byte += 8) sums[i][at % dim] += (int8_t)(rows[at] >> byte);
  }
  for (int i = 0; i < plan->b_count; i++)
    for (int at = 0; at < words * 64; at += 16)
      store(b + i * words * 64 + at, load(vgpr + plan->b[i] * 64 + at) ^ 0x80808080);
  struct operands operands = {a, b, words, sums};
  multiply_all(BY_I8_QUADS, dim, vgpr, plan, &operands);
  return true;
#else
  (void)vgpr, (void)plan, (void)dim, (void)elements;
  return false;
#endif
}

/* ---- any format ---- */

static void run(uint32_t *vgpr, const uint16_t *words, bool integer, enum format a_format,
                enum format b_format, int dim, int elements) {
  struct plan plan = read_plan(words);
  if (a_format == BF16 && run_bf16(vgpr, &plan, dim, elements)) return;
  if (a_format == I8 && run_i8(vgpr, &plan, dim, elements)) return;
  _Alignas(64) uint32_t a[MOST_OPERANDS * MOST_WORDS * 64], b[MOST_OPERANDS * MOST_WORDS * 64];
  for (int i = 0; i < plan.a_count; i++)
    anyroc_unpackers[a_format](a + i * elements * 64, vgpr + plan.a[i] * 64, elements, 64);
  for (int i = 0; i < plan.b_count; i++)
    anyroc_unpackers[b_format](b + i * elements * 64, vgpr + plan.b[i] * 64, elements, 64);
  struct operands operands = {a, b, elements, NULL};
  multiply_all(integer ? BY_INTEGER : BY_FLOAT, dim, vgpr, &plan, &operands);
}

static void run_chosen(uint32_t *vgpr, const uint16_t *words, uint32_t modifiers, int dim) {
  struct plan plan = read_plan(words);
  _Alignas(64) uint32_t a[MOST_OPERANDS * 32 * 64], b[MOST_OPERANDS * 32 * 64];
  for (int i = 0; i < plan.a_count; i++)
    anyroc_chosen_unpackers[modifiers & 7](a + i * 32 * 64, vgpr + plan.a[i] * 64, dim);
  for (int i = 0; i < plan.b_count; i++)
    anyroc_chosen_unpackers[modifiers >> 7 & 7](b + i * 32 * 64, vgpr + plan.b[i] * 64, dim);
  struct operands operands = {a, b, 32, NULL};
  multiply_all(BY_FLOAT, dim, vgpr, &plan, &operands);
}

/* `modifiers`: as those of a single instruction. */
#define RUN(name) void anyroc_mfma_run_##name(uint32_t *vgpr, const uint16_t *plan, uint32_t modifiers)
#define MFMA_RUN(name, integer, a_format, b_format, dim, elements)                           \
  RUN(name) {                                                                                \
    (void)modifiers;                                                                         \
    run(vgpr, plan, integer, a_format, b_format, dim, elements);                             \
  }

MFMA_RUN(f32_32x32x2_f32, false, F32, F32, 32, 1)
MFMA_RUN(f32_16x16x4_f32, false, F32, F32, 16, 1)
MFMA_RUN(f32_16x16x8_xf32, false, XF32, XF32, 16, 2)
MFMA_RUN(f32_32x32x4_xf32, false, XF32, XF32, 32, 2)

#define RUN_HALVES(format, FORMAT)                                                           \
  MFMA_RUN(f32_32x32x8_##format, false, FORMAT, FORMAT, 32, 4)                               \
  MFMA_RUN(f32_16x16x16_##format, false, FORMAT, FORMAT, 16, 4)                              \
  MFMA_RUN(f32_32x32x16_##format, false, FORMAT, FORMAT, 32, 8)                              \
  MFMA_RUN(f32_16x16x32_##format, false, FORMAT, FORMAT, 16, 8)
RUN_HALVES(f16, F16)
RUN_HALVES(bf16, BF16)

MFMA_RUN(i32_32x32x8_i8, true, I8, I8, 32, 4)
MFMA_RUN(i32_16x16x16_i8, true, I8, I8, 16, 4)
MFMA_RUN(i32_32x32x16_i8, true, I8, I8, 32, 8)
MFMA_RUN(i32_16x16x32_i8, true, I8, I8, 16, 8)
MFMA_RUN(i32_32x32x32_i8, true, I8, I8, 32, 16)
MFMA_RUN(i32_16x16x64_i8, true, I8, I8, 16, 16)

#define RUN_SMALL(formats, A, B)                                                             \
  MFMA_RUN(f32_16x16x32_##formats, false, A, B, 16, 8)                                       \
  MFMA_RUN(f32_32x32x16_##formats, false, A, B, 32, 8)
RUN_SMALL(fp8_fp8, FP8, FP8)
RUN_SMALL(fp8_bf8, FP8, BF8)
RUN_SMALL(bf8_fp8, BF8, FP8)
RUN_SMALL(bf8_bf8, BF8, BF8)
RUN_SMALL(fp8_fp8_fnuz, FP8_FNUZ, FP8_FNUZ)
RUN_SMALL(fp8_bf8_fnuz, FP8_FNUZ, BF8_FNUZ)
RUN_SMALL(bf8_fp8_fnuz, BF8_FNUZ, FP8_FNUZ)
RUN_SMALL(bf8_bf8_fnuz, BF8_FNUZ, BF8_FNUZ)

RUN(f32_16x16x128_f8f6f4) { run_chosen(vgpr, plan, modifiers, 16); }
RUN(f32_32x32x64_f8f6f4) { run_chosen(vgpr, plan, modifiers, 32); }
