/* CUDA's runtime interface, as names for HIP's. */
#pragma once

/* By these programs tell which headers they have. */
#define __CUDA_RUNTIME_API_H__
#define __DRIVER_TYPES_H__
#define __VECTOR_TYPES_H__

#if !defined(ANYROC_CUDA)
#define ANYROC_CUDA 1
#endif

#include <hip/hip_runtime_api.h>
#include <hip/library_types.h>

#include "anyroc/cuda_names.inc"
#include "anyroc/cuda_differences.h"
