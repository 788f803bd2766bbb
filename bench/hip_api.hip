// What each call of the HIP runtime costs, one by one, from a thread that Python did not start.
//
// Prints a line for each: name, number of calls, then median, 99th percentile and least in ns.

#include <hip/hip_runtime.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#define CHECK(call)                                                                        \
    do {                                                                                   \
        hipError_t error = (call);                                                         \
        if (error != hipSuccess) {                                                         \
            fprintf(stderr, "%s: %s\n", #call, hipGetErrorString(error));                  \
            exit(1);                                                                       \
        }                                                                                  \
    } while (0)

__global__ void empty() {}
__global__ void scale(float *x, float factor, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        x[i] *= factor;
}

static long now()
{
    timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000L + time.tv_nsec;
}

static const int WARM_UP = 200, CALLS = 4000;
static long clock_cost;

// `after` undoes, outside of the time, what a call has done.
static void measure(const char *name, const std::function<hipError_t()> &call,
                    const std::function<void()> &after = [] {}, int calls = CALLS)
{
    std::vector<long> times;
    for (int i = 0; i < WARM_UP + calls; ++i) {
        long begun = now();
        hipError_t error = call();
        long ended = now();
        if (error != hipSuccess) {
            printf("%s\t0\t0\t0\t0\n", name);
            fprintf(stderr, "%s: %s\n", name, hipGetErrorName(error));
            (void)hipGetLastError();
            return;
        }
        after();
        if (i >= WARM_UP)
            times.push_back(std::max(0L, ended - begun - clock_cost));
    }
    std::sort(times.begin(), times.end());
    printf("%s\t%d\t%ld\t%ld\t%ld\n", name, calls, times[times.size() / 2],
           times[times.size() * 99 / 100], times[0]);
    fflush(stdout);
}

static void run()
{
    std::vector<long> costs;
    for (int i = 0; i < 2000; ++i) {
        long begun = now();
        costs.push_back(now() - begun);
    }
    std::sort(costs.begin(), costs.end());
    clock_cost = costs[costs.size() / 2];

    int device, count, value;
    size_t size, total;
    const size_t small = 4096;
    void *made, *a, *b, *pinned;
    std::vector<char> host(1 << 20);
    hipStream_t stream;
    hipEvent_t event, first, last, fresh;
    hipPointerAttribute_t attributes;
    hipFuncAttributes kernel_attributes;
    hipDeviceProp_t properties;
    hipStreamCaptureStatus capturing;
    float milliseconds;

    CHECK(hipGetDevice(&device));
    CHECK(hipMalloc(&a, 1 << 20));
    CHECK(hipMalloc(&b, 1 << 20));
    CHECK(hipHostMalloc(&pinned, 1 << 20, 0));
    CHECK(hipEventCreate(&event));
    CHECK(hipEventCreate(&first));
    CHECK(hipEventCreate(&last));
    CHECK(hipStreamCreateWithFlags(&stream, hipStreamNonBlocking));

    measure("hipGetDevice", [&] { return hipGetDevice(&device); });
    measure("hipSetDevice", [&] { return hipSetDevice(0); });
    measure("hipGetDeviceCount", [&] { return hipGetDeviceCount(&count); });
    measure("hipGetLastError", [&] { return hipGetLastError(); });
    measure("hipPeekAtLastError", [&] { return hipPeekAtLastError(); });
    measure("hipRuntimeGetVersion", [&] { return hipRuntimeGetVersion(&value); });
    measure("hipDeviceGetAttribute", [&] {
        return hipDeviceGetAttribute(&value, hipDeviceAttributeMultiprocessorCount, 0);
    });
    measure("hipGetDeviceProperties", [&] { return hipGetDeviceProperties(&properties, 0); });
    measure("hipDeviceGetStreamPriorityRange",
            [&] { return hipDeviceGetStreamPriorityRange(&device, &value); });
    measure("hipDeviceCanAccessPeer", [&] { return hipDeviceCanAccessPeer(&value, 0, 0); });

    measure("hipStreamQuery", [&] { return hipStreamQuery(stream); });
    measure("hipStreamQuery (null stream)", [&] { return hipStreamQuery(nullptr); });
    measure("hipStreamSynchronize (idle)", [&] { return hipStreamSynchronize(stream); });
    measure("hipDeviceSynchronize (idle)", [&] { return hipDeviceSynchronize(); });
    measure("hipStreamIsCapturing", [&] { return hipStreamIsCapturing(stream, &capturing); });
    measure("hipStreamGetFlags", [&] {
        unsigned flags;
        return hipStreamGetFlags(stream, &flags);
    });

    measure("hipEventCreate", [&] { return hipEventCreate(&fresh); },
            [&] { CHECK(hipEventDestroy(fresh)); });
    measure("hipEventCreateWithFlags",
            [&] { return hipEventCreateWithFlags(&fresh, hipEventDisableTiming); },
            [&] { CHECK(hipEventDestroy(fresh)); });
    CHECK(hipEventCreate(&fresh));
    measure("hipEventDestroy", [&] { return hipEventDestroy(fresh); },
            [&] { CHECK(hipEventCreate(&fresh)); });
    measure("hipEventRecord (idle stream)", [&] { return hipEventRecord(event, stream); });
    CHECK(hipEventRecord(first, stream));
    CHECK(hipEventRecord(last, stream));
    CHECK(hipStreamSynchronize(stream));
    measure("hipEventQuery", [&] { return hipEventQuery(event); });
    measure("hipEventSynchronize (done)", [&] { return hipEventSynchronize(event); });
    measure("hipEventElapsedTime",
            [&] { return hipEventElapsedTime(&milliseconds, first, last); });
    measure("hipStreamWaitEvent (done)", [&] { return hipStreamWaitEvent(stream, event, 0); });

    measure("hipMalloc, 4 KiB", [&] { return hipMalloc(&made, small); },
            [&] { CHECK(hipFree(made)); });
    CHECK(hipMalloc(&made, small));
    measure("hipFree, 4 KiB", [&] { return hipFree(made); },
            [&] { CHECK(hipMalloc(&made, small)); });
    measure("hipMallocAsync, 4 KiB", [&] { return hipMallocAsync(&made, small, stream); },
            [&] { CHECK(hipFreeAsync(made, stream)); });
    measure("hipMemGetInfo", [&] { return hipMemGetInfo(&size, &total); });
    measure("hipPointerGetAttributes", [&] { return hipPointerGetAttributes(&attributes, a); });
    measure("hipPointerGetAttributes (host)",
            [&] { return hipPointerGetAttributes(&attributes, host.data()); });
    measure("hipMemGetAddressRange", [&] { return hipMemGetAddressRange(&made, &size, a); });
    measure("hipMemcpy to device, 4 KiB",
            [&] { return hipMemcpy(a, host.data(), small, hipMemcpyHostToDevice); });
    measure("hipMemcpy to host, 4 KiB",
            [&] { return hipMemcpy(host.data(), a, small, hipMemcpyDeviceToHost); });
    measure("hipMemcpy on device, 4 KiB",
            [&] { return hipMemcpy(b, a, small, hipMemcpyDeviceToDevice); });
    measure("hipMemcpyAsync from pinned, 4 KiB", [&] {
        return hipMemcpyAsync(a, pinned, small, hipMemcpyHostToDevice, stream);
    });
    measure("hipMemcpyAsync on device, 4 KiB", [&] {
        return hipMemcpyAsync(b, a, small, hipMemcpyDeviceToDevice, stream);
    });
    measure("hipMemsetAsync, 4 KiB", [&] { return hipMemsetAsync(a, 1, small, stream); });
    measure("hipMemset, 4 KiB", [&] { return hipMemset(a, 1, small); });

    auto function = reinterpret_cast<const void *>(scale);
    measure("hipFuncGetAttributes",
            [&] { return hipFuncGetAttributes(&kernel_attributes, function); });
    measure("hipOccupancyMaxActiveBlocksPerMultiprocessor", [&] {
        return hipOccupancyMaxActiveBlocksPerMultiprocessor(&value, function, 256, 0);
    });
    measure("hipOccupancyMaxPotentialBlockSize", [&] {
        return hipOccupancyMaxPotentialBlockSize(&value, &count, function, 0, 0);
    });
    hipFunction_t by_symbol;
    measure("hipGetFuncBySymbol", [&] { return hipGetFuncBySymbol(&by_symbol, function); });

    auto drain = [&] { CHECK(hipStreamSynchronize(stream)); };
    measure("launch, and the stream idle again", [&] {
        empty<<<1, 64, 0, stream>>>();
        return hipStreamSynchronize(stream);
    });
    measure("launch of an empty kernel", [&] {
        empty<<<1, 64, 0, stream>>>();
        return hipGetLastError();
    }, drain);
    int behind = 0;
    measure("launch behind others", [&] {
        scale<<<1, 64, 0, stream>>>(static_cast<float *>(a), 1, 64);
        return hipGetLastError();
    }, [&] {
        if (++behind % 64 == 0)
            drain();
    });
    measure("hipEventRecord (busy stream)", [&] { return hipEventRecord(event, stream); }, [&] {
        drain();
        empty<<<1, 64, 0, stream>>>();
    });
    drain();
    hipStream_t blocking;
    CHECK(hipStreamCreate(&blocking));
    measure("launch and hipMemcpy in turn", [&] {
        empty<<<1, 64, 0, blocking>>>();
        return hipMemcpy(host.data(), a, small, hipMemcpyDeviceToHost);
    });
    CHECK(hipStreamDestroy(blocking));

    const size_t large = 256u << 20;
    std::vector<char> from(large, 1), to(large);
    CHECK(hipMalloc(&made, large));
    long best = 0, plain = 0;
    for (int round = 0; round < 5; ++round) {
        long begun = now();
        CHECK(hipMemcpy(made, from.data(), large, hipMemcpyHostToDevice));
        long rate = large * 1000L / (now() - begun);
        best = std::max(best, rate);
        begun = now();
        memcpy(to.data(), from.data(), large);
        __asm__ volatile("" ::"r"(to.data()) : "memory");
        plain = std::max(plain, (long)(large * 1000L / (now() - begun)));
    }
    printf("MB/s\thipMemcpy, 256 MiB\t%ld\nMB/s\tmemcpy, 256 MiB\t%ld\n", best, plain);
    fflush(stdout);
}

int main()
{
    std::thread(run).join();
    return 0;
}
