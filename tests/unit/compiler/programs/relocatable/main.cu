// Device functions, variables and virtual functions across sources; `mine` is another in each.
#include <cstdio>

#include "shared.h"

static __device__ int mine = 5;

__global__ void first(float *data, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    Square square(2);
    Shape *shape = &square;
    data[i] = curve(i) + shape->area();
    atomicAdd(&counter, mine);
}

int main(int arguments, char **)
{
    constexpr int n = 100;
    float *data, three = 3;
    int zero = 0, six = 6, count;
    cudaMallocManaged(&data, n * sizeof(float));
    cudaMemcpyToSymbol(scale, &three, sizeof(three));
    cudaMemcpyToSymbol(counter, &zero, sizeof(zero));
    cudaMemcpyToSymbol(mine, &six, sizeof(six));
    first<<<2, 64>>>(data, n);
    add_ten(data, n);
    cudaMemcpyFromSymbol(&count, counter, sizeof(count));
    bool right = count == n * (6 + 7) && arguments == 2;
    for (int i = 0; i < n; ++i)
        right &= data[i] == 3 * i + 1 + 4 + 10;
    printf(right ? "PASS\n" : "FAIL %d\n", count);
    return !right;
}
