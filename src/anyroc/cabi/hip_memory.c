/* Memory: copies, fills, and what is known of a pointer. */

enum { HELD_NOT = 0, HELD = 1, HELD_IN_PART = -1 };

/* Whether a range lies in memory that HIP knows. What is neither allocated nor the host's is held
 * in part. */
static inline int held(uint64_t address, uint64_t size)
{
    struct allocation found;
    if (gpu.allocation_find(address, &found))
        return size <= found.base + found.size - address ? HELD : HELD_IN_PART;
    if (gpu.memory_holds(address))
        return HELD_IN_PART;
    if (gpu.host_range_ok(address, size))
        return HELD;
    return gpu.host_range_ok(address, 1) ? HELD_IN_PART : HELD_NOT;
}

enum { SMALL = 1 << 16 };

/* Put a block on a stream, where that has time for it now do it, and with `wait` wait for it. */
static int put_block(struct stream *stream, const struct block *block, int wait)
{
    if (stream_order(stream) != hipSuccess)
        return ASK_PYTHON;
    if (wait || block->width * block->height <= SMALL) {
        int result = gpu.queue_block_now(stream->queue, block);
        if (result != QUEUE_NOT_READY)
            return result == QUEUE_OK ? hipSuccess : ASK_PYTHON;
    }
    if (gpu.queue_block(stream->queue, block) != QUEUE_OK)
        return ASK_PYTHON;
    int result = wait ? stream_wait(stream) : hipSuccess;
    if (!wait || result != hipSuccess || !needs_python(stream))
        return result;
    entry_fn body = enter(INDEX_hipStreamSynchronize);
    this_thread.own_null = 0;
    void *handle = (void *)(stream->legacy ? 1 : stream->own ? 2 : stream->record.handle);
    return body ? ((int (*)(void *))body)(handle) : hipErrorDeinitialized;
}

/* Put a copy on a busy stream whose source is the program's again when the call returns. */
static int copy_kept(struct stream *stream, uint64_t to, uint64_t from, uint64_t size)
{
    if (size > SMALL || stream_order(stream) != hipSuccess
        || gpu.queue_copy_kept(stream->queue, to, (const void *)(uintptr_t)from, size) != QUEUE_OK)
        return ASK_PYTHON;
    return hipSuccess;
}

static int copy(uint64_t to, uint64_t from, uint64_t size, int kind, const void *handle, int wait)
{
    if (!to || !from || !size || kind < 0 || (kind > 4 && kind != 1024) || broken())
        return ASK_PYTHON;
    if (!gpu.allocation_find)
        return ASK_PYTHON;
    int to_held = held(to, size), from_held = held(from, size);
    if (to_held == HELD_IN_PART || from_held == HELD_IN_PART)
        return ASK_PYTHON;
    struct stream *stream = stream_enter(handle);
    if (!stream)
        return ASK_PYTHON;
    struct block block = {.to = to, .from = from, .width = size, .height = 1, .depth = 1};
    int result = ASK_PYTHON, keeps = to_held && !from_held && !wait;
    wait |= !to_held || !from_held;
    if (keeps && gpu.queue_query(stream->queue) == QUEUE_NOT_READY)
        result = copy_kept(stream, to, from, size);
    else if (!wait || !needs_python(stream))
        result = put_block(stream, &block, wait);
    stream_leave(stream);
    return result;
}

#define COPY(NAME, DECLARED, KIND, STREAM, WAIT)                                       \
    static inline int NAME DECLARED                                                    \
    {                                                                                  \
        return copy((uintptr_t)to, (uintptr_t)from, size, KIND, STREAM, WAIT);         \
    }

