// Trials of what goes wrong or goes on for long: soak TRIAL COUNT. Each prints "fine" or what is not.
#include <hip/hip_runtime.h>

#include <atomic>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

static std::atomic<int> problems{0};

static void problem(const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    if (problems++ < 10) {
        std::vprintf(text, arguments);
        std::printf("\n");
        std::fflush(stdout);
    }
    va_end(arguments);
}

static void is(const char *what, hipError_t actual, hipError_t expected, int line)
{
    if (actual != expected)
        problem("%s: %s instead of %s (line %d)", what, hipGetErrorName(actual),
                hipGetErrorName(expected), line);
}
#define IS(call, expected) is(#call, call, expected, __LINE__)
#define GOOD(call) IS(call, hipSuccess)

__global__ void empty() {}
__global__ void add(int *to, int value) { atomicAdd(to, value); }
__global__ void fill(int *to, int value, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        to[i] = value;
}
__global__ void when(volatile int *flag, int *to)
{
    while (!*flag) {}
    *to = 42;
}

// Pages of this process that are in memory and that no other shares, in KiB.
static long resident()
{
    long pages = 0, shared = 0;
    FILE *file = std::fopen("/proc/self/statm", "r");
    if (!file || std::fscanf(file, "%*d %ld %ld", &pages, &shared) != 2)
        problem("/proc/self/statm cannot be read");
    if (file)
        std::fclose(file);
    return (pages - shared) * sysconf(_SC_PAGESIZE) / 1024;
}

static size_t available()
{
    size_t unused = 0, total = 0;
    GOOD(hipMemGetInfo(&unused, &total));
    return unused;
}

// Do something `count` times (a multiple of 16) and see that, once warm, it leaves nothing behind.
// Kernels are optimised before they run (ANYROC_OPT), so that no compiler comes later.
template <typename Body>
static void flat(int count, Body body)
{
    count &= ~15;
    for (int i = 0; i < ((count / 4 + 100) & ~15); i++)
        body(i);
    GOOD(hipDeviceSynchronize());
    size_t memory = available();
    long before = resident();
    for (int i = 0; i < count; i++)
        body(i);
    GOOD(hipDeviceSynchronize());
    long grown = resident() - before;
    if (grown > 4096)
        problem("%d rounds left %ld KiB behind", count, grown);
    if (available() != memory)
        problem("%zu bytes of device memory are gone", memory - available());
}

static void launches(int count)
{
    int *sum, seen = 0;
    GOOD(hipMalloc(&sum, sizeof(int)));
    GOOD(hipMemset(sum, 0, sizeof(int)));
    int done = 0;
    flat(count, [&](int i) {
        add<<<1, 1>>>(sum, 1);
        done++;
        if (i % 1000 == 0)
            GOOD(hipDeviceSynchronize());
    });
    GOOD(hipMemcpy(&seen, sum, sizeof(int), hipMemcpyDeviceToHost));
    if (seen != done)
        problem("%d of %d launches ran", seen, done);
    GOOD(hipFree(sum));
}

static void handles(int count)
{
    flat(count, [](int) {
        hipStream_t stream;
        hipEvent_t event;
        hipGraph_t graph;
        GOOD(hipStreamCreate(&stream));
        GOOD(hipEventCreate(&event));
        GOOD(hipEventRecord(event, stream));
        GOOD(hipGraphCreate(&graph, 0));
        GOOD(hipGraphDestroy(graph));
        GOOD(hipEventSynchronize(event));
        GOOD(hipEventDestroy(event));
        GOOD(hipStreamDestroy(stream));
    });
}

static void allocations(int count)
{
    std::mt19937 random(7);
    std::map<void *, size_t> held;
    flat(count, [&](int i) {
        void *place = nullptr;
        size_t size = size_t(1) << random() % 18;
        GOOD(i % 2 ? hipMalloc(&place, size) : hipMallocAsync(&place, size, nullptr));
        if (!held.emplace(place, size).second)
            problem("memory was given out twice");
        if (i % 16 == 15) {
            for (auto &[address, bytes] : held)
                GOOD(hipFree(address));
            held.clear();
        }
    });
}

