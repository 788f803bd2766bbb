/* Checks of results and the choice of a device, under the names that many CUDA programs use. */
#pragma once

#include <cuda_runtime.h>

#include <cstdio>
#include <cstdlib>

#include "helper_string.h"

#ifndef MIN
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#endif
#ifndef MAX
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#endif

inline const char *_cudaGetErrorEnum(cudaError_t error) { return cudaGetErrorName(error); }
template <typename Status>
const char *_cudaGetErrorEnum(Status)
{
    return "a library's status";
}

template <typename Status>
void check(Status status, const char *call, const char *file, int line)
{
    if (static_cast<int>(status) == 0)
        return;
    fprintf(stderr, "%s:%d: error %d (%s) from %s\n", file, line, static_cast<int>(status),
            _cudaGetErrorEnum(status), call);
    exit(EXIT_FAILURE);
}
#define checkCudaErrors(call) check((call), #call, __FILE__, __LINE__)

inline void __getLastCudaError(const char *message, const char *file, int line)
{
    cudaError_t error = cudaGetLastError();
    if (error == cudaSuccess)
        return;
    fprintf(stderr, "%s:%d: %s: error %d (%s)\n", file, line, message, static_cast<int>(error),
            cudaGetErrorString(error));
    exit(EXIT_FAILURE);
}
inline void __printLastCudaError(const char *message, const char *file, int line)
{
    cudaError_t error = cudaGetLastError();
    if (error != cudaSuccess)
        fprintf(stderr, "%s:%d: %s: error %d (%s)\n", file, line, message,
                static_cast<int>(error), cudaGetErrorString(error));
}
#define getLastCudaError(message) __getLastCudaError(message, __FILE__, __LINE__)
#define printLastCudaError(message) __printLastCudaError(message, __FILE__, __LINE__)

inline int ftoi(float value)
{
    return static_cast<int>(value >= 0 ? value + 0.5f : value - 0.5f);
}

/* A compute unit has 64 lanes that add and multiply. */
inline int _ConvertSMVer2Cores(int, int) { return 64; }
inline const char *_ConvertSMVer2ArchName(int, int) { return "AMD"; }

inline int gpuDeviceInit(int device)
{
    int count = 0;
    checkCudaErrors(cudaGetDeviceCount(&count));
    device = device < 0 ? 0 : device;
    if (device >= count) {
        fprintf(stderr, "there is no device %d: there are %d\n", device, count);
        return -device;
    }
    checkCudaErrors(cudaSetDevice(device));
    return device;
}
inline int gpuGetMaxGflopsDeviceId() { return 0; }
inline int findCudaDevice(int count, const char **arguments)
{
    int device = gpuDeviceInit(getCmdLineArgumentInt(count, arguments, "device"));
    if (device < 0)
        exit(EXIT_FAILURE);
    cudaDeviceProp properties;
    checkCudaErrors(cudaGetDeviceProperties(&properties, device));
    printf("GPU Device %d: \"%s\" with compute capability %d.%d\n\n", device, properties.name,
           properties.major, properties.minor);
    return device;
}
inline bool checkCudaCapabilities(int major, int minor)
{
    int device = 0;
    cudaDeviceProp properties;
    checkCudaErrors(cudaGetDevice(&device));
    checkCudaErrors(cudaGetDeviceProperties(&properties, device));
    return properties.major > major || (properties.major == major && properties.minor >= minor);
}
