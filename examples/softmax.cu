// Softmax of each row of a matrix, one block to a row: exp(x - max) / sum of the same.
//
//     softmax [rows] [columns]

#include <cuda_runtime.h>

#include "common.h"

const unsigned full_warp = 0xFFFFFFFF;
const int threads = 256;

/// What `combine` makes of one value of each thread of the block, for all of them to have.
template <typename Combine> __device__ float reduce_block(float value, Combine combine)
{
    __shared__ float of_warp[threads / 32];
    for (int distance = warpSize / 2; distance > 0; distance /= 2)
        value = combine(value, __shfl_xor_sync(full_warp, value, distance));
    __syncthreads(); // a reduction before this one may still be reading
    if (threadIdx.x % warpSize == 0)
        of_warp[threadIdx.x / warpSize] = value;
    __syncthreads();
    value = of_warp[0];
    for (int warp = 1; warp < threads / 32; warp++)
        value = combine(value, of_warp[warp]);
    return value;
}

__global__ void softmax(int columns, const float *in, float *out)
{
    const float *row = in + size_t(blockIdx.x) * columns;
    float *result = out + size_t(blockIdx.x) * columns;

    float largest = -INFINITY;
    for (int i = threadIdx.x; i < columns; i += threads)
        largest = fmaxf(largest, row[i]);
    largest = reduce_block(largest, [](float a, float b) { return fmaxf(a, b); });

    float sum = 0;
    for (int i = threadIdx.x; i < columns; i += threads)
        sum += expf(row[i] - largest);
    sum = reduce_block(sum, [](float a, float b) { return a + b; });

    for (int i = threadIdx.x; i < columns; i += threads)
        result[i] = expf(row[i] - largest) / sum;
}

int main(int argc, char **argv)
{
    int rows = argument(argc, argv, 1, 1024), columns = argument(argc, argv, 2, 1000);
    std::vector<float> values(size_t(rows) * columns);
    Random random(6);
    for (float &value : values)
        value = random.uniform(-10, 10);

    Buffer<float> in(values), out(values.size());
    softmax<<<rows, threads>>>(columns, in, out);
    std::vector<float> result = out.read();

    double error = 0;
    for (int r = 0; r < rows; r++) {
        const float *row = &values[size_t(r) * columns];
        double sum = 0;
        for (int i = 0; i < columns; i++)
            sum += std::exp(double(row[i]));
        for (int i = 0; i < columns; i++) {
            double expected = std::exp(double(row[i])) / sum;
            double relative = result[size_t(r) * columns + i] / expected;
            error = std::fmax(error, error_of(relative, 1));
        }
    }
    printf("softmax: %d rows of %d, max relative error %.1e", rows, columns, error);
    return verdict(error < 1e-5);
}
