/* The C++ side of HIP's runtime interface: typed versions of functions that take void pointers. */
#pragma once

/* Memory. */
template <typename T>
static inline hipError_t hipMalloc(T **place, size_t size)
{
    return hipMalloc((void **)(place), size);
}
template <typename T>
static inline hipError_t hipMallocManaged(T **place, size_t size,
                                          unsigned int flags = hipMemAttachGlobal)
{
    return hipMallocManaged((void **)(place), size, flags);
}
template <typename T>
static inline hipError_t hipHostMalloc(T **place, size_t size,
                                       unsigned int flags = hipHostMallocDefault)
{
    return hipHostMalloc((void **)(place), size, flags);
}
template <typename T>
static inline hipError_t hipHostAlloc(T **place, size_t size,
                                      unsigned int flags = hipHostAllocDefault)
{
    return hipHostAlloc((void **)(place), size, flags);
}
template <typename T>
static inline hipError_t hipMallocHost(T **place, size_t size)
{
    return hipMallocHost((void **)(place), size);
}
template <typename T>
static inline hipError_t hipHostGetDevicePointer(T **device, void *host, unsigned int flags)
{
    return hipHostGetDevicePointer((void **)(device), host, flags);
}
template <typename T>
static inline hipError_t hipMallocPitch(T **place, size_t *pitch, size_t width, size_t height)
{
    return hipMallocPitch((void **)(place), pitch, width, height);
}
template <typename T>
static inline hipError_t hipMallocAsync(T **place, size_t size, hipStream_t stream)
{
    return hipMallocAsync((void **)(place), size, stream);
}
template <typename T>
static inline hipError_t hipMallocAsync(T **place, size_t size, hipMemPool_t pool,
                                        hipStream_t stream)
{
    return hipMallocFromPoolAsync((void **)(place), size, pool, stream);
}
template <typename T>
static inline hipError_t hipMallocFromPoolAsync(T **place, size_t size, hipMemPool_t pool,
                                                hipStream_t stream)
{
    return hipMallocFromPoolAsync((void **)(place), size, pool, stream);
}

/* Variables of the device, named by themselves. */
#define HIP_SYMBOL(name) name

template <typename T>
static inline hipError_t hipMemcpyToSymbol(const T &symbol, const void *from, size_t size,
                                           size_t offset = 0,
                                           hipMemcpyKind kind = hipMemcpyHostToDevice)
{
    return hipMemcpyToSymbol(static_cast<const void *>(&symbol), from, size, offset, kind);
}
template <typename T>
static inline hipError_t hipMemcpyToSymbolAsync(const T &symbol, const void *from, size_t size,
                                                size_t offset = 0,
                                                hipMemcpyKind kind = hipMemcpyHostToDevice,
                                                hipStream_t stream = 0)
{
    return hipMemcpyToSymbolAsync(static_cast<const void *>(&symbol), from, size, offset, kind,
                                  stream);
}
template <typename T>
static inline hipError_t hipMemcpyFromSymbol(void *to, const T &symbol, size_t size,
                                             size_t offset = 0,
                                             hipMemcpyKind kind = hipMemcpyDeviceToHost)
{
    return hipMemcpyFromSymbol(to, static_cast<const void *>(&symbol), size, offset, kind);
}
template <typename T>
static inline hipError_t hipMemcpyFromSymbolAsync(void *to, const T &symbol, size_t size,
                                                  size_t offset = 0,
                                                  hipMemcpyKind kind = hipMemcpyDeviceToHost,
                                                  hipStream_t stream = 0)
{
    return hipMemcpyFromSymbolAsync(to, static_cast<const void *>(&symbol), size, offset, kind,
                                    stream);
}
template <typename P, typename T>
static inline hipError_t hipGetSymbolAddress(P **address, const T &symbol)
{
    return hipGetSymbolAddress((void **)(address),
                               static_cast<const void *>(&symbol));
}
template <typename T>
static inline hipError_t hipGetSymbolSize(size_t *size, const T &symbol)
{
    return hipGetSymbolSize(size, static_cast<const void *>(&symbol));
}