static void graphs(int count)
{
    int *sum, seen = 0, value = 3, done = 0;
    GOOD(hipMalloc(&sum, sizeof(int)));
    GOOD(hipMemset(sum, 0, sizeof(int)));
    hipGraph_t graph;
    hipGraphExec_t ready;
    hipGraphNode_t node;
    void *arguments[] = {&sum, &value};
    hipKernelNodeParams what = {};
    what.func = reinterpret_cast<void *>(add);
    what.gridDim = what.blockDim = dim3(1);
    what.kernelParams = arguments;
    GOOD(hipGraphCreate(&graph, 0));
    GOOD(hipGraphAddKernelNode(&node, graph, nullptr, 0, &what));
    GOOD(hipGraphInstantiate(&ready, graph, nullptr, nullptr, 0));
    flat(count, [&](int i) {
        GOOD(hipGraphLaunch(ready, nullptr));
        done++;
        if (i % 1000 == 0)
            GOOD(hipDeviceSynchronize());
    });
    GOOD(hipMemcpy(&seen, sum, sizeof(int), hipMemcpyDeviceToHost));
    if (seen != 3 * done)
        problem("%d launches made %d", done, seen);
    GOOD(hipGraphExecDestroy(ready));
    GOOD(hipGraphDestroy(graph));
    GOOD(hipFree(sum));
}

static void one_thread(int number)
{
    const int n = 1024;
    std::vector<int> back(n);
    hipStream_t stream;
    int *memory;
    GOOD(hipStreamCreateWithFlags(&stream, hipStreamNonBlocking));
    GOOD(hipMallocAsync(reinterpret_cast<void **>(&memory), n * sizeof(int), stream));
    fill<<<n / 256, 256, 0, stream>>>(memory, number, n);
    GOOD(hipMemcpyAsync(back.data(), memory, n * sizeof(int), hipMemcpyDeviceToHost, stream));
    GOOD(hipFreeAsync(memory, stream));
    GOOD(hipStreamSynchronize(stream));
    for (int value : back)
        if (value != number) {
            problem("thread %d read %d", number, value);
            break;
        }
    GOOD(hipStreamDestroy(stream));
}

static void all_at_once(int count, void (*body)(int))
{
    std::vector<std::thread> threads;
    for (int i = 0; i < count; i++)
        threads.emplace_back(body, i);
    for (std::thread &thread : threads)
        thread.join();
}

static void threads(int count)
{
    all_at_once(count, one_thread);
    all_at_once(count, one_thread);
    GOOD(hipDeviceSynchronize());
    size_t memory = available();
    long before = resident();
    all_at_once(count, one_thread);
    GOOD(hipDeviceSynchronize());
    long grown = resident() - before;
    if (grown > 4096)
        problem("%d threads left %ld KiB behind", count, grown);
    if (available() != memory)
        problem("threads left device memory behind");
}

// Threads allocate, fill, read back and free, each what it likes: nobody writes to another's memory,
// and new memory is zero.
static void one_trader(int number, int rounds)
{
    struct Holding {
        int *memory, value;
        size_t count;
    };
    std::mt19937 random(number);
    std::vector<Holding> held;
    std::vector<int> back;
    hipStream_t stream;
    GOOD(hipStreamCreateWithFlags(&stream, hipStreamNonBlocking));
    auto check = [&](const Holding &holding, int expected) {
        back.assign(holding.count, -1);
        size_t size = holding.count * sizeof(int);
        GOOD(hipMemcpyAsync(back.data(), holding.memory, size, hipMemcpyDeviceToHost, stream));
        GOOD(hipStreamSynchronize(stream));
        for (int value : back)
            if (value != expected) {
                problem("thread %d read %d instead of %d", number, value, expected);
                return;
            }
    };
    for (int round = 0; round < rounds; round++) {
        if (held.size() < 4 || (held.size() < 40 && random() % 2)) {
            Holding made = {nullptr, number * rounds + round, size_t(1) << random() % 15};
            void **place = reinterpret_cast<void **>(&made.memory);
            size_t size = made.count * sizeof(int);
            bool from_pool = random() % 2;
            GOOD(from_pool ? hipMallocAsync(place, size, stream) : hipMalloc(place, size));
            if (!made.memory)
                return;
            if (!from_pool && random() % 4 == 0)
                check(made, 0);
            fill<<<(made.count + 255) / 256, 256, 0, stream>>>(made.memory, made.value, made.count);
            held.push_back(made);
        } else {
            size_t which = random() % held.size();
            Holding ended = held[which];
            held[which] = held.back();
            held.pop_back();
            if (random() % 4)
                check(ended, ended.value);
            GOOD(random() % 2 ? hipFree(ended.memory) : hipFreeAsync(ended.memory, stream));
        }
    }
    for (const Holding &holding : held) {
        check(holding, holding.value);
        GOOD(hipFree(holding.memory));
    }
    GOOD(hipStreamDestroy(stream));
}

