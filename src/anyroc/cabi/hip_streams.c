/* Streams and devices: launches, waiting and asking. */

/* ---- kernels ---- */

struct fast_kernel {
    void *kernel;
    uint32_t wave_size, ready, has_arguments, device, prints;
    uint32_t room, room_block, room_shared; /* for so many blocks of this size all at once */
};

/* By the host's stub or the hipFunction_t; a slot without a kernel is one of a kernel that is no
 * more. `version` is odd while slots move: then, and when it has changed, readers find nothing. */
enum { SLOTS = 1 << 13, MOST_SLOTS = SLOTS / 2 };
struct kernel_slot {
    uintptr_t key;
    struct fast_kernel *kernel;
};
static struct {
    struct kernel_slot slots[SLOTS];
    unsigned used, version;
} kernels;

static inline unsigned kernel_place(uintptr_t key)
{
    return (unsigned)((key >> 2) * 0x9e3779b97f4a7c15ull >> 51);
}

static inline struct kernel_slot *kernel_slot(uintptr_t key)
{
    for (unsigned at = kernel_place(key);; at = (at + 1) % SLOTS) {
        uintptr_t found = __atomic_load_n(&kernels.slots[at].key, __ATOMIC_ACQUIRE);
        if (found == key || found == 0)
            return &kernels.slots[at];
    }
}

static inline const struct fast_kernel *kernel_find(uintptr_t key)
{
    unsigned before = __atomic_load_n(&kernels.version, __ATOMIC_ACQUIRE);
    if (before & 1)
        return NULL;
    const struct kernel_slot *slot = kernel_slot(key);
    const struct fast_kernel *found = __atomic_load_n(&slot->kernel, __ATOMIC_ACQUIRE);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return __atomic_load_n(&kernels.version, __ATOMIC_RELAXED) == before ? found : NULL;
}

/* Forget the names of kernels that are no more. With the lock. */
static void clean_kernels(void)
{
    static struct kernel_slot live[MOST_SLOTS];
    unsigned count = 0;
    for (unsigned at = 0; at < SLOTS; ++at)
        if (kernels.slots[at].kernel)
            live[count++] = kernels.slots[at];
    if (count > MOST_SLOTS / 2)
        return;
    __atomic_add_fetch(&kernels.version, 1, __ATOMIC_SEQ_CST);
    memset(kernels.slots, 0, sizeof kernels.slots);
    for (unsigned i = 0; i < count; ++i)
        *kernel_slot(live[i].key) = live[i];
    kernels.used = count;
    __atomic_add_fetch(&kernels.version, 1, __ATOMIC_SEQ_CST);
}

/* Set, replace or (NULL) forget what a program's name of a kernel stands for. A full table takes
 * nothing new: what is not in it is launched through Python. */
API void anyroc_set_kernel(uintptr_t key, struct fast_kernel *kernel)
{
    lock_records();
    struct kernel_slot *slot = kernel_slot(key);
    if (kernel && slot->key == 0 && kernels.used == MOST_SLOTS) {
        clean_kernels();
        slot = kernel_slot(key);
    }
    if (slot->key == key) {
        __atomic_store_n(&slot->kernel, kernel, __ATOMIC_RELEASE);
    } else if (kernel && kernels.used < MOST_SLOTS) {
        ++kernels.used;
        __atomic_store_n(&slot->kernel, kernel, __ATOMIC_RELEASE);
        __atomic_store_n(&slot->key, key, __ATOMIC_RELEASE);
    }
    unlock_records();
}

/* ---- launches of a kernel in a shape in which it has been launched before ---- */

/* The shape of a launch, as anyroc.gpu.kernel has it, or 32 where the block cannot be launched. */
static inline unsigned launch_shape(const uint32_t *grid, const uint32_t *block, uint32_t wave)
{
    for (int axis = 0; axis < 3; ++axis) {
        uint64_t items = (uint64_t)grid[axis] * block[axis];
        if (items == 0 || items > UINT32_MAX || block[axis] > 1024)
            return 32;
    }
    uint64_t size = (uint64_t)block[0] * block[1] * block[2];
    if (size > 1024)
        return 32;
    if (size % wave != 0)
        return 0;
    return block[0] % wave == 0 ? 2 : block[0] % 16 == 0 ? 3 : 1;
}

