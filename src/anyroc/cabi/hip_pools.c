/* Memory pools: what hipFreeAsync gives back stays with its pool, for later allocations of the same
 * stream and of others that are known to come after the free, until the program waits for something
 * (then a pool keeps what its release threshold allows).
 *
 * Of a block that is free a pool knows the stream that freed it, and the work that the stream had
 * then. */

enum { POOL_BINS = 256, POOL_BUCKETS = 1 << 14, POOL_TRIES = 64, POOL_OPTIONS = 3 };
enum { FOLLOW_EVENTS, OPPORTUNISTIC, INTERNAL_DEPENDENCIES };
enum { STATE_REPLACED = 16 };

struct pool_block {
    uint64_t base, size;
    struct pool *pool;
    struct pool_block *chain; /* of those with the same hash, or of spare ones */
    /* What is free: */
    struct pool_block *like_next, *like_previous; /* in its bin, the latest first */
    struct pool_block *older, *newer;
    void *event;            /* recorded behind the work that its stream had */
    uint64_t stream, freed; /* the stream's handle, and how many frees there had been */
    uint8_t idle, pending, waited; /* `waited`: the program waited for its device, then freed it */
};

/* As cabi/fast.py has it. */
struct pool {
    struct record record;
    uint64_t used, used_high, reserved, reserved_high, threshold, most;
    int32_t options[POOL_OPTIONS];
    uint32_t device;
    uint64_t live; /* blocks in use */
    struct pool *next; /* of the device's */
    struct pool_block *oldest, *newest, *bins[POOL_BINS];
};

static struct records pools = {7, sizeof(struct pool)};
static struct pool_block *pool_blocks[POOL_BUCKETS], *spare_blocks;
static unsigned pool_block_count;
static uint64_t pool_frees;

static inline unsigned pool_bucket(uint64_t base)
{
    return (unsigned)((base >> 8) * 0x9e3779b97f4a7c15ull >> 50);
}

/* A quarter of a power of two each. */
static inline unsigned pool_bin(uint64_t size)
{
    unsigned bits = 63 - (unsigned)__builtin_clzll(size | 4);
    return bits * 4 + (unsigned)(size >> (bits - 2) & 3);
}

static void peak(uint64_t *high, uint64_t now)
{
    if (now > *high)
        *high = now;
}

/* ---- all of these with the lock ---- */

static struct pool_block **block_link(uint64_t base)
{
    struct pool_block **link = &pool_blocks[pool_bucket(base)];
    while (*link && (*link)->base != base)
        link = &(*link)->chain;
    return link;
}

static void block_list(struct pool_block *block)
{
    struct pool *pool = block->pool;
    struct pool_block **bin = &pool->bins[pool_bin(block->size)];
    block->like_previous = NULL;
    block->like_next = *bin;
    if (*bin)
        (*bin)->like_previous = block;
    *bin = block;
    block->newer = NULL;
    block->older = pool->newest;
    *(pool->newest ? &pool->newest->newer : &pool->oldest) = block;
    pool->newest = block;
    block->idle = 1;
    pool->used -= block->size;
    --pool->live;
}

static void block_unlist(struct pool_block *block)
{
    struct pool *pool = block->pool;
    *(block->like_previous ? &block->like_previous->like_next : &pool->bins[pool_bin(block->size)]) =
        block->like_next;
    if (block->like_next)
        block->like_next->like_previous = block->like_previous;
    *(block->newer ? &block->newer->older : &pool->newest) = block->older;
    *(block->older ? &block->older->newer : &pool->oldest) = block->newer;
    block->idle = 0;
    pool->used += block->size;
    ++pool->live;
}

/* Let a pool whose handle is invalid end with the last of its memory. */
static void pool_forgotten(struct pool *pool)
{
    if (pool->record.handle || pool->live || pool->oldest)
        return;
    struct pool **link = &devices[pool->device].pools;
    while (*link && *link != pool)
        link = &(*link)->next;
    if (*link)
        *link = pool->next;
    record_give(&pools, &pool->record);
}

