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

__device__ int counter;
__global__ void empty() {}
__global__ void talkative(int say)
{
    if (say)
        printf("said\n");
}
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

static void measure_clock()
{
    std::vector<long> costs;
    for (int i = 0; i < 2000; ++i) {
        long begun = now();
        costs.push_back(now() - begun);
    }
    std::sort(costs.begin(), costs.end());
    clock_cost = costs[costs.size() / 2];
}

// Allocating: again and again, of several sizes and kinds; then much that is kept.
static void run_memory()
{
    hipStream_t stream;
    hipMemPool_t pool;
    void *made;
    CHECK(hipStreamCreateWithFlags(&stream, hipStreamNonBlocking));
    CHECK(hipDeviceGetDefaultMemPool(&pool, 0));
    auto freed = [&] { CHECK(hipFree(made)); };
    for (size_t size : {size_t(64), size_t(4096), size_t(65536), size_t(1) << 20, size_t(64) << 20}) {
        std::string name = size < 1024      ? std::to_string(size) + " B"
                           : size < 1 << 20 ? std::to_string(size >> 10) + " KiB"
                                            : std::to_string(size >> 20) + " MiB";
        measure(("hipMalloc, " + name).c_str(), [&] { return hipMalloc(&made, size); }, freed);
        CHECK(hipMalloc(&made, size));
        measure(("hipFree, " + name).c_str(), [&] { return hipFree(made); },
                [&] { CHECK(hipMalloc(&made, size)); });
        CHECK(hipFree(made));
    }
    std::vector<void *> kept;
    measure("hipMalloc, 4 KiB, all kept", [&] { return hipMalloc(&made, 4096); },
            [&] { kept.push_back(made); });
    measure("hipFree, 4 KiB, of what was kept", [&] {
        made = kept.back();
        kept.pop_back();
        return hipFree(made);
    });
    measure("launch after hipMalloc and hipFree", [&] {
        empty<<<1, 64, 0, stream>>>();
        return hipGetLastError();
    }, [&] {
        CHECK(hipMalloc(&made, 4096));
        CHECK(hipFree(made));
    });
    CHECK(hipStreamSynchronize(stream));
    measure("hipMallocAsync, 4 KiB", [&] { return hipMallocAsync(&made, 4096, stream); },
            [&] { CHECK(hipFreeAsync(made, stream)); });
    measure("hipMallocFromPoolAsync, 4 KiB",
            [&] { return hipMallocFromPoolAsync(&made, 4096, pool, stream); },
            [&] { CHECK(hipFreeAsync(made, stream)); });
    CHECK(hipMallocAsync(&made, 4096, stream));
    measure("hipFreeAsync, 4 KiB (idle stream)", [&] { return hipFreeAsync(made, stream); },
            [&] { CHECK(hipMallocAsync(&made, 4096, stream)); });
    measure("hipFreeAsync, 4 KiB (busy stream)", [&] { return hipFreeAsync(made, stream); }, [&] {
        CHECK(hipStreamSynchronize(stream));
        CHECK(hipMallocAsync(&made, 4096, stream));
        empty<<<1, 64, 0, stream>>>();
    });
    measure("hipHostMalloc, 4 KiB", [&] { return hipHostMalloc(&made, 4096, 0); },
            [&] { CHECK(hipHostFree(made)); });
    CHECK(hipHostMalloc(&made, 4096, 0));
    measure("hipHostFree, 4 KiB", [&] { return hipHostFree(made); },
            [&] { CHECK(hipHostMalloc(&made, 4096, 0)); });
    measure("hipMallocManaged, 4 KiB", [&] { return hipMallocManaged(&made, 4096, 1); }, freed);
    CHECK(hipMallocManaged(&made, 4096, 1));
    measure("hipMemPrefetchAsync", [&] { return hipMemPrefetchAsync(made, 4096, 0, stream); });
    CHECK(hipFree(made));
    size_t pitch;
    measure("hipMallocPitch, 64 x 64", [&] { return hipMallocPitch(&made, &pitch, 64, 64); }, freed);
    std::vector<char> host(4096);
    measure("hipHostRegister, 4 KiB", [&] { return hipHostRegister(host.data(), 4096, 0); },
            [&] { CHECK(hipHostUnregister(host.data())); });
    CHECK(hipHostRegister(host.data(), 4096, 0));
    measure("hipHostUnregister, 4 KiB", [&] { return hipHostUnregister(host.data()); },
            [&] { CHECK(hipHostRegister(host.data(), 4096, 0)); });
    CHECK(hipHostUnregister(host.data()));
    hipMemPool_t found;
    uint64_t threshold = 0;
    measure("hipDeviceGetDefaultMemPool", [&] { return hipDeviceGetDefaultMemPool(&found, 0); });
    measure("hipDeviceGetMemPool", [&] { return hipDeviceGetMemPool(&found, 0); });
    measure("hipMemPoolGetAttribute", [&] {
        return hipMemPoolGetAttribute(pool, hipMemPoolAttrReleaseThreshold, &threshold);
    });
    CHECK(hipStreamDestroy(stream));
}