/* What a kernel that prints needs, or a cooperative launch, Python has made for the stream. */
static inline void extra_end(struct stream *stream)
{
    __atomic_sub_fetch(&stream->printing, 1, __ATOMIC_SEQ_CST);
}

/* Before such launches: whether all is there, and Python is not at work with it just now. Of a
 * cooperative launch `blocks` and `threads` are given, else 0. */
static inline int extra_begin(struct stream *stream, struct launch_extra *extra, int prints,
                              uint64_t blocks, uint64_t threads)
{
    __atomic_add_fetch(&stream->printing, 1, __ATOMIC_SEQ_CST);
    const uint32_t *buffer = stream->printf;
    int ready = !__atomic_load_n(&stream->draining, __ATOMIC_SEQ_CST);
    if (prints) {
        extra->printf = (uintptr_t)buffer;
        ready = ready && buffer && __atomic_load_n(buffer, __ATOMIC_ACQUIRE) <= buffer[1] / 2;
    }
    if (blocks) {
        extra->cooperative = 1;
        extra->multigrid = stream->barrier;
        ready = ready && stream->barrier && stream->barrier_blocks == blocks
            && stream->barrier_threads == threads;
    }
    if (!ready)
        extra_end(stream);
    return ready;
}

/* Whether the blocks of a cooperative launch fit on the device, as Python has found before. */
static inline int fits(const struct fast_kernel *kernel, uint64_t blocks, uint64_t size,
                       uint32_t shared)
{
    return kernel->room_block == size && kernel->room_shared == shared && blocks <= kernel->room;
}

static int launch_with(const void *function, const uint32_t *grid, const uint32_t *block,
                       uint32_t shared, const void *handle, void **parameters, void **extra,
                       int cooperative)
{
    const struct fast_kernel *kernel = kernel_find((uintptr_t)function);
    if (!kernel)
        return ASK_PYTHON;
    const void *arguments = NULL;
    size_t size = 0;
    if (extra) {
        if (parameters || extra[0] != (void *)1 || extra[2] != (void *)2 || extra[4] != (void *)3)
            return ASK_PYTHON;
        arguments = extra[1];
        size = *(size_t *)extra[3];
    } else if (!parameters && kernel->has_arguments) {
        return ASK_PYTHON;
    }
    unsigned shape = launch_shape(grid, block, kernel->wave_size);
    if (shape == 32 || !(__atomic_load_n(&kernel->ready, __ATOMIC_ACQUIRE) >> shape & 1))
        return ASK_PYTHON;
    struct stream *stream = stream_enter(handle);
    if (!stream)
        return ASK_PYTHON;
    struct launch_extra more = {.printf = 0};
    uint64_t blocks = cooperative ? (uint64_t)grid[0] * grid[1] * grid[2] : 0;
    uint64_t threads = (uint64_t)block[0] * block[1] * block[2];
    int result = ASK_PYTHON, prints = kernel->prints, special = prints || cooperative;
    if (kernel->device == stream->device && (!blocks || fits(kernel, blocks, threads, shared))
        && (!special || extra_begin(stream, &more, prints, blocks, blocks * threads))) {
        if (stream_order(stream) == hipSuccess
            && gpu.launch(stream->queue, kernel->kernel, grid[0], grid[1], grid[2], block[0],
                          block[1], block[2], shared, arguments, size, parameters,
                          special ? &more : NULL) == QUEUE_OK)
            result = hipSuccess;
        if (special)
            extra_end(stream);
    }
    stream_leave(stream);
    return result;
}

static int launch_fast(const void *function, const uint32_t *grid, const uint32_t *block,
                       uint32_t shared, const void *handle, void **parameters, void **extra)
{
    return launch_with(function, grid, block, shared, handle, parameters, extra, 0);
}

static inline int FAST_hipLaunchCooperativeKernel(void *host, dim3 grid, dim3 block,
                                                  void *parameters, unsigned shared, void *stream)
{
    return launch_with(host, grid.v, block.v, shared, stream, parameters, NULL, 1);
}

