/* Where CUDA's runtime interface differs from HIP's by more than names. */
#pragma once

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
#define make_cudaExtent make_hipExtent
#define make_cudaPos make_hipPos
#define make_cudaPitchedPtr make_hipPitchedPtr

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
