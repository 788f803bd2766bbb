// The benchmarks as CUDA kernels: what anyroc compiles for the GPU and runs on the CPU.
//
//     kernels NAME SIZES...

#include <cuda_runtime.h>

#include "measure.h"

#define CHECK(call)                                                                              \
    do {                                                                                         \
        cudaError_t status = (call);                                                             \
        if (status != cudaSuccess) {                                                             \
            fprintf(stderr, "%s: %s\n", #call, cudaGetErrorString(status));                      \
            exit(1);                                                                             \
        }                                                                                        \
    } while (0)

const unsigned full_warp = 0xFFFFFFFF;

__global__ void add(int n, const float *a, const float *b, float *c)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        c[i] = a[i] + b[i];
}

__global__ void matmul_naive(int n, const float *a, const float *b, float *c)
{
    int column = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y * blockDim.y + threadIdx.y;
    float sum = 0;
    for (int k = 0; k < n; k++)
        sum += a[row * n + k] * b[k * n + column];
    c[row * n + column] = sum;
}

__global__ void matmul_tiled(int n, const float *a, const float *b, float *c)
{
    __shared__ float tile_a[16][16], tile_b[16][16];
    int x = threadIdx.x, y = threadIdx.y;
    int row = blockIdx.y * 16 + y, column = blockIdx.x * 16 + x;
    float sum = 0;
    for (int start = 0; start < n; start += 16) {
        tile_a[y][x] = a[row * n + start + x];
        tile_b[y][x] = b[(start + y) * n + column];
        __syncthreads();
        for (int k = 0; k < 16; k++)
            sum += tile_a[y][k] * tile_b[k][x];
        __syncthreads();
    }
    c[row * n + column] = sum;
}

__global__ void mandelbrot(int width, int height, int most, unsigned *counts)
{
    int column = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y * blockDim.y + threadIdx.y;
    if (column >= width || row >= height)
        return;
    float cx = -2.2f + 3.2f * column / width, cy = -1.2f + 2.4f * row / height;
    float x = 0, y = 0;
    int steps = 0;
    while (steps < most && x * x + y * y < 4) {
        float next = x * x - y * y + cx;
        y = 2 * x * y + cy;
        x = next;
        steps++;
    }
    counts[row * width + column] = steps;
}

__global__ void fma_chain(int steps, const float *a, float *c)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    float x = a[i], y = x + 1;
    for (int step = 0; step < steps; step++) {
        x = x * 0.999f + 0.001f;
        y = y * 0.998f + 0.002f;
    }
    c[i] = x + y;
}

__global__ void fma_unrolled(int steps, const float *a, float *c)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    float x = a[i], y = x + 1;
#pragma unroll 16
    for (int step = 0; step < steps; step++) {
        x = x * 0.999f + 0.001f;
        y = y * 0.998f + 0.002f;
    }
    c[i] = x + y;
}

__global__ void reduction(int n, const float *in, float *out)
{
    __shared__ float of_warp[32];
    float sum = 0;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        sum += in[i];
    for (int offset = 16; offset > 0; offset /= 2)
        sum += __shfl_down_sync(full_warp, sum, offset);
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    if (lane == 0)
        of_warp[warp] = sum;
    __syncthreads();
    if (warp == 0) {
        sum = lane < blockDim.x / 32 ? of_warp[lane] : 0;
        for (int offset = 16; offset > 0; offset /= 2)
            sum += __shfl_down_sync(full_warp, sum, offset);
        if (lane == 0)
            out[blockIdx.x] = sum;
    }
}

__device__ float reduce_block(float value, bool maximum)
{
    __shared__ float of_warp[8];
    for (int distance = 16; distance > 0; distance /= 2) {
        float other = __shfl_xor_sync(full_warp, value, distance);
        value = maximum ? fmaxf(value, other) : value + other;
    }
    __syncthreads();
    if (threadIdx.x % 32 == 0)
        of_warp[threadIdx.x / 32] = value;
    __syncthreads();
    value = of_warp[0];
    for (int warp = 1; warp < 8; warp++)
        value = maximum ? fmaxf(value, of_warp[warp]) : value + of_warp[warp];
    return value;
}

__global__ void softmax(int columns, const float *in, float *out)
{
    in += (size_t)blockIdx.x * columns;
    out += (size_t)blockIdx.x * columns;
    float largest = -INFINITY, sum = 0;
    for (int i = threadIdx.x; i < columns; i += 256)
        largest = fmaxf(largest, in[i]);
    largest = reduce_block(largest, true);
    for (int i = threadIdx.x; i < columns; i += 256) {
        float value = expf(in[i] - largest);
        out[i] = value;
        sum += value;
    }
    sum = reduce_block(sum, false);
    for (int i = threadIdx.x; i < columns; i += 256)
        out[i] /= sum;
}

__global__ void nbody(int n, const float4 *bodies, float *out)
{
    __shared__ float4 shared[256];
    int i = blockIdx.x * 256 + threadIdx.x;
    float4 here = bodies[i];
    float fx = 0, fy = 0, fz = 0;
    for (int start = 0; start < n; start += 256) {
        shared[threadIdx.x] = bodies[start + threadIdx.x];
        __syncthreads();
        for (int k = 0; k < 256; k++) {
            float4 other = shared[k];
            float dx = other.x - here.x, dy = other.y - here.y, dz = other.z - here.z;
            float inverse = 1.0f / sqrtf(dx * dx + dy * dy + dz * dz + 0.01f);
            float strength = other.w * inverse * inverse * inverse;
            fx += strength * dx;
            fy += strength * dy;
            fz += strength * dz;
        }
        __syncthreads();
    }
    out[i] = fx + fy + fz;
}

