// Device variables by their host shadows, and managed ones.
#include <cstdio>
#include <cuda_runtime.h>

__device__ int counter = 5;
__constant__ float weights[4] = {1, 2, 3, 4};
__managed__ int shared_by_both = 10;
static __device__ int same_name[3] = {7, 8, 9};

__global__ void use(float *out)
{
    counter += 1;
    shared_by_both += 5;
    same_name[2] += 1;
    for (int i = 0; i < 4; ++i)
        out[i] = weights[i];
}

int main()
{
    float *out, back[4], fresh[2] = {30, 40};
    int count, array[3];
    size_t size;
    void *address;
    cudaMalloc(&out, sizeof back);
    shared_by_both += 1;
    printf("%d\n", (int)cudaMemcpyToSymbol(weights, fresh, sizeof fresh, 2 * sizeof(float)));
    use<<<1, 1>>>(out);
    printf("%d\n", (int)cudaMemcpyFromSymbol(&count, counter, sizeof count));
    printf("%d\n", (int)cudaMemcpyFromSymbol(array, same_name, sizeof array));
    cudaMemcpy(back, out, sizeof back, cudaMemcpyDeviceToHost);
    printf("%d %d %d\n", count, shared_by_both, array[2]);
    printf("%g %g %g %g\n", back[0], back[1], back[2], back[3]);
    printf("%d %d", (int)cudaGetSymbolSize(&size, weights), (int)size);
    printf(" %d %d\n", (int)cudaGetSymbolAddress(&address, weights), address != nullptr);
    printf("%d\n", (int)cudaMemcpyToSymbol(weights, fresh, sizeof fresh, 3 * sizeof(float)));
    printf("%d", (int)cudaMemcpyFromSymbol(&count, shared_by_both, sizeof count));
    printf(" %d\n", count);
    printf("%d\n", (int)cudaMemcpyToSymbol((const char *)&size, fresh, sizeof fresh));
}
