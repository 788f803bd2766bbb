/* hipBLAS's interface. */
#pragma once

#include "anyroc/hipblas_types.h"

#include "anyroc/hipblas_prototypes.inc"
