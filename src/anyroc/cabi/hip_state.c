/* What the API knows in C: the software GPU's functions, threads, devices, streams, kernels.
 *
 * Python makes these records and changes them; the functions of the other files read them, and do
 * what they can without Python. Each of those returns the call's result, or ASK_PYTHON when it has
 * done nothing and the call's Python body is to see to it. */
#include <sched.h>

enum { ASK_PYTHON = -2 };
enum { QUEUE_OK = 0, QUEUE_NOT_READY = 1 };

/* struct anyroc_block, anyroc_extra and anyroc_allocation of the software GPU. */
struct block {
    uint64_t to, from, width, height, depth;
    uint64_t to_pitch, from_pitch, to_slice, from_slice, pattern;
    uint32_t unit, fill;
};

struct launch_extra {
    uint32_t tail[3], cooperative;
    uint64_t printf, hostcall, heap, multigrid;
};

struct allocation {
    uint64_t base, size;
    uint32_t kind, device;
    uint32_t flags, state; /* hipHostMalloc's flags */
    uint64_t start, span, pages, number;
    void *memory, *slab;
    int32_t prefetched, reserved;
};

enum { STATE_TOLD = 4, STATE_RELEASED = 8 };
enum { KIND_DEVICE, KIND_MANAGED, KIND_HOST, KIND_INTERNAL, KIND_MAPPED, KIND_SHARED };

static struct {
    int (*launch)(void *queue, void *kernel, unsigned gx, unsigned gy, unsigned gz, unsigned bx,
                  unsigned by, unsigned bz, unsigned shared, const void *arguments, uint64_t size,
                  void *const *parameters, const void *extra);
    int (*queue_query)(void *queue);
    uint64_t (*queue_submitted)(void *queue);
    uint64_t (*queue_work)(void *queue);
    int (*queue_wait)(void *queue, uint64_t target, int64_t timeout);
    void (*queue_waiter_runs)(void *queue);
    int (*queue_block)(void *queue, const struct block *block);
    int (*queue_block_now)(void *queue, const struct block *block);
    int (*queue_copy_kept)(void *queue, uint64_t to, const void *from, uint64_t size);
    int (*queue_call)(void *queue, void (*function)(void *), void *argument);
    void *(*event_create)(void);
    void (*event_reset)(void *event);
    int (*event_record)(void *event, void *queue);
    int (*event_stream_wait)(void *event, void *queue);
    int (*event_query)(void *event);
    int (*event_wait)(void *event, int64_t timeout);
    int (*event_time)(void *event, uint64_t *time, uint32_t *recorded);
    int (*allocation_find)(uint64_t address, struct allocation *found);
    int (*allocation_prefetch)(uint64_t base, int32_t device);
    int (*allocation_mark)(uint64_t base, uint32_t bits, uint32_t set);
    int (*memory_alloc)(void *memory, uint64_t size, uint32_t kind, uint64_t align, uint32_t flags,
                        uint64_t *base);
    int (*memory_free)(uint64_t base, uint32_t kinds, uint32_t but);
    int (*memory_holds)(uint64_t address);
    int (*queue_free)(void *queue, uint64_t base, uint32_t kinds, uint32_t but);
    int (*host_range_ok)(uint64_t address, uint64_t size);
    int (*host_register)(uint64_t address, uint64_t size, uint32_t flags);
    int (*host_unregister)(uint64_t address);
    const uint32_t *faulted_queues;
    const uint64_t *range_base, *range_size; /* what kernels use without further checks */
} gpu;

/* ---- one lock for all changes of the records ---- */

static int records_lock;

static void lock_records(void)
{
    for (int tries = 0; __atomic_exchange_n(&records_lock, 1, __ATOMIC_ACQUIRE); ++tries)
        if (tries > 50)
            sched_yield();
}

static void unlock_records(void)
{
    __atomic_store_n(&records_lock, 0, __ATOMIC_RELEASE);
}

