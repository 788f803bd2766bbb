/* Allocating and freeing: the books are the software GPU's (native/memory.c). What does not go well
 * is left to Python, which waits for memory that is about to be freed and finds the right error. */
#include <sys/mman.h>

enum { PROGRAMS = 1 << KIND_DEVICE | 1 << KIND_MANAGED | 1 << KIND_HOST };
enum { ALLOCATION_ALIGNMENT = 256 };
#define COHERENT 0x40000000u
#define NON_COHERENT 0x80000000u

static int allocate(const struct device *device, void *out, uint64_t size, uint32_t kind,
                    uint32_t flags)
{
    uint64_t base;
    if (!device || !out || !size || UNLIKELY(forbidding))
        return ASK_PYTHON;
    if (gpu.memory_alloc(device->memory, size, kind, ALLOCATION_ALIGNMENT, flags, &base)
        != QUEUE_OK)
        return ASK_PYTHON;
    *(uint64_t *)out = base;
    return hipSuccess;
}

static inline int FAST_hipMalloc(void *out, size_t size)
{
    return allocate(current_device(), out, size, KIND_DEVICE, 0);
}

static inline int FAST_hipExtMallocWithFlags(void *out, size_t size, unsigned flags)
{
    enum { SIGNAL_MEMORY = 2 };
    return flags > 3 || (flags == SIGNAL_MEMORY && size != 8) ? ASK_PYTHON
                                                              : FAST_hipMalloc(out, size);
}

static inline int FAST_hipMallocManaged(void *out, size_t size, unsigned flags)
{
    if (flags != 1 && flags != 2)
        return ASK_PYTHON;
    return allocate(current_device(), out, size, KIND_MANAGED, 0);
}

static inline int FAST_hipHostMalloc(void *out, size_t size, unsigned flags)
{
    if (flags & ~0xf0000007u || !(~flags & (COHERENT | NON_COHERENT)))
        return ASK_PYTHON;
    return allocate(current_device(), out, size, KIND_HOST, flags);
}

static inline int FAST_hipHostAlloc(void *out, size_t size, unsigned flags)
{
    return FAST_hipHostMalloc(out, size, flags);
}

static inline int FAST_hipMallocHost(void *out, size_t size)
{
    return FAST_hipHostMalloc(out, size, 0);
}

static inline int FAST_hipMemAllocHost(void *out, size_t size)
{
    return FAST_hipHostMalloc(out, size, 0);
}

static inline int FAST_hipMallocPitch(void *out, void *pitch, size_t width, size_t height)
{
    uint64_t row = (width + 255) & ~255ull, size;
    if (!pitch || width > row || __builtin_mul_overflow(row, height, &size))
        return ASK_PYTHON;
    int result = FAST_hipMalloc(out, size);
    if (result == hipSuccess)
        *(uint64_t *)pitch = row;
    return result;
}

/* Free memory of some kinds once its device is done with all it has to do. */
static int free_memory(uint64_t address, uint32_t kinds)
{
    struct allocation found;
    if (!address)
        return hipSuccess;
    if (UNLIKELY(forbidding) || !gpu.allocation_find || !gpu.allocation_find(address, &found)
        || found.base != address || !(kinds >> found.kind & 1)
        || found.state & (STATE_TOLD | STATE_RELEASED))
        return ASK_PYTHON;
    int device = device_of(&found);
    if (device < 0 || wait_for_streams(&devices[device], NULL) != hipSuccess)
        return ASK_PYTHON;
    if (anyroc_pool_free(NULL, address) == hipSuccess) {
        pools_settle(&devices[device]);
        return hipSuccess;
    }
    int result = gpu.memory_free(address, kinds, STATE_TOLD | STATE_RELEASED);
    return result == QUEUE_OK ? hipSuccess : ASK_PYTHON;
}

static inline int FAST_hipFree(void *address)
{
    return free_memory((uintptr_t)address, PROGRAMS);
}

static inline int FAST_hipHostFree(void *address)
{
    return free_memory((uintptr_t)address, 1 << KIND_HOST);
}

static inline int FAST_hipFreeHost(void *address)
{
    return FAST_hipHostFree(address);
}

static inline int FAST_hipHostGetFlags(void *out, void *address)
{
    struct allocation found;
    if (!out || !gpu.allocation_find || !gpu.allocation_find((uintptr_t)address, &found)
        || found.kind != KIND_HOST)
        return ASK_PYTHON;
    *(unsigned *)out = found.flags;
    return hipSuccess;
}

static inline int FAST_hipHostGetDevicePointer(void *out, void *address, unsigned flags)
{
    struct allocation found;
    if (!out || flags || !gpu.allocation_find
        || !gpu.allocation_find((uintptr_t)address, &found)
        || (found.kind != KIND_HOST && found.kind != KIND_MANAGED))
        return ASK_PYTHON;
    *(uint64_t *)out = (uintptr_t)address;
    return hipSuccess;
}

/* ---- memory of the program's own ---- */

static inline int FAST_hipHostRegister(void *address, size_t size, unsigned flags)
{
    uint64_t at = (uintptr_t)address;
    struct allocation found;
    if (!at || !size || size > UINT64_MAX - at || flags & ~0xfu || !gpu.allocation_find
        || gpu.allocation_find(at, &found) || !current_device() || UNLIKELY(forbidding)
        || msync((void *)(at & ~4095ull), size + at % 4096, MS_ASYNC) != 0)
        return ASK_PYTHON; /* msync: some of it is not mapped */
    return gpu.host_register(at, size, flags) == QUEUE_OK ? hipSuccess : ASK_PYTHON;
}

static inline int FAST_hipHostUnregister(void *address)
{
    struct device *device = current_device();
    if (!address || !device || UNLIKELY(forbidding)
        || wait_for_streams(device, NULL) != hipSuccess)
        return ASK_PYTHON;
    return gpu.host_unregister((uintptr_t)address) == QUEUE_OK ? hipSuccess : ASK_PYTHON;
}

/* ---- managed memory: the host and all devices share every page ---- */

static inline int FAST_hipMemPrefetchAsync(void *address, size_t size, int device, void *handle)
{
    struct allocation found;
    uint64_t at = (uintptr_t)address;
    if (!size || !gpu.allocation_find || !gpu.allocation_find(at, &found)
        || found.kind != KIND_MANAGED || size > found.base + found.size - at || device < -1
        || device >= device_count)
        return ASK_PYTHON;
    struct stream *stream = stream_enter(handle);
    if (!stream)
        return ASK_PYTHON;
    stream_leave(stream);
    return gpu.allocation_prefetch(found.base, device) == QUEUE_OK ? hipSuccess : ASK_PYTHON;
}
