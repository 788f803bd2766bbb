/* Launches of graphs whose nodes are kernels, copies and fills: Python has made a plan of them. */

enum { STEP_LAUNCH, STEP_BLOCK };

/* As cabi/fast.py has it. */
struct step {
    uint32_t kind, shared;
    const struct fast_kernel *kernel;
    const void *arguments;
    uint64_t size;
    uint32_t grid[3], shape[3];
    struct block block;
};

/* An executable graph. A plan is for as long as nothing that it was made of has changed. */
struct graph {
    struct record record;
    const struct step *steps;
    uint32_t count, users;
    uint64_t age;
};

static struct records graphs = {12, sizeof(struct graph)};
static uint64_t plans_age = 1;

/* Make the record of an executable graph; return it, or NULL. */
API void *anyroc_graph_begin(void)
{
    lock_records();
    struct graph *graph = record_take(&graphs);
    if (graph) {
        graph->steps = NULL;
        record_open(&graph->record);
    }
    unlock_records();
    return graph;
}

API uint64_t anyroc_graph_handle(const struct graph *graph)
{
    return graph->record.handle;
}

/* Return a number that grows when the plans made till now are no more. */
API uint64_t anyroc_plans_age(void)
{
    return __atomic_load_n(&plans_age, __ATOMIC_ACQUIRE)
        + __atomic_load_n(&answers_age, __ATOMIC_ACQUIRE);
}

/* Something that plans were made of changes. */
API void anyroc_forget_plans(void)
{
    __atomic_fetch_add(&plans_age, 1, __ATOMIC_SEQ_CST);
}

/* Give a graph a plan of a certain age, or take it away (NULL): then nobody uses the one before. */
API void anyroc_graph_plan(struct graph *graph, const struct step *steps, unsigned count,
                           uint64_t age)
{
    __atomic_store_n(&graph->steps, NULL, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&graph->users, __ATOMIC_SEQ_CST))
        usleep(10);
    graph->count = count;
    graph->age = age;
    __atomic_store_n(&graph->steps, steps, __ATOMIC_SEQ_CST);
}

/* The handle becomes invalid. */
API void anyroc_graph_end(struct graph *graph)
{
    __atomic_store_n(&graph->record.handle, 0, __ATOMIC_SEQ_CST);
    anyroc_graph_plan(graph, NULL, 0, 0);
    lock_records();
    record_give(&graphs, &graph->record);
    unlock_records();
}

/* Whether a step can be put on a stream. */
static int step_possible(const struct step *step, const struct stream *stream)
{
    if (step->kind == STEP_LAUNCH) {
        const struct fast_kernel *kernel = step->kernel;
        unsigned shape = launch_shape(step->grid, step->shape, kernel->wave_size);
        return shape != 32 && kernel->ready >> shape & 1 && kernel->device == stream->device;
    }
    const struct block *block = &step->block;
    uint64_t rows = block->height - 1, slices = block->depth - 1;
    uint64_t to = rows * block->to_pitch + slices * block->to_slice + block->width;
    uint64_t from = rows * block->from_pitch + slices * block->from_slice + block->width;
    return held(block->to, to) == HELD && (block->fill || held(block->from, from) == HELD);
}

static int put_step(const struct step *step, struct stream *stream,
                    const struct launch_extra *extra)
{
    if (step->kind == STEP_BLOCK)
        return gpu.queue_block(stream->queue, &step->block);
    const uint32_t *grid = step->grid, *shape = step->shape;
    return gpu.launch(stream->queue, step->kernel->kernel, grid[0], grid[1], grid[2], shape[0],
                      shape[1], shape[2], step->shared, step->arguments, step->size, NULL,
                      step->kernel->prints ? extra : NULL);
}

static int run_plan(const struct graph *graph, const struct step *steps, struct stream *stream)
{
    int prints = 0, result = hipSuccess;
    struct launch_extra extra = {.printf = 0};
    for (uint32_t i = 0; i < graph->count; ++i) {
        if (!step_possible(&steps[i], stream))
            return ASK_PYTHON;
        prints |= steps[i].kind == STEP_LAUNCH && steps[i].kernel->prints;
    }
    if (prints && !extra_begin(stream, &extra, 1, 0, 0))
        return ASK_PYTHON;
    if (stream_order(stream) != hipSuccess)
        result = ASK_PYTHON;
    for (uint32_t i = 0; i < graph->count && result == hipSuccess; ++i)
        if (put_step(&steps[i], stream, &extra) != QUEUE_OK)
            result = i ? hipErrorOutOfMemory : ASK_PYTHON; /* what is queued stays */
    if (prints)
        extra_end(stream);
    return result;
}

static inline int FAST_hipGraphLaunch(void *handle, void *stream_handle)
{
    struct graph *graph = record_find(&graphs, (uintptr_t)handle);
    if (!graph || broken())
        return ASK_PYTHON;
    int result = ASK_PYTHON;
    __atomic_fetch_add(&graph->users, 1, __ATOMIC_SEQ_CST);
    const struct step *steps = __atomic_load_n(&graph->steps, __ATOMIC_SEQ_CST);
    if (steps && graph->record.handle == (uintptr_t)handle && graph->age == anyroc_plans_age()) {
        struct stream *stream = stream_enter(stream_handle);
        if (stream) {
            result = run_plan(graph, steps, stream);
            stream_leave(stream);
        }
    }
    __atomic_fetch_sub(&graph->users, 1, __ATOMIC_RELEASE);
    return result;
}
