/* cuSPARSE, as names for hipSPARSE's. */
#pragma once

#include <cuComplex.h>
#include <cuda_runtime.h>
#include <hipsparse/hipsparse.h>

#include "anyroc/cusparse_names.inc"
