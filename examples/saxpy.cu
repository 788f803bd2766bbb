// saxpy: y = a * x + y, the first program everyone writes for a GPU.
//
//     saxpy [elements]

#include <cuda_runtime.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

__global__ void saxpy(int n, float a, const float *x, float *y)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        y[i] = a * x[i] + y[i];
}

int main(int argc, char **argv)
{
    int n = argc > 1 ? atoi(argv[1]) : 1 << 20;
    const float a = 2.0f;

    // Small whole numbers: every product and sum is exact, so the answer must be too.
    std::vector<float> x(n), y(n), result(n);
    for (int i = 0; i < n; i++) {
        x[i] = float(i % 1000);
        y[i] = float(i % 77 + 1);
    }

    size_t bytes = n * sizeof(float);
    float *device_x, *device_y;
    cudaMalloc(&device_x, bytes);
    cudaMalloc(&device_y, bytes);
    cudaMemcpy(device_x, x.data(), bytes, cudaMemcpyHostToDevice);
    cudaMemcpy(device_y, y.data(), bytes, cudaMemcpyHostToDevice);

    saxpy<<<(n + 255) / 256, 256>>>(n, a, device_x, device_y);
    cudaError_t status = cudaDeviceSynchronize();
    if (status != cudaSuccess) {
        fprintf(stderr, "saxpy: %s\n", cudaGetErrorString(status));
        return EXIT_FAILURE;
    }

    cudaMemcpy(result.data(), device_y, bytes, cudaMemcpyDeviceToHost);
    cudaFree(device_x);
    cudaFree(device_y);

    float error = 0;
    for (int i = 0; i < n; i++)
        error = std::fmax(error, std::fabs(result[i] - (a * x[i] + y[i])));

    bool passed = error == 0;
    printf("saxpy: %d elements, max error %g, %s\n", n, error, passed ? "PASSED" : "FAILED");
    return passed ? EXIT_SUCCESS : EXIT_FAILURE;
}
