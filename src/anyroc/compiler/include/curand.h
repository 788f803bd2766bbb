/* cuRAND's interface for the host, as names for hipRAND's. */
#pragma once

/* By these programs tell which headers they have. */
#define CURAND_H_

#include <cuda_runtime.h>
#include <hiprand/hiprand.h>

#include "anyroc/curand_names.inc"
