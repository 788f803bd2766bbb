/* Buffer instructions: addresses through a resource descriptor, with its bounds.
 *
 * The descriptor (two 64-bit words: base, stride and swizzling; records and format) is read when the instruction
 * runs.  Every lane gets an address and the number of its dwords that are in range; lanes that are
 * wholly in range then take the way of any global access, the others give zeros or drop their stores. */
#include "memops.h"

/* How a descriptor's bounds are meant: CDNA's rule, or the one the descriptor names (RDNA). */
enum bounds { BOUNDS_BY_INDEX, BOUNDS_SELECTED };

struct buffer {
  uint64_t base;
  uint32_t stride, records, index_stride, element, soffset, imm;
  int swizzled, add_lane, select;
  enum bounds bounds;
};

static struct buffer describe(uint64_t low, uint64_t high, uint32_t soffset, uint32_t imm,
                              enum bounds bounds) {
  struct buffer b = {.base = low & 0xffffffffffffu, .soffset = soffset, .imm = imm, .bounds = bounds};
  b.stride = low >> 48 & 0x3fff;
  b.records = (uint32_t)high;
  b.index_stride = 8u << (high >> 53 & 3);
  b.add_lane = high >> 55 & 1;
  if (bounds == BOUNDS_BY_INDEX) {
    b.swizzled = low >> 63;
    b.element = 4;
    if (b.add_lane) b.stride |= (uint32_t)(high >> 47 & 15) << 14;
  } else {
    uint32_t swizzle = low >> 62;
    b.swizzled = swizzle != 0;
    b.element = 2u << swizzle;
    b.select = high >> 60 & 3;
  }
  return b;
}

/* The offset of a lane's access from base + soffset. */
static uint64_t place(const struct buffer *b, uint32_t index, uint32_t offset) {
  if (!b->swizzled) return (uint64_t)b->stride * index + offset;
  uint64_t row = (uint64_t)(index / b->index_stride) * b->stride;
  uint64_t column = (uint64_t)(offset / b->element) * b->element;
  return (row + column) * b->index_stride + (index % b->index_stride) * b->element +
         offset % b->element;
}

/* How many of an access's elements of `size` bytes are in range: all, none, or (raw) the first ones. */
static uint32_t within(const struct buffer *b, int indexed, uint32_t index, uint32_t offset,
                       uint64_t linear, uint32_t size, uint32_t count) {
  uint64_t limit = b->records, from = linear;
  if (b->bounds == BOUNDS_BY_INDEX) {
    if (b->stride != 0 && indexed) return index < b->records ? count : 0;
    limit = limit > b->soffset ? limit - b->soffset : 0;
    if (from >= limit) return 0;
    uint64_t starts = (limit - from + size - 1) / size;
    return starts < count ? (uint32_t)starts : count;
  }
  int fits = (uint64_t)offset + size * count <= b->stride;
  switch (b->select) {
    case 0: return index < b->records && fits ? count : 0;
    case 1: return index < b->records ? count : 0;
    case 2: return b->records ? count : 0;
    default: break;
  }
  if (b->swizzled && b->stride != 0) return index < b->records && fits ? count : 0;
  from = offset;
  if (from > limit) return 0;
  uint64_t whole = (limit - from) / size;
  return whole < count ? (uint32_t)whole : count;
}

/* Fills in addresses ([lane] low, [wave_size + lane] high) and counts of elements in range; the result says
 * which enabled lanes are wholly in range. */
static uint64_t locate(struct anyroc_wave *wave, const struct buffer *b, const uint32_t *index,
                       const uint32_t *offset, uint32_t size, uint32_t count, uint32_t *at,
                       uint8_t *valid) {
  uint64_t whole = 0;
  for (uint64_t m = wave_exec(wave); m; m &= m - 1) {
    uint32_t i = __builtin_ctzll(m);
    uint32_t n = (index ? index[i] : 0) + (b->add_lane ? i : 0);
    uint32_t o = (offset ? offset[i] : 0) + b->imm;
    uint64_t linear = place(b, n, o), address = b->base + b->soffset + linear;
    at[i] = (uint32_t)address;
    at[wave->wave_size + i] = (uint32_t)(address >> 32);
    valid[i] = (uint8_t)within(b, index != NULL, n, o, linear, size, count);
    if (valid[i] == count) whole |= 1ull << i;
  }
  return whole;
}

static void set_exec(struct anyroc_wave *wave, uint64_t exec) {
  memcpy(&wave->sgpr[ANYROC_SGPR_EXEC], &exec, wave->wave_size / 8);
}

/* `shape` of an access: bytes and number of its elements, whether it writes, which half of the register a
 * load leaves alone (1 upper, 2 lower), whose bounds hold. */
#define SHAPE_SIZE(s) ((s) & 0xff)
#define SHAPE_COUNT(s) ((s) >> 8 & 0xff)
#define SHAPE_WRITES(s) ((s) >> 16 & 1)
#define SHAPE_KEEPS(s) ((s) >> 17 & 3)
#define SHAPE_BOUNDS(s) ((enum bounds)((s) >> 20 & 1))

typedef void access_fn(struct anyroc_wave *, uint32_t *, const uint32_t *, uint64_t);
access_fn anyroc_global64_load_b32, anyroc_global64_store_b32;

