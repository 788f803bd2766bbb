// A program of the kind people write: it bins particles into cells, finds neighbours, and reduces
// energies, with templates, constant memory, dynamic shared memory, 2-D grids, divergent loops,
// barriers in loops, compare-and-swap, doubles and printf. It checks itself against the host.
#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#define CHECK(call)                                                                        \
    do {                                                                                   \
        cudaError_t status = (call);                                                       \
        if (status != cudaSuccess) {                                                       \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call,                  \
                    cudaGetErrorString(status));                                           \
            exit(1);                                                                       \
        }                                                                                  \
    } while (0)

constexpr int CELLS = 16;
constexpr int BLOCK = 128;

struct Settings {
    float cutoff;
    int steps;
    double weights[8];
};

__constant__ Settings settings;
__device__ int overflow_count;

template <typename T>
struct Sum {
    __host__ __device__ T operator()(T a, T b) const { return a + b; }
    static constexpr T identity = T(0);
};

template <typename T>
struct Maximum {
    __host__ __device__ T operator()(T a, T b) const { return a > b ? a : b; }
    static constexpr T identity = T(-1e30);
};

struct __align__(16) Particle {
    float3 position;
    float mass;
};

__device__ double atomic_maximum(double *place, double value)
{
    unsigned long long *bits = reinterpret_cast<unsigned long long *>(place);
    unsigned long long old = *bits;
    while (__longlong_as_double(old) < value) {
        unsigned long long seen = old;
        old = atomicCAS(bits, seen, static_cast<unsigned long long>(__double_as_longlong(value)));
        if (old == seen)
            break;
    }
    return __longlong_as_double(old);
}

template <typename T, template <typename> class Op, int SIZE>
__device__ T reduce_block(T value)
{
    extern __shared__ unsigned char raw[];
    T *scratch = reinterpret_cast<T *>(raw);
    Op<T> op;
    int tid = threadIdx.x;
    scratch[tid] = value;
    __syncthreads();
    for (int stride = SIZE / 2; stride > 0; stride >>= 1) {
        if (tid < stride)
            scratch[tid] = op(scratch[tid], scratch[tid + stride]);
        __syncthreads();
    }
    T result = scratch[0];
    __syncthreads();
    return result;
}

__global__ void bin(const Particle *particles, int n, int *heads, int *next)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    float3 p = particles[i].position;
    int cx = min(max(static_cast<int>(p.x * CELLS), 0), CELLS - 1);
    int cy = min(max(static_cast<int>(p.y * CELLS), 0), CELLS - 1);
    next[i] = atomicExch(&heads[cy * CELLS + cx], i);
}

__global__ void count_neighbours(const Particle *particles, const int *heads, const int *next,
                                 int *found)
{
    int cx = blockIdx.x * blockDim.x + threadIdx.x, cy = blockIdx.y * blockDim.y + threadIdx.y;
    if (cx >= CELLS || cy >= CELLS)
        return;
    float limit = settings.cutoff * settings.cutoff;
    for (int i = heads[cy * CELLS + cx]; i >= 0; i = next[i]) {
        int count = 0;
        for (int dy = -1; dy <= 1; ++dy)
            for (int dx = -1; dx <= 1; ++dx) {
                int x = cx + dx, y = cy + dy;
                if (x < 0 || y < 0 || x >= CELLS || y >= CELLS)
                    continue;
                for (int j = heads[y * CELLS + x]; j >= 0; j = next[j]) {
                    float ex = particles[i].position.x - particles[j].position.x;
                    float ey = particles[i].position.y - particles[j].position.y;
                    if (j != i && ex * ex + ey * ey < limit)
                        ++count;
                    if (count > 1000000) {
                        atomicAdd(&overflow_count, 1);
                        return;
                    }
                }
            }
        found[i] = count;
    }
}

