/* Moves across the lanes of a wave that are not within one chunk. */
#include <time.h>

#include "rows.h"

/* What sixteen lanes find in the lanes that they name, all of them those of the wave. */
INLINE u32x16 fetch(const uint32_t *from, u32x16 source, uint32_t wave_size) {
#ifdef __AVX512F__
  __m512i at = (__m512i)source;
  __m512i low = _mm512_permutex2var_epi32((__m512i)load16(from), at, (__m512i)load16(from + 16));
  if (wave_size == 32) return (u32x16)low;
  __m512i high = _mm512_permutex2var_epi32((__m512i)load16(from + 32), at, (__m512i)load16(from + 48));
  return (u32x16)_mm512_mask_mov_epi32(low, (uint16_t)lanes_where((source & 32) != 0), high);
#else
  (void)wave_size;
  u32x16 found;
  for (uint32_t i = 0; i < CHUNK; i++) found[i] = from[source[i]];
  return found;
#endif
}

/* Which of the lanes that sixteen lanes name are enabled. */
INLINE u32x16 where_enabled(uint64_t exec, u32x16 source) {
  u32x16 half = (u32x16)(source < 32);
  u32x16 word = (half & (uint32_t)exec) | (~half & (uint32_t)(exec >> 32));
  return (u32x16)((word >> (source & 31) & 1) != 0);
}

/* to[i] = from[table[i]], table entries of -1 give 0; the result says for which lanes the source exists and,
 * unless fetch_inactive, is enabled. */
uint64_t anyroc_gather_row(struct anyroc_wave *wave, uint32_t *to, const uint32_t *from,
                           const int8_t *table, uint32_t fetch_inactive) {
  uint64_t exec = wave_exec(wave), valid = 0;
  u32x16 found[64 / CHUNK];
  for (uint32_t c = 0; c < wave->wave_size; c += CHUNK) {
    i32x16 named = __builtin_convertvector(*(const i8x16 *)(table + c), i32x16);
    u32x16 source = (u32x16)named & (wave->wave_size - 1), good = (u32x16)(named >= 0);
    if (!fetch_inactive) good &= where_enabled(exec, source);
    found[c / CHUNK] = fetch(from, source, wave->wave_size) & good;
    valid |= (uint64_t)lanes_where((i32x16)good) << c;
  }
  for (uint32_t c = 0; c < wave->wave_size; c += CHUNK) store16(to + c, found[c / CHUNK]);
  return valid;
}

/* Every enabled lane fetches from the lane that its index names: 0 from a disabled one (or its own old
 * value, where keep says so), unless fetch_inactive. */
void anyroc_permute_gather(struct anyroc_wave *wave, uint32_t *to, const uint32_t *from,
                           const uint32_t *index, uint32_t fetch_inactive, uint32_t keep) {
  uint64_t exec = wave_exec(wave);
  uint32_t wave_size = wave->wave_size;
  u32x16 found[64 / CHUNK];
  for (uint32_t c = 0; c < wave_size; c += CHUNK) {
    u32x16 source = load16(index + c) & (wave_size - 1);
    u32x16 value = fetch(from, source, wave_size);
    if (!fetch_inactive) {
      u32x16 good = where_enabled(exec, source);
      value &= good;
      if (keep) value |= ~good & load16(to + c);
    }
    found[c / CHUNK] = value;
  }
  for (uint32_t c = 0; c < wave_size; c += CHUNK) {
    uint32_t mask = exec >> c & 0xffff;
    store16(to + c, mask == 0xffff ? found[c / CHUNK] : blend(mask, found[c / CHUNK], load16(to + c)));
  }
}

/* Every enabled lane sends to the lane that its index names; lanes that nobody sends to get 0. */
void anyroc_permute_scatter(struct anyroc_wave *wave, uint32_t *to, const uint32_t *from,
                            const uint32_t *index) {
  uint64_t exec = wave_exec(wave);
  uint32_t result[64] = {0};
  for (uint64_t m = exec; m; m &= m - 1) {
    uint32_t i = __builtin_ctzll(m);
    result[index[i] & (wave->wave_size - 1)] = from[i];
  }
  for (uint64_t m = exec; m; m &= m - 1) {
    uint32_t i = __builtin_ctzll(m);
    to[i] = result[i];
  }
}

