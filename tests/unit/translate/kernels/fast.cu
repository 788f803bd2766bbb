// Kernels whose addresses advance with the lane, in ways that the fast form takes or must decline. Each computes
// the same thing however the block is shaped: `lane()` numbers the work-items of the grid.
#include <cuda_runtime.h>

__device__ int lane()
{
    int block = blockDim.x * blockDim.y;
    return blockIdx.x * block + threadIdx.y * blockDim.x + threadIdx.x;
}

extern "C" __global__ void add(int n, const int *a, const int *b, int *c)
{
    int i = lane();
    if (i < n)
        c[i] = a[i] + b[i];
}

// Workgroups in rows and layers; each adds its own number.
extern "C" __global__ void add_in_layers(int n, const int *a, int *c)
{
    int group = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
    int i = group * 256 + threadIdx.x;
    if (i < n)
        c[i] = a[i] + group;
}

// Indices on both sides of zero: the sign changes within a wave.
extern "C" __global__ void around_zero(int n, const int *middle, int *c)
{
    int i = lane() - n / 2;
    if (lane() < n)
        c[lane()] = middle[i] * 3 + middle[-i];
}

// Descending addresses, and a stride of two elements.
extern "C" __global__ void reversed(int n, const int *a, int *c)
{
    int i = lane();
    if (i < n)
        c[i] = a[n - 1 - i] - a[2 * i];
}

extern "C" __global__ void bytes(int n, const unsigned char *a, const short *b, short *c)
{
    int i = lane();
    if (i < n)
        c[i] = (short)(a[i] - b[i]);
}

extern "C" __global__ void quads(int n, const int4 *a, int4 *c)
{
    int i = lane();
    if (i < n) {
        int4 v = a[i];
        c[i] = make_int4(v.w, v.z + 1, v.y + 2, v.x + 3);
    }
}

// Neighbours: overlapping loads of three elements.
extern "C" __global__ void blur(int n, const int *a, int *c)
{
    int i = lane();
    if (i > 0 && i < n - 1)
        c[i] = a[i - 1] + 2 * a[i] + a[i + 1];
}

// A grid-stride loop with a store in it, and one value that all lanes read.
extern "C" __global__ void scale(int n, const int *factor, int *c)
{
    int all = gridDim.x * blockDim.x * blockDim.y;
    for (int i = lane(); i < n; i += all)
        c[i] = c[i] * factor[0] + i;
}

// The destination overlaps the source: every lane loads before any lane stores.
extern "C" __global__ void shift(int *c, int distance)
{
    int i = lane();
    int v = c[i];
    c[i + distance] = v;
}

extern "C" __global__ void through_lds(int n, const int *a, int *c)
{
    __shared__ int tile[512];
    int t = threadIdx.y * blockDim.x + threadIdx.x, i = lane();
    tile[t] = i < n ? a[i] : 0;
    __syncthreads();
    int last = blockDim.x * blockDim.y - 1;
    if (i < n)
        c[i] = tile[last - t] + tile[t];
}

// Loops that only compute: uniform, divergent, and one that outlasts a budget.
extern "C" __global__ void collatz(int n, int most, int *c)
{
    int i = lane();
    if (i >= n)
        return;
    unsigned v = i + 1;
    int steps = 0;
    while (v != 1 && steps < most) {
        v = v & 1 ? 3 * v + 1 : v / 2;
        steps++;
    }
    c[i] = steps;
}

extern "C" __global__ void chain(int n, int trips, float *c)
{
    int i = lane();
    float x = i, y = 1;
    for (int k = 0; k < trips; k++) {
        x = x * 0.5f + 3.0f;
        y = y * 0.25f + 1.0f;
    }
    if (i < n)
        c[i] = x + y;
}

// Innermost loops that load and store.
extern "C" __global__ void product(int n, int depth, const int *a, const int *b, int *c)
{
    int i = lane();
    if (i >= n)
        return;
    int column = i % 16, row = i / 16, sum = 0;
#pragma unroll 1
    for (int k = 0; k < depth; k++)
        sum += a[row * depth + k] * b[k * 16 + column];
    c[i] = sum;
}

extern "C" __global__ void strided_sum(int n, const int *a, int *c)
{
    int sum = 0;
#pragma unroll 1
    for (int i = lane(); i < n; i += gridDim.x * blockDim.x * blockDim.y)
        sum += a[i];
    c[lane()] = sum;
}

extern "C" __global__ void running(int n, int steps, int *rows)
{
    int i = lane();
    if (i >= n)
        return;
#pragma unroll 1
    for (int k = 1; k < steps; k++)
        rows[k * n + i] = 3 * rows[(k - 1) * n + i] + k;
}

extern "C" __global__ void own_count(int n, const int *counts, const int *a, int *c)
{
    int i = lane();
    if (i >= n)
        return;
    int sum = -1, count = counts[i];
#pragma unroll 1
    for (int k = 0; k < count; k++)
        sum += a[k * n + i] ^ k;
    c[i] = sum;
}

extern "C" __global__ void beyond_lds(int trips, int *c)
{
    extern __shared__ int shared[];
    int i = threadIdx.x, sum = 0;
    shared[i] = i + 1;
    __syncthreads();
#pragma unroll 1
    for (int k = 0; k < trips; k++)
        sum = 3 * sum + shared[k * 16 + i];
    c[i] = sum;
}

extern "C" __global__ void wide_steps(unsigned start, int trips, const int *a, int *c)
{
    unsigned i = start + threadIdx.x;
    int sum = 0;
#pragma unroll 1
    for (int k = 0; k < trips; k++, i += 24)
        sum = 5 * sum + a[i];
    c[threadIdx.x] = sum;
}
