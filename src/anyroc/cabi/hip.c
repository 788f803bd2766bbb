/* The parts of HIP that live in C: a thread's errors and what is too hot for a call to Python. */

enum {
    hipSuccess = 0,
    hipErrorInvalidValue = 1,
    hipErrorDeinitialized = 4,
    hipErrorMissingConfiguration = 52,
    hipErrorNotReady = 600,
    hipErrorLaunchTimeOut = 702,
    hipErrorNotSupported = 801,
};

/* Set for good by a fault on the device: every call from then on returns it. */
static int device_error;

API void *anyroc_device_error(void)
{
    return &device_error;
}

static __thread struct {
    int last;    /* of hipGetLastError: the last failure of any call of this thread */
    int command; /* of hipExtGetLastError: the result of the thread's last call */
} errors;

#define BEFORE_hipError_t \
    if (UNLIKELY(device_error)) \
        return AFTER_hipError_t(device_error)
#define MISSING_hipError_t (state == CLOSED ? hipErrorDeinitialized : hipErrorNotSupported)

/* What a body returns that was interrupted from the keyboard: Python's handler is to run again when
 * the caller, who may be Python code, has its answer. */
#define INTERRUPTED (-1)

static inline int AFTER_hipError_t(int result)
{
    if (UNLIKELY(result == INTERRUPTED)) {
        python.interrupt();
        result = hipErrorLaunchTimeOut;
    }
    if (UNLIKELY(result == hipSuccess && device_error))
        result = device_error;
    errors.command = result;
    if (UNLIKELY(result != hipSuccess && result != hipErrorNotReady))
        errors.last = result;
    return result;
}

API int hipGetLastError(void)
{
    BEFORE_hipError_t;
    int error = errors.last;
    errors.last = hipSuccess;
    return error;
}

API int hipPeekAtLastError(void)
{
    BEFORE_hipError_t;
    return errors.last;
}

API int hipExtGetLastError(void)
{
    BEFORE_hipError_t;
    int error = errors.command;
    errors.command = hipSuccess;
    return error;
}

/* The names and texts of errors. They outlive Python: who is told at a process's end that the
 * library is gone asks for the name of that error. */
static struct error_texts {
    int code;
    const char *name, *text;
} error_texts[128];
static int error_count;

API void anyroc_add_error(int code, const char *name, const char *text)
{
    if (error_count < (int)(sizeof error_texts / sizeof *error_texts))
        error_texts[error_count++] = (struct error_texts){code, strdup(name), strdup(text)};
}

/* Return what is known of an error; of one that is not known, what the last entry says. */
static const struct error_texts *error_text(int code)
{
    static const struct error_texts none = {0, "", ""};
    if (UNLIKELY(!thread_known))
        meet_thread();
    for (int i = 0; i < error_count; ++i)
        if (error_texts[i].code == code)
            return &error_texts[i];
    return error_count ? &error_texts[error_count - 1] : &none;
}

API const char *hipGetErrorName(int code)
{
    return error_text(code)->name;
}

API const char *hipGetErrorString(int code)
{
    return error_text(code)->text;
}

API int hipDrvGetErrorName(int code, const char **out)
{
    const struct error_texts *found = error_text(code);
    if (!out)
        return AFTER_hipError_t(hipErrorInvalidValue);
    *out = found->name;
    return AFTER_hipError_t(found->code == code ? hipSuccess : hipErrorInvalidValue);
}

API int hipDrvGetErrorString(int code, const char **out)
{
    const struct error_texts *found = error_text(code);
    if (!out)
        return AFTER_hipError_t(hipErrorInvalidValue);
    *out = found->text;
    return AFTER_hipError_t(found->code == code ? hipSuccess : hipErrorInvalidValue);
}

/* `kernel<<<grid, block, shared, stream>>>()` pushes; the stub that it calls pops and launches.
 * The nesting is as deep as the arguments of a launch launch kernels themselves. */
struct configuration {
    dim3 grid, block;
    size_t shared;
    void *stream;
};

static __thread struct {
    struct configuration stack[16];
    int depth;
} configurations;