/* Lanes of `first` whose bit `distance` is set change places with those of `second` that lie that far below.
 * What a disabled lane sends counts as 0 (or as the receiver's old value, where keep says so) unless
 * fetch_inactive. */
void anyroc_swap_lanes(struct anyroc_wave *wave, uint32_t *first, uint32_t *second, uint32_t distance,
                       uint32_t fetch_inactive, uint32_t keep) {
  uint64_t exec = wave_exec(wave);
  for (uint32_t i = 0; i < wave->wave_size; i++) {
    if (!(i & distance)) continue;
    uint32_t j = i - distance, upper = first[i], lower = second[j];
    int from_lower = fetch_inactive || (exec >> j & 1), from_upper = fetch_inactive || (exec >> i & 1);
    if (exec >> i & 1) first[i] = from_lower ? lower : keep ? upper : 0;
    if (exec >> j & 1) second[j] = from_upper ? upper : keep ? lower : 0;
  }
}

/* Clears a row in enabled lanes. */
void anyroc_clear_row(struct anyroc_wave *wave, uint32_t *row) {
  for (uint64_t m = wave_exec(wave); m; m &= m - 1) row[__builtin_ctzll(m)] = 0;
}

/* Per lane, a base plus so many times a signed row, as rows of low and high halves. */
void anyroc_scale_addresses(struct anyroc_wave *wave, uint32_t *to, const uint32_t *row,
                            uint32_t size, uint64_t base) {
  for (uint64_t m = wave_exec(wave); m; m &= m - 1) {
    int lane = __builtin_ctzll(m);
    uint64_t address = base + (uint64_t)((int64_t)(int32_t)row[lane] * size);
    to[lane] = (uint32_t)address;
    to[lane + wave->wave_size] = (uint32_t)(address >> 32);
  }
}

/* Adds the number of enabled lanes to a dword of LDS, or takes it away; they all get what was there. */
void anyroc_lds_count(struct anyroc_wave *wave, uint32_t *row, uint32_t at, uint32_t takes) {
  uint64_t exec = wave_exec(wave);
  uint32_t old = 0, lanes = (uint32_t)__builtin_popcountll(exec);
  if (at <= wave->lds_size && wave->lds_size - at >= 4) {
    memcpy(&old, wave->lds + at, 4);
    uint32_t now = takes ? old - lanes : old + lanes;
    memcpy(wave->lds + at, &now, 4);
  }
  for (uint64_t m = exec; m; m &= m - 1) row[__builtin_ctzll(m)] = old;
}

/* anyroc_transpose where all lanes take part, in groups of 16, with whole bytes, eight to a lane: each group
 * holds a matrix of 16 columns, row by row, and a lane gets a column. */
#define TRANSPOSE(bits)                                                                       \
  static void transpose_##bits(uint32_t *to, const uint32_t *from, uint32_t wave_size) {      \
    enum { ROWS = 64 / bits };                                                                \
    for (uint32_t group = 0; group < wave_size; group += 16) {                                \
      uint32_t words[32];                                                                     \
      uint##bits##_t matrix[ROWS][16], columns[16][ROWS];                                     \
      for (int i = 0; i < 16; i++) {                                                          \
        words[2 * i] = from[group + i];                                                       \
        words[2 * i + 1] = from[wave_size + group + i];                                       \
      }                                                                                       \
      memcpy(matrix, words, sizeof matrix);                                                   \
      for (int column = 0; column < 16; column++)                                             \
        for (int row = 0; row < ROWS; row++) columns[column][row] = matrix[row][column];      \
      memcpy(words, columns, sizeof words);                                                   \
      for (int i = 0; i < 16; i++) {                                                          \
        to[group + i] = words[2 * i];                                                         \
        to[wave_size + group + i] = words[2 * i + 1];                                         \
      }                                                                                       \
    }                                                                                         \
  }
TRANSPOSE(8)
TRANSPOSE(16)

