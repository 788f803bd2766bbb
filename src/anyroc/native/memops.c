/* Memory instructions: every helper serves all lanes of a wave.
 *
 * An access is described by constants (space, bytes, extension, direction), so that each instantiation below
 * is a loop over chunks of 16 lanes with the fast cases that matter: contiguous, uniform, else lane by lane. */
#include "memops.h"
#include "rows.h"

enum space { GLOBAL64, GLOBAL32, FLAT, SCRATCH, LDS };

uint8_t *anyroc_resolve_global(struct anyroc_wave *wave, uint64_t address, uint32_t size,
                               uint32_t lane, uint32_t kind) {
  if (!in_device_range(address, size) && !anyroc_host_range_ok(address, size))
    anyroc_fault(wave, kind, address, lane, size);
  return (uint8_t *)address;
}

static __attribute__((noinline)) void scratch_lane(struct anyroc_wave *wave, uint32_t *rows,
                                                   uint64_t offset, uint32_t lane, enum form form,
                                                   uint32_t words, int write) {
  uint32_t size = bytes_of(form, words);
  if (offset > wave->scratch_size || size > wave->scratch_size - offset)
    anyroc_fault(wave, ANYROC_FAULT_PRIVATE, offset, lane, size);
  uint8_t buffer[16];
  if (write) lane_transfer(rows, wave->wave_size, buffer, form, words, 1);
  for (uint32_t i = 0; i < size; i++) {
    uint8_t *p = scratch_byte(wave, (uint32_t)offset + i, lane);
    if (write) *p = buffer[i];
    else buffer[i] = *p;
  }
  if (!write) lane_transfer(rows, wave->wave_size, buffer, form, words, 0);
}

/* A flat access of one lane that is not plain device memory. */
static __attribute__((noinline)) void flat_lane(struct anyroc_wave *wave, uint32_t *rows,
                                                uint64_t address, uint32_t lane, enum form form,
                                                uint32_t words, int write) {
  uint32_t size = bytes_of(form, words), high = address >> 32, low = (uint32_t)address;
  if (high == ANYROC_PRIVATE_APERTURE) {
    scratch_lane(wave, rows, low, lane, form, words, write);
    return;
  }
  if ((high & ~ANYROC_LANE_APERTURE_LANES) == ANYROC_LANE_APERTURE) {
    scratch_lane(wave, rows, low, high >> 20 & 31, form, words, write);
    return;
  }
  uint8_t none[16] = {0}, *p;
  if (high == ANYROC_SHARED_APERTURE) {
    int inside = low <= wave->lds_size && size <= wave->lds_size - low;
    p = inside ? wave->lds + low : none;
  } else {
    p = resolve_global(wave, address, size, lane, write ? ANYROC_FAULT_WRITE : ANYROC_FAULT_READ);
  }
  lane_transfer(rows, wave->wave_size, p, form, words, write);
}

INLINE u64x8 widen_low(u32x16 v) {
  return __builtin_convertvector(__builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7), u64x8);
}

INLINE u64x8 widen_high(u32x16 v) {
  return __builtin_convertvector(__builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15), u64x8);
}

INLINE int all_in_device_range(u64x8 a, u64x8 b, uint64_t size) {
  uint64_t start = (uint64_t)anyroc_range_base, last = anyroc_range_size - size;
  return !__builtin_reduce_or((a - start > last) | (b - start > last));
}

INLINE int keeps_old(enum form form) { return form >= U8_LO; }