// Copies and fills that run() has not.
static void run_copies()
{
    hipStream_t stream;
    void *a, *pinned;
    char host[4096];
    const size_t small = 4096;
    CHECK(hipStreamCreateWithFlags(&stream, hipStreamNonBlocking));
    CHECK(hipMalloc(&a, 1 << 20));
    CHECK(hipHostMalloc(&pinned, 1 << 20, 0));
    auto drain = [&] { CHECK(hipStreamSynchronize(stream)); };
    auto busy = [&] {
        drain();
        empty<<<1, 64, 0, stream>>>();
    };
    measure("hipMemcpyAsync to pinned, 4 KiB", [&] {
        return hipMemcpyAsync(pinned, a, small, hipMemcpyDeviceToHost, stream);
    });
    measure("hipMemcpyAsync from host, 4 KiB", [&] {
        return hipMemcpyAsync(a, host, small, hipMemcpyHostToDevice, stream);
    });
    busy();
    measure("hipMemcpyAsync from host, 4 KiB (busy stream)", [&] {
        return hipMemcpyAsync(a, host, small, hipMemcpyHostToDevice, stream);
    }, busy);
    measure("hipMemcpyAsync from pinned, 4 KiB (busy stream)", [&] {
        return hipMemcpyAsync(a, pinned, small, hipMemcpyHostToDevice, stream);
    }, busy);
    measure("hipMemsetAsync, 4 KiB (busy stream)",
            [&] { return hipMemsetAsync(a, 1, small, stream); }, busy);
    drain();
    measure("hipMemcpy2D to device, 64 x 64", [&] {
        return hipMemcpy2D(a, 256, host, 64, 64, 64, hipMemcpyHostToDevice);
    });
    measure("hipMemcpy2DAsync from pinned, 64 x 64", [&] {
        return hipMemcpy2DAsync(a, 256, pinned, 64, 64, 64, hipMemcpyHostToDevice, stream);
    });
    measure("hipMemset2DAsync, 64 x 64", [&] { return hipMemset2DAsync(a, 256, 1, 64, 64, stream); });
    int value = 1;
    measure("hipMemcpyToSymbol, 4 B",
            [&] { return hipMemcpyToSymbol(HIP_SYMBOL(counter), &value, sizeof value); });
    measure("hipMemcpyFromSymbol, 4 B",
            [&] { return hipMemcpyFromSymbol(&value, HIP_SYMBOL(counter), sizeof value); });
    measure("hipMemcpyPeerAsync, 4 KiB",
            [&] { return hipMemcpyPeerAsync(a, 0, (char *)a + 8192, 0, small, stream); });
    drain();
    CHECK(hipFree(a));
    CHECK(hipHostFree(pinned));
    CHECK(hipStreamDestroy(stream));
}

static hipGraphExec_t graph_of(int kernels, hipStream_t stream)
{
    hipGraph_t graph;
    hipGraphExec_t made;
    CHECK(hipStreamBeginCapture(stream, hipStreamCaptureModeThreadLocal));
    for (int i = 0; i < kernels; ++i)
        empty<<<1, 64, 0, stream>>>();
    CHECK(hipStreamEndCapture(stream, &graph));
    CHECK(hipGraphInstantiate(&made, graph, nullptr, nullptr, 0));
    CHECK(hipGraphDestroy(graph));
    return made;
}

