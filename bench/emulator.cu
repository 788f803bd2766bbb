// Kernels for the comparison with an emulator that knows little of launches: blocks of 256 work-items, in one
// dimension, and no arguments but these.
#include <cuda_runtime.h>

extern "C" __global__ void add(int n, const float *a, const float *b, float *c)
{
    int i = blockIdx.x * 256 + threadIdx.x;
    if (i < n)
        c[i] = a[i] + b[i];
}

extern "C" __global__ void matmul(unsigned n, const float *a, const float *b, float *c)
{
    unsigned i = blockIdx.x * 256 + threadIdx.x, row = i / 128, column = i % 128;
    if (i >= n)
        return;
    float sum = 0;
    for (int k = 0; k < 128; k++)
        sum += a[row * 128 + k] * b[k * 128 + column];
    c[i] = sum;
}

extern "C" __global__ void fma_chain(int n, const float *a, const float *b, float *c)
{
    int i = blockIdx.x * 256 + threadIdx.x;
    if (i >= n)
        return;
    float x = a[i], y = b[i];
    for (int step = 0; step < 256; step++) {
        x = x * 0.999f + 0.001f;
        y = y * 0.998f + 0.002f;
    }
    c[i] = x + y;
}

extern "C" __global__ void warp_sum(int n, const float *a, const float *b, float *c)
{
    int i = blockIdx.x * 256 + threadIdx.x;
    float sum = a[i] * b[i];
    for (int distance = 16; distance > 0; distance /= 2)
        sum += __shfl_xor_sync(~0u, sum, distance, 32);
    if (i < n)
        c[i] = sum;
}
