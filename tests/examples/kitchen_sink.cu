// One program with much of what CUDA programs do, and no example does: templates over types and
// sizes, constant memory, dynamic shared memory, grids in two and three dimensions, early returns
// and breaks in loops that diverge, barriers in loops, compare-and-swap loops, doubles, 64-bit
// integers, structures by value and printf.

#include <cuda_runtime.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#define CHECK(call)                                                                              \
    do {                                                                                         \
        cudaError_t status = (call);                                                             \
        if (status != cudaSuccess) {                                                             \
            printf("%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status));               \
            exit(2);                                                                             \
        }                                                                                        \
    } while (0)

static int failures = 0;

static void expect(const char *what, bool passed)
{
    printf("%-28s %s\n", what, passed ? "ok" : "WRONG");
    failures += !passed;
}

template <typename T> struct Device {
    T *data;
    size_t n;
    explicit Device(size_t count) : n(count)
    {
        CHECK(cudaMalloc(&data, n * sizeof(T)));
        CHECK(cudaMemset(data, 0xFF, n * sizeof(T)));
    }
    explicit Device(const std::vector<T> &host) : Device(host.size())
    {
        CHECK(cudaMemcpy(data, host.data(), n * sizeof(T), cudaMemcpyHostToDevice));
    }
    ~Device() { cudaFree(data); }
    std::vector<T> get() const
    {
        CHECK(cudaDeviceSynchronize());
        std::vector<T> host(n);
        CHECK(cudaMemcpy(host.data(), data, n * sizeof(T), cudaMemcpyDeviceToHost));
        return host;
    }
};

__constant__ float taps[5];
__device__ int visits = 0;

template <typename T, int RADIUS> __global__ void convolve(int w, int h, const T *in, T *out)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= w || y >= h)
        return;
    T sum = 0;
    for (int d = -RADIUS; d <= RADIUS; d++) {
        int at = x + d;
        if (at < 0)
            continue;
        if (at >= w)
            break;
        sum += T(taps[d + RADIUS]) * in[y * w + at];
    }
    out[y * w + x] = sum;
    atomicAdd(&visits, 1);
}

/// Bitonic sort of one block's elements in dynamic shared memory.
template <typename T> __global__ void sort_block(T *data)
{
    extern __shared__ __align__(16) unsigned char raw[];
    T *shared = reinterpret_cast<T *>(raw);
    int i = threadIdx.x, n = blockDim.x;
    shared[i] = data[blockIdx.x * n + i];
    __syncthreads();
    for (int size = 2; size <= n; size *= 2) {
        for (int stride = size / 2; stride > 0; stride /= 2) {
            int other = i ^ stride;
            if (other > i && (shared[i] > shared[other]) == ((i & size) == 0)) {
                T t = shared[i];
                shared[i] = shared[other];
                shared[other] = t;
            }
            __syncthreads();
        }
    }
    data[blockIdx.x * n + i] = shared[i];
}

__global__ void collatz(int n, int limit, int *steps)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    long long value = i + 1;
    for (int step = 0; step < limit; step++) {
        if (value == 1) {
            steps[i] = step;
            return;
        }
        value = value % 2 ? 3 * value + 1 : value / 2;
    }
    steps[i] = -2;
}

__device__ double add_double(double *address, double value)
{
    unsigned long long *bits = (unsigned long long *)address;
    unsigned long long old = *bits, assumed;
    do {
        assumed = old;
        double sum = value + __longlong_as_double(assumed);
        old = atomicCAS(bits, assumed, (unsigned long long)__double_as_longlong(sum));
    } while (assumed != old);
    return __longlong_as_double(old);
}

__global__ void integrate(int n, double *area)
{
    double sum = 0;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
        double x = (i + 0.5) / n;
        sum += 4.0 / (1.0 + x * x) / n;
    }
    add_double(area, sum);
}

struct Box {
    int low[3], high[3];
    __host__ __device__ bool contains(int x, int y, int z) const
    {
        int p[3] = {x, y, z};
        for (int axis = 0; axis < 3; axis++)
            if (p[axis] < low[axis] || p[axis] > high[axis])
                return false;
        return true;
    }
};

