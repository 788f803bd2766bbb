// Calls that come before anything has made a device.

#include <hip/hip_runtime.h>

#include <cstdio>

int main()
{
    int version = 0, from = 1, to = 0, rows = 0;
    void *nothing = nullptr;
    hipError_t codes[] = {
        hipRuntimeGetVersion(&version),
        hipMemcpy(&to, &from, sizeof from, hipMemcpyHostToHost),
        hipMemcpy2D(&rows, 4, &from, 4, 4, 1, hipMemcpyDefault),
        hipFree(nothing),
        hipStreamQuery(nullptr),
        hipDeviceSynchronize(),
    };
    for (hipError_t code : codes)
        std::printf("%d ", code);
    std::printf("%d %d\n", to, rows);
}