API int __hipPushCallConfiguration(dim3 grid, dim3 block, size_t shared, void *stream)
{
    if (configurations.depth == 16)
        return AFTER_hipError_t(hipErrorInvalidValue);
    configurations.stack[configurations.depth++] =
        (struct configuration){grid, block, shared, stream};
    return hipSuccess;
}

API int __hipPopCallConfiguration(dim3 *grid, dim3 *block, size_t *shared, void **stream)
{
    if (configurations.depth == 0 || !grid || !block || !shared || !stream)
        return AFTER_hipError_t(hipErrorMissingConfiguration);
    const struct configuration *top = &configurations.stack[--configurations.depth];
    *grid = top->grid;
    *block = top->block;
    *shared = top->shared;
    *stream = top->stream;
    return hipSuccess;
}

API hipChannelFormatDesc hipCreateChannelDesc(int x, int y, int z, int w, int format)
{
    return (hipChannelFormatDesc){{x, y, z, w, format}};
}

/* ---- launches that need nothing of Python ----
 *
 * of a kernel that has been launched in the same shape before, on a stream that has nothing to wait
 * for. Python keeps the structures up to date (anyroc.cabi.fast mirrors them). */
struct fast_stream {
    void *queue;
    uint64_t launched, submitted; /* pieces of work: given by C, by Python */
    const struct fast_stream *legacy;
    uint64_t legacy_seen;
    uint32_t open, device;
};

struct fast_kernel {
    void *kernel;
    uint32_t wave_size, ready, has_arguments, device;
};

/* By handle. Python writes under its lock; readers take none. */
enum { SLOTS = 1 << 13, MOST_SLOTS = SLOTS / 2 };
struct fast_table {
    struct {
        uintptr_t key;
        void *value;
    } slots[SLOTS];
    int count;
};
static struct fast_table fast_streams, fast_kernels;

static int (*fast_launch)(void *queue, void *kernel, uint32_t grid_x, uint32_t grid_y,
                          uint32_t grid_z, uint32_t block_x, uint32_t block_y, uint32_t block_z,
                          uint32_t dynamic_lds, const void *arguments, uint64_t size,
                          void *const *parameters, const void *extra);

API void anyroc_set_launch(void *function)
{
    fast_launch = function;
}

API void *anyroc_fast_streams(void)
{
    return &fast_streams;
}

API void *anyroc_fast_kernels(void)
{
    return &fast_kernels;
}

static inline unsigned fast_slot(uintptr_t key)
{
    return (unsigned)((key >> 2) * 0x9e3779b97f4a7c15ull >> 51);
}

static inline void *fast_find(const struct fast_table *table, uintptr_t key)
{
    for (unsigned at = fast_slot(key);; at = (at + 1) % SLOTS) {
        uintptr_t found = __atomic_load_n(&table->slots[at].key, __ATOMIC_ACQUIRE);
        if (found == key)
            return __atomic_load_n(&table->slots[at].value, __ATOMIC_ACQUIRE);
        if (found == 0)
            return NULL;
    }
}

/* Set, replace or (NULL) forget what a handle stands for. A full table takes nothing new: what is
 * not in it is launched through Python. */
API void anyroc_fast_set(struct fast_table *table, uintptr_t key, void *value)
{
    unsigned at = fast_slot(key);
    for (; table->slots[at].key != 0; at = (at + 1) % SLOTS)
        if (table->slots[at].key == key) {
            __atomic_store_n(&table->slots[at].value, value, __ATOMIC_RELEASE);
            return;
        }
    if (!value || table->count == MOST_SLOTS)
        return;
    ++table->count;
    __atomic_store_n(&table->slots[at].value, value, __ATOMIC_RELEASE);
    __atomic_store_n(&table->slots[at].key, key, __ATOMIC_RELEASE);
}

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

