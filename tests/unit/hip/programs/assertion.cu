// A device assertion that fails: its text, then an error that stays.
#include <cassert>
#include <cstdio>
#include <cuda_runtime.h>

__global__ void check(int limit)
{
    assert((int)threadIdx.x < limit);
}

int main()
{
    check<<<1, 4>>>(4);
    printf("holds: %d\n", (int)cudaDeviceSynchronize());
    check<<<1, 4>>>(3);
    printf("fails: %d\n", (int)cudaDeviceSynchronize());
    return 0;
}
