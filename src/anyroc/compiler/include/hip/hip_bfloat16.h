#pragma once
#include "anyroc/bfloat16.h"
typedef __hip_bfloat16 hip_bfloat16;