/* Whether a buffer is plain bytes and all enabled lanes' accesses lie within them, the common case. */
static int all_within(const struct anyroc_wave *wave, const struct buffer *b, const uint32_t *index,
                      const uint32_t *offset, uint32_t bytes) {
  if (index || b->swizzled || b->add_lane) return 0;
  if (b->bounds == BOUNDS_SELECTED && b->select != 3) return 0;
  uint64_t limit = b->records, before = (uint64_t)b->imm + bytes;
  if (b->bounds == BOUNDS_BY_INDEX) before += b->soffset;
  if (before > limit) return 0;
  uint64_t exec = wave_exec(wave);
  for (uint32_t c = 0; offset && c < wave->wave_size; c += CHUNK) {
    u32x16 offsets = *(const u32x16 *)(offset + c);
    if (lanes_where(offsets > (uint32_t)(limit - before)) & exec >> c & 0xffff) return 0;
  }
  return 1;
}

/* A load or store; `access` and `direct` are the global accesses of the same form with addresses and with
 * offsets. */
void anyroc_buffer_access(struct anyroc_wave *wave, uint32_t *rows, access_fn *access,
                          access_fn *direct, uint32_t shape, const uint32_t *index,
                          const uint32_t *offset, uint64_t low, uint64_t high, uint32_t soffset,
                          uint32_t imm) {
  static const uint32_t kept[] = {0, 0xffff0000u, 0xffffu, 0};
  struct buffer b = describe(low, high, soffset, imm, SHAPE_BOUNDS(shape));
  uint32_t at[128], count = SHAPE_COUNT(shape), wave_size = wave->wave_size;
  if (all_within(wave, &b, index, offset, SHAPE_SIZE(shape) * count)) {
    direct(wave, rows, offset, b.base + soffset + imm);
    return;
  }
  uint8_t valid[64];
  uint64_t exec = wave_exec(wave);
  uint64_t whole = locate(wave, &b, index, offset, SHAPE_SIZE(shape), count, at, valid);
  if (!SHAPE_WRITES(shape))
    for (uint64_t m = exec & ~whole; m; m &= m - 1)
      for (uint32_t d = 0; d < count; d++)
        rows[d * wave_size + __builtin_ctzll(m)] &= kept[SHAPE_KEEPS(shape)];
  set_exec(wave, whole);
  access(wave, rows, at, 0);
  for (uint32_t d = 0; d + 1 < count; d++) {
    uint64_t part = 0;
    for (uint64_t m = exec & ~whole; m; m &= m - 1)
      part |= (uint64_t)(d < valid[__builtin_ctzll(m)]) << __builtin_ctzll(m);
    if (!part) continue;
    set_exec(wave, part);
    (SHAPE_WRITES(shape) ? anyroc_global64_store_b32 : anyroc_global64_load_b32)(
        wave, rows + d * wave_size, at, 4 * d);
  }
  set_exec(wave, exec);
}

/* The same where a buffer may be the wave's scratch: `scratch` is that access of the form. */
void anyroc_buffer_access_scratch(struct anyroc_wave *wave, uint32_t *rows, access_fn *access,
                                  access_fn *direct, uint32_t shape, const uint32_t *index,
                                  const uint32_t *offset, uint64_t low, uint64_t high,
                                  uint32_t soffset, uint32_t imm, access_fn *scratch) {
  if (low == ANYROC_SCRATCH_BUFFER_LOW && high == ANYROC_SCRATCH_BUFFER_HIGH)
    scratch(wave, rows, offset, soffset / wave->wave_size + imm);
  else
    anyroc_buffer_access(wave, rows, access, direct, shape, index, offset, low, high, soffset, imm);
}

/* Around an atomic: `at` gets global addresses, and only lanes in range stay enabled until
 * anyroc_buffer_leave gives EXEC back; lanes that were left out get 0 as the old value. */
uint64_t anyroc_buffer_enter(struct anyroc_wave *wave, uint32_t *at, uint32_t shape,
                             const uint32_t *index, const uint32_t *offset, uint64_t low,
                             uint64_t high, uint32_t soffset, uint32_t imm) {
  struct buffer b = describe(low, high, soffset, imm, SHAPE_BOUNDS(shape));
  uint8_t valid[64];
  uint64_t exec = wave_exec(wave);
  set_exec(wave, locate(wave, &b, index, offset, SHAPE_SIZE(shape), 1, at, valid));
  return exec;
}

void anyroc_buffer_leave(struct anyroc_wave *wave, uint64_t exec, uint32_t *result, uint32_t words) {
  uint64_t outside = exec & ~wave_exec(wave);
  for (uint64_t m = result ? outside : 0; m; m &= m - 1)
    for (uint32_t d = 0; d < words; d++) result[d * wave->wave_size + __builtin_ctzll(m)] = 0;
  set_exec(wave, exec);
}

/* One element of a scalar buffer: zero out of range, where structured records are `stride` bytes each. */
static uint32_t scalar_element(struct anyroc_wave *wave, uint64_t low, uint64_t high, uint64_t offset,
                               uint32_t size) {
  uint64_t stride = low >> 48 & 0x3fff, limit = (uint64_t)(uint32_t)high * (stride ? stride : 1);
  uint64_t address = (low & 0xffffffffffffu) + offset;
  uint32_t value = 0;
  if (offset + size <= limit)
    memcpy(&value, resolve_global(wave, address, size, 0, ANYROC_FAULT_READ), size);
  return value;
}

void anyroc_scalar_buffer_load(struct anyroc_wave *wave, uint64_t low, uint64_t high, uint64_t offset,
                               uint32_t dst, uint32_t count) {
  uint32_t values[16];
  for (uint32_t i = 0; i < count; i++)
    values[i] = scalar_element(wave, low & ~3ull, high, (offset & ~3ull) + 4 * i, 4);
  memcpy(&wave->sgpr[dst], values, 4 * count);
}

uint32_t anyroc_scalar_buffer_narrow(struct anyroc_wave *wave, uint64_t low, uint64_t high,
                                     uint64_t offset, uint32_t size) {
  return scalar_element(wave, low, high, offset, size);
}
