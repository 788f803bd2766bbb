/* Functions of the runtime that kernels may call too. A kernel gets no error: it ends instead. */
#pragma once

#include "anyroc/attributes.h"
#include "anyroc/hip_enums.h"

extern "C" {
inline __device__ const char *hipGetErrorString(hipError_t error)
{
    return error == hipSuccess ? "no error" : "an error, which the host can name";
}
inline __device__ hipError_t hipGetLastError() { return hipSuccess; }
inline __device__ hipError_t hipPeekAtLastError() { return hipSuccess; }
}