template <template <typename> class Op>
__global__ void __launch_bounds__(BLOCK) energies(const Particle *particles, int n, double *total,
                                                  double *largest)
{
    double energy = 0;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
        double x = particles[i].position.z;
        double series = 0;
        for (int k = 0; k < 8; ++k) {
            if (k >= settings.steps)
                break;
            series = fma(series, x, settings.weights[k]);
        }
        energy += particles[i].mass * sqrt(fabs(series)) * exp(-x);
    }
    double sum = reduce_block<double, Op, BLOCK>(energy);
    double top = reduce_block<double, Maximum, BLOCK>(energy);
    if (threadIdx.x == 0) {
        atomicAdd(total, sum);
        atomic_maximum(largest, top);
        if (blockIdx.x == 0)
            printf("block %d of %d: sum %.3f, %s\n", blockIdx.x, gridDim.x, sum,
                   top > 0 ? "positive" : "not positive");
    }
}

int main(int argc, char **argv)
{
    int n = argc > 1 ? atoi(argv[1]) : 3000;
    std::vector<Particle> particles(n);
    srand(7);
    auto uniform = [] { return static_cast<float>(rand() / (RAND_MAX + 1.0)); };
    for (auto &p : particles)
        p = {make_float3(uniform(), uniform(), uniform()), 1 + uniform()};

    Settings chosen = {0.05f, 6, {0.5, -0.25, 0.125, 2, -1, 0.75, 9, 9}};
    CHECK(cudaMemcpyToSymbol(settings, &chosen, sizeof(chosen)));

    Particle *device;
    int *heads, *next, *found;
    double *results;
    CHECK(cudaMalloc(&device, n * sizeof(Particle)));
    CHECK(cudaMalloc(&heads, CELLS * CELLS * sizeof(int)));
    CHECK(cudaMalloc(&next, n * sizeof(int)));
    CHECK(cudaMalloc(&found, n * sizeof(int)));
    CHECK(cudaMalloc(&results, 2 * sizeof(double)));
    CHECK(cudaMemcpy(device, particles.data(), n * sizeof(Particle), cudaMemcpyHostToDevice));
    CHECK(cudaMemset(heads, 0xff, CELLS * CELLS * sizeof(int)));
    double start[2] = {0, -1e300};
    CHECK(cudaMemcpy(results, start, sizeof(start), cudaMemcpyHostToDevice));

    bin<<<(n + BLOCK - 1) / BLOCK, BLOCK>>>(device, n, heads, next);
    dim3 block(8, 4), grid((CELLS + 7) / 8, (CELLS + 3) / 4);
    count_neighbours<<<grid, block>>>(device, heads, next, found);
    energies<Sum><<<4, BLOCK, BLOCK * sizeof(double)>>>(device, n, results, results + 1);
    CHECK(cudaGetLastError());
    CHECK(cudaDeviceSynchronize());

    std::vector<int> counts(n);
    double sums[2];
    int overflows = -1;
    CHECK(cudaMemcpy(counts.data(), found, n * sizeof(int), cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpy(sums, results, sizeof(sums), cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpyFromSymbol(&overflows, overflow_count, sizeof(int)));

    long wrong = overflows;
    double expected = 0;
    for (int i = 0; i < n; ++i) {
        int count = 0;
        for (int j = 0; j < n; ++j) {
            float ex = particles[i].position.x - particles[j].position.x;
            float ey = particles[i].position.y - particles[j].position.y;
            count += j != i && ex * ex + ey * ey < chosen.cutoff * chosen.cutoff;
        }
        wrong += std::abs(count - counts[i]) > 1;
        double series = 0, x = particles[i].position.z;
        for (int k = 0; k < chosen.steps; ++k)
            series = series * x + chosen.weights[k];
        expected += particles[i].mass * std::sqrt(std::fabs(series)) * std::exp(-x);
    }
    bool close = std::fabs(sums[0] - expected) < 1e-9 * expected;
    printf("sum %.6f, expected %.6f, wrong counts %ld\n", sums[0], expected, wrong);
    assert(sums[1] <= sums[0]);
    printf(close && wrong == 0 ? "PASS\n" : "FAIL\n");
    for (void *place : {(void *)device, (void *)heads, (void *)next, (void *)found, (void *)results})
        CHECK(cudaFree(place));
    return close && wrong == 0 ? 0 : 1;
}