__global__ void histogram(int n, const unsigned char *data, unsigned *total)
{
    __shared__ unsigned count[256];
    count[threadIdx.x] = 0;
    __syncthreads();
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        atomicAdd(&count[data[i]], 1u);
    __syncthreads();
    atomicAdd(&total[threadIdx.x], count[threadIdx.x]);
}

__global__ void transpose(int n, const float *a, float *c)
{
    __shared__ float tile[16][17];
    int x = blockIdx.x * 16, y = blockIdx.y * 16;
    tile[threadIdx.y][threadIdx.x] = a[(y + threadIdx.y) * n + x + threadIdx.x];
    __syncthreads();
    c[(x + threadIdx.y) * n + y + threadIdx.x] = tile[threadIdx.x][threadIdx.y];
}

__global__ void stencil(int n, const float *a, float *c)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x == 0 || y == 0 || x >= n - 1 || y >= n - 1)
        return;
    int i = y * n + x;
    c[i] = a[i] + 0.2f * (a[i - n] + a[i + n] + a[i - 1] + a[i + 1] - 4 * a[i]);
}

static const char *name;
static int size[3];
static float *a, *b, *c;
static unsigned char *bytes;
static unsigned *counts;

static bool is(const char *other)
{
    return strcmp(name, other) == 0;
}

static void launch()
{
    int n = size[0];
    dim3 square(16, 16), squares((n + 15) / 16, (n + 15) / 16);
    dim3 lines(64, 4), tiles((n + 63) / 64, (n + 3) / 4);
    if (is("add"))
        add<<<(n + 255) / 256, 256>>>(n, a, b, c);
    else if (is("matmul_naive"))
        matmul_naive<<<squares, square>>>(n, a, b, c);
    else if (is("matmul_tiled"))
        matmul_tiled<<<squares, square>>>(n, a, b, c);
    else if (is("mandelbrot"))
        mandelbrot<<<dim3((n + 63) / 64, (size[1] + 3) / 4), lines>>>(n, size[1], size[2], counts);
    else if (is("fma_chain"))
        fma_chain<<<n / 256, 256>>>(size[1], a, c);
    else if (is("fma_unrolled"))
        fma_unrolled<<<n / 256, 256>>>(size[1], a, c);
    else if (is("reduction"))
        reduction<<<256, 256>>>(n, a, c);
    else if (is("softmax"))
        softmax<<<n, 256>>>(size[1], a, c);
    else if (is("nbody"))
        nbody<<<n / 256, 256>>>(n, (const float4 *)a, c);
    else if (is("histogram")) {
        CHECK(cudaMemsetAsync(counts, 0, 256 * sizeof *counts));
        histogram<<<64, 256>>>(n, bytes, counts);
    } else if (is("transpose"))
        transpose<<<squares, square>>>(n, a, c);
    else if (is("stencil"))
        stencil<<<tiles, lines>>>(n, a, c);
    else {
        fprintf(stderr, "no benchmark is called %s\n", name);
        exit(2);
    }
}

static void run(int repeats)
{
    for (int i = 0; i < repeats; i++)
        launch();
    CHECK(cudaGetLastError());
    CHECK(cudaDeviceSynchronize());
}

template <typename T> static T *upload(size_t count, unsigned start, float scale)
{
    T *device, *host = (T *)malloc(count * sizeof(T));
    for (size_t i = 0; i < count; i++)
        host[i] = (T)(scale * input(unsigned(i) + start));
    CHECK(cudaMalloc((void **)&device, count * sizeof(T)));
    CHECK(cudaMemcpy(device, host, count * sizeof(T), cudaMemcpyHostToDevice));
    free(host);
    return device;
}

template <typename T> static double sum(const T *device, size_t count, bool by_index)
{
    T *host = (T *)malloc(count * sizeof(T));
    CHECK(cudaMemcpy(host, device, count * sizeof(T), cudaMemcpyDeviceToHost));
    double total = 0;
    for (size_t i = 0; i < count; i++)
        total += by_index ? (double)i * host[i] : (double)host[i];
    free(host);
    return total;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: kernels NAME SIZES...\n");
        return 2;
    }
    name = argv[1];
    for (int i = 2; i < argc && i < 5; i++)
        size[i - 2] = atoi(argv[i]);

    size_t n = size[0], in = n, out = n;
    if (is("matmul_naive") || is("matmul_tiled") || is("transpose") || is("stencil"))
        in = out = n * n;
    else if (is("softmax"))
        in = out = n * size[1];
    else if (is("nbody"))
        in = 4 * n;
    else if (is("reduction"))
        out = 256;

    bool counting = is("mandelbrot") || is("histogram");
    if (counting) {
        out = is("histogram") ? 256 : n * size[1];
        CHECK(cudaMalloc((void **)&counts, out * sizeof *counts));
    } else {
        a = upload<float>(in, 0, 1);
        c = upload<float>(out, 0, 1);
    }
    if (is("add") || is("matmul_naive") || is("matmul_tiled"))
        b = upload<float>(in, 1, 1);
    if (is("histogram"))
        bytes = upload<unsigned char>(n, 0, 256);

    struct timing timing = measure(run);
    report(timing, counting ? sum(counts, out, is("histogram"))
                            : sum(c, is("transpose") ? n : out, false));
    return 0;
}