/* Kernels, named by their function. */
template <typename R, typename... A>
static inline hipError_t hipFuncSetAttribute(R (*kernel)(A...), hipFuncAttribute what, int value)
{
    return hipFuncSetAttribute(reinterpret_cast<const void *>(kernel), what, value);
}
template <typename R, typename... A>
static inline hipError_t hipFuncGetAttributes(hipFuncAttributes *attributes, R (*kernel)(A...))
{
    return hipFuncGetAttributes(attributes, reinterpret_cast<const void *>(kernel));
}
template <typename R, typename... A>
static inline hipError_t hipFuncSetCacheConfig(R (*kernel)(A...), hipFuncCache_t config)
{
    return hipFuncSetCacheConfig(reinterpret_cast<const void *>(kernel), config);
}
template <typename R, typename... A>
static inline hipError_t hipFuncSetSharedMemConfig(R (*kernel)(A...), hipSharedMemConfig config)
{
    return hipFuncSetSharedMemConfig(reinterpret_cast<const void *>(kernel), config);
}
template <typename R, typename... A>
static inline hipError_t hipLaunchKernel(R (*kernel)(A...), dim3 grid, dim3 block, void **arguments,
                                         size_t shared = 0, hipStream_t stream = 0)
{
    return hipLaunchKernel(reinterpret_cast<const void *>(kernel), grid, block, arguments, shared,
                           stream);
}
template <typename R, typename... A>
static inline hipError_t hipLaunchCooperativeKernel(R (*kernel)(A...), dim3 grid, dim3 block,
                                                    void **arguments, size_t shared = 0,
                                                    hipStream_t stream = 0)
{
    return hipLaunchCooperativeKernel(reinterpret_cast<const void *>(kernel), grid, block,
                                      arguments, static_cast<unsigned int>(shared), stream);
}
template <typename... P, typename... A>
static inline hipError_t hipLaunchKernelEx(const hipLaunchConfig_t *config, void (*kernel)(P...),
                                           A &&...arguments)
{
    return [&](P... values) {
        void *places[sizeof...(P) + 1] = {&values...};
        return hipLaunchKernelExC(config, reinterpret_cast<const void *>(kernel), places);
    }(static_cast<P>(arguments)...);
}

/* Occupancy. */
template <typename R, typename... A>
static inline hipError_t hipOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks,
                                                                      R (*kernel)(A...),
                                                                      int block_size, size_t shared)
{
    return hipOccupancyMaxActiveBlocksPerMultiprocessor(
        blocks, reinterpret_cast<const void *>(kernel), block_size, shared);
}
template <typename R, typename... A>
static inline hipError_t hipOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(
    int *blocks, R (*kernel)(A...), int block_size, size_t shared, unsigned int flags = 0)
{
    return hipOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(
        blocks, reinterpret_cast<const void *>(kernel), block_size, shared, flags);
}
template <typename R, typename... A>
static inline hipError_t hipOccupancyMaxPotentialBlockSize(int *grid, int *block,
                                                           R (*kernel)(A...), size_t shared = 0,
                                                           int limit = 0)
{
    return hipOccupancyMaxPotentialBlockSize(
        grid, block, reinterpret_cast<const void *>(kernel), shared, limit);
}
static inline hipError_t hipOccupancyMaxPotentialBlockSize(int *grid, int *block, const void *kernel,
                                                           size_t shared = 0)
{
    return hipOccupancyMaxPotentialBlockSize(grid, block, kernel, shared, 0);
}
template <typename R, typename... A>
static inline hipError_t hipOccupancyMaxPotentialBlockSizeWithFlags(int *grid, int *block,
                                                                    R (*kernel)(A...),
                                                                    size_t shared = 0,
                                                                    int limit = 0,
                                                                    unsigned int = 0)
{
    return hipOccupancyMaxPotentialBlockSize(grid, block, kernel, shared, limit);
}
template <typename R, typename... A, typename F>
static inline hipError_t hipOccupancyMaxPotentialBlockSizeVariableSMem(int *grid, int *block,
                                                                       R (*kernel)(A...), F shared,
                                                                       int limit = 0)
{
    hipError_t error = hipOccupancyMaxPotentialBlockSize(grid, block, kernel, 0, limit);
    if (error != hipSuccess)
        return error;
    return hipOccupancyMaxPotentialBlockSize(grid, block, kernel, shared(*block), limit);
}