/* ---- what C programs know by a handle ---- */

/* Records are never freed but used again, each time under another handle, so that an old handle is
 * known to be invalid and looking it up takes no lock. No address is like a handle. */
struct record {
    uint64_t handle; /* 0: not in use */
    uint64_t latest;
    struct record *spare;
};

enum { CHUNK = 1 << 10, CHUNKS = 1 << 10, HANDLE_SHIFT = 4, GENERATION_SHIFT = 24 };
#define HANDLES (1ull << 56)

struct records {
    unsigned kind; /* the low bits of a handle */
    size_t size;
    char *chunks[CHUNKS];
    unsigned made;
    struct record *spare;
};

static inline void *record_at(struct records *records, uint64_t index)
{
    char *chunk = __atomic_load_n(&records->chunks[index / CHUNK], __ATOMIC_ACQUIRE);
    return chunk ? chunk + index % CHUNK * records->size : NULL;
}

static inline void *record_find(struct records *records, uint64_t handle)
{
    if (handle >> 56 != 1 || handle % (1 << HANDLE_SHIFT) != records->kind)
        return NULL;
    struct record *record = record_at(records, handle >> HANDLE_SHIFT & (CHUNK * CHUNKS - 1));
    if (!record || __atomic_load_n(&record->handle, __ATOMIC_ACQUIRE) != handle)
        return NULL;
    return record;
}

/* Return a record that is not in use, with the handle that it is to have in `latest`; NULL when
 * there are too many. With the lock. */
static void *record_take(struct records *records)
{
    struct record *record = records->spare;
    if (record) {
        records->spare = record->spare;
        record->latest += 1ull << GENERATION_SHIFT;
        return record;
    }
    unsigned index = records->made;
    if (index == CHUNK * CHUNKS)
        return NULL;
    if (index % CHUNK == 0) {
        char *chunk = calloc(CHUNK, records->size);
        if (!chunk)
            return NULL;
        __atomic_store_n(&records->chunks[index / CHUNK], chunk, __ATOMIC_RELEASE);
    }
    ++records->made;
    record = record_at(records, index);
    record->latest = HANDLES | (uint64_t)index << HANDLE_SHIFT | records->kind;
    return record;
}

static void record_open(struct record *record)
{
    __atomic_store_n(&record->handle, record->latest, __ATOMIC_RELEASE);
}

/* With the lock. */
static void record_give(struct records *records, struct record *record)
{
    record->spare = records->spare;
    records->spare = record;
}

/* ---- threads and devices ---- */

enum { MOST_OWN = 16, MOST_CONTEXTS = 64, FIRST_CONTEXT = 0x100 };

/* As cabi/fast.py has it. */
static __thread struct {
    int device;
    int own_null;                 /* in a function …_spt: the null stream is the thread's own */
    uint64_t own_stream[MOST_OWN]; /* on each device, or 0 */
    int depth, contexts[MOST_CONTEXTS]; /* a stack of devices */
} this_thread;

#define SPT(call)                                                                      \
    ({                                                                                 \
        this_thread.own_null = 1;                                                      \
        int spt_result = (call);                                                       \
        this_thread.own_null = 0;                                                      \
        spt_result;                                                                    \
    })

API void *anyroc_this_thread(void)
{
    return &this_thread;
}

struct stream;
struct pool;

/* `number` is what allocations call the device; `memory` has the bytes in use and in all. */
struct device {
    struct stream *legacy, *streams;
    int blocking; /* streams that are ordered with the legacy stream */
    int talkers;  /* streams whose work may leave something to Python */
    struct stream *stock; /* streams that were destroyed, to be made again */
    int stocked;
    struct pool *pool, *pools; /* that of hipMallocAsync, and all */
    uint32_t number;
    uint64_t *memory;
};

enum { MOST_DEVICES = 128 };
static struct device devices[MOST_DEVICES];
static int device_count;