/* Of a matrix of `span` columns, whose rows lie in the lanes one behind the other (elements of `bits`, `words`
 * dwords a lane), every enabled lane gets a column.  SPLIT: of 16 lanes the first four and the third four hold
 * the rows of one matrix, the others those of another. */
enum { SPLIT = 256 };
void anyroc_transpose(struct anyroc_wave *wave, uint32_t *to, const uint32_t *from, uint32_t bits,
                      uint32_t words, uint32_t shape) {
  uint32_t span = shape & (SPLIT - 1);
  uint32_t split = shape & SPLIT;
  uint32_t wave_size = wave->wave_size, elements = 32 * words / bits, lanes_per_row = span / elements;
  uint32_t mask = (1u << bits) - 1;
  uint64_t exec = wave_exec(wave);
  if (exec == ~0ull >> (64 - wave_size) && span == 16 && words == 2 && (bits == 8 || bits == 16)) {
    (bits == 8 ? transpose_8 : transpose_16)(to, from, wave_size);
    return;
  }
  for (uint64_t m = exec; m; m &= m - 1) {
    uint32_t i = __builtin_ctzll(m), column = i % span, result[4] = {0};
    for (uint32_t n = 0; n < elements; n++) {
      uint32_t source = split ? (i & ~15u) + (i / 8 % 2) * 4 + n / 4 * 8 + n % 4
                              : i - column + n * lanes_per_row + column / elements;
      uint32_t at = column % elements * bits, word = at / 32, shift = at % 32;
      uint64_t pair = from[word * wave_size + source];
      if (word + 1 < words) pair |= (uint64_t)from[(word + 1) * wave_size + source] << 32;
      uint32_t value = (uint32_t)(pair >> shift) & mask, target = n * bits;
      result[target / 32] |= value << target % 32;
      if (target % 32 + bits > 32) result[target / 32 + 1] |= value >> (32 - target % 32);
    }
    for (uint32_t w = 0; w < words; w++) to[w * wave_size + i] = result[w];
  }
}

/* vgpr[to] = vgpr[from], or a scalar where `from` is negative, in enabled lanes.  As on the hardware, a
 * source beyond the allocated rows reads row 0 and a destination beyond them is dropped. */
void anyroc_move_relative(struct anyroc_wave *wave, uint32_t to, int64_t from, uint32_t scalar,
                          uint32_t rows) {
  uint64_t exec = wave_exec(wave);
  if (to >= rows) return;
  if (from >= rows) from = 0;
  uint32_t *target = wave->vgpr + (size_t)to * wave->wave_size;
  const uint32_t *source = wave->vgpr + (size_t)(from < 0 ? 0 : from) * wave->wave_size;
  for (uint64_t m = exec; m; m &= m - 1) {
    uint32_t i = __builtin_ctzll(m);
    target[i] = from < 0 ? scalar : source[i];
  }
}

void anyroc_swap_relative(struct anyroc_wave *wave, uint32_t to, int64_t from, uint32_t unused,
                          uint32_t rows) {
  (void)unused;
  if (to >= rows || from >= rows) return;
  uint32_t *target = wave->vgpr + (size_t)to * wave->wave_size;
  uint32_t *source = wave->vgpr + (size_t)from * wave->wave_size;
  for (uint64_t m = wave_exec(wave); m; m &= m - 1) {
    uint32_t i = __builtin_ctzll(m), value = target[i];
    target[i] = source[i];
    source[i] = value;
  }
}

/* Whether all lanes of a row hold the same value. */
_Bool anyroc_row_uniform(const uint32_t *row, uint32_t lanes) {
  u32x16 differs = {0};
  for (uint32_t i = 0; i < lanes; i += CHUNK)
    differs |= *(const u32x16 *)(row + i) ^ row[0];
  return !lanes_where(differs != 0);
}

/* The constant-rate clock that kernels read: 100 MHz. */
uint64_t anyroc_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 100000000u + (uint64_t)now.tv_nsec / 10;
}

/* The core clock that kernels read, as if it ran at `khz` all the time. */
uint64_t anyroc_cycles(uint32_t khz) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  uint64_t ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
  return (uint64_t)((unsigned __int128)ns * khz / 1000000u);
}
