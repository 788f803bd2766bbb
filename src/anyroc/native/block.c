/* Copies and fills of one-, two- and three-dimensional blocks of memory. */
#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define PIECE (4ull << 20)        /* bytes of a large block that one worker takes at a time */
#define SHARED_FROM (16ull << 20) /* smaller blocks are not worth a second worker */
#define INLINE_UP_TO (1ull << 20) /* an idle queue's blocks that the host does itself */

/* `width` bytes in each of `height` rows of `depth` slices. A fill has no source: it repeats the
 * `unit` (1, 2, 4 or 8) low bytes of `pattern`. */
struct anyroc_block {
  uint64_t to, from;
  uint64_t width, height, depth;
  uint64_t to_pitch, from_pitch, to_slice, from_slice;
  uint64_t pattern;
  uint32_t unit, fill;
};

struct block_command {
  struct command command;
  struct job job;
  struct anyroc_block block;
  uint64_t pieces_per_row;
  _Atomic uint32_t failed;
};

static void fill_bytes(uint8_t *to, uint64_t pattern, uint32_t unit, uint64_t size) {
  int same = 1;
  for (uint32_t i = 1; i < unit; i++) same &= (uint8_t)(pattern >> (8 * i)) == (uint8_t)pattern;
  if (same) {
    memset(to, (int)(pattern & 255), size);
    return;
  }
  uint8_t repeated[64];
  for (uint32_t i = 0; i < sizeof repeated; i++)
    repeated[i] = (uint8_t)(pattern >> (8 * (i % unit)));
  uint64_t at = 0;
  for (; at + sizeof repeated <= size; at += sizeof repeated)
    memcpy(to + at, repeated, sizeof repeated);
  memcpy(to + at, repeated, size - at);
}

static void do_row(const struct anyroc_block *block, uint64_t row, uint64_t from, uint64_t to) {
  uint64_t y = row % block->height, z = row / block->height;
  uint8_t *target =
      (uint8_t *)(uintptr_t)(block->to + z * block->to_slice + y * block->to_pitch + from);
  if (block->fill) {
    fill_bytes(target, block->pattern, block->unit, to - from);
    return;
  }
  const uint8_t *source = (const uint8_t *)(uintptr_t)(block->from + z * block->from_slice +
                                                       y * block->from_pitch + from);
  memmove(target, source, to - from);
}

static int guarded(struct anyroc_guard *guard, const struct anyroc_block *block, uint64_t first,
                   uint64_t last, uint64_t from, uint64_t to) {
  struct anyroc_guard *outer = anyroc_current_guard;
  guard->wave = NULL;
  if (_setjmp(guard->leave)) {
    anyroc_current_guard = outer;
    return ANYROC_BAD_ADDRESS;
  }
  anyroc_current_guard = guard;
  __asm__ volatile("" ::: "memory");
  for (uint64_t row = first; row < last; row++) do_row(block, row, from, to);
  __asm__ volatile("" ::: "memory");
  anyroc_current_guard = outer;
  return ANYROC_OK;
}

static void report(struct block_command *command, const struct anyroc_guard *guard) {
  struct anyroc_fault_record fault;
  memset(&fault, 0, sizeof fault);
  fault.kind = ANYROC_FAULT_COPY;
  fault.status = guard->fault_kind;
  fault.address = guard->fault_address;
  fault.lane = ANYROC_NO_LANE;
  queue_fail(command->command.queue, &fault);
}

/* Pieces are parts of rows where rows are long, else runs of rows. */
static void run(struct job *job, struct worker *worker) {
  struct block_command *command = (struct block_command *)job->command;
  const struct anyroc_block *block = &command->block;
  uint64_t rows = block->height * block->depth;
  uint64_t rows_per_piece = command->pieces_per_row > 1 ? 1 : PIECE / (block->width + 1) + 1;
  for (;;) {
    uint64_t piece = atomic_fetch_add(&job->next, 1);
    if (piece >= job->total || atomic_load(&command->failed)) return;
    uint64_t first = piece / command->pieces_per_row * rows_per_piece;
    uint64_t last = first + rows_per_piece < rows ? first + rows_per_piece : rows;
    uint64_t from = piece % command->pieces_per_row * PIECE;
    uint64_t to =
        command->pieces_per_row > 1 && from + PIECE < block->width ? from + PIECE : block->width;
    if (guarded(&worker->guard, block, first, last, from, to) != ANYROC_OK &&
        atomic_exchange(&command->failed, 1) == 0)
      report(command, &worker->guard);
  }
}

