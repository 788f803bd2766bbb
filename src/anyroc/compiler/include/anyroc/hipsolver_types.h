/* hipSOLVER: constants and types, numbered as in ROCm. */
#pragma once

#include <stdint.h>

#include "anyroc/hipblas_types.h"
#include "anyroc/hipsparse_types.h"

typedef enum hipsolverStatus_t {
    HIPSOLVER_STATUS_SUCCESS = 0, HIPSOLVER_STATUS_NOT_INITIALIZED = 1,
    HIPSOLVER_STATUS_ALLOC_FAILED = 2, HIPSOLVER_STATUS_INVALID_VALUE = 3,
    HIPSOLVER_STATUS_MAPPING_ERROR = 4, HIPSOLVER_STATUS_EXECUTION_FAILED = 5,
    HIPSOLVER_STATUS_INTERNAL_ERROR = 6, HIPSOLVER_STATUS_NOT_SUPPORTED = 7,
    HIPSOLVER_STATUS_ARCH_MISMATCH = 8, HIPSOLVER_STATUS_HANDLE_IS_NULLPTR = 9,
    HIPSOLVER_STATUS_INVALID_ENUM = 10, HIPSOLVER_STATUS_UNKNOWN = 11,
    HIPSOLVER_STATUS_ZERO_PIVOT = 12, HIPSOLVER_STATUS_MATRIX_TYPE_NOT_SUPPORTED = 13
} hipsolverStatus_t;

typedef enum hipsolverEigMode_t {
    HIPSOLVER_EIG_MODE_NOVECTOR = 201, HIPSOLVER_EIG_MODE_VECTOR = 202
} hipsolverEigMode_t;

typedef enum hipsolverEigType_t {
    HIPSOLVER_EIG_TYPE_1 = 211, HIPSOLVER_EIG_TYPE_2 = 212, HIPSOLVER_EIG_TYPE_3 = 213
} hipsolverEigType_t;

typedef enum hipsolverEigRange_t {
    HIPSOLVER_EIG_RANGE_ALL = 221, HIPSOLVER_EIG_RANGE_V = 222, HIPSOLVER_EIG_RANGE_I = 223
} hipsolverEigRange_t;

typedef enum hipsolverAlgMode_t {
    HIPSOLVER_ALG_0 = 231, HIPSOLVER_ALG_1 = 232
} hipsolverAlgMode_t;

typedef enum hipsolverDeterministicMode_t {
    HIPSOLVER_DETERMINISTIC_RESULTS = 241, HIPSOLVER_ALLOW_NON_DETERMINISTIC_RESULTS = 242
} hipsolverDeterministicMode_t;

typedef enum hipsolverDnFunction_t { HIPSOLVERDN_GETRF = 0 } hipsolverDnFunction_t;

typedef enum hipsolverRfFactorization_t {
    HIPSOLVERRF_FACTORIZATION_ALG0 = 0, HIPSOLVERRF_FACTORIZATION_ALG1 = 1,
    HIPSOLVERRF_FACTORIZATION_ALG2 = 2
} hipsolverRfFactorization_t;

typedef enum hipsolverRfMatrixFormat_t {
    HIPSOLVERRF_MATRIX_FORMAT_CSR = 0, HIPSOLVERRF_MATRIX_FORMAT_CSC = 1
} hipsolverRfMatrixFormat_t;

typedef enum hipsolverRfNumericBoostReport_t {
    HIPSOLVERRF_NUMERIC_BOOST_NOT_USED = 0, HIPSOLVERRF_NUMERIC_BOOST_USED = 1
} hipsolverRfNumericBoostReport_t;

typedef enum hipsolverRfResetValuesFastMode_t {
    HIPSOLVERRF_RESET_VALUES_FAST_MODE_OFF = 0, HIPSOLVERRF_RESET_VALUES_FAST_MODE_ON = 1
} hipsolverRfResetValuesFastMode_t;

typedef enum hipsolverRfTriangularSolve_t {
    HIPSOLVERRF_TRIANGULAR_SOLVE_ALG1 = 1, HIPSOLVERRF_TRIANGULAR_SOLVE_ALG2 = 2,
    HIPSOLVERRF_TRIANGULAR_SOLVE_ALG3 = 3
} hipsolverRfTriangularSolve_t;

typedef enum hipsolverRfUnitDiagonal_t {
    HIPSOLVERRF_UNIT_DIAGONAL_STORED_L = 0, HIPSOLVERRF_UNIT_DIAGONAL_STORED_U = 1,
    HIPSOLVERRF_UNIT_DIAGONAL_ASSUMED_L = 2, HIPSOLVERRF_UNIT_DIAGONAL_ASSUMED_U = 3
} hipsolverRfUnitDiagonal_t;

typedef hipblasOperation_t hipsolverOperation_t;
typedef hipblasFillMode_t hipsolverFillMode_t;
typedef hipblasSideMode_t hipsolverSideMode_t;
#define HIPSOLVER_OP_N HIPBLAS_OP_N
#define HIPSOLVER_OP_T HIPBLAS_OP_T
#define HIPSOLVER_OP_C HIPBLAS_OP_C
#define HIPSOLVER_FILL_MODE_UPPER HIPBLAS_FILL_MODE_UPPER
#define HIPSOLVER_FILL_MODE_LOWER HIPBLAS_FILL_MODE_LOWER
#define HIPSOLVER_SIDE_LEFT HIPBLAS_SIDE_LEFT
#define HIPSOLVER_SIDE_RIGHT HIPBLAS_SIDE_RIGHT

typedef void *hipsolverHandle_t;
typedef void *hipsolverDnHandle_t;
typedef void *hipsolverSpHandle_t;
typedef void *hipsolverRfHandle_t;
typedef void *hipsolverDnParams_t;
typedef void *hipsolverGesvdjInfo_t;
typedef void *hipsolverSyevjInfo_t;
