/* rocBLAS's interface. */
#pragma once

#include "anyroc/rocblas_types.h"

#include "anyroc/rocblas_prototypes.inc"
