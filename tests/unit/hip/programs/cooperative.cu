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

// Each thread sees in every round what its neighbour, perhaps of another block, has written in it.
__global__ void relay(int *values, int *wrong, int rounds)
{
    cooperative_groups::grid_group grid = cooperative_groups::this_grid();
    int me = grid.thread_rank(), neighbour = (me + blockDim.x) % grid.size();
    for (int round = 1; round <= rounds; ++round) {
        values[me] = round;
        grid.sync();
        if (values[neighbour] != round)
            atomicAdd(wrong, 1);
        if (round < rounds)
            grid.sync();
    }
}

// Launches of several sizes, which meet an odd or even number of times, one after the other.
static void again(int *values, int *wrong)
{
    int back;
    cudaMemset(wrong, 0, 4);
    for (int i = 0; i < 60; ++i) {
        int rounds = 1 + i % 3;
        void *arguments[] = {&values, &wrong, &rounds};
        cudaMemsetAsync(values, 0, 4096 * 4);
        int blocks = i / 10 % 2 ? 5 : 16;
        int code = cudaLaunchCooperativeKernel((void *)relay, dim3(blocks), dim3(64), arguments, 0, 0);
        if (code)
            printf("launch %d: %d\n", i, code);
    }
    cudaMemcpy(&back, wrong, 4, cudaMemcpyDeviceToHost);
    printf("%d wrong\n", back);
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
    again(values, sum);
}
