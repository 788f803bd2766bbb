// Real calls in device code: recursion, functions through pointers, virtual functions, and an array
// indexed by what is only known at run time.

#include <cuda_runtime.h>

#include <cstdio>
#include <cstdlib>

const int threads = 64;

__device__ __noinline__ unsigned fibonacci(unsigned n)
{
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

typedef int (*Operation)(int, int);

__device__ __noinline__ int plus(int a, int b) { return a + b; }
__device__ __noinline__ int times(int a, int b) { return a * b; }

struct Shape {
    __device__ virtual float area() const = 0;
};

struct Square : Shape {
    float side;
    __device__ explicit Square(float s) : side(s) {}
    __device__ float area() const override { return side * side; }
};

struct Triangle : Shape {
    float base, height;
    __device__ Triangle(float b, float h) : base(b), height(h) {}
    __device__ float area() const override { return base * height / 2; }
};

struct Result {
    unsigned recursive;
    int indirect;
    float area;
    int history;
};

__global__ void call(Result *results)
{
    int t = threadIdx.x;
    Operation operations[2] = {plus, times};
    Square square(t);
    Triangle triangle(t, 3);
    const Shape *shape = &square;
    if (t % 3 == 0)
        shape = &triangle;
    int history[16];
    for (int i = 0; i < 16; i++)
        history[(i * 7 + t) % 16] = i;

    results[t].recursive = fibonacci(t % 12);
    results[t].indirect = operations[t % 2](t, 3);
    results[t].area = shape->area();
    results[t].history = history[t * t % 16];
}

int main()
{
    const unsigned fibonaccis[12] = {0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89};
    Result *device, host[threads];
    if (cudaMalloc((void **)&device, sizeof host) || cudaMemset(device, 0xFF, sizeof host))
        return 2;
    call<<<1, threads>>>(device);
    cudaError_t status = cudaGetLastError();
    if (status == cudaSuccess)
        status = cudaMemcpy(host, device, sizeof host, cudaMemcpyDeviceToHost);
    if (status != cudaSuccess) {
        printf("%s\n", cudaGetErrorString(status));
        return 2;
    }
    cudaFree(device);

    int recursive = 0, indirect = 0, virtually = 0, indexed = 0;
    for (int t = 0; t < threads; t++) {
        int history = -1;
        for (int i = 0; i < 16; i++)
            if ((i * 7 + t) % 16 == t * t % 16)
                history = i;
        recursive += host[t].recursive != fibonaccis[t % 12];
        indirect += host[t].indirect != (t % 2 ? t * 3 : t + 3);
        virtually += host[t].area != (t % 3 == 0 ? t * 1.5f : float(t * t));
        indexed += host[t].history != history;
    }
    bool passed = recursive + indirect + virtually + indexed == 0;
    printf("wrong of %d: recursion %d, pointers %d, virtual %d, array %d, %s\n", threads, recursive,
           indirect, virtually, indexed, passed ? "PASSED" : "FAILED");
    return passed ? EXIT_SUCCESS : EXIT_FAILURE;
}
