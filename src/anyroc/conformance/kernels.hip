// What the checks of modules, launches, streams and graphs run.
#include <hip/hip_runtime.h>

__device__ int bias = 100;

extern "C" __global__ void add(const int *a, const int *b, int *sum, int count)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count)
        sum[i] = a[i] + b[i] + bias;
}

extern "C" __global__ void mixed(char c, double d, short s, long l, float f, double *out)
{
    out[0] = c + d;
    out[1] = s + l + f;
}

extern "C" __global__ void shared_sum(int *out)
{
    extern __shared__ int values[];
    values[threadIdx.x] = threadIdx.x;
    __syncthreads();
    if (threadIdx.x == 0) {
        int sum = 0;
        for (unsigned i = 0; i < blockDim.x; ++i)
            sum += values[i];
        *out = sum;
    }
}

extern "C" __global__ void wait_for(volatile int *flag, int *out)
{
    while (!*flag) {
    }
    *out = 1;
}

extern "C" __global__ void count(unsigned *total)
{
    atomicAdd(total, 1u);
}