/* Let a block be its pool's no more, which is not in the list of free ones. */
static void block_forget(struct pool_block *block)
{
    struct pool *pool = block->pool;
    *block_link(block->base) = block->chain;
    --pool_block_count;
    pool->used -= block->size;
    pool->reserved -= block->size;
    --pool->live;
    if (block->event)
        gpu.event_reset(block->event);
    block->chain = spare_blocks;
    spare_blocks = block;
    pool_forgotten(pool);
}

static int block_done(struct pool_block *block)
{
    if (block->pending && gpu.event_query(block->event) != QUEUE_NOT_READY)
        block->pending = 0;
    return !block->pending;
}

/* Whether a stream is known to come after the free of a block. */
static int block_precedes(struct pool_block *block, const struct stream *stream)
{
    const int32_t *options = block->pool->options;
    if (block->waited || block->stream == stream->record.handle)
        return 1;
    for (int i = 0; options[FOLLOW_EVENTS] && i < MOST_AFTER; ++i)
        if (stream->after[i].stream == block->stream && stream->after[i].frees >= block->freed)
            return 1;
    return options[OPPORTUNISTIC] && block_done(block);
}

/* Find a free block for a stream that has the size or is an eighth larger. */
static struct pool_block *block_fitting(struct pool *pool, uint64_t size,
                                        const struct stream *stream)
{
    uint64_t most = size + size / 8;
    int tries = 0;
    for (unsigned bin = pool_bin(size), last = pool_bin(most); bin <= last; ++bin)
        for (struct pool_block *each = pool->bins[bin]; each && tries++ < POOL_TRIES;
             each = each->like_next)
            if (each->size >= size && each->size <= most && block_precedes(each, stream))
                return each;
    return NULL;
}

/* Take the oldest blocks that no work needs any more from a pool until it holds no more than `keep`
 * bytes; return them, a chain. */
static struct pool_block *pool_take(struct pool *pool, uint64_t keep, struct pool_block *taken)
{
    struct pool_block *next;
    for (struct pool_block *each = pool->oldest; each && pool->reserved > keep; each = next) {
        next = each->newer;
        if (!block_done(each))
            continue;
        block_unlist(each);
        *block_link(each->base) = each->chain;
        --pool_block_count;
        pool->used -= each->size;
        pool->reserved -= each->size;
        --pool->live;
        each->chain = taken;
        taken = each;
    }
    return taken;
}

/* ---- without the lock ---- */

/* Give memory back to its device. */
static void pool_drop(struct pool_block *taken)
{
    for (struct pool_block *each = taken, *next; each; each = next) {
        next = each->chain;
        gpu.memory_free(each->base, 1 << KIND_DEVICE, 0);
        lock_records();
        if (each->event)
            gpu.event_reset(each->event);
        each->chain = spare_blocks;
        spare_blocks = each;
        unlock_records();
    }
}

/* Have the pools of a device keep no more than they may: the program has waited for something. */
static void pools_settle(struct device *device)
{
    struct pool_block *taken = NULL;
    if (!__atomic_load_n(&pool_block_count, __ATOMIC_ACQUIRE))
        return;
    lock_records();
    for (struct pool *pool = device->pools; pool; pool = pool->next)
        taken = pool_take(pool, pool->record.handle ? pool->threshold : 0, taken);
    unlock_records();
    pool_drop(taken);
}

API void anyroc_pools_settle(unsigned device)
{
    pools_settle(&devices[device]);
}

/* Give back all that no work needs, of one pool or of all of a device. */
API void anyroc_pools_trim(unsigned device, const struct pool *only, uint64_t keep)
{
    struct pool_block *taken = NULL;
    lock_records();
    for (struct pool *pool = devices[device].pools; pool; pool = pool->next)
        if (!only || pool == only)
            taken = pool_take(pool, keep, taken);
    unlock_records();
    pool_drop(taken);
}

/* Forget what the pools of a device have: all of its memory is freed. */
API void anyroc_pools_forget(unsigned device)
{
    lock_records();
    for (unsigned bucket = 0; bucket < POOL_BUCKETS; ++bucket)
        for (struct pool_block *each = pool_blocks[bucket], *next; each; each = next) {
            next = each->chain;
            if (each->pool->device != device)
                continue;
            if (each->idle)
                block_unlist(each);
            block_forget(each);
        }
    unlock_records();
}

