/* cuSOLVER, as names for hipSOLVER's. */
#pragma once

#include <cublas_v2.h>
#include <cuda_runtime.h>
#include <cusparse.h>
#include <hipsolver/hipsolver.h>

#include "anyroc/cusolver_names.inc"

#define syevjInfo_t hipsolverSyevjInfo_t
#define gesvdjInfo_t hipsolverGesvdjInfo_t
#define CUSOLVER_STATUS_INVALID_LICENSE HIPSOLVER_STATUS_UNKNOWN
