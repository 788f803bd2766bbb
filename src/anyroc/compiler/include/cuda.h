/* CUDA's driver interface, as names for HIP's. */
#pragma once

/* By these programs tell which headers they have. */
#define __cuda_cuda_h__

#include <cuda_runtime_api.h>

#define CUDA_VERSION 12040
#define CUDAAPI
#define CUDA_CB
#define CU_IPC_HANDLE_SIZE HIP_IPC_HANDLE_SIZE
#define CU_DEVICE_CPU hipCpuDeviceId
#define CU_DEVICE_INVALID hipInvalidDeviceId
#define CU_STREAM_LEGACY hipStreamLegacy
#define CU_STREAM_PER_THREAD hipStreamPerThread
#define CU_COMPUTEMODE_DEFAULT hipComputeModeDefault
#define CU_COMPUTEMODE_PROHIBITED hipComputeModeProhibited
#define CU_COMPUTEMODE_EXCLUSIVE_PROCESS hipComputeModeExclusiveProcess

/* What a context is made with since CUDA 12.5; none of it has an effect here. */
typedef struct CUctxCreateParams {
    void *execAffinityParams;
    int numExecAffinityParams;
    void *cigParams;
} CUctxCreateParams;

#if defined(__cplusplus)
static inline hipError_t cuCtxCreate(hipCtx_t *context, CUctxCreateParams *, unsigned int flags,
                                     hipDevice_t device)
{
    return cuCtxCreate(context, flags, device);
}
#endif
