/* Stand-ins for translated kernels: wave functions as native/wave.h asks for. Arguments come through
 * the kernel argument pointer in SGPRs 0 and 1; the workgroup id x is SGPR 2. */
#include <string.h>
#include <time.h>

#include "wave.h"

static uint64_t argument(struct anyroc_wave *wave, int index) {
  uint64_t at = wave->sgpr[0] | (uint64_t)wave->sgpr[1] << 32, value;
  memcpy(&value, (const void *)(at + 8 * index), 8);
  return value;
}

static uint64_t exec(struct anyroc_wave *wave) {
  return wave->sgpr[126] | (uint64_t)wave->sgpr[127] << 32;
}

static uint32_t item(struct anyroc_wave *wave, uint32_t lane) { return wave->vgpr[lane] & 1023; }

int32_t test_empty(struct anyroc_wave *wave) {
  (void)wave;
  return ANYROC_END;
}

/* out[group * block + item] = item + 1000 * group */
int32_t test_store(struct anyroc_wave *wave) {
  uint32_t *out = (uint32_t *)argument(wave, 0);
  uint32_t block = (uint32_t)argument(wave, 1), group = wave->sgpr[2];
  for (uint32_t lane = 0; lane < wave->wave_size; lane++)
    if (exec(wave) >> lane & 1) out[group * block + item(wave, lane)] = item(wave, lane) + 1000 * group;
  return ANYROC_END;
}

/* What test_store does, slowly: a fifth of a millisecond per wave. With a fourth argument that is
 * not 0 it never ends. */
int32_t test_slow(struct anyroc_wave *wave) {
  struct timespec pause = {0, 200000};
  nanosleep(&pause, NULL);
  if (argument(wave, 3)) {
    wave->resume = 0;
    return ANYROC_YIELD;
  }
  return test_store(wave);
}

/* Dumps the wave's initial state: 160 dwords per wave: 128 SGPRs, mode, wave size, ... */
int32_t test_dump(struct anyroc_wave *wave) {
  uint32_t *out = (uint32_t *)argument(wave, 0);
  uint32_t waves = (uint32_t)argument(wave, 1);
  uint32_t groups_x = (uint32_t)argument(wave, 2);
  uint32_t x = wave->sgpr[2], y = wave->sgpr[3], z = wave->sgpr[4];
  if (argument(wave, 3)) {
    x = wave->sgpr[108 + 9];
    y = wave->sgpr[108 + 7] & 0xffff;
    z = wave->sgpr[108 + 7] >> 16;
  }
  uint64_t number = (((uint64_t)z * argument(wave, 4) + y) * groups_x + x) * waves + wave->wave_id;
  uint32_t *row = out + number * 512;
  memcpy(row, wave->sgpr, 512);
  row[128] = wave->mode, row[129] = wave->wave_size, row[130] = wave->lds_size;
  row[131] = wave->scratch_size, row[132] = x, row[133] = y, row[134] = z, row[135] = wave->scc;
  memcpy(row + 192, wave->vgpr, 3 * 4 * wave->wave_size);
  return ANYROC_END;
}

/* Sum over the workgroup through LDS in log2 steps with a barrier each, `rounds` times over. */
int32_t test_lds_sum(struct anyroc_wave *wave) {
  uint32_t *lds = (uint32_t *)wave->lds, block = (uint32_t)argument(wave, 1);
  uint32_t *out = (uint32_t *)argument(wave, 0), rounds = (uint32_t)argument(wave, 2);
  uint32_t *left = &wave->sgpr[40], *round = &wave->sgpr[41];
  if (wave->resume == 0) *round = 0;
  for (;;) {
    switch (wave->resume) {
      case 0:
        for (uint32_t lane = 0; lane < wave->wave_size; lane++)
          if (exec(wave) >> lane & 1) lds[item(wave, lane)] = item(wave, lane) + wave->sgpr[2] + *round;
        *left = block / 2;
        wave->resume = 1;
        return ANYROC_BARRIER;
      case 1:
        for (uint32_t lane = 0; lane < wave->wave_size; lane++)
          if (item(wave, lane) < *left && exec(wave) >> lane & 1)
            lds[item(wave, lane)] += lds[item(wave, lane) + *left];
        *left /= 2;
        if (*left == 0) wave->resume = 2;
        return ANYROC_BARRIER;
      default:
        if (wave->wave_id == 0) out[wave->sgpr[2]] = lds[0];
        if (++*round == rounds) return ANYROC_END;
        wave->resume = 3;
        return ANYROC_BARRIER;
      case 3:
        wave->resume = 0;
    }
  }
}

/* `count` barriers and nothing else. */
int32_t test_barriers(struct anyroc_wave *wave) {
  if (wave->resume == 0) wave->sgpr[40] = (uint32_t)argument(wave, 0);
  wave->resume = 1;
  return wave->sgpr[40]-- == 0 ? ANYROC_END : ANYROC_BARRIER;
}

/* The odd waves end before the barrier that the even ones meet at. */
int32_t test_early_end(struct anyroc_wave *wave) {
  uint32_t *out = (uint32_t *)argument(wave, 0);
  if (wave->resume == 1) {
    out[wave->wave_id] = 7;
    return ANYROC_END;
  }
  if (wave->wave_id & 1) return ANYROC_END;
  wave->resume = 1;
  return ANYROC_BARRIER;
}

/* Every workgroup counts itself in and waits, yielding, until all have: none may wait for another's
 * end. */
