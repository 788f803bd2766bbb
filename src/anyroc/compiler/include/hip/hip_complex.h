#pragma once
#include <hip/hip_runtime.h>

#include "anyroc/complex.h"
ANYROC_COMPLEX_PAIR(hip)
