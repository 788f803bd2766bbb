/* CUB: reports of errors. */
#pragma once

#include <cstdio>
#include <cstdlib>

#include "util_type.cuh"

namespace cub {

static inline hipError_t Debug(hipError_t error, const char *file, int line)
{
    if (error != hipSuccess)
        fprintf(stderr, "%s:%d: error %d: %s\n", file, line, error, hipGetErrorString(error));
    return error;
}

}  // namespace cub

#define CubDebug(e) cub::Debug((hipError_t)(e), __FILE__, __LINE__)
#define CubDebugExit(e)                                            \
    do {                                                           \
        if (cub::Debug((hipError_t)(e), __FILE__, __LINE__) != 0) \
            exit(1);                                               \
    } while (0)
