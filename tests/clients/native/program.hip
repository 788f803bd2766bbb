// A native program: threads with streams of their own, callbacks, faults, latencies, the end.
#include <hip/hip_runtime.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#define GOOD(call)                                                                  \
    do {                                                                            \
        hipError_t error = call;                                                    \
        if (error != hipSuccess) {                                                  \
            std::printf("%s: %s (line %d)\n", #call, hipGetErrorName(error), __LINE__); \
            std::fflush(stdout);                                                    \
            _exit(1);                                                               \
        }                                                                           \
    } while (0)

__global__ void empty() {}
__global__ void scale(float *x, float factor, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        x[i] *= factor;
}
__global__ void stray(int *p) { p[1 << 20] = 1; }
__global__ void say(int number) { printf("kernel %d\n", number); }
__global__ void spin(volatile int *flag) { while (!*flag) {} }

static void work(int number)
{
    const int n = 4096;
    std::vector<float> host(n, float(number));
    hipStream_t stream;
    float *device;
    GOOD(hipStreamCreate(&stream));
    GOOD(hipMalloc((void **)&device, n * sizeof(float)));
    GOOD(hipMemcpyAsync(device, host.data(), n * sizeof(float), hipMemcpyHostToDevice, stream));
    for (int i = 0; i < 8; ++i)
        scale<<<n / 256, 256, 0, stream>>>(device, 2, n);
    GOOD(hipMemcpyAsync(host.data(), device, n * sizeof(float), hipMemcpyDeviceToHost, stream));
    GOOD(hipStreamSynchronize(stream));
    for (float value : host)
        if (value != number * 256.0f) {
            std::printf("thread %d: %f\n", number, value);
            _exit(1);
        }
    GOOD(hipFree(device));
    GOOD(hipStreamDestroy(stream));
}

static int threads(int count)
{
    std::vector<std::thread> all;
    for (int i = 0; i < count; ++i) {
        all.emplace_back(work, i);
        if (all.size() == 64) {
            for (auto &thread : all)
                thread.join();
            all.clear();
        }
    }
    for (auto &thread : all)
        thread.join();
    return 0;
}

static int callbacks()
{
    std::atomic<int> seen{0};
    hipStream_t stream;
    GOOD(hipStreamCreate(&stream));
    for (int i = 0; i < 100; ++i)
        GOOD(hipLaunchHostFunc(stream, [](void *p) { ++*(std::atomic<int> *)p; }, &seen));
    GOOD(hipStreamAddCallback(
        stream, [](hipStream_t, hipError_t, void *p) { *(std::atomic<int> *)p += 1000; }, &seen, 0));
    GOOD(hipStreamSynchronize(stream));
    return seen == 1100 ? 0 : 1;
}

static int fault()
{
    int *p;
    GOOD(hipMalloc((void **)&p, 64));
    stray<<<1, 1>>>(p);
    hipError_t first = hipDeviceSynchronize(), second = hipMalloc((void **)&p, 64);
    std::printf("%s %s\n", hipGetErrorName(first), hipGetErrorName(second));
    return 0;
}

static int ends()
{
    for (int i = 0; i < 3; ++i)
        say<<<1, 1>>>(i);
    std::exit(0);
}

static int forks()
{
    pid_t child = fork();
    if (child == 0)
        _exit(threads(4));
    int status = 1;
    waitpid(child, &status, 0);
    return threads(4) || status;
}

// A stream is destroyed while its kernel runs: the call waits.
static int busy()
{
    int *flag;
    hipStream_t stream;
    GOOD(hipHostMalloc((void **)&flag, sizeof(int), 0));
    *flag = 0;
    GOOD(hipStreamCreate(&stream));
    spin<<<1, 1, 0, stream>>>(flag);
    std::thread release([flag] {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        *(volatile int *)flag = 1;
    });
    GOOD(hipStreamDestroy(stream));
    release.join();
    return 0;
}

template <typename Call> static double nanoseconds(Call call)
{
    using clock = std::chrono::steady_clock;
    double best = 1e18;
    for (int round = 0; round < 7; ++round) {
        auto start = clock::now();
        for (int i = 0; i < 2000; ++i)
            call();
        double spent = std::chrono::duration<double, std::nano>(clock::now() - start).count();
        best = spent / 2000 < best ? spent / 2000 : best;
        GOOD(hipDeviceSynchronize());
    }
    return best;
}

static int latencies()
{
    int device;
    hipStream_t stream;
    GOOD(hipStreamCreate(&stream));
    empty<<<1, 64>>>();
    GOOD(hipDeviceSynchronize());
    std::thread([&] {
        std::printf("call %.0f\n", nanoseconds([&] { (void)hipGetDevice(&device); }));
        std::printf("query %.0f\n", nanoseconds([&] { (void)hipStreamQuery(stream); }));
        std::printf("launch %.0f\n", nanoseconds([&] { empty<<<1, 64, 0, stream>>>(); }));
    }).join();
    return 0;
}

int main(int argc, char **argv)
{
    std::string what = argc > 1 ? argv[1] : "";
    if (what == "threads")
        return threads(argc > 2 ? std::atoi(argv[2]) : 64);
    if (what == "callbacks")
        return callbacks();
    if (what == "fault")
        return fault();
    if (what == "ends")
        return ends();
    if (what == "forks")
        return forks();
    if (what == "busy")
        return busy();
    if (what == "latencies")
        return latencies();
    return 2;
}
