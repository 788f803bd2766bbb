// A stray access: reported once, sticky, and the process lives. argv[1] says what kind.
#include <cstdio>
#include <cstring>
#include <cuda_runtime.h>

__global__ void store(int *p, int index)
{
    p[index] = 42;
}

__global__ void trap()
{
    __trap();
}

int main(int argc, char **argv)
{
    int *p, *freed;
    cudaMalloc(&p, 4096);
    cudaMalloc(&freed, 4096);
    cudaFree(freed);
    if (!strcmp(argv[1], "past"))
        store<<<1, 1>>>(p, 1024);
    if (!strcmp(argv[1], "null"))
        store<<<1, 1>>>(nullptr, 0);
    if (!strcmp(argv[1], "freed"))
        store<<<1, 1>>>(freed, 0);
    if (!strcmp(argv[1], "trap"))
        trap<<<1, 1>>>();
    printf("launch %d\n", (int)cudaGetLastError());
    printf("synchronize %d\n", (int)cudaDeviceSynchronize());
    printf("again %d\n", (int)cudaDeviceSynchronize());
    printf("malloc %d\n", (int)cudaMalloc(&p, 4));
    printf("last %d\n", (int)cudaGetLastError());
    printf("last %d\n", (int)cudaGetLastError());
    return 0;
}
