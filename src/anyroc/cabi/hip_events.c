/* Events: made, recorded, asked for and waited for. */

enum { EVENT_NO_TIME = 0x2, EVENT_INTERPROCESS = 0x4, EVENT_KNOWN = 0x1 | 0x2 | 0x20000000 };
#define EVENT_RELEASES (0x40000000u | 0x80000000u) /* to the device, to the system: one of them */

/* `python` says that Python holds the event (`held`: until it gives it back), or sees to all calls
 * with it (`captured`). */
struct event {
    struct record record;
    void *event;
    struct stream *stream; /* where it was recorded last */
    uint8_t timed, held, captured;
    uint64_t recorded_on, frees; /* the stream's handle; how many frees there had been, or 0 */
};

static struct records events = {8, sizeof(struct event)};

API void *anyroc_event_find(uint64_t handle)
{
    return record_find(&events, handle);
}

static int make_event(void **out, unsigned flags)
{
    if (!out || flags & ~(EVENT_KNOWN | EVENT_RELEASES) || !(~flags & EVENT_RELEASES)
        || !gpu.event_create)
        return ASK_PYTHON;
    lock_records();
    struct event *event = record_take(&events);
    unlock_records();
    if (!event)
        return ASK_PYTHON;
    if (!event->event)
        event->event = gpu.event_create();
    event->stream = NULL;
    event->frees = 0;
    event->timed = !(flags & EVENT_NO_TIME);
    event->held = event->captured = 0;
    record_open(&event->record);
    *out = (void *)event->record.handle;
    return hipSuccess;
}

API uint64_t anyroc_make_event(unsigned flags)
{
    void *made = NULL;
    make_event(&made, flags);
    return (uintptr_t)made;
}

/* Python holds an event: its record stays until anyroc_event_give. Return the record or NULL. */
API void *anyroc_event_hold(uint64_t handle)
{
    lock_records();
    struct event *event = record_find(&events, handle);
    if (event)
        event->held = 1;
    unlock_records();
    return event;
}

/* The handle becomes invalid. */
API void anyroc_event_end(struct event *event)
{
    __atomic_store_n(&event->record.handle, 0, __ATOMIC_SEQ_CST);
}

API void anyroc_event_give(struct event *event)
{
    lock_records();
    event->record.handle = 0;
    gpu.event_reset(event->event);
    record_give(&events, &event->record);
    unlock_records();
}

static inline int FAST_hipEventCreateWithFlags(void *out, unsigned flags)
{
    return make_event(out, flags);
}

static inline int FAST_hipEventCreate(void *out)
{
    return make_event(out, 0);
}

static inline int FAST_hipEventDestroy(void *handle)
{
    lock_records();
    struct event *event = record_find(&events, (uintptr_t)handle);
    int known = event && !event->held;
    if (known)
        __atomic_store_n(&event->record.handle, 0, __ATOMIC_SEQ_CST);
    unlock_records();
    if (!known)
        return ASK_PYTHON;
    anyroc_event_give(event);
    return hipSuccess;
}

static inline struct event *event_find(const void *handle)
{
    struct event *event = record_find(&events, (uintptr_t)handle);
    return event && !event->captured ? event : NULL;
}

static int record_event(struct event *event, const void *handle)
{
    struct stream *stream = event ? stream_enter(handle) : NULL;
    if (!stream)
        return ASK_PYTHON;
    int result = ASK_PYTHON;
    if (stream_order(stream) == hipSuccess
        && gpu.event_record(event->event, stream->queue) == QUEUE_OK) {
        event->stream = stream;
        event->recorded_on = stream->record.handle;
        event->frees = __atomic_load_n(&pool_frees, __ATOMIC_RELAXED);
        result = hipSuccess;
    }
    stream_leave(stream);
    return result;
}

static inline int FAST_hipEventRecord(void *event, void *stream)
{
    return record_event(event_find(event), stream);
}

static inline int FAST_hipEventRecordWithFlags(void *event, void *stream, unsigned flags)
{
    return flags > 1 ? ASK_PYTHON : record_event(event_find(event), stream);
}

/* Whether Python has something to see to where an event was recorded. */
static inline int event_needs_python(const struct event *event)
{
    struct stream *stream = event->stream;
    if (!stream)
        return broken();
    __atomic_fetch_add(&stream->users, 1, __ATOMIC_SEQ_CST);
    int needed = stream->open ? needs_python(stream) : broken();
    stream_leave(stream);
    return needed;
}

static inline int FAST_hipEventQuery(void *handle)
{
    const struct event *event = event_find(handle);
    if (!event || broken())
        return ASK_PYTHON;
    if (gpu.event_query(event->event) != QUEUE_OK)
        return hipErrorNotReady;
    return event_needs_python(event) ? ASK_PYTHON : hipSuccess;
}