/* Make a pool of a device, of at most so many bytes (0: any number); NULL when there are too many. */
API void *anyroc_pool_begin(unsigned device, uint64_t most)
{
    lock_records();
    struct pool *pool = record_take(&pools);
    if (pool) {
        memset((char *)pool + sizeof pool->record, 0, sizeof *pool - sizeof pool->record);
        pool->device = device;
        pool->most = most ? most : UINT64_MAX;
        for (int i = 0; i < POOL_OPTIONS; ++i)
            pool->options[i] = 1;
        pool->next = devices[device].pools;
        devices[device].pools = pool;
        record_open(&pool->record);
    }
    unlock_records();
    return pool;
}

/* The pool's handle becomes invalid; what is allocated from it stays. */
API void anyroc_pool_end(struct pool *pool)
{
    lock_records();
    __atomic_store_n(&pool->record.handle, 0, __ATOMIC_SEQ_CST);
    for (int i = 0; i < MOST_DEVICES; ++i)
        if (devices[i].pool == pool)
            __atomic_store_n(&devices[i].pool, NULL, __ATOMIC_SEQ_CST);
    struct pool_block *taken = pool_take(pool, 0, NULL);
    pool_forgotten(pool);
    unlock_records();
    pool_drop(taken);
}

/* Choose the pool of hipMallocAsync. */
API void anyroc_pool_choose(unsigned device, struct pool *pool)
{
    __atomic_store_n(&devices[device].pool, pool, __ATOMIC_RELEASE);
}

static int pool_add(struct pool *pool, uint64_t base, uint64_t size)
{
    lock_records();
    struct pool_block *block = spare_blocks;
    if (block)
        spare_blocks = block->chain;
    else
        block = calloc(1, sizeof *block);
    if (block) {
        block->base = base;
        block->size = size;
        block->pool = pool;
        block->idle = block->pending = block->waited = 0;
        struct pool_block **link = &pool_blocks[pool_bucket(base)];
        block->chain = *link;
        *link = block;
        ++pool_block_count;
        ++pool->live;
        pool->used += size;
        pool->reserved += size;
        peak(&pool->used_high, pool->used);
        peak(&pool->reserved_high, pool->reserved);
    }
    unlock_records();
    return block != NULL;
}

/* Allocate in stream order; ASK_PYTHON when there is no room. */
API int anyroc_pool_alloc(struct pool *pool, struct stream *stream, uint64_t size, uint64_t *out)
{
    lock_records();
    struct pool_block *found = pool->oldest ? block_fitting(pool, size, stream) : NULL;
    if (found) {
        block_unlist(found);
        found->waited = 0;
        peak(&pool->used_high, pool->used);
    }
    int fits = size <= pool->most && pool->reserved <= pool->most - size;
    unlock_records();
    if (found) {
        gpu.allocation_mark(found->base, STATE_RELEASED, 0);
        *out = found->base;
        return hipSuccess;
    }
    const struct device *device = &devices[pool->device];
    if (!fits || gpu.memory_alloc(device->memory, size, KIND_DEVICE, 256, 0, out) != QUEUE_OK)
        return ASK_PYTHON;
    if (pool_add(pool, *out, size))
        return hipSuccess;
    gpu.memory_free(*out, 1 << KIND_DEVICE, 0);
    return ASK_PYTHON;
}

/* Give memory back to its pool: behind a stream's work, or (NULL) when the program has waited for
 * the device. ASK_PYTHON: it is no pool's, or its pool is no more, or other things stand against. */