COPY(FAST_hipMemcpy, (void *to, void *from, size_t size, int kind), kind, NULL, 1)
COPY(FAST_hipMemcpyWithStream, (void *to, void *from, size_t size, int kind, void *s), kind, s, 1)
COPY(FAST_hipMemcpyAsync, (void *to, void *from, size_t size, int kind, void *s), kind, s, 0)
COPY(FAST_hipMemcpyHtoD, (void *to, void *from, size_t size), 1, NULL, 1)
COPY(FAST_hipMemcpyDtoH, (void *to, void *from, size_t size), 2, NULL, 1)
COPY(FAST_hipMemcpyDtoD, (void *to, void *from, size_t size), 3, NULL, 1)
COPY(FAST_hipMemcpyHtoDAsync, (void *to, void *from, size_t size, void *s), 1, s, 0)
COPY(FAST_hipMemcpyDtoHAsync, (void *to, void *from, size_t size, void *s), 2, s, 0)
COPY(FAST_hipMemcpyDtoDAsync, (void *to, void *from, size_t size, void *s), 3, s, 0)

/* Find so many bytes of a device variable; 0: Python sees to it. */
static uint64_t symbol_place(const void *symbol, size_t size, size_t offset)
{
    uint64_t address, extent;
    if (!symbol || !current_device() || !ask_about(INDEX_hipGetSymbolAddress, symbol, &address)
        || !ask_about(INDEX_hipGetSymbolSize, symbol, &extent) || offset > extent
        || size > extent - offset)
        return 0;
    return address + offset;
}

static int to_symbol(const void *symbol, void *from, size_t size, size_t offset, int kind,
                     const void *stream, int wait)
{
    if (kind != 1 && kind != 3 && kind != 4)
        return ASK_PYTHON;
    return copy(symbol_place(symbol, size, offset), (uintptr_t)from, size, kind, stream, wait);
}

static int from_symbol(void *to, const void *symbol, size_t size, size_t offset, int kind,
                       const void *stream, int wait)
{
    if (kind < 2 || kind > 4)
        return ASK_PYTHON;
    return copy((uintptr_t)to, symbol_place(symbol, size, offset), size, kind, stream, wait);
}

static inline int FAST_hipMemcpyToSymbol(void *symbol, void *from, size_t size, size_t offset,
                                         int kind)
{
    return to_symbol(symbol, from, size, offset, kind, NULL, 1);
}

static inline int FAST_hipMemcpyToSymbolAsync(void *symbol, void *from, size_t size, size_t offset,
                                              int kind, void *stream)
{
    return to_symbol(symbol, from, size, offset, kind, stream, 0);
}

static inline int FAST_hipMemcpyFromSymbol(void *to, void *symbol, size_t size, size_t offset,
                                           int kind)
{
    return from_symbol(to, symbol, size, offset, kind, NULL, 1);
}

static inline int FAST_hipMemcpyFromSymbolAsync(void *to, void *symbol, size_t size, size_t offset,
                                                int kind, void *stream)
{
    return from_symbol(to, symbol, size, offset, kind, stream, 0);
}

static inline int known_device(int device)
{
    return (unsigned)device < (unsigned)device_count;
}

static inline int FAST_hipMemcpyPeer(void *to, int to_device, void *from, int from_device,
                                     size_t size)
{
    if (!known_device(to_device) || !known_device(from_device))
        return ASK_PYTHON;
    return copy((uintptr_t)to, (uintptr_t)from, size, 3, NULL, 1);
}

static inline int FAST_hipMemcpyPeerAsync(void *to, int to_device, void *from, int from_device,
                                          size_t size, void *s)
{
    if (!known_device(to_device) || !known_device(from_device))
        return ASK_PYTHON;
    return copy((uintptr_t)to, (uintptr_t)from, size, 3, s, 0);
}

