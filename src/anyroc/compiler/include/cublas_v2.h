/* cuBLAS, as names for hipBLAS's. */
#pragma once

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
