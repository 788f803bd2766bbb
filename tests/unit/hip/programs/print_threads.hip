// Threads launch kernels that print, on one stream, while others wait for it again and again.

#include <hip/hip_runtime.h>

#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

__global__ void say(int thread, int round) { printf("%d %d\n", thread, round); }
__global__ void quiet() {}

int main()
{
    const int rounds = 300;
    std::atomic<int> wrong{0}, working{3};
    std::vector<std::thread> threads;
    hipStream_t stream;
    if (hipStreamCreate(&stream) != hipSuccess)
        return 1;
    for (int number = 0; number < 3; ++number)
        threads.emplace_back([&, number] {
            for (int round = 0; round < rounds; ++round) {
                say<<<1, 1, 0, stream>>>(number, round);
                quiet<<<1, 64, 0, stream>>>();
                wrong += hipGetLastError() != hipSuccess;
            }
            --working;
        });
    threads.emplace_back([&] {
        while (working)
            wrong += hipStreamSynchronize(stream) != hipSuccess;
    });
    threads.emplace_back([&] {
        while (working) {
            hipError_t state = hipStreamQuery(stream);
            wrong += state != hipSuccess && state != hipErrorNotReady;
        }
    });
    for (std::thread &thread : threads)
        thread.join();
    wrong += hipDeviceSynchronize() != hipSuccess;
    return wrong;
}
