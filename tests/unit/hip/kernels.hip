// What the tests of modules and launches run.
#include <hip/hip_cooperative_groups.h>
#include <hip/hip_runtime.h>

__device__ int bias = 100;
__constant__ int table[4];
__managed__ int shared[2] = {5, 6};

extern "C" __global__ void add(const int *a, const int *b, int *sum, int count)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count)
        sum[i] = a[i] + b[i] + bias;
}

// Mixed sizes and alignments, by which arguments could go astray.
extern "C" __global__ void mixed(char c, double d, short s, long l, float f, double *out)
{
    out[0] = c + d;
    out[1] = s + l + f;
}

extern "C" __global__ void double_shared()
{
    shared[threadIdx.x] *= 2;
}

extern "C" __global__ void count_threads(int *count)
{
    atomicAdd(count, 1);
}

extern "C" __global__ void ids(int *out)
{
    int block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
    int thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
    int size = blockDim.x * blockDim.y * blockDim.z;
    out[block * size + thread] = block * 1000 + thread;
}

extern "C" __global__ void shared_sum(int *out)
{
    extern __shared__ int values[];
    values[threadIdx.x] = threadIdx.x;
    __syncthreads();
    if (threadIdx.x == 0) {
        int sum = 0;
        for (int i = 0; i < blockDim.x; ++i)
            sum += values[i];
        *out = sum;
    }
}

extern "C" __global__ void __launch_bounds__(128) bounded(int *out)
{
    *out = 1;
}

extern "C" __global__ void read_table(int *out)
{
    out[threadIdx.x] = table[threadIdx.x];
}

// Spins until the host sets the flag, or for long enough that a hang shows as a wrong answer.
extern "C" __global__ void wait_for(volatile int *flag, int *out)
{
    for (long turn = 0; turn < 2000000000 && !*flag; ++turn)
        __builtin_amdgcn_s_sleep(1);
    *out = *flag;
}

// All blocks meet once the host has set the flag, for which the first one waits.
extern "C" __global__ void meet(volatile int *flag, int *met)
{
    while (blockIdx.x == 0 && !*flag)
        __builtin_amdgcn_s_sleep(1);
    cooperative_groups::this_grid().sync();
    if (threadIdx.x == 0)
        atomicAdd(met, 1);
}
