/* cuBLASLt, as names for hipBLASLt's. */
#pragma once

#include <cuda_runtime.h>
#include <hipblaslt/hipblaslt.h>

#include "anyroc/cublaslt_names.inc"
#include <cublas_v2.h>
