/* NVRTC, as names for hipRTC's. */
#pragma once

#include <cuda_runtime.h>
#include <hip/hiprtc.h>

#include "anyroc/nvrtc_names.inc"

/* The text is CUDA's, and options may be of any constness. */
static inline hiprtcResult anyroc_nvrtc_compile(hiprtcProgram program, int count,
                                                const char *const *options)
{
    if (count < 0 || (count && !options))
        return HIPRTC_ERROR_INVALID_INPUT;
    const char **all = (const char **)malloc((count + 1) * sizeof(const char *));
    if (!all)
        return HIPRTC_ERROR_OUT_OF_MEMORY;
    if (count)
        memcpy(all, options, count * sizeof(const char *));
    all[count] = "-x=cu";
    hiprtcResult result = hiprtcCompileProgram(program, count + 1, all);
    free(all);
    return result;
}
#undef nvrtcCompileProgram
#define nvrtcCompileProgram(program, count, options) \
    anyroc_nvrtc_compile(program, count, (const char *const *)(options))