INLINE void access_global(struct anyroc_wave *wave, uint32_t *rows, const uint32_t *vaddr,
                          uint64_t base, enum space space, enum form form, uint32_t words,
                          int write) {
  const uint32_t size = bytes_of(form, words), wave_size = wave->wave_size;
  const uint32_t kind = write ? ANYROC_FAULT_WRITE : ANYROC_FAULT_READ;
  const uint64_t exec = wave_exec(wave);
  for (uint32_t c = 0; c < wave_size; c += CHUNK, rows += CHUNK) {
    uint32_t mask = exec >> c & 0xffff;
    if (!mask) continue;
    uint32_t first = __builtin_ctz(mask);
    u32x16 low = vaddr ? load16(vaddr + c) : zeros, high = zeros;
    uint64_t start = base + (vaddr ? vaddr[c + first] : 0);
    u32x16 steps = low - (vaddr ? vaddr[c + first] : 0);
    uint32_t same_page = 0xffff;
    if (space != GLOBAL32) {
      high = load16(vaddr + wave_size + c);
      start += (uint64_t)vaddr[wave_size + c + first] << 32;
      same_page = lanes_where(high == vaddr[wave_size + c + first]);
    }
    if (mask == 0xffff) {
      uint64_t end = (vaddr ? vaddr[c + first] : 0) + (uint64_t)CHUNK * size;
      if ((lanes_where(steps == lane_numbers() * size) & same_page) == 0xffff && !(end >> 32) &&
          LIKELY(in_device_range(start, (uint64_t)CHUNK * size))) {
        uint8_t *p = (uint8_t *)start;
        if (!write) __builtin_prefetch(p + 4096);
        contiguous(rows, wave_size, p, form, words, write);
        continue;
      }
    } else if (form == WORDS && words == 1) {
      u32x16 expected = (lane_numbers() - first) * 4;
      uint32_t last = 31 - __builtin_clz(mask);
      if ((lanes_where(steps == expected) & same_page & mask) == mask &&
          LIKELY(in_device_range(start, (uint64_t)(last - first + 1) * 4))) {
        uint8_t *p = (uint8_t *)start - 4 * first;
#ifdef __AVX512F__
        if (write)
          __builtin_ia32_storedqusi512_mask((void *)p, (i32x16)load16(rows), (uint16_t)mask);
        else
          store16(rows, (u32x16)__builtin_ia32_loaddqusi512_mask(
                            (const void *)p, (i32x16)load16(rows), (uint16_t)mask));
#else
        for (uint32_t m = mask; m; m &= m - 1) {
          uint32_t i = __builtin_ctz(m);
          lane_transfer(rows + i, wave_size, p + 4 * i, form, words, write);
        }
#endif
        continue;
      }
    }
    if (!write && !keeps_old(form) && (lanes_where(steps == 0) & same_page & mask) == mask &&
        LIKELY(in_device_range(start, size))) {
      uniform_load(rows, wave_size, (uint8_t *)start, mask, form, words);
      continue;
    }
    if (mask == 0xffff) {
      union { u64x8 numbers[2]; uint8_t *places[CHUNK]; } at;
      at.numbers[0] = base + widen_low(low) + (widen_low(high) << 32);
      at.numbers[1] = base + widen_high(low) + (widen_high(high) << 32);
      if (LIKELY(all_in_device_range(at.numbers[0], at.numbers[1], size))) {
        if (same_page == 0xffff && by_lines(low, form, words)) {
          lined(rows, wave_size, at.places, words, write);
          if (!write) prefetch_next(at.places, words);
        }
#ifdef __AVX512F__
        else if (!write && form == WORDS && words <= 2)
          gather_places(rows, wave_size, at.numbers, words);
#endif
        else
          scattered(rows, wave_size, at.places, form, words, write);
        continue;
      }
    }
    for (uint32_t m = mask; m; m &= m - 1) {
      uint32_t i = __builtin_ctz(m);
      uint64_t address = base + low[i] + ((uint64_t)high[i] << 32);
      if (LIKELY(in_device_range(address, size)))
        lane_transfer(rows + i, wave_size, (uint8_t *)address, form, words, write);
      else if (space == FLAT)
        flat_lane(wave, rows + i, address, c + i, form, words, write);
      else
        lane_transfer(rows + i, wave_size,
                      anyroc_resolve_global(wave, address, size, c + i, kind), form, words, write);
    }
  }
}

INLINE void access_scratch(struct anyroc_wave *wave, uint32_t *rows, const uint32_t *vaddr,
                           uint64_t base, enum form form, uint32_t words, int write) {
  const uint32_t size = bytes_of(form, words), wave_size = wave->wave_size;
  const uint64_t exec = wave_exec(wave);
  for (uint32_t c = 0; c < wave_size; c += CHUNK, rows += CHUNK) {
    uint32_t mask = exec >> c & 0xffff;
    if (!mask) continue;
    uint32_t first = __builtin_ctz(mask), start = vaddr ? vaddr[c + first] : 0;
    u32x16 steps = vaddr ? load16(vaddr + c) - start : zeros;
    uint64_t offset = (uint32_t)(base + start);
    if (form == WORDS && offset % 4 == 0 && (lanes_where(steps == 0) & mask) == mask &&
        offset + size <= wave->scratch_size) {
      uint32_t *memory = (uint32_t *)wave->scratch + offset / 4 * wave_size + c;
      for (uint32_t i = 0; i < words; i++, memory += wave_size) {
        uint32_t *row = rows + (size_t)i * wave_size;
        uint32_t *to = write ? memory : row, *from = write ? row : memory;
        store16(to, mask == 0xffff ? load16(from) : blend(mask, load16(from), load16(to)));
      }
      continue;
    }
    for (uint32_t m = mask; m; m &= m - 1) {
      uint32_t i = __builtin_ctz(m);
      uint32_t at = (uint32_t)(base + (vaddr ? vaddr[c + i] : 0));
      scratch_lane(wave, rows + i, at, c + i, form, words, write);
    }
  }
}

