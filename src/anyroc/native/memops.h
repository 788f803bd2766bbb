/* Shared by the memory helpers: chunks of 16 lanes and where an address leads. */
#ifndef ANYROC_MEMOPS_H
#define ANYROC_MEMOPS_H

#include <string.h>

#include "wave.h"

#define CHUNK 16
#define INLINE static inline __attribute__((always_inline))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

typedef uint32_t u32x16 __attribute__((vector_size(64), aligned(4)));
typedef int32_t i32x16 __attribute__((vector_size(64), aligned(4)));
typedef uint16_t u16x16 __attribute__((vector_size(32), aligned(1)));
typedef int16_t i16x16 __attribute__((vector_size(32), aligned(1)));
typedef uint8_t u8x16 __attribute__((vector_size(16), aligned(1)));
typedef int8_t i8x16 __attribute__((vector_size(16), aligned(1)));
typedef uint32_t u32x16_unaligned __attribute__((vector_size(64), aligned(1)));

INLINE uint64_t wave_exec(const struct anyroc_wave *wave) {
  uint64_t exec;
  memcpy(&exec, &wave->sgpr[ANYROC_SGPR_EXEC], sizeof exec);
  return wave->wave_size == 64 ? exec : exec & 0xffffffffu;
}

INLINE u32x16 lane_numbers(void) {
  return (u32x16){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
}

/* One bit per lane where the comparison result is true. */
INLINE uint32_t lanes_where(i32x16 condition) {
  typedef _Bool b16 __attribute__((ext_vector_type(16)));
  b16 bits = __builtin_convertvector(condition, b16);
  uint16_t word;
  memcpy(&word, &bits, sizeof word);
  return word;
}

INLINE i32x16 lanes_of(uint32_t mask) {
  return (((u32x16){} + mask) >> lane_numbers() & 1) != 0;
}

INLINE u32x16 blend(uint32_t mask, u32x16 yes, u32x16 no) {
  i32x16 lanes = lanes_of(mask);
  return ((u32x16)lanes & yes) | (~(u32x16)lanes & no);
}

INLINE int in_device_range(uint64_t address, uint64_t size) {
  return address - (uint64_t)anyroc_range_base <= anyroc_range_size - size;
}

/* Where one lane's access leads; never returns for an address that leads nowhere. */
uint8_t *anyroc_resolve_global(struct anyroc_wave *wave, uint64_t address, uint32_t size,
                               uint32_t lane, uint32_t kind);

INLINE uint8_t *resolve_global(struct anyroc_wave *wave, uint64_t address, uint32_t size,
                               uint32_t lane, uint32_t kind) {
  if (LIKELY(in_device_range(address, size))) return (uint8_t *)address;
  return anyroc_resolve_global(wave, address, size, lane, kind);
}

/* Scratch is interleaved by dword over the lanes. */
INLINE uint8_t *scratch_byte(struct anyroc_wave *wave, uint32_t offset, uint32_t lane) {
  return wave->scratch + ((uint64_t)(offset / 4) * wave->wave_size + lane) * 4 + offset % 4;
}

#endif
