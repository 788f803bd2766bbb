/* cuBLAS, as names for hipBLAS's. */
#pragma once

/* By these programs tell which headers they have. */
#define CUBLAS_V2_H_
#define CUBLAS_API_H_

#include <cuComplex.h>
#include <cuda_runtime.h>
#include <hipblas/hipblas.h>

#include "anyroc/cublas_names.inc"

#define CUBLAS_COMPUTE_32F_FAST_TF32 HIPBLAS_COMPUTE_32F_FAST_TF32
#define CUBLAS_GEMM_DEFAULT_TENSOR_OP HIPBLAS_GEMM_DEFAULT
#define CUBLAS_GEMM_DFALT HIPBLAS_GEMM_DEFAULT
#define CUBLAS_GEMM_DFALT_TENSOR_OP HIPBLAS_GEMM_DEFAULT
#define CUBLAS_STATUS_LICENSE_ERROR HIPBLAS_STATUS_UNKNOWN
#define cublasDataType_t hipDataType
#define cublasGetStatusString hipblasStatusToString

#if defined(__cplusplus)
/* CUDA lets the type of sums be named by a type of data too, and takes arrays of pointers to
 * memory that is not const. */
namespace anyroc {

inline hipblasComputeType_t compute_type(hipblasComputeType_t type) { return type; }
inline hipblasComputeType_t compute_type(hipDataType type)
{
    switch (type) {
    case HIP_R_16F:
        return HIPBLAS_COMPUTE_16F;
    case HIP_R_64F:
    case HIP_C_64F:
        return HIPBLAS_COMPUTE_64F;
    case HIP_R_32I:
        return HIPBLAS_COMPUTE_32I;
    default:
        return HIPBLAS_COMPUTE_32F;
    }
}

}  // namespace anyroc

inline hipblasStatus_t hipblasGemmEx(hipblasHandle_t handle, hipblasOperation_t transA,
                                     hipblasOperation_t transB, int m, int n, int k,
                                     const void *alpha, const void *A, hipDataType aType, int lda,
                                     const void *B, hipDataType bType, int ldb, const void *beta,
                                     void *C, hipDataType cType, int ldc, hipDataType computeType,
                                     hipblasGemmAlgo_t algo)
{
    return hipblasGemmEx(handle, transA, transB, m, n, k, alpha, A, aType, lda, B, bType, ldb, beta,
                         C, cType, ldc, anyroc::compute_type(computeType), algo);
}
inline hipblasStatus_t hipblasGemmStridedBatchedEx(
    hipblasHandle_t handle, hipblasOperation_t transA, hipblasOperation_t transB, int m, int n,
    int k, const void *alpha, const void *A, hipDataType aType, int lda, hipblasStride strideA,
    const void *B, hipDataType bType, int ldb, hipblasStride strideB, const void *beta, void *C,
    hipDataType cType, int ldc, hipblasStride strideC, int batchCount, hipDataType computeType,
    hipblasGemmAlgo_t algo)
{
    return hipblasGemmStridedBatchedEx(handle, transA, transB, m, n, k, alpha, A, aType, lda,
                                       strideA, B, bType, ldb, strideB, beta, C, cType, ldc,
                                       strideC, batchCount, anyroc::compute_type(computeType),
                                       algo);
}
template <typename Compute>
hipblasStatus_t hipblasGemmBatchedEx(hipblasHandle_t handle, hipblasOperation_t transA,
                                     hipblasOperation_t transB, int m, int n, int k,
                                     const void *alpha, const void *const *A, hipDataType aType,
                                     int lda, const void *const *B, hipDataType bType, int ldb,
                                     const void *beta, void *const *C, hipDataType cType, int ldc,
                                     int batchCount, Compute computeType, hipblasGemmAlgo_t algo)
{
    return hipblasGemmBatchedEx(handle, transA, transB, m, n, k, alpha, const_cast<const void **>(A),
                                aType, lda, const_cast<const void **>(B), bType, ldb, beta,
                                const_cast<void **>(C), cType, ldc, batchCount,
                                anyroc::compute_type(computeType), algo);
}
#endif