API void anyroc_add_device(unsigned index, unsigned number, uint64_t *memory)
{
    if (index >= MOST_DEVICES)
        return;
    devices[index].number = number;
    devices[index].memory = memory;
    if ((int)index >= device_count)
        __atomic_store_n(&device_count, (int)index + 1, __ATOMIC_RELEASE);
}

static inline struct device *current_device(void)
{
    int count = __atomic_load_n(&device_count, __ATOMIC_ACQUIRE);
    return (unsigned)this_thread.device < (unsigned)count ? &devices[this_thread.device] : NULL;
}

/* ---- streams ---- */

enum { MOST_AFTER = 4 };

struct stream {
    struct record record;
    void *queue;
    struct stream *next; /* of the device's */
    void *mark;          /* an event that others wait for */
    uint64_t seen;       /* of a blocking stream: the legacy stream's work that it waits for */
    uint64_t joined;     /* and its own work that the legacy stream waits for */
    uint32_t device, users, flags;
    int32_t priority;
    uint8_t open, legacy, blocking;
    uint8_t begun;            /* a capture that Python does not know of yet: 1 and its mode */
    uint8_t forbids;          /* its capture forbids calls which may wait for streams */
    uint64_t begun_by;        /* the thread */
    uint8_t capturing, own, talks;
    uint8_t special;          /* Python keeps something of it that a new stream has not */
    uint8_t hosts;            /* Python answers calls of its kernels to the host */
    const uint32_t *printf;   /* what kernels print into: bytes in use, size; or NULL */
    uint32_t printing, draining;
    uint32_t barrier_blocks; /* of the cooperative launch that the barrier is made for */
    uint64_t barrier, barrier_threads;
    struct {
        uint64_t stream, frees; /* see hip_pools.c */
    } after[MOST_AFTER];        /* other streams, behind whose work it comes */
};

static struct records streams = {4, sizeof(struct stream)};

/* Captures under way that forbid calls which may wait for streams. */
static int forbidding;

API void *anyroc_forbidding(void)
{
    return &forbidding;
}

/* With the lock. */
static void stream_forbids(struct stream *stream, int forbids)
{
    __atomic_add_fetch(&forbidding, forbids - stream->forbids, __ATOMIC_SEQ_CST);
    stream->forbids = (uint8_t)forbids;
}

API void anyroc_stream_forbid(struct stream *stream)
{
    lock_records();
    stream_forbids(stream, 1);
    unlock_records();
}

/* Make a stream one of its device's. With the lock. */
static void stream_open(struct stream *stream, unsigned flags, int priority)
{
    struct device *device = &devices[stream->device];
    stream->seen = stream->joined = 0;
    memset(stream->after, 0, sizeof stream->after);
    stream->flags = flags;
    stream->priority = priority;
    stream->blocking = !stream->legacy && !(flags & 1);
    stream->next = device->streams;
    device->streams = stream;
    device->blocking += stream->blocking;
    __atomic_store_n(&stream->open, 1, __ATOMIC_SEQ_CST);
    record_open(&stream->record);
}

/* Take a stream away from its device and make its handle invalid. With the lock. */
static void stream_close(struct stream *stream)
{
    struct device *device = &devices[stream->device];
    struct stream **link = &device->streams;
    while (*link && *link != stream)
        link = &(*link)->next;
    if (*link)
        *link = stream->next;
    stream_forbids(stream, 0);
    device->blocking -= stream->blocking;
    device->talkers -= stream->talks;
    stream->blocking = stream->talks = 0;
    if (device->legacy == stream)
        __atomic_store_n(&device->legacy, NULL, __ATOMIC_SEQ_CST);
    __atomic_store_n(&stream->record.handle, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&stream->open, 0, __ATOMIC_SEQ_CST);
}

