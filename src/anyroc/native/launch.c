/* Kernel launches: checks, the kernel's arguments and its dispatch packet in device memory, the
 * initial scalar registers, and what happens when the last workgroup is done. */
#include <stdlib.h>
#include <string.h>

#include "launch.h"
#include "memory.h"

#define PACKET_SIZE 64
#define WORTH_WAKING_NS 20000
#define SHORTEST_PAUSE_NS 20000
#define LONGEST_PAUSE_NS 200000

/* The HSA kernel dispatch packet, which kernels read through the dispatch pointer. */
struct packet {
  uint16_t header, setup, block[3], reserved0;
  uint32_t grid[3], scratch_size, lds_size;
  uint64_t kernel_object, kernarg_address, reserved1, completion_signal;
};
_Static_assert(sizeof(struct packet) == PACKET_SIZE, "HSA dispatch packet");

/* ---- the ring of argument memory ---- */

static uint64_t ring_room(struct anyroc_queue *queue, uint64_t size) {
  uint64_t tail = atomic_load(&queue->ring_tail), head = queue->ring_head;
  if (tail == head) tail = head = queue->ring_head = 0, atomic_store(&queue->ring_tail, 0);
  uint64_t at = head % queue->ring_size;
  uint64_t skip = at + size > queue->ring_size ? queue->ring_size - at : 0;
  return head + skip + size - tail <= queue->ring_size ? head + skip + size : 0;
}

/* Reserves `size` bytes, waiting for earlier launches when the ring is full; NULL: never enough.
 * The ring's lock is held until the launch is submitted, so that parts are freed in the order
 * taken. */
static uint8_t *ring_take(struct anyroc_queue *queue, uint64_t size, uint64_t *end) {
  size = (size + 63) & ~63ull;
  if (size > queue->ring_size / 4) return NULL;
  for (int64_t pause = SHORTEST_PAUSE_NS;; pause = 2 * pause < LONGEST_PAUSE_NS ? 2 * pause
                                                                             : LONGEST_PAUSE_NS) {
    uint32_t seen = atomic_load(&queue->progress);
    *end = ring_room(queue, size);
    if (*end != 0) {
      queue->ring_head = *end;
      return queue->ring + (*end - size) % queue->ring_size;
    }
    /* Nobody wakes this thread: a wake for each launch that ends would cost more than the launch. */
    futex_wait(&queue->progress, seen, pause);
  }
}

/* ---- arguments ---- */

/* What the caller of a launch hands over. */
struct inputs {
  uint32_t dynamic_lds;
  const void *arguments;
  uint64_t size;
  void *const *parameters;
  const struct anyroc_extra *extra;
};

static uint64_t hidden_value(const struct anyroc_hidden *hidden, const struct launch *launch,
                             const struct inputs *inputs, uint64_t queue_pointer) {
  uint32_t axis;
  if (hidden->kind >= ANYROC_HIDDEN_BUFFER)
    return inputs->extra != NULL ? inputs->extra->buffers[hidden->kind - ANYROC_HIDDEN_BUFFER] : 0;
  switch (hidden->kind) {
    case ANYROC_HIDDEN_BLOCK_COUNT_X:
    case ANYROC_HIDDEN_BLOCK_COUNT_Y:
    case ANYROC_HIDDEN_BLOCK_COUNT_Z:
      axis = hidden->kind - ANYROC_HIDDEN_BLOCK_COUNT_X;
      return launch->grid[axis] - (launch->tail[axis] != launch->block[axis]);
    case ANYROC_HIDDEN_GROUP_SIZE_X:
    case ANYROC_HIDDEN_GROUP_SIZE_Y:
    case ANYROC_HIDDEN_GROUP_SIZE_Z:
      return launch->block[hidden->kind - ANYROC_HIDDEN_GROUP_SIZE_X];
    case ANYROC_HIDDEN_REMAINDER_X:
    case ANYROC_HIDDEN_REMAINDER_Y:
    case ANYROC_HIDDEN_REMAINDER_Z:
      axis = hidden->kind - ANYROC_HIDDEN_REMAINDER_X;
      return launch->tail[axis] != launch->block[axis] ? launch->tail[axis] : 0;
    case ANYROC_HIDDEN_GRID_DIMS:
      return launch->grid[2] * launch->block[2] > 1   ? 3
             : launch->grid[1] * launch->block[1] > 1 ? 2
                                                      : 1;
    case ANYROC_HIDDEN_DYNAMIC_LDS:
      return inputs->dynamic_lds;
    case ANYROC_HIDDEN_QUEUE_PTR:
      return queue_pointer;
    default:
      return hidden->value;
  }
}

