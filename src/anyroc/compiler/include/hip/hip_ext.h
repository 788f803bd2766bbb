/* AMD's additions to HIP: launches with events. */
#pragma once
#include "hip_runtime.h"

#ifdef __cplusplus

template <typename... Parameters> struct anyroc_ext_launch {
    void (*kernel)(Parameters...);
    dim3 grid, block;
    unsigned shared;
    hipStream_t stream;
    hipEvent_t before, after;
    int flags;

    void operator()(Parameters... values) const
    {
        void *pointers[] = {(void *)&values..., nullptr};
        (void)hipExtLaunchKernel((const void *)kernel, grid, block, pointers, shared, stream,
                                 before, after, flags);
    }
};

/* Launches `kernel` between two events, either of which may be null. */
template <typename... Parameters, typename... Arguments>
inline void hipExtLaunchKernelGGL(void (*kernel)(Parameters...), const dim3 &grid,
                                  const dim3 &block, unsigned shared, hipStream_t stream,
                                  hipEvent_t before, hipEvent_t after, unsigned flags,
                                  Arguments... arguments)
{
    anyroc_ext_launch<Parameters...>{kernel, grid,   block, shared,    stream,
                                     before, after, (int)flags}(arguments...);
}

#endif