static inline int FAST_hipEventSynchronize(void *handle)
{
    const struct event *event = event_find(handle);
    if (!event || event_needs_python(event))
        return ASK_PYTHON;
    int result = hipSuccess;
    if (gpu.event_query(event->event) != QUEUE_OK)
        result = await(wait_for_event, event->event, 0);
    return result == hipSuccess && event_needs_python(event) ? ASK_PYTHON : result;
}

static inline int FAST_hipEventElapsedTime(void *out, void *start, void *stop)
{
    const struct event *first = event_find(start), *last = event_find(stop);
    uint64_t begin, end;
    uint32_t recorded;
    if (!out || !first || !last || !first->timed || !last->timed)
        return ASK_PYTHON;
    if (gpu.event_time(first->event, &begin, &recorded) != QUEUE_OK
        || gpu.event_time(last->event, &end, &recorded) != QUEUE_OK)
        return ASK_PYTHON;
    *(float *)out = (float)((double)(int64_t)(end - begin) / 1e6);
    return hipSuccess;
}

static inline int FAST_hipStreamWaitEvent(void *handle, void *event_handle, unsigned flags)
{
    const struct event *event = flags <= 1 ? event_find(event_handle) : NULL;
    struct stream *stream = event ? stream_enter(handle) : NULL;
    if (!stream)
        return ASK_PYTHON;
    int result = ASK_PYTHON;
    if (stream_order(stream) == hipSuccess
        && gpu.event_stream_wait(event->event, stream->queue) == QUEUE_OK) {
        stream_follows(stream, event->recorded_on, event->frees);
        result = hipSuccess;
    }
    stream_leave(stream);
    return result;
}

/* A launch between the records of two events, which may be missing. */
static int launch_between(const void *function, const uint32_t *grid, const uint32_t *block,
                          size_t shared, const void *stream, void **parameters, void **extra,
                          const void *before, const void *after)
{
    struct event *first = before ? event_find(before) : NULL;
    struct event *last = after ? event_find(after) : NULL;
    if ((before && !first) || (after && !last) || shared > UINT32_MAX || first)
        return ASK_PYTHON;
    int result = launch_fast(function, grid, block, (uint32_t)shared, stream, parameters, extra);
    if (result != hipSuccess || !last)
        return result;
    result = record_event(last, stream);
    return result == hipSuccess ? hipSuccess : hipErrorInvalidValue;
}

static inline int FAST_hipExtLaunchKernel(void *host, dim3 grid, dim3 block, void *parameters,
                                          size_t shared, void *stream, void *before, void *after,
                                          int flags)
{
    (void)flags;
    return launch_between(host, grid.v, block.v, shared, stream, parameters, NULL, before, after);
}

static inline int FAST_hipExtModuleLaunchKernel(void *function, unsigned x, unsigned y, unsigned z,
                                                unsigned bx, unsigned by, unsigned bz,
                                                size_t shared, void *stream, void *parameters,
                                                void *extra, void *before, void *after,
                                                unsigned flags)
{
    (void)flags;
    if (!bx || !by || !bz || x % bx || y % by || z % bz)
        return ASK_PYTHON;
    const uint32_t grid[3] = {x / bx, y / by, z / bz}, block[3] = {bx, by, bz};
    return launch_between(function, grid, block, shared, stream, parameters, extra, before, after);
}

/* ---- functions of the host ---- */

static int call_host(const void *handle, void (*function)(void *), void *argument)
{
    struct stream *stream = function ? stream_enter(handle) : NULL;
    if (!stream)
        return ASK_PYTHON;
    int result = ASK_PYTHON;
    if (stream_order(stream) == hipSuccess
        && gpu.queue_call(stream->queue, function, argument) == QUEUE_OK)
        result = hipSuccess;
    stream_leave(stream);
    return result;
}

static inline int FAST_hipLaunchHostFunc(void *stream, void *function, void *argument)
{
    return call_host(stream, (void (*)(void *))function, argument);
}

API void *anyroc_stream_callback(void *function, void *stream, void *user_data);
API void anyroc_call_back(void *argument);

static inline int FAST_hipStreamAddCallback(void *stream, void *function, void *user_data,
                                            unsigned flags)
{
    if (!function || flags)
        return ASK_PYTHON;
    void *made = anyroc_stream_callback(function, stream, user_data);
    int result = made ? call_host(stream, anyroc_call_back, made) : ASK_PYTHON;
    if (result != hipSuccess)
        free(made);
    return result;
}
