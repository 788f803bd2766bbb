/* HIP: the runtime interface, and in device code the language. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__cplusplus)
#include "anyroc/device.h"
#if !defined(ANYROC_CUDA)
#include "anyroc/vector_operators.h"
#endif
#endif

#include <hip/hip_common.h>
#include <hip/hip_runtime_api.h>
#include <hip/library_types.h>

#if defined(__HIP__)
#include "anyroc/launch.h"
#endif
