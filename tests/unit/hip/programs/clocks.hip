// Reads the core clock and the wall clock, twice each, 20 ms apart, and says how they differ from
// the rates that the device tells: in parts per million.
#include <hip/hip_runtime.h>

#include <cstdio>

__global__ void read_both(long long *out, long long ticks)
{
    long long wall = wall_clock64(), core = clock64(), now;
    do
        now = wall_clock64();
    while (now - wall < ticks);
    out[0] = clock64() - core;
    out[1] = now - wall;
}

int main()
{
    int core = 0, wall = 0;
    long long *out;
    (void)hipDeviceGetAttribute(&core, hipDeviceAttributeClockRate, 0);
    (void)hipDeviceGetAttribute(&wall, hipDeviceAttributeWallClockRate, 0);
    (void)hipMallocManaged(&out, 16);
    double least = 1e9;
    for (int turn = 0; turn < 3; turn++) {
        read_both<<<1, 1>>>(out, 20ll * wall);
        if (hipDeviceSynchronize() != hipSuccess)
            return 1;
        double off = (double(out[0]) / core) / (double(out[1]) / wall) - 1;
        least = off < least ? off : least;
    }
    std::printf("%.0f\n", least * 1e6);
}