static inline int FAST_hipModuleLaunchCooperativeKernel(void *function, unsigned gx, unsigned gy,
                                                        unsigned gz, unsigned bx, unsigned by,
                                                        unsigned bz, unsigned shared, void *stream,
                                                        void *parameters)
{
    const uint32_t grid[3] = {gx, gy, gz}, block[3] = {bx, by, bz};
    return launch_with(function, grid, block, shared, stream, parameters, NULL, 1);
}

static inline int FAST_hipLaunchKernel(void *host, dim3 grid, dim3 block, void *parameters,
                                       size_t shared, void *stream)
{
    if (shared > UINT32_MAX)
        return ASK_PYTHON;
    return launch_fast(host, grid.v, block.v, shared, stream, parameters, NULL);
}

static inline int FAST_hipModuleLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz,
                                             unsigned bx, unsigned by, unsigned bz,
                                             unsigned shared, void *stream, void *parameters,
                                             void *extra)
{
    const uint32_t grid[3] = {gx, gy, gz}, block[3] = {bx, by, bz};
    if (gx > 0x7fffffff || gy > 65536 || gz > 65536) /* Python refuses */
        return ASK_PYTHON;
    return launch_fast(function, grid, block, shared, stream, parameters, extra);
}

/* For Python that launches and waits at once: order, launch and wait as the queue does. */
API int anyroc_run(struct stream *stream, void *kernel, unsigned gx, unsigned gy, unsigned gz,
                   unsigned bx, unsigned by, unsigned bz, unsigned shared, const char *arguments,
                   size_t size, int brief)
{
    stream_order(stream);
    if (brief)
        gpu.queue_waiter_runs(stream->queue);
    int result = gpu.launch(stream->queue, kernel, gx, gy, gz, bx, by, bz, shared, arguments, size,
                            NULL, NULL);
    return result == QUEUE_OK ? gpu.queue_wait(stream->queue, 0, -1) : result;
}

/* The beginnings of hipLaunchConfig_t and of HIP_LAUNCH_CONFIG; no attribute has an effect. */
struct launch_config {
    uint32_t grid[3], block[3];
    size_t shared;
    void *stream;
};

struct driver_launch_config {
    uint32_t grid[3], block[3], shared;
    void *stream;
};

static inline int FAST_hipLaunchKernelExC(void *config, void *host, void *parameters)
{
    const struct launch_config *c = config;
    if (!c || c->shared > UINT32_MAX)
        return ASK_PYTHON;
    return launch_fast(host, c->grid, c->block, c->shared, c->stream, parameters, NULL);
}

static inline int FAST_hipDrvLaunchKernelEx(void *config, void *function, void *parameters,
                                            void *extra)
{
    const struct driver_launch_config *c = config;
    if (!c)
        return ASK_PYTHON;
    return launch_fast(function, c->grid, c->block, c->shared, c->stream, parameters, extra);
}

/* ---- captures ---- */

enum { CAPTURE_RELAXED = 2, CAPTURE_MODES };

/* Python makes what a capture needs when something is captured. */
static inline int FAST_hipStreamBeginCapture(void *handle, int mode)
{
    struct stream *stream = (unsigned)mode < CAPTURE_MODES ? stream_enter(handle) : NULL;
    if (!stream)
        return ASK_PYTHON;
    lock_records();
    int begins = stream->open && !stream->legacy && !stream->capturing;
    if (begins) {
        stream->begun = (uint8_t)(1 + mode);
        stream->begun_by = (uint64_t)pthread_self();
        stream_forbids(stream, mode != CAPTURE_RELAXED);
        stream->capturing = 1;
        __atomic_store_n(&stream->open, 0, __ATOMIC_SEQ_CST);
    }
    unlock_records();
    stream_leave(stream);
    return begins ? hipSuccess : ASK_PYTHON;
}

/* ---- the current device ---- */

static inline int FAST_hipGetDevice(int *out)
{
    if (!out || !current_device())
        return ASK_PYTHON;
    *out = this_thread.device;
    return hipSuccess;
}

static inline int FAST_hipSetDevice(int device)
{
    if ((unsigned)device >= (unsigned)__atomic_load_n(&device_count, __ATOMIC_ACQUIRE))
        return ASK_PYTHON;
    this_thread.device = device;
    return hipSuccess;
}

