/* cuSOLVER, as names for hipSOLVER's. */
#pragma once

/* By these programs tell which headers they have. */
#define CUSOLVERDN_H_
#define CUSOLVER_COMMON_H_

#include <cublas_v2.h>
#include <cuda_runtime.h>
#include <cusparse.h>
#include <hipsolver/hipsolver.h>

#include "anyroc/cusolver_names.inc"

#define syevjInfo_t hipsolverSyevjInfo_t
#define gesvdjInfo_t hipsolverGesvdjInfo_t
#define CUSOLVER_STATUS_INVALID_LICENSE HIPSOLVER_STATUS_UNKNOWN
