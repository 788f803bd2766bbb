/* The contract between generated code, its C helpers and the scheduler: one wave's state.
 *
 * Generated code addresses the fields by the byte offsets asserted below (translate/layout.py holds the
 * same numbers), so a field may move only together with them. */
#ifndef ANYROC_WAVE_H
#define ANYROC_WAVE_H

#include <stddef.h>
#include <stdint.h>

struct anyroc_group; /* the scheduler's record of a workgroup */

enum anyroc_status {
  ANYROC_END = 0,     /* the wave is done */
  ANYROC_BARRIER = 1, /* waits for the other waves of its group; call again to go on */
  ANYROC_YIELD = 2,   /* gave way (s_sleep, or its budget of backward branches is used up); call again */
  ANYROC_GANG = 3,    /* as ANYROC_END, for this wave and those that follow in its gang; gang_done says
                         how often */
  ANYROC_TRAP = -2,   /* s_trap; wave->trap_id holds its number */
  ANYROC_BAD_PC = -3, /* an indirect jump to no known code; wave->fault_address holds the target */
};

enum anyroc_fault_kind {
  ANYROC_FAULT_READ = 1,
  ANYROC_FAULT_WRITE = 2,
  ANYROC_FAULT_ATOMIC = 3,
  ANYROC_FAULT_MISALIGNED = 4,
  ANYROC_FAULT_PRIVATE = 5, /* scratch address beyond the wave's allocation */
};

/* Numbering of the scalar register file, the same for every ISA. */
enum {
  ANYROC_SGPR_VCC = 106,
  ANYROC_SGPR_TTMP0 = 108,
  ANYROC_SGPR_M0 = 124,
  ANYROC_SGPR_NULL = 125,
  ANYROC_SGPR_EXEC = 126,
};

struct anyroc_wave {
  uint32_t sgpr[128];     /* in wave32 the upper halves of VCC and EXEC are 0 */
  uint32_t scc;
  uint32_t mode;          /* the MODE register */
  uint32_t resume;        /* where the next call goes on; 0: the kernel's entry */
  uint32_t pc;            /* code-object address of the last instruction that could fault */
  int64_t budget;         /* backward branches left before the wave yields */
  uint32_t *vgpr;         /* [row][lane], 64-byte aligned; AGPR i is row accum_offset + i */
  uint8_t *lds;
  uint32_t lds_size;
  uint32_t wave_size;
  uint8_t *scratch;       /* byte b of lane l at ((b / 4) * wave_size + l) * 4 + b % 4 */
  uint32_t scratch_size;  /* bytes per lane */
  uint32_t wave_id;       /* index of the wave in its workgroup */
  uint64_t code_base;     /* host address of the code object's address 0 */
  uint64_t *counters;     /* this thread's instrumentation counters, or NULL */
  struct anyroc_group *group;
  uint64_t fault_address;
  uint32_t fault_lane;
  uint32_t fault_kind;
  uint32_t fault_size;
  uint32_t trap_id;
  uint32_t gang_wanted;   /* 0, or that the wave may stand for a gang, itself and those that follow it:
                             if more than 1, for the gangs of so many workgroups that follow in x */
  uint32_t gang_at;       /* when it does: 4 times the lane at work, plus 1; else 0 */
  uint32_t gang_done;     /* the gangs that it has stood for */
  uint32_t gang_number;   /* the offset here of the SGPR with the workgroup's number in x */
  uint64_t gang_ahead;    /* how far ahead it prefetches what it reads; 0: not */
};

#define ANYROC_CHECK_OFFSET(field, offset) \
  _Static_assert(offsetof(struct anyroc_wave, field) == (offset), "wave." #field)
ANYROC_CHECK_OFFSET(scc, 512);
ANYROC_CHECK_OFFSET(mode, 516);
ANYROC_CHECK_OFFSET(resume, 520);
ANYROC_CHECK_OFFSET(pc, 524);
ANYROC_CHECK_OFFSET(budget, 528);
ANYROC_CHECK_OFFSET(vgpr, 536);
ANYROC_CHECK_OFFSET(lds, 544);
ANYROC_CHECK_OFFSET(lds_size, 552);
ANYROC_CHECK_OFFSET(wave_size, 556);
ANYROC_CHECK_OFFSET(scratch, 560);
ANYROC_CHECK_OFFSET(scratch_size, 568);
ANYROC_CHECK_OFFSET(wave_id, 572);
ANYROC_CHECK_OFFSET(code_base, 576);
ANYROC_CHECK_OFFSET(counters, 584);
ANYROC_CHECK_OFFSET(group, 592);
ANYROC_CHECK_OFFSET(fault_address, 600);
ANYROC_CHECK_OFFSET(trap_id, 620);
ANYROC_CHECK_OFFSET(gang_wanted, 624);
ANYROC_CHECK_OFFSET(gang_at, 628);
ANYROC_CHECK_OFFSET(gang_done, 632);
ANYROC_CHECK_OFFSET(gang_number, 636);
ANYROC_CHECK_OFFSET(gang_ahead, 640);

#define ANYROC_GANG_LANES 256 /* of consecutive work-items in x, from a multiple of it on */

typedef int32_t (*anyroc_wave_fn)(struct anyroc_wave *);

/* Leaves the wave with a fault record; never returns. */
_Noreturn void anyroc_fault(struct anyroc_wave *wave, uint32_t kind, uint64_t address, uint32_t lane,
                            uint32_t size);

/* The reserved range of device addresses, and the slow question about memory outside it. */
extern uint8_t *anyroc_range_base;
extern uint64_t anyroc_range_size;
int anyroc_host_range_ok(uint64_t address, uint64_t size);

/* The buffer descriptor by which a kernel without architected scratch reaches its own: swizzled by lane, 4 bytes
 * each, without bounds (scratch has its own), at an address that no memory has. */
#define ANYROC_SCRATCH_BUFFER_LOW (1ull << 63 | 64)
#define ANYROC_SCRATCH_BUFFER_HIGH (1ull << 55 | 3ull << 53 | 1ull << 51 | 0xffffffffull)

/* Flat addresses whose high dword is one of these are LDS or scratch. */
#define ANYROC_SHARED_APERTURE 0x00010000u
#define ANYROC_PRIVATE_APERTURE 0x00020000u
/* gfx1250: the scratch of the lane that bits 52 to 56 name. */
#define ANYROC_LANE_APERTURE 0x00040000u
#define ANYROC_LANE_APERTURE_LANES (31u << 20)

#endif