static void traffic(int count)
{
    size_t memory = available();
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; i++)
        threads.emplace_back(one_trader, i, count);
    for (std::thread &thread : threads)
        thread.join();
    GOOD(hipDeviceSynchronize());
    if (available() != memory)
        problem("traffic left device memory behind");
}

static void double_free(int count)
{
    for (int i = 0; i < count; i++) {
        int *memory, *host;
        hipStream_t stream;
        GOOD(hipMalloc(&memory, 256));
        GOOD(hipFree(memory));
        IS(hipFree(memory), hipErrorInvalidValue);
        GOOD(hipHostMalloc(&host, 256, 0));
        IS(hipFree(host + 4), hipErrorInvalidValue);
        GOOD(hipHostFree(host));
        IS(hipHostFree(host), hipErrorInvalidValue);
        IS(hipFree(&stream), hipErrorInvalidValue);
        GOOD(hipStreamCreate(&stream));
        GOOD(hipStreamDestroy(stream));
        IS(hipStreamDestroy(stream), hipErrorContextIsDestroyed);
        IS(hipStreamSynchronize(stream), hipErrorContextIsDestroyed);
    }
    (void)hipGetLastError();
    one_thread(5);
}

static void copy_after_free(int count)
{
    std::vector<char> host(4096);
    for (int i = 0; i < count; i++) {
        char *memory;
        GOOD(hipMalloc(&memory, 4096));
        GOOD(hipFree(memory));
        IS(hipMemcpy(host.data(), memory, 4096, hipMemcpyDeviceToHost), hipErrorInvalidValue);
        IS(hipMemset(memory, 0, 4096), hipErrorInvalidValue);
    }
    (void)hipGetLastError();
    one_thread(6);
}

// A kernel reaches memory that was freed: the error stays, calls fail, the process lives on.
static void kernel_after_free(int)
{
    int *memory, *other, value = 0;
    GOOD(hipMalloc(&memory, 64 << 20));
    GOOD(hipMalloc(&other, 4096));
    GOOD(hipFree(memory));
    fill<<<1, 64>>>(memory, 1, 64);
    IS(hipDeviceSynchronize(), hipErrorIllegalAddress);
    IS(hipMemcpy(&value, other, 4, hipMemcpyDeviceToHost), hipErrorIllegalAddress);
    IS(hipGetLastError(), hipErrorIllegalAddress);
    std::thread([] { IS(hipDeviceSynchronize(), hipErrorIllegalAddress); }).join();
}

static std::atomic<int> seen_faults{0};

static void fault_in_company(int count)
{
    all_at_once(count, [](int number) {
        int *memory;
        hipStream_t stream;
        if (hipStreamCreateWithFlags(&stream, hipStreamNonBlocking) != hipSuccess ||
            hipMalloc(&memory, 4096) != hipSuccess) {
            seen_faults++;
            return;
        }
        if (number == 3)
            memory = reinterpret_cast<int *>(16);
        fill<<<4, 256, 0, stream>>>(memory, number, 1024);
        hipError_t error = hipStreamSynchronize(stream);
        if (error == hipErrorIllegalAddress)
            seen_faults++;
        else if (error != hipSuccess)
            problem("%s", hipGetErrorName(error));
    });
    if (!seen_faults)
        problem("nobody was told of the fault");
    IS(hipDeviceSynchronize(), hipErrorIllegalAddress);
}

static void exhaustion(int count)
{
    one_thread(1);
    size_t before = available(), total = 0;
    for (int round = 0; round < count; round++) {
        std::vector<void *> held;
        void *place = nullptr;
        hipError_t error;
        while ((error = hipMalloc(&place, 32 << 20)) == hipSuccess)
            held.push_back(place), total++;
        is("hipMalloc", error, hipErrorOutOfMemory, __LINE__);
        IS(hipMallocAsync(&place, before, nullptr), hipErrorOutOfMemory);
        (void)hipGetLastError();
        if (held.size() < 2 || available() > (32 << 20))
            problem("memory ended after %zu pieces with %zu bytes left", held.size(), available());
        for (void *address : held)
            GOOD(hipFree(address));
        if (available() != before)
            problem("%zu bytes are gone", before - available());
    }
    IS(hipMalloc(reinterpret_cast<void **>(&total), ~size_t(0)), hipErrorOutOfMemory);
    (void)hipGetLastError();
    one_thread(9);
}

