/* hipFFT: constants and types, numbered as in ROCm. */
#pragma once

#include <hip/hip_complex.h>
#include <hip/hip_runtime_api.h>
#include <hip/library_types.h>

typedef enum hipfftResult_t {
    HIPFFT_SUCCESS = 0, HIPFFT_INVALID_PLAN = 1, HIPFFT_ALLOC_FAILED = 2,
    HIPFFT_INVALID_TYPE = 3, HIPFFT_INVALID_VALUE = 4, HIPFFT_INTERNAL_ERROR = 5,
    HIPFFT_EXEC_FAILED = 6, HIPFFT_SETUP_FAILED = 7, HIPFFT_INVALID_SIZE = 8,
    HIPFFT_UNALIGNED_DATA = 9, HIPFFT_INCOMPLETE_PARAMETER_LIST = 10,
    HIPFFT_INVALID_DEVICE = 11, HIPFFT_PARSE_ERROR = 12, HIPFFT_NO_WORKSPACE = 13,
    HIPFFT_NOT_IMPLEMENTED = 14, HIPFFT_NOT_SUPPORTED = 16
} hipfftResult;

typedef enum hipfftType_t {
    HIPFFT_R2C = 42, HIPFFT_C2R = 44, HIPFFT_C2C = 41, HIPFFT_D2Z = 106, HIPFFT_Z2D = 108,
    HIPFFT_Z2Z = 105
} hipfftType;

typedef enum hipfftLibraryPropertyType_t {
    HIPFFT_MAJOR_VERSION = 0, HIPFFT_MINOR_VERSION = 1, HIPFFT_PATCH_LEVEL = 2
} hipfftLibraryPropertyType;

typedef enum hipfftXtCallbackType_t {
    HIPFFT_CB_LD_COMPLEX = 0, HIPFFT_CB_LD_COMPLEX_DOUBLE = 1, HIPFFT_CB_LD_REAL = 2,
    HIPFFT_CB_LD_REAL_DOUBLE = 3, HIPFFT_CB_ST_COMPLEX = 4, HIPFFT_CB_ST_COMPLEX_DOUBLE = 5,
    HIPFFT_CB_ST_REAL = 6, HIPFFT_CB_ST_REAL_DOUBLE = 7, HIPFFT_CB_UNDEFINED = 8
} hipfftXtCallbackType;

typedef enum hipfftXtSubFormat_t {
    HIPFFT_XT_FORMAT_INPUT = 0, HIPFFT_XT_FORMAT_OUTPUT = 1, HIPFFT_XT_FORMAT_INPLACE = 2,
    HIPFFT_XT_FORMAT_INPLACE_SHUFFLED = 3, HIPFFT_XT_FORMAT_1D_INPUT_SHUFFLED = 4,
    HIPFFT_FORMAT_UNDEFINED = 5
} hipfftXtSubFormat;

typedef enum hipfftXtCopyType_t {
    HIPFFT_COPY_HOST_TO_DEVICE = 0, HIPFFT_COPY_DEVICE_TO_HOST = 1,
    HIPFFT_COPY_DEVICE_TO_DEVICE = 2
} hipfftXtCopyType;

#define HIPFFT_FORWARD -1
#define HIPFFT_BACKWARD 1
#define HIPFFT_INVERSE HIPFFT_BACKWARD

typedef struct hipfftHandle_t *hipfftHandle;
typedef struct hipLibXtDesc_t hipLibXtDesc;
typedef float hipfftReal;
typedef double hipfftDoubleReal;
typedef hipFloatComplex hipfftComplex;
typedef hipDoubleComplex hipfftDoubleComplex;
