// HIP's own semantics: a warp is the wave, masks have 64 bits, vectors have operators.
#include <hip/hip_runtime.h>

#include <cstdio>
#include <vector>

__constant__ float4 scale;
__device__ int total;

template <int N>
__global__ void waves(unsigned long long *votes, int *sums, float4 *vectors)
{
    int i = hipBlockIdx_x * hipBlockDim_x + hipThreadIdx_x;
    unsigned long long odd = __ballot(threadIdx.x & 1);
    int sum = threadIdx.x;
    for (int offset = warpSize / 2; offset > 0; offset /= 2)
        sum += __shfl_xor(sum, offset);
    vectors[i] = vectors[i] * scale + make_float4(1, 2, 3, 4) * 0.5f - float4(1.0f);
    votes[i] = odd;
    sums[i] = sum + N * (__lane_id() == 0);
    if (__any(threadIdx.x == 3) && __popcll(__activemask()) == warpSize && threadIdx.x == 0)
        atomicAdd(&total, 1);
}

int main()
{
    int device = 0, *sums;
    hipDeviceProp_t properties;
    unsigned long long *votes;
    float4 *vectors, factor(2.0f);
    (void)hipGetDeviceProperties(&properties, device);
    (void)hipMalloc(&votes, 256 * sizeof(*votes));
    (void)hipMalloc(&sums, 256 * sizeof(*sums));
    (void)hipMallocManaged(&vectors, 256 * sizeof(*vectors));
    (void)hipMemset(vectors, 0, 256 * sizeof(*vectors));
    (void)hipMemcpyToSymbol(HIP_SYMBOL(scale), &factor, sizeof(factor));
    hipLaunchKernelGGL(HIP_KERNEL_NAME(waves<7>), dim3(2), dim3(128), 0, 0, votes, sums, vectors);
    printf("%s %s %d\n", properties.gcnArchName, hipGetErrorString(hipDeviceSynchronize()),
           properties.warpSize);
    std::vector<unsigned long long> host(256);
    (void)hipMemcpy(host.data(), votes, 256 * sizeof(*votes), hipMemcpyDeviceToHost);
    int hits = 0;
    (void)hipMemcpyFromSymbol(&hits, HIP_SYMBOL(total), sizeof(hits));
    printf("%llx %d %g\n", host[5], hits, vectors[9].w);
    return 0;
}
