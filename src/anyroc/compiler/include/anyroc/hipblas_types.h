/* hipBLAS: constants and types, numbered as in ROCm. */
#pragma once

#include <stdint.h>

#include <hip/hip_complex.h>
#include <hip/hip_runtime_api.h>
#include <hip/library_types.h>

typedef enum hipblasStatus_t {
    HIPBLAS_STATUS_SUCCESS = 0, HIPBLAS_STATUS_NOT_INITIALIZED = 1,
    HIPBLAS_STATUS_ALLOC_FAILED = 2, HIPBLAS_STATUS_INVALID_VALUE = 3,
    HIPBLAS_STATUS_MAPPING_ERROR = 4, HIPBLAS_STATUS_EXECUTION_FAILED = 5,
    HIPBLAS_STATUS_INTERNAL_ERROR = 6, HIPBLAS_STATUS_NOT_SUPPORTED = 7,
    HIPBLAS_STATUS_ARCH_MISMATCH = 8, HIPBLAS_STATUS_HANDLE_IS_NULLPTR = 9,
    HIPBLAS_STATUS_INVALID_ENUM = 10, HIPBLAS_STATUS_UNKNOWN = 11
} hipblasStatus_t;

typedef enum hipblasOperation_t {
    HIPBLAS_OP_N = 111, HIPBLAS_OP_T = 112, HIPBLAS_OP_C = 113
} hipblasOperation_t;

typedef enum hipblasComputeType_t {
    HIPBLAS_COMPUTE_16F = 0, HIPBLAS_COMPUTE_16F_PEDANTIC = 1, HIPBLAS_COMPUTE_32F = 2,
    HIPBLAS_COMPUTE_32F_PEDANTIC = 3, HIPBLAS_COMPUTE_32F_FAST_16F = 4,
    HIPBLAS_COMPUTE_32F_FAST_16BF = 5, HIPBLAS_COMPUTE_32F_FAST_TF32 = 6,
    HIPBLAS_COMPUTE_64F = 7, HIPBLAS_COMPUTE_64F_PEDANTIC = 8, HIPBLAS_COMPUTE_32I = 9,
    HIPBLAS_COMPUTE_32I_PEDANTIC = 10
} hipblasComputeType_t;

typedef enum hipblasPointerMode_t {
    HIPBLAS_POINTER_MODE_HOST = 0, HIPBLAS_POINTER_MODE_DEVICE = 1
} hipblasPointerMode_t;

typedef enum hipblasFillMode_t {
    HIPBLAS_FILL_MODE_UPPER = 121, HIPBLAS_FILL_MODE_LOWER = 122, HIPBLAS_FILL_MODE_FULL = 123
} hipblasFillMode_t;

typedef enum hipblasDiagType_t {
    HIPBLAS_DIAG_NON_UNIT = 131, HIPBLAS_DIAG_UNIT = 132
} hipblasDiagType_t;

typedef enum hipblasSideMode_t {
    HIPBLAS_SIDE_LEFT = 141, HIPBLAS_SIDE_RIGHT = 142, HIPBLAS_SIDE_BOTH = 143
} hipblasSideMode_t;

typedef enum hipblasMath_t {
    HIPBLAS_DEFAULT_MATH = 0, HIPBLAS_XF32_XDL_MATH = 1, HIPBLAS_PEDANTIC_MATH = 2,
    HIPBLAS_TF32_TENSOR_OP_MATH = 3, HIPBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION = 4,
    HIPBLAS_TENSOR_OP_MATH = 5
} hipblasMath_t;

typedef enum hipblasDatatype_t {
    HIPBLAS_R_16F = 150, HIPBLAS_R_32F = 151, HIPBLAS_R_64F = 152, HIPBLAS_C_16F = 153,
    HIPBLAS_C_32F = 154, HIPBLAS_C_64F = 155, HIPBLAS_R_8I = 160, HIPBLAS_R_8U = 161,
    HIPBLAS_R_32I = 162, HIPBLAS_R_32U = 163, HIPBLAS_C_8I = 164, HIPBLAS_C_8U = 165,
    HIPBLAS_C_32I = 166, HIPBLAS_C_32U = 167, HIPBLAS_R_16B = 168, HIPBLAS_C_16B = 169,
    HIPBLAS_DATATYPE_INVALID = 255
} hipblasDatatype_t;

typedef enum hipblasGemmAlgo_t {
    HIPBLAS_GEMM_DEFAULT = 160
} hipblasGemmAlgo_t;

typedef enum hipblasAtomicsMode_t {
    HIPBLAS_ATOMICS_NOT_ALLOWED = 0, HIPBLAS_ATOMICS_ALLOWED = 1
} hipblasAtomicsMode_t;

typedef enum hipblasGemmFlags_t {
    HIPBLAS_GEMM_FLAGS_NONE = 0, HIPBLAS_GEMM_FLAGS_USE_CU_EFFICIENCY = 2,
    HIPBLAS_GEMM_FLAGS_FP16_ALT_IMPL = 4, HIPBLAS_GEMM_FLAGS_CHECK_SOLUTION_INDEX = 8,
    HIPBLAS_GEMM_FLAGS_FP16_ALT_IMPL_RNZ = 16
} hipblasGemmFlags_t;

typedef void *hipblasHandle_t;
typedef int64_t hipblasStride;
typedef struct hipblasBfloat16 {
    uint16_t data;
} hipblasBfloat16;
#if defined(__cplusplus) && (defined(ANYROC_CUDA) || defined(HIPBLAS_USE_HIP_HALF))
#include <hip/hip_fp16.h>
typedef __half hipblasHalf;
#else
typedef uint16_t hipblasHalf;
#endif
typedef hipFloatComplex hipblasComplex;
typedef hipDoubleComplex hipblasDoubleComplex;
