/* Queues and events as the host sees them: submitting, waiting, asking, faults. */
#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define HOST_SPIN_NS 20000
#define PROBE 32

/* `ring` is device memory for kernel arguments; a multiple of 64 bytes. */
struct anyroc_queue *anyroc_queue_create(uint64_t ring, uint64_t ring_size) {
  struct anyroc_queue *queue = calloc(1, sizeof *queue);
  if (queue == NULL) return NULL;
  queue->ring = (uint8_t *)(uintptr_t)ring;
  queue->ring_size = ring_size;
  pool_add_queue(queue);
  return queue;
}

/* Work already submitted is still done; the handle is no longer valid. */
void anyroc_queue_destroy(struct anyroc_queue *queue) { pool_drop_queue(queue); }

int anyroc_queue_query(struct anyroc_queue *queue) {
  if (atomic_load(&queue->completed) < atomic_load(&queue->submitted)) return ANYROC_NOT_READY;
  return atomic_load(&queue->faulted) ? ANYROC_FAULTED : ANYROC_OK;
}

/* How many commands were submitted so far: what anyroc_queue_wait may wait for. */
uint64_t anyroc_queue_submitted(struct anyroc_queue *queue) {
  return atomic_load(&queue->submitted);
}

/* How much of that others have to wait for: not the records of events, nor frees. */
uint64_t anyroc_queue_work(struct anyroc_queue *queue) { return atomic_load(&queue->work); }

static int64_t remaining(uint64_t limit) {
  uint64_t now = clock_ns();
  return now < limit ? (int64_t)(limit - now) : 0;
}

/* Spinning pays only for short waits: where the last one was long the next begins asleep, but for
 * one in PROBE that looks whether times have changed. */
static int worth_spinning(struct anyroc_queue *queue) {
  uint32_t number = atomic_fetch_add_explicit(&queue->waits, 1, memory_order_relaxed);
  return !atomic_load_explicit(&queue->long_wait, memory_order_relaxed) || number % PROBE == 0;
}

/* Leaves the next command, if the queue is idle by then, to the thread that waits for it. */
void anyroc_queue_waiter_runs(struct anyroc_queue *queue) {
  atomic_store(&queue->waiter_runs, 1);
}

/* Waits until `target` commands are complete (0: all submitted so far), at most timeout_ns (< 0:
 * for ever). Returns ANYROC_NOT_READY when the time is up or a signal came, which the host sees to.
 */
int anyroc_queue_wait(struct anyroc_queue *queue, uint64_t target, int64_t timeout_ns) {
  if (target == 0) target = atomic_load(&queue->submitted);
  if (atomic_load(&queue->completed) < target) {
    uint64_t start = clock_ns(), limit = start + (uint64_t)timeout_ns;
    if (queue->left_to_waiter) pool_help(queue);
    uint64_t spin_until = worth_spinning(queue) ? start + HOST_SPIN_NS : start;
    while (atomic_load(&queue->completed) < target && clock_ns() < spin_until)
      for (int i = 0; i < 8; i++) cpu_pause();
    int error = 0;
    atomic_fetch_add(&queue->sleepers, 1);
    for (;;) {
      uint32_t seen = atomic_load(&queue->progress);
      if (atomic_load(&queue->completed) >= target || error == EINTR || error == ETIMEDOUT) break;
      error = futex_wait(&queue->progress, seen, timeout_ns < 0 ? -1 : remaining(limit));
    }
    atomic_fetch_sub(&queue->sleepers, 1);
    atomic_store_explicit(&queue->long_wait, clock_ns() - start >= HOST_SPIN_NS,
                          memory_order_relaxed);
    if (atomic_load(&queue->completed) < target) return ANYROC_NOT_READY;
  }
  return atomic_load(&queue->faulted) ? ANYROC_FAULTED : ANYROC_OK;
}

/* ---- faults ---- */

_Atomic uint32_t anyroc_faulted_queues; /* how many there are */

/* Keeps the first fault; from then on the queue skips launches and copies. */
void queue_fail(struct anyroc_queue *queue, struct anyroc_fault_record *fault) {
  pool_lock();
  if (!atomic_load(&queue->faulted)) {
    atomic_fetch_add(&anyroc_faulted_queues, 1);
    free(queue->fault.vgprs);
    queue->fault = *fault;
    fault->vgprs = NULL;
    atomic_store(&queue->faulted, 1);
  }
  pool_unlock();
  free(fault->vgprs);
}

/* The record's vgprs are copied to `vgprs` as far as `size` bytes go. */
int anyroc_queue_fault(struct anyroc_queue *queue, struct anyroc_fault_record *fault, void *vgprs,
                       uint64_t size) {
  if (!atomic_load(&queue->faulted)) return ANYROC_OK;
  pool_lock();
  *fault = queue->fault;
  if (fault->vgpr_size < size) size = fault->vgpr_size;
  if (size != 0) memcpy(vgprs, fault->vgprs, size);
  fault->vgprs = NULL;
  pool_unlock();
  return ANYROC_FAULTED;
}

void anyroc_queue_clear_fault(struct anyroc_queue *queue) {
  if (atomic_exchange(&queue->faulted, 0)) atomic_fetch_sub(&anyroc_faulted_queues, 1);
}

/* Stops every kernel that runs, at its next turn, with a fault of kind ANYROC_FAULT_STOPPED; the
 * host calls it again with 0 when all queues are empty. */
