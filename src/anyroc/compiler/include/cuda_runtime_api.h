/* CUDA's runtime interface, as names for HIP's. */
#pragma once

#if !defined(ANYROC_CUDA)
#define ANYROC_CUDA 1
#endif

#include <hip/hip_runtime_api.h>
#include <hip/library_types.h>

#include "anyroc/cuda_names.inc"
#include "anyroc/cuda_differences.h"
