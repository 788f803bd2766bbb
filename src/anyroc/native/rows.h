/* Moves the data of sixteen lanes between registers and memory, in the ways that memory is laid out. */
#ifndef ANYROC_ROWS_H
#define ANYROC_ROWS_H

#ifdef __AVX512F__
#include <immintrin.h>
#endif

#include "memops.h"

/* What a lane's data becomes in its register. */
enum form { WORDS, U8, I8, U16, I16, U8_LO, U8_HI, I8_LO, I8_HI, B16_LO, B16_HI };

static const u32x16 zeros;

typedef uint64_t u64x8 __attribute__((vector_size(64)));

INLINE uint32_t bytes_of(enum form form, uint32_t words) {
  switch (form) {
    case WORDS: return 4 * words;
    case U8: case I8: case U8_LO: case U8_HI: case I8_LO: case I8_HI: return 1;
    default: return 2;
  }
}

INLINE uint32_t extend(enum form form, uint32_t raw, uint32_t old) {
  switch (form) {
    case U8: return (uint8_t)raw;
    case I8: return (uint32_t)(int8_t)raw;
    case U16: return (uint16_t)raw;
    case I16: return (uint32_t)(int16_t)raw;
    case U8_LO: return (old & 0xffff0000u) | (uint8_t)raw;
    case I8_LO: return (old & 0xffff0000u) | (uint16_t)(int8_t)raw;
    case B16_LO: return (old & 0xffff0000u) | (uint16_t)raw;
    case U8_HI: return (old & 0xffffu) | (uint32_t)(uint8_t)raw << 16;
    case I8_HI: return (old & 0xffffu) | (uint32_t)(uint16_t)(int8_t)raw << 16;
    case B16_HI: return (old & 0xffffu) | raw << 16;
    default: return raw;
  }
}

/* Copies between a lane's registers and contiguous memory. */
INLINE void lane_transfer(uint32_t *rows, uint32_t wave_size, uint8_t *p, enum form form,
                          uint32_t words, int write) {
  if (form == WORDS) {
    for (uint32_t i = 0; i < words; i++) {
      if (write) memcpy(p + 4 * i, rows + (size_t)i * wave_size, 4);
      else memcpy(rows + (size_t)i * wave_size, p + 4 * i, 4);
    }
    return;
  }
  uint32_t size = bytes_of(form, 1), raw = 0;
  if (write) {
    raw = form == U8_HI || form == B16_HI ? *rows >> 16 : *rows;
    memcpy(p, &raw, size);
  } else {
    memcpy(&raw, p, size);
    *rows = extend(form, raw, *rows);
  }
}

INLINE u32x16 even(u32x16 a, u32x16 b) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
}

INLINE u32x16 odd(u32x16 a, u32x16 b) {
  return __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}