/* Make the record of a stream of a device; NULL when there are too many of the one or the other. */
API void *anyroc_stream_begin(void *queue, unsigned device, unsigned legacy, unsigned flags,
                              int priority)
{
    if (device >= MOST_DEVICES)
        return NULL;
    lock_records();
    struct stream *stream = record_take(&streams);
    if (stream) {
        stream->queue = queue;
        if (!stream->mark)
            stream->mark = gpu.event_create();
        stream->device = device;
        stream->legacy = (uint8_t)legacy;
        stream->capturing = stream->own = stream->talks = stream->hosts = stream->special = 0;
        stream->begun = 0;
        stream->printf = NULL;
        stream->barrier = 0;
        stream_open(stream, flags, priority);
        if (legacy)
            __atomic_store_n(&devices[device].legacy, stream, __ATOMIC_RELEASE);
    }
    unlock_records();
    return stream;
}

/* Return the record of the stream that a handle names, or NULL. */
API void *anyroc_stream_find(uint64_t handle)
{
    return record_find(&streams, handle);
}

/* Python keeps something of a stream: it is for Python to destroy. */
API void anyroc_stream_special(struct stream *stream)
{
    stream->special = 1;
}

API uint64_t anyroc_stream_handle(const struct stream *stream)
{
    return stream->record.handle;
}

/* While a stream takes part in a capture all calls that name it are Python's. */
API void anyroc_stream_capture(struct stream *stream, unsigned capturing)
{
    stream->capturing = (uint8_t)capturing;
    stream->begun = 0;
    if (!capturing && stream->forbids) {
        lock_records();
        stream_forbids(stream, 0);
        unlock_records();
    }
    __atomic_store_n(&stream->open, !capturing && stream->record.handle, __ATOMIC_SEQ_CST);
}

static void await_users(struct stream *stream)
{
    while (__atomic_load_n(&stream->users, __ATOMIC_SEQ_CST))
        usleep(10);
}

/* From now on the handle (0: that it has now) is invalid; return when no thread uses the stream any
 * more. Return whether that is this call's doing. */
API int anyroc_stream_end(struct stream *stream, uint64_t handle)
{
    lock_records();
    int known = stream->record.handle && (!handle || stream->record.handle == handle);
    if (known)
        stream_close(stream);
    unlock_records();
    await_users(stream);
    return known;
}

/* Forget the streams of a device that were to be made again: Python ends all. */
API void anyroc_forget_stock(unsigned device)
{
    lock_records();
    devices[device].stock = NULL;
    devices[device].stocked = 0;
    unlock_records();
}

/* Let the record be used again. */
API void anyroc_stream_free(struct stream *stream)
{
    anyroc_stream_end(stream, 0);
    lock_records();
    gpu.event_reset(stream->mark);
    record_give(&streams, &stream->record);
    unlock_records();
}

/* The stream is the calling thread's own on its device. */
API void anyroc_own_stream(struct stream *stream)
{
    if (stream->device < MOST_OWN)
        this_thread.own_stream[stream->device] = stream->record.handle;
    stream->own = 1;
}

static inline void stream_leave(struct stream *stream)
{
    __atomic_fetch_sub(&stream->users, 1, __ATOMIC_RELEASE);
}

/* Return the open stream of a handle, which does not end before stream_leave, or NULL. */
static inline struct stream *stream_enter(const void *pointer)
{
    uint64_t handle = (uintptr_t)pointer;
    struct stream *stream;
    if (handle == 2 || (handle == 0 && this_thread.own_null)) {
        if ((unsigned)this_thread.device >= MOST_OWN)
            return NULL;
        handle = this_thread.own_stream[this_thread.device];
        stream = record_find(&streams, handle);
    } else if (handle <= 1) {
        struct device *device = current_device();
        stream = device ? __atomic_load_n(&device->legacy, __ATOMIC_ACQUIRE) : NULL;
        handle = stream ? stream->record.handle : 0;
    } else {
        stream = record_find(&streams, handle);
    }
    if (!stream)
        return NULL;
    __atomic_fetch_add(&stream->users, 1, __ATOMIC_SEQ_CST);
    if (LIKELY(stream->open && stream->record.handle == handle))
        return stream;
    stream_leave(stream);
    return NULL;
}

