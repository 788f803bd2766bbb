/* CUDA: the runtime interface, and in device code the language. */
#pragma once

/* By these programs tell which headers they have. */
#define __CUDA_RUNTIME_H__

#if !defined(ANYROC_CUDA)
#define ANYROC_CUDA 1
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__cplusplus)
#include "anyroc/device.h"
#endif

#include <cuda_runtime_api.h>

#if defined(__HIP__)
#include "anyroc/launch.h"
#endif