static int launch_fast(const void *function, const uint32_t *grid, const uint32_t *block,
                       uint32_t shared, const void *handle, void **parameters, void **extra)
{
    struct fast_stream *stream = fast_find(&fast_streams, handle ? (uintptr_t)handle : 1);
    if (!stream || !stream->open)
        return -1;
    const struct fast_stream *legacy = stream->legacy;
    if (legacy
        && __atomic_load_n(&legacy->launched, __ATOMIC_ACQUIRE)
                + __atomic_load_n(&legacy->submitted, __ATOMIC_ACQUIRE)
            != stream->legacy_seen)
        return -1;
    const struct fast_kernel *kernel = fast_find(&fast_kernels, (uintptr_t)function);
    if (!kernel || kernel->device != stream->device)
        return -1;
    const void *arguments = NULL;
    size_t size = 0;
    if (extra) {
        if (parameters || extra[0] != (void *)1 || extra[2] != (void *)2 || extra[4] != (void *)3)
            return -1;
        arguments = extra[1];
        size = *(size_t *)extra[3];
    } else if (!parameters && kernel->has_arguments) {
        return -1;
    }
    unsigned shape = launch_shape(grid, block, kernel->wave_size);
    if (shape == 32 || !(__atomic_load_n(&kernel->ready, __ATOMIC_ACQUIRE) >> shape & 1))
        return -1;
    __atomic_fetch_add(&stream->launched, 1, __ATOMIC_RELEASE);
    return fast_launch(stream->queue, kernel->kernel, grid[0], grid[1], grid[2], block[0], block[1],
                       block[2], shared, arguments, size, parameters, NULL);
}

static inline int FAST_hipLaunchKernel(void *host, dim3 grid, dim3 block, void *parameters,
                                       size_t shared, void *stream)
{
    if (shared > UINT32_MAX)
        return -1;
    return launch_fast(host, grid.v, block.v, shared, stream, parameters, NULL);
}

static inline int FAST_hipModuleLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz,
                                             unsigned bx, unsigned by, unsigned bz,
                                             unsigned shared, void *stream, void *parameters,
                                             void *extra)
{
    const uint32_t grid[3] = {gx, gy, gz}, block[3] = {bx, by, bz};
    return launch_fast(function, grid, block, shared, stream, parameters, extra);
}

/* hipStreamAddCallback: queues call a function with one argument, HIP's callbacks have three. */
struct callback {
    void (*function)(void *stream, int status, void *user_data);
    void *stream, *user_data;
};

API void *anyroc_stream_callback(void *function, void *stream, void *user_data)
{
    struct callback *made = malloc(sizeof *made);
    if (made)
        *made = (struct callback){(void (*)(void *, int, void *))function, stream, user_data};
    return made;
}

API void anyroc_call_back(void *argument)
{
    struct callback made = *(struct callback *)argument;
    free(argument);
    made.function(made.stream, device_error, made.user_data);
}

API void anyroc_call(void (*function)(void *), void *argument)
{
    function(argument);
}

/* hipStreamWaitValue: a stream waits for a value that another stream or the host writes. */
struct value_wait {
    const volatile void *address;
    uint64_t value, mask;
    unsigned flags, size;
};

API void *anyroc_value_wait(void *address, uint64_t value, uint64_t mask, unsigned flags,
                            unsigned size)
{
    struct value_wait *made = malloc(sizeof *made);
    if (made)
        *made = (struct value_wait){address, value, mask, flags, size};
    return made;
}

static int value_holds(const struct value_wait *wait)
{
    uint64_t found = wait->size == 4
        ? __atomic_load_n((const volatile uint32_t *)wait->address, __ATOMIC_ACQUIRE)
        : __atomic_load_n((const volatile uint64_t *)wait->address, __ATOMIC_ACQUIRE);
    found &= wait->mask;
    switch (wait->flags) {
    case 0: return wait->size == 4 ? (int32_t)((uint32_t)found - (uint32_t)wait->value) >= 0
                                   : (int64_t)(found - wait->value) >= 0;
    case 1: return found == wait->value;
    case 2: return (found & wait->value) != 0;
    default: return (~(found | wait->value) & wait->mask) != 0;
    }
}

API void anyroc_await_value(void *argument)
{
    struct value_wait wait = *(struct value_wait *)argument;
    free(argument);
    while (!value_holds(&wait) && !device_error)
        usleep(20);
}
