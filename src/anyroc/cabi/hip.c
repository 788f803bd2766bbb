/* The parts of HIP that live in C: a thread's errors and what is too hot for a call to Python. */

enum {
    hipSuccess = 0,
    hipErrorInvalidValue = 1,
    hipErrorOutOfMemory = 2,
    hipErrorDeinitialized = 4,
    hipErrorMissingConfiguration = 52,
    hipErrorNotReady = 600,
    hipErrorLaunchTimeOut = 702,
    hipErrorNotSupported = 801,
    hipErrorStreamCaptureImplicit = 906,
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

#include "hip_state.c"
#include "hip_answers.c"
#include "hip_pools.c"
#include "hip_streams.c"
#include "hip_events.c"
#include "hip_memory.c"
#include "hip_alloc.c"
#include "hip_graphs.c"

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