/* One address per lane; out-of-range reads give 0 and writes are dropped, as LDS does it. */
INLINE void lds_chunk(struct anyroc_wave *wave, uint32_t *rows, u32x16 offsets, uint32_t mask,
                      enum form form, uint32_t words, int write) {
  const uint32_t size = bytes_of(form, words), wave_size = wave->wave_size;
  uint32_t limit = wave->lds_size >= size ? wave->lds_size - size + 1 : 0;
  uint32_t inside = lanes_where(offsets < limit) & mask;
  uint32_t first = __builtin_ctz(mask), start = offsets[first];
  u32x16 steps = offsets - start;
  if (LIKELY(inside == mask)) {
    uint8_t *p = wave->lds + start;
    if (mask == 0xffff && lanes_where(steps == lane_numbers() * size) == 0xffff) {
      contiguous(rows, wave_size, p, form, words, write);
      return;
    }
    if (!write && !keeps_old(form) && (lanes_where(steps == 0) & mask) == mask) {
      uniform_load(rows, wave_size, p, mask, form, words);
      return;
    }
    int lines = mask == 0xffff && by_lines(offsets, form, words);
#ifdef __AVX512F__
    if (!write && form == WORDS && !lines && (mask != 0xffff || words != 4)) {
      if (mask == 0xffff && words == 2) gather_pairs(rows, wave_size, wave->lds, offsets);
      else gather_words(rows, wave_size, wave->lds, offsets, mask, words);
      return;
    }
#endif
    if (mask == 0xffff) {
      uint8_t *places[CHUNK];
      for (uint32_t i = 0; i < CHUNK; i++) places[i] = wave->lds + offsets[i];
      if (lines) lined(rows, wave_size, places, words, write);
      else scattered(rows, wave_size, places, form, words, write);
      return;
    }
  }
  uint8_t none[16] = {0};
  for (uint32_t m = mask; m; m &= m - 1) {
    uint32_t i = __builtin_ctz(m);
    int valid = inside >> i & 1;
    if (write && !valid) continue;
    lane_transfer(rows + i, wave_size, valid ? wave->lds + offsets[i] : none, form, words, write);
  }
}

INLINE void access_lds(struct anyroc_wave *wave, uint32_t *rows, const uint32_t *vaddr,
                       uint64_t base, enum form form, uint32_t words, int write) {
  const uint64_t exec = wave_exec(wave);
  for (uint32_t c = 0; c < wave->wave_size; c += CHUNK, rows += CHUNK) {
    uint32_t mask = exec >> c & 0xffff;
    if (!mask) continue;
    u32x16 offsets = (vaddr ? load16(vaddr + c) : zeros) + (uint32_t)base;
    lds_chunk(wave, rows, offsets, mask, form, words, write);
  }
}

INLINE void access_memory(struct anyroc_wave *wave, uint32_t *rows, const uint32_t *vaddr,
                          uint64_t base, enum space space, enum form form, uint32_t words,
                          int write) {
  if (space == LDS) access_lds(wave, rows, vaddr, base, form, words, write);
  else if (space == SCRATCH) access_scratch(wave, rows, vaddr, base, form, words, write);
  else access_global(wave, rows, vaddr, base, space, form, words, write);
}

INLINE uint32_t *row_at(const struct anyroc_wave *wave, uint32_t offset) {
  return (uint32_t *)((uint8_t *)wave->vgpr + offset);
}

/* Two forms of each helper: over pointers, and, for generated code, over the byte offsets of rows (a negative
 * one: no address register) with the instruction's address. */
