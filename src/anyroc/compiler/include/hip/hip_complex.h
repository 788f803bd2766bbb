#pragma once
#include <hip/hip_runtime.h>

#include "anyroc/complex.h"
ANYROC_COMPLEX_PAIR(hip)

ANYROC_BOTH float hipCsqabsf(hipFloatComplex z) { return z.x * z.x + z.y * z.y; }
ANYROC_BOTH double hipCsqabs(hipDoubleComplex z) { return z.x * z.x + z.y * z.y; }