int32_t test_grid_barrier(struct anyroc_wave *wave) {
  _Atomic uint32_t *count = (_Atomic uint32_t *)argument(wave, 0);
  if (wave->resume == 0) *count += 1;
  wave->resume = 1;
  return *count >= (uint32_t)argument(wave, 1) ? ANYROC_END : ANYROC_YIELD;
}

int32_t test_endless(struct anyroc_wave *wave) {
  wave->resume = 1;
  return ANYROC_YIELD;
}

/* Reads (kind 1) or writes (kind 2) the address straight away, if the group's number is right. */
int32_t test_touch(struct anyroc_wave *wave) {
  wave->pc = 0x1008;
  if (wave->sgpr[2] != argument(wave, 2)) return ANYROC_END;
  volatile uint32_t *at = (volatile uint32_t *)argument(wave, 0);
  if (argument(wave, 1) == 1)
    (void)*at;
  else
    *at = 1;
  return ANYROC_END;
}

int32_t test_report(struct anyroc_wave *wave) {
  wave->pc = 0x1004;
  anyroc_fault(wave, ANYROC_FAULT_ATOMIC, argument(wave, 0), 3, 8);
}

int32_t test_trap(struct anyroc_wave *wave) {
  wave->trap_id = 2;
  return ANYROC_TRAP;
}

int32_t test_jump(struct anyroc_wave *wave) {
  wave->fault_address = 0x1234;
  return ANYROC_BAD_PC;
}

int32_t test_unknown(struct anyroc_wave *wave) {
  (void)wave;
  return 77;
}

int32_t test_divide(struct anyroc_wave *wave) {
  volatile int32_t seven = 7, zero = 0;
  wave->trap_id = (uint32_t)(seven / zero);
  return ANYROC_END;
}

int32_t test_illegal(struct anyroc_wave *wave) {
  (void)wave;
  __builtin_trap();
}

static int32_t deep(struct anyroc_wave *wave, volatile uint8_t *above) {
  volatile uint8_t frame[4096];
  frame[0] = above[0];
  return deep(wave, frame) + frame[0];
}

int32_t test_overflow(struct anyroc_wave *wave) {
  volatile uint8_t first[1] = {1};
  return deep(wave, first);
}

/* Waits until the host opens the gate: writes something at the argument. */
int32_t test_gate(struct anyroc_wave *wave) {
  wave->resume = 1;
  return *(volatile _Atomic uint32_t *)argument(wave, 0) ? ANYROC_END : ANYROC_YIELD;
}

/* Appends its workgroup's number to a log: log[0] counts, entries follow. */
int32_t test_log(struct anyroc_wave *wave) {
  _Atomic uint32_t *log = (_Atomic uint32_t *)argument(wave, 0);
  uint32_t at = log[0]++;
  log[1 + at] = wave->sgpr[2];
  return ANYROC_END;
}

/* value = value * 3 + k, once per launch: any reordering of launches shows. */
int32_t test_chain(struct anyroc_wave *wave) {
  uint64_t *value = (uint64_t *)argument(wave, 0);
  *value = *value * 3 + argument(wave, 1);
  return ANYROC_END;
}

/* Counts into this thread's instrumentation counters. */
int32_t test_count(struct anyroc_wave *wave) {
  wave->counters[0] += 1;
  wave->counters[1] += wave->sgpr[2];
  return ANYROC_END;
}

/* Fails when a lane finds scratch, VGPRs or LDS of another wave: each writes its mark, meets the others
 * and looks again. */
int32_t test_isolation(struct anyroc_wave *wave) {
  uint32_t mark = wave->sgpr[2] << 8 | wave->wave_id, *bad = (uint32_t *)argument(wave, 0);
  uint32_t rows = (uint32_t)argument(wave, 1), words = wave->scratch_size / 4 * wave->wave_size;
  uint32_t *scratch = (uint32_t *)wave->scratch, *own = (uint32_t *)wave->lds + wave->wave_id;
  if (wave->resume == 0) {
    for (uint32_t i = 0; i < rows * wave->wave_size; i++) wave->vgpr[i] = mark;
    for (uint32_t i = 0; i < words; i++) scratch[i] = mark;
    *own = mark;
    wave->resume = 1;
    return ANYROC_BARRIER;
  }
  for (uint32_t i = 0; i < rows * wave->wave_size; i++) *bad += wave->vgpr[i] != mark;
  for (uint32_t i = 0; i < words; i++) *bad += scratch[i] != mark;
  *bad += *own != mark;
  return ANYROC_END;
}

/* out = 1 if 1e-40 * 1 is still a denormal and 1/3 rounds to nearest. */
int32_t test_float(struct anyroc_wave *wave) {
  volatile float tiny = 1e-40f, one = 1.0f, three = 3.0f;
  float product = tiny * one, third = one / three;
  uint32_t bits[2];
  memcpy(&bits[0], &product, 4), memcpy(&bits[1], &third, 4);
  *(uint32_t *)argument(wave, 0) = bits[0] == 71362 && bits[1] == 0x3eaaaaab;
  return ANYROC_END;
}

/* Poison: out = whether VGPR 5 and LDS hold the pattern. */
int32_t test_poisoned(struct anyroc_wave *wave) {
  uint32_t lds;
  memcpy(&lds, wave->lds, 4);
  *(uint32_t *)argument(wave, 0) = wave->vgpr[5 * wave->wave_size] == 0x7fa5a5a5 && lds == 0x7fa5a5a5;
  return ANYROC_END;
}

static _Atomic uint32_t calls;

void test_callback(void *argument) {
  *(uint32_t *)argument = ++calls;
}