#define HELPER(space_name, SPACE, name, form, words, write)                                   \
  void anyroc_##space_name##_##name(struct anyroc_wave *wave, uint32_t *rows,                  \
                                    const uint32_t *vaddr, uint64_t base) {                    \
    access_memory(wave, rows, vaddr, base, SPACE, form, words, write);                         \
  }                                                                                            \
  void anyroc_##space_name##_##name##_at(struct anyroc_wave *wave, uint32_t rows,              \
                                         int32_t vaddr, uint64_t base, uint32_t pc) {          \
    wave->pc = pc;                                                                             \
    anyroc_##space_name##_##name(wave, row_at(wave, rows),                                     \
                                 vaddr < 0 ? NULL : row_at(wave, vaddr), base);                \
  }

#define HELPERS(n, S)                                                                           \
  HELPER(n, S, load_u8, U8, 1, 0) HELPER(n, S, load_i8, I8, 1, 0)                               \
  HELPER(n, S, load_u16, U16, 1, 0) HELPER(n, S, load_i16, I16, 1, 0)                           \
  HELPER(n, S, load_u8_lo, U8_LO, 1, 0) HELPER(n, S, load_u8_hi, U8_HI, 1, 0)                   \
  HELPER(n, S, load_i8_lo, I8_LO, 1, 0) HELPER(n, S, load_i8_hi, I8_HI, 1, 0)                   \
  HELPER(n, S, load_u16_lo, B16_LO, 1, 0) HELPER(n, S, load_u16_hi, B16_HI, 1, 0)               \
  HELPER(n, S, load_b32, WORDS, 1, 0) HELPER(n, S, load_b64, WORDS, 2, 0)                       \
  HELPER(n, S, load_b96, WORDS, 3, 0) HELPER(n, S, load_b128, WORDS, 4, 0)                      \
  HELPER(n, S, store_u8, U8, 1, 1) HELPER(n, S, store_u8_hi, U8_HI, 1, 1)                       \
  HELPER(n, S, store_u16, U16, 1, 1) HELPER(n, S, store_u16_hi, B16_HI, 1, 1)                   \
  HELPER(n, S, store_b32, WORDS, 1, 1) HELPER(n, S, store_b64, WORDS, 2, 1)                     \
  HELPER(n, S, store_b96, WORDS, 3, 1) HELPER(n, S, store_b128, WORDS, 4, 1)

HELPERS(global64, GLOBAL64)
HELPERS(global32, GLOBAL32)
HELPERS(flat, FLAT)
HELPERS(scratch, SCRATCH)
HELPERS(lds, LDS)

/* Two-address LDS forms: both addresses are taken before either result is written. */
INLINE void lds_pair(struct anyroc_wave *wave, uint32_t *first, uint32_t *second,
                     const uint32_t *vaddr, uint32_t offset0, uint32_t offset1, uint32_t words,
                     int write) {
  const uint64_t exec = wave_exec(wave);
  for (uint32_t c = 0; c < wave->wave_size; c += CHUNK) {
    uint32_t mask = exec >> c & 0xffff;
    if (!mask) continue;
    u32x16 offsets = load16(vaddr + c);
    lds_chunk(wave, first + c, offsets + offset0, mask, WORDS, words, write);
    lds_chunk(wave, second + c, offsets + offset1, mask, WORDS, words, write);
  }
}

/* Lane by lane, as the exchanges of one lane may meet another's. */
INLINE void lds_exchange_pair(struct anyroc_wave *wave, uint32_t *old0, uint32_t *old1,
                              const uint32_t *data0, const uint32_t *data1, const uint32_t *vaddr,
                              uint32_t offset0, uint32_t offset1, uint32_t words) {
  const uint32_t size = 4 * words, wave_size = wave->wave_size;
  for (uint64_t m = wave_exec(wave); m; m &= m - 1) {
    uint32_t i = __builtin_ctzll(m), values[2][2], found[2][2] = {{0}};
    uint32_t at[2] = {vaddr[i] + offset0, vaddr[i] + offset1};
    for (uint32_t w = 0; w < words; w++) {
      values[0][w] = data0[w * wave_size + i];
      values[1][w] = data1[w * wave_size + i];
    }
    for (int k = 0; k < 2; k++) {
      if (at[k] > wave->lds_size || size > wave->lds_size - at[k]) continue;
      memcpy(found[k], wave->lds + at[k], size);
      memcpy(wave->lds + at[k], values[k], size);
    }
    for (uint32_t w = 0; w < words; w++) {
      old0[w * wave_size + i] = found[0][w];
      old1[w * wave_size + i] = found[1][w];
    }
  }
}

