// Matrix multiplication, C = A * B, in tiles: a block loads a tile of A and of B into shared memory
// once, and each of its threads reads them from there TILE times.
//
//     matmul [size]           (square)
//     matmul [m] [n] [k]      (C is m x n, A is m x k, B is k x n)

#include <cuda_runtime.h>

#include "common.h"

template <int TILE>
__global__ void matmul(int m, int n, int k, const float *a, const float *b, float *c)
{
    __shared__ float tile_a[TILE][TILE];
    __shared__ float tile_b[TILE][TILE];
    int x = threadIdx.x, y = threadIdx.y;
    int row = blockIdx.y * TILE + y, column = blockIdx.x * TILE + x;

    float sum = 0;
    for (int start = 0; start < k; start += TILE) {
        tile_a[y][x] = row < m && start + x < k ? a[row * k + start + x] : 0;
        tile_b[y][x] = start + y < k && column < n ? b[(start + y) * n + column] : 0;
        __syncthreads();
        for (int i = 0; i < TILE; i++)
            sum += tile_a[y][i] * tile_b[i][x];
        __syncthreads();
    }
    if (row < m && column < n)
        c[row * n + column] = sum;
}

std::vector<float> multiply(int m, int n, int k, const std::vector<float> &a,
                            const std::vector<float> &b)
{
    std::vector<float> c(size_t(m) * n);
    for (int row = 0; row < m; row++)
        for (int i = 0; i < k; i++)
            for (int column = 0; column < n; column++)
                c[size_t(row) * n + column] += a[size_t(row) * k + i] * b[size_t(i) * n + column];
    return c;
}

int main(int argc, char **argv)
{
    int m = argument(argc, argv, 1, 512);
    int n = argument(argc, argv, 2, m), k = argument(argc, argv, 3, m);
    std::vector<float> a(size_t(m) * k), b(size_t(k) * n);
    Random random(2);
    for (float &value : a)
        value = random.uniform(-1, 1);
    for (float &value : b)
        value = random.uniform(-1, 1);

    const int tile = 16;
    Buffer<float> device_a(a), device_b(b), device_c(size_t(m) * n);
    cudaEvent_t start, stop;
    CHECK(cudaEventCreate(&start));
    CHECK(cudaEventCreate(&stop));
    CHECK(cudaEventRecord(start));
    dim3 grid(divide_up(n, tile), divide_up(m, tile)), block(tile, tile);
    matmul<tile><<<grid, block>>>(m, n, k, device_a, device_b, device_c);
    CHECK(cudaEventRecord(stop));
    CHECK(cudaEventSynchronize(stop));
    float milliseconds;
    CHECK(cudaEventElapsedTime(&milliseconds, start, stop));
    CHECK(cudaEventDestroy(start));
    CHECK(cudaEventDestroy(stop));

    double error = max_error(device_c.read(), multiply(m, n, k, a, b));
    printf("matmul: %d x %d x %d, %.2f GFLOP/s, max error %.1e", m, n, k,
           2e-6 * m * n * k / milliseconds, error);
    return verdict(error < 1e-4);
}
