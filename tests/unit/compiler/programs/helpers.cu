// The helper headers that programs bring along or expect: arithmetic on vectors, options, checks.
#include <helper_cuda.h>
#include <helper_functions.h>
#include <helper_math.h>

#include "check.h"

constexpr int N = 64, OUTPUTS = 8;

__host__ __device__ void compute(int i, float *o)
{
    float3 a = make_float3(i * 0.5f, 1, -2), b = make_float3(2.0f);
    float3 c = cross(a + 1.0f, 2 * b - a) / 4;
    c += -a;
    o[0] = dot(c, b) + length(a);
    o[1] = normalize(a).y + lerp(a, b, 0.25f).x;
    o[2] = clamp(make_float4(a, 9), -1.0f, 3.0f).w + reflect(a, make_float3(0, 1, 0)).y;
    int4 k = make_int4(i, -i, 3, 4) * make_int4(2);
    o[3] = dot(k, k) + max(k, -k).y;
    uint2 u = make_uint2(i, 7) / 2;
    o[4] = static_cast<float>(u.x * 100 + u.y);
    o[5] = fracf(a).x + smoothstep(0, 4, a.x) + floorf(make_float2(a) * 1.5f).x;
}

__global__ void kernel(float *out) { compute(threadIdx.x, out + threadIdx.x * OUTPUTS); }

int main(int count, char **arguments)
{
    static Managed<float, N * OUTPUTS> out;
    StopWatchInterface *timer = nullptr;
    sdkCreateTimer(&timer);
    sdkStartTimer(&timer);
    checkCudaErrors(cudaSetDevice(findCudaDevice(count, (const char **)arguments)));
    kernel<<<1, N>>>(out);
    getLastCudaError("launch");
    checkCudaErrors(cudaDeviceSynchronize());
    sdkStopTimer(&timer);
    for (int i = 0; i < N; ++i) {
        float host[OUTPUTS] = {};
        compute(i, host);
        for (int k = 0; k < OUTPUTS; ++k)
            expect_near("vectors", i * OUTPUTS + k, host[k], out[i * OUTPUTS + k], 1e-5);
    }
    expect_near("by hand", 0, 2 + std::sqrt(5.0), out[0], 1e-6);
    const char *options[] = {"program", "--size=12", "-fast", "--ratio=0.5"};
    expect("int option", 0, 12, getCmdLineArgumentInt(4, options, "size"));
    expect("float option", 0, 0.5f, getCmdLineArgumentFloat(4, options, "ratio"));
    expect("flag", 0, true, checkCmdLineFlag(4, options, "fast"));
    expect("another flag", 0, false, checkCmdLineFlag(4, options, "fas"));
    expect("time", 0, true, sdkGetTimerValue(&timer) > 0);
    float same[] = {1, 2, 3}, other[] = {1, 2, 4};
    expect("same", 0, true, sdkCompareL2fe(same, same, 3, 1e-6f));
    expect("not the same", 0, false, sdkCompareL2fe(same, other, 3, 0.1f));
    // The samples check squares that overflow, which gcc lets them.
    static int squares[1 << 17];
    for (unsigned i = 0; i < 1 << 17; ++i)
        squares[i] = static_cast<int>(i * i);
    int wrong = 0;
    for (int i = 0; i < 1 << 17; ++i)
        wrong += squares[i] != i * i;
    expect("squares", 0, 0, wrong);
    return verdict();
}