static void finish(struct job *job) { (void)job; }

int block_execute(struct command *command, struct worker *worker) {
  struct block_command *self = (struct block_command *)command;
  if (atomic_load(&command->queue->faulted)) return 1;
  struct job *job = &self->job;
  const struct anyroc_block *block = &self->block;
  uint64_t rows = block->height * block->depth;
  self->pieces_per_row = block->width > 2 * PIECE ? (block->width + PIECE - 1) / PIECE : 1;
  uint64_t rows_per_piece = self->pieces_per_row > 1 ? 1 : PIECE / (block->width + 1) + 1;
  job->run = run;
  job->finish = finish;
  job->queue = command->queue;
  job->command = command;
  job->total = (rows + rows_per_piece - 1) / rows_per_piece * self->pieces_per_row;
  atomic_store(&job->next, 0);
  uint32_t helpers = block->width * rows >= SHARED_FROM ? pool_threads() - 1 : 0;
  return pool_run(job, worker, helpers);
}

/* Memory that was freed is to be found missing. */
static void settle(const struct anyroc_block *block) {
  memory_settle_for(block->to);
  if (!block->fill) memory_settle_for(block->from);
}

/* Queues the block; it must not overlap itself in a way that depends on order. */
int anyroc_queue_block(struct anyroc_queue *queue, const struct anyroc_block *block) {
  if (block->width == 0 || block->height == 0 || block->depth == 0) return ANYROC_OK;
  settle(block);
  struct block_command *command = calloc(1, sizeof *command);
  if (command == NULL) return ANYROC_NO_MEMORY;
  command->command.kind = COMMAND_BLOCK;
  command->block = *block;
  int result = pool_submit(queue, &command->command);
  if (result != ANYROC_OK) free(command);
  return result;
}

/* Queues a copy of `size` bytes that are read now. */
int anyroc_queue_copy_kept(struct anyroc_queue *queue, uint64_t to, const void *from,
                           uint64_t size) {
  memory_settle_for(to);
  struct block_command *command = malloc(sizeof *command + size);
  if (command == NULL) return ANYROC_NO_MEMORY;
  memset(command, 0, sizeof *command);
  memcpy(command + 1, from, size);
  command->command.kind = COMMAND_BLOCK;
  command->block = (struct anyroc_block){
      .to = to, .from = (uintptr_t)(command + 1), .width = size, .height = 1, .depth = 1};
  int result = pool_submit(queue, &command->command);
  if (result != ANYROC_OK) free(command);
  return result;
}

/* Does a small block on the calling thread if the queue is idle, else says ANYROC_NOT_READY. */
int anyroc_queue_block_now(struct anyroc_queue *queue, const struct anyroc_block *block) {
  if (anyroc_queue_query(queue) != ANYROC_OK) return ANYROC_NOT_READY;
  if (block->width * block->height * block->depth > INLINE_UP_TO) return ANYROC_NOT_READY;
  settle(block);
  anyroc_guard_check();
  struct anyroc_guard guard;
  return guarded(&guard, block, 0, block->height * block->depth, 0, block->width);
}

/* Copies after everything queued before, and waits; a signal makes it return ANYROC_NOT_READY: then
 * wait for the queue. */
int anyroc_queue_copy_now(struct anyroc_queue *queue, uint64_t to, uint64_t from, uint64_t size) {
  struct anyroc_block block = {.to = to, .from = from, .width = size, .height = 1, .depth = 1};
  int result = anyroc_queue_block_now(queue, &block);
  if (result != ANYROC_NOT_READY) return result;
  result = anyroc_queue_block(queue, &block);
  return result == ANYROC_OK ? anyroc_queue_wait(queue, 0, -1) : result;
}
