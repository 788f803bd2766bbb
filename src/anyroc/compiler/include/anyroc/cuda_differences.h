/* Where CUDA's runtime interface differs from HIP's by more than names. */
#pragma once

#include <stdio.h>
#include <string.h>

#define CUDART_VERSION 12040
#define CUDART_CB
#define CUDARTAPI

#define cudaGetDeviceProperties_v2 cudaGetDeviceProperties
#define cudaLaunchKernelExC hipLaunchKernelExC
#define cudaLaunchKernelEx hipLaunchKernelEx
#define cudaFuncSetSharedMemConfig hipFuncSetSharedMemConfig
#define cudaCreateChannelDesc hipCreateChannelDesc
#define cudaCpuDeviceId hipCpuDeviceId
#define cudaInvalidDeviceId hipInvalidDeviceId
#define cudaSharedmemCarveoutDefault (-1)
#define cudaSharedmemCarveoutMaxL1 0
#define cudaSharedmemCarveoutMaxShared 100
#define make_cudaExtent make_hipExtent
#define make_cudaPos make_hipPos
#define make_cudaPitchedPtr make_hipPitchedPtr

/* Errors are named as CUDA names them. */
#undef cudaGetErrorName
static inline const char *cudaGetErrorName(hipError_t error)
{
    static __thread char names[8][64];
    static __thread unsigned int turn;
    const char *name = hipGetErrorName(error);
    if (strncmp(name, "hip", 3) != 0)
        return name;
    char *text = names[turn++ % 8];
    snprintf(text, sizeof(names[0]), "cuda%s", name + 3);
    return text;
}

/* A warp has 32 lanes in CUDA, whatever the GPU's waves have. */
#undef cudaGetDeviceProperties
#undef cudaDeviceGetAttribute
static inline hipError_t cudaGetDeviceProperties(hipDeviceProp_t *properties, int device)
{
    hipError_t error = hipGetDeviceProperties(properties, device);
    if (error == hipSuccess)
        properties->warpSize = 32;
    return error;
}
static inline hipError_t cudaDeviceGetAttribute(int *value, hipDeviceAttribute_t attribute,
                                                int device)
{
    hipError_t error = hipDeviceGetAttribute(value, attribute, device);
    if (error == hipSuccess && attribute == hipDeviceAttributeWarpSize)
        *value = 32;
    return error;
}

/* No cache keeps what a program asks it to: a size of 0 is all that can be set aside. */
#define cudaLimitPersistingL2CacheSize ((hipLimit_t)6)
#undef cudaDeviceSetLimit
static inline hipError_t cudaDeviceSetLimit(hipLimit_t limit, size_t value)
{
    if (limit == cudaLimitPersistingL2CacheSize && value == 0)
        return hipSuccess;
    return hipDeviceSetLimit(limit, value);
}
static inline hipError_t cudaCtxResetPersistingL2Cache(void) { return hipSuccess; }