INLINE u32x16 zip_low(u32x16 a, u32x16 b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

INLINE u32x16 zip_high(u32x16 a, u32x16 b) {
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

INLINE u32x16 load16(const void *p) { return *(const u32x16_unaligned *)p; }
INLINE void store16(void *p, u32x16 v) { *(u32x16_unaligned *)p = v; }

/* The dwords of sixteen lanes, two or four each: lane after lane in `parts`, or in rows. */
INLINE void by_lane(const uint32_t *rows, uint32_t wave_size, uint32_t words, u32x16 *parts) {
  u32x16 r0 = load16(rows), r1 = load16(rows + wave_size);
  if (words == 2) {
    parts[0] = zip_low(r0, r1);
    parts[1] = zip_high(r0, r1);
    return;
  }
  u32x16 r2 = load16(rows + 2 * wave_size), r3 = load16(rows + 3 * wave_size);
  u32x16 a = zip_low(r0, r2), b = zip_low(r1, r3), c = zip_high(r0, r2), d = zip_high(r1, r3);
  parts[0] = zip_low(a, b);
  parts[1] = zip_high(a, b);
  parts[2] = zip_low(c, d);
  parts[3] = zip_high(c, d);
}

INLINE void by_row(uint32_t *rows, uint32_t wave_size, uint32_t words, const u32x16 *parts) {
  u32x16 ab0 = even(parts[0], parts[1]), ab1 = odd(parts[0], parts[1]);
  if (words == 2) {
    store16(rows, ab0);
    store16(rows + wave_size, ab1);
    return;
  }
  u32x16 cd0 = even(parts[2], parts[3]), cd1 = odd(parts[2], parts[3]);
  store16(rows, even(ab0, cd0));
  store16(rows + wave_size, even(ab1, cd1));
  store16(rows + 2 * wave_size, odd(ab0, cd0));
  store16(rows + 3 * wave_size, odd(ab1, cd1));
}

typedef uint32_t u32x2 __attribute__((vector_size(8), aligned(1)));
typedef uint32_t u32x4 __attribute__((vector_size(16), aligned(1)));
typedef uint32_t u32x8 __attribute__((vector_size(32), aligned(1)));

INLINE u32x16 join8(u32x8 a, u32x8 b) {
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

INLINE u32x8 join4(u32x4 a, u32x4 b) {
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7);
}

INLINE u32x4 join2(const uint8_t *a, const uint8_t *b) {
  return __builtin_shufflevector(*(const u32x2 *)a, *(const u32x2 *)b, 0, 1, 2, 3);
}

/* What four lanes read, 16 bytes each, or eight lanes, 8 bytes each. */
INLINE u32x16 gather4(uint8_t *const *p) {
  return join8(join4(*(const u32x4 *)p[0], *(const u32x4 *)p[1]),
               join4(*(const u32x4 *)p[2], *(const u32x4 *)p[3]));
}

INLINE u32x16 gather8(uint8_t *const *p) {
  return join8(join4(join2(p[0], p[1]), join2(p[2], p[3])),
               join4(join2(p[4], p[5]), join2(p[6], p[7])));
}

#ifdef __AVX512F__
/* The dwords at sixteen offsets, for the enabled lanes. */
INLINE void gather_words(uint32_t *rows, uint32_t wave_size, const uint8_t *base, u32x16 offsets,
                         uint32_t mask, uint32_t words) {
  for (uint32_t i = 0; i < words; i++) {
    uint32_t *row = rows + (size_t)i * wave_size;
    store16(row, (u32x16)__builtin_ia32_gathersiv16si((i32x16)load16(row), base + 4 * i,
                                                      (i32x16)offsets, (uint16_t)mask, 1));
  }
}

/* One dword or two at each of sixteen places. */
INLINE void gather_places(uint32_t *rows, uint32_t wave_size, const u64x8 *places, uint32_t words) {
  __m512i low = (__m512i)places[0], high = (__m512i)places[1];
  if (words == 1) {
    store16(rows, join8((u32x8)_mm512_i64gather_epi32(low, NULL, 1),
                        (u32x8)_mm512_i64gather_epi32(high, NULL, 1)));
    return;
  }
  u32x16 parts[2] = {(u32x16)_mm512_i64gather_epi64(low, NULL, 1),
                     (u32x16)_mm512_i64gather_epi64(high, NULL, 1)};
  by_row(rows, wave_size, 2, parts);
}

/* The pairs of dwords at sixteen offsets. */
INLINE void gather_pairs(uint32_t *rows, uint32_t wave_size, const uint8_t *base, u32x16 offsets) {
  __m512i at = (__m512i)offsets;
  u32x16 parts[2] = {
      (u32x16)_mm512_i32gather_epi64(_mm512_castsi512_si256(at), base, 1),
      (u32x16)_mm512_i32gather_epi64(_mm512_extracti64x4_epi64(at, 1), base, 1),
  };
  by_row(rows, wave_size, 2, parts);
}
#endif

/* Sixteen enabled lanes, each at its own place. */
INLINE void scattered(uint32_t *rows, uint32_t wave_size, uint8_t *const places[CHUNK],
                      enum form form, uint32_t words, int write) {
  if (form != WORDS || words == 1 || words == 3) {
    for (uint32_t i = 0; i < CHUNK; i++)
      lane_transfer(rows + i, wave_size, places[i], form, words, write);
    return;
  }
  u32x16 parts[4];
  if (write) {
    by_lane(rows, wave_size, words, parts);
    for (uint32_t i = 0; i < CHUNK; i++)
      memcpy(places[i], (uint8_t *)parts + (size_t)i * 4 * words, 4 * words);
    return;
  }
  for (uint32_t i = 0; i < words; i++)
    parts[i] = words == 2 ? gather8(places + 8 * i) : gather4(places + 4 * i);
  by_row(rows, wave_size, words, parts);
}

/* Whether lanes that together move 64 bytes do so on consecutive addresses, two or four dwords each;
 * `offsets` may be relative to anything. */
INLINE int by_lines(u32x16 offsets, enum form form, uint32_t words) {
  if (form != WORDS || (words != 2 && words != 4)) return 0;
  u32x16 firsts = words == 2
                      ? __builtin_shufflevector(offsets, offsets, 0, 0, 0, 0, 0, 0, 0, 0, 8, 8, 8,
                                                8, 8, 8, 8, 8)
                      : __builtin_shufflevector(offsets, offsets, 0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8,
                                                8, 12, 12, 12, 12);
  u32x16 expected = (lane_numbers() & (16 / words - 1)) * (4 * words);
  return lanes_where(offsets - firsts == expected) == 0xffff;
}

/* Sixteen enabled lanes that by_lines is true of. */
INLINE void lined(uint32_t *rows, uint32_t wave_size, uint8_t *const places[CHUNK], uint32_t words,
                  int write) {
  u32x16 parts[4];
  if (write) by_lane(rows, wave_size, words, parts);
  for (uint32_t i = 0; i < words; i++) {
    uint8_t *p = places[16 / words * i];
    if (write) store16(p, parts[i]);
    else parts[i] = load16(p);
  }
  if (!write) by_row(rows, wave_size, words, parts);
}

/* What follows the lines that `lined` has read: where these are parts of a matrix's rows, soon wanted. */
INLINE void prefetch_next(uint8_t *const places[CHUNK], uint32_t words) {
  for (uint32_t i = 0; i < words; i++) __builtin_prefetch(places[16 / words * i] + 64);
}

/* Sixteen enabled lanes on consecutive addresses. */
INLINE void contiguous(uint32_t *rows, uint32_t wave_size, uint8_t *p, enum form form,
                       uint32_t words, int write) {
  if (form == WORDS && words == 1) {
    if (write) store16(p, load16(rows));
    else store16(rows, load16(p));
  } else if (form == WORDS && (words == 2 || words == 4)) {
    u32x16 parts[4];
    if (write) {
      by_lane(rows, wave_size, words, parts);
      for (uint32_t i = 0; i < words; i++) store16(p + 64 * i, parts[i]);
    } else {
      for (uint32_t i = 0; i < words; i++) parts[i] = load16(p + 64 * i);
      by_row(rows, wave_size, words, parts);
    }
  } else if (form == U8 || form == I8) {
    if (write) *(u8x16 *)p = __builtin_convertvector(load16(rows), u8x16);
    else if (form == U8) store16(rows, __builtin_convertvector(*(u8x16 *)p, u32x16));
    else store16(rows, (u32x16)__builtin_convertvector(*(i8x16 *)p, i32x16));
  } else if (form == U16 || form == I16) {
    if (write) *(u16x16 *)p = __builtin_convertvector(load16(rows), u16x16);
    else if (form == U16) store16(rows, __builtin_convertvector(*(u16x16 *)p, u32x16));
    else store16(rows, (u32x16)__builtin_convertvector(*(i16x16 *)p, i32x16));
  } else {
    uint32_t size = bytes_of(form, words);
    for (uint32_t i = 0; i < CHUNK; i++)
      lane_transfer(rows + i, wave_size, p + (size_t)i * size, form, words, write);
  }
}

/* All enabled lanes read one address. */
INLINE void uniform_load(uint32_t *rows, uint32_t wave_size, const uint8_t *p, uint32_t mask,
                         enum form form, uint32_t words) {
  uint32_t count = form == WORDS ? words : 1;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t *row = rows + (size_t)i * wave_size, raw = 0;
    memcpy(&raw, p + 4 * i, form == WORDS ? 4 : bytes_of(form, 1));
    u32x16 value = zeros + (form == WORDS ? raw : extend(form, raw, 0));
    store16(row, mask == 0xffff ? value : blend(mask, value, load16(row)));
  }
}

#endif
