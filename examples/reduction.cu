// Reduction: one number out of many, three times over (a sum, a maximum, a count).
//
// Each thread combines its share in registers, each warp its 32 threads with shuffles, each block
// its warps through shared memory; a second launch of one block combines the blocks.
//
//     reduction [elements]

#include <cuda_runtime.h>

#include "common.h"

const unsigned full_warp = 0xFFFFFFFF;
const int threads = 256;

struct Sum {
    static __host__ __device__ float identity() { return 0; }
    __host__ __device__ float operator()(float a, float b) const { return a + b; }
};

struct Maximum {
    static __host__ __device__ float identity() { return -INFINITY; }
    __host__ __device__ float operator()(float a, float b) const { return a > b ? a : b; }
};

template <typename Combine> __device__ float reduce_warp(float value)
{
    Combine combine;
    for (int offset = warpSize / 2; offset > 0; offset /= 2)
        value = combine(value, __shfl_down_sync(full_warp, value, offset));
    return value;
}

template <typename Combine> __global__ void reduce(int n, const float *in, float *out)
{
    __shared__ float of_warp[32];
    Combine combine;

    float value = Combine::identity();
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        value = combine(value, in[i]);

    value = reduce_warp<Combine>(value);
    int lane = threadIdx.x % warpSize, warp = threadIdx.x / warpSize;
    if (lane == 0)
        of_warp[warp] = value;
    __syncthreads();

    if (warp == 0) {
        int warps = blockDim.x / warpSize;
        value = reduce_warp<Combine>(lane < warps ? of_warp[lane] : Combine::identity());
        if (lane == 0)
            out[blockIdx.x] = value;
    }
}

/// How many elements are negative: a vote per warp, one atomic add per warp.
__global__ void count_negative(int n, const float *in, int *count)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    unsigned votes = __ballot_sync(full_warp, i < n && in[i] < 0);
    if (threadIdx.x % warpSize == 0)
        atomicAdd(count, __popc(votes));
}

template <typename Combine> float reduce_all(int n, const float *in)
{
    int blocks = divide_up(n, threads * 16);
    Buffer<float> partial(blocks), result(1);
    reduce<Combine><<<blocks, threads>>>(n, in, partial);
    reduce<Combine><<<1, threads>>>(blocks, partial, result);
    return result.read()[0];
}

int main(int argc, char **argv)
{
    int n = argument(argc, argv, 1, 1 << 22);
    std::vector<float> values(n);
    Random random(1);
    double sum = 0, magnitude = 0;
    float maximum = -INFINITY;
    int negative = 0;
    for (float &value : values) {
        value = random.uniform(-0.5f, 1.5f);
        sum += value;
        magnitude += std::fabs(value);
        maximum = Maximum()(maximum, value);
        negative += value < 0;
    }

    Buffer<float> device(values);
    Buffer<int> count(std::vector<int>(1, 0));
    float device_sum = reduce_all<Sum>(n, device);
    float device_maximum = reduce_all<Maximum>(n, device);
    count_negative<<<divide_up(n, threads), threads>>>(n, device, count);
    int device_negative = count.read()[0];

    double error = std::fabs(device_sum - sum) / magnitude;
    printf("reduction: %d elements, sum %.1f, maximum %.6f, %d negative, error %.1e", n, device_sum,
           device_maximum, device_negative, error);
    return verdict(error < 1e-6 && device_maximum == maximum && device_negative == negative);
}