API int anyroc_pool_free(struct stream *stream, uint64_t base)
{
    struct allocation known;
    struct pool_block *taken = NULL;
    if (!__atomic_load_n(&pool_block_count, __ATOMIC_ACQUIRE))
        return ASK_PYTHON;
    lock_records();
    struct pool_block *block = *block_link(base);
    int result = block && !block->idle ? hipSuccess : ASK_PYTHON;
    if (result == hipSuccess
        && (!block->pool->record.handle || !gpu.allocation_find(base, &known)
            || known.state & (STATE_TOLD | STATE_REPLACED))) {
        block_forget(block);
        result = ASK_PYTHON;
    }
    if (result == hipSuccess) {
        struct pool *pool = block->pool;
        /* A program that never waits is not to pile up memory. */
        if (pool->reserved - pool->used > pool->used)
            taken = pool_take(pool, pool->threshold, taken);
        if (!block->event)
            block->event = gpu.event_create();
        block->waited = !stream;
        block->stream = stream ? stream->record.handle : 0;
        block->freed = ++pool_frees;
        block->pending = stream && gpu.queue_query(stream->queue) == QUEUE_NOT_READY
            && gpu.event_record(block->event, stream->queue) == QUEUE_OK;
        gpu.allocation_mark(base, STATE_RELEASED, 1);
        block_list(block);
    }
    unlock_records();
    pool_drop(taken);
    return result;
}

/* A stream waits for an event that was recorded on another after so many frees. */
static void stream_follows(struct stream *stream, uint64_t other, uint64_t frees)
{
    if (!frees || other == stream->record.handle)
        return;
    int place = 0;
    for (int i = 0; i < MOST_AFTER; ++i) {
        if (stream->after[i].stream == other) {
            place = i;
            break;
        }
        if (stream->after[i].frees < stream->after[place].frees)
            place = i;
    }
    if (stream->after[place].stream != other || stream->after[place].frees < frees) {
        stream->after[place].stream = other;
        stream->after[place].frees = frees;
    }
}

/* ---- the API ---- */

static inline int FAST_hipMallocAsync(void *out, size_t size, void *handle)
{
    struct stream *stream = out && size ? stream_enter(handle) : NULL;
    if (!stream)
        return ASK_PYTHON;
    struct pool *pool = __atomic_load_n(&devices[stream->device].pool, __ATOMIC_ACQUIRE);
    int result = pool ? anyroc_pool_alloc(pool, stream, size, out) : ASK_PYTHON;
    stream_leave(stream);
    return result;
}

static inline int FAST_hipMallocFromPoolAsync(void *out, size_t size, void *pool_handle,
                                              void *handle)
{
    struct pool *pool = record_find(&pools, (uintptr_t)pool_handle);
    struct stream *stream = pool && out && size ? stream_enter(handle) : NULL;
    if (!stream)
        return ASK_PYTHON;
    int result = anyroc_pool_alloc(pool, stream, size, out);
    stream_leave(stream);
    return result;
}

static inline int FAST_hipFreeAsync(void *address, void *handle)
{
    struct stream *stream = address ? stream_enter(handle) : NULL;
    if (!stream)
        return ASK_PYTHON;
    int result = anyroc_pool_free(stream, (uintptr_t)address);
    if (result == ASK_PYTHON && stream_order(stream) == hipSuccess
        && gpu.queue_free(stream->queue, (uintptr_t)address, 1 << KIND_DEVICE, STATE_TOLD)
            == QUEUE_OK)
        result = hipSuccess;
    stream_leave(stream);
    return result;
}

enum { POOL_THRESHOLD = 4, POOL_RESERVED, POOL_RESERVED_HIGH, POOL_USED, POOL_USED_HIGH };

static inline int FAST_hipMemPoolGetAttribute(void *handle, int attribute, void *out)
{
    struct pool *pool = out ? record_find(&pools, (uintptr_t)handle) : NULL;
    if (!pool || attribute < 1 || attribute > POOL_USED_HIGH)
        return ASK_PYTHON;
    if (attribute <= POOL_OPTIONS) {
        *(int32_t *)out = pool->options[attribute - 1];
        return hipSuccess;
    }
    const uint64_t values[] = {
        pool->threshold, pool->reserved, pool->reserved_high, pool->used, pool->used_high,
    };
    *(uint64_t *)out = values[attribute - POOL_THRESHOLD];
    return hipSuccess;
}

static inline int FAST_hipMemPoolTrimTo(void *handle, size_t keep)
{
    struct pool *pool = record_find(&pools, (uintptr_t)handle);
    if (!pool)
        return ASK_PYTHON;
    anyroc_pools_trim(pool->device, pool, keep);
    return hipSuccess;
}