static void wait_for(struct stream *waiting, struct stream *other)
{
    if (gpu.queue_query(other->queue) != QUEUE_NOT_READY)
        return;
    gpu.event_record(other->mark, other->queue);
    gpu.event_stream_wait(other->mark, waiting->queue);
}

static int join_blocking(struct stream *legacy, struct device *device)
{
    int result = hipSuccess;
    lock_records();
    for (struct stream *other = device->streams; other && !result; other = other->next) {
        if (!other->blocking)
            continue;
        if (other->capturing)
            result = hipErrorStreamCaptureImplicit;
        uint64_t work = gpu.queue_work(other->queue);
        if (result == hipSuccess && other->joined != work) {
            wait_for(legacy, other);
            other->joined = work;
        }
    }
    unlock_records();
    return result;
}

/* Let what comes next on a stream wait for what HIP says is before it: the legacy stream waits for
 * the work of blocking streams, and they wait for its. */
static inline int stream_order(struct stream *stream)
{
    struct device *device = &devices[stream->device];
    if (stream->legacy)
        return device->blocking ? join_blocking(stream, device) : hipSuccess;
    struct stream *legacy = stream->blocking ? device->legacy : NULL;
    if (legacy) {
        uint64_t work = gpu.queue_work(legacy->queue);
        if (stream->seen != work) {
            wait_for(stream, legacy);
            stream->seen = work;
        }
    }
    return hipSuccess;
}

API int anyroc_stream_order(struct stream *stream)
{
    return stream_order(stream);
}

/* ---- what only Python can finish ---- */

/* Not zero: Python sees to everything. */
static int attention;

API void anyroc_attend(int change)
{
    __atomic_fetch_add(&attention, change, __ATOMIC_SEQ_CST);
}

/* What a stream's work may leave to Python: the buffer that its kernels print into, or 0; whether
 * they call the host. */
API void anyroc_stream_talks(struct stream *stream, const uint32_t *printf, unsigned hosts)
{
    lock_records();
    uint8_t talks = printf || hosts;
    stream->hosts = (uint8_t)hosts;
    stream->printf = printf;
    if (stream->record.handle) {
        __atomic_fetch_add(&devices[stream->device].talkers, talks - stream->talks,
                           __ATOMIC_SEQ_CST);
        stream->talks = talks;
    }
    unlock_records();
}

/* Where the blocks of a cooperative launch of this size meet on a stream; 0: nowhere yet. */
API void anyroc_stream_barrier(struct stream *stream, uint64_t barrier, unsigned blocks,
                               uint64_t threads)
{
    stream->barrier = barrier;
    stream->barrier_blocks = blocks;
    stream->barrier_threads = threads;
}

/* Keep kernels that print, and cooperative ones, from being launched in C, or not any more: while
 * Python looks whether the stream is idle and reads what was printed, or makes the barrier. */
API void anyroc_stream_drain(struct stream *stream, unsigned draining)
{
    __atomic_add_fetch(&stream->draining, draining ? 1 : -1, __ATOMIC_SEQ_CST);
    while (draining && __atomic_load_n(&stream->printing, __ATOMIC_SEQ_CST))
        sched_yield();
}

/* Whether Python sees to everything: there is no device yet, or a fault, or the process ends. */
static inline int broken(void)
{
    return !gpu.faulted_queues || __atomic_load_n(&attention, __ATOMIC_ACQUIRE)
        || __atomic_load_n(gpu.faulted_queues, __ATOMIC_ACQUIRE);
}

/* Whether there is something of a stream for Python to see to. */
static inline int stream_says(const struct stream *stream)
{
    return stream->hosts
        || (stream->printf && __atomic_load_n(stream->printf, __ATOMIC_ACQUIRE));
}

