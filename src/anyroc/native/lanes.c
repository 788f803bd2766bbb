/* Moves across the lanes of a wave that are not within one chunk. */
#include <time.h>

#include "memops.h"

/* to[i] = from[table[i]], table entries of -1 give 0; the result says for which lanes the source exists and,
 * unless fetch_inactive, is enabled. */
uint64_t anyroc_gather_row(struct anyroc_wave *wave, uint32_t *to, const uint32_t *from,
                           const int8_t *table, uint32_t fetch_inactive) {
  uint64_t exec = wave_exec(wave), valid = 0;
  for (uint32_t i = 0; i < wave->wave_size; i++) {
    int source = table[i];
    int good = source >= 0 && (fetch_inactive || exec >> source & 1);
    to[i] = good ? from[source] : 0;
    valid |= (uint64_t)good << i;
  }
  return valid;
}

/* Every enabled lane fetches from the lane that its index names: 0 from a disabled one (or its own old
 * value, where keep says so), unless fetch_inactive. */
void anyroc_permute_gather(struct anyroc_wave *wave, uint32_t *to, const uint32_t *from,
                           const uint32_t *index, uint32_t fetch_inactive, uint32_t keep) {
  uint64_t exec = wave_exec(wave);
  uint32_t result[64];
  for (uint64_t m = exec; m; m &= m - 1) {
    uint32_t i = __builtin_ctzll(m), source = index[i] & (wave->wave_size - 1);
    int good = fetch_inactive || (exec >> source & 1);
    result[i] = good ? from[source] : keep ? to[i] : 0;
  }
  for (uint64_t m = exec; m; m &= m - 1) {
    uint32_t i = __builtin_ctzll(m);
    to[i] = result[i];
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
