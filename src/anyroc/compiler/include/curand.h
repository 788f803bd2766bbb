/* cuRAND's interface for the host, as names for hipRAND's. */
#pragma once

#include <cuda_runtime.h>
#include <hiprand/hiprand.h>

#include "anyroc/curand_names.inc"
