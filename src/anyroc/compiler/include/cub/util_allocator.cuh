/* CUB: an allocator of device memory. It keeps nothing: allocation costs little here. */
#pragma once

#include "util_type.cuh"

namespace cub {

struct CachingDeviceAllocator {
    explicit CachingDeviceAllocator(bool = false, bool = false) {}
    CachingDeviceAllocator(unsigned int, unsigned int, unsigned int = 0, size_t = 0, bool = false,
                           bool = false)
    {
    }
    hipError_t DeviceAllocate(void **place, size_t bytes, hipStream_t = 0)
    {
        return hipMalloc(place, bytes);
    }
    hipError_t DeviceAllocate(int device, void **place, size_t bytes, hipStream_t = 0)
    {
        return on(device, [=] { return hipMalloc(place, bytes); });
    }
    hipError_t DeviceFree(void *place) { return hipFree(place); }
    hipError_t DeviceFree(int device, void *place)
    {
        return on(device, [=] { return hipFree(place); });
    }
    hipError_t FreeAllCached() { return hipSuccess; }

private:
    template <typename F>
    static hipError_t on(int device, F call)
    {
        int current = 0;
        hipError_t error = hipGetDevice(&current);
        if (error == hipSuccess)
            error = hipSetDevice(device);
        if (error == hipSuccess)
            error = call();
        (void)hipSetDevice(current);
        return error;
    }
};

}  // namespace cub
