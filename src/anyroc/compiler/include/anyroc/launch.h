/* HIP's macros for launching kernels and declaring dynamic shared memory. */
#pragma once

#define HIP_KERNEL_NAME(...) __VA_ARGS__
#define HIP_DYNAMIC_SHARED(type, name) extern __shared__ type name[];
#define HIP_DYNAMIC_SHARED_ATTRIBUTE

#define hipLaunchKernelGGL(kernel, grid, block, shared, stream, ...) \
    (kernel)<<<dim3(grid), dim3(block), shared, stream>>>(__VA_ARGS__)
