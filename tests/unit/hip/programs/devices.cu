// A thread per device; each has its own variables; memory is everybody's.
#include <cstdio>
#include <cuda_runtime.h>
#include <thread>
#include <vector>

__device__ int offset;

__global__ void fill(int *p, int value, int count)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count)
        p[i] = value + offset;
}

int main()
{
    const int count = 4096;
    int devices;
    cudaGetDeviceCount(&devices);
    printf("%d devices\n", devices);
    std::vector<int *> memory(devices);
    std::vector<std::thread> threads;
    for (int device = 0; device < devices; ++device) {
        int value = device * 100;
        cudaSetDevice(device);
        cudaMalloc(&memory[device], count * sizeof(int));
        cudaMemcpyToSymbol(offset, &value, sizeof value);
    }
    for (int device = 0; device < devices; ++device)
        threads.emplace_back([&, device] {
            cudaStream_t stream;
            cudaSetDevice(device);
            cudaStreamCreate(&stream);
            for (int round = 0; round < 100; ++round)
                fill<<<16, 256, 0, stream>>>(memory[device], round, count);
            cudaStreamSynchronize(stream);
            cudaStreamDestroy(stream);
        });
    for (auto &thread : threads)
        thread.join();
    for (int device = 0; device < devices; ++device) {
        std::vector<int> back(count);
        int wrong = 0;
        cudaMemcpy(back.data(), memory[device], count * sizeof(int), cudaMemcpyDeviceToHost);
        for (int value : back)
            wrong += value != back[0];
        printf("%d %d\n", back[0], wrong);
    }
    int first;
    int code = cudaMemcpyPeer(memory[0], 0, memory[devices - 1], devices - 1, count * sizeof(int));
    cudaMemcpy(&first, memory[0], sizeof first, cudaMemcpyDefault);
    printf("peer %d %d\n", code, first);
}
