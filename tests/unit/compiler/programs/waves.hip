// In HIP a warp is the wave: 32 or 64 lanes, masks of 64 bits, operators on vectors.
#include <hip/hip_fp16.h>
#include <hip/hip_runtime.h>

#define cudaError_t hipError_t
#define cudaSuccess hipSuccess
#define cudaDeviceSynchronize hipDeviceSynchronize
#define cudaGetErrorString hipGetErrorString
#define cudaMallocManaged hipMallocManaged
#define cudaFree hipFree
#include "check.h"

// HIP's programs do this: their own comparison on the host, the header's on the GPU.
static bool operator==(__half a, __half b) { return __half2float(a) + 1 == __half2float(b); }

// What becomes a half, two of them or a float is negated as a float.
struct Any {
    float value;
    __host__ __device__ operator __half() const { return __float2half(value); }
    __host__ __device__ operator __half2() const { return __float2half2_rn(value); }
    __host__ __device__ operator float() const { return value; }
};

typedef unsigned long long mask_t;
constexpr int THREADS = 192, OUTPUTS = 10;

__constant__ float4 scale;

__global__ void waves(int *out, mask_t *masks, float4 *vectors, int *width)
{
    int t = hipThreadIdx_x, lane = t % warpSize, v = 3 * t + 1, *o = out + t * OUTPUTS;
    o[0] = __shfl(v, warpSize - 1);
    o[1] = __shfl(v, 5);
    o[2] = __shfl_xor(v, warpSize / 2);
    o[3] = __shfl_down(v, 20);
    o[4] = __shfl_up(v, 20);
    o[5] = __shfl_xor(v, 3, 16);
    int sum = v;
    for (int offset = warpSize / 2; offset > 0; offset /= 2)
        sum += __shfl_xor(sum, offset);
    o[6] = sum;
    o[7] = __lane_id();
    o[8] = __any(t == 70) + 2 * __all(t < 64);
    o[9] = __popcll(__activemask());
    masks[2 * t] = __ballot(lane % 3 == 0);
    masks[2 * t + 1] = __match_any_sync(~0ull, lane / 20);
    vectors[t] = (make_float4(t, 1, 2, 3) * scale + 1.0f) / float4(2.0f) - vectors[t];
    vectors[t] += -make_float4(1, 1, 1, 1);
    *width = warpSize;
    __half none = __float2half(__builtin_nanf("")), sum_of_none = __hadd_sat(none, none);
    if (t == 0)
        o[0] += 500 * (-Any{2} == -2.0f && __hadd_sat(__half(3.0f), none - none) != sum_of_none &&
                       __half2float(__hadd_sat(__half(3.0f), __half(1.0f))) == 1);
    if (t == 0)
        o[0] += 500 * (__half(2.0f) == __half(2.0f) && __HIP_ARCH_HAS_3DGRID__ &&
                        !__HIP_ARCH_HAS_DYNAMIC_PARALLEL__);
}

int main()
{
    Managed<int, THREADS * OUTPUTS> out;
    Managed<mask_t, 2 * THREADS> masks;
    Managed<float4, THREADS> vectors;
    Managed<int, 1> width;
    float4 factor(2.0f);
    (void)hipMemcpyToSymbol(HIP_SYMBOL(scale), &factor, sizeof(factor));
    hipLaunchKernelGGL(waves, dim3(1), dim3(THREADS), 0, 0, out, masks, vectors, width);
    (void)hipDeviceSynchronize();
    int w = width[0];
    expect("a wave's size", 0, true, w == 32 || w == 64);
    for (int t = 0; t < THREADS; ++t) {
        int lane = t % w, first = t - lane, *o = out + t * OUTPUTS;
        auto value = [](int thread) { return 3 * thread + 1; };
        expect("shfl last", t, value(first + w - 1) + (t == 0 ? 1000 : 0), o[0]);
        expect("shfl", t, value(first + 5), o[1]);
        expect("xor", t, value(t ^ w / 2), o[2]);
        expect("down", t, value(lane + 20 < w ? t + 20 : t), o[3]);
        expect("up", t, value(lane >= 20 ? t - 20 : t), o[4]);
        expect("xor 16", t, value(t ^ 3), o[5]);
        expect("sum", t, w * value(first) + 3 * w * (w - 1) / 2, o[6]);
        expect("lane", t, lane, o[7]);
        expect("any and all", t, (first <= 70 && 70 < first + w) + 2 * (first + w <= 64), o[8]);
        expect("active", t, w, o[9]);
        mask_t thirds = 0, same = 0;
        for (int k = 0; k < w; ++k) {
            thirds |= (mask_t)(k % 3 == 0) << k;
            same |= (mask_t)(k / 20 == lane / 20) << k;
        }
        expect("ballot", t, thirds, masks[2 * t]);
        expect("match_any", t, same, masks[2 * t + 1]);
        expect("vector", t, (2 * t + 1) / 2.0f - 1, vectors[t].x);
        expect("vector", t, 2.5f, vectors[t].w);
        expect("vectors differ", t, true, vectors[t] != make_float4(0, 0, 0, 0));
    }
    expect("the host is no GPU", 0, 0, __HIP_ARCH_HAS_3DGRID__);
    expect("a comparison of its own", 0, true, __half(2.0f) == __half(3.0f));
    return verdict();
}
