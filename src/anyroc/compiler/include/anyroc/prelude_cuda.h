/* What nvcc includes before every CUDA source. */
#pragma once

#define ANYROC_CUDA 1
#define __CUDACC__ 1
#define __NVCC__ 1
#define __CUDACC_VER_MAJOR__ 12
#define __CUDACC_VER_MINOR__ 4
#define __CUDACC_VER_BUILD__ 0
#define __CUDACC_EXTENDED_LAMBDA__ 1
#define __CUDACC_RELAXED_CONSTEXPR__ 1
#if defined(__HIP_DEVICE_COMPILE__)
/* Sources choose code by it: high enough for double atomics and half arithmetic, below what
 * brings inline PTX for copies and matrix instructions. */
#define __CUDA_ARCH__ 700
#define __CUDA_ARCH_LIST__ 700
#endif

#include <assert.h>

#include "anyroc/device.h"

#include <cuda_runtime.h>
