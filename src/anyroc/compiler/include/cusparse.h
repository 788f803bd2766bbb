/* cuSPARSE, as names for hipSPARSE's. */
#pragma once

#include <cuda_runtime.h>
#include <hipsparse/hipsparse.h>

#include "anyroc/cusparse_names.inc"