static void write_arguments(uint8_t *to, const struct launch *launch, const struct inputs *inputs,
                            uint64_t queue_pointer) {
  const struct anyroc_kernel *kernel = launch->kernel;
  uint64_t size = inputs->size < kernel->kernarg_size ? inputs->size : kernel->kernarg_size;
  if (size != 0) memcpy(to, inputs->arguments, size);
  memset(to + size, 0, kernel->kernarg_size - size);
  if (inputs->parameters != NULL)
    for (uint32_t i = 0; i < kernel->param_count; i++)
      memcpy(to + kernel->params[i].offset, inputs->parameters[i], kernel->params[i].size);
  for (uint32_t i = 0; i < kernel->hidden_count; i++) {
    const struct anyroc_hidden *hidden = &kernel->hidden[i];
    uint64_t value = hidden_value(hidden, launch, inputs, queue_pointer);
    memcpy(to + hidden->offset, &value, hidden->size);
  }
}

static void write_packet(struct packet *packet, const struct launch *launch, uint64_t kernarg) {
  memset(packet, 0, sizeof *packet);
  packet->header = 2; /* kernel dispatch */
  packet->setup = launch->grid[2] > 1 ? 3 : launch->grid[1] > 1 ? 2 : 1;
  for (int axis = 0; axis < 3; axis++) {
    packet->block[axis] = (uint16_t)launch->block[axis];
    packet->grid[axis] = (launch->grid[axis] - 1) * launch->block[axis] + launch->tail[axis];
  }
  packet->scratch_size = launch->kernel->scratch_size;
  packet->lds_size = launch->lds_size;
  packet->kernel_object = launch->kernel->kernel_object;
  packet->kernarg_address = kernarg;
}

static void set_pair(uint32_t *sgpr, uint8_t index, uint64_t value) {
  if (index >= USER_SGPRS - 1) return;
  sgpr[index] = (uint32_t)value;
  sgpr[index + 1] = (uint32_t)(value >> 32);
}

static void set_user_sgprs(struct launch *launch, uint64_t packet, const uint8_t *kernarg,
                           uint64_t queue_pointer, uint64_t dispatch_id) {
  const struct anyroc_kernel *kernel = launch->kernel;
  set_pair(launch->sgpr, kernel->sgpr_dispatch_ptr, packet);
  set_pair(launch->sgpr, kernel->sgpr_queue_ptr, queue_pointer);
  set_pair(launch->sgpr, kernel->sgpr_kernarg_ptr, (uint64_t)(uintptr_t)kernarg);
  set_pair(launch->sgpr, kernel->sgpr_dispatch_id, dispatch_id);
  set_pair(launch->sgpr, kernel->sgpr_scratch_buffer, ANYROC_SCRATCH_BUFFER_LOW);
  if (kernel->sgpr_scratch_buffer < USER_SGPRS - 3)
    set_pair(launch->sgpr, kernel->sgpr_scratch_buffer + 2, ANYROC_SCRATCH_BUFFER_HIGH);
  if (kernel->sgpr_scratch_size < USER_SGPRS)
    launch->sgpr[kernel->sgpr_scratch_size] = kernel->scratch_size;
  for (uint32_t i = 0; i < kernel->preload_count && kernel->preload_sgpr + i < USER_SGPRS; i++) {
    uint32_t offset = (kernel->preload_offset + i) * 4;
    if (offset + 4 <= kernel->kernarg_size)
      memcpy(&launch->sgpr[kernel->preload_sgpr + i], kernarg + offset, 4);
  }
}

/* ---- the launch ---- */

