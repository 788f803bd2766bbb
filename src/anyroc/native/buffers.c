/* Buffer instructions: addresses through a resource descriptor, with its bounds.
 *
 * The descriptor (two 64-bit words: base, stride and swizzling; records and format) is read when the instruction
 * runs.  Every lane gets an address and the number of its dwords that are in range; lanes that are
 * wholly in range then take the way of any global access, the others give zeros or drop their stores. */
#include "memops.h"

/* How a descriptor's bounds are meant: CDNA's rule, the one the descriptor names (RDNA), or in bytes by a
 * descriptor of its own layout (gfx1250). */
enum bounds { BOUNDS_BY_INDEX, BOUNDS_SELECTED, BOUNDS_IN_BYTES };

struct buffer {
  uint64_t base, records;
  uint32_t stride, index_stride, element, soffset, imm;
  int swizzled, add_lane, select;
  enum bounds bounds;
};

/* gfx1250's descriptor: 57 bits of base, 45 of records; all ones are no bound. */
static struct buffer describe_bytes(uint64_t low, uint64_t high, uint32_t soffset, uint32_t imm) {
  static const uint32_t scales[] = {1, 4, 8, 32};
  struct buffer b = {.base = low & ((1ull << 57) - 1), .soffset = soffset, .imm = imm};
  b.bounds = BOUNDS_IN_BYTES;
  b.records = low >> 57 | (high & ((1ull << 38) - 1)) << 7;
  if (b.records == (1ull << 45) - 1) b.records = UINT64_MAX >> 1;
  b.stride = (uint32_t)(high >> 44 & 0x3fff) * scales[high >> 58 & 3];
  b.swizzled = high >> 60 & 1;
  b.index_stride = 32;
  b.element = 16;
  b.select = high >> 61 & 1;
  return b;
}

