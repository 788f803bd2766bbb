/* NVRTC, as names for hipRTC's. */
#pragma once

#include <cuda_runtime.h>
#include <hip/hiprtc.h>

#include "anyroc/nvrtc_names.inc"

#if defined(__cplusplus)
/* NVRTC takes options that are not const as well. */
static inline hiprtcResult hiprtcCompileProgram(hiprtcProgram program, int count,
                                                const char *const *options)
{
    return hiprtcCompileProgram(program, count, const_cast<const char **>(options));
}
#endif