/* A copy of rows that lie in memory that HIP knows, or on the host behind what the program has. */
static int copy_rows(uint64_t to, uint64_t to_pitch, uint64_t from, uint64_t from_pitch,
                     uint64_t width, uint64_t height, int kind, const void *handle, int wait)
{
    if (!to || !from || !width || !height || kind < 0 || kind > 4 || broken() || to_pitch < width
        || from_pitch < width || to_pitch > UINT32_MAX || from_pitch > UINT32_MAX
        || height > UINT32_MAX || !gpu.allocation_find)
        return ASK_PYTHON;
    int to_held = held(to, to_pitch * (height - 1) + width);
    int from_held = held(from, from_pitch * (height - 1) + width);
    wait |= to_held != HELD || from_held != HELD;
    if (to_held == HELD_IN_PART || from_held == HELD_IN_PART)
        return ASK_PYTHON;
    struct stream *stream = stream_enter(handle);
    if (!stream)
        return ASK_PYTHON;
    struct block block = {.to = to, .from = from, .width = width, .height = height, .depth = 1};
    block.to_pitch = to_pitch;
    block.from_pitch = from_pitch;
    int result = wait && needs_python(stream) ? ASK_PYTHON : put_block(stream, &block, wait);
    stream_leave(stream);
    return result;
}

static inline int FAST_hipMemcpy2D(void *to, size_t to_pitch, void *from, size_t from_pitch,
                                   size_t width, size_t height, int kind)
{
    return copy_rows((uintptr_t)to, to_pitch, (uintptr_t)from, from_pitch, width, height, kind,
                     NULL, 1);
}

static inline int FAST_hipMemcpy2DAsync(void *to, size_t to_pitch, void *from, size_t from_pitch,
                                        size_t width, size_t height, int kind, void *s)
{
    return copy_rows((uintptr_t)to, to_pitch, (uintptr_t)from, from_pitch, width, height, kind, s,
                     0);
}

/* Fills do not wait; those of host memory, which do, are Python's. */
static int fill(uint64_t to, uint64_t value, uint32_t unit, uint64_t count, const void *handle)
{
    struct allocation found;
    uint64_t size = count * unit;
    if (!gpu.allocation_find || !size || size / unit != count || broken()
        || !gpu.allocation_find(to, &found) || size > found.base + found.size - to
        || found.kind > KIND_MANAGED)
        return ASK_PYTHON;
    struct stream *stream = stream_enter(handle);
    if (!stream)
        return ASK_PYTHON;
    struct block block = {
        .to = to, .width = size, .height = 1, .depth = 1, .pattern = value, .unit = unit, .fill = 1};
    int result = put_block(stream, &block, 0);
    stream_leave(stream);
    return result;
}

#define FILL(NAME, DECLARED, UNIT, STREAM)                                             \
    static inline int NAME DECLARED                                                    \
    {                                                                                  \
        return fill((uintptr_t)to, (uint64_t)value, UNIT, count, STREAM);              \
    }

static int fill_rows(uint64_t to, uint64_t pitch, int value, uint64_t width, uint64_t height,
                     const void *handle)
{
    struct allocation found;
    if (!gpu.allocation_find || !width || !height || pitch < width || pitch > UINT32_MAX
        || height > UINT32_MAX || broken() || !gpu.allocation_find(to, &found)
        || pitch * (height - 1) + width > found.base + found.size - to || found.kind > KIND_MANAGED)
        return ASK_PYTHON;
    struct stream *stream = stream_enter(handle);
    if (!stream)
        return ASK_PYTHON;
    struct block block = {.to = to, .width = width, .height = height, .depth = 1};
    block.to_pitch = pitch;
    block.pattern = (uint8_t)value;
    block.unit = block.fill = 1;
    int result = put_block(stream, &block, 0);
    stream_leave(stream);
    return result;
}

static inline int FAST_hipMemset2D(void *to, size_t pitch, int value, size_t width, size_t height)
{
    return fill_rows((uintptr_t)to, pitch, value, width, height, NULL);
}

static inline int FAST_hipMemset2DAsync(void *to, size_t pitch, int value, size_t width,
                                        size_t height, void *s)
{
    return fill_rows((uintptr_t)to, pitch, value, width, height, s);
}

