/* rocSOLVER: constants and types, numbered as in ROCm. */
#pragma once

#include <rocblas/rocblas.h>

typedef enum rocblas_layer_mode_ex {
    rocblas_layer_mode_ex_log_kernel = 16
} rocblas_layer_mode_ex;

typedef enum rocblas_direct {
    rocblas_forward_direction = 171, rocblas_backward_direction = 172
} rocblas_direct;

typedef enum rocblas_storev {
    rocblas_column_wise = 181, rocblas_row_wise = 182
} rocblas_storev;

typedef enum rocblas_svect {
    rocblas_svect_all = 191, rocblas_svect_singular = 192, rocblas_svect_overwrite = 193,
    rocblas_svect_none = 194
} rocblas_svect;

typedef enum rocblas_workmode {
    rocblas_outofplace = 201, rocblas_inplace = 202
} rocblas_workmode;

typedef enum rocblas_evect {
    rocblas_evect_original = 211, rocblas_evect_tridiagonal = 212, rocblas_evect_none = 213
} rocblas_evect;

typedef enum rocblas_eform {
    rocblas_eform_ax = 221, rocblas_eform_abx = 222, rocblas_eform_bax = 223
} rocblas_eform;

typedef enum rocblas_erange {
    rocblas_erange_all = 231, rocblas_erange_value = 232, rocblas_erange_index = 233
} rocblas_erange;

typedef enum rocblas_eorder {
    rocblas_eorder_blocks = 241, rocblas_eorder_entire = 242
} rocblas_eorder;

typedef enum rocblas_esort {
    rocblas_esort_none = 251, rocblas_esort_ascending = 252
} rocblas_esort;

typedef enum rocblas_srange {
    rocblas_srange_all = 261, rocblas_srange_value = 262, rocblas_srange_index = 263
} rocblas_srange;

typedef enum rocsolver_rfinfo_mode {
    rocsolver_rfinfo_mode_lu = 271, rocsolver_rfinfo_mode_cholesky = 272
} rocsolver_rfinfo_mode;

typedef struct rocsolver_rfinfo_ *rocsolver_rfinfo;
typedef uint32_t rocblas_layer_mode_flags;