/* Structures. */
static inline hipExtent make_hipExtent(size_t width, size_t height, size_t depth)
{
    hipExtent extent = {width, height, depth};
    return extent;
}
static inline hipPos make_hipPos(size_t x, size_t y, size_t z)
{
    hipPos position = {x, y, z};
    return position;
}
static inline hipPitchedPtr make_hipPitchedPtr(void *place, size_t pitch, size_t width,
                                               size_t height)
{
    hipPitchedPtr pointer = {place, pitch, width, height};
    return pointer;
}
namespace anyroc {

template <typename T>
struct channel {
    static constexpr int count = 0;
};
#define ANYROC_CHANNEL(T, scalar, number, format_kind)                             \
    template <>                                                                    \
    struct channel<T> {                                                            \
        static constexpr int count = number, bits = 8 * sizeof(scalar);            \
        static constexpr hipChannelFormatKind kind = hipChannelFormatKind##format_kind; \
    };
#define ANYROC_CHANNELS(name, T, kind)   \
    ANYROC_CHANNEL(T, T, 1, kind)        \
    ANYROC_CHANNEL(name##1, T, 1, kind)  \
    ANYROC_CHANNEL(name##2, T, 2, kind)  \
    ANYROC_CHANNEL(name##4, T, 4, kind)
ANYROC_CHANNELS(char, signed char, Signed)
ANYROC_CHANNELS(uchar, unsigned char, Unsigned)
ANYROC_CHANNELS(short, short, Signed)
ANYROC_CHANNELS(ushort, unsigned short, Unsigned)
ANYROC_CHANNELS(int, int, Signed)
ANYROC_CHANNELS(uint, unsigned int, Unsigned)
ANYROC_CHANNELS(float, float, Float)
ANYROC_CHANNEL(char, char, 1, Signed)
#undef ANYROC_CHANNELS
#undef ANYROC_CHANNEL

}  // namespace anyroc

template <typename T>
static inline hipChannelFormatDesc hipCreateChannelDesc()
{
    using traits = anyroc::channel<T>;
    static_assert(traits::count != 0, "no texture format has this type");
    auto bits = [](int component) { return component < traits::count ? traits::bits : 0; };
    return hipCreateChannelDesc(bits(0), bits(1), bits(2), bits(3), traits::kind);
}

/* CUDA 13 names a place where CUDA 12 and HIP name a device. */
static inline hipError_t hipMemPrefetchAsync(const void *place, size_t size, hipMemLocation where,
                                             unsigned int flags, hipStream_t stream = 0)
{
    return hipMemPrefetchAsync_v2(place, size, where, flags, stream);
}
static inline hipError_t hipMemAdvise(const void *place, size_t size, hipMemoryAdvise advice,
                                      hipMemLocation where)
{
    return hipMemAdvise_v2(place, size, advice, where);
}

/* CUDA's C++ overloads of functions that HIP names differently. */
static inline hipError_t hipEventCreate(hipEvent_t *event, unsigned int flags)
{
    return hipEventCreateWithFlags(event, flags);
}
static inline hipError_t hipGraphInstantiate(hipGraphExec_t *executable, hipGraph_t graph,
                                             unsigned long long flags = 0)
{
    return hipGraphInstantiateWithFlags(executable, graph, flags);
}
