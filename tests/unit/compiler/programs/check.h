// How the programs here compare and report: one line per check that fails, the count as exit code.
#pragma once
#include <cmath>
#include <cstdio>
#include <cstring>

static int failures;

template <typename T>
static void expect(const char *what, int index, T expected, T found)
{
    if (memcmp(&expected, &found, sizeof(T)) == 0 || expected == found)
        return;
    if (failures++ < 10)
        printf("%s [%d]: expected %.17g, found %.17g\n", what, index, (double)expected,
               (double)found);
}

static void expect_near(const char *what, int index, double expected, double found, double relative)
{
    if (expected == found || std::fabs(expected - found) <= relative * std::fabs(expected) ||
        (std::isnan(expected) && std::isnan(found)))
        return;
    if (failures++ < 10)
        printf("%s [%d]: expected %.17g, found %.17g\n", what, index, expected, found);
}

static int verdict()
{
    cudaError_t error = cudaDeviceSynchronize();
    if (error != cudaSuccess)
        printf("%s\n", cudaGetErrorString(error));
    printf(failures == 0 && error == cudaSuccess ? "PASS\n" : "FAIL %d\n", failures);
    return failures != 0 || error != cudaSuccess;
}

template <typename T, int N>
struct Managed {
    T *data;
    Managed()
    {
        cudaMallocManaged(&data, N * sizeof(T));
        memset(data, 0, N * sizeof(T));
    }
    ~Managed() { cudaFree(data); }
    operator T *() { return data; }
};