static uint64_t greatest_common_divisor(uint64_t a, uint64_t b) {
  while (b != 0) {
    uint64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

static void choose_order(struct launch *launch) {
  uint64_t total = launch->job.total, seed = anyroc_options.seed;
  launch->stride = 1;
  if (seed == 0 || total < 2) return;
  uint64_t stride = (seed * 0x9e3779b97f4a7c15ull >> 16) % total;
  while (greatest_common_divisor(stride, total) != 1) stride = (stride + 1) % total;
  launch->stride = stride;
  launch->shift = (seed * 0xbf58476d1ce4e5b9ull >> 16) % total;
}

/* Where workgroup ids are in TTMP9 and TTMP7, those of y and z have 16 bits each. */
static int check(const struct anyroc_kernel *kernel, struct launch *launch, uint32_t dynamic_lds) {
  uint64_t groups = 1, items = 1;
  int whole = 1;
  for (int axis = 0; axis < 3; axis++) {
    uint32_t block = launch->block[axis];
    if (launch->grid[axis] == 0 || block == 0) return ANYROC_EMPTY_GRID;
    if (axis > 0 && kernel->ids_in_ttmp && launch->grid[axis] > 0x10000) return ANYROC_EMPTY_GRID;
    if (block > MAX_BLOCK) return ANYROC_BLOCK_TOO_LARGE;
    if (launch->tail[axis] == 0 || launch->tail[axis] > block) launch->tail[axis] = block;
    whole &= launch->tail[axis] == block;
    items *= block;
    if (__builtin_mul_overflow(groups, launch->grid[axis], &groups)) return ANYROC_EMPTY_GRID;
  }
  if (items > MAX_BLOCK || items > kernel->max_block) return ANYROC_BLOCK_TOO_LARGE;
  if ((uint64_t)kernel->lds_size + dynamic_lds > kernel->max_lds) return ANYROC_LDS_TOO_LARGE;
  launch->lds_size = kernel->lds_size + dynamic_lds;
  launch->job.total = groups;
  enum anyroc_shape shape = ANYROC_ANY;
  if (whole && items % kernel->wave_size == 0)
    shape = launch->block[0] % kernel->wave_size == 0 ? ANYROC_LINEAR
            : launch->block[0] % 16 == 0              ? ANYROC_ROWS
                                                      : ANYROC_FULL;
  launch->shape = shape;
  if (shape == ANYROC_LINEAR && items == launch->block[0] && items % ANYROC_GANG_LANES == 0)
    launch->gang = ANYROC_GANG_LANES / kernel->wave_size;
  launch->needs_ids = !(kernel->needs_no_ids >> shape & 1);
  return ANYROC_OK;
}

static int submit(struct anyroc_queue *queue, struct launch *launch, const struct inputs *inputs) {
  /* The 256 bytes before the ring stand for the HSA queue; see anyroc.gpu.queue. */
  uint64_t queue_pointer = (uint64_t)(uintptr_t)queue->ring - 256;
  uint64_t wanted = PACKET_SIZE + launch->kernel->kernarg_size;
  uint8_t *packet = ring_take(queue, wanted, &launch->ring_end);
  if (packet == NULL) return ANYROC_ARGS_TOO_LARGE;
  uint8_t *kernarg = packet + PACKET_SIZE;
  write_arguments(kernarg, launch, inputs, queue_pointer);
  write_packet((struct packet *)packet, launch, (uint64_t)(uintptr_t)kernarg);
  uint64_t dispatch_id = atomic_fetch_add(&queue->dispatches, 1);
  set_user_sgprs(launch, (uint64_t)(uintptr_t)packet, kernarg, queue_pointer, dispatch_id);
  return pool_submit(queue, &launch->command);
}

/* Queues a launch of `grid` workgroups of `block` work-items. The explicit arguments are `size`
 * bytes at `arguments`, or one pointer each in `parameters`; the runtime adds the hidden ones.
 * `extra` may be NULL. */
int anyroc_launch(struct anyroc_queue *queue, struct anyroc_kernel *kernel, uint32_t grid_x,
                  uint32_t grid_y, uint32_t grid_z, uint32_t block_x, uint32_t block_y,
                  uint32_t block_z, uint32_t dynamic_lds, const void *arguments, uint64_t size,
                  void *const *parameters, const struct anyroc_extra *extra) {
  struct inputs inputs = {dynamic_lds, arguments, size, parameters, extra};
  struct launch *launch = calloc(1, sizeof *launch);
  if (launch == NULL) return ANYROC_NO_MEMORY;
  launch->command.kind = COMMAND_LAUNCH;
  launch->kernel = kernel;
  launch->grid[0] = grid_x, launch->grid[1] = grid_y, launch->grid[2] = grid_z;
  launch->block[0] = block_x, launch->block[1] = block_y, launch->block[2] = block_z;
  if (extra != NULL) {
    memcpy(launch->tail, extra->tail, sizeof launch->tail);
    launch->cooperative = extra->cooperative;
  }
  int result = check(kernel, launch, dynamic_lds);
  if (result == ANYROC_OK) {
    choose_order(launch);
    lock_take(&queue->ring_lock);
    result = submit(queue, launch, &inputs);
    lock_give(&queue->ring_lock);
  }
  if (result != ANYROC_OK) free(launch);
  return result;
}

static void finish(struct job *job) {
  struct launch *launch = launch_of(job);
  struct anyroc_kernel *kernel = launch->kernel;
  atomic_store(&job->queue->ring_tail, launch->ring_end);
  uint64_t spent = atomic_load(&launch->worker_ns);
  atomic_fetch_add_explicit(&kernel->launches, 1, memory_order_relaxed);
  atomic_fetch_add_explicit(&kernel->waves, atomic_load(&launch->waves), memory_order_relaxed);
  atomic_fetch_add_explicit(&kernel->busy_ns, spent, memory_order_relaxed);
  atomic_store_explicit(&kernel->group_ns, spent / job->total + 1, memory_order_relaxed);
}

int launch_execute(struct command *command, struct worker *worker) {
  struct launch *launch = (struct launch *)command;
  struct job *job = &launch->job;
  job->run = dispatch_run;
  job->finish = finish;
  job->queue = command->queue;
  job->command = command;
  if (launch_entry(launch) == NULL || atomic_load(&command->queue->faulted)) {
    atomic_store(&command->queue->ring_tail, launch->ring_end);
    return 1;
  }
  memory_settle();
  anyroc_guard_check();
  uint64_t known = atomic_load_explicit(&launch->kernel->group_ns, memory_order_relaxed);
  uint32_t helpers = pool_threads() - 1;
  if (job->total - 1 < helpers) helpers = (uint32_t)(job->total - 1);
  if (known != 0 && job->total < WORTH_WAKING_NS / known && !launch->cooperative) helpers = 0;
  return pool_run(job, worker, helpers);
}