#define LDS_PAIR(name, words, write)                                                            \
  void anyroc_lds_##name(struct anyroc_wave *wave, uint32_t *first, uint32_t *second,           \
                         const uint32_t *vaddr, uint32_t offset0, uint32_t offset1) {           \
    lds_pair(wave, first, second, vaddr, offset0, offset1, words, write);                       \
  }                                                                                             \
  void anyroc_lds_##name##_at(struct anyroc_wave *wave, uint32_t first, uint32_t second,        \
                              uint32_t vaddr, uint32_t offset0, uint32_t offset1,               \
                              uint32_t pc) {                                                    \
    wave->pc = pc;                                                                              \
    anyroc_lds_##name(wave, row_at(wave, first), row_at(wave, second), row_at(wave, vaddr),     \
                      offset0, offset1);                                                        \
  }
LDS_PAIR(load_2addr_b32, 1, 0)
LDS_PAIR(load_2addr_b64, 2, 0)
LDS_PAIR(store_2addr_b32, 1, 1)
LDS_PAIR(store_2addr_b64, 2, 1)

#define LDS_EXCHANGE(name, words)                                                               \
  void anyroc_lds_##name(struct anyroc_wave *wave, uint32_t *old0, uint32_t *old1,              \
                         const uint32_t *data0, const uint32_t *data1, const uint32_t *vaddr,   \
                         uint32_t offset0, uint32_t offset1) {                                  \
    lds_exchange_pair(wave, old0, old1, data0, data1, vaddr, offset0, offset1, words);          \
  }
LDS_EXCHANGE(exchange_2addr_b32, 1)
LDS_EXCHANGE(exchange_2addr_b64, 2)

/* Loads that go straight to LDS: lane i's dwords lie at base + 4 * words * i. */
void anyroc_lds_scatter(struct anyroc_wave *wave, const uint32_t *rows, uint32_t base,
                        uint32_t words) {
  for (uint64_t m = wave_exec(wave); m; m &= m - 1) {
    uint32_t i = __builtin_ctzll(m), at = base + 4 * words * i;
    if (at > wave->lds_size || 4 * words > wave->lds_size - at) continue;
    for (uint32_t w = 0; w < words; w++)
      memcpy(wave->lds + at + 4 * w, rows + (size_t)w * wave->wave_size + i, 4);
  }
}

/* Where a scalar load reads; whole dwords are aligned down, as the hardware does. */
const uint8_t *anyroc_scalar_address(struct anyroc_wave *wave, uint64_t address, uint32_t size,
                                     uint32_t pc) {
  wave->pc = pc;
  if (size >= 4) address &= ~(uint64_t)3;
  return resolve_global(wave, address, size, 0, ANYROC_FAULT_READ);
}

/* Where an atomic of one lane acts: NULL where it is dropped (outside LDS). */
uint8_t *anyroc_atomic_address(struct anyroc_wave *wave, uint32_t space, uint64_t address,
                               uint32_t lane, uint32_t size) {
  uint32_t high = address >> 32, low = (uint32_t)address;
  if (space == FLAT && high == ANYROC_SHARED_APERTURE) space = LDS;
  if (space == FLAT && high == ANYROC_PRIVATE_APERTURE) space = SCRATCH;
  if (space == FLAT && (high & ~ANYROC_LANE_APERTURE_LANES) == ANYROC_LANE_APERTURE) {
    space = SCRATCH;
    lane = high >> 20 & 31;
  }
  if (address % size && space != LDS) anyroc_fault(wave, ANYROC_FAULT_MISALIGNED, address, lane, size);
  if (space == LDS)
    return low <= wave->lds_size && size <= wave->lds_size - low ? wave->lds + low : NULL;
  if (space == SCRATCH) {
    if (low > wave->scratch_size || size > wave->scratch_size - low || size > 4)
      anyroc_fault(wave, ANYROC_FAULT_PRIVATE, low, lane, size);
    return scratch_byte(wave, low, lane);
  }
  return resolve_global(wave, address, size, lane, ANYROC_FAULT_ATOMIC);
}
