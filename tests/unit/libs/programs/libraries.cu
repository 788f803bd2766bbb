// CUDA's libraries by CUDA's names; every answer is compared with one worked out by hand.
#include <cublasLt.h>
#include <cublas_v2.h>
#include <cufft.h>
#include <curand.h>
#include <curand_kernel.h>
#include <cusolverDn.h>
#include <cusparse.h>
#include <cuda.h>
#include <nvrtc.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#define REQUIRE(x)                                             \
    do {                                                       \
        if (!(x)) {                                            \
            printf("line %d: %s\n", __LINE__, #x);             \
            exit(1);                                           \
        }                                                      \
    } while (0)

__global__ void draw(unsigned *out)
{
    unsigned thread = threadIdx.x;
    curandState xorwow;
    curand_init(1234, thread, 2, &xorwow);
    out[thread] = curand(&xorwow);
    curandStatePhilox4_32_10_t philox;
    curand_init(77, 0, thread, &philox);
    out[32 + thread] = curand(&philox);
    curandStateMRG32k3a mrg;
    curand_init(99, thread, 1, &mrg);
    out[64 + thread] = curand(&mrg);
}

static std::vector<unsigned> drawn(curandRngType_t kind, unsigned long long seed, size_t count)
{
    unsigned *place;
    std::vector<unsigned> made(count);
    curandGenerator_t generator;
    REQUIRE(cudaMalloc(&place, 4 * count) == cudaSuccess);
    REQUIRE(curandCreateGenerator(&generator, kind) == CURAND_STATUS_SUCCESS);
    REQUIRE(curandSetPseudoRandomGeneratorSeed(generator, seed) == CURAND_STATUS_SUCCESS);
    REQUIRE(curandGenerate(generator, place, count) == CURAND_STATUS_SUCCESS);
    cudaMemcpy(made.data(), place, 4 * count, cudaMemcpyDeviceToHost);
    curandDestroyGenerator(generator);
    cudaFree(place);
    return made;
}

int main()
{
    float a[4] = {1, 2, 3, 4}, c[4], one = 1, zero = 0, *pa, *pc;
    cudaMalloc(&pa, sizeof a);
    cudaMalloc(&pc, sizeof c);
    cudaMemcpy(pa, a, sizeof a, cudaMemcpyHostToDevice);
    cublasHandle_t blas;
    REQUIRE(cublasCreate(&blas) == CUBLAS_STATUS_SUCCESS);
    REQUIRE(cublasSgemm(blas, CUBLAS_OP_N, CUBLAS_OP_T, 2, 2, 2, &one, pa, 2, pa, 2, &zero, pc,
                        2) == CUBLAS_STATUS_SUCCESS);
    cudaMemcpy(c, pc, sizeof c, cudaMemcpyDeviceToHost);
    REQUIRE(c[0] == 10 && c[1] == 14 && c[2] == 14 && c[3] == 20);
    // The type of sums may be named as one of data.
    REQUIRE(cublasGemmEx(blas, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 2, &one, pa, CUDA_R_32F, 2, pa,
                         CUDA_R_32F, 2, &zero, pc, CUDA_R_32F, 2, CUDA_R_32F,
                         CUBLAS_GEMM_DEFAULT_TENSOR_OP) == CUBLAS_STATUS_SUCCESS);
    cudaMemcpy(c, pc, sizeof c, cudaMemcpyDeviceToHost);
    REQUIRE(c[0] == 7 && c[1] == 10 && c[2] == 15 && c[3] == 22);
    REQUIRE(cublasDestroy(blas) == CUBLAS_STATUS_SUCCESS);

    cusolverDnHandle_t solver;
    int size, *info, found = 9;
    cudaMalloc(&info, sizeof *info);
    float symmetric[4] = {4, 2, 2, 10};
    cudaMemcpy(pc, symmetric, sizeof symmetric, cudaMemcpyHostToDevice);
    REQUIRE(cusolverDnCreate(&solver) == CUSOLVER_STATUS_SUCCESS);
    REQUIRE(cusolverDnSpotrf_bufferSize(solver, CUBLAS_FILL_MODE_LOWER, 2, pc, 2, &size) ==
            CUSOLVER_STATUS_SUCCESS);
    REQUIRE(cusolverDnSpotrf(solver, CUBLAS_FILL_MODE_LOWER, 2, pc, 2, pa, size, info) ==
            CUSOLVER_STATUS_SUCCESS);
    cudaMemcpy(&found, info, sizeof found, cudaMemcpyDeviceToHost);
    cudaMemcpy(c, pc, sizeof c, cudaMemcpyDeviceToHost);
    REQUIRE(found == 0 && c[0] == 2 && c[1] == 1 && c[3] == 3);
    REQUIRE(cusolverDnDestroy(solver) == CUSOLVER_STATUS_SUCCESS);
    cudaMemcpy(pa, a, sizeof a, cudaMemcpyHostToDevice);

    cufftHandle plan;
    cufftComplex *pairs = reinterpret_cast<cufftComplex *>(pa);
    REQUIRE(cufftPlan1d(&plan, 2, CUFFT_C2C, 1) == CUFFT_SUCCESS);
    REQUIRE(cufftExecC2C(plan, pairs, pairs, CUFFT_FORWARD) == CUFFT_SUCCESS);
    cudaMemcpy(a, pa, sizeof a, cudaMemcpyDeviceToHost);
    REQUIRE(a[0] == 4 && a[1] == 6 && a[2] == -2 && a[3] == -2);
    REQUIRE(cufftDestroy(plan) == CUFFT_SUCCESS);

    // Numbers drawn by threads are those that the host's generators give.
    unsigned *out;
    cudaMallocManaged(&out, 96 * sizeof *out);
    draw<<<1, 32>>>(out);
    REQUIRE(cudaDeviceSynchronize() == cudaSuccess);
    const size_t engines = 131072;
    auto xorwow = drawn(CURAND_RNG_PSEUDO_XORWOW, 1234, 3 * engines);
    auto philox = drawn(CURAND_RNG_PSEUDO_PHILOX4_32_10, 77, 32);
    auto mrg = drawn(CURAND_RNG_PSEUDO_MRG32K3A, 99, 2 * engines);
    for (int i = 0; i < 32; ++i) {
        REQUIRE(out[i] == xorwow[2 * engines + i]);
        REQUIRE(out[32 + i] == philox[i]);
        REQUIRE(out[64 + i] == mrg[engines + i]);
    }

    cusparseHandle_t sparse;
    REQUIRE(cusparseCreate(&sparse) == CUSPARSE_STATUS_SUCCESS);
    REQUIRE(cusparseDestroy(sparse) == CUSPARSE_STATUS_SUCCESS);
    cublasLtHandle_t lt;
    REQUIRE(cublasLtCreate(&lt) == CUBLAS_STATUS_SUCCESS);
    REQUIRE(cublasLtDestroy(lt) == CUBLAS_STATUS_SUCCESS);
    nvrtcProgram program;
    REQUIRE(nvrtcCreateProgram(&program, "int x", "x.cu", 0, nullptr, nullptr) == NVRTC_SUCCESS);
    REQUIRE(nvrtcCompileProgram(program, 0, nullptr) == NVRTC_ERROR_COMPILATION);
    REQUIRE(nvrtcDestroyProgram(&program) == NVRTC_SUCCESS);

    // A text for NVRTC is CUDA: warps have 32 threads on every GPU.
    const char *text = "#ifndef __CUDACC_RTC__\n#error\n#endif\n"
                       "extern \"C\" __global__ void warps(int *out) {\n"
                       "  out[threadIdx.x] = __shfl_sync(~0u, threadIdx.x, 5) + warpSize; }\n";
    char option[] = "--gpu-architecture=compute_80", *options[] = {option};
    REQUIRE(nvrtcCreateProgram(&program, text, "x.cu", 0, nullptr, nullptr) == NVRTC_SUCCESS);
    REQUIRE(nvrtcCompileProgram(program, 1, options) == NVRTC_SUCCESS);
    size_t length;
    REQUIRE(nvrtcGetPTXSize(program, &length) == NVRTC_SUCCESS);
    char *code = new char[length];
    REQUIRE(nvrtcGetPTX(program, code) == NVRTC_SUCCESS);
    REQUIRE(nvrtcDestroyProgram(&program) == NVRTC_SUCCESS);
    CUmodule module;
    CUfunction warps;
    REQUIRE(cuModuleLoadDataEx(&module, code, 0, nullptr, nullptr) == CUDA_SUCCESS);
    REQUIRE(cuModuleGetFunction(&warps, module, "warps") == CUDA_SUCCESS);
    void *arguments[] = {&out};
    REQUIRE(cuLaunchKernel(warps, 1, 1, 1, 64, 1, 1, 0, 0, arguments, nullptr) == CUDA_SUCCESS);
    REQUIRE(cudaDeviceSynchronize() == cudaSuccess);
    for (int i = 0; i < 64; ++i)
        REQUIRE(out[i] == i / 32 * 32 + 5 + 32);
    delete[] code;
    puts("ok");
}