static struct buffer describe(uint64_t low, uint64_t high, uint32_t soffset, uint32_t imm,
                              enum bounds bounds) {
  if (bounds == BOUNDS_IN_BYTES) return describe_bytes(low, high, soffset, imm);
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
static uint64_t place(const struct buffer *b, uint32_t index, uint64_t offset) {
  if (!b->swizzled) return (uint64_t)b->stride * index + offset;
  uint64_t row = (uint64_t)(index / b->index_stride) * b->stride;
  uint64_t column = (uint64_t)(offset / b->element) * b->element;
  return (row + column) * b->index_stride + (index % b->index_stride) * b->element +
         offset % b->element;
}

/* How many elements of `size` bytes lie before `limit`. */
static uint64_t fitting(uint64_t limit, uint64_t from, uint32_t size) {
  return from > limit ? 0 : (limit - from) / size;
}

/* How many of an access's elements of `size` bytes are in range: all, none, or (raw) the first ones. */
static uint32_t within(const struct buffer *b, int indexed, uint32_t index, uint64_t offset,
                       uint64_t linear, uint32_t size, uint32_t count) {
  uint64_t limit = b->records, from = linear;
  if (b->bounds == BOUNDS_IN_BYTES) {
    if (b->swizzled) return count;
    uint64_t fit = fitting(limit, from + b->soffset, size);
    uint64_t in_row = b->select ? fitting(b->stride, offset + b->soffset, size) : count;
    if (in_row < fit) fit = in_row;
    return fit < count ? (uint32_t)fit : count;
  }
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

#define OFFSETS ((1ull << 45) - 1) /* what gfx1250 computes offsets in */

/* Fills in addresses ([lane] low, [wave_size + lane] high) and counts of elements in range; the result says
 * which enabled lanes are wholly in range. */
static uint64_t locate(struct anyroc_wave *wave, const struct buffer *b, const uint32_t *index,
                       const uint32_t *offset, uint32_t size, uint32_t count, uint32_t *at,
                       uint8_t *valid) {
  uint64_t whole = 0;
  for (uint64_t m = wave_exec(wave); m; m &= m - 1) {
    uint32_t i = __builtin_ctzll(m);
    uint32_t n = (index ? index[i] : 0) + (b->add_lane ? i : 0);
    uint64_t o = (uint32_t)((offset ? offset[i] : 0) + b->imm), scalar = b->soffset;
    if (b->bounds == BOUNDS_IN_BYTES) {
      o = (offset ? (uint64_t)offset[i] : 0) + (uint64_t)(int64_t)(int32_t)b->imm;
      if (b->swizzled) o += scalar, scalar = 0;
      o &= OFFSETS;
    }
    uint64_t linear = place(b, n, o);
    if (b->bounds == BOUNDS_IN_BYTES && !b->swizzled) linear &= OFFSETS;
    uint64_t address = b->base + scalar + linear;
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
#define SHAPE_BOUNDS(s) ((enum bounds)((s) >> 20 & 3))

typedef void access_fn(struct anyroc_wave *, uint32_t *, const uint32_t *, uint64_t);
access_fn anyroc_global64_load_b32, anyroc_global64_store_b32;

/* Whether a buffer is plain bytes and all enabled lanes' accesses lie within them, the common case. */
static int all_within(const struct anyroc_wave *wave, const struct buffer *b, const uint32_t *index,
                      const uint32_t *offset, uint32_t bytes) {
  if (index || b->swizzled || b->add_lane) return 0;
  if (b->bounds == BOUNDS_SELECTED && b->select != 3) return 0;
  if (b->bounds == BOUNDS_IN_BYTES && (b->select || (int32_t)b->imm < 0)) return 0;
  uint64_t limit = b->records, before = (uint64_t)b->imm + bytes;
  if (b->bounds != BOUNDS_SELECTED) before += b->soffset;
  if (before > limit) return 0;
  if (limit - before > UINT32_MAX) return 1;
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

/* ---- formats ---- */

enum number { UNORM, SNORM, USCALED, SSCALED, UINT, SINT, RESERVED, FLOAT };

/* Bits of the components, first the one in the lowest bits, by CDNA's numbers of data formats. */
static const uint8_t component_bits[16][4] = {
    {0}, {8}, {16}, {8, 8}, {32}, {16, 16}, {11, 11, 10}, {10, 11, 11}, {2, 10, 10, 10},
    {10, 10, 10, 2}, {8, 8, 8, 8}, {32, 32}, {16, 16, 16, 16}, {32, 32, 32}, {32, 32, 32, 32}, {0},
};

/* RDNA counts formats through: the first of each data format, and the numbers that it has. */
static const struct {
  uint8_t first, data;
  enum number numbers[7];
} unified[] = {
    {1, 1, {UNORM, SNORM, USCALED, SSCALED, UINT, SINT}},
    {7, 2, {UNORM, SNORM, USCALED, SSCALED, UINT, SINT, FLOAT}},
    {14, 3, {UNORM, SNORM, USCALED, SSCALED, UINT, SINT}},
    {20, 4, {UINT, SINT, FLOAT}},
    {23, 5, {UNORM, SNORM, USCALED, SSCALED, UINT, SINT, FLOAT}},
    {30, 6, {FLOAT}},
    {31, 7, {FLOAT}},
    {32, 8, {UNORM, SNORM, UINT, SINT}},
    {36, 9, {UNORM, SNORM, USCALED, SSCALED, UINT, SINT}},
    {42, 10, {UNORM, SNORM, USCALED, SSCALED, UINT, SINT}},
    {48, 11, {UINT, SINT, FLOAT}},
    {51, 12, {UNORM, SNORM, USCALED, SSCALED, UINT, SINT, FLOAT}},
    {58, 13, {UINT, SINT, FLOAT}},
    {61, 14, {UINT, SINT, FLOAT}},
    {64, 0, {0}},
};

struct element {
  const uint8_t *bits;
  enum number number;
  uint32_t bytes, components;
};

static struct element element_of(uint32_t format, int is_unified) {
  uint32_t data = format & 15, number = format >> 4 & 7;
  if (is_unified) {
    uint32_t i = 0;
    while (unified[i].data && format >= unified[i + 1].first) i++;
    data = format ? unified[i].data : 0;
    number = data ? unified[i].numbers[(format - unified[i].first) % 7] : 0;
  }
  struct element e = {component_bits[data], (enum number)number, 0, 0};
  uint32_t bits = 0;
  for (; e.components < 4 && e.bits[e.components]; e.components++) bits += e.bits[e.components];
  e.bytes = bits / 8;
  return e;
}

static uint32_t float_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}

static float as_float(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

static int32_t sign_extended(uint32_t raw, uint32_t bits) {
  return (int32_t)(raw << (32 - bits)) >> (32 - bits);
}

/* A float with five bits of exponent: a half, or one of 11 or 10 bits, which has no sign. */
static float small_float(uint32_t raw, uint32_t bits) {
  _Float16 half;
  uint16_t code = (uint16_t)(bits == 16 ? raw : raw << (15 - bits));
  memcpy(&half, &code, 2);
  return (float)half;
}

static uint32_t to_small_float(float value, uint32_t bits) {
  _Float16 half = (_Float16)value;
  uint16_t code;
  memcpy(&code, &half, 2);
  if (bits == 16) return code;
  if (code & 0x8000) return (code & 0x7fff) > 0x7c00 ? (0x7c00 >> (15 - bits)) | 1 : 0;
  uint32_t drop = 15 - bits, low = code & ((1u << drop) - 1), kept = code >> drop;
  if ((code & 0x7c00) == 0x7c00) return kept | (low != 0);
  uint32_t half_way = 1u << (drop - 1);
  return kept + (low > half_way || (low == half_way && (kept & 1)));
}

/* A component as a dword: a float, or an integer for integer formats. */
static uint32_t widened(uint32_t raw, uint32_t bits, enum number number) {
  uint32_t top = bits == 32 ? ~0u : (1u << bits) - 1, half = top >> 1;
  switch (number) {
    case UNORM: return float_bits((float)raw / (float)top);
    case SNORM: {
      float value = (float)sign_extended(raw, bits) / (float)half;
      return float_bits(value < -1 ? -1 : value);
    }
    case USCALED: return float_bits((float)raw);
    case SSCALED: return float_bits((float)sign_extended(raw, bits));
    case UINT: return raw;
    case SINT: return (uint32_t)sign_extended(raw, bits);
    default: return bits == 32 ? raw : float_bits(small_float(raw, bits));
  }
}

static int64_t held(double value, double low, double high) {
  if (!(value > low)) value = low; /* NaN too */
  if (value > high) value = high;
  return (int64_t)__builtin_rint(value);
}

static uint32_t narrowed(uint32_t word, uint32_t bits, enum number number) {
  double top = (double)(bits == 32 ? ~0u : (1u << bits) - 1), half = (top - 1) / 2;
  double value = as_float(word);
  uint32_t mask = bits == 32 ? ~0u : (1u << bits) - 1;
  switch (number) {
    case UNORM: return (uint32_t)held(value * top, 0, top);
    case SNORM: return (uint32_t)held(value != value ? 0 : value * half, -half, half) & mask;
    case USCALED: return (uint32_t)held(__builtin_trunc(value), 0, top);
    case SSCALED:
      return (uint32_t)held(value != value ? 0 : __builtin_trunc(value), -half - 1, half) & mask;
    case UINT: return word > mask ? mask : word;
    case SINT: {
      int64_t signed_word = (int32_t)word;
      return (uint32_t)held((double)signed_word, -half - 1, half) & mask;
    }
    default: return bits == 32 ? word : to_small_float(as_float(word), bits);
  }
}

static uint32_t take_bits(const uint8_t *bytes, uint32_t at, uint32_t bits) {
  uint64_t window = 0;
  memcpy(&window, bytes + at / 8, 5);
  return (uint32_t)(window >> at % 8) & (bits == 32 ? ~0u : (1u << bits) - 1);
}

/* A half of a register as the dword that a conversion takes, and the other way round. */
static uint32_t from_half(uint32_t half, enum number number) {
  if (number == UINT) return half & 0xffff;
  if (number == SINT) return (uint32_t)(int16_t)half;
  return float_bits(small_float(half & 0xffff, 16));
}

static uint32_t to_half(uint32_t word, enum number number) {
  if (number == UINT) return word > 0xffff ? 0xffff : word;
  if (number == SINT) return (uint32_t)held((int32_t)word, -32768, 32767) & 0xffff;
  return to_small_float(as_float(word), 16);
}

#define FORMAT_FROM_DESCRIPTOR (1u << 7)
#define FORMAT_UNIFIED (1u << 8)
#define SHAPE_COMPONENTS(s) ((s) & 7)
#define SHAPE_HALVES(s) ((s) >> 17 & 3) /* 1: two in a register, 2: in the upper half */

struct formatted {
  struct element element;
  uint32_t select[4], components, halves, wave_size;
};

static void read_element(const struct formatted *f, const uint8_t *bytes, uint32_t *rows) {
  uint32_t channel[4] = {0, 0, 0, f->element.number == UINT || f->element.number == SINT
                                      ? 1 : float_bits(1)};
  uint32_t one = channel[3];
  for (uint32_t c = 0, at = 0; c < f->element.components; at += f->element.bits[c++])
    channel[c] = widened(take_bits(bytes, at, f->element.bits[c]), f->element.bits[c],
                         f->element.number);
  for (uint32_t i = 0; i < f->components; i++) {
    uint32_t s = f->select[i], word = s >= 4 ? channel[s - 4] : s == 1 ? one : 0;
    if (!f->halves) {
      rows[i * f->wave_size] = word;
      continue;
    }
    uint32_t *row = rows + i / 2 * f->wave_size, half = to_half(word, f->element.number);
    if (f->halves == 2 || i % 2) *row = (*row & 0xffff) | half << 16;
    else *row = (*row & 0xffff0000) | half;
  }
}

static void write_element(const struct formatted *f, uint8_t *bytes, const uint32_t *rows) {
  uint32_t channel[4] = {0};
  for (uint32_t i = f->components; i-- > 0;) {
    uint32_t word = rows[(f->halves ? i / 2 : i) * f->wave_size];
    if (f->halves)
      word = from_half(f->halves == 2 || i % 2 ? word >> 16 : word, f->element.number);
    if (f->select[i] >= 4) channel[f->select[i] - 4] = word;
  }
  for (uint32_t c = 0, at = 0; c < f->element.components; at += f->element.bits[c++]) {
    uint32_t bits = f->element.bits[c];
    uint64_t window, mask = ((1ull << bits) - 1) << at % 8;
    memcpy(&window, bytes + at / 8, 5);
    window = (window & ~mask) | (uint64_t)narrowed(channel[c], bits, f->element.number) << at % 8;
    memcpy(bytes + at / 8, &window, 5);
  }
}

/* Loads and stores of elements in a format: converted, swizzled, whole or not at all. */
void anyroc_buffer_formatted(struct anyroc_wave *wave, uint32_t *rows, uint32_t shape,
                             uint32_t format, const uint32_t *index, const uint32_t *offset,
                             uint64_t low, uint64_t high, uint32_t soffset, uint32_t imm) {
  struct buffer b = describe(low, high, soffset, imm, SHAPE_BOUNDS(shape));
  uint32_t word = (uint32_t)(high >> 32), own = format & FORMAT_FROM_DESCRIPTOR;
  uint32_t number = format & 0x7f;
  if (own)
    number = format & FORMAT_UNIFIED ? word >> 12 & 63 : (word >> 15 & 15) | (word >> 12 & 7) << 4;
  struct formatted f = {.element = element_of(number, format & FORMAT_UNIFIED ? 1 : 0),
                        .components = SHAPE_COMPONENTS(shape), .halves = SHAPE_HALVES(shape),
                        .wave_size = wave->wave_size};
  for (uint32_t i = 0; i < 4; i++) f.select[i] = own ? word >> (3 * i) & 7 : 4 + i;
  uint32_t at[128], size = f.element.bytes;
  uint8_t valid[64], bytes[24];
  locate(wave, &b, index, offset, size ? size : 1, 1, at, valid);
  for (uint64_t m = wave_exec(wave); m; m &= m - 1) {
    uint32_t i = __builtin_ctzll(m);
    uint64_t address = at[i] | (uint64_t)at[wave->wave_size + i] << 32;
    int inside = valid[i] && size;
    memset(bytes, 0, sizeof bytes);
    if (SHAPE_WRITES(shape)) {
      if (!inside) continue;
      uint8_t *place = resolve_global(wave, address, size, i, ANYROC_FAULT_WRITE);
      write_element(&f, bytes, rows + i);
      memcpy(place, bytes, size);
    } else {
      if (inside)
        memcpy(bytes, resolve_global(wave, address, size, i, ANYROC_FAULT_READ), size);
      read_element(&f, bytes, rows + i);
      if (!inside)
        for (uint32_t c = 0; c < (f.halves ? (f.components + 1) / 2 : f.components); c++)
          rows[c * wave->wave_size + i] &= f.halves == 2 ? 0xffff : f.halves && f.components % 2 &&
                                           c == f.components / 2 ? 0xffff0000 : 0;
    }
  }
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
static uint32_t scalar_element(struct anyroc_wave *wave, uint64_t base, uint64_t limit, uint64_t offset,
                               uint32_t size) {
  uint32_t value = 0;
  if (offset + size <= limit)
    memcpy(&value, resolve_global(wave, base + offset, size, 0, ANYROC_FAULT_READ), size);
  return value;
}

static struct buffer scalar_buffer(uint64_t low, uint64_t high, uint32_t bounds) {
  struct buffer b = describe(low, high, 0, 0, (enum bounds)bounds);
  b.stride = bounds == BOUNDS_IN_BYTES ? high >> 44 & 0x3fff : low >> 48 & 0x3fff; /* no more of it counts */
  uint64_t records;
  if (__builtin_mul_overflow(b.records, b.stride ? b.stride : 1, &records)) records = UINT64_MAX >> 1;
  b.records = records;
  return b;
}

void anyroc_scalar_buffer_load(struct anyroc_wave *wave, uint64_t low, uint64_t high, uint64_t offset,
                               uint32_t dst, uint32_t count, uint32_t bounds) {
  struct buffer b = scalar_buffer(low, high, bounds);
  uint32_t values[16];
  for (uint32_t i = 0; i < count; i++)
    values[i] = scalar_element(wave, b.base & ~3ull, b.records, (offset & ~3ull) + 4 * i, 4);
  memcpy(&wave->sgpr[dst], values, 4 * count);
}

uint32_t anyroc_scalar_buffer_narrow(struct anyroc_wave *wave, uint64_t low, uint64_t high,
                                     uint64_t offset, uint32_t size, uint32_t bounds) {
  struct buffer b = scalar_buffer(low, high, bounds);
  return scalar_element(wave, b.base, b.records, offset, size);
}
