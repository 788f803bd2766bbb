// All blocks of a grid wait for each other.
#include <cooperative_groups.h>
#include <cstdio>
#include <cuda_runtime.h>

__global__ void collect(int *values, int *sum)
{
    cooperative_groups::grid_group grid = cooperative_groups::this_grid();
    values[grid.thread_rank()] = grid.thread_rank();
    grid.sync();
    if (grid.thread_rank() == 0)
        for (int i = 0; i < grid.size(); ++i)
            *sum += values[i];
}

int main()
{
    int *values, *sum, back;
    cudaMalloc(&values, 4096 * 4);
    cudaMalloc(&sum, 4);
    cudaMemset(sum, 0, 4);
    void *arguments[] = {&values, &sum};
    int code = cudaLaunchCooperativeKernel((void *)collect, dim3(16), dim3(256), arguments, 0, 0);
    cudaMemcpy(&back, sum, 4, cudaMemcpyDeviceToHost);
    printf("%d %d\n", code, back);
    code = cudaLaunchCooperativeKernel((void *)collect, dim3(1000000), dim3(256), arguments, 0, 0);
    printf("%d\n", code);
}