__global__ void mark(Box box, unsigned long long *bits)
{
    int z = blockIdx.z, y = blockIdx.y * blockDim.y + threadIdx.y, x = threadIdx.x;
    if (box.contains(x, y, z))
        atomicOr(&bits[z], 1ull << (y * 8 + x));
}

__global__ void greet(float value)
{
    if (threadIdx.x % 40 == 3)
        printf("thread %d of block %d says %s: %.2f\n", threadIdx.x, blockIdx.x, "hello", value);
}

template <typename T> void test_convolve(const char *what)
{
    const int w = 67, h = 41;
    const float host_taps[5] = {0.0625f, 0.25f, 0.375f, 0.25f, 0.0625f};
    int zero = 0, visited;
    CHECK(cudaMemcpyToSymbol(taps, host_taps, sizeof host_taps));
    CHECK(cudaMemcpyToSymbol(visits, &zero, sizeof zero));
    std::vector<T> in(w * h);
    for (int i = 0; i < w * h; i++)
        in[i] = T(i * 37 % 101 - 50) * 16;
    Device<T> device_in(in), out(w * h);
    convolve<T, 2><<<dim3(5, 6), dim3(16, 8)>>>(w, h, device_in.data, out.data);
    std::vector<T> result = out.get();
    CHECK(cudaMemcpyFromSymbol(&visited, visits, sizeof visited));
    bool same = visited == w * h;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            double sum = 0;
            for (int d = -2; d <= 2; d++)
                if (x + d >= 0 && x + d < w)
                    sum += double(host_taps[d + 2]) * in[y * w + x + d];
            same = same && result[y * w + x] == T(sum);
        }
    expect(what, same);
}

template <typename T> void test_sort(const char *what, int threads)
{
    const int blocks = 3;
    std::vector<T> values(blocks * threads);
    for (size_t i = 0; i < values.size(); i++)
        values[i] = T((i * 7919 + 13) % 1009) - T(500);
    Device<T> device(values);
    sort_block<T><<<blocks, threads, threads * sizeof(T)>>>(device.data);
    std::vector<T> result = device.get();
    bool sorted = true;
    double difference = 0, before = 0;
    for (size_t i = 0; i < result.size(); i++) {
        sorted = sorted && (i % threads == 0 || result[i - 1] <= result[i]);
        difference += double(result[i]) * result[i] - double(values[i]) * values[i];
        before += result[i] != values[i];
    }
    expect(what, sorted && difference == 0 && before > 0);
}

int main()
{
    test_convolve<float>("convolution of floats");
    test_convolve<double>("convolution of doubles");
    test_sort<int>("sorted ints", 256);
    test_sort<double>("sorted doubles", 128);
    test_sort<short>("sorted shorts", 1024);

    const int n = 1000;
    Device<int> steps(n);
    collatz<<<8, 128>>>(n, 150, steps.data);
    std::vector<int> host_steps = steps.get();
    bool same = true;
    for (int i = 0; i < n; i++) {
        long long value = i + 1;
        int step = 0;
        for (; step < 150 && value != 1; step++)
            value = value % 2 ? 3 * value + 1 : value / 2;
        same = same && host_steps[i] == (step < 150 ? step : -2);
    }
    expect("returns from loops", same);

    Device<double> area(std::vector<double>(1, 0.0));
    integrate<<<4, 192>>>(100000, area.data);
    expect("doubles added with CAS", std::fabs(area.get()[0] - 3.14159265358979) < 1e-9);

    Box box = {{1, 2, 0}, {6, 5, 2}};
    Device<unsigned long long> bits(std::vector<unsigned long long>(4, 0));
    mark<<<dim3(1, 2, 4), dim3(8, 4)>>>(box, bits.data);
    unsigned long long slice = 0x00007E7E7E7E0000ull;
    expect("grid in three dimensions",
           bits.get() == std::vector<unsigned long long>({slice, slice, slice, 0}));

    greet<<<2, 64>>>(1.5f);
    CHECK(cudaDeviceSynchronize());
    printf("%s\n", failures ? "FAILED" : "PASSED");
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