/* Whether there is of the streams that waiting for `chosen` means to wait for (NULL: all). */
static int said(struct device *device, const struct stream *chosen)
{
    int found = 0;
    if (broken())
        return 1;
    if (!__atomic_load_n(&device->talkers, __ATOMIC_ACQUIRE))
        return 0;
    if (chosen && !chosen->legacy)
        return stream_says(chosen);
    lock_records();
    for (const struct stream *each = device->streams; each && !found; each = each->next)
        if (!chosen || each == chosen || each->blocking)
            found = stream_says(each);
    unlock_records();
    return found;
}

static inline int needs_python(const struct stream *stream)
{
    return said(&devices[stream->device], stream);
}

static void (*stop_kernels)(void);

/* Tell what to call when a thread that waits is interrupted from the keyboard. */
API void anyroc_on_interrupt(void (*function)(void))
{
    stop_kernels = function;
}

/* Wait for `object` as `wait` does, which a signal ends. A thread that waits gives Python's lock to
 * others: what it waits for may need it. Return hipSuccess or INTERRUPTED. */
static int await(int (*wait)(void *object, uint64_t target), void *object, uint64_t target)
{
    for (;;) {
        void *thread = python.holds_lock() ? python.save_thread() : NULL;
        int result = wait(object, target);
        if (thread)
            python.restore_thread(thread);
        if (result != QUEUE_NOT_READY)
            return hipSuccess;
        int lock = python.gil_ensure(), raised = python.check_signals();
        if (raised)
            python.clear_error();
        python.gil_release(lock);
        if (raised) {
            stop_kernels();
            return INTERRUPTED;
        }
    }
}

static int wait_for_queue(void *queue, uint64_t target)
{
    return gpu.queue_wait(queue, target, -1);
}

static int wait_for_event(void *event, uint64_t target)
{
    (void)target;
    return gpu.event_wait(event, -1);
}

/* Wait for the work that a stream has now. */
static int stream_wait(struct stream *stream)
{
    if (gpu.queue_query(stream->queue) != QUEUE_NOT_READY)
        return hipSuccess;
    return await(wait_for_queue, stream->queue, gpu.queue_submitted(stream->queue));
}

/* After a fork the child has but one thread, which is in none of these functions. */
static void end_fork_in_child(void)
{
    for (unsigned index = 0; index < streams.made; ++index)
        ((struct stream *)record_at(&streams, index))->users = 0;
    unlock_records();
}

/* Take the functions of the software GPU from its library, whose dlopen handle is given. */
API int anyroc_use_gpu(void *library)
{
    static const char *const names[] = {
        "anyroc_launch",          "anyroc_queue_query",       "anyroc_queue_submitted",
        "anyroc_queue_work",      "anyroc_queue_wait",        "anyroc_queue_waiter_runs",
        "anyroc_queue_block",     "anyroc_queue_block_now",   "anyroc_queue_copy_kept",
        "anyroc_queue_call",      "anyroc_event_create",      "anyroc_event_reset",
        "anyroc_event_record",    "anyroc_event_stream_wait", "anyroc_event_query",
        "anyroc_event_wait",      "anyroc_event_time",
        "anyroc_allocation_find", "anyroc_allocation_prefetch", "anyroc_allocation_mark",
        "anyroc_memory_alloc",    "anyroc_memory_free",
        "anyroc_memory_holds",    "anyroc_queue_free",        "anyroc_host_range_ok",
        "anyroc_host_register",   "anyroc_host_unregister",   "anyroc_faulted_queues",
        "anyroc_range_base",      "anyroc_range_size",
    };
    void *found[sizeof names / sizeof *names];
    _Static_assert(sizeof found == sizeof gpu, "a name for each");
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
        if (!(found[i] = dlsym(library, names[i])))
            return 0;
    memcpy(&gpu, found, sizeof gpu);
    if (!python.holds_lock)
        find_python(RTLD_DEFAULT);
    pthread_atfork(lock_records, unlock_records, end_fork_in_child);
    return 1;
}
