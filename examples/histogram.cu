// Histogram: how often each byte value occurs. A block counts in shared memory with atomics and
// adds its counts to the total at the end.
//
//     histogram [elements]

#include <cuda_runtime.h>

#include "common.h"

const int bins = 256;

__global__ void histogram(int n, const unsigned char *data, unsigned *total)
{
    __shared__ unsigned count[bins];
    for (int bin = threadIdx.x; bin < bins; bin += blockDim.x)
        count[bin] = 0;
    __syncthreads();

    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        atomicAdd(&count[data[i]], 1u);
    __syncthreads();

    for (int bin = threadIdx.x; bin < bins; bin += blockDim.x)
        if (count[bin] > 0)
            atomicAdd(&total[bin], count[bin]);
}

int main(int argc, char **argv)
{
    int n = argument(argc, argv, 1, 1 << 22);
    std::vector<unsigned char> data(n);
    std::vector<unsigned> expected(bins);
    Random random(4);
    for (unsigned char &value : data) {
        // The sum of four throws: a bell curve, so that some bins are much in demand.
        unsigned throws = random.bits();
        value = (unsigned char)((throws % 64) + (throws / 64 % 64) + (throws / 4096 % 64) +
                                (throws / 262144 % 64));
        expected[value]++;
    }

    Buffer<unsigned char> device_data(data);
    Buffer<unsigned> device_total(std::vector<unsigned>(bins, 0));
    histogram<<<64, 256>>>(n, device_data, device_total);
    std::vector<unsigned> total = device_total.read();

    int wrong = 0, most = 0;
    for (int bin = 0; bin < bins; bin++) {
        wrong += total[bin] != expected[bin];
        if (total[bin] > total[most])
            most = bin;
    }
    printf("histogram: %d bytes, value %d occurs most (%u times), %d wrong bins", n, most,
           total[most], wrong);
    return verdict(wrong == 0);
}