/* A context is its device's: the handle tells which. */
static int context_device(const void *context)
{
    uint64_t device = (uintptr_t)context - FIRST_CONTEXT;
    return device < (unsigned)__atomic_load_n(&device_count, __ATOMIC_ACQUIRE) ? (int)device : -1;
}

static inline int FAST_hipCtxSetCurrent(void *context)
{
    int device = context_device(context);
    if (!context) {
        this_thread.depth -= this_thread.depth > 0;
        return hipSuccess;
    }
    if (device < 0)
        return ASK_PYTHON;
    this_thread.depth += this_thread.depth == 0;
    this_thread.contexts[this_thread.depth - 1] = this_thread.device = device;
    return hipSuccess;
}

static inline int FAST_hipCtxPushCurrent(void *context)
{
    int device = context_device(context);
    if (device < 0 || this_thread.depth == MOST_CONTEXTS)
        return ASK_PYTHON;
    this_thread.contexts[this_thread.depth++] = this_thread.device = device;
    return hipSuccess;
}

static inline int FAST_hipCtxPopCurrent(void *out)
{
    if (!this_thread.depth)
        return ASK_PYTHON;
    int popped = this_thread.contexts[--this_thread.depth];
    if (this_thread.depth)
        this_thread.device = this_thread.contexts[this_thread.depth - 1];
    if (out)
        *(uint64_t *)out = FIRST_CONTEXT + (unsigned)popped;
    return hipSuccess;
}

/* ---- what is under way ---- */

enum { MOST_AWAITED = 32 };

/* Find the streams with work that waiting for `chosen` means to wait for (NULL: for the device).
 * Return how many, all of them entered, or ASK_PYTHON. */
static int busy_streams(struct device *device, const struct stream *chosen, struct stream **busy)
{
    int count = 0;
    lock_records();
    for (struct stream *each = device->streams; each && count >= 0; each = each->next) {
        if (chosen && each != chosen && !(chosen->legacy && each->blocking))
            continue;
        if (!chosen && each->capturing)
            count = ASK_PYTHON;
        else if (gpu.queue_query(each->queue) != QUEUE_NOT_READY)
            continue;
        else if (count == MOST_AWAITED)
            count = ASK_PYTHON;
        else
            busy[count++] = each;
    }
    for (int i = 0; i < count; ++i)
        __atomic_fetch_add(&busy[i]->users, 1, __ATOMIC_SEQ_CST);
    unlock_records();
    return count;
}

static int wait_for_streams(struct device *device, const struct stream *chosen)
{
    struct stream *busy[MOST_AWAITED];
    if (said(device, chosen))
        return ASK_PYTHON;
    int count = busy_streams(device, chosen, busy), result = count < 0 ? count : hipSuccess;
    for (int i = 0; i < count; ++i) {
        if (result == hipSuccess)
            result = stream_wait(busy[i]);
        stream_leave(busy[i]);
    }
    if (result == hipSuccess)
        pools_settle(device);
    return result == hipSuccess && said(device, chosen) ? ASK_PYTHON : result;
}

static inline int alone(const struct stream *stream)
{
    return !stream->legacy || !devices[stream->device].blocking;
}

static inline int FAST_hipStreamSynchronize(void *handle)
{
    struct stream *stream = UNLIKELY(forbidding) ? NULL : stream_enter(handle);
    if (!stream)
        return ASK_PYTHON;
    int result = ASK_PYTHON;
    if (!alone(stream)) {
        result = wait_for_streams(&devices[stream->device], stream);
    } else if (!needs_python(stream)) {
        result = stream_wait(stream);
        if (result == hipSuccess)
            pools_settle(&devices[stream->device]);
        if (result == hipSuccess && needs_python(stream))
            result = ASK_PYTHON;
    }
    stream_leave(stream);
    return result;
}

static inline int FAST_hipDeviceSynchronize(void)
{
    struct device *device = current_device();
    return device ? wait_for_streams(device, NULL) : ASK_PYTHON;
}

