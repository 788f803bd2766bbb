#pragma once
#include <cuda_runtime.h>

#include "anyroc/complex.h"
ANYROC_COMPLEX_PAIR(cu)