static void busy_stream(int count)
{
    for (int i = 0; i < count; i++) {
        int *flag, *result, *device;
        hipStream_t stream;
        GOOD(hipHostMalloc(&flag, 8, 0));
        flag[0] = flag[1] = 0;
        GOOD(hipHostGetDevicePointer(reinterpret_cast<void **>(&device), flag, 0));
        result = flag + 1;
        GOOD(hipStreamCreateWithFlags(&stream, hipStreamNonBlocking));
        when<<<1, 1, 0, stream>>>(device, device + 1);
        std::thread later([flag] {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            __atomic_store_n(flag, 1, __ATOMIC_SEQ_CST);
        });
        GOOD(hipStreamDestroy(stream));
        later.join();
        GOOD(hipDeviceSynchronize());
        if (*result != 42)
            problem("a destroyed stream's work was lost");
        GOOD(hipHostFree(flag));
    }
}

// An exception that leaves a callback has nobody to catch it: C++ ends the program by its rules.
static void callback_throws(int)
{
    std::set_terminate([] {
        std::printf(problems ? "" : "fine\n");
        std::fflush(stdout);
        _exit(problems != 0);
    });
    GOOD(hipLaunchHostFunc(nullptr, [](void *) { throw 1; }, nullptr));
    (void)hipDeviceSynchronize();
    problem("the exception was swallowed");
}

// Unloading waits for a kernel of the module that still runs.
static void unload_in_use(int count, const char *code)
{
    for (int i = 0; i < count; i++) {
        int *flag, *device;
        hipModule_t module;
        hipFunction_t function;
        hipStream_t stream;
        GOOD(hipHostMalloc(&flag, 8, 0));
        flag[0] = flag[1] = 0;
        GOOD(hipHostGetDevicePointer(reinterpret_cast<void **>(&device), flag, 0));
        GOOD(hipModuleLoad(&module, code));
        GOOD(hipModuleGetFunction(&function, module, "_Z4whenPViPi"));
        GOOD(hipStreamCreateWithFlags(&stream, hipStreamNonBlocking));
        int *result = device + 1;
        void *arguments[] = {&device, &result};
        GOOD(hipModuleLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, stream, arguments, nullptr));
        std::thread later([flag] {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            __atomic_store_n(flag, 1, __ATOMIC_SEQ_CST);
        });
        GOOD(hipModuleUnload(module));
        GOOD(hipStreamSynchronize(stream));
        later.join();
        if (flag[1] != 42)
            problem("an unloaded module's kernel was lost");
        IS(hipModuleUnload(module), hipErrorNotFound);
        if (hipModuleLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, stream, arguments, nullptr) ==
            hipSuccess)
            problem("a function of an unloaded module was launched");
        (void)hipGetLastError();
        GOOD(hipStreamDestroy(stream));
        GOOD(hipHostFree(flag));
    }
}

int main(int count, char **words)
{
    std::string trial = count > 1 ? words[1] : "";
    int rounds = count > 2 ? std::atoi(words[2]) : 1;
    const std::map<std::string, void (*)(int)> trials = {
        {"launches", launches}, {"handles", handles}, {"allocations", allocations},
        {"graphs", graphs}, {"threads", threads}, {"traffic", traffic},
        {"double-free", double_free},
        {"copy-after-free", copy_after_free}, {"kernel-after-free", kernel_after_free},
        {"fault-in-company", fault_in_company}, {"exhaustion", exhaustion},
        {"busy-stream", busy_stream}, {"callback-throws", callback_throws},
    };
    if (trial == "unload-in-use" && count > 3)
        unload_in_use(rounds, words[3]);
    else if (auto found = trials.find(trial); found != trials.end())
        found->second(rounds);
    else
        problem("there is no trial %s", trial.c_str());
    if (!problems)
        std::printf("fine\n");
    std::fflush(stdout);
    // A kernel's fault makes the exit status its own; what was found decides.
    _exit(problems != 0);
}