FILL(FAST_hipMemset, (void *to, int value, size_t count), 1, NULL)
FILL(FAST_hipMemsetAsync, (void *to, int value, size_t count, void *s), 1, s)
FILL(FAST_hipMemsetD8, (void *to, unsigned char value, size_t count), 1, NULL)
FILL(FAST_hipMemsetD8Async, (void *to, unsigned char value, size_t count, void *s), 1, s)
FILL(FAST_hipMemsetD16, (void *to, unsigned short value, size_t count), 2, NULL)
FILL(FAST_hipMemsetD16Async, (void *to, unsigned short value, size_t count, void *s), 2, s)
FILL(FAST_hipMemsetD32, (void *to, int value, size_t count), 4, NULL)
FILL(FAST_hipMemsetD32Async, (void *to, int value, size_t count, void *s), 4, s)

/* hipPointerAttribute_t */
struct pointer_attributes {
    int type, device;
    uint64_t device_pointer, host_pointer;
    int managed;
    unsigned flags;
};

/* The number of the device that an allocation is of; -1: none that the program may see. */
static int device_of(const struct allocation *allocation)
{
    for (int device = 0; device < device_count; ++device)
        if (devices[device].number == allocation->device)
            return device;
    return -1;
}

/* Whether an address is of the host alone: neither the device's nor registered. */
static int foreign(uint64_t address)
{
    return *gpu.range_size && address - *gpu.range_base >= *gpu.range_size
        && !gpu.host_range_ok(address, 1);
}

static inline int FAST_hipPointerGetAttributes(void *out, void *pointer)
{
    struct allocation found;
    uint64_t address = (uintptr_t)pointer;
    if (!out || !address || !gpu.allocation_find)
        return ASK_PYTHON;
    if (!gpu.allocation_find(address, &found)) {
        if (!foreign(address))
            return ASK_PYTHON;
        *(struct pointer_attributes *)out = (struct pointer_attributes){.device = -2};
        return hipSuccess;
    }
    static const int types[] = {2, 3, 1};
    int device = device_of(&found);
    if (found.kind > KIND_HOST || device < 0)
        return ASK_PYTHON;
    *(struct pointer_attributes *)out = (struct pointer_attributes){
        types[found.kind], device, address, found.kind == KIND_DEVICE ? 0 : address,
        found.kind == KIND_MANAGED, found.flags};
    return hipSuccess;
}

static inline int FAST_hipPointerGetAttribute(void *out, int attribute, void *pointer)
{
    enum { TYPE = 2, DEVICE_POINTER = 3, HOST_POINTER = 4, DEVICE = 9, START = 11, SIZE = 12 };
    static const int types[] = {2, 3, 1};
    struct allocation found;
    uint64_t address = (uintptr_t)pointer;
    if (!out || !gpu.allocation_find || !gpu.allocation_find(address, &found)
        || found.kind > KIND_HOST)
        return ASK_PYTHON;
    int device = device_of(&found);
    if (attribute == DEVICE_POINTER)
        *(uint64_t *)out = address;
    else if (attribute == HOST_POINTER)
        *(uint64_t *)out = found.kind == KIND_DEVICE ? 0 : address;
    else if (attribute == START)
        *(uint64_t *)out = found.base;
    else if (attribute == SIZE)
        *(uint32_t *)out = (uint32_t)found.size; /* as AMD's library has it */
    else if (attribute == TYPE)
        *(int *)out = types[found.kind];
    else if (attribute == DEVICE && device >= 0)
        *(int *)out = device;
    else
        return ASK_PYTHON;
    return hipSuccess;
}

static inline int FAST_hipMemGetAddressRange(void *base, void *size, void *pointer)
{
    struct allocation found;
    if (!gpu.allocation_find || !gpu.allocation_find((uintptr_t)pointer, &found))
        return ASK_PYTHON;
    if (base)
        *(uint64_t *)base = found.base;
    if (size)
        *(uint64_t *)size = found.size;
    return base || size ? hipSuccess : ASK_PYTHON;
}

static inline int FAST_hipMemGetInfo(void *available, void *total)
{
    const struct device *device = current_device();
    if (!device || !(available || total))
        return ASK_PYTHON;
    if (available)
        *(uint64_t *)available = device->memory[1] - device->memory[0];
    if (total)
        *(uint64_t *)total = device->memory[1];
    return hipSuccess;
}
