/* cuSPARSE, as names for hipSPARSE's. */
#pragma once

/* By these programs tell which headers they have. */
#define CUSPARSE_H_
#define CUSPARSEAPI

#include <cuComplex.h>
#include <cuda_runtime.h>
#include <hipsparse/hipsparse.h>

#include "anyroc/cusparse_names.inc"
