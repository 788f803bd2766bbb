// Scan: out[i] is the sum of all elements before in[i] (an exclusive prefix sum).
//
// A warp scans its 32 elements with shuffles, a block its warps, the grid its blocks: the sums of
// the blocks are scanned by the same kernels, and each block then adds what came before it.
//
//     scan [elements]

#include <cuda_runtime.h>

#include "common.h"

const unsigned full_warp = 0xFFFFFFFF;
const int threads = 512;

__device__ unsigned inclusive_scan_warp(unsigned value)
{
    for (int distance = 1; distance < warpSize; distance *= 2) {
        unsigned before = __shfl_up_sync(full_warp, value, distance);
        if (threadIdx.x % warpSize >= distance)
            value += before;
    }
    return value;
}

__global__ void scan_block(int n, const unsigned *in, unsigned *out, unsigned *sum_of_block)
{
    __shared__ unsigned sum_of_warp[threads / 32];
    int i = blockIdx.x * threads + threadIdx.x;
    int lane = threadIdx.x % warpSize, warp = threadIdx.x / warpSize;

    unsigned value = i < n ? in[i] : 0;
    unsigned inclusive = inclusive_scan_warp(value);
    if (lane == warpSize - 1)
        sum_of_warp[warp] = inclusive;
    __syncthreads();

    if (warp == 0) {
        unsigned sum = lane < threads / warpSize ? sum_of_warp[lane] : 0;
        sum = inclusive_scan_warp(sum);
        if (lane < threads / warpSize)
            sum_of_warp[lane] = sum;
    }
    __syncthreads();

    if (warp > 0)
        inclusive += sum_of_warp[warp - 1];
    if (i < n)
        out[i] = inclusive - value;
    if (threadIdx.x == threads - 1)
        sum_of_block[blockIdx.x] = inclusive;
}

__global__ void add_to_block(int n, const unsigned *before_block, unsigned *out)
{
    int i = blockIdx.x * threads + threadIdx.x;
    if (i < n)
        out[i] += before_block[blockIdx.x];
}

void scan(int n, const unsigned *in, unsigned *out)
{
    int blocks = divide_up(n, threads);
    Buffer<unsigned> sum_of_block(blocks);
    scan_block<<<blocks, threads>>>(n, in, out, sum_of_block);
    if (blocks > 1) {
        Buffer<unsigned> before_block(blocks);
        scan(blocks, sum_of_block, before_block);
        add_to_block<<<blocks, threads>>>(n, before_block, out);
        CHECK(cudaDeviceSynchronize());
    }
}

int main(int argc, char **argv)
{
    int n = argument(argc, argv, 1, 1 << 21);
    std::vector<unsigned> values(n), expected(n);
    Random random(5);
    unsigned sum = 0;
    for (int i = 0; i < n; i++) {
        values[i] = random.bits() % 100 + 1;
        expected[i] = sum;
        sum += values[i];
    }

    Buffer<unsigned> in(values), out(n);
    scan(n, in, out);
    std::vector<unsigned> result = out.read();

    int wrong = 0;
    for (int i = 0; i < n; i++)
        wrong += result[i] != expected[i];
    printf("scan: %d elements, the last is %u, %d wrong", n, result[n - 1], wrong);
    return verdict(wrong == 0);
}