// Streams, events, graphs, modules, and launches of other kinds.
static void run_others()
{
    hipStream_t stream, fresh, other;
    hipEvent_t event;
    CHECK(hipStreamCreateWithFlags(&stream, hipStreamNonBlocking));
    CHECK(hipStreamCreateWithFlags(&other, hipStreamNonBlocking));
    CHECK(hipEventCreate(&event));
    auto drain = [&] { CHECK(hipStreamSynchronize(stream)); };
    measure("hipStreamCreate", [&] { return hipStreamCreate(&fresh); },
            [&] { CHECK(hipStreamDestroy(fresh)); });
    measure("hipStreamCreateWithFlags",
            [&] { return hipStreamCreateWithFlags(&fresh, hipStreamNonBlocking); },
            [&] { CHECK(hipStreamDestroy(fresh)); });
    CHECK(hipStreamCreate(&fresh));
    measure("hipStreamDestroy", [&] { return hipStreamDestroy(fresh); },
            [&] { CHECK(hipStreamCreate(&fresh)); });
    CHECK(hipStreamDestroy(fresh));
    hipStreamCaptureMode mode = hipStreamCaptureModeRelaxed;
    measure("hipThreadExchangeStreamCaptureMode",
            [&] { return hipThreadExchangeStreamCaptureMode(&mode); });
    CHECK(hipThreadExchangeStreamCaptureMode(&mode));
    measure("hipStreamWaitEvent (not done)",
            [&] { return hipStreamWaitEvent(other, event, 0); }, [&] {
        drain();
        empty<<<1, 64, 0, stream>>>();
        CHECK(hipEventRecord(event, stream));
    });
    drain();
    CHECK(hipStreamSynchronize(other));
    measure("hipLaunchHostFunc", [&] { return hipLaunchHostFunc(stream, [](void *) {}, nullptr); },
            drain);

    hipGraph_t graph;
    hipGraphExec_t one = graph_of(1, stream), ten = graph_of(10, stream);
    measure("launch of a graph of 1 kernel", [&] { return hipGraphLaunch(one, stream); }, drain);
    measure("launch of a graph of 10 kernels", [&] { return hipGraphLaunch(ten, stream); }, drain);
    measure("hipGraphCreate", [&] { return hipGraphCreate(&graph, 0); },
            [&] { CHECK(hipGraphDestroy(graph)); });
    measure("hipStreamBeginCapture",
            [&] { return hipStreamBeginCapture(stream, hipStreamCaptureModeThreadLocal); }, [&] {
        CHECK(hipStreamEndCapture(stream, &graph));
        CHECK(hipGraphDestroy(graph));
    });
    CHECK(hipStreamBeginCapture(stream, hipStreamCaptureModeThreadLocal));
    measure("launch into a capture", [&] {
        empty<<<1, 64, 0, stream>>>();
        return hipGetLastError();
    }, [] {}, 400);
    CHECK(hipStreamEndCapture(stream, &graph));
    CHECK(hipGraphDestroy(graph));

    auto function = reinterpret_cast<const void *>(empty);
    measure("launch, cooperative", [&] {
        return hipLaunchCooperativeKernel(function, dim3(1), dim3(64), nullptr, 0, stream);
    }, drain);
    measure("launch by hipExtLaunchKernel, with an event", [&] {
        return hipExtLaunchKernel(function, dim3(1), dim3(64), nullptr, 0, stream, nullptr, event,
                                  0);
    }, drain);
    measure("launch of a kernel that could print", [&] {
        talkative<<<1, 64, 0, stream>>>(0);
        return hipGetLastError();
    }, drain);
    measure("hipStreamSynchronize (idle; it has a printf buffer)",
            [&] { return hipStreamSynchronize(stream); });
    measure("hipStreamSynchronize (idle; another has one)",
            [&] { return hipStreamSynchronize(other); });
    measure("hipDeviceSynchronize (idle; a stream has one)", [&] { return hipDeviceSynchronize(); });
    int value;
    unsigned flags;
    size_t size;
    char text[64];
    void *pointer;
    measure("hipFuncSetAttribute", [&] {
        return hipFuncSetAttribute(function, hipFuncAttributeMaxDynamicSharedMemorySize, 1024);
    });
    measure("hipGetSymbolAddress", [&] { return hipGetSymbolAddress(&pointer, HIP_SYMBOL(counter)); });
    measure("hipDeviceGetName", [&] { return hipDeviceGetName(text, sizeof text, 0); });
    measure("hipDeviceGetPCIBusId", [&] { return hipDeviceGetPCIBusId(text, sizeof text, 0); });
    measure("hipDeviceGetLimit", [&] { return hipDeviceGetLimit(&size, hipLimitMallocHeapSize); });
    measure("hipGetDeviceFlags", [&] { return hipGetDeviceFlags(&flags); });
    hipCtx_t context;
    hipStreamCaptureStatus capturing;
    measure("hipCtxGetCurrent", [&] { return hipCtxGetCurrent(&context); });
    CHECK(hipCtxGetCurrent(&context));
    measure("hipCtxSetCurrent", [&] { return hipCtxSetCurrent(context); });
    measure("hipCtxPushCurrent", [&] { return hipCtxPushCurrent(context); },
            [&] { CHECK(hipCtxPopCurrent(&context)); });
    unsigned long long identifier;
    measure("hipStreamGetCaptureInfo_v2", [&] {
        return hipStreamGetCaptureInfo_v2(stream, &capturing, &identifier, nullptr, nullptr,
                                          nullptr);
    });
    measure("hipStreamAddCallback", [&] {
        return hipStreamAddCallback(stream, [](hipStream_t, hipError_t, void *) {}, nullptr, 0);
    }, drain);
    measure("hipDevicePrimaryCtxGetState",
            [&] { return hipDevicePrimaryCtxGetState(0, &flags, &value); });
    CHECK(hipGraphExecDestroy(one));
    CHECK(hipGraphExecDestroy(ten));
    CHECK(hipEventDestroy(event));
    CHECK(hipStreamDestroy(stream));
    CHECK(hipStreamDestroy(other));
}

static void run()
{
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
    std::thread([] {
        measure_clock();
        run();
        run_memory();
        run_copies();
        run_others();
    }).join();
    return 0;
}