static inline int FAST_hipStreamQuery(void *handle)
{
    struct stream *stream = UNLIKELY(forbidding) ? NULL : stream_enter(handle);
    if (!stream)
        return ASK_PYTHON;
    int result = ASK_PYTHON;
    if (!broken() && alone(stream)) {
        int busy = gpu.queue_query(stream->queue) == QUEUE_NOT_READY;
        result = busy ? hipErrorNotReady : needs_python(stream) ? ASK_PYTHON : hipSuccess;
    }
    stream_leave(stream);
    return result;
}

/* ---- what a stream is ---- */

static int stream_value(const void *handle, void *out, size_t offset)
{
    struct stream *stream = out ? stream_enter(handle) : NULL;
    if (!stream)
        return ASK_PYTHON;
    memcpy(out, (const char *)stream + offset, sizeof(int));
    stream_leave(stream);
    return hipSuccess;
}

static inline int FAST_hipStreamGetFlags(void *stream, void *out)
{
    if (!stream)
        return ASK_PYTHON;
    return stream_value(stream, out, offsetof(struct stream, flags));
}

static inline int FAST_hipStreamGetPriority(void *stream, void *out)
{
    return stream_value(stream, out, offsetof(struct stream, priority));
}

static inline int FAST_hipStreamGetDevice(void *stream, void *out)
{
    return stream_value(stream, out, offsetof(struct stream, device));
}

static inline int FAST_hipStreamIsCapturing(void *handle, void *out)
{
    struct stream *stream = out ? stream_enter(handle) : NULL;
    if (!stream)
        return ASK_PYTHON;
    int answer = stream->legacy ? ASK_PYTHON : hipSuccess; /* another's capture may forbid asking */
    if (answer == hipSuccess)
        *(int *)out = 0;
    stream_leave(stream);
    return answer;
}

static inline int FAST_hipStreamGetCaptureInfo(void *handle, void *out, void *identifier)
{
    (void)identifier;
    return FAST_hipStreamIsCapturing(handle, out);
}

static inline int FAST_hipStreamGetCaptureInfo_v2(void *handle, void *out, void *identifier,
                                                  void *graph, void *nodes, void *count)
{
    (void)graph, (void)nodes, (void)count;
    return FAST_hipStreamGetCaptureInfo(handle, out, identifier);
}

/* ---- streams' beginning and end ---- */

/* What is destroyed idle is kept, with its queue and what Python has made for it, and made again
 * under another handle. */
enum { MOST_STOCKED = 32 };

static int create_stream(void *out, unsigned flags, int priority)
{
    struct device *device = current_device();
    if (!out || flags > 1 || !device || broken())
        return ASK_PYTHON;
    lock_records();
    struct stream *stream = device->stock;
    if (stream) {
        device->stock = stream->next;
        --device->stocked;
        stream->record.latest += 1ull << GENERATION_SHIFT;
        stream_open(stream, flags, priority < -1 ? -1 : priority > 1 ? 1 : priority);
    }
    unlock_records();
    if (!stream)
        return ASK_PYTHON;
    *(uint64_t *)out = stream->record.latest;
    return hipSuccess;
}

static inline int FAST_hipStreamCreate(void *out)
{
    return create_stream(out, 0, 0);
}

static inline int FAST_hipStreamCreateWithFlags(void *out, unsigned flags)
{
    return create_stream(out, flags, 0);
}

static inline int FAST_hipStreamCreateWithPriority(void *out, unsigned flags, int priority)
{
    return create_stream(out, flags, priority);
}

static inline int FAST_hipStreamDestroy(void *handle)
{
    struct stream *stream = record_find(&streams, (uintptr_t)handle);
    if (!stream || broken())
        return ASK_PYTHON;
    struct device *device = &devices[stream->device];
    lock_records();
    int plain = stream->record.handle == (uintptr_t)handle && stream->open && !stream->legacy
        && !stream->own && !stream->special && !stream->talks && device->stocked < MOST_STOCKED
        && gpu.queue_query(stream->queue) == QUEUE_OK;
    if (plain) {
        stream_close(stream);
        ++device->stocked;
    }
    unlock_records();
    if (!plain)
        return ASK_PYTHON;
    await_users(stream);
    gpu.event_reset(stream->mark);
    lock_records();
    stream->next = device->stock;
    device->stock = stream;
    unlock_records();
    return hipSuccess;
}
