// hipDeviceReset frees what the program made; the device can be used again.
#include <cstdio>
#include <cuda_runtime.h>

__device__ int value = 5;

__global__ void add(int *p)
{
    *p += value++;
}

int main()
{
    for (int round = 0; round < 3; ++round) {
        size_t before, total, after;
        int *p, back = 10;
        cudaStream_t stream;
        cudaMemGetInfo(&before, &total);
        cudaMalloc(&p, 1 << 20);
        cudaStreamCreate(&stream);
        cudaMemcpy(p, &back, 4, cudaMemcpyHostToDevice);
        add<<<1, 1, 0, stream>>>(p);
        add<<<1, 1, 0, stream>>>(p);
        cudaMemcpy(&back, p, 4, cudaMemcpyDeviceToHost);
        int code = cudaDeviceReset();
        cudaMemGetInfo(&after, &total);
        printf("%d %d %d\n", back, code, before == after);
        printf("%d %d\n", (int)cudaStreamSynchronize(stream) != 0, (int)cudaFree(p) != 0);
        cudaGetLastError();
    }
}