void anyroc_stop(uint32_t stop) { atomic_store(&anyroc_stopping, stop); }

/* ---- events ---- */

struct anyroc_event {
  struct lock lock;
  struct marker *latest; /* of the last record; NULL before the first */
};

static struct marker *marker_hold(struct marker *marker) {
  if (marker != NULL) atomic_fetch_add(&marker->references, 1);
  return marker;
}

void marker_release(struct marker *marker) {
  if (marker != NULL && atomic_fetch_sub(&marker->references, 1) == 1) free(marker);
}

static struct marker *latest(struct anyroc_event *event) {
  lock_take(&event->lock);
  struct marker *marker = marker_hold(event->latest);
  lock_give(&event->lock);
  return marker;
}

struct anyroc_event *anyroc_event_create(void) { return calloc(1, sizeof(struct anyroc_event)); }

/* Makes the event as it was before its first record. */
void anyroc_event_reset(struct anyroc_event *event) {
  lock_take(&event->lock);
  struct marker *before = event->latest;
  event->latest = NULL;
  lock_give(&event->lock);
  marker_release(before);
}

void anyroc_event_destroy(struct anyroc_event *event) {
  marker_release(event->latest);
  free(event);
}

static int submit_event(struct anyroc_queue *queue, enum command_kind kind, struct marker *marker) {
  struct event_command *command = malloc(sizeof *command);
  int result = ANYROC_NO_MEMORY;
  if (command != NULL) {
    command->command.kind = kind;
    command->marker = marker;
    result = pool_submit(queue, &command->command);
  }
  if (result != ANYROC_OK) {
    free(command);
    marker_release(marker);
  }
  return result;
}

/* The event is complete when all that the queue holds now is done: at once where that is nothing. */
int anyroc_event_record(struct anyroc_event *event, struct anyroc_queue *queue) {
  struct marker *marker = calloc(1, sizeof *marker);
  if (marker == NULL) return ANYROC_NO_MEMORY;
  int idle = anyroc_queue_query(queue) != ANYROC_NOT_READY;
  if (idle) {
    marker->time_ns = clock_ns();
    atomic_store(&marker->done, 1);
  }
  atomic_store(&marker->references, idle ? 1 : 2);
  lock_take(&event->lock);
  struct marker *before = event->latest;
  event->latest = marker;
  lock_give(&event->lock);
  marker_release(before);
  return idle ? ANYROC_OK : submit_event(queue, COMMAND_RECORD, marker);
}

/* What is submitted to the queue from now on waits for the event's last record, if there is one. */
int anyroc_event_stream_wait(struct anyroc_event *event, struct anyroc_queue *queue) {
  struct marker *marker = latest(event);
  if (marker == NULL) return ANYROC_OK;
  if (atomic_load(&marker->done)) {
    marker_release(marker);
    return ANYROC_OK;
  }
  return submit_event(queue, COMMAND_WAIT, marker);
}

/* ANYROC_OK also for an event that was never recorded. */
int anyroc_event_query(struct anyroc_event *event) {
  struct marker *marker = latest(event);
  int result = marker == NULL || atomic_load(&marker->done) ? ANYROC_OK : ANYROC_NOT_READY;
  marker_release(marker);
  return result;
}

/* As anyroc_queue_wait. */
int anyroc_event_wait(struct anyroc_event *event, int64_t timeout_ns) {
  struct marker *marker = latest(event);
  if (marker == NULL) return ANYROC_OK;
  uint64_t start = clock_ns();
  while (!atomic_load(&marker->done) && clock_ns() - start < HOST_SPIN_NS) cpu_pause();
  uint64_t limit = start + (uint64_t)timeout_ns;
  int error = 0;
  while (!atomic_load(&marker->done) && error != EINTR && error != ETIMEDOUT)
    error = futex_wait(&marker->done, 0, timeout_ns < 0 ? -1 : remaining(limit));
  int result = atomic_load(&marker->done) ? ANYROC_OK : ANYROC_NOT_READY;
  marker_release(marker);
  return result;
}

/* Whether the event has been recorded, and if it is complete the steady clock's time then. */
int anyroc_event_time(struct anyroc_event *event, uint64_t *time_ns, uint32_t *recorded) {
  struct marker *marker = latest(event);
  *recorded = marker != NULL;
  int result = ANYROC_NOT_READY;
  if (marker != NULL && atomic_load(&marker->done)) {
    *time_ns = marker->time_ns;
    result = ANYROC_OK;
  }
  marker_release(marker);
  return result;
}

/* ---- host functions ---- */

/* Calls function(argument) on a host thread when all that the queue holds is done; what follows
 * waits. */
int anyroc_queue_call(struct anyroc_queue *queue, void (*function)(void *), void *argument) {
  struct call_command *command = malloc(sizeof *command);
  if (command == NULL) return ANYROC_NO_MEMORY;
  command->command.kind = COMMAND_CALL;
  command->function = function;
  command->argument = argument;
  int result = pool_submit(queue, &command->command);
  if (result != ANYROC_OK) free(command);
  return result;
}

/* Sizes of the structures that Python mirrors, for it to check. */
const uint64_t anyroc_layout[] = {
    sizeof(struct anyroc_wave),    sizeof(struct anyroc_kernel), sizeof(struct anyroc_fault_record),
    sizeof(struct anyroc_options), sizeof(struct anyroc_hidden),
    sizeof(struct anyroc_allocation),
};
